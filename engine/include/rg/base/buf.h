/* A growable byte buffer with a maximum. The maximum is part of the contract: recorded and remote
 * input is hostile, so nothing grows without a bound. */
#ifndef RG_BASE_BUF_H
#define RG_BASE_BUF_H

#include "rg/base/err.h"

struct rg_buf {
    uint8_t *data; /* owned; may be NULL while len is 0 */
    size_t len;
    size_t cap;
    size_t max;
};

/* max is the largest len this buffer may reach, in bytes. */
void rg_buf_init(struct rg_buf *buf, size_t max);
void rg_buf_finish(struct rg_buf *buf); /* a zeroed struct is fine */
void rg_buf_clear(struct rg_buf *buf);  /* keeps the memory */

/* Makes room for extra more bytes behind len.
 *   RG_ETOOBIG  len + extra is above max; unchanged
 *   RG_ENOMEM   unchanged */
RG_NODISCARD enum rg_status rg_buf_reserve(struct rg_buf *buf, size_t extra);
RG_NODISCARD enum rg_status rg_buf_append(struct rg_buf *buf, const void *bytes, size_t len);
RG_NODISCARD enum rg_status rg_buf_byte(struct rg_buf *buf, uint8_t byte);
RG_NODISCARD enum rg_status rg_buf_str(struct rg_buf *buf, const char *text);
RG_NODISCARD enum rg_status rg_buf_printf(struct rg_buf *buf, const char *fmt, ...) RG_PRINTF(2, 3);

/* Replaces the content. */
RG_NODISCARD enum rg_status rg_buf_set(struct rg_buf *buf, const void *bytes, size_t len);

/* Appends v as a LEB128 varint (at most 10 bytes). */
RG_NODISCARD enum rg_status rg_buf_varint(struct rg_buf *buf, uint64_t v);

#endif
