#include "counting_procfs.h"

static struct counting_procfs *counting_from(struct rg_procfs *fs);

static enum rg_status count(
    struct counting_procfs *c, enum rg_status st, int calls, const struct rg_buf *out)
{
    c->system_calls += st == RG_OK ? calls : 1;
    c->failures += st != RG_OK;
    c->bytes += st == RG_OK && out ? (int64_t)out->len : 0;
    return st;
}

static enum rg_status count_list(struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    struct counting_procfs *c = counting_from(fs);
    enum rg_status st = rg_procfs_list_pids(c->inner, out, err);

    c->listed = out->count;
    return st;
}

static enum rg_status count_read(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct counting_procfs *c = counting_from(fs);

    return count(c, rg_procfs_read_pid(c->inner, pid, name, out, err), 3, out);
}

static enum rg_status count_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct counting_procfs *c = counting_from(fs);

    return count(c, rg_procfs_read_link(c->inner, pid, name, out, err), 1, out);
}

static enum rg_status count_count_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *fds, struct rg_err *err)
{
    struct counting_procfs *c = counting_from(fs);

    return count(c, rg_procfs_count_fds(c->inner, pid, fds, err), 1, NULL);
}

static enum rg_status count_stat(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    struct counting_procfs *c = counting_from(fs);

    return count(c, rg_procfs_stat_pid(c->inner, pid, name, out, err), 1, NULL);
}

static enum rg_status count_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    return rg_procfs_read_host(counting_from(fs)->inner, path, out, err);
}

static void count_destroy(struct rg_procfs *fs)
{
    (void)fs; /* storage and inner belong to the caller */
}

static const struct rg_procfs_ops counting_ops = {
    .name = "counting",
    .list_pids = count_list,
    .read_pid = count_read,
    .read_link = count_link,
    .count_fds = count_count_fds,
    .stat_pid = count_stat,
    .read_host = count_host,
    .destroy = count_destroy,
};

static struct counting_procfs *counting_from(struct rg_procfs *fs)
{
    rg_assert(fs->ops == &counting_ops);
    return (struct counting_procfs *)fs;
}

void counting_procfs_init(struct counting_procfs *c, struct rg_procfs *inner)
{
    *c = (struct counting_procfs){.base = {&counting_ops}, .inner = inner};
}
