#include "fault_backends.h"

/* Counts a call. True: this is the one that fails. */
static bool fails(struct fault_backends *f)
{
    if (++f->calls != f->fail_at)
        return false;
    f->fired = true;
    return true;
}

static struct fault_backends *of_procfs(struct rg_procfs *fs)
{
    return ((struct fault_procfs *)fs)->faults;
}

static enum rg_status fault_list(struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    struct fault_backends *f = of_procfs(fs);

    return fails(f) ? rg_err_errno(err, f->errnum) : rg_procfs_list_pids(f->inner.procfs, out, err);
}

static enum rg_status fault_read(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct fault_backends *f = of_procfs(fs);

    return fails(f) ? rg_err_errno(err, f->errnum)
                    : rg_procfs_read_pid(f->inner.procfs, pid, name, out, err);
}

static enum rg_status fault_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct fault_backends *f = of_procfs(fs);

    return fails(f) ? rg_err_errno(err, f->errnum)
                    : rg_procfs_read_link(f->inner.procfs, pid, name, out, err);
}

static enum rg_status fault_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err)
{
    struct fault_backends *f = of_procfs(fs);

    return fails(f) ? rg_err_errno(err, f->errnum)
                    : rg_procfs_count_fds(f->inner.procfs, pid, count, err);
}

static enum rg_status fault_stat(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    struct fault_backends *f = of_procfs(fs);

    return fails(f) ? rg_err_errno(err, f->errnum)
                    : rg_procfs_stat_pid(f->inner.procfs, pid, name, out, err);
}

static enum rg_status fault_read_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    struct fault_backends *f = of_procfs(fs);

    return fails(f) ? rg_err_errno(err, f->errnum)
                    : rg_procfs_read_host(f->inner.procfs, path, out, err);
}

static struct fault_backends *of_host(struct rg_host *host)
{
    return ((struct fault_host *)host)->faults;
}

static enum rg_status fault_facts(
    struct rg_host *host, struct rg_host_facts *out, struct rg_err *err)
{
    struct fault_backends *f = of_host(host);

    return fails(f) ? rg_err_errno(err, f->errnum) : rg_host_facts(f->inner.host, out, err);
}

static enum rg_status fault_user(
    struct rg_host *host, uint32_t uid, struct rg_buf *out, struct rg_err *err)
{
    struct fault_backends *f = of_host(host);

    return fails(f) ? rg_err_errno(err, f->errnum)
                    : rg_host_user_name(f->inner.host, uid, out, err);
}

static enum rg_status fault_env(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct fault_backends *f = of_host(host);

    return fails(f) ? rg_err_errno(err, f->errnum) : rg_host_env(f->inner.host, name, out, err);
}

static enum rg_status fault_document(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct fault_backends *f = of_host(host);

    return fails(f) ? rg_err_errno(err, f->errnum)
                    : rg_host_document(f->inner.host, name, out, err);
}

/* A receiver that fails says so in words. */
static enum rg_status fault_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct fault_backends *f = ((struct fault_sink *)sink)->faults;

    if (fails(f)) {
        rg_err_set(err, "the receiver fails");
        return RG_EIO;
    }
    return rg_sink_emit(f->inner.sink, output, response, err);
}

/* The shims belong to the test. */
static void keep_procfs(struct rg_procfs *fs)
{
    (void)fs;
}

static void keep_host(struct rg_host *host)
{
    (void)host;
}

static void keep_sink(struct rg_sink *sink)
{
    (void)sink;
}

static const struct rg_procfs_ops fault_procfs_ops = {
    .name = "fault",
    .list_pids = fault_list,
    .read_pid = fault_read,
    .read_link = fault_link,
    .count_fds = fault_fds,
    .stat_pid = fault_stat,
    .read_host = fault_read_host,
    .destroy = keep_procfs,
};

static const struct rg_host_ops fault_host_ops = {
    .name = "fault",
    .facts = fault_facts,
    .user_name = fault_user,
    .env = fault_env,
    .document = fault_document,
    .destroy = keep_host,
};

static const struct rg_sink_ops fault_sink_ops = {
    .name = "fault",
    .emit = fault_emit,
    .destroy = keep_sink,
};

void fault_backends_init(struct fault_backends *f, const struct rg_backends *inner)
{
    *f = (struct fault_backends){.inner = *inner, .outer = *inner};
    f->procfs = (struct fault_procfs){{&fault_procfs_ops}, f};
    f->host = (struct fault_host){{&fault_host_ops}, f};
    f->sink = (struct fault_sink){{&fault_sink_ops}, f};
    f->outer.procfs = &f->procfs.base;
    f->outer.host = &f->host.base;
    f->outer.sink = &f->sink.base;
}
