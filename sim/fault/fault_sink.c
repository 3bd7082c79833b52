#include "fault_plan.h"

#include <string.h>

static const struct rg_sink_ops fault_sink_ops;

static struct rg_faults *faults_of(struct rg_sink *sink)
{
    rg_assert(sink->ops == &fault_sink_ops);
    return ((struct fault_sink *)sink)->faults;
}

static enum rg_status fault_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct rg_faults *f = faults_of(sink);
    const struct fault_call call = {
        .kind = RG_FAULT_EMIT,
        .name = output->source,
        .group = output->kind,
    };
    enum rg_status st = fault_gate(f, &call, err);

    if (st == RG_OK)
        st = rg_sink_emit(f->inner.sink, output, response, err);
    return st == RG_OK && strcmp(output->kind, "payload") == 0 ? fault_answer(f, &call, response)
                                                               : st;
}

/* The shim belongs to the faults. */
static void fault_sink_destroy(struct rg_sink *sink)
{
    (void)faults_of(sink);
}

static const struct rg_sink_ops fault_sink_ops = {
    .name = "fault",
    .emit = fault_emit,
    .destroy = fault_sink_destroy,
};

void fault_sink_init(struct fault_sink *shim, struct rg_faults *faults)
{
    *shim = (struct fault_sink){{&fault_sink_ops}, faults};
}
