/* Who goes on: the same seed gives the same run, another seed another one, and none loses work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_fixture.h"

#define TASKS 5

/* Five tasks that lock, wait for each other and sleep, and write down what they do. */
struct play {
    struct trace trace;
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    int arrived;
    int rounds_done;
};

static void play_round(struct play *play, int round)
{
    struct rg_runtime *rt = play->trace.rt;

    rg_mutex_lock(play->mutex);
    trace_add(&play->trace, "in");
    play->arrived++;
    if (play->arrived == TASKS) {
        play->arrived = 0;
        play->rounds_done++;
        rg_cond_broadcast(play->cond);
    }
    while (play->rounds_done <= round)
        assert_int_equal(rg_cond_wait(play->cond, play->mutex, RG_MONO_NEVER), RG_OK);
    trace_add(&play->trace, "out");
    rg_mutex_unlock(play->mutex);
    assert_int_equal(
        rg_runtime_sleep_until(rt, sim_in(rt, (int64_t)(rg_runtime_random(rt, "nap") % 3))), RG_OK);
}

static void play_task(void *arg)
{
    for (int round = 0; round < 6; round++)
        play_round(arg, round);
}

static uint64_t perform(struct play *play, uint64_t seed, bool random_order)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_sim_runtime_stats stats;
    uint32_t tasks[TASKS];

    options.seed = seed;
    options.order = random_order ? RG_SIM_ORDER_RANDOM : RG_SIM_ORDER_STABLE;
    *play = (struct play){.trace.rt = sim_new(&options)};
    play->mutex = rg_mutex_create(play->trace.rt, "stage");
    play->cond = rg_cond_create(play->trace.rt, "all arrived");
    assert_non_null(play->mutex);
    assert_non_null(play->cond);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = sim_start(play->trace.rt, "actor", play_task, play);
    for (int i = 0; i < TASKS; i++)
        rg_runtime_join(play->trace.rt, tasks[i]);
    assert_int_equal(play->rounds_done, 6);
    assert_null(rg_sim_runtime_deadlock(play->trace.rt));
    rg_sim_runtime_stats(play->trace.rt, &stats);
    assert_true(stats.choices >= stats.switches && stats.switches >= 2 * TASKS);
    rg_cond_destroy(play->cond);
    rg_mutex_destroy(play->mutex);
    rg_runtime_destroy(play->trace.rt);
    return stats.order_hash;
}

static void test_same_seed_gives_the_same_run(void **state)
{
    static struct play one;
    static struct play two;

    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        uint64_t first = perform(&one, seed, true);

        assert_true(first == perform(&two, seed, true));
        assert_string_equal(one.trace.text, two.trace.text);
        assert_true(perform(&one, seed, false) == perform(&two, seed, false));
        assert_string_equal(one.trace.text, two.trace.text);
    }
}

static void test_other_seeds_give_other_runs(void **state)
{
    static struct play plays[8];
    uint64_t hashes[8];

    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        hashes[seed] = perform(&plays[seed], seed, true);
        for (uint64_t i = 0; i < seed; i++) {
            assert_true(hashes[i] != hashes[seed]);
            assert_string_not_equal(plays[i].trace.text, plays[seed].trace.text);
        }
    }
}

static void test_stable_order_serves_tasks_in_order_of_start(void **state)
{
    static struct play play;
    static const char opening[] = "1:in 2:in 3:in 4:in 5:in 5:out 1:out 2:out 3:out 4:out ";

    (void)state;
    perform(&play, 0, false);
    assert_memory_equal(play.trace.text, opening, sizeof(opening) - 1);
}

/* A queue of four places between two producers and three consumers. */
struct market {
    struct rg_runtime *rt;
    struct rg_mutex *mutex;
    struct rg_cond *room;
    struct rg_cond *goods;
    unsigned places[4];
    unsigned count;
    unsigned producing;
    unsigned next;
    uint8_t seen[60];
};

