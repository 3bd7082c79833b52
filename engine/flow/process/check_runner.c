#include "check_runner.h"
#include "check_schedule.h"
#include "rg/base/mem.h"

#include <stdlib.h>

#define SOURCE "runner"

/* Durations of the first runs are logged, then of every 20th. */
#define LOG_FIRST_RUNS 5
#define LOG_EVERY_RUNS 20

struct rg_check_runner {
    struct rg_backends backends;
    struct rg_process_check *check;
    struct rg_check_submitter *submitter;
    const struct rg_log *log;
    bool realtime_allowed;
    int64_t interval_s;
    uint32_t task;
    bool running;

    struct rg_mutex *mutex;
    struct rg_cond *cond;
    bool stopping;                       /* under mutex */
    bool realtime_on;                    /* under mutex */
    int64_t told_s;                      /* under mutex: interval the intake asked for last */
    bool interval_waits;                 /* under mutex: told_s is new to the task */
    struct rg_check_runner_counts shown; /* under mutex: counts as others see them */

    /* the task's own */
    struct rg_group_counter groups;
    int64_t realtime_s;
    int64_t ratio;
    uint64_t standard_runs;
    struct rg_check_runner_counts counts;
};

/* upstream: pkg/process/checks/runner.go, NewRunnerWithRealTime */
static void set_intervals(struct rg_check_runner *r, const struct rg_check_runner_options *o)
{
    struct rg_err unused = {0};

    r->interval_s = o->interval_s > 0 ? o->interval_s : RG_PROCESS_INTERVAL_S;
    r->realtime_s = o->realtime_interval_s > 0 ? o->realtime_interval_s : RG_RTPROCESS_INTERVAL_S;
    r->told_s = RG_RTPROCESS_INTERVAL_S;
    if (!r->realtime_allowed)
        r->realtime_s = r->interval_s; /* every tick is then a standard run */
    if (rg_check_ratio(r->interval_s, r->realtime_s, &r->ratio, &unused) == RG_OK)
        return;
    rg_log(r->log, RG_LOG_WARN, SOURCE,
        "Invalid %s check interval overrides [%llds,%llds], resetting to defaults [%ds,%ds]",
        RG_PROCESS_NAME, (long long)r->interval_s, (long long)r->realtime_s, RG_PROCESS_INTERVAL_S,
        RG_RTPROCESS_INTERVAL_S);
    r->interval_s = RG_PROCESS_INTERVAL_S;
    r->realtime_s = RG_RTPROCESS_INTERVAL_S;
    r->ratio = RG_PROCESS_INTERVAL_S / RG_RTPROCESS_INTERVAL_S;
}

enum rg_status rg_check_runner_create(const struct rg_backends *backends,
    struct rg_process_check *check, struct rg_check_submitter *submitter,
    const struct rg_check_runner_options *o, const struct rg_log *log, struct rg_check_runner **out,
    struct rg_err *err)
{
    struct rg_check_runner *r = rg_calloc(1, sizeof(*r));

    if (!r)
        return RG_ENOMEM;
    r->backends = *backends;
    r->check = check;
    r->submitter = submitter;
    r->log = log;
    r->realtime_allowed = o->realtime_allowed;
    r->realtime_on = o->realtime_allowed && o->realtime_on;
    r->groups.last = o->group_start;
    set_intervals(r, o);
    r->mutex = rg_mutex_create(backends->runtime, "runner");
    r->cond = rg_cond_create(backends->runtime, "runner");
    if (!r->mutex || !r->cond) {
        rg_check_runner_destroy(r);
        rg_err_set(err, "cannot create the check runner: out of memory");
        return RG_ENOMEM;
    }
    *out = r;
    return RG_OK;
}

void rg_check_runner_destroy(struct rg_check_runner *r)
{
    if (!r)
        return;
    rg_assert(!r->running);
    rg_cond_destroy(r->cond);
    rg_mutex_destroy(r->mutex);
    free(r);
}

