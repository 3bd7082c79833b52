#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "sampler_fixture.h"

static void test_a_gauge_sends_its_last_value_at_the_time_of_the_commit(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_GAUGE, "m", 1, 99, false);
    sample(&f, RG_METRIC_GAUGE, "m", 2.5, 99, false);
    commit(&f, 100.25);
    expect_serie(&f, "m", RG_SERIES_GAUGE, 2.5);
    assert_true(find_serie(&f, "m")->first.timestamp_s == 100.25);
    commit(&f, 115);
    expect_nothing(&f);
    sampler_fixture_finish(&f);
}

static void test_a_count_sends_the_sum_since_the_commit(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_COUNT, "m", 1, 0, false);
    sample(&f, RG_METRIC_COUNT, "m", 2, 0, false);
    commit(&f, 100);
    expect_count(&f, 3);
    sample(&f, RG_METRIC_COUNT, "m", 4, 0, false);
    commit(&f, 115);
    expect_count(&f, 4);
    sampler_fixture_finish(&f);
}

static void test_a_counter_sends_its_sum_as_a_rate_of_one_second(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_COUNTER, "m", 30, 0, false);
    sample(&f, RG_METRIC_COUNTER, "m", 12, 0, false);
    commit(&f, 100);
    expect_serie(&f, "m", RG_SERIES_RATE, 42);
    sampler_fixture_finish(&f);
}

static void test_a_rate_uses_its_last_two_samples_and_the_time_of_the_last(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_RATE, "m", 10, 100, false);
    commit(&f, 101);
    expect_nothing(&f);
    sample(&f, RG_METRIC_RATE, "m", 40, 115, false);
    commit(&f, 116);
    expect_serie(&f, "m", RG_SERIES_GAUGE, 2);
    assert_true(find_serie(&f, "m")->first.timestamp_s == 115);
    commit(&f, 117);
    expect_nothing(&f);
    sample(&f, RG_METRIC_RATE, "m", 70, 130, false);
    commit(&f, 131);
    expect_serie(&f, "m", RG_SERIES_GAUGE, 2);
    sampler_fixture_finish(&f);
}

static void test_a_rate_that_falls_or_has_no_time_is_an_error_and_goes_on(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_RATE, "m", 10, 100, false);
    sample(&f, RG_METRIC_RATE, "m", 20, 100, false);
    commit(&f, 101);
    expect_nothing(&f);
    assert_int_equal(f.report.flush_errors, 1);
    sample(&f, RG_METRIC_RATE, "m", 5, 115, false);
    commit(&f, 116);
    expect_nothing(&f);
    assert_int_equal(f.report.flush_errors, 2);
    assert_string_equal(f.report.first, "m: no time passed between two samples of a rate");
    sample(&f, RG_METRIC_RATE, "m", 20, 130, false);
    commit(&f, 131);
    expect_serie(&f, "m", RG_SERIES_GAUGE, 1);
    sampler_fixture_finish(&f);
}

static void monotonic(struct sampler_fixture *f, double value, bool flush_first)
{
    sample(f, RG_METRIC_MONOTONIC_COUNT, "m", value, 0, flush_first);
}

static void test_a_monotonic_count_sends_what_was_added(void **state)
{
    static const double first[] = {2, 3, 6, 7};
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    for (size_t i = 0; i < 4; i++)
        monotonic(&f, first[i], false);
    commit(&f, 100);
    expect_count(&f, 5);
    monotonic(&f, 10, false);
    monotonic(&f, 11, false);
    commit(&f, 115);
    expect_count(&f, 4);
    sampler_fixture_finish(&f);
}

static void test_a_monotonic_count_says_nothing_of_its_first_value(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    monotonic(&f, 10, false);
    commit(&f, 100);
    expect_nothing(&f);
    monotonic(&f, 12, false);
    commit(&f, 115);
    expect_count(&f, 2);
    sampler_fixture_finish(&f);
}

static void test_a_monotonic_count_that_was_reset_sends_zero(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    monotonic(&f, 10, false);
    commit(&f, 100);
    monotonic(&f, 4, false);
    commit(&f, 115);
    expect_count(&f, 0);
    sampler_fixture_finish(&f);
}

