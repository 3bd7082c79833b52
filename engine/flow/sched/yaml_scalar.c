#include "yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX   512 /* longer digit strings are no numbers anybody means */
#define EXPONENT_MAX 6   /* from here on numbers are written with an exponent */

static const struct {
    const char *text;
    enum rg_yaml_kind kind;
    bool flag;
} words[] = {
    {"y", RG_YAML_BOOL, true},
    {"Y", RG_YAML_BOOL, true},
    {"yes", RG_YAML_BOOL, true},
    {"Yes", RG_YAML_BOOL, true},
    {"YES", RG_YAML_BOOL, true},
    {"true", RG_YAML_BOOL, true},
    {"True", RG_YAML_BOOL, true},
    {"TRUE", RG_YAML_BOOL, true},
    {"on", RG_YAML_BOOL, true},
    {"On", RG_YAML_BOOL, true},
    {"ON", RG_YAML_BOOL, true},
    {"n", RG_YAML_BOOL, false},
    {"N", RG_YAML_BOOL, false},
    {"no", RG_YAML_BOOL, false},
    {"No", RG_YAML_BOOL, false},
    {"NO", RG_YAML_BOOL, false},
    {"false", RG_YAML_BOOL, false},
    {"False", RG_YAML_BOOL, false},
    {"FALSE", RG_YAML_BOOL, false},
    {"off", RG_YAML_BOOL, false},
    {"Off", RG_YAML_BOOL, false},
    {"OFF", RG_YAML_BOOL, false},
    {"", RG_YAML_NULL, false},
    {"~", RG_YAML_NULL, false},
    {"null", RG_YAML_NULL, false},
    {"Null", RG_YAML_NULL, false},
    {"NULL", RG_YAML_NULL, false},
};

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool find_word(struct rg_yaml_node *node)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (rg_str_is(node->text, words[i].text)) {
            node->kind = words[i].kind;
            node->v.flag = words[i].flag;
            return true;
        }
    }
    return false;
}

static bool set_float(struct rg_yaml_node *node, double f)
{
    node->kind = RG_YAML_FLOAT;
    node->v.f = f;
    return true;
}

/* .inf and .nan in three spellings each; only .inf has a sign. */
static bool find_special(struct rg_yaml_node *node)
{
    static const char *const infs[] = {"inf", "Inf", "INF"};
    static const char *const nans[] = {"nan", "NaN", "NAN"};
    struct rg_str s = node->text;
    bool has_sign = s.len && (s.ptr[0] == '+' || s.ptr[0] == '-');
    bool negative = has_sign && s.ptr[0] == '-';

    if (has_sign)
        s = (struct rg_str){s.ptr + 1, s.len - 1};
    if (s.len != 4 || s.ptr[0] != '.')
        return false;
    s = (struct rg_str){s.ptr + 1, 3};
    for (size_t i = 0; i < 3; i++) {
        if (rg_str_is(s, infs[i]))
            return set_float(node, negative ? -(double)INFINITY : (double)INFINITY);
        if (!has_sign && rg_str_is(s, nans[i]))
            return set_float(node, (double)NAN);
    }
    return false;
}

/* One or two digits, at most max; the cursor moves on. */
static bool date_number(struct rg_str *s, int max, int *out)
{
    int v;

    if (s->len == 0 || !digit(s->ptr[0]))
        return false;
    v = s->ptr[0] - '0';
    s->ptr++;
    s->len--;
    if (s->len && digit(s->ptr[0])) {
        v = v * 10 + (s->ptr[0] - '0');
        s->ptr++;
        s->len--;
    }
    *out = v;
    return v <= max;
}

static bool date_char(struct rg_str *s, char a, char b)
{
    if (s->len == 0 || (s->ptr[0] != a && s->ptr[0] != b))
        return false;
    s->ptr++;
    s->len--;
    return true;
}

static bool date_zone(struct rg_str s)
{
    if (s.len == 1)
        return s.ptr[0] == 'Z';
    if (s.len != 6 || (s.ptr[0] != '+' && s.ptr[0] != '-') || s.ptr[3] != ':' || !digit(s.ptr[1]) ||
        !digit(s.ptr[2]) || !digit(s.ptr[4]) || !digit(s.ptr[5]))
        return false;
    return (s.ptr[1] - '0') * 10 + (s.ptr[2] - '0') <= 24 &&
           (s.ptr[4] - '0') * 10 + (s.ptr[5] - '0') <= 60;
}

