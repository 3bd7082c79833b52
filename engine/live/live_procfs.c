/* The process file system by relative system calls below one root descriptor.
 *
 * This is the hot path of every scan: paths are built by hand, bytes go straight into the caller's
 * buffer, and nothing is allocated here. Objects are immutable after create except the position of
 * the directory that lists pids, which a lock guards. */
#include "live_io.h"
#include "rg/base/mem.h"
#include "rg/live.h"
#include "rg/ops/procfs_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define PROC_MAGIC      0x9fa0 /* f_type of procfs: linux/magic.h, PROC_SUPER_MAGIC */
#define LIST_BYTES      32768  /* about 1000 pids per call */
#define COUNT_BYTES     8192   /* spec/process.md 2.6 */
#define PID_DIGITS_MAX  10     /* of an int32 */
#define PID_PATH_MAX    (PID_DIGITS_MAX + 1 + RG_PROCFS_NAME_MAX)
#define LINK_TARGET_MAX 65536 /* bytes; the kernel's own limit is a page today */

struct live_procfs {
    struct rg_procfs base;
    int root_fd; /* O_PATH: the root of every other call */
    bool is_procfs;
    pthread_mutex_t list_lock; /* guards the position of list_fd */
    int list_fd;
};

static const struct rg_procfs_ops live_procfs_ops;

static struct live_procfs *live_from(struct rg_procfs *fs)
{
    rg_assert(fs->ops == &live_procfs_ops);
    return (struct live_procfs *)fs;
}

/* Writes "PID/name" into path (PID_PATH_MAX bytes); the dispatch has checked both. */
static void build_path(char *path, int32_t pid, const char *name)
{
    char digits[PID_DIGITS_MAX];
    size_t n = 0;

    do
        digits[n++] = (char)('0' + pid % 10);
    while (pid /= 10);
    while (n)
        *path++ = digits[--n];
    *path++ = '/';
    memcpy(path, name, strlen(name) + 1);
}

/* Decimal without sign or leading zero, at most INT32_MAX: the only names the kernel gives. */
static bool parse_pid(const char *name, int32_t *pid)
{
    int64_t v = 0;

    if (name[0] < '1' || name[0] > '9')
        return false;
    for (; *name; name++) {
        if (*name < '0' || *name > '9')
            return false;
        v = v * 10 + (*name - '0');
        if (v > INT32_MAX)
            return false;
    }
    *pid = (int32_t)v;
    return true;
}

static enum rg_status list_entries(int fd, struct rg_pid_list *out, struct rg_err *err)
{
    unsigned char buf[LIST_BYTES];
    struct rg_live_dir dir = {.fd = fd, .buf = buf, .cap = sizeof(buf)};
    enum rg_status st;

    if (lseek(fd, 0, SEEK_SET) < 0)
        return rg_err_errno(err, errno);
    for (;;) {
        const char *name;
        unsigned char type;
        int32_t pid;

        st = rg_live_dir_next(&dir, &name, &type, err);
        if (st != RG_OK)
            return st == RG_EEND ? RG_OK : st;
        if (!parse_pid(name, &pid))
            continue;
        st = rg_pid_list_add(out, pid);
        if (st != RG_OK) {
            rg_err_errno(err, st == RG_ENOMEM ? ENOMEM : E2BIG);
            return st;
        }
    }
}

static enum rg_status live_list_pids(
    struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    struct live_procfs *live = live_from(fs);
    enum rg_status st;

    rg_assert(pthread_mutex_lock(&live->list_lock) == 0);
    st = list_entries(live->list_fd, out, err);
    rg_assert(pthread_mutex_unlock(&live->list_lock) == 0);
    return st;
}

/* These files are produced whole at the first read, so a read that gives less than asked was the
 * last one. Others may pause at a page or at an entry. */
