/* The kubelet's HTTP interface: GET below its base URL. A failure of the network is an answer with
 * its type, because flows treat a refused connection and a slow one differently. */
#ifndef RG_BACKEND_KUBELET_H
#define RG_BACKEND_KUBELET_H

#include "rg/base/buf.h"

struct rg_kubelet; /* implementers: see rg/ops/kubelet_ops.h */

#define RG_HTTP_BODY_MAX ((size_t)64 << 20) /* harness.md 1.5 */
#define RG_HTTP_PATH_MAX 2048

enum rg_http_failure {
    RG_HTTP_ANSWERED = 0, /* a status line came: see status */
    RG_HTTP_REFUSED,      /* no connection */
    RG_HTTP_TIMEOUT,      /* the deadline passed */
    RG_HTTP_TLS,          /* the peer or its certificate was not accepted */
    RG_HTTP_TOO_LARGE,    /* the body is above its limit; it was not kept */
    RG_HTTP_PROTOCOL,     /* not HTTP, or cut off */
    RG_HTTP_UNRECORDED,   /* world replay only: the capture never asked this */
};

struct rg_http_reply {
    enum rg_http_failure failure;
    int32_t status;      /* 100..599, 0 when failure is set */
    int64_t duration_ns; /* of the exchange */
};

/* GETs path (with its query, starting with '/') and waits at most timeout_ns. body is replaced; its
 * maximum bounds the answer.
 *   RG_OK            *reply is filled, also for failures of the network
 *   RG_EUNSUPPORTED  no kubelet is configured */
RG_NODISCARD enum rg_status rg_kubelet_get(struct rg_kubelet *kubelet, const char *path,
    int64_t timeout_ns, struct rg_http_reply *reply, struct rg_buf *body, struct rg_err *err);

void rg_kubelet_destroy(struct rg_kubelet *kubelet); /* NULL is fine */

#endif
