#include "interval_scheduler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define JOBS 4096

struct desk {
    struct rg_interval_scheduler *s;
    struct rg_job jobs[JOBS];
    struct rg_err err;
};

static int setup(void **state)
{
    struct desk *d = calloc(1, sizeof(*d));

    assert_non_null(d);
    assert_int_equal(rg_interval_scheduler_create(&d->s, &d->err), RG_OK);
    for (intptr_t i = 0; i < JOBS; i++)
        d->jobs[i].owner = (void *)(i + 1); /* its number, from 1 */
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;

    rg_interval_scheduler_destroy(d->s);
    free(d);
    return 0;
}

static struct rg_mono at(int64_t seconds)
{
    return (struct rg_mono){seconds * RG_NS_PER_S};
}

static void enter(struct desk *d, int number, int64_t interval_s, int64_t now_s)
{
    assert_int_equal(rg_interval_scheduler_enter(
                         d->s, &d->jobs[number - 1], interval_s * RG_NS_PER_S, at(now_s), &d->err),
        RG_OK);
}

/* The number of the next job in line, or 0. */
static int take(struct desk *d)
{
    struct rg_job *job = rg_interval_scheduler_take(d->s);

    return job ? (int)(intptr_t)job->owner : 0;
}

static void advance(struct desk *d, int64_t now_s)
{
    rg_interval_scheduler_advance(d->s, at(now_s));
}

static void test_the_step_is_coprime_with_the_buckets(void **state)
{
    static const uint32_t known[][2] = {
        {1, 1}, {2, 1}, {5, 2}, {6, 1}, {10, 3}, {15, 7}, {20, 9}, {30, 13}, {60, 29}, {300, 149}};

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_int_equal(rg_interval_step(known[i][0]), known[i][1]);
    for (uint32_t n = 3; n <= 4000; n++) {
        uint32_t a = n, b = rg_interval_step(n);

        while (b) {
            uint32_t rest = a % b;

            a = b;
            b = rest;
        }
        assert_int_equal(a, 1);
    }
}

static void test_insertions_follow_the_table_of_buckets(void **state)
{
    static const struct {
        int64_t interval;
        uint32_t buckets[8];
        size_t count;
    } table[] = {
        {5, {0, 2, 4, 1, 3}, 5},
        {6, {0, 1, 2, 3, 4, 5}, 6},
        {10, {0, 3, 6, 9, 2, 5, 8, 1}, 8},
        {15, {0, 7, 14, 6, 13, 5, 12, 4}, 8},
        {20, {0, 9, 18, 7, 16, 5, 14, 3}, 8},
        {30, {0, 13, 26, 9, 22, 5, 18, 1}, 8},
        {60, {0, 29, 58, 27, 56, 25, 54, 23}, 8},
        {300, {0, 149, 298, 147, 296, 145, 294, 143}, 8},
    };
    struct desk *d = *state;
    int job = 1;

    for (size_t row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
        for (size_t i = 0; i < table[row].count; i++, job++) {
            enter(d, job, table[row].interval, 0);
            assert_int_equal(d->jobs[job - 1].bucket, table[row].buckets[i]);
        }
    }
}

/* spec/scheduler.md section 11: interval 15 s; A, B, C enter at 0 an empty queue. */
static void test_checks_run_in_their_second_and_then_each_interval(void **state)
{
    struct desk *d = *state;

    for (int job = 1; job <= 3; job++)
        enter(d, job, 15, 0);
    for (int64_t t = 0; t < 60; t++) {
        int expected = t % 15 == 1 ? 1 : t % 15 == 8 ? 2 : t % 15 == 0 && t > 0 ? 3 : 0;

        advance(d, t);
        assert_int_equal(take(d), expected);
        assert_int_equal(take(d), 0);
    }
    assert_int_equal(rg_interval_scheduler_counts(d->s).lost_ticks, 0);
}

/* The same with A blocking the only worker from 1 to 11. */
static void test_a_schedule_without_a_worker_slips_instead_of_bursting(void **state)
{
    static const int expected[] = {[11] = 2, [17] = 3, [18] = 1, [25] = 2, [32] = 3, [33] = 1};
    struct desk *d = *state;

    for (int job = 1; job <= 3; job++)
        enter(d, job, 15, 0);
    advance(d, 1);
    assert_int_equal(take(d), 1);
    for (int64_t t = 2; t < 11; t++)
        advance(d, t);
    for (int64_t t = 11; t <= 33; t++) {
        int now = t < (int64_t)(sizeof(expected) / sizeof(expected[0])) ? expected[t] : 0;

        advance(d, t);
        assert_int_equal(take(d), now);
        assert_int_equal(take(d), 0);
    }
    /* Those of 10 and 11: that of 9 was kept. */
    assert_int_equal(rg_interval_scheduler_counts(d->s).lost_ticks, 2);
}

static void test_queues_that_wait_take_turns(void **state)
{
    struct desk *d = *state;
    static const int expected[] = {1, 4, 2, 5, 3, 6};

    for (int job = 1; job <= 3; job++)
        enter(d, job, 1, 0);
    for (int job = 4; job <= 6; job++) {
        assert_int_equal(rg_interval_scheduler_enter(d->s, &d->jobs[job - 1],
                             RG_NS_PER_S + RG_NS_PER_S / 2, at(0), &d->err),
            RG_OK);
    }
    advance(d, 1);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(take(d), expected[i]);
    assert_int_equal(take(d), 0);
}

