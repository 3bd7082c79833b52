/* Limits of the status, and what it shows when the receiver of payloads fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow_rig.h"
#include "rg/sim_fault.h"
#include "status_document.h"

#include <errno.h>
#include <stdio.h>

static void test_warnings_of_a_check_are_bounded(void **state)
{
    static const struct rg_check_ops ops = {.version = "1.2"};
    char long_text[4000], name[] = "x", id[] = "x:1", source[] = "file:\"q\"";
    char *texts[100];
    struct rg_check check = {.ops = &ops,
        .name = name,
        .id = id,
        .loader = "core",
        .source = source,
        .interval_ns = 15 * RG_NS_PER_S};
    struct rg_check_stats stats = {
        .runs = 3, .errors = 2, .last_warnings = {texts, 100, 5}, .cancelling = true};
    struct rg_buf text;
    struct rg_json j = {.out = &text};

    (void)state;
    memset(long_text, 'w', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    for (int i = 0; i < 100; i++)
        texts[i] = long_text;
    rg_buf_init(&text, 1 << 20);
    rg_status_check(&j, NULL, &check, &stats, 1500);
    assert_int_equal(j.st, RG_OK);
    assert_true(text.len < RG_STATUS_WARNINGS_BYTES + 2000);
    assert_int_equal(rg_buf_byte(&text, 0), RG_OK);
    assert_non_null(strstr((const char *)text.data, "\"last_warnings_left_out\":101,"));
    assert_non_null(strstr((const char *)text.data, "\"source\":\"file:\\\"q\\\"\","));
    assert_non_null(strstr((const char *)text.data, "\"version\":\"1.2\","));
    assert_non_null(strstr((const char *)text.data, "\"cancelling\":true,\"running_ms\":1500}"));
    rg_buf_finish(&text);
}

static void test_loading_errors_are_bounded(void **state)
{
    struct rg_buf file;
    struct flow_rig r;
    char *text;

    (void)state;
    rg_buf_init(&file, RG_HOST_DOCUMENT_MAX);
    assert_int_equal(rg_buf_str(&file, "instances:\n"), RG_OK);
    for (int i = 0; i < 60000; i++)
        assert_int_equal(rg_buf_printf(&file, "- {a: %d}\n", i), RG_OK);
    assert_int_equal(rg_buf_byte(&file, 0), RG_OK);
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, "log_level: error\n",
        "run: {for: 1s, confd: true, checks: []}\n");
    flow_document(&r, "conf.d/unknown.yaml", (const char *)file.data, 0);
    flow_run(&r);
    assert_int_equal(r.report.checks.loading_errors, 60000);
    text = flow_last_status(&r);
    assert_true(strlen(text) < RG_STATUS_ERRORS_BYTES + 4096);
    assert_null(strstr(text, "\"loading_errors_left_out\":0,"));
    assert_true(flow_times(text, "not found in Catalog") > 40000);
    free(text);
    rg_buf_finish(&file);
    flow_close(&r);
}

/* A run of 62 s whose payloads meet the rule. */
static void run_with(struct flow_rig *r, struct rg_fault_rule rule)
{
    const struct rg_fault_options options = {0};
    struct rg_faults *faults = NULL;
    struct rg_err err = {0};

    rule.target = RG_FAULT_SINK;
    rule.call = RG_FAULT_EMIT;
    snprintf(rule.name, sizeof(rule.name), "payload");
    flow_open(r, RG_SIM_RUNTIME_OPTIONS, "log_level: error\n",
        "run: {for: 62s, confd: true, checks: []}\n");
    flow_document(r, "conf.d/uptime.yaml", "instances: [{}]\n", 0);
    assert_int_equal(rg_fault_wrap(&r->backends, &rule, 1, &options, &faults, &err), RG_OK);
    assert_int_equal(rg_engine_run(rg_fault_backends(faults), &r->report, &err), RG_OK);
    assert_true(rg_fault_fired(faults, 0) > 0);
    rg_fault_destroy(faults);
}

static void test_a_receiver_that_comes_back_gets_everything_once(void **state)
{
    struct flow_rig r;
    char *text;

    (void)state;
    run_with(&r, (struct rg_fault_rule){.effect = RG_FAULT_ERRNO,
                     .errnum = EIO,
                     .from_ns = 10 * RG_NS_PER_S,
                     .for_ns = 25 * RG_NS_PER_S});
    assert_int_equal(r.report.checks.payloads, 10);
    assert_int_equal(flow_outputs(&r, "payload", NULL), 10);
    assert_int_equal(r.report.checks.dropped_payloads + r.report.checks.lost_items, 0);
    text = flow_status(&r, 1); /* 30 s: four wait, or three and one is being tried */
    assert_null(strstr(text, "\"queued\":0,"));
    assert_null(strstr(text, "\"retries\":0,"));
    free(text);
    text = flow_last_status(&r);
    assert_non_null(strstr(text, "\"queued\":0,"));
    assert_null(strstr(text, "\"retries\":0,"));
    assert_non_null(strstr(text, "\"sent\":10,"));
    free(text);
    flow_close(&r);
}

static void test_refused_payloads_are_counted(void **state)
{
    struct flow_rig r;
    char *text;

    (void)state;
    run_with(&r,
        (struct rg_fault_rule){
            .effect = RG_FAULT_REFUSE, .from_ns = 10 * RG_NS_PER_S, .for_ns = 25 * RG_NS_PER_S});
    assert_int_equal(r.report.checks.payloads, 6);
    assert_int_equal(r.report.checks.dropped_payloads, 4);
    /* of two flushes: uptime, two series and one service check of the agent */
    assert_int_equal(r.report.checks.lost_items, 2 * 4);
    text = flow_last_status(&r);
    assert_non_null(strstr(text, "\"refused\":4,"));
    assert_non_null(strstr(text, "\"lost_items\":8}"));
    free(text);
    flow_close(&r);
}

static void test_a_receiver_that_never_comes_back_is_told_at_the_end(void **state)
{
    struct flow_rig r;
    char *text;

    (void)state;
    run_with(&r, (struct rg_fault_rule){.effect = RG_FAULT_ERRNO, .errnum = EIO});
    assert_int_equal(r.report.checks.payloads, 0);
    assert_int_equal(r.report.checks.dropped_payloads, 10);
    text = flow_last_status(&r);
    assert_non_null(strstr(text, "\"sent\":0,"));
    assert_non_null(strstr(text, "\"abandoned\":10,"));
    free(text);
    flow_close(&r);
}

static void test_a_broken_file_is_logged_once_while_it_is_polled(void **state)
{
    struct flow_rig r;

    (void)state;
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS,
        "log_level: error\nautoconf_config_files_poll: true\n"
        "autoconf_config_files_poll_interval: 5\n",
        "run: {for: 62s, confd: true, checks: []}\n");
    flow_document(&r, "conf.d/a.yaml", "instances: [\n", 0);
    flow_document(&r, "conf.d/a.yaml", "instances: 1\n", 31);
    flow_run(&r);
    assert_int_equal(flow_outputs(&r, "log", NULL), 2);
    assert_int_equal(r.report.checks.config_errors, 1);
    flow_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warnings_of_a_check_are_bounded),
        cmocka_unit_test(test_loading_errors_are_bounded),
        cmocka_unit_test(test_a_receiver_that_comes_back_gets_everything_once),
        cmocka_unit_test(test_refused_payloads_are_counted),
        cmocka_unit_test(test_a_receiver_that_never_comes_back_is_told_at_the_end),
        cmocka_unit_test(test_a_broken_file_is_logged_once_while_it_is_polled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
