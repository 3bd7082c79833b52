/* For implementers of rg/backend/pycheck.h. Every slot is filled. */
#ifndef RG_OPS_PYCHECK_OPS_H
#define RG_OPS_PYCHECK_OPS_H

#include "rg/backend/pycheck.h"

struct rg_pycheck_ops {
    const char *name;
    enum rg_status (*load)(
        struct rg_pycheck *py, const char *module, uint64_t *handle, struct rg_err *err);
    enum rg_status (*configure)(struct rg_pycheck *py, uint64_t handle, const char *check_id,
        struct rg_str init_config, struct rg_str instance, struct rg_err *err);
    enum rg_status (*run)(struct rg_pycheck *py, uint64_t handle, rg_pycheck_host_fn *host,
        void *ctx, struct rg_buf *error_json, struct rg_err *err);
    enum rg_status (*warnings)(
        struct rg_pycheck *py, uint64_t handle, struct rg_buf *json, struct rg_err *err);
    void (*cancel)(struct rg_pycheck *py, uint64_t handle);
    void (*unload)(struct rg_pycheck *py, uint64_t handle);
    void (*destroy)(struct rg_pycheck *py);
};

struct rg_pycheck {
    const struct rg_pycheck_ops *ops;
};

#endif
