#include "fault_plan.h"

#include <inttypes.h>
#include <stdio.h>

static const struct rg_host_ops fault_host_ops;

static struct rg_faults *faults_of(struct rg_host *host)
{
    rg_assert(host->ops == &fault_host_ops);
    return ((struct fault_host *)host)->faults;
}

static enum rg_status fault_facts(
    struct rg_host *host, struct rg_host_facts *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(host);
    const struct fault_call call = {.kind = RG_FAULT_FACTS, .name = ""};
    enum rg_status st = fault_gate(f, &call, err);

    return st == RG_OK ? rg_host_facts(f->inner.host, out, err) : st;
}

static enum rg_status fault_user_name(
    struct rg_host *host, uint32_t uid, struct rg_buf *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(host);
    char name[16];
    const struct fault_call call = {.kind = RG_FAULT_USER, .name = name};
    enum rg_status st;

    snprintf(name, sizeof(name), "%" PRIu32, uid);
    st = fault_gate(f, &call, err);
    if (st != RG_OK)
        return st;
    return fault_spoil_text(f, &call, rg_host_user_name(f->inner.host, uid, out, err), out, err);
}

static enum rg_status fault_env(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(host);
    const struct fault_call call = {.kind = RG_FAULT_ENV, .name = name};
    enum rg_status st = fault_gate(f, &call, err);

    if (st != RG_OK)
        return st;
    return fault_spoil_text(f, &call, rg_host_env(f->inner.host, name, out, err), out, err);
}

static enum rg_status fault_document(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(host);
    const struct fault_call call = {.kind = RG_FAULT_DOCUMENT, .name = name};
    enum rg_status st = fault_gate(f, &call, err);

    if (st != RG_OK)
        return st;
    return fault_spoil_text(f, &call, rg_host_document(f->inner.host, name, out, err), out, err);
}

/* Names that are cut or changed would be names of other files: only the call can fail. */
static enum rg_status fault_list_documents(
    struct rg_host *host, const char *folder, struct rg_buf *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(host);
    const struct fault_call call = {.kind = RG_FAULT_DOCUMENTS, .name = folder};
    enum rg_status st = fault_gate(f, &call, err);

    return st == RG_OK ? rg_host_list_documents(f->inner.host, folder, out, err) : st;
}

static enum rg_status fault_filesystem(
    struct rg_host *host, const char *path, struct rg_filesystem *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(host);
    const struct fault_call call = {.kind = RG_FAULT_FILESYSTEM, .name = path};
    enum rg_status st = fault_gate(f, &call, err);

    return st == RG_OK ? rg_host_filesystem(f->inner.host, path, out, err) : st;
}

/* The shim belongs to the faults. */
static void fault_host_destroy(struct rg_host *host)
{
    (void)faults_of(host);
}

static const struct rg_host_ops fault_host_ops = {
    .name = "fault",
    .facts = fault_facts,
    .user_name = fault_user_name,
    .env = fault_env,
    .document = fault_document,
    .list_documents = fault_list_documents,
    .filesystem = fault_filesystem,
    .destroy = fault_host_destroy,
};

void fault_host_init(struct fault_host *shim, struct rg_faults *faults)
{
    *shim = (struct fault_host){{&fault_host_ops}, faults};
}
