#include "process_check.h"
#include "chunk_allocator.h"
#include "cmdline_scrubber.h"
#include "disallow_list.h"
#include "process_baseline.h"
#include "process_probe.h"
#include "rg/base/mem.h"
#include "user_names.h"

#include <stdlib.h>
#include <string.h>

struct rg_process_check {
    struct rg_backends backends;
    const struct rg_log *log;
    struct rg_host_facts facts;
    int32_t cpu_count;
    size_t items_max;
    uint64_t bytes_max;
    int64_t hint_frequency;
    int64_t published; /* standard runs that built messages: the cadence of hints */
    bool ignore_zombies, cache_user_names;
    struct rg_process_probe *probe;
    struct rg_cmdline_scrubber *scrubber;
    struct rg_disallow_list *disallow;
    struct rg_user_names users;
    struct rg_payload_builder builder;
    struct rg_chunk_allocator chunks;
    /* baselines, and one to build the next in */
    struct rg_baseline last, realtime_last, spare, realtime_spare;
    struct rg_pid_list last_pids; /* every pid of the last scan, unfiltered */
    /* work space of one run, reused */
    struct rg_payload_process *processes;
    size_t process_count, process_cap;
    uint64_t *weights;
    size_t weight_cap;
    struct rg_payload_stat *stats;
    size_t stat_count, stat_cap;
};

/* One run on its way. */
struct pass {
    struct rg_process_table table;
    struct rg_wall now;
    double cpu_total_s;
    int32_t group;
    size_t items_max;
};

struct rg_process_check_options rg_process_check_defaults(void)
{
    return (struct rg_process_check_options){
        .hostname = "",
        .network_id = "",
        .collect_io_fd = true,
        .max_per_message = RG_MAX_PER_MESSAGE_DEFAULT,
        .max_message_bytes = RG_MAX_MESSAGE_BYTES_DEFAULT,
        .hint_frequency = RG_HINT_FREQUENCY_DEFAULT,
        .scrub = {.enabled = true},
    };
}

int32_t rg_group_next(struct rg_group_counter *counter)
{
    counter->last = counter->last == INT32_MAX ? INT32_MIN : counter->last + 1;
    return counter->last;
}

void rg_process_result_finish(struct rg_process_result *result)
{
    rg_payload_list_finish(&result->standard);
    rg_payload_list_finish(&result->realtime);
    *result = (struct rg_process_result){0};
}

static void warn_word(void *ctx, const char *text)
{
    rg_log(ctx, RG_LOG_WARN, RG_PROCESS_NAME, "%s", text);
}

static void set_limits(struct rg_process_check *c, const struct rg_process_check_options *o)
{
    int64_t items = o->max_per_message;
    int64_t bytes = o->max_message_bytes;

    if (items < 1 || items > RG_MAX_PER_MESSAGE_LIMIT) {
        rg_log(c->log, RG_LOG_WARN, RG_PROCESS_NAME,
            "Invalid max item count per message (%lld), using default value of %d",
            (long long)items, RG_MAX_PER_MESSAGE_DEFAULT);
        items = RG_MAX_PER_MESSAGE_DEFAULT;
    }
    if (bytes < 1 || bytes > RG_MAX_MESSAGE_BYTES_LIMIT) {
        rg_log(c->log, RG_LOG_WARN, RG_PROCESS_NAME,
            "Invalid max byte size per message (%lld), using default value of %d", (long long)bytes,
            RG_MAX_MESSAGE_BYTES_DEFAULT);
        bytes = RG_MAX_MESSAGE_BYTES_DEFAULT;
    }
    c->items_max = (size_t)items;
    c->bytes_max = (uint64_t)bytes;
    c->hint_frequency = o->hint_frequency;
    if (c->hint_frequency < 1) {
        rg_log(c->log, RG_LOG_WARN, RG_PROCESS_NAME,
            "invalid process_config.process_discovery.hint_frequency (%lld), using %d",
            (long long)o->hint_frequency, RG_HINT_FREQUENCY_DEFAULT);
        c->hint_frequency = RG_HINT_FREQUENCY_DEFAULT;
    }
}

static enum rg_status read_host(
    struct rg_process_check *c, const struct rg_process_check_options *o, struct rg_err *err)
{
    int32_t entries = 0;
    enum rg_status st = rg_host_facts(c->backends.host, &c->facts, err);

