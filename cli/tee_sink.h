/* A sink for `run`: log lines go to stderr for people, everything goes to another sink or is
 * counted and dropped. */
#ifndef RG_TEE_SINK_H
#define RG_TEE_SINK_H

#include "rg/backend/sink.h"

/* outputs and log are taken, also on failure; outputs may be NULL. RG_ENOMEM. */
RG_NODISCARD enum rg_status tee_sink_create(
    struct rg_sink *outputs, struct rg_sink *log, struct rg_sink **out, struct rg_err *err);

/* Outputs delivered, and those that are lost. A payload is not counted as lost: the engine tries
 * again, and reports what it gave up. */
uint64_t tee_sink_count(struct rg_sink *sink);
uint64_t tee_sink_failed(struct rg_sink *sink);

#endif
