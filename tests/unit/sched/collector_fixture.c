#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector_fixture.h"

#include <stdio.h>
#include <string.h>

/* The end of one run: after its time, or when it was asked to. */
static void pass_time(struct fake_check *check)
{
    struct rg_runtime *rt = check->base.world->runtime;
    struct fake *fake = check->fake;
    struct rg_mono end = rg_mono_after(rg_runtime_mono(rt), fake->duration_ns);

    if (fake->duration_ns == 0 && !fake->hangs)
        return;
    for (;;) {
        struct rg_mono now = rg_runtime_mono(rt);
        struct rg_mono next = fake->poll_ns ? rg_mono_after(now, fake->poll_ns) : end;

        if (now.ns >= end.ns && !(fake->hangs && *fake->hangs))
            return;
        if (now.ns >= end.ns)
            next = rg_mono_after(now, RG_NS_PER_S);
        else if (next.ns > end.ns)
            next = end;
        if (rg_runtime_sleep_until(rt, next) != RG_OK)
            return;
        if (fake->poll_ns && rg_check_stopping(&check->base)) {
            fake->stopped++;
            return;
        }
    }
}

static enum rg_status fake_run(struct rg_check *base, struct rg_err *err)
{
    struct fake_check *check = (struct fake_check *)base;
    struct fake *fake = check->fake;
    unsigned run = fake->runs++;

    fake->inside++;
    if (check->inside++ != 0)
        fake->overlapped = true;
    if (run < FAKE_STARTS)
        fake->starts[run] =
            (rg_runtime_mono(base->world->runtime).ns - check->origin_ns) / RG_NS_PER_S;
    if (fake->asks && rg_collector_counts(fake->asks).running == 0)
        fake->overlapped = true; /* it runs itself */
    for (int i = 0; i < fake->warnings; i++)
        rg_check_warn(base, "warning %d of run %u", i + 1, run + 1);
    pass_time(check);
    for (int i = 0; i < fake->samples; i++)
        rg_sender_gauge(base->sender, "fake.value", i, NULL, RG_NO_TAGS);
    if (fake->samples >= 0)
        rg_ignore(rg_sender_commit(base->sender, err), "memory may be short in a test");
    check->inside--;
    fake->inside--;
    if (fake->result != RG_OK)
        rg_err_set(err, "run %u failed", run + 1);
    return fake->result;
}

static void fake_cancel(struct rg_check *base)
{
    struct fake_check *check = (struct fake_check *)base;
    struct rg_runtime *rt = base->world->runtime;

    if (check->was_cancelled++ != 0)
        check->fake->late_cancel = true;
    if (check->fake->cancel_ns)
        rg_ignore(
            rg_runtime_sleep_until(rt, rg_mono_after(rg_runtime_mono(rt), check->fake->cancel_ns)),
            "the run may drain");
    check->fake->cancelled++;
}

static void fake_finish(struct rg_check *base)
{
    struct fake_check *check = (struct fake_check *)base;

    if (!check->fake)
        return; /* it was not made completely */
    if (check->fake->cancels && check->was_cancelled != 1)
        check->fake->late_cancel = true;
    if (check->inside != 0)
        check->fake->overlapped = true;
    check->fake->freed++;
}

const struct rg_check_ops *fake_ops(const struct fake *fake)
{
    static const struct rg_check_ops plain = {
        .version = "", .run = fake_run, .finish = fake_finish};
    static const struct rg_check_ops cancelling = {
        .version = "", .run = fake_run, .cancel = fake_cancel, .finish = fake_finish};

    return fake->cancels ? &cancelling : &plain;
}

void fixture_world(struct collector_fixture *f, uint64_t order_seed)
{
    struct rg_sim_runtime_options sim = RG_SIM_RUNTIME_OPTIONS;
    struct rg_sim_sink_options sink = {0};
    struct rg_aggregator_options aggregator;
    struct rg_err err = {0};

    *f = (struct collector_fixture){0};
    sim.seed = order_seed;
    sim.order = order_seed ? RG_SIM_ORDER_RANDOM : RG_SIM_ORDER_STABLE;
    assert_int_equal(rg_sim_runtime_create(&sim, &f->runtime, &err), RG_OK);
    assert_int_equal(rg_sim_sink_create(&sink, &f->sink, &err), RG_OK);
    f->log = (struct rg_log){f->runtime, f->sink, RG_LOG_INFO};
    rg_aggregator_options_default(&aggregator);
    aggregator.hostname = "agent-host";
    f->world.runtime = f->runtime;
    f->world.log = &f->log;
    assert_int_equal(
        rg_aggregator_create(f->runtime, &aggregator, &f->log, &f->world.aggregator, &err), RG_OK);
    f->world.stop_lock = rg_mutex_create(f->runtime, "stop");
    assert_non_null(f->world.stop_lock);
    f->origin_ns = rg_runtime_mono(f->runtime).ns;
}

