#include "check_named.h"

#include "check_table.h"
#include "cli.h"
#include "instance_filter.h"
#include "run_options.h"
#include "status_text.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_BYTES_MAX ((size_t)1 << 20)

struct named {
    const struct check_named_options *options;
    struct instance_filter *filter; /* owned; NULL: none */
    size_t instances, left_out, jmx;
    size_t config_errors;
    jv troubles; /* owned; list of {"kind","where","text"} */
    jv list;     /* owned; an object per instance */
    struct text_out text;
    bool broken; /* stdout */
};

/* ---- one instance ---- */

/* Upstream's names of what the runner counts: what scripts look for. */
static const struct {
    const char *theirs, *ours;
} plain[] = {
    {"CheckName", "name"},
    {"CheckVersion", "version"},
    {"CheckConfigSource", "source"},
    {"CheckLoader", "loader"},
    {"CheckID", "id"},
    {"TotalRuns", "runs"},
    {"TotalErrors", "errors"},
    {"TotalWarnings", "warnings"},
    {"LastError", "last_error"},
    {"LastWarnings", "last_warnings"},
    {"AverageExecutionTime", "average_ms"},
    {"LastExecutionTime", "last_ms"},
    {"LastSuccessDate", "last_success_s"},
    {"UpdateTimestamp", "last_run_s"},
    {"Cancelling", "cancelling"},
};

static const struct {
    const char *last, *total, *ours;
} counted[] = {
    {"MetricSamples", "TotalMetricSamples", "samples"},
    {"Events", "TotalEvents", "events"},
    {"ServiceChecks", "TotalServiceChecks", "service_checks"},
    {"HistogramBuckets", "TotalHistogramBuckets", "histogram_buckets"},
};

static jv runner_upstream(jv runner)
{
    jv out = jv_object();

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        out = jv_object_set(out, jv_string(plain[i].theirs), json_get(runner, plain[i].ours));
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        jv pair = json_get(runner, counted[i].ours);

        out = jv_object_set(out, jv_string(counted[i].last), json_get(pair, "last"));
        out = jv_object_set(out, jv_string(counted[i].total), json_get(pair, "total"));
        jv_free(pair);
    }
    out = jv_object_set(out, jv_string("Interval"), /* of Go: nanoseconds */
        jv_number((double)json_int(runner, "interval_s") * 1e9));
    return jv_object_set(out, jv_string("LastDelay"), /* seconds */
        jv_number((double)(json_int(runner, "delay_ms") / 1000)));
}

static jv metadata_of(jv runner)
{
    jv out = jv_object_set(jv_object(), jv_string("config.hash"), json_get(runner, "id"));

    return jv_object_set(out, jv_string("config.provider"), jv_string("file"));
}

static jv instance_json(jv found)
{
    jv runner = json_get(found, "runner");
    jv out = jv_object_set(jv_object(), jv_string("schema_version"), jv_number(CLI_SCHEMA_VERSION));

    out = jv_object_set(out, jv_string("aggregator"), json_get(found, "aggregator"));
    out = jv_object_set(out, jv_string("runner"), runner_upstream(runner));
    out = jv_object_set(out, jv_string("inventories"), metadata_of(runner));
    jv_free(runner);
    return out;
}

static void put_section(struct named *n, jv aggregator, const char *key, const char *title,
    void (*table)(struct text_out *t, jv items))
{
    jv items = json_get(aggregator, key);

    if (json_count(aggregator, key) > 0) {
        text_put(&n->text, "=== %s ===\n", title);
        if (table && n->options->table) {
            table(&n->text, items);
        } else {
            json_put_pretty(&n->text, jv_copy(items));
            text_put(&n->text, "\n");
        }
    }
    jv_free(items);
}

static void instance_text(struct named *n, jv found)
{
    jv aggregator = json_get(found, "aggregator"), runner = json_get(found, "runner");
    jv checks = jv_array_append(jv_array(), jv_copy(runner));
    jv metadata = metadata_of(runner);

    put_section(n, aggregator, "metrics", "Series", check_table_series);
    put_section(n, aggregator, "sketches", "Sketches", NULL);
    put_section(n, aggregator, "service_checks", "Service Checks", check_table_service_checks);
    put_section(n, aggregator, "events", "Events", NULL);
    status_text_checks(&n->text, checks);
    text_put_title(&n->text, 2, '=', "Metadata");
    text_put(&n->text, "    config.hash: ");
    text_put_escaped(&n->text, json_text(metadata, "config.hash"));
    text_put(&n->text, "\n    config.provider: ");
    text_put_escaped(&n->text, json_text(metadata, "config.provider"));
    text_put(&n->text, "\n\n");
    jv_free(metadata);
    jv_free(checks);
    jv_free(runner);
    jv_free(aggregator);
}

