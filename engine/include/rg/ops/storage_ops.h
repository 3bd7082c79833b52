/* For implementers of rg/backend/storage.h. Names were checked, list output was emptied; list may
 * answer in any order, the dispatch sorts. */
#ifndef RG_OPS_STORAGE_OPS_H
#define RG_OPS_STORAGE_OPS_H

#include "rg/backend/storage.h"

struct rg_storage_ops {
    const char *name;
    enum rg_status (*get)(struct rg_storage *storage, const char *ns, const char *name,
        struct rg_buf *out, struct rg_err *err);
    enum rg_status (*put)(struct rg_storage *storage, const char *ns, const char *name,
        const void *bytes, size_t len, struct rg_err *err);
    enum rg_status (*remove)(
        struct rg_storage *storage, const char *ns, const char *name, struct rg_err *err);
    enum rg_status (*list)(struct rg_storage *storage, const char *ns, struct rg_storage_list *out,
        struct rg_err *err);
    void (*destroy)(struct rg_storage *storage);
};

struct rg_storage {
    const struct rg_storage_ops *ops;
};

/* Appends one name. For implementers. RG_ELIMIT above RG_STORAGE_OBJECTS_MAX, RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_storage_list_add(struct rg_storage_list *list, const char *name);

#endif
