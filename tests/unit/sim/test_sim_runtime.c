/* Clocks, timers, waits, chance and tasks of the virtual runtime. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_fixture.h"

#define S RG_NS_PER_S

static void test_options_are_checked(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt = NULL;
    struct rg_err err;

    (void)state;
    options.step_ns = -1;
    assert_int_equal(rg_sim_runtime_create(&options, &rt, &err), RG_EINVALID);
    options = RG_SIM_RUNTIME_OPTIONS;
    options.mono_start = RG_MONO_NEVER;
    assert_int_equal(rg_sim_runtime_create(&options, &rt, &err), RG_EINVALID);
    assert_null(rt);
}

static void test_clocks_stand_still_unless_stepped(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt = sim_new(&options);

    (void)state;
    assert_int_equal(rg_runtime_mono(rt).ns, options.mono_start.ns);
    assert_int_equal(rg_runtime_mono(rt).ns, options.mono_start.ns);
    assert_int_equal(rg_runtime_wall(rt).ns, options.wall_start.ns);
    rg_sim_runtime_step_wall(rt, -5 * S);
    assert_int_equal(rg_runtime_wall(rt).ns, options.wall_start.ns - 5 * S);
    assert_int_equal(rg_runtime_mono(rt).ns, options.mono_start.ns);
    assert_int_equal(rg_runtime_sleep_until(rt, sim_in(rt, 2 * S)), RG_OK);
    assert_int_equal(rg_runtime_wall(rt).ns, options.wall_start.ns - 3 * S);
    rg_runtime_destroy(rt);
    rg_runtime_destroy(NULL);
}

static void test_readings_advance_by_the_step(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt;

    (void)state;
    options.step_ns = 7;
    rt = sim_new(&options);
    assert_int_equal(rg_runtime_mono(rt).ns, options.mono_start.ns);
    assert_int_equal(rg_runtime_wall(rt).ns, options.wall_start.ns + 7);
    assert_int_equal(rg_runtime_mono(rt).ns, options.mono_start.ns + 14);
    rg_runtime_destroy(rt);
}

static void test_clock_at_the_end_of_time_does_not_overflow(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt;

    (void)state;
    options.wall_start.ns = INT64_MAX;
    options.step_ns = INT64_MAX;
    rt = sim_new(&options);
    rg_runtime_mono(rt);
    rg_sim_runtime_step_wall(rt, INT64_MAX);
    assert_int_equal(rg_runtime_mono(rt).ns, INT64_MAX - 1);
    assert_true(rg_runtime_wall(rt).ns >= INT64_MAX - 1);
    assert_int_equal(rg_runtime_sleep_until(rt, (struct rg_mono){INT64_MIN}), RG_OK);
    rg_runtime_destroy(rt);
}

static void test_a_year_of_sleep_is_one_jump(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt = sim_new(&options);
    struct rg_sim_runtime_stats stats;
    struct rg_mono deadline = sim_in(rt, 366 * 86400 * S);

    (void)state;
    assert_int_equal(rg_runtime_sleep_until(rt, deadline), RG_OK);
    assert_int_equal(rg_runtime_mono(rt).ns, deadline.ns);
    rg_sim_runtime_stats(rt, &stats);
    assert_int_equal(stats.jumps, 1);
    assert_int_equal(stats.jumped_ns, 366 * 86400 * S);
    assert_int_equal(rg_runtime_sleep_until(rt, deadline), RG_OK);
    rg_sim_runtime_stats(rt, &stats);
    assert_int_equal(stats.jumps, 1);
    rg_runtime_destroy(rt);
}

struct sleeper {
    struct trace *trace;
    int64_t until_ns;
    const char *letter;
};

static void sleeper_task(void *arg)
{
    struct sleeper *sleeper = arg;

    assert_int_equal(
        rg_runtime_sleep_until(sleeper->trace->rt, (struct rg_mono){sleeper->until_ns}), RG_OK);
    trace_add(sleeper->trace, sleeper->letter);
}

static void test_equal_deadlines_come_in_order_of_their_waits(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct trace trace = {.rt = sim_new(&options)};
    int64_t at = options.mono_start.ns + 10 * S;
    struct sleeper sleepers[] = {
        {&trace, at, "a"},
        {&trace, at, "b"},
        {&trace, at - 1, "early"},
        {&trace, at, "c"},
        {&trace, at + 1, "late"},
    };

    (void)state;
    for (size_t i = 0; i < 5; i++)
        sim_start(trace.rt, "sleeper", sleeper_task, &sleepers[i]);
    for (uint32_t task = 5; task > 0; task--)
        rg_runtime_join(trace.rt, task);
    assert_string_equal(trace.text, "3:early 1:a 2:b 4:c 5:late ");
    rg_runtime_destroy(trace.rt);
}

static void test_past_deadline_lets_others_run_but_takes_no_time(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct trace trace = {.rt = sim_new(&options)};
    struct sleeper sleeper = {&trace, 0, "ran"};
    uint32_t task = sim_start(trace.rt, "sleeper", sleeper_task, &sleeper);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rg_runtime_sleep_until(trace.rt, (struct rg_mono){0}), RG_OK);
    trace_add(&trace, "main");
    rg_runtime_join(trace.rt, task);
    assert_string_equal(trace.text, "1:ran 0:main ");
    assert_int_equal(rg_runtime_mono(trace.rt).ns, options.mono_start.ns);
    rg_runtime_destroy(trace.rt);
}

static void test_wait_stop_ends_at_deadline_or_at_the_stop(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt;
    struct rg_mono late;

    (void)state;
    options.stop_at.ns = options.mono_start.ns + 10 * S;
    rt = sim_new(&options);
    late = sim_in(rt, 60 * S);
    assert_int_equal(rg_runtime_wait_stop(rt, sim_in(rt, 3 * S)), RG_ETIMEOUT);
    assert_int_equal(rg_runtime_mono(rt).ns, options.mono_start.ns + 3 * S);
    assert_int_equal(rg_runtime_wait_stop(rt, late), RG_ESTOPPED);
    assert_int_equal(rg_runtime_mono(rt).ns, options.stop_at.ns);
    assert_int_equal(rg_runtime_wait_stop(rt, late), RG_ESTOPPED);
    assert_int_equal(rg_runtime_sleep_until(rt, late), RG_OK);
    assert_null(rg_sim_runtime_deadlock(rt));
    rg_runtime_destroy(rt);
}

static void test_stop_comes_before_a_deadline_of_the_same_instant(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt;

    (void)state;
    options.stop_at.ns = options.mono_start.ns + S;
    rt = sim_new(&options);
    assert_int_equal(rg_runtime_wait_stop(rt, options.stop_at), RG_ESTOPPED);
    rg_runtime_destroy(rt);
}

static void stopper_task(void *arg)
{
    struct rg_runtime *rt = arg;

    assert_int_equal(rg_runtime_sleep_until(rt, sim_in(rt, S)), RG_OK);
    rg_sim_runtime_stop(rt);
}

static void test_a_task_can_request_the_stop(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt = sim_new(&options);
    uint32_t task = sim_start(rt, "stopper", stopper_task, rt);

    (void)state;
    assert_int_equal(rg_runtime_wait_stop(rt, RG_MONO_NEVER), RG_ESTOPPED);
    assert_int_equal(rg_runtime_mono(rt).ns, options.mono_start.ns + S);
    rg_runtime_join(rt, task);
    rg_runtime_destroy(rt);
}

static void test_random_is_reproducible_per_seed_and_stream(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    uint64_t first[3];

    (void)state;
    options.seed = 42;
    for (int round = 0; round < 2; round++) {
        struct rg_runtime *rt = sim_new(&options);
        uint64_t a = rg_runtime_random(rt, "a");
        uint64_t b;
        uint64_t a2;

        if (round == 1) /* draws of another stream change nothing */
            rg_runtime_random(rt, "other");
        b = rg_runtime_random(rt, "b");
        a2 = rg_runtime_random(rt, "a");
        assert_true(a != b && a != a2 && b != a2);
        if (round == 0) {
            first[0] = a;
            first[1] = b;
            first[2] = a2;
        } else {
            assert_true(a == first[0] && b == first[1] && a2 == first[2]);
        }
        rg_runtime_destroy(rt);
    }
    options.seed = 43;
    {
        struct rg_runtime *rt = sim_new(&options);

        assert_true(rg_runtime_random(rt, "a") != first[0]);
        rg_runtime_destroy(rt);
    }
}

