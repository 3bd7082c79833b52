#include "yaml_emit.h"
#include "yaml_keys.h"
#include "yaml_scalar.h"
#include "yaml_style.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDENT          2
#define WIDTH           80  /* plain and quoted texts break at the first blank behind it */
#define SIMPLE_KEY_MAX  128 /* longer keys are written with '?' */
#define BINARY_LINE_MAX 70
#define PRINT_DEPTH_MAX (RG_YAML_DEPTH_MAX + 1)

struct emitter {
    struct rg_buf *out;
    enum rg_status st; /* the first failure; nothing is written behind it */
    size_t column;     /* in characters */
    int indent;        /* -1: outside of the root */
    bool whitespace;   /* the last character needs no blank behind it */
    bool indention;    /* the line holds nothing but indent and indicators */
};

static void put(struct emitter *e, const char *bytes, size_t len, size_t columns)
{
    if (e->st == RG_OK)
        e->st = rg_buf_append(e->out, bytes, len);
    e->column += columns;
}

static void put_break(struct emitter *e)
{
    put(e, "\n", 1, 0);
    e->column = 0;
}

/* A break of the text itself: every kind but LF is copied. */
static void put_text_break(struct emitter *e, const char *bytes, size_t len)
{
    put(e, bytes, len, 0);
    e->column = 0;
}

static void write_indent(struct emitter *e)
{
    size_t indent = e->indent < 0 ? 0 : (size_t)e->indent;

    if (!e->indention || e->column > indent || (e->column == indent && !e->whitespace))
        put_break(e);
    while (e->column < indent)
        put(e, " ", 1, 1);
    e->whitespace = true;
    e->indention = true;
}

static void indicator(
    struct emitter *e, const char *text, bool need_blank, bool is_blank, bool is_indention)
{
    if (need_blank && !e->whitespace)
        put(e, " ", 1, 1);
    put(e, text, strlen(text), strlen(text));
    e->whitespace = is_blank;
    e->indention = e->indention && is_indention;
}

/* Goes one level in and returns the level to come back to. */
static int deeper(struct emitter *e, bool flow, bool indentless)
{
    int before = e->indent;

    if (e->indent < 0)
        e->indent = flow ? INDENT : 0;
    else if (!indentless)
        e->indent += INDENT;
    return before;
}

static bool space_at(struct rg_str s, size_t i)
{
    return i < s.len && s.ptr[i] == ' ';
}

/* Plain and single quoted texts. */
static void write_flowing(struct emitter *e, struct rg_str s, bool quoted, bool fold)
{
    bool spaces = false, breaks = false;

    for (size_t i = 0, n; i < s.len; i += n) {
        uint32_t c;

        n = rg_yaml_char(s, i, &c);
        if (c == ' ') {
            if (fold && !spaces && e->column > WIDTH && i > 0 && i + 1 < s.len &&
                !space_at(s, i + 1))
                write_indent(e);
            else
                put(e, " ", 1, 1);
            spaces = true;
        } else if (rg_yaml_is_break(c)) {
            if (!breaks && c == '\n')
                put_break(e);
            put_text_break(e, s.ptr + i, n);
            e->indention = true;
            breaks = true;
        } else {
            if (breaks)
                write_indent(e);
            if (quoted && c == '\'')
                put(e, "'", 1, 1);
            put(e, s.ptr + i, n, 1);
            e->indention = false;
            spaces = breaks = false;
        }
    }
}

static void write_escape(struct emitter *e, uint32_t c)
{
    static const struct {
        uint32_t c;
        char letter;
    } named[] = {
        {0, '0'},
        {7, 'a'},
        {8, 'b'},
        {9, 't'},
        {0xa, 'n'},
        {0xb, 'v'},
        {0xc, 'f'},
        {0xd, 'r'},
        {0x1b, 'e'},
        {'"', '"'},
        {'\\', '\\'},
        {0x85, 'N'},
        {0xa0, '_'},
        {0x2028, 'L'},
        {0x2029, 'P'},
    };
    char text[16] = {'\\'};

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]) && !text[1]; i++) {
        if (named[i].c == c)
            text[1] = named[i].letter;
    }
    if (!text[1] && c <= 0xff)
        snprintf(text, sizeof(text), "\\x%02X", (unsigned)c);
    else if (!text[1] && c <= 0xffff)
        snprintf(text, sizeof(text), "\\u%04X", (unsigned)c);
    else if (!text[1])
        snprintf(text, sizeof(text), "\\U%08X", (unsigned)c);
    put(e, text, strlen(text), strlen(text));
}

