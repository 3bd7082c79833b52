/* Order by random priorities: distinct, falling at the drawn steps, the same for a seed, good at
 * bugs of a known depth, and never at the cost of a task that waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_fixture.h"
#include "sim_sched.h"

static struct rg_sim_runtime_options pct_options(uint64_t seed, uint32_t depth, uint64_t steps)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;

    options.seed = seed;
    options.order = RG_SIM_ORDER_PCT;
    options.pct_depth = depth;
    options.pct_steps = steps;
    return options;
}

static void test_change_points_are_distinct_steps_of_the_run(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rg_sim_runtime_options options = pct_options(seed, 8, 10);
        struct rg_runtime *rt = sim_new(&options);
        const struct sim_pct *pct = &((struct sim_runtime *)rt)->pct;

        assert_int_equal(pct->change_count, 7);
        for (uint32_t i = 0; i < 7; i++) {
            assert_in_range(pct->changes[i], 1, 10);
            for (uint32_t k = 0; k < i; k++)
                assert_int_not_equal(pct->changes[i], pct->changes[k]);
        }
        rg_runtime_destroy(rt);
    }
}

static void test_a_run_shorter_than_the_depth_changes_at_every_step(void **state)
{
    struct rg_sim_runtime_options options = pct_options(3, 10, 4);
    struct rg_runtime *rt = sim_new(&options);

    (void)state;
    assert_int_equal(((struct sim_runtime *)rt)->pct.change_count, 4);
    rg_runtime_destroy(rt);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void test_priorities_are_distinct_and_drawn_by_the_seed(void **state)
{
    uint64_t first_of[2] = {0, 0};

    (void)state;
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct rg_sim_runtime_options options = pct_options(seed, 1, 1);
        struct rg_runtime *rt = sim_new(&options);
        struct sim_task **tasks = ((struct sim_runtime *)rt)->tasks;
        uint64_t priorities[100];

        for (uint32_t i = 1; i < 100; i++) {
            sim_start(rt, "task", nothing, NULL);
            tasks = ((struct sim_runtime *)rt)->tasks;
            priorities[i] = tasks[i]->priority;
        }
        priorities[0] = tasks[0]->priority;
        for (uint32_t i = 0; i < 100; i++) {
            for (uint32_t k = 0; k < i; k++)
                assert_true(priorities[i] != priorities[k]);
        }
        first_of[seed] = priorities[1];
        for (uint32_t i = 1; i < 100; i++)
            rg_runtime_join(rt, i);
        rg_runtime_destroy(rt);
    }
    assert_true(first_of[0] != first_of[1]);
}

/* An increment with a gap: lost when the other task comes in between. */
struct race {
    struct rg_runtime *rt;
    int shared;
};

static void increment(void *arg)
{
    struct race *race = arg;
    int seen = race->shared;

    rg_sim_runtime_yield(race->rt);
    race->shared = seen + 1;
    rg_sim_runtime_yield(race->rt);
}

static bool race_is_lost(uint64_t seed, uint32_t depth, uint64_t *order)
{
    struct rg_sim_runtime_options options = pct_options(seed, depth, 8);
    struct race race = {.rt = sim_new(&options)};
    struct rg_sim_runtime_stats stats;

    sim_start(race.rt, "one", increment, &race);
    sim_start(race.rt, "two", increment, &race);
    rg_runtime_join(race.rt, 1);
    rg_runtime_join(race.rt, 2);
    rg_sim_runtime_stats(race.rt, &stats);
    if (order)
        *order = stats.order_hash;
    assert_true(stats.steps <= stats.choices);
    rg_runtime_destroy(race.rt);
    return race.shared != 2;
}

static void test_a_lost_update_needs_one_change_point(void **state)
{
    int found[4] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        for (uint32_t depth = 1; depth < 4; depth++)
            found[depth] += race_is_lost(seed, depth, NULL);
    }
    assert_int_equal(found[1], 0); /* a task that begins goes on to its end */
    assert_true(found[2] >= 200 / (3 * 8));
    assert_true(found[3] > found[2]);
}

