/* Tasks of these cases only record what they saw; the main task judges after joining them. Time
 * limits are asked for in milliseconds and compared with the runtime's own clock, so a slow machine
 * cannot fail a case. */
#include "conform_runtime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define TASKS 4

static struct rg_mono after(struct rg_runtime *rt, int64_t ms)
{
    return (struct rg_mono){rg_runtime_mono(rt).ns + ms * RG_NS_PER_MS};
}

static uint32_t spawn(struct rg_runtime *rt, const char *name, rg_task_fn *fn, void *arg)
{
    struct rg_err err = {0};
    uint32_t task = 0;

    assert_int_equal(rg_runtime_spawn(rt, name, fn, arg, &task, &err), RG_OK);
    assert_int_not_equal(task, RG_TASK_MAIN);
    return task;
}

static struct rg_mutex *new_mutex(struct rg_runtime *rt)
{
    struct rg_mutex *mutex = rg_mutex_create(rt, "mutex");

    assert_non_null(mutex);
    return mutex;
}

static struct rg_cond *new_cond(struct rg_runtime *rt)
{
    struct rg_cond *cond = rg_cond_create(rt, "cond");

    assert_non_null(cond);
    return cond;
}

/* ---- clocks and chance ---- */

static void monotonic_clock_never_goes_back(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct rg_mono last = rg_runtime_mono(rt);

    (void)factory;
    for (int i = 0; i < 1000; i++) {
        struct rg_mono now = rg_runtime_mono(rt);

        assert_true(now.ns >= last.ns);
        last = now;
    }
}

static void wall_clock_is_after_1970(const struct conform_runtime *factory, struct rg_runtime *rt)
{
    (void)factory;
    assert_true(rg_runtime_wall(rt).ns > 0);
}

