/* Order and identity of the keys of a mapping. */
#ifndef RG_FLOW_SCHED_YAML_KEYS_H
#define RG_FLOW_SCHED_YAML_KEYS_H

#include "yaml_tree.h"

/* Reads one UTF-8 character of s at i, which is below s.len. Returns its length; an invalid byte is
 * U+FFFD of length 1. */
size_t rg_yaml_char(struct rg_str s, size_t i, uint32_t *c);
bool rg_yaml_valid_utf8(struct rg_str s);

/* Natural order, as keys are written: numbers and words by kind, texts by the first character that
 * differs, a non-letter before a letter, runs of digits by value. <0, 0, >0. */
int rg_yaml_key_order(const struct rg_yaml_node *a, const struct rg_yaml_node *b);

/* A total order; 0 means the same key. */
int rg_yaml_key_identity(const struct rg_yaml_node *a, const struct rg_yaml_node *b);

/* The entries of map by identity of their keys: texts bytewise. *out is an owned array of
 * map->count entries. RG_ENOMEM only. */
RG_NODISCARD enum rg_status rg_yaml_by_identity(
    const struct rg_yaml_node *map, struct rg_yaml_node ***out);

/* Brings the entries of map into natural order and drops all but the last of equal keys. *again
 * becomes the key that came up first of those seen before, *before its predecessor; NULL if keys
 * are unique. RG_ENOMEM: the mapping is unchanged. */
RG_NODISCARD enum rg_status rg_yaml_sort_map(struct rg_yaml_node *map,
    const struct rg_yaml_node **again, const struct rg_yaml_node **before);

#endif
