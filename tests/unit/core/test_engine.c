#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_fixture.h"
#include "rg/base/hash.h"
#include "rg/core/engine.h"

#include <string.h>

static void prepare(struct fixture *f, const char *options)
{
    fixture_init(f, NULL, NULL);
    f->host.documents[0] = (struct fake_text){"options", options};
    fake_host_add(&f->host, 5, "app", "--password=x");
    fake_host_add(&f->host, 6, "other", NULL);
}

static size_t payloads(const struct fixture *f, const char *source)
{
    size_t n = 0;

    for (size_t i = 0; i < rg_sim_sink_count(f->sink); i++) {
        const struct rg_output *o = rg_sim_sink_at(f->sink, i);

        n += strcmp(o->kind, "payload") == 0 && strcmp(o->source, source) == 0;
    }
    return n;
}

static void test_a_run_lasts_as_long_as_configured_and_reports(void **state)
{
    struct rg_engine_report report = {0};
    struct fixture f;
    struct rg_err err = {0};
    int64_t before;

    (void)state;
    prepare(&f, "run: {for: 13s, checks: [process, rtprocess], group_id: 40}\n");
    before = rg_runtime_mono(f.runtime).ns;
    assert_int_equal(rg_engine_run(&f.backends, &report, &err), RG_OK);
    assert_true(rg_runtime_mono(f.runtime).ns == before + 13 * RG_NS_PER_S);
    /* runs at 0, 2, 4 ... 12; real time has its baseline from the run at 2 */
    assert_int_equal(report.runs, 7);
    assert_int_equal(report.failed_runs, 0);
    assert_int_equal(report.processes_seen, 2);
    assert_int_equal(payloads(&f, "process"), 2);
    assert_int_equal(payloads(&f, "rtprocess"), 5);
    assert_int_equal(report.payloads, 7);
    assert_int_equal(report.dropped_payloads, 0);
    assert_int_equal(report.unwanted_payloads, 0);
    assert_int_equal(report.made_payloads, 7);
    fixture_finish(&f);
}

static void stop_later(void *arg)
{
    struct fixture *f = arg;

    fixture_pass(f, 25);
    rg_sim_runtime_stop(f->runtime);
}

static void test_the_stop_request_ends_a_run_without_limit(void **state)
{
    struct rg_engine_report report = {0};
    struct fixture f;
    struct rg_err err = {0};
    uint32_t task;

    (void)state;
    prepare(&f, "process_config: {process_collection: {enabled: true}}\n");
    assert_int_equal(rg_runtime_spawn(f.runtime, "stopper", stop_later, &f, &task, &err), RG_OK);
    assert_int_equal(rg_engine_run(&f.backends, &report, &err), RG_OK);
    rg_runtime_join(f.runtime, task);
    assert_int_equal(payloads(&f, "process"), 3);
    fixture_finish(&f);
}

static uint64_t hash_of_run(bool random_order, uint64_t seed, uint64_t *sent)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_engine_report report = {0};
    struct fixture f;
    struct rg_err err = {0};
    uint64_t hash = 0;

    prepare(&f, "run: {for: 30s, checks: [process, rtprocess]}\n");
    fixture_finish(&f);
    options.seed = seed;
    options.order = random_order ? RG_SIM_ORDER_RANDOM : RG_SIM_ORDER_STABLE;
    assert_int_equal(rg_sim_runtime_create(&options, &f.runtime, &err), RG_OK);
    assert_int_equal(
        rg_sim_sink_create(&(struct rg_sim_sink_options){.runtime = f.runtime}, &f.sink, &err),
        RG_OK);
    f.backends = fake_backends(&f.host, f.runtime, f.sink);
    assert_int_equal(rg_engine_run(&f.backends, &report, &err), RG_OK);
    for (size_t i = 0; i < rg_sim_sink_count(f.sink); i++) {
        const struct rg_output *o = rg_sim_sink_at(f.sink, i);

        hash = rg_hash_mix(hash, rg_hash64(o->payload.ptr, o->payload.len));
    }
    fixture_finish(&f);
    *sent = report.payloads;
    return hash;
}

static void test_equal_seeds_give_equal_outputs(void **state)
{
    uint64_t sent;

    (void)state;
    assert_true(hash_of_run(false, 5, &sent) == hash_of_run(false, 5, &sent));
    assert_true(hash_of_run(true, 5, &sent) == hash_of_run(true, 5, &sent));
}

