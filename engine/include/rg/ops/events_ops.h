/* For implementers of rg/backend/events.h. Every slot is filled. */
#ifndef RG_OPS_EVENTS_OPS_H
#define RG_OPS_EVENTS_OPS_H

#include "rg/backend/events.h"

struct rg_events_ops {
    const char *name;
    enum rg_status (*next)(struct rg_events *events, struct rg_mono deadline,
        struct rg_event_batch *batch, struct rg_err *err);
    enum rg_status (*control)(struct rg_events *events, enum rg_event_control call, const void *arg,
        size_t arg_bytes, struct rg_err *err);
    void (*destroy)(struct rg_events *events);
};

struct rg_events {
    const struct rg_events_ops *ops;
};

#endif
