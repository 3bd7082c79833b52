/* A queue bounded by items and by weight that drops the oldest to take the newest. No locking: the
 * owner does that. Mirrors upstream's pkg/process/util/api/weighted_queue.go. */
#ifndef RG_FLOW_PAYLOAD_QUEUE_H
#define RG_FLOW_PAYLOAD_QUEUE_H

#include "rg/base/err.h"

#define RG_QUEUE_ITEMS_LIMIT 65536 /* no queue holds more, whatever the configuration says */

struct rg_queue_item {
    uint32_t type; /* items of the same type make room for each other first */
    uint64_t weight;
    void *value; /* owned by the queue while it is in it */
};

typedef void rg_queue_drop_fn(void *ctx, void *value);

struct rg_payload_queue {
    struct rg_queue_item *items; /* owned; oldest first */
    size_t count, cap;
    size_t items_max;
    uint64_t weight, weight_max;
    rg_queue_drop_fn *drop; /* frees a value that lost its place */
    void *drop_ctx;
};

/* items_max: 1..RG_QUEUE_ITEMS_LIMIT */
void rg_payload_queue_init(struct rg_payload_queue *q, size_t items_max, uint64_t weight_max,
    rg_queue_drop_fn *drop, void *drop_ctx);
void rg_payload_queue_finish(struct rg_payload_queue *q); /* drops what is left */

/* Takes the item. One above weight_max is dropped itself. Otherwise room is made: by weight, the
 * oldest of the same type, then the oldest of any; by count, the oldest of the same type, else the
 * head. RG_ENOMEM: the item was dropped. */
RG_NODISCARD enum rg_status rg_payload_queue_add(
    struct rg_payload_queue *q, struct rg_queue_item item);

/* Puts back, as the oldest, the item that was taken last. When others took its room meanwhile, it
 * is what makes room: it is dropped. RG_ENOMEM: it was dropped. */
RG_NODISCARD enum rg_status rg_payload_queue_return(
    struct rg_payload_queue *q, struct rg_queue_item item);

/* Removes the oldest; false when empty. The value is the caller's. */
bool rg_payload_queue_take(struct rg_payload_queue *q, struct rg_queue_item *item);

#endif
