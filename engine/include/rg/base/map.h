/* Insertion-ordered hash maps. Iteration never depends on addresses or on a hash order. */
#ifndef RG_BASE_MAP_H
#define RG_BASE_MAP_H

#include "rg/base/str.h"

/* 64-bit key to 64-bit value. Removal keeps the order of the rest (the hole is skipped). */
struct rg_map {
    struct rg_map_entry *entries; /* owned, in insertion order */
    uint32_t *slots;              /* owned; entry index + 1, 0 = empty */
    size_t slot_count;            /* power of two or 0 */
    size_t used;                  /* entries in use, holes included */
    size_t live;                  /* entries without holes */
    size_t cap;
};

struct rg_map_entry {
    uint64_t key;
    uint64_t value;
    bool live;
};

void rg_map_init(struct rg_map *map);
void rg_map_finish(struct rg_map *map);
void rg_map_clear(struct rg_map *map); /* keeps the memory */

/* Adds or replaces. RG_ENOMEM: unchanged. */
RG_NODISCARD enum rg_status rg_map_put(struct rg_map *map, uint64_t key, uint64_t value);
bool rg_map_get(const struct rg_map *map, uint64_t key, uint64_t *value); /* value may be NULL */
bool rg_map_remove(struct rg_map *map, uint64_t key, uint64_t *value);    /* value may be NULL */

/* Iterates in insertion order: *pos starts at 0. False at the end. No change to the map between
 * calls except rg_map_remove of the entry just returned. */
bool rg_map_next(const struct rg_map *map, size_t *pos, uint64_t *key, uint64_t *value);

/* Interned strings: each distinct text has a number, counted from 0 in order of first use. */
struct rg_intern {
    struct rg_intern_entry *entries; /* owned */
    uint32_t *slots;
    size_t slot_count;
    size_t count;
    size_t cap;
    size_t max;
};

struct rg_intern_entry {
    char *text; /* owned, NUL-terminated; len bytes */
    size_t len;
    uint64_t hash;
};

void rg_intern_init(struct rg_intern *in, size_t max_count);
void rg_intern_finish(struct rg_intern *in);
/*   RG_ELIMIT  max_count texts are held already */
RG_NODISCARD enum rg_status rg_intern_put(struct rg_intern *in, struct rg_str s, uint32_t *number);
bool rg_intern_find(const struct rg_intern *in, struct rg_str s, uint32_t *number);
struct rg_str rg_intern_text(const struct rg_intern *in, uint32_t number); /* number < count */

#endif
