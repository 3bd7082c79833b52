#include "status_text.h"

#include "cli.h"

#include <string.h>

#define RUNNING_MS_MIN 1000 /* shorter runs are business as usual */

static void put_field(struct text_out *t, const char *name, const char *value)
{
    text_put(t, "      %s: ", name);
    text_put_escaped(t, value);
    text_put(t, "\n");
}

static void put_number(struct text_out *t, int indent, const char *name, jv object, const char *key)
{
    text_put(t, "%*s%s: ", indent, "", name);
    text_put_count(t, json_int(object, key));
    text_put(t, "\n");
}

/* "Events: Last Run: 1, Total: 2". */
static void put_totals(struct text_out *t, const char *name, jv check, const char *key)
{
    jv totals = json_get(check, key);

    text_put(t, "      %s: Last Run: ", name);
    text_put_count(t, json_int(totals, "last"));
    text_put(t, ", Total: ");
    text_put_count(t, json_int(totals, "total"));
    text_put(t, "\n");
    jv_free(totals);
}

static int64_t total_of(jv check, const char *key)
{
    jv totals = json_get(check, key);
    int64_t total = json_int(totals, "total");

    jv_free(totals);
    return total;
}

static bool in_error(jv check)
{
    return json_text(check, "last_error")[0] != 0;
}

static const char *word_of(jv check)
{
    return in_error(check) ? "ERROR" : json_count(check, "last_warnings") > 0 ? "WARNING" : "OK";
}

/* A check may hand up a list [{"message":..,"traceback":..}]; any other text is shown as it is. */
static void put_error(struct text_out *t, const char *error)
{
    struct rg_err ignored;
    jv list = jv_null(), first;

    if (error[0] == '[' && json_doc_parse(rg_str_from(error), &list, &ignored) != RG_OK)
        list = jv_null();
    first = json_at(list, 0);
    if (json_has(first, "message")) {
        const char *traceback = json_text(first, "traceback");

        put_field(t, "Error", json_text(first, "message"));
        if (traceback[0])
            text_put_lines(t, 6, rg_str_from(traceback));
        else
            text_put(t, "      No traceback\n");
    } else {
        put_field(t, "Error", error);
        text_put(t, "      No traceback\n");
    }
    jv_free(first);
    jv_free(list);
}

static void put_warnings(struct text_out *t, jv check)
{
    jv list = json_get(check, "last_warnings");
    int count = json_count(check, "last_warnings");

    for (int i = 0; i < count; i++) {
        jv warning = json_at(list, i);

        if (jv_get_kind(warning) == JV_KIND_STRING)
            put_field(t, "Warning", jv_string_value(warning));
        jv_free(warning);
    }
    if (json_int(check, "last_warnings_left_out") > 0)
        put_number(t, 6, "Further Warnings", check, "last_warnings_left_out");
    jv_free(list);
}

static void put_when(struct text_out *t, const char *name, jv check, const char *key)
{
    text_put(t, "      %s : ", name);
    text_put_time(t, json_int(check, key));
    text_put(t, "\n");
}

static void put_check(struct text_out *t, jv check)
{
    const char *version = json_text(check, "version");
    struct text_out title;

    text_out_init(&title);
    text_put(&title, "%s", json_text(check, "name"));
    if (version[0])
        text_put(&title, " (%s)", version);
    if (title.st == RG_OK)
        title.st = rg_buf_byte(&title.buf, 0);
    text_put_title(t, 4, '-', title.st == RG_OK ? (const char *)title.buf.data : "");
    text_out_finish(&title);

    text_put(t, "      Instance ID: ");
    text_put_escaped(t, json_text(check, "id"));
    text_put(t, " [%s]\n", word_of(check));
    put_field(t, "Configuration Source", json_text(check, "source"));
    put_number(t, 6, "Total Runs", check, "runs");
    put_totals(t, "Metric Samples", check, "samples");
    put_totals(t, "Events", check, "events");
    put_totals(t, "Service Checks", check, "service_checks");
    if (total_of(check, "histogram_buckets") > 0)
        put_totals(t, "Histogram Buckets", check, "histogram_buckets");
    text_put(t, "      Average Execution Time : ");
    text_put_duration_ms(t, json_int(check, "average_ms"));
    text_put(t, "\n");
    put_when(t, "Last Execution Date", check, "last_run_s");
    put_when(t, "Last Successful Execution Date", check, "last_success_s");
    if (json_int(check, "running_ms") >= RUNNING_MS_MIN) {
        text_put(t, "      Running For: ");
        text_put_duration_ms(t, json_int(check, "running_ms"));
        text_put(t, "\n");
    }
    if (json_true(check, "cancelling"))
        text_put(t, "      Cancelling: True\n");
    if (in_error(check))
        put_error(t, json_text(check, "last_error"));
    put_warnings(t, check);
}

