/* One YAML document as a tree of nodes that know where they stand. Files are hostile: size, depth
 * and number of nodes are bounded; duplicate keys, anchors, aliases and tags are refused. */
#ifndef RG_SCENARIO_YAML_H
#define RG_SCENARIO_YAML_H

#include "rg/base/str.h"

#define SCENARIO_BYTES_MAX ((size_t)4 << 20)
#define SCENARIO_DEPTH_MAX 32
#define SCENARIO_NODES_MAX 100000

enum scenario_kind {
    SCENARIO_SCALAR,
    SCENARIO_NULL, /* "~", "null" or nothing, unquoted */
    SCENARIO_LIST,
    SCENARIO_MAP,
};

struct scenario_node {
    enum scenario_kind kind;
    char *key;                                   /* owned; in a mapping */
    char *text;                                  /* owned; of a scalar */
    bool plain;                                  /* the scalar has no quotes */
    uint32_t first, last, next;                  /* children and sibling: index + 1, 0 = none */
    uint32_t count;                              /* of children */
    uint32_t key_line, key_column, line, column; /* counted from 1 */
};

struct scenario_doc {
    const char *name;            /* borrowed; for messages */
    struct scenario_node *nodes; /* owned; the first is the document, a mapping */
    size_t count, cap;
};

/* Reads a document. doc is initialised by this call, also on failure: scenario_doc_finish.
 *   RG_EINVALID  not acceptable; err says "NAME:LINE:COLUMN: why"
 *   RG_ELIMIT    above a limit
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status scenario_doc_load(
    struct scenario_doc *doc, const char *name, struct rg_str text, struct rg_err *err);
void scenario_doc_finish(struct scenario_doc *doc);

/* The children of node in order: scenario_first, then scenario_next until NULL. */
const struct scenario_node *scenario_first(
    const struct scenario_doc *doc, const struct scenario_node *node);
const struct scenario_node *scenario_next(
    const struct scenario_doc *doc, const struct scenario_node *node);

/* The value of key in a mapping, or NULL. */
const struct scenario_node *scenario_get(
    const struct scenario_doc *doc, const struct scenario_node *map, const char *key);

/* Sets err to "NAME:LINE:COLUMN: why", at the value or at its key, and returns RG_EINVALID. */
enum rg_status scenario_refuse(const struct scenario_doc *doc, const struct scenario_node *node,
    struct rg_err *err, const char *fmt, ...) RG_PRINTF(4, 5);
enum rg_status scenario_refuse_key(const struct scenario_doc *doc, const struct scenario_node *node,
    struct rg_err *err, const char *fmt, ...) RG_PRINTF(4, 5);

/* Refuses node unless it is a mapping all of whose keys are in known (NULL-terminated); names the
 * nearest known key. what names the mapping. */
RG_NODISCARD enum rg_status scenario_keys(const struct scenario_doc *doc,
    const struct scenario_node *node, const char *what, const char *const *known,
    struct rg_err *err);

/* Values of scalars; anything else is refused, and *out is left alone. */
RG_NODISCARD enum rg_status scenario_text(const struct scenario_doc *doc,
    const struct scenario_node *node, const char **out, struct rg_err *err); /* borrowed */
RG_NODISCARD enum rg_status scenario_duration(const struct scenario_doc *doc,
    const struct scenario_node *node, int64_t *out_ns,
    struct rg_err *err); /* >= 0; 0 may be bare */
RG_NODISCARD enum rg_status scenario_u64(const struct scenario_doc *doc,
    const struct scenario_node *node, uint64_t max, uint64_t *out, struct rg_err *err);
RG_NODISCARD enum rg_status scenario_i64(const struct scenario_doc *doc,
    const struct scenario_node *node, int64_t *out, struct rg_err *err);
RG_NODISCARD enum rg_status scenario_share(const struct scenario_doc *doc,
    const struct scenario_node *node, double *out, struct rg_err *err); /* 0 to 1 */
RG_NODISCARD enum rg_status scenario_bool(const struct scenario_doc *doc,
    const struct scenario_node *node, bool *out, struct rg_err *err);

/* Appends the value as JSON, which YAML readers take too: scalars as texts, nothing as null. */
RG_NODISCARD enum rg_status scenario_json(
    const struct scenario_doc *doc, const struct scenario_node *node, struct rg_buf *out);

#endif
