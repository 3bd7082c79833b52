/* Backends that offer nothing, so that no caller ever tests for NULL. */
#include "rg/backend/set.h"
#include "rg/ops/events_ops.h"
#include "rg/ops/kubelet_ops.h"
#include "rg/ops/pycheck_ops.h"

static enum rg_status none_get(struct rg_kubelet *kubelet, const char *path, int64_t timeout_ns,
    struct rg_http_reply *reply, struct rg_buf *body, struct rg_err *err)
{
    (void)kubelet, (void)path, (void)timeout_ns, (void)reply, (void)body;
    rg_err_set(err, "no kubelet is configured");
    return RG_EUNSUPPORTED;
}

static void none_destroy_kubelet(struct rg_kubelet *kubelet)
{
    (void)kubelet;
}

static enum rg_status none_next(struct rg_events *events, struct rg_mono deadline,
    struct rg_event_batch *batch, struct rg_err *err)
{
    (void)events, (void)deadline, (void)batch;
    rg_err_set(err, "no source of kernel events");
    return RG_EUNSUPPORTED;
}

static enum rg_status none_control(struct rg_events *events, enum rg_event_control call,
    const void *arg, size_t arg_bytes, struct rg_err *err)
{
    (void)events, (void)call, (void)arg, (void)arg_bytes;
    rg_err_set(err, "no source of kernel events");
    return RG_EUNSUPPORTED;
}

static void none_destroy_events(struct rg_events *events)
{
    (void)events;
}

static enum rg_status none_load(
    struct rg_pycheck *py, const char *module, uint64_t *handle, struct rg_err *err)
{
    (void)py, (void)module, (void)handle;
    rg_err_set(err, "no Python interpreter");
    return RG_EUNSUPPORTED;
}

static enum rg_status none_configure(struct rg_pycheck *py, uint64_t handle, const char *check_id,
    struct rg_str init_config, struct rg_str instance, struct rg_err *err)
{
    (void)py, (void)handle, (void)check_id, (void)init_config, (void)instance;
    rg_err_set(err, "no Python interpreter");
    return RG_EUNSUPPORTED;
}

static enum rg_status none_run(struct rg_pycheck *py, uint64_t handle, rg_pycheck_host_fn *host,
    void *ctx, struct rg_buf *error_json, struct rg_err *err)
{
    (void)py, (void)handle, (void)host, (void)ctx, (void)error_json;
    rg_err_set(err, "no Python interpreter");
    return RG_EUNSUPPORTED;
}

static enum rg_status none_warnings(
    struct rg_pycheck *py, uint64_t handle, struct rg_buf *json, struct rg_err *err)
{
    (void)py, (void)handle, (void)json;
    rg_err_set(err, "no Python interpreter");
    return RG_EUNSUPPORTED;
}

static void none_handle(struct rg_pycheck *py, uint64_t handle)
{
    (void)py, (void)handle;
}

static void none_destroy_pycheck(struct rg_pycheck *py)
{
    (void)py;
}

static const struct rg_kubelet_ops none_kubelet_ops = {
    .name = "none",
    .get = none_get,
    .destroy = none_destroy_kubelet,
};

static const struct rg_events_ops none_events_ops = {
    .name = "none",
    .next = none_next,
    .control = none_control,
    .destroy = none_destroy_events,
};

static const struct rg_pycheck_ops none_pycheck_ops = {
    .name = "none",
    .load = none_load,
    .configure = none_configure,
    .run = none_run,
    .warnings = none_warnings,
    .cancel = none_handle,
    .unload = none_handle,
    .destroy = none_destroy_pycheck,
};

struct rg_kubelet *rg_kubelet_none(void)
{
    static struct rg_kubelet none = {&none_kubelet_ops};

    return &none;
}

struct rg_events *rg_events_none(void)
{
    static struct rg_events none = {&none_events_ops};

    return &none;
}

struct rg_pycheck *rg_pycheck_none(void)
{
    static struct rg_pycheck none = {&none_pycheck_ops};

    return &none;
}
