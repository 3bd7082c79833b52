/* Divides the processes of one run into messages that respect a number of items and a weight.
 *
 * Items come in order: host processes first, then those of each container. So a chunk is a
 * contiguous range of items and a contiguous range of containers; a container whose processes are
 * spread over several chunks is in each of them. Mirrors upstream's pkg/process/util/chunking.go.
 */
#ifndef RG_FLOW_CHUNK_ALLOCATOR_H
#define RG_FLOW_CHUNK_ALLOCATOR_H

#include "rg/base/err.h"

struct rg_chunk {
    size_t item_first, item_count;
    size_t container_first, container_count; /* first is unspecified while count is 0 */
    uint64_t weight;
};

/* Zero-initialise; reusable. */
struct rg_chunk_allocator {
    struct rg_chunk *chunks; /* owned */
    size_t count;
    size_t cap;
    size_t items;      /* items given so far */
    size_t containers; /* containers given so far */
    size_t cursor;     /* chunk that takes the next batch; count = one yet to be made */
    size_t items_max;
    uint64_t weight_max;
};

void rg_chunk_allocator_finish(struct rg_chunk_allocator *a);

/* Forgets all chunks. items_max and weight_max are at least 1; an item heavier than weight_max gets
 * a chunk of its own. */
void rg_chunk_allocator_start(struct rg_chunk_allocator *a, size_t items_max, uint64_t weight_max);

/* The processes of the host: weights of count items. To be called first. */
RG_NODISCARD enum rg_status rg_chunk_allocator_host(
    struct rg_chunk_allocator *a, const uint64_t *weights, size_t count);

/* One container with its processes. One without any goes to the last chunk; *opened (may be NULL)
 * tells that an empty chunk had to be made for it. */
RG_NODISCARD enum rg_status rg_chunk_allocator_container(
    struct rg_chunk_allocator *a, const uint64_t *weights, size_t count, bool *opened);

#endif
