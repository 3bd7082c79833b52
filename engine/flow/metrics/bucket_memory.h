/* The last raw value of each monotonic histogram bucket of one context. */
#ifndef RG_FLOW_BUCKET_MEMORY_H
#define RG_FLOW_BUCKET_MEMORY_H

#include "rg/base/err.h"

struct rg_bucket_value {
    double lower, upper;
    int64_t value;
};

/* Zero-initialise; finish frees it. */
struct rg_bucket_memory {
    struct rg_bucket_value *values; /* owned; ascending by (lower, upper) */
    size_t count, cap;
};

void rg_bucket_memory_finish(struct rg_bucket_memory *memory);

/* Remembers value for the bucket with these bounds (not NaN). *known says whether there was one
 * before, *previous is that or 0.
 *   RG_ELIMIT   max buckets are known already; not remembered
 *   RG_ENOMEM   not remembered */
RG_NODISCARD enum rg_status rg_bucket_memory_swap(struct rg_bucket_memory *memory, double lower,
    double upper, int64_t value, size_t max, bool *known, int64_t *previous);

#endif
