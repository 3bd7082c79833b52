/* Memory runs short at every allocation in turn: nothing leaks, nothing half-made stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "sim_fixture.h"

#define CALLS_MAX 100 /* allocations of one call, generously */

static struct rg_runtime *default_runtime(void)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;

    return sim_new(&options);
}

static void test_runtime_create_survives_each_failure(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    long n;

    (void)state;
    options.stop_at.ns = options.mono_start.ns + 1;
    for (n = 1; n < CALLS_MAX; n++) {
        struct rg_runtime *rt = NULL;
        struct rg_err err = {0};
        enum rg_status st;

        fail_alloc_at(n);
        st = rg_sim_runtime_create(&options, &rt, &err);
        fail_alloc_at(0);
        if (st == RG_OK) {
            rg_runtime_destroy(rt);
            break;
        }
        assert_int_equal(st, RG_ENOMEM);
        assert_true(err.text[0]);
        assert_null(rt);
    }
    assert_in_range(n, 5, CALLS_MAX - 1);
}

static void nap_task(void *arg)
{
    struct rg_runtime *rt = arg;

    assert_int_equal(rg_runtime_sleep_until(rt, sim_in(rt, 5)), RG_OK);
}

/* Tables grow at the 8th task and at powers of two: each size is tried. */
static void test_spawn_survives_each_failure(void **state)
{
    struct rg_runtime *rt = default_runtime();
    long failures = 0;

    (void)state;
    for (uint32_t i = 1; i <= 70; i++) {
        enum rg_status st = RG_ENOMEM;
        uint32_t task = 0;
        struct rg_err err;

        for (long n = 1; st != RG_OK; n++) {
            assert_true(n < CALLS_MAX);
            fail_alloc_at(n);
            st = rg_runtime_spawn(rt, "nap", nap_task, rt, &task, &err);
            fail_alloc_at(0);
            assert_true(st == RG_OK || (st == RG_ENOMEM && task == 0));
            failures += st != RG_OK;
        }
        assert_int_equal(task, i);
    }
    assert_true(failures >= 2 * 70);
    /* All of them sleep at the same time: a wait needs no memory. */
    fail_alloc_at(1);
    for (uint32_t i = 1; i <= 70; i++)
        rg_runtime_join(rt, i);
    assert_int_equal(rg_runtime_sleep_until(rt, sim_in(rt, 5)), RG_OK);
    fail_alloc_at(0);
    rg_runtime_destroy(rt);
}

static void test_locks_and_conditions_survive_failure(void **state)
{
    struct rg_runtime *rt = default_runtime();
    struct rg_mutex *mutex;
    struct rg_cond *cond;

    (void)state;
    fail_alloc_at(1);
    assert_null(rg_mutex_create(rt, "m"));
    fail_alloc_at(1);
    assert_null(rg_cond_create(rt, "c"));
    fail_alloc_at(0);
    mutex = rg_mutex_create(rt, "m");
    cond = rg_cond_create(rt, "c");
    assert_true(mutex && cond);
    rg_cond_destroy(cond);
    rg_mutex_destroy(mutex);
    rg_runtime_destroy(rt); /* counts what was not destroyed */
}

static void test_random_answers_without_memory(void **state)
{
    struct rg_runtime *rt = default_runtime();
    uint64_t a;
    uint64_t b;

    (void)state;
    fail_alloc_at(1);
    a = rg_runtime_random(rt, "stream");
    assert_true(fail_alloc_happened());
    fail_alloc_at(1);
    b = rg_runtime_random(rt, "stream");
    assert_true(fail_alloc_happened());
    fail_alloc_at(0);
    assert_true(a != b);
    rg_runtime_destroy(rt);
}

static void test_storage_survives_each_failure(void **state)
{
    struct rg_runtime *rt = default_runtime();
    struct rg_sim_storage_options options = {.runtime = rt};
    struct rg_storage *storage = NULL;
    enum rg_status st = RG_ENOMEM;
    struct rg_err err;
    long n;

    (void)state;
    for (n = 1; st != RG_OK && n < CALLS_MAX; n++) {
        fail_alloc_at(n);
        st = rg_sim_storage_create(&options, &storage, &err);
        fail_alloc_at(0);
    }
    assert_int_equal(n, 4);
    st = RG_ENOMEM;
    for (n = 1; st != RG_OK && n < CALLS_MAX; n++) {
        struct rg_storage_list list = {0};

        assert_int_equal(rg_storage_list(storage, "ns", &list, &err), RG_OK);
        assert_int_equal(list.count, 0);
        fail_alloc_at(n);
        st = rg_storage_put(storage, "ns", "name", "bytes", 5, &err);
        fail_alloc_at(0);
        assert_true(st == RG_OK || st == RG_ENOMEM);
    }
    assert_int_equal(n, 5); /* the array that grew stays grown */
    rg_storage_destroy(storage);
    rg_runtime_destroy(rt);
}

static void test_sink_survives_each_failure(void **state)
{
    struct rg_runtime *rt = default_runtime();
    struct rg_sim_sink_options options = {.runtime = rt};
    struct rg_output output = {.kind = "log", .source = "test", .payload = RG_STR_LIT("line")};
    struct rg_sink *sink = NULL;
    enum rg_status st = RG_ENOMEM;
    struct rg_err err;
    long n;

    (void)state;
    for (n = 1; st != RG_OK && n < CALLS_MAX; n++) {
        fail_alloc_at(n);
        st = rg_sim_sink_create(&options, &sink, &err);
        fail_alloc_at(0);
    }
    assert_int_equal(n, 4);
    st = RG_ENOMEM;
    for (n = 1; st != RG_OK && n < CALLS_MAX; n++) {
        assert_int_equal(rg_sim_sink_count(sink), 0);
        fail_alloc_at(n);
        st = rg_sink_emit(sink, &output, NULL, &err);
        fail_alloc_at(0);
        assert_true(st == RG_OK || st == RG_ENOMEM);
    }
    assert_int_equal(n, 4);
    assert_int_equal(rg_sim_sink_count(sink), 1);
    rg_sink_destroy(sink);
    rg_runtime_destroy(rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runtime_create_survives_each_failure),
        cmocka_unit_test(test_spawn_survives_each_failure),
        cmocka_unit_test(test_locks_and_conditions_survive_failure),
        cmocka_unit_test(test_random_answers_without_memory),
        cmocka_unit_test(test_storage_survives_each_failure),
        cmocka_unit_test(test_sink_survives_each_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
