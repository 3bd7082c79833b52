#include "derive_yaml.h"

#include <inttypes.h>
#include <string.h>

#define LINE_MAX_BYTES   110
#define VALUES_BYTES_MAX ((size_t)16 << 20)
#define REPLACEMENT      "\xef\xbf\xbd" /* U+FFFD */

/* Words that readers of YAML take for something else than a text. */
static bool is_word(struct rg_str s)
{
    static const char *const words[] = {
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", NULL};

    for (size_t i = 0; words[i]; i++) {
        if (s.len == strlen(words[i]) && strncasecmp(s.ptr, words[i], s.len) == 0)
            return true;
    }
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain(struct rg_str s)
{
    if (s.len == 0 || s.len > 256 || (!is_letter(s.ptr[0]) && s.ptr[0] != '/') ||
        s.ptr[s.len - 1] == ':' || is_word(s))
        return false;
    for (size_t i = 1; i < s.len; i++) {
        char c = s.ptr[i];

        if (!is_letter(c) && !(c >= '0' && c <= '9') && !memchr("/._:@%+=-", c, 9))
            return false;
    }
    return true;
}

/* The code point at the start of s and its length; length 0 when the bytes are no UTF-8. */
static size_t decode(struct rg_str s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (p[0] > 0xf4 || len == 0 || len > s.len)
        return 0;
    *code = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3fu);
    }
    if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return len;
}

/* What may stand in a YAML file as it is. */
static bool printable(uint32_t code)
{
    return (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code != 0x2028 && code != 0x2029 &&
                                                code != 0xfeff && (code & 0xfffe) != 0xfffe);
}

static enum rg_status put_code(struct rg_buf *out, uint32_t code, const char *bytes, size_t len)
{
    switch (code) {
    case '"':
        return rg_buf_str(out, "\\\"");
    case '\\':
        return rg_buf_str(out, "\\\\");
    case '\n':
        return rg_buf_str(out, "\\n");
    case '\t':
        return rg_buf_str(out, "\\t");
    default:
        break;
    }
    if (printable(code))
        return rg_buf_append(out, bytes, len);
    if (code < 0x100)
        return rg_buf_printf(out, "\\x%02" PRIx32, code);
    return rg_buf_printf(out, code < 0x10000 ? "\\u%04" PRIx32 : "\\U%08" PRIx32, code);
}

enum rg_status derive_yaml_text(struct rg_buf *out, struct rg_str text, uint64_t *replaced)
{
    enum rg_status st;

    if (is_plain(text))
        return rg_buf_append(out, text.ptr, text.len);
    st = rg_buf_byte(out, '"');
    while (text.len > 0 && st == RG_OK) {
        uint32_t code = 0;
        size_t len = decode(text, &code);

        if (len == 0 || code == 0) {
            st = rg_buf_str(out, REPLACEMENT);
            len = 1;
            if (replaced)
                ++*replaced;
        } else {
            st = put_code(out, code, text.ptr, len);
        }
        text = (struct rg_str){text.ptr + len, text.len - len};
    }
    return st == RG_OK ? rg_buf_byte(out, '"') : st;
}

enum rg_status derive_yaml_duration(struct rg_buf *out, int64_t ns)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    uint64_t ms = (ns < 0 ? -(uint64_t)ns : (uint64_t)ns) / 1000000;
    enum rg_status st = RG_OK;

    if (ms == 0)
        return rg_buf_byte(out, '0');
    if (ns < 0)
        st = rg_buf_byte(out, '-');
    for (size_t i = 0; i < 4 && st == RG_OK; i++) {
        if (ms >= units[i].ms)
            st = rg_buf_printf(out, "%" PRIu64 "%s", ms / units[i].ms, units[i].name);
        ms %= units[i].ms;
    }
    return st;
}

void derive_item_init(struct derive_item *item)
{
    *item = (struct derive_item){.st = RG_OK};
    rg_buf_init(&item->values, VALUES_BYTES_MAX);
}

void derive_item_finish(struct derive_item *item)
{
    rg_buf_finish(&item->values);
}

