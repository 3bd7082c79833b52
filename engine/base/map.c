#include "rg/base/map.h"
#include "rg/base/hash.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Open addressing with linear probing over a table of entry numbers. The table holds at most one
 * number for two slots; removal shifts followers back, so there are no tombstones in it. */

#define MAP_ENTRIES_MAX ((size_t)1 << 30)

static size_t home_slot(uint64_t hash, size_t slot_count)
{
    return (size_t)(rg_hash_mix(0, hash) >> 7) & (slot_count - 1);
}

void rg_map_init(struct rg_map *map)
{
    *map = (struct rg_map){0};
}

void rg_map_finish(struct rg_map *map)
{
    free(map->entries);
    free(map->slots);
    rg_map_init(map);
}

void rg_map_clear(struct rg_map *map)
{
    map->used = map->live = 0;
    if (map->slots)
        memset(map->slots, 0, map->slot_count * sizeof(*map->slots));
}

static void slot_insert(uint32_t *slots, size_t slot_count, uint64_t hash, size_t index)
{
    size_t at = home_slot(hash, slot_count);

    while (slots[at])
        at = (at + 1) & (slot_count - 1);
    slots[at] = (uint32_t)index + 1;
}

/* Drops the holes and makes a slot table for at least need entries. */
static enum rg_status map_rebuild(struct rg_map *map, size_t need)
{
    size_t count = 16;
    size_t kept = 0;
    uint32_t *slots;

    while (count < need * 2)
        count *= 2;
    slots = rg_calloc(count, sizeof(*slots));
    if (!slots)
        return RG_ENOMEM;
    for (size_t i = 0; i < map->used; i++) {
        if (!map->entries[i].live)
            continue;
        map->entries[kept] = map->entries[i];
        slot_insert(slots, count, map->entries[kept].key, kept);
        kept++;
    }
    map->used = kept;
    free(map->slots);
    map->slots = slots;
    map->slot_count = count;
    return RG_OK;
}

static bool map_find(const struct rg_map *map, uint64_t key, size_t *slot)
{
    size_t at;

    if (map->slot_count == 0)
        return false;
    for (at = home_slot(key, map->slot_count); map->slots[at];
         at = (at + 1) & (map->slot_count - 1)) {
        if (map->entries[map->slots[at] - 1].key == key) {
            *slot = at;
            return true;
        }
    }
    return false;
}

enum rg_status rg_map_put(struct rg_map *map, uint64_t key, uint64_t value)
{
    void *entries = map->entries;
    enum rg_status st;
    size_t slot;

    if (map_find(map, key, &slot)) {
        map->entries[map->slots[slot] - 1].value = value;
        return RG_OK;
    }
    if (map->slot_count == 0 || (map->used + 1) * 2 > map->slot_count) {
        st = map_rebuild(map, map->live * 2 + 1);
        if (st != RG_OK)
            return st;
    }
    st = rg_grow(&entries, &map->cap, map->used + 1, sizeof(*map->entries), MAP_ENTRIES_MAX);
    map->entries = entries;
    if (st != RG_OK)
        return RG_ENOMEM;
    map->entries[map->used] = (struct rg_map_entry){key, value, true};
    slot_insert(map->slots, map->slot_count, key, map->used);
    map->used++;
    map->live++;
    return RG_OK;
}

bool rg_map_get(const struct rg_map *map, uint64_t key, uint64_t *value)
{
    size_t slot;

    if (!map_find(map, key, &slot))
        return false;
    if (value)
        *value = map->entries[map->slots[slot] - 1].value;
    return true;
}

bool rg_map_remove(struct rg_map *map, uint64_t key, uint64_t *value)
{
    size_t mask = map->slot_count - 1;
    size_t hole;

    if (!map_find(map, key, &hole))
        return false;
    if (value)
        *value = map->entries[map->slots[hole] - 1].value;
    map->entries[map->slots[hole] - 1].live = false;
    map->live--;
    for (size_t at = (hole + 1) & mask; map->slots[at]; at = (at + 1) & mask) {
        size_t home = home_slot(map->entries[map->slots[at] - 1].key, map->slot_count);

        /* Move back unless home lies cyclically in (hole, at]. */
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            map->slots[hole] = map->slots[at];
            hole = at;
        }
    }
    map->slots[hole] = 0;
    return true;
}

bool rg_map_next(const struct rg_map *map, size_t *pos, uint64_t *key, uint64_t *value)
{
    while (*pos < map->used && !map->entries[*pos].live)
        (*pos)++;
    if (*pos >= map->used)
        return false;
    if (key)
        *key = map->entries[*pos].key;
    if (value)
        *value = map->entries[*pos].value;
    (*pos)++;
    return true;
}

void rg_intern_init(struct rg_intern *in, size_t max_count)
{
    *in = (struct rg_intern){.max = max_count};
}

void rg_intern_finish(struct rg_intern *in)
{
    for (size_t i = 0; i < in->count; i++)
        free(in->entries[i].text);
    free(in->entries);
    free(in->slots);
    rg_intern_init(in, in->max);
}

static bool intern_lookup(
    const struct rg_intern *in, struct rg_str s, uint64_t hash, uint32_t *number)
{
    size_t at;

    if (in->slot_count == 0)
        return false;
    for (at = home_slot(hash, in->slot_count); in->slots[at];
         at = (at + 1) & (in->slot_count - 1)) {
        const struct rg_intern_entry *e = &in->entries[in->slots[at] - 1];

        if (e->hash == hash && e->len == s.len &&
            (s.len == 0 || memcmp(e->text, s.ptr, s.len) == 0)) {
            *number = in->slots[at] - 1;
            return true;
        }
    }
    return false;
}

bool rg_intern_find(const struct rg_intern *in, struct rg_str s, uint32_t *number)
{
    return intern_lookup(in, s, rg_hash64(s.ptr, s.len), number);
}

static enum rg_status intern_grow_slots(struct rg_intern *in)
{
    size_t count = in->slot_count ? in->slot_count * 2 : 32;
    uint32_t *slots = rg_calloc(count, sizeof(*slots));

    if (!slots)
        return RG_ENOMEM;
    for (size_t i = 0; i < in->count; i++)
        slot_insert(slots, count, in->entries[i].hash, i);
    free(in->slots);
    in->slots = slots;
    in->slot_count = count;
    return RG_OK;
}

enum rg_status rg_intern_put(struct rg_intern *in, struct rg_str s, uint32_t *number)
{
    uint64_t hash = rg_hash64(s.ptr, s.len);
    void *entries = in->entries;
    enum rg_status st;
    char *text;

    if (intern_lookup(in, s, hash, number))
        return RG_OK;
    if (in->count >= in->max)
        return RG_ELIMIT;
    if ((in->count + 1) * 2 > in->slot_count) {
        st = intern_grow_slots(in);
        if (st != RG_OK)
            return st;
    }
    st = rg_grow(&entries, &in->cap, in->count + 1, sizeof(*in->entries), in->max);
    in->entries = entries;
    if (st != RG_OK)
        return st;
    text = rg_memdup0(s.ptr, s.len);
    if (!text)
        return RG_ENOMEM;
    in->entries[in->count] = (struct rg_intern_entry){text, s.len, hash};
    slot_insert(in->slots, in->slot_count, hash, in->count);
    *number = (uint32_t)in->count++;
    return RG_OK;
}

struct rg_str rg_intern_text(const struct rg_intern *in, uint32_t number)
{
    rg_assert(number < in->count);
    return (struct rg_str){in->entries[number].text, in->entries[number].len};
}
