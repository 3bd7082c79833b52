#include "payload_arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 << 10)
#define ALIGN       alignof(max_align_t)

struct rg_arena_block {
    struct rg_arena_block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

void rg_arena_finish(struct rg_arena *arena)
{
    struct rg_arena_block *block = arena->first;

    while (block) {
        struct rg_arena_block *next = block->next;

        free(block);
        block = next;
    }
    *arena = (struct rg_arena){0};
}

void rg_arena_reset(struct rg_arena *arena)
{
    for (struct rg_arena_block *block = arena->first; block; block = block->next)
        block->used = 0;
    arena->current = arena->first;
}

static bool fits(const struct rg_arena_block *block, size_t bytes)
{
    return block && bytes <= block->size - block->used;
}

void *rg_arena_alloc(struct rg_arena *arena, size_t bytes)
{
    struct rg_arena_block *block = arena->current;
    void *memory;

    if (bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (bytes == 0)
        bytes = ALIGN;
    while (!fits(block, bytes) && block && block->next)
        block = block->next;
    if (!fits(block, bytes)) {
        size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        struct rg_arena_block *fresh = malloc(sizeof(*fresh) + size);

        if (!fresh)
            return NULL;
        fresh->next = NULL;
        fresh->used = 0;
        fresh->size = size;
        if (block)
            block->next = fresh;
        else
            arena->first = fresh;
        block = fresh;
    }
    arena->current = block;
    memory = block->bytes + block->used;
    block->used += bytes;
    memset(memory, 0, bytes);
    return memory;
}

void *rg_arena_array(struct rg_arena *arena, size_t n, size_t elem_bytes)
{
    if (elem_bytes && n > SIZE_MAX / elem_bytes)
        return NULL;
    return rg_arena_alloc(arena, n * elem_bytes);
}

/* Length of the valid sequence at p, 0 when there is none (NUL counts as none). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    static const unsigned char second_min[] = {[0xe0] = 0xa0, [0xf0] = 0x90, [0xff] = 0};
    static const unsigned char second_max[] = {[0xed] = 0x9f, [0xf4] = 0x8f, [0xff] = 0};
    unsigned char low, high;
    size_t n;

    if (p[0] < 0x80)
        return p[0] != 0;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (left < n)
        return 0;
    low = second_min[p[0]] ? second_min[p[0]] : 0x80;
    high = second_max[p[0]] ? second_max[p[0]] : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return n;
}

char *rg_arena_utf8(struct rg_arena *arena, struct rg_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t bad = 0;
    size_t out = 0;
    char *text;

    for (size_t i = 0; i < s.len;) {
        size_t n = utf8_sequence(p + i, s.len - i);

        bad += n == 0;
        i += n ? n : 1;
    }
    text = rg_arena_alloc(arena, s.len + 2 * bad + 1);
    if (!text)
        return NULL;
    if (bad == 0) {
        if (s.len)
            memcpy(text, s.ptr, s.len);
        return text;
    }
    for (size_t i = 0; i < s.len;) {
        size_t n = utf8_sequence(p + i, s.len - i);

        memcpy(text + out, n ? s.ptr + i : "\xef\xbf\xbd", n ? n : 3);
        out += n ? n : 3;
        i += n ? n : 1;
    }
    return text;
}
