#include "check_flow.h"

#include "conf_changes.h"
#include "native_checks.h"
#include "rg/base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE "checks"

struct rg_check_flow {
    const struct rg_backends *backends;
    const struct rg_engine_setup *setup;
    rg_process_numbers_fn *numbers;
    void *numbers_ctx;

    struct rg_check_catalog catalog;
    struct rg_check_world world;
    struct rg_mutex *stop_lock;
    struct rg_aggregator *aggregator;
    struct rg_forwarder *forwarder;
    struct rg_metric_flusher *flusher;
    struct rg_collector *collector;
    struct rg_check_scheduler *scheduler;
    struct rg_conf_provider *provider; /* of who loads: the starting task, then the polling one */
    bool forwards, flushes, collects;  /* started, not yet stopped */
    struct rg_wall started;
    size_t workers;       /* when the collector was stopped */
    uint64_t unscheduled; /* configurations above a limit; of who loads */

    struct rg_mutex *lock;
    struct rg_cond *wake;
    bool closed;              /* under lock, as all below */
    struct rg_conf_set notes; /* errors and warnings of the last look at conf.d */
    size_t configs;           /* of the last look */
    uint32_t poller;
    bool polls;
};

/* After each flush. */
static void tell_status(void *ctx)
{
    rg_check_flow_status(ctx);
}

static enum rg_status make_outlet(struct rg_check_flow *f, struct rg_err *err)
{
    const struct rg_checks_config *config = &f->setup->config.flow;
    struct rg_metric_flusher_options flusher = rg_checks_config_flusher(config);
    struct rg_forward_options forward = RG_FORWARD_OPTIONS;
    struct rg_runtime *rt = f->backends->runtime;
    const struct rg_log *log = &f->setup->log;
    enum rg_status st = rg_engine_setup_aggregator(f->setup, f->backends, &f->aggregator, err);

    forward.bytes_max = (uint64_t)config->queue_bytes;
    flusher.flushed = tell_status;
    flusher.flushed_ctx = f;
    if (st == RG_OK)
        st = rg_forwarder_create(rt, f->backends->sink, &forward, log, &f->forwarder, err);
    if (st == RG_OK)
        st = rg_metric_flusher_create(
            rt, f->aggregator, f->forwarder, &flusher, log, &f->flusher, err);
    return st;
}

static enum rg_status make_checks(struct rg_check_flow *f, struct rg_err *err)
{
    const struct rg_checks_config *config = &f->setup->config.flow;
    struct rg_collector_options collector = rg_checks_config_collector(config);
    struct rg_check_loader loaders[1];
    enum rg_status st;

    f->catalog.factories = rg_native_checks(&f->catalog.count);
    loaders[0] = rg_core_loader(&f->catalog);
    f->world = rg_engine_setup_world(f->setup, f->backends, f->aggregator, f->stop_lock);
    st = rg_collector_create(&f->world, &collector, &f->collector, err);
    if (st == RG_OK)
        st = rg_check_scheduler_create(&f->world, f->collector, loaders, 1, &f->scheduler, err);
    if (st == RG_OK)
        st = rg_conf_provider_create(f->backends->host, config, &f->setup->log, &f->provider, err);
    return st;
}

enum rg_status rg_check_flow_create(const struct rg_backends *backends,
    const struct rg_engine_setup *setup, rg_process_numbers_fn *numbers, void *ctx,
    struct rg_check_flow **out, struct rg_err *err)
{
    struct rg_check_flow *f = rg_calloc(1, sizeof(*f));
    enum rg_status st = RG_ENOMEM;

