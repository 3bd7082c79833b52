/* Kernel events: one reader takes batches; control calls say what the kernel side traces.
 *
 * A batch is a run of versioned records, each with a fixed-layout header, as the kernel side wrote
 * them. Losses are counted, never hidden. */
#ifndef RG_BACKEND_EVENTS_H
#define RG_BACKEND_EVENTS_H

#include "rg/backend/runtime.h"
#include "rg/base/buf.h"

struct rg_events; /* implementers: see rg/ops/events_ops.h */

#define RG_EVENT_BATCH_MAX    ((size_t)8 << 20)
#define RG_EVENT_CONTROL_MAX  4096
#define RG_EVENT_RECORD_ALIGN 8

/* Starts every record of a batch. */
struct rg_event_header {
    uint32_t length;  /* of the record with this header, a multiple of RG_EVENT_RECORD_ALIGN */
    uint16_t type;    /* of the payload */
    uint16_t version; /* of the payload's layout */
    uint64_t mono_ns; /* kernel's monotonic clock */
};

struct rg_event_batch {
    struct rg_buf records; /* owned by the caller; maximum RG_EVENT_BATCH_MAX */
    uint64_t lost;         /* events dropped since the last batch */
};

enum rg_event_control {
    RG_EVENT_TRACE_CGROUP = 1, /* argument: cgroup id, u64 */
    RG_EVENT_UNTRACE_CGROUP,   /* argument: cgroup id, u64 */
    RG_EVENT_LOAD_CONFIG,      /* argument: the flow's configuration record */
};

/* Waits for at least one event or a loss, at most until the deadline, and replaces *batch.
 *   RG_OK            batch holds records, or lost is above zero
 *   RG_ETIMEOUT      nothing came
 *   RG_ESTOPPED      the run is ending
 *   RG_EUNSUPPORTED  this host offers no events */
RG_NODISCARD enum rg_status rg_events_next(struct rg_events *events, struct rg_mono deadline,
    struct rg_event_batch *batch, struct rg_err *err);

/* One control call with its argument (at most RG_EVENT_CONTROL_MAX bytes).
 *   RG_ENOTFOUND  no such cgroup
 *   RG_ELIMIT     the kernel side's table is full
 *   RG_EIO        the kernel refused; err->errnum */
RG_NODISCARD enum rg_status rg_events_control(struct rg_events *events, enum rg_event_control call,
    const void *arg, size_t arg_bytes, struct rg_err *err);

void rg_events_destroy(struct rg_events *events); /* NULL is fine */

#endif
