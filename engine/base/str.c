#include "rg/base/str.h"

#include <string.h>

struct rg_str rg_str_from(const char *text)
{
    return (struct rg_str){text, text ? strlen(text) : 0};
}

struct rg_str rg_str_buf(const struct rg_buf *buf)
{
    return (struct rg_str){(const char *)buf->data, buf->len};
}

bool rg_str_eq(struct rg_str a, struct rg_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool rg_str_is(struct rg_str a, const char *text)
{
    return rg_str_eq(a, rg_str_from(text));
}

bool rg_str_starts(struct rg_str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.len >= n && (n == 0 || memcmp(s.ptr, prefix, n) == 0);
}

int rg_str_cmp(struct rg_str a, struct rg_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;

    if (c)
        return c;
    return a.len < b.len ? -1 : a.len > b.len;
}

static bool in_set(char c, const char *set)
{
    for (; *set; set++) {
        if (*set == c)
            return true;
    }
    return false;
}

struct rg_str rg_str_trim(struct rg_str s, const char *set)
{
    while (s.len && in_set(s.ptr[0], set)) {
        s.ptr++;
        s.len--;
    }
    while (s.len && in_set(s.ptr[s.len - 1], set))
        s.len--;
    return s;
}

bool rg_str_split(struct rg_str *rest, char sep, struct rg_str *part)
{
    const char *at;

    if (rest->len == 0)
        return false;
    at = memchr(rest->ptr, sep, rest->len);
    if (!at) {
        *part = *rest;
        *rest = (struct rg_str){rest->ptr + rest->len, 0};
        return true;
    }
    *part = (struct rg_str){rest->ptr, (size_t)(at - rest->ptr)};
    *rest = (struct rg_str){at + 1, rest->len - part->len - 1};
    return true;
}

bool rg_str_to_u64(struct rg_str s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)((unsigned char)s.ptr[i] - '0');

        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

bool rg_str_to_i64(struct rg_str s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    uint64_t v;

    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
        s.ptr++;
        s.len--;
    }
    if (!rg_str_to_u64(s, &v) || v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

bool rg_str_to_i32(struct rg_str s, int32_t *out)
{
    int64_t v;

    if (!rg_str_to_i64(s, &v) || v < INT32_MIN || v > INT32_MAX)
        return false;
    *out = (int32_t)v;
    return true;
}

bool rg_str_to_bool(struct rg_str s, bool *out)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (rg_str_is(s, yes[i]) || rg_str_is(s, no[i])) {
            *out = rg_str_is(s, yes[i]);
            return true;
        }
    }
    return false;
}

struct unit {
    const char *name;
    int64_t factor;
};

/* Takes digits and a unit of the table off *s; units longer than others with the same start come
 * first in the table. */
static bool take_number_and_unit(struct rg_str *s, const struct unit *units, size_t n, int64_t *out)
{
    size_t digits = 0;
    uint64_t v;

    while (digits < s->len && s->ptr[digits] >= '0' && s->ptr[digits] <= '9')
        digits++;
    if (!rg_str_to_u64((struct rg_str){s->ptr, digits}, &v))
        return false;
    s->ptr += digits;
    s->len -= digits;
    for (size_t i = 0; i < n; i++) {
        if (!rg_str_starts(*s, units[i].name))
            continue;
        if (v > (uint64_t)(INT64_MAX / units[i].factor))
            return false;
        *out = (int64_t)v * units[i].factor;
        s->ptr += strlen(units[i].name);
        s->len -= strlen(units[i].name);
        return true;
    }
    return false;
}

bool rg_str_to_duration(struct rg_str s, int64_t *out_ns)
{
    static const struct unit units[] = {
        {"ns", 1},
        {"us", 1000},
        {"ms", 1000000},
        {"s", INT64_C(1000000000)},
        {"m", INT64_C(60000000000)},
        {"h", INT64_C(3600000000000)},
    };
    int64_t total = 0;
    int64_t part;

    if (s.len == 0)
        return false;
    while (s.len) {
        if (!take_number_and_unit(&s, units, sizeof(units) / sizeof(units[0]), &part))
            return false;
        if (__builtin_add_overflow(total, part, &total))
            return false;
    }
    *out_ns = total;
    return true;
}

