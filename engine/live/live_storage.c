/* Storage in directories: BASE/NAMESPACE/NAME.
 *
 * A put writes a file with a name that no object can have (it starts with '.'), then renames it.
 * What a crash leaves under such names is removed when the storage is opened, and only by one who
 * can lock BASE for himself: everybody who has it open holds the lock shared, so nobody's put is
 * under way then. */
#include "live_io.h"
#include "rg/base/mem.h"
#include "rg/live.h"
#include "rg/ops/storage_ops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_PREFIX   ".put-"
#define TEMP_NAME_MAX 64
#define TEMP_TRIES    1000 /* names taken by leftovers of a process with our number */
#define DIR_BYTES     8192

struct live_storage {
    struct rg_storage base;
    int base_fd;
    atomic_uint_fast64_t puts; /* makes temporary names differ */
};

static const struct rg_storage_ops live_storage_ops;

static struct live_storage *live_from(struct rg_storage *storage)
{
    rg_assert(storage->ops == &live_storage_ops);
    return (struct live_storage *)storage;
}

static enum rg_status fail(struct rg_err *err, int errnum, const char *ns, const char *name)
{
    enum rg_status st = rg_err_errno(err, errnum);

    rg_err_prefix(err, "%s/%s", ns, name);
    return st;
}