    if (st == RG_OK)
        st =
            rg_host_cpu_count(c->backends.procfs, c->facts.cpu_count, &c->cpu_count, &entries, err);
    if (st != RG_OK)
        return st;
    rg_payload_builder_init(&c->builder, &(struct rg_payload_host){.hostname = o->hostname,
                                             .network_id = o->network_id,
                                             .facts = &c->facts,
                                             .cpu_entries = entries});
    return RG_OK;
}

enum rg_status rg_process_check_create(const struct rg_backends *backends,
    const struct rg_process_check_options *o, const struct rg_log *log,
    struct rg_process_check **out, struct rg_err *err)
{
    struct rg_process_probe_options probe = {.collect_io_fd = o->collect_io_fd,
        .ignore_zombies = o->ignore_zombies,
        .always_reread = o->always_reread};
    struct rg_scrub_options scrub = o->scrub;
    struct rg_process_check *c = rg_calloc(1, sizeof(*c));
    enum rg_status st;

    if (!c)
        return RG_ENOMEM;
    c->backends = *backends;
    c->log = log;
    c->ignore_zombies = o->ignore_zombies;
    c->cache_user_names = o->cache_user_names;
    rg_user_names_init(
        &c->users, backends->host, o->cache_user_names ? RG_USER_CACHE_LIFETIME_NS : 0);
    st = read_host(c, o, err);
    if (st != RG_OK)
        goto fail;
    st = rg_process_probe_create(backends, &probe, log, &c->probe, err);
    if (st != RG_OK)
        goto fail;
    set_limits(c, o);
    if (log) {
        scrub.warn = warn_word;
        scrub.warn_ctx = (void *)(uintptr_t)log; /* only read */
    }
    st = rg_cmdline_scrubber_create(&scrub, &c->scrubber, err);
    if (st != RG_OK)
        goto fail;
    st = rg_disallow_list_create(o->disallow, o->disallow_count, log, &c->disallow, err);
    if (st != RG_OK)
        goto fail;
    *out = c;
    return RG_OK;
fail:
    rg_process_check_destroy(c);
    return st;
}

void rg_process_check_destroy(struct rg_process_check *c)
{
    if (!c)
        return;
    rg_disallow_list_destroy(c->disallow);
    rg_cmdline_scrubber_destroy(c->scrubber);
    rg_process_probe_destroy(c->probe);
    rg_user_names_finish(&c->users);
    rg_payload_builder_finish(&c->builder);
    rg_chunk_allocator_finish(&c->chunks);
    rg_baseline_finish(&c->last);
    rg_baseline_finish(&c->realtime_last);
    rg_baseline_finish(&c->spare);
    rg_baseline_finish(&c->realtime_spare);
    rg_pid_list_finish(&c->last_pids);
    free(c->processes);
    free(c->weights);
    free(c->stats);
    free(c);
}

static enum rg_status remember_pids(struct rg_process_check *c, const struct rg_process_table *t)
{
    enum rg_status st = RG_OK;

    c->last_pids.count = 0;
    for (size_t i = 0; i < t->count && st == RG_OK; i++)
        st = rg_pid_list_add(&c->last_pids, t->procs[i].pid);
    return st;
}

static struct rg_process_cpu cpu_of(const struct rg_process_check *c, const struct pass *pass,
    const struct rg_baseline *base, const struct rg_process_stats *now,
    const struct rg_process_stats *before)
{
    return rg_process_cpu_rates(now, before, pass->cpu_total_s, base->cpu_total_s, c->cpu_count);
}

/* upstream: pkg/process/checks/process.go, skipProcess. The order of the rules is upstream's. */
static enum rg_status skip(struct rg_process_check *c, const struct rg_process *p,
    const struct rg_process_stats *before, bool *skipped)
{
    enum rg_status st = rg_disallow_list_hides(c->disallow, p->args, p->arg_count, p->exe, skipped);

    if (st == RG_OK && !*skipped)
        *skipped = !before || (c->ignore_zombies && p->stats.state == 'Z');
    return st;
}

