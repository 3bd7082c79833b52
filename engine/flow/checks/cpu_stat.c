#include "cpu_stat.h"

#include "native_text.h"

#include <string.h>

#define FIELDS_MIN   7
#define CPU_NAME_MAX 16 /* bytes: "cpu" and a number */

static bool all_digits(struct rg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    }
    return true;
}

bool rg_cpu_stat_line(struct rg_str line, struct rg_str *name, struct rg_cpu_ticks *out)
{
    struct rg_cpu_ticks found = {0};
    struct rg_str word;
    size_t n = 0;

    if (!rg_str_starts(line, "cpu") || !rg_text_word(&line, &word) || word.len > CPU_NAME_MAX ||
        !all_digits((struct rg_str){word.ptr + 3, word.len - 3}))
        return false;
    *name = word;
    for (; n < RG_CPU_FIELDS && rg_text_word(&line, &word); n++) {
        if (!rg_str_to_u64(word, &found.ticks[n]))
            return false;
    }
    if (n < FIELDS_MIN)
        return false;
    *out = found;
    return true;
}

bool rg_cpu_stat_total(struct rg_str text, struct rg_cpu_ticks *out)
{
    struct rg_str line, name;

    while (rg_str_split(&text, '\n', &line)) {
        struct rg_cpu_ticks found;

        if (rg_cpu_stat_line(line, &name, &found) && rg_str_is(name, "cpu")) {
            *out = found;
            return true;
        }
    }
    return false;
}

int32_t rg_cpu_stat_count(struct rg_str text)
{
    struct rg_str line, name;
    struct rg_cpu_ticks ignored;
    int32_t n = 0;

    while (rg_str_split(&text, '\n', &line)) {
        if (rg_cpu_stat_line(line, &name, &ignored))
            n += name.len > strlen("cpu") && n < INT32_MAX;
    }
    return n;
}
