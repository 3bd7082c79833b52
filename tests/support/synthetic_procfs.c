#include "synthetic_procfs.h"
#include "rg/ops/procfs_ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PID 100
#define TICKS     100

struct synthetic {
    struct rg_procfs base; /* first: rg_procfs pointers are cast back */
    struct synthetic_procfs_options options;
};

static const struct rg_procfs_ops synthetic_ops;

static struct synthetic *from(struct rg_procfs *fs)
{
    rg_assert(fs->ops == &synthetic_ops);
    return (struct synthetic *)fs;
}

static int64_t now_ticks(const struct synthetic *s)
{
    return rg_runtime_mono(s->options.clock).ns / (RG_NS_PER_S / TICKS);
}

static bool is_active(const struct synthetic *s, int32_t pid)
{
    return s->options.active_every && pid % s->options.active_every == 0;
}

/* How much a process has run, in ticks. */
static int64_t work(const struct synthetic *s, int32_t pid)
{
    return is_active(s, pid) ? now_ticks(s) / 7 + pid : pid;
}

static bool exists(const struct synthetic *s, int32_t pid)
{
    return pid >= FIRST_PID && pid < FIRST_PID + s->options.process_count;
}

static enum rg_status list_pids(struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    struct synthetic *s = from(fs);
    enum rg_status st = RG_OK;

    (void)err;
    for (int32_t i = 0; i < s->options.process_count && st == RG_OK; i++)
        st = rg_pid_list_add(out, FIRST_PID + i);
    return st;
}

static enum rg_status put_stat(const struct synthetic *s, int32_t pid, struct rg_buf *out)
{
    long long w = (long long)work(s, pid);

    return rg_buf_printf(out,
        "%d (worker-%d) S 1 %d %d 0 -1 4194560 %lld 0 12 0 %lld %lld 0 0 20 0 1 0 %d 12345344 %d "
        "18446744073709551615 94000000000000 94000000100000 140720000000000 0 0 0 0 4096 0 0 0 0 "
        "17 1 0 0 0 0 0 94000000200000 94000000300000 94000001000000 140720000001000 "
        "140720000001100 140720000001100 140720000001200 0\n",
        pid, pid, pid, pid, w * 3, w, w / 2, 1000 + pid, 900 + pid % 50);
}

static enum rg_status put_status(const struct synthetic *s, int32_t pid, struct rg_buf *out)
{
    long long w = (long long)work(s, pid);

    return rg_buf_printf(out,
        "Name:\tworker-%d\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\n"
        "PPid:\t1\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\n"
        "FDSize:\t64\nGroups:\t1000 \nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n"
        "VmPeak:\t   12100 kB\nVmSize:\t   12056 kB\nVmLck:\t       0 kB\nVmPin:\t       0 kB\n"
        "VmHWM:\t    3700 kB\nVmRSS:\t    %d kB\nRssAnon:\t    1200 kB\nRssFile:\t    2400 kB\n"
        "RssShmem:\t       0 kB\nVmData:\t    2000 kB\nVmStk:\t     132 kB\nVmExe:\t     100 kB\n"
        "VmLib:\t    1800 kB\nVmPTE:\t      60 kB\nVmSwap:\t       0 kB\nCoreDumping:\t0\n"
        "THP_enabled:\t1\nThreads:\t1\nSigQ:\t0/95000\nSigPnd:\t0000000000000000\n"
        "ShdPnd:\t0000000000000000\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001000\n"
        "SigCgt:\t0000000180004002\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
        "CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\n"
        "NoNewPrivs:\t0\nSeccomp:\t0\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n"
        "Mems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\n"
        "voluntary_ctxt_switches:\t%lld\nnonvoluntary_ctxt_switches:\t%lld\n",
        pid, pid, pid, pid, pid, pid, pid, (900 + pid % 50) * 4, w * 5, w);
}

