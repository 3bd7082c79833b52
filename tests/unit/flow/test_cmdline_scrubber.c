#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmdline_scrubber.h"
#include "rg/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 12

static struct rg_scrubber *make(bool strip, const struct rg_str *words, size_t n)
{
    struct rg_scrub_options o = {
        .enabled = true, .strip_args = strip, .words = words, .word_count = n};
    struct rg_scrubber *s = NULL;
    struct rg_err err = {0};

    assert_int_equal(rg_scrubber_create(&o, &s, &err), RG_OK);
    return s;
}

static size_t slices(const char *const *texts, struct rg_str *out)
{
    size_t n = 0;

    while (texts[n]) {
        out[n] = rg_str_from(texts[n]);
        n++;
    }
    return n;
}

static void check(struct rg_scrubber *s, const char *const *in, const char *const *want)
{
    struct rg_str args[ARGS_MAX];
    struct rg_scrub_args out = {0};
    struct rg_err err = {0};
    size_t n = slices(in, args);
    size_t i = 0;

    assert_int_equal(rg_scrubber_scrub(s, args, n, &out, &err), RG_OK);
    for (; want[i]; i++) {
        assert_true(i < out.count);
        if (!rg_str_is(out.args[i], want[i]))
            fail_msg("argument %zu is '%.*s', not '%s'", i, (int)out.args[i].len, out.args[i].ptr,
                want[i]);
    }
    assert_int_equal(out.count, i);
    rg_scrub_args_finish(&out);
}

#define M "********"