static bool is_whole(const char *name)
{
    static const char *const names[] = {
        "stat", "status", "statm", "cmdline", "comm", "io", "schedstat"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static enum rg_status read_path(
    struct live_procfs *live, const char *path, bool whole, struct rg_buf *out, struct rg_err *err)
{
    int fd = rg_live_open(live->root_fd, path, O_RDONLY, 0);
    enum rg_status st;

    if (fd < 0)
        return rg_err_errno(err, errno);
    st = rg_live_read(fd, whole, out, err);
    close(fd);
    return st;
}

static enum rg_status live_read_pid(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    char path[PID_PATH_MAX];

    build_path(path, pid, name);
    return read_path(live_from(fs), path, is_whole(name), out, err);
}

static enum rg_status live_read_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    return read_path(live_from(fs), path, false, out, err);
}

static enum rg_status live_read_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct live_procfs *live = live_from(fs);
    char path[PID_PATH_MAX];
    char target[LINK_TARGET_MAX + 1]; /* the extra byte tells a fit from a cut */
    enum rg_status st;
    ssize_t n;

    build_path(path, pid, name);
    do
        n = readlinkat(live->root_fd, path, target, sizeof(target));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return rg_err_errno(err, errno);
    st = n > LINK_TARGET_MAX ? RG_ETOOBIG : rg_buf_set(out, target, (size_t)n);
    if (st != RG_OK)
        rg_err_errno(err, st == RG_ENOMEM ? ENOMEM : EFBIG);
    return st;
}

static enum rg_status stat_path(
    struct live_procfs *live, const char *path, struct stat *out, struct rg_err *err)
{
    int failed;

    do
        failed = fstatat(live->root_fd, path, out, AT_SYMLINK_NOFOLLOW);
    while (failed && errno == EINTR);
    return failed ? rg_err_errno(err, errno) : RG_OK;
}

static enum rg_status live_stat_pid(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    char path[PID_PATH_MAX];
    struct stat s;
    enum rg_status st;

    build_path(path, pid, name);
    st = stat_path(live_from(fs), path, &s, err);
    if (st == RG_OK)
        *out = (struct rg_procfs_stat){.mode = s.st_mode, .uid = s.st_uid};
    return st;
}

static enum rg_status count_entries(int fd, int64_t *count, struct rg_err *err)
{
    unsigned char buf[COUNT_BYTES];
    struct rg_live_dir dir = {.fd = fd, .buf = buf, .cap = sizeof(buf)};
    const char *name;
    unsigned char type;
    enum rg_status st;
    int64_t n = 0;

    while ((st = rg_live_dir_next(&dir, &name, &type, err)) == RG_OK)
        n++;
    if (st != RG_EEND)
        return st;
    *count = n;
    return RG_OK;
}

static enum rg_status live_count_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err)
{
    struct live_procfs *live = live_from(fs);
    char path[PID_PATH_MAX];
    struct stat s;
    enum rg_status st;
    int fd;

    build_path(path, pid, "fd");
    st = stat_path(live, path, &s, err);
    if (st != RG_OK)
        return st;
    /* Kernels since 6.2 say the count as the size; 0 is either none or an older kernel. */
    if (live->is_procfs && s.st_size > 0) {
        *count = s.st_size;
        return RG_OK;
    }
    fd = rg_live_open(live->root_fd, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return rg_err_errno(err, errno);
    st = count_entries(fd, count, err);
    close(fd);
    return st;
}

static void live_destroy(struct rg_procfs *fs)
{
    struct live_procfs *live = live_from(fs);

    rg_assert(pthread_mutex_destroy(&live->list_lock) == 0);
    close(live->list_fd);
    close(live->root_fd);
    free(live);
}

static const struct rg_procfs_ops live_procfs_ops = {
    .name = "live",
    .list_pids = live_list_pids,
    .read_pid = live_read_pid,
    .read_link = live_read_link,
    .count_fds = live_count_fds,
    .stat_pid = live_stat_pid,
    .read_host = live_read_host,
    .destroy = live_destroy,
};

enum rg_status rg_live_procfs_create(const char *root, struct rg_procfs **out, struct rg_err *err)
{
    struct live_procfs *live = rg_calloc(1, sizeof(*live));
    struct statfs kind;
    enum rg_status st;

    if (!live)
        return rg_err_errno(err, ENOMEM);
    live->base.ops = &live_procfs_ops;
    live->list_fd = -1;
    live->root_fd = rg_live_open(AT_FDCWD, root, O_PATH | O_DIRECTORY, 0);
    if (live->root_fd < 0 || fstatfs(live->root_fd, &kind) != 0)
        goto failed;
    live->is_procfs = kind.f_type == PROC_MAGIC;
    live->list_fd = rg_live_open(live->root_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    if (live->list_fd < 0)
        goto failed;
    errno = pthread_mutex_init(&live->list_lock, NULL);
    if (errno)
        goto failed;
    *out = &live->base;
    return RG_OK;
failed:
    st = rg_err_errno(err, errno);
    rg_err_prefix(err, "%s", root);
    if (live->list_fd >= 0)
        close(live->list_fd);
    if (live->root_fd >= 0)
        close(live->root_fd);
    free(live);
    return st;
}