void status_text_checks(struct text_out *t, jv checks)
{
    int count = jv_get_kind(checks) == JV_KIND_ARRAY ? jv_array_length(jv_copy(checks)) : 0;

    text_put(t, "=========\nCollector\n=========\n\n");
    text_put_title(t, 2, '=', "Running Checks");
    if (count == 0)
        text_put(t, "    No checks have run yet\n");
    for (int i = 0; i < count; i++) {
        jv check = json_at(checks, i);

        text_put(t, i ? "\n" : "");
        put_check(t, check);
        jv_free(check);
    }
    text_put(t, "\n");
}

/* A list of {"name","path","text"}. */
static void put_notes(struct text_out *t, const char *title, jv document, const char *key)
{
    jv list = json_get(document, key);
    int count = json_count(document, key);

    if (count > 0)
        text_put_title(t, 2, '=', title);
    for (int i = 0; i < count; i++) {
        jv note = json_at(list, i);
        const char *path = json_text(note, "path"), *text = json_text(note, "text");

        text_put_title(t, 4, '-', json_text(note, "name"));
        text_put(t, "      ");
        if (path[0] && !strstr(text, path)) {
            text_put_escaped(t, path);
            text_put(t, ": ");
        }
        text_put_escaped(t, text);
        text_put(t, "\n\n");
        jv_free(note);
    }
    jv_free(list);
}

/* Those of loaders, or those of instances that no loader was asked about. */
static void put_loading(struct text_out *t, const char *title, jv document, bool loaders)
{
    jv list = json_get(document, "loading_errors");
    int count = json_count(document, "loading_errors");
    bool any = false;

    for (int i = 0; i < count; i++) {
        jv e = json_at(list, i);
        const char *loader = json_text(e, "loader");

        if ((loader[0] != 0) == loaders) {
            if (!any)
                text_put_title(t, 2, '=', title);
            any = true;
            text_put_title(t, 4, '-', json_text(e, "name"));
            text_put(t, "      ");
            if (json_has(e, "instance"))
                text_put(t, "instance %lld: ", (long long)json_int(e, "instance"));
            text_put_escaped(t, loader);
            text_put(t, loaders ? ": " : "");
            text_put_escaped(t, json_text(e, "text"));
            text_put(t, "\n\n");
        }
        jv_free(e);
    }
    jv_free(list);
}

static void put_agent(struct text_out *t, jv document)
{
    jv agent = json_get(document, "agent");

    text_put(t, "=====\nAgent\n=====\n\n  Version: ");
    text_put_escaped(t, json_text(agent, "version"));
    text_put(t, "\n  Hostname: ");
    text_put_escaped(t, json_text(agent, "hostname"));
    text_put(t, "\n  Pid: %lld\n  Agent start: ", (long long)json_int(agent, "pid"));
    text_put_time(t, json_int(agent, "started_s"));
    text_put(t, "\n  Status date: ");
    text_put_time(t, json_int(agent, "now_s"));
    text_put(t, "\n\n");
    jv_free(agent);
}

/* One number per line: the names and keys are pairs. */
static void put_block(
    struct text_out *t, const char *title, jv document, const char *key, const char *const *pairs)
{
    jv block = json_get(document, key);

    if (jv_get_kind(block) == JV_KIND_OBJECT) {
        text_put_title(t, 0, '=', title);
        text_put(t, "\n");
        for (size_t i = 0; pairs[i]; i += 2)
            put_number(t, 2, pairs[i], block, pairs[i + 1]);
        text_put(t, "\n");
    }
    jv_free(block);
}

static void put_queues(struct text_out *t, jv document)
{
    jv collector = json_get(document, "collector"), queues = json_get(collector, "queues");
    int count = json_count(collector, "queues");

    if (jv_get_kind(collector) == JV_KIND_OBJECT) {
        text_put_title(t, 2, '=', "Check Runners");
        put_number(t, 4, "Workers", collector, "workers");
        put_number(t, 4, "Running Now", collector, "running");
        put_number(t, 4, "Skipped Runs", collector, "skipped");
        put_number(t, 4, "Lost Ticks", collector, "lost_ticks");
    }
    for (int i = 0; i < count; i++) {
        jv queue = json_at(queues, i);

        text_put(t, "    Queue of ");
        text_put_duration_ms(t, json_int(queue, "interval_s") * 1000);
        text_put(t, ": ");
        text_put_count(t, json_int(queue, "size"));
        text_put(t, " checks in ");
        text_put_count(t, json_int(queue, "buckets"));
        text_put(t, " buckets, ");
        text_put_count(t, json_int(queue, "lost_ticks"));
        text_put(t, " lost ticks\n");
        jv_free(queue);
    }
    text_put(t, "\n");
    jv_free(queues);
    jv_free(collector);
}

