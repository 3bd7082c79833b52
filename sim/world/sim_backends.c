/* The model behind the procfs and host interfaces. */
#include "sim_model.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MODE_LINK    UINT32_C(0120777)
#define MODE_FD_DIR  UINT32_C(0040500)
#define MODE_PRIVATE UINT32_C(0100400)
#define MODE_PUBLIC  UINT32_C(0100444)

static struct rg_sim_host *from_procfs(struct rg_procfs *fs)
{
    rg_assert(fs->ops == &sim_procfs_ops);
    return (struct rg_sim_host *)fs;
}

static struct rg_sim_host *from_host(struct rg_host *host)
{
    rg_assert(host->ops == &sim_host_ops);
    return (struct rg_sim_host *)(void *)((char *)host - offsetof(struct rg_sim_host, host));
}

static enum rg_status enter(struct rg_sim_host *h, struct rg_err *err)
{
    if (h->mutex)
        rg_mutex_lock(h->mutex);
    return sim_model_advance(h, err);
}

static enum rg_status leave(struct rg_sim_host *h, enum rg_status st)
{
    if (h->mutex)
        rg_mutex_unlock(h->mutex);
    return st;
}

/* Enters, and finds a process; ENOENT when there is none. */
static enum rg_status enter_pid(
    struct rg_sim_host *h, int32_t pid, const struct sim_proc **p, struct rg_err *err)
{
    enum rg_status st = enter(h, err);

    if (st != RG_OK)
        return st;
    *p = sim_model_find(h, pid);
    return *p ? RG_OK : rg_err_errno(err, ENOENT);
}

static enum rg_status list_pids(struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    struct rg_sim_host *h = from_procfs(fs);
    enum rg_status st = enter(h, err);
    int32_t pid = 0;

    sim_rendering(h);
    while (st == RG_OK && (pid = sim_model_next_pid(h, pid)) != 0) {
        st = rg_pid_list_add(out, pid);
        if (st != RG_OK)
            rg_err_set(err, "no room for %zu pids", out->count + 1);
    }
    return leave(h, st);
}

static enum rg_status read_pid(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct rg_sim_host *h = from_procfs(fs);
    const struct sim_proc *p;
    enum rg_status st = enter_pid(h, pid, &p, err);

    if (st == RG_OK)
        st = sim_render_pid(h, p, name, out, err);
    return leave(h, st);
}

static bool permitted(const struct rg_sim_host *h, const struct sim_counts *c)
{
    return h->options.euid == 0 || h->options.euid == c->uid;
}

static enum rg_status render_link(struct rg_sim_host *h, const struct sim_proc *p, const char *name,
    struct rg_buf *buf, struct rg_err *err)
{
    const struct sim_spec *spec = &h->specs[p->spec];
    bool cwd = strcmp(name, "cwd") == 0;
    const struct sim_counts *c;
    struct sim_out out;

    if (!cwd && strcmp(name, "exe") != 0)
        return rg_err_errno(err, ENOENT);
    c = sim_count(h, p);
    sim_rendering(h);
    if (!permitted(h, c))
        return rg_err_errno(err, EACCES);
    if (c->zombie || (!cwd && spec->is.kernel_thread))
        return rg_err_errno(err, ENOENT);
    sim_out_init(&out, buf);
    sim_out_expanded(&out, cwd ? spec->cwd : c->image->exe, p, RG_SIM_TEXT_MAX);
    return sim_out_end(&out, err);
}

static enum rg_status read_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct rg_sim_host *h = from_procfs(fs);
    const struct sim_proc *p;
    enum rg_status st = enter_pid(h, pid, &p, err);

    if (st == RG_OK)
        st = render_link(h, p, name, out, err);
    return leave(h, st);
}

static enum rg_status count_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err)
{
    struct rg_sim_host *h = from_procfs(fs);
    const struct sim_proc *p;
    const struct sim_counts *c;
    enum rg_status st = enter_pid(h, pid, &p, err);

    if (st != RG_OK)
        return leave(h, st);
    c = sim_count(h, p);
    if (!permitted(h, c))
        return leave(h, rg_err_errno(err, EACCES));
    *count = c->fds;
    return leave(h, RG_OK);
}

static uint32_t mode_of(const char *name)
{
    static const char *const public[] = {
        "stat", "status", "statm", "schedstat", "cmdline", "comm", NULL};

    if (strcmp(name, "exe") == 0 || strcmp(name, "cwd") == 0)
        return MODE_LINK;
    if (strcmp(name, "fd") == 0)
        return MODE_FD_DIR;
    if (strcmp(name, "io") == 0)
        return MODE_PRIVATE;
    for (size_t i = 0; public[i]; i++) {
        if (strcmp(name, public[i]) == 0)
            return MODE_PUBLIC;
    }
    return 0;
}

