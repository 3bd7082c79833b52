/* Two logs of what should be the same run, line by line. */
#ifndef RG_VERIFY_LOG_H
#define RG_VERIFY_LOG_H

#include "rg/base/str.h"

#define VERIFY_TRAIL_MAX 10

/* The first lines that differ, and the ones before them. Texts are borrowed from the logs. */
struct verify_difference {
    bool found;
    uint64_t line;      /* from 1 */
    struct rg_str a, b; /* empty: that log has ended */
    struct rg_str trail[VERIFY_TRAIL_MAX];
    size_t trail_count; /* lines before; the last VERIFY_TRAIL_MAX are kept, in a ring */
};

void verify_log_compare(struct rg_str a, struct rg_str b, struct verify_difference *out);

/* The seed at the start of the first line that differs. False: it names none. */
bool verify_log_seed(const struct verify_difference *difference, uint64_t *seed);

uint64_t verify_log_lines(struct rg_str log);

/* Prints the lines before and both lines on stderr; none: what stands for a log that has ended. */
void verify_log_print(const struct verify_difference *difference, const char *none);

#endif