static int open_namespace(const struct live_storage *live, const char *ns)
{
    return rg_live_open(live->base_fd, ns, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
}

/* A rename or removal is durable once its directory is. Some file systems cannot sync one; they
 * promise nothing that could be kept. */
static int sync_directory(int fd)
{
    if (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP)
        return 0;
    return errno;
}

static enum rg_status read_object(int fd, struct rg_buf *out, struct rg_err *err)
{
    struct stat s;
    enum rg_status st;

    if (fstat(fd, &s) != 0)
        return rg_err_errno(err, errno);
    if (!S_ISREG(s.st_mode)) {
        rg_err_set(err, "not a regular file");
        return RG_EIO;
    }
    if ((uint64_t)s.st_size > out->max) {
        rg_err_errno(err, EFBIG);
        return RG_ETOOBIG;
    }
    st = rg_buf_reserve(out, (size_t)s.st_size);
    if (st != RG_OK) {
        rg_err_errno(err, ENOMEM);
        return st;
    }
    return rg_live_read(fd, false, out, err);
}

static enum rg_status live_get(struct rg_storage *storage, const char *ns, const char *name,
    struct rg_buf *out, struct rg_err *err)
{
    int dir = open_namespace(live_from(storage), ns);
    enum rg_status st;
    int fd;

    if (dir < 0)
        return fail(err, errno, ns, name);
    fd = rg_live_open(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        st = fail(err, errno, ns, name);
        close(dir);
        return st;
    }
    st = read_object(fd, out, err);
    if (st != RG_OK)
        rg_err_prefix(err, "%s/%s", ns, name);
    close(fd);
    close(dir);
    return st;
}

/* Opens the directory of a namespace, made if need be. A descriptor, or -1 and errno. */
static int make_namespace(const struct live_storage *live, const char *ns)
{
    int errnum;

    if (mkdirat(live->base_fd, ns, 0700) == 0) {
        errnum = sync_directory(live->base_fd);
        if (errnum) {
            errno = errnum;
            return -1;
        }
    } else if (errno != EEXIST) {
        return -1;
    }
    return open_namespace(live, ns);
}

static int open_temp(struct live_storage *live, int dir, char *temp)
{
    int fd = -1;

    for (int tries = 0; tries < TEMP_TRIES && fd < 0; tries++) {
        uint64_t n = atomic_fetch_add(&live->puts, 1);

        snprintf(
            temp, TEMP_NAME_MAX, TEMP_PREFIX "%ld-%llu", (long)getpid(), (unsigned long long)n);
        fd = rg_live_open(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (fd < 0 && errno != EEXIST)
            return -1;
    }
    return fd;
}

/* Writes bytes under the name temp and makes them durable. */
static enum rg_status fill_temp(int fd, const void *bytes, size_t len, struct rg_err *err)
{
    enum rg_status st = rg_live_write(fd, bytes, len, err);

    if (st == RG_OK && fsync(fd) != 0)
        st = rg_err_errno(err, errno);
    /* Network file systems report a full disk only here. */
    if (close(fd) != 0 && st == RG_OK)
        st = rg_err_errno(err, errno);
    return st;
}

static enum rg_status put_in(struct live_storage *live, int dir, const char *name,
    const void *bytes, size_t len, struct rg_err *err)
{
    char temp[TEMP_NAME_MAX];
    enum rg_status st;
    int fd = open_temp(live, dir, temp);
    int errnum;

    if (fd < 0)
        return rg_err_errno(err, errno);
    st = fill_temp(fd, bytes, len, err);
    if (st == RG_OK && renameat(dir, temp, dir, name) != 0)
        st = rg_err_errno(err, errno);
    if (st != RG_OK) {
        rg_ignore(unlinkat(dir, temp, 0), "the next opening removes it");
        return st;
    }
    errnum = sync_directory(dir);
    return errnum ? rg_err_errno(err, errnum) : RG_OK;
}

static enum rg_status live_put(struct rg_storage *storage, const char *ns, const char *name,
    const void *bytes, size_t len, struct rg_err *err)
{
    struct live_storage *live = live_from(storage);
    int dir = make_namespace(live, ns);
    enum rg_status st;

    if (dir < 0) {
        st = fail(err, errno, ns, name);
    } else {
        st = put_in(live, dir, name, bytes, len, err);
        if (st != RG_OK)
            rg_err_prefix(err, "%s/%s", ns, name);
        close(dir);
    }
    /* A base directory that vanished is a failure to write, not an absent object. */
    return st == RG_ENOTFOUND || st == RG_EACCES ? RG_EIO : st;
}

static enum rg_status live_remove(
    struct rg_storage *storage, const char *ns, const char *name, struct rg_err *err)
{
    int dir = open_namespace(live_from(storage), ns);
    enum rg_status st = RG_OK;
    int errnum;

    if (dir < 0)
        return fail(err, errno, ns, name);
    errnum = unlinkat(dir, name, 0) == 0 ? sync_directory(dir) : errno;
    if (errnum)
        st = fail(err, errnum, ns, name);
    close(dir);
    return st;
}

static bool is_regular(int dir, const char *name, unsigned char type)
{
    struct stat s;

    if (type != DT_UNKNOWN)
        return type == DT_REG;
    return fstatat(dir, name, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(s.st_mode);
}

static enum rg_status list_dir(int fd, struct rg_storage_list *out, struct rg_err *err)
{
    unsigned char buf[DIR_BYTES];
    struct rg_live_dir dir = {.fd = fd, .buf = buf, .cap = sizeof(buf)};
    const char *name;
    unsigned char type;
    enum rg_status st;

    while ((st = rg_live_dir_next(&dir, &name, &type, err)) == RG_OK) {
        if (!rg_storage_name_ok(name) || !is_regular(fd, name, type))
            continue;
        st = rg_storage_list_add(out, name);
        if (st != RG_OK) {
            rg_err_errno(err, st == RG_ENOMEM ? ENOMEM : E2BIG);
            return st;
        }
    }
    return st == RG_EEND ? RG_OK : st;
}

static enum rg_status live_list(
    struct rg_storage *storage, const char *ns, struct rg_storage_list *out, struct rg_err *err)
{
    int dir = open_namespace(live_from(storage), ns);
    enum rg_status st;

    if (dir < 0 && errno == ENOENT)
        return RG_OK;
    st = dir < 0 ? rg_err_errno(err, errno) : list_dir(dir, out, err);
    if (st != RG_OK)
        rg_err_prefix(err, "%s", ns);
    if (dir >= 0)
        close(dir);
    return st;
}

static void clean_namespace(int fd)
{
    unsigned char buf[DIR_BYTES];
    struct rg_live_dir dir = {.fd = fd, .buf = buf, .cap = sizeof(buf)};
    const char *name;
    unsigned char type;

    while (rg_live_dir_next(&dir, &name, &type, NULL) == RG_OK) {
        if (strncmp(name, TEMP_PREFIX, strlen(TEMP_PREFIX)) == 0)
            rg_ignore(unlinkat(fd, name, 0), "a leftover does no harm");
    }
}

static void clean(const struct live_storage *live)
{
    unsigned char buf[DIR_BYTES];
    struct rg_live_dir dir = {.buf = buf, .cap = sizeof(buf)};
    const char *ns;
    unsigned char type;

    dir.fd = rg_live_open(live->base_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    if (dir.fd < 0)
        return;
    while (rg_live_dir_next(&dir, &ns, &type, NULL) == RG_OK) {
        int fd = rg_storage_name_ok(ns) ? open_namespace(live, ns) : -1;

        if (fd >= 0) {
            clean_namespace(fd);
            close(fd);
        }
    }
    close(dir.fd);
}

/* File systems without locks get no cleaning, which costs only space. */
static void lock_and_clean(const struct live_storage *live)
{
    int failed;

    if (flock(live->base_fd, LOCK_EX | LOCK_NB) == 0)
        clean(live);
    do
        failed = flock(live->base_fd, LOCK_SH);
    while (failed && errno == EINTR);
}

static void live_destroy(struct rg_storage *storage)
{
    struct live_storage *live = live_from(storage);

    close(live->base_fd);
    free(live);
}

static const struct rg_storage_ops live_storage_ops = {
    .name = "live",
    .get = live_get,
    .put = live_put,
    .remove = live_remove,
    .list = live_list,
    .destroy = live_destroy,
};

enum rg_status rg_live_storage_create(const char *path, struct rg_storage **out, struct rg_err *err)
{
    struct live_storage *live = rg_calloc(1, sizeof(*live));
    enum rg_status st;

    if (!live)
        return rg_err_errno(err, ENOMEM);
    live->base.ops = &live_storage_ops;
    live->base_fd = -1;
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        live->base_fd = rg_live_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (live->base_fd < 0) {
        st = rg_err_errno(err, errno);
        rg_err_prefix(err, "%s", path);
        free(live);
        return st;
    }
    lock_and_clean(live);
    *out = &live->base;
    return RG_OK;
}