static void random_numbers_differ(const struct conform_runtime *factory, struct rg_runtime *rt)
{
    uint64_t seen[16];

    (void)factory;
    for (int i = 0; i < 16; i++) {
        seen[i] = rg_runtime_random(rt, i % 2 ? "one" : "other");
        for (int j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
    }
}

/* ---- tasks ---- */

struct identity {
    struct rg_runtime *rt;
    uint32_t self;
};

static void note_self(void *arg)
{
    struct identity *identity = arg;

    rg_runtime_mark(identity->rt, "flow");
    identity->self = rg_runtime_self(identity->rt);
}

static void tasks_are_numbered_in_order_of_start(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct identity seen[TASKS];

    (void)factory;
    assert_int_equal(rg_runtime_self(rt), RG_TASK_MAIN);
    for (uint32_t i = 0; i < TASKS; i++) {
        seen[i] = (struct identity){.rt = rt};
        assert_int_equal(spawn(rt, "task", note_self, &seen[i]), i + 1);
    }
    for (uint32_t i = TASKS; i > 0; i--)
        rg_runtime_join(rt, i);
    for (uint32_t i = 0; i < TASKS; i++)
        assert_int_equal(seen[i].self, i + 1);
    assert_int_equal(spawn(rt, "task", note_self, &seen[0]), TASKS + 1);
    rg_runtime_join(rt, TASKS + 1);
    assert_int_equal(rg_runtime_self(rt), RG_TASK_MAIN);
}

static void names_are_copied_and_may_be_63_bytes(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct identity seen = {.rt = rt};
    char name[RG_TASK_NAME_MAX] = {0};
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    uint32_t task;

    (void)factory;
    memset(name, 'n', sizeof(name) - 1);
    task = spawn(rt, name, note_self, &seen);
    mutex = rg_mutex_create(rt, name);
    cond = rg_cond_create(rt, name);
    memset(name, 0, sizeof(name));
    assert_non_null(mutex);
    assert_non_null(cond);
    rg_runtime_join(rt, task);
    assert_int_equal(seen.self, task);
    rg_cond_destroy(cond);
    rg_mutex_destroy(mutex);
}

struct joiner {
    struct rg_runtime *rt;
    uint32_t other;
    const struct identity *seen;
    uint32_t found;
};

static void join_other(void *arg)
{
    struct joiner *joiner = arg;

    rg_runtime_join(joiner->rt, joiner->other);
    joiner->found = joiner->seen->self;
}

static void any_task_may_join_and_then_sees_what_was_done(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct identity seen = {.rt = rt};
    struct joiner joiner = {.rt = rt, .seen = &seen};

    (void)factory;
    joiner.other = spawn(rt, "first", note_self, &seen);
    rg_runtime_join(rt, spawn(rt, "second", join_other, &joiner));
    assert_int_equal(joiner.found, joiner.other);
}

/* ---- locks ---- */

struct shared {
    struct rg_runtime *rt;
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    int count; /* guarded by mutex, as all below */
    int inside;
    int crowded;
    int waiting;
    bool go;
};

static void shared_init(struct shared *shared, struct rg_runtime *rt)
{
    *shared = (struct shared){.rt = rt, .mutex = new_mutex(rt), .cond = new_cond(rt)};
}

static void shared_finish(struct shared *shared)
{
    rg_cond_destroy(shared->cond);
    rg_mutex_destroy(shared->mutex);
}

static void enter_often(void *arg)
{
    struct shared *shared = arg;

    for (int i = 0; i < 250; i++) {
        rg_mutex_lock(shared->mutex);
        shared->crowded += shared->inside++;
        shared->count++;
        shared->inside--;
        rg_mutex_unlock(shared->mutex);
    }
}

static void a_mutex_admits_one_task_at_a_time(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct shared shared;
    uint32_t tasks[TASKS];

    (void)factory;
    shared_init(&shared, rt);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = spawn(rt, "entrant", enter_often, &shared);
    for (int i = 0; i < TASKS; i++)
        rg_runtime_join(rt, tasks[i]);
    assert_int_equal(shared.count, TASKS * 250);
    assert_int_equal(shared.crowded, 0);
    shared_finish(&shared);
}

/* ---- conditions ---- */

static void wait_for_go(void *arg)
{
    struct shared *shared = arg;

    rg_mutex_lock(shared->mutex);
    shared->waiting++;
    while (!shared->go) {
        if (rg_cond_wait(shared->cond, shared->mutex, RG_MONO_NEVER) != RG_OK)
            break;
    }
    shared->count += shared->go;
    shared->crowded += shared->inside++;
    shared->inside--;
    rg_mutex_unlock(shared->mutex);
}

/* Sleeps until n tasks have begun to wait: the lock proves it, the sleep only saves time. */
static void await_waiters(struct shared *shared, int n)
{
    bool all = false;

    while (!all) {
        rg_mutex_lock(shared->mutex);
        all = shared->waiting == n;
        rg_mutex_unlock(shared->mutex);
        if (!all)
            assert_int_equal(rg_runtime_sleep_until(shared->rt, after(shared->rt, 1)), RG_OK);
    }
}

static void a_broadcast_wakes_all_waiters_with_the_mutex_held(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct shared shared;
    uint32_t tasks[TASKS];

    (void)factory;
    shared_init(&shared, rt);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = spawn(rt, "waiter", wait_for_go, &shared);
    await_waiters(&shared, TASKS);
    rg_mutex_lock(shared.mutex);
    shared.go = true;
    rg_cond_broadcast(shared.cond);
    rg_mutex_unlock(shared.mutex);
    for (int i = 0; i < TASKS; i++)
        rg_runtime_join(rt, tasks[i]);
    assert_int_equal(shared.count, TASKS);
    assert_int_equal(shared.crowded, 0);
    shared_finish(&shared);
}

static void each_signal_wakes_a_waiter(const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct shared shared;
    uint32_t tasks[TASKS];

    (void)factory;
    shared_init(&shared, rt);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = spawn(rt, "waiter", wait_for_go, &shared);
    await_waiters(&shared, TASKS);
    rg_mutex_lock(shared.mutex);
    shared.go = true;
    for (int i = 0; i < TASKS; i++)
        rg_cond_signal(shared.cond);
    rg_mutex_unlock(shared.mutex);
    for (int i = 0; i < TASKS; i++)
        rg_runtime_join(rt, tasks[i]);
    assert_int_equal(shared.count, TASKS);
    shared_finish(&shared);
}

/* Even counts belong to the main task, odd ones to the other. */
static void take_odd_turns(void *arg)
{
    struct shared *shared = arg;

    rg_mutex_lock(shared->mutex);
    while (shared->count < 100) {
        if (shared->count % 2) {
            shared->count++;
            rg_cond_signal(shared->cond);
        } else if (rg_cond_wait(shared->cond, shared->mutex, RG_MONO_NEVER) != RG_OK) {
            break;
        }
    }
    rg_mutex_unlock(shared->mutex);
}

static void two_tasks_take_turns_by_signals(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct shared shared;
    uint32_t task;

    (void)factory;
    shared_init(&shared, rt);
    task = spawn(rt, "odd", take_odd_turns, &shared);
    rg_mutex_lock(shared.mutex);
    while (shared.count < 100) {
        if (shared.count % 2 == 0) {
            shared.count++;
            rg_cond_signal(shared.cond);
        } else {
            assert_int_equal(rg_cond_wait(shared.cond, shared.mutex, RG_MONO_NEVER), RG_OK);
        }
    }
    rg_mutex_unlock(shared.mutex);
    rg_runtime_join(rt, task);
    assert_int_equal(shared.count, 100);
    shared_finish(&shared);
}

static void a_condition_wait_ends_at_its_deadline_with_the_mutex_held(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct rg_mono deadlines[] = {{INT64_MIN}, {0}, after(rt, -5), after(rt, 2)};
    struct shared shared;

    (void)factory;
    shared_init(&shared, rt);
    for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
        enum rg_status st;

        rg_mutex_lock(shared.mutex);
        do
            st = rg_cond_wait(shared.cond, shared.mutex, deadlines[i]);
        while (st == RG_OK);
        assert_int_equal(st, RG_ETIMEOUT);
        assert_true(rg_runtime_mono(rt).ns >= deadlines[i].ns);
        rg_mutex_unlock(shared.mutex); /* asserts in the runtime if it were not held */
    }
    shared_finish(&shared);
}

