#include "conform_sink.h"
#include "rg/sim.h"

#include <stdio.h>
#include <string.h>

static struct rg_sink *create(void *context)
{
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};

    (void)context;
    if (rg_sim_sink_create(NULL, &sink, &err) != RG_OK)
        fprintf(stderr, "%s\n", rg_err_text(&err, RG_EIO));
    return sink;
}

static struct rg_runtime *runtime(void *context)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt = NULL;
    struct rg_err err = {0};

    (void)context;
    options.order = RG_SIM_ORDER_RANDOM;
    if (rg_sim_runtime_create(&options, &rt, &err) != RG_OK)
        fprintf(stderr, "%s\n", rg_err_text(&err, RG_EIO));
    return rt;
}

static void copy_output(struct conform_output *to, const struct rg_output *from)
{
    *to = (struct conform_output){.header_count = from->header_count};
    snprintf(to->kind, sizeof(to->kind), "%s", from->kind);
    snprintf(to->source, sizeof(to->source), "%s", from->source);
    for (size_t i = 0; i < from->header_count && i < 2; i++) {
        snprintf(to->names[i], sizeof(to->names[i]), "%s", from->headers[i].name);
        snprintf(to->values[i], sizeof(to->values[i]), "%s", from->headers[i].value);
    }
    rg_assert(from->payload.len <= sizeof(to->payload));
    to->payload_len = from->payload.len;
    memcpy(to->payload, from->payload.ptr, from->payload.len);
}

static size_t collect(void *context, struct rg_sink *sink, struct conform_output *out, size_t cap)
{
    size_t count = rg_sim_sink_count(sink);

    (void)context;
    if (count > cap)
        count = cap;
    for (size_t i = 0; i < count; i++)
        copy_output(&out[i], rg_sim_sink_at(sink, i));
    return count;
}

int main(void)
{
    static const struct conform_sink memory = {
        .name = "sink in memory",
        .create = create,
        .collect = collect,
        .runtime = runtime,
    };

    return conform_sink_run(&memory);
}
