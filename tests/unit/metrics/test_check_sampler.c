#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "rg/base/hash.h"
#include "rg/base/prng.h"
#include "sampler_fixture.h"

static struct rg_context *make_context(
    const char *name, const char *host, struct rg_str *tags, size_t count)
{
    struct rg_context *context;
    struct rg_buf key;

    count = rg_tags_normalize(tags, count);
    rg_buf_init(&key, 4096);
    assert_int_equal(rg_context_key_append(&key, rg_str_from(name), rg_str_from(host),
                         (struct rg_tags){tags, count}, 1024),
        RG_OK);
    context = rg_context_create(rg_str_buf(&key), rg_hash64(key.data, key.len));
    assert_non_null(context);
    rg_buf_finish(&key);
    return context;
}

static void test_the_printed_key_is_the_one_of_upstream(void **state)
{
    struct rg_str forward[] = {RG_STR_LIT("a:1"), RG_STR_LIT("b:2")};
    struct rg_str backward[] = {RG_STR_LIT("b:2"), RG_STR_LIT("a:1"), RG_STR_LIT("b:2")};
    struct rg_context *plain = make_context("my.metric", "host1", NULL, 0);
    struct rg_context *tagged = make_context("my.metric", "host1", forward, 2);
    struct rg_context *same = make_context("my.metric", "host1", backward, 3);

    (void)state;
    assert_true(rg_context_printed_key(plain) == UINT64_C(0xc4d15f1cc405d861));
    assert_true(rg_context_printed_key(tagged) == UINT64_C(0x6ccec4dc47db171d));
    assert_true(rg_context_printed_key(same) == UINT64_C(0x6ccec4dc47db171d));
    assert_int_equal(same->tags.count, 2);
    rg_context_release(plain);
    rg_context_release(tagged);
    rg_context_release(same);
}

static void test_many_tags_are_sorted_and_unique(void **state)
{
    char texts[60][8];
    struct rg_str tags[60];
    size_t count;

    (void)state;
    for (size_t i = 0; i < 60; i++) {
        snprintf(texts[i], sizeof(texts[i]), "t:%02zu", (i * 7) % 30);
        tags[i] = rg_str_from(texts[i]);
    }
    count = rg_tags_normalize(tags, 60);
    assert_int_equal(count, 30);
    for (size_t i = 1; i < count; i++)
        assert_true(rg_str_cmp(tags[i - 1], tags[i]) < 0);
    assert_int_equal(rg_tags_normalize(tags, 0), 0);
}

/* L10: name and host cancel in upstream's key, so that both would be one metric. */
static void test_metrics_named_like_their_host_stay_apart(void **state)
{
    struct rg_context *a = make_context("one", "one", NULL, 0);
    struct rg_context *b = make_context("two", "two", NULL, 0);
    struct rg_batch_item item = {.type = RG_METRIC_GAUGE, .value = 1};
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    assert_true(rg_context_printed_key(a) == rg_context_printed_key(b));
    rg_check_sampler_take(f.sampler, a->key, &item, 1, &f.report);
    item.value = 2;
    rg_check_sampler_take(f.sampler, b->key, &item, 1, &f.report);
    commit(&f, 10);
    expect_serie(&f, "one", RG_SERIES_GAUGE, 1);
    expect_serie(&f, "two", RG_SERIES_GAUGE, 2);
    rg_context_release(a);
    rg_context_release(b);
    sampler_fixture_finish(&f);
}

/* L9, as upstream. */
static void test_the_type_of_the_first_sample_wins_until_the_context_expires(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_GAUGE, "m", 1, 1, false);
    sample(&f, RG_METRIC_COUNT, "m", 5, 1, false);
    commit(&f, 10);
    expect_serie(&f, "m", RG_SERIES_GAUGE, 5);
    commit(&f, 20);
    commit(&f, 30);
    sample(&f, RG_METRIC_COUNT, "m", 5, 1, false);
    commit(&f, 40);
    expect_count(&f, 5);
    sampler_fixture_finish(&f);
}

static void test_a_context_expires_at_the_second_silent_commit(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_GAUGE, "m", 1, 1, false);
    commit(&f, 10);
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 1);
    commit(&f, 20);
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 1);
    commit(&f, 30);
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 0);
    f.world.commits_until_expiry = 1;
    sample(&f, RG_METRIC_GAUGE, "m", 1, 1, false);
    commit(&f, 40);
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 1);
    commit(&f, 50);
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 0);
    sampler_fixture_finish(&f);
}