static void put_process(struct text_out *t, jv document)
{
    static const char *const pairs[] = {"Runs", "runs", "Failed Runs", "failed_runs", "Payloads",
        "payloads", "Dropped Payloads", "dropped_payloads", NULL};
    jv process = json_get(document, "process");

    if (json_true(process, "enabled"))
        put_block(t, "Process Checks", document, "process", pairs);
    jv_free(process);
}

void status_text(struct text_out *t, jv document)
{
    static const char *const aggregator[] = {"Samples Taken", "taken", "Rejected", "rejected",
        "Bad Buckets", "bad_buckets", "Over The Limit", "over_limit", "Lost To Memory", "no_memory",
        "Lost Series", "lost_series", "Lost Service Checks", "lost_service_checks", "Lost Events",
        "lost_events", "Flushes", "flushes", "Contexts", "contexts", NULL};
    static const char *const forwarder[] = {"Payloads Sent", "sent", "Items Sent", "sent_items",
        "Payloads Queued", "queued", "Retries", "retries", "Payloads Refused", "refused",
        "Payloads Dropped", "dropped", "Payloads Abandoned", "abandoned", "Items Lost",
        "lost_items", NULL};
    jv checks = json_get(document, "checks");

    put_agent(t, document);
    status_text_checks(t, checks);
    if (json_int(document, "checks_left_out") > 0) {
        put_number(t, 4, "Further Checks", document, "checks_left_out");
        text_put(t, "\n");
    }
    put_loading(t, "Check Initialization Errors", document, false);
    put_notes(t, "Config Errors", document, "config_errors");
    put_notes(t, "Config Warnings", document, "config_warnings");
    put_loading(t, "Loading Errors", document, true);
    put_queues(t, document);
    put_block(t, "Aggregator", document, "aggregator", aggregator);
    put_block(t, "Forwarder", document, "forwarder", forwarder);
    put_process(t, document);
    jv_free(checks);
}

static size_t tell(struct text_out *t, int64_t n, const char *one, const char *many)
{
    if (n <= 0)
        return 0;
    text_put_count(t, n);
    text_put(t, " %s\n", n == 1 ? one : many);
    return 1;
}

size_t status_problems(struct text_out *t, jv document)
{
    jv checks = json_get(document, "checks");
    jv aggregator = json_get(document, "aggregator"), forwarder = json_get(document, "forwarder");
    jv process = json_get(document, "process"), collector = json_get(document, "collector");
    int count = json_count(document, "checks");
    int64_t errors = 0;
    size_t told;

    for (int i = 0; i < count; i++) {
        jv check = json_at(checks, i);

        errors += in_error(check);
        jv_free(check);
    }
    told = tell(t, errors, "check is in ERROR", "checks are in ERROR");
    told += tell(t, json_count(document, "config_errors"), "config error", "config errors");
    told += tell(t, json_count(document, "loading_errors"), "loading error", "loading errors");
    told += tell(t,
        json_int(forwarder, "refused") + json_int(forwarder, "dropped") +
            json_int(forwarder, "abandoned") + json_int(process, "dropped_payloads"),
        "payload is lost", "payloads are lost");
    told += tell(t,
        json_int(aggregator, "lost_series") + json_int(aggregator, "lost_values") +
            json_int(aggregator, "lost_service_checks") + json_int(aggregator, "lost_events") +
            json_int(aggregator, "no_memory") + json_int(aggregator, "over_limit"),
        "item is lost in the aggregator", "items are lost in the aggregator");
    told += tell(t, json_int(collector, "lost_ticks"), "tick is lost: no worker was free in time",
        "ticks are lost: no worker was free in time");
    jv_free(checks);
    jv_free(aggregator);
    jv_free(forwarder);
    jv_free(process);
    jv_free(collector);
    return told;
}

void status_say_running(jv document)
{
    jv checks = json_get(document, "checks");
    int count = json_count(document, "checks");

    for (int i = 0; i < count; i++) {
        jv check = json_at(checks, i);

        if (json_has(check, "running_ms"))
            cli_say("check %s was running at the last status, for %lld ms", json_text(check, "id"),
                (long long)json_int(check, "running_ms"));
        jv_free(check);
    }
    jv_free(checks);
}
