/* YAML of check configurations as a tree of values. Reading follows go-yaml v2 (v2.4.0), because
 * digests and check ids depend on what it makes of a text: YAML 1.1 words, `<<` that overrides what
 * stands before it, the last of two equal keys. What strict reading would refuse is reported beside
 * the tree. Keys of a mapping are unique and in the order in which they are written out. */
#ifndef RG_FLOW_SCHED_YAML_TREE_H
#define RG_FLOW_SCHED_YAML_TREE_H

#include "rg/base/str.h"

#define RG_YAML_BYTES_MAX   ((size_t)4 << 20) /* of one document */
#define RG_YAML_DEPTH_MAX   64
#define RG_YAML_VALUES_MAX  262144            /* keys and values, aliases expanded */
#define RG_YAML_TEXT_MAX    ((size_t)8 << 20) /* bytes of all scalars, aliases expanded */
#define RG_YAML_ANCHORS_MAX 1024

enum rg_yaml_kind {
    RG_YAML_NULL,
    RG_YAML_BOOL,
    RG_YAML_INT,  /* int64_t */
    RG_YAML_UINT, /* above INT64_MAX */
    RG_YAML_FLOAT,
    RG_YAML_STRING,
    RG_YAML_LIST,
    RG_YAML_MAP,
};

struct rg_yaml_node {
    enum rg_yaml_kind kind;
    uint32_t line, column; /* from 1; 0: not from a text */
    struct rg_str text;    /* the string; of other scalars their source */
    union {
        bool flag;
        int64_t i;
        uint64_t u;
        double f;
    } v;
    struct rg_yaml_node *key; /* of an entry of a mapping: a scalar */
    struct rg_yaml_node *first, *last, *next;
    size_t count; /* of items or entries */
    uint32_t seq; /* order of the entry in its source */
};

struct rg_yaml {
    struct rg_yaml_block *blocks; /* owned; all nodes and texts */
    struct rg_yaml_node *root;    /* NULL: no document */
    size_t values, text_bytes;    /* counted against the limits */
    struct rg_err strict; /* the first thing strict reading objects to; text "" if nothing */
};

/* Reads the first document of text. name stands before line and column in error texts.
 * rg_yaml_finish() is due whatever the answer; nodes live until then.
 *   RG_EINVALID  not YAML, an alias without anchor, a mapping as key, a value that is not what its
 *                tag says
 *   RG_ELIMIT    above one of the limits */
RG_NODISCARD enum rg_status rg_yaml_parse(
    struct rg_yaml *doc, const char *name, struct rg_str text, struct rg_err *err);
void rg_yaml_finish(struct rg_yaml *doc);

/* The value of a string key, NULL if there is none or map is NULL or no mapping. */
struct rg_yaml_node *rg_yaml_get(const struct rg_yaml_node *map, const char *key);

/* Nodes of doc; NULL when memory or a limit is exhausted. The text is copied. */
struct rg_yaml_node *rg_yaml_new(struct rg_yaml *doc, enum rg_yaml_kind kind);
struct rg_yaml_node *rg_yaml_new_string(struct rg_yaml *doc, struct rg_str text);
void rg_yaml_append(struct rg_yaml_node *list, struct rg_yaml_node *item);
/* Adds or replaces the value of a string key. */
RG_NODISCARD enum rg_status rg_yaml_put(
    struct rg_yaml *doc, struct rg_yaml_node *map, const char *key, struct rg_yaml_node *value);

/* Memory of doc, aligned for any node; NULL when there is none. */
void *rg_yaml_alloc(struct rg_yaml *doc, size_t bytes);

#endif