static void write_double(struct emitter *e, struct rg_str s, bool fold)
{
    bool all = rg_str_starts(s, "\xef\xbb\xbf"); /* behind a byte order mark all is escaped */
    bool spaces = false;

    indicator(e, "\"", true, false, false);
    for (size_t i = 0, n; i < s.len; i += n) {
        uint32_t c;

        n = rg_yaml_char(s, i, &c);
        if (all || !rg_yaml_is_printable(c) || rg_yaml_is_break(c) || c == '"' || c == '\\') {
            write_escape(e, c);
            spaces = false;
        } else if (c == ' ' && fold && !spaces && e->column > WIDTH && i > 0 && i + 1 < s.len) {
            write_indent(e);
            if (space_at(s, i + 1))
                put(e, "\\", 1, 1);
            spaces = true;
        } else {
            put(e, s.ptr + i, n, 1);
            spaces = c == ' ';
        }
    }
    indicator(e, "\"", false, false, false);
}

static uint32_t last_char(struct rg_str s, size_t *start)
{
    uint32_t c;

    *start = s.len;
    do
        --*start;
    while (*start > 0 && ((unsigned char)s.ptr[*start] & 0xc0) == 0x80);
    rg_yaml_char(s, *start, &c);
    return c;
}

/* The indent if the text begins with a blank, then what becomes of breaks at its end. */
static void write_hints(struct emitter *e, struct rg_str s)
{
    uint32_t first;
    size_t last;

    rg_yaml_char(s, 0, &first);
    if (first == ' ' || rg_yaml_is_break(first))
        indicator(e, "2", false, false, false);
    if (!rg_yaml_is_break(last_char(s, &last)))
        indicator(e, "-", false, false, false);
    else if (last == 0 || rg_yaml_is_break(last_char((struct rg_str){s.ptr, last}, &last)))
        indicator(e, "+", false, false, false);
}

static void write_literal(struct emitter *e, struct rg_str s)
{
    bool breaks = true;

    indicator(e, "|", true, false, false);
    write_hints(e, s);
    put_break(e);
    e->indention = true;
    e->whitespace = true;
    for (size_t i = 0, n; i < s.len; i += n) {
        uint32_t c;

        n = rg_yaml_char(s, i, &c);
        if (rg_yaml_is_break(c)) {
            put_text_break(e, s.ptr + i, n);
            e->indention = true;
            breaks = true;
            continue;
        }
        if (breaks)
            write_indent(e);
        put(e, s.ptr + i, n, 1);
        e->indention = false;
        breaks = false;
    }
}

/* A text to be written, and how. */
struct scalar {
    struct rg_str text;
    struct rg_buf own; /* holds text unless the node does */
    struct rg_yaml_form form;
    enum rg_yaml_style style; /* wanted; a key, or what the style would change, turns it */
    bool binary;
};

/* Texts that are not UTF-8 become base64 in lines. */
static enum rg_status encode_binary(struct rg_str s, struct rg_buf *out)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t total = (s.len + 2) / 3 * 4, written = 0;
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < s.len && st == RG_OK; i += 3) {
        uint32_t group = (uint32_t)(unsigned char)s.ptr[i] << 16;
        char four[4];

        if (i + 1 < s.len)
            group |= (uint32_t)(unsigned char)s.ptr[i + 1] << 8;
        if (i + 2 < s.len)
            group |= (unsigned char)s.ptr[i + 2];
        for (size_t k = 0; k < 4; k++)
            four[k] = k > s.len - i ? '=' : set[group >> (18 - 6 * k) & 63];
        for (size_t k = 0; k < 4 && st == RG_OK; k++) {
            st = rg_buf_byte(out, (uint8_t)four[k]);
            written++;
            if (st == RG_OK && total >= BINARY_LINE_MAX &&
                (written % BINARY_LINE_MAX == 0 || written == total))
                st = rg_buf_byte(out, '\n');
        }
    }
    return st;
}

