#include "rg/ops/kubelet_ops.h"

#include <string.h>

enum rg_status rg_kubelet_get(struct rg_kubelet *kubelet, const char *path, int64_t timeout_ns,
    struct rg_http_reply *reply, struct rg_buf *body, struct rg_err *err)
{
    rg_assert(path[0] == '/' && strlen(path) < RG_HTTP_PATH_MAX && timeout_ns > 0);
    rg_assert(body->max <= RG_HTTP_BODY_MAX);
    rg_buf_clear(body);
    return kubelet->ops->get(kubelet, path, timeout_ns, reply, body, err);
}

void rg_kubelet_destroy(struct rg_kubelet *kubelet)
{
    if (kubelet)
        kubelet->ops->destroy(kubelet);
}
