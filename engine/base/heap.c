#include "rg/base/heap.h"
#include "rg/base/mem.h"

#include <stdlib.h>

void rg_heap_init(struct rg_heap *heap)
{
    *heap = (struct rg_heap){0};
}

void rg_heap_finish(struct rg_heap *heap)
{
    free(heap->items);
    rg_heap_init(heap);
}

static bool before(const struct rg_heap_item *a, const struct rg_heap_item *b)
{
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns;
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return a->sequence < b->sequence;
}

static void sift_up(struct rg_heap *heap, size_t i)
{
    struct rg_heap_item item = heap->items[i];

    while (i > 0 && before(&item, &heap->items[(i - 1) / 2])) {
        heap->items[i] = heap->items[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->items[i] = item;
}

static void sift_down(struct rg_heap *heap, size_t i)
{
    struct rg_heap_item item = heap->items[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!before(&heap->items[child], &item))
            break;
        heap->items[i] = heap->items[child];
        i = child;
    }
    heap->items[i] = item;
}

enum rg_status rg_heap_push(
    struct rg_heap *heap, int64_t time_ns, uint32_t priority, uint64_t value)
{
    void *items = heap->items;
    enum rg_status st =
        rg_grow(&items, &heap->cap, heap->count + 1, sizeof(*heap->items), SIZE_MAX / 64);

    heap->items = items;
    if (st != RG_OK)
        return RG_ENOMEM;
    heap->items[heap->count] =
        (struct rg_heap_item){time_ns, priority, heap->next_sequence++, value};
    sift_up(heap, heap->count++);
    return RG_OK;
}

bool rg_heap_top(const struct rg_heap *heap, struct rg_heap_item *item)
{
    if (heap->count == 0)
        return false;
    *item = heap->items[0];
    return true;
}

static void remove_at(struct rg_heap *heap, size_t i)
{
    heap->count--;
    if (i == heap->count)
        return;
    heap->items[i] = heap->items[heap->count];
    if (i > 0 && before(&heap->items[i], &heap->items[(i - 1) / 2]))
        sift_up(heap, i);
    else
        sift_down(heap, i);
}

bool rg_heap_pop(struct rg_heap *heap, struct rg_heap_item *item)
{
    if (!rg_heap_top(heap, item))
        return false;
    remove_at(heap, 0);
    return true;
}

bool rg_heap_remove(struct rg_heap *heap, uint64_t value)
{
    for (size_t i = 0; i < heap->count; i++) {
        if (heap->items[i].value == value) {
            remove_at(heap, i);
            return true;
        }
    }
    return false;
}
