#include "metrics_json.h"

#include "json_doc.h"
#include "metric_payload.pb-c.h"
#include "pb_json.h"
#include "rg/core/engine.h"

static const struct {
    const char *source;
    const ProtobufCMessageDescriptor *message; /* NULL: JSON only */
} sources[] = {
    {"series", &datadog__metric_payload__metric_payload__descriptor},
    {"sketches", &datadog__metric_payload__sketch_payload__descriptor},
    {"service_checks", NULL},
    {"events", NULL},
};

/* No message of these begins with a bracket: that would be a field of number 11 or 15. */
static bool looks_like_json(struct rg_str bytes)
{
    return bytes.len > 0 && (bytes.ptr[0] == '{' || bytes.ptr[0] == '[');
}

static enum rg_status put_protobuf(struct cli_json *json,
    const ProtobufCMessageDescriptor *descriptor, struct rg_str bytes, struct rg_err *err)
{
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, NULL, bytes.len, (const uint8_t *)bytes.ptr);

    if (!message) {
        rg_err_set(err, "the payload is not a %s", descriptor->short_name);
        return RG_EINVALID;
    }
    cli_json_text(json, "message_type", descriptor->short_name);
    pb_json_message(json, "message", message);
    protobuf_c_message_free_unpacked(message, NULL);
    return RG_OK;
}

enum rg_status metrics_json(struct cli_json *json, struct rg_str kind, struct rg_str source,
    struct rg_str bytes, struct rg_err *err)
{
    if (rg_str_is(kind, RG_STATUS_KIND))
        return json_put_parsed(json, "message", bytes, err);
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (!rg_str_is(kind, "payload") || !rg_str_is(source, sources[i].source))
            continue;
        if (!sources[i].message || looks_like_json(bytes))
            return json_put_parsed(json, "message", bytes, err);
        return put_protobuf(json, sources[i].message, bytes, err);
    }
    return RG_ENOTFOUND;
}
