#include "chunk_allocator.h"
#include "rg/base/mem.h"

#include <stdlib.h>

#define NO_CONTAINER SIZE_MAX

void rg_chunk_allocator_finish(struct rg_chunk_allocator *a)
{
    free(a->chunks);
    *a = (struct rg_chunk_allocator){0};
}

void rg_chunk_allocator_start(struct rg_chunk_allocator *a, size_t items_max, uint64_t weight_max)
{
    rg_assert(items_max > 0 && weight_max > 0);
    a->count = a->items = a->containers = a->cursor = 0;
    a->items_max = items_max;
    a->weight_max = weight_max;
}

static size_t room_items(const struct rg_chunk_allocator *a)
{
    size_t used = a->cursor < a->count ? a->chunks[a->cursor].item_count : 0;

    return used < a->items_max ? a->items_max - used : 0;
}

static uint64_t room_weight(const struct rg_chunk_allocator *a)
{
    uint64_t used = a->cursor < a->count ? a->chunks[a->cursor].weight : 0;

    return used < a->weight_max ? a->weight_max - used : 0;
}

/* Puts the next count items into the chunk at the cursor. Every way to make a chunk leads through
 * here, so that items and containers can never disagree about the number of chunks. */
static enum rg_status accept_items(
    struct rg_chunk_allocator *a, size_t count, uint64_t weight, size_t container)
{
    struct rg_chunk *chunk;
    void *array = a->chunks;
    enum rg_status st;

    rg_assert(a->cursor <= a->count);
    if (a->cursor == a->count) {
        st = rg_grow(&array, &a->cap, a->count + 1, sizeof(*a->chunks), SIZE_MAX);
        if (st != RG_OK)
            return st;
        a->chunks = array;
        a->chunks[a->count++] = (struct rg_chunk){.item_first = a->items};
    }
    chunk = &a->chunks[a->cursor];
    if (container != NO_CONTAINER) {
        if (chunk->container_count == 0)
            chunk->container_first = container;
        chunk->container_count = container - chunk->container_first + 1;
    }
    chunk->item_count += count;
    chunk->weight += weight;
    a->items += count;
    return RG_OK;
}

static void go_to_last(struct rg_chunk_allocator *a)
{
    a->cursor = a->count ? a->count - 1 : 0;
}

/* Sends [start, end) with its weight and moves on, if there is anything. */
static enum rg_status flush(
    struct rg_chunk_allocator *a, size_t count, uint64_t weight, size_t container)
{
    enum rg_status st;

    if (count == 0)
        return RG_OK;
    st = accept_items(a, count, weight, container);
    if (st == RG_OK)
        a->cursor++;
    return st;
}

static enum rg_status split(
    struct rg_chunk_allocator *a, const uint64_t *weights, size_t count, size_t container)
{
    size_t start = 0;
    uint64_t gathered = 0;
    size_t items = room_items(a);
    uint64_t room = room_weight(a);
    enum rg_status st;

    for (size_t i = 0; i < count; i++) {
        uint64_t w = weights[i];

        if (i - start >= items || gathered + w > room) {
            st = flush(a, i - start, gathered, container);
            if (st != RG_OK)
                return st;
            gathered = 0;
            start = i;
            if (w >= a->weight_max) {
                if (room < a->weight_max)
                    a->cursor = a->count;
                st = flush(a, 1, w, container);
                if (st != RG_OK)
                    return st;
                start = i + 1;
                w = 0;
            } else {
                while (room_items(a) < 1 || room_weight(a) < w)
                    a->cursor++;
            }
            items = room_items(a);
            room = room_weight(a);
        }
        gathered += w;
    }
    return count > start ? accept_items(a, count - start, gathered, container) : RG_OK;
}

enum rg_status rg_chunk_allocator_host(
    struct rg_chunk_allocator *a, const uint64_t *weights, size_t count)
{
    rg_assert(a->items == 0 && a->containers == 0);
    return split(a, weights, count, NO_CONTAINER);
}

enum rg_status rg_chunk_allocator_container(
    struct rg_chunk_allocator *a, const uint64_t *weights, size_t count, bool *opened)
{
    bool first = a->count == 0;
    enum rg_status st;

    go_to_last(a);
    if (count)
        st = split(a, weights, count, a->containers);
    else
        st = accept_items(a, 0, 0, a->containers);
    if (st != RG_OK)
        return st;
    a->containers++;
    if (opened)
        *opened = count == 0 && first;
    return RG_OK;
}
