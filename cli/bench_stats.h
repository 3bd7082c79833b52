/* Medians of repetitions, their spread, and when two of them differ by more than chance. */
#ifndef RG_BENCH_STATS_H
#define RG_BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_REPETITIONS_MAX 1000

/* Robust against the few slow runs that every machine has. */
struct bench_spread {
    int64_t median; /* of an even count: between the two in the middle, rounded down */
    int64_t mad;    /* median of the absolute deviations from the median */
};

/* count is 1 to BENCH_REPETITIONS_MAX; no value is negative. */
struct bench_spread bench_spread_of(const int64_t *values, size_t count);

enum bench_verdict {
    BENCH_SAME,   /* within the bound */
    BENCH_SLOWER, /* more than it: a regression */
    BENCH_FASTER,
};

#define BENCH_BOUND_MIN 0.05 /* no difference below 5 % is called one */

struct bench_ratio {
    double ratio; /* of the medians: now divided by before */
    double bound; /* what chance may do to the ratio, either way */
    enum bench_verdict verdict;
};

/* The bound is three standard deviations, estimated from each MAD relative to its own median
 * (1.4826 times, for normal noise) and added up, and at least BENCH_BOUND_MIN. Without a median
 * above 0 on both sides the ratio is 1. */
struct bench_ratio bench_compare(const struct bench_spread *now, const struct bench_spread *before);

#endif