static void test_a_stateful_metric_outlives_its_context_by_25_hours(void **state)
{
    const double day = 25 * 3600;
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_MONOTONIC_COUNT, "m", 100, 0, false);
    for (int i = 1; i <= 3; i++)
        commit(&f, i);
    sample(&f, RG_METRIC_MONOTONIC_COUNT, "m", 107, 0, false);
    commit(&f, 4);
    expect_count(&f, 7); /* still known; the deadline is cancelled */
    commit(&f, 5);
    commit(&f, 6); /* expires again */
    commit(&f, 6 + day);
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 1);
    commit(&f, 7 + day);
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 0);
    sample(&f, RG_METRIC_MONOTONIC_COUNT, "m", 120, 0, false);
    commit(&f, 8 + day);
    expect_nothing(&f);
    sampler_fixture_finish(&f);
}

static void test_metrics_can_be_kept_for_ever(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    f.world.expire_metrics = false;
    sample(&f, RG_METRIC_GAUGE, "m", 1, 1, false);
    for (int i = 1; i < 10; i++)
        commit(&f, i * 1e6);
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 1);
    sample(&f, RG_METRIC_COUNT, "m", 4, 1, false);
    commit(&f, 1e8);
    expect_serie(&f, "m", RG_SERIES_GAUGE, 4); /* still the gauge of the beginning */
    sampler_fixture_finish(&f);
}

static void test_the_limit_of_contexts_refuses_new_ones_only(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    f.world.contexts_max = 2;
    sample(&f, RG_METRIC_GAUGE, "a", 1, 1, false);
    sample(&f, RG_METRIC_GAUGE, "b", 1, 1, false);
    sample(&f, RG_METRIC_GAUGE, "c", 1, 1, false);
    sample(&f, RG_METRIC_GAUGE, "a", 2, 1, false);
    assert_int_equal(f.report.over_limit, 1);
    assert_int_equal(f.report.taken, 3);
    commit(&f, 10);
    expect_serie(&f, "a", RG_SERIES_GAUGE, 2);
    assert_null(find_serie(&f, "c"));
    sampler_fixture_finish(&f);
}

static uint64_t sketch_total(const struct sampler_fixture *f)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < f->world.store.sketch_count; i++)
        sum += f->world.store.sketches[i].sketch.count;
    return sum;
}

static void test_a_distribution_is_sent_when_its_second_is_over(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    sample(&f, RG_METRIC_DISTRIBUTION, "m", 1, 98.2, false);
    sample(&f, RG_METRIC_DISTRIBUTION, "m", 2, 98.9, false);
    sample(&f, RG_METRIC_DISTRIBUTION, "m", 3, 99.0, false);
    sample(&f, RG_METRIC_DISTRIBUTION, "m", 4, 100.1, false);
    commit(&f, 100.5);
    assert_int_equal(f.world.store.sketch_count, 2);
    assert_int_equal(f.world.store.sketches[0].timestamp_s, 98);
    assert_int_equal(f.world.store.sketches[0].sketch.count, 2);
    assert_int_equal(f.world.store.sketches[1].timestamp_s, 99);
    commit(&f, 115);
    assert_int_equal(f.world.store.sketch_count, 1);
    assert_int_equal(f.world.store.sketches[0].timestamp_s, 100);
    assert_true(f.world.store.sketches[0].sketch.max == 4);
    sampler_fixture_finish(&f);
}

static void test_buckets_that_make_no_sense_are_counted(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    bucket(&f, "m", -1, 0, 1, 1, false, false);
    bucket(&f, "m", 1, 2, 1, 1, false, false);
    bucket(&f, "m", 1, (double)NAN, 1, 1, false, false);
    bucket(&f, "m", 1, 0, (double)NAN, 1, false, false);
    bucket(&f, "m", 1, -(double)INFINITY, 1, 1, false, false);
    assert_int_equal(f.report.bad_buckets, 5);
    assert_string_equal(f.report.first, "m: bad histogram bucket");
    bucket(&f, "m", 0, 0, 1, 1, false, false); /* nothing, and no context */
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 0);
    bucket(&f, "m", INT64_MAX, 0, 1, 1, false, false);
    assert_int_equal(f.report.over_limit, 1);
    commit(&f, 10);
    expect_nothing(&f);
    sampler_fixture_finish(&f);
}

