#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "derive_series.h"
#include "rg/base/str.h"
#include "rg/sim_host.h"

#define FRAMES 200

static uint32_t cells[FRAMES];

static int number_frames(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < FRAMES; i++)
        cells[i] = i;
    return 0;
}

static struct derive_series series_of(
    uint32_t first, const int64_t *values, size_t count, int64_t slack)
{
    struct derive_series s = {.runs = NULL};

    for (size_t i = 0; i < count; i++)
        assert_int_equal(
            derive_series_add(&s, first + (uint32_t)i, values[i] * 1000, slack), RG_OK);
    return s;
}

static struct derive_notation gauge(void)
{
    return (struct derive_notation){
        .cells = cells, .frame_count = FRAMES, .unit = 1000, .words_max = DERIVE_RUNS_MAX};
}

static void assert_series(
    struct derive_series *s, const struct derive_notation *n, const char *wanted)
{
    struct rg_buf text;

    rg_buf_init(&text, 4096);
    assert_int_equal(derive_series_text(s, n, &text), RG_OK);
    assert_int_equal(rg_buf_byte(&text, 0), RG_OK);
    assert_string_equal((const char *)text.data, wanted);
    rg_buf_finish(&text);
    derive_series_finish(s);
}

static void test_equal_values_are_one_word(void **state)
{
    struct derive_series s = series_of(0, (const int64_t[]){7, 7, 7, 7}, 4, 0);
    struct derive_notation n = gauge();

    (void)state;
    assert_series(&s, &n, "7");
    s = series_of(0, (const int64_t[]){4, 4, 4, 9}, 4, 0);
    assert_series(&s, &n, "4x2 9");
}

static void test_three_equal_steps_are_a_progression(void **state)
{
    struct derive_series s = series_of(0, (const int64_t[]){5, 8, 11, 14, 2}, 5, 0);
    struct derive_notation n = gauge();

    (void)state;
    assert_series(&s, &n, "5+3x3 2");
    s = series_of(0, (const int64_t[]){90, 80, 70}, 3, 0);
    assert_series(&s, &n, "90-10x2");
    s = series_of(0, (const int64_t[]){1, 2, 9}, 3, 0);
    assert_series(&s, &n, "1 2 9");
}

static void test_values_within_the_slack_become_their_mean(void **state)
{
    struct derive_series s = series_of(0, (const int64_t[]){10, 12, 11, 30, 31}, 5, 2000);
    struct derive_notation n = gauge();

    (void)state;
    assert_series(&s, &n, "11x2 31");
}

static void test_a_rate_holds_between_two_frames(void **state)
{
    static const uint32_t uneven[] = {0, 1, 6, 11};
    struct derive_series s = series_of(1, (const int64_t[]){5, 7, 9}, 3, 0);
    struct derive_notation n = gauge();

    (void)state;
    n.cells = uneven;
    n.frame_count = 4;
    n.rate = true;
    assert_series(&s, &n, "5 7x4 9");
    s = series_of(0, (const int64_t[]){5, 7, 9, 9}, 4, 0);
    n.rate = false;
    assert_series(&s, &n, "5 7x4 9");
}

static void test_past_of_a_process_stands_first(void **state)
{
    struct derive_series s = series_of(1, (const int64_t[]){5, 5}, 2, 0);
    struct derive_notation n = gauge();

    (void)state;
    n.rate = n.has_before = true;
    n.before = 250;
    assert_series(&s, &n, "0.25|5");
    s = series_of(4, (const int64_t[]){5, 5}, 2, 0);
    n.has_before = false;
    n.has_first = true;
    n.first = 40000;
    assert_series(&s, &n, "40x2 5");
}

static void test_gap_of_a_gauge_holds_the_old_value(void **state)
{
    struct derive_series s = series_of(0, (const int64_t[]){5}, 1, 0);
    struct derive_notation n = gauge();

    (void)state;
    derive_series_hold(&s, 3);
    assert_int_equal(derive_series_add(&s, 4, 8000, 0), RG_OK);
    assert_int_equal(derive_series_add(&s, 4, 9000, 0), RG_OK); /* a second look is passed over */
    assert_int_equal(derive_series_at(&s, 2), 5000);
    assert_int_equal(derive_series_at(&s, 50), 8000);
    assert_series(&s, &n, "5x3 8");
}

static void test_long_series_are_narrowed_and_stay_readable(void **state)
{
    struct derive_series s = {.runs = NULL};
    struct derive_notation n = gauge();
    struct rg_sim_series parsed = {.runs = NULL};
    struct rg_buf text;

    (void)state;
    for (uint32_t i = 0; i < FRAMES; i++)
        assert_int_equal(derive_series_add(&s, i, (int64_t)(i * i % 97) * 1000, 0), RG_OK);
    assert_true(s.count <= DERIVE_RUNS_MAX);
    n.words_max = 12;
    rg_buf_init(&text, 4096);
    assert_int_equal(derive_series_text(&s, &n, &text), RG_OK);
    assert_true(s.count <= 12);
    assert_int_equal(rg_sim_series_parse(rg_str_buf(&text), RG_NS_PER_S, &parsed, NULL), RG_OK);
    /* Narrower, but about the same sum. */
    assert_in_range(
        rg_sim_series_sum(&parsed, 0, FRAMES * RG_NS_PER_S) / 1000, FRAMES * 40, FRAMES * 56);
    rg_sim_series_finish(&parsed);
    rg_buf_finish(&text);
    derive_series_finish(&s);
}

static void test_series_agree_up_to_the_margin(void **state)
{
    struct derive_series a = series_of(0, (const int64_t[]){5, 5, 100}, 3, 0);
    struct derive_series b = series_of(0, (const int64_t[]){5, 6, 100}, 3, 0);
    struct derive_series none = {.runs = NULL};

    (void)state;
    assert_true(derive_series_agree(&a, &a, 0, 0));
    assert_true(derive_series_agree(&a, &b, 1000, 0));
    assert_false(derive_series_agree(&a, &b, 999, 0));
    assert_true(derive_series_agree(&a, &b, 0, 200));
    assert_false(derive_series_agree(&a, &none, 1000000, 0));
    assert_true(derive_series_agree(&none, &none, 0, 0));
    derive_series_finish(&a);
    derive_series_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_values_are_one_word),
        cmocka_unit_test(test_three_equal_steps_are_a_progression),
        cmocka_unit_test(test_values_within_the_slack_become_their_mean),
        cmocka_unit_test(test_a_rate_holds_between_two_frames),
        cmocka_unit_test(test_past_of_a_process_stands_first),
        cmocka_unit_test(test_gap_of_a_gauge_holds_the_old_value),
        cmocka_unit_test(test_long_series_are_narrowed_and_stay_readable),
        cmocka_unit_test(test_series_agree_up_to_the_margin),
    };

    return cmocka_run_group_tests(tests, number_frames, NULL);
}
