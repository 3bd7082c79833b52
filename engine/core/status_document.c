#include "status_document.h"

#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

void rg_status_notes(struct rg_json *j, const char *name, const struct rg_conf_notes *notes)
{
    rg_json_open(j, name, '[');
    for (size_t i = 0; i < notes->count; i++) {
        rg_json_open(j, NULL, '{');
        rg_json_text(j, "name", notes->items[i].name);
        rg_json_text(j, "path", notes->items[i].path);
        rg_json_text(j, "text", notes->items[i].text);
        rg_json_close(j, '}');
    }
    rg_json_close(j, ']');
}

static void totals(struct rg_json *j, const char *name, struct rg_check_totals t)
{
    rg_json_open(j, name, '{');
    rg_json_uint(j, "last", t.last);
    rg_json_uint(j, "total", t.total);
    rg_json_close(j, '}');
}

static void warnings(struct rg_json *j, const struct rg_check_warnings *w)
{
    size_t bytes = 0, i;

    rg_json_open(j, "last_warnings", '[');
    for (i = 0; i < w->count; i++) {
        bytes += strlen(w->texts[i]);
        if (bytes > RG_STATUS_WARNINGS_BYTES)
            break;
        rg_json_text(j, NULL, w->texts[i]);
    }
    rg_json_close(j, ']');
    rg_json_uint(j, "last_warnings_left_out", w->lost + (w->count - i));
}

void rg_status_check(struct rg_json *j, const char *name, const struct rg_check *check,
    const struct rg_check_stats *stats, int64_t running_ms)
{
    rg_json_open(j, name, '{');
    rg_json_text(j, "name", check->name);
    rg_json_text(j, "id", check->id);
    rg_json_text(j, "version", check->ops->version);
    rg_json_text(j, "loader", check->loader);
    rg_json_text(j, "source", check->source);
    rg_json_int(j, "interval_s", check->interval_ns / RG_NS_PER_S);
    rg_json_uint(j, "runs", stats->runs);
    rg_json_uint(j, "errors", stats->errors);
    rg_json_uint(j, "warnings", stats->warnings);
    rg_json_text(j, "last_error", stats->last_error);
    warnings(j, &stats->last_warnings);
    rg_json_int(j, "average_ms", stats->average_ms);
    rg_json_int(j, "last_ms", stats->last_ms);
    rg_json_int(j, "delay_ms", stats->delay_ms);
    rg_json_int(j, "last_run_s", stats->updated.ns / RG_NS_PER_S);
    rg_json_int(j, "last_success_s", stats->last_success.ns / RG_NS_PER_S);
    totals(j, "samples", stats->samples);
    totals(j, "events", stats->events);
    totals(j, "service_checks", stats->service_checks);
    totals(j, "histogram_buckets", stats->buckets);
    rg_json_bool(j, "cancelling", stats->cancelling);
    if (running_ms < 0)
        rg_json_null(j, "running_ms");
    else
        rg_json_int(j, "running_ms", running_ms);
    rg_json_close(j, '}');
}

/* One check whose object is in the text already. */
struct shown {
    size_t key_at, name_len; /* "name" NUL "id" NUL in keys */
    size_t at, len;          /* in text */
    const char *key;         /* once keys stays where it is */
};

struct walk {
    struct rg_mono now;
    struct rg_buf text, keys;
    struct shown *items; /* owned */
    size_t count, cap, left_out;
};

/* With the lock of the collector held: no backend may be asked. */
static enum rg_status show(void *ctx, const struct rg_check_view *view)
{
    struct walk *w = ctx;
    struct rg_json j = {.out = &w->text};
    struct shown item = {.key_at = w->keys.len, .at = w->text.len};
    void *items = w->items;
    int64_t running_ms = -1;
    enum rg_status st;

