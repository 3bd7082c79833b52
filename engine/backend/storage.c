#include "rg/base/mem.h"
#include "rg/ops/storage_ops.h"

#include <stdlib.h>
#include <string.h>

bool rg_storage_name_ok(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len >= RG_STORAGE_NAME_MAX || name[0] == '.')
        return false;
    for (const char *p = name; *p; p++) {
        bool ok = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                  (*p >= '0' && *p <= '9') || *p == '.' || *p == '_' || *p == '-';

        if (!ok)
            return false;
    }
    return true;
}

void rg_storage_list_finish(struct rg_storage_list *list)
{
    free(list->names);
    *list = (struct rg_storage_list){0};
}

enum rg_status rg_storage_list_add(struct rg_storage_list *list, const char *name)
{
    void *names = list->names;
    enum rg_status st =
        rg_grow(&names, &list->cap, list->count + 1, sizeof(*list->names), RG_STORAGE_OBJECTS_MAX);

    list->names = names;
    if (st != RG_OK)
        return st;
    memcpy(list->names[list->count++], name, strlen(name) + 1);
    return RG_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

enum rg_status rg_storage_get(struct rg_storage *storage, const char *ns, const char *name,
    struct rg_buf *out, struct rg_err *err)
{
    rg_assert(rg_storage_name_ok(ns) && rg_storage_name_ok(name));
    rg_buf_clear(out);
    return storage->ops->get(storage, ns, name, out, err);
}

enum rg_status rg_storage_put(struct rg_storage *storage, const char *ns, const char *name,
    const void *bytes, size_t len, struct rg_err *err)
{
    rg_assert(rg_storage_name_ok(ns) && rg_storage_name_ok(name) && len <= RG_STORAGE_OBJECT_MAX);
    return storage->ops->put(storage, ns, name, bytes, len, err);
}

enum rg_status rg_storage_remove(
    struct rg_storage *storage, const char *ns, const char *name, struct rg_err *err)
{
    rg_assert(rg_storage_name_ok(ns) && rg_storage_name_ok(name));
    return storage->ops->remove(storage, ns, name, err);
}

enum rg_status rg_storage_list(
    struct rg_storage *storage, const char *ns, struct rg_storage_list *out, struct rg_err *err)
{
    enum rg_status st;

    rg_assert(rg_storage_name_ok(ns));
    out->count = 0;
    st = storage->ops->list(storage, ns, out, err);
    if (st != RG_OK)
        out->count = 0;
    else if (out->count > 1)
        qsort(out->names, out->count, sizeof(*out->names), compare_names);
    return st;
}

void rg_storage_destroy(struct rg_storage *storage)
{
    if (storage)
        storage->ops->destroy(storage);
}
