#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config.h"
#include "fail_alloc.h"
#include "fake_host.h"

#include <stdlib.h>
#include <string.h>

static enum rg_status apply(struct rg_engine_config *c, const char *text, struct rg_err *err)
{
    return rg_engine_config_apply(c, "x.yaml", text, strlen(text), err);
}

static void expect_error(const char *text, const char *want)
{
    struct rg_engine_config c;
    struct rg_err err = {0};

    rg_engine_config_init(&c);
    assert_int_not_equal(apply(&c, text, &err), RG_OK);
    assert_string_equal(err.text, want);
    rg_engine_config_finish(&c);
}

static void test_defaults_are_upstreams(void **state)
{
    struct rg_engine_config c;

    (void)state;
    rg_engine_config_init(&c);
    assert_true(c.scrub_args);
    assert_int_equal(c.max_per_message, 100);
    assert_int_equal(c.max_message_bytes, 1000000);
    assert_int_equal(c.queue_size, 256);
    assert_int_equal(c.rt_queue_size, 5);
    assert_int_equal(c.process_queue_bytes, 60000000);
    assert_int_equal(c.hint_frequency, 60);
    assert_false(rg_engine_config_process(&c));
    rg_engine_config_finish(&c);
}

static void test_keys_are_read_nested_or_with_dots(void **state)
{
    struct rg_engine_config c;
    struct rg_err err = {0};

    (void)state;
    rg_engine_config_init(&c);
    assert_int_equal(apply(&c,
                         "hostname: h\n"
                         "process_config:\n"
                         "  intervals: {process: 20}\n"
                         "  process_collection: {enabled: true}\n"
                         "  blacklist_patterns: ['^a', \"b c\"]\n"
                         "  custom_sensitive_words:\n"
                         "process_config.intervals.process_realtime: 4\n"
                         "run: {for: 5m, realtime: yes_no}\n",
                         &err),
        RG_EINVALID);
    assert_string_equal(
        err.text, "x.yaml:8:26: run.realtime: expected true or false, not 'yes_no'");
    assert_string_equal(c.hostname, "h");
    assert_int_equal(c.interval_s, 20);
    assert_int_equal(c.realtime_interval_s, 4);
    assert_true(c.run_for_ns == 300 * RG_NS_PER_S);
    assert_int_equal(c.blacklist_patterns.count, 2);
    assert_string_equal(c.blacklist_patterns.items[1].ptr, "b c");
    assert_false(c.custom_sensitive_words.set);
    assert_true(rg_engine_config_process(&c));
    rg_engine_config_finish(&c);
}

static void test_broken_documents_are_refused_with_line_and_column(void **state)
{
    (void)state;
    expect_error("a: 1\nb: 2\na: 3\n", "x.yaml:3:4: 'a' is set twice, first in line 1");
    expect_error("a: {b: 1}\na.b: 2\n", "x.yaml:2:6: 'a.b' is set twice, first in line 1");
    expect_error("- a\n", "x.yaml:1:1: the document is not a mapping");
    expect_error("a: 1\n---\nb: 1\n", "x.yaml:2:1: a second document");
    expect_error("? [a]\n: 1\n", "x.yaml:1:3: a key must be a plain text");
    expect_error("a: *x\n", "x.yaml:1:4: an alias without an anchor");
    expect_error("a: &x {b: *x}\n", "x.yaml:1:11: an alias to the value it is part of");
    expect_error("a: &x {b: &x 1}\n", "x.yaml:1:11: an anchor within the value of the same name");
    expect_error("process_config:\n  max_per_message: many\n",
        "x.yaml:2:20: process_config.max_per_message: expected a whole number, not 'many'");
    expect_error("hostname: [a]\n", "x.yaml:1:11: hostname: expected one value, not 'a list'");
    expect_error("run:\n  fro: 5s\n", "x.yaml:2:8: unknown key 'run.fro'; did you mean 'run.for'?");
    expect_error("reagent: {zzzzzzzz: 1}\n", "x.yaml:1:21: unknown key 'reagent.zzzzzzzz'");
    expect_error("run: 5\n", "x.yaml:1:6: 'run' must be a mapping");
    expect_error("run.checks: [{a: 1}]\n",
        "x.yaml:1:13: run.checks: expected a list of texts, item 1 is not one");
    expect_error("a: \"\\0\"\n", "x.yaml:1:4: a value holds a NUL byte");
}

