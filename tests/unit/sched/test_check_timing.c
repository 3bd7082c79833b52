#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector_fixture.h"

#include <stdio.h>

#define S RG_NS_PER_S

static struct rg_collector_options workers(int64_t count)
{
    struct rg_collector_options options = RG_COLLECTOR_OPTIONS;

    options.workers = count;
    return options;
}

static void expect_starts(const struct fake *fake, const int64_t *starts, size_t count)
{
    assert_int_equal(fake->runs, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fake->starts[i], starts[i]);
}

/* spec/scheduler.md section 11: A, B, C every 15 s, entered at 0. */
static void test_the_example_runs_at_1_8_15_and_then_each_interval(void **state)
{
    static const int64_t a_at[] = {1, 16, 31, 46}, b_at[] = {8, 23, 38, 53}, c_at[] = {15, 30, 45};
    const struct rg_collector_options options = workers(1);
    struct fake a = {0}, b = {0}, c = {0};
    struct collector_fixture f;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "A", 15 * S, &a);
    fixture_run(&f, "B", 15 * S, &b);
    fixture_run(&f, "C", 15 * S, &c);
    fixture_until(&f, 59 * S);
    expect_starts(&a, a_at, 4);
    expect_starts(&b, b_at, 4);
    expect_starts(&c, c_at, 3);
    assert_int_equal(rg_collector_counts(f.collector).lost_ticks, 0);
    fixture_close(&f);
}

/* The same with A blocking the only worker from 1 to 11, then quick. */
static void test_a_blocked_worker_makes_the_schedule_slip(void **state)
{
    static const int64_t a_at[] = {1, 18, 33, 48}, b_at[] = {11, 25, 40, 55}, c_at[] = {17, 32, 47};
    const struct rg_collector_options options = workers(1);
    struct fake a = {.duration_ns = 10 * S}, b = {0}, c = {0};
    struct rg_collector_counts counts;
    struct collector_fixture f;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "A", 15 * S, &a);
    fixture_run(&f, "B", 15 * S, &b);
    fixture_run(&f, "C", 15 * S, &c);
    fixture_until(&f, 12 * S);
    a.duration_ns = 0;
    fixture_until(&f, 59 * S);
    expect_starts(&a, a_at, 4);
    expect_starts(&b, b_at, 4);
    expect_starts(&c, c_at, 3);
    counts = rg_collector_counts(f.collector);
    assert_int_equal(counts.lost_ticks, 2); /* of 10 and 11 */
    assert_int_equal(counts.skipped, 0);
    fixture_close(&f);
}

/* The bucket of each insertion shows in the first run: bucket k fires in second k + 1. */
static void test_first_runs_follow_the_table_of_buckets(void **state)
{
    static const struct {
        int64_t interval;
        int64_t buckets[8];
    } table[] = {
        {10, {0, 3, 6, 9, 2, 5, 8, 1}},
        {15, {0, 7, 14, 6, 13, 5, 12, 4}},
        {20, {0, 9, 18, 7, 16, 5, 14, 3}},
        {30, {0, 13, 26, 9, 22, 5, 18, 1}},
        {60, {0, 29, 58, 27, 56, 25, 54, 23}},
        {300, {0, 149, 298, 147, 296, 145, 294, 143}},
    };
    const struct rg_collector_options options = workers(4);
    static struct fake fakes[6][8];
    struct collector_fixture f;
    char name[32];

    (void)state;
    fixture_open(&f, &options, 0);
    for (int row = 0; row < 6; row++) {
        for (int i = 0; i < 8; i++) {
            snprintf(name, sizeof(name), "check_%d_%d", row, i);
            fixture_run(&f, name, table[row].interval * S, &fakes[row][i]);
        }
    }
    fixture_until(&f, 300 * S);
    for (int row = 0; row < 6; row++) {
        for (int i = 0; i < 8; i++)
            assert_int_equal(fakes[row][i].starts[0], table[row].buckets[i] + 1);
    }
    fixture_close(&f);
}

