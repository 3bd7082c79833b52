#include "fault_plan.h"

static const struct rg_procfs_ops fault_procfs_ops;

static struct rg_faults *faults_of(struct rg_procfs *fs)
{
    rg_assert(fs->ops == &fault_procfs_ops);
    return ((struct fault_procfs *)fs)->faults;
}

static enum rg_status fault_list_pids(
    struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(fs);
    const struct fault_call call = {.kind = RG_FAULT_LIST, .name = ""};
    enum rg_status st = fault_gate(f, &call, err);

    if (st != RG_OK)
        return st;
    st = rg_procfs_list_pids(f->inner.procfs, out, err);
    return fault_spoil_pids(f, &call, st, out, err);
}

static enum rg_status fault_read_pid(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(fs);
    const struct fault_call call = {.kind = RG_FAULT_READ, .pid = pid, .name = name};
    enum rg_status st = fault_gate(f, &call, err);

    if (st != RG_OK)
        return st;
    st = rg_procfs_read_pid(f->inner.procfs, pid, name, out, err);
    return fault_spoil_text(f, &call, st, out, err);
}

static enum rg_status fault_read_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(fs);
    const struct fault_call call = {.kind = RG_FAULT_LINK, .pid = pid, .name = name};
    enum rg_status st = fault_gate(f, &call, err);

    if (st != RG_OK)
        return st;
    st = rg_procfs_read_link(f->inner.procfs, pid, name, out, err);
    return fault_spoil_text(f, &call, st, out, err);
}

static enum rg_status fault_count_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err)
{
    struct rg_faults *f = faults_of(fs);
    const struct fault_call call = {.kind = RG_FAULT_FDS, .pid = pid, .name = "fd"};
    enum rg_status st = fault_gate(f, &call, err);

    return st == RG_OK ? rg_procfs_count_fds(f->inner.procfs, pid, count, err) : st;
}

static enum rg_status fault_stat_pid(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(fs);
    const struct fault_call call = {.kind = RG_FAULT_STAT, .pid = pid, .name = name};
    enum rg_status st = fault_gate(f, &call, err);

    return st == RG_OK ? rg_procfs_stat_pid(f->inner.procfs, pid, name, out, err) : st;
}

static enum rg_status fault_read_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    struct rg_faults *f = faults_of(fs);
    const struct fault_call call = {.kind = RG_FAULT_HOST_READ, .name = path};
    enum rg_status st = fault_gate(f, &call, err);

    if (st != RG_OK)
        return st;
    st = rg_procfs_read_host(f->inner.procfs, path, out, err);
    return fault_spoil_text(f, &call, st, out, err);
}

/* The shim belongs to the faults. */
static void fault_procfs_destroy(struct rg_procfs *fs)
{
    (void)faults_of(fs);
}

static const struct rg_procfs_ops fault_procfs_ops = {
    .name = "fault",
    .list_pids = fault_list_pids,
    .read_pid = fault_read_pid,
    .read_link = fault_read_link,
    .count_fds = fault_count_fds,
    .stat_pid = fault_stat_pid,
    .read_host = fault_read_host,
    .destroy = fault_procfs_destroy,
};

void fault_procfs_init(struct fault_procfs *shim, struct rg_faults *faults)
{
    *shim = (struct fault_procfs){{&fault_procfs_ops}, faults};
}
