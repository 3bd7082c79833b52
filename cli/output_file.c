#include "output_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum rg_status output_file_check(const char *path, bool force, struct rg_err *err)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        if (errno == ENOENT)
            return RG_OK; /* a missing folder is reported by who opens the file */
        return rg_err_errno(err, errno);
    }
    if (S_ISDIR(st.st_mode)) {
        rg_err_set(err, "is a directory");
        return RG_EIO;
    }
    if (!force) {
        rg_err_set(err, "exists already; --force replaces it");
        return RG_EIO;
    }
    return RG_OK;
}

bool output_file_same(const char *a, const char *b)
{
    struct stat first, second;

    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

bool output_file_named(const struct rg_err *err, const char *path)
{
    return strstr(err->text, path) != NULL;
}
