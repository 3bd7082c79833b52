#include "live_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FIRST_READ ((size_t)4096) /* holds nearly every per-process file */
#define LEAST_READ ((size_t)1024) /* below this much room it is better to grow first */

int rg_live_open(int dir, const char *path, int flags, mode_t mode)
{
    int fd;

    do
        fd = openat(dir, path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static ssize_t read_retried(int fd, void *bytes, size_t len)
{
    ssize_t n;

    do
        n = read(fd, bytes, len);
    while (n < 0 && errno == EINTR);
    return n;
}

/* out is full: one more byte tells whether that was all. */
static enum rg_status end_or_too_big(int fd, struct rg_err *err)
{
    char byte;
    ssize_t n = read_retried(fd, &byte, 1);

    if (n == 0)
        return RG_OK;
    if (n < 0)
        return rg_err_errno(err, errno);
    rg_err_errno(err, EFBIG);
    return RG_ETOOBIG;
}

static enum rg_status make_room(struct rg_buf *out, size_t *room, struct rg_err *err)
{
    size_t allowed = out->max - out->len;
    size_t have = out->cap - out->len;
    size_t want = out->len > FIRST_READ ? out->len : FIRST_READ;
    enum rg_status st = RG_OK;

    if (have < (out->len ? LEAST_READ : FIRST_READ) && have < allowed) {
        st = rg_buf_reserve(out, want < allowed ? want : allowed);
        have = out->cap - out->len;
    }
    if (st != RG_OK)
        rg_err_errno(err, ENOMEM);
    *room = have < allowed ? have : allowed;
    return st;
}

enum rg_status rg_live_read(int fd, bool short_ends, struct rg_buf *out, struct rg_err *err)
{
    enum rg_status st = RG_OK;
    size_t room;
    ssize_t n;

    for (;;) {
        if (out->len >= out->max) {
            st = end_or_too_big(fd, err);
            break;
        }
        st = make_room(out, &room, err);
        if (st != RG_OK)
            break;
        n = read_retried(fd, out->data + out->len, room);
        if (n < 0) {
            st = rg_err_errno(err, errno);
            break;
        }
        out->len += (size_t)n;
        if (n == 0 || (short_ends && (size_t)n < room))
            break;
    }
    if (st != RG_OK)
        rg_buf_clear(out);
    return st;
}

enum rg_status rg_live_write(int fd, const void *bytes, size_t len, struct rg_err *err)
{
    const char *rest = bytes;

    while (len) {
        ssize_t n = write(fd, rest, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return rg_err_errno(err, errno);
        rest += n;
        len -= (size_t)n;
    }
    return RG_OK;
}

/* Takes the next raw entry off the buffer. Records are copied out by field: the buffer holds bytes,
 * not structs. */
static const char *take_entry(struct rg_live_dir *dir, unsigned char *type)
{
    const unsigned char *entry = dir->buf + dir->pos;
    unsigned short bytes;

    memcpy(&bytes, entry + offsetof(struct dirent64, d_reclen), sizeof(bytes));
    rg_assert(bytes > offsetof(struct dirent64, d_name) && bytes <= dir->len - dir->pos);
    dir->pos += bytes;
    *type = entry[offsetof(struct dirent64, d_type)];
    return (const char *)entry + offsetof(struct dirent64, d_name);
}

enum rg_status rg_live_dir_next(
    struct rg_live_dir *dir, const char **name, unsigned char *type, struct rg_err *err)
{
    for (;;) {
        const char *found;

        if (dir->pos == dir->len) {
            ssize_t n;

            do
                n = getdents64(dir->fd, dir->buf, dir->cap);
            while (n < 0 && errno == EINTR);
            if (n < 0)
                return rg_err_errno(err, errno);
            if (n == 0)
                return RG_EEND;
            dir->pos = 0;
            dir->len = (size_t)n;
        }
        found = take_entry(dir, type);
        if (strcmp(found, ".") == 0 || strcmp(found, "..") == 0)
            continue;
        *name = found;
        return RG_OK;
    }
}
