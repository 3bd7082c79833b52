/* The small readers of bytes that come from a capture; the first byte says which. */
#include "host_facts.h"
#include "payload_frame.h"
#include "payload_stream.h"
#include "text_patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_frame(struct rg_str input)
{
    struct rg_frame frame = {0};
    struct rg_buf scratch;
    struct rg_err err;

    rg_buf_init(&scratch, RG_FRAME_BODY_MAX);
    if (rg_frame_read(input.ptr, input.len, &frame, &scratch, &err) == RG_OK)
        rg_assert(frame.version >= 1 && frame.version <= 3);
    rg_buf_finish(&scratch);
}

/* What was read can be printed and read again. */
static void read_facts(struct rg_str input)
{
    struct rg_host_facts facts;
    struct rg_host_facts again;
    struct rg_buf text;
    struct rg_err err;

    if (rg_host_facts_parse(input, &facts, &err) != RG_OK)
        return;
    rg_buf_init(&text, (size_t)1 << 20);
    rg_assert(rg_host_facts_print(&facts, &text) == RG_OK);
    rg_assert(rg_host_facts_parse(rg_str_buf(&text), &again, &err) == RG_OK);
    rg_assert(again.total_memory_bytes == facts.total_memory_bytes);
    rg_assert(again.euid == facts.euid && again.cpu_count == facts.cpu_count);
    rg_buf_finish(&text);
}

/* The first byte is the length of the old text; the rest is a patch, and then a new text. */
static void patch(struct rg_str input)
{
    size_t old_len = input.len ? (uint8_t)input.ptr[0] : 0;
    struct rg_str old;
    struct rg_str rest;
    struct rg_buf out;
    struct rg_buf made;

    if (input.len < 1 + old_len)
        return;
    old = (struct rg_str){input.ptr + 1, old_len};
    rest = (struct rg_str){input.ptr + 1 + old_len, input.len - 1 - old_len};
    rg_buf_init(&out, (size_t)1 << 20);
    rg_buf_init(&made, (size_t)1 << 20);
    if (rg_patch_apply(old, rest, &out) == RG_OK)
        rg_assert(out.len <= old.len + rest.len);
    if (rg_patch_make(old, rest, &made) == RG_OK) {
        rg_assert(rg_patch_apply(old, rg_str_buf(&made), &out) == RG_OK);
        rg_assert(rg_str_eq(rg_str_buf(&out), rest));
    }
    rg_buf_finish(&made);
    rg_buf_finish(&out);
}

/* Parts of a stream: two bytes of claimed length, one of the part's, the part. */
static void unpack(struct rg_str input)
{
    struct rg_payload_unpacker *unpacker = rg_payload_unpacker_create();
    enum rg_status st = RG_OK;
    struct rg_buf out;
    struct rg_err err;

    rg_assert(unpacker);
    rg_buf_init(&out, 65536);
    while (input.len >= 3 && st == RG_OK) {
        uint64_t claimed = (uint64_t)(uint8_t)input.ptr[0] << 8 | (uint8_t)input.ptr[1];
        size_t len = (uint8_t)input.ptr[2];

        if (len > input.len - 3)
            len = input.len - 3;
        st = rg_payload_unpack(unpacker, (struct rg_str){input.ptr + 3, len}, claimed, &out, &err);
        rg_assert(st != RG_OK || out.len == claimed);
        input.ptr += 3 + len;
        input.len -= 3 + len;
    }
    rg_buf_finish(&out);
    rg_payload_unpacker_destroy(unpacker);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct rg_str input;

    if (len == 0)
        return 0;
    input = (struct rg_str){(const char *)bytes + 1, len - 1};
    switch (bytes[0] % 4) {
    case 0:
        read_frame(input);
        break;
    case 1:
        read_facts(input);
        break;
    case 2:
        patch(input);
        break;
    default:
        unpack(input);
        break;
    }
    return 0;
}