static void test_a_dynamic_number_of_workers_follows_the_checks(void **state)
{
    static const struct {
        unsigned checks;
        size_t workers;
    } table[] = {{0, 4}, {10, 4}, {11, 10}, {15, 10}, {16, 15}, {20, 15}, {21, 20}, {25, 20},
        {26, 25}, {60, 25}};
    const struct rg_collector_options options = workers(0);
    struct fake fake = {0};
    struct collector_fixture f;
    unsigned checks = 0;
    char name[32];

    (void)state;
    fixture_open(&f, &options, 0);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (; checks < table[i].checks; checks++) {
            snprintf(name, sizeof(name), "check_%u", checks);
            fixture_run(&f, name, 15 * S, &fake);
        }
        assert_int_equal(rg_collector_counts(f.collector).workers, table[i].workers);
    }
    fixture_close(&f);
}

/* Latent defect L12: checks that come and go are not counted for ever. */
static void test_restarts_do_not_count_as_checks(void **state)
{
    const struct rg_collector_options options = workers(0);
    struct fake fake = {0};
    struct collector_fixture f;
    struct rg_err err = {0};

    (void)state;
    fixture_open(&f, &options, 0);
    for (int i = 0; i < 30; i++) {
        fixture_run(&f, "periodic", 15 * S, &fake);
        fixture_run(&f, "once", 0, &fake);
        assert_int_equal(rg_collector_stop_check(f.collector, "periodic", &err), RG_OK);
        assert_int_equal(rg_collector_stop_check(f.collector, "once", &err), RG_OK);
    }
    assert_int_equal(rg_collector_counts(f.collector).workers, 4 + 1);
    assert_int_equal(rg_collector_counts(f.collector).checks, 0);
    fixture_close(&f);
    assert_int_equal(fake.freed, 60);
}

/* Field bug F13: one worker and a check that never ends. */
static void test_a_long_running_check_gets_a_worker_of_its_own(void **state)
{
    const struct rg_collector_options options = workers(1);
    struct fake longest = {.duration_ns = 3600 * S, .poll_ns = S / 10}, quick = {0};
    struct collector_fixture f;
    struct rg_err err = {0};

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "long_1", 0, &longest);
    fixture_run(&f, "long_2", 0, &longest);
    fixture_run(&f, "quick", 5 * S, &quick);
    assert_int_equal(rg_collector_counts(f.collector).workers, 3);
    fixture_until(&f, 60 * S);
    assert_int_equal(quick.runs, 12);
    assert_int_equal(longest.runs, 2);
    assert_int_equal(longest.inside, 2);
    assert_int_equal(rg_collector_stop_check(f.collector, "long_1", &err), RG_OK);
    assert_int_equal(rg_collector_counts(f.collector).running, 1);
    fixture_run(&f, "long_3", 0, &longest); /* takes the place of the first */
    assert_int_equal(rg_collector_counts(f.collector).workers, 3);
    fixture_until(&f, 66 * S);
    assert_int_equal(longest.inside, 2);
    fixture_close(&f);
    assert_int_equal(longest.stopped, 3);
}

static void test_a_slow_check_never_overlaps_itself(void **state)
{
    static const int64_t starts[] = {1, 4, 7, 10, 13, 16, 19, 22, 25, 28};
    const struct rg_collector_options options = workers(8);
    struct fake slow = {.duration_ns = 2 * S + S / 2};
    struct collector_fixture f;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "slow", S, &slow);
    fixture_until(&f, 29 * S + S / 4);
    expect_starts(&slow, starts, 10);
    assert_false(slow.overlapped);
    assert_int_equal(rg_collector_counts(f.collector).skipped, 19);
    assert_int_equal(rg_collector_counts(f.collector).lost_ticks, 0);
    fixture_close(&f);
}

