/* Payloads of the process checks as JSON, or as their message. */
#ifndef RG_PAYLOAD_JSON_H
#define RG_PAYLOAD_JSON_H

#include "cli_json.h"

#include <protobuf-c/protobuf-c.h>

/* Unpacks a frame of the process checks. *message is owned: protobuf_c_message_free_unpacked.
 *   RG_ENOTFOUND  a frame of a message type that we have no schema for
 *   RG_EINVALID, RG_ELIMIT, RG_ENOMEM  err says why */
RG_NODISCARD enum rg_status payload_unpack(
    struct rg_str frame, ProtobufCMessage **message, struct rg_err *err);

/* Writes "message_type" and "message" into the open object. Statuses as above; then nothing was
 * written. */
RG_NODISCARD enum rg_status payload_json(
    struct cli_json *json, struct rg_str frame, struct rg_err *err);

#endif
