/* Reads NAME=value, NAME: value, "NAME": "value", --NAME value, and the pair of lines that
 * Kubernetes writes for an environment variable. What the value is depends on where the name
 * stands: at the start of a line it may be a YAML key, whose value is the rest of the line, a block
 * or a list; elsewhere it is one word. No part of the text is read from more than a few names: a
 * value that was read is left behind, and what is read ahead of a name is bounded or ends at the
 * next name. */
#include "secret_assign.h"

#include <string.h>

#define NAME_SIDE_MAX 256               /* bytes of a name before and behind its word */
#define GAP_MAX       256               /* white space between a name and its value */
#define QUOTED_MAX    ((size_t)1 << 20) /* bytes of a quoted value */
#define PAIR_NAME_MAX 64                /* "&NAME=" that ends a value */

struct assign {
    struct rg_str text;
    struct rg_str name;
    size_t name_at;   /* offset of name */
    size_t at;        /* reading position */
    bool line_start;  /* only indentation, "- ", '#' and quotes stand before the name */
    bool flag;        /* the name is an option: "--name" */
    bool quoted_name; /* as in JSON */
    char opened_by;   /* the quote before the name: "NAME=value" */
    bool colon;       /* ": " stands before the value */
    bool whole_line;  /* the value goes on to the end of the line */
    bool list;        /* the value is read item by item */
    struct rg_scrub_spans *out;
};

static char peek(const struct assign *a, size_t at)
{
    return at < a->text.len ? a->text.ptr[at] : '\0';
}

static bool one(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool blank(char c)
{
    return one(c, " \t\r\n\v\f");
}

static bool name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           one(c, "_.-");
}

static size_t skip(const struct assign *a, size_t at, const char *set)
{
    size_t limit = at + GAP_MAX;

    while (at < a->text.len && at < limit && one(a->text.ptr[at], set))
        at++;
    return at;
}

static size_t line_end(const struct assign *a, size_t at)
{
    const char *end;

    if (at >= a->text.len)
        return a->text.len;
    end = memchr(a->text.ptr + at, '\n', a->text.len - at);
    return end ? (size_t)(end - a->text.ptr) : a->text.len;
}

/* Length of a quote at at with the backslashes that escape it; 0 if there is none. */
static size_t quote_len(const struct assign *a, size_t at)
{
    size_t i = at;

    while (i - at < 7 && peek(a, i) == '\\')
        i++;
    return one(peek(a, i), "\"'") ? i + 1 - at : 0;
}

static struct rg_str slice(const struct assign *a, size_t from, size_t to)
{
    return (struct rg_str){a->text.ptr + from, to - from};
}

/* Adds text[from, to) unless the value says nothing. */
static enum rg_status add_value(struct assign *a, size_t from, size_t to)
{
    while (to > from && blank(a->text.ptr[to - 1]))
        to--;
    if (to <= from || !secret_value(a->name, slice(a, from, to)))
        return RG_OK;
    return rg_scrub_spans_add(a->out, from, to - from);
}

static void find_name(struct assign *a, size_t word, size_t word_end)
{
    size_t from = word;
    size_t to = word_end;
    size_t left;

    while (from > 0 && word - from < NAME_SIDE_MAX && name_byte(a->text.ptr[from - 1]))
        from--;
    while (to - word_end < NAME_SIDE_MAX && name_byte(peek(a, to)))
        to++;
    a->flag = a->text.ptr[from] == '-' && (from == 0 || blank(a->text.ptr[from - 1]));
    while (from < word && a->text.ptr[from] == '-')
        from++;
    a->name = slice(a, from, to);
    a->name_at = from;
    a->opened_by = from && one(a->text.ptr[from - 1], "\"'") ? a->text.ptr[from - 1] : '\0';
    a->at = to;
    left = from;
    while (left > 0 && from - left < NAME_SIDE_MAX && one(a->text.ptr[left - 1], " \t-#\"'"))
        left--;
    a->line_start = left == 0 || a->text.ptr[left - 1] == '\n';
}

