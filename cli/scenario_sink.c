#include "scenario_sink.h"

#include "rg/base/mem.h"
#include "rg/ops/sink_ops.h"

#include <stdlib.h>
#include <string.h>

struct scenario_sink {
    struct rg_sink base; /* first: rg_sink pointers are cast back */
    struct rg_runtime *clock;
    struct rg_mutex *mutex; /* several tasks emit, and live ones at once */
    struct rg_mono start;
    struct scenario_output *outputs;
    size_t count, cap, bytes;
};

static struct scenario_sink *sink_from(struct rg_sink *sink);

static void finish_output(struct scenario_output *output)
{
    free(output->kind);
    free(output->source);
    free(output->id);
    rg_buf_finish(&output->payload);
}

static enum rg_status copy_output(struct scenario_output *to, const struct rg_output *from)
{
    to->kind = rg_memdup0(from->kind, strlen(from->kind));
    to->source = rg_memdup0(from->source, strlen(from->source));
    rg_buf_init(&to->payload, RG_OUTPUT_BYTES_MAX);
    if (!to->kind || !to->source)
        return RG_ENOMEM;
    for (size_t i = 0; i < from->header_count; i++) {
        if (strcmp(from->headers[i].name, RG_OUTPUT_ID_HEADER) != 0 || to->id)
            continue;
        to->id = rg_memdup0(from->headers[i].value, strlen(from->headers[i].value));
        if (!to->id)
            return RG_ENOMEM;
    }
    return rg_buf_append(&to->payload, from->payload.ptr, from->payload.len);
}

static enum rg_status keep(
    struct scenario_sink *s, const struct rg_output *output, int64_t t_ns, struct rg_err *err)
{
    struct scenario_output kept = {.t_ns = t_ns};
    void *array = s->outputs;
    enum rg_status st =
        rg_grow(&array, &s->cap, s->count + 1, sizeof(*s->outputs), SCENARIO_OUTPUTS_MAX);

    s->outputs = array;
    if (st == RG_ELIMIT || output->payload.len > SCENARIO_BYTES_KEPT - s->bytes) {
        rg_err_set(err, "the run emits more than a scenario keeps");
        return RG_EIO;
    }
    if (st == RG_OK)
        st = copy_output(&kept, output);
    if (st != RG_OK) {
        finish_output(&kept);
        return st;
    }
    s->bytes += output->payload.len;
    s->outputs[s->count++] = kept;
    return RG_OK;
}

static enum rg_status scenario_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct scenario_sink *s = sink_from(sink);
    enum rg_status st;

    (void)response; /* an intake without clients says nothing */
    rg_mutex_lock(s->mutex);
    st = keep(s, output, rg_runtime_mono(s->clock).ns - s->start.ns, err);
    rg_mutex_unlock(s->mutex);
    return st;
}

static void scenario_destroy(struct rg_sink *sink)
{
    struct scenario_sink *s = sink_from(sink);

    for (size_t i = 0; i < s->count; i++)
        finish_output(&s->outputs[i]);
    free(s->outputs);
    rg_mutex_destroy(s->mutex);
    free(s);
}

static const struct rg_sink_ops scenario_sink_ops = {
    .name = "scenario",
    .emit = scenario_emit,
    .destroy = scenario_destroy,
};

static struct scenario_sink *sink_from(struct rg_sink *sink)
{
    rg_assert(sink->ops == &scenario_sink_ops);
    return (struct scenario_sink *)sink;
}

enum rg_status scenario_sink_create(
    struct rg_runtime *clock, struct rg_sink **out, struct rg_err *err)
{
    struct scenario_sink *s = rg_calloc(1, sizeof(*s));

    if (s)
        s->mutex = rg_mutex_create(clock, "scenario-sink");
    if (!s || !s->mutex) {
        free(s);
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    s->base.ops = &scenario_sink_ops;
    s->clock = clock;
    s->start = rg_runtime_mono(clock);
    *out = &s->base;
    return RG_OK;
}

size_t scenario_sink_count(struct rg_sink *sink)
{
    return sink_from(sink)->count;
}

const struct scenario_output *scenario_sink_at(struct rg_sink *sink, size_t i)
{
    struct scenario_sink *s = sink_from(sink);

    rg_assert(i < s->count);
    return &s->outputs[i];
}

int64_t scenario_sink_elapsed_ns(struct rg_sink *sink)
{
    struct scenario_sink *s = sink_from(sink);

    return rg_runtime_mono(s->clock).ns - s->start.ns;
}
