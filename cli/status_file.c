#include "status_file.h"

#include "cli.h"
#include "rg/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DOCUMENT_MAX ((size_t)64 << 20) /* RG_OUTPUT_BYTES_MAX */
#define FILE_NAME    "status.json"
#define FILE_NEW     "status.json.new"
#define LOCK_NAME    "agent.lock"

#define LOCK_TRIES    5
#define LOCK_PAUSE_NS 20000000L

struct status_file {
    pthread_mutex_t mutex;
    char *dir;
    int dir_fd, lock_fd; /* -1: memory only */
    bool told;           /* that writing fails */
    struct rg_buf last;
};

static enum rg_status open_dir(struct status_file *file, struct rg_err *err)
{
    if (mkdir(file->dir, 0700) != 0 && errno != EEXIST)
        return rg_err_errno(err, errno);
    file->dir_fd = open(file->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return file->dir_fd >= 0 ? RG_OK : rg_err_errno(err, errno);
}

static enum rg_status take_lock(struct status_file *file, struct rg_err *err)
{
    const struct timespec pause = {0, LOCK_PAUSE_NS};
    char pid[24];
    int len, tries = LOCK_TRIES;

    file->lock_fd =
        openat(file->dir_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->lock_fd < 0)
        return rg_err_errno(err, errno);
    while (flock(file->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        enum rg_status st = rg_err_errno(err, errno);

        if (err->errnum != EWOULDBLOCK)
            return st;
        if (tries-- == 0) {
            rg_err_set(err, "another agent runs with this folder");
            return st;
        }
        nanosleep(&pause, NULL); /* whoever asks for the status holds it for a moment */
    }
    len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(file->lock_fd, 0) != 0 || pwrite(file->lock_fd, pid, (size_t)len, 0) != len)
        return rg_err_errno(err, errno);
    if (unlinkat(file->dir_fd, FILE_NAME, 0) != 0 && errno != ENOENT)
        return rg_err_errno(err, errno);
    return RG_OK;
}

static void close_all(struct status_file *file)
{
    if (file->lock_fd >= 0)
        close(file->lock_fd);
    if (file->dir_fd >= 0)
        close(file->dir_fd);
    file->lock_fd = file->dir_fd = -1;
}

enum rg_status status_file_create(const char *dir, struct status_file **out)
{
    struct status_file *file = rg_calloc(1, sizeof(*file));
    struct rg_err err = {0};
    enum rg_status st;

    if (!file)
        return RG_ENOMEM;
    file->dir_fd = file->lock_fd = -1;
    file->dir = rg_memdup0(dir, strlen(dir));
    if (!file->dir || pthread_mutex_init(&file->mutex, NULL) != 0) {
        free(file->dir);
        free(file);
        return RG_ENOMEM;
    }
    rg_buf_init(&file->last, DOCUMENT_MAX);
    st = open_dir(file, &err);
    if (st == RG_OK)
        st = take_lock(file, &err);
    if (st != RG_OK) {
        cli_say("warning: no status is written: %s: %s", dir, rg_err_text(&err, st));
        close_all(file);
    }
    *out = file;
    return RG_OK;
}

/* Readers see the old document or the new one. */
static enum rg_status write_document(
    struct status_file *file, struct rg_str document, struct rg_err *err)
{
    int fd =
        openat(file->dir_fd, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return rg_err_errno(err, errno);
    while (document.len > 0) {
        ssize_t n = write(fd, document.ptr, document.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            enum rg_status st = rg_err_errno(err, n < 0 ? errno : EIO);

            close(fd);
            return st;
        }
        document.ptr += n;
        document.len -= (size_t)n;
    }
    if (close(fd) != 0 || renameat(file->dir_fd, FILE_NEW, file->dir_fd, FILE_NAME) != 0)
        return rg_err_errno(err, errno);
    return RG_OK;
}

void status_file_put(struct status_file *file, struct rg_str document)
{
    struct rg_err err = {0};
    enum rg_status st;

    pthread_mutex_lock(&file->mutex);
    rg_ignore(rg_buf_set(&file->last, document.ptr, document.len), "the one before stays or none");
    if (file->dir_fd >= 0) {
        st = write_document(file, document, &err);
        if (st != RG_OK && !file->told)
            cli_say("warning: cannot write the status: %s: %s", file->dir, rg_err_text(&err, st));
        file->told = st != RG_OK;
    }
    pthread_mutex_unlock(&file->mutex);
}

enum rg_status status_file_last(struct status_file *file, struct rg_buf *out)
{
    enum rg_status st;

    pthread_mutex_lock(&file->mutex);
    st = rg_buf_set(out, file->last.data, file->last.len);
    pthread_mutex_unlock(&file->mutex);
    return st;
}

void status_file_destroy(struct status_file *file)
{
    if (!file)
        return;
    close_all(file);
    rg_buf_finish(&file->last);
    pthread_mutex_destroy(&file->mutex);
    free(file->dir);
    free(file);
}

/* Whoever cannot look at the lock goes by the document alone. */
static bool locked(int dir_fd)
{
    int fd = openat(dir_fd, LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool held;

    if (fd < 0)
        return errno == EACCES;
    held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return held;
}

static enum rg_status read_all(int fd, struct rg_buf *out, struct rg_err *err)
{
    enum rg_status st;
    ssize_t n;

    rg_buf_clear(out);
    do {
        st = rg_buf_reserve(out, 65536);
        if (st != RG_OK)
            return st;
        n = read(fd, out->data + out->len, 65536);
        if (n > 0)
            out->len += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n == 0 ? RG_OK : rg_err_errno(err, errno);
}

enum rg_status status_file_read(
    const char *dir, struct rg_buf *out, bool *alive, struct rg_err *err)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
    enum rg_status st;

    *alive = false;
    if (dir_fd < 0) {
        st = rg_err_errno(err, errno);
        rg_err_prefix(err, "%s", dir);
        return st;
    }
    *alive = locked(dir_fd);
    fd = openat(dir_fd, FILE_NAME, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        st = rg_err_errno(err, errno);
    } else {
        st = read_all(fd, out, err);
        close(fd);
    }
    close(dir_fd);
    if (st != RG_OK)
        rg_err_prefix(err, "%s/" FILE_NAME, dir);
    return st;
}
