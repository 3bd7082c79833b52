/* Storage in memory: one array, sorted by namespace and name. */
#include "rg/base/mem.h"
#include "rg/ops/storage_ops.h"
#include "rg/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS_MAX ((size_t)1 << 24)

struct object {
    char *ns;    /* owned */
    char *name;  /* owned */
    void *bytes; /* owned; has a NUL behind len bytes */
    size_t len;
};

struct mem_storage {
    struct rg_storage base; /* first */
    struct rg_mutex *mutex; /* owned; NULL without a runtime */
    struct object *objects; /* owned */
    size_t count;
    size_t cap;
    size_t bytes;
    size_t bytes_max;
};

static const struct rg_storage_ops mem_storage_ops;

static struct mem_storage *mem_from(struct rg_storage *base)
{
    rg_assert(base->ops == &mem_storage_ops);
    return (struct mem_storage *)base;
}

static void lock(struct mem_storage *storage)
{
    if (storage->mutex)
        rg_mutex_lock(storage->mutex);
}

static void unlock(struct mem_storage *storage)
{
    if (storage->mutex)
        rg_mutex_unlock(storage->mutex);
}

static void object_finish(struct object *object)
{
    free(object->ns);
    free(object->name);
    free(object->bytes);
}

/* True when the object is there; *pos is its place, or the place to insert it. */
static bool find(const struct mem_storage *storage, const char *ns, const char *name, size_t *pos)
{
    size_t low = 0;
    size_t high = storage->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct object *object = &storage->objects[mid];
        int order = strcmp(object->ns, ns);

        if (order == 0)
            order = strcmp(object->name, name);
        if (order == 0) {
            *pos = mid;
            return true;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *pos = low;
    return false;
}

static enum rg_status mem_get(struct rg_storage *base, const char *ns, const char *name,
    struct rg_buf *out, struct rg_err *err)
{
    struct mem_storage *storage = mem_from(base);
    enum rg_status st = RG_ENOTFOUND;
    size_t pos;

    lock(storage);
    if (find(storage, ns, name, &pos))
        st = rg_buf_set(out, storage->objects[pos].bytes, storage->objects[pos].len);
    unlock(storage);
    if (st != RG_OK)
        rg_err_set(err, "%s/%s: %s", ns, name, rg_status_name(st));
    return st;
}

static enum rg_status insert(
    struct mem_storage *storage, size_t pos, const char *ns, const char *name, struct object object)
{
    void *objects = storage->objects;
    enum rg_status st =
        rg_grow(&objects, &storage->cap, storage->count + 1, sizeof(object), OBJECTS_MAX);

    storage->objects = objects;
    if (st != RG_OK)
        return RG_ENOMEM;
    object.ns = rg_memdup0(ns, strlen(ns));
    object.name = rg_memdup0(name, strlen(name));
    if (!object.ns || !object.name) {
        free(object.ns);
        free(object.name);
        return RG_ENOMEM;
    }
    memmove(&storage->objects[pos + 1], &storage->objects[pos],
        (storage->count - pos) * sizeof(object));
    storage->objects[pos] = object;
    storage->count++;
    return RG_OK;
}

/* Takes bytes when it answers RG_OK. */
static enum rg_status store(
    struct mem_storage *storage, const char *ns, const char *name, void *bytes, size_t len)
{
    size_t pos;
    bool found = find(storage, ns, name, &pos);
    size_t kept = storage->bytes - (found ? storage->objects[pos].len : 0);
    enum rg_status st;

    if (len > storage->bytes_max - kept)
        return RG_EIO;
    if (found) {
        free(storage->objects[pos].bytes);
        storage->objects[pos].bytes = bytes;
        storage->objects[pos].len = len;
    } else {
        st = insert(storage, pos, ns, name, (struct object){.bytes = bytes, .len = len});
        if (st != RG_OK)
            return st;
    }
    storage->bytes = kept + len;
    return RG_OK;
}

static enum rg_status mem_put(struct rg_storage *base, const char *ns, const char *name,
    const void *bytes, size_t len, struct rg_err *err)
{
    struct mem_storage *storage = mem_from(base);
    void *copy = rg_memdup0(bytes, len);
    enum rg_status st = RG_ENOMEM;

    if (copy) {
        lock(storage);
        st = store(storage, ns, name, copy, len);
        unlock(storage);
    }
    if (st == RG_OK)
        return RG_OK;
    free(copy);
    if (st == RG_EIO) {
        rg_err_errno(err, ENOSPC);
        rg_err_prefix(err, "%s/%s of %zu bytes", ns, name, len);
    } else {
        rg_err_set(err, "%s/%s: no memory for %zu bytes", ns, name, len);
    }
    return st;
}

static enum rg_status mem_remove(
    struct rg_storage *base, const char *ns, const char *name, struct rg_err *err)
{
    struct mem_storage *storage = mem_from(base);
    size_t pos;
    bool found;

    lock(storage);
    found = find(storage, ns, name, &pos);
    if (found) {
        storage->bytes -= storage->objects[pos].len;
        object_finish(&storage->objects[pos]);
        storage->count--;
        memmove(&storage->objects[pos], &storage->objects[pos + 1],
            (storage->count - pos) * sizeof(*storage->objects));
    }
    unlock(storage);
    if (found)
        return RG_OK;
    rg_err_set(err, "%s/%s: %s", ns, name, rg_status_name(RG_ENOTFOUND));
    return RG_ENOTFOUND;
}

static enum rg_status mem_list(
    struct rg_storage *base, const char *ns, struct rg_storage_list *out, struct rg_err *err)
{
    struct mem_storage *storage = mem_from(base);
    enum rg_status st = RG_OK;
    size_t pos;

    lock(storage);
    find(storage, ns, "", &pos);
    for (; st == RG_OK && pos < storage->count && strcmp(storage->objects[pos].ns, ns) == 0; pos++)
        st = rg_storage_list_add(out, storage->objects[pos].name);
    unlock(storage);
    if (st != RG_OK)
        rg_err_set(err, "listing %s: %s", ns, rg_status_name(st));
    return st;
}

static void mem_destroy(struct rg_storage *base)
{
    struct mem_storage *storage = mem_from(base);

    for (size_t i = 0; i < storage->count; i++)
        object_finish(&storage->objects[i]);
    free(storage->objects);
    rg_mutex_destroy(storage->mutex);
    free(storage);
}

static const struct rg_storage_ops mem_storage_ops = {
    .name = "memory",
    .get = mem_get,
    .put = mem_put,
    .remove = mem_remove,
    .list = mem_list,
    .destroy = mem_destroy,
};

enum rg_status rg_sim_storage_create(
    const struct rg_sim_storage_options *options, struct rg_storage **out, struct rg_err *err)
{
    struct mem_storage *storage = rg_calloc(1, sizeof(*storage));

    if (!storage)
        goto no_memory;
    storage->base.ops = &mem_storage_ops;
    storage->bytes_max = options && options->bytes_max ? options->bytes_max : RG_STORAGE_OBJECT_MAX;
    if (options && options->runtime) {
        storage->mutex = rg_mutex_create(options->runtime, "storage");
        if (!storage->mutex)
            goto no_memory;
    }
    *out = &storage->base;
    return RG_OK;
no_memory:
    free(storage);
    rg_err_set(err, "no memory for a storage");
    return RG_ENOMEM;
}