static enum rg_status put_cmdline(int32_t pid, struct rg_buf *out)
{
    enum rg_status st = rg_buf_printf(out, "/usr/bin/worker-%d", pid % 20);

    if (st == RG_OK)
        st = rg_buf_byte(out, 0);
    if (st == RG_OK)
        st = rg_buf_printf(out, "--instance=%d", pid);
    return st == RG_OK ? rg_buf_byte(out, 0) : st;
}

static enum rg_status read_pid(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct synthetic *s = from(fs);
    long long w = (long long)work(s, pid);

    if (!exists(s, pid))
        return rg_err_errno(err, ENOENT);
    if (strcmp(name, "stat") == 0)
        return put_stat(s, pid, out);
    if (strcmp(name, "status") == 0)
        return put_status(s, pid, out);
    if (strcmp(name, "statm") == 0)
        return rg_buf_printf(out, "3014 %d 600 25 0 533 0\n", 900 + pid % 50);
    if (strcmp(name, "schedstat") == 0)
        return rg_buf_printf(out, "%lld %lld %lld\n", w * 10000000, w * 1000, w * 6);
    if (strcmp(name, "io") == 0)
        return rg_buf_printf(out,
            "rchar: %lld\nwchar: %lld\nsyscr: %lld\nsyscw: %lld\nread_bytes: %lld\n"
            "write_bytes: %lld\ncancelled_write_bytes: 0\n",
            w * 4000, w * 2000, w * 9, w * 4, w * 4096, w * 512);
    if (strcmp(name, "cmdline") == 0)
        return put_cmdline(pid, out);
    return rg_err_errno(err, ENOENT);
}

static enum rg_status read_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    if (!exists(from(fs), pid))
        return rg_err_errno(err, ENOENT);
    if (strcmp(name, "cwd") == 0)
        return rg_buf_str(out, "/");
    return rg_buf_printf(out, "/usr/bin/worker-%d", pid % 20);
}

static enum rg_status count_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err)
{
    if (!exists(from(fs), pid))
        return rg_err_errno(err, ENOENT);
    *count = 3 + pid % 9;
    return RG_OK;
}

static enum rg_status stat_pid(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    (void)name;
    if (!exists(from(fs), pid))
        return rg_err_errno(err, ENOENT);
    *out = (struct rg_procfs_stat){0100444, 1000};
    return RG_OK;
}

static enum rg_status read_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    long long t = (long long)now_ticks(from(fs));

    if (strcmp(path, "stat") == 0)
        return rg_buf_printf(out,
            "cpu  %lld 10 %lld %lld 50 0 5 0 0 0\ncpu0 %lld 5 %lld %lld 25 0 2 0 0 0\n"
            "cpu1 %lld 5 %lld %lld 25 0 3 0 0 0\nbtime 1767000000\nprocesses %d\n",
            t / 4, t / 8, t * 2 - t / 4 - t / 8, t / 8, t / 16, t - t / 8 - t / 16, t / 8, t / 16,
            t - t / 8 - t / 16, from(fs)->options.process_count);
    if (strcmp(path, "cpuinfo") == 0)
        return rg_buf_str(out, "processor\t: 0\ncpu MHz\t\t: 2000\n\nprocessor\t: 1\n\n");
    return rg_err_errno(err, ENOENT);
}

static void destroy(struct rg_procfs *fs)
{
    free(from(fs));
}

static const struct rg_procfs_ops synthetic_ops = {
    .name = "synthetic",
    .list_pids = list_pids,
    .read_pid = read_pid,
    .read_link = read_link,
    .count_fds = count_fds,
    .stat_pid = stat_pid,
    .read_host = read_host,
    .destroy = destroy,
};

struct rg_procfs *synthetic_procfs_create(const struct synthetic_procfs_options *options)
{
    struct synthetic *s = malloc(sizeof(*s));

    if (!s)
        return NULL;
    s->base.ops = &synthetic_ops;
    s->options = *options;
    return &s->base;
}