/* `", "value": "`: the name was itself a value, and the secret is that of the next key. */
static bool skip_value_key(struct assign *a)
{
    size_t at = skip(a, a->at, ", \t\r\n");

    at += quote_len(a, at);
    if (a->text.len - at < 5 || memcmp(a->text.ptr + at, "value", 5) != 0)
        return false;
    at += 5;
    at += quote_len(a, at);
    at = skip(a, at, " \t");
    if (!one(peek(a, at), ":="))
        return false;
    /* Only on a line of its own: so no line is read again and again. */
    a->whole_line = memchr(a->text.ptr + a->at, '\n', at - a->at) != NULL;
    a->at = skip(a, at + 1, " \t");
    return true;
}

/* A ':' without space behind it may be a port, a tag, a path of names: only a name that ends in a
 * sensitive word takes it for a delimiter. */
static bool tight_colon(const struct assign *a, size_t colon)
{
    char before = a->name_at ? a->text.ptr[a->name_at - 1] : ' ';
    char behind = peek(a, colon + 1);

    return behind != ':' && behind != '/' && !one(before, "/:") &&
           secret_name_ends_in_word(a->name);
}

/* Moves to the value; false when the name has none. */
static bool find_value(struct assign *a)
{
    size_t end = a->at;
    size_t quote = quote_len(a, end);
    size_t at;
    char c;

    a->quoted_name = quote > 0;
    a->at += quote;
    at = skip(a, a->at, " \t");
    c = peek(a, at);
    if (c == '=') {
        bool spaced = at > a->at;

        at += peek(a, at + 1) == '>' ? 2 : 1;
        a->whole_line = spaced && a->line_start;
        a->at = spaced ? skip(a, at, " \t") : at;
        return true;
    }
    if (c == ':') {
        char next = peek(a, at + 1);
        bool loose =
            a->quoted_name || next == '=' || next == '\0' || blank(next) || quote_len(a, at + 1);

        if (!loose && !tight_colon(a, at))
            return false;
        a->whole_line = loose && a->line_start;
        a->colon = loose;
        a->at = skip(a, at + (next == '=' ? 2 : 1), " \t");
        return true;
    }
    if (a->flag && at > end && !one(c, "-|<>&;")) {
        a->at = at;
        return true;
    }
    return skip_value_key(a);
}

/* True where the text goes on after a quoted value. */
static bool value_ends(const struct assign *a, size_t at)
{
    return at >= a->text.len || blank(a->text.ptr[at]) || one(a->text.ptr[at], ",:;)]}");
}

/* Offset of the mark that closes the quote before from, or SIZE_MAX. quote is the length of that
 * quote with its backslashes. */
static size_t closing_quote(const struct assign *a, size_t from, char mark, size_t quote)
{
    size_t limit = a->text.len - from > QUOTED_MAX ? from + QUOTED_MAX : a->text.len;
    size_t slashes = 0;

    for (size_t i = from; i < limit; i++) {
        char c = a->text.ptr[i];

        if (c == '\\') {
            slashes++;
            continue;
        }
        if (c == mark && quote == 1 && slashes) {
            if (slashes % 2 == 0 || (mark == '\'' && value_ends(a, i + 1)))
                return i;
        } else if (c == mark && slashes < quote) {
            if (mark != '\'' || quote > 1 || i == from || peek(a, i + 1) != '\'')
                return i - slashes;
            i++; /* a doubled quote stands for one */
        }
        slashes = 0;
    }
    return SIZE_MAX;
}

static enum rg_status quoted_value(struct assign *a, size_t quote)
{
    size_t from = a->at + quote;
    size_t to = closing_quote(a, from, a->text.ptr[from - 1], quote);
    enum rg_status st;

    if (to == SIZE_MAX)
        to = line_end(a, from);
    st = add_value(a, from, to);
    a->at = to;
    return st;
}

