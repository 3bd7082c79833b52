/* Memory of one message while it is built: taken piece by piece, given back all at once. */
#ifndef RG_FLOW_PAYLOAD_ARENA_H
#define RG_FLOW_PAYLOAD_ARENA_H

#include "rg/base/str.h"

struct rg_arena_block;

/* Zero-initialise. */
struct rg_arena {
    struct rg_arena_block *first;   /* owned list */
    struct rg_arena_block *current; /* NULL after a reset of an empty arena */
};

void rg_arena_finish(struct rg_arena *arena);
void rg_arena_reset(struct rg_arena *arena); /* keeps the memory */

/* Zeroed bytes, aligned for any type; valid until the reset. NULL when memory is short. */
void *rg_arena_alloc(struct rg_arena *arena, size_t bytes);

/* Same for n elements; NULL also when n * elem_bytes overflows. */
void *rg_arena_array(struct rg_arena *arena, size_t n, size_t elem_bytes);

/* s as a C string of valid UTF-8: each byte that is not part of a valid sequence, and NUL, becomes
 * U+FFFD. Protobuf strings must be UTF-8, the arguments of a process need not. */
char *rg_arena_utf8(struct rg_arena *arena, struct rg_str s);

#endif
