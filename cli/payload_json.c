#include "payload_json.h"

#include "payload_frame.h"
#include "pb_json.h"
#include "process_agent.pb-c.h"

static const ProtobufCMessageDescriptor *descriptor_of(uint8_t type)
{
    switch (type) {
    case RG_FRAME_COLLECTOR_PROC:
        return &datadog__process_agent__collector_proc__descriptor;
    case RG_FRAME_COLLECTOR_REALTIME:
        return &datadog__process_agent__collector_real_time__descriptor;
    default:
        return NULL;
    }
}

enum rg_status payload_unpack(struct rg_str frame, ProtobufCMessage **message, struct rg_err *err)
{
    const ProtobufCMessageDescriptor *descriptor;
    struct rg_frame head;
    struct rg_buf scratch;
    enum rg_status st;

    rg_buf_init(&scratch, RG_FRAME_BODY_MAX);
    st = rg_frame_read(frame.ptr, frame.len, &head, &scratch, err);
    if (st != RG_OK)
        goto done;
    descriptor = descriptor_of(head.type);
    if (!descriptor || head.encoding == RG_FRAME_JSON) {
        rg_err_set(err, "message type %u has no schema here", head.type);
        st = RG_ENOTFOUND;
        goto done;
    }
    *message =
        protobuf_c_message_unpack(descriptor, NULL, head.body.len, (const uint8_t *)head.body.ptr);
    if (!*message) {
        rg_err_set(err, "the payload is not a %s", descriptor->short_name);
        st = RG_EINVALID;
    }
done:
    rg_buf_finish(&scratch);
    return st;
}

enum rg_status payload_json(struct cli_json *json, struct rg_str frame, struct rg_err *err)
{
    ProtobufCMessage *message = NULL;
    enum rg_status st = payload_unpack(frame, &message, err);

    if (st != RG_OK)
        return st;
    cli_json_text(json, "message_type", message->descriptor->short_name);
    pb_json_message(json, "message", message);
    protobuf_c_message_free_unpacked(message, NULL);
    return RG_OK;
}
