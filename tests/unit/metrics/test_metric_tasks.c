#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "metric_flusher.h"
#include "rg/base/hash.h"
#include "rg/live.h"
#include "rg/sim.h"

#include <string.h>

#define WORKERS 4
#define RUNS    12

/* Workers with senders of their own, a flusher and a forwarder, all at once. */
struct crew {
    struct rg_runtime *runtime;
    struct rg_aggregator *aggregator;
    int64_t pause_ns;
};

struct worker {
    struct crew *crew;
    int number;
    uint32_t task;
};

static void run_checks(void *arg)
{
    const struct worker *w = arg;
    char id[2] = {(char)('a' + w->number), '\0'};
    struct rg_err err = {0};

    for (int run = 0; run < RUNS; run++) {
        struct rg_mono until = rg_runtime_mono(w->crew->runtime);
        struct rg_sender *s = NULL;

        /* opened and closed again and again, as when a configuration comes and goes */
        assert_int_equal(
            rg_sender_open(w->crew->aggregator, run % 3 ? id : "shared", &s, &err), RG_OK);
        rg_sender_count(s, "runs", 1, id, RG_NO_TAGS);
        rg_sender_histogram(s, "h", run, id, RG_NO_TAGS);
        rg_sender_service_check(s, &(struct rg_service_check){.name = RG_STR_LIT("up")});
        assert_int_equal(rg_sender_commit(s, &err), RG_OK);
        rg_sender_close(s);
        until.ns += w->crew->pause_ns;
        if (rg_runtime_sleep_until(w->crew->runtime, until) != RG_OK)
            return;
    }
}

static struct rg_metric_flusher_counts run_crew(
    struct rg_runtime *runtime, struct rg_sink *sink, int64_t pause_ns, uint64_t *sent)
{
    struct rg_metric_flusher_options o = RG_METRIC_FLUSHER_OPTIONS;
    const struct rg_forward_options forward = RG_FORWARD_OPTIONS;
    struct rg_aggregator_options options;
    struct rg_metric_flusher_counts counts;
    struct rg_metric_flusher *flusher = NULL;
    struct rg_forwarder *forwarder = NULL;
    struct worker workers[WORKERS];
    struct crew crew = {.runtime = runtime, .pause_ns = pause_ns};
    struct rg_err err = {0};

    rg_aggregator_options_default(&options);
    options.hostname = "h";
    o.interval_ns = pause_ns * 3;
    assert_int_equal(rg_aggregator_create(runtime, &options, NULL, &crew.aggregator, &err), RG_OK);
    assert_int_equal(rg_forwarder_create(runtime, sink, &forward, NULL, &forwarder, &err), RG_OK);
    assert_int_equal(
        rg_metric_flusher_create(runtime, crew.aggregator, forwarder, &o, NULL, &flusher, &err),
        RG_OK);
    assert_int_equal(rg_forwarder_start(forwarder, &err), RG_OK);
    assert_int_equal(rg_metric_flusher_start(flusher, &err), RG_OK);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){&crew, i, 0};
        assert_int_equal(
            rg_runtime_spawn(runtime, "worker", run_checks, &workers[i], &workers[i].task, &err),
            RG_OK);
    }
    for (int i = 0; i < WORKERS; i++)
        rg_runtime_join(runtime, workers[i].task);
    rg_metric_flusher_stop(flusher);
    rg_forwarder_stop(forwarder);
    counts = rg_metric_flusher_counts(flusher);
    *sent = rg_forwarder_counts(forwarder).sent_items;
    assert_int_equal(rg_forwarder_counts(forwarder).lost_items, 0);
    rg_metric_flusher_destroy(flusher);
    rg_forwarder_destroy(forwarder);
    rg_aggregator_destroy(crew.aggregator);
    return counts;
}

static void expect_all(const struct rg_metric_flusher_counts *c, uint64_t sent)
{
    /* a count and five series of the histogram per run, two series and a check per flush */
    assert_int_equal(c->series, WORKERS * RUNS * 6 + 2 * c->flushes);
    assert_int_equal(c->service_checks, WORKERS * RUNS + c->flushes);
    assert_int_equal(sent, c->series + c->service_checks);
    assert_int_equal(c->too_large + c->lost, 0);
}

static uint64_t simulate(uint64_t seed)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_sim_sink_options sink_options = {0};
    struct rg_metric_flusher_counts counts;
    struct rg_runtime *runtime = NULL;
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};
    uint64_t hash = 0, sent;

    options.seed = seed;
    options.order = RG_SIM_ORDER_RANDOM;
    assert_int_equal(rg_sim_runtime_create(&options, &runtime, &err), RG_OK);
    sink_options.runtime = runtime;
    assert_int_equal(rg_sim_sink_create(&sink_options, &sink, &err), RG_OK);
    counts = run_crew(runtime, sink, RG_NS_PER_S, &sent);
    expect_all(&counts, sent);
    for (size_t i = 0; i < rg_sim_sink_count(sink); i++) {
        struct rg_str payload = rg_sim_sink_at(sink, i)->payload;

        hash = rg_hash_mix(hash, rg_hash64(payload.ptr, payload.len));
    }
    rg_sink_destroy(sink);
    rg_runtime_destroy(runtime);
    return hash;
}

static void test_tasks_in_any_order_lose_nothing_and_repeat_byte_for_byte(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 15; seed++)
        assert_true(simulate(seed) == simulate(seed));
}

static void test_threads_lose_nothing(void **state)
{
    struct rg_sim_sink_options sink_options = {0};
    struct rg_metric_flusher_counts counts;
    struct rg_runtime *runtime = NULL;
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};
    uint64_t sent;

    (void)state;
    assert_int_equal(rg_live_runtime_create(&runtime, &err), RG_OK);
    assert_int_equal(rg_sim_sink_create(&sink_options, &sink, &err), RG_OK);
    counts = run_crew(runtime, sink, RG_NS_PER_MS, &sent);
    expect_all(&counts, sent);
    rg_sink_destroy(sink);
    rg_runtime_destroy(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks_in_any_order_lose_nothing_and_repeat_byte_for_byte),
        cmocka_unit_test(test_threads_lose_nothing),
    };

    return cmocka_run_group_tests_name("metric tasks", tests, NULL, NULL);
}