static void test_a_job_that_runs_once_waits_behind_those_in_line(void **state)
{
    struct desk *d = *state;

    enter(d, 1, 1, 0);
    advance(d, 1);
    enter(d, 2, 0, 1);
    assert_true(rg_interval_scheduler_waiting(d->s));
    assert_int_equal(take(d), 1);
    assert_int_equal(take(d), 2);
    assert_int_equal(take(d), 0);
    assert_false(rg_interval_scheduler_waiting(d->s));
    assert_int_equal(rg_interval_scheduler_counts(d->s).entered, 2);
    enter(d, 3, 0, 1);
    assert_true(rg_interval_scheduler_cancel(d->s, &d->jobs[2]));
    assert_false(rg_interval_scheduler_cancel(d->s, &d->jobs[2]));
    assert_int_equal(take(d), 0);
}

static void test_jobs_that_come_or_go_while_their_bucket_is_open(void **state)
{
    struct desk *d = *state;

    for (int job = 1; job <= 4; job++)
        enter(d, job, 1, 0);
    advance(d, 1);
    assert_int_equal(take(d), 1);
    enter(d, 5, 1, 1);                                            /* waits for the next tick */
    assert_true(rg_interval_scheduler_cancel(d->s, &d->jobs[0])); /* has run already */
    assert_true(rg_interval_scheduler_cancel(d->s, &d->jobs[2])); /* has not */
    assert_int_equal(take(d), 2);
    assert_int_equal(take(d), 4);
    assert_int_equal(take(d), 0);
    advance(d, 2);
    assert_int_equal(take(d), 2);
    assert_int_equal(take(d), 4);
    assert_int_equal(take(d), 5);
    assert_int_equal(take(d), 0);
}

static void test_a_queue_whose_last_job_leaves_is_removed(void **state)
{
    struct desk *d = *state;

    enter(d, 1, 15, 0);
    enter(d, 2, 10, 0);
    assert_int_equal(rg_interval_scheduler_counts(d->s).queues, 2);
    assert_true(rg_interval_scheduler_cancel(d->s, &d->jobs[0]));
    assert_int_equal(rg_interval_scheduler_counts(d->s).queues, 1);
    advance(d, 1); /* opens the bucket of job 2, which leaves while it waits */
    assert_true(rg_interval_scheduler_cancel(d->s, &d->jobs[1]));
    assert_int_equal(rg_interval_scheduler_counts(d->s).queues, 0);
    assert_int_equal(take(d), 0);
    assert_true(rg_interval_scheduler_next(d->s).ns == INT64_MAX);
    enter(d, 1, 15, 5);
    assert_int_equal(d->jobs[0].bucket, 0);
    assert_true(rg_interval_scheduler_next(d->s).ns == at(6).ns);
}

static void test_intervals_out_of_range_are_refused(void **state)
{
    static const int64_t wrong[] = {1, RG_NS_PER_S - 1, -1, -RG_NS_PER_S, INT64_MAX, INT64_MIN};
    struct desk *d = *state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(
            rg_interval_scheduler_enter(d->s, &d->jobs[0], wrong[i], at(0), &d->err), RG_EINVALID);
        assert_true(d->err.text[0] != '\0');
    }
    assert_int_equal(rg_interval_scheduler_counts(d->s).entered, 0);
    enter(d, 1, RG_SCHEDULE_INTERVAL_MAX_S, 0); /* sparse: its buckets cost nothing */
}

static void test_jobs_spread_evenly_over_the_buckets(void **state)
{
    static const int64_t intervals[] = {1, 5, 15, 60, 300, 1000};
    struct desk *d = *state;
    int job = 1;

    for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
        struct rg_interval_queue_info info;

        for (int k = 0; k < 650; k++, job++)
            enter(d, job, intervals[i], 0);
        assert_true(rg_interval_scheduler_queue(d->s, i, &info));
        assert_int_equal(info.jobs, 650);
        assert_int_equal(info.buckets, intervals[i]);
        assert_true(info.largest - info.smallest <= 1);
    }
    assert_false(rg_interval_scheduler_queue(
        d->s, sizeof(intervals) / sizeof(intervals[0]), &(struct rg_interval_queue_info){0}));
}

/* A host that slept for a minute does not run a minute's checks at once. */
static void test_ticks_that_come_late_all_at_once_count_twice_at_most(void **state)
{
    struct desk *d = *state;
    int taken = 0;

    for (int job = 1; job <= 60; job++)
        enter(d, job, 60, 0);
    advance(d, 60);
    while (take(d))
        taken++;
    assert_int_equal(taken, 2);
    assert_int_equal(rg_interval_scheduler_counts(d->s).lost_ticks, 58);
    assert_true(rg_interval_scheduler_next(d->s).ns == at(61).ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_step_is_coprime_with_the_buckets),
        cmocka_unit_test_setup_teardown(
            test_insertions_follow_the_table_of_buckets, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_checks_run_in_their_second_and_then_each_interval, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_schedule_without_a_worker_slips_instead_of_bursting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_queues_that_wait_take_turns, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_job_that_runs_once_waits_behind_those_in_line, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_jobs_that_come_or_go_while_their_bucket_is_open, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_queue_whose_last_job_leaves_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_intervals_out_of_range_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_jobs_spread_evenly_over_the_buckets, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_ticks_that_come_late_all_at_once_count_twice_at_most, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