static enum rg_status format_process(struct rg_process_check *c, const struct pass *pass,
    const struct rg_process *p, const struct rg_process_stats *before, struct rg_err *err)
{
    struct rg_payload_process *out = &c->processes[c->process_count];
    enum rg_status st;

    *out = (struct rg_payload_process){.process = p,
        .cpu = cpu_of(c, pass, &c->last, &p->stats, before),
        .io = rg_process_io_rates(&p->stats, before, rg_baseline_elapsed_s(&c->last, pass->now))};
    st = rg_cmdline_scrubber_args(c->scrubber, p, &out->args, &out->arg_count, err);
    if (st == RG_OK && p->uid_count)
        st = rg_user_names_get(&c->users, (uint32_t)p->uids[0], &out->user);
    if (st != RG_OK)
        return st;
    c->weights[c->process_count] = rg_payload_process_weight(out);
    c->process_count++;
    return RG_OK;
}

/* upstream: pkg/process/checks/process.go, fmtProcesses */
static enum rg_status format_all(
    struct rg_process_check *c, const struct pass *pass, struct rg_err *err)
{
    void *processes = c->processes;
    void *weights = c->weights;
    size_t at = 0;
    enum rg_status st;

    c->process_count = 0;
    st =
        rg_grow(&processes, &c->process_cap, pass->table.count, sizeof(*c->processes), RG_PIDS_MAX);
    c->processes = processes;
    if (st == RG_OK)
        st = rg_grow(&weights, &c->weight_cap, pass->table.count, sizeof(*c->weights), RG_PIDS_MAX);
    c->weights = weights;
    for (size_t i = 0; i < pass->table.count && st == RG_OK; i++) {
        const struct rg_process *p = &pass->table.procs[i];
        const struct rg_process_stats *before = rg_baseline_next(&c->last, &at, p->pid);
        bool skipped = true;

        st = skip(c, p, before, &skipped);
        if (st == RG_OK && !skipped)
            st = format_process(c, pass, p, before, err);
    }
    return st;
}

static enum rg_status build_standard(struct rg_process_check *c, const struct pass *pass,
    struct rg_payload_list *out, struct rg_err *err)
{
    int32_t hints = c->published % c->hint_frequency == 0 ? RG_HINT_PROCESS_DISCOVERY : 0;
    struct rg_payload_group group = {.id = pass->group};
    enum rg_status st;

    rg_chunk_allocator_start(&c->chunks, pass->items_max, c->bytes_max);
    st = rg_chunk_allocator_host(&c->chunks, c->weights, c->process_count);
    group.size = (int32_t)c->chunks.count;
    for (size_t i = 0; i < c->chunks.count && st == RG_OK; i++) {
        const struct rg_chunk *chunk = &c->chunks.chunks[i];

        st = rg_payload_add_standard(&c->builder, c->processes + chunk->item_first,
            chunk->item_count, group, hints, out, err);
    }
    return st;
}

/* upstream: pkg/process/checks/process_rt.go, fmtProcessStats. No filter applies here. */
static enum rg_status format_stats(struct rg_process_check *c, const struct pass *pass)
{
    const struct rg_baseline *base = &c->realtime_last;
    int64_t elapsed_s = rg_baseline_elapsed_s(base, pass->now);
    void *stats = c->stats;
    size_t at = 0;
    enum rg_status st;

    c->stat_count = 0;
    st = rg_grow(&stats, &c->stat_cap, pass->table.count, sizeof(*c->stats), RG_PIDS_MAX);
    c->stats = stats;
    for (size_t i = 0; i < pass->table.count && st == RG_OK; i++) {
        const struct rg_process *p = &pass->table.procs[i];
        const struct rg_process_stats *before = rg_baseline_next(base, &at, p->pid);

        if (before)
            c->stats[c->stat_count++] = (struct rg_payload_stat){.process = p,
                .cpu = cpu_of(c, pass, base, &p->stats, before),
                .io = rg_process_io_rates(&p->stats, before, elapsed_s)};
    }
    return st;
}

static enum rg_status build_realtime(struct rg_process_check *c, const struct pass *pass,
    struct rg_payload_list *out, struct rg_err *err)
{
    struct rg_payload_group group = {.id = pass->group};
    enum rg_status st = format_stats(c, pass);
    size_t n = c->stat_count;

    group.size = (int32_t)(n / pass->items_max + (n % pass->items_max != 0));
    for (size_t i = 0; i < n && st == RG_OK; i += pass->items_max) {
        size_t count = n - i < pass->items_max ? n - i : pass->items_max;

        st = rg_payload_add_realtime(&c->builder, c->stats + i, count, group, out, err);
    }
    return st;
}

