#include "payload_frame.h"

#include <zstd.h>

#define VERSION 3

/* A body may unpack to this many times its size once it is above the first megabytes. */
#define RATIO_FREE ((size_t)16 << 20)
#define RATIO_MAX  1000u
#define STEP       ((size_t)128 << 10)

enum rg_status rg_frame_header(struct rg_buf *out, enum rg_frame_type type)
{
    uint8_t header[RG_FRAME_HEADER_BYTES] = {VERSION, RG_FRAME_PROTOBUF, (uint8_t)type};

    return rg_buf_append(out, header, sizeof(header));
}

static bool known_type(uint8_t type)
{
    switch (type) {
    case RG_FRAME_COLLECTOR_PROC:
    case RG_FRAME_RES_COLLECTOR:
    case RG_FRAME_COLLECTOR_REALTIME:
    case RG_FRAME_COLLECTOR_CONTAINER:
    case RG_FRAME_COLLECTOR_CONTAINER_REALTIME:
    case RG_FRAME_COLLECTOR_PROC_DISCOVERY:
        return true;
    default:
        return false;
    }
}

static uint64_t little_endian(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* zstd with the limits of hostile input; the size written in the frame is not believed. */
static enum rg_status unpack(struct rg_str packed, struct rg_buf *out, struct rg_err *err)
{
    ZSTD_inBuffer in = {packed.ptr, packed.len, 0};
    ZSTD_DCtx *zstd = ZSTD_createDCtx();
    enum rg_status st = RG_ENOMEM;
    size_t more = 1;

    rg_buf_clear(out);
    if (!zstd)
        return RG_ENOMEM;
    for (;;) {
        ZSTD_outBuffer chunk;

        if (out->len > RATIO_FREE && out->len / RATIO_MAX > packed.len) {
            rg_err_set(err, "message body unpacks to more than %u times its size", RATIO_MAX);
            st = RG_ELIMIT;
            break;
        }
        st = out->len > RG_FRAME_BODY_MAX ? RG_ETOOBIG : rg_buf_reserve(out, STEP);
        if (st == RG_ETOOBIG) {
            rg_err_set(err, "message body unpacks to more than its limit");
            st = RG_ELIMIT;
        }
        if (st != RG_OK)
            break;
        chunk = (ZSTD_outBuffer){out->data + out->len, STEP, 0};
        more = ZSTD_decompressStream(zstd, &chunk, &in);
        st = RG_EINVALID;
        if (ZSTD_isError(more)) {
            rg_err_set(err, "message body is not zstd: %s", ZSTD_getErrorName(more));
            break;
        }
        out->len += chunk.pos;
        if (in.pos == in.size && chunk.pos < STEP) {
            if (more == 0)
                st = RG_OK;
            else
                rg_err_set(err, "message body is cut off");
            break;
        }
    }
    ZSTD_freeDCtx(zstd);
    return st;
}

static size_t header_bytes(uint8_t version)
{
    switch (version) {
    case 1:
        return 4;
    case 2:
        return 8;
    case 3:
        return RG_FRAME_HEADER_BYTES;
    default:
        return 0;
    }
}

enum rg_status rg_frame_read(
    const void *bytes, size_t len, struct rg_frame *out, struct rg_buf *scratch, struct rg_err *err)
{
    const uint8_t *p = bytes;
    struct rg_frame frame = {0};
    size_t header = len > 4 ? header_bytes(p[0]) : 0;
    enum rg_status st = RG_OK;

    if (len <= 4 || (header && len < header)) {
        rg_err_set(err, "invalid message length: %zu", len);
        return RG_EINVALID;
    }
    if (!header) {
        rg_err_set(err, "invalid message version: %u", p[0]);
        return RG_EINVALID;
    }
    frame.version = p[0];
    frame.encoding = p[1];
    frame.type = p[2];
    frame.subscription = p[3];
    if (header >= 8)
        frame.org_id = (int32_t)little_endian(p + 4, 4);
    if (header >= 16)
        frame.timestamp = (int64_t)little_endian(p + 8, 8);
    if (!known_type(frame.type)) {
        rg_err_set(err, "unhandled message type: %u", frame.type);
        return RG_EINVALID;
    }
    frame.body = (struct rg_str){(const char *)p + header, len - header};
    if (frame.encoding == RG_FRAME_ZSTD) {
        st = unpack(frame.body, scratch, err);
        frame.body = rg_str_buf(scratch);
    } else if (frame.encoding != RG_FRAME_PROTOBUF && frame.encoding != RG_FRAME_JSON) {
        rg_err_set(err, "unknown message encoding: %u", frame.encoding);
        st = RG_EINVALID;
    }
    if (st == RG_OK)
        *out = frame;
    return st;
}
