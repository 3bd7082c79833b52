/* The checks of conf.d in a run of the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow_rig.h"
#include "rg/base/hash.h"
#include "rg/sim_fault.h"

#include <errno.h>
#include <stdio.h>

#define OPTIONS "run: {for: 62s, confd: true, checks: [none]}\n"
#define LOAD    "init_config:\ninstances:\n- tags: [a:b]\n"
#define UPTIME  "instances: [{}]\n"

static void expect_in(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in\n%s", part, text);
}

static void expect_not_in(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s in\n%s", part, text);
}

static void open_with_four_files(struct flow_rig *r, struct rg_sim_runtime_options clock)
{
    flow_open(r, clock, NULL, OPTIONS);
    flow_document(r, "conf.d/uptime.d/conf.yaml", UPTIME, 0);
    flow_document(r, "conf.d/load.yaml", LOAD, 0);
    flow_document(r, "conf.d/bad.yaml", "instances: [\n", 0);
    flow_document(r, "conf.d/other.yaml", "instances: [{}]\nodd: 1\n", 0);
}

/* ---- what a run does ---- */

static void test_good_files_run_beside_broken_ones(void **state)
{
    const struct rg_engine_check_report *c;
    struct flow_rig r;
    char *text;

    (void)state;
    open_with_four_files(&r, RG_SIM_RUNTIME_OPTIONS);
    flow_run(&r);
    c = &r.report.checks;
    assert_int_equal(r.report.runs, 0);
    assert_int_equal(c->runs, 9);
    assert_int_equal(c->errors, 0);
    assert_int_equal(c->configs, 3);
    assert_int_equal(c->checks, 2);
    assert_int_equal(c->config_errors, 1);
    assert_int_equal(c->loading_errors, 1);
    /* 6 of each run of load, 1 of uptime, 2 of the agent at each of 5 flushes */
    assert_int_equal(c->series, 5 * 6 + 4 + 5 * 2);
    assert_int_equal(c->service_checks, 5);
    assert_int_equal(c->payloads, 10);
    assert_int_equal(c->dropped_payloads + c->lost_items, 0);
    assert_int_equal(flow_outputs(&r, "payload", "series"), 5);
    assert_int_equal(flow_outputs(&r, "payload", "service_checks"), 5);
    assert_int_equal(flow_outputs(&r, RG_STATUS_KIND, RG_STATUS_SOURCE), 5);
    text = flow_status(&r, 0);
    expect_in(text, "\"now_s\":1767225615}");
    expect_in(text, "\"workers\":4,");
    free(text);
    flow_close(&r);
}

