/* What only the live runtime does: threads, signals, a stop from outside. The contract itself is
 * tested in tests/conformance. */
#include "rg/live.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum { REAL, REFUSE, PRETEND } thread_mode;

typedef void *thread_fn(void *);

int __real_pthread_create(pthread_t *out, const pthread_attr_t *attr, thread_fn *fn, void *arg);
int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attr, thread_fn *fn, void *arg);
int __wrap_pthread_join(pthread_t thread, void **result);

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attr, thread_fn *fn, void *arg)
{
    if (thread_mode == REAL)
        return __real_pthread_create(out, attr, fn, arg);
    return thread_mode == REFUSE ? EAGAIN : 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
    return thread_mode == PRETEND ? 0 : __real_pthread_join(thread, result);
}

static int setup(void **state)
{
    struct rg_runtime *rt = NULL;
    struct rg_err err = {0};

    thread_mode = REAL;
    if (rg_live_runtime_create(&rt, &err) != RG_OK)
        return -1;
    *state = rt;
    return 0;
}

static int teardown(void **state)
{
    rg_runtime_destroy(*state);
    return 0;
}

static void *stop_from_outside(void *rt)
{
    rg_live_runtime_stop(rt);
    return NULL;
}

static void test_a_thread_that_is_no_task_may_stop_the_run(void **state)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, stop_from_outside, *state), 0);
    assert_int_equal(rg_runtime_wait_stop(*state, RG_MONO_NEVER), RG_ESTOPPED);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_sleeps_and_condition_waits_go_on_after_a_stop(void **state)
{
    struct rg_runtime *rt = *state;
    struct rg_mutex *mutex = rg_mutex_create(rt, "mutex");
    struct rg_cond *cond = rg_cond_create(rt, "cond");
    struct rg_mono deadline;
    enum rg_status st;

    rg_live_runtime_stop(rt);
    deadline.ns = rg_runtime_mono(rt).ns + RG_NS_PER_MS;
    assert_int_equal(rg_runtime_sleep_until(rt, deadline), RG_OK);
    assert_true(rg_runtime_mono(rt).ns >= deadline.ns);
    deadline.ns = rg_runtime_mono(rt).ns + RG_NS_PER_MS;
    rg_mutex_lock(mutex);
    do
        st = rg_cond_wait(cond, mutex, deadline);
    while (st == RG_OK);
    rg_mutex_unlock(mutex);
    assert_int_equal(st, RG_ETIMEOUT);
    assert_true(rg_runtime_mono(rt).ns >= deadline.ns);
    rg_cond_destroy(cond);
    rg_mutex_destroy(mutex);
}

struct seen {
    sigset_t blocked;
    char name[32];
    size_t stack_bytes;
};

static void look_around(void *arg)
{
    struct seen *seen = arg;
    pthread_attr_t attr;

    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        pthread_attr_getstacksize(&attr, &seen->stack_bytes);
        pthread_attr_destroy(&attr);
    }
}

static void test_tasks_have_signals_blocked_except_faults(void **state)
{
    struct seen seen = {0};
    struct rg_err err = {0};
    sigset_t mine;
    uint32_t task;

    assert_int_equal(
        rg_runtime_spawn(*state, "process-collector-main", look_around, &seen, &task, &err), RG_OK);
    rg_runtime_join(*state, task);
    assert_true(sigismember(&seen.blocked, SIGTERM));
    assert_true(sigismember(&seen.blocked, SIGINT));
    assert_true(sigismember(&seen.blocked, SIGPIPE));
    assert_false(sigismember(&seen.blocked, SIGSEGV));
    assert_false(sigismember(&seen.blocked, SIGABRT));
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mine), 0);
    assert_false(sigismember(&mine, SIGTERM));
    assert_string_equal(seen.name, "process-collect"); /* cut at the kernel's 15 bytes */
    assert_in_range(seen.stack_bytes, 1 << 20, 2 << 20);
}

static void never_runs(void *arg)
{
    (void)arg;
}

static void test_a_thread_that_cannot_start_is_an_error_and_takes_no_number(void **state)
{
    struct rg_err err = {0};
    struct seen seen;
    uint32_t task = 99;

    thread_mode = REFUSE;
    assert_int_equal(rg_runtime_spawn(*state, "worker", never_runs, NULL, &task, &err), RG_EIO);
    assert_int_equal(task, 99);
    assert_non_null(strstr(err.text, "worker"));
    thread_mode = REAL;
    assert_int_equal(rg_runtime_spawn(*state, "worker", look_around, &seen, &task, &err), RG_OK);
    assert_int_equal(task, 1);
    rg_runtime_join(*state, task);
}

static void test_more_tasks_than_the_limit_are_refused_until_one_is_joined(void **state)
{
    struct rg_err err = {0};
    uint32_t task = 0;

    thread_mode = PRETEND;
    for (uint32_t i = 1; i <= RG_TASKS_MAX; i++) {
        assert_int_equal(rg_runtime_spawn(*state, "worker", never_runs, NULL, &task, &err), RG_OK);
        assert_int_equal(task, i);
    }
    assert_int_equal(rg_runtime_spawn(*state, "worker", never_runs, NULL, &task, &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "4096"));
    rg_runtime_join(*state, 7);
    assert_int_equal(rg_runtime_spawn(*state, "worker", never_runs, NULL, &task, &err), RG_OK);
    assert_int_equal(task, RG_TASKS_MAX + 1);
    for (uint32_t i = 1; i <= RG_TASKS_MAX + 1; i++) {
        if (i != 7)
            rg_runtime_join(*state, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_thread_that_is_no_task_may_stop_the_run, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_sleeps_and_condition_waits_go_on_after_a_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_tasks_have_signals_blocked_except_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_thread_that_cannot_start_is_an_error_and_takes_no_number, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_more_tasks_than_the_limit_are_refused_until_one_is_joined, setup, teardown),
    };

    return cmocka_run_group_tests_name("live runtime", tests, NULL, NULL);
}
