#include "native_text.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool rg_text_word(struct rg_str *rest, struct rg_str *word)
{
    size_t i = 0;
    size_t start;

    *word = *rest;
    if (rest->len == 0) /* ptr may be NULL */
        return false;
    while (i < rest->len && is_space(rest->ptr[i]))
        i++;
    start = i;
    while (i < rest->len && !is_space(rest->ptr[i]))
        i++;
    *word = (struct rg_str){rest->ptr + start, i - start};
    *rest = (struct rg_str){rest->ptr + i, rest->len - i};
    return word->len != 0;
}

size_t rg_text_words(struct rg_str line, struct rg_str *words, size_t max)
{
    size_t n = 0;

    while (n < max && rg_text_word(&line, &words[n]))
        n++;
    return n;
}

bool rg_text_decimal(struct rg_str word, double *out)
{
    double value = 0, scale = 1;
    bool point = false;

    if (word.len == 0 || word.ptr[0] == '.' || word.ptr[word.len - 1] == '.')
        return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];

        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9') {
            value = value * 10 + (c - '0');
            scale *= point ? 10 : 1;
        } else {
            return false;
        }
        if (value > 1e18 || scale > 1e18)
            return false;
    }
    *out = value / scale;
    return true;
}

bool rg_text_value(struct rg_str text, const char *key, uint64_t *out)
{
    struct rg_str line, word;

    while (rg_str_split(&text, '\n', &line)) {
        if (!rg_str_starts(line, key) || !rg_text_word(&line, &word) || !rg_str_is(word, key))
            continue;
        return rg_text_word(&line, &word) && rg_str_to_u64(word, out);
    }
    return false;
}

bool rg_text_meminfo_line(struct rg_str line, struct rg_str *key, double *out)
{
    struct rg_str number, unit;
    uint64_t value;

    if (!rg_str_split(&line, ':', key) || !rg_text_word(&line, &number) ||
        !rg_str_to_u64(number, &value))
        return false;
    *key = rg_str_trim(*key, " \t");
    *out = (double)value;
    if (rg_text_word(&line, &unit)) {
        if (!rg_str_is(unit, "kB"))
            return false;
        *out *= 1024;
    }
    return true;
}
