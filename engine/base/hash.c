#include "rg/base/hash.h"

#include <xxhash.h>

uint64_t rg_hash64(const void *bytes, size_t len)
{
    return XXH3_64bits(bytes, len);
}

uint64_t rg_hash64_seed(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}

struct rg_hash128 rg_hash128(const void *bytes, size_t len)
{
    XXH128_hash_t h = XXH3_128bits(bytes, len);

    return (struct rg_hash128){h.low64, h.high64};
}

/* FNV offset basis and primes: the constants of the published algorithm. */
uint32_t rg_fnv1_32_more(uint32_t state, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < len; i++)
        state = (uint32_t)(state * UINT32_C(16777619)) ^ p[i];
    return state;
}

uint32_t rg_fnv1_32(const void *bytes, size_t len)
{
    return rg_fnv1_32_more(UINT32_C(2166136261), bytes, len);
}

uint64_t rg_fnv1a_64(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t state = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < len; i++)
        state = (state ^ p[i]) * UINT64_C(1099511628211);
    return state;
}

uint64_t rg_fnv1_64_more(uint64_t state, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < len; i++)
        state = (state * UINT64_C(1099511628211)) ^ p[i];
    return state;
}

uint64_t rg_fnv1_64(const void *bytes, size_t len)
{
    return rg_fnv1_64_more(RG_FNV1_64_START, bytes, len);
}
