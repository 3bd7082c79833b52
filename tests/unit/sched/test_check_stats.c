#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S RG_NS_PER_S

static void add(struct rg_check_stats *stats, int64_t duration_ms, int64_t end_s, const char *error)
{
    struct rg_check_warnings none = {0};

    rg_check_stats_add(stats, duration_ms * RG_NS_PER_MS, (struct rg_wall){end_s * S}, 15 * S,
        error, &none, (struct rg_sender_stats){0});
}

static void test_the_last_32_times_are_kept_and_averaged(void **state)
{
    struct rg_check_stats stats = {0};
    int64_t sum = 0;

    (void)state;
    for (int64_t run = 1; run <= 5; run++)
        add(&stats, run * 10, 1000 + run * 15, NULL);
    assert_int_equal(stats.average_ms, 30);
    for (int64_t run = 6; run <= 100; run++)
        add(&stats, run * 10, 1000 + run * 15, NULL);
    for (int64_t run = 69; run <= 100; run++)
        sum += run * 10;
    assert_int_equal(stats.average_ms, sum / 32);
    assert_int_equal(stats.last_ms, 1000);
    assert_int_equal(stats.runs, 100);
    assert_int_equal(stats.times_ms[(stats.runs + 31) % 32], 1000);
    assert_int_equal(stats.times_ms[stats.runs % 32], 690);
    rg_check_stats_finish(&stats);
}

static void test_milliseconds_are_cut_not_rounded(void **state)
{
    struct rg_check_stats stats = {0};
    struct rg_check_warnings none = {0};

    (void)state;
    rg_check_stats_add(
        &stats, 1999999, (struct rg_wall){S}, 0, NULL, &none, (struct rg_sender_stats){0});
    assert_int_equal(stats.last_ms, 1);
    rg_check_stats_finish(&stats);
}

static void test_the_delay_is_what_a_run_began_too_late(void **state)
{
    struct rg_check_stats stats = {0};

    (void)state;
    add(&stats, 500, 1000, NULL); /* began at 999.5 */
    assert_int_equal(stats.delay_ms, 0);
    add(&stats, 2000, 1020, NULL); /* began at 1018 instead of 1014.5 */
    assert_int_equal(stats.delay_ms, 3500);
    add(&stats, 0, 1033, NULL); /* in time */
    assert_int_equal(stats.delay_ms, 0);
    add(&stats, 0, 900, NULL); /* the clock was set back */
    assert_int_equal(stats.delay_ms, 0);
    add(&stats, 0, 915, NULL);
    assert_int_equal(stats.delay_ms, 0);
    add(&stats, 0, 4515, NULL); /* the clock was set forward: looks late, once */
    assert_int_equal(stats.delay_ms, 3585 * 1000);
    add(&stats, 0, 4530, NULL);
    assert_int_equal(stats.delay_ms, 0);
    rg_check_stats_finish(&stats);
}

static void test_a_run_without_interval_has_no_delay(void **state)
{
    struct rg_check_stats stats = {0};
    struct rg_check_warnings none = {0};

    (void)state;
    for (int64_t t = 1; t < 100; t += 50)
        rg_check_stats_add(
            &stats, 0, (struct rg_wall){t * S}, 0, NULL, &none, (struct rg_sender_stats){0});
    assert_int_equal(stats.delay_ms, 0);
    rg_check_stats_finish(&stats);
}

static void test_an_error_stays_until_the_next_good_run(void **state)
{
    struct rg_check_stats stats = {0}, copy;

    (void)state;
    add(&stats, 1, 100, NULL);
    add(&stats, 1, 115, "no such file");
    assert_string_equal(stats.last_error, "no such file");
    assert_int_equal(stats.errors, 1);
    assert_int_equal(stats.last_success.ns, 100 * S);
    assert_int_equal(stats.updated.ns, 115 * S);
    assert_int_equal(rg_check_stats_copy(&stats, &copy), RG_OK);
    add(&stats, 1, 130, NULL);
    assert_null(stats.last_error);
    assert_int_equal(stats.errors, 1);
    assert_int_equal(stats.last_success.ns, 130 * S);
    assert_string_equal(copy.last_error, "no such file");
    rg_check_stats_finish(&copy);
    rg_check_stats_finish(&stats);
}

/* Latent defect L8: a run that sent nothing shows nothing. */
static void test_the_numbers_of_the_last_run_are_those_of_the_last_run(void **state)
{
    const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake fake = {.samples = 7};
    struct collector_fixture f;
    struct rg_check_stats stats;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", 15 * S, &fake);
    fixture_until(&f, 20 * S);
    assert_true(fixture_stats(&f, "a", &stats));
    assert_int_equal(stats.samples.last, 7);
    assert_int_equal(stats.samples.total, 14);
    rg_check_stats_finish(&stats);
    fake.samples = 0;
    fixture_until(&f, 35 * S);
    assert_true(fixture_stats(&f, "a", &stats));
    assert_int_equal(stats.runs, 3);
    assert_int_equal(stats.samples.last, 0);
    assert_int_equal(stats.samples.total, 14);
    rg_check_stats_finish(&stats);
    fixture_close(&f);
}