static const char *const expected_status[] = {
    "{\"schema_version\":1,\"agent\":{\"version\":\"" RG_AGENT_VERSION
    "\",\"hostname\":\"sim-host\",",
    "\"pid\":77,\"started_s\":1767225600,\"now_s\":1767225662},",
    "\"collector\":{\"checks\":2,\"runs\":9,\"errors\":0,\"warnings\":0,\"running\":0,",
    "\"skipped\":0,",
    "\"lost_ticks\":0,\"workers\":4,",
    "\"queues\":[{\"interval_s\":15,\"buckets\":15,\"size\":2,\"lost_ticks\":0}]},",
    "\"checks\":[{\"name\":\"load\",\"id\":\"load:87a555adfa979ef0\",\"version\":\"\",",
    "\"loader\":\"core\",\"source\":\"file:conf.d/load.yaml\",\"interval_s\":15,\"runs\":5,",
    "\"errors\":0,\"warnings\":0,\"last_error\":\"\",\"last_warnings\":[],",
    "\"last_warnings_left_out\":0,\"average_ms\":0,\"last_ms\":0,\"delay_ms\":0,",
    "\"last_run_s\":1767225661,\"last_success_s\":1767225661,",
    "\"samples\":{\"last\":6,\"total\":30},\"events\":{\"last\":0,\"total\":0},",
    "\"service_checks\":{\"last\":0,\"total\":0},\"histogram_buckets\":{\"last\":0,\"total\":0},",
    "\"cancelling\":false,\"running_ms\":null},",
    "{\"name\":\"uptime\",\"id\":\"uptime\",\"version\":\"\",\"loader\":\"core\",",
    "\"source\":\"file:conf.d/uptime.d/conf.yaml\",\"interval_s\":15,\"runs\":4,\"errors\":0,",
    "\"warnings\":0,\"last_error\":\"\",\"last_warnings\":[],\"last_warnings_left_out\":0,",
    "\"average_ms\":0,\"last_ms\":0,\"delay_ms\":0,\"last_run_s\":1767225653,",
    "\"last_success_s\":1767225653,\"samples\":{\"last\":1,\"total\":4},",
    "\"events\":{\"last\":0,\"total\":0},\"service_checks\":{\"last\":0,\"total\":0},",
    "\"histogram_buckets\":{\"last\":0,\"total\":0},\"cancelling\":false,\"running_ms\":null}],",
    "\"checks_left_out\":0,\"config_errors\":[{\"name\":\"bad\",\"path\":\"conf.d/bad.yaml\",",
    "\"text\":\"conf.d/bad.yaml:2:1: did not find expected node content\"}],",
    "\"config_warnings\":[{\"name\":\"other\",\"path\":\"conf.d/other.yaml\",",
    "\"text\":\"conf.d/other.yaml:2:1: unknown key 'odd'\"}],",
    "\"loading_errors\":[{\"name\":\"other\",\"source\":\"file:conf.d/other.yaml\",\"instance\":0,",
    "\"loader\":\"Core Check Loader\",\"text\":\"Check other not found in Catalog\"}],",
    "\"loading_errors_left_out\":0,",
    "\"aggregator\":{\"taken\":34,\"rejected\":0,\"bad_buckets\":0,\"over_limit\":0,",
    "\"no_memory\":0,\"flush_errors\":0,\"lost_series\":0,\"lost_values\":0,",
    "\"lost_service_checks\":0,\"lost_events\":0,\"hand_overs\":9,\"flushes\":5,\"samplers\":2,",
    "\"contexts\":7},",
    "\"forwarder\":{\"sent\":10,\"sent_items\":49,\"queued\":0,\"retries\":0,\"refused\":0,",
    "\"dropped\":0,\"abandoned\":0,\"lost_items\":0},",
    "\"process\":{\"enabled\":false,\"runs\":0,\"failed_runs\":0,\"payloads\":0,",
    "\"dropped_payloads\":0}}",
};

static void test_the_last_status_is_the_expected_text(void **state)
{
    struct flow_rig r;
    char *text;
    const char *at;

    (void)state;
    open_with_four_files(&r, RG_SIM_RUNTIME_OPTIONS);
    flow_run(&r);
    at = text = flow_last_status(&r);
    for (size_t i = 0; i < sizeof(expected_status) / sizeof(expected_status[0]); i++) {
        size_t len = strlen(expected_status[i]);

        if (strncmp(at, expected_status[i], len) != 0)
            fail_msg("expected %s\nat %s", expected_status[i], at);
        at += len;
    }
    assert_string_equal(at, "");
    free(text);
    flow_close(&r);
}

static void test_process_checks_run_beside_those_of_confd(void **state)
{
    struct flow_rig r;
    char *text;

    (void)state;
    flow_open(
        &r, RG_SIM_RUNTIME_OPTIONS, NULL, "run: {for: 33s, confd: true, checks: [process]}\n");
    flow_document(&r, "conf.d/uptime.yaml", UPTIME, 0);
    flow_run(&r);
    assert_int_equal(r.report.runs, 5); /* at 0, 2, 12, 22, 32 s */
    assert_int_equal(r.report.checks.runs, 3);
    assert_int_equal(flow_outputs(&r, "payload", "process"), r.report.payloads);
    assert_true(r.report.payloads > 0);
    text = flow_status(&r, 0);
    expect_in(text, "\"process\":{\"enabled\":true,\"runs\":3,\"failed_runs\":0,\"payloads\":2,");
    free(text);
    text = flow_last_status(&r);
    expect_in(text, "\"process\":{\"enabled\":true,\"runs\":5,\"failed_runs\":0,\"payloads\":4,");
    free(text);
    flow_close(&r);
}

static void test_a_run_without_a_folder_goes_on(void **state)
{
    struct flow_rig r;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, NULL, OPTIONS);
    flow_run(&r);
    assert_int_equal(r.report.checks.configs, 0);
    assert_int_equal(r.report.checks.config_errors, 0);
    assert_int_equal(flow_outputs(&r, RG_STATUS_KIND, NULL), 5);
    flow_close(&r);
}

