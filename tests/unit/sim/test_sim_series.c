#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_world_rig.h"

#define STEP RG_SIM_SERIES_STEP_NS

static void assert_values(const char *text, const int64_t *values, size_t count)
{
    struct rg_sim_series s = series(text);

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rg_sim_series_at(&s, (int64_t)i * STEP), values[i]);
        assert_int_equal(rg_sim_series_at(&s, (int64_t)i * STEP + STEP - 1), values[i]);
    }
    rg_sim_series_finish(&s);
}

static void test_notation_is_that_of_load_generators(void **state)
{
    (void)state;
    assert_values("7", (const int64_t[]){7000, 7000, 7000}, 3);
    assert_values("1 2.5 0.125", (const int64_t[]){1000, 2500, 125, 125}, 4);
    assert_values("4x2 9", (const int64_t[]){4000, 4000, 4000, 9000, 9000}, 5);
    assert_values(
        " 5+3x2  90-45x2 ", (const int64_t[]){5000, 8000, 11000, 90000, 45000, 0, 0, 0}, 8);
    assert_values("1.5-0.5x3 2x0", (const int64_t[]){1500, 1000, 500, 0, 2000, 2000}, 6);
}

static void test_first_value_holds_before_and_last_one_after(void **state)
{
    struct rg_sim_series s = series("5+3x20");

    (void)state;
    assert_int_equal(rg_sim_series_at(&s, -1), 5000);
    assert_int_equal(rg_sim_series_at(&s, 20 * STEP), 65000);
    assert_int_equal(rg_sim_series_at(&s, INT64_MAX), 65000);
    assert_int_equal(rg_sim_series_at(&(struct rg_sim_series){0}, 5), 0);
    rg_sim_series_finish(&s);
}

static void test_value_before_the_bar_holds_before_the_run(void **state)
{
    struct rg_sim_series s = series("0.5|7 9x2");

    (void)state;
    assert_int_equal(rg_sim_series_at(&s, -1), 500);
    assert_int_equal(rg_sim_series_at(&s, 0), 7000);
    assert_int_equal(rg_sim_series_at(&s, STEP), 9000);
    assert_int_equal(rg_sim_series_sum(&s, -2 * STEP, STEP), 10 * (2 * 500 + 7000));
    rg_sim_series_finish(&s);
}

static void test_sum_is_exact_at_any_cut(void **state)
{
    struct rg_sim_series s = series("5+3x2 0x1 7.5");
    int64_t whole = rg_sim_series_sum(&s, -2 * STEP, 10 * STEP);

    (void)state;
    /* 2 steps before, 5 8 11 0 0, then 5 steps of 7.5 */
    assert_int_equal(whole, 10 * (5 * 2 + 5 + 8 + 11) * 1000 + 10 * 5 * 7500);
    for (int64_t cut = -2 * STEP; cut < 10 * STEP; cut += RG_NS_PER_S)
        assert_int_equal(
            rg_sim_series_sum(&s, -2 * STEP, cut) + rg_sim_series_sum(&s, cut, 10 * STEP), whole);
    rg_sim_series_finish(&s);
}

static void test_huge_values_over_days_saturate(void **state)
{
    struct rg_sim_series s = series("1000000000000");

    (void)state;
    assert_int_equal(rg_sim_series_sum(&s, 0, RG_NS_PER_S), INT64_C(1000000000000000));
    assert_int_equal(rg_sim_series_sum(&s, 0, INT64_MAX), INT64_MAX);
    rg_sim_series_finish(&s);
}

static void test_malformed_words_are_named(void **state)
{
    static const char *const bad[] = {"x", "5+", "5+3", "5x", "5x-1", "5x+1", "-5", "5-3x2",
        "1.2345", "1.", ".5", "5+3x99999999999", "1e3", "5 +3x2", "5+3x2x2", "1000000000001",
        "1x2y", "999999999999+2x2", "5++3x2", "|5", "5|", "1x2|5", "1|2|3", "-1|5"};
    struct rg_sim_series s;
    struct rg_err err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        s = (struct rg_sim_series){0};
        err = (struct rg_err){0};
        if (rg_sim_series_parse(rg_str_from(bad[i]), STEP, &s, &err) != RG_EINVALID)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_non_null(strchr(err.text, '"'));
        assert_null(s.runs);
    }
    assert_int_equal(rg_sim_series_parse(rg_str_from("  "), STEP, &s, &err), RG_EINVALID);
}

static void test_too_many_words_are_refused(void **state)
{
    size_t words = RG_SIM_SERIES_RUNS_MAX + 1;
    char *text = malloc(2 * words);
    struct rg_sim_series s = {0};
    struct rg_err err = {0};

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < words; i++)
        memcpy(text + 2 * i, "1 ", 2);
    assert_int_equal(
        rg_sim_series_parse((struct rg_str){text, 2 * words}, STEP, &s, &err), RG_ELIMIT);
    assert_int_equal(
        rg_sim_series_parse((struct rg_str){text, 2 * words - 2}, STEP, &s, &err), RG_OK);
    rg_sim_series_finish(&s);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notation_is_that_of_load_generators),
        cmocka_unit_test(test_first_value_holds_before_and_last_one_after),
        cmocka_unit_test(test_value_before_the_bar_holds_before_the_run),
        cmocka_unit_test(test_sum_is_exact_at_any_cut),
        cmocka_unit_test(test_huge_values_over_days_saturate),
        cmocka_unit_test(test_malformed_words_are_named),
        cmocka_unit_test(test_too_many_words_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
