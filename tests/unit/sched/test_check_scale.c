#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define S       RG_NS_PER_S
#define CHECKS  10000
#define SECONDS 330

static const int64_t intervals[] = {1, 2, 5, 10, 15, 30, 60, 120, 300};
#define INTERVALS (sizeof(intervals) / sizeof(intervals[0]))

/* Most checks have long intervals, so that a second brings some hundred runs. */
static int64_t interval_of(unsigned check)
{
    return check % 100 < INTERVALS ? intervals[check % 100] : intervals[5 + check % 4];
}

static void expect_even_buckets(struct collector_fixture *f)
{
    struct rg_interval_queue_info queues[INTERVALS + 1];

    assert_int_equal(rg_collector_queues(f->collector, queues, INTERVALS + 1), INTERVALS);
    for (size_t i = 0; i < INTERVALS; i++)
        assert_true(queues[i].largest - queues[i].smallest <= 1);
}

static void run_many(int64_t workers)
{
    struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake *fakes = calloc(CHECKS, sizeof(*fakes));
    struct rg_collector_counts counts;
    struct collector_fixture f;
    uint64_t runs = 0;
    char name[32];

    assert_non_null(fakes);
    options.workers = workers;
    fixture_open(&f, &options, 0);
    f.log.level = RG_LOG_WARN;
    for (unsigned i = 0; i < CHECKS; i++) {
        snprintf(name, sizeof(name), "check_%u", i);
        fakes[i].duration_ns = i % 10 ? 0 : RG_NS_PER_MS;
        fakes[i].samples = -1;
        fixture_run(&f, name, interval_of(i) * S, &fakes[i]);
    }
    expect_even_buckets(&f);
    fixture_until(&f, SECONDS * S + S - RG_NS_PER_MS);
    for (unsigned i = 0; i < CHECKS; i++) {
        int64_t interval = interval_of(i), first = fakes[i].starts[0];

        assert_in_range(first, 1, interval);
        assert_int_equal(fakes[i].runs, (SECONDS - first) / interval + 1);
        for (unsigned n = 1; n < fakes[i].runs && n < FAKE_STARTS; n++)
            assert_int_equal(fakes[i].starts[n], first + (int64_t)n * interval);
        assert_false(fakes[i].overlapped);
        runs += fakes[i].runs;
    }
    counts = rg_collector_counts(f.collector);
    assert_int_equal(counts.runs, runs);
    assert_int_equal(counts.skipped, 0);
    assert_int_equal(counts.lost_ticks, 0);
    assert_int_equal(counts.workers, workers);
    fixture_close(&f);
    free(fakes);
}

static void test_4_workers_lose_no_run_of_10000_checks(void **state)
{
    (void)state;
    run_many(4);
}

static void test_64_workers_lose_no_run_of_10000_checks(void **state)
{
    (void)state;
    run_many(64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_4_workers_lose_no_run_of_10000_checks),
        cmocka_unit_test(test_64_workers_lose_no_run_of_10000_checks),
    };

    return cmocka_run_group_tests_name("check scale", tests, NULL, NULL);
}