/* F17: after a restart of the agent the raw value was sent, a spike. */
static void test_the_first_value_of_a_monotonic_bucket_is_only_remembered(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    bucket(&f, "m", 1000000, 0, 10, 1, true, false);
    commit(&f, 10);
    expect_nothing(&f);
    bucket(&f, "m", 1000007, 0, 10, 11, true, false);
    commit(&f, 20);
    assert_int_equal(sketch_total(&f), 7);
    sampler_fixture_finish(&f);
}

static void test_buckets_of_one_context_are_told_apart_by_their_bounds(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    bucket(&f, "m", 100, 0, 10, 1, true, false);
    bucket(&f, "m", 5, 10, 20, 1, true, false);
    bucket(&f, "m", 103, 0, 10, 2, true, false);
    bucket(&f, "m", 7, 10, 20, 2, true, false);
    commit(&f, 10);
    assert_int_equal(sketch_total(&f), 5);
    sampler_fixture_finish(&f);
}

static void test_a_bucket_that_was_reset_starts_anew_or_is_refused(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    bucket(&f, "m", 100, 0, 10, 1, true, false);
    bucket(&f, "m", 30, 0, 10, 1, true, false); /* dropped */
    bucket(&f, "m", 40, 0, 10, 1, true, false); /* 10 */
    bucket(&f, "m", 20, 0, 10, 1, true, true);  /* its raw value */
    commit(&f, 10);
    assert_int_equal(sketch_total(&f), 30);
    assert_int_equal(f.report.bad_buckets, 0);
    f.world.bucket_reset = false;
    bucket(&f, "m", 10, 0, 10, 11, true, true);
    assert_int_equal(f.report.bad_buckets, 1);
    commit(&f, 20);
    expect_nothing(&f);
    sampler_fixture_finish(&f);
}

/* F18: when commit overtook the bucket, the context expired and the next raw value was a spike. */
static void test_a_bucket_before_every_second_commit_keeps_its_memory(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    bucket(&f, "m", 1000, 0, 10, 1, true, true);
    commit(&f, 10);
    assert_int_equal(sketch_total(&f), 1000);
    for (int i = 1; i <= 5; i++) {
        commit(&f, 20 * i);
        expect_nothing(&f);
        bucket(&f, "m", 1000 + i, 0, 10, 20 * i + 5, true, true);
        commit(&f, 20 * i + 10);
        assert_int_equal(sketch_total(&f), 1);
    }
    sampler_fixture_finish(&f);
}

/* F19: the check switches the flag off after a failed scrape; then nothing is sent twice. */
static void test_without_the_flag_a_scrape_after_expiry_sends_nothing(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    bucket(&f, "m", 500, 0, 10, 1, true, true);
    commit(&f, 10);
    assert_int_equal(sketch_total(&f), 500);
    commit(&f, 20);
    commit(&f, 30); /* forgotten */
    assert_int_equal(rg_check_sampler_contexts(f.sampler), 0);
    bucket(&f, "m", 510, 0, 10, 31, true, false);
    commit(&f, 40);
    expect_nothing(&f);
    bucket(&f, "m", 512, 0, 10, 41, true, true);
    commit(&f, 50);
    assert_int_equal(sketch_total(&f), 2);
    for (int i = 6; i < 9; i++)
        commit(&f, i * 10); /* forgotten again, and now the flag is on: all of it */
    bucket(&f, "m", 520, 0, 10, 91, true, true);
    commit(&f, 100);
    assert_int_equal(sketch_total(&f), 520);
    sampler_fixture_finish(&f);
}

static void test_an_open_ended_bucket_counts_at_its_lower_bound(void **state)
{
    struct sampler_fixture f;

    (void)state;
    sampler_fixture_init(&f);
    bucket(&f, "m", 10, 50, (double)INFINITY, 1, false, false);
    commit(&f, 10);
    assert_int_equal(f.world.store.sketch_count, 1);
    assert_int_equal(f.world.store.sketches[0].sketch.bin_count, 1);
    assert_int_equal(f.world.store.sketches[0].sketch.bins[0].key, rg_sketch_key(50));
    sampler_fixture_finish(&f);
}

/* A second implementation, as simple as can be: what gauges, counts and monotonic counts of a few
 * names send, with expiry counted by hand. */
struct naive {
    bool live, sampled, known, flush_first;
    double value, previous, current, deadline;
    int silent;
};

