#include "verify_log.h"

#include <stdio.h>

void verify_log_compare(struct rg_str a, struct rg_str b, struct verify_difference *out)
{
    *out = (struct verify_difference){0};
    while (a.len > 0 || b.len > 0) {
        struct rg_str line_a = {"", 0}, line_b = {"", 0};
        bool more_a = rg_str_split(&a, '\n', &line_a);
        bool more_b = rg_str_split(&b, '\n', &line_b);

        out->line++;
        if (more_a != more_b || !rg_str_eq(line_a, line_b)) {
            out->found = true;
            out->a = line_a;
            out->b = line_b;
            return;
        }
        out->trail[out->trail_count++ % VERIFY_TRAIL_MAX] = line_a;
    }
}

bool verify_log_seed(const struct verify_difference *difference, uint64_t *seed)
{
    const struct rg_str lines[2] = {difference->a, difference->b};

    for (int i = 0; i < 2; i++) {
        struct rg_str rest = lines[i], word;

        if (rg_str_split(&rest, ' ', &word) && rg_str_is(word, "seed") &&
            rg_str_split(&rest, ' ', &word) && rg_str_to_u64(word, seed))
            return true;
    }
    return false;
}

uint64_t verify_log_lines(struct rg_str log)
{
    uint64_t count = 0;
    struct rg_str line;

    while (rg_str_split(&log, '\n', &line))
        count++;
    return count;
}

static void print_line(const char *label, struct rg_str line, const char *none)
{
    if (line.len > 0)
        fprintf(stderr, "  %s %.*s\n", label, (int)line.len, line.ptr);
    else
        fprintf(stderr, "  %s %s\n", label, none);
}

void verify_log_print(const struct verify_difference *d, const char *none)
{
    size_t kept = d->trail_count < VERIFY_TRAIL_MAX ? d->trail_count : VERIFY_TRAIL_MAX;

    for (size_t i = d->trail_count - kept; i < d->trail_count; i++)
        print_line(" ", d->trail[i % VERIFY_TRAIL_MAX], none);
    print_line("A", d->a, none);
    print_line("B", d->b, none);
}
