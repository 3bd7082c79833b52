#include "sim_model.h"

#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MIN  1024
#define PAGE_MAX  (1 << 20)
#define TICKS_MAX 1000000

static enum rg_status refuse(struct rg_err *err, const char *what)
{
    rg_err_set(err, "simulated host: %s is out of range", what);
    return RG_EINVALID;
}

static bool fact_ok(const char *text)
{
    return !text || strlen(text) < RG_HOST_TEXT_MAX;
}

static enum rg_status check(const struct rg_sim_host_options *o, struct rg_err *err)
{
    if (o->cpu_count < 1 || o->cpu_count > RG_SIM_CPUS_MAX)
        return refuse(err, "cpu_count");
    if (o->agent_cpus < 0 || o->agent_cpus > o->cpu_count)
        return refuse(err, "agent_cpus");
    if (o->idle_falls_at_ns < 0 || o->idle_falls_ns < 0 || o->btime_error_until_ns < 0)
        return refuse(err, "a time");
    if (o->page_size_bytes < PAGE_MIN || o->page_size_bytes > PAGE_MAX ||
        (o->page_size_bytes & (o->page_size_bytes - 1)))
        return refuse(err, "page_size_bytes");
    if (o->clock_ticks_per_s < 1 || o->clock_ticks_per_s > TICKS_MAX)
        return refuse(err, "clock_ticks_per_s");
    if (o->pid_first < 1 || o->pid_max < o->pid_first || o->pid_max > RG_SIM_PID_MAX)
        return refuse(err, "pid_first or pid_max");
    if (o->form < RG_SIM_KERNEL_6 || o->form > RG_SIM_KERNEL_3_10)
        return refuse(err, "form");
    if (!fact_ok(o->hostname) || !fact_ok(o->kernel_release) || !fact_ok(o->kernel_arch) ||
        !fact_ok(o->os_id) || !fact_ok(o->os_version))
        return refuse(err, "the length of a text");
    if ((o->config_text && strlen(o->config_text) > RG_HOST_DOCUMENT_MAX) ||
        (o->options_text && strlen(o->options_text) > RG_HOST_DOCUMENT_MAX))
        return refuse(err, "the length of a document");
    return RG_OK;
}

static bool copy(const char *from, char **to)
{
    *to = rg_memdup0(from ? from : "", from ? strlen(from) : 0);
    return *to != NULL;
}

static bool copy_texts(struct rg_sim_host *h)
{
    const struct rg_sim_host_options *o = &h->options;

    return copy(o->hostname, &h->hostname) && copy(o->kernel_release, &h->kernel_release) &&
           copy(o->kernel_arch, &h->kernel_arch) && copy(o->os_id, &h->os_id) &&
           copy(o->os_version, &h->os_version) &&
           (!o->config_text || copy(o->config_text, &h->config)) &&
           (!o->options_text || copy(o->options_text, &h->document));
}

static bool allocate(struct rg_sim_host *h)
{
    size_t pids = (size_t)h->options.pid_max + 1;

    if (!copy_texts(h))
        return false;
    h->by_pid = rg_calloc(pids, sizeof(*h->by_pid));
    h->pid_bits = rg_calloc(pids / 64 + 1, sizeof(*h->pid_bits));
    if (h->options.scheduling_points)
        h->mutex = rg_mutex_create(h->options.clock, "sim_host");
    return h->by_pid && h->pid_bits && (h->mutex || !h->options.scheduling_points);
}