/* True at a byte that ends an unquoted word. */
static bool word_ends(const struct assign *a, size_t at)
{
    char c = a->text.ptr[at];
    size_t i = at + 1;

    if (blank(c) || (a->quoted_name && one(c, ",]}")))
        return true;
    if (quote_len(a, at))
        return value_ends(a, at + quote_len(a, at));
    if (c == '\\' && one(peek(a, i), "nr")) {
        /* The lines of a document inside a string of JSON. */
        i = skip(a, i + 1, " ");
        if (i == a->text.len || quote_len(a, i))
            return true;
        while (i - at < PAIR_NAME_MAX && name_byte(peek(a, i)))
            i++;
        return i - at < PAIR_NAME_MAX && one(peek(a, i), ":=\\");
    }
    if (!one(c, "&;,"))
        return false;
    while (i - at < PAIR_NAME_MAX && name_byte(peek(a, i)))
        i++;
    return i > at + 1 && peek(a, i) == '=';
}

static enum rg_status word_value(struct assign *a)
{
    size_t to = a->at;
    enum rg_status st;

    if (a->opened_by && !a->quoted_name && !a->colon) {
        size_t end = closing_quote(a, to, a->opened_by, 1);

        to = end == SIZE_MAX ? to : end;
    }
    if (to == a->at) {
        while (to < a->text.len && !word_ends(a, to))
            to++;
    }
    st = add_value(a, a->at, to);
    a->at = to;
    return st;
}

/* An unquoted value up to the end of its line or to a comment. */
static size_t plain_end(const struct assign *a, size_t from, size_t end)
{
    const char *text = a->text.ptr;

    for (size_t i = from + 1; i < end; i++) {
        if (text[i] == '#' && one(text[i - 1], " \t"))
            return i;
    }
    return end;
}

static bool mapping(const struct assign *a, size_t from, size_t to)
{
    struct rg_str line = rg_str_trim(slice(a, from, to), " \t\r");

    return one(peek(a, from), "{[") || memmem(line.ptr, line.len, ": ", 2) ||
           (line.len && line.ptr[line.len - 1] == ':');
}

/* [a, "b", c] or ["a"]: elements up to the bracket or to anything nested. */
static enum rg_status flow_list(struct assign *a)
{
    enum rg_status st = RG_OK;

    a->list = true;
    a->at++;
    while (st == RG_OK) {
        size_t quote;
        size_t to;

        a->at = skip(a, a->at, " \t\r\n,");
        quote = quote_len(a, a->at);
        if (quote) {
            st = quoted_value(a, quote);
            a->at += quote_len(a, a->at);
            continue;
        }
        to = a->at;
        while (to < a->text.len && !one(a->text.ptr[to], ",]\n{[\"'"))
            to++;
        if (to == a->at || mapping(a, a->at, to))
            break;
        st = add_value(a, a->at, to);
        a->at = to;
    }
    return st;
}

static size_t indent_of(const struct assign *a, size_t line)
{
    size_t at = line;

    while (peek(a, at) == ' ')
        at++;
    return at - line;
}

/* The lines of a block scalar: all that are indented by more than parent, and empty ones. */
static enum rg_status block_value(struct assign *a, size_t parent)
{
    size_t from = line_end(a, a->at);
    size_t to = from;

    while (to < a->text.len) {
        size_t line = to + 1;
        size_t indent = indent_of(a, line);

        if (!one(peek(a, line + indent), "\r\n") && indent <= parent)
            break;
        to = line_end(a, line);
    }
    a->at = to;
    return from < to ? add_value(a, from + 1, to) : RG_OK;
}

/* "|", ">-", "|2+": the header of a block scalar. */
static bool block_header(const struct assign *a, size_t at)
{
    size_t end = at + 1;

    if (!one(peek(a, at), "|>"))
        return false;
    while (end - at < 4 && one(peek(a, end), "+-123456789"))
        end++;
    end = skip(a, end, " \t\r");
    return one(peek(a, end), "\n#");
}

