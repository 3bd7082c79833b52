/* Descriptors for the live backends: retried calls, bounded reads, directory entries without an
 * allocation. Failures set only err->errnum, as rg_err_errno does. */
#ifndef RG_LIVE_IO_H
#define RG_LIVE_IO_H

#include "rg/base/buf.h"

#include <sys/types.h>

/* openat with O_CLOEXEC, again after EINTR. A descriptor, or -1 and errno. */
int rg_live_open(int dir, const char *path, int flags, mode_t mode);

/* Appends the rest of fd to out. short_ends: a read that gives less than asked was the last one,
 * which saves the call that would answer 0.
 *   RG_ETOOBIG  there is more than out->max; out is empty
 *   RG_EACCES, RG_ENOTFOUND, RG_EIO, RG_ENOMEM  out is empty */
RG_NODISCARD enum rg_status rg_live_read(
    int fd, bool short_ends, struct rg_buf *out, struct rg_err *err);

/* Writes all len bytes. RG_EIO, RG_EACCES: some may have been written. */
RG_NODISCARD enum rg_status rg_live_write(
    int fd, const void *bytes, size_t len, struct rg_err *err);

/* Entries of an open directory, "." and ".." left out. Fill fd, buf and cap; zero the rest. */
struct rg_live_dir {
    int fd;             /* borrowed */
    unsigned char *buf; /* borrowed */
    size_t cap;         /* bytes; at least 512 */
    size_t pos;
    size_t len;
};

/*   RG_OK    *name is valid until the next call, *type is a DT_ constant
 *   RG_EEND  no more entries
 *   RG_EACCES, RG_ENOTFOUND, RG_EIO  the directory cannot be read */
RG_NODISCARD enum rg_status rg_live_dir_next(
    struct rg_live_dir *dir, const char **name, unsigned char *type, struct rg_err *err);

#endif
