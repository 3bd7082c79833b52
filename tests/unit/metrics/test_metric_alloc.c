#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "fail_alloc.h"
#include "metric_flusher.h"
#include "metrics_fixture.h"

typedef enum rg_status attempt_fn(struct metrics_fixture *f);

/* Fails the first allocation, then the second, until an attempt needs no more. What the attempt
 * lost must be reported: RG_ENOMEM, never RG_OK with less than everything. */
static void fail_each(attempt_fn *attempt)
{
    for (long n = 1; n < 5000; n++) {
        struct metrics_fixture f;
        enum rg_status st;
        bool failed;

        fixture_init(&f, NULL, NULL);
        fail_alloc_at(n);
        st = attempt(&f);
        failed = fail_alloc_happened();
        fail_alloc_at(0);
        fixture_finish(&f);
        if (!failed) {
            assert_int_equal(st, RG_OK);
            assert_true(n > 1);
            return;
        }
        if (st != RG_ENOMEM)
            fail_msg("allocation %ld failed, the answer was %s", n, rg_status_name(st));
    }
    fail_msg("there is no end");
}

static enum rg_status create_aggregator(struct metrics_fixture *f)
{
    struct rg_aggregator_options o;
    struct rg_aggregator *a = NULL;
    struct rg_err err = {0};
    enum rg_status st;

    rg_aggregator_options_default(&o);
    o.hostname = "h";
    st = rg_aggregator_create(f->runtime, &o, NULL, &a, &err);
    rg_aggregator_destroy(a);
    return st;
}

static enum rg_status create_flusher(struct metrics_fixture *f)
{
    const struct rg_metric_flusher_options o = RG_METRIC_FLUSHER_OPTIONS;
    const struct rg_forward_options options = RG_FORWARD_OPTIONS;
    struct rg_metric_flusher *flusher = NULL;
    struct rg_forwarder *forwarder = NULL;
    struct rg_err err = {0};
    enum rg_status st;

    st = rg_forwarder_create(f->runtime, f->sink, &options, NULL, &forwarder, &err);
    if (st == RG_OK)
        st = rg_metric_flusher_create(
            f->runtime, f->aggregator, forwarder, &o, NULL, &flusher, &err);
    rg_metric_flusher_destroy(flusher);
    rg_forwarder_destroy(forwarder);
    return st;
}

static void use_sender(struct rg_sender *s, enum rg_status *setup)
{
    const struct rg_str tags[] = {RG_STR_LIT("b:2"), RG_STR_LIT("a:1")};

    *setup = rg_sender_set_custom_tags(s, (struct rg_tags){tags, 2});
    if (*setup == RG_OK)
        *setup = rg_sender_set_service(s, RG_STR_LIT("web"));
    if (*setup == RG_OK)
        *setup = rg_sender_finalize_service_tag(s);
    for (int type = RG_METRIC_GAUGE; type <= RG_METRIC_COUNT_AT; type++) {
        const struct rg_sample sample = {.type = (enum rg_metric_type)type,
            .name = rg_str_from(rg_metric_type_name((enum rg_metric_type)type)),
            .value = 2,
            .timestamp_s = 5};

        for (int i = 0; i < 2; i++)
            rg_ignore(rg_sender_sample(s, &sample, NULL), "commit tells");
    }
    rg_sender_histogram_bucket(s, &(struct rg_histogram_bucket){.name = RG_STR_LIT("b"),
                                      .value = 100,
                                      .lower = 1,
                                      .upper = 5,
                                      .monotonic = true,
                                      .flush_first = true});
    rg_sender_service_check(s, &(struct rg_service_check){.name = RG_STR_LIT("c")});
    rg_sender_event(s, &(struct rg_event){.title = RG_STR_LIT("e")});
}

static enum rg_status send_and_build(struct metrics_fixture *f)
{
    const struct rg_payload_limits limits = RG_PAYLOAD_LIMITS;
    struct rg_metric_payloads payloads = {0};
    struct rg_aggregator_counts counts;
    struct rg_sender *s = NULL;
    struct rg_err err = {0};
    enum rg_status st, setup, build;

    st = rg_sender_open(f->aggregator, "check:1", &s, &err);
    if (st != RG_OK)
        return st;
    use_sender(s, &setup);
    fixture_pass(f, 1);
    st = rg_sender_commit(s, &err);
    fixture_flush(f, true);
    rg_sender_close(s);
    build = rg_metric_payloads_build(&payloads, &f->flush, RG_SERIES_V2, &limits, "h");
    assert_true((build == RG_OK) == (payloads.lost == 0));
    rg_metric_payloads_finish(&payloads);
    counts = rg_aggregator_counts(f->aggregator);
    if (setup != RG_OK || build != RG_OK)
        return RG_ENOMEM;
    if (counts.lost_series + counts.lost_checks + counts.lost_events > 0)
        return RG_ENOMEM;
    return st;
}

static void test_creating_survives_every_failed_allocation(void **state)
{
    (void)state;
    fail_each(create_aggregator);
    fail_each(create_flusher);
}

static void test_no_failed_allocation_loses_anything_silently(void **state)
{
    (void)state;
    fail_each(send_and_build);
}

/* What finds no place behind the sender is lost to memory as well, and the commit says so. */
static enum rg_status commit_one_of_each(struct metrics_fixture *f)
{
    struct rg_sender *s = NULL;
    enum rg_status st = rg_sender_open(f->aggregator, "check:1", &s, NULL);

    if (st != RG_OK)
        return st;
    rg_sender_gauge(s, "m", 1, NULL, RG_NO_TAGS);
    rg_sender_service_check(s, &(struct rg_service_check){.name = RG_STR_LIT("c")});
    rg_sender_event(s, &(struct rg_event){.title = RG_STR_LIT("e")});
    st = rg_sender_commit(s, NULL);
    assert_int_equal(rg_sender_last_stats(s).dropped, st == RG_OK ? 0 : 1);
    rg_sender_close(s);
    return st;
}

static void test_a_commit_tells_each_loss_from_a_limit(void **state)
{
    (void)state;
    fail_each(commit_one_of_each);
}

static void test_memory_of_a_sender_is_free_between_runs(void **state)
{
    struct metrics_fixture f;
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_gauge(s, "m", 1, NULL, RG_NO_TAGS);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fail_alloc_at(1);
    rg_sender_gauge(s, "m", 1, NULL, RG_NO_TAGS); /* has to allocate again */
    assert_true(fail_alloc_happened());
    fail_alloc_at(0);
    assert_int_equal(rg_sender_commit(s, NULL), RG_ENOMEM);
    rg_sender_close(s);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creating_survives_every_failed_allocation),
        cmocka_unit_test(test_no_failed_allocation_loses_anything_silently),
        cmocka_unit_test(test_a_commit_tells_each_loss_from_a_limit),
        cmocka_unit_test(test_memory_of_a_sender_is_free_between_runs),
    };

    return cmocka_run_group_tests_name("metric allocations", tests, NULL, NULL);
}
