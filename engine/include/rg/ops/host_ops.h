/* For implementers of rg/backend/host.h. Every slot is filled. */
#ifndef RG_OPS_HOST_OPS_H
#define RG_OPS_HOST_OPS_H

#include "rg/backend/host.h"

struct rg_host_ops {
    const char *name;
    enum rg_status (*facts)(struct rg_host *host, struct rg_host_facts *out, struct rg_err *err);
    enum rg_status (*user_name)(
        struct rg_host *host, uint32_t uid, struct rg_buf *out, struct rg_err *err);
    enum rg_status (*env)(
        struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err);
    enum rg_status (*document)(
        struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err);
    enum rg_status (*list_documents)(
        struct rg_host *host, const char *folder, struct rg_buf *out, struct rg_err *err);
    enum rg_status (*filesystem)(
        struct rg_host *host, const char *path, struct rg_filesystem *out, struct rg_err *err);
    void (*destroy)(struct rg_host *host);
};

struct rg_host {
    const struct rg_host_ops *ops;
};

#endif
