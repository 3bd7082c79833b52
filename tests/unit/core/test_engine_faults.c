/* A whole run of the engine in virtual time, with each backend call and each allocation failing
 * once: it ends, at the right time, with a result that says what happened, and loses no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_fixture.h"
#include "fail_alloc.h"
#include "rg/core/engine.h"
#include "rg/sim_fault.h"

#include <errno.h>
#include <string.h>

#define RUN_S 13

static void prepare(struct fixture *f)
{
    fixture_init(f, NULL, NULL);
    f->host.documents[0] = (struct fake_text){
        "options", "run: {for: 13s, checks: [process, rtprocess], group_id: 40}\n"};
    fake_host_add(&f->host, 5, "app", "--password=x");
    fake_host_add(&f->host, 6, "other", NULL);
}

/* Payloads that reached the sink are whole, whatever failed elsewhere. */
static size_t check_payloads(const struct fixture *f)
{
    size_t n = 0;

    for (size_t i = 0; i < rg_sim_sink_count(f->sink); i++) {
        const struct rg_output *o = rg_sim_sink_at(f->sink, i);
        struct rg_payload p = {(uint8_t *)(uintptr_t)o->payload.ptr, o->payload.len, 0};

        if (strcmp(o->kind, "payload") != 0)
            continue;
        n++;
        assert_true(p.len > 16);
        if (strcmp(o->source, "process") == 0) {
            standard_message *m = decode_standard(&p);

            assert_non_null(m);
            datadog__process_agent__collector_proc__free_unpacked(m, NULL);
        } else {
            realtime_message *m = decode_realtime(&p);

            assert_non_null(m);
            datadog__process_agent__collector_real_time__free_unpacked(m, NULL);
        }
    }
    return n;
}

static void run_with_failing_calls(int errnum)
{
    const struct rg_fault_options options = {0};
    struct rg_fault_rule rules[] = {
        {.target = RG_FAULT_BACKENDS, .effect = RG_FAULT_ERRNO, .errnum = errnum},
    };
    long n = 0;
    long without_options = 0;
    bool fired;

    do {
        struct rg_engine_report report = {0};
        struct rg_faults *faults = NULL;
        struct fixture f;
        struct rg_err err = {0};
        int64_t before;
        enum rg_status st;

        prepare(&f);
        rules[0].nth = (uint64_t)++n;
        assert_int_equal(rg_fault_wrap(&f.backends, rules, 1, &options, &faults, &err), RG_OK);
        before = rg_runtime_mono(f.runtime).ns;
        st = rg_engine_run(rg_fault_backends(faults), &report, &err);
        fired = rg_fault_fired(faults, 0) > 0;
        check_payloads(&f);
        if (st == RG_OK && report.runs == 0) {
            without_options++; /* no such document: no check, and a run without an end */
        } else if (st == RG_OK) {
            /* Retries and waits may not outlast the run. */
            assert_true(rg_runtime_mono(f.runtime).ns >= before + RUN_S * RG_NS_PER_S);
            assert_true(rg_runtime_mono(f.runtime).ns <= before + (RUN_S + 5) * RG_NS_PER_S);
            assert_int_equal(report.runs, 7);
            assert_true(report.failed_runs <= 1);
        } else {
            assert_true(err.text[0] || err.errnum);
        }
        if (st != RG_OK || report.runs != 0)
            assert_null(rg_sim_runtime_deadlock(f.runtime));
        rg_fault_destroy(faults);
        fixture_finish(&f);
    } while (fired);
    assert_int_equal(without_options, errnum == ESRCH);
    assert_true(n > 50); /* the loop has tried every call of a run */
}

static void test_every_backend_call_may_fail_with_an_io_error(void **state)
{
    (void)state;
    run_with_failing_calls(EIO);
}

static void test_every_backend_call_may_be_refused(void **state)
{
    (void)state;
    run_with_failing_calls(EACCES);
}

static void test_everything_may_vanish_before_it_is_read(void **state)
{
    (void)state;
    run_with_failing_calls(ESRCH);
}

static void test_every_allocation_of_a_run_may_fail(void **state)
{
    long n = 0;
    bool fired;

    (void)state;
    do {
        struct rg_engine_report report = {0};
        struct fixture f;
        struct rg_err err = {0};
        enum rg_status st;

        prepare(&f);
        fail_alloc_at(++n);
        st = rg_engine_run(&f.backends, &report, &err);
        fired = fail_alloc_happened();
        fail_alloc_at(0);
        assert_true(st == RG_OK || st == RG_ENOMEM || st == RG_EIO);
        check_payloads(&f);
        if (st == RG_OK)
            assert_int_equal(report.runs, 7);
        assert_null(rg_sim_runtime_deadlock(f.runtime));
        fixture_finish(&f);
    } while (fired);
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_backend_call_may_fail_with_an_io_error),
        cmocka_unit_test(test_every_backend_call_may_be_refused),
        cmocka_unit_test(test_everything_may_vanish_before_it_is_read),
        cmocka_unit_test(test_every_allocation_of_a_run_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
