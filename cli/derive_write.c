#include "derive_write.h"

#include "rg/base/mem.h"
#include "rg/sim_host.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX   ((size_t)4 << 20)
#define FOR_SLACK_NS     (RG_NS_PER_S / 2) /* a last scan must have time to end */
#define FOR_DEFAULT_NS   (INT64_C(10) * RG_NS_PER_S)
#define PID_SPARE        10000 /* automatic pids above the recorded ones */
#define PID_MAX_DEFAULT  32768
#define BUSY_EXPECTS_MAX 3
#define BUSY_CPU_MIN     5000 /* thousandths of a percent */

static const char *const forms[] = {"6", "4", "3.10"}; /* as enum rg_sim_kernel_form */

static enum rg_status put_lines(
    struct rg_buf *out, const char *key, struct derive_item *item, int indent, enum rg_status st)
{
    if (st == RG_OK)
        st = rg_buf_printf(out, "%*s%s:\n", indent, "", key);
    return st == RG_OK ? derive_item_lines(item, indent + 2, out) : st;
}

/* ---- host ---- */

static void put_fact(struct derive_item *item, const char *key, const char *text)
{
    if (text[0])
        derive_item_text(item, key, rg_str_from(text));
}

static void put_size(struct derive_writer *w, struct derive_item *item, uint64_t bytes)
{
    static const struct {
        const char *name;
        int shift;
    } units[] = {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}};
    size_t i = 0;

    while (bytes & ((UINT64_C(1) << units[i].shift) - 1))
        i++;
    rg_buf_clear(&w->text);
    item->st = rg_buf_printf(&w->text, "%" PRIu64 "%s", bytes >> units[i].shift, units[i].name);
    derive_item_raw(item, "memory", rg_str_buf(&w->text), false);
}

/* Pids that the host gives out itself must not be those that items ask for, and suffice. */
static void put_pid_range(const struct derive_writer *w, struct derive_item *item)
{
    const struct derive *d = w->d;
    int64_t highest = 0, needed = PID_SPARE;

    for (size_t i = 0; i < d->process_count; i++) {
        if (d->processes[i].pid > highest && d->processes[i].pid <= RG_SIM_PID_MAX)
            highest = d->processes[i].pid;
    }
    for (size_t i = 0; i < w->fold->kind_count; i++)
        needed += w->fold->kinds[i].count;
    for (size_t i = 0; i < w->fold->crowd_count; i++)
        needed += 2 * (int64_t)w->fold->crowds[i].visible;
    if (highest + needed <= RG_SIM_PID_MAX)
        derive_item_number(item, "pid_first", highest + 1);
    if (highest + needed > PID_MAX_DEFAULT)
        derive_item_number(item, "pid_max", RG_SIM_PID_MAX);
}

static void put_host_numbers(struct derive_writer *w, struct derive_item *item)
{
    const struct derive *d = w->d;
    const struct rg_host_facts *f = &d->facts;
    int32_t cpus = d->cpuinfo_count > 0 ? d->cpuinfo_count : f->cpu_count;
    int64_t page = f->page_size_bytes;

    if (cpus >= 1 && cpus <= RG_SIM_CPUS_MAX) {
        derive_item_number(item, "cpus", cpus);
        if (f->cpu_count >= 1 && f->cpu_count < cpus)
            derive_item_number(item, "agent_cpus", f->cpu_count);
    }
    if (page >= 1024 && page <= 1 << 20 && (page & (page - 1)) == 0)
        derive_item_number(item, "page_size", page);
    if (d->ticks_per_s <= 1000000)
        derive_item_number(item, "clock_ticks", d->ticks_per_s);
    if (f->total_memory_bytes > 0 && f->total_memory_bytes <= INT64_MAX)
        put_size(w, item, f->total_memory_bytes);
    derive_item_duration(item, "uptime", d->uptime_ns);
    if (f->agent_pid > 0)
        derive_item_number(item, "agent_pid", f->agent_pid);
    if (f->euid)
        derive_item_number(item, "agent_uid", f->euid);
}

static enum rg_status put_host(struct derive_writer *w, struct rg_buf *out)
{
    const struct rg_host_facts *f = &w->d->facts;
    struct derive_item item;
    enum rg_status st;

    derive_item_init(&item);
    put_fact(&item, "hostname", f->hostname);
    put_fact(&item, "kernel", f->kernel_version);
    derive_item_text(&item, "kernel_form", rg_str_from(forms[w->d->kernel_form]));
    put_fact(&item, "arch", f->kernel_arch);
    put_fact(&item, "os", f->platform);
    put_fact(&item, "os_version", f->platform_version);
    put_host_numbers(w, &item);
    put_pid_range(w, &item);
    st = put_lines(out, "host", &item, 4, RG_OK);
    w->item.replaced += item.replaced;
    derive_item_finish(&item);
    return st;
}

/* ---- run, config ---- */

