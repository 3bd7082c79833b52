/* Host-wide files of /proc. Sums over processes come from the aggregates of the specs. */
#include "sim_model.h"

#include <errno.h>
#include <string.h>

#define USER_PERCENT 70u
#define NS_PER_CS    (RG_NS_PER_S / 100)
#define HOST_PERCENT 100u
#define PER_MS       1000u

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

/* Fields of a line of CPU times, in ticks. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, GUEST, GUEST_NICE, CPU_FIELDS };

/* The share of one CPU, all of it for cpus 1. */
static void put_cpu(struct sim_out *out, const uint64_t *ticks, uint64_t cpus, uint64_t cpu)
{
    for (size_t i = 0; i < CPU_FIELDS; i++) {
        if (i)
            sim_out_bytes(out, " ", 1);
        sim_out_u64(out, share(ticks[i], cpus, cpu));
    }
    sim_out_bytes(out, "\n", 1);
}

/* Times that no process accounts for; per_s is what one second counts as. */
static void other_times(const struct rg_sim_host *h, uint64_t per_s, uint64_t *out)
{
    const struct rg_sim_numbers *n = &h->numbers;

    out[NICE] = sim_total(h, &n->nice, per_s, HOST_PERCENT);
    out[IOWAIT] = sim_total(h, &n->iowait, per_s, HOST_PERCENT);
    out[IRQ] = sim_total(h, &n->irq, per_s, HOST_PERCENT);
    out[SOFTIRQ] = sim_total(h, &n->softirq, per_s, HOST_PERCENT);
    out[STEAL] = sim_total(h, &n->steal, per_s, HOST_PERCENT);
    out[GUEST] = sim_total(h, &n->guest, per_s, HOST_PERCENT);
}

static uint64_t sum_of_times(const uint64_t *ticks)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < GUEST; i++)
        sum += ticks[i];
    return sum;
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
    uint64_t ticks[CPU_FIELDS] = {0};
    uint64_t user, system, all, idle, busy;

    busy_ns(h, &user, &system);
    user = (uint64_t)((sim_wide)user * ticks_per_s / RG_NS_PER_S);
    system = (uint64_t)((sim_wide)system * ticks_per_s / RG_NS_PER_S);
    all = (uint64_t)((sim_wide)uptime_ns(h) * ticks_per_s / RG_NS_PER_S) * cpus;
    other_times(h, ticks_per_s, ticks);
    ticks[USER] = user + ticks[GUEST];
    ticks[SYSTEM] = system;
    busy = sum_of_times(ticks);
    idle = all > busy ? all - busy : 0;
    if (h->now_ns >= h->options.idle_falls_at_ns) {
        uint64_t lost = (uint64_t)((sim_wide)h->options.idle_falls_ns * ticks_per_s / RG_NS_PER_S);

        idle = idle > lost ? idle - lost : 0;
    }
    ticks[IDLE] = idle;
    sim_out_text(out, "cpu  ");
    put_cpu(out, ticks, 1, 0);
    for (uint64_t i = 0; i < cpus; i++) {
        sim_out_text(out, "cpu");
        sim_out_u64(out, i);
        sim_out_bytes(out, " ", 1);
        put_cpu(out, ticks, cpus, i);
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
    sim_out_text(out, "\nprocs_blocked ");
    sim_out_u64(out, sim_value(h, &h->numbers.blocked, 0));
    sim_out_text(out, "\nsoftirq ");
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

static void put_hundredths(struct sim_out *out, uint64_t v)
{
    sim_out_u64(out, v / 100);
    sim_out_text(out, v % 100 < 10 ? ".0" : ".");
    sim_out_u64(out, v % 100);
}

static void put_uptime(const struct rg_sim_host *h, struct sim_out *out)
{
    sim_wide all = (sim_wide)uptime_ns(h) * h->options.cpu_count;
    uint64_t others[CPU_FIELDS] = {0};
    uint64_t user, system;

    busy_ns(h, &user, &system);
    other_times(h, PER_MS, others);
    others[USER] = others[GUEST];
    all -= (sim_wide)user + system + (sim_wide)sum_of_times(others) * RG_NS_PER_MS;
    put_hundredths(out, (uint64_t)(uptime_ns(h) / NS_PER_CS));
    sim_out_bytes(out, " ", 1);
    put_hundredths(out, all > 0 ? (uint64_t)(all / NS_PER_CS) : 0);
    sim_out_bytes(out, "\n", 1);
}

static void put_loadavg(const struct rg_sim_host *h, struct sim_out *out)
{
    const struct rg_sim_series *given[] = {
        &h->numbers.load1, &h->numbers.load5, &h->numbers.load15};
    uint64_t load = running(h);

    for (size_t i = 0; i < 3; i++) {
        put_hundredths(
            out, given[i]->run_count ? (uint64_t)rg_sim_series_at(given[i], h->now_ns) / 10 : load);
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
    } else if (strcmp(path, "uptime") == 0) {
        put_uptime(h, &out);
    } else if (strcmp(path, "loadavg") == 0) {
        put_loadavg(h, &out);
    } else if (strcmp(path, "version") == 0) {
        sim_out_text(&out, "Linux version ");
        sim_out_text(&out, h->kernel_release);
        sim_out_text(&out, " (simulated)\n");
    } else if (!sim_render_memory(h, path, &out) && !sim_render_disks(h, path, &out) &&
               !sim_render_network(h, path, &out)) {
        return rg_err_errno(err, ENOENT);
    }
    return sim_out_end(&out, err);
}
