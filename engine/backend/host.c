#include "rg/ops/host_ops.h"

#include <string.h>

enum rg_status rg_host_facts(struct rg_host *host, struct rg_host_facts *out, struct rg_err *err)
{
    struct rg_host_facts facts = {0};
    enum rg_status st = host->ops->facts(host, &facts, err);

    if (st != RG_OK)
        return st;
    if (facts.clock_ticks_per_s <= 0 || facts.page_size_bytes <= 0 || facts.cpu_count < 1) {
        rg_err_set(err,
            "host facts: clock ticks %lld, page size %lld, CPUs %d; all must be positive",
            (long long)facts.clock_ticks_per_s, (long long)facts.page_size_bytes, facts.cpu_count);
        return RG_EIO;
    }
    *out = facts;
    return RG_OK;
}

enum rg_status rg_host_user_name(
    struct rg_host *host, uint32_t uid, struct rg_buf *out, struct rg_err *err)
{
    rg_buf_clear(out);
    return host->ops->user_name(host, uid, out, err);
}

enum rg_status rg_host_env(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    rg_assert(name[0]);
    rg_buf_clear(out);
    return host->ops->env(host, name, out, err);
}

enum rg_status rg_host_document(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    rg_assert(name[0]);
    rg_buf_clear(out);
    return host->ops->document(host, name, out, err);
}

enum rg_status rg_host_list_documents(
    struct rg_host *host, const char *folder, struct rg_buf *out, struct rg_err *err)
{
    rg_assert(folder[0]);
    rg_buf_clear(out);
    return host->ops->list_documents(host, folder, out, err);
}

enum rg_status rg_host_filesystem(
    struct rg_host *host, const char *path, struct rg_filesystem *out, struct rg_err *err)
{
    struct rg_filesystem answer = {0};
    enum rg_status st;

    rg_assert(path[0] == '/' && strnlen(path, RG_HOST_PATH_MAX) < RG_HOST_PATH_MAX);
    st = host->ops->filesystem(host, path, &answer, err);
    if (st != RG_OK)
        return st;
    if (answer.block_size_bytes == 0) {
        rg_err_set(err, "a file system whose blocks have no size");
        return RG_EIO;
    }
    *out = answer;
    return RG_OK;
}

void rg_host_destroy(struct rg_host *host)
{
    if (host)
        host->ops->destroy(host);
}
