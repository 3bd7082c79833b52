#include "re2_pattern.h"

#include <string.h>

#define REPEAT_MAX 1000 /* RE2: kMaxRepeat */

struct scan {
    const char *at, *end;
    struct rg_buf *out;
    bool repeatable; /* the last item was a repeat: another one would nest */
};

static enum rg_status copy(struct scan *s, size_t n)
{
    enum rg_status st = rg_buf_append(s->out, s->at, n);

    s->at += n;
    return st;
}

static bool left(const struct scan *s, size_t n)
{
    return (size_t)(s->end - s->at) >= n;
}

static bool letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* \s of RE2 has no vertical tab. */
static enum rg_status white(struct scan *s, bool in_class)
{
    s->at += 2;
    return rg_buf_str(s->out, in_class ? "\\t\\n\\f\\r " : "[\\t\\n\\f\\r ]");
}

/* \Q...\E: every byte escaped on its own, because the notations end it differently. */
static enum rg_status quoted(struct scan *s)
{
    enum rg_status st = RG_OK;

    s->at += 2;
    while (s->at < s->end && st == RG_OK) {
        if (left(s, 2) && s->at[0] == '\\' && s->at[1] == 'E') {
            s->at += 2;
            break;
        }
        if (!letter_or_digit(*s->at) && (unsigned char)*s->at < 0x80)
            st = rg_buf_byte(s->out, '\\');
        if (st == RG_OK)
            st = copy(s, 1);
    }
    return st;
}

static enum rg_status escape(struct scan *s, bool in_class)
{
    char c;

    if (!left(s, 2))
        return RG_EINVALID;
    c = s->at[1];
    if (c == 's')
        return white(s, in_class);
    if (c == 'S' && !in_class) {
        s->at += 2;
        return rg_buf_str(s->out, "[^\\t\\n\\f\\r ]");
    }
    if (c == 'Q' && !in_class)
        return quoted(s);
    if (c >= '1' && c <= '7' && !(left(s, 3) && s->at[2] >= '0' && s->at[2] <= '7'))
        return RG_EINVALID; /* a back reference */
    if (letter_or_digit(c) &&
        !strchr(in_class ? "01234567SwWdDpPxafnrtv" : "01234567wWdDpPxafnrtvbBAz", c))
        return RG_EINVALID;
    if (c == 'v') { /* in PCRE2 a class of its own */
        s->at += 2;
        return rg_buf_str(s->out, "\\x0b");
    }
    if (c >= '1' && c <= '7') { /* octal, never a reference */
        s->at++;
        enum rg_status st = rg_buf_str(s->out, "\\o{");

        for (int i = 0; i < 3 && st == RG_OK && left(s, 1) && *s->at >= '0' && *s->at <= '7'; i++)
            st = copy(s, 1);
        return st == RG_OK ? rg_buf_byte(s->out, '}') : st;
    }
    return copy(s, 2);
}

static enum rg_status char_class(struct scan *s)
{
    enum rg_status st = copy(s, 1);
    bool first = true;

    if (st == RG_OK && left(s, 1) && *s->at == '^')
        st = copy(s, 1);
    while (st == RG_OK && s->at < s->end) {
        if (*s->at == ']' && !first)
            return copy(s, 1);
        if (left(s, 2) && s->at[0] == '[' && s->at[1] == ':') {
            const char *stop = memmem(s->at, (size_t)(s->end - s->at), ":]", 2);

            st = copy(s, stop ? (size_t)(stop + 2 - s->at) : 1);
        } else if (*s->at == '\\') {
            st = escape(s, true);
        } else {
            /* "[." and "[=" are literal in RE2, collating in PCRE2 */
            if (*s->at == '[')
                st = rg_buf_byte(s->out, '\\');
            if (st == RG_OK)
                st = copy(s, 1);
        }
        first = false;
    }
    return st == RG_OK ? RG_EINVALID : st;
}

/* "(?" may start a flag group, a plain group or a named one; "(*" is a verb. */
static enum rg_status group(struct scan *s)
{
    size_t n = 2;

    if (!left(s, 2))
        return copy(s, 1);
    if (s->at[1] == '*')
        return RG_EINVALID;
    if (s->at[1] != '?')
        return copy(s, 1);
    if (left(s, 4) && s->at[2] == 'P' && s->at[3] == '<')
        return copy(s, 4);
    if (left(s, 4) && s->at[2] == '<' && s->at[3] != '=' && s->at[3] != '!')
        return copy(s, 3);
    while (left(s, n + 1) && strchr("imsU-", s->at[n]) && s->at[n])
        n++;
    if (!left(s, n + 1) || (s->at[n] != ':' && s->at[n] != ')'))
        return RG_EINVALID;
    return copy(s, n + (s->at[n] == ':'));
}

/* {n}, {n,} or {n,m} as far as its length; 0 when the brace is literal. */
static size_t counted_repeat(const struct scan *s, bool *too_many)
{
    size_t n = 1;
    unsigned value = 0;
    bool digits = false;

    *too_many = false;
    while (
        left(s, n + 1) && ((s->at[n] >= '0' && s->at[n] <= '9') || (s->at[n] == ',' && digits))) {
        if (s->at[n] == ',') {
            value = 0;
        } else {
            digits = true;
            value = value > REPEAT_MAX ? value : value * 10 + (unsigned)(s->at[n] - '0');
            *too_many |= value > REPEAT_MAX;
        }
        n++;
    }
    return digits && left(s, n + 1) && s->at[n] == '}' ? n + 1 : 0;
}

/* A repeat with its optional lazy mark; a second repeat behind it is an error in RE2. */
static enum rg_status repeat(struct scan *s, size_t n)
{
    enum rg_status st;

    if (s->repeatable)
        return RG_EINVALID;
    st = copy(s, n);
    if (st == RG_OK && left(s, 1) && *s->at == '?')
        st = copy(s, 1);
    s->repeatable = true;
    return st;
}

enum rg_status rg_re2_translate(struct rg_str pattern, struct rg_buf *out)
{
    struct scan s = {pattern.ptr, pattern.ptr + pattern.len, out, false};
    enum rg_status st = RG_OK;

    while (s.at < s.end && st == RG_OK) {
        bool too_many = false;
        size_t brace = *s.at == '{' ? counted_repeat(&s, &too_many) : 0;

        if (too_many && brace)
            return RG_EINVALID;
        if (*s.at == '*' || *s.at == '+' || *s.at == '?' || brace) {
            st = repeat(&s, brace ? brace : 1);
            continue;
        }
        s.repeatable = false;
        if (*s.at == '\\')
            st = escape(&s, false);
        else if (*s.at == '[')
            st = char_class(&s);
        else if (*s.at == '(')
            st = group(&s);
        else
            st = copy(&s, 1);
    }
    return st;
}
