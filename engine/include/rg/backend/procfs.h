/* The process file system: pids, the files of one pid, host-wide files.
 *
 * Failures that a living system produces (a process that vanished, EACCES) are answers: the status
 * says which, err->errnum holds the errno and err->text stays empty. */
#ifndef RG_BACKEND_PROCFS_H
#define RG_BACKEND_PROCFS_H

#include "rg/base/buf.h"

struct rg_procfs; /* implementers: see rg/ops/procfs_ops.h */

#define RG_PIDS_MAX        ((size_t)1 << 20) /* harness.md 1.5: 1 M processes */
#define RG_PROCFS_NAME_MAX 128               /* bytes of a file name or host path, NUL included */
#define RG_PROCFS_FILE_MAX ((size_t)4 << 20) /* no file that a flow reads is larger */

/* Pids in ascending order, without duplicates. Zero-initialise, finish with rg_pid_list_finish. */
struct rg_pid_list {
    int32_t *pids; /* owned */
    size_t count;
    size_t cap;
};

void rg_pid_list_finish(struct rg_pid_list *list);

/* Appends; RG_ELIMIT above RG_PIDS_MAX, RG_ENOMEM. For implementers; order is the caller's matter.
 */
RG_NODISCARD enum rg_status rg_pid_list_add(struct rg_pid_list *list, int32_t pid);

/* Sorts ascending and drops duplicates. */
void rg_pid_list_sort(struct rg_pid_list *list);

/* What lstat says of one entry of a pid's directory. */
struct rg_procfs_stat {
    uint32_t mode; /* st_mode: type and permission bits */
    uint32_t uid;  /* owner */
};

/* Lists all pids, replacing what out held.
 *   RG_EIO, RG_EACCES, RG_ENOTFOUND  the directory cannot be read; err says why
 *   RG_ELIMIT, RG_ENOMEM             out is unchanged or empty */
RG_NODISCARD enum rg_status rg_procfs_list_pids(
    struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err);

/* Reads one file of one process into out, replacing what out held. name is a bare file name such as
 * "stat"; a '/' in it is a caller's bug. pid > 0.
 *   RG_OK         out holds the bytes, possibly none
 *   RG_ENOTFOUND  the process or the file is gone (ENOENT, ESRCH)
 *   RG_EACCES     not allowed (EACCES, EPERM)
 *   RG_EIO        any other errno, in err->errnum
 *   RG_ETOOBIG    larger than out->max; out is empty */
RG_NODISCARD enum rg_status rg_procfs_read_pid(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err);

/* Reads one symbolic link of one process ("exe", "cwd") into out. Statuses as above. */
RG_NODISCARD enum rg_status rg_procfs_read_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err);

/* Counts the open file descriptors of one process into *count. Statuses as above. */
RG_NODISCARD enum rg_status rg_procfs_count_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err);

/* lstat of one entry of a pid's directory. Statuses as above. */
RG_NODISCARD enum rg_status rg_procfs_stat_pid(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err);

/* Reads a host-wide file by its path below the root: "stat", "cpuinfo", "net/dev". No leading '/',
 * no "..". Statuses as above. */
RG_NODISCARD enum rg_status rg_procfs_read_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err);

void rg_procfs_destroy(struct rg_procfs *fs); /* NULL is fine */

#endif