    if (w->text.len > RG_STATUS_BYTES_MAX) {
        w->left_out++;
        return RG_OK;
    }
    if (view->running)
        running_ms = w->now.ns > view->running_since.ns
                         ? (w->now.ns - view->running_since.ns) / RG_NS_PER_MS
                         : 0;
    rg_status_check(&j, NULL, view->check, view->stats, running_ms);
    item.len = w->text.len - item.at;
    item.name_len = strlen(view->check->name);
    st = j.st;
    if (st == RG_OK)
        st = rg_buf_append(&w->keys, view->check->name, item.name_len + 1);
    if (st == RG_OK)
        st = rg_buf_append(&w->keys, view->check->id, strlen(view->check->id) + 1);
    if (st == RG_OK)
        st = rg_grow(&items, &w->cap, w->count + 1, sizeof(*w->items), SIZE_MAX);
    w->items = items;
    if (st == RG_OK)
        w->items[w->count++] = item;
    return st;
}

static int by_name(const void *a, const void *b)
{
    const struct shown *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : strcmp(x->key + x->name_len + 1, y->key + y->name_len + 1);
}

static void checks(struct rg_json *j, const struct rg_status_sources *from)
{
    struct walk w = {.now = from->mono};
    enum rg_status st;

    rg_buf_init(&w.text, RG_OUTPUT_BYTES_MAX);
    rg_buf_init(&w.keys, RG_OUTPUT_BYTES_MAX);
    st = rg_collector_each(from->collector, show, &w);
    if (j->st == RG_OK)
        j->st = st;
    for (size_t i = 0; i < w.count; i++)
        w.items[i].key = (const char *)w.keys.data + w.items[i].key_at;
    if (w.count)
        qsort(w.items, w.count, sizeof(*w.items), by_name);
    rg_json_open(j, "checks", '[');
    for (size_t i = 0; i < w.count; i++)
        rg_json_raw(
            j, NULL, (struct rg_str){(const char *)w.text.data + w.items[i].at, w.items[i].len});
    rg_json_close(j, ']');
    rg_json_uint(j, "checks_left_out", w.left_out);
    rg_buf_finish(&w.text);
    rg_buf_finish(&w.keys);
    free(w.items);
}

/* More queues may have come since they were counted; those wait for the next document. */
static void queues(struct rg_json *j, struct rg_collector *collector)
{
    size_t room = rg_collector_queues(collector, NULL, 0), count;
    struct rg_interval_queue_info *infos = rg_calloc(room + 1, sizeof(*infos));

    rg_json_open(j, "queues", '[');
    count = infos ? rg_collector_queues(collector, infos, room) : 0;
    for (size_t i = 0; i < count && i < room; i++) {
        rg_json_open(j, NULL, '{');
        rg_json_int(j, "interval_s", infos[i].interval_ns / RG_NS_PER_S);
        rg_json_uint(j, "buckets", infos[i].buckets);
        rg_json_uint(j, "size", infos[i].jobs);
        rg_json_uint(j, "lost_ticks", infos[i].lost_ticks);
        rg_json_close(j, '}');
    }
    rg_json_close(j, ']');
    if (!infos && j->st == RG_OK)
        j->st = RG_ENOMEM;
    free(infos);
}

static void collector(struct rg_json *j, struct rg_collector *c, size_t workers)
{
    struct rg_collector_counts counts = rg_collector_counts(c);

    rg_json_open(j, "collector", '{');
    rg_json_uint(j, "checks", counts.checks);
    rg_json_uint(j, "runs", counts.runs);
    rg_json_uint(j, "errors", counts.errors);
    rg_json_uint(j, "warnings", counts.warnings);
    rg_json_uint(j, "running", counts.running);
    rg_json_uint(j, "skipped", counts.skipped);
    rg_json_uint(j, "lost_ticks", counts.lost_ticks);
    rg_json_uint(j, "workers", workers ? workers : counts.workers);
    queues(j, c);
    rg_json_close(j, '}');
}

struct errors {
    struct rg_json *j;
    size_t from; /* bytes of the document before the first one */
    size_t left_out;
};

/* With the lock of the scheduler held. */
static enum rg_status show_errors(void *ctx, const struct rg_scheduled_view *view)
{
    struct errors *errors = ctx;
    struct rg_json *j = errors->j;

    for (size_t i = 0; i < view->error_count; i++) {
        const struct rg_instance_error *e = &view->errors[i];

        if (j->out->len - errors->from > RG_STATUS_ERRORS_BYTES) {
            errors->left_out++;
            continue;
        }
        rg_json_open(j, NULL, '{');
        rg_json_text(j, "name", view->config->name);
        rg_json_text(j, "source", view->config->source);
        if (e->instance == SIZE_MAX)
            rg_json_null(j, "instance");
        else
            rg_json_uint(j, "instance", e->instance);
        rg_json_text(j, "loader", e->loader);
        rg_json_text(j, "text", e->text);
        rg_json_close(j, '}');
    }
    return j->st;
}

