/* Rendering by hand: a scan of 20,000 processes prints two million numbers. */
#include "sim_model.h"

#include <string.h>

void sim_out_init(struct sim_out *out, struct rg_buf *buf)
{
    out->buf = buf;
    out->st = RG_OK;
    out->len = 0;
}

static void flush(struct sim_out *out)
{
    if (out->st == RG_OK && out->len)
        out->st = rg_buf_append(out->buf, out->chunk, out->len);
    out->len = 0;
}

void sim_out_bytes(struct sim_out *out, const char *bytes, size_t len)
{
    while (len > sizeof(out->chunk) - out->len) {
        size_t part = sizeof(out->chunk) - out->len;

        memcpy(out->chunk + out->len, bytes, part);
        out->len += part;
        bytes += part;
        len -= part;
        flush(out);
    }
    memcpy(out->chunk + out->len, bytes, len);
    out->len += len;
}

void sim_out_text(struct sim_out *out, const char *text)
{
    sim_out_bytes(out, text, strlen(text));
}

static void put_number(struct sim_out *out, uint64_t v, unsigned base, size_t width, char pad)
{
    char digits[32];
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    while (sizeof(digits) - at < width && at > 0)
        digits[--at] = pad;
    sim_out_bytes(out, digits + at, sizeof(digits) - at);
}

void sim_out_u64(struct sim_out *out, uint64_t v)
{
    put_number(out, v, 10, 0, ' ');
}

void sim_out_i64(struct sim_out *out, int64_t v)
{
    if (v < 0)
        sim_out_bytes(out, "-", 1);
    sim_out_u64(out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void sim_out_right(struct sim_out *out, uint64_t v, size_t width)
{
    put_number(out, v, 10, width, ' ');
}

void sim_out_hex(struct sim_out *out, uint64_t v, size_t width)
{
    put_number(out, v, 16, width, '0');
}

void sim_out_expanded(struct sim_out *out, const char *text, const struct sim_proc *p, size_t max)
{
    char short_text[2 * RG_SIM_TEXT_MAX];
    size_t len = 0;

    while (*text && len < max && len < sizeof(short_text) - 32) {
        uint64_t v;
        char digits[24];
        size_t at = sizeof(digits);

        if (strncmp(text, "{copy}", 6) == 0) {
            v = p->copy;
            text += 6;
        } else if (strncmp(text, "{pid}", 5) == 0) {
            v = (uint64_t)p->pid;
            text += 5;
        } else {
            short_text[len++] = *text++;
            continue;
        }
        do {
            digits[--at] = (char)('0' + v % 10);
            v /= 10;
        } while (v);
        memcpy(short_text + len, digits + at, sizeof(digits) - at);
        len += sizeof(digits) - at;
    }
    sim_out_bytes(out, short_text, len < max ? len : max);
}

enum rg_status sim_out_end(struct sim_out *out, struct rg_err *err)
{
    flush(out);
    if (out->st != RG_OK) {
        rg_buf_clear(out->buf);
        rg_err_set(err, out->st == RG_ETOOBIG ? "larger than asked for" : "no memory for a file");
    }
    return out->st;
}
