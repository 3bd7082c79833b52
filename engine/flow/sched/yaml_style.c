#include "yaml_style.h"
#include "yaml_keys.h"

#include <string.h>

bool rg_yaml_is_break(uint32_t c)
{
    return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool rg_yaml_is_printable(uint32_t c)
{
    return c == '\n' || (c >= 0x20 && c <= 0x7e) || (c >= 0xa0 && c <= 0xd7ff) ||
           (c >= 0xe000 && c <= 0xfffd && c != 0xfeff);
}

static bool blank_at(struct rg_str s, size_t i)
{
    return i >= s.len || s.ptr[i] == ' ' || s.ptr[i] == '\t';
}

/* True if a character of structure stands where it would be taken for one. */
static bool is_indicator(uint32_t c, bool first, bool after_blank, bool before_blank)
{
    if (c == 0 || c > 0x7f)
        return false;
    if (first && strchr("#,[]{}&*!|>'\"%@`", (int)c))
        return true;
    if (c == ':')
        return before_blank;
    if (first)
        return (c == '?' || c == '-') && before_blank;
    return c == '#' && after_blank;
}

static bool document_mark(struct rg_str s)
{
    return rg_str_starts(s, "---") || rg_str_starts(s, "...");
}

struct seen {
    bool indicator, special, breaks;
    bool edge;           /* a blank or a break at either end */
    bool trailing_space; /* which a block would lose */
    bool break_space, space_break;
};

static void look_at(struct seen *seen, uint32_t c, uint32_t before, bool first, bool last)
{
    bool space = c == ' ', is_break = rg_yaml_is_break(c);

    seen->special |= !rg_yaml_is_printable(c);
    seen->breaks |= is_break;
    seen->edge |= (first || last) && (space || is_break);
    seen->trailing_space |= last && space;
    seen->break_space |= space && !first && rg_yaml_is_break(before);
    seen->space_break |= is_break && !first && before == ' ';
}

void rg_yaml_analyze(struct rg_str text, struct rg_yaml_form *out)
{
    struct seen seen = {.indicator = document_mark(text)};
    uint32_t before = ' ';

    *out = (struct rg_yaml_form){.plain = true, .single = true};
    if (text.len == 0)
        return;
    for (size_t i = 0, n; i < text.len; i += n) {
        uint32_t c;
        bool after_blank = before == ' ' || before == '\t' || rg_yaml_is_break(before) || !before;

        n = rg_yaml_char(text, i, &c);
        seen.indicator |= is_indicator(c, i == 0, after_blank, blank_at(text, i + n));
        look_at(&seen, c, before, i == 0, i + n == text.len);
        before = c;
    }
    out->multiline = seen.breaks;
    out->single = !seen.break_space && !seen.space_break && !seen.special;
    out->plain = out->single && !seen.edge && !seen.breaks && !seen.indicator;
    out->block = !seen.trailing_space && !seen.space_break && !seen.special;
}
