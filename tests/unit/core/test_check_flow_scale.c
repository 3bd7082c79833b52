/* Ten thousand instances in one run of the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow_rig.h"

#define INSTANCES 10000

static void test_ten_thousand_instances_run_in_time(void **state)
{
    const struct rg_engine_check_report *c;
    struct rg_buf text;
    struct flow_rig r;
    char *status;

    (void)state;
    rg_buf_init(&text, RG_HOST_DOCUMENT_MAX);
    assert_int_equal(rg_buf_str(&text, "instances:\n"), RG_OK);
    for (int i = 0; i < INSTANCES; i++)
        assert_int_equal(rg_buf_printf(&text, "- tags: [n:%d]\n", i), RG_OK);
    assert_int_equal(rg_buf_byte(&text, 0), RG_OK);
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, "log_level: error\n",
        "run: {for: 46500ms, confd: true, checks: []}\n");
    flow_document(&r, "conf.d/uptime.yaml", (const char *)text.data, 0);
    flow_run(&r);
    c = &r.report.checks;
    assert_int_equal(c->checks, INSTANCES);
    assert_int_equal(
        c->runs, 3 * INSTANCES + (INSTANCES + 14) / 15); /* bucket 0 runs at 46 s too */
    assert_int_equal(c->errors + c->skipped + c->lost_ticks + c->loading_errors, 0);
    assert_int_equal(c->dropped_payloads + c->lost_items, 0);
    assert_int_equal(c->series, c->runs + 2 * 4);
    status = flow_last_status(&r);
    assert_int_equal(flow_times(status, "\"name\":\"uptime\""), INSTANCES);
    assert_int_equal(flow_times(status, "\"runs\":3,"), INSTANCES - (INSTANCES + 14) / 15);
    assert_non_null(strstr(status, "\"buckets\":15,\"size\":10000,"));
    assert_non_null(strstr(status, "\"checks_left_out\":0"));
    free(status);
    rg_buf_finish(&text);
    flow_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_thousand_instances_run_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
