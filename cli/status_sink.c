#include "status_sink.h"

#include "rg/base/mem.h"
#include "rg/core/engine.h"
#include "rg/ops/sink_ops.h"

#include <stdlib.h>

struct status_sink {
    struct rg_sink base; /* first: rg_sink pointers are cast back */
    struct rg_sink *inner;
    struct status_file *file;
};

static struct status_sink *sink_from(struct rg_sink *sink);

static enum rg_status status_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct status_sink *s = sink_from(sink);

    if (rg_str_is(rg_str_from(output->kind), RG_STATUS_KIND))
        status_file_put(s->file, output->payload);
    return rg_sink_emit(s->inner, output, response, err);
}

static void status_destroy(struct rg_sink *sink)
{
    struct status_sink *s = sink_from(sink);

    rg_sink_destroy(s->inner);
    free(s);
}

static const struct rg_sink_ops status_sink_ops = {
    .name = "status",
    .emit = status_emit,
    .destroy = status_destroy,
};

static struct status_sink *sink_from(struct rg_sink *sink)
{
    rg_assert(sink->ops == &status_sink_ops);
    return (struct status_sink *)sink;
}

enum rg_status status_sink_create(
    struct rg_sink *inner, struct status_file *file, struct rg_sink **out, struct rg_err *err)
{
    struct status_sink *s = rg_calloc(1, sizeof(*s));

    if (!s) {
        rg_sink_destroy(inner);
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    s->base.ops = &status_sink_ops;
    s->inner = inner;
    s->file = file;
    *out = &s->base;
    return RG_OK;
}
