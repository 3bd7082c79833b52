#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "verify_log.h"

static struct verify_difference compare(const char *a, const char *b)
{
    struct verify_difference difference;

    verify_log_compare(rg_str_from(a), rg_str_from(b), &difference);
    return difference;
}

static void test_equal_logs_have_no_difference(void **state)
{
    (void)state;
    assert_false(compare("", "").found);
    assert_false(compare("seed 1 a\nseed 1 b\n", "seed 1 a\nseed 1 b\n").found);
}

static void test_the_first_line_that_differs_is_found_with_its_seed(void **state)
{
    struct verify_difference d =
        compare("seed 1 a\nseed 2 b\nseed 3 c\n", "seed 1 a\nseed 2 x\nseed 3 y\n");
    uint64_t seed = 0;

    (void)state;
    assert_true(d.found);
    assert_int_equal(d.line, 2);
    assert_true(rg_str_is(d.a, "seed 2 b"));
    assert_true(rg_str_is(d.b, "seed 2 x"));
    assert_true(verify_log_seed(&d, &seed));
    assert_int_equal(seed, 2);
}

static void test_a_log_that_ends_early_differs_there(void **state)
{
    struct verify_difference d = compare("seed 1 a\n", "seed 1 a\nseed 7 b\n");
    uint64_t seed = 0;

    (void)state;
    assert_true(d.found);
    assert_int_equal(d.line, 2);
    assert_int_equal(d.a.len, 0);
    assert_true(verify_log_seed(&d, &seed));
    assert_int_equal(seed, 7);
    assert_true(compare("a\n", "").found);
}

static void test_an_empty_line_is_not_the_end(void **state)
{
    (void)state;
    assert_true(compare("a\n\n", "a\n").found);
}

static void test_a_line_without_a_seed_names_none(void **state)
{
    struct verify_difference d = compare("1 log x\n", "1 log y\n");
    uint64_t seed = 0;

    (void)state;
    assert_false(verify_log_seed(&d, &seed));
    d = compare("seed x\n", "seed y\n");
    assert_false(verify_log_seed(&d, &seed));
}

static void test_the_last_ten_lines_before_are_kept(void **state)
{
    char a[256] = "", b[256];
    struct verify_difference d;

    (void)state;
    for (int i = 0; i < 23; i++)
        snprintf(a + strlen(a), sizeof(a) - strlen(a), "%d\n", i);
    memcpy(b, a, sizeof(b));
    memcpy(strstr(b, "22"), "xx", 2);
    d = compare(a, b);
    assert_int_equal(d.trail_count, 22);
    for (size_t i = 12; i < 22; i++) {
        char text[8];

        snprintf(text, sizeof(text), "%zu", i);
        assert_true(rg_str_is(d.trail[i % VERIFY_TRAIL_MAX], text));
    }
    assert_int_equal(verify_log_lines(rg_str_from(a)), 23);
}

static void test_a_log_above_the_limit_is_a_limit_and_no_bug_of_ours(void **state)
{
    (void)state;
    assert_int_equal(cli_exit_for_process(RG_ETOOBIG), CLI_LIMIT);
    assert_int_equal(cli_exit_for_process(RG_ELIMIT), CLI_LIMIT);
    assert_int_equal(cli_exit_for_process(RG_ENOMEM), CLI_INTERNAL);
    assert_int_equal(cli_exit_for_process(RG_EIO), CLI_INTERNAL);
    assert_int_equal(cli_exit_for_process(RG_OK), CLI_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_logs_have_no_difference),
        cmocka_unit_test(test_the_first_line_that_differs_is_found_with_its_seed),
        cmocka_unit_test(test_a_log_that_ends_early_differs_there),
        cmocka_unit_test(test_an_empty_line_is_not_the_end),
        cmocka_unit_test(test_a_line_without_a_seed_names_none),
        cmocka_unit_test(test_a_log_above_the_limit_is_a_limit_and_no_bug_of_ours),
        cmocka_unit_test(test_the_last_ten_lines_before_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
