#include "metric_flusher.h"
#include "metric_json.h"
#include "rg/base/mem.h"

#include <inttypes.h>
#include <stdlib.h>

#define SOURCE "metrics"

struct rg_metric_flusher {
    struct rg_runtime *runtime;
    struct rg_aggregator *aggregator;
    struct rg_forwarder *forwarder;
    const struct rg_log *log;
    struct rg_metric_flusher_options options;
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    bool closed;                            /* under mutex */
    struct rg_metric_flusher_counts counts; /* of whoever flushes */
    uint32_t task;
    bool running;
};

enum rg_status rg_metric_flusher_create(struct rg_runtime *runtime,
    struct rg_aggregator *aggregator, struct rg_forwarder *forwarder,
    const struct rg_metric_flusher_options *options, const struct rg_log *log,
    struct rg_metric_flusher **out, struct rg_err *err)
{
    struct rg_metric_flusher *f = rg_calloc(1, sizeof(*f));

    if (!f)
        return RG_ENOMEM;
    rg_assert(options->interval_ns > 0);
    f->runtime = runtime;
    f->aggregator = aggregator;
    f->forwarder = forwarder;
    f->log = log;
    f->options = *options;
    f->mutex = rg_mutex_create(runtime, "metrics-flush");
    f->cond = rg_cond_create(runtime, "metrics-flush");
    if (!f->mutex || !f->cond) {
        rg_metric_flusher_destroy(f);
        rg_err_set(err, "cannot create the metrics flusher: out of memory");
        return RG_ENOMEM;
    }
    *out = f;
    return RG_OK;
}

void rg_metric_flusher_destroy(struct rg_metric_flusher *f)
{
    if (!f)
        return;
    rg_assert(!f->running);
    rg_cond_destroy(f->cond);
    rg_mutex_destroy(f->mutex);
    free(f);
}

static void submit(struct rg_metric_flusher *f, struct rg_metric_payloads *payloads)
{
    for (size_t i = 0; i < payloads->count; i++) {
        rg_forwarder_submit(f->forwarder, &payloads->items[i]);
        payloads->items[i].bytes = NULL;
    }
    f->counts.payloads += payloads->count;
}

static void report(struct rg_metric_flusher *f, const struct rg_metric_payloads *payloads)
{
    f->counts.too_large += payloads->too_large;
    f->counts.lost += payloads->lost;
    if (payloads->too_large)
        rg_log(f->log, RG_LOG_WARN, SOURCE,
            "%" PRIu64 " items are too large for a payload and left out, the first is %s",
            payloads->too_large, payloads->first_too_large);
    if (payloads->lost)
        rg_log(f->log, RG_LOG_WARN, SOURCE, "%" PRIu64 " items did not become payloads",
            payloads->lost);
}

static void log_item(
    struct rg_metric_flusher *f, const char *kind, struct rg_buf *text, enum rg_status st)
{
    if (st == RG_OK)
        rg_log(f->log, RG_LOG_DEBUG, SOURCE, "%s: %.*s", kind, (int)text->len,
            (const char *)text->data);
    rg_buf_clear(text);
}

/* One line each; what does not fit into a line of the log is not told. */
static void log_items(struct rg_metric_flusher *f, const struct rg_flush *flush)
{
    struct rg_buf text;

    if (!f->options.log_items || !f->log || f->log->level < RG_LOG_DEBUG)
        return;
    rg_buf_init(&text, RG_LOG_LINE_MAX);
    for (size_t i = 0; i < flush->metrics.serie_count; i++)
        log_item(f, RG_SOURCE_SERIES, &text,
            rg_serie_json(&text, &flush->metrics.series[i], 0, UINT32_MAX));
    for (size_t i = 0; i < flush->metrics.sketch_count; i++)
        log_item(f, RG_SOURCE_SKETCHES, &text,
            rg_sketch_json(&text, &flush->metrics.sketches[i], false));
    for (size_t i = 0; i < flush->check_count; i++)
        log_item(
            f, RG_SOURCE_SERVICE_CHECKS, &text, rg_service_check_json(&text, flush->checks[i]));
    for (size_t i = 0; i < flush->event_count; i++)
        log_item(f, RG_SOURCE_EVENTS, &text, rg_event_json(&text, flush->events[i]));
    rg_buf_finish(&text);
}

/* The flush without what shall not be sent; borrowed from it. */
static struct rg_flush wanted(const struct rg_metric_flusher *f, const struct rg_flush *flush)
{
    struct rg_flush view = *flush;

    if (f->options.omit.series)
        view.metrics.serie_count = 0;
    if (f->options.omit.sketches)
        view.metrics.sketch_count = 0;
    if (f->options.omit.service_checks)
        view.check_count = 0;
    if (f->options.omit.events)
        view.event_count = 0;
    return view;
}

void rg_metric_flusher_once(struct rg_metric_flusher *f)
{
    struct rg_forward_counts sent = rg_forwarder_counts(f->forwarder);
    const struct rg_flush_extras extras = {true, sent.refused + sent.dropped + sent.abandoned};
    struct rg_metric_payloads payloads = {0};
    struct rg_flush flush, view;

    rg_aggregator_flush(f->aggregator, rg_runtime_wall(f->runtime), extras, &flush);
    view = wanted(f, &flush);
    log_items(f, &view);
    rg_ignore(rg_metric_payloads_build(&payloads, &view, f->options.format, &f->options.limits,
                  rg_aggregator_hostname(f->aggregator)),
        "what was left out is counted");
    f->counts.flushes++;
    f->counts.series += view.metrics.serie_count;
    f->counts.sketches += view.metrics.sketch_count;
    f->counts.service_checks += view.check_count;
    f->counts.events += view.event_count;
    rg_flush_finish(&flush);
    submit(f, &payloads);
    report(f, &payloads);
    rg_metric_payloads_finish(&payloads);
}

static void flush_task(void *arg)
{
    struct rg_metric_flusher *f = arg;
    struct rg_mono next = rg_runtime_mono(f->runtime);
    enum rg_status st;

    for (;;) {
        struct rg_mono now = rg_runtime_mono(f->runtime);

        do
            next = rg_mono_after(next, f->options.interval_ns);
        while (next.ns <= now.ns);
        st = RG_OK;
        rg_mutex_lock(f->mutex);
        while (!f->closed && st == RG_OK)
            st = rg_cond_wait(f->cond, f->mutex, next);
        if (f->closed)
            st = RG_ESTOPPED;
        rg_mutex_unlock(f->mutex);
        if (st != RG_ETIMEOUT)
            return;
        rg_runtime_mark(f->runtime, "metrics");
        rg_metric_flusher_once(f);
        if (f->options.flushed)
            f->options.flushed(f->options.flushed_ctx);
    }
}

enum rg_status rg_metric_flusher_start(struct rg_metric_flusher *f, struct rg_err *err)
{
    enum rg_status st = rg_runtime_spawn(f->runtime, "metrics-flush", flush_task, f, &f->task, err);

    f->running = st == RG_OK;
    return st;
}

void rg_metric_flusher_stop(struct rg_metric_flusher *f)
{
    rg_mutex_lock(f->mutex);
    f->closed = true;
    rg_cond_broadcast(f->cond);
    rg_mutex_unlock(f->mutex);
    if (f->running)
        rg_runtime_join(f->runtime, f->task);
    f->running = false;
    rg_metric_flusher_once(f);
}

struct rg_metric_flusher_counts rg_metric_flusher_counts(const struct rg_metric_flusher *f)
{
    return f->counts;
}
