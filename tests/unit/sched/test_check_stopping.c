#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector_fixture.h"

#include <stdio.h>
#include <string.h>

#define S RG_NS_PER_S

static struct rg_collector_options workers(int64_t count)
{
    struct rg_collector_options options = RG_COLLECTOR_OPTIONS;

    options.workers = count;
    return options;
}

static void expect_stop(
    struct collector_fixture *f, const char *id, enum rg_status status, const char *text)
{
    struct rg_err err = {0};

    assert_int_equal(rg_collector_stop_check(f->collector, id, &err), status);
    assert_string_equal(err.text, text);
}

struct stopper {
    struct collector_fixture *f;
    const char *id;
    enum rg_status status;
    struct rg_err err;
    bool ended;
};

static void stop_one(void *arg)
{
    struct stopper *s = arg;

    s->status = rg_collector_stop_check(s->f->collector, s->id, &s->err);
    s->ended = true;
}

static void stop_all(void *arg)
{
    fixture_stop(((struct stopper *)arg)->f);
}

static uint32_t start(struct collector_fixture *f, rg_task_fn *fn, void *arg)
{
    struct rg_err err = {0};
    uint32_t task = 0;

    assert_int_equal(rg_runtime_spawn(f->runtime, "other", fn, arg, &task, &err), RG_OK);
    return task;
}

/* Field bugs F8 and F7: nothing of it reappears. */
static void test_a_check_that_listens_ends_at_once_and_leaves_no_trace(void **state)
{
    const struct rg_collector_options options = workers(2);
    struct fake fake = {.duration_ns = 10 * S, .poll_ns = S / 10, .cancels = true};
    struct collector_fixture f;
    int64_t before;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", 15 * S, &fake);
    fixture_until(&f, 2 * S);
    assert_int_equal(fake.inside, 1);
    before = rg_runtime_mono(f.runtime).ns;
    expect_stop(&f, "a", RG_OK, "");
    assert_true(rg_runtime_mono(f.runtime).ns - before <= S / 10);
    assert_false(fixture_has(&f, "a"));
    assert_int_equal(fake.stopped, 1);
    assert_int_equal(fake.cancelled, 1);
    assert_int_equal(fake.freed, 1);
    assert_int_equal(rg_collector_counts(f.collector).checks, 0);
    assert_int_equal(rg_collector_counts(f.collector).queues, 0);
    fixture_until(&f, 60 * S);
    assert_int_equal(fake.runs, 1);
    assert_false(fixture_has(&f, "a"));
    fixture_close(&f);
    assert_false(fake.late_cancel);
}

/* Field bugs F1 and F6: a dead check does not keep its id. */
static void test_a_deaf_check_frees_its_id_and_runs_on_beside_its_successor(void **state)
{
    const struct rg_collector_options options = workers(2);
    struct fake old = {.duration_ns = 100 * S, .cancels = true}, new = {0};
    struct collector_fixture f;
    struct rg_check_stats stats;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", 15 * S, &old);
    fixture_until(&f, 2 * S);
    expect_stop(&f, "a", RG_ETIMEOUT,
        "an error occurred while stopping the check: timeout during stop operation on check id a");
    assert_int_equal(rg_runtime_mono(f.runtime).ns - f.origin_ns, 2 * S + S / 2);
    assert_false(fixture_has(&f, "a"));
    assert_int_equal(old.cancelled, 1); /* tried all the same */
    assert_int_equal(old.freed, 0);
    fixture_run(&f, "a", S, &new);
    fixture_until(&f, 20 * S);
    assert_int_equal(old.inside, 1);
    assert_in_range(new.runs, 16, 18);
    assert_false(new.overlapped);
    fixture_until(&f, 110 * S);
    assert_int_equal(old.inside, 0);
    assert_int_equal(old.freed, 1);
    assert_true(fixture_stats(&f, "a", &stats));
    assert_true(stats.runs == new.runs); /* the old run was not added */
    rg_check_stats_finish(&stats);
    fixture_close(&f);
    assert_int_equal(old.runs, 1);
}