static bool date_time(struct rg_str s, bool zone)
{
    int v;

    if (!date_number(&s, 23, &v) || !date_char(&s, ':', ':') || !date_number(&s, 59, &v) ||
        !date_char(&s, ':', ':') || !date_number(&s, 59, &v))
        return false;
    if (s.len >= 2 && (s.ptr[0] == '.' || s.ptr[0] == ',') && digit(s.ptr[1])) {
        date_char(&s, s.ptr[0], s.ptr[0]);
        while (s.len && digit(s.ptr[0]))
            date_char(&s, s.ptr[0], s.ptr[0]);
    }
    return zone ? date_zone(s) : s.len == 0;
}

/* 2006-1-2, alone, with T, time and zone, or with blanks and time. */
static bool is_timestamp(struct rg_str s)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0, month, day, last;

    if (s.len < 5 || s.ptr[4] != '-')
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (!digit(s.ptr[i]))
            return false;
        year = year * 10 + (s.ptr[i] - '0');
    }
    s = (struct rg_str){s.ptr + 5, s.len - 5};
    if (!date_number(&s, 12, &month) || month == 0 || !date_char(&s, '-', '-') ||
        !date_number(&s, 31, &day) || day == 0)
        return false;
    last = days[month - 1];
    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        last = 29;
    if (day > last)
        return false;
    if (s.len == 0)
        return true;
    if (date_char(&s, 'T', 't'))
        return date_time(s, true);
    if (!date_char(&s, ' ', ' '))
        return false;
    while (date_char(&s, ' ', ' ')) {
    }
    return date_time(s, false);
}

static int digit_value(char c)
{
    if (digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static bool set_int(struct rg_yaml_node *node, const char *p, unsigned base, char sign)
{
    uint64_t v = 0;

    if (!*p)
        return false;
    for (; *p; p++) {
        unsigned d = (unsigned)digit_value(*p);

        if (d >= base || v > (UINT64_MAX - d) / base)
            return false;
        v = v * base + d;
    }
    if (sign == '-' && v <= (uint64_t)INT64_MAX + 1) {
        node->kind = RG_YAML_INT;
        node->v.i = v == 0 ? 0 : -(int64_t)(v - 1) - 1;
    } else if (sign != '-' && v <= INT64_MAX) {
        node->kind = RG_YAML_INT;
        node->v.i = (int64_t)v;
    } else if (!sign) {
        node->kind = RG_YAML_UINT;
        node->v.u = v;
    } else {
        return false;
    }
    return true;
}

static bool find_int(struct rg_yaml_node *node, const char *p)
{
    char sign = *p == '+' || *p == '-' ? *p++ : 0;
    char mark = p[0] == '0' ? (char)(p[1] | 0x20) : 0;

    if (p[0] != '0' || p[1] == 0)
        return set_int(node, p, 10, sign);
    if (mark == 'x' && p[2])
        return set_int(node, p + 2, 16, sign);
    if (mark == 'o' && p[2])
        return set_int(node, p + 2, 8, sign);
    if (mark == 'b' && p[2]) {
        if (set_int(node, p + 2, 2, sign))
            return true;
        /* a sign behind the mark counts as well, but only there and in lower case */
        if (sign || p[1] != 'b' || (p[2] != '+' && p[2] != '-'))
            return false;
        return set_int(node, p + 3, 2, p[2]);
    }
    return set_int(node, p + 1, 8, sign);
}

/* [+-](.digits|digits[.digits])[e[+-]digits] */
static bool float_form(const char *p)
{
    size_t whole = 0, part = 0;

    if (*p == '+' || *p == '-')
        p++;
    for (; digit(*p); p++)
        whole++;
    if (*p == '.') {
        for (p++; digit(*p); p++)
            part++;
    }
    if (whole + part == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-')
            p++;
        if (!digit(*p))
            return false;
        while (digit(*p))
            p++;
    }
    return *p == 0;
}

static bool find_float(struct rg_yaml_node *node, const char *p)
{
    double f;

    if (!float_form(p))
        return false;
    f = strtod(p, NULL);
    return isfinite(f) && set_float(node, f);
}

bool rg_yaml_resolve(struct rg_yaml_node *node)
{
    struct rg_str s = node->text;
    char plain[NUMBER_MAX];
    char first = s.len ? s.ptr[0] : 0;
    size_t n = 0;

    node->kind = RG_YAML_STRING;
    if (find_word(node) || find_special(node))
        return true;
    if ((!digit(first) && first != '+' && first != '-' && first != '.') || s.len >= sizeof(plain) ||
        memchr(s.ptr, 0, s.len))
        return true;
    if (is_timestamp(s))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '_')
            plain[n++] = s.ptr[i];
        else if (first == '.' && (!digit(s.ptr[i - 1]) || i + 1 == s.len || !digit(s.ptr[i + 1])))
            return true; /* behind a point, '_' may only stand between digits */
    }
    plain[n] = 0;
    if (first != '.' && find_int(node, plain))
        return true;
    rg_ignore(find_float(node, plain), "what is no number is a string");
    return true;
}

