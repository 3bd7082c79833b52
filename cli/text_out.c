#include "text_out.h"

#include "cli.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_BYTES_MAX ((size_t)512 << 20)

void text_out_init(struct text_out *t)
{
    *t = (struct text_out){.st = RG_OK};
    rg_buf_init(&t->buf, TEXT_BYTES_MAX);
}

void text_out_finish(struct text_out *t)
{
    rg_buf_finish(&t->buf);
}

void text_put(struct text_out *t, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    int len;

    if (t->st != RG_OK)
        return;
    va_start(ap, fmt);
    len = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (len < 0) {
        t->st = RG_ENOMEM;
        return;
    }
    t->st = rg_buf_append(&t->buf, text, (size_t)len);
    free(text);
}

void text_put_escaped(struct text_out *t, const char *text)
{
    if (t->st == RG_OK)
        t->st = rg_str_escape(&t->buf, rg_str_from(text));
}

void text_put_lines(struct text_out *t, int indent, struct rg_str text)
{
    struct rg_str line;

    while (t->st == RG_OK && text.len > 0 && rg_str_split(&text, '\n', &line)) {
        text_put(t, "%*s", indent, "");
        /* An instance may hold backslashes, which mean nothing to a terminal. */
        while (t->st == RG_OK && line.len > 0) {
            struct rg_str part = line;
            const char *slash = memchr(line.ptr, '\\', line.len);

            part.len = slash ? (size_t)(slash - line.ptr) : line.len;
            t->st = rg_str_escape(&t->buf, part);
            if (slash)
                text_put(t, "\\");
            part.len += slash != NULL;
            line.ptr += part.len;
            line.len -= part.len;
        }
        text_put(t, "\n");
    }
}

void text_put_count(struct text_out *t, int64_t n)
{
    char digits[24], out[32];
    size_t len, to = 0;
    uint64_t value = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

    snprintf(digits, sizeof(digits), "%" PRIu64, value);
    len = strlen(digits);
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[to++] = ',';
        out[to++] = digits[i];
    }
    out[to] = 0;
    text_put(t, "%s%s", n < 0 ? "-" : "", out);
}

void text_put_duration_ms(struct text_out *t, int64_t ms)
{
    int64_t s;

    if (ms < 0) {
        text_put(t, "-");
        ms = ms == INT64_MIN ? INT64_MAX : -ms;
    }
    if (ms == 0) {
        text_put(t, "0s");
        return;
    }
    if (ms < 1000) {
        text_put(t, "%" PRId64 "ms", ms);
        return;
    }
    s = ms / 1000;
    if (s >= 3600)
        text_put(t, "%" PRId64 "h", s / 3600);
    if (s >= 60)
        text_put(t, "%" PRId64 "m", s / 60 % 60);
    text_put(t, "%" PRId64, s % 60);
    ms %= 1000;
    if (ms) {
        char fraction[24];
        size_t len = (size_t)snprintf(fraction, sizeof(fraction), "%03d", (int)ms);

        while (len > 0 && fraction[len - 1] == '0')
            fraction[--len] = 0;
        text_put(t, ".%s", fraction);
    }
    text_put(t, "s");
}

static void put_moment(struct text_out *t, const struct tm *tm, const char *zone)
{
    text_put(t, "%04d-%02d-%02d %02d:%02d:%02d ", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday,
        tm->tm_hour, tm->tm_min, tm->tm_sec);
    text_put_escaped(t, zone);
}

void text_put_time(struct text_out *t, int64_t unix_s)
{
    time_t at = (time_t)unix_s;
    struct tm local, utc;

    if (unix_s == 0) {
        text_put(t, "Never");
        return;
    }
    if (unix_s > INT64_MAX / 1000 || unix_s < INT64_MIN / 1000 || !localtime_r(&at, &local) ||
        !gmtime_r(&at, &utc)) {
        text_put(t, "%" PRId64, unix_s); /* no calendar has such a year */
        return;
    }
    put_moment(t, &local, local.tm_zone ? local.tm_zone : "UTC");
    if (local.tm_gmtoff != 0) {
        text_put(t, " / ");
        put_moment(t, &utc, "UTC");
    }
    text_put(t, " (%" PRId64 ")", unix_s * 1000);
}

void text_put_title(struct text_out *t, int indent, char mark, const char *title)
{
    size_t from, len;

    text_put(t, "%*s", indent, "");
    from = t->buf.len;
    text_put_escaped(t, title);
    len = t->buf.len - from;
    text_put(t, "\n%*s", indent, "");
    for (size_t i = 0; i < len && t->st == RG_OK; i++)
        t->st = rg_buf_byte(&t->buf, (uint8_t)mark);
    text_put(t, "\n");
}

enum rg_status text_out_print(struct text_out *t)
{
    enum rg_status st = t->st;

    if (st == RG_OK && !cli_put(rg_str_buf(&t->buf)))
        st = RG_EIO;
    rg_buf_clear(&t->buf);
    t->st = RG_OK;
    return st;
}
