#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_fixture.h"
#include "check_runner.h"
#include "check_schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An intake that answers every payload with the same status, or fails for a while. */
struct intake {
    struct rg_runtime *runtime;
    int32_t clients, interval_s;
    bool answers;
    struct rg_mono down_until;
};

static enum rg_status intake_answer(void *ctx, uint64_t call, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct intake *in = ctx;
    uint8_t frame[] = {1, 0, 23, 0, 0x1a, 4, 8, (uint8_t)in->clients, 16, (uint8_t)in->interval_s};

    (void)call;
    if (strcmp(output->kind, "payload") != 0)
        return RG_OK;
    if (rg_runtime_mono(in->runtime).ns < in->down_until.ns) {
        rg_err_set(err, "intake is down");
        return RG_EIO;
    }
    return in->answers ? rg_buf_append(response, frame, sizeof(frame)) : RG_OK;
}

struct bench {
    struct fixture f;
    struct intake intake;
    struct rg_process_check *check;
    struct rg_check_submitter *submitter;
    struct rg_check_runner *runner;
    int64_t start_s;
};

static void forward(void *ctx, const struct rg_rt_status *statuses, size_t count)
{
    struct bench *b = ctx;

    rg_check_runner_status(b->runner, statuses, count);
}

static struct rg_check_submitter_options submitter_options(struct bench *b)
{
    return (struct rg_check_submitter_options){.hostname = "host1",
        .version = "7.58.0",
        .agent_pid = 1234,
        .queue_size = 256,
        .rt_queue_size = 5,
        .queue_bytes = 60000000,
        .on_status = forward,
        .status_ctx = b};
}

static void bench_init(struct bench *b, const struct rg_check_runner_options *o)
{
    struct rg_check_submitter_options so = submitter_options(b);
    struct rg_err err = {0};

    memset(b, 0, sizeof(*b));
    fixture_init(&b->f, intake_answer, &b->intake);
    b->intake.runtime = b->f.runtime;
    fake_host_add(&b->f.host, 5, "app", NULL);
    b->check = fixture_check(&b->f, NULL);
    assert_int_equal(
        rg_check_submitter_create(&b->f.backends, &so, &b->f.log, &b->submitter, &err), RG_OK);
    assert_int_equal(rg_check_runner_create(
                         &b->f.backends, b->check, b->submitter, o, &b->f.log, &b->runner, &err),
        RG_OK);
    assert_int_equal(rg_check_submitter_start(b->submitter, &err), RG_OK);
    b->start_s = rg_runtime_wall(b->f.runtime).ns / RG_NS_PER_S;
    assert_int_equal(rg_check_runner_start(b->runner, &err), RG_OK);
}

static void bench_stop(struct bench *b)
{
    rg_check_runner_stop(b->runner);
    rg_check_submitter_stop(b->submitter);
}

static void bench_finish(struct bench *b)
{
    rg_check_runner_destroy(b->runner);
    rg_check_submitter_destroy(b->submitter);
    rg_process_check_destroy(b->check);
    fixture_finish(&b->f);
}

static const char *header(const struct rg_output *o, const char *name)
{
    for (size_t i = 0; i < o->header_count; i++) {
        if (strcmp(o->headers[i].name, name) == 0)
            return o->headers[i].value;
    }
    return NULL;
}

/* "2 12 22 ": seconds from the start at which runs of this source began. */
static const char *starts(const struct bench *b, const char *source, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < rg_sim_sink_count(b->f.sink); i++) {
        const struct rg_output *o = rg_sim_sink_at(b->f.sink, i);

        if (strcmp(o->kind, "payload") == 0 && strcmp(o->source, source) == 0)
            used += (size_t)snprintf(out + used, size - used, "%lld ",
                strtoll(header(o, "X-DD-Agent-Timestamp"), NULL, 10) - (long long)b->start_s);
        assert_true(used < size);
    }
    return out;
}

static bool logged(const struct bench *b, const char *text)
{
    for (size_t i = 0; i < rg_sim_sink_count(b->f.sink); i++) {
        const struct rg_output *o = rg_sim_sink_at(b->f.sink, i);

        if (strcmp(o->kind, "log") == 0 &&
            memmem(o->payload.ptr, o->payload.len, text, strlen(text)))
            return true;
    }
    return false;
}

static const struct rg_check_runner_options combined = {.realtime_allowed = true};