int64_t derive_for_ns(const struct derive *d)
{
    int64_t last = d->frame_count ? derive_frame_ns(d, (uint32_t)d->frame_count - 1) : 0;
    int64_t needed = last + FOR_SLACK_NS;
    int64_t ns = d->duration_ns;

    /* A run that was told when to end, and got there. */
    if (!d->truncated && d->for_ns > 0 && d->for_ns >= last &&
        d->duration_ns >= d->for_ns - FOR_SLACK_NS)
        return d->for_ns;
    ns = ns > needed ? ns : needed;
    return d->frame_count ? ns : FOR_DEFAULT_NS;
}

static bool lists_realtime(const struct derive *d)
{
    const char *checks = derive_config_get(d, "run.checks");

    return d->rtprocess_mark || (checks && strstr(checks, "rtprocess"));
}

static enum rg_status put_run(const struct derive *d, struct rg_buf *out)
{
    const char *checks = derive_config_get(d, "run.checks");
    enum rg_status st = rg_buf_str(out, "seed: 0\nrun: {for: ");

    if (st == RG_OK)
        st = derive_yaml_duration(out, derive_for_ns(d));
    if (st == RG_OK && lists_realtime(d))
        st = rg_buf_str(out, checks && strcmp(checks, "[rtprocess]") == 0
                                 ? ", checks: [rtprocess]"
                                 : ", checks: [process, rtprocess]");
    return st == RG_OK ? rg_buf_str(out, "}\n") : st;
}

static enum rg_status put_config(const struct derive *d, struct rg_buf *out)
{
    enum rg_status st = RG_OK;
    bool any = false;

    for (size_t i = 0; i < d->setting_count && st == RG_OK; i++) {
        if (strcmp(d->settings[i].path, "run.checks") == 0)
            continue;
        if (!any)
            st = rg_buf_str(out, "config:\n");
        any = true;
        if (st == RG_OK)
            st = rg_buf_str(out, "  ");
        if (st == RG_OK)
            st = derive_yaml_text(out, rg_str_from(d->settings[i].path), NULL);
        if (st == RG_OK)
            st = rg_buf_printf(out, ": %s\n", d->settings[i].value);
    }
    return st;
}

/* ---- expectations ---- */

/* Busy processes whose last rate is certain: it holds since the last scan but one. */
static enum rg_status put_busy(const struct derive_writer *w, struct rg_buf *out)
{
    const struct derive *d = w->d;
    enum rg_status st = RG_OK;
    int written = 0;

    for (size_t i = 0; i < w->fold->kind_count && written < BUSY_EXPECTS_MAX && st == RG_OK; i++) {
        const struct derive_kind *kind = &w->fold->kinds[i];
        const struct derive_process *p = &d->processes[kind->process];
        const struct derive_run *run = p->cpu.count ? &p->cpu.runs[p->cpu.count - 1] : NULL;
        int64_t percent = run ? derive_run_value(run) / 1000 : 0;
        uint32_t lists = 0;

        for (size_t f = run ? run->first : d->frame_count; f < d->frame_count; f++)
            lists += d->frames[f].listed;
        if (kind->count > 1 || p->kernel || p->gone_frame != DERIVE_NEVER || lists < 2 ||
            percent < BUSY_CPU_MIN / 1000 || p->zombie_frame != DERIVE_NEVER ||
            p->pid > RG_SIM_PID_MAX || w->fold->crowd_of[kind->process])
            continue;
        st = rg_buf_printf(out,
            "  - {eventually: '.last.process[] | select(.pid == %d) | .cpu.totalPct | . > %" PRId64
            " and . < %" PRId64 "'}\n",
            p->pid, percent * 7 / 10 - 2, percent * 13 / 10 + 3);
        written++;
    }
    return st;
}

static bool is_true(const char *yaml)
{
    return yaml && (strstr(yaml, "true") || strcmp(yaml, "\"1\"") == 0);
}

static enum rg_status put_expect(const struct derive_writer *w, struct rg_buf *out)
{
    const struct derive *d = w->d;
    bool ignore = is_true(derive_config_get(d, "process_config.ignore_zombie_processes"));
    uint64_t least, most;
    enum rg_status st = rg_buf_str(out, "expect:\n"
                                        "  - {eventually: '.report.failed_runs == 0'}\n"
                                        "  - {eventually: '.report.dropped_payloads == 0'}\n");

    derive_expect_count(w->fold, d, ignore, &least, &most);
    if (st != RG_OK || !d->process_output || most == 0 ||
        derive_config_get(d, "process_config.blacklist_patterns") ||
        derive_config_get(d, "process_config.drop_check_payloads"))
        return st;
    if (least == most)
        st = rg_buf_printf(
            out, "  - {eventually: '.last.process | length == %" PRIu64 "'}\n", least);
    else
        st = rg_buf_printf(out,
            "  - {eventually: '.last.process | length | . >= %" PRIu64 " and . <= %" PRIu64 "'}\n",
            least, most);
    return st == RG_OK && derive_punctual(d) ? put_busy(w, out) : st;
}

/* ---- the whole ---- */

static enum rg_status put_processes(struct derive_writer *w, struct rg_buf *out)
{
    const struct derive_fold *fold = w->fold;
    bool none = fold->kind_count == 0 && fold->crowd_count == 0;
    enum rg_status st = rg_buf_str(out, none ? "    processes: []\n" : "    processes:\n");

