/* One run of a scenario or a capture, with a meter on it. */
#include "bench_sample.h"
#include "bench_sink.h"
#include "cli.h"
#include "rg/core/engine.h"
#include "rg/fixture.h"
#include "rg/sim.h"
#include "scenario_backends.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static int64_t cpu_ns(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * RG_NS_PER_S +
           (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

static void fail(struct bench_sample *out, int code, const char *text)
{
    out->code = code;
    snprintf(out->text, sizeof(out->text), "%s", text);
}

/* The engine on backends, with the profiler in between when there is one to be. */
static enum rg_status run_engine(const struct rg_backends *set, enum bench_part world,
    struct rg_sim_host *host, bool profile, struct bench_sample *out, struct rg_err *err)
{
    struct rg_engine_report report = {0};
    struct bench_profiler *profiler = NULL;
    enum rg_status st;

    if (!profile)
        return rg_engine_run(set, &report, err);
    st = bench_profiler_create(set, world, host, &profiler);
    if (st != RG_OK) {
        rg_err_set(err, "out of memory");
        return st;
    }
    bench_profiler_start(profiler);
    st = rg_engine_run(bench_profiler_backends(profiler), &report, err);
    bench_profiler_stop(profiler, &out->profile);
    bench_profiler_destroy(profiler);
    return st;
}

static void take_meter(const struct bench_meter *meter, struct bench_sample *out)
{
    out->outputs = meter->log.count;
    out->output_hash = meter->log.hash;
    out->early = meter->early;
    out->late = meter->late;
    out->early_outputs = meter->clock ? meter->early_outputs : meter->log.count / 10;
    if (meter->log.st != RG_OK && out->code == CLI_OK)
        fail(out, CLI_INTERNAL, rg_err_text(&meter->log.err, meter->log.st));
}

struct sink_order {
    struct bench_meter *meter;
    int64_t for_ns;
};

static enum rg_status make_sink(
    void *ctx, struct rg_runtime *clock, struct rg_sink **out, struct rg_err *err)
{
    const struct sink_order *order = ctx;

    order->meter->clock = clock;
    order->meter->tenth = rg_mono_after(rg_runtime_mono(clock), order->for_ns / 10);
    return bench_sink_create(order->meter, out, err);
}

static void run_scenario(const struct bench_subject *subject, bool profile,
    struct bench_meter *meter, struct bench_sample *out)
{
    const struct rg_scenario *s = subject->scenario;
    struct sink_order order = {.meter = meter, .for_ns = s->for_ns};
    const struct scenario_world_options o = {
        .seed = subject->seed, .make_sink = make_sink, .sink_ctx = &order};
    struct scenario_world world = {.set = NULL};
    struct rg_err err = {0};
    const char *deadlock;
    enum rg_status st = scenario_world_build(&world, s, &o, &err);

    if (st != RG_OK) {
        fail(out, cli_exit_for_input(st), rg_err_text(&err, st));
    } else {
        int64_t start_ns = rg_runtime_mono(world.clock).ns;

        st = run_engine(
            world.set, world.host ? BENCH_MODEL : BENCH_DECODE, world.host, profile, out, &err);
        out->virtual_ns = rg_runtime_mono(world.clock).ns - start_ns;
        deadlock = rg_sim_runtime_deadlock(world.clock);
        if (deadlock)
            fail(out, CLI_FINDING, deadlock);
        else if (st == RG_EINVALID || st == RG_ELIMIT)
            scenario_world_locate(&world, s, &err);
        if (st != RG_OK && !deadlock)
            fail(out, st == RG_EINVALID || st == RG_ELIMIT ? cli_exit_for_input(st) : CLI_FINDING,
                rg_err_text(&err, st));
        take_meter(meter, out);
    }
    scenario_world_finish(&world);
}

static void judge_replay(const struct rg_replay_report *report, struct bench_sample *out)
{
    const char *text = (const char *)report->text.data;
    int code = cli_exit_for_input(report->status);

    if (report->outcome == RG_REPLAY_DIVERGED) {
        out->code = CLI_DIVERGED;
    } else if (report->outcome == RG_REPLAY_DAMAGED) {
        out->code = code == CLI_OK ? CLI_BAD_INPUT : code;
    } else {
        return;
    }
    snprintf(out->text, sizeof(out->text), "the replay failed: %.*s", (int)report->text.len,
        text ? text : "");
}

static void run_capture(const struct bench_subject *subject, bool profile,
    struct bench_meter *meter, struct bench_sample *out)
{
    const struct rg_replay_options o = {.output = bench_meter_take, .output_ctx = meter};
    struct rg_replay_report report = {0};
    struct rg_replay *replay = NULL;
    struct rg_err err = {0}, ignored = {0};
    enum rg_status st = rg_replay_open(subject->path, &o, &replay, &err);

    if (st != RG_OK) {
        fail(out, cli_exit_for_input(st), rg_err_text(&err, st));
        return;
    }
    rg_ignore(run_engine(rg_replay_backends(replay), BENCH_DECODE, NULL, profile, out, &ignored),
        "the report says what counts; a run that failed live fails again");
    rg_replay_conclude(replay, &report);
    out->virtual_ns = report.recorded_ns;
    judge_replay(&report, out);
    take_meter(meter, out);
    rg_replay_report_finish(&report);
    rg_replay_destroy(replay);
}

void bench_run(const struct bench_subject *subject, const struct bench_marks *marks, bool profile,
    struct bench_sample *out)
{
    struct bench_meter meter = {.marks = *marks};
    struct rusage before, after;
    int64_t start_ns = cli_mono_ns();

    *out = (struct bench_sample){.code = CLI_OK};
    getrusage(RUSAGE_SELF, &before);
    if (subject->scenario)
        run_scenario(subject, profile, &meter, out);
    else
        run_capture(subject, profile, &meter, out);
    getrusage(RUSAGE_SELF, &after);
    out->wall_ns = cli_mono_ns() - start_ns;
    out->cpu_ns = cpu_ns(&after) - cpu_ns(&before);
    out->peak_rss_bytes = (uint64_t)after.ru_maxrss * 1024;
}