static void test_scanner_errors_name_their_place(void **state)
{
    struct rg_engine_config c;
    struct rg_err err = {0};

    (void)state;
    rg_engine_config_init(&c);
    assert_int_equal(apply(&c, "a: 1\n b: [\n", &err), RG_EINVALID);
    assert_memory_equal(err.text, "x.yaml:2:", 9);
    rg_engine_config_finish(&c);
}

static void test_depth_and_growth_are_bounded(void **state)
{
    struct rg_engine_config c;
    struct rg_err err = {0};
    char deep[256] = "a: ";
    struct rg_buf bomb;

    (void)state;
    rg_engine_config_init(&c);
    memset(deep + 3, '[', 70);
    assert_int_equal(apply(&c, deep, &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "nested too deeply"));

    rg_buf_init(&bomb, 4096);
    assert_int_equal(rg_buf_str(&bomb, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"), RG_OK);
    for (int i = 1; i < 9; i++)
        assert_int_equal(
            rg_buf_printf(&bomb, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
                i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1),
            RG_OK);
    assert_int_equal(rg_engine_config_apply(&c, "x.yaml", bomb.data, bomb.len, &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "the document holds too much"));
    rg_buf_finish(&bomb);
    rg_engine_config_finish(&c);
}

static void test_aliases_repeat_their_value(void **state)
{
    struct rg_engine_config c;
    struct rg_err err = {0};

    (void)state;
    rg_engine_config_init(&c);
    assert_int_equal(apply(&c,
                         "words: &w [one, two]\n"
                         "process_config: {custom_sensitive_words: *w}\n",
                         &err),
        RG_OK);
    assert_int_equal(c.custom_sensitive_words.count, 2);
    assert_string_equal(c.custom_sensitive_words.items[1].ptr, "two");
    rg_engine_config_finish(&c);
}

static void test_unknown_keys_of_others_are_notes(void **state)
{
    struct rg_engine_config c;
    struct rg_err err = {0};

    (void)state;
    rg_engine_config_init(&c);
    assert_int_equal(apply(&c, "logs_config:\n  rules: [{type: x}]\n", &err), RG_OK);
    assert_int_equal(c.notes.count, 1);
    assert_string_equal(c.notes.items[0].ptr, "x.yaml:2:10: 'logs_config.rules' is not used here");
    rg_engine_config_finish(&c);
}

static void test_later_sources_win(void **state)
{
    struct rg_engine_config c;
    struct fake_host h;
    struct rg_err err = {0};

    (void)state;
    fake_host_init(&h);
    h.documents[0] = (struct fake_text){"datadog.yaml",
        "hostname: file\nlog_level: debug\nprocess_config: {max_per_message: 1, queue_size: 1,"
        " rt_queue_size: 1, scrub_args: true}\n"};
    h.env[0] = (struct fake_text){"DD_PROCESS_CONFIG_MAX_PER_MESSAGE", "2"};
    h.env[1] = (struct fake_text){"DD_PROCESS_AGENT_QUEUE_SIZE", "2"};
    h.env[2] = (struct fake_text){"DD_SCRUB_ARGS", "false"};
    h.env[3] = (struct fake_text){"DD_CUSTOM_SENSITIVE_WORDS", "[\"a\", \"b\"]"};
    h.env[4] = (struct fake_text){"DD_PROCESS_CONFIG_BLACKLIST_PATTERNS", "x, y"};
    h.env[5] = (struct fake_text){"DD_HOSTNAME", "env"};
    h.documents[1] = (struct fake_text){
        "options", "process_config.max_per_message: 3\nrun: {checks: [rtprocess]}\n"};
    rg_engine_config_init(&c);
    assert_int_equal(rg_engine_config_load(&c, &h.host, &err), RG_OK);
    assert_string_equal(c.hostname, "env");
    assert_int_equal(c.max_per_message, 3);
    assert_int_equal(c.queue_size, 2);
    assert_int_equal(c.rt_queue_size, 1);
    assert_false(c.scrub_args);
    assert_int_equal(c.custom_sensitive_words.count, 2);
    assert_int_equal(c.blacklist_patterns.count, 2);
    assert_string_equal(c.blacklist_patterns.items[1].ptr, "y");
    assert_true(rg_engine_config_process(&c));
    assert_true(rg_engine_config_realtime(&c));
    rg_engine_config_finish(&c);
}

static void test_bad_values_of_the_environment_name_the_variable(void **state)
{
    struct rg_engine_config c;
    struct fake_host h;
    struct rg_err err = {0};

    (void)state;
    fake_host_init(&h);
    h.env[0] = (struct fake_text){"DD_STRIP_PROCESS_ARGS", "maybe"};
    rg_engine_config_init(&c);
    assert_int_equal(rg_engine_config_load(&c, &h.host, &err), RG_EINVALID);
    assert_string_equal(err.text,
        "environment variable DD_STRIP_PROCESS_ARGS: expected true or false, not 'maybe'");
    rg_engine_config_finish(&c);
}

static void test_unknown_checks_are_refused(void **state)
{
    struct rg_engine_config c;
    struct fake_host h;
    struct rg_err err = {0};

    (void)state;
    fake_host_init(&h);
    h.documents[0] = (struct fake_text){"options", "run.checks: [proces]"};
    rg_engine_config_init(&c);
    assert_int_equal(rg_engine_config_load(&c, &h.host, &err), RG_EINVALID);
    assert_string_equal(
        err.text, "run.checks: there is no check 'proces'; did you mean 'process'?");
    rg_engine_config_finish(&c);
}

static void test_deprecated_switch_decides_when_it_is_set(void **state)
{
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"process_config: {enabled: 'true'}", true},
        {"process_config: {enabled: false, process_collection: {enabled: true}}", false},
        {"process_config: {enabled: disabled}", false},
        {"process_config: {process_collection: {enabled: true}}", true},
        {"{process_config: {process_collection: {enabled: true}}, run: {checks: []}}", false},
    };
    struct rg_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rg_engine_config c;

        rg_engine_config_init(&c);
        assert_int_equal(apply(&c, rows[i].text, &err), RG_OK);
        assert_int_equal(rg_engine_config_process(&c), rows[i].want);
        rg_engine_config_finish(&c);
    }
}