static void test_fb15_the_first_payload_leaves_after_one_real_time_interval(void **state)
{
    struct bench b;
    char text[128];

    (void)state;
    bench_init(&b, &combined);
    fixture_pass(&b.f, 30);
    bench_stop(&b);
    /* the priming run at 0 has nothing to send */
    assert_string_equal(starts(&b, "process", text, sizeof(text)), "2 12 22 ");
    assert_string_equal(starts(&b, "rtprocess", text, sizeof(text)), "");
    assert_int_equal(rg_check_runner_counts(b.runner).runs, 4);
    assert_int_equal(rg_check_runner_counts(b.runner).seen, 1);
    assert_int_equal(rg_check_submitter_counts(b.submitter).sent, 3);
    bench_finish(&b);
}

static void test_without_real_time_the_standard_interval_alone_counts(void **state)
{
    struct rg_check_runner_options o = {.realtime_allowed = false, .realtime_on = true};
    struct bench b;
    char text[128];

    (void)state;
    bench_init(&b, &o);
    b.intake.answers = true;
    b.intake.clients = 1;
    fixture_pass(&b.f, 31);
    bench_stop(&b);
    assert_string_equal(starts(&b, "process", text, sizeof(text)), "10 20 30 ");
    assert_string_equal(starts(&b, "rtprocess", text, sizeof(text)), "");
    bench_finish(&b);
}

static void test_clients_switch_real_time_on_and_off(void **state)
{
    struct bench b;
    char text[128];

    (void)state;
    bench_init(&b, &combined);
    b.intake.answers = true;
    b.intake.clients = 2;
    b.intake.interval_s = 2;
    fixture_pass(&b.f, 9);
    b.intake.clients = 0;
    fixture_pass(&b.f, 8);
    bench_stop(&b);
    assert_string_equal(starts(&b, "process", text, sizeof(text)), "2 12 ");
    /* 4 takes the baseline; the answer to 10 ends it before 12 */
    assert_string_equal(starts(&b, "rtprocess", text, sizeof(text)), "6 8 10 ");
    assert_true(logged(&b, "Detected 2 active clients, enabling real-time mode"));
    assert_true(logged(&b, "Detected 0 clients, disabling real-time mode"));
    bench_finish(&b);
}

static void test_a_new_interval_restarts_the_ticker_once(void **state)
{
    struct bench b;
    char text[128];

    (void)state;
    bench_init(&b, &combined);
    b.intake.answers = true;
    b.intake.interval_s = 5;
    fixture_pass(&b.f, 30);
    bench_stop(&b);
    /* the answer at 2 asks for 5 s: a standard run at 7, then each second tick */
    assert_string_equal(starts(&b, "process", text, sizeof(text)), "2 7 17 27 ");
    bench_finish(&b);
}

static void test_an_interval_of_zero_is_the_default_and_changes_nothing(void **state)
{
    struct bench b;
    char text[128];

    (void)state;
    bench_init(&b, &combined);
    b.intake.answers = true;
    fixture_pass(&b.f, 30);
    bench_stop(&b);
    assert_string_equal(starts(&b, "process", text, sizeof(text)), "2 12 22 ");
    bench_finish(&b);
}

static void test_an_interval_that_does_not_divide_is_refused(void **state)
{
    struct bench b;
    char text[128];

    (void)state;
    bench_init(&b, &combined);
    b.intake.answers = true;
    b.intake.interval_s = 3;
    fixture_pass(&b.f, 13);
    bench_stop(&b);
    assert_string_equal(starts(&b, "process", text, sizeof(text)), "2 12 ");
    assert_true(logged(
        &b, "failed to apply new RT interval: check interval should be divisible by RT interval"));
    bench_finish(&b);
}

static void test_fb14_equal_intervals_are_allowed(void **state)
{
    struct rg_check_runner_options o = {
        .interval_s = 10, .realtime_interval_s = 10, .realtime_allowed = true};
    int64_t ratio = 0;
    struct rg_err err = {0};
    struct bench b;
    char text[128];

    (void)state;
    assert_int_equal(rg_check_ratio(10, 10, &ratio, &err), RG_OK);
    assert_int_equal(ratio, 1);
    assert_int_equal(rg_check_ratio(INT64_MAX, INT64_MAX, &ratio, &err), RG_EINVALID);
    assert_int_equal(rg_check_ratio(2, 10, &ratio, &err), RG_EINVALID);
    assert_string_equal(err.text, "check interval should be larger or equal to RT interval");
    bench_init(&b, &o);
    fixture_pass(&b.f, 35);
    bench_stop(&b);
    assert_string_equal(starts(&b, "process", text, sizeof(text)), "10 20 30 ");
    assert_false(logged(&b, "Invalid process check interval"));
    bench_finish(&b);
}