static enum rg_status take_instance(
    void *ctx, const char *id, struct rg_str json, struct rg_err *err)
{
    struct named *n = ctx;
    jv found;
    enum rg_status st = json_doc_parse(json, &found, err);

    (void)id;
    if (st != RG_OK)
        return st;
    n->instances++;
    if (n->options->json) {
        n->list = jv_array_append(n->list, instance_json(found));
        jv_free(found);
        return RG_OK;
    }
    if (n->instances == 2)
        fputs("Multiple check instances found, running each of them\n", stderr);
    instance_text(n, found);
    jv_free(found);
    st = text_out_print(&n->text);
    n->broken = st == RG_EIO;
    return st;
}

static bool want_instance(void *ctx, struct rg_str yaml)
{
    struct named *n = ctx;
    bool wanted = instance_filter_holds(n->filter, yaml);

    n->left_out += !wanted;
    return wanted;
}

/* ---- troubles ---- */

static const char *const trouble_names[] = {"config_error", "config_warning", "load_error", "jmx"};

static void take_trouble(
    void *ctx, enum rg_engine_trouble kind, const char *name, const char *where, const char *text)
{
    struct named *n = ctx;
    jv trouble = jv_object();

    (void)name;
    n->jmx += kind == RG_TROUBLE_JMX;
    n->config_errors += kind == RG_TROUBLE_CONFIG_ERROR;
    trouble = jv_object_set(trouble, jv_string("kind"), jv_string(trouble_names[kind]));
    trouble = jv_object_set(trouble, jv_string("where"), jv_string(where));
    trouble = jv_object_set(trouble, jv_string("text"), jv_string(text));
    n->troubles = jv_array_append(n->troubles, trouble);
}

/* stdout is data, so these go to stderr. */
static void tell_troubles(struct named *n)
{
    const char *name = n->options->name;
    bool loads = false;
    struct rg_buf where, text;

    rg_buf_init(&where, TEXT_BYTES_MAX);
    rg_buf_init(&text, TEXT_BYTES_MAX);
    jv_array_foreach(n->troubles, i, trouble)
    {
        const char *kind = json_text(trouble, "kind");
        const char *at = cli_escaped(&where, rg_str_from(json_text(trouble, "where")));
        const char *why = cli_escaped(&text, rg_str_from(json_text(trouble, "text")));

        if (strcmp(kind, trouble_names[RG_TROUBLE_CONFIG_ERROR]) == 0) {
            fprintf(stderr, "Error: invalid config for %s: %s%s%s\n", name,
                strstr(why, at) ? "" : at, strstr(why, at) ? "" : ": ", why);
        } else if (strcmp(kind, trouble_names[RG_TROUBLE_CONFIG_WARNING]) == 0) {
            fprintf(stderr, "Warning: %s%s%s\n", strstr(why, at) ? "" : at,
                strstr(why, at) ? "" : ": ", why);
        } else if (strcmp(kind, trouble_names[RG_TROUBLE_LOAD_ERROR]) == 0) {
            if (!loads)
                fprintf(stderr, "Error: could not load %s:\n", name);
            loads = true;
            fprintf(stderr, "* %s%s%s\n", at, at[0] ? ": " : "", why);
        }
        jv_free(trouble);
    }
    if (n->jmx > 0)
        fprintf(stderr, "%s: %zu of the instances are for JMXFetch, which reagent does not run\n",
            name, n->jmx);
    rg_buf_finish(&where);
    rg_buf_finish(&text);
}

/* ---- the end ---- */

static int print_list(struct named *n)
{
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    json_put(&json, NULL, jv_copy(n->list));
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK    ? CLI_OK
           : st == RG_EIO ? CLI_OUTPUT
                          : cli_fail(CLI_LIMIT, n->options->name, st, NULL);
}

