#include "tee_sink.h"

#include "rg/base/mem.h"
#include "rg/ops/sink_ops.h"

#include <stdatomic.h>
#include <stdlib.h>

struct tee_sink {
    struct rg_sink base; /* first: rg_sink pointers are cast back */
    struct rg_sink *outputs, *log;
    atomic_uint_fast64_t count, failed; /* several tasks emit */
};

static struct tee_sink *tee_from(struct rg_sink *sink);

static enum rg_status tee_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct tee_sink *tee = tee_from(sink);
    enum rg_status st = RG_OK;

    if (rg_str_is(rg_str_from(output->kind), "log"))
        rg_ignore(rg_sink_emit(tee->log, output, NULL, NULL), "logging never stops a flow");
    if (tee->outputs)
        st = rg_sink_emit(tee->outputs, output, response, err);
    if (st == RG_OK)
        atomic_fetch_add(&tee->count, 1);
    else if (!rg_str_is(rg_str_from(output->kind), "payload"))
        atomic_fetch_add(&tee->failed, 1);
    return st;
}

static void tee_destroy(struct rg_sink *sink)
{
    struct tee_sink *tee = tee_from(sink);

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

enum rg_status tee_sink_create(
    struct rg_sink *outputs, struct rg_sink *log, struct rg_sink **out, struct rg_err *err)
{
    struct tee_sink *tee = rg_calloc(1, sizeof(*tee));

    if (!tee) {
        rg_sink_destroy(outputs);
        rg_sink_destroy(log);
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    tee->base.ops = &tee_sink_ops;
    tee->outputs = outputs;
    tee->log = log;
    atomic_init(&tee->count, 0);
    atomic_init(&tee->failed, 0);
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
