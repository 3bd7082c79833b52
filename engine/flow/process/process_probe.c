/* The probe walks the pids in ascending order beside what it remembers of the scan before.
 *
 * A process seen for the first time costs 18 system calls: status, stat, cmdline, statm, io, the
 * links exe and cwd, the number of fds. A process that has not run since costs 9, by this
 * argument. The two switch counters of status say how often the main thread was switched out, S.
 * The third number of schedstat says how often it was switched in, P. While the thread is off the
 * CPU P equals S, while it is on P is S + 1. So when P, read now, equals S, read at an earlier
 * status read, the thread has been off the CPU all the time in between: it has not called exec,
 * setuid, chdir, open or write, and everything read after that status still holds. That is why
 * status comes first. Three things can change without the thread and are watched apart: its memory
 * (the kernel reclaims pages: statm), other threads (their number, and the page faults of the
 * group in stat; command line, cwd, io and fds are then read again), and the parent, state and
 * niceness (always taken from stat). The start time tells a reused pid, the addresses of code,
 * stack and arguments tell an exec.
 *
 * What this cannot see: an exe that was deleted or a cwd that was renamed under a sleeping
 * process, and another process that shares its memory or fd table without being its thread. Each
 * process is therefore read in full every refresh_scans scans, at a turn given by its pid. A
 * kernel without switch counts (P is 0) makes every visit a full one.
 *
 * Texts live in one block per process, replaced only when they change. A table points into the
 * blocks, so a replaced block is freed one successful scan later. */
#include "process_probe.h"

#include "probe_reader.h"
#include "proc_parse.h"

#include "rg/base/mem.h"

#include <stdlib.h>

#define LOG_SOURCE            "process"
#define DEFAULT_REFRESH_SCANS 30u
#define BOOT_REFRESH_SCANS    6u /* upstream: one minute, at ten seconds per scan */
#define BOOT_JITTER_S         1  /* btime wavers by a second while NTP slews the clock */

/* Storage of one table; two alternate. */
struct table_store {
    struct rg_process *procs; /* owned */
    size_t cap;
};

struct entries {
    struct probe_entry *items; /* owned; ascending pid */
    size_t count;
    size_t cap;
};

struct rg_process_probe {
    struct probe_reader reader;
    const struct rg_log *log; /* borrowed */
    bool always_reread;
    uint32_t refresh_scans;
    uint64_t full_scans, stats_scans; /* successful ones, each kind by itself */
    struct rg_pid_list pids;
    struct entries now, next; /* next is scratch between scans */
    struct table_store full[2], stats[2];
    struct probe_texts *retired; /* still in a table the caller may hold */
    struct probe_texts *dying;   /* freed when the next full scan starts */
};

/* Reads the boot time again. A failure keeps the old one; *err is filled for fatal statuses. */
static enum rg_status read_boot_time(struct rg_process_probe *probe, struct rg_err *err)
{
    struct probe_reader *r = &probe->reader;
    struct rg_buf buf;
    int64_t boot_s = 0;
    int64_t step;
    enum rg_status st;

    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_procfs_read_host(r->fs, "stat", &buf, err);
    if (st == RG_OK && !rg_proc_parse_boot_time(rg_str_buf(&buf), &boot_s)) {
        rg_err_set(err, "no btime line");
        st = RG_EINVALID;
    }
    rg_buf_finish(&buf);
    if (probe_reader_fatal(st)) {
        rg_err_prefix(err, "boot time");
        return st;
    }
    if (st != RG_OK) {
        rg_log(probe->log, RG_LOG_WARN, LOG_SOURCE,
            "could not read the boot time, keeping %lld: %s", (long long)r->boot_s,
            rg_err_text(err, st));
        return RG_OK;
    }
    if (r->boot_s == 0 || __builtin_sub_overflow(boot_s, r->boot_s, &step) ||
        step > BOOT_JITTER_S || step < -BOOT_JITTER_S)
        r->boot_s = boot_s;
    return RG_OK;
}

