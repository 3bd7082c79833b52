#include "pb_json.h"

#include <string.h>

static void print_message(
    struct cli_json *json, const char *key, const ProtobufCMessage *message, unsigned depth);

static void print_enum(struct cli_json *json, const char *key, const void *descriptor, int value)
{
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(descriptor, value);

    if (named)
        cli_json_text(json, key, named->name);
    else
        cli_json_i64(json, key, value);
}

static void print_bytes(struct cli_json *json, const char *key, const ProtobufCBinaryData *bytes)
{
    struct rg_str s = {bytes->data ? (const char *)bytes->data : "", bytes->len};

    cli_json_hex(json, key, s);
}

/* One value at member, of the type that field says. */
static void print_value(struct cli_json *json, const char *key,
    const ProtobufCFieldDescriptor *field, const void *member, unsigned depth)
{
    const ProtobufCMessage *const *message = member;
    const char *const *text = member;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        cli_json_i64(json, key, *(const int32_t *)member);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        cli_json_i64(json, key, *(const int64_t *)member);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        cli_json_u64(json, key, *(const uint32_t *)member);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        cli_json_u64(json, key, *(const uint64_t *)member);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        cli_json_double(json, key, (double)*(const float *)member, 9);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        cli_json_double(json, key, *(const double *)member, 17);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        cli_json_bool(json, key, *(const protobuf_c_boolean *)member != 0);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        print_enum(json, key, field->descriptor, *(const int *)member);
        break;
    case PROTOBUF_C_TYPE_STRING:
        cli_json_text(json, key, *text);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        print_bytes(json, key, member);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (*message)
            print_message(json, key, *message, depth + 1);
        break;
    }
}

static size_t value_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return sizeof(void *);
}

static void print_list(struct cli_json *json, const ProtobufCFieldDescriptor *field,
    const uint8_t *base, unsigned depth)
{
    const uint8_t *items;
    size_t count;

    memcpy(&count, base + field->quantifier_offset, sizeof(count));
    memcpy(&items, base + field->offset, sizeof(items));
    cli_json_array(json, field->name);
    for (size_t i = 0; i < count && json->st == RG_OK; i++)
        print_value(json, NULL, field, items + i * value_bytes(field), depth);
    cli_json_end_array(json);
}

/* Whether an optional field or a member of a oneof is set. */
static bool is_set(const ProtobufCFieldDescriptor *field, const uint8_t *base)
{
    const uint8_t *quantifier = base + field->quantifier_offset;
    const void *pointer;
    uint32_t chosen;

    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        memcpy(&chosen, quantifier, sizeof(chosen));
        return chosen == field->id;
    }
    if (field->label != PROTOBUF_C_LABEL_OPTIONAL)
        return true;
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
        memcpy(&pointer, base + field->offset, sizeof(pointer));
        return pointer && pointer != field->default_value;
    }
    return *(const protobuf_c_boolean *)quantifier != 0;
}

static void print_message(
    struct cli_json *json, const char *key, const ProtobufCMessage *message, unsigned depth)
{
    const uint8_t *base = (const uint8_t *)message;

    if (depth >= PB_JSON_DEPTH_MAX)
        return;
    cli_json_object(json, key);
    for (unsigned i = 0; i < message->descriptor->n_fields && json->st == RG_OK; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            print_list(json, field, base, depth);
        else if (is_set(field, base))
            print_value(json, field->name, field, base + field->offset, depth);
    }
    cli_json_end_object(json);
}

void pb_json_message(struct cli_json *json, const char *key, const ProtobufCMessage *message)
{
    print_message(json, key, message, 0);
}
