/* Where outputs of the engine go: payloads, log lines, later metrics, dumps and status. */
#ifndef RG_BACKEND_SINK_H
#define RG_BACKEND_SINK_H

#include "rg/base/str.h"

struct rg_sink; /* implementers: see rg/ops/sink_ops.h */

#define RG_OUTPUT_BYTES_MAX   ((size_t)64 << 20)
#define RG_RESPONSE_BYTES_MAX ((size_t)1 << 20)
#define RG_OUTPUT_HEADERS_MAX 16

struct rg_output_header {
    const char *name;  /* borrowed */
    const char *value; /* borrowed */
};

/* One output. Everything is borrowed for the call. */
struct rg_output {
    const char *kind;   /* "payload", "log", "gauge" */
    const char *source; /* check or module: "process", "rtprocess" */
    const struct rg_output_header *headers;
    size_t header_count;
    struct rg_str payload;
};

/* Delivers one output. response receives what the receiver answered, possibly nothing; may be NULL.
 *   RG_OK        taken
 *   RG_EIO       not delivered, may be tried again; err says why
 *   RG_EINVALID  refused for good by the receiver */
RG_NODISCARD enum rg_status rg_sink_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err);

void rg_sink_destroy(struct rg_sink *sink); /* NULL is fine */

#endif