struct waiter {
    struct rg_runtime *rt;
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    struct rg_mono deadline;
    enum rg_status st;
    int64_t woke_ns;
};

static void waiter_task(void *arg)
{
    struct waiter *waiter = arg;

    rg_mutex_lock(waiter->mutex);
    waiter->st = rg_cond_wait(waiter->cond, waiter->mutex, waiter->deadline);
    waiter->woke_ns = rg_runtime_mono(waiter->rt).ns;
    rg_mutex_unlock(waiter->mutex);
}

static void waiter_init(struct waiter *waiter, struct rg_runtime *rt)
{
    *waiter = (struct waiter){.rt = rt, .deadline = RG_MONO_NEVER};
    waiter->mutex = rg_mutex_create(rt, "state");
    waiter->cond = rg_cond_create(rt, "changed");
    assert_non_null(waiter->mutex);
    assert_non_null(waiter->cond);
}

static void waiter_finish(struct waiter *waiter)
{
    rg_cond_destroy(waiter->cond);
    rg_mutex_destroy(waiter->mutex);
    rg_runtime_destroy(waiter->rt);
}

static void test_cond_wait_times_out_exactly_at_the_deadline(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct waiter waiter;

    (void)state;
    waiter_init(&waiter, sim_new(&options));
    waiter.deadline = sim_in(waiter.rt, 123456789);
    waiter_task(&waiter);
    assert_int_equal(waiter.st, RG_ETIMEOUT);
    assert_int_equal(waiter.woke_ns, waiter.deadline.ns);
    waiter.deadline.ns = 0; /* long past */
    waiter_task(&waiter);
    assert_int_equal(waiter.st, RG_ETIMEOUT);
    waiter_finish(&waiter);
}