static void commit(struct rg_baseline *base, struct rg_baseline *next, struct rg_wall taken)
{
    struct rg_baseline old = *base;

    next->taken = taken;
    *base = *next;
    *next = old;
}

static enum rg_status read_cpu(struct rg_process_check *c, struct pass *pass, struct rg_err *err)
{
    struct rg_cpu_times times;
    enum rg_status st =
        rg_cpu_times_read(c->backends.procfs, c->facts.clock_ticks_per_s, &times, err);

    if (st == RG_OK)
        pass->cpu_total_s = rg_cpu_times_total(&times);
    return st;
}

static enum rg_status run_standard(struct rg_process_check *c, struct pass *pass, bool realtime,
    struct rg_process_result *result, struct rg_err *err)
{
    bool first = !c->last.present;
    struct rg_mono mono = {0};
    struct rg_wall end;
    enum rg_status st = read_cpu(c, pass, err);

    if (st == RG_OK)
        st = rg_process_probe_scan(c->probe, &pass->table, err);
    if (st == RG_OK)
        st = remember_pids(c, &pass->table);
    if (st == RG_OK)
        st = rg_baseline_copy(&c->spare, &pass->table, pass->cpu_total_s);
    if (st == RG_OK && realtime)
        st = rg_baseline_copy(&c->realtime_spare, &pass->table, pass->cpu_total_s);
    if (st != RG_OK)
        return st;
    result->seen = pass->table.count;
    if (!first) {
        if (c->cache_user_names)
            mono = rg_runtime_mono(c->backends.runtime);
        rg_user_names_start(&c->users, mono);
        st = format_all(c, pass, err);
        if (st == RG_OK)
            st = build_standard(c, pass, &result->standard, err);
        rg_cmdline_scrubber_age(c->scrubber);
        if (st == RG_OK && realtime && c->realtime_last.present)
            st = build_realtime(c, pass, &result->realtime, err);
        if (st != RG_OK)
            return st;
        c->published++;
        result->counted = true;
        result->process_count = c->process_count;
    }
    end = rg_runtime_wall(c->backends.runtime);
    commit(&c->last, &c->spare, end);
    if (realtime)
        commit(&c->realtime_last, &c->realtime_spare, end);
    return RG_OK;
}

static enum rg_status run_realtime(struct rg_process_check *c, struct pass *pass,
    struct rg_process_result *result, struct rg_err *err)
{
    enum rg_status st = read_cpu(c, pass, err);

    if (st != RG_OK || c->last_pids.count == 0)
        return st;
    st = rg_process_probe_stats(c->probe, c->last_pids.pids, c->last_pids.count, &pass->table, err);
    if (st == RG_OK)
        st = rg_baseline_copy(&c->realtime_spare, &pass->table, pass->cpu_total_s);
    if (st == RG_OK && c->realtime_last.present)
        st = build_realtime(c, pass, &result->realtime, err);
    if (st != RG_OK)
        return st;
    result->seen = pass->table.count;
    commit(&c->realtime_last, &c->realtime_spare, rg_runtime_wall(c->backends.runtime));
    return RG_OK;
}

/* upstream: pkg/process/checks/process.go, Run */
enum rg_status rg_process_check_run(struct rg_process_check *c, struct rg_process_run run,
    struct rg_group_counter *groups, struct rg_process_result *result, struct rg_err *err)
{
    struct pass pass = {.items_max = run.no_chunking ? INT32_MAX : c->items_max};
    enum rg_status st;

    rg_process_result_finish(result);
    if (!run.standard && !run.realtime) {
        rg_err_set(err, "invalid run options for check");
        return RG_EINVALID;
    }
    rg_runtime_mark(c->backends.runtime, run.standard ? RG_PROCESS_NAME : RG_RTPROCESS_NAME);
    pass.group = rg_group_next(groups);
    pass.now = rg_runtime_wall(c->backends.runtime);
    if (run.standard)
        st = run_standard(c, &pass, run.realtime, result, err);
    else
        st = run_realtime(c, &pass, result, err);
    if (st != RG_OK)
        rg_process_result_finish(result);
    result->start = pass.now;
    return st;
}