static void test_values_of_sensitive_words_are_hidden(void **state)
{
    static const struct {
        const char *in[ARGS_MAX], *want[ARGS_MAX];
    } rows[] = {
        {{"app", "--db-password", "hunter2", "-v"}, {"app", "--db-password", M, "-v"}},
        {{"app", "--Password:hunter2"}, {"app", "--Password:" M}},
        {{"app", "--password", "a b c"}, {"app", "--password", M, "b", "c"}},
        {{"app", "password/x=1"}, {"app", "password/x=" M}},
        {{"app", "--x/password=1"}, {"app", "--x/password=1"}},
        {{"app", "--mystripetoken=abc"}, {"app", "--mystripetoken=abc"}},
        {{"app", "stripetoken=abc"}, {"app", "stripetoken=" M}},
        {{"--password=first"}, {"--password=first"}},
        {{"app", "--password  s3cr3t"}, {"app", "--password", "", M}},
        {{"app", "--password", "--user", "bob"}, {"app", "--password", M, "bob"}},
        {{"app", "--secret"}, {"app", "--secret"}},
        {{"app", "password="}, {"app", "password=" M}},
        {{"app", "a b"}, {"app", "a b"}},
        {{""}, {""}},
        {{"app", "--api_key=1", "--apikey:2", "access_token", "3"},
            {"app", "--api_key=" M, "--apikey:" M, "access_token", M}},
    };
    struct rg_scrubber *s = make(false, NULL, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(s, rows[i].in, rows[i].want);
    rg_scrubber_destroy(s);
}

static void test_fb09_a_quoted_value_is_hidden_as_a_whole(void **state)
{
    struct rg_scrubber *s = make(false, NULL, 0);
    const char *in[] = {"app", "--password=\"a b\"", "x", NULL};
    const char *want[] = {"app", "--password=" M, "x", NULL};
    const char *single[] = {"app", "--passwd", "'some thing'", "x", NULL};
    const char *single_want[] = {"app", "--passwd", M, "x", NULL};

    (void)state;
    check(s, in, want);
    check(s, single, single_want);
    rg_scrubber_destroy(s);
}

static void test_fb10_wildcards_around_default_words_hide_longer_keys(void **state)
{
    struct rg_scrubber *s = make(false, NULL, 0);
    const char *in[] = {"app", "--openpassword=x", "dbSecretKey=x", NULL};
    const char *want[] = {"app", "--openpassword=" M, "dbSecretKey=" M, NULL};

    (void)state;
    check(s, in, want);
    rg_scrubber_destroy(s);
}

static void count_warning(void *ctx, const char *text)
{
    int *warnings = ctx;

    assert_non_null(strstr(text, "left out"));
    (*warnings)++;
}

static void test_custom_words_are_added_and_bad_ones_reported(void **state)
{
    const struct rg_str words[] = {RG_STR_LIT("consul_token"), RG_STR_LIT("bad word"),
        RG_STR_LIT("*"), RG_STR_LIT("a**b"), RG_STR_LIT("*pin"), RG_STR_LIT("")};
    int warnings = 0;
    struct rg_scrub_options o = {.enabled = true,
        .words = words,
        .word_count = 6,
        .warn = count_warning,
        .warn_ctx = &warnings};
    struct rg_scrubber *s = NULL;
    struct rg_err err = {0};
    const char *in[] = {"app", "consul_token=1", "--mypin=2", "pins=3", NULL};
    const char *want[] = {"app", "consul_token=" M, "--mypin=" M, "pins=3", NULL};

    (void)state;
    assert_int_equal(rg_scrubber_create(&o, &s, &err), RG_OK);
    assert_int_equal(warnings, 4);
    check(s, in, want);
    rg_scrubber_destroy(s);
}

static void test_stripping_keeps_the_first_word_of_the_first_argument(void **state)
{
    struct rg_scrubber *s = make(true, NULL, 0);
    const char *in[] = {"sshd: user", "x", NULL};
    const char *want[] = {"sshd:", NULL};

    (void)state;
    check(s, in, want);
    rg_scrubber_destroy(s);
}

static void test_spans_cover_what_scrubbing_hides(void **state)
{
    struct rg_scrubber *s = make(false, NULL, 0);
    struct rg_str text = RG_STR_LIT("app --secret=\"a b\" x password: --passwd y");
    struct rg_scrub_spans spans = {0};
    struct rg_err err = {0};

    (void)state;
    assert_int_equal(rg_scrubber_spans(s, text, &spans, &err), RG_OK);
    assert_int_equal(spans.count, 2);
    assert_int_equal(spans.spans[0].offset, 13);
    assert_int_equal(spans.spans[0].len, 5);
    assert_memory_equal(text.ptr + spans.spans[1].offset, "y", 1);
    assert_int_equal(spans.spans[1].len, 1);
    rg_scrub_spans_finish(&spans);
    rg_scrubber_destroy(s);
}

static void test_hostile_text_ends_in_time_and_leaks_nothing(void **state)
{
    const struct rg_str words[] = {RG_STR_LIT("*a*a*a*a*a*a*a")};
    struct rg_scrubber *s = make(false, words, 1);
    size_t n = 200000;
    char *bad = malloc(n);
    struct rg_str args[2] = {RG_STR_LIT("app"), {bad, n}};
    struct rg_scrub_args out = {0};
    struct rg_err err = {0};

    (void)state;
    assert_non_null(bad);
    memset(bad, 'a', n);
    assert_int_equal(rg_scrubber_scrub(s, args, 2, &out, &err), RG_OK);
    assert_int_equal(out.count, 2);
    assert_true(rg_str_is(out.args[1], M));
    memset(bad, ' ', n);
    memcpy(bad + n - 9, "passwordx", 9);
    assert_int_equal(rg_scrubber_scrub(s, args, 2, &out, &err), RG_OK);
    assert_false(out.changed);
    rg_scrub_args_finish(&out);
    free(bad);
    rg_scrubber_destroy(s);
}

static struct rg_process process_of(struct rg_str *args, uint32_t n)
{
    struct rg_process p = {.pid = 7, .args = args, .arg_count = n};

    p.stats.create_time_ms = 1000;
    for (uint32_t i = 0; i < n; i++)
        p.args_hash = rg_hash64_seed(args[i].ptr, args[i].len, p.args_hash);
    return p;
}

static void test_fb21_new_arguments_after_exec_are_scrubbed_anew(void **state)
{
    struct rg_scrub_options o = {.enabled = true};
    struct rg_cmdline_scrubber *s = NULL;
    struct rg_str before[] = {RG_STR_LIT("bash")};
    struct rg_str after[] = {RG_STR_LIT("app"), RG_STR_LIT("--password=x")};
    struct rg_process p = process_of(before, 1);
    struct rg_process q = process_of(after, 2);
    const struct rg_str *args;
    struct rg_err err = {0};
    size_t n;

    (void)state;
    assert_int_equal(rg_cmdline_scrubber_create(&o, &s, &err), RG_OK);
    assert_int_equal(rg_cmdline_scrubber_args(s, &p, &args, &n, &err), RG_OK);
    assert_ptr_equal(args, before);
    for (int run = 0; run < 60; run++) {
        assert_int_equal(rg_cmdline_scrubber_args(s, &q, &args, &n, &err), RG_OK);
        assert_int_equal(n, 2);
        assert_true(rg_str_is(args[1], "--password=" M));
        rg_cmdline_scrubber_age(s);
    }
    rg_cmdline_scrubber_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_sensitive_words_are_hidden),
        cmocka_unit_test(test_fb09_a_quoted_value_is_hidden_as_a_whole),
        cmocka_unit_test(test_fb10_wildcards_around_default_words_hide_longer_keys),
        cmocka_unit_test(test_custom_words_are_added_and_bad_ones_reported),
        cmocka_unit_test(test_stripping_keeps_the_first_word_of_the_first_argument),
        cmocka_unit_test(test_spans_cover_what_scrubbing_hides),
        cmocka_unit_test(test_hostile_text_ends_in_time_and_leaks_nothing),
        cmocka_unit_test(test_fb21_new_arguments_after_exec_are_scrubbed_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