    rg_assert(setup->config.use_flow);
    if (f) {
        f->backends = backends;
        f->setup = setup;
        f->numbers = numbers;
        f->numbers_ctx = ctx;
        f->stop_lock = rg_mutex_create(backends->runtime, "check-stop");
        f->lock = rg_mutex_create(backends->runtime, "conf.d");
        f->wake = rg_cond_create(backends->runtime, "conf.d");
    }
    if (!f || !f->stop_lock || !f->lock || !f->wake)
        rg_err_set(err, "no memory for the checks");
    else
        st = make_outlet(f, err);
    if (st == RG_OK)
        st = make_checks(f, err);
    if (st != RG_OK) {
        rg_check_flow_destroy(f);
        return st;
    }
    *out = f;
    return RG_OK;
}

void rg_check_flow_destroy(struct rg_check_flow *f)
{
    if (!f)
        return;
    rg_assert(!f->forwards && !f->flushes && !f->collects && !f->polls);
    rg_conf_set_finish(&f->notes);
    rg_conf_provider_destroy(f->provider);
    rg_check_scheduler_destroy(f->scheduler);
    rg_collector_destroy(f->collector);
    rg_metric_flusher_destroy(f->flusher);
    rg_forwarder_destroy(f->forwarder);
    rg_aggregator_destroy(f->aggregator);
    rg_cond_destroy(f->wake);
    rg_mutex_destroy(f->lock);
    rg_mutex_destroy(f->stop_lock);
    free(f);
}

/* Answers after which nothing can go on; others are about one file, or this look at the folder. */
static bool ends(enum rg_status st)
{
    return st == RG_ENOMEM || st == RG_ESTOPPED || st == RG_EDIVERGED;
}

/* Makes the folder itself an error, so that it is seen. */
static enum rg_status note_folder(struct rg_conf_set *set, const char *text)
{
    struct rg_conf_note *note = rg_calloc(1, sizeof(*note));

    if (!note)
        return RG_ENOMEM;
    rg_conf_set_finish(set);
    set->errors = (struct rg_conf_notes){note, 1, 1};
    note->name = rg_memdup0(RG_CONF_FOLDER, strlen(RG_CONF_FOLDER));
    note->path = rg_memdup0(RG_CONF_FOLDER, strlen(RG_CONF_FOLDER));
    note->text = rg_memdup0(text, strlen(text));
    return note->name && note->path && note->text ? RG_OK : RG_ENOMEM;
}

/* Looks at conf.d. *listed is false when the folder gave no answer: then out holds the reason, and
 * what is scheduled stays. */
static enum rg_status look(
    struct rg_check_flow *f, struct rg_conf_set *out, bool *listed, struct rg_err *err)
{
    enum rg_status st = rg_conf_provider_load(f->provider, out, err);

    *listed = st == RG_OK;
    if (st == RG_OK || ends(st))
        return st;
    rg_log(&f->setup->log, RG_LOG_ERROR, SOURCE, "%s", rg_err_text(err, st));
    st = note_folder(out, rg_err_text(err, st));
    if (st != RG_OK)
        rg_err_set(err, "no memory for the configurations of checks");
    return st;
}

/* Keeps what the status shows of a look; set gives it away. */
static void keep_notes(struct rg_check_flow *f, struct rg_conf_set *set, bool listed)
{
    struct rg_conf_set old;

    rg_mutex_lock(f->lock);
    old = f->notes;
    f->notes = (struct rg_conf_set){.errors = set->errors, .warnings = set->warnings};
    if (listed)
        f->configs = set->count;
    rg_mutex_unlock(f->lock);
    set->errors = set->warnings = (struct rg_conf_notes){0};
    rg_conf_set_finish(&old);
}

/* Schedules what runs and is not known; NULL: nothing is. What does not run stays out: it could
 * stand for an identical one that does. */
static enum rg_status schedule(
    struct rg_check_flow *f, struct rg_conf_set *set, const bool *known, struct rg_err *err)
{
    for (size_t i = 0; i < set->count; i++) {
        enum rg_status st;

        if ((known && known[i]) || !rg_conf_runs(&set->configs[i]))
            continue;
        st = rg_check_scheduler_schedule(f->scheduler, &set->configs[i], err);
        if (st == RG_ENOMEM)
            return st;
        if (st != RG_OK) {
            f->unscheduled++;
            rg_log(&f->setup->log, RG_LOG_ERROR, SOURCE, "%s", rg_err_text(err, st));
        }
    }
    return RG_OK;
}