static void produce(void *arg)
{
    struct market *market = arg;

    for (;;) {
        rg_mutex_lock(market->mutex);
        while (market->count == 4)
            assert_int_equal(rg_cond_wait(market->room, market->mutex, RG_MONO_NEVER), RG_OK);
        if (market->next == sizeof(market->seen))
            break;
        market->places[market->count++] = market->next++;
        rg_cond_signal(market->goods);
        rg_mutex_unlock(market->mutex);
    }
    if (--market->producing == 0)
        rg_cond_broadcast(market->goods);
    rg_mutex_unlock(market->mutex);
}

static void consume(void *arg)
{
    struct market *market = arg;

    rg_mutex_lock(market->mutex);
    for (;;) {
        while (market->count == 0 && market->producing)
            assert_int_equal(rg_cond_wait(market->goods, market->mutex, RG_MONO_NEVER), RG_OK);
        if (market->count == 0)
            break;
        market->seen[market->places[--market->count]]++;
        rg_cond_signal(market->room);
        rg_mutex_unlock(market->mutex);
        assert_int_equal(rg_runtime_sleep_until(market->rt, sim_in(market->rt, 1)), RG_OK);
        rg_mutex_lock(market->mutex);
    }
    rg_mutex_unlock(market->mutex);
}

static void test_no_item_and_no_wakeup_is_lost_under_100_seeds(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
        struct market market = {.producing = 2};

        options.seed = seed;
        options.order = RG_SIM_ORDER_RANDOM;
        market.rt = sim_new(&options);
        market.mutex = rg_mutex_create(market.rt, "market");
        market.room = rg_cond_create(market.rt, "room");
        market.goods = rg_cond_create(market.rt, "goods");
        assert_true(market.mutex && market.room && market.goods);
        for (int i = 0; i < 5; i++)
            sim_start(
                market.rt, i < 2 ? "producer" : "consumer", i < 2 ? produce : consume, &market);
        for (uint32_t task = 1; task <= 5; task++)
            rg_runtime_join(market.rt, task);
        assert_null(rg_sim_runtime_deadlock(market.rt));
        for (size_t i = 0; i < sizeof(market.seen); i++)
            assert_int_equal(market.seen[i], 1);
        rg_cond_destroy(market.goods);
        rg_cond_destroy(market.room);
        rg_mutex_destroy(market.mutex);
        rg_runtime_destroy(market.rt);
    }
}

/* Reads, yields and writes without a lock: some seed must show the lost update. */
struct racer {
    struct rg_runtime *rt;
    int *shared;
};

static void race_task(void *arg)
{
    struct racer *racer = arg;
    int seen = *racer->shared;

    rg_sim_runtime_yield(racer->rt);
    *racer->shared = seen + 1;
}

static void test_yield_explores_interleavings_only_in_random_order(void **state)
{
    int lost[2] = {0, 0};

    (void)state;
    for (unsigned run = 0; run < 40; run++) {
        struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
        int shared = 0;
        struct racer racer = {NULL, &shared};

        options.seed = run / 2;
        options.order = run % 2 ? RG_SIM_ORDER_RANDOM : RG_SIM_ORDER_STABLE;
        racer.rt = sim_new(&options);
        sim_start(racer.rt, "one", race_task, &racer);
        sim_start(racer.rt, "two", race_task, &racer);
        rg_runtime_join(racer.rt, 1);
        rg_runtime_join(racer.rt, 2);
        lost[run % 2] += shared != 2;
        rg_runtime_destroy(racer.rt);
    }
    assert_int_equal(lost[0], 0);
    assert_in_range(lost[1], 1, 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_gives_the_same_run),
        cmocka_unit_test(test_other_seeds_give_other_runs),
        cmocka_unit_test(test_stable_order_serves_tasks_in_order_of_start),
        cmocka_unit_test(test_no_item_and_no_wakeup_is_lost_under_100_seeds),
        cmocka_unit_test(test_yield_explores_interleavings_only_in_random_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