static void naive_sample(struct naive *n, int type, double value, bool flush_first)
{
    n->live = true;
    n->silent = -1;
    n->deadline = 0;
    if (type == 2) {
        double delta;

        if (n->sampled) {
            n->previous = n->current;
            n->known = true;
        }
        n->current = value;
        delta = value - n->previous;
        if (n->known || flush_first)
            n->value = delta >= 0 ? n->value + delta : flush_first ? value : n->value;
        n->flush_first = flush_first;
    } else {
        n->value = type == 0 ? value : n->value + value;
    }
    n->sampled = true;
}

static bool naive_commit(struct naive *n, int type, double now, double *out)
{
    bool sent = n->live && n->sampled && (type != 2 || n->known || n->flush_first);

    *out = n->value;
    if (sent) {
        n->previous = n->current;
        n->known = true;
        n->value = 0;
        n->sampled = false;
    }
    n->silent++;
    if (n->live && n->deadline != 0 && n->deadline < now)
        *n = (struct naive){0};
    if (n->live && n->silent == 2 && type != 2)
        *n = (struct naive){0};
    else if (n->live && n->silent == 2)
        n->deadline = now + 25 * 3600;
    return sent;
}

static void test_random_runs_agree_with_a_naive_sampler(void **state)
{
    static const enum rg_metric_type types[] = {
        RG_METRIC_GAUGE, RG_METRIC_COUNT, RG_METRIC_MONOTONIC_COUNT};
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct naive naive[6] = {{0}};
        struct sampler_fixture f;
        struct rg_prng prng;
        double now = 1000;

        sampler_fixture_init(&f);
        rg_prng_init(&prng, seed, "sampler");
        for (int run = 0; run < 200; run++) {
            size_t samples = rg_prng_below(&prng, 5), expected = 0;

            for (size_t i = 0; i < samples; i++) {
                size_t which = rg_prng_below(&prng, 6);
                double value = (double)rg_prng_below(&prng, 50);
                bool first = rg_prng_below(&prng, 3) == 0;

                sample(&f, types[which % 3], names[which], value, 0, first);
                naive_sample(&naive[which], (int)which % 3, value, first);
            }
            now += rg_prng_below(&prng, 20) ? 15 : 60000;
            commit(&f, now);
            for (size_t i = 0; i < 6; i++) {
                double value;

                if (!naive_commit(&naive[i], (int)i % 3, now, &value))
                    continue;
                expected++;
                if (!find_serie(&f, names[i]) || find_serie(&f, names[i])->first.value != value)
                    fail_msg("seed %d run %d: %s", (int)seed, run, names[i]);
            }
            if (f.world.store.serie_count != expected)
                fail_msg("seed %d run %d: too many series", (int)seed, run);
        }
        sampler_fixture_finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_printed_key_is_the_one_of_upstream),
        cmocka_unit_test(test_many_tags_are_sorted_and_unique),
        cmocka_unit_test(test_metrics_named_like_their_host_stay_apart),
        cmocka_unit_test(test_the_type_of_the_first_sample_wins_until_the_context_expires),
        cmocka_unit_test(test_a_context_expires_at_the_second_silent_commit),
        cmocka_unit_test(test_a_stateful_metric_outlives_its_context_by_25_hours),
        cmocka_unit_test(test_metrics_can_be_kept_for_ever),
        cmocka_unit_test(test_the_limit_of_contexts_refuses_new_ones_only),
        cmocka_unit_test(test_a_distribution_is_sent_when_its_second_is_over),
        cmocka_unit_test(test_buckets_that_make_no_sense_are_counted),
        cmocka_unit_test(test_the_first_value_of_a_monotonic_bucket_is_only_remembered),
        cmocka_unit_test(test_buckets_of_one_context_are_told_apart_by_their_bounds),
        cmocka_unit_test(test_a_bucket_that_was_reset_starts_anew_or_is_refused),
        cmocka_unit_test(test_a_bucket_before_every_second_commit_keeps_its_memory),
        cmocka_unit_test(test_without_the_flag_a_scrape_after_expiry_sends_nothing),
        cmocka_unit_test(test_an_open_ended_bucket_counts_at_its_lower_bound),
        cmocka_unit_test(test_random_runs_agree_with_a_naive_sampler),
    };

    return cmocka_run_group_tests_name("check sampler", tests, NULL, NULL);
}
