/* A process file system held in memory: every answer is set by the test, every call is counted and
 * can be made to fail. Open it like any backend; rg_procfs_destroy frees it. */
#ifndef RG_TESTS_FAKE_PROCFS_H
#define RG_TESTS_FAKE_PROCFS_H

#include "rg/ops/procfs_ops.h"

#define FAKE_PROCFS_FILES 12 /* per process: files, links, "fd" */

struct fake_file {
    char name[16];
    char *bytes; /* owned */
    size_t len;
    int errnum; /* answered instead of the bytes when not 0 */
    uint32_t mode, uid;
    int64_t fds;
    long calls, lstats;
};

struct fake_pid {
    int32_t pid;
    bool listed;
    struct fake_file files[FAKE_PROCFS_FILES];
    size_t file_count;
};

struct fake_procfs {
    struct rg_procfs base; /* first */
    struct fake_pid *pids; /* owned */
    size_t pid_count, pid_cap;
    struct fake_pid host;
    int list_errnum;
    long calls;   /* of all kinds since the start */
    long fail_at; /* the call with this number (from 1) fails with fail_errnum */
    int fail_errnum;
    long vanish_at; /* from this call on vanish_pid is gone */
    int32_t vanish_pid;
    struct rg_buf order; /* "7/status 7/stat 7/lstat:exe "; cleared by the test */
};

struct fake_procfs *fake_procfs_create(void);

/* Files and links. The pid appears in the list as soon as it has one. */
void fake_procfs_set(struct fake_procfs *f, int32_t pid, const char *name, const char *text);
void fake_procfs_set_bytes(
    struct fake_procfs *f, int32_t pid, const char *name, const void *bytes, size_t len);
void fake_procfs_set_errno(struct fake_procfs *f, int32_t pid, const char *name, int errnum);
void fake_procfs_set_fds(struct fake_procfs *f, int32_t pid, int64_t count);
void fake_procfs_set_lstat(
    struct fake_procfs *f, int32_t pid, const char *name, uint32_t mode, uint32_t uid);
void fake_procfs_set_host(struct fake_procfs *f, const char *path, const char *text);
void fake_procfs_unset(struct fake_procfs *f, int32_t pid, const char *name);
void fake_procfs_remove(struct fake_procfs *f, int32_t pid); /* the whole process */

long fake_procfs_calls(struct fake_procfs *f, int32_t pid, const char *name);
const char *fake_procfs_order(struct fake_procfs *f); /* NUL-terminated, borrowed */

#endif
