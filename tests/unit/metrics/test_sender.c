#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics_fixture.h"

#include <stdlib.h>

static void test_an_empty_host_becomes_the_agents_unless_disabled(void **state)
{
    struct metrics_fixture f;
    struct rg_sender *s;
    char text[512];

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_gauge(s, "a", 1, NULL, RG_NO_TAGS);
    rg_sender_gauge(s, "b", 1, "other", RG_NO_TAGS);
    rg_sender_disable_default_hostname(s, true);
    rg_sender_gauge(s, "c", 1, "", RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_int_equal(f.flush.metrics.serie_count, 3);
    assert_string_equal(serie_text(&f, 0, text), "a|agent-host|");
    assert_string_equal(serie_text(&f, 1, text), "b|other|");
    assert_string_equal(serie_text(&f, 2, text), "c||");
    rg_sender_close(s);
    fixture_finish(&f);
}

/* L16: upstream appends to the caller's list and sorts it in place. */
static void test_custom_tags_are_copied_and_the_callers_list_stays_as_it_is(void **state)
{
    char word[] = "env:prod";
    struct rg_str custom[] = {{word, 8}, RG_STR_LIT("a:1")};
    struct rg_str mine[] = {RG_STR_LIT("z:9"), RG_STR_LIT("b:2"), RG_STR_LIT("a:1")};
    struct metrics_fixture f;
    struct rg_sender *s;
    char text[512];

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    assert_int_equal(rg_sender_set_custom_tags(s, (struct rg_tags){custom, 2}), RG_OK);
    memset(word, 'x', sizeof(word) - 1);
    custom[1] = RG_STR_LIT("other");
    rg_sender_gauge(s, "a", 1, NULL, (struct rg_tags){mine, 3});
    rg_sender_service_check(
        s, &(struct rg_service_check){.name = RG_STR_LIT("up"), .tags = (struct rg_tags){mine, 3}});
    rg_sender_event(
        s, &(struct rg_event){.title = RG_STR_LIT("t"), .tags = (struct rg_tags){mine, 1}});
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_string_equal(serie_text(&f, 0, text), "a|agent-host|a:1,b:2,env:prod,z:9");
    assert_int_equal(f.flush.checks[0]->tags.count, 4);
    assert_true(rg_str_is(f.flush.checks[0]->tags.items[2], "env:prod"));
    assert_true(rg_str_is(f.flush.checks[0]->host, "agent-host"));
    assert_int_equal(f.flush.checks[0]->timestamp_s, 1767225600);
    assert_int_equal(f.flush.events[0]->tags.count, 3);
    assert_true(rg_str_is(mine[0], "z:9"));
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_the_service_tag_is_added_once(void **state)
{
    const struct rg_str tag = RG_STR_LIT("a:1");
    struct metrics_fixture f;
    struct rg_sender *s;
    char text[512];

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    assert_int_equal(rg_sender_finalize_service_tag(s), RG_OK);
    assert_int_equal(rg_sender_set_custom_tags(s, (struct rg_tags){&tag, 1}), RG_OK);
    assert_int_equal(rg_sender_set_service(s, RG_STR_LIT("old")), RG_OK);
    assert_int_equal(rg_sender_set_service(s, RG_STR_LIT("web")), RG_OK);
    assert_int_equal(rg_sender_finalize_service_tag(s), RG_OK);
    assert_int_equal(rg_sender_finalize_service_tag(s), RG_OK);
    rg_sender_gauge(s, "a", 1, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_string_equal(serie_text(&f, 0, text), "a|agent-host|a:1,service:web");
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_no_index_is_kept_with_the_serie(void **state)
{
    struct metrics_fixture f;
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_gauge(s, "a", 1, NULL, RG_NO_TAGS);
    rg_sender_set_no_index(s, true);
    rg_sender_gauge(s, "b", 1, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_false(f.flush.metrics.series[0].no_index);
    assert_true(f.flush.metrics.series[1].no_index);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_commit_rotates_the_statistics(void **state)
{
    struct metrics_fixture f;
    struct rg_sender_stats stats;
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_rate(s, "a", 1, NULL, RG_NO_TAGS);
    rg_sender_count(s, "b", 1, NULL, RG_NO_TAGS);
    rg_sender_histogram_bucket(
        s, &(struct rg_histogram_bucket){.name = RG_STR_LIT("h"), .value = 1, .upper = 1});
    rg_sender_service_check(s, &(struct rg_service_check){.name = RG_STR_LIT("up")});
    rg_sender_event(s, &(struct rg_event){.title = RG_STR_LIT("t")});
    stats = rg_sender_last_stats(s);
    assert_int_equal(stats.metric_samples, 0);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    stats = rg_sender_last_stats(s);
    assert_int_equal(stats.metric_samples, 2);
    assert_int_equal(stats.histogram_buckets, 1);
    assert_int_equal(stats.service_checks, 1);
    assert_int_equal(stats.events, 1);
    assert_int_equal(stats.dropped, 0);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    assert_int_equal(rg_sender_last_stats(s).metric_samples, 0);
    rg_sender_gauge(s, "a", 1, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    assert_int_equal(rg_sender_take_stats(s).metric_samples, 1);
    assert_int_equal(rg_sender_take_stats(s).metric_samples, 0);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_a_timestamped_sample_needs_a_timestamp(void **state)
{
    struct rg_sample sample = {.type = RG_METRIC_GAUGE_AT, .name = RG_STR_LIT("m"), .value = 3};
    struct metrics_fixture f;
    struct rg_err err = {0};
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    assert_int_equal(rg_sender_sample(s, &sample, &err), RG_EINVALID);
    assert_string_equal(err.text, "invalid timestamp");
    sample.timestamp_s = -1;
    assert_int_equal(rg_sender_sample(s, &sample, &err), RG_EINVALID);
    sample.timestamp_s = 1e300; /* finite, but no payload can say it */
    assert_int_equal(rg_sender_sample(s, &sample, &err), RG_EINVALID);
    sample.timestamp_s = 5;
    assert_int_equal(rg_sender_sample(s, &sample, &err), RG_OK);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    assert_int_equal(rg_sender_last_stats(s).metric_samples, 1);
    fixture_flush(&f, false);
    assert_true(f.flush.metrics.series[0].first.timestamp_s == 5);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_a_run_that_did_not_commit_sends_its_service_checks_only(void **state)
{
    struct metrics_fixture f;
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_count(s, "m", 2, NULL, RG_NO_TAGS);
    rg_sender_service_check(
        s, &(struct rg_service_check){.name = RG_STR_LIT("up"), .status = RG_SERVICE_CRITICAL});
    rg_sender_end_run(s);
    fixture_flush(&f, false);
    assert_int_equal(f.flush.metrics.serie_count, 0);
    assert_int_equal(f.flush.check_count, 1);
    rg_sender_count(s, "m", 3, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    rg_sender_end_run(s);
    fixture_flush(&f, false);
    assert_true(f.flush.metrics.series[0].first.value == 5);
    assert_int_equal(rg_aggregator_counts(f.aggregator).hand_overs, 2);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_a_closed_sender_is_flushed_once_more_and_forgotten(void **state)
{
    struct metrics_fixture f;
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_monotonic_count(s, "m", 10, NULL, RG_NO_TAGS);
    rg_sender_gauge(s, "g", 1, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    rg_sender_close(s);
    assert_int_equal(rg_aggregator_counts(f.aggregator).samplers, 1);
    fixture_flush(&f, false);
    assert_int_equal(f.flush.metrics.serie_count, 1);
    assert_int_equal(rg_aggregator_counts(f.aggregator).samplers, 0);
    assert_int_equal(rg_aggregator_counts(f.aggregator).contexts, 0);
    s = fixture_sender(&f, "check:1");
    rg_sender_monotonic_count(s, "m", 15, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_int_equal(f.flush.metrics.serie_count, 0); /* a first value again */
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_a_check_that_comes_back_before_the_flush_keeps_its_state(void **state)
{
    struct metrics_fixture f;
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_monotonic_count(s, "m", 10, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    rg_sender_close(s);
    s = fixture_sender(&f, "check:1");
    fixture_flush(&f, false);
    rg_sender_monotonic_count(s, "m", 15, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_int_equal(f.flush.metrics.serie_count, 1);
    assert_true(f.flush.metrics.series[0].first.value == 5);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_closing_one_of_two_senders_leaves_the_sampler_to_the_other(void **state)
{
    struct metrics_fixture f;
    struct rg_sender *old, *fresh;

    (void)state;
    fixture_init(&f, NULL, NULL);
    old = fixture_sender(&f, "check:1");
    fresh = fixture_sender(&f, "check:1");
    rg_sender_close(old);
    fixture_flush(&f, false);
    assert_int_equal(rg_aggregator_counts(f.aggregator).samplers, 1);
    rg_sender_gauge(fresh, "m", 1, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(fresh, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_int_equal(f.flush.metrics.serie_count, 1);
    rg_sender_close(fresh);
    fixture_finish(&f);
}

static void test_a_full_batch_is_handed_over_and_nothing_is_lost(void **state)
{
    struct metrics_fixture f;
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    for (int i = 0; i < RG_SENDER_ITEMS_MAX * 2 + 5; i++)
        rg_sender_count(s, "m", 1, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_true(f.flush.metrics.series[0].first.value == RG_SENDER_ITEMS_MAX * 2 + 5);
    assert_int_equal(rg_aggregator_counts(f.aggregator).hand_overs, 3);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_texts_over_the_limit_are_counted_and_reported(void **state)
{
    char *text = malloc(RG_EVENT_BYTES_MAX + 2);
    struct metrics_fixture f;
    struct rg_err err = {0};
    struct rg_sender *s;

    (void)state;
    assert_non_null(text);
    memset(text, 'a', RG_EVENT_BYTES_MAX + 1);
    text[RG_EVENT_BYTES_MAX + 1] = '\0';
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_gauge(s, text, 1, NULL, RG_NO_TAGS);
    rg_sender_event(s, &(struct rg_event){.title = rg_str_from(text)});
    rg_sender_service_check(s, &(struct rg_service_check){.message = rg_str_from(text)});
    rg_sender_gauge(s, "m", 1, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, &err), RG_ELIMIT);
    assert_string_equal(err.text, "check check:1: 3 items lost");
    assert_int_equal(rg_sender_last_stats(s).dropped, 3);
    assert_int_equal(rg_sender_commit(s, &err), RG_OK);
    fixture_flush(&f, false);
    assert_int_equal(f.flush.metrics.serie_count, 1);
    assert_int_equal(f.flush.event_count, 0);
    assert_int_equal(rg_sim_sink_count(f.sink), 1); /* one line in the log */
    rg_sender_gauge(s, text, 1, NULL, RG_NO_TAGS);
    rg_sender_close(s);
    assert_int_equal(rg_sim_sink_count(f.sink), 2); /* no commit has told of this one */
    free(text);
    fixture_finish(&f);
}

static void test_a_flush_with_extras_speaks_for_the_agent(void **state)
{
    struct metrics_fixture f;
    char text[512];

    (void)state;
    fixture_init(&f, NULL, NULL);
    fixture_flush(&f, true);
    assert_int_equal(f.flush.metrics.serie_count, 2);
    assert_string_equal(serie_text(&f, 0, text), "datadog.agent.running|agent-host|");
    assert_true(f.flush.metrics.series[0].first.value == 1);
    assert_true(f.flush.metrics.series[0].first.timestamp_s == 1767225600);
    assert_string_equal(
        serie_text(&f, 1, text), "n_o_i_n_d_e_x.datadog.agent.payload.dropped|agent-host|");
    assert_true(f.flush.metrics.series[1].no_index);
    assert_int_equal(f.flush.check_count, 1);
    assert_true(rg_str_is(f.flush.checks[0]->name, "datadog.agent.up"));
    fixture_finish(&f);
}

static void test_series_come_out_in_one_order_whoever_commits_first(void **state)
{
    static const char *const expected[] = {"a|agent-host|", "a|h1|", "a|h1|t:1", "a|h1|t:1,t:2",
        "a|h1|t:2", "a.b|agent-host|", "b|agent-host|"};
    const struct rg_str tags[] = {RG_STR_LIT("t:1"), RG_STR_LIT("t:2")};
    char text[512];

    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct rg_sender *s[2];
        struct metrics_fixture f;

        fixture_init(&f, NULL, NULL);
        s[0] = fixture_sender(&f, "x");
        s[1] = fixture_sender(&f, "y");
        rg_sender_gauge(s[0], "b", 1, NULL, RG_NO_TAGS);
        rg_sender_gauge(s[0], "a", 1, "h1", (struct rg_tags){&tags[1], 1});
        rg_sender_gauge(s[0], "a", 1, "h1", (struct rg_tags){tags, 2});
        rg_sender_gauge(s[1], "a", 1, "h1", (struct rg_tags){tags, 1});
        rg_sender_gauge(s[1], "a", 1, "h1", RG_NO_TAGS);
        rg_sender_gauge(s[1], "a.b", 1, NULL, RG_NO_TAGS);
        rg_sender_gauge(s[1], "a", 1, NULL, RG_NO_TAGS);
        assert_int_equal(rg_sender_commit(s[turn], NULL), RG_OK);
        assert_int_equal(rg_sender_commit(s[1 - turn], NULL), RG_OK);
        fixture_flush(&f, false);
        assert_int_equal(f.flush.metrics.serie_count, 7);
        for (size_t i = 0; i < 7; i++)
            assert_string_equal(serie_text(&f, i, text), expected[i]);
        rg_sender_close(s[0]);
        rg_sender_close(s[1]);
        fixture_finish(&f);
    }
}

static void test_a_rate_measures_the_time_between_its_samples(void **state)
{
    struct metrics_fixture f;
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_rate(s, "m", 100, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_pass(&f, 20);
    rg_sender_rate(s, "m", 140, NULL, RG_NO_TAGS);
    fixture_pass(&f, 5);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_true(f.flush.metrics.series[0].first.value == 2);
    assert_true(f.flush.metrics.series[0].first.timestamp_s == 1767225620);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_tags_have_a_limit(void **state)
{
    struct rg_str *tags = calloc(RG_TAGS_MAX + 1, sizeof(*tags));
    char(*texts)[8] = calloc(RG_TAGS_MAX + 1, sizeof(*texts));
    struct metrics_fixture f;
    struct rg_sender *s;

    (void)state;
    assert_true(tags && texts);
    for (size_t i = 0; i <= RG_TAGS_MAX; i++) {
        snprintf(texts[i], sizeof(texts[i]), "t:%zu", i);
        tags[i] = rg_str_from(texts[i]);
    }
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    assert_int_equal(
        rg_sender_set_custom_tags(s, (struct rg_tags){tags, RG_TAGS_MAX + 1}), RG_ELIMIT);
    rg_sender_gauge(s, "m", 1, NULL, (struct rg_tags){tags, RG_TAGS_MAX + 1});
    assert_int_equal(rg_sender_commit(s, NULL), RG_ELIMIT);
    assert_int_equal(rg_sender_last_stats(s).dropped, 1);
    fixture_flush(&f, false);
    assert_int_equal(f.flush.metrics.series[0].context->tags.count, RG_TAGS_MAX);
    rg_sender_close(s);
    free(texts);
    free(tags);
    fixture_finish(&f);
}

static void test_an_id_that_is_too_long_is_refused(void **state)
{
    char id[RG_SENDER_ID_MAX + 2];
    struct rg_sender *s = NULL;
    struct metrics_fixture f;
    struct rg_err err = {0};

    (void)state;
    memset(id, 'x', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    fixture_init(&f, NULL, NULL);
    assert_int_equal(rg_sender_open(f.aggregator, id, &s, &err), RG_ELIMIT);
    assert_null(s);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_host_becomes_the_agents_unless_disabled),
        cmocka_unit_test(test_custom_tags_are_copied_and_the_callers_list_stays_as_it_is),
        cmocka_unit_test(test_the_service_tag_is_added_once),
        cmocka_unit_test(test_no_index_is_kept_with_the_serie),
        cmocka_unit_test(test_commit_rotates_the_statistics),
        cmocka_unit_test(test_a_timestamped_sample_needs_a_timestamp),
        cmocka_unit_test(test_a_run_that_did_not_commit_sends_its_service_checks_only),
        cmocka_unit_test(test_a_closed_sender_is_flushed_once_more_and_forgotten),
        cmocka_unit_test(test_a_check_that_comes_back_before_the_flush_keeps_its_state),
        cmocka_unit_test(test_closing_one_of_two_senders_leaves_the_sampler_to_the_other),
        cmocka_unit_test(test_a_full_batch_is_handed_over_and_nothing_is_lost),
        cmocka_unit_test(test_texts_over_the_limit_are_counted_and_reported),
        cmocka_unit_test(test_a_flush_with_extras_speaks_for_the_agent),
        cmocka_unit_test(test_series_come_out_in_one_order_whoever_commits_first),
        cmocka_unit_test(test_a_rate_measures_the_time_between_its_samples),
        cmocka_unit_test(test_tags_have_a_limit),
        cmocka_unit_test(test_an_id_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests_name("sender", tests, NULL, NULL);
}