static void unschedule(struct rg_check_flow *f, const struct rg_conf_changes *changes)
{
    for (size_t i = 0; i < changes->leaving_count; i++) {
        struct rg_err err = {0};
        enum rg_status st = rg_check_scheduler_unschedule(f->scheduler, &changes->leaving[i], &err);

        if (st != RG_OK)
            rg_log(&f->setup->log, RG_LOG_ERROR, SOURCE, "%s", rg_err_text(&err, st));
    }
}

/* What has left goes before what is new comes: both may be forms of one check. */
static void poll_once(struct rg_check_flow *f)
{
    struct rg_conf_changes changes = {0};
    struct rg_conf_set set;
    struct rg_err err = {0};
    bool listed = false;
    enum rg_status st;

    rg_runtime_mark(f->backends->runtime, "conf.d");
    st = look(f, &set, &listed, &err);
    if (st == RG_OK && listed)
        st = rg_conf_changes_find(f->scheduler, &set, &changes);
    if (st == RG_OK)
        keep_notes(f, &set, listed);
    if (st == RG_OK && listed) {
        unschedule(f, &changes);
        st = schedule(f, &set, changes.known, &err);
    }
    if (st != RG_OK && st != RG_ESTOPPED)
        rg_log(&f->setup->log, RG_LOG_ERROR, SOURCE, "%s was not looked at: %s", RG_CONF_FOLDER,
            rg_err_text(&err, st));
    rg_conf_changes_finish(&changes);
    rg_conf_set_finish(&set);
}

static void poll_task(void *arg)
{
    struct rg_check_flow *f = arg;
    struct rg_runtime *rt = f->backends->runtime;
    int64_t interval_ns = f->setup->config.flow.poll_interval_s * RG_NS_PER_S;
    enum rg_status st;

    for (;;) {
        struct rg_mono next = rg_mono_after(rg_runtime_mono(rt), interval_ns);

        st = RG_OK;
        rg_mutex_lock(f->lock);
        while (!f->closed && st == RG_OK)
            st = rg_cond_wait(f->wake, f->lock, next);
        if (f->closed)
            st = RG_ESTOPPED;
        rg_mutex_unlock(f->lock);
        if (st != RG_ETIMEOUT)
            return;
        poll_once(f);
    }
}

static enum rg_status load_first(struct rg_check_flow *f, struct rg_err *err)
{
    struct rg_conf_set set;
    bool listed = false;
    enum rg_status st = look(f, &set, &listed, err);

    if (st == RG_OK) {
        keep_notes(f, &set, listed);
        st = schedule(f, &set, NULL, err);
    }
    rg_conf_set_finish(&set);
    return st;
}

enum rg_status rg_check_flow_start(struct rg_check_flow *f, struct rg_err *err)
{
    struct rg_runtime *rt = f->backends->runtime;
    enum rg_status st;

    f->started = rg_runtime_wall(rt);
    st = rg_forwarder_start(f->forwarder, err);
    f->forwards = st == RG_OK;
    if (st == RG_OK) {
        st = rg_metric_flusher_start(f->flusher, err);
        f->flushes = st == RG_OK;
    }
    if (st == RG_OK) {
        st = rg_collector_start(f->collector, err);
        f->collects = st == RG_OK;
    }
    if (st == RG_OK)
        st = load_first(f, err);
    if (st == RG_OK && f->setup->config.flow.poll) {
        st = rg_runtime_spawn(rt, "conf.d", poll_task, f, &f->poller, err);
        f->polls = st == RG_OK;
    }
    if (st != RG_OK)
        rg_check_flow_stop(f);
    return st;
}

