#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench_stats.h"

static void assert_near(double a, double b)
{
    assert_true(a - b < 1e-9 && b - a < 1e-9);
}

static void assert_spread(const int64_t *values, size_t count, int64_t median, int64_t mad)
{
    struct bench_spread spread = bench_spread_of(values, count);

    assert_int_equal(spread.median, median);
    assert_int_equal(spread.mad, mad);
}

static void test_one_value_is_its_own_median(void **state)
{
    (void)state;
    assert_spread((const int64_t[]){42}, 1, 42, 0);
}

static void test_the_median_of_an_odd_count_is_in_the_middle(void **state)
{
    (void)state;
    /* deviations 4 0 6 1 3 */
    assert_spread((const int64_t[]){5, 9, 15, 10, 6}, 5, 9, 3);
}

static void test_the_median_of_an_even_count_is_between_two(void **state)
{
    (void)state;
    /* 2 4 | 9 11: 6; deviations 4 2 3 5 */
    assert_spread((const int64_t[]){11, 2, 9, 4}, 4, 6, 3);
}

static void test_one_wild_value_moves_nothing(void **state)
{
    (void)state;
    assert_spread((const int64_t[]){100, 101, 99, 100, INT64_MAX / 2}, 5, 100, 1);
}

static void test_large_values_do_not_overflow(void **state)
{
    (void)state;
    assert_spread((const int64_t[]){INT64_MAX, INT64_MAX - 2}, 2, INT64_MAX - 1, 1);
}

static void test_the_values_are_left_alone(void **state)
{
    int64_t values[] = {3, 1, 2};

    (void)state;
    assert_spread(values, 3, 2, 1);
    assert_int_equal(values[0], 3);
    assert_int_equal(values[1], 1);
    assert_int_equal(values[2], 2);
}

static struct bench_ratio ratio(int64_t now, int64_t now_mad, int64_t before, int64_t before_mad)
{
    const struct bench_spread a = {now, now_mad}, b = {before, before_mad};

    return bench_compare(&a, &b);
}

static void test_less_than_five_percent_is_no_change(void **state)
{
    (void)state;
    assert_int_equal(ratio(1049, 0, 1000, 0).verdict, BENCH_SAME);
    assert_int_equal(ratio(1051, 0, 1000, 0).verdict, BENCH_SLOWER);
    assert_int_equal(ratio(960, 0, 1000, 0).verdict, BENCH_SAME);
    assert_int_equal(ratio(940, 0, 1000, 0).verdict, BENCH_FASTER);
}

static void test_noise_on_either_side_widens_the_bound(void **state)
{
    struct bench_ratio quiet = ratio(1300, 0, 1000, 0);
    struct bench_ratio noisy_now = ratio(1300, 130, 1000, 0);
    struct bench_ratio noisy_before = ratio(1300, 0, 1000, 100);
    struct bench_ratio both = ratio(1300, 130, 1000, 100);

    (void)state;
    assert_int_equal(quiet.verdict, BENCH_SLOWER);
    assert_near(quiet.bound, 0.05);
    assert_int_equal(noisy_now.verdict, BENCH_SAME);
    assert_near(noisy_now.bound, 3 * 1.4826 * 0.1);
    assert_near(noisy_before.bound, noisy_now.bound);
    assert_near(both.bound, 2 * noisy_now.bound);
    assert_near(both.ratio, 1.3);
}

static void test_a_hundredfold_time_is_slower_whatever_the_noise(void **state)
{
    (void)state;
    assert_int_equal(ratio(100000, 20000, 1000, 200).verdict, BENCH_SLOWER);
    assert_int_equal(ratio(1000, 200, 100000, 20000).verdict, BENCH_FASTER);
}

static void test_without_a_time_there_is_no_ratio(void **state)
{
    (void)state;
    assert_int_equal(ratio(0, 0, 1000, 0).verdict, BENCH_SAME);
    assert_int_equal(ratio(1000, 0, 0, 0).verdict, BENCH_SAME);
    assert_near(ratio(0, 0, 0, 0).ratio, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_value_is_its_own_median),
        cmocka_unit_test(test_the_median_of_an_odd_count_is_in_the_middle),
        cmocka_unit_test(test_the_median_of_an_even_count_is_between_two),
        cmocka_unit_test(test_one_wild_value_moves_nothing),
        cmocka_unit_test(test_large_values_do_not_overflow),
        cmocka_unit_test(test_the_values_are_left_alone),
        cmocka_unit_test(test_less_than_five_percent_is_no_change),
        cmocka_unit_test(test_noise_on_either_side_widens_the_bound),
        cmocka_unit_test(test_a_hundredfold_time_is_slower_whatever_the_noise),
        cmocka_unit_test(test_without_a_time_there_is_no_ratio),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
