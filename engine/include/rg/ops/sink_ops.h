/* For implementers of rg/backend/sink.h. response is never NULL here and was cleared. emit may be
 * called by several tasks at once. */
#ifndef RG_OPS_SINK_OPS_H
#define RG_OPS_SINK_OPS_H

#include "rg/backend/sink.h"

struct rg_sink_ops {
    const char *name;
    enum rg_status (*emit)(struct rg_sink *sink, const struct rg_output *output,
        struct rg_buf *response, struct rg_err *err);
    void (*destroy)(struct rg_sink *sink);
};

struct rg_sink {
    const struct rg_sink_ops *ops;
};

#endif