static void stop_polling(struct rg_check_flow *f)
{
    rg_mutex_lock(f->lock);
    f->closed = true;
    rg_cond_broadcast(f->wake);
    rg_mutex_unlock(f->lock);
    if (f->polls)
        rg_runtime_join(f->backends->runtime, f->poller);
    f->polls = false;
}

void rg_check_flow_stop(struct rg_check_flow *f)
{
    stop_polling(f);
    if (f->collects) {
        f->workers = rg_collector_counts(f->collector).workers;
        rg_collector_stop(f->collector);
    }
    f->collects = false;
    if (f->flushes)
        rg_metric_flusher_stop(f->flusher);
    f->flushes = false;
    if (f->forwards)
        rg_forwarder_stop(f->forwarder);
    f->forwards = false;
}

void rg_check_flow_status(struct rg_check_flow *f)
{
    struct rg_status_sources from = {.version = RG_AGENT_VERSION,
        .hostname = f->setup->hostname,
        .pid = f->setup->facts.agent_pid,
        .started = f->started,
        .now = rg_runtime_wall(f->backends->runtime),
        .mono = rg_runtime_mono(f->backends->runtime),
        .collector = f->collector,
        .workers = f->workers,
        .scheduler = f->scheduler,
        .aggregator = f->aggregator,
        .forwarder = f->forwarder,
        .notes_lock = f->lock,
        .errors = &f->notes.errors,
        .warnings = &f->notes.warnings};
    struct rg_err err = {0};
    struct rg_buf text;
    enum rg_status st;

    f->numbers(f->numbers_ctx, &from.process);
    rg_buf_init(&text, RG_OUTPUT_BYTES_MAX);
    st = rg_status_document(&from, &text);
    if (st == RG_OK) {
        const struct rg_output out = {
            .kind = RG_STATUS_KIND, .source = RG_STATUS_SOURCE, .payload = rg_str_buf(&text)};

        st = rg_sink_emit(f->backends->sink, &out, NULL, &err);
    }
    if (st != RG_OK)
        rg_log(&f->setup->log, RG_LOG_WARN, SOURCE, "a status is lost: %s", rg_err_text(&err, st));
    rg_buf_finish(&text);
}

static enum rg_status count_errors(void *ctx, const struct rg_scheduled_view *view)
{
    *(size_t *)ctx += view->error_count;
    return RG_OK;
}

struct rg_engine_check_report rg_check_flow_report(struct rg_check_flow *f)
{
    const struct rg_metric_flusher_counts flushed = rg_metric_flusher_counts(f->flusher);
    const struct rg_forward_counts sent = rg_forwarder_counts(f->forwarder);
    const struct rg_aggregator_counts taken = rg_aggregator_counts(f->aggregator);
    const struct rg_collector_counts runs = rg_collector_counts(f->collector);
    size_t errors = (size_t)f->unscheduled;

    rg_ignore(rg_check_scheduler_each(f->scheduler, count_errors, &errors), "counting cannot fail");
    return (struct rg_engine_check_report){.runs = runs.runs,
        .errors = runs.errors,
        .warnings = runs.warnings,
        .skipped = runs.skipped,
        .lost_ticks = runs.lost_ticks,
        .configs = f->configs,
        .checks = runs.checks,
        .config_errors = f->notes.errors.count,
        .loading_errors = errors,
        .series = flushed.series,
        .sketches = flushed.sketches,
        .service_checks = flushed.service_checks,
        .events = flushed.events,
        .payloads = sent.sent,
        .dropped_payloads = sent.refused + sent.dropped + sent.abandoned,
        .lost_items = flushed.lost + flushed.too_large + sent.lost_items + taken.lost_series +
                      taken.lost_values + taken.lost_checks + taken.lost_events +
                      taken.items.over_limit + taken.items.no_memory};
}