static int print_error(
    const struct check_named_options *options, int code, const char *error, jv troubles)
{
    struct cli_json json;
    enum rg_status st;

    if (!options->json) {
        jv_free(troubles);
        return code;
    }
    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_text(&json, "check", options->name);
    cli_json_text(&json, "error", error);
    json_put(&json, "troubles", troubles);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK ? code : CLI_OUTPUT;
}

int check_named_failed(const struct check_named_options *options, int code, const char *error)
{
    return print_error(options, code, error, jv_array());
}

/* Says why nothing has run. */
static int none_found(struct named *n)
{
    static const char *const natives[] = {"process", "rtprocess", "cpu", "disk", "file_handle",
        "io", "load", "memory", "network", "uptime", NULL};
    const char *name = n->options->name;
    const char *nearest = rg_str_nearest(rg_str_from(name), natives);
    int count = jv_array_length(jv_copy(n->troubles));

    if (n->left_out > 0) {
        cli_say("no instance of %s passes --instance-filter (%zu do not)", name, n->left_out);
        return print_error(
            n->options, CLI_NOT_RUN, "no instance passes the filter", jv_copy(n->troubles));
    }
    if (n->jmx > 0 && (size_t)count == n->jmx)
        return print_error(
            n->options, CLI_NOT_RUN, "all instances are JMXFetch instances", jv_copy(n->troubles));
    cli_say("%s: no valid check found%s", name,
        n->options->confd ? "" : ": there is no conf.d; --confd names one");
    if (count == 0 && nearest && strcmp(nearest, name) != 0)
        fprintf(stderr, "did you mean '%s'?\n", nearest);
    return print_error(n->options, CLI_BAD_INPUT, "no valid check found", jv_copy(n->troubles));
}

static int finish(struct named *n, enum rg_status st, const struct rg_engine_report *report,
    const struct rg_err *err)
{
    const char *error = n->filter ? instance_filter_error(n->filter) : NULL;
    int code;

    tell_troubles(n);
    if (error)
        cli_say("--instance-filter: %s", error);
    if (n->broken || ferror(stdout))
        return CLI_OUTPUT;
    if (st == RG_ENOTFOUND)
        return none_found(n);
    if (st != RG_OK) {
        code = cli_fail(n->options->from_capture ? cli_exit_for_input(st) : cli_exit_for_live(st),
            n->options->name, st, err);
        return print_error(n->options, code, rg_err_text(err, st), jv_copy(n->troubles));
    }
    if (n->options->json) {
        code = print_list(n);
        if (code != CLI_OK)
            return code;
    } else if (n->options->times == 1) {
        fputs("One run only: metrics that need two are missing; --check-rate makes two\n", stderr);
        if (n->instances > 1)
            fprintf(stderr,
                "The check has %zu instances; --instance-filter, a jq expression, chooses\n",
                n->instances);
    }
    if (report->checks.errors > 0)
        cli_say(
            "%" PRIu64 " of %" PRIu64 " runs failed", report->checks.errors, report->checks.runs);
    return report->checks.errors > 0 || report->checks.loading_errors > 0 || n->config_errors > 0
               ? CLI_FINDING
               : CLI_OK;
}

int check_named(const struct rg_backends *set, const struct check_named_options *options)
{
    struct named n = {.options = options, .troubles = jv_array(), .list = jv_array()};
    struct rg_engine_named named = {
        .name = options->name,
        .times = options->times,
        .pause_ns = options->pause_ns,
        .delay_ns = options->delay_ns,
        .full_sketches = options->full_sketches,
        .instance = take_instance,
        .trouble = take_trouble,
        .ctx = &n,
    };
    struct rg_engine_report report = {0};
    struct rg_err err = {0};
    enum rg_status st = RG_OK;
    int code;

    text_out_init(&n.text);
    if (options->filter) {
        st = instance_filter_create(options->filter, &n.filter, &err);
        named.wanted = want_instance;
    }
    if (st != RG_OK) {
        cli_say("--instance-filter: %s", rg_err_text(&err, st));
        code = print_error(options, CLI_USAGE, rg_err_text(&err, st), jv_array());
    } else {
        st = rg_engine_check_named(set, &named, &report, &err);
        code = finish(&n, st, &report, &err);
    }
    instance_filter_destroy(n.filter);
    text_out_finish(&n.text);
    jv_free(n.troubles);
    jv_free(n.list);
    return code;
}