    for (size_t i = 0; i < fold->kind_count && st == RG_OK; i++)
        st = derive_write_kind(w, &fold->kinds[i], out);
    for (size_t i = 0; i < fold->crowd_count && st == RG_OK; i++)
        st = derive_write_crowd(w, &fold->crowds[i], out);
    return st;
}

static enum rg_status put_body(
    struct derive_writer *w, const struct derive_file *file, struct rg_buf *out)
{
    enum rg_status st = rg_buf_str(out, "name: ");

    if (st == RG_OK)
        st = derive_yaml_text(out, rg_str_from(file->name), NULL);
    if (st == RG_OK)
        st = rg_buf_str(out, "\nworld:\n  simulate:\n");
    if (st == RG_OK)
        st = put_host(w, out);
    if (st == RG_OK)
        st = put_processes(w, out);
    if (st == RG_OK)
        st = put_run(w->d, out);
    if (st == RG_OK)
        st = put_config(w->d, out);
    return st == RG_OK ? put_expect(w, out) : st;
}

static enum rg_status put_comment(
    const struct derive_writer *w, const struct derive_file *file, struct rg_buf *out)
{
    const struct derive *d = w->d;
    char when[RG_WALL_TEXT];
    uint64_t merged = 0, passing = 0;
    enum rg_status st = rg_buf_str(out, "# Derived from ");

    for (size_t i = 0; i < w->fold->kind_count; i++)
        merged += w->fold->kinds[i].count > 1 ? w->fold->kinds[i].count : 0;
    for (size_t i = 0; i < w->fold->crowd_count; i++)
        passing += w->fold->crowds[i].members;
    if (st == RG_OK)
        st = rg_str_escape(out, rg_str_from(file->capture));
    if (st == RG_OK)
        st = rg_buf_printf(
            out, ", recorded %s.\n", rg_wall_text((struct rg_wall){d->wall_ns}, when));
    if (st == RG_OK)
        st = rg_buf_printf(out,
            "# %zu processes in %zu scans became %zu items; %" PRIu64
            " were merged with others like "
            "them,\n# %" PRIu64 " that came and went became %zu crowds.\n",
            d->process_count, d->frame_count, w->fold->kind_count + w->fold->crowd_count, merged,
            passing, w->fold->crowd_count);
    if (st == RG_OK && w->fold->numbers_ignored)
        st = rg_buf_str(out, "# Too many kinds: processes were merged whatever their numbers.\n");
    if (st == RG_OK && d->truncated)
        st = rg_buf_str(out, "# The capture is cut off: this is what was recorded up to there.\n");
    if (st == RG_OK && w->words_max < DERIVE_WORDS_MAX)
        st = rg_buf_printf(out, "# Series were cut to %zu words each.\n", w->words_max);
    return st == RG_OK ? derive_losses_print(&w->losses, "# ", out) : st;
}

enum rg_status derive_losses_print(
    const struct derive_losses *l, const char *prefix, struct rg_buf *out)
{
    const struct {
        uint64_t count;
        const char *what;
    } lines[] = {
        {l->replaced, "bytes are not UTF-8 and became U+FFFD"},
        {l->cut, "texts are too long and were cut"},
        {l->braces, "texts hold {copy} or {pid}, which will be replaced"},
        {l->execs, "changes of a program behind the first one were left out"},
        {l->threads, "processes changed their number of threads; the last one was taken"},
        {l->parents, "processes have a parent that was not recorded; theirs is now 1"},
        {l->pids, "pids are above those of a simulated host and were left out"},
        {l->unnamed, "processes have no name and are now called \"?\""},
    };
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && st == RG_OK; i++) {
        if (lines[i].count)
            st = rg_buf_printf(out, "%s%" PRIu64 " %s\n", prefix, lines[i].count, lines[i].what);
    }
    return st;
}

enum rg_status derive_write(struct derive *d, const struct derive_fold *fold,
    const struct derive_file *file, struct rg_buf *out, struct derive_losses *losses)
{
    struct derive_writer w = {.d = d, .fold = fold, .words_max = file->words_max};
    struct rg_buf body;
    enum rg_status st = RG_ENOMEM;

    rg_buf_init(&body, out->max);
    rg_buf_init(&w.text, TEXT_BYTES_MAX);
    derive_item_init(&w.item);
    rg_buf_clear(out);
    w.cells = rg_calloc(d->frame_count + 1, sizeof(*w.cells));
    if (w.cells) {
        for (size_t i = 0; i < d->frame_count; i++)
            w.cells[i] = d->frames[i].cell;
        st = put_body(&w, file, &body);
    }
    w.losses.replaced = w.item.replaced;
    if (st == RG_OK)
        st = put_comment(&w, file, out);
    if (st == RG_OK)
        st = rg_buf_append(out, body.data, body.len);
    *losses = w.losses;
    free(w.cells);
    derive_item_finish(&w.item);
    rg_buf_finish(&w.text);
    rg_buf_finish(&body);
    return st;
}
