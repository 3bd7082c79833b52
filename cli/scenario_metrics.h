/* Outputs of the checks of conf.d, as scenarios see them. */
#ifndef RG_CLI_SCENARIO_METRICS_H
#define RG_CLI_SCENARIO_METRICS_H

#include "cli_json.h"
#include "scenario_sink.h"

/* Writes the key "message" of a status, or of a payload of series, sketches, service checks or
 * events: the JSON document itself, or the fields of the protobuf message. *known is false, and
 * nothing is written, for all other outputs. RG_EINVALID: not what it says it is. */
RG_NODISCARD enum rg_status scenario_metrics_json(
    struct cli_json *json, const struct scenario_output *output, bool *known, struct rg_err *err);

#endif