void derive_item_clear(struct derive_item *item)
{
    rg_buf_clear(&item->values);
    item->count = 0;
}

static bool begin(struct derive_item *item, const char *key)
{
    if (item->st != RG_OK)
        return false;
    rg_assert(item->count < DERIVE_FIELDS_MAX);
    item->fields[item->count].key = key;
    item->fields[item->count++].at = item->values.len;
    return true;
}

void derive_item_text(struct derive_item *item, const char *key, struct rg_str text)
{
    if (begin(item, key))
        item->st = derive_yaml_text(&item->values, text, &item->replaced);
}

void derive_item_number(struct derive_item *item, const char *key, int64_t number)
{
    if (begin(item, key))
        item->st = rg_buf_printf(&item->values, "%" PRId64, number);
}

void derive_item_duration(struct derive_item *item, const char *key, int64_t ns)
{
    if (begin(item, key))
        item->st = derive_yaml_duration(&item->values, ns);
}

void derive_item_raw(struct derive_item *item, const char *key, struct rg_str yaml, bool quoted)
{
    const char *quote = quoted ? "\"" : "";

    if (!begin(item, key))
        return;
    item->st = rg_buf_str(&item->values, quote);
    if (item->st == RG_OK)
        item->st = rg_buf_append(&item->values, yaml.ptr, yaml.len);
    if (item->st == RG_OK)
        item->st = rg_buf_str(&item->values, quote);
}

bool derive_item_has(const struct derive_item *item, const char *key)
{
    for (size_t i = 0; i < item->count; i++) {
        if (strcmp(item->fields[i].key, key) == 0)
            return true;
    }
    return false;
}

static enum rg_status put_field(const struct derive_item *item, size_t i, struct rg_buf *out)
{
    size_t end = i + 1 < item->count ? item->fields[i + 1].at : item->values.len;
    size_t at = item->fields[i].at;
    enum rg_status st = rg_buf_printf(out, "%s: ", item->fields[i].key);

    return st == RG_OK ? rg_buf_append(out, item->values.data + at, end - at) : st;
}

enum rg_status derive_item_flow(const struct derive_item *item, struct rg_buf *out)
{
    enum rg_status st = item->st == RG_OK ? rg_buf_byte(out, '{') : item->st;

    for (size_t i = 0; i < item->count && st == RG_OK; i++) {
        st = i ? rg_buf_str(out, ", ") : RG_OK;
        if (st == RG_OK)
            st = put_field(item, i, out);
    }
    return st == RG_OK ? rg_buf_byte(out, '}') : st;
}

static enum rg_status put_lines(
    const struct derive_item *item, int indent, bool first_begun, struct rg_buf *out)
{
    enum rg_status st = item->st;

    for (size_t i = 0; i < item->count && st == RG_OK; i++) {
        if (i > 0 || !first_begun)
            st = rg_buf_printf(out, "%*s", indent, "");
        if (st == RG_OK)
            st = put_field(item, i, out);
        if (st == RG_OK)
            st = rg_buf_byte(out, '\n');
    }
    return st;
}

enum rg_status derive_item_lines(const struct derive_item *item, int indent, struct rg_buf *out)
{
    return put_lines(item, indent, false, out);
}

enum rg_status derive_item_print(const struct derive_item *item, int indent, struct rg_buf *out)
{
    size_t len = (size_t)indent + item->values.len;
    enum rg_status st = item->st;

    for (size_t i = 0; i < item->count; i++)
        len += strlen(item->fields[i].key) + 4;
    if (st == RG_OK && len <= LINE_MAX_BYTES) {
        st = rg_buf_printf(out, "%*s- ", indent, "");
        if (st == RG_OK)
            st = derive_item_flow(item, out);
        return st == RG_OK ? rg_buf_byte(out, '\n') : st;
    }
    if (st == RG_OK)
        st = rg_buf_printf(out, "%*s- ", indent, "");
    return st == RG_OK ? put_lines(item, indent + 2, true, out) : st;
}
