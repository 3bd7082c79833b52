/* A sink that keeps what it took. */
#include "rg/base/mem.h"
#include "rg/ops/sink_ops.h"
#include "rg/sim.h"

#include <stdlib.h>
#include <string.h>

struct mem_sink {
    struct rg_sink base;    /* first */
    struct rg_mutex *mutex; /* owned; NULL without a runtime */
    struct rg_sim_sink_options options;
    struct rg_output **outputs; /* owned, each one block with its texts and payload */
    size_t count;
    size_t cap;
    size_t bytes;
    uint64_t calls;
};

static const struct rg_sink_ops mem_sink_ops;

static struct mem_sink *mem_from(struct rg_sink *base)
{
    rg_assert(base->ops == &mem_sink_ops);
    return (struct mem_sink *)base;
}

static void lock(struct mem_sink *sink)
{
    if (sink->mutex)
        rg_mutex_lock(sink->mutex);
}

static void unlock(struct mem_sink *sink)
{
    if (sink->mutex)
        rg_mutex_unlock(sink->mutex);
}

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* Bytes of the block that holds a copy. */
static size_t copy_bytes(const struct rg_output *output)
{
    size_t bytes = sizeof(*output) + output->header_count * sizeof(*output->headers) +
                   text_bytes(output->kind) + text_bytes(output->source) + output->payload.len + 1;

    for (size_t i = 0; i < output->header_count; i++)
        bytes += text_bytes(output->headers[i].name) + text_bytes(output->headers[i].value);
    return bytes;
}

/* Copies text to *place, which moves behind it. */
static const char *put_text(char **place, const char *text)
{
    char *copy = *place;
    size_t len = text_bytes(text);

    if (!text)
        return NULL;
    memcpy(copy, text, len);
    *place += len;
    return copy;
}

static struct rg_output *copy_output(const struct rg_output *output, size_t bytes)
{
    struct rg_output *copy = rg_calloc(1, bytes);
    struct rg_output_header *headers;
    char *place;

    if (!copy)
        return NULL;
    headers = (struct rg_output_header *)(copy + 1);
    place = (char *)(headers + output->header_count);
    for (size_t i = 0; i < output->header_count; i++) {
        headers[i].name = put_text(&place, output->headers[i].name);
        headers[i].value = put_text(&place, output->headers[i].value);
    }
    copy->headers = output->header_count ? headers : NULL;
    copy->header_count = output->header_count;
    copy->kind = put_text(&place, output->kind);
    copy->source = put_text(&place, output->source);
    if (output->payload.len)
        memcpy(place, output->payload.ptr, output->payload.len);
    copy->payload = (struct rg_str){place, output->payload.len};
    return copy;
}

/* Takes copy when it answers RG_OK. */
static enum rg_status keep(struct mem_sink *sink, struct rg_output *copy, size_t bytes)
{
    void *outputs = sink->outputs;
    enum rg_status st;

    if (bytes > sink->options.bytes_max - sink->bytes)
        return RG_EIO;
    st = rg_grow(&outputs, &sink->cap, sink->count + 1, sizeof(struct rg_output *),
        sink->options.outputs_max);
    sink->outputs = outputs;
    if (st != RG_OK)
        return st == RG_ELIMIT ? RG_EIO : st;
    sink->outputs[sink->count++] = copy;
    sink->bytes += bytes;
    return RG_OK;
}

static enum rg_status mem_emit(struct rg_sink *base, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct mem_sink *sink = mem_from(base);
    size_t bytes = copy_bytes(output);
    struct rg_output *copy;
    enum rg_status st;
    uint64_t call;

    lock(sink);
    call = sink->calls++;
    unlock(sink);
    if (sink->options.script) {
        st = sink->options.script(sink->options.script_ctx, call, output, response, err);
        if (st != RG_OK)
            return st;
    }
    copy = copy_output(output, bytes);
    if (!copy) {
        st = RG_ENOMEM;
        goto fail;
    }
    lock(sink);
    st = keep(sink, copy, bytes);
    unlock(sink);
    if (st != RG_OK)
        goto fail;
    return RG_OK;
fail:
    free(copy);
    rg_buf_clear(response);
    if (st == RG_ENOMEM)
        rg_err_set(err, "no memory to keep an output of %zu bytes", bytes);
    else
        rg_err_set(err, "the sink is full: at most %zu outputs and %zu bytes are kept",
            sink->options.outputs_max, sink->options.bytes_max);
    return st;
}

static void mem_destroy(struct rg_sink *base)
{
    struct mem_sink *sink = mem_from(base);

    rg_sim_sink_clear(base);
    free(sink->outputs);
    rg_mutex_destroy(sink->mutex);
    free(sink);
}

static const struct rg_sink_ops mem_sink_ops = {
    .name = "memory",
    .emit = mem_emit,
    .destroy = mem_destroy,
};

enum rg_status rg_sim_sink_create(
    const struct rg_sim_sink_options *options, struct rg_sink **out, struct rg_err *err)
{
    struct mem_sink *sink = rg_calloc(1, sizeof(*sink));

    if (!sink)
        goto no_memory;
    sink->base.ops = &mem_sink_ops;
    if (options)
        sink->options = *options;
    if (sink->options.outputs_max == 0)
        sink->options.outputs_max = RG_SIM_SINK_OUTPUTS_MAX;
    if (sink->options.bytes_max == 0)
        sink->options.bytes_max = RG_SIM_SINK_BYTES_MAX;
    if (sink->options.runtime) {
        sink->mutex = rg_mutex_create(sink->options.runtime, "sink");
        if (!sink->mutex)
            goto no_memory;
    }
    *out = &sink->base;
    return RG_OK;
no_memory:
    free(sink);
    rg_err_set(err, "no memory for a sink");
    return RG_ENOMEM;
}

size_t rg_sim_sink_count(struct rg_sink *base)
{
    return mem_from(base)->count;
}

const struct rg_output *rg_sim_sink_at(struct rg_sink *base, size_t i)
{
    const struct mem_sink *sink = mem_from(base);

    rg_assert(i < sink->count);
    return sink->outputs[i];
}

uint64_t rg_sim_sink_calls(struct rg_sink *base)
{
    return mem_from(base)->calls;
}

void rg_sim_sink_clear(struct rg_sink *base)
{
    struct mem_sink *sink = mem_from(base);

    for (size_t i = 0; i < sink->count; i++)
        free(sink->outputs[i]);
    sink->count = 0;
    sink->bytes = 0;
}
