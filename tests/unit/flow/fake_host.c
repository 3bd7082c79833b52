#include "fake_host.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct fake_host *from_procfs(struct rg_procfs *fs)
{
    return (struct fake_host *)((char *)fs - offsetof(struct fake_host, procfs));
}

static struct fake_host *from_host(struct rg_host *host)
{
    return (struct fake_host *)((char *)host - offsetof(struct fake_host, host));
}

static enum rg_status list_pids(struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    struct fake_host *h = from_procfs(fs);

    if (h->no_pids) {
        rg_err_set(err, "no pids today");
        return RG_EIO;
    }
    for (size_t i = 0; i < h->proc_count; i++) {
        enum rg_status st = rg_pid_list_add(out, h->procs[i].pid);

        if (st != RG_OK)
            return st;
    }
    rg_pid_list_sort(out);
    return RG_OK;
}

static const struct fake_process *find(struct rg_procfs *fs, int32_t pid)
{
    struct fake_host *h = from_procfs(fs);

    for (size_t i = 0; i < h->proc_count; i++) {
        if (h->procs[i].pid == pid)
            return &h->procs[i];
    }
    return NULL;
}

static enum rg_status cmdline(const struct fake_process *p, struct rg_buf *out)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; p->args[i] && st == RG_OK; i++)
        st = rg_buf_append(out, p->args[i], strlen(p->args[i]) + 1);
    return st;
}

static enum rg_status read_pid(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    const struct fake_process *p = find(fs, pid);
    char state = p && p->state ? p->state : 'S';

    if (!p)
        return rg_err_errno(err, 2);
    if (strcmp(name, "cmdline") == 0)
        return cmdline(p, out);
    if (strcmp(name, "comm") == 0)
        return rg_buf_str(out, "app\n");
    if (strcmp(name, "status") == 0)
        return rg_buf_printf(out,
            "Name:\tapp\nState:\t%c (x)\nUid:\t%d\t%d\t%d\t%d\nGid:\t7\t7\t7\t7\nNSpid:\t%d\n"
            "VmSize:\t40 kB\nVmRSS:\t20 kB\nVmSwap:\t4 kB\nThreads:\t3\n"
            "voluntary_ctxt_switches:\t11\nnonvoluntary_ctxt_switches:\t12\n",
            state, p->uid, p->uid, p->uid, p->uid, pid);
    if (strcmp(name, "stat") == 0)
        return rg_buf_printf(out,
            "%d (app) %c 1 1 1 0 -1 4194304 1 0 0 0 %" PRIu64 " %" PRIu64 " 0 0 20 5 3 0 %" PRIu64
            " 40960 5 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1"
            " 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
            pid, state, p->utime, p->stime, p->start_ticks);
    if (strcmp(name, "statm") == 0)
        return rg_buf_str(out, "10 5 3 2 0 4 1\n");
    if (strcmp(name, "io") == 0)
        return rg_buf_printf(out,
            "rchar: 1\nwchar: 1\nsyscr: 100\nsyscw: 50\nread_bytes: %" PRId64
            "\nwrite_bytes: 10\ncancelled_write_bytes: 0\n",
            p->read_bytes);
    return rg_err_errno(err, 2);
}

static enum rg_status read_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    if (!find(fs, pid))
        return rg_err_errno(err, 2);
    return rg_buf_str(out, strcmp(name, "exe") == 0 ? "/bin/app" : "/srv");
}

static enum rg_status count_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err)
{
    if (!find(fs, pid))
        return rg_err_errno(err, 2);
    *count = 9;
    return RG_OK;
}

static enum rg_status stat_pid(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    (void)name;
    if (!find(fs, pid))
        return rg_err_errno(err, 2);
    *out = (struct rg_procfs_stat){.mode = 0100444, .uid = 0};
    return RG_OK;
}

static enum rg_status read_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    struct fake_host *h = from_procfs(fs);

    if (strcmp(path, "stat") == 0)
        return rg_buf_printf(out, "%s %" PRIu64 " 0 0 1000 0 0 0 0 0 0\nbtime %" PRId64 "\n",
            h->no_cpu_line ? "intr" : "cpu ", h->cpu_ticks, h->boot_s);
    if (strcmp(path, "cpuinfo") == 0)
        return rg_buf_str(out, "processor\t: 0\nprocessor\t: 1\nprocessor\t: 2\nprocessor\t: 3\n");
    return rg_err_errno(err, 2);
}

