/* One YAML document, flattened: each value has its path ("process_config.intervals.process"), its
 * place in the text, and its kind. A key may hold dots itself: `a.b: 1` and `a: {b: 1}` are the
 * same. Documents are hostile: size, depth, number of values and the growth by aliases are bounded,
 * duplicate keys are refused. */
#ifndef RG_CORE_CONFIG_DOC_H
#define RG_CORE_CONFIG_DOC_H

#include "rg/base/map.h"

#define RG_CONFIG_BYTES_MAX   ((size_t)4 << 20)
#define RG_CONFIG_DEPTH_MAX   64
#define RG_CONFIG_ENTRIES_MAX 100000             /* values, those of aliases included */
#define RG_CONFIG_TEXT_MAX    ((size_t)16 << 20) /* bytes of all values */
#define RG_CONFIG_PATH_MAX    1024

enum rg_config_kind {
    RG_CONFIG_SCALAR,
    RG_CONFIG_NULL, /* "~", "null" or nothing, unquoted */
    RG_CONFIG_LIST, /* its items follow, with paths "list[0]", "list[1]" */
    RG_CONFIG_MAP,
};

struct rg_config_entry {
    enum rg_config_kind kind;
    bool item;             /* of a list, or below one */
    char *text;            /* owned; of a scalar */
    size_t count;          /* items of a list */
    uint32_t line, column; /* counted from 1 */
};

struct rg_config_doc {
    const char *name;                /* borrowed; for messages */
    struct rg_intern paths;          /* number of a path = index of its entry */
    struct rg_config_entry *entries; /* owned; in order of appearance */
    size_t cap;
    size_t text_bytes;
};

/* Reads a document; an empty one has no entries. doc is initialised by this call, also on failure:
 * rg_config_doc_finish.
 *   RG_EINVALID  not acceptable YAML; err says "NAME:LINE:COLUMN: why"
 *   RG_ELIMIT    above a limit; err says which
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_config_doc_load(
    struct rg_config_doc *doc, const char *name, const void *bytes, size_t len, struct rg_err *err);
void rg_config_doc_finish(struct rg_config_doc *doc);

size_t rg_config_doc_count(const struct rg_config_doc *doc);
struct rg_str rg_config_doc_path(const struct rg_config_doc *doc, size_t i);

/* NULL when there is no such value. */
const struct rg_config_entry *rg_config_doc_find(const struct rg_config_doc *doc, const char *path);

/* Item i of the list at path; NULL unless it is a scalar. */
const struct rg_config_entry *rg_config_doc_item(
    const struct rg_config_doc *doc, struct rg_str path, size_t i);

#endif
