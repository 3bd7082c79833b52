#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "disallow_list.h"

#include <string.h>

static struct rg_disallow_list *make(const char *const *patterns)
{
    struct rg_str list[32];
    struct rg_disallow_list *out = NULL;
    struct rg_err err = {0};
    size_t n = 0;

    for (; patterns[n]; n++)
        list[n] = rg_str_from(patterns[n]);
    assert_int_equal(rg_disallow_list_create(list, n, NULL, &out, &err), RG_OK);
    return out;
}

static bool hides(const char *pattern, const char *arg)
{
    const char *patterns[] = {pattern, NULL};
    struct rg_disallow_list *list = make(patterns);
    struct rg_str args[] = {RG_STR_LIT("app"), rg_str_from(arg)};
    bool hidden = false;

    assert_int_equal(rg_disallow_list_count(list), 1);
    assert_int_equal(rg_disallow_list_hides(list, args, 2, (struct rg_str){0}, &hidden), RG_OK);
    rg_disallow_list_destroy(list);
    return hidden;
}

static void test_patterns_match_anywhere_in_the_joined_text(void **state)
{
    (void)state;
    assert_true(hides("p -x", "-x"));
    assert_false(hides("^-x", "-x"));
    assert_true(hides("-x$", "-x"));
    assert_false(hides("a$", "a\n")); /* '$' is the end of the text alone */
    assert_true(hides("\\Qa+b\\E", "a+b"));
    assert_false(hides("a\\sb", "a\vb"));
    assert_true(hides("(?i)SECRET", "secret"));
    assert_true(hides("(?P<n>x)y", "xy"));
    assert_true(hides("[[:alpha:]]{3}", "abc"));
    assert_true(hides("\\x41\\101", "AA"));
}

static void test_exe_is_looked_at_when_there_are_no_arguments(void **state)
{
    const char *patterns[] = {"/bin/ap+$", NULL};
    struct rg_disallow_list *list = make(patterns);
    bool hidden = false;

    (void)state;
    assert_int_equal(rg_disallow_list_hides(list, NULL, 0, RG_STR_LIT("/bin/app"), &hidden), RG_OK);
    assert_true(hidden);
    rg_disallow_list_destroy(list);
}

static void test_patterns_that_re2_does_not_know_are_dropped(void **state)
{
    const char *patterns[] = {"a(?=b)", "(a)\\1", "a++", "(?>a)", "(*UTF)a", "\\Ka", "a{1001}", "[",
        "(", "a{2}{3}", "\\Z", "(?#x)a", "[\\b]", "\\", "good", NULL};
    struct rg_disallow_list *list = make(patterns);

    (void)state;
    assert_int_equal(rg_disallow_list_count(list), 1);
    rg_disallow_list_destroy(list);
}

static void test_a_pattern_beyond_its_effort_hides(void **state)
{
    static char text[4096];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text + 100, "Xb", 3);
    assert_true(hides("(a+)+b", text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns_match_anywhere_in_the_joined_text),
        cmocka_unit_test(test_exe_is_looked_at_when_there_are_no_arguments),
        cmocka_unit_test(test_patterns_that_re2_does_not_know_are_dropped),
        cmocka_unit_test(test_a_pattern_beyond_its_effort_hides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
