#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metric_sketch.h"
#include "rg/base/prng.h"

#include <math.h>
#include <stdlib.h>

static void test_keys_grow_with_their_values_and_meet_their_bounds(void **state)
{
    int32_t last = rg_sketch_key(-1e9);

    (void)state;
    assert_int_equal(rg_sketch_key(0), 0);
    assert_int_equal(rg_sketch_key(1e-10), 0);
    assert_int_equal(rg_sketch_key(1), 1338);
    assert_int_equal(rg_sketch_key(-1), -1338);
    assert_int_equal(rg_sketch_key(1e-9), 1);
    assert_int_equal(rg_sketch_key(1.7e308), RG_SKETCH_KEY_INF);
    assert_true(rg_sketch_bin_low(0) == 0);
    assert_true(rg_sketch_bin_low(1338) == 1);
    assert_true(isinf(rg_sketch_bin_low(RG_SKETCH_KEY_INF)));
    for (int32_t key = 1; key < 5000; key++)
        assert_int_equal(rg_sketch_key(rg_sketch_bin_low(key)), key);
    for (double v = -1e9; v < 1e9; v += 9.7e5) {
        assert_true(rg_sketch_key(v) >= last);
        last = rg_sketch_key(v);
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void test_quantiles_are_within_the_accuracy(void **state)
{
    static const double quantiles[] = {0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1};
    enum { N = 5000 };

    double *values = calloc(N, sizeof(*values));

    (void)state;
    assert_non_null(values);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct rg_sketch s = {0};
        struct rg_prng prng;
        double sum = 0;

        rg_prng_init(&prng, seed, "sketch");
        for (int i = 0; i < N; i++) {
            values[i] = exp((double)rg_prng_below(&prng, 20000) / 1000.0 - 5.0);
            sum += values[i];
            assert_int_equal(rg_sketch_add(&s, values[i]), RG_OK);
        }
        qsort(values, N, sizeof(*values), compare);
        assert_int_equal(s.count, N);
        assert_true(s.min == values[0] && s.max == values[N - 1]);
        assert_true(fabs(s.sum - sum) <= 1e-9 * sum);
        assert_true(fabs(s.avg - sum / N) <= 1e-9 * sum);
        for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
            double exact = values[(size_t)rint(quantiles[i] * (N - 1))];
            double got = rg_sketch_quantile(&s, quantiles[i]);

            if (fabs(got - exact) > exact * 2.0 / 128)
                fail_msg("quantile %g is %g, not %g", quantiles[i], got, exact);
        }
        rg_sketch_finish(&s);
    }
    free(values);
}

static void check_order(const struct rg_sketch *s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < s->bin_count; i++) {
        assert_true(s->bins[i].count > 0);
        if (i)
            assert_true(s->bins[i - 1].key < s->bins[i].key);
        sum += s->bins[i].count;
    }
    assert_true(sum == s->count);
    assert_true(s->bin_count <= RG_SKETCH_BINS_MAX);
}

static void test_too_many_bins_collapse_at_the_low_end(void **state)
{
    struct rg_sketch s = {0};

    (void)state;
    for (int32_t key = 1; key <= 6000; key++)
        assert_int_equal(rg_sketch_add(&s, rg_sketch_bin_low(key)), RG_OK);
    check_order(&s);
    assert_int_equal(s.bin_count, RG_SKETCH_BINS_MAX);
    assert_int_equal(s.bins[s.bin_count - 1].key, 6000);
    assert_int_equal(s.bins[0].count, 6000 - RG_SKETCH_BINS_MAX + 1);
    rg_sketch_finish(&s);
}