bool rg_str_to_size(struct rg_str s, uint64_t *out_bytes)
{
    static const struct unit units[] = {
        {"KiB", INT64_C(1) << 10},
        {"MiB", INT64_C(1) << 20},
        {"GiB", INT64_C(1) << 30},
        {"TiB", INT64_C(1) << 40},
        {"B", 1},
        {"", 1},
    };
    int64_t v;

    if (!take_number_and_unit(&s, units, sizeof(units) / sizeof(units[0]), &v) || s.len)
        return false;
    *out_bytes = (uint64_t)v;
    return true;
}

/* Length of the valid UTF-8 sequence at p (n bytes left), 0 if there is none. */
static size_t utf8_len(const unsigned char *p, size_t n)
{
    size_t len = p[0] < 0x80                   ? 1
                 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                 : (p[0] & 0xf0) == 0xe0       ? 3
                 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                               : 0;

    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
        return 0;
    return len;
}

size_t rg_str_utf8_len(struct rg_str s)
{
    return s.len ? utf8_len((const unsigned char *)s.ptr, s.len) : 0;
}

enum rg_status rg_str_escape(struct rg_buf *out, struct rg_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < s.len && st == RG_OK;) {
        size_t n = utf8_len(p + i, s.len - i);
        /* C1 controls (U+0080..U+009F) steer terminals as C0 does. */
        bool c1 = n == 2 && p[i] == 0xc2 && p[i + 1] < 0xa0;

        if (p[i] == '\n')
            st = rg_buf_str(out, "\\n");
        else if (p[i] == '\t')
            st = rg_buf_str(out, "\\t");
        else if (p[i] == '\\')
            st = rg_buf_str(out, "\\\\");
        else if (n == 0 || p[i] < 0x20 || p[i] == 0x7f || c1)
            st = rg_buf_printf(out, "\\x%02x", p[i]);
        else
            st = rg_buf_append(out, p + i, n);
        i += n == 0 || c1 ? 1 : n;
    }
    return st;
}

enum rg_status rg_str_json(struct rg_buf *out, struct rg_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    enum rg_status st = rg_buf_byte(out, '"');

    for (size_t i = 0; i < s.len && st == RG_OK;) {
        size_t n = utf8_len(p + i, s.len - i);

        if (p[i] == '"' || p[i] == '\\')
            st = rg_buf_printf(out, "\\%c", p[i]);
        else if (p[i] == '\n')
            st = rg_buf_str(out, "\\n");
        else if (n == 0)
            st = rg_buf_str(out, "\xef\xbf\xbd");
        else if (p[i] < 0x20 || p[i] == 0x7f)
            st = rg_buf_printf(out, "\\u%04x", p[i]);
        else
            st = rg_buf_append(out, p + i, n);
        i += n ? n : 1;
    }
    return st == RG_OK ? rg_buf_byte(out, '"') : st;
}

#define NEAREST_MAX 64

static size_t edit_distance(struct rg_str a, struct rg_str b)
{
    size_t row[NEAREST_MAX + 1];

    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.len];
}

const char *rg_str_nearest(struct rg_str word, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance = word.len / 3 > 2 ? word.len / 3 : 2;

    if (word.len > NEAREST_MAX)
        return NULL;
    for (; *names; names++) {
        struct rg_str name = rg_str_from(*names);
        size_t d;

        if (name.len > NEAREST_MAX)
            continue;
        d = edit_distance(word, name);
        if (d < best_distance || (d == best_distance && !best)) {
            best = *names;
            best_distance = d;
        }
    }
    return best;
}