static void test_two_configurations_of_one_digest_run_once(void **state)
{
    struct flow_rig r;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, NULL, OPTIONS);
    flow_document(&r, "conf.d/load.d/a.yaml", LOAD, 0);
    flow_document(&r, "conf.d/load.d/b.yaml", LOAD, 0);
    flow_run(&r);
    assert_int_equal(r.report.checks.configs, 2);
    assert_int_equal(r.report.checks.checks, 1);
    assert_int_equal(r.report.checks.loading_errors, 0);
    flow_close(&r);
}

static void test_a_cluster_check_does_not_stand_for_one_of_the_node(void **state)
{
    struct flow_rig r;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, NULL, OPTIONS);
    flow_document(&r, "conf.d/load.d/a.yaml", "cluster_check: true\n" LOAD, 0);
    flow_document(&r, "conf.d/load.d/b.yaml", LOAD, 0);
    flow_document(&r, "conf.d/load.d/c.yaml", "ad_identifiers: [web]\n" LOAD, 0);
    flow_run(&r);
    assert_int_equal(r.report.checks.configs, 3);
    assert_int_equal(r.report.checks.checks, 1);
    assert_int_equal(r.report.checks.runs, 5);
    flow_close(&r);
}

/* ---- conf.d is looked at again ---- */

#define POLLED                                                                                     \
    "autoconf_config_files_poll: true\nautoconf_config_files_poll_interval: 10\n"                  \
    "log_level: error\n"

static void test_polling_starts_stops_and_replaces(void **state)
{
    struct flow_rig r;
    char *text;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, POLLED, "run: {for: 95s, confd: true, checks: []}\n");
    flow_document(&r, "conf.d/uptime.yaml", UPTIME, 0); /* stays */
    flow_document(&r, "conf.d/load.yaml", LOAD, 0);     /* changes, then is broken */
    flow_document(&r, "conf.d/load.yaml", "instances:\n- tags: [c:d]\n", 20);
    flow_document(&r, "conf.d/load.yaml", "instances:\n- {tags: 1\n", 50);
    flow_document(&r, "conf.d/memory.yaml", UPTIME, 25); /* comes */
    flow_document(&r, "conf.d/memory.yaml", NULL, 65);   /* and goes */
    /* the digest of this one never changes */
    flow_document(&r, "conf.d/cpu.yaml", "cluster_check: true\ninstances: [{}]\n", 0);
    flow_document(&r, "conf.d/cpu.yaml", UPTIME, 35);
    flow_document(&r, "conf.d/cpu.yaml", "cluster_check: true\ninstances: [{}]\n", 75);
    flow_run(&r);

    text = flow_status(&r, 0); /* 15 s */
    assert_int_equal(flow_times(text, "\"name\":\"load\""), 1);
    expect_in(text, "\"id\":\"load:87a555adfa979ef0\"");
    expect_not_in(text, "\"memory\"");
    expect_not_in(text, "\"cpu\"");
    free(text);
    text = flow_status(&r, 2); /* 45 s */
    assert_int_equal(flow_times(text, "\"name\":\"load\""), 1);
    expect_not_in(text, "\"id\":\"load:87a555adfa979ef0\"");
    expect_in(text, "\"name\":\"memory\"");
    expect_in(text, "\"name\":\"cpu\"");
    expect_in(text, "\"config_errors\":[],");
    free(text);
    text = flow_status(&r, 3); /* 60 s */
    expect_not_in(text, "\"id\":\"load");
    expect_in(text, "\"config_errors\":[{\"name\":\"load\",\"path\":\"conf.d/load.yaml\"");
    free(text);
    text = flow_last_status(&r);
    expect_not_in(text, "\"memory\"");
    expect_not_in(text, "\"cpu\"");
    expect_in(text, "\"name\":\"uptime\"");
    expect_in(text, "\"runs\":6,"); /* never disturbed: 8, 23, ... 83 s */
    free(text);
    assert_int_equal(r.report.checks.checks, 1);
    assert_int_equal(r.report.checks.configs, 2);
    flow_close(&r);
}