/* ---- sleeps ---- */

static void a_sleep_ends_no_earlier_than_its_deadline(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct rg_mono deadline = after(rt, 3);

    (void)factory;
    assert_int_equal(rg_runtime_sleep_until(rt, deadline), RG_OK);
    assert_true(rg_runtime_mono(rt).ns >= deadline.ns);
}

static void a_sleep_into_the_past_returns(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    (void)factory;
    assert_int_equal(rg_runtime_sleep_until(rt, (struct rg_mono){INT64_MIN}), RG_OK);
    assert_int_equal(rg_runtime_sleep_until(rt, (struct rg_mono){0}), RG_OK);
    assert_int_equal(rg_runtime_sleep_until(rt, after(rt, -1000)), RG_OK);
}

struct sleeper {
    struct shared *shared;
    struct rg_mono deadline;
    struct rg_mono woke;
    enum rg_status status;
    int place; /* guarded by shared->mutex */
};

static void sleep_and_sign(void *arg)
{
    struct sleeper *sleeper = arg;

    sleeper->status = rg_runtime_sleep_until(sleeper->shared->rt, sleeper->deadline);
    sleeper->woke = rg_runtime_mono(sleeper->shared->rt);
    rg_mutex_lock(sleeper->shared->mutex);
    sleeper->place = sleeper->shared->count++;
    rg_mutex_unlock(sleeper->shared->mutex);
}

static void sleepers_wake_after_their_deadlines_and_in_order(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    static const struct {
        int64_t ms;
        int place;
    } plan[TASKS] = {{8, 3}, {2, 0}, {6, 2}, {4, 1}};
    struct sleeper sleepers[TASKS];
    struct shared shared;
    uint32_t tasks[TASKS];
    struct rg_mono start = rg_runtime_mono(rt);

    shared_init(&shared, rt);
    for (int i = 0; i < TASKS; i++) {
        sleepers[i] =
            (struct sleeper){.shared = &shared, .deadline = {start.ns + plan[i].ms * RG_NS_PER_MS}};
        tasks[i] = spawn(rt, "sleeper", sleep_and_sign, &sleepers[i]);
    }
    for (int i = 0; i < TASKS; i++)
        rg_runtime_join(rt, tasks[i]);
    for (int i = 0; i < TASKS; i++) {
        assert_int_equal(sleepers[i].status, RG_OK);
        assert_true(sleepers[i].woke.ns >= sleepers[i].deadline.ns);
        if (factory->exact_order)
            assert_int_equal(sleepers[i].place, plan[i].place);
    }
    assert_int_equal(shared.count, TASKS);
    shared_finish(&shared);
}

/* ---- the end of the run ---- */

static void waiting_for_the_stop_ends_at_the_deadline(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct rg_mono deadline = after(rt, 2);

    (void)factory;
    assert_int_equal(rg_runtime_wait_stop(rt, (struct rg_mono){0}), RG_ETIMEOUT);
    assert_int_equal(rg_runtime_wait_stop(rt, deadline), RG_ETIMEOUT);
    assert_true(rg_runtime_mono(rt).ns >= deadline.ns);
}

