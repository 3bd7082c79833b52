/* Prints any protobuf-c message as JSON, from its descriptors. */
#ifndef RG_PB_JSON_H
#define RG_PB_JSON_H

#include "cli_json.h"

#include <protobuf-c/protobuf-c.h>

/* Deeper messages than this are left out (their key is, too). */
#define PB_JSON_DEPTH_MAX 32

/* The message as one object: names as in the .proto file; scalars and lists always, absent
 * messages and unset optional or oneof members never; bytes as hexadecimal text; enums by name,
 * by number when it has none; 64-bit integers as numbers. Failures are kept in json. */
void pb_json_message(struct cli_json *json, const char *key, const ProtobufCMessage *message);

#endif
