/* A sink that keeps each output together with the time at which it came. */
#ifndef RG_SCENARIO_SINK_H
#define RG_SCENARIO_SINK_H

#include "rg/backend/runtime.h"
#include "rg/backend/sink.h"

struct scenario_output {
    int64_t t_ns;          /* since the sink was made */
    char *kind, *source;   /* owned by the sink */
    struct rg_buf payload; /* likewise */
    char *id;              /* likewise: RG_OUTPUT_ID_HEADER of the output; NULL: it has none */
};

/* A header that stays the same over all tries to send one payload. */
#define RG_OUTPUT_ID_HEADER "X-Reagent-Payload-Id"

#define SCENARIO_OUTPUTS_MAX ((size_t)1 << 20)
#define SCENARIO_BYTES_KEPT  ((size_t)1 << 30) /* of all payloads */

/* Called by a task of clock, which is borrowed and outlives the sink. *out is owned. Outputs beyond
 * a maximum are refused with RG_EIO. RG_ENOMEM. */
RG_NODISCARD enum rg_status scenario_sink_create(
    struct rg_runtime *clock, struct rg_sink **out, struct rg_err *err);

/* What was taken, in order; valid as long as the sink. Nobody emits meanwhile. */
size_t scenario_sink_count(struct rg_sink *sink);
const struct scenario_output *scenario_sink_at(struct rg_sink *sink, size_t i);

/* Since the sink was made, by its clock. */
int64_t scenario_sink_elapsed_ns(struct rg_sink *sink);

#endif