static void test_loading_survives_every_failed_allocation(void **state)
{
    const char *text = "a: &x {b: [1, 2]}\nc: *x\nhostname: h\n"
                       "process_config: {custom_sensitive_words: [u, v], drop_check_payloads: "
                       "'r, s', blacklist_patterns: '[p, q]'}\n";

    (void)state;
    for (long n = 1;; n++) {
        struct rg_engine_config c;
        struct rg_err err = {0};
        enum rg_status st;
        bool failed;

        assert_true(n < 1000);
        rg_engine_config_init(&c);
        fail_alloc_at(n);
        st = apply(&c, text, &err);
        failed = fail_alloc_happened();
        fail_alloc_at(0);
        rg_engine_config_finish(&c);
        assert_int_equal(st, failed ? RG_ENOMEM : RG_OK);
        if (!failed)
            break;
    }
}

/* ---- keys of the checks of conf.d ---- */

static void test_keys_of_checks_are_known_only_when_they_run(void **state)
{
    static const char text[] = "check_runners: 9\nuse_v2_api: {series: false}\n"
                               "check_cancel_timeout: 2s\nhistogram_percentiles: [0.5, 0.99]\n";
    struct rg_engine_config c;
    struct rg_err err = {0};

    (void)state;
    rg_engine_config_init(&c);
    assert_int_equal(apply(&c, text, &err), RG_OK);
    assert_int_equal(c.flow.runners, 4);
    assert_int_equal(c.notes.count, 4);
    assert_string_equal(c.notes.items[0].ptr, "x.yaml:1:16: 'check_runners' is not used here");
    rg_engine_config_finish(&c);

    rg_engine_config_init(&c);
    c.use_flow = true;
    assert_int_equal(apply(&c, text, &err), RG_OK);
    assert_int_equal(c.flow.runners, 9);
    assert_false(c.flow.series_v2);
    assert_true(c.flow.cancel_timeout_ns == 2 * RG_NS_PER_S);
    assert_int_equal(c.flow.percentiles.count, 2);
    assert_int_equal(c.notes.count, 0);
    rg_engine_config_finish(&c);
}

