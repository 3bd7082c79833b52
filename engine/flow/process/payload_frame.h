/* The frame around a payload message: 16 bytes of header, then the body. Mirrors the agent
 * payload's process/message.go. */
#ifndef RG_FLOW_PAYLOAD_FRAME_H
#define RG_FLOW_PAYLOAD_FRAME_H

#include "rg/base/str.h"

#define RG_FRAME_HEADER_BYTES 16                 /* of version 3 */
#define RG_FRAME_BODY_MAX     ((size_t)64 << 20) /* after decompression */

enum rg_frame_encoding {
    RG_FRAME_PROTOBUF = 0,
    RG_FRAME_JSON = 1,
    RG_FRAME_ZSTD = 4, /* zstd 1.x around protobuf; the reader gives the protobuf bytes */
};

enum rg_frame_type {
    RG_FRAME_COLLECTOR_PROC = 12,
    RG_FRAME_RES_COLLECTOR = 23,
    RG_FRAME_COLLECTOR_REALTIME = 27,
    RG_FRAME_COLLECTOR_CONTAINER = 39,
    RG_FRAME_COLLECTOR_CONTAINER_REALTIME = 40,
    RG_FRAME_COLLECTOR_PROC_DISCOVERY = 53,
};

struct rg_frame {
    uint8_t version;  /* 1, 2 or 3 */
    uint8_t encoding; /* as on the wire */
    uint8_t type;
    uint8_t subscription;
    int32_t org_id;
    int64_t timestamp;
    struct rg_str body; /* borrowed: of the input, or of scratch when it was compressed */
};

/* Appends a version 3 header with encoding 0; the body follows it. RG_ENOMEM, RG_ETOOBIG. */
RG_NODISCARD enum rg_status rg_frame_header(struct rg_buf *out, enum rg_frame_type type);

/* Reads one frame of any origin. scratch is the caller's; it takes a decompressed body, at most
 * RG_FRAME_BODY_MAX and its own maximum.
 *   RG_EINVALID  malformed, or of an unknown version, type or encoding; err says which
 *   RG_ELIMIT    the body unpacks to more than allowed
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_frame_read(const void *bytes, size_t len, struct rg_frame *out,
    struct rg_buf *scratch, struct rg_err *err);

#endif
