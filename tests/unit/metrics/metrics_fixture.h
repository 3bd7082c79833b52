/* An aggregator on virtual time, and what tests of senders and payloads share. */
#ifndef RG_TESTS_METRICS_FIXTURE_H
#define RG_TESTS_METRICS_FIXTURE_H

#include "aggregator.h"
#include "rg/sim.h"

#include <stdio.h>
#include <string.h>

struct metrics_fixture {
    struct rg_runtime *runtime;
    struct rg_sink *sink;
    struct rg_log log;
    struct rg_aggregator *aggregator;
    struct rg_flush flush; /* of the last fixture_flush */
    bool flushed;
};

static inline void fixture_init(
    struct metrics_fixture *f, rg_sim_sink_script_fn *script, void *script_ctx)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_sim_sink_options sink = {.script = script, .script_ctx = script_ctx};
    struct rg_aggregator_options o;
    struct rg_err err = {0};

    *f = (struct metrics_fixture){0};
    assert_int_equal(rg_sim_runtime_create(&options, &f->runtime, &err), RG_OK);
    sink.runtime = f->runtime;
    assert_int_equal(rg_sim_sink_create(&sink, &f->sink, &err), RG_OK);
    f->log = (struct rg_log){f->runtime, f->sink, RG_LOG_INFO};
    rg_aggregator_options_default(&o);
    o.hostname = "agent-host";
    assert_int_equal(rg_aggregator_create(f->runtime, &o, &f->log, &f->aggregator, &err), RG_OK);
}

static inline void fixture_flush(struct metrics_fixture *f, bool extras)
{
    if (f->flushed)
        rg_flush_finish(&f->flush);
    rg_aggregator_flush(
        f->aggregator, rg_runtime_wall(f->runtime), (struct rg_flush_extras){extras, 0}, &f->flush);
    f->flushed = true;
}

static inline void fixture_finish(struct metrics_fixture *f)
{
    if (f->flushed)
        rg_flush_finish(&f->flush);
    rg_aggregator_destroy(f->aggregator);
    rg_sink_destroy(f->sink);
    rg_runtime_destroy(f->runtime);
}

static inline struct rg_sender *fixture_sender(struct metrics_fixture *f, const char *id)
{
    struct rg_sender *sender = NULL;
    struct rg_err err = {0};

    assert_int_equal(rg_sender_open(f->aggregator, id, &sender, &err), RG_OK);
    return sender;
}

static inline void fixture_pass(struct metrics_fixture *f, int64_t seconds)
{
    struct rg_mono until = rg_runtime_mono(f->runtime);

    until.ns += seconds * RG_NS_PER_S;
    assert_int_equal(rg_runtime_sleep_until(f->runtime, until), RG_OK);
}

/* "name|host|tag,tag" of serie i of the last flush. */
static inline const char *serie_text(const struct metrics_fixture *f, size_t i, char text[512])
{
    const struct rg_serie *serie = &f->flush.metrics.series[i];
    const struct rg_context *c = serie->context;
    size_t at;

    assert_true(i < f->flush.metrics.serie_count);
    at = (size_t)snprintf(text, 512, "%.*s%s|%.*s|", (int)c->name.len, c->name.ptr, serie->suffix,
        (int)c->host.len, c->host.ptr);
    for (size_t t = 0; t < c->tags.count; t++)
        at += (size_t)snprintf(text + at, 512 - at, "%s%.*s", t ? "," : "",
            (int)c->tags.items[t].len, c->tags.items[t].ptr);
    return text;
}

#endif
