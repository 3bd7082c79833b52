/* What a run asks its backends: nothing more without run.confd, and with it the same in a replay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_edit.h"
#include "flow_rig.h"
#include "rg/fixture.h"

/* Each call of a run, as "kind name". */
struct calls {
    struct rg_buf text;
    size_t envs, documents, lists, mutexes;
};

static void hear(void *ctx, const struct rg_effect *e)
{
    struct calls *c = ctx;

    c->envs += e->kind == RG_EFFECT_ENV;
    c->documents += e->kind == RG_EFFECT_DOCUMENT;
    c->lists += e->kind == RG_EFFECT_DOCUMENTS;
    c->mutexes += e->kind == RG_EFFECT_MUTEX;
    assert_int_equal(rg_buf_printf(&c->text, "%s %.*s\n", rg_effect_kind_name(e->kind),
                         (int)e->name.len, e->name.ptr),
        RG_OK);
}

static void calls_of(struct flow_rig *r, struct calls *c)
{
    struct rg_recorder_options options = {.version = "test", .effect = hear, .effect_ctx = c};
    struct rg_record_summary summary;
    struct rg_recorder *rec = NULL;
    struct rg_err err = {0};

    *c = (struct calls){0};
    rg_buf_init(&c->text, (size_t)16 << 20);
    assert_int_equal(rg_recorder_create(&options, &r->backends, &rec, &err), RG_OK);
    assert_int_equal(rg_engine_run(rg_recorder_backends(rec), &r->report, &err), RG_OK);
    assert_int_equal(rg_recorder_finish(rec, &summary, &err), RG_OK);
    rg_recorder_destroy(rec);
    assert_int_equal(rg_buf_byte(&c->text, 0), RG_OK);
}

/* All that a run with nothing to do asked before there were checks of conf.d. */
static const char *const calls_before[] = {
    "document datadog.yaml",
    "env DD_HOSTNAME",
    "env DD_LOG_LEVEL",
    "env DD_NETWORK_ID",
    "env DD_PROCESS_CONFIG_ENABLED",
    "env DD_PROCESS_AGENT_ENABLED",
    "env DD_PROCESS_CONFIG_PROCESS_COLLECTION_ENABLED",
    "env DD_PROCESS_AGENT_PROCESS_COLLECTION_ENABLED",
    "env DD_PROCESS_CONFIG_INTERVALS_PROCESS",
    "env DD_PROCESS_AGENT_INTERVALS_PROCESS",
    "env DD_PROCESS_CONFIG_INTERVALS_PROCESS_REALTIME",
    "env DD_PROCESS_AGENT_INTERVALS_PROCESS_REALTIME",
    "env DD_PROCESS_CONFIG_DISABLE_REALTIME_CHECKS",
    "env DD_PROCESS_AGENT_DISABLE_REALTIME_CHECKS",
    "env DD_PROCESS_CONFIG_IGNORE_ZOMBIE_PROCESSES",
    "env DD_PROCESS_AGENT_IGNORE_ZOMBIE_PROCESSES",
    "env DD_PROCESS_CONFIG_BLACKLIST_PATTERNS",
    "env DD_PROCESS_AGENT_BLACKLIST_PATTERNS",
    "env DD_PROCESS_CONFIG_SCRUB_ARGS",
    "env DD_PROCESS_AGENT_SCRUB_ARGS",
    "env DD_SCRUB_ARGS",
    "env DD_PROCESS_CONFIG_CUSTOM_SENSITIVE_WORDS",
    "env DD_PROCESS_AGENT_CUSTOM_SENSITIVE_WORDS",
    "env DD_CUSTOM_SENSITIVE_WORDS",
    "env DD_PROCESS_CONFIG_STRIP_PROC_ARGUMENTS",
    "env DD_PROCESS_AGENT_STRIP_PROC_ARGUMENTS",
    "env DD_STRIP_PROCESS_ARGS",
    "env DD_PROCESS_CONFIG_CACHE_LOOKUPID",
    "env DD_PROCESS_AGENT_CACHE_LOOKUPID",
    "env DD_PROCESS_CONFIG_MAX_PER_MESSAGE",
    "env DD_PROCESS_AGENT_MAX_PER_MESSAGE",
    "env DD_PROCESS_CONFIG_MAX_MESSAGE_BYTES",
    "env DD_PROCESS_AGENT_MAX_MESSAGE_BYTES",
    "env DD_PROCESS_CONFIG_QUEUE_SIZE",
    "env DD_PROCESS_AGENT_QUEUE_SIZE",
    "env DD_PROCESS_CONFIG_RT_QUEUE_SIZE",
    "env DD_PROCESS_AGENT_RT_QUEUE_SIZE",
    "env DD_PROCESS_CONFIG_PROCESS_QUEUE_BYTES",
    "env DD_PROCESS_AGENT_PROCESS_QUEUE_BYTES",
    "env DD_PROCESS_CONFIG_DROP_CHECK_PAYLOADS",
    "env DD_PROCESS_AGENT_DROP_CHECK_PAYLOADS",
    "env DD_PROCESS_CONFIG_PROCESS_DISCOVERY_HINT_FREQUENCY",
    "env DD_PROCESS_AGENT_PROCESS_DISCOVERY_HINT_FREQUENCY",
    "document options",
    "facts ",
    "wall ",
    "output log",
    "mono ",
    "wait_stop ",
};

