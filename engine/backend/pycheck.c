#include "rg/ops/pycheck_ops.h"

enum rg_status rg_pycheck_load(
    struct rg_pycheck *py, const char *module, uint64_t *handle, struct rg_err *err)
{
    rg_assert(module[0]);
    return py->ops->load(py, module, handle, err);
}

enum rg_status rg_pycheck_configure(struct rg_pycheck *py, uint64_t handle, const char *check_id,
    struct rg_str init_config, struct rg_str instance, struct rg_err *err)
{
    rg_assert(init_config.len <= RG_PYCHECK_CONFIG_MAX && instance.len <= RG_PYCHECK_CONFIG_MAX);
    return py->ops->configure(py, handle, check_id, init_config, instance, err);
}

enum rg_status rg_pycheck_run(struct rg_pycheck *py, uint64_t handle, rg_pycheck_host_fn *host,
    void *ctx, struct rg_buf *error_json, struct rg_err *err)
{
    rg_assert(host);
    rg_buf_clear(error_json);
    return py->ops->run(py, handle, host, ctx, error_json, err);
}

enum rg_status rg_pycheck_warnings(
    struct rg_pycheck *py, uint64_t handle, struct rg_buf *json, struct rg_err *err)
{
    rg_buf_clear(json);
    return py->ops->warnings(py, handle, json, err);
}

void rg_pycheck_cancel(struct rg_pycheck *py, uint64_t handle)
{
    py->ops->cancel(py, handle);
}

void rg_pycheck_unload(struct rg_pycheck *py, uint64_t handle)
{
    py->ops->unload(py, handle);
}

void rg_pycheck_destroy(struct rg_pycheck *py)
{
    if (py)
        py->ops->destroy(py);
}