static enum rg_status number_text(const struct rg_yaml_node *node, struct rg_buf *out)
{
    switch (node->kind) {
    case RG_YAML_BOOL:
        return rg_buf_str(out, node->v.flag ? "true" : "false");
    case RG_YAML_INT:
        return rg_buf_printf(out, "%lld", (long long)node->v.i);
    case RG_YAML_UINT:
        return rg_buf_printf(out, "%llu", (unsigned long long)node->v.u);
    case RG_YAML_FLOAT:
        return rg_yaml_float_text(out, node->v.f);
    default:
        return rg_buf_str(out, "null");
    }
}

static enum rg_status describe_string(const struct rg_yaml_node *node, struct scalar *s)
{
    struct rg_yaml_node other = {.text = node->text};
    bool plain = true;

    s->text = node->text;
    if (!rg_yaml_valid_utf8(node->text)) {
        enum rg_status st = encode_binary(node->text, &s->own);

        if (st != RG_OK)
            return st;
        s->binary = true;
        s->text = rg_str_buf(&s->own);
    } else {
        plain = rg_yaml_resolve(&other) && other.kind == RG_YAML_STRING &&
                !rg_yaml_is_base60(node->text);
    }
    if (s->text.len && memchr(s->text.ptr, '\n', s->text.len))
        s->style = RG_YAML_LITERAL;
    else
        s->style = plain ? RG_YAML_PLAIN : RG_YAML_DOUBLE;
    rg_yaml_analyze(s->text, &s->form);
    return RG_OK;
}

/* s->own is to be finished whatever the answer. */
static enum rg_status describe(const struct rg_yaml_node *node, struct scalar *s)
{
    enum rg_status st;

    *s = (struct scalar){.style = RG_YAML_PLAIN, .form = {.plain = true}};
    rg_buf_init(&s->own, RG_YAML_EMIT_MAX);
    if (node->kind == RG_YAML_STRING)
        return describe_string(node, s);
    st = number_text(node, &s->own);
    s->text = rg_str_buf(&s->own);
    if (rg_str_is(s->text, "+Inf"))
        s->text = RG_STR_LIT(".inf");
    else if (rg_str_is(s->text, "-Inf"))
        s->text = RG_STR_LIT("-.inf");
    else if (rg_str_is(s->text, "NaN"))
        s->text = RG_STR_LIT(".nan");
    return st;
}

static enum rg_yaml_style final_style(const struct scalar *s, bool key)
{
    enum rg_yaml_style style = s->style;

    if (key && s->form.multiline)
        return RG_YAML_DOUBLE;
    if (style == RG_YAML_PLAIN && (!s->form.plain || (key && s->text.len == 0)))
        style = RG_YAML_SINGLE;
    if (style == RG_YAML_SINGLE && !s->form.single)
        style = RG_YAML_DOUBLE;
    if (style == RG_YAML_LITERAL && (!s->form.block || key))
        style = RG_YAML_DOUBLE;
    return style;
}

static void write_scalar(struct emitter *e, const struct scalar *s, bool key)
{
    enum rg_yaml_style style = final_style(s, key);
    int before;

    if (s->binary)
        indicator(e, "!!binary", true, false, false);
    before = deeper(e, true, false);
    if (style == RG_YAML_LITERAL) {
        write_literal(e, s->text);
    } else if (style == RG_YAML_DOUBLE) {
        write_double(e, s->text, !key);
    } else if (style == RG_YAML_SINGLE) {
        indicator(e, "'", true, false, false);
        write_flowing(e, s->text, true, !key);
        indicator(e, "'", false, false, false);
    } else {
        if (!e->whitespace)
            put(e, " ", 1, 1);
        write_flowing(e, s->text, false, !key);
        e->whitespace = false;
        e->indention = false;
    }
    e->indent = before;
}

static void write_node(struct emitter *e, const struct rg_yaml_node *node, bool in_map);

static void write_list(struct emitter *e, const struct rg_yaml_node *node, bool in_map)
{
    int before = deeper(e, false, in_map && !e->indention);

    for (const struct rg_yaml_node *n = node->first; n && e->st == RG_OK; n = n->next) {
        write_indent(e);
        indicator(e, "-", true, false, true);
        write_node(e, n, false);
    }
    e->indent = before;
}

