#include "rg/base/prng.h"
#include "rg/base/hash.h"

#include <string.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void rg_prng_init(struct rg_prng *prng, uint64_t seed, const char *stream)
{
    uint64_t state = seed ^ rg_fnv1a_64(stream, strlen(stream));

    for (int i = 0; i < 4; i++)
        prng->s[i] = splitmix(&state);
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t rg_prng_next(struct rg_prng *prng)
{
    uint64_t *s = prng->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t rg_prng_below(struct rg_prng *prng, uint64_t bound)
{
    uint64_t limit;
    uint64_t v;

    rg_assert(bound > 0);
    limit = UINT64_MAX - UINT64_MAX % bound; /* drop the biased tail */
    do {
        v = rg_prng_next(prng);
    } while (v >= limit);
    return v % bound;
}