void fixture_open(
    struct collector_fixture *f, const struct rg_collector_options *options, uint64_t order_seed)
{
    struct rg_err err = {0};

    fixture_world(f, order_seed);
    assert_int_equal(rg_collector_create(&f->world, options, &f->collector, &err), RG_OK);
    assert_int_equal(rg_collector_start(f->collector, &err), RG_OK);
}

void fixture_stop(struct collector_fixture *f)
{
    rg_collector_stop(f->collector);
}

void fixture_close(struct collector_fixture *f)
{
    if (f->collector) {
        rg_collector_stop(f->collector);
        assert_int_equal(rg_collector_counts(f->collector).running, 0);
    }
    rg_collector_destroy(f->collector);
    rg_mutex_destroy(f->world.stop_lock);
    rg_aggregator_destroy(f->world.aggregator);
    assert_null(rg_sim_runtime_deadlock(f->runtime));
    assert_null(rg_sim_runtime_overlap(f->runtime));
    rg_sink_destroy(f->sink);
    rg_runtime_destroy(f->runtime);
}

enum rg_status fixture_make(struct collector_fixture *f, const char *name, int64_t interval_ns,
    struct fake *fake, struct rg_check **out)
{
    const struct rg_check_source from = {.name = rg_str_from(name), .source = RG_STR_LIT("file:x")};
    struct rg_err err = {0};
    enum rg_status st = rg_check_create(
        fake_ops(fake), sizeof(struct fake_check), false, "core", &f->world, &from, out, &err);

    if (st != RG_OK)
        return st;
    (*out)->interval_ns = interval_ns;
    ((struct fake_check *)*out)->fake = fake;
    ((struct fake_check *)*out)->origin_ns = f->origin_ns;
    return RG_OK;
}

struct rg_check *fixture_check(
    struct collector_fixture *f, const char *name, int64_t interval_ns, struct fake *fake)
{
    struct rg_check *check = NULL;

    assert_int_equal(fixture_make(f, name, interval_ns, fake, &check), RG_OK);
    return check;
}

void fixture_run(
    struct collector_fixture *f, const char *name, int64_t interval_ns, struct fake *fake)
{
    struct rg_err err = {0};

    assert_int_equal(
        rg_collector_run_check(f->collector, fixture_check(f, name, interval_ns, fake), &err),
        RG_OK);
}

void fixture_until(struct collector_fixture *f, int64_t ns)
{
    assert_int_equal(
        rg_runtime_sleep_until(f->runtime, (struct rg_mono){f->origin_ns + ns}), RG_OK);
}

size_t fixture_logged(const struct collector_fixture *f, const char *text)
{
    size_t found = 0;

    for (size_t i = 0; i < rg_sim_sink_count(f->sink); i++) {
        struct rg_str line = rg_sim_sink_at(f->sink, i)->payload;

        found += memmem(line.ptr, line.len, text, strlen(text)) != NULL;
    }
    return found;
}

struct search {
    const char *id;
    struct rg_check_stats *out; /* NULL: only whether it is there */
    bool found;
};

static enum rg_status find(void *ctx, const struct rg_check_view *view)
{
    struct search *search = ctx;

    if (strcmp(view->check->id, search->id) != 0)
        return RG_OK;
    search->found = true;
    return search->out ? rg_check_stats_copy(view->stats, search->out) : RG_OK;
}

bool fixture_stats(struct collector_fixture *f, const char *id, struct rg_check_stats *out)
{
    struct search search = {id, out, false};

    assert_int_equal(rg_collector_each(f->collector, find, &search), RG_OK);
    return search.found;
}

bool fixture_has(struct collector_fixture *f, const char *id)
{
    return fixture_stats(f, id, NULL);
}