static enum rg_status stat_pid(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    struct rg_sim_host *h = from_procfs(fs);
    const struct sim_proc *p;
    const struct sim_counts *c;
    uint32_t mode = mode_of(name);
    enum rg_status st = enter_pid(h, pid, &p, err);

    if (st == RG_OK && !mode)
        st = rg_err_errno(err, ENOENT);
    if (st != RG_OK)
        return leave(h, st);
    c = sim_count(h, p);
    /* What has no memory belongs to root: fs/proc/base.c, task_dump_owner. */
    *out = (struct rg_procfs_stat){mode, c->addresses ? c->uid : 0};
    return leave(h, RG_OK);
}

static enum rg_status read_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    struct rg_sim_host *h = from_procfs(fs);
    enum rg_status st = enter(h, err);

    sim_rendering(h);
    if (st == RG_OK)
        st = sim_render_host(h, path, out, err);
    return leave(h, st);
}

static void procfs_destroy(struct rg_procfs *fs)
{
    (void)from_procfs(fs); /* the host owns it */
}

const struct rg_procfs_ops sim_procfs_ops = {
    .name = "sim",
    .list_pids = list_pids,
    .read_pid = read_pid,
    .read_link = read_link,
    .count_fds = count_fds,
    .stat_pid = stat_pid,
    .read_host = read_host,
    .destroy = procfs_destroy,
};

static void put_fact(char *to, const char *from)
{
    snprintf(to, RG_HOST_TEXT_MAX, "%s", from);
}

static enum rg_status host_facts(
    struct rg_host *host, struct rg_host_facts *out, struct rg_err *err)
{
    const struct rg_sim_host *h = from_host(host);

    (void)err;
    *out = (struct rg_host_facts){
        .total_memory_bytes = h->options.total_memory_bytes,
        .clock_ticks_per_s = h->options.clock_ticks_per_s,
        .page_size_bytes = h->options.page_size_bytes,
        .cpu_count = h->options.agent_cpus ? h->options.agent_cpus : h->options.cpu_count,
        .agent_pid = h->options.agent_pid,
        .uid = h->options.euid,
        .euid = h->options.euid,
    };
    put_fact(out->hostname, h->hostname);
    snprintf(out->uuid, sizeof(out->uuid), "51b00000-0000-4000-8000-%012llx",
        (unsigned long long)(h->options.seed & UINT64_C(0xffffffffffff)));
    put_fact(out->os, "linux");
    put_fact(out->platform, h->os_id);
    put_fact(out->platform_family, h->os_id);
    put_fact(out->platform_version, h->os_version);
    put_fact(out->kernel_version, h->kernel_release);
    put_fact(out->kernel_arch, h->kernel_arch);
    return RG_OK;
}

static enum rg_status host_user_name(
    struct rg_host *host, uint32_t uid, struct rg_buf *out, struct rg_err *err)
{
    const struct rg_sim_host *h = from_host(host);

    (void)err;
    if (uid == 0)
        return rg_buf_str(out, "root");
    for (size_t i = 0; i < h->spec_count; i++) {
        const struct sim_spec *spec = &h->specs[i];

        if (spec->user && spec->is.uid == uid)
            return rg_buf_str(out, spec->user);
        if (spec->setuid_user && spec->is.setuid_at_ns && spec->is.setuid_uid == uid)
            return rg_buf_str(out, spec->setuid_user);
    }
    return RG_ENOTFOUND;
}

static enum rg_status host_env(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    const char *value = sim_env(from_host(host), name);

    (void)err;
    return value ? rg_buf_str(out, value) : RG_ENOTFOUND;
}

static enum rg_status host_document(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    const struct rg_sim_host *h = from_host(host);
    const char *text = NULL;

    (void)err;
    if (strcmp(name, "datadog.yaml") == 0)
        text = h->config;
    else if (strcmp(name, "options") == 0)
        text = h->document;
    return text ? rg_buf_str(out, text) : sim_document_get(h, name, out);
}

static enum rg_status host_list_documents(
    struct rg_host *host, const char *folder, struct rg_buf *out, struct rg_err *err)
{
    (void)err;
    return sim_document_list(from_host(host), folder, out);
}

static enum rg_status host_filesystem(
    struct rg_host *host, const char *path, struct rg_filesystem *out, struct rg_err *err)
{
    (void)err;
    sim_filesystem(from_host(host), path, out);
    return RG_OK;
}

static void host_destroy(struct rg_host *host)
{
    (void)from_host(host); /* the simulated host owns it */
}

const struct rg_host_ops sim_host_ops = {
    .name = "sim",
    .facts = host_facts,
    .user_name = host_user_name,
    .env = host_env,
    .document = host_document,
    .list_documents = host_list_documents,
    .filesystem = host_filesystem,
    .destroy = host_destroy,
};
