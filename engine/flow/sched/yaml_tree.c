#include "yaml_tree.h"
#include "yaml_keys.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)8 << 10)

struct rg_yaml_block {
    struct rg_yaml_block *next;
    size_t used, size;
    alignas(16) char bytes[];
};

void *rg_yaml_alloc(struct rg_yaml *doc, size_t bytes)
{
    struct rg_yaml_block *block = doc->blocks;
    size_t need = (bytes + 15) & ~(size_t)15;
    void *p;

    if (!block || block->size - block->used < need) {
        size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;

        block = malloc(sizeof(*block) + size);
        if (!block)
            return NULL;
        block->used = 0;
        block->size = size;
        block->next = doc->blocks;
        doc->blocks = block;
    }
    p = block->bytes + block->used;
    block->used += need;
    return p;
}

void rg_yaml_finish(struct rg_yaml *doc)
{
    struct rg_yaml_block *next;

    for (struct rg_yaml_block *block = doc->blocks; block; block = next) {
        next = block->next;
        free(block);
    }
    doc->blocks = NULL;
    doc->root = NULL;
}

struct rg_yaml_node *rg_yaml_new(struct rg_yaml *doc, enum rg_yaml_kind kind)
{
    struct rg_yaml_node *node;

    if (doc->values >= RG_YAML_VALUES_MAX)
        return NULL;
    node = rg_yaml_alloc(doc, sizeof(*node));
    if (!node)
        return NULL;
    *node = (struct rg_yaml_node){.kind = kind, .text = {"", 0}};
    doc->values++;
    return node;
}

struct rg_yaml_node *rg_yaml_new_string(struct rg_yaml *doc, struct rg_str text)
{
    struct rg_yaml_node *node;
    char *copy;

    if (text.len > RG_YAML_TEXT_MAX - doc->text_bytes)
        return NULL;
    copy = rg_yaml_alloc(doc, text.len + 1);
    node = copy ? rg_yaml_new(doc, RG_YAML_STRING) : NULL;
    if (!node)
        return NULL;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    node->text = (struct rg_str){copy, text.len};
    doc->text_bytes += text.len;
    return node;
}

void rg_yaml_append(struct rg_yaml_node *list, struct rg_yaml_node *item)
{
    item->next = NULL;
    if (list->last)
        list->last->next = item;
    else
        list->first = item;
    list->last = item;
    list->count++;
}

struct rg_yaml_node *rg_yaml_get(const struct rg_yaml_node *map, const char *key)
{
    if (!map || map->kind != RG_YAML_MAP)
        return NULL;
    for (struct rg_yaml_node *n = map->first; n; n = n->next) {
        if (n->key->kind == RG_YAML_STRING && rg_str_is(n->key->text, key))
            return n;
    }
    return NULL;
}

enum rg_status rg_yaml_put(
    struct rg_yaml *doc, struct rg_yaml_node *map, const char *key, struct rg_yaml_node *value)
{
    const struct rg_yaml_node *again, *before;
    struct rg_yaml_node *name = rg_yaml_new_string(doc, rg_str_from(key));

    if (!name)
        return RG_ENOMEM;
    value->key = name;
    value->seq = UINT32_MAX; /* behind the entry it replaces */
    rg_yaml_append(map, value);
    return rg_yaml_sort_map(map, &again, &before);
}