/* Four workers hang for a minute: what was due meanwhile is not made up for. */
static void test_blocked_workers_lose_ticks_and_do_not_burst(void **state)
{
    const struct rg_collector_options options = workers(4);
    bool hangs = true;
    struct fake block = {.hangs = &hangs}, quick = {0};
    struct collector_fixture f;
    unsigned before;
    char name[32];

    (void)state;
    fixture_open(&f, &options, 0);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "block_%d", i);
        fixture_run(&f, name, S, &block);
    }
    fixture_run(&f, "quick", 2 * S, &quick);
    fixture_until(&f, 61 * S + S / 2);
    assert_true(quick.runs <= 1);
    before = quick.runs;
    assert_true(rg_collector_counts(f.collector).lost_ticks >= 50);
    hangs = false;
    fixture_until(&f, 62 * S + S / 2);
    assert_true(quick.runs - before <= 2); /* the bucket in line, and the tick that was kept */
    before = quick.runs;
    fixture_until(&f, 82 * S + S / 2);
    assert_in_range(quick.runs - before, 9, 11);
    assert_false(quick.overlapped || block.overlapped);
    fixture_close(&f);
}

/* Field bug F14: what hangs holds its own worker only. */
static void test_checks_that_hang_leave_the_other_workers_alone(void **state)
{
    const struct rg_collector_options options = workers(4);
    bool hangs = true;
    struct fake block = {.hangs = &hangs}, quick = {0};
    struct collector_fixture f;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "block_1", S, &block);
    fixture_run(&f, "block_2", 15 * S, &block);
    fixture_run(&f, "block_3", 15 * S, &block);
    fixture_run(&f, "quick", S, &quick);
    fixture_until(&f, 300 * S + S / 2);
    assert_in_range(quick.runs, 299, 300);
    assert_int_equal(block.inside, 3);
    assert_int_equal(rg_collector_counts(f.collector).lost_ticks, 0);
    hangs = false;
    fixture_close(&f);
}

static void test_two_instances_of_one_check_run_at_a_time(void **state)
{
    const struct rg_collector_options options = workers(2);
    struct fake fake = {.duration_ns = S / 2};
    struct collector_fixture f;
    struct rg_err err = {0};
    int most = 0;

    (void)state;
    fixture_open(&f, &options, 0);
    for (int i = 0; i < 2; i++) {
        struct rg_str instance = i ? RG_STR_LIT("name: a\n") : RG_STR_LIT("name: b\n");
        struct rg_check_source from = {.name = RG_STR_LIT("same"), .instance = instance};
        struct rg_check *check = NULL;

        assert_int_equal(rg_check_create(fake_ops(&fake), sizeof(struct fake_check), true, "core",
                             &f.world, &from, &check, &err),
            RG_OK);
        check->interval_ns = S;
        ((struct fake_check *)check)->fake = &fake;
        assert_int_equal(rg_collector_run_check(f.collector, check, &err), RG_OK);
    }
    for (int64_t t = S + S / 4; t < 10 * S; t += S) {
        fixture_until(&f, t);
        most = fake.inside > most ? fake.inside : most;
    }
    assert_int_equal(most, 2);
    fixture_close(&f); /* and the runtime saw no overlap of one flow */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_runs_at_1_8_15_and_then_each_interval),
        cmocka_unit_test(test_a_blocked_worker_makes_the_schedule_slip),
        cmocka_unit_test(test_first_runs_follow_the_table_of_buckets),
        cmocka_unit_test(test_a_dynamic_number_of_workers_follows_the_checks),
        cmocka_unit_test(test_restarts_do_not_count_as_checks),
        cmocka_unit_test(test_a_long_running_check_gets_a_worker_of_its_own),
        cmocka_unit_test(test_a_slow_check_never_overlaps_itself),
        cmocka_unit_test(test_blocked_workers_lose_ticks_and_do_not_burst),
        cmocka_unit_test(test_checks_that_hang_leave_the_other_workers_alone),
        cmocka_unit_test(test_two_instances_of_one_check_run_at_a_time),
    };

    return cmocka_run_group_tests_name("check timing", tests, NULL, NULL);
}