static void test_intervals_that_do_not_fit_fall_back_to_the_defaults(void **state)
{
    struct rg_check_runner_options o = {
        .interval_s = 10, .realtime_interval_s = 4, .realtime_allowed = true};
    struct bench b;
    char text[128];

    (void)state;
    bench_init(&b, &o);
    fixture_pass(&b.f, 13);
    bench_stop(&b);
    assert_string_equal(starts(&b, "process", text, sizeof(text)), "2 12 ");
    assert_true(logged(&b, "Invalid process check interval overrides [10s,4s]"));
    bench_finish(&b);
}

static void test_a_slow_receiver_finds_one_tick_and_no_more(void **state)
{
    struct rg_ticker t;

    (void)state;
    rg_ticker_start(&t, (struct rg_mono){100}, 10);
    assert_int_equal(t.next.ns, 110);
    rg_ticker_consume(&t, (struct rg_mono){110});
    assert_int_equal(t.next.ns, 120);
    rg_ticker_consume(&t, (struct rg_mono){147}); /* busy until 147: 120 waited, the rest is gone */
    assert_int_equal(t.next.ns, 150);
}

static void test_a_tick_behind_the_end_of_time_is_the_last_moment(void **state)
{
    struct rg_ticker t;

    (void)state;
    rg_ticker_start(&t, (struct rg_mono){INT64_MAX - 5}, 10);
    assert_true(t.next.ns == INT64_MAX);
    rg_ticker_consume(&t, (struct rg_mono){INT64_MAX});
    assert_true(t.next.ns == INT64_MAX);
}

static void test_fb23_one_active_endpoint_is_enough(void **state)
{
    const struct rg_rt_status statuses[] = {{1, 2}, {0, 2}};
    struct bench b;
    char text[128];

    (void)state;
    bench_init(&b, &combined);
    rg_check_runner_status(b.runner, statuses, 2);
    fixture_pass(&b.f, 7);
    bench_stop(&b);
    assert_string_equal(starts(&b, "rtprocess", text, sizeof(text)), "4 6 ");
    bench_finish(&b);
}

static struct rg_payload_list one_payload(void)
{
    struct rg_payload_list list = {0};

    list.items = calloc(1, sizeof(*list.items));
    assert_non_null(list.items);
    list.items[0].bytes = malloc(20);
    assert_non_null(list.items[0].bytes);
    memset(list.items[0].bytes, 7, 20);
    list.items[0].len = 20;
    list.count = list.cap = 1;
    return list;
}

static void test_fb12_answers_to_connections_do_not_switch_real_time(void **state)
{
    struct rg_payload_list list = one_payload();
    struct bench b;
    char text[128];

    (void)state;
    bench_init(&b, &combined);
    b.intake.answers = true;
    b.intake.clients = 1;
    rg_check_submitter_submit(b.submitter, "connections", (struct rg_wall){0}, &list);
    fixture_pass(&b.f, 1);
    b.intake.answers = false;
    fixture_pass(&b.f, 8);
    bench_stop(&b);
    assert_string_equal(starts(&b, "rtprocess", text, sizeof(text)), "");
    assert_false(logged(&b, "enabling real-time mode"));
    assert_int_equal(rg_check_submitter_counts(b.submitter).sent, 2);
    bench_finish(&b);
}

static void test_fb13_an_outage_leaves_few_stale_real_time_messages(void **state)
{
    struct rg_check_runner_options o = {.realtime_allowed = true, .realtime_on = true};
    struct bench b;
    size_t late = 0;
    int64_t outage_s = 1800;

    (void)state;
    bench_init(&b, &o);
    b.intake.down_until.ns = rg_runtime_mono(b.f.runtime).ns + outage_s * RG_NS_PER_S;
    fixture_pass(&b.f, outage_s + 60);
    bench_stop(&b);
    for (size_t i = 0; i < rg_sim_sink_count(b.f.sink); i++) {
        const struct rg_output *out = rg_sim_sink_at(b.f.sink, i);

        if (strcmp(out->kind, "payload") == 0 && strcmp(out->source, "rtprocess") == 0 &&
            strtoll(header(out, "X-DD-Agent-Timestamp"), NULL, 10) - b.start_s < outage_s)
            late++;
    }
    assert_in_range(late, 1, 6); /* five in the queue, one in hand */
    assert_true(rg_check_submitter_counts(b.submitter).dropped > 500);
    bench_finish(&b);
}

