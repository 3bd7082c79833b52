/* Faults and recordings: spoiled answers are what is written down, and a fault over an exact replay
 * is a divergence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_edit.h"
#include "rg/core/engine.h"
#include "rg/fixture.h"
#include "rg/sim.h"
#include "rg/sim_scenario.h"

#define TEXT_MAX 4096

static const char world[] =
    "name: spoiled\n"
    "world:\n"
    "  simulate:\n"
    "    host: {pid_max: 200}\n"
    "    processes:\n"
    "      - {name: base, args: [/bin/base, '{copy}'], count: 12, cpu: '9', uid: 7, user: seven, "
    "start: -1h}\n"
    "      - {name: short, args: [/bin/short, --password=hunter2], count: 6, lifetime: 5s, "
    "respawn: true, reuse_pids: true}\n"
    "run: {for: 35s}\n"
    "expect: [{always: 'true'}]\n";

static const char options[] = "run.for: 35s\nrun.checks: [process, rtprocess]\n";

/* One of every effect and every target; each of them fires in a run. */
static const char *const plans[] = {
    "{procfs: {call: list, errno: EIO, nth: 2}}",
    "{procfs: {call: list, short: 3}}",
    "{procfs: {call: read, errno: EACCES, share: 0.3}}",
    "{procfs: {call: read, short: 20, share: 0.3}}",
    "{procfs: {call: read, truncate: true, share: 0.3}}",
    "{procfs: {call: read, garble: 0, share: 0.3}}",
    "{procfs: {call: read, latency: 700ms, share: 0.01}}",
    "{procfs: {call: read, vanish: true, share: 0.02}, at: 3s, for: 20s}",
    "{procfs: {call: link, errno: EPERM, share: 0.5, per: key-once}}",
    "{procfs: {call: fds, errno: EMFILE}}",
    "{procfs: {call: host_read, name: stat, garble: 9}}",
    "{host: {call: facts, errno: EIO}}",
    "{host: {call: user, truncate: true}}",
    "{host: {call: env, errno: ENOENT, share: 0.5}}",
    "{host: {call: document, name: options, short: 8}}",
    "{sink: {call: emit, name: payload, errno: EIO}, at: 5s, for: 12s}",
    "{sink: {call: emit, refuse: true, share: 0.5}}",
    "{sink: {call: emit, latency: 3s, share: 0.5}}",
    "{sink: {call: emit, name: payload, answer: {clients: 2, interval: 3}}}",
    "{backends: {latency: 10ms, share: 0.1}}",
    "{runtime: {call: spawn, errno: ENOMEM, nth: 2}}",
    "{runtime: {call: mutex, errno: ENOMEM, nth: 2}}",
    "{runtime: {call: cond, errno: ENOMEM, nth: 1}}",
    "{runtime: {call: wall, step: -2h}, at: 5s, for: 8s}",
    "{runtime: {call: wall, drift: 50000}, at: 1s}",
};

#define PLAN_COUNT (sizeof(plans) / sizeof(plans[0]))

struct stage {
    char folder[CAPTURE_PATH_MAX], path[CAPTURE_PATH_MAX];
    struct rg_scenario *scenario;
    struct rg_backends inner;
    struct rg_sim_host *host;
    struct rg_faults *faults;
    struct rg_record_summary summary;
    struct rg_engine_report engine;
    struct rg_replay_report report;
    struct rg_err err;
};

static int setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    capture_temp(s->folder, s->path);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct stage *s = *state;

    capture_temp_remove(s->folder);
    free(s);
    return 0;
}

static void load(struct stage *s, const char *plan)
{
    char text[TEXT_MAX];
    int len = snprintf(
        text, sizeof(text), "%s%s%s\n", world, plan ? "faults:\n  - " : "", plan ? plan : "");

    assert_in_range(len, 1, sizeof(text) - 1);
    if (rg_scenario_parse("plan", rg_str_from(text), &s->scenario, &s->err) != RG_OK)
        fail_msg("%s: %s", plan, s->err.text);
}

static void build(struct stage *s, uint64_t seed)
{
    struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;

    clock.seed = seed;
    clock.stop_at.ns = clock.mono_start.ns + s->scenario->for_ns;
    s->inner = (struct rg_backends){
        .kubelet = rg_kubelet_none(),
        .events = rg_events_none(),
        .pycheck = rg_pycheck_none(),
    };
    assert_int_equal(rg_sim_runtime_create(&clock, &s->inner.runtime, &s->err), RG_OK);
    assert_int_equal(
        rg_scenario_host(s->scenario, s->inner.runtime, seed, options, &s->host, &s->err), RG_OK);
    s->inner.procfs = rg_sim_host_procfs(s->host);
    s->inner.host = rg_sim_host_host(s->host);
    assert_int_equal(rg_sim_storage_create(NULL, &s->inner.storage, &s->err), RG_OK);
    assert_int_equal(rg_sim_sink_create(NULL, &s->inner.sink, &s->err), RG_OK);
}

