#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_scheduler.h"
#include "collector_fixture.h"
#include "rg/live.h"

#include <stdio.h>
#include <stdlib.h>

#define S      RG_NS_PER_S
#define CHECKS 300
#define EXTRA  40

/* The fixture on threads. Nothing here depends on how fast they are. */
static void open_live(struct collector_fixture *f, const struct rg_collector_options *options)
{
    struct rg_sim_sink_options sink = {0};
    struct rg_aggregator_options aggregator;
    struct rg_err err = {0};

    *f = (struct collector_fixture){0};
    assert_int_equal(rg_live_runtime_create(&f->runtime, &err), RG_OK);
    sink.runtime = f->runtime;
    assert_int_equal(rg_sim_sink_create(&sink, &f->sink, &err), RG_OK);
    f->log = (struct rg_log){f->runtime, f->sink, RG_LOG_WARN};
    rg_aggregator_options_default(&aggregator);
    aggregator.hostname = "agent-host";
    f->world.runtime = f->runtime;
    f->world.log = &f->log;
    assert_int_equal(
        rg_aggregator_create(f->runtime, &aggregator, &f->log, &f->world.aggregator, &err), RG_OK);
    f->world.stop_lock = rg_mutex_create(f->runtime, "stop");
    assert_non_null(f->world.stop_lock);
    f->origin_ns = rg_runtime_mono(f->runtime).ns;
    assert_int_equal(rg_collector_create(&f->world, options, &f->collector, &err), RG_OK);
    assert_int_equal(rg_collector_start(f->collector, &err), RG_OK);
}

static void close_live(struct collector_fixture *f)
{
    fixture_stop(f);
    assert_int_equal(rg_collector_counts(f->collector).running, 0);
    rg_collector_destroy(f->collector);
    rg_mutex_destroy(f->world.stop_lock);
    rg_aggregator_destroy(f->world.aggregator);
    rg_sink_destroy(f->sink);
    rg_runtime_destroy(f->runtime);
}

/* Looks at everything while everything moves. */
struct watcher {
    struct collector_fixture *f;
    atomic_bool ended;
    unsigned looks, wrong;
};

static enum rg_status look(void *ctx, const struct rg_check_view *view)
{
    struct watcher *w = ctx;
    struct rg_check_stats copy;

    if (rg_check_stats_copy(view->stats, &copy) != RG_OK)
        return RG_ENOMEM;
    w->wrong += copy.runs > 0 && copy.updated.ns == 0;
    rg_check_stats_finish(&copy);
    return RG_OK;
}

static void watch(void *arg)
{
    struct watcher *w = arg;
    struct rg_runtime *rt = w->f->runtime;

    while (!w->ended) {
        struct rg_collector_counts counts;
        struct rg_flush flush;

        w->wrong += rg_collector_each(w->f->collector, look, w) != RG_OK;
        counts = rg_collector_counts(w->f->collector);
        w->wrong += counts.running > counts.workers || counts.checks > CHECKS + 1;
        rg_aggregator_flush(
            w->f->world.aggregator, rg_runtime_wall(rt), (struct rg_flush_extras){0}, &flush);
        rg_flush_finish(&flush);
        w->looks++;
        if (rg_runtime_sleep_until(rt, rg_mono_after(rg_runtime_mono(rt), S / 50)) != RG_OK)
            return;
    }
}

/* A thread that gets no time looks like a check that does not listen. True: it ended in time. */
static bool expect_stopped(struct collector_fixture *f, const char *id)
{
    struct rg_err err = {0};
    enum rg_status st = rg_collector_stop_check(f->collector, id, &err);

    assert_true(st == RG_OK || st == RG_ETIMEOUT);
    assert_false(fixture_has(f, id));
    return st == RG_OK;
}