enum rg_status rg_process_probe_create(const struct rg_backends *backends,
    const struct rg_process_probe_options *options, const struct rg_log *log,
    struct rg_process_probe **out, struct rg_err *err)
{
    struct rg_host_facts facts;
    struct rg_process_probe *probe;
    enum rg_status st = rg_host_facts(backends->host, &facts, err);

    if (st != RG_OK)
        return st;
    probe = rg_calloc(1, sizeof(*probe));
    if (!probe) {
        rg_err_set(err, "no memory for the process probe");
        return RG_ENOMEM;
    }
    probe_reader_init(&probe->reader, backends, &facts, options);
    probe->log = log;
    probe->always_reread = options->always_reread;
    probe->refresh_scans = options->refresh_scans ? options->refresh_scans : DEFAULT_REFRESH_SCANS;
    st = read_boot_time(probe, err);
    if (st != RG_OK) {
        rg_process_probe_destroy(probe);
        return st;
    }
    *out = probe;
    return RG_OK;
}

void rg_process_probe_destroy(struct rg_process_probe *probe)
{
    if (!probe)
        return;
    for (size_t i = 0; i < probe->now.count; i++)
        probe_texts_retire(&probe->now.items[i].texts, &probe->retired);
    probe_texts_free_list(&probe->retired);
    probe_texts_free_list(&probe->dying);
    for (size_t i = 0; i < 2; i++) {
        free(probe->full[i].procs);
        free(probe->stats[i].procs);
    }
    free(probe->now.items);
    free(probe->next.items);
    rg_pid_list_finish(&probe->pids);
    probe_reader_finish(&probe->reader);
    free(probe);
}

static enum rg_status store_reserve(struct table_store *store, size_t count, struct rg_err *err)
{
    void *procs = store->procs;
    enum rg_status st = rg_grow(&procs, &store->cap, count, sizeof(*store->procs), RG_PIDS_MAX);

    store->procs = procs;
    if (st != RG_OK)
        rg_err_set(err, "no memory for a table of %zu processes", count);
    return st;
}

static enum rg_status entries_reserve(struct entries *list, size_t count, struct rg_err *err)
{
    void *items = list->items;
    enum rg_status st = rg_grow(&items, &list->cap, count, sizeof(*list->items), 2 * RG_PIDS_MAX);

    list->items = items;
    if (st != RG_OK)
        rg_err_set(err, "no memory to remember %zu processes", count);
    return st;
}

/* Whether the files of this pid may be left unread in this scan. */
static bool may_reuse(const struct rg_process_probe *probe, uint64_t scan, int32_t pid)
{
    return !probe->always_reread && (scan + (uint64_t)pid) % probe->refresh_scans != 0;
}

/* Visits every listed pid. Entries move from now to next; those passed over have vanished. */
static enum rg_status visit_all(
    struct rg_process_probe *probe, struct rg_process *procs, size_t *count, struct rg_err *err)
{
    struct entries *now = &probe->now;
    struct entries *next = &probe->next;
    enum rg_status st = RG_OK;
    size_t old = 0;

    *count = 0;
    next->count = 0;
    for (size_t i = 0; i < probe->pids.count && st == RG_OK; i++) {
        int32_t pid = probe->pids.pids[i];
        struct probe_entry *entry = &next->items[next->count];

        if (pid <= 0)
            continue;
        while (old < now->count && now->items[old].proc.pid < pid)
            probe_texts_retire(&now->items[old++].texts, &probe->retired);
        if (old < now->count && now->items[old].proc.pid == pid)
            *entry = now->items[old++];
        else
            *entry = (struct probe_entry){.proc.pid = pid};
        st = probe_reader_scan(
            &probe->reader, entry, may_reuse(probe, probe->full_scans, pid), &probe->retired, err);
        if (entry->kind != PROBE_GONE)
            next->count++;
        if (entry->kind == PROBE_USER)
            procs[(*count)++] = entry->proc;
    }
    /* After a failure the rest is still worth remembering. */
    while (old < now->count) {
        if (st == RG_OK)
            probe_texts_retire(&now->items[old++].texts, &probe->retired);
        else
            next->items[next->count++] = now->items[old++];
    }
    return st;
}

