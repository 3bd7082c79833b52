/* Host-wide files of /proc. Sums over processes come from the aggregates of the specs. */
#include "sim_model.h"

#include <errno.h>
#include <string.h>

#define USER_PERCENT    70u
#define NS_PER_CS       (RG_NS_PER_S / 100)
#define MEMORY_BASE_KIB (UINT64_C(180) * 1024) /* of the kernel itself */
#define KIB             1024u

static int64_t uptime_ns(const struct rg_sim_host *h)
{
    return h->now_ns - h->boot_ns;
}

/* CPU time of everything since boot, in user and in kernel mode. */
static void busy_ns(const struct rg_sim_host *h, uint64_t *user, uint64_t *system)
{
    *user = *system = 0;
    for (size_t i = 0; i < h->spec_count; i++) {
        const struct sim_spec *spec = &h->specs[i];
        uint64_t percent = spec->is.user_percent ? spec->is.user_percent : USER_PERCENT;
        uint64_t all = (uint64_t)sim_spec_cpu_ns(h, spec);
        uint64_t part = (uint64_t)((sim_wide)all * percent / 100);

        *user += part;
        *system += all - part;
    }
}

/* This CPU's share of a total, the remainder going to the first ones. */
static uint64_t share(uint64_t total, uint64_t cpus, uint64_t cpu)
{
    return total / cpus + (cpu < total % cpus);
}

static void put_cpu(struct sim_out *out, uint64_t user, uint64_t system, uint64_t idle)
{
    sim_out_u64(out, user);
    sim_out_text(out, " 0 ");
    sim_out_u64(out, system);
    sim_out_bytes(out, " ", 1);
    sim_out_u64(out, idle);
    sim_out_text(out, " 0 0 0 0 0 0\n");
}

static uint64_t running(const struct rg_sim_host *h)
{
    uint64_t centi = 0;

    for (size_t i = 0; i < h->spec_count; i++) {
        const struct sim_spec *spec = &h->specs[i];

        centi += (uint64_t)((sim_wide)rg_sim_series_at(&spec->is.cpu, h->now_ns) *
                            spec->live_scale / 1000 / 1000);
    }
    return centi;
}

/* The kernel derives btime from both clocks, so a step of the wall clock moves it. */
static int64_t boot_time_s(const struct rg_sim_host *h)
{
    int64_t ns = rg_runtime_wall(h->options.clock).ns - uptime_ns(h);

    if (h->now_ns < h->options.btime_error_until_ns)
        ns += h->options.btime_error_ns;
    return ns / RG_NS_PER_S;
}

static void put_stat(const struct rg_sim_host *h, struct sim_out *out)
{
    uint64_t cpus = (uint64_t)h->options.cpu_count;
    uint64_t ticks_per_s = (uint64_t)h->options.clock_ticks_per_s;
    uint64_t user, system, all, idle;

    busy_ns(h, &user, &system);
    user = (uint64_t)((sim_wide)user * ticks_per_s / RG_NS_PER_S);
    system = (uint64_t)((sim_wide)system * ticks_per_s / RG_NS_PER_S);
    all = (uint64_t)((sim_wide)uptime_ns(h) * ticks_per_s / RG_NS_PER_S) * cpus;
    idle = all > user + system ? all - user - system : 0;
    if (h->now_ns >= h->options.idle_falls_at_ns) {
        uint64_t lost = (uint64_t)((sim_wide)h->options.idle_falls_ns * ticks_per_s / RG_NS_PER_S);

        idle = idle > lost ? idle - lost : 0;
    }
    sim_out_text(out, "cpu  ");
    put_cpu(out, user, system, idle);
    for (uint64_t i = 0; i < cpus; i++) {
        sim_out_text(out, "cpu");
        sim_out_u64(out, i);
        sim_out_bytes(out, " ", 1);
        put_cpu(out, share(user, cpus, i), share(system, cpus, i), share(idle, cpus, i));
    }
    sim_out_text(out, "intr ");
    sim_out_u64(out, all);
    sim_out_text(out, "\nctxt ");
    sim_out_u64(out, (user + system) * 10 + all);
    sim_out_text(out, "\nbtime ");
    sim_out_i64(out, boot_time_s(h));
    sim_out_text(out, "\nprocesses ");
    sim_out_u64(out, h->stats.started);
    sim_out_text(out, "\nprocs_running ");
    sim_out_u64(out, 1 + running(h) / 100);
    sim_out_text(out, "\nprocs_blocked 0\nsoftirq ");
    sim_out_u64(out, all);
    sim_out_text(out, " 0 0 0 0 0 0 0 0 0 0\n");
}

