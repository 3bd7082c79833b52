#include "intake_body.h"

#include <zlib.h>
#include <zstd.h>

#define ZSTD_LEVEL 1 /* serializer_zstd_compressor_level */

static enum rg_status deflate_all(struct rg_str payload, struct rg_buf *out)
{
    uLongf len = compressBound((uLong)payload.len);
    enum rg_status st = rg_buf_reserve(out, (size_t)len);

    if (st != RG_OK)
        return st;
    if (compress2(out->data, &len, (const Bytef *)payload.ptr, (uLong)payload.len,
            Z_DEFAULT_COMPRESSION) != Z_OK)
        return RG_ENOMEM; /* the room is enough, so there is no other reason */
    out->len = (size_t)len;
    return RG_OK;
}

static enum rg_status zstd_all(struct rg_str payload, struct rg_buf *out)
{
    size_t bound = ZSTD_compressBound(payload.len);
    enum rg_status st = rg_buf_reserve(out, bound);
    size_t len;

    if (st != RG_OK)
        return st;
    len = ZSTD_compress(out->data, bound, payload.ptr, payload.len, ZSTD_LEVEL);
    if (ZSTD_isError(len))
        return RG_ENOMEM;
    out->len = len;
    return RG_OK;
}

enum rg_status rg_intake_compress(
    enum rg_live_intake_coding coding, struct rg_str payload, struct rg_buf *out)
{
    if (coding == RG_LIVE_INTAKE_DEFLATE)
        return deflate_all(payload, out);
    if (coding == RG_LIVE_INTAKE_ZSTD)
        return zstd_all(payload, out);
    return rg_buf_append(out, payload.ptr, payload.len);
}

const char *rg_intake_coding_name(enum rg_live_intake_coding coding)
{
    return coding == RG_LIVE_INTAKE_DEFLATE ? "deflate"
           : coding == RG_LIVE_INTAKE_ZSTD  ? "zstd"
                                            : NULL;
}