static void procfs_destroy(struct rg_procfs *fs)
{
    (void)fs;
}

static enum rg_status facts(struct rg_host *host, struct rg_host_facts *out, struct rg_err *err)
{
    (void)err;
    *out = from_host(host)->facts;
    return RG_OK;
}

static enum rg_status user_name(
    struct rg_host *host, uint32_t uid, struct rg_buf *out, struct rg_err *err)
{
    struct fake_host *h = from_host(host);

    (void)err;
    h->user_lookups++;
    return h->users_unknown ? RG_ENOTFOUND : rg_buf_printf(out, "user%u", uid);
}

static enum rg_status pick(const struct fake_text *texts, const char *name, struct rg_buf *out)
{
    for (size_t i = 0; i < FAKE_TEXTS_MAX && texts[i].name; i++) {
        if (strcmp(texts[i].name, name) == 0)
            return rg_buf_str(out, texts[i].text);
    }
    return RG_ENOTFOUND;
}

static enum rg_status env(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    (void)err;
    return pick(from_host(host)->env, name, out);
}

static enum rg_status document(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    (void)err;
    return pick(from_host(host)->documents, name, out);
}

static enum rg_status list_documents(
    struct rg_host *host, const char *folder, struct rg_buf *out, struct rg_err *err)
{
    (void)err;
    (void)from_host(host);
    return rg_buf_printf(out, "%s/cpu.yaml%c", folder, 0);
}

static enum rg_status filesystem(
    struct rg_host *host, const char *path, struct rg_filesystem *out, struct rg_err *err)
{
    (void)err;
    (void)from_host(host);
    (void)path;
    *out = (struct rg_filesystem){.block_size_bytes = 4096, .blocks = 100};
    return RG_OK;
}

static void host_destroy(struct rg_host *host)
{
    (void)host;
}

static const struct rg_procfs_ops fake_procfs_ops = {
    .name = "fake",
    .list_pids = list_pids,
    .read_pid = read_pid,
    .read_link = read_link,
    .count_fds = count_fds,
    .stat_pid = stat_pid,
    .read_host = read_host,
    .destroy = procfs_destroy,
};

static const struct rg_host_ops fake_host_ops = {
    .name = "fake",
    .facts = facts,
    .user_name = user_name,
    .env = env,
    .document = document,
    .list_documents = list_documents,
    .filesystem = filesystem,
    .destroy = host_destroy,
};

void fake_host_init(struct fake_host *h)
{
    memset(h, 0, sizeof(*h));
    h->procfs.ops = &fake_procfs_ops;
    h->host.ops = &fake_host_ops;
    h->facts = (struct rg_host_facts){.hostname = "host1",
        .uuid = "machine-1",
        .os = "linux",
        .platform = "debian",
        .platform_family = "debian",
        .platform_version = "12",
        .kernel_version = "6.1",
        .total_memory_bytes = 1 << 30,
        .clock_ticks_per_s = 100,
        .page_size_bytes = 4096,
        .cpu_count = 4,
        .agent_pid = 1234};
    h->cpu_ticks = 10000;
    h->boot_s = 1700000000;
}

struct fake_process *fake_host_add(
    struct fake_host *h, int32_t pid, const char *arg0, const char *arg1)
{
    struct fake_process *p = &h->procs[h->proc_count++];

    rg_assert(h->proc_count <= FAKE_PROCS_MAX);
    *p = (struct fake_process){
        .pid = pid, .args = {arg0, arg1}, .uid = 5, .start_ticks = 500, .read_bytes = 1000};
    return p;
}

struct rg_backends fake_backends(
    struct fake_host *h, struct rg_runtime *runtime, struct rg_sink *sink)
{
    return (struct rg_backends){.runtime = runtime,
        .procfs = &h->procfs,
        .host = &h->host,
        .kubelet = rg_kubelet_none(),
        .events = rg_events_none(),
        .sink = sink,
        .pycheck = rg_pycheck_none()};
}
