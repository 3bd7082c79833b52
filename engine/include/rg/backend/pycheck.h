/* Python checks: load a class, configure an instance, run it, collect what it said.
 *
 * A check calls back into the host while it runs (metrics, logs, configuration, cached values). The
 * callbacks arrive on the calling task, in order, before run returns. */
#ifndef RG_BACKEND_PYCHECK_H
#define RG_BACKEND_PYCHECK_H

#include "rg/base/str.h"

struct rg_pycheck; /* implementers: see rg/ops/pycheck_ops.h */

#define RG_PYCHECK_CONFIG_MAX   ((size_t)1 << 20)
#define RG_PYCHECK_WARNINGS_MAX 1000

/* What a running check may ask of the host: one call with a name and JSON arguments; the answer is
 * JSON in reply. RG_EUNSUPPORTED for a name the host does not know. */
typedef enum rg_status rg_pycheck_host_fn(void *ctx, const char *call, struct rg_str args_json,
    struct rg_buf *reply_json, struct rg_err *err);

/* Loads the check class of a module. *handle is owned: rg_pycheck_unload.
 *   RG_ENOTFOUND  no such module or no check class in it; err holds Python's text
 *   RG_EINVALID   the module failed while loading; err holds the traceback's last line */
RG_NODISCARD enum rg_status rg_pycheck_load(
    struct rg_pycheck *py, const char *module, uint64_t *handle, struct rg_err *err);

/* Makes the instance from its YAML texts and check id. RG_EINVALID: the check refused them. */
RG_NODISCARD enum rg_status rg_pycheck_configure(struct rg_pycheck *py, uint64_t handle,
    const char *check_id, struct rg_str init_config, struct rg_str instance, struct rg_err *err);

/* Runs the check once. error_json receives its failure report, empty when it succeeded.
 *   RG_OK        it ran, with or without a failure report
 *   RG_ESTOPPED  it was cancelled */
RG_NODISCARD enum rg_status rg_pycheck_run(struct rg_pycheck *py, uint64_t handle,
    rg_pycheck_host_fn *host, void *ctx, struct rg_buf *error_json, struct rg_err *err);

/* The warnings of the last run as a JSON array, at most RG_PYCHECK_WARNINGS_MAX. */
RG_NODISCARD enum rg_status rg_pycheck_warnings(
    struct rg_pycheck *py, uint64_t handle, struct rg_buf *json, struct rg_err *err);

/* Asks a running check to end; returns at once. */
void rg_pycheck_cancel(struct rg_pycheck *py, uint64_t handle);
void rg_pycheck_unload(struct rg_pycheck *py, uint64_t handle);

void rg_pycheck_destroy(struct rg_pycheck *py); /* NULL is fine */

#endif
