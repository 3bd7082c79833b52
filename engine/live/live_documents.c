#include "live_documents.h"

#include "live_io.h"
#include "rg/backend/host.h"
#include "rg/base/mem.h"
#include "rg/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_BYTES 32768

/* Names while they are collected: each ended by NUL, in the order of the directory. */
struct listing {
    struct rg_buf names;
    size_t count;
};

static enum rg_status add_name(
    struct listing *l, const char *prefix, const char *folder, const char *name)
{
    enum rg_status st = rg_buf_printf(
        &l->names, "%s/%s%s%s", prefix, folder ? folder : "", folder ? "/" : "", name);

    if (st == RG_OK)
        st = rg_buf_byte(&l->names, 0);
    if (st == RG_OK)
        l->count++;
    return st;
}

/* What a name is, links followed: S_IFREG, S_IFDIR, or 0 for what is neither or went away. */
static mode_t kind_of(int dir, const char *name, unsigned char type)
{
    struct stat st;

    if (type == DT_REG || type == DT_DIR)
        return type == DT_REG ? S_IFREG : S_IFDIR;
    if (fstatat(dir, name, &st, 0) != 0)
        return 0;
    return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? st.st_mode & S_IFMT : 0;
}

static enum rg_status list_folder(
    struct listing *l, const char *prefix, const char *folder, int fd, struct rg_err *err);

static enum rg_status list_below(
    struct listing *l, const char *prefix, const char *name, int dir, struct rg_err *err)
{
    int fd = rg_live_open(dir, name, O_RDONLY | O_DIRECTORY, 0);
    enum rg_status st;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return RG_OK; /* it went away */
    if (fd < 0 && errno == EACCES)
        return add_name(l, prefix, name, ""); /* the others are not to suffer */
    if (fd < 0) {
        st = rg_err_errno(err, errno);
        rg_err_prefix(err, "%s", name);
        return st;
    }
    st = list_folder(l, prefix, name, fd, err);
    close(fd);
    return st;
}

static enum rg_status list_folder(
    struct listing *l, const char *prefix, const char *folder, int fd, struct rg_err *err)
{
    struct rg_live_dir dir = {.fd = fd, .buf = rg_calloc(DIR_BYTES, 1), .cap = DIR_BYTES};
    const char *name;
    unsigned char type;
    enum rg_status st = dir.buf ? RG_OK : rg_err_errno(err, ENOMEM);

    while (st == RG_OK) {
        mode_t kind;

        st = rg_live_dir_next(&dir, &name, &type, err);
        if (st != RG_OK)
            break;
        kind = kind_of(fd, name, type);
        if (kind == S_IFREG)
            st = add_name(l, prefix, folder, name);
        else if (kind == S_IFDIR && !folder)
            st = list_below(l, prefix, name, fd, err);
    }
    free(dir.buf);
    return st == RG_EEND ? RG_OK : st;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum rg_status put_sorted(const struct listing *l, struct rg_buf *out)
{
    const char **sorted = rg_calloc(l->count ? l->count : 1, sizeof(*sorted));
    const char *at = (const char *)l->names.data;
    enum rg_status st = RG_OK;

    if (!sorted)
        return RG_ENOMEM;
    for (size_t i = 0; i < l->count; i++, at += strlen(at) + 1)
        sorted[i] = at;
    qsort(sorted, l->count, sizeof(*sorted), compare_names);
    for (size_t i = 0; i < l->count && st == RG_OK; i++)
        st = rg_buf_append(out, sorted[i], strlen(sorted[i]) + 1);
    free(sorted);
    return st;
}

enum rg_status rg_live_documents_list(
    const char *path, const char *folder, struct rg_buf *out, struct rg_err *err)
{
    struct listing l = {.count = 0};
    int fd = rg_live_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    enum rg_status st;

    if (fd < 0)
        return rg_err_errno(err, errno == ENOTDIR ? ENOENT : errno);
    rg_buf_init(&l.names, out->max < RG_HOST_DOCUMENT_MAX ? out->max : RG_HOST_DOCUMENT_MAX);
    st = list_folder(&l, folder, NULL, fd, err);
    close(fd);
    if (st == RG_OK)
        st = put_sorted(&l, out);
    rg_buf_finish(&l.names);
    return st;
}

bool rg_live_documents_name(const char *name)
{
    struct rg_str rest = rg_str_from(name), part;

    if (!name[0] || name[strlen(name) - 1] == '/')
        return false;
    while (rg_str_split(&rest, '/', &part)) {
        if (part.len == 0 || rg_str_is(part, ".") || rg_str_is(part, ".."))
            return false;
    }
    return true;
}