/* What stands on one line: the value of a key, an item of a list, a line of its own. */
static enum rg_status line_value(struct assign *a, size_t parent)
{
    size_t quote = quote_len(a, a->at);
    size_t end;
    enum rg_status st;

    if (quote)
        return quoted_value(a, quote);
    if (block_header(a, a->at))
        return block_value(a, parent);
    end = line_end(a, a->at);
    st = add_value(a, a->at, plain_end(a, a->at, end));
    a->at = end;
    return st;
}

/* Lines below a key without value on its own line: items of a list, or one long value. */
static enum rg_status child_lines(struct assign *a, size_t column)
{
    enum rg_status st = RG_OK;

    a->list = true;
    while (st == RG_OK) {
        size_t line = line_end(a, a->at) + 1;
        size_t indent = indent_of(a, line);
        size_t at = line + indent;
        bool item = peek(a, at) == '-' && one(peek(a, at + 1), " \t");

        if (line >= a->text.len)
            break;
        if (one(peek(a, at), "#\r\n")) {
            a->at = line;
            continue;
        }
        if (indent < column || (indent == column && !item))
            break;
        if (item)
            at = skip(a, at + 1, " \t");
        if (peek(a, at) == '-' && one(peek(a, at + 1), " \t"))
            break;
        if (!quote_len(a, at) && mapping(a, at, line_end(a, at)))
            break;
        a->at = at;
        st = line_value(a, indent);
    }
    return st;
}

/* "Bearer x", "!!str x", "&anchor x": x is the value. */
static void skip_prefix(struct assign *a)
{
    static const char *const schemes[] = {"bearer ", "basic ", "Bearer ", "Basic "};
    size_t at = a->at;

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i]);

        if (a->text.len - at >= len && memcmp(a->text.ptr + at, schemes[i], len) == 0) {
            a->at = skip(a, at + len, " ");
            return;
        }
    }
    if (!a->colon || !a->line_start || !one(peek(a, at), "!&"))
        return;
    while (at - a->at < NAME_SIDE_MAX && (name_byte(peek(a, at)) || one(peek(a, at), "!&")))
        at++;
    if (one(peek(a, at), " \t"))
        a->at = skip(a, at, " \t");
}

/* "*anchor" repeats a value that was masked where it stands. */
static bool alias(const struct assign *a)
{
    size_t at = a->at + 1;

    if (!a->colon || !a->line_start || peek(a, a->at) != '*')
        return false;
    while (at - a->at < NAME_SIDE_MAX && name_byte(peek(a, at)))
        at++;
    return at > a->at + 1 && (at == a->text.len || one(peek(a, at), "\r\n"));
}

static size_t column_of(const struct assign *a)
{
    size_t at = a->name_at;

    while (at > 0 && a->name_at - at < NAME_SIDE_MAX && a->text.ptr[at - 1] != '\n')
        at--;
    return a->name_at - at - (a->quoted_name && a->name_at > at ? 1 : 0);
}

static enum rg_status read_value(struct assign *a)
{
    size_t quote;

    skip_prefix(a);
    quote = quote_len(a, a->at);
    if (quote)
        return quoted_value(a, quote);
    if (a->colon) {
        char c = peek(a, a->at);

        if (c == '[')
            return flow_list(a);
        if (c == '{' || alias(a))
            return RG_OK;
        if (a->line_start && one(c, "#\r\n"))
            return child_lines(a, column_of(a));
    }
    return a->whole_line ? line_value(a, column_of(a)) : word_value(a);
}

enum rg_status secret_assign_at(
    struct rg_str text, size_t word, size_t word_end, struct rg_scrub_spans *out, size_t *next)
{
    struct assign a = {.text = text, .out = out};
    enum rg_status st = RG_OK;

    size_t known = out->count;

    find_name(&a, word, word_end);
    *next = a.at;
    if (!secret_name(a.name) || !find_value(&a))
        return RG_OK;
    st = read_value(&a);
    if (out->count > known || a.list)
        *next = a.at > *next ? a.at : *next; /* a value that says nothing may hold names */
    return st;
}