static void put_cpuinfo(const struct rg_sim_host *h, struct sim_out *out)
{
    uint64_t cpus = (uint64_t)h->options.cpu_count;

    for (uint64_t i = 0; i < cpus; i++) {
        sim_out_text(out, "processor\t: ");
        sim_out_u64(out, i);
        sim_out_text(out, "\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
                          "model name\t: Simulated CPU @ 2.50GHz\nstepping\t: 7\n"
                          "cpu MHz\t\t: 2500.000\ncache size\t: 36608 KB\nphysical id\t: 0\n"
                          "siblings\t: ");
        sim_out_u64(out, cpus);
        sim_out_text(out, "\ncore id\t\t: ");
        sim_out_u64(out, i);
        sim_out_text(out, "\ncpu cores\t: ");
        sim_out_u64(out, cpus);
        sim_out_text(out, "\n\n");
    }
}

static void kib(struct sim_out *out, const char *key, uint64_t v)
{
    sim_out_text(out, key);
    sim_out_right(out, v, 24 - strlen(key));
    sim_out_text(out, " kB\n");
}

static void put_meminfo(const struct rg_sim_host *h, struct sim_out *out)
{
    uint64_t total = h->options.total_memory_bytes / KIB;
    sim_wide used = MEMORY_BASE_KIB;
    int64_t rss;
    uint64_t left;

    for (size_t i = 0; i < h->spec_count; i++) {
        const struct sim_spec *spec = &h->specs[i];

        if (spec->is.kernel_thread)
            continue;
        rss = spec->is.rss.run_count ? rg_sim_series_at(&spec->is.rss, h->now_ns) : SIM_DEFAULT_RSS;
        used += (sim_wide)rss * spec->live_scale / 1000 / 1000;
    }
    left = used < total ? total - (uint64_t)used : 0;
    kib(out, "MemTotal:", total);
    kib(out, "MemFree:", left / 2);
    kib(out, "MemAvailable:", left);
    kib(out, "Buffers:", left / 20);
    kib(out, "Cached:", left / 2 - left / 20);
    kib(out, "SwapCached:", 0);
    kib(out, "SwapTotal:", 0);
    kib(out, "SwapFree:", 0);
}

static void put_hundredths(struct sim_out *out, uint64_t v)
{
    sim_out_u64(out, v / 100);
    sim_out_text(out, v % 100 < 10 ? ".0" : ".");
    sim_out_u64(out, v % 100);
}

static void put_uptime(const struct rg_sim_host *h, struct sim_out *out)
{
    sim_wide all = (sim_wide)uptime_ns(h) * h->options.cpu_count;
    uint64_t user, system;

    busy_ns(h, &user, &system);
    all -= (sim_wide)user + system;
    put_hundredths(out, (uint64_t)(uptime_ns(h) / NS_PER_CS));
    sim_out_bytes(out, " ", 1);
    put_hundredths(out, all > 0 ? (uint64_t)(all / NS_PER_CS) : 0);
    sim_out_bytes(out, "\n", 1);
}

static void put_loadavg(const struct rg_sim_host *h, struct sim_out *out)
{
    uint64_t load = running(h);

    for (int i = 0; i < 3; i++) {
        put_hundredths(out, load);
        sim_out_bytes(out, " ", 1);
    }
    sim_out_u64(out, 1 + load / 100);
    sim_out_bytes(out, "/", 1);
    sim_out_u64(out, h->threads);
    sim_out_bytes(out, " ", 1);
    sim_out_u64(out, (uint64_t)h->last_pid);
    sim_out_bytes(out, "\n", 1);
}

enum rg_status sim_render_host(
    const struct rg_sim_host *h, const char *path, struct rg_buf *buf, struct rg_err *err)
{
    struct sim_out out;

    sim_out_init(&out, buf);
    if (strcmp(path, "stat") == 0) {
        put_stat(h, &out);
    } else if (strcmp(path, "cpuinfo") == 0) {
        put_cpuinfo(h, &out);
    } else if (strcmp(path, "meminfo") == 0) {
        put_meminfo(h, &out);
    } else if (strcmp(path, "uptime") == 0) {
        put_uptime(h, &out);
    } else if (strcmp(path, "loadavg") == 0) {
        put_loadavg(h, &out);
    } else if (strcmp(path, "version") == 0) {
        sim_out_text(&out, "Linux version ");
        sim_out_text(&out, h->kernel_release);
        sim_out_text(&out, " (simulated)\n");
    } else {
        return rg_err_errno(err, ENOENT);
    }
    return sim_out_end(&out, err);
}
