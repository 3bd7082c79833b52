#include "rg/core/engine.h"
#include "check_flow.h"
#include "check_runner.h"
#include "engine_setup.h"

/* The objects of one run, in the order of their making. */
struct engine {
    const struct rg_backends *backends;
    struct rg_engine_setup setup;
    struct rg_process_check *check;
    struct rg_check_submitter *submitter;
    struct rg_check_runner *runner; /* NULL: the process checks do not run */
    struct rg_check_flow *flow;     /* NULL: the checks of conf.d do not run */
};

/* The submitter is made before the runner that it reports to. */
static void forward_status(void *ctx, const struct rg_rt_status *statuses, size_t count)
{
    struct engine *e = ctx;

    rg_check_runner_status(e->runner, statuses, count);
}

static enum rg_status make_submitter(struct engine *e, struct rg_err *err)
{
    const struct rg_engine_config *c = &e->setup.config;
    struct rg_check_submitter_options o = {
        .hostname = e->setup.hostname,
        .version = RG_AGENT_VERSION,
        .agent_pid = e->setup.facts.agent_pid,
        .queue_size = c->queue_size,
        .rt_queue_size = c->rt_queue_size,
        .queue_bytes = c->process_queue_bytes,
        .drop_checks = c->drop_check_payloads.items,
        .drop_check_count = c->drop_check_payloads.count,
        .on_status = forward_status,
        .status_ctx = e,
    };

    return rg_check_submitter_create(e->backends, &o, &e->setup.log, &e->submitter, err);
}

static enum rg_status make_runner(struct engine *e, struct rg_err *err)
{
    const struct rg_engine_config *c = &e->setup.config;
    struct rg_check_runner_options o = {
        .interval_s = c->interval_s,
        .realtime_interval_s = c->realtime_interval_s,
        .realtime_allowed = !c->disable_realtime_checks,
        .realtime_on = rg_engine_config_realtime(c),
        .group_start = (int32_t)c->group_id,
    };

    if (c->group_id < 0)
        o.group_start =
            (int32_t)(rg_runtime_random(e->backends->runtime, "process-group") & INT32_MAX);
    return rg_check_runner_create(
        e->backends, e->check, e->submitter, &o, &e->setup.log, &e->runner, err);
}

static enum rg_status start_process(struct engine *e, struct rg_err *err)
{
    enum rg_status st = rg_engine_setup_check(&e->setup, e->backends, &e->check, err);

    if (st == RG_OK)
        st = make_submitter(e, err);
    if (st == RG_OK)
        st = make_runner(e, err);
    if (st == RG_OK)
        st = rg_check_submitter_start(e->submitter, err);
    if (st == RG_OK) {
        st = rg_check_runner_start(e->runner, err);
        if (st != RG_OK)
            rg_check_submitter_stop(e->submitter);
    }
    return st;
}

/* Producers first, so that nothing is queued behind the last look at a queue. */
static void stop_process(struct engine *e)
{
    if (!e->runner)
        return;
    rg_check_runner_stop(e->runner);
    rg_check_submitter_stop(e->submitter);
}

/* For the status; the counts of the runner are those of its last run that has ended. */
static void process_numbers(void *ctx, struct rg_status_process *out)
{
    struct engine *e = ctx;

    if (e->runner) {
        struct rg_check_runner_counts runs = rg_check_runner_look(e->runner);
        struct rg_submit_counts sent = rg_check_submitter_look(e->submitter);

        *out =
            (struct rg_status_process){true, runs.runs, runs.failed_runs, sent.sent, sent.dropped};
    }
}

static enum rg_status start_flow(struct engine *e, struct rg_err *err)
{
    enum rg_status st =
        rg_check_flow_create(e->backends, &e->setup, process_numbers, e, &e->flow, err);

    return st == RG_OK ? rg_check_flow_start(e->flow, err) : st;
}

static enum rg_status start(struct engine *e, struct rg_err *err)
{
    const struct rg_engine_config *c = &e->setup.config;
    bool process = rg_engine_config_process(c);
    enum rg_status st = process ? start_process(e, err) : RG_OK;

    if (st == RG_OK && c->confd) {
        st = start_flow(e, err);
        if (st != RG_OK)
            stop_process(e);
    }
    if (st == RG_OK && !process && !c->confd)
        rg_log(&e->setup.log, RG_LOG_WARN, "engine",
            "no check is enabled: set process_config.process_collection.enabled or run.checks");
    return st;
}

static void wait_end(const struct engine *e)
{
    struct rg_runtime *rt = e->backends->runtime;
    int64_t run_for_ns = e->setup.config.run_for_ns;
    struct rg_mono end = RG_MONO_NEVER;

    if (run_for_ns)
        end = rg_mono_after(rg_runtime_mono(rt), run_for_ns);
    rg_ignore(rg_runtime_wait_stop(rt, end), "both answers mean the end");
}

static void stop(struct engine *e)
{
    stop_process(e);
    if (e->flow) {
        rg_check_flow_stop(e->flow);
        rg_check_flow_status(e->flow);
    }
}

static struct rg_engine_report report(const struct engine *e)
{
    struct rg_engine_report out = {0};

    if (e->runner) {
        struct rg_check_runner_counts runs = rg_check_runner_counts(e->runner);
        struct rg_submit_counts sent = rg_check_submitter_counts(e->submitter);

        out = (struct rg_engine_report){.runs = runs.runs,
            .failed_runs = runs.failed_runs,
            .payloads = sent.sent,
            .dropped_payloads = sent.dropped,
            .unwanted_payloads = sent.unwanted,
            .made_payloads = runs.made,
            .processes_seen = runs.seen};
    }
    if (e->flow)
        out.checks = rg_check_flow_report(e->flow);
    return out;
}

enum rg_status rg_engine_run(
    const struct rg_backends *backends, struct rg_engine_report *out, struct rg_err *err)
{
    struct engine e = {.backends = backends};
    enum rg_status st = rg_engine_setup_init(&e.setup, backends, false, err);

    if (st == RG_OK)
        st = start(&e, err);
    if (st == RG_OK) {
        wait_end(&e);
        stop(&e);
        *out = report(&e);
    }
    rg_check_flow_destroy(e.flow);
    rg_check_runner_destroy(e.runner);
    rg_check_submitter_destroy(e.submitter);
    rg_process_check_destroy(e.check);
    rg_engine_setup_finish(&e.setup);
    return st;
}
