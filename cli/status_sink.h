/* A sink that hands each status of the engine to a file, and everything on to another sink. */
#ifndef RG_STATUS_SINK_H
#define RG_STATUS_SINK_H

#include "rg/backend/sink.h"
#include "status_file.h"

/* inner is taken, also on failure; file is borrowed and outlives the sink. RG_ENOMEM. */
RG_NODISCARD enum rg_status status_sink_create(
    struct rg_sink *inner, struct status_file *file, struct rg_sink **out, struct rg_err *err);

#endif