static void test_no_order_of_tasks_loses_a_message(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t sent;

        hash_of_run(true, seed, &sent);
        /* the run ends at a tick: whether that one still counts is a matter of order */
        assert_in_range(sent, 16, 17);
    }
}

static void test_a_bad_configuration_does_not_start(void **state)
{
    struct rg_engine_report report = {0};
    struct fixture f;
    struct rg_err err = {0};

    (void)state;
    prepare(&f, "run: {forr: 1s}\n");
    assert_int_equal(rg_engine_run(&f.backends, &report, &err), RG_EINVALID);
    assert_string_equal(err.text, "options:1:13: unknown key 'run.forr'; did you mean 'run.for'?");
    assert_int_equal(rg_sim_sink_calls(f.sink), 0);
    fixture_finish(&f);
}

static void test_without_checks_the_engine_waits_and_says_so(void **state)
{
    struct rg_engine_report report = {.runs = 9};
    struct fixture f;
    struct rg_err err = {0};

    (void)state;
    prepare(&f, "run: {for: 3s}\n");
    assert_int_equal(rg_engine_run(&f.backends, &report, &err), RG_OK);
    assert_int_equal(report.runs, 0);
    assert_int_equal(rg_sim_sink_count(f.sink), 1);
    fixture_finish(&f);
}

struct seen {
    size_t messages, processes;
};

static enum rg_status look(void *ctx, const char *check, struct rg_str message, struct rg_err *err)
{
    struct seen *seen = ctx;
    const uint8_t *body = (const uint8_t *)message.ptr + 16;

    (void)err;
    seen->messages++;
    if (strcmp(check, "process") == 0) {
        standard_message *m =
            datadog__process_agent__collector_proc__unpack(NULL, message.len - 16, body);

        assert_non_null(m);
        seen->processes += m->n_processes;
        datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    } else {
        realtime_message *m =
            datadog__process_agent__collector_real_time__unpack(NULL, message.len - 16, body);

        assert_non_null(m);
        seen->processes += m->n_stats;
        datadog__process_agent__collector_real_time__free_unpacked(m, NULL);
    }
    return RG_OK;
}

static void test_one_shot_checks_hand_over_the_second_run(void **state)
{
    static const struct {
        const char *check;
        int64_t wait_ns, waited_s;
    } rows[] = {{"process", 0, 10}, {"rtprocess", 0, 2}, {"process", 3 * RG_NS_PER_S, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seen seen = {0};
        struct rg_engine_once once = {rows[i].check, rows[i].wait_ns, look, &seen};
        struct rg_engine_report report = {0};
        struct fixture f;
        struct rg_err err = {0};
        int64_t before;

        prepare(&f, "log_level: error\n");
        before = rg_runtime_mono(f.runtime).ns;
        assert_int_equal(rg_engine_check_once(&f.backends, &once, &report, &err), RG_OK);
        assert_true(rg_runtime_mono(f.runtime).ns - before == rows[i].waited_s * RG_NS_PER_S);
        assert_int_equal(seen.messages, 1);
        assert_int_equal(seen.processes, 2);
        assert_int_equal(report.payloads, 1);
        assert_int_equal(rg_sim_sink_calls(f.sink), 0);
        fixture_finish(&f);
    }
}

static void test_one_shot_checks_must_exist(void **state)
{
    struct rg_engine_once once = {"container", 0, look, NULL};
    struct rg_engine_report report = {0};
    struct fixture f;
    struct rg_err err = {0};

    (void)state;
    prepare(&f, "");
    assert_int_equal(rg_engine_check_once(&f.backends, &once, &report, &err), RG_ENOTFOUND);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_lasts_as_long_as_configured_and_reports),
        cmocka_unit_test(test_the_stop_request_ends_a_run_without_limit),
        cmocka_unit_test(test_equal_seeds_give_equal_outputs),
        cmocka_unit_test(test_no_order_of_tasks_loses_a_message),
        cmocka_unit_test(test_a_bad_configuration_does_not_start),
        cmocka_unit_test(test_without_checks_the_engine_waits_and_says_so),
        cmocka_unit_test(test_one_shot_checks_hand_over_the_second_run),
        cmocka_unit_test(test_one_shot_checks_must_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
