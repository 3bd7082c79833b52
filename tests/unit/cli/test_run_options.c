#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "run_options.h"

static void assert_text(const struct rg_buf *text, const char *wanted)
{
    assert_int_equal(text->len, strlen(wanted));
    assert_memory_equal(text->data, wanted, strlen(wanted));
}

static void assert_live(
    const struct cli_common *common, const char *checks, const char *for_text, const char *wanted)
{
    struct rg_buf text;

    rg_buf_init(&text, 4096);
    assert_int_equal(run_options_live(&text, common, checks, for_text), RG_OK);
    assert_string_equal((const char *)text.data, wanted);
    rg_buf_finish(&text);
}

static void test_live_run_without_configuration_has_the_process_check(void **state)
{
    const struct cli_common plain = {.proc_root = "/proc"};
    const struct cli_common configured = {.proc_root = "/proc", .config_path = "x.yaml"};

    (void)state;
    assert_live(&plain, NULL, NULL, "run.checks: [process]\n");
    assert_live(&configured, NULL, NULL, "");
}

static void test_live_run_with_a_conf_d_runs_its_checks_too(void **state)
{
    const struct cli_common common = {.proc_root = "/proc", .confd = "conf.d"};

    (void)state;
    assert_live(&common, NULL, NULL, "run.checks: [process]\nrun.confd: true\n");
    assert_live(&common, "none", "1m", "run.checks: []\nrun.confd: true\nrun.for: 1m\n");
}

static void test_live_run_says_what_the_command_line_says(void **state)
{
    const struct cli_common common = {
        .proc_root = "/proc", .log_level = RG_LOG_DEBUG, .log_level_given = true};

    (void)state;
    assert_live(&common, "process,rtprocess", "90s",
        "run.checks: [process,rtprocess]\nrun.for: 90s\nlog_level: debug\n");
}

static void test_set_replaces_the_line_of_its_key_only(void **state)
{
    struct rg_buf text;

    (void)state;
    rg_buf_init(&text, 4096);
    assert_int_equal(rg_buf_str(&text, "run.for: 5s\nrun.form: a\nlog_level: info"), RG_OK);
    assert_int_equal(run_options_set(&text, RG_STR_LIT("run.for"), RG_STR_LIT("1m")), RG_OK);
    assert_text(&text, "run.form: a\nlog_level: info\nrun.for: 1m\n");
    assert_int_equal(run_options_set(&text, RG_STR_LIT("log_level"), RG_STR_LIT("warn")), RG_OK);
    assert_text(&text, "run.form: a\nrun.for: 1m\nlog_level: warn\n");
    rg_buf_finish(&text);
}

static void test_unset_removes_the_last_line_too(void **state)
{
    struct rg_buf text;

    (void)state;
    rg_buf_init(&text, 4096);
    assert_int_equal(rg_buf_str(&text, "a: 1\nb: 2"), RG_OK);
    run_options_unset(&text, RG_STR_LIT("c"));
    assert_text(&text, "a: 1\nb: 2");
    run_options_unset(&text, RG_STR_LIT("b"));
    assert_text(&text, "a: 1\n");
    run_options_unset(&text, RG_STR_LIT("a"));
    assert_int_equal(text.len, 0);
    rg_buf_finish(&text);
}

static void test_split_refuses_what_would_break_a_line(void **state)
{
    static const char *const bad[] = {
        "", "=", "a", "a=", "=1", "a b=1", "a:b=1", "a=1\nb: 2", "a=1\r", "a#=1"};
    struct rg_str key, value;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(run_options_split(bad[i], &key, &value));
    assert_true(run_options_split("run.checks=[process, rtprocess]", &key, &value));
    assert_true(rg_str_is(key, "run.checks"));
    assert_true(rg_str_is(value, "[process, rtprocess]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_run_without_configuration_has_the_process_check),
        cmocka_unit_test(test_live_run_with_a_conf_d_runs_its_checks_too),
        cmocka_unit_test(test_live_run_says_what_the_command_line_says),
        cmocka_unit_test(test_set_replaces_the_line_of_its_key_only),
        cmocka_unit_test(test_unset_removes_the_last_line_too),
        cmocka_unit_test(test_split_refuses_what_would_break_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