static void emit_gauge(struct rg_check_runner *r, const char *name, size_t value)
{
    struct rg_err err = {0};
    struct rg_buf text;
    enum rg_status st;

    rg_buf_init(&text, 256);
    st = rg_buf_printf(
        &text, "{\"name\":\"%s\",\"value\":%zu,\"tags\":[\"agent:process_agent\"]}", name, value);
    if (st == RG_OK) {
        struct rg_output out = {.kind = "gauge", .source = name, .payload = rg_str_buf(&text)};

        rg_ignore(rg_sink_emit(r->backends.sink, &out, NULL, &err), "a gauge is not worth a retry");
    }
    rg_buf_finish(&text);
}

static void log_duration(struct rg_check_runner *r, struct rg_mono start)
{
    char text[RG_DURATION_TEXT];

    rg_duration_text(rg_runtime_mono(r->backends.runtime).ns - start.ns, text);
    rg_log(r->log, RG_LOG_INFO, SOURCE, "%s check run %llu took %s%s", RG_PROCESS_NAME,
        (unsigned long long)r->standard_runs, text,
        r->standard_runs == LOG_FIRST_RUNS ? "; from now on every 20th run is logged" : "");
}

/* One run of the check and what follows from it. upstream: runner.go, runCheckWithRealTime */
static void run_check(struct rg_check_runner *r, struct rg_process_run run)
{
    struct rg_process_result result = {0};
    struct rg_err err = {0};
    struct rg_mono start = {0};
    bool timed = false;
    enum rg_status st;

    if (run.standard) {
        r->standard_runs++;
        timed = r->standard_runs <= LOG_FIRST_RUNS || r->standard_runs % LOG_EVERY_RUNS == 0;
    }
    if (timed)
        start = rg_runtime_mono(r->backends.runtime);
    st = rg_process_check_run(r->check, run, &r->groups, &result, &err);
    r->counts.runs++;
    if (st != RG_OK) {
        r->counts.failed_runs++;
        rg_log(r->log, RG_LOG_ERROR, SOURCE, "Unable to run check '%s': %s", RG_PROCESS_NAME,
            rg_err_text(&err, st));
        return;
    }
    r->counts.seen = result.seen;
    if (result.counted) {
        emit_gauge(r, "datadog.process.containers.host_count", result.container_count);
        emit_gauge(r, "datadog.process.processes.host_count", result.process_count);
    }
    if (timed)
        log_duration(r, start);
    r->counts.made += result.standard.count + result.realtime.count;
    rg_check_submitter_submit(r->submitter, RG_PROCESS_NAME, result.start, &result.standard);
    rg_check_submitter_submit(r->submitter, RG_RTPROCESS_NAME, result.start, &result.realtime);
    rg_process_result_finish(&result);
}

/* What the task waited for. */
struct event {
    bool stop;
    bool interval; /* interval_s is new */
    int64_t interval_s;
    bool realtime_on;
};

static struct event wait_event(struct rg_check_runner *r, struct rg_mono tick)
{
    enum rg_status st = RG_OK;
    struct event e;

    rg_mutex_lock(r->mutex);
    r->shown = r->counts;
    while (st == RG_OK && !r->stopping && !r->interval_waits)
        st = rg_cond_wait(r->cond, r->mutex, tick);
    e = (struct event){.stop = r->stopping || st == RG_ESTOPPED,
        .interval = r->interval_waits,
        .interval_s = r->told_s,
        .realtime_on = r->realtime_on};
    r->interval_waits = false;
    rg_mutex_unlock(r->mutex);
    return e;
}

/* A new real-time interval: the ticker starts again and the next tick is a standard run. */
static void apply_interval(
    struct rg_check_runner *r, int64_t interval_s, struct rg_ticker *ticker, int64_t *counter)
{
    struct rg_err err = {0};

