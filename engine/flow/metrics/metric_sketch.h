/* A sketch of a distribution: counts in bins whose bounds grow by a constant factor, so that a
 * quantile is known with a relative error of 1/128, whatever the values are. Mirrors upstream's
 * pkg/quantile: the keys are part of the payload, the intake knows the same factor. */
#ifndef RG_FLOW_METRIC_SKETCH_H
#define RG_FLOW_METRIC_SKETCH_H

#include "rg/base/err.h"

#define RG_SKETCH_BINS_MAX  4096
#define RG_SKETCH_KEY_INF   32767 /* key of what no other key reaches; negative: below */
#define RG_SKETCH_COUNT_MAX (UINT64_C(1) << 44) /* observations in one sketch */

struct rg_sketch_bin {
    int32_t key;
    uint64_t count;
};

/* Zero-initialise; finish frees it. */
struct rg_sketch {
    struct rg_sketch_bin *bins; /* owned; ascending keys, no key twice */
    size_t bin_count, bin_cap;
    uint64_t count;
    double min, max, sum, avg; /* of the values as far as they are known */
};

void rg_sketch_finish(struct rg_sketch *sketch);

/* The bin of a finite value: 0 below 1e-9, negative for negative values. */
int32_t rg_sketch_key(double value);

/* Lower bound of a bin's values (of their magnitude); infinite for RG_SKETCH_KEY_INF. */
double rg_sketch_bin_low(int32_t key);

/* Adds one finite value. RG_ENOMEM, RG_ELIMIT (RG_SKETCH_COUNT_MAX): unchanged. */
RG_NODISCARD enum rg_status rg_sketch_add(struct rg_sketch *sketch, double value);

/* Adds count values spread evenly from lower to upper (finite, lower <= upper): each bin gets the
 * whole part of its share, a share below one moves on to the next bin, the last takes what is left.
 * RG_ENOMEM, RG_ELIMIT: unchanged. */
RG_NODISCARD enum rg_status rg_sketch_add_range(
    struct rg_sketch *sketch, double lower, double upper, uint64_t count);

/* The value below which the fraction q (0 to 1) of all values lies; 0 when the sketch is empty. */
double rg_sketch_quantile(const struct rg_sketch *sketch, double q);

#endif