static void test_flush_first_counts_from_zero_and_after_a_reset_from_zero_again(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    monotonic(&f, 10, true);
    commit(&f, 100);
    expect_count(&f, 10);
    monotonic(&f, 4, true);
    commit(&f, 115);
    expect_count(&f, 4);
    sampler_fixture_finish(&f);
}

static void test_a_reset_with_flush_first_drops_what_was_counted_before_it(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    monotonic(&f, 10, true);
    monotonic(&f, 15, true);
    monotonic(&f, 3, true);
    commit(&f, 100);
    expect_count(&f, 3);
    sampler_fixture_finish(&f);
}

/* F16: the raw value was sent. */
static void test_two_equal_values_with_flush_first_add_nothing(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    monotonic(&f, 10, true);
    commit(&f, 100);
    expect_count(&f, 10);
    monotonic(&f, 10, true);
    commit(&f, 115);
    expect_count(&f, 0);
    sampler_fixture_finish(&f);
}

static void test_a_histogram_sends_aggregates_and_percentiles(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    for (int i = 20; i >= 1; i--)
        sample(&f, RG_METRIC_HISTOGRAM, "m", i, 0, false);
    commit(&f, 100);
    assert_int_equal(f.world.store.serie_count, 5);
    expect_serie(&f, "m.max", RG_SERIES_GAUGE, 20);
    expect_serie(&f, "m.median", RG_SERIES_GAUGE, 10);
    expect_serie(&f, "m.avg", RG_SERIES_GAUGE, 10.5);
    expect_serie(&f, "m.count", RG_SERIES_RATE, 20);
    expect_serie(&f, "m.95percentile", RG_SERIES_GAUGE, 19);
    commit(&f, 115);
    expect_nothing(&f);
    sampler_fixture_finish(&f);
}

static void test_the_plan_of_histograms_can_be_changed(void **state)
{
    struct sampler_fixture f;
    struct rg_histogram_plan plan = {0};

    (void)state;
    sampler_fixture_init(&f);
    assert_int_equal(rg_histogram_plan_aggregate(&plan, RG_STR_LIT("sum")), RG_OK);
    assert_int_equal(rg_histogram_plan_aggregate(&plan, RG_STR_LIT("min")), RG_OK);
    assert_int_equal(rg_histogram_plan_aggregate(&plan, RG_STR_LIT("min")), RG_OK);
    assert_int_equal(rg_histogram_plan_aggregate(&plan, RG_STR_LIT("mode")), RG_EINVALID);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("0.99")), RG_OK);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("0.295")), RG_OK);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("1")), RG_OK);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("0")), RG_OK);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("0.990")), RG_OK);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("1.1")), RG_EINVALID);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("-0.5")), RG_EINVALID);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("0x1")), RG_EINVALID);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("nan")), RG_EINVALID);
    assert_int_equal(rg_histogram_plan_percentile(&plan, RG_STR_LIT("")), RG_EINVALID);
    f.world.plan = plan;
    for (int i = 1; i <= 100; i++)
        sample(&f, RG_METRIC_HISTOGRAM, "m", i, 0, false);
    commit(&f, 100);
    assert_int_equal(f.world.store.serie_count, 6);
    expect_serie(&f, "m.sum", RG_SERIES_GAUGE, 5050);
    expect_serie(&f, "m.min", RG_SERIES_GAUGE, 1);
    expect_serie(&f, "m.0percentile", RG_SERIES_GAUGE, 1);
    expect_serie(&f, "m.30percentile", RG_SERIES_GAUGE, 30);
    expect_serie(&f, "m.99percentile", RG_SERIES_GAUGE, 99);
    expect_serie(&f, "m.100percentile", RG_SERIES_GAUGE, 100);
    sampler_fixture_finish(&f);
}