static void test_a_folder_that_cannot_be_listed_stops_nothing(void **state)
{
    const struct rg_fault_options options = {0};
    const struct rg_fault_rule rule = {.target = RG_FAULT_HOST,
        .call = RG_FAULT_DOCUMENTS,
        .from_ns = 5 * RG_NS_PER_S,
        .for_ns = 50 * RG_NS_PER_S,
        .effect = RG_FAULT_ERRNO,
        .errnum = EACCES};
    struct rg_faults *faults = NULL;
    struct rg_err err = {0};
    struct flow_rig r;
    char *text;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, POLLED, OPTIONS);
    flow_document(&r, "conf.d/uptime.yaml", UPTIME, 0);
    assert_int_equal(rg_fault_wrap(&r.backends, &rule, 1, &options, &faults, &err), RG_OK);
    assert_int_equal(rg_engine_run(rg_fault_backends(faults), &r.report, &err), RG_OK);
    assert_true(rg_fault_fired(faults, 0) >= 4);
    text = flow_status(&r, 2);
    expect_in(
        text, "\"config_errors\":[{\"name\":\"conf.d\",\"path\":\"conf.d\",\"text\":\"conf.d");
    expect_in(text, "\"runs\":3,");
    free(text);
    text = flow_last_status(&r);
    expect_in(text, "\"config_errors\":[],");
    expect_in(text, "\"runs\":5,");
    free(text);
    rg_fault_destroy(faults);
    flow_close(&r);
}

/* ---- settings ---- */

static void test_payload_kinds_can_be_switched_off(void **state)
{
    struct flow_rig r;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, "enable_payloads: {service_checks: false}\n", OPTIONS);
    flow_document(&r, "conf.d/uptime.yaml", UPTIME, 0);
    flow_run(&r);
    assert_int_equal(flow_outputs(&r, "payload", "service_checks"), 0);
    assert_int_equal(flow_outputs(&r, "payload", "series"), 5);
    assert_int_equal(r.report.checks.service_checks, 0);
    flow_close(&r);
}

static void test_series_can_be_json_and_can_be_logged(void **state)
{
    const struct rg_output *o;
    struct flow_rig r;
    size_t logged = 0;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS,
        "use_v2_api: {series: false}\nlog_payloads: true\nlog_level: debug\n"
        "integration_check_status_enabled: true\n",
        OPTIONS);
    flow_document(&r, "conf.d/uptime.yaml", UPTIME, 0);
    flow_run(&r);
    o = flow_output(&r, "payload", "series", 0);
    assert_non_null(o);
    assert_memory_equal(o->payload.ptr, "{\"series\":[{\"metric\":\"datadog.agent.running\"", 43);
    o = flow_output(&r, "payload", "service_checks", 0);
    assert_non_null(memmem(o->payload.ptr, o->payload.len, "agent.check_status", 18));
    for (size_t i = 0; i < rg_sim_sink_count(r.sink); i++) {
        o = rg_sim_sink_at(r.sink, i);
        logged += strcmp(o->kind, "log") == 0 &&
                  memmem(o->payload.ptr, o->payload.len, "\"system.uptime\"", 15) != NULL;
    }
    assert_int_equal(logged, 5);
    flow_close(&r);
}

