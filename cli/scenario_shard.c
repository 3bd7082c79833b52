#include "scenario_shard.h"

#include "rg/base/hash.h"
#include "rg/base/heap.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A scenario while it waits for its shard. */
struct entry {
    const char *name; /* borrowed */
    size_t index;     /* in the list */
    uint64_t hash;
    int64_t duration_ns; /* 0: not known yet */
};

uint64_t scenario_selection_add(uint64_t hash, struct rg_str name)
{
    return rg_hash_mix(hash, rg_hash64(name.ptr, name.len));
}

static struct entry *make_entries(const struct scenario_list *list)
{
    struct entry *entries = rg_calloc(list->count ? list->count : 1, sizeof(*entries));

    for (size_t i = 0; entries && i < list->count; i++) {
        const char *name = list->items[i]->name;

        entries[i] = (struct entry){name, i, rg_hash64(name, strlen(name)), 0};
    }
    return entries;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int compare_hashes(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return compare_names(a, b);
}

static int compare_durations(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->duration_ns != y->duration_ns)
        return x->duration_ns > y->duration_ns ? -1 : 1;
    return compare_names(a, b);
}

enum rg_status scenario_selection_hash(const struct scenario_list *list, uint64_t *hash)
{
    struct entry *entries = make_entries(list);
    uint64_t value = 0;

    if (!entries)
        return RG_ENOMEM;
    qsort(entries, list->count, sizeof(*entries), compare_names);
    for (size_t i = 0; i < list->count; i++)
        value = scenario_selection_add(value, rg_str_from(entries[i].name));
    free(entries);
    *hash = value;
    return RG_OK;
}

/* Sorted by duration, with a duration for each; 1 ns at least, so that what takes no time is spread
 * too. */
static void weigh(struct entry *entries, size_t count, const struct test_results *durations)
{
    size_t known = 0;
    int64_t median = 1;

    for (size_t i = 0; i < count; i++) {
        int64_t ns = 0;

        if (!test_results_duration(durations, rg_str_from(entries[i].name), &ns))
            continue;
        entries[i].duration_ns = ns > 0 ? ns : 1;
        known++;
    }
    qsort(entries, count, sizeof(*entries), compare_durations);
    if (known > 0)
        median = entries[(known - 1) / 2].duration_ns; /* the unknown ones are behind these */
    for (size_t i = known; i < count; i++)
        entries[i].duration_ns = median;
    qsort(entries, count, sizeof(*entries), compare_durations);
}

/* The heap orders by load, then by shard. More shards than scenarios stay empty. */
static enum rg_status balance(
    const struct entry *entries, size_t count, uint64_t shards, uint64_t *shard_of)
{
    struct rg_heap loads;
    struct rg_heap_item least;
    enum rg_status st = RG_OK;

    rg_heap_init(&loads);
    for (uint64_t i = 0; i < shards && i < count && st == RG_OK; i++)
        st = rg_heap_push(&loads, 0, (uint32_t)i, i);
    for (size_t i = 0; i < count && st == RG_OK; i++) {
        rg_assert(rg_heap_pop(&loads, &least));
        shard_of[entries[i].index] = least.value;
        if (least.time_ns > INT64_MAX - entries[i].duration_ns)
            least.time_ns = INT64_MAX - entries[i].duration_ns;
        st = rg_heap_push(
            &loads, least.time_ns + entries[i].duration_ns, least.priority, least.value);
    }
    rg_heap_finish(&loads);
    return st;
}

static void keep(struct scenario_list *list, const uint64_t *shard_of, uint64_t shard)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (shard_of[i] == shard)
            list->items[kept++] = list->items[i];
        else
            rg_scenario_destroy(list->items[i]);
    }
    list->count = kept;
}

enum rg_status scenario_shard(struct scenario_list *list, uint64_t index, uint64_t count,
    const struct test_results *durations)
{
    uint64_t *shard_of = rg_calloc(list->count ? list->count : 1, sizeof(*shard_of));
    struct entry *entries = make_entries(list);
    enum rg_status st = shard_of && entries ? RG_OK : RG_ENOMEM;

    if (st == RG_OK && durations) {
        weigh(entries, list->count, durations);
        st = balance(entries, list->count, count, shard_of);
    } else if (st == RG_OK) {
        qsort(entries, list->count, sizeof(*entries), compare_hashes);
        for (size_t i = 0; i < list->count; i++)
            shard_of[entries[i].index] = i % count;
    }
    if (st == RG_OK)
        keep(list, shard_of, index - 1);
    free(entries);
    free(shard_of);
    return st;
}