static void test_a_check_that_is_being_stopped_shows_it_and_keeps_its_id(void **state)
{
    const struct rg_collector_options options = workers(1);
    struct fake fake = {.duration_ns = 10 * S, .cancels = true, .cancel_ns = S / 4};
    struct stopper stopper = {0};
    struct collector_fixture f;
    struct rg_check_stats stats;
    struct rg_err err = {0};
    struct rg_check *check;
    uint32_t task;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", S, &fake);
    fixture_until(&f, 2 * S);
    stopper = (struct stopper){.f = &f, .id = "a"};
    task = start(&f, stop_one, &stopper);
    for (int64_t t = 2 * S + S / 8; t < 2 * S + S / 2 + S / 4; t += S / 4) {
        fixture_until(&f, t);
        assert_true(fixture_stats(&f, "a", &stats));
        assert_true(stats.cancelling);
        rg_check_stats_finish(&stats);
        expect_stop(&f, "a", RG_ENOTFOUND, "cannot find a check with ID a");
        check = fixture_check(&f, "a", S, &fake);
        assert_int_equal(rg_collector_run_check(f.collector, check, &err), RG_EINVALID);
        rg_check_destroy(check);
    }
    rg_runtime_join(f.runtime, task);
    assert_int_equal(stopper.status, RG_ETIMEOUT);
    assert_false(fixture_has(&f, "a"));
    fixture_run(&f, "a", S, &fake);
    fixture_close(&f);
}

/* The dead run keeps its worker, so there has to be another one. */
static void test_a_deaf_check_does_not_take_the_only_worker_with_it(void **state)
{
    const struct rg_collector_options options = workers(1);
    struct fake old = {.duration_ns = 100 * S}, new = {0};
    struct collector_fixture f;
    struct rg_err err = {0};

    (void)state;
    fixture_open(&f, &options, 0);
    for (int i = 0; i < 2; i++) {
        fixture_run(&f, "old", S, &old);
        fixture_until(&f, (int64_t)(i + 1) * 2 * S);
        assert_int_equal(rg_collector_stop_check(f.collector, "old", &err), RG_ETIMEOUT);
    }
    assert_int_equal(old.inside, 2);
    assert_int_equal(rg_collector_counts(f.collector).workers, 3);
    fixture_run(&f, "new", S, &new);
    fixture_until(&f, 20 * S);
    assert_in_range(new.runs, 14, 16);
    fixture_until(&f, 120 * S); /* the old ones have ended: their workers do for the next */
    fixture_run(&f, "old", S, &old);
    fixture_until(&f, 122 * S);
    assert_int_equal(rg_collector_stop_check(f.collector, "old", &err), RG_ETIMEOUT);
    assert_int_equal(rg_collector_counts(f.collector).workers, 3);
    fixture_close(&f);
}

/* Field bug F6. */
static void test_a_cancel_that_takes_90_s_is_given_up_and_ends_later(void **state)
{
    struct rg_collector_options options = workers(1);
    struct fake old = {.cancels = true, .cancel_ns = 90 * S}, new = {0};
    struct collector_fixture f;

    (void)state;
    options.cancel_timeout_ns = 2 * S;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "snmp:a", 15 * S, &old);
    fixture_until(&f, 5 * S);
    expect_stop(&f, "snmp:a", RG_ETIMEOUT,
        "an error occurred while calling check.Cancel(): timeout while calling check.Cancel() on "
        "check ID snmp:a, timeout: 2.0s");
    assert_int_equal(rg_runtime_mono(f.runtime).ns - f.origin_ns, 7 * S);
    fixture_run(&f, "snmp:a", 15 * S, &new);
    fixture_until(&f, 60 * S);
    assert_int_equal(new.runs, 4);
    assert_int_equal(old.freed, 0);
    fixture_until(&f, 100 * S);
    assert_int_equal(old.cancelled, 1);
    assert_int_equal(old.freed, 1);
    assert_int_equal(old.runs, 1);
    fixture_close(&f);
    assert_false(old.late_cancel);
}

static void test_a_cancel_goes_on_when_the_collector_stops(void **state)
{
    const struct rg_collector_options options = workers(1);
    struct fake fake = {.cancels = true, .cancel_ns = 90 * S};
    struct collector_fixture f;
    struct rg_err err = {0};

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", 15 * S, &fake);
    assert_int_equal(rg_collector_stop_check(f.collector, "a", &err), RG_ETIMEOUT);
    fixture_stop(&f); /* joins the task */
    assert_int_equal(fake.freed, 1);
    assert_int_equal(rg_runtime_mono(f.runtime).ns - f.origin_ns, 90 * S);
    fixture_close(&f);
}