static void test_defaults_of_checks_are_upstreams(void **state)
{
    struct rg_metric_flusher_options flusher;
    struct rg_collector_options collector;
    struct rg_sampler_world world;
    struct rg_engine_config c;
    struct rg_err err = {0};

    (void)state;
    rg_engine_config_init(&c);
    assert_int_equal(rg_checks_config_check(&c.flow, &err), RG_OK);
    collector = rg_checks_config_collector(&c.flow);
    assert_int_equal(collector.workers, 4);
    assert_true(collector.cancel_timeout_ns == 500 * RG_NS_PER_MS);
    assert_int_equal(collector.logging_frequency, 500);
    assert_false(collector.check_status);
    flusher = rg_checks_config_flusher(&c.flow);
    assert_int_equal(flusher.format, RG_SERIES_V2);
    assert_int_equal(flusher.limits.series_points, 10000);
    assert_int_equal(flusher.limits.series_bytes, 5242880);
    assert_false(flusher.omit.series || flusher.omit.events || flusher.log_items);
    rg_checks_config_world(&c.flow, &world);
    assert_int_equal(world.commits_until_expiry, 2);
    assert_true(world.stateful_expiry_s == 25 * 3600);
    assert_int_equal(world.plan.aggregate_count, 4);
    assert_int_equal(world.plan.percentile_count, 1);
    assert_false(c.flow.poll);
    assert_int_equal(c.flow.poll_interval_s, 60);
    rg_engine_config_finish(&c);
}

static void test_sources_of_check_settings_have_their_order(void **state)
{
    struct rg_sampler_world world;
    struct rg_engine_config c;
    struct fake_host h;
    struct rg_err err = {0};

    (void)state;
    fake_host_init(&h);
    h.documents[0] = (struct fake_text){"datadog.yaml",
        "check_runners: 5\nlogging_frequency: 7\nlog_payloads: true\nprocess_config.queue_size: 9\n"
        "histogram_aggregates: []\n"};
    h.documents[1] =
        (struct fake_text){"options", "run: {confd: true, checks: [none]}\nlogging_frequency: 8\n"};
    h.env[0] = (struct fake_text){"DD_CHECK_RUNNERS", "6"};
    h.env[1] = (struct fake_text){"DD_LOGGING_FREQUENCY", "9"};
    h.env[2] = (struct fake_text){"DD_ENABLE_PAYLOADS_EVENTS", "false"};
    h.env[3] = (struct fake_text){"DD_HISTOGRAM_PERCENTILES", "0.5, 0.75"};
    rg_engine_config_init(&c);
    assert_int_equal(rg_engine_config_load(&c, &h.host, &err), RG_OK);
    assert_true(c.confd && c.use_flow);
    assert_false(rg_engine_config_process(&c));
    assert_int_equal(c.flow.runners, 6);
    assert_int_equal(c.flow.logging_frequency, 8);
    assert_true(c.flow.log_payloads);
    assert_false(c.flow.send_events);
    assert_int_equal(c.queue_size, 9);
    assert_int_equal(c.notes.count, 0);
    rg_checks_config_world(&c.flow, &world);
    assert_int_equal(world.plan.aggregate_count, 0); /* an empty list is one */
    assert_int_equal(world.plan.percentile_count, 2);
    assert_string_equal(world.plan.percentile_suffixes[1], ".75percentile");
    rg_engine_config_finish(&c);
    assert_string_equal(rg_engine_config_of_env(rg_str_from("DD_CHECK_RUNNERS")), "check_runners");
    assert_string_equal(
        rg_engine_config_of_env(rg_str_from("DD_USE_V2_API_SERIES")), "use_v2_api.series");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_upstreams),
        cmocka_unit_test(test_keys_are_read_nested_or_with_dots),
        cmocka_unit_test(test_broken_documents_are_refused_with_line_and_column),
        cmocka_unit_test(test_scanner_errors_name_their_place),
        cmocka_unit_test(test_depth_and_growth_are_bounded),
        cmocka_unit_test(test_aliases_repeat_their_value),
        cmocka_unit_test(test_unknown_keys_of_others_are_notes),
        cmocka_unit_test(test_later_sources_win),
        cmocka_unit_test(test_bad_values_of_the_environment_name_the_variable),
        cmocka_unit_test(test_unknown_checks_are_refused),
        cmocka_unit_test(test_deprecated_switch_decides_when_it_is_set),
        cmocka_unit_test(test_loading_survives_every_failed_allocation),
        cmocka_unit_test(test_keys_of_checks_are_known_only_when_they_run),
        cmocka_unit_test(test_defaults_of_checks_are_upstreams),
        cmocka_unit_test(test_sources_of_check_settings_have_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
