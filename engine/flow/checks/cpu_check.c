/* upstream: pkg/collector/corechecks/system/cpu/cpu/cpu.go */
#include "cpu_stat.h"
#include "native_checks.h"
#include "native_kit.h"
#include "native_text.h"

#include <string.h>

struct cpu_check {
    struct rg_check base; /* first */
    bool report_total_percpu;
    bool has_last;
    struct rg_cpu_ticks last;
};

/* What the CPUs did between two runs, in ticks. */
struct shares {
    double spent[RG_CPU_FIELDS];
    double total; /* guest time is part of user time and not counted again */
};

/* False when the counters started anew, or no time went by. The kernel takes back idle and iowait
 * ticks now and then: a single counter that falls stands for nothing. */
static bool compare(
    const struct rg_cpu_ticks *now, const struct rg_cpu_ticks *before, struct shares *out)
{
    double total_now = 0, total_before = 0;

    *out = (struct shares){0};
    for (size_t i = 0; i < RG_CPU_FIELDS; i++) {
        if (now->ticks[i] > before->ticks[i])
            out->spent[i] = (double)(now->ticks[i] - before->ticks[i]);
        if (i > RG_CPU_STEAL)
            continue;
        total_now += (double)now->ticks[i];
        total_before += (double)before->ticks[i];
        out->total += out->spent[i];
    }
    return total_now >= total_before && out->total > 0;
}

static void send_shares(struct rg_sender *sender, const struct shares *s)
{
    const double *spent = s->spent;
    double interrupt = spent[RG_CPU_IRQ] + spent[RG_CPU_SOFTIRQ];
    const struct {
        const char *name;
        double ticks;
    } metrics[] = {
        {"system.cpu.user", spent[RG_CPU_USER] + spent[RG_CPU_NICE]},
        {"system.cpu.system", spent[RG_CPU_SYSTEM] + interrupt},
        {"system.cpu.interrupt", interrupt},
        {"system.cpu.iowait", spent[RG_CPU_IOWAIT]},
        {"system.cpu.idle", spent[RG_CPU_IDLE]},
        {"system.cpu.stolen", spent[RG_CPU_STEAL]},
        {"system.cpu.guest", spent[RG_CPU_GUEST]},
    };

    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        rg_sender_gauge(
            sender, metrics[i].name, metrics[i].ticks * 100 / s->total, NULL, RG_NO_TAGS);
}

/* Seconds since boot of each CPU. */
static enum rg_status send_totals(struct rg_check *check, struct rg_str text, struct rg_err *err)
{
    static const char *const names[RG_CPU_FIELDS] = {"system.cpu.user.total",
        "system.cpu.nice.total", "system.cpu.system.total", "system.cpu.idle.total",
        "system.cpu.iowait.total", "system.cpu.irq.total", "system.cpu.softirq.total",
        "system.cpu.steal.total", "system.cpu.guest.total", "system.cpu.guestnice.total"};
    int64_t ticks_per_s = check->world->facts->clock_ticks_per_s;
    struct rg_native_tags tags;
    struct rg_cpu_ticks found;
    struct rg_str line, name;
    enum rg_status st = RG_OK;

    rg_native_tags_init(&tags);
    while (st == RG_OK && rg_str_split(&text, '\n', &line)) {
        if (!rg_cpu_stat_line(line, &name, &found) || name.len == strlen("cpu"))
            continue;
        rg_native_tags_clear(&tags);
        st = rg_native_tag(&tags, "core:", name);
        for (size_t i = 0; i < RG_CPU_FIELDS && st == RG_OK; i++)
            rg_sender_gauge(check->sender, names[i], (double)found.ticks[i] / (double)ticks_per_s,
                NULL, rg_native_tags_view(&tags));
    }
    if (st != RG_OK)
        rg_err_set(err, "tags of a CPU: %s", rg_status_name(st));
    rg_native_tags_finish(&tags);
    return st;
}

static enum rg_status collect(struct cpu_check *c, struct rg_str text, struct rg_err *err)
{
    struct rg_sender *sender = c->base.sender;
    struct rg_cpu_ticks now;
    struct shares shares;
    int32_t cores = rg_cpu_stat_count(text);
    uint64_t switches;

    if (!rg_cpu_stat_total(text, &now))
        return rg_native_malformed("stat", "line of all CPUs", err);
    if (rg_text_value(text, "ctxt", &switches))
        rg_sender_monotonic_count(
            sender, "system.cpu.context_switches", (double)switches, NULL, RG_NO_TAGS);
    rg_sender_gauge(sender, "system.cpu.num_cores", cores ? cores : c->base.world->facts->cpu_count,
        NULL, RG_NO_TAGS);
    if (c->has_last && compare(&now, &c->last, &shares))
        send_shares(sender, &shares);
    c->last = now;
    c->has_last = true;
    if (c->report_total_percpu) {
        enum rg_status st = send_totals(&c->base, text, err);

        if (st != RG_OK)
            return st;
    }
    return rg_sender_commit(sender, err);
}

static enum rg_status cpu_run(struct rg_check *check, struct rg_err *err)
{
    struct rg_buf buf;
    enum rg_status st;

    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_native_read(check, "stat", &buf, err);
    if (st == RG_OK)
        st = collect((struct cpu_check *)check, rg_str_buf(&buf), err);
    rg_buf_finish(&buf);
    return st;
}

static const struct rg_check_ops cpu_ops = {.version = "", .run = cpu_run};

enum rg_status rg_cpu_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    struct rg_native_options o;
    struct rg_check *check = NULL;
    bool percpu = false;
    enum rg_status st = rg_native_options_open(&o, from, err);

    if (st != RG_OK)
        return st;
    st = rg_native_flag(&o, "report_total_percpu", false, &percpu, err);
    rg_native_options_finish(&o);
    if (st == RG_OK)
        st = rg_native_create(&cpu_ops, sizeof(struct cpu_check), false, world, from, &check, err);
    if (st != RG_OK)
        return st;
    ((struct cpu_check *)check)->report_total_percpu = percpu;
    *out = check;
    return RG_OK;
}
