/* The outputs of a run, handed to the judge of a scenario. */
#ifndef RG_SCENARIO_STATE_H
#define RG_SCENARIO_STATE_H

#include "rg/core/engine.h"
#include "rg/sim_judge.h"
#include "scenario_backends.h"

/* Adds outputs, fired faults and the report of a run that has ended.
 *   statuses of rg/sim_judge.h; err says why */
RG_NODISCARD enum rg_status scenario_state_fill(struct rg_judge *judge,
    const struct scenario_world *world, const struct rg_engine_report *report, struct rg_err *err);

#endif