enum rg_status rg_sim_host_create(
    const struct rg_sim_host_options *options, struct rg_sim_host **host, struct rg_err *err)
{
    struct rg_sim_host *h;
    int64_t wall_ns;
    enum rg_status st = check(options, err);

    if (st != RG_OK)
        return st;
    wall_ns = rg_runtime_wall(options->clock).ns;
    if (options->boot.ns > wall_ns)
        return refuse(err, "boot");
    h = rg_calloc(1, sizeof(*h));
    if (!h) {
        rg_err_set(err, "no memory for a simulated host");
        return RG_ENOMEM;
    }
    h->procfs.ops = &sim_procfs_ops;
    h->host.ops = &sim_host_ops;
    h->options = *options;
    h->last_pid = options->pid_first - 1;
    h->boot_ns = options->boot.ns - wall_ns;
    rg_heap_init(&h->events);
    if (!allocate(h)) {
        rg_sim_host_destroy(h);
        rg_err_set(err, "no memory for a simulated host");
        return RG_ENOMEM;
    }
    /* The caller's texts may go now. */
    h->options.hostname = h->options.kernel_release = h->options.kernel_arch = NULL;
    h->options.os_id = h->options.os_version = NULL;
    h->options.config_text = h->options.options_text = NULL;
    h->mono_start_ns = rg_runtime_mono(options->clock).ns;
    *host = h;
    return RG_OK;
}

void rg_sim_host_destroy(struct rg_sim_host *host)
{
    if (!host)
        return;
    for (size_t i = 0; i < host->spec_count; i++)
        sim_spec_finish(&host->specs[i]);
    free(host->specs);
    free(host->procs);
    free(host->by_pid);
    free(host->pid_bits);
    rg_heap_finish(&host->events);
    rg_mutex_destroy(host->mutex);
    free(host->hostname);
    free(host->kernel_release);
    free(host->kernel_arch);
    free(host->os_id);
    free(host->os_version);
    free(host->config);
    free(host->document);
    sim_documents_finish(host);
    sim_devices_finish(host);
    free(host);
}

static enum rg_status add(struct rg_sim_host *h, struct sim_spec *spec, struct rg_err *err)
{
    void *specs = h->specs;
    int64_t now_ns = rg_runtime_mono(h->options.clock).ns - h->mono_start_ns;
    int64_t earliest_ns = now_ns > 0 ? now_ns : h->boot_ns;
    struct rg_sim_process_spec from = spec->is;
    char stream[32];
    enum rg_status st = sim_spec_check(spec, &h->options, err);

    if (st != RG_OK)
        return st;
    st = rg_grow(&specs, &h->spec_cap, h->spec_count + 1, sizeof(*h->specs), RG_SIM_SPECS_MAX);
    h->specs = specs;
    if (st != RG_OK) {
        rg_err_set(err, "no room for %zu process specs", h->spec_count + 1);
        return st;
    }
    st = sim_spec_copy_texts(spec, &from, err);
    if (st != RG_OK)
        return st;
    snprintf(stream, sizeof(stream), "sim_host.spec.%zu", h->spec_count);
    rg_prng_init(&spec->prng, h->options.seed, stream);
    if (spec->is.start_ns < earliest_ns)
        spec->is.start_ns = earliest_ns;
    spec->copies_left = from.count < 0 ? 0 : from.count ? from.count : 1;
    h->specs[h->spec_count] = *spec;
    st = sim_model_plan(h, (uint32_t)h->spec_count);
    if (st == RG_OK)
        h->spec_count++;
    else
        rg_err_set(err, "no memory for a process spec");
    return st;
}

enum rg_status rg_sim_host_add(
    struct rg_sim_host *host, struct rg_sim_process_spec *spec, struct rg_err *err)
{
    struct sim_spec own = {.is = *spec};
    enum rg_status st = add(host, &own, err);

    spec->cpu = spec->rss = spec->read_bytes_s = spec->write_bytes_s = spec->fds =
        (struct rg_sim_series){0};
    if (st != RG_OK)
        sim_spec_finish(&own);
    return st;
}

struct rg_procfs *rg_sim_host_procfs(struct rg_sim_host *host)
{
    return &host->procfs;
}

struct rg_host *rg_sim_host_host(struct rg_sim_host *host)
{
    return &host->host;
}

void rg_sim_host_watch(struct rg_sim_host *host, void (*fn)(void *ctx), void *ctx)
{
    host->rendering = fn;
    host->rendering_ctx = ctx;
}

void rg_sim_host_stats(const struct rg_sim_host *host, struct rg_sim_host_stats *out)
{
    *out = host->stats;
}