static void test_a_range_spreads_over_its_bins_and_loses_nothing(void **state)
{
    struct rg_sketch s = {0};

    (void)state;
    assert_int_equal(rg_sketch_add_range(&s, 0, 10, 100000), RG_OK);
    check_order(&s);
    assert_int_equal(s.count, 100000);
    /* what the whole parts leave goes to the last bin: with few values the middle is too high */
    assert_true(fabs(rg_sketch_quantile(&s, 0.5) - 5) < 0.1);
    assert_true(fabs(rg_sketch_quantile(&s, 0.1) - 1) < 0.1);
    rg_sketch_finish(&s);

    /* one value is too little for any bin but the last */
    assert_int_equal(rg_sketch_add_range(&s, 1, 100, 1), RG_OK);
    assert_int_equal(s.bin_count, 1);
    assert_int_equal(s.bins[0].key, rg_sketch_key(100));
    rg_sketch_finish(&s);

    assert_int_equal(rg_sketch_add_range(&s, -10, 10, 100000), RG_OK);
    check_order(&s);
    assert_true(fabs(s.sum) < 100000 * 0.2);
    rg_sketch_finish(&s);

    assert_int_equal(rg_sketch_add_range(&s, 7, 7, 12), RG_OK);
    assert_int_equal(s.bin_count, 1);
    assert_int_equal(s.bins[0].count, 12);
    rg_sketch_finish(&s);
}

static void test_shares_are_those_of_the_bounds(void **state)
{
    struct rg_sketch s = {0};
    double low = rg_sketch_bin_low(2000), middle = rg_sketch_bin_low(2001);
    double high = rg_sketch_bin_low(2002);

    (void)state;
    assert_int_equal(rg_sketch_add_range(&s, low, high, 1000), RG_OK);
    assert_int_equal(s.bin_count, 3 - (s.bins[s.bin_count - 1].key == 2001));
    assert_int_equal(s.bins[0].key, 2000);
    assert_int_equal(s.bins[0].count, (uint64_t)((middle - low) / (high - low) * 1000));
    rg_sketch_finish(&s);
}

static void test_random_ranges_keep_the_bins_in_order(void **state)
{
    struct rg_sketch s = {0};
    struct rg_prng prng;
    uint64_t total = 0;

    (void)state;
    rg_prng_init(&prng, 7, "ranges");
    for (int i = 0; i < 300; i++) {
        double a = (double)rg_prng_below(&prng, 2000000) / 1000 - 1000;
        double b = a + (double)rg_prng_below(&prng, 50000) / 1000;
        uint64_t n = rg_prng_below(&prng, 5000) + 1;

        assert_int_equal(rg_sketch_add_range(&s, a, b, n), RG_OK);
        total += n;
        assert_true(s.count == total);
    }
    check_order(&s);
    rg_sketch_finish(&s);
}

static void test_counts_and_bounds_have_limits(void **state)
{
    struct rg_sketch s = {0};

    (void)state;
    assert_int_equal(rg_sketch_add_range(&s, 0, 1, RG_SKETCH_COUNT_MAX + 1), RG_ELIMIT);
    assert_int_equal(rg_sketch_add_range(&s, 0, 1.7e308, 5), RG_ELIMIT);
    assert_int_equal(rg_sketch_add_range(&s, -1.7e308, 1.7e308, 5), RG_ELIMIT);
    assert_int_equal(s.count, 0);
    assert_true(rg_sketch_quantile(&s, 0.5) == 0);
    assert_int_equal(rg_sketch_add_range(&s, 0, 1, RG_SKETCH_COUNT_MAX), RG_OK);
    assert_int_equal(rg_sketch_add(&s, 1), RG_ELIMIT);
    rg_sketch_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_grow_with_their_values_and_meet_their_bounds),
        cmocka_unit_test(test_quantiles_are_within_the_accuracy),
        cmocka_unit_test(test_too_many_bins_collapse_at_the_low_end),
        cmocka_unit_test(test_a_range_spreads_over_its_bins_and_loses_nothing),
        cmocka_unit_test(test_shares_are_those_of_the_bounds),
        cmocka_unit_test(test_random_ranges_keep_the_bins_in_order),
        cmocka_unit_test(test_counts_and_bounds_have_limits),
    };

    return cmocka_run_group_tests_name("metric sketch", tests, NULL, NULL);
}