static void test_threads_run_checks_that_come_and_go(void **state)
{
    struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake *fakes = calloc(CHECKS, sizeof(*fakes));
    struct fake once = {.duration_ns = 60 * S, .poll_ns = S / 200, .cancels = true};
    struct collector_fixture f;
    struct watcher watcher = {0};
    struct rg_collector_counts counts;
    struct rg_err err = {0};
    uint64_t runs = 0;
    uint32_t task = 0;
    char name[32];

    (void)state;
    assert_non_null(fakes);
    options.workers = 8;
    options.check_status = true;
    open_live(&f, &options);
    watcher.f = &f;
    assert_int_equal(rg_runtime_spawn(f.runtime, "watcher", watch, &watcher, &task, &err), RG_OK);
    for (unsigned i = 0; i < CHECKS; i++) {
        fakes[i].duration_ns = i % 3 ? 0 : RG_NS_PER_MS;
        fakes[i].poll_ns = RG_NS_PER_MS / 2;
        fakes[i].samples = 3;
        fakes[i].cancels = i % 2;
        fakes[i].result = i % 7 ? RG_OK : RG_EIO;
        snprintf(name, sizeof(name), "check_%u", i);
        fixture_run(&f, name, S, &fakes[i]);
    }
    for (unsigned i = 0; i < EXTRA; i++) { /* come and go, mostly while they run */
        fixture_run(&f, "once", 0, &once);
        fixture_until(&f, (int64_t)i * S / 20);
        expect_stopped(&f, "once");
        snprintf(name, sizeof(name), "check_%u", i);
        if (expect_stopped(&f, name))
            assert_int_equal(fakes[i].freed, 1);
    }
    fixture_until(&f, 2 * S + S / 4);
    while (rg_collector_counts(f.collector).runs == 0) /* a slow machine */
        fixture_until(&f, rg_runtime_mono(f.runtime).ns - f.origin_ns + S / 10);
    counts = rg_collector_counts(f.collector);
    assert_int_equal(counts.checks, CHECKS - EXTRA);
    assert_int_equal(counts.queues, 1);
    fixture_stop(&f);
    watcher.ended = true;
    rg_runtime_join(f.runtime, task);
    assert_true(watcher.looks > 0);
    assert_int_equal(watcher.wrong, 0);
    counts = rg_collector_counts(f.collector);
    for (unsigned i = 0; i < CHECKS; i++) {
        assert_false(fakes[i].overlapped);
        assert_int_equal(fakes[i].inside, 0);
        runs += fakes[i].runs;
    }
    assert_int_equal(counts.runs, runs + once.runs);
    assert_true(runs > 0);
    close_live(&f);
    for (unsigned i = 0; i < CHECKS; i++) {
        assert_int_equal(fakes[i].freed, 1);
        assert_false(fakes[i].late_cancel);
    }
    assert_int_equal(once.freed, EXTRA);
    assert_int_equal(once.cancelled, EXTRA);
    free(fakes);
}

/* Two tasks stop and start checks beside a shutdown. */
struct churn {
    struct collector_fixture *f;
    struct fake fake;
    const char *id;
    atomic_bool refused;
};

static void come_and_go(void *arg)
{
    struct churn *churn = arg;
    enum rg_status st = RG_OK;
    struct rg_err err = {0};

    while (st != RG_ESTOPPED) {
        struct rg_check *check = NULL;

        if (fixture_make(churn->f, churn->id, S, &churn->fake, &check) != RG_OK)
            return;
        st = rg_collector_run_check(churn->f->collector, check, &err);
        if (st != RG_OK)
            rg_check_destroy(check);
        else
            st = rg_collector_stop_check(churn->f->collector, churn->id, &err);
    }
    churn->refused = true;
}

static void test_a_shutdown_among_tasks_that_start_and_stop_checks(void **state)
{
    struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct collector_fixture f;
    struct churn churns[3] = {{.id = "a"}, {.id = "b"}, {.id = "c"}};
    uint32_t tasks[3];
    struct rg_err err = {0};

    (void)state;
    options.workers = 0;
    open_live(&f, &options);
    for (int i = 0; i < 3; i++) {
        churns[i].f = &f;
        churns[i].fake.cancels = i > 0;
        assert_int_equal(
            rg_runtime_spawn(f.runtime, "churn", come_and_go, &churns[i], &tasks[i], &err), RG_OK);
    }
    fixture_until(&f, S / 4);
    fixture_stop(&f);
    for (int i = 0; i < 3; i++) {
        rg_runtime_join(f.runtime, tasks[i]);
        assert_true(churns[i].refused);
    }
    close_live(&f);
    for (int i = 0; i < 3; i++) {
        assert_true(churns[i].fake.freed > 0);
        /* the last one was refused, so nothing of it was to be cancelled */
        if (churns[i].fake.cancels)
            assert_in_range(churns[i].fake.freed - churns[i].fake.cancelled, 0, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_run_checks_that_come_and_go),
        cmocka_unit_test(test_a_shutdown_among_tasks_that_start_and_stop_checks),
    };

    return cmocka_run_group_tests_name("collector live", tests, NULL, NULL);
}
