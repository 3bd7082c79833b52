#include "payload_queue.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

void rg_payload_queue_init(struct rg_payload_queue *q, size_t items_max, uint64_t weight_max,
    rg_queue_drop_fn *drop, void *drop_ctx)
{
    rg_assert(items_max > 0 && items_max <= RG_QUEUE_ITEMS_LIMIT);
    *q = (struct rg_payload_queue){
        .items_max = items_max, .weight_max = weight_max, .drop = drop, .drop_ctx = drop_ctx};
}

void rg_payload_queue_finish(struct rg_payload_queue *q)
{
    for (size_t i = 0; i < q->count; i++)
        q->drop(q->drop_ctx, q->items[i].value);
    free(q->items);
    q->items = NULL;
    q->count = q->cap = 0;
    q->weight = 0;
}

static struct rg_queue_item remove_at(struct rg_payload_queue *q, size_t at)
{
    struct rg_queue_item item = q->items[at];

    q->count--;
    q->weight -= item.weight;
    memmove(&q->items[at], &q->items[at + 1], (q->count - at) * sizeof(*q->items));
    return item;
}

static void drop_at(struct rg_payload_queue *q, size_t at)
{
    q->drop(q->drop_ctx, remove_at(q, at).value);
}

/* Index of the oldest item of a type, count when there is none. */
static size_t oldest(const struct rg_payload_queue *q, uint32_t type)
{
    size_t at = 0;

    while (at < q->count && q->items[at].type != type)
        at++;
    return at;
}

enum rg_status rg_payload_queue_add(struct rg_payload_queue *q, struct rg_queue_item item)
{
    void *array = q->items;
    enum rg_status st;

    if (item.weight > q->weight_max) {
        q->drop(q->drop_ctx, item.value);
        return RG_OK;
    }
    while (q->weight + item.weight > q->weight_max) {
        size_t at = oldest(q, item.type);

        drop_at(q, at < q->count ? at : 0);
    }
    if (q->count == q->items_max) {
        size_t at = oldest(q, item.type);

        drop_at(q, at < q->count ? at : 0);
    }
    st = rg_grow(&array, &q->cap, q->count + 1, sizeof(*q->items), RG_QUEUE_ITEMS_LIMIT);
    q->items = array;
    if (st != RG_OK) {
        q->drop(q->drop_ctx, item.value);
        return st;
    }
    q->items[q->count++] = item;
    q->weight += item.weight;
    return RG_OK;
}

enum rg_status rg_payload_queue_return(struct rg_payload_queue *q, struct rg_queue_item item)
{
    void *array = q->items;
    enum rg_status st;

    if (q->count == q->items_max || item.weight > q->weight_max ||
        q->weight > q->weight_max - item.weight) {
        q->drop(q->drop_ctx, item.value);
        return RG_OK;
    }
    st = rg_grow(&array, &q->cap, q->count + 1, sizeof(*q->items), RG_QUEUE_ITEMS_LIMIT);
    q->items = array;
    if (st != RG_OK) {
        q->drop(q->drop_ctx, item.value);
        return st;
    }
    memmove(&q->items[1], q->items, q->count * sizeof(*q->items));
    q->items[0] = item;
    q->count++;
    q->weight += item.weight;
    return RG_OK;
}

bool rg_payload_queue_take(struct rg_payload_queue *q, struct rg_queue_item *item)
{
    if (q->count == 0)
        return false;
    *item = remove_at(q, 0);
    return true;
}