/* Field bug F7: handed to the line, then unscheduled. */
static void test_a_check_in_line_that_leaves_does_not_run(void **state)
{
    const struct rg_collector_options options = workers(1);
    struct fake block = {.duration_ns = 5 * S}, queued = {.cancels = true}, once = {0};
    struct collector_fixture f;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "block", 60 * S, &block);
    fixture_run(&f, "queued", S, &queued);
    fixture_until(&f, 3 * S);
    assert_int_equal(block.inside, 1);
    assert_int_equal(queued.runs, 0);
    expect_stop(&f, "queued", RG_OK, "");
    assert_int_equal(queued.freed, 1);
    fixture_run(&f, "once", 0, &once);
    fixture_until(&f, 10 * S);
    assert_int_equal(queued.runs, 0);
    assert_int_equal(once.runs, 1); /* the extra worker is there */
    expect_stop(&f, "once", RG_OK, "");
    assert_int_equal(once.freed, 1);
    fixture_close(&f);
}

static void test_unknown_ids_and_taken_ids_are_refused(void **state)
{
    const struct rg_collector_options options = workers(1);
    struct fake fake = {0};
    struct collector_fixture f;
    struct rg_err err = {0};
    struct rg_check *second;

    (void)state;
    fixture_open(&f, &options, 0);
    expect_stop(&f, "nobody", RG_ENOTFOUND, "cannot find a check with ID nobody");
    fixture_run(&f, "a", 15 * S, &fake);
    second = fixture_check(&f, "a", 15 * S, &fake);
    assert_int_equal(rg_collector_run_check(f.collector, second, &err), RG_EINVALID);
    assert_string_equal(err.text, "a check with ID a is already running");
    rg_check_destroy(second);
    assert_int_equal(rg_collector_counts(f.collector).checks, 1);
    expect_stop(&f, "a", RG_OK, "");
    expect_stop(&f, "a", RG_ENOTFOUND, "cannot find a check with ID a");
    fixture_close(&f);
    assert_int_equal(fake.freed, 2);
}

/* Field bug F15. */
static void test_an_interval_below_a_second_is_refused_and_leaves_no_trace(void **state)
{
    static const int64_t wrong[] = {1, S - 1, -S, INT64_MAX};
    const struct rg_collector_options options = workers(1);
    struct fake fake = {0};
    struct collector_fixture f;
    struct rg_err err = {0};

    (void)state;
    fixture_open(&f, &options, 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct rg_check *check = fixture_check(&f, "a", wrong[i], &fake);

        assert_int_equal(rg_collector_run_check(f.collector, check, &err), RG_EINVALID);
        assert_non_null(strstr(err.text, "unable to schedule the check: "));
        rg_check_destroy(check);
    }
    assert_int_equal(rg_collector_counts(f.collector).checks, 0);
    assert_int_equal(rg_collector_counts(f.collector).queues, 0);
    fixture_run(&f, "a", S, &fake);
    fixture_close(&f);
}

static void test_wrong_options_are_refused(void **state)
{
    const struct {
        struct rg_collector_options options;
        const char *text;
    } wrong[] = {
        {{.workers = -1, .logging_frequency = 1}, "check_runners is -1"}, /* L14 */
        {{.workers = 1025, .logging_frequency = 1}, "check_runners is 1025"},
        {{.workers = 1, .logging_frequency = 0}, "logging_frequency"},
        {{.workers = 1, .logging_frequency = 1, .cancel_timeout_ns = -1}, "check_cancel_timeout"},
    };
    const struct rg_collector_options right = workers(1);
    struct collector_fixture f;

    (void)state;
    fixture_open(&f, &right, 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct rg_collector *c = NULL;
        struct rg_err err = {0};

        assert_int_equal(rg_collector_create(&f.world, &wrong[i].options, &c, &err), RG_EINVALID);
        assert_non_null(strstr(err.text, wrong[i].text));
        assert_null(c);
    }
    fixture_close(&f);
}