static void test_without_confd_the_calls_are_those_of_before(void **state)
{
    struct calls c;
    struct flow_rig r;
    const char *at;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, "check_runners: 9\n", "run: {for: 3s}\n");
    flow_document(&r, "conf.d/uptime.yaml", "instances: [{}]\n", 0);
    calls_of(&r, &c);
    at = (const char *)c.text.data;
    for (size_t i = 0; i < sizeof(calls_before) / sizeof(calls_before[0]); i++) {
        size_t len = strlen(calls_before[i]);

        if (strncmp(at, calls_before[i], len) != 0 || at[len] != '\n')
            fail_msg("expected %s at %.80s", calls_before[i], at);
        at += len + 1;
    }
    assert_string_equal(at, "");
    rg_buf_finish(&c.text);
    flow_close(&r);
}

static void test_process_checks_ask_no_more_than_before(void **state)
{
    struct calls c;
    struct flow_rig r;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, NULL, "run: {for: 13s, checks: [process, rtprocess]}\n");
    calls_of(&r, &c);
    assert_int_equal(c.envs, 42);
    assert_int_equal(c.documents, 2);
    assert_int_equal(c.lists, 0);
    assert_int_equal(c.mutexes, 3); /* the runner and two lanes of the submitter */
    assert_null(strstr((const char *)c.text.data, "output status"));
    rg_buf_finish(&c.text);
    flow_close(&r);
}

static void test_with_confd_the_new_variables_are_asked_for_once(void **state)
{
    struct calls c;
    struct flow_rig r;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, NULL, "run: {for: 3s, confd: true, checks: []}\n");
    flow_document(&r, "conf.d/load.yaml",
        "instances: [{tags: ['a:%%env_A%%', 'b:%%env_A%%']}, {tags: ['%%env_B%%']}]\n", 0);
    calls_of(&r, &c);
    assert_int_equal(flow_times((const char *)c.text.data, "env DD_CHECK_RUNNERS\n"), 1);
    assert_int_equal(flow_times((const char *)c.text.data, "env DD_USE_V2_API_SERIES\n"), 1);
    assert_int_equal(flow_times((const char *)c.text.data, "env A\n"), 1);
    assert_int_equal(c.lists, 1);
    assert_int_equal(c.documents, 3);
    rg_buf_finish(&c.text);
    flow_close(&r);
}

/* ---- record, then replay ---- */

static void open_busy(struct flow_rig *r, uint64_t seed)
{
    struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;

    clock.seed = seed;
    clock.order = seed ? RG_SIM_ORDER_RANDOM : RG_SIM_ORDER_STABLE;
    clock.step_ns = 1000;
    flow_open(r, clock,
        "autoconf_config_files_poll: true\nautoconf_config_files_poll_interval: 9\n"
        "log_level: debug\nintegration_check_status_enabled: true\n",
        "run: {for: 40s, confd: true, checks: [process]}\n");
    flow_document(
        r, "conf.d/load.yaml", "instances: [{}, {tags: [a]}, {tags: ['%%env_X%%']}]\n", 0);
    flow_document(r, "conf.d/load.yaml", "instances: [{}, {tags: [b]}]\n", 15);
    flow_document(r, "conf.d/uptime.yaml", "instances: [{min_collection_interval: 2}]\n", 0);
    flow_document(r, "conf.d/bad.yaml", "instances: 1\n", 0);
}

static void record(const char *path, uint64_t seed, struct rg_record_summary *summary)
{
    struct rg_recorder_options options = {
        .path = path, .version = "test", .mask = RG_MASK_STANDARD};
    struct rg_recorder *rec = NULL;
    struct rg_err err = {0};
    struct flow_rig r;

    open_busy(&r, seed);
    assert_int_equal(rg_recorder_create(&options, &r.backends, &rec, &err), RG_OK);
    assert_int_equal(rg_engine_run(rg_recorder_backends(rec), &r.report, &err), RG_OK);
    assert_int_equal(rg_recorder_finish(rec, summary, &err), RG_OK);
    assert_true(r.report.checks.runs > 20);
    rg_recorder_destroy(rec);
    flow_close(&r);
}

static void test_a_recorded_run_replays_exactly(void **state)
{
    char folder[CAPTURE_PATH_MAX], path[CAPTURE_PATH_MAX];

    (void)state;
    capture_temp(folder, path);
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct rg_replay_report report = {0};
        struct rg_engine_report ran = {0};
        struct rg_record_summary summary;
        struct rg_replay *replay = NULL;
        struct rg_err err = {0};

        record(path, seed, &summary);
        assert_int_equal(
            rg_replay_open(path, &(struct rg_replay_options){0}, &replay, &err), RG_OK);
        assert_int_equal(rg_engine_run(rg_replay_backends(replay), &ran, &err), RG_OK);
        rg_replay_conclude(replay, &report);
        if (report.outcome != RG_REPLAY_EQUAL)
            fail_msg("%.*s", (int)report.text.len, (const char *)report.text.data);
        assert_true(report.output_hash == summary.output_hash);
        assert_int_equal(report.effects, summary.effects);
        rg_replay_report_finish(&report);
        rg_replay_destroy(replay);
    }
    capture_temp_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_confd_the_calls_are_those_of_before),
        cmocka_unit_test(test_process_checks_ask_no_more_than_before),
        cmocka_unit_test(test_with_confd_the_new_variables_are_asked_for_once),
        cmocka_unit_test(test_a_recorded_run_replays_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
