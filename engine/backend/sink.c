#include "rg/ops/sink_ops.h"

enum rg_status rg_sink_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct rg_buf unused;
    enum rg_status st;

    rg_assert(output->kind[0] && output->header_count <= RG_OUTPUT_HEADERS_MAX);
    if (output->payload.len > RG_OUTPUT_BYTES_MAX) {
        rg_err_set(err, "%s output of %zu bytes is above the limit of %zu", output->kind,
            output->payload.len, RG_OUTPUT_BYTES_MAX);
        return RG_EINVALID;
    }
    if (response) {
        rg_buf_clear(response);
        return sink->ops->emit(sink, output, response, err);
    }
    rg_buf_init(&unused, RG_RESPONSE_BYTES_MAX);
    st = sink->ops->emit(sink, output, &unused, err);
    rg_buf_finish(&unused);
    return st;
}

void rg_sink_destroy(struct rg_sink *sink)
{
    if (sink)
        sink->ops->destroy(sink);
}
