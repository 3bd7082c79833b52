#include "bench_stats.h"

#include "rg/base/err.h"

#include <stdlib.h>
#include <string.h>

#define SIGMAS       3.0
#define MAD_TO_SIGMA 1.4826 /* of a normal distribution */

static int compare_values(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Sorts values. */
static int64_t median_of(int64_t *values, size_t count)
{
    int64_t low, high;

    qsort(values, count, sizeof(*values), compare_values);
    low = values[(count - 1) / 2];
    high = values[count / 2];
    return low + (high - low) / 2;
}

struct bench_spread bench_spread_of(const int64_t *values, size_t count)
{
    int64_t copy[BENCH_REPETITIONS_MAX];
    struct bench_spread spread;

    rg_assert(count > 0 && count <= BENCH_REPETITIONS_MAX);
    memcpy(copy, values, count * sizeof(*copy));
    spread.median = median_of(copy, count);
    for (size_t i = 0; i < count; i++)
        copy[i] = llabs(copy[i] - spread.median);
    spread.mad = median_of(copy, count);
    return spread;
}

static double relative(const struct bench_spread *spread)
{
    return (double)spread->mad / (double)spread->median;
}

struct bench_ratio bench_compare(const struct bench_spread *now, const struct bench_spread *before)
{
    struct bench_ratio out = {.ratio = 1, .bound = BENCH_BOUND_MIN, .verdict = BENCH_SAME};
    double noise;

    if (now->median <= 0 || before->median <= 0)
        return out;
    out.ratio = (double)now->median / (double)before->median;
    noise = SIGMAS * MAD_TO_SIGMA * (relative(now) + relative(before));
    if (noise > out.bound)
        out.bound = noise;
    if (out.ratio > 1 + out.bound)
        out.verdict = BENCH_SLOWER;
    else if (out.ratio < 1 / (1 + out.bound))
        out.verdict = BENCH_FASTER;
    return out;
}