struct stopper {
    const struct conform_runtime *factory;
    struct rg_runtime *rt;
};

static void request_stop(void *arg)
{
    struct stopper *stopper = arg;

    stopper->factory->request_stop(stopper->factory->context, stopper->rt);
}

static void a_stop_request_ends_the_wait_for_it(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct stopper stopper = {factory, rt};
    uint32_t task = spawn(rt, "stopper", request_stop, &stopper);

    assert_int_equal(rg_runtime_wait_stop(rt, RG_MONO_NEVER), RG_ESTOPPED);
    rg_runtime_join(rt, task);
}

static void a_stop_request_is_remembered(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    factory->request_stop(factory->context, rt);
    factory->request_stop(factory->context, rt);
    assert_int_equal(rg_runtime_wait_stop(rt, RG_MONO_NEVER), RG_ESTOPPED);
    assert_int_equal(rg_runtime_wait_stop(rt, (struct rg_mono){0}), RG_ESTOPPED);
}

static void clocks_locks_and_chance_answer_after_a_stop(
    const struct conform_runtime *factory, struct rg_runtime *rt)
{
    struct rg_mono before = rg_runtime_mono(rt);
    struct shared shared;

    shared_init(&shared, rt);
    factory->request_stop(factory->context, rt);
    assert_true(rg_runtime_mono(rt).ns >= before.ns);
    assert_true(rg_runtime_wall(rt).ns > 0);
    assert_true(rg_runtime_random(rt, "one") != rg_runtime_random(rt, "one"));
    enter_often(&shared);
    assert_int_equal(shared.count, 250);
    shared_finish(&shared);
}

#define CASE(fn)                                                                                   \
    {                                                                                              \
#fn, fn, false                                                                             \
    }
#define STOP_CASE(fn)                                                                              \
    {                                                                                              \
#fn, fn, true                                                                              \
    }

const struct conform_runtime_case conform_runtime_cases[] = {
    CASE(monotonic_clock_never_goes_back),
    CASE(wall_clock_is_after_1970),
    CASE(random_numbers_differ),
    CASE(tasks_are_numbered_in_order_of_start),
    CASE(names_are_copied_and_may_be_63_bytes),
    CASE(any_task_may_join_and_then_sees_what_was_done),
    CASE(a_mutex_admits_one_task_at_a_time),
    CASE(a_broadcast_wakes_all_waiters_with_the_mutex_held),
    CASE(each_signal_wakes_a_waiter),
    CASE(two_tasks_take_turns_by_signals),
    CASE(a_condition_wait_ends_at_its_deadline_with_the_mutex_held),
    CASE(a_sleep_ends_no_earlier_than_its_deadline),
    CASE(a_sleep_into_the_past_returns),
    CASE(sleepers_wake_after_their_deadlines_and_in_order),
    CASE(waiting_for_the_stop_ends_at_the_deadline),
    STOP_CASE(a_stop_request_ends_the_wait_for_it),
    STOP_CASE(a_stop_request_is_remembered),
    STOP_CASE(clocks_locks_and_chance_answer_after_a_stop),
};

#define CASE_COUNT (sizeof(conform_runtime_cases) / sizeof(conform_runtime_cases[0]))
const size_t conform_runtime_case_count = CASE_COUNT;

struct bound_case {
    const struct conform_runtime *factory;
    const struct conform_runtime_case *what;
};

static void run_case(void **state)
{
    const struct bound_case *bound = *state;
    struct rg_runtime *rt;

    if (bound->what->needs_stop && !bound->factory->request_stop)
        skip();
    rt = bound->factory->create(bound->factory->context);
    assert_non_null(rt);
    bound->what->run(bound->factory, rt);
    rg_runtime_destroy(rt);
}

int conform_runtime_run(const struct conform_runtime *factory)
{
    struct CMUnitTest tests[CASE_COUNT];
    struct bound_case bound[CASE_COUNT];

    for (size_t i = 0; i < CASE_COUNT; i++) {
        bound[i] = (struct bound_case){factory, &conform_runtime_cases[i]};
        tests[i] = (struct CMUnitTest){.name = conform_runtime_cases[i].name,
            .test_func = run_case,
            .initial_state = &bound[i]};
    }
    return cmocka_run_group_tests_name(factory->name, tests, NULL, NULL);
}
