#include "fault_plan.h"

static const struct rg_storage_ops fault_storage_ops;

static struct rg_faults *faults_of(struct rg_storage *storage)
{
    rg_assert(storage->ops == &fault_storage_ops);
    return ((struct fault_storage *)storage)->faults;
}

static enum rg_status fault_get(struct rg_storage *storage, const char *ns, const char *name,
    struct rg_buf *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(storage);
    const struct fault_call call = {.kind = RG_FAULT_GET, .name = name, .group = ns};
    enum rg_status st = fault_gate(f, &call, err);

    if (st != RG_OK)
        return st;
    st = rg_storage_get(f->inner.storage, ns, name, out, err);
    return fault_spoil_text(f, &call, st, out, err);
}

static enum rg_status fault_put(struct rg_storage *storage, const char *ns, const char *name,
    const void *bytes, size_t len, struct rg_err *err)
{
    struct rg_faults *f = faults_of(storage);
    const struct fault_call call = {.kind = RG_FAULT_PUT, .name = name, .group = ns};
    enum rg_status st = fault_gate(f, &call, err);

    return st == RG_OK ? rg_storage_put(f->inner.storage, ns, name, bytes, len, err) : st;
}

static enum rg_status fault_remove(
    struct rg_storage *storage, const char *ns, const char *name, struct rg_err *err)
{
    struct rg_faults *f = faults_of(storage);
    const struct fault_call call = {.kind = RG_FAULT_REMOVE, .name = name, .group = ns};
    enum rg_status st = fault_gate(f, &call, err);

    return st == RG_OK ? rg_storage_remove(f->inner.storage, ns, name, err) : st;
}

static enum rg_status fault_list(
    struct rg_storage *storage, const char *ns, struct rg_storage_list *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(storage);
    const struct fault_call call = {.kind = RG_FAULT_LIST_OBJECTS, .name = ns};
    enum rg_status st = fault_gate(f, &call, err);

    return st == RG_OK ? rg_storage_list(f->inner.storage, ns, out, err) : st;
}

/* The shim belongs to the faults. */
static void fault_storage_destroy(struct rg_storage *storage)
{
    (void)faults_of(storage);
}

static const struct rg_storage_ops fault_storage_ops = {
    .name = "fault",
    .get = fault_get,
    .put = fault_put,
    .remove = fault_remove,
    .list = fault_list,
    .destroy = fault_storage_destroy,
};

void fault_storage_init(struct fault_storage *shim, struct rg_faults *faults)
{
    *shim = (struct fault_storage){{&fault_storage_ops}, faults};
}