static void test_settings_out_of_range_name_their_key(void **state)
{
    static const struct {
        const char *config, *want;
    } rows[] = {
        {"check_runners: -1\n", "check_runners: -1 is out of range; expected 0 to 1024"},
        {"logging_frequency: 0\n", "logging_frequency: 0 is too small; the minimum is 1"},
        {"histogram_aggregates: [max, mean]\n",
            "histogram_aggregates: 'mean' is none of max, min, median, avg, sum, count"},
        {"histogram_percentiles: ['0.95', '95']\n",
            "histogram_percentiles: '95' is no number from 0 to 1"},
        {"check_runners: many\n",
            "datadog.yaml:1:16: check_runners: expected a whole number, not 'many'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rg_err err = {0};
        struct flow_rig r;

        flow_open(&r, RG_SIM_RUNTIME_OPTIONS, rows[i].config, OPTIONS);
        assert_int_equal(rg_engine_run(&r.backends, &r.report, &err), RG_EINVALID);
        assert_string_equal(err.text, rows[i].want);
        flow_close(&r);
        /* without conf.d they are unknown keys, as they always were */
        flow_open(&r, RG_SIM_RUNTIME_OPTIONS, rows[i].config, "run: {for: 3s}\n");
        flow_run(&r);
        flow_close(&r);
    }
}

/* ---- determinism ---- */

static uint64_t hash_of_run(struct rg_sim_runtime_options clock)
{
    struct flow_rig r;
    uint64_t hash = 0;

    open_with_four_files(&r, clock);
    flow_run(&r);
    for (size_t i = 0; i < rg_sim_sink_count(r.sink); i++) {
        const struct rg_output *o = rg_sim_sink_at(r.sink, i);

        hash = rg_hash_mix(hash, rg_hash64(o->payload.ptr, o->payload.len));
    }
    flow_close(&r);
    return hash;
}

static void test_equal_seeds_give_equal_bytes(void **state)
{
    struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;

    (void)state;
    clock.seed = 5;
    assert_true(hash_of_run(clock) == hash_of_run(clock));
    clock.order = RG_SIM_ORDER_RANDOM;
    assert_true(hash_of_run(clock) == hash_of_run(clock));
}

/* The sum of the hashes of all series, times and values left out: a set has no order. */
static uint64_t set_of_series(const struct flow_rig *r, size_t *count)
{
    uint64_t sum = 0;
    const struct rg_output *o;

    for (size_t nth = 0; (o = flow_output(r, "payload", "series", nth)); nth++) {
        const char *at = o->payload.ptr, *end = at + o->payload.len, *points, *tags, *next;

        while ((at = memmem(at, (size_t)(end - at), "{\"metric\":", 10))) {
            points = memmem(at, (size_t)(end - at), ",\"points\":", 10);
            assert_non_null(points);
            tags = memmem(points, (size_t)(end - points), "]],", 3);
            assert_non_null(tags);
            next = memchr(tags, '}', (size_t)(end - tags));
            assert_non_null(next);
            sum += rg_hash_mix(
                rg_hash64(at, (size_t)(points - at)), rg_hash64(tags, (size_t)(next - tags)));
            (*count)++;
            at = next;
        }
    }
    return sum;
}

static void test_no_order_of_tasks_changes_the_series(void **state)
{
    uint64_t first = 0;
    size_t first_count = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;
        struct flow_rig r;
        size_t count = 0;
        uint64_t set;

        clock.seed = seed;
        clock.order = RG_SIM_ORDER_RANDOM;
        flow_open(&r, clock, "use_v2_api: {series: false}\n",
            "run: {for: 40s, confd: true, checks: []}\n");
        flow_document(&r, "conf.d/load.yaml",
            "instances: [{tags: [n:1]}, {tags: [n:2]}, {tags: [n:3], min_collection_interval: "
            "7}]\n",
            0);
        flow_document(&r, "conf.d/uptime.yaml", UPTIME, 0);
        flow_document(&r, "conf.d/memory.yaml", UPTIME, 0);
        flow_run(&r);
        set = set_of_series(&r, &count);
        if (seed == 1) {
            first = set;
            first_count = count;
        }
        assert_int_equal(count, first_count);
        assert_true(set == first);
        flow_close(&r);
    }
    assert_true(first_count > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_files_run_beside_broken_ones),
        cmocka_unit_test(test_the_last_status_is_the_expected_text),
        cmocka_unit_test(test_process_checks_run_beside_those_of_confd),
        cmocka_unit_test(test_a_run_without_a_folder_goes_on),
        cmocka_unit_test(test_two_configurations_of_one_digest_run_once),
        cmocka_unit_test(test_a_cluster_check_does_not_stand_for_one_of_the_node),
        cmocka_unit_test(test_polling_starts_stops_and_replaces),
        cmocka_unit_test(test_a_folder_that_cannot_be_listed_stops_nothing),
        cmocka_unit_test(test_payload_kinds_can_be_switched_off),
        cmocka_unit_test(test_series_can_be_json_and_can_be_logged),
        cmocka_unit_test(test_settings_out_of_range_name_their_key),
        cmocka_unit_test(test_equal_seeds_give_equal_bytes),
        cmocka_unit_test(test_no_order_of_tasks_changes_the_series),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