static void swap_entries(struct rg_process_probe *probe)
{
    struct entries old = probe->now;

    probe->now = probe->next;
    probe->next = old;
    probe->next.count = 0;
}

/* upstream: pkg/process/procutil/process_linux.go, ProcessesByPID */
enum rg_status rg_process_probe_scan(
    struct rg_process_probe *probe, struct rg_process_table *out, struct rg_err *err)
{
    struct table_store *store = &probe->full[probe->full_scans % 2];
    size_t count;
    enum rg_status st;

    probe_texts_free_list(&probe->dying);
    if (probe->full_scans && probe->full_scans % BOOT_REFRESH_SCANS == 0) {
        st = read_boot_time(probe, err);
        if (st != RG_OK)
            return st;
    }
    st = rg_procfs_list_pids(probe->reader.fs, &probe->pids, err);
    if (st != RG_OK) {
        rg_err_prefix(err, "listing processes");
        return st;
    }
    st = store_reserve(store, probe->pids.count, err);
    if (st == RG_OK)
        st = entries_reserve(&probe->next, probe->pids.count + probe->now.count, err);
    if (st != RG_OK)
        return st;
    st = visit_all(probe, store->procs, &count, err);
    swap_entries(probe);
    if (st != RG_OK)
        return st;
    probe->dying = probe->retired;
    probe->retired = NULL;
    probe->full_scans++;
    *out = (struct rg_process_table){.procs = store->procs, .count = count};
    return RG_OK;
}

/* Statistics of one pid into *proc; *present false when it vanished. */
static enum rg_status visit_stats(struct rg_process_probe *probe, int32_t pid,
    struct probe_entry *known, struct rg_process *proc, bool *present, struct rg_err *err)
{
    struct probe_entry copy = {.proc.pid = pid};
    bool same;
    enum rg_status st;

    if (known)
        copy = *known;
    st = probe_reader_stats(
        &probe->reader, &copy, may_reuse(probe, probe->stats_scans, pid), &same, err);
    if (st != RG_OK)
        return st;
    *present = copy.kind == PROBE_USER;
    if (*present)
        *proc = (struct rg_process){.pid = pid, .stats = copy.proc.stats};
    if (*present && same) {
        known->proc.stats = copy.proc.stats;
        known->numbers = copy.numbers;
        known->statm_hash = copy.statm_hash;
        known->distrust = copy.distrust;
    }
    return RG_OK;
}

/* upstream: pkg/process/procutil/process_linux.go, StatsForPIDs */
enum rg_status rg_process_probe_stats(struct rg_process_probe *probe, const int32_t *pids,
    size_t pid_count, struct rg_process_table *out, struct rg_err *err)
{
    struct table_store *store = &probe->stats[probe->stats_scans % 2];
    struct entries *now = &probe->now;
    enum rg_status st = RG_OK;
    size_t count = 0;
    size_t old = 0;
    bool present;

    probe->pids.count = 0;
    for (size_t i = 0; i < pid_count && st == RG_OK; i++)
        st = rg_pid_list_add(&probe->pids, pids[i]);
    if (st != RG_OK) {
        rg_err_set(err, "no room for a list of %zu pids", pid_count);
        return st;
    }
    rg_pid_list_sort(&probe->pids);
    st = store_reserve(store, probe->pids.count, err);
    for (size_t i = 0; i < probe->pids.count && st == RG_OK; i++) {
        int32_t pid = probe->pids.pids[i];

        if (pid <= 0)
            continue;
        while (old < now->count && now->items[old].proc.pid < pid)
            old++;
        present = false;
        st = visit_stats(probe, pid,
            old < now->count && now->items[old].proc.pid == pid ? &now->items[old] : NULL,
            &store->procs[count], &present, err);
        count += present;
    }
    if (st != RG_OK)
        return st;
    probe->stats_scans++;
    *out = (struct rg_process_table){.procs = store->procs, .count = count};
    return RG_OK;
}

const struct rg_process *rg_process_find(const struct rg_process_table *table, int32_t pid)
{
    size_t low = 0;
    size_t high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table->procs[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < table->count && table->procs[low].pid == pid ? &table->procs[low] : NULL;
}
