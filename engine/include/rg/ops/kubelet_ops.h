/* For implementers of rg/backend/kubelet.h. Every slot is filled. */
#ifndef RG_OPS_KUBELET_OPS_H
#define RG_OPS_KUBELET_OPS_H

#include "rg/backend/kubelet.h"

struct rg_kubelet_ops {
    const char *name;
    enum rg_status (*get)(struct rg_kubelet *kubelet, const char *path, int64_t timeout_ns,
        struct rg_http_reply *reply, struct rg_buf *body, struct rg_err *err);
    void (*destroy)(struct rg_kubelet *kubelet);
};

struct rg_kubelet {
    const struct rg_kubelet_ops *ops;
};

#endif
