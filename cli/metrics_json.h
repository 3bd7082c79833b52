/* What the checks of conf.d send, as JSON. Bytes are hostile. */
#ifndef RG_METRICS_JSON_H
#define RG_METRICS_JSON_H

#include "cli_json.h"

/* Writes the key "message" of a status, or of a payload of series, sketches, service checks or
 * events: the JSON document itself, or the fields of the protobuf message (then "message_type"
 * too). RG_ENOTFOUND  an output of another kind or source; nothing was written RG_EINVALID   not
 * what it says it is; nothing was written, err says why RG_ETOOBIG, RG_ENOMEM */
RG_NODISCARD enum rg_status metrics_json(struct cli_json *json, struct rg_str kind,
    struct rg_str source, struct rg_str bytes, struct rg_err *err);

#endif