static void test_warnings_are_those_of_the_last_run_and_have_a_limit(void **state)
{
    const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake fake = {.warnings = 2};
    struct collector_fixture f;
    struct rg_check_stats stats;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", 15 * S, &fake);
    fixture_until(&f, 20 * S);
    assert_true(fixture_stats(&f, "a", &stats));
    assert_int_equal(stats.warnings, 4);
    assert_int_equal(stats.last_warnings.count, 2);
    assert_string_equal(stats.last_warnings.texts[0], "warning 1 of run 2");
    assert_string_equal(stats.last_warnings.texts[1], "warning 2 of run 2");
    rg_check_stats_finish(&stats);
    assert_int_equal(fixture_logged(&f, "warning 1 of run 1"), 1);
    fake.warnings = RG_CHECK_WARNINGS_MAX + 5;
    fixture_until(&f, 35 * S);
    assert_true(fixture_stats(&f, "a", &stats));
    assert_int_equal(stats.last_warnings.count, RG_CHECK_WARNINGS_MAX);
    assert_int_equal(stats.last_warnings.lost, 5);
    assert_int_equal(stats.warnings, 4 + RG_CHECK_WARNINGS_MAX + 5);
    rg_check_stats_finish(&stats);
    fake.warnings = 0;
    fixture_until(&f, 50 * S);
    assert_true(fixture_stats(&f, "a", &stats));
    assert_int_equal(stats.last_warnings.count + stats.last_warnings.lost, 0);
    rg_check_stats_finish(&stats);
    assert_int_equal(rg_collector_counts(f.collector).warnings, 4 + RG_CHECK_WARNINGS_MAX + 5);
    fixture_close(&f);
}

/* Both clocks: durations come from the one that never steps. */
static void test_a_clock_step_during_a_run_does_not_change_its_duration(void **state)
{
    const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake fake = {.duration_ns = 4 * S};
    struct collector_fixture f;
    struct rg_check_stats stats;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", 15 * S, &fake);
    fixture_until(&f, 3 * S);
    rg_sim_runtime_step_wall(f.runtime, -3600 * S);
    fixture_until(&f, 18 * S);
    rg_sim_runtime_step_wall(f.runtime, 7200 * S);
    fixture_until(&f, 22 * S);
    assert_true(fixture_stats(&f, "a", &stats));
    assert_int_equal(stats.runs, 2);
    assert_int_equal(stats.last_ms, 4000);
    assert_int_equal(stats.average_ms, 4000);
    assert_int_equal(stats.delay_ms, 7200 * 1000);
    rg_check_stats_finish(&stats);
    fixture_until(&f, 32 * S); /* the schedule did not move */
    assert_int_equal(fake.starts[2], 31);
    assert_true(fixture_stats(&f, "a", &stats));
    assert_int_equal(stats.delay_ms, 7200 * 1000); /* of the last run that ended */
    rg_check_stats_finish(&stats);
    fixture_until(&f, 36 * S);
    assert_true(fixture_stats(&f, "a", &stats));
    assert_int_equal(stats.delay_ms, 0);
    rg_check_stats_finish(&stats);
    fixture_close(&f);
}

static void test_errors_and_runs_are_counted_over_all_checks(void **state)
{
    const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake bad = {.result = RG_EIO}, good = {0};
    struct rg_collector_counts counts;
    struct collector_fixture f;
    struct rg_check_stats stats;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "bad", 10 * S, &bad);
    fixture_run(&f, "good", 10 * S, &good);
    fixture_until(&f, 30 * S);
    counts = rg_collector_counts(f.collector);
    assert_int_equal(counts.runs, 6);
    assert_int_equal(counts.errors, 3);
    assert_int_equal(counts.entered, 2);
    assert_true(fixture_stats(&f, "bad", &stats));
    assert_string_equal(stats.last_error, "run 3 failed");
    assert_int_equal(stats.last_success.ns, 0);
    rg_check_stats_finish(&stats);
    assert_int_equal(fixture_logged(&f, "error running check bad: run 2 failed"), 1);
    fixture_close(&f);
}

/* Whether a run failed says nothing of what it committed. */
static void test_what_a_run_committed_counts_once_and_for_itself(void **state)
{
    const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake failing = {.result = RG_EIO, .samples = 2}, changing = {.samples = 3};
    struct collector_fixture f;
    struct rg_check_stats stats;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "failing", 10 * S, &failing);
    fixture_run(&f, "changing", 10 * S, &changing);
    fixture_until(&f, 9 * S);
    changing.samples = -1; /* from its second run on nothing is committed */
    fixture_until(&f, 30 * S);
    assert_true(fixture_stats(&f, "failing", &stats));
    assert_int_equal(stats.samples.last, 2);
    assert_int_equal(stats.samples.total, 6);
    rg_check_stats_finish(&stats);
    assert_true(fixture_stats(&f, "changing", &stats));
    assert_int_equal(stats.samples.last, 0);
    assert_int_equal(stats.samples.total, 3);
    rg_check_stats_finish(&stats);
    fixture_close(&f);
}

