/* Hash functions with fixed results: XXH3 for content, FNV for ids that upstream fixed. */
#ifndef RG_BASE_HASH_H
#define RG_BASE_HASH_H

#include "rg/base/err.h"

struct rg_hash128 {
    uint64_t lo, hi;
};

uint64_t rg_hash64(const void *bytes, size_t len);
struct rg_hash128 rg_hash128(const void *bytes, size_t len);
uint64_t rg_hash64_seed(const void *bytes, size_t len, uint64_t seed);

/* One step of a rolling hash: order matters, zero is a fine start. */
static inline uint64_t rg_hash_mix(uint64_t state, uint64_t v)
{
    uint64_t x = (state ^ v) * UINT64_C(0x9e3779b97f4a7c15);

    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ (x >> 29);
}

uint32_t rg_fnv1_32(const void *bytes, size_t len);
uint32_t rg_fnv1_32_more(uint32_t state, const void *bytes, size_t len);
uint64_t rg_fnv1a_64(const void *bytes, size_t len);

/* FNV-1 (multiply, then XOR) in 64 bits; the state to start with is RG_FNV1_64_START. */
#define RG_FNV1_64_START UINT64_C(14695981039346656037)
uint64_t rg_fnv1_64(const void *bytes, size_t len);
uint64_t rg_fnv1_64_more(uint64_t state, const void *bytes, size_t len);

/* MurmurHash3 x64 128 with seed 0, of which callers use the first half. What is added in pieces
 * gives the hash of the concatenation. */
struct rg_murmur3 {
    uint64_t h1, h2;
    uint64_t len;
    uint8_t tail[16]; /* bytes that do not fill a block yet; len % 16 of them */
};

void rg_murmur3_init(struct rg_murmur3 *m);
void rg_murmur3_add(struct rg_murmur3 *m, const void *bytes, size_t len);
uint64_t rg_murmur3_sum64(const struct rg_murmur3 *m); /* m may be added to afterwards */
uint64_t rg_murmur3_64(const void *bytes, size_t len);

#endif