static void loading_errors(struct rg_json *j, struct rg_check_scheduler *scheduler)
{
    struct errors errors = {.j = j};

    rg_json_open(j, "loading_errors", '[');
    errors.from = j->out->len;
    rg_ignore(rg_check_scheduler_each(scheduler, show_errors, &errors), "it is kept in j");
    rg_json_close(j, ']');
    rg_json_uint(j, "loading_errors_left_out", errors.left_out);
}

static void aggregator(struct rg_json *j, struct rg_aggregator *a)
{
    struct rg_aggregator_counts c = rg_aggregator_counts(a);

    rg_json_open(j, "aggregator", '{');
    rg_json_uint(j, "taken", c.items.taken);
    rg_json_uint(j, "rejected", c.items.rejected);
    rg_json_uint(j, "bad_buckets", c.items.bad_buckets);
    rg_json_uint(j, "over_limit", c.items.over_limit);
    rg_json_uint(j, "no_memory", c.items.no_memory);
    rg_json_uint(j, "flush_errors", c.items.flush_errors);
    rg_json_uint(j, "lost_series", c.lost_series);
    rg_json_uint(j, "lost_values", c.lost_values);
    rg_json_uint(j, "lost_service_checks", c.lost_checks);
    rg_json_uint(j, "lost_events", c.lost_events);
    rg_json_uint(j, "hand_overs", c.hand_overs);
    rg_json_uint(j, "flushes", c.flushes);
    rg_json_uint(j, "samplers", c.samplers);
    rg_json_uint(j, "contexts", c.contexts);
    rg_json_close(j, '}');
}

static void forwarder(struct rg_json *j, struct rg_forwarder *f)
{
    struct rg_forward_counts c = rg_forwarder_counts(f);

    rg_json_open(j, "forwarder", '{');
    rg_json_uint(j, "sent", c.sent);
    rg_json_uint(j, "sent_items", c.sent_items);
    rg_json_uint(j, "queued", c.queued);
    rg_json_uint(j, "retries", c.retries);
    rg_json_uint(j, "refused", c.refused);
    rg_json_uint(j, "dropped", c.dropped);
    rg_json_uint(j, "abandoned", c.abandoned);
    rg_json_uint(j, "lost_items", c.lost_items);
    rg_json_close(j, '}');
}

static void process(struct rg_json *j, const struct rg_status_process *p)
{
    rg_json_open(j, "process", '{');
    rg_json_bool(j, "enabled", p->enabled);
    rg_json_uint(j, "runs", p->runs);
    rg_json_uint(j, "failed_runs", p->failed_runs);
    rg_json_uint(j, "payloads", p->payloads);
    rg_json_uint(j, "dropped_payloads", p->dropped_payloads);
    rg_json_close(j, '}');
}

enum rg_status rg_status_document(const struct rg_status_sources *from, struct rg_buf *out)
{
    struct rg_json j = {.out = out};

    rg_json_open(&j, NULL, '{');
    rg_json_int(&j, "schema_version", RG_STATUS_SCHEMA_VERSION);
    rg_json_open(&j, "agent", '{');
    rg_json_text(&j, "version", from->version);
    rg_json_text(&j, "hostname", from->hostname);
    rg_json_int(&j, "pid", from->pid);
    rg_json_int(&j, "started_s", from->started.ns / RG_NS_PER_S);
    rg_json_int(&j, "now_s", from->now.ns / RG_NS_PER_S);
    rg_json_close(&j, '}');
    collector(&j, from->collector, from->workers);
    checks(&j, from);
    rg_mutex_lock(from->notes_lock);
    rg_status_notes(&j, "config_errors", from->errors);
    rg_status_notes(&j, "config_warnings", from->warnings);
    rg_mutex_unlock(from->notes_lock);
    loading_errors(&j, from->scheduler);
    aggregator(&j, from->aggregator);
    forwarder(&j, from->forwarder);
    process(&j, &from->process);
    rg_json_close(&j, '}');
    return j.st;
}
