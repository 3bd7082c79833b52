/* Seeded pseudo random numbers (xoshiro256**), one named stream per component. Same seed and name,
 * same numbers, on every machine. Not for keys. */
#ifndef RG_BASE_PRNG_H
#define RG_BASE_PRNG_H

#include "rg/base/err.h"

struct rg_prng {
    uint64_t s[4];
};

void rg_prng_init(struct rg_prng *prng, uint64_t seed, const char *stream);
uint64_t rg_prng_next(struct rg_prng *prng);
uint64_t rg_prng_below(struct rg_prng *prng, uint64_t bound); /* 0 <= result < bound; bound > 0 */

#endif
