#include "scenario_metrics.h"

#include "metrics_json.h"

enum rg_status scenario_metrics_json(
    struct cli_json *json, const struct scenario_output *output, bool *known, struct rg_err *err)
{
    enum rg_status st = metrics_json(json, rg_str_from(output->kind), rg_str_from(output->source),
        rg_str_buf(&output->payload), err);

    *known = st != RG_ENOTFOUND;
    return *known ? st : RG_OK;
}
