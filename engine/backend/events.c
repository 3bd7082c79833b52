#include "rg/ops/events_ops.h"

enum rg_status rg_events_next(struct rg_events *events, struct rg_mono deadline,
    struct rg_event_batch *batch, struct rg_err *err)
{
    rg_assert(batch->records.max > 0 && batch->records.max <= RG_EVENT_BATCH_MAX);
    rg_buf_clear(&batch->records);
    batch->lost = 0;
    return events->ops->next(events, deadline, batch, err);
}

enum rg_status rg_events_control(struct rg_events *events, enum rg_event_control call,
    const void *arg, size_t arg_bytes, struct rg_err *err)
{
    rg_assert(arg_bytes <= RG_EVENT_CONTROL_MAX);
    return events->ops->control(events, call, arg, arg_bytes, err);
}

void rg_events_destroy(struct rg_events *events)
{
    if (events)
        events->ops->destroy(events);
}
