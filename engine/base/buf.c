#include "rg/base/buf.h"
#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rg_buf_init(struct rg_buf *buf, size_t max)
{
    *buf = (struct rg_buf){.max = max};
}

void rg_buf_finish(struct rg_buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->len = buf->cap = 0;
}

void rg_buf_clear(struct rg_buf *buf)
{
    buf->len = 0;
}

enum rg_status rg_buf_reserve(struct rg_buf *buf, size_t extra)
{
    void *data = buf->data;
    enum rg_status st;

    if (extra > buf->max || buf->len > buf->max - extra)
        return RG_ETOOBIG;
    if (buf->len + extra <= buf->cap)
        return RG_OK;
    st = rg_grow(&data, &buf->cap, buf->len + extra, 1, buf->max);
    buf->data = data;
    return st == RG_ELIMIT ? RG_ETOOBIG : st;
}

enum rg_status rg_buf_append(struct rg_buf *buf, const void *bytes, size_t len)
{
    enum rg_status st = rg_buf_reserve(buf, len);

    if (st != RG_OK)
        return st;
    if (len)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    return RG_OK;
}

enum rg_status rg_buf_byte(struct rg_buf *buf, uint8_t byte)
{
    return rg_buf_append(buf, &byte, 1);
}

enum rg_status rg_buf_str(struct rg_buf *buf, const char *text)
{
    return rg_buf_append(buf, text, strlen(text));
}

enum rg_status rg_buf_printf(struct rg_buf *buf, const char *fmt, ...)
{
    va_list args;
    enum rg_status st;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    rg_assert(n >= 0);
    st = rg_buf_reserve(buf, (size_t)n + 1);
    if (st != RG_OK)
        return st;
    va_start(args, fmt);
    vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)n;
    return RG_OK;
}

enum rg_status rg_buf_set(struct rg_buf *buf, const void *bytes, size_t len)
{
    enum rg_status st;

    if (len > buf->max)
        return RG_ETOOBIG;
    if (len > buf->len) {
        st = rg_buf_reserve(buf, len - buf->len);
        if (st != RG_OK)
            return st;
    }
    if (len)
        memcpy(buf->data, bytes, len);
    buf->len = len;
    return RG_OK;
}

enum rg_status rg_buf_varint(struct rg_buf *buf, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;

    while (v >= 0x80) {
        bytes[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    bytes[n++] = (uint8_t)v;
    return rg_buf_append(buf, bytes, n);
}
