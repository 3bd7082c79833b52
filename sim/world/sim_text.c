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

void sim_out_long(struct sim_out *out, const char *bytes, size_t len)
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

#define DIGITS_MAX 32

/* Two digits per division: divisions are most of the cost. Returns where the digits begin. */
static size_t decimal(char digits[DIGITS_MAX], uint64_t v)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    size_t at = DIGITS_MAX;

    while (v >= 100) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * (v % 100), 2);
        v /= 100;
    }
    if (v >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * v, 2);
    } else {
        digits[--at] = (char)('0' + v);
    }
    return at;
}

static void put_padded(
    struct sim_out *out, char digits[DIGITS_MAX], size_t at, size_t width, char pad)
{
    while (DIGITS_MAX - at < width && at > 0)
        digits[--at] = pad;
    sim_out_bytes(out, digits + at, DIGITS_MAX - at);
}

void sim_out_u64(struct sim_out *out, uint64_t v)
{
    char digits[DIGITS_MAX];
    size_t at;

    if (v < 10 && out->len < sizeof(out->chunk)) {
        out->chunk[out->len++] = (char)('0' + v);
        return;
    }
    at = decimal(digits, v);
    sim_out_bytes(out, digits + at, DIGITS_MAX - at);
}

void sim_out_i64(struct sim_out *out, int64_t v)
{
    if (v < 0)
        sim_out_bytes(out, "-", 1);
    sim_out_u64(out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void sim_out_right(struct sim_out *out, uint64_t v, size_t width)
{
    char digits[DIGITS_MAX];

    put_padded(out, digits, decimal(digits, v), width, ' ');
}

void sim_out_hex(struct sim_out *out, uint64_t v, size_t width)
{
    char digits[DIGITS_MAX];
    size_t at = DIGITS_MAX;

    do {
        digits[--at] = "0123456789abcdef"[v % 16];
        v /= 16;
    } while (v);
    put_padded(out, digits, at, width, '0');
}

void sim_out_expanded(struct sim_out *out, const char *text, const struct sim_proc *p, size_t max)
{
    char short_text[2 * RG_SIM_TEXT_MAX];
    size_t len = 0;

    while (*text && len < max && len < sizeof(short_text) - 32) {
        uint64_t v;
        char digits[DIGITS_MAX];
        size_t at;

        if (*text != '{') {
            short_text[len++] = *text++;
            continue;
        }
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
        at = decimal(digits, v);
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