static void test_status_checks_say_how_each_run_went(void **state)
{
    struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake good = {0}, warned = {.warnings = 1}, failed = {.warnings = 1, .result = RG_EIO};
    struct fake once = {0};
    struct rg_flush flush;
    struct collector_fixture f;
    unsigned seen[3] = {0};

    (void)state;
    options.check_status = true;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "good", S, &good);
    fixture_run(&f, "warned", S, &warned);
    fixture_run(&f, "failed", S, &failed);
    fixture_run(&f, "once", 0, &once); /* has none */
    fixture_until(&f, S + S / 2);
    rg_aggregator_flush(
        f.world.aggregator, rg_runtime_wall(f.runtime), (struct rg_flush_extras){0}, &flush);
    assert_int_equal(flush.check_count, 3);
    for (size_t i = 0; i < flush.check_count; i++) {
        const struct rg_service_check *check = flush.checks[i];

        assert_true(rg_str_is(check->name, "datadog.agent.check_status"));
        assert_true(rg_str_is(check->host, "agent-host"));
        assert_true(rg_str_is(check->message, ""));
        assert_int_equal(check->tags.count, 1);
        if (rg_str_is(check->tags.items[0], "check:good"))
            seen[0] += check->status == RG_SERVICE_OK;
        if (rg_str_is(check->tags.items[0], "check:warned"))
            seen[1] += check->status == RG_SERVICE_WARNING;
        if (rg_str_is(check->tags.items[0], "check:failed"))
            seen[2] += check->status == RG_SERVICE_CRITICAL;
    }
    rg_flush_finish(&flush);
    assert_true(seen[0] == 1 && seen[1] == 1 && seen[2] == 1);
    assert_int_equal(once.runs, 1);
    fixture_close(&f);
}

static void test_without_the_setting_there_are_no_status_checks(void **state)
{
    const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake fake = {0};
    struct collector_fixture f;
    struct rg_flush flush;

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", S, &fake);
    fixture_until(&f, 3 * S);
    rg_aggregator_flush(
        f.world.aggregator, rg_runtime_wall(f.runtime), (struct rg_flush_extras){0}, &flush);
    assert_int_equal(flush.check_count, 0);
    rg_flush_finish(&flush);
    fixture_close(&f);
}

static void test_the_first_five_runs_are_logged_and_then_every_so_many(void **state)
{
    struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake fake = {0}, once = {0};
    struct collector_fixture f;

    (void)state;
    options.logging_frequency = 10;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", S, &fake);
    fixture_until(&f, 4 * S + S / 2);
    assert_int_equal(fixture_logged(&f, "running check a"), 8); /* running, done running */
    assert_int_equal(fixture_logged(&f, "only some of its runs"), 0);
    fixture_until(&f, 30 * S + S / 2);
    assert_int_equal(fixture_logged(&f, "only some of its runs"), 1);
    assert_int_equal(fixture_logged(&f, "a: done running check a"), 5 + 3); /* 10, 20, 30 */
    assert_int_equal(fake.runs, 30);
    fixture_run(&f, "once", 0, &once);
    fixture_until(&f, 31 * S);
    assert_int_equal(fixture_logged(&f, "done running check once, which runs once"), 1);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_32_times_are_kept_and_averaged),
        cmocka_unit_test(test_milliseconds_are_cut_not_rounded),
        cmocka_unit_test(test_the_delay_is_what_a_run_began_too_late),
        cmocka_unit_test(test_a_run_without_interval_has_no_delay),
        cmocka_unit_test(test_an_error_stays_until_the_next_good_run),
        cmocka_unit_test(test_the_numbers_of_the_last_run_are_those_of_the_last_run),
        cmocka_unit_test(test_warnings_are_those_of_the_last_run_and_have_a_limit),
        cmocka_unit_test(test_a_clock_step_during_a_run_does_not_change_its_duration),
        cmocka_unit_test(test_errors_and_runs_are_counted_over_all_checks),
        cmocka_unit_test(test_what_a_run_committed_counts_once_and_for_itself),
        cmocka_unit_test(test_status_checks_say_how_each_run_went),
        cmocka_unit_test(test_without_the_setting_there_are_no_status_checks),
        cmocka_unit_test(test_the_first_five_runs_are_logged_and_then_every_so_many),
    };

    return cmocka_run_group_tests_name("check stats", tests, NULL, NULL);
}