static void test_a_seed_gives_one_order_and_seeds_give_several(void **state)
{
    uint64_t orders[50];
    size_t distinct = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        uint64_t again;
        bool fresh = true;

        race_is_lost(seed, 3, &orders[seed]);
        race_is_lost(seed, 3, &again);
        assert_true(orders[seed] == again);
        for (uint64_t i = 0; i < seed; i++)
            fresh = fresh && orders[i] != orders[seed];
        distinct += fresh;
    }
    assert_true(distinct >= 5);
}

/* Spins until another task has run: hopeless when the highest priority always goes on. */
struct spin {
    struct rg_runtime *rt;
    bool flag;
};

static void spin_task(void *arg)
{
    struct spin *spin = arg;

    while (!spin->flag)
        rg_sim_runtime_yield(spin->rt);
}

static void release_task(void *arg)
{
    ((struct spin *)arg)->flag = true;
}

static void test_a_task_that_spins_starves_nobody(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct rg_sim_runtime_options options = pct_options(seed, 1, 1);
        struct spin spin = {.rt = sim_new(&options)};

        sim_start(spin.rt, "spin", spin_task, &spin);
        sim_start(spin.rt, "spin too", spin_task, &spin);
        sim_start(spin.rt, "release", release_task, &spin);
        for (uint32_t i = 1; i <= 3; i++)
            rg_runtime_join(spin.rt, i);
        assert_true(spin.flag);
        rg_runtime_destroy(spin.rt);
    }
}

struct nap {
    struct rg_runtime *rt;
    struct rg_mono woke;
};

static void nap_task(void *arg)
{
    struct nap *nap = arg;

    assert_int_equal(rg_runtime_sleep_until(nap->rt, sim_in(nap->rt, 1000)), RG_OK);
    nap->woke = rg_runtime_mono(nap->rt);
    for (int i = 0; i < 10; i++)
        rg_sim_runtime_yield(nap->rt);
}

static void test_every_sleeper_wakes_at_its_time(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct rg_sim_runtime_options options = pct_options(seed, 4, 60);
        struct rg_runtime *rt = sim_new(&options);
        struct nap naps[5];

        for (uint32_t i = 0; i < 5; i++) {
            naps[i] = (struct nap){.rt = rt};
            sim_start(rt, "nap", nap_task, &naps[i]);
        }
        for (uint32_t i = 1; i <= 5; i++)
            rg_runtime_join(rt, i);
        for (uint32_t i = 0; i < 5; i++)
            assert_true(naps[i].woke.ns == options.mono_start.ns + 1000);
        rg_runtime_destroy(rt);
    }
}

static void test_depth_and_steps_have_a_maximum(void **state)
{
    const struct rg_sim_runtime_options wrong[] = {
        pct_options(0, RG_SIM_PCT_DEPTH_MAX + 1, 0),
        pct_options(0, 0, RG_SIM_PCT_STEPS_MAX + 1),
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rg_runtime *rt = NULL;
        struct rg_err err = {0};

        assert_int_equal(rg_sim_runtime_create(&wrong[i], &rt, &err), RG_EINVALID);
        assert_non_null(strstr(err.text, "depth"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_change_points_are_distinct_steps_of_the_run),
        cmocka_unit_test(test_a_run_shorter_than_the_depth_changes_at_every_step),
        cmocka_unit_test(test_priorities_are_distinct_and_drawn_by_the_seed),
        cmocka_unit_test(test_a_lost_update_needs_one_change_point),
        cmocka_unit_test(test_a_seed_gives_one_order_and_seeds_give_several),
        cmocka_unit_test(test_a_task_that_spins_starves_nobody),
        cmocka_unit_test(test_every_sleeper_wakes_at_its_time),
        cmocka_unit_test(test_depth_and_steps_have_a_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