    if (rg_check_ratio(r->interval_s, interval_s, &r->ratio, &err) != RG_OK) {
        rg_log(r->log, RG_LOG_ERROR, SOURCE, "failed to apply new RT interval: %s", err.text);
        return;
    }
    r->realtime_s = interval_s;
    rg_ticker_start(ticker, rg_runtime_mono(r->backends.runtime), interval_s * RG_NS_PER_S);
    *counter = 0;
}

/* upstream: pkg/process/checks/runner.go, Run */
void rg_check_runner_task(void *arg)
{
    struct rg_check_runner *r = arg;
    struct rg_runtime *rt = r->backends.runtime;
    struct rg_ticker ticker;
    int64_t counter = 0;

    run_check(r, (struct rg_process_run){.standard = true});
    rg_ticker_start(&ticker, rg_runtime_mono(rt), r->realtime_s * RG_NS_PER_S);
    for (;;) {
        struct event e = wait_event(r, ticker.next);

        if (e.stop)
            return;
        if (e.interval) {
            apply_interval(r, e.interval_s, &ticker, &counter);
            continue;
        }
        rg_ticker_consume(&ticker, rg_runtime_mono(rt));
        if (counter == r->ratio)
            counter = 0;
        if (e.realtime_on || counter == 0)
            run_check(
                r, (struct rg_process_run){.standard = counter == 0, .realtime = e.realtime_on});
        counter++;
    }
}

enum rg_status rg_check_runner_start(struct rg_check_runner *r, struct rg_err *err)
{
    enum rg_status st = rg_runtime_spawn(
        r->backends.runtime, RG_PROCESS_NAME, rg_check_runner_task, r, &r->task, err);

    r->running = st == RG_OK;
    return st;
}

void rg_check_runner_stop(struct rg_check_runner *r)
{
    rg_mutex_lock(r->mutex);
    r->stopping = true;
    rg_cond_broadcast(r->cond);
    rg_mutex_unlock(r->mutex);
    if (r->running)
        rg_runtime_join(r->backends.runtime, r->task);
    r->running = false;
}

/* upstream: pkg/process/runner/runner.go, UpdateRTStatus. The interval is compared after it was
 * normalised: an intake that answers 0 would otherwise restart the ticker with every answer. */
void rg_check_runner_status(void *ctx, const struct rg_rt_status *statuses, size_t count)
{
    struct rg_check_runner *r = ctx;
    long long clients = 0;
    int64_t interval_s = 0;
    bool wanted = false;
    bool was;

    if (!r->realtime_allowed || count == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (statuses[i].active_clients > 0) {
            wanted = true;
            clients += statuses[i].active_clients;
        }
        if (statuses[i].interval_s > interval_s)
            interval_s = statuses[i].interval_s;
    }
    if (interval_s <= 0)
        interval_s = RG_RTPROCESS_INTERVAL_S;
    rg_mutex_lock(r->mutex);
    was = r->realtime_on;
    r->realtime_on = wanted;
    if (interval_s != r->told_s) {
        r->told_s = interval_s;
        r->interval_waits = true;
        rg_cond_signal(r->cond);
    }
    rg_mutex_unlock(r->mutex);
    if (was && !wanted)
        rg_log(r->log, RG_LOG_INFO, SOURCE, "Detected 0 clients, disabling real-time mode");
    if (!was && wanted)
        rg_log(r->log, RG_LOG_INFO, SOURCE, "Detected %lld active clients, enabling real-time mode",
            clients);
}

struct rg_check_runner_counts rg_check_runner_counts(const struct rg_check_runner *r)
{
    return r->counts;
}

struct rg_check_runner_counts rg_check_runner_look(struct rg_check_runner *r)
{
    struct rg_check_runner_counts out;

    rg_mutex_lock(r->mutex);
    out = r->shown;
    rg_mutex_unlock(r->mutex);
    return out;
}