/* Field bug F10. */
static void test_stopping_a_check_during_shutdown_answers_stopped(void **state)
{
    const struct rg_collector_options options = workers(1);
    struct fake fake = {.duration_ns = 20 * S}, none = {0};
    struct stopper stopper = {0};
    struct collector_fixture f;
    struct rg_err err = {0};
    struct rg_check *check;
    uint32_t task;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", 15 * S, &fake);
    fixture_until(&f, 2 * S);
    stopper.f = &f;
    task = start(&f, stop_all, &stopper);
    fixture_until(&f, 3 * S);
    expect_stop(&f, "a", RG_ESTOPPED, "the collector is not running");
    check = fixture_check(&f, "b", S, &none);
    assert_int_equal(rg_collector_run_check(f.collector, check, &err), RG_ESTOPPED);
    rg_check_destroy(check);
    rg_runtime_join(f.runtime, task);
    expect_stop(&f, "a", RG_ESTOPPED, "the collector is not running");
    assert_int_equal(fixture_logged(&f, "1 checks did not end within 2 s"), 1);
    assert_int_equal(rg_runtime_mono(f.runtime).ns - f.origin_ns, 21 * S); /* it was waited for */
    fixture_close(&f);
}

/* A shutdown in the middle of a stop: both end, in any order of the tasks. */
static void test_a_shutdown_waits_for_those_who_stop_a_check(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        const struct rg_collector_options options = workers(2);
        int64_t slow = seed % 2 ? S : 0; /* or nothing but the cancelling takes time */
        struct fake deaf = {
            .duration_ns = 4 * slow, .cancels = true, .cancel_ns = 3 * slow + S / 4};
        struct fake quick = {.cancels = true, .cancel_ns = S / 4};
        struct stopper one = {0}, two = {0};
        struct collector_fixture f;
        bool in_time[2];
        uint32_t tasks[2];

        fixture_open(&f, &options, seed);
        fixture_run(&f, "deaf", 5 * S, &deaf);
        fixture_run(&f, "quick", S, &quick);
        fixture_until(&f, S + S / 2);
        one = (struct stopper){.f = &f, .id = "deaf"};
        two = (struct stopper){.f = &f, .id = "quick"};
        tasks[0] = start(&f, stop_one, &one);
        tasks[1] = start(&f, stop_one, &two);
        fixture_stop(&f);
        in_time[0] = one.ended;
        in_time[1] = two.ended;
        rg_runtime_join(f.runtime, tasks[0]);
        rg_runtime_join(f.runtime, tasks[1]);
        assert_true(in_time[0] || one.status == RG_ESTOPPED); /* it had not begun */
        assert_true(in_time[1] || two.status == RG_ESTOPPED);
        assert_true(one.status == (slow ? RG_ETIMEOUT : RG_OK) || one.status == RG_ESTOPPED);
        assert_true(two.status == RG_OK || two.status == RG_ESTOPPED);
        fixture_close(&f);
        assert_int_equal(deaf.freed, 1);
        assert_int_equal(quick.freed, 1);
        assert_false(deaf.late_cancel || quick.late_cancel);
    }
}

/* Field bug F11: checks wait in line, one by one and once, when the collector stops. */
static void test_a_shutdown_with_checks_in_line_runs_none_of_them(void **state)
{
    const struct rg_collector_options options = workers(2);
    struct fake block = {.duration_ns = 60 * S, .poll_ns = S / 10}, queued = {0};
    struct collector_fixture f;
    char name[16];

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "block_1", S, &block);
    fixture_run(&f, "block_2", S, &block);
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "queued_%d", i);
        fixture_run(&f, name, S, &queued);
    }
    fixture_until(&f, 10 * S);
    assert_int_equal(block.inside, 2);
    assert_int_equal(queued.runs, 0);
    fixture_stop(&f);
    assert_true(rg_runtime_mono(f.runtime).ns - f.origin_ns <= 10 * S + S / 5);
    assert_int_equal(queued.runs, 0);
    assert_int_equal(block.stopped, 2);
    assert_int_equal(fixture_logged(&f, "did not end"), 0);
    fixture_close(&f);
    assert_int_equal(queued.freed, 50);
}

