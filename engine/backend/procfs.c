#include "rg/base/mem.h"
#include "rg/ops/procfs_ops.h"

#include <stdlib.h>
#include <string.h>

static bool name_ok(const char *name)
{
    return name[0] && strlen(name) < RG_PROCFS_NAME_MAX && !strchr(name, '/') &&
           strcmp(name, "..") != 0 && strcmp(name, ".") != 0;
}

void rg_pid_list_finish(struct rg_pid_list *list)
{
    free(list->pids);
    *list = (struct rg_pid_list){0};
}

enum rg_status rg_pid_list_add(struct rg_pid_list *list, int32_t pid)
{
    void *pids = list->pids;
    enum rg_status st =
        rg_grow(&pids, &list->cap, list->count + 1, sizeof(*list->pids), RG_PIDS_MAX);

    list->pids = pids;
    if (st == RG_OK)
        list->pids[list->count++] = pid;
    return st;
}

static int compare_pids(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

void rg_pid_list_sort(struct rg_pid_list *list)
{
    size_t kept = 0;
    bool sorted = true;

    for (size_t i = 1; i < list->count && sorted; i++)
        sorted = list->pids[i - 1] < list->pids[i];
    if (sorted)
        return;
    qsort(list->pids, list->count, sizeof(*list->pids), compare_pids);
    for (size_t i = 0; i < list->count; i++) {
        if (kept == 0 || list->pids[kept - 1] != list->pids[i])
            list->pids[kept++] = list->pids[i];
    }
    list->count = kept;
}

enum rg_status rg_procfs_list_pids(
    struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    enum rg_status st;

    out->count = 0;
    st = fs->ops->list_pids(fs, out, err);
    if (st == RG_OK)
        rg_pid_list_sort(out);
    else
        out->count = 0;
    return st;
}

enum rg_status rg_procfs_read_pid(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    rg_assert(pid > 0 && name_ok(name) && out->max > 0);
    rg_buf_clear(out);
    return fs->ops->read_pid(fs, pid, name, out, err);
}

enum rg_status rg_procfs_read_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    rg_assert(pid > 0 && name_ok(name) && out->max > 0);
    rg_buf_clear(out);
    return fs->ops->read_link(fs, pid, name, out, err);
}

enum rg_status rg_procfs_count_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err)
{
    rg_assert(pid > 0);
    return fs->ops->count_fds(fs, pid, count, err);
}

enum rg_status rg_procfs_stat_pid(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    rg_assert(pid > 0 && name_ok(name));
    return fs->ops->stat_pid(fs, pid, name, out, err);
}

enum rg_status rg_procfs_read_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    rg_assert(
        path[0] && path[0] != '/' && !strstr(path, "..") && strlen(path) < RG_PROCFS_NAME_MAX);
    rg_buf_clear(out);
    return fs->ops->read_host(fs, path, out, err);
}

void rg_procfs_destroy(struct rg_procfs *fs)
{
    if (fs)
        fs->ops->destroy(fs);
}
