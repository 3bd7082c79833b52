/* A whole run with checks of conf.d, with each backend call and each allocation failing once: it
 * ends, at the right time, with a result that says what happened, and loses no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "flow_rig.h"
#include "rg/sim_fault.h"

#include <errno.h>

#define RUN_S 33

/* Polling, a configuration that leaves and one that comes, a broken file, a variable. */
static void prepare(struct flow_rig *r)
{
    flow_open(r, RG_SIM_RUNTIME_OPTIONS,
        "autoconf_config_files_poll: true\nautoconf_config_files_poll_interval: 10\n"
        "integration_check_status_enabled: true\nlog_level: error\n",
        "run: {for: 33s, confd: true, checks: []}\n");
    flow_document(r, "conf.d/uptime.yaml", "instances: [{tags: ['%%env_X%%']}]\n", 0);
    flow_document(r, "conf.d/load.d/a.yaml", "instances: [{tags: [a]}]\n", 0);
    flow_document(r, "conf.d/load.d/a.yaml", "instances: [{tags: [b]}]\n", 15);
    flow_document(r, "conf.d/bad.yaml", "instances: [\n", 0);
}

/* What reached the sink is whole, whatever failed elsewhere. */
static void check_outputs(const struct flow_rig *r)
{
    for (size_t i = 0; i < rg_sim_sink_count(r->sink); i++) {
        const struct rg_output *o = rg_sim_sink_at(r->sink, i);
        bool json =
            strcmp(o->kind, RG_STATUS_KIND) == 0 || strcmp(o->source, "service_checks") == 0;

        assert_true(o->payload.len > 0);
        if (json)
            assert_true(o->payload.ptr[o->payload.len - 1] == (o->kind[0] == 's' ? '}' : ']'));
    }
}

static void run_with_failing_calls(int errnum)
{
    const struct rg_fault_options options = {0};
    struct rg_fault_rule rule = {
        .target = RG_FAULT_BACKENDS, .effect = RG_FAULT_ERRNO, .errnum = errnum};
    size_t without_options = 0, no_start = 0;
    bool fired;

    do {
        struct rg_faults *faults = NULL;
        struct rg_err err = {0};
        struct flow_rig r;
        int64_t before;
        enum rg_status st;

        prepare(&r);
        rule.nth++;
        assert_int_equal(rg_fault_wrap(&r.backends, &rule, 1, &options, &faults, &err), RG_OK);
        before = rg_runtime_mono(r.runtime).ns;
        st = rg_engine_run(rg_fault_backends(faults), &r.report, &err);
        fired = rg_fault_fired(faults, 0) > 0;
        check_outputs(&r);
        if (st != RG_OK) {
            no_start++;
            assert_true(err.text[0] || err.errnum);
        } else if (r.report.checks.runs == 0) {
            without_options++; /* no such document, or an empty conf.d for some seconds */
        } else {
            assert_in_range(rg_runtime_mono(r.runtime).ns - before, RUN_S * RG_NS_PER_S,
                (RUN_S + 5) * RG_NS_PER_S);
            assert_in_range(r.report.checks.runs, 3, 6);
            assert_true(r.report.checks.errors <= 1);
        }
        if (st == RG_OK && r.report.checks.runs > 0)
            assert_null(rg_sim_runtime_deadlock(r.runtime));
        rg_fault_destroy(faults);
        flow_close(&r);
    } while (fired);
    assert_true(rule.nth > 100);
    assert_in_range(without_options, 0, 1);
    assert_true(no_start < 150); /* only what comes before the checks: settings, facts */
}

static void test_every_backend_call_may_fail_with_an_io_error(void **state)
{
    (void)state;
    run_with_failing_calls(EIO);
}

static void test_everything_may_vanish_before_it_is_read(void **state)
{
    (void)state;
    run_with_failing_calls(ENOENT);
}

static void test_every_allocation_may_fail(void **state)
{
    long n = 0;
    bool fired;

    (void)state;
    do {
        struct rg_err err = {0};
        struct flow_rig r;
        enum rg_status st;

        prepare(&r);
        fail_alloc_at(++n);
        st = rg_engine_run(&r.backends, &r.report, &err);
        fired = fail_alloc_happened();
        fail_alloc_at(0);
        assert_true(st == RG_OK || st == RG_ENOMEM || st == RG_EIO);
        assert_true(st == RG_OK || err.text[0] || st == RG_ENOMEM);
        check_outputs(&r);
        assert_null(rg_sim_runtime_deadlock(r.runtime));
        flow_close(&r);
    } while (fired);
    assert_true(n > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_backend_call_may_fail_with_an_io_error),
        cmocka_unit_test(test_everything_may_vanish_before_it_is_read),
        cmocka_unit_test(test_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
