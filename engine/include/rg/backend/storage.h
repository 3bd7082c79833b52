/* Small durable objects in namespaces: dumps, caches, checkpoints. Names are flat: letters, digits,
 * '.', '_' and '-', not starting with '.', at most RG_STORAGE_NAME_MAX bytes with the NUL. */
#ifndef RG_BACKEND_STORAGE_H
#define RG_BACKEND_STORAGE_H

#include "rg/base/buf.h"

struct rg_storage; /* implementers: see rg/ops/storage_ops.h */

#define RG_STORAGE_NAME_MAX    192
#define RG_STORAGE_OBJECT_MAX  ((size_t)256 << 20)
#define RG_STORAGE_OBJECTS_MAX 100000

/* Names in bytewise order. Zero-initialise. */
struct rg_storage_list {
    char (*names)[RG_STORAGE_NAME_MAX]; /* owned */
    size_t count;
    size_t cap;
};

void rg_storage_list_finish(struct rg_storage_list *list);

/* True when name follows the rule above. */
bool rg_storage_name_ok(const char *name);

/*   RG_ENOTFOUND  no such object
 *   RG_ETOOBIG    larger than out->max
 *   RG_EACCES, RG_EIO  err says why */
RG_NODISCARD enum rg_status rg_storage_get(struct rg_storage *storage, const char *ns,
    const char *name, struct rg_buf *out, struct rg_err *err);

/* Writes the whole object or nothing: a reader sees the old or the new bytes, also after a crash.
 *   RG_EIO  not written (ENOSPC among others); the old object is unchanged */
RG_NODISCARD enum rg_status rg_storage_put(struct rg_storage *storage, const char *ns,
    const char *name, const void *bytes, size_t len, struct rg_err *err);

/* RG_ENOTFOUND when there was none. */
RG_NODISCARD enum rg_status rg_storage_remove(
    struct rg_storage *storage, const char *ns, const char *name, struct rg_err *err);

/* All names of a namespace, replacing what out held; an unknown namespace is empty. Objects whose
 * names break the rule are left out. RG_ELIMIT above RG_STORAGE_OBJECTS_MAX. */
RG_NODISCARD enum rg_status rg_storage_list(
    struct rg_storage *storage, const char *ns, struct rg_storage_list *out, struct rg_err *err);

void rg_storage_destroy(struct rg_storage *storage); /* NULL is fine */

#endif
