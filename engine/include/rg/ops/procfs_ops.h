/* For implementers of rg/backend/procfs.h. Every slot is filled. The dispatch has cleared out, and
 * checked names and pids, before a slot is called. */
#ifndef RG_OPS_PROCFS_OPS_H
#define RG_OPS_PROCFS_OPS_H

#include "rg/backend/procfs.h"

struct rg_procfs_ops {
    const char *name;
    enum rg_status (*list_pids)(struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err);
    enum rg_status (*read_pid)(struct rg_procfs *fs, int32_t pid, const char *name,
        struct rg_buf *out, struct rg_err *err);
    enum rg_status (*read_link)(struct rg_procfs *fs, int32_t pid, const char *name,
        struct rg_buf *out, struct rg_err *err);
    enum rg_status (*count_fds)(
        struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err);
    enum rg_status (*stat_pid)(struct rg_procfs *fs, int32_t pid, const char *name,
        struct rg_procfs_stat *out, struct rg_err *err);
    enum rg_status (*read_host)(
        struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err);
    void (*destroy)(struct rg_procfs *fs);
};

struct rg_procfs {
    const struct rg_procfs_ops *ops;
};

#endif