static void take_down(struct stage *s)
{
    rg_fault_destroy(s->faults);
    s->faults = NULL;
    rg_sink_destroy(s->inner.sink);
    rg_storage_destroy(s->inner.storage);
    rg_sim_host_destroy(s->host);
    rg_runtime_destroy(s->inner.runtime);
    rg_scenario_destroy(s->scenario);
    s->scenario = NULL;
}

static void wrap(struct stage *s, const struct rg_backends *inner, uint64_t seed)
{
    const struct rg_fault_options o = {.seed = seed};

    assert_int_equal(rg_fault_wrap(inner, s->scenario->faults, s->scenario->fault_count, &o,
                         &s->faults, &s->err),
        RG_OK);
}

/* Records one run with its faults, if the scenario has some; how often they fired. */
static uint64_t record(struct stage *s, uint64_t seed)
{
    const struct rg_recorder_options o = {
        .path = s->path, .version = "test", .mask = RG_MASK_STANDARD};
    struct rg_recorder *recorder;
    uint64_t fired;

    unlink(s->path);
    build(s, seed);
    wrap(s, &s->inner, seed);
    assert_int_equal(
        rg_recorder_create(&o, rg_fault_backends(s->faults), &recorder, &s->err), RG_OK);
    rg_ignore(rg_engine_run(rg_recorder_backends(recorder), &s->engine, &s->err),
        "some faults end the run, and that is recorded, too");
    assert_null(rg_sim_runtime_deadlock(s->inner.runtime));
    if (rg_recorder_finish(recorder, &s->summary, &s->err) != RG_OK)
        fail_msg("%s", s->err.text);
    rg_recorder_destroy(recorder);
    fired = s->scenario->fault_count ? rg_fault_fired(s->faults, 0) : 0;
    take_down(s);
    return fired;
}

/* Replays; with faults over the replay when a plan is given. */
static void replay(struct stage *s, const char *plan, uint64_t seed)
{
    const struct rg_replay_options o = {.output = NULL};
    const struct rg_backends *set;
    struct rg_replay *replay;

    assert_int_equal(rg_replay_open(s->path, &o, &replay, &s->err), RG_OK);
    set = rg_replay_backends(replay);
    if (plan) {
        load(s, plan);
        wrap(s, set, seed);
        set = rg_fault_backends(s->faults);
    }
    rg_ignore(rg_engine_run(set, &s->engine, &s->err), "the report says what counts");
    rg_replay_conclude(replay, &s->report);
    rg_fault_destroy(s->faults);
    s->faults = NULL;
    rg_replay_destroy(replay);
    rg_scenario_destroy(s->scenario);
    s->scenario = NULL;
}

static void test_a_run_with_faults_replays_equal_without_them(void **state)
{
    struct stage *s = *state;

    for (size_t i = 0; i < PLAN_COUNT; i++) {
        uint64_t seed = i + 1;

        load(s, plans[i]);
        if (record(s, seed) == 0)
            fail_msg("%s: never fired", plans[i]);
        replay(s, NULL, 0);
        if (s->report.outcome != RG_REPLAY_EQUAL)
            fail_msg(
                "%s: %.*s", plans[i], (int)s->report.text.len, (const char *)s->report.text.data);
        assert_int_equal(s->report.effects, s->summary.effects);
        assert_int_equal(s->report.outputs, s->summary.outputs);
        assert_int_equal(s->report.output_hash, s->summary.output_hash);
        rg_replay_report_finish(&s->report);
    }
}

static void test_faults_over_an_exact_replay_are_told_as_divergence(void **state)
{
    struct stage *s = *state;

    load(s, NULL);
    record(s, 5);
    for (size_t i = 0; i < PLAN_COUNT; i++) {
        replay(s, plans[i], i + 1);
        if (s->report.outcome != RG_REPLAY_DIVERGED)
            fail_msg("%s: outcome %d", plans[i], (int)s->report.outcome);
        assert_int_equal(s->report.status, RG_EDIVERGED);
        assert_true(s->report.at_effect > 0);
        assert_true(s->report.text.len > 0);
        rg_replay_report_finish(&s->report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_run_with_faults_replays_equal_without_them, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_faults_over_an_exact_replay_are_told_as_divergence, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
