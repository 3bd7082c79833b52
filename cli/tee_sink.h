/* A sink for live runs: log lines go to stderr for people, everything goes to an intake, to another
 * sink, or is counted and dropped. */
#ifndef RG_TEE_SINK_H
#define RG_TEE_SINK_H

#include "rg/backend/sink.h"

/* All three sinks are taken, also on failure; intake and outputs may be NULL. outputs gets what the
 * intake took: a payload that is tried again is not written twice, and one that only could not be
 * written is not sent again. RG_ENOMEM. */
RG_NODISCARD enum rg_status tee_sink_create(struct rg_sink *intake, struct rg_sink *outputs,
    struct rg_sink *log, struct rg_sink **out, struct rg_err *err);

/* For live_stop: gives what the intake has not taken yet a few seconds. tee is such a sink. */
void tee_sink_end(void *tee);

/* Outputs delivered, and those that are lost. A payload is not counted as lost, unless the intake
 * took it and it could not be written: the engine tries again, and reports what it gave up. */
uint64_t tee_sink_count(struct rg_sink *sink);
uint64_t tee_sink_failed(struct rg_sink *sink);
uint64_t tee_sink_sent(struct rg_sink *sink); /* payloads that the intake took */

#endif
