#include "tee_sink.h"

#include "rg/base/mem.h"
#include "rg/live.h"
#include "rg/ops/sink_ops.h"

#include <stdatomic.h>
#include <stdlib.h>

#define END_NS (3 * RG_NS_PER_S)

struct tee_sink {
    struct rg_sink base; /* first: rg_sink pointers are cast back */
    struct rg_sink *intake, *outputs, *log;
    atomic_uint_fast64_t count, failed, sent; /* several tasks emit */
};

static struct tee_sink *tee_from(struct rg_sink *sink);

static enum rg_status tee_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct tee_sink *tee = tee_from(sink);
    bool payload = rg_str_is(rg_str_from(output->kind), "payload");
    bool sent = tee->intake && payload;
    enum rg_status st = RG_OK;

    if (rg_str_is(rg_str_from(output->kind), "log"))
        rg_ignore(rg_sink_emit(tee->log, output, NULL, NULL), "logging never stops a flow");
    if (sent)
        st = rg_sink_emit(tee->intake, output, response, err);
    if (st != RG_OK)
        return st;
    if (sent)
        atomic_fetch_add(&tee->sent, 1);
    if (tee->outputs)
        st = rg_sink_emit(tee->outputs, output, sent ? NULL : response, err);
    if (st == RG_OK)
        atomic_fetch_add(&tee->count, 1);
    else if (sent || !payload)
        atomic_fetch_add(&tee->failed, 1);
    return sent ? RG_OK : st;
}

static void tee_destroy(struct rg_sink *sink)
{
    struct tee_sink *tee = tee_from(sink);

    rg_sink_destroy(tee->intake);
    rg_sink_destroy(tee->outputs);
    rg_sink_destroy(tee->log);
    free(tee);
}

static const struct rg_sink_ops tee_sink_ops = {
    .name = "tee",
    .emit = tee_emit,
    .destroy = tee_destroy,
};

static struct tee_sink *tee_from(struct rg_sink *sink)
{
    rg_assert(sink->ops == &tee_sink_ops);
    return (struct tee_sink *)sink;
}

enum rg_status tee_sink_create(struct rg_sink *intake, struct rg_sink *outputs, struct rg_sink *log,
    struct rg_sink **out, struct rg_err *err)
{
    struct tee_sink *tee = rg_calloc(1, sizeof(*tee));

    if (!tee) {
        rg_sink_destroy(intake);
        rg_sink_destroy(outputs);
        rg_sink_destroy(log);
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    tee->base.ops = &tee_sink_ops;
    tee->intake = intake;
    tee->outputs = outputs;
    tee->log = log;
    atomic_init(&tee->count, 0);
    atomic_init(&tee->failed, 0);
    atomic_init(&tee->sent, 0);
    *out = &tee->base;
    return RG_OK;
}

uint64_t tee_sink_count(struct rg_sink *sink)
{
    return atomic_load(&tee_from(sink)->count);
}

uint64_t tee_sink_failed(struct rg_sink *sink)
{
    return atomic_load(&tee_from(sink)->failed);
}

uint64_t tee_sink_sent(struct rg_sink *sink)
{
    return atomic_load(&tee_from(sink)->sent);
}

void tee_sink_end(void *tee)
{
    struct rg_sink *intake = tee_from(tee)->intake;

    if (intake)
        rg_live_sink_intake_end(intake, END_NS);
}
