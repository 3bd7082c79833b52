#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "metric_flusher.h"
#include "metrics_fixture.h"
#include "payload_queue.h"

#define CALLS_MAX 64

/* What the receiver does at each call; beyond the list it takes everything. */
enum answer { TAKE, FAIL, REFUSE, STALL };

struct receiver {
    struct rg_runtime *runtime;
    enum answer answers[CALLS_MAX];
    size_t count;
    struct {
        char id[24];
        char byte; /* first of the payload */
        int64_t at_s;
    } calls[CALLS_MAX];
    size_t calls_seen;
};

static enum rg_status receive(void *ctx, uint64_t call, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct receiver *r = ctx;
    size_t at = r->calls_seen;
    enum answer answer;

    (void)call;
    (void)response;
    if (strcmp(output->kind, "payload") != 0)
        return RG_OK;
    assert_true(at < CALLS_MAX);
    r->calls_seen++;
    answer = at < r->count ? r->answers[at] : TAKE;
    assert_string_equal(output->headers[1].name, RG_FORWARD_HEADER_ID);
    snprintf(r->calls[at].id, sizeof(r->calls[at].id), "%s", output->headers[1].value);
    r->calls[at].byte = output->payload.ptr[0];
    r->calls[at].at_s = rg_runtime_mono(r->runtime).ns / RG_NS_PER_S;
    if (answer == STALL) {
        struct rg_mono until = rg_runtime_mono(r->runtime);

        until.ns += 40 * RG_NS_PER_S;
        assert_int_equal(rg_runtime_sleep_until(r->runtime, until), RG_OK);
    }
    if (answer == TAKE)
        return RG_OK;
    rg_err_set(err, "status 500");
    return answer == REFUSE ? RG_EINVALID : RG_EIO;
}

struct forward_fixture {
    struct metrics_fixture metrics;
    struct receiver receiver;
    struct rg_forwarder *forwarder;
};

static void forward_init(struct forward_fixture *f, const enum answer *answers, size_t count,
    const struct rg_forward_options *options)
{
    struct rg_forward_options o = options ? *options : RG_FORWARD_OPTIONS;
    struct rg_err err = {0};

    *f = (struct forward_fixture){0};
    for (size_t i = 0; i < count; i++)
        f->receiver.answers[i] = answers[i];
    f->receiver.count = count;
    fixture_init(&f->metrics, receive, &f->receiver);
    f->receiver.runtime = f->metrics.runtime;
    assert_int_equal(rg_forwarder_create(f->metrics.runtime, f->metrics.sink, &o, &f->metrics.log,
                         &f->forwarder, &err),
        RG_OK);
}

static void forward_finish(struct forward_fixture *f)
{
    rg_forwarder_destroy(f->forwarder);
    fixture_finish(&f->metrics);
}

static void submit(struct forward_fixture *f, char byte)
{
    uint8_t *bytes = malloc(10);

    assert_non_null(bytes);
    memset(bytes, byte, 10);
    rg_forwarder_submit(f->forwarder, &(struct rg_forward_payload){.source = "series",
                                          .content_type = "text/plain",
                                          .bytes = bytes,
                                          .len = 10,
                                          .items = 3});
}

static void start(struct forward_fixture *f)
{
    struct rg_err err = {0};

    assert_int_equal(rg_forwarder_start(f->forwarder, &err), RG_OK);
}

static void test_payloads_arrive_once_and_in_order(void **state)
{
    struct forward_fixture f;
    struct rg_forward_counts counts;

    (void)state;
    forward_init(&f, NULL, 0, NULL);
    start(&f);
    for (char c = 'a'; c <= 'e'; c++)
        submit(&f, c);
    fixture_pass(&f.metrics, 1);
    counts = rg_forwarder_counts(f.forwarder);
    assert_int_equal(counts.sent, 5);
    assert_int_equal(counts.sent_items, 15);
    assert_int_equal(f.receiver.calls_seen, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(f.receiver.calls[i].byte, 'a' + (int)i);
    rg_forwarder_stop(f.forwarder);
    forward_finish(&f);
}

static void test_a_payload_that_was_not_taken_is_tried_again_with_the_same_id(void **state)
{
    static const enum answer answers[] = {FAIL, FAIL, STALL, FAIL, TAKE, TAKE};
    struct rg_forward_counts counts;
    struct forward_fixture f;

    (void)state;
    forward_init(&f, answers, 6, NULL);
    start(&f);
    submit(&f, 'a');
    submit(&f, 'b');
    fixture_pass(&f.metrics, 200);
    counts = rg_forwarder_counts(f.forwarder);
    assert_int_equal(counts.sent, 2);
    assert_int_equal(counts.retries, 4);
    assert_int_equal(counts.refused + counts.dropped + counts.abandoned, 0);
    assert_int_equal(f.receiver.calls_seen, 6);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(f.receiver.calls[i].byte, 'a');
        assert_string_equal(f.receiver.calls[i].id, f.receiver.calls[0].id);
    }
    assert_int_equal(f.receiver.calls[5].byte, 'b');
    assert_string_not_equal(f.receiver.calls[5].id, f.receiver.calls[0].id);
    rg_forwarder_stop(f.forwarder);
    assert_int_equal(f.receiver.calls_seen, 6);
    forward_finish(&f);
}