static void test_messages_carry_their_headers(void **state)
{
    struct bench b;
    const struct rg_output *o = NULL;

    (void)state;
    bench_init(&b, &combined);
    fixture_pass(&b.f, 3);
    bench_stop(&b);
    for (size_t i = 0; i < rg_sim_sink_count(b.f.sink); i++) {
        if (strcmp(rg_sim_sink_at(b.f.sink, i)->kind, "payload") == 0)
            o = rg_sim_sink_at(b.f.sink, i);
    }
    assert_non_null(o);
    assert_int_equal(o->header_count, 7);
    assert_string_equal(header(o, "X-DD-Agent-Timestamp"), "1767225602");
    assert_string_equal(header(o, "X-DD-Agent-Start-Time"), "1767225600");
    assert_string_equal(header(o, "X-Dd-Hostname"), "host1");
    assert_string_equal(header(o, "X-Dd-Processagentversion"), "7.58.0");
    assert_string_equal(header(o, "X-Dd-ContainerCount"), "0");
    assert_string_equal(header(o, "Content-Type"), "application/x-protobuf");
    assert_non_null(header(o, "X-DD-Request-ID"));
    bench_finish(&b);
}

static void test_what_is_queued_leaves_before_the_end(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, &combined);
    b.intake.down_until.ns = rg_runtime_mono(b.f.runtime).ns + INT64_C(14) * RG_NS_PER_S;
    fixture_pass(&b.f, 14); /* the message of 12 waits for its next try */
    bench_stop(&b);
    assert_int_equal(rg_check_submitter_counts(b.submitter).sent, 1);
    assert_int_equal(rg_check_submitter_counts(b.submitter).dropped, 1);
    assert_true(logged(&b, "process message 1 of 1 is lost: intake is down"));
    bench_finish(&b);
}

static void test_gauges_count_what_was_published(void **state)
{
    struct bench b;
    size_t gauges = 0;

    (void)state;
    bench_init(&b, &combined);
    fixture_pass(&b.f, 3);
    bench_stop(&b);
    for (size_t i = 0; i < rg_sim_sink_count(b.f.sink); i++) {
        const struct rg_output *o = rg_sim_sink_at(b.f.sink, i);

        if (strcmp(o->kind, "gauge") != 0)
            continue;
        gauges++;
        if (strcmp(o->source, "datadog.process.processes.host_count") == 0)
            assert_non_null(memmem(o->payload.ptr, o->payload.len, "\"value\":1,", 10));
    }
    assert_int_equal(gauges, 2);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fb15_the_first_payload_leaves_after_one_real_time_interval),
        cmocka_unit_test(test_without_real_time_the_standard_interval_alone_counts),
        cmocka_unit_test(test_clients_switch_real_time_on_and_off),
        cmocka_unit_test(test_a_new_interval_restarts_the_ticker_once),
        cmocka_unit_test(test_an_interval_of_zero_is_the_default_and_changes_nothing),
        cmocka_unit_test(test_an_interval_that_does_not_divide_is_refused),
        cmocka_unit_test(test_fb14_equal_intervals_are_allowed),
        cmocka_unit_test(test_intervals_that_do_not_fit_fall_back_to_the_defaults),
        cmocka_unit_test(test_a_slow_receiver_finds_one_tick_and_no_more),
        cmocka_unit_test(test_a_tick_behind_the_end_of_time_is_the_last_moment),
        cmocka_unit_test(test_fb23_one_active_endpoint_is_enough),
        cmocka_unit_test(test_fb12_answers_to_connections_do_not_switch_real_time),
        cmocka_unit_test(test_fb13_an_outage_leaves_few_stale_real_time_messages),
        cmocka_unit_test(test_messages_carry_their_headers),
        cmocka_unit_test(test_what_is_queued_leaves_before_the_end),
        cmocka_unit_test(test_gauges_count_what_was_published),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