bool rg_yaml_is_base60(struct rg_str s)
{
    size_t i = 0, groups = 0;

    if (s.len && (s.ptr[0] == '+' || s.ptr[0] == '-'))
        i = 1;
    if (i >= s.len || !digit(s.ptr[i]))
        return false;
    while (i < s.len && (digit(s.ptr[i]) || s.ptr[i] == '_'))
        i++;
    for (; i + 1 < s.len && s.ptr[i] == ':' && digit(s.ptr[i + 1]); groups++) {
        bool two = i + 2 < s.len && digit(s.ptr[i + 2]);

        if (two && s.ptr[i + 1] > '5')
            return false;
        i += two ? 3 : 2;
    }
    if (i < s.len && s.ptr[i] == '.') {
        for (i++; i < s.len && (digit(s.ptr[i]) || s.ptr[i] == '_'); i++) {
        }
    }
    return groups && i == s.len;
}

/* The digits of "d.ddde+xx" without point and trailing zeros; returns the exponent. */
static int split_digits(const char *text, char *digits)
{
    const char *e = strchr(text, 'e');
    size_t n = 0;

    for (const char *p = text; p < e; p++) {
        if (digit(*p))
            digits[n++] = *p;
    }
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = 0;
    return (int)strtol(e + 1, NULL, 10);
}

/* Adds one to the last digit of "d.ddde+xx"; false if that would need another digit. */
static bool step_up(char *text)
{
    for (char *p = strchr(text, 'e'); p-- > text;) {
        if (*p == '9')
            *p = '0';
        else if (digit(*p)) {
            ++*p;
            return true;
        }
    }
    return false;
}

static bool reads_back(const char *text, double f)
{
    double back = strtod(text, NULL);

    return !(back < f) && !(back > f);
}

/* The shortest digits that read back. Above a power of two lies more room than below it: there the
 * second nearest digits may read back when the nearest ones do not. */
static void shortest(double f, char *text, size_t size)
{
    for (int precision = 0; precision < 17; precision++) {
        snprintf(text, size, "%.*e", precision, f);
        if (reads_back(text, f))
            return;
        if (step_up(text) && reads_back(text, f))
            return;
    }
    snprintf(text, size, "%.17e", f);
}

enum rg_status rg_yaml_float_text(struct rg_buf *out, double f)
{
    const char *sign = signbit(f) ? "-" : "";
    char text[40], digits[40];
    int exponent, n;

    if (isnan(f))
        return rg_buf_str(out, "NaN");
    if (isinf(f))
        return rg_buf_str(out, f > 0 ? "+Inf" : "-Inf");
    shortest(fabs(f), text, sizeof(text));
    exponent = split_digits(text, digits);
    n = (int)strlen(digits);
    if (exponent < -4 || exponent >= EXPONENT_MAX)
        return rg_buf_printf(out, "%s%c%s%se%c%02d", sign, digits[0], n > 1 ? "." : "", digits + 1,
            exponent < 0 ? '-' : '+', abs(exponent));
    if (exponent < 0)
        return rg_buf_printf(out, "%s0.%.*s%s", sign, -exponent - 1, "0000", digits);
    if (n <= exponent + 1)
        return rg_buf_printf(out, "%s%s%.*s", sign, digits, exponent + 1 - n, "00000");
    return rg_buf_printf(out, "%s%.*s.%s", sign, exponent + 1, digits, digits + exponent + 1);
}

static int base64_value(char c)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = c ? strchr(set, c) : NULL;

    return p ? (int)(p - set) : -1;
}

bool rg_yaml_base64_decode(struct rg_str text, char *out, size_t *out_len)
{
    uint32_t group = 0;
    size_t held = 0, n = 0, padding = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        int v = base64_value(c);

        if (c == '\r' || c == '\n')
            continue;
        if (c == '=' && held >= 2 && held + padding < 4) {
            padding++;
            continue;
        }
        if (v < 0 || padding)
            return false;
        group = group << 6 | (uint32_t)v;
        if (++held < 4)
            continue;
        out[n++] = (char)(group >> 16);
        out[n++] = (char)(group >> 8);
        out[n++] = (char)group;
        group = 0;
        held = 0;
    }
    if (held == 0 && padding == 0) {
        *out_len = n;
        return true;
    }
    if (held + padding != 4)
        return false;
    group <<= 6 * padding;
    out[n++] = (char)(group >> 16);
    if (padding == 1)
        out[n++] = (char)(group >> 8);
    *out_len = n;
    return true;
}
