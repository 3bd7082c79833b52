/* MurmurHash3 x64 128: the constants of the published algorithm. */
#include "rg/base/hash.h"

#include <string.h>

#define BLOCK 16
#define C1    UINT64_C(0x87c37b91114253d5)
#define C2    UINT64_C(0x4cf5ad432745937f)

static uint64_t rotate(uint64_t v, unsigned bits)
{
    return (v << bits) | (v >> (64 - bits));
}

static uint64_t little_endian(const uint8_t *p)
{
    uint64_t v = 0;

    for (size_t i = 8; i-- > 0;)
        v = (v << 8) | p[i];
    return v;
}

static uint64_t spread(uint64_t v)
{
    v = (v ^ (v >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    v = (v ^ (v >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return v ^ (v >> 33);
}

static uint64_t mix_first(uint64_t k)
{
    return rotate(k * C1, 31) * C2;
}

static uint64_t mix_second(uint64_t k)
{
    return rotate(k * C2, 33) * C1;
}

static void add_block(struct rg_murmur3 *m, const uint8_t *p)
{
    m->h1 ^= mix_first(little_endian(p));
    m->h1 = (rotate(m->h1, 27) + m->h2) * 5 + UINT64_C(0x52dce729);
    m->h2 ^= mix_second(little_endian(p + 8));
    m->h2 = (rotate(m->h2, 31) + m->h1) * 5 + UINT64_C(0x38495ab5);
}

void rg_murmur3_init(struct rg_murmur3 *m)
{
    *m = (struct rg_murmur3){0};
}

void rg_murmur3_add(struct rg_murmur3 *m, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    size_t held = (size_t)(m->len % BLOCK);

    if (len == 0)
        return;
    m->len += len;
    if (held) {
        size_t take = BLOCK - held < len ? BLOCK - held : len;

        memcpy(m->tail + held, p, take);
        p += take;
        len -= take;
        if (held + take < BLOCK)
            return;
        add_block(m, m->tail);
    }
    for (; len >= BLOCK; p += BLOCK, len -= BLOCK)
        add_block(m, p);
    if (len)
        memcpy(m->tail, p, len);
}

uint64_t rg_murmur3_sum64(const struct rg_murmur3 *m)
{
    uint8_t last[BLOCK] = {0};
    uint64_t h1 = m->h1;
    uint64_t h2 = m->h2;

    /* zero bytes behind the tail mix to zero: both halves may be mixed always */
    memcpy(last, m->tail, (size_t)(m->len % BLOCK));
    h1 ^= mix_first(little_endian(last));
    h2 ^= mix_second(little_endian(last + 8));
    h1 ^= m->len;
    h2 ^= m->len;
    h1 += h2;
    h2 += h1;
    return spread(h1) + spread(h2);
}

uint64_t rg_murmur3_64(const void *bytes, size_t len)
{
    struct rg_murmur3 m;

    rg_murmur3_init(&m);
    rg_murmur3_add(&m, bytes, len);
    return rg_murmur3_sum64(&m);
}