static void test_a_historate_is_a_histogram_of_differences_per_second(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_HISTORATE, "m", 10, 100, false);
    sample(&f, RG_METRIC_HISTORATE, "m", 30, 110, false);
    sample(&f, RG_METRIC_HISTORATE, "m", 30, 110, false); /* no time passed */
    sample(&f, RG_METRIC_HISTORATE, "m", 70, 120, false);
    commit(&f, 121);
    expect_serie(&f, "m.max", RG_SERIES_GAUGE, 4);
    expect_serie(&f, "m.avg", RG_SERIES_GAUGE, 3);
    expect_serie(&f, "m.count", RG_SERIES_RATE, 2);
    assert_int_equal(f.report.rejected, 1);
    sample(&f, RG_METRIC_HISTORATE, "m", 1000, 130, false); /* the window before is forgotten */
    commit(&f, 131);
    expect_nothing(&f);
    sampler_fixture_finish(&f);
}

static void test_timestamped_values_pass_unchanged(void **state)
{
    struct sampler_fixture f;
    const struct rg_serie *serie;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_GAUGE_AT, "g", 5, 50, false);
    sample(&f, RG_METRIC_GAUGE_AT, "g", 4, 40, false);
    sample(&f, RG_METRIC_COUNT_AT, "c", 3, 30, false);
    commit(&f, 100);
    serie = find_serie(&f, "g");
    assert_int_equal(serie->type, RG_SERIES_GAUGE);
    assert_int_equal(serie->point_count, 2);
    assert_true(rg_serie_points(serie)[1].timestamp_s == 40);
    assert_true(rg_serie_points(serie)[1].value == 4);
    expect_serie(&f, "c", RG_SERIES_COUNT, 3);
    assert_true(find_serie(&f, "c")->first.timestamp_s == 30);
    sampler_fixture_finish(&f);
}

static void test_nan_and_infinities_are_refused_by_every_type(void **state)
{
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    for (int type = RG_METRIC_GAUGE; type <= RG_METRIC_COUNT_AT; type++) {
        for (size_t i = 0; i < 3; i++)
            sample(&f, (enum rg_metric_type)type, rg_metric_type_name((enum rg_metric_type)type),
                bad[i], 100, true);
    }
    assert_int_equal(f.report.rejected, 30);
    assert_int_equal(f.report.taken, 0);
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 10); /* tracked all the same */
    commit(&f, 200);
    expect_nothing(&f);
    sampler_fixture_finish(&f);
}

static void test_a_sum_that_overflows_is_not_sent(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_COUNT, "m", 1.7e308, 0, false);
    sample(&f, RG_METRIC_COUNT, "m", 1.7e308, 0, false);
    sample(&f, RG_METRIC_DISTRIBUTION, "d", 1.7e308, 50, false);
    sample(&f, RG_METRIC_DISTRIBUTION, "d", 1.7e308, 50, false);
    commit(&f, 100);
    expect_nothing(&f);
    assert_int_equal(f.world.store.not_finite, 2);
    sampler_fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_gauge_sends_its_last_value_at_the_time_of_the_commit),
        cmocka_unit_test(test_a_count_sends_the_sum_since_the_commit),
        cmocka_unit_test(test_a_counter_sends_its_sum_as_a_rate_of_one_second),
        cmocka_unit_test(test_a_rate_uses_its_last_two_samples_and_the_time_of_the_last),
        cmocka_unit_test(test_a_rate_that_falls_or_has_no_time_is_an_error_and_goes_on),
        cmocka_unit_test(test_a_monotonic_count_sends_what_was_added),
        cmocka_unit_test(test_a_monotonic_count_says_nothing_of_its_first_value),
        cmocka_unit_test(test_a_monotonic_count_that_was_reset_sends_zero),
        cmocka_unit_test(test_flush_first_counts_from_zero_and_after_a_reset_from_zero_again),
        cmocka_unit_test(test_a_reset_with_flush_first_drops_what_was_counted_before_it),
        cmocka_unit_test(test_two_equal_values_with_flush_first_add_nothing),
        cmocka_unit_test(test_a_histogram_sends_aggregates_and_percentiles),
        cmocka_unit_test(test_the_plan_of_histograms_can_be_changed),
        cmocka_unit_test(test_a_historate_is_a_histogram_of_differences_per_second),
        cmocka_unit_test(test_timestamped_values_pass_unchanged),
        cmocka_unit_test(test_nan_and_infinities_are_refused_by_every_type),
        cmocka_unit_test(test_a_sum_that_overflows_is_not_sent),
    };

    return cmocka_run_group_tests_name("metric types", tests, NULL, NULL);
}