static void test_pauses_double_up_to_their_maximum(void **state)
{
    enum answer answers[12];
    struct forward_fixture f;
    int64_t full = 2;

    (void)state;
    for (size_t i = 0; i < 12; i++)
        answers[i] = FAIL;
    forward_init(&f, answers, 12, NULL);
    start(&f);
    submit(&f, 'a');
    fixture_pass(&f.metrics, 2000);
    assert_int_equal(f.receiver.calls_seen, 13);
    for (size_t i = 1; i < 13; i++) {
        int64_t pause = f.receiver.calls[i].at_s - f.receiver.calls[i - 1].at_s;

        if (pause < full / 2 || pause > full + 1)
            fail_msg("pause %d is %d s", (int)i, (int)pause);
        full = full * 2 < 64 ? full * 2 : 64;
    }
    rg_forwarder_stop(f.forwarder);
    forward_finish(&f);
}

static void test_a_refused_payload_is_given_up_and_counted(void **state)
{
    static const enum answer answers[] = {REFUSE, TAKE};
    struct rg_forward_counts counts;
    struct forward_fixture f;

    (void)state;
    forward_init(&f, answers, 2, NULL);
    start(&f);
    submit(&f, 'a');
    submit(&f, 'b');
    fixture_pass(&f.metrics, 1);
    counts = rg_forwarder_counts(f.forwarder);
    assert_int_equal(counts.refused, 1);
    assert_int_equal(counts.lost_items, 3);
    assert_int_equal(counts.sent, 1);
    assert_int_equal(f.receiver.calls_seen, 2);
    rg_forwarder_stop(f.forwarder);
    forward_finish(&f);
}

static void test_a_full_queue_drops_the_oldest_even_the_one_being_tried(void **state)
{
    static const enum answer answers[] = {FAIL};
    struct rg_forward_options o = RG_FORWARD_OPTIONS;
    struct rg_forward_counts counts;
    struct forward_fixture f;

    (void)state;
    o.items_max = 3;
    forward_init(&f, answers, 1, &o);
    start(&f);
    submit(&f, 'a');
    fixture_pass(&f.metrics, 0);
    fixture_pass(&f.metrics, 0);
    for (char c = 'b'; c <= 'e'; c++)
        submit(&f, c);
    fixture_pass(&f.metrics, 60);
    counts = rg_forwarder_counts(f.forwarder);
    assert_int_equal(counts.dropped, 2);
    assert_int_equal(counts.lost_items, 6);
    assert_int_equal(counts.sent, 3);
    assert_int_equal(f.receiver.calls[f.receiver.calls_seen - 3].byte, 'c');
    assert_int_equal(f.receiver.calls[f.receiver.calls_seen - 1].byte, 'e');
    rg_forwarder_stop(f.forwarder);
    forward_finish(&f);
}

static void test_the_bytes_of_the_queue_are_bounded(void **state)
{
    struct rg_forward_options o = RG_FORWARD_OPTIONS;
    struct forward_fixture f;

    (void)state;
    o.bytes_max = 25;
    forward_init(&f, NULL, 0, &o);
    for (char c = 'a'; c <= 'd'; c++)
        submit(&f, c);
    assert_int_equal(rg_forwarder_counts(f.forwarder).dropped, 2);
    assert_int_equal(rg_forwarder_counts(f.forwarder).queued, 2);
    rg_forwarder_drain(f.forwarder);
    assert_int_equal(f.receiver.calls_seen, 2);
    assert_int_equal(f.receiver.calls[0].byte, 'c');
    forward_finish(&f);
}

