/* A binary heap of timers, ordered by (time, priority, sequence): ties have a fixed order. */
#ifndef RG_BASE_HEAP_H
#define RG_BASE_HEAP_H

#include "rg/base/err.h"

struct rg_heap_item {
    int64_t time_ns;
    uint32_t priority; /* smaller first */
    uint64_t sequence; /* set by rg_heap_push; order of insertion */
    uint64_t value;
};

struct rg_heap {
    struct rg_heap_item *items; /* owned */
    size_t count;
    size_t cap;
    uint64_t next_sequence;
};

void rg_heap_init(struct rg_heap *heap);
void rg_heap_finish(struct rg_heap *heap);
RG_NODISCARD enum rg_status rg_heap_push(
    struct rg_heap *heap, int64_t time_ns, uint32_t priority, uint64_t value);
bool rg_heap_top(const struct rg_heap *heap, struct rg_heap_item *item);
bool rg_heap_pop(struct rg_heap *heap, struct rg_heap_item *item);
/* Removes the first item with this value; false when there is none. O(n). */
bool rg_heap_remove(struct rg_heap *heap, uint64_t value);

#endif