/* Field bug F12: those who run ask the collector while it stops. */
static void test_checks_that_ask_the_collector_do_not_deadlock_its_stop(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        const struct rg_collector_options options = workers(3);
        struct collector_fixture f;
        struct fake fake = {.duration_ns = S / 4};
        struct rg_err err = {0};
        char name[16];

        fixture_open(&f, &options, seed);
        fake.asks = f.collector;
        for (int i = 0; i < 6; i++) {
            snprintf(name, sizeof(name), "check_%d", i);
            fixture_run(&f, name, S, &fake);
        }
        fixture_until(&f, 2 * S);
        assert_int_equal(rg_collector_stop_check(f.collector, "check_2", &err), RG_OK);
        fixture_until(&f, 3 * S);
        fixture_stop(&f);
        assert_true(fake.runs >= 6);
        fixture_close(&f);
        assert_false(fake.overlapped);
        assert_int_equal(fake.freed, 6);
    }
}

/* Several tasks stop, start and look, in any order: ids are unique, nothing is freed twice. */
struct crowd {
    struct collector_fixture *f;
    struct fake *fake;
    struct rg_check *checks[6]; /* made before: assertions belong to the main task */
    atomic_uint refused;
};

static void come_and_go(void *arg)
{
    struct crowd *crowd = arg;
    struct rg_runtime *rt = crowd->f->runtime;
    struct rg_err err;

    for (int i = 0; i < 6; i++) {
        enum rg_status st = rg_collector_run_check(crowd->f->collector, crowd->checks[i], &err);

        if (st != RG_OK) {
            rg_check_destroy(crowd->checks[i]);
            crowd->refused++;
        }
        if (rg_runtime_sleep_until(rt, rg_mono_after(rg_runtime_mono(rt), S + S / 3)) != RG_OK)
            return;
        rg_ignore(rg_collector_stop_check(crowd->f->collector, "shared", &err),
            "another task may have been quicker");
    }
}

static void test_tasks_that_start_and_stop_one_id_do_not_disturb_each_other(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        const struct rg_collector_options options = workers(0);
        struct fake fake = {
            .duration_ns = S / 3, .poll_ns = S / 7, .cancels = true, .cancel_ns = S / 5};
        struct collector_fixture f;
        struct crowd crowds[3];
        uint32_t tasks[3];

        fixture_open(&f, &options, seed);
        for (int i = 0; i < 3; i++) {
            crowds[i].f = &f;
            crowds[i].refused = 0;
            for (int k = 0; k < 6; k++)
                crowds[i].checks[k] = fixture_check(&f, "shared", S, &fake);
            tasks[i] = start(&f, come_and_go, &crowds[i]);
        }
        for (int i = 0; i < 3; i++)
            rg_runtime_join(f.runtime, tasks[i]);
        assert_int_equal(rg_collector_counts(f.collector).checks, 0);
        fixture_close(&f);
        assert_int_equal(fake.freed, 18);
        assert_true(
            fake.cancelled + crowds[0].refused + crowds[1].refused + crowds[2].refused == 18);
        assert_false(fake.overlapped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_check_that_listens_ends_at_once_and_leaves_no_trace),
        cmocka_unit_test(test_a_deaf_check_frees_its_id_and_runs_on_beside_its_successor),
        cmocka_unit_test(test_a_check_that_is_being_stopped_shows_it_and_keeps_its_id),
        cmocka_unit_test(test_a_deaf_check_does_not_take_the_only_worker_with_it),
        cmocka_unit_test(test_a_cancel_that_takes_90_s_is_given_up_and_ends_later),
        cmocka_unit_test(test_a_cancel_goes_on_when_the_collector_stops),
        cmocka_unit_test(test_a_check_in_line_that_leaves_does_not_run),
        cmocka_unit_test(test_unknown_ids_and_taken_ids_are_refused),
        cmocka_unit_test(test_an_interval_below_a_second_is_refused_and_leaves_no_trace),
        cmocka_unit_test(test_wrong_options_are_refused),
        cmocka_unit_test(test_stopping_a_check_during_shutdown_answers_stopped),
        cmocka_unit_test(test_a_shutdown_waits_for_those_who_stop_a_check),
        cmocka_unit_test(test_a_shutdown_with_checks_in_line_runs_none_of_them),
        cmocka_unit_test(test_checks_that_ask_the_collector_do_not_deadlock_its_stop),
        cmocka_unit_test(test_tasks_that_start_and_stop_one_id_do_not_disturb_each_other),
    };

    return cmocka_run_group_tests_name("check stopping", tests, NULL, NULL);
}
