#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text_out.h"

/* What t holds is wanted; t starts anew. */
static void assert_holds(struct text_out *t, const char *wanted)
{
    assert_int_equal(t->st, RG_OK);
    assert_int_equal(rg_buf_byte(&t->buf, 0), RG_OK);
    assert_string_equal((const char *)t->buf.data, wanted);
    rg_buf_clear(&t->buf);
}

static void test_counts_have_commas(void **state)
{
    static const struct {
        int64_t n;
        const char *text;
    } cases[] = {{0, "0"}, {7, "7"}, {999, "999"}, {1000, "1,000"}, {12345, "12,345"},
        {1234567, "1,234,567"}, {-1000, "-1,000"}, {INT64_MAX, "9,223,372,036,854,775,807"},
        {INT64_MIN, "-9,223,372,036,854,775,808"}};
    struct text_out t;

    (void)state;
    text_out_init(&t);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text_put_count(&t, cases[i].n);
        assert_holds(&t, cases[i].text);
    }
    text_out_finish(&t);
}

static void test_durations_look_as_in_go(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0s"}, {1, "1ms"}, {676, "676ms"}, {1000, "1s"}, {1200, "1.2s"},
        {1001, "1.001s"}, {59999, "59.999s"}, {60000, "1m0s"}, {61500, "1m1.5s"},
        {3600000, "1h0m0s"}, {90061010, "25h1m1.01s"}, {-5, "-5ms"}, {-61500, "-1m1.5s"}};
    struct text_out t;

    (void)state;
    text_out_init(&t);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text_put_duration_ms(&t, cases[i].ms);
        assert_holds(&t, cases[i].text);
    }
    text_put_duration_ms(&t, INT64_MIN);
    assert_int_equal(t.st, RG_OK);
    text_out_finish(&t);
}

static void test_times_say_their_zone_and_utc(void **state)
{
    struct text_out t;

    (void)state;
    text_out_init(&t);
    setenv("TZ", "UTC", 1);
    tzset();
    text_put_time(&t, 0);
    assert_holds(&t, "Never");
    text_put_time(&t, 1767362645);
    assert_holds(&t, "2026-01-02 14:04:05 UTC (1767362645000)");
    setenv("TZ", "CET-1", 1);
    tzset();
    text_put_time(&t, 1767362645);
    assert_holds(&t, "2026-01-02 15:04:05 CET / 2026-01-02 14:04:05 UTC (1767362645000)");
    text_put_time(&t, INT64_MAX);
    assert_holds(&t, "9223372036854775807");
    text_put_time(&t, INT64_MIN);
    assert_holds(&t, "-9223372036854775808");
    text_out_finish(&t);
}

static void test_texts_of_others_cannot_steer_a_terminal(void **state)
{
    struct text_out t;

    (void)state;
    text_out_init(&t);
    text_put_escaped(&t, "a\x1b[31m\nb");
    assert_holds(&t, "a\\x1b[31m\\nb");
    text_put_lines(&t, 2, rg_str_from("k: \"\\t\"\n\x1b[2Jx"));
    assert_holds(&t, "  k: \"\\t\"\n  \\x1b[2Jx\n");
    text_put_title(&t, 1, '-', "a\nb");
    assert_holds(&t, " a\\nb\n ----\n");
    text_out_finish(&t);
}

static void test_what_is_too_long_is_kept_as_a_failure(void **state)
{
    struct text_out t;

    (void)state;
    text_out_init(&t);
    t.buf.max = 4;
    text_put(&t, "%s", "12345");
    assert_int_equal(t.st, RG_ETOOBIG);
    text_put(&t, "1");
    assert_int_equal(t.buf.len, 0);
    assert_int_equal(text_out_print(&t), RG_ETOOBIG);
    assert_int_equal(t.st, RG_OK);
    text_out_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_have_commas),
        cmocka_unit_test(test_durations_look_as_in_go),
        cmocka_unit_test(test_times_say_their_zone_and_utc),
        cmocka_unit_test(test_texts_of_others_cannot_steer_a_terminal),
        cmocka_unit_test(test_what_is_too_long_is_kept_as_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