static void test_stop_tries_each_payload_once_more_and_counts_the_rest(void **state)
{
    static const enum answer answers[] = {FAIL, TAKE, FAIL};
    struct rg_forward_counts counts;
    struct forward_fixture f;

    (void)state;
    forward_init(&f, answers, 3, NULL);
    start(&f);
    submit(&f, 'a');
    fixture_pass(&f.metrics, 0);
    submit(&f, 'b');
    rg_forwarder_stop(f.forwarder);
    counts = rg_forwarder_counts(f.forwarder);
    assert_int_equal(counts.sent + counts.abandoned, 2);
    assert_int_equal(counts.abandoned, 1);
    assert_int_equal(counts.queued, 0);
    forward_finish(&f);
}

static void drop_nothing(void *ctx, void *value)
{
    *(int *)ctx += *(int *)value;
}

static void test_an_item_that_returns_is_the_oldest_or_makes_room(void **state)
{
    int values[] = {1, 10, 100}, dropped = 0;
    struct rg_queue_item item;
    struct rg_payload_queue q;

    (void)state;
    rg_payload_queue_init(&q, 2, 100, drop_nothing, &dropped);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            rg_payload_queue_add(&q, (struct rg_queue_item){0, 10, &values[i]}), RG_OK);
    assert_true(rg_payload_queue_take(&q, &item));
    assert_int_equal(rg_payload_queue_return(&q, item), RG_OK);
    assert_true(rg_payload_queue_take(&q, &item));
    assert_ptr_equal(item.value, &values[0]);
    assert_int_equal(rg_payload_queue_add(&q, (struct rg_queue_item){0, 10, &values[2]}), RG_OK);
    assert_int_equal(rg_payload_queue_return(&q, item), RG_OK);
    assert_int_equal(dropped, 1);
    assert_int_equal(q.weight, 20);
    rg_payload_queue_finish(&q);
    assert_int_equal(dropped, 111);
}

static void test_the_flusher_sends_every_15_seconds_and_once_at_the_end(void **state)
{
    const struct rg_metric_flusher_options o = RG_METRIC_FLUSHER_OPTIONS;
    struct rg_metric_flusher *flusher = NULL;
    struct rg_metric_flusher_counts counts;
    struct forward_fixture f;
    struct rg_err err = {0};
    struct rg_sender *s;

    (void)state;
    forward_init(&f, NULL, 0, NULL);
    assert_int_equal(rg_metric_flusher_create(f.metrics.runtime, f.metrics.aggregator, f.forwarder,
                         &o, &f.metrics.log, &flusher, &err),
        RG_OK);
    start(&f);
    assert_int_equal(rg_metric_flusher_start(flusher, &err), RG_OK);
    s = fixture_sender(&f.metrics, "check:1");
    for (int i = 0; i < 4; i++) {
        rg_sender_gauge(s, "m", i, NULL, RG_NO_TAGS);
        assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
        fixture_pass(&f.metrics, 10);
    }
    fixture_pass(&f.metrics, 1);
    rg_sender_close(s);
    rg_metric_flusher_stop(flusher);
    rg_forwarder_stop(f.forwarder);
    counts = rg_metric_flusher_counts(flusher);
    assert_int_equal(counts.flushes, 3); /* 15 s, 30 s, the end */
    assert_int_equal(counts.series, 4 + 3 * 2);
    assert_int_equal(counts.service_checks, 3);
    assert_int_equal(counts.payloads, 6);
    assert_int_equal(rg_forwarder_counts(f.forwarder).sent, 6);
    assert_int_equal(f.receiver.calls[0].at_s, 3615);
    assert_int_equal(f.receiver.calls[2].at_s, 3630);
    rg_metric_flusher_destroy(flusher);
    forward_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_payloads_arrive_once_and_in_order),
        cmocka_unit_test(test_a_payload_that_was_not_taken_is_tried_again_with_the_same_id),
        cmocka_unit_test(test_pauses_double_up_to_their_maximum),
        cmocka_unit_test(test_a_refused_payload_is_given_up_and_counted),
        cmocka_unit_test(test_a_full_queue_drops_the_oldest_even_the_one_being_tried),
        cmocka_unit_test(test_the_bytes_of_the_queue_are_bounded),
        cmocka_unit_test(test_stop_tries_each_payload_once_more_and_counts_the_rest),
        cmocka_unit_test(test_an_item_that_returns_is_the_oldest_or_makes_room),
        cmocka_unit_test(test_the_flusher_sends_every_15_seconds_and_once_at_the_end),
    };

    return cmocka_run_group_tests_name("forwarder", tests, NULL, NULL);
}