static void test_past_deadline_of_cond_wait_gives_the_lock_to_others(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct waiter waiter;
    uint32_t task;

    (void)state;
    waiter_init(&waiter, sim_new(&options));
    rg_mutex_lock(waiter.mutex);
    task = sim_start(waiter.rt, "waiter", waiter_task, &waiter);
    assert_int_equal(rg_cond_wait(waiter.cond, waiter.mutex, (struct rg_mono){0}), RG_ETIMEOUT);
    rg_cond_signal(waiter.cond); /* the task waits by now, or this would be lost */
    rg_mutex_unlock(waiter.mutex);
    rg_runtime_join(waiter.rt, task);
    assert_int_equal(waiter.st, RG_OK);
    waiter_finish(&waiter);
}

static void test_signal_before_the_deadline_wins_and_cancels_the_timer(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct waiter waiter;
    uint32_t task;

    (void)state;
    waiter_init(&waiter, sim_new(&options));
    waiter.deadline = sim_in(waiter.rt, 2 * S);
    task = sim_start(waiter.rt, "waiter", waiter_task, &waiter);
    assert_int_equal(rg_runtime_sleep_until(waiter.rt, sim_in(waiter.rt, S)), RG_OK);
    rg_mutex_lock(waiter.mutex);
    rg_cond_broadcast(waiter.cond);
    /* The lock is held past the deadline: the wait has ended, its answer stays. */
    assert_int_equal(rg_runtime_sleep_until(waiter.rt, sim_in(waiter.rt, 5 * S)), RG_OK);
    rg_mutex_unlock(waiter.mutex);
    rg_runtime_join(waiter.rt, task);
    assert_int_equal(waiter.st, RG_OK);
    assert_int_equal(waiter.woke_ns, options.mono_start.ns + 6 * S);
    waiter_finish(&waiter);
}

static void test_task_numbers_count_up_and_are_not_used_again(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct trace trace = {.rt = sim_new(&options)};
    struct sleeper sleeper = {&trace, 0, "x"};

    (void)state;
    for (uint32_t i = 1; i <= 50; i++) {
        assert_int_equal(sim_start(trace.rt, "t", sleeper_task, &sleeper), i);
        rg_runtime_join(trace.rt, i);
    }
    assert_int_equal(rg_runtime_self(trace.rt), RG_TASK_MAIN);
    rg_runtime_destroy(trace.rt);
}

static void lock_twice(void)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_mutex *mutex = rg_mutex_create(sim_new(&options), "m");

    rg_mutex_lock(mutex);
    rg_mutex_lock(mutex);
}

static void unlock_free(void)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;

    rg_mutex_unlock(rg_mutex_create(sim_new(&options), "m"));
}

static void leave_lock(void)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt = sim_new(&options);

    rg_mutex_create(rt, "m");
    rg_runtime_destroy(rt);
}

static void signal_unlocked(void)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct waiter waiter;

    waiter_init(&waiter, sim_new(&options));
    sim_start(waiter.rt, "waiter", waiter_task, &waiter);
    if (rg_runtime_sleep_until(waiter.rt, sim_in(waiter.rt, S)) == RG_OK)
        rg_cond_signal(waiter.cond);
}

static void lock_task(void *arg)
{
    rg_mutex_lock(arg);
}

static void end_with_lock(void)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt = sim_new(&options);

    rg_runtime_join(rt, sim_start(rt, "locker", lock_task, rg_mutex_create(rt, "m")));
}

static void test_bugs_of_callers_end_the_process(void **state)
{
    (void)state;
    assert_true(sim_aborts(lock_twice));
    assert_true(sim_aborts(unlock_free));
    assert_true(sim_aborts(leave_lock));
    assert_true(sim_aborts(signal_unlocked));
    assert_true(sim_aborts(end_with_lock));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_clocks_stand_still_unless_stepped),
        cmocka_unit_test(test_readings_advance_by_the_step),
        cmocka_unit_test(test_clock_at_the_end_of_time_does_not_overflow),
        cmocka_unit_test(test_a_year_of_sleep_is_one_jump),
        cmocka_unit_test(test_equal_deadlines_come_in_order_of_their_waits),
        cmocka_unit_test(test_past_deadline_lets_others_run_but_takes_no_time),
        cmocka_unit_test(test_wait_stop_ends_at_deadline_or_at_the_stop),
        cmocka_unit_test(test_stop_comes_before_a_deadline_of_the_same_instant),
        cmocka_unit_test(test_a_task_can_request_the_stop),
        cmocka_unit_test(test_random_is_reproducible_per_seed_and_stream),
        cmocka_unit_test(test_cond_wait_times_out_exactly_at_the_deadline),
        cmocka_unit_test(test_past_deadline_of_cond_wait_gives_the_lock_to_others),
        cmocka_unit_test(test_signal_before_the_deadline_wins_and_cancels_the_timer),
        cmocka_unit_test(test_task_numbers_count_up_and_are_not_used_again),
        cmocka_unit_test(test_bugs_of_callers_end_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