static void write_map(struct emitter *e, const struct rg_yaml_node *node)
{
    int before = deeper(e, false, false);

    for (const struct rg_yaml_node *n = node->first; n && e->st == RG_OK; n = n->next) {
        struct scalar key;
        enum rg_status st = describe(n->key, &key);

        write_indent(e);
        if (st != RG_OK) {
            e->st = st;
        } else if (!key.form.multiline &&
                   key.text.len + (key.binary ? strlen("!!binary") : 0) <= SIMPLE_KEY_MAX) {
            write_scalar(e, &key, true);
            indicator(e, ":", false, false, false);
        } else {
            indicator(e, "?", true, false, true);
            write_scalar(e, &key, false);
            write_indent(e);
            indicator(e, ":", true, false, true);
        }
        rg_buf_finish(&key.own);
        if (e->st == RG_OK)
            write_node(e, n, true);
    }
    e->indent = before;
}

static void write_node(struct emitter *e, const struct rg_yaml_node *node, bool in_map)
{
    struct scalar s;
    enum rg_status st;

    if (node->kind == RG_YAML_LIST || node->kind == RG_YAML_MAP) {
        bool list = node->kind == RG_YAML_LIST;

        if (!node->first) {
            indicator(e, list ? "[" : "{", true, true, false);
            indicator(e, list ? "]" : "}", false, false, false);
        } else if (list) {
            write_list(e, node, in_map);
        } else {
            write_map(e, node);
        }
        return;
    }
    st = describe(node, &s);
    if (st == RG_OK)
        write_scalar(e, &s, false);
    else if (e->st == RG_OK)
        e->st = st;
    rg_buf_finish(&s.own);
}

enum rg_status rg_yaml_emit(const struct rg_yaml_node *node, struct rg_buf *out)
{
    struct emitter e = {.out = out, .indent = -1, .whitespace = true, .indention = true};
    static const struct rg_yaml_node null = {.kind = RG_YAML_NULL};

    write_node(&e, node ? node : &null, false);
    write_indent(&e);
    return e.st;
}

static enum rg_status print_node(const struct rg_yaml_node *node, struct rg_buf *out, int depth);

/* Entries are printed in the order of Go's sorted maps, which is not that of the emitter. */
static enum rg_status print_map(const struct rg_yaml_node *map, struct rg_buf *out, int depth)
{
    struct rg_yaml_node **entries = NULL;
    enum rg_status st = rg_yaml_by_identity(map, &entries);

    if (st == RG_OK)
        st = rg_buf_str(out, "map[");
    for (size_t i = 0; i < map->count && st == RG_OK; i++) {
        if (i > 0)
            st = rg_buf_byte(out, ' ');
        if (st == RG_OK)
            st = print_node(entries[i]->key, out, depth + 1);
        if (st == RG_OK)
            st = rg_buf_byte(out, ':');
        if (st == RG_OK)
            st = print_node(entries[i], out, depth + 1);
    }
    free(entries);
    return st == RG_OK ? rg_buf_byte(out, ']') : st;
}

static enum rg_status print_node(const struct rg_yaml_node *node, struct rg_buf *out, int depth)
{
    enum rg_status st;

    if (depth > PRINT_DEPTH_MAX)
        return RG_ETOOBIG;
    if (node->kind == RG_YAML_STRING)
        return rg_buf_append(out, node->text.ptr, node->text.len);
    if (node->kind == RG_YAML_NULL)
        return rg_buf_str(out, "<nil>");
    if (node->kind == RG_YAML_MAP)
        return print_map(node, out, depth);
    if (node->kind != RG_YAML_LIST)
        return number_text(node, out);
    st = rg_buf_byte(out, '[');
    for (const struct rg_yaml_node *n = node->first; n && st == RG_OK; n = n->next) {
        if (n != node->first)
            st = rg_buf_byte(out, ' ');
        if (st == RG_OK)
            st = print_node(n, out, depth + 1);
    }
    return st == RG_OK ? rg_buf_byte(out, ']') : st;
}

enum rg_status rg_yaml_print(const struct rg_yaml_node *node, struct rg_buf *out)
{
    return print_node(node, out, 0);
}
