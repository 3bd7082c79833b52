#include "collector_parts.h"

#include "rg/base/hash.h"
#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE "collector"

/* Workers of a collector that grows with its checks; upstream: pkg/collector/runner/runner.go. */
static size_t workers_for(size_t checks)
{
    if (checks <= 10)
        return 4;
    if (checks <= 15)
        return 10;
    if (checks <= 20)
        return 15;
    return checks <= 25 ? 20 : 25;
}

static enum rg_status check_options(const struct rg_collector_options *o, struct rg_err *err)
{
    if (o->workers < 0 || o->workers > RG_COLLECTOR_WORKERS_MAX) {
        rg_err_set(err, "check_runners is %lld; it must be from 0 to %d", (long long)o->workers,
            RG_COLLECTOR_WORKERS_MAX);
        return RG_EINVALID;
    }
    if (o->cancel_timeout_ns < 0 || o->logging_frequency < 1) {
        rg_err_set(err, "%s is out of range",
            o->cancel_timeout_ns < 0 ? "check_cancel_timeout" : "logging_frequency");
        return RG_EINVALID;
    }
    return RG_OK;
}

enum rg_status rg_collector_create(const struct rg_check_world *world,
    const struct rg_collector_options *options, struct rg_collector **out, struct rg_err *err)
{
    struct rg_collector *c;
    enum rg_status st = check_options(options, err);

    rg_assert(world->stop_lock); /* several tasks stop and run checks */
    if (st != RG_OK)
        return st;
    c = rg_calloc(1, sizeof(*c));
    if (!c) {
        rg_err_set(err, "no memory for the collector");
        return RG_ENOMEM;
    }
    c->world = world;
    c->options = *options;
    rg_map_init(&c->by_hash);
    c->lock = rg_mutex_create(world->runtime, "collector");
    c->work = rg_cond_create(world->runtime, "work");
    c->ticked = rg_cond_create(world->runtime, "ticks");
    c->settled = rg_cond_create(world->runtime, "settled");
    st = rg_interval_scheduler_create(&c->scheduler, err);
    if (st != RG_OK || !c->lock || !c->work || !c->ticked || !c->settled) {
        rg_collector_destroy(c);
        rg_err_set(err, "no memory for the collector");
        return RG_ENOMEM;
    }
    *out = c;
    return RG_OK;
}

bool rg_collector_release(struct collector_entry *entry)
{
    rg_assert(entry->holders > 0);
    return --entry->holders == 0;
}

void rg_collector_free_entry(struct collector_entry *entry)
{
    rg_check_destroy(entry->check);
    rg_check_stats_finish(&entry->stats);
    free(entry);
}

static uint64_t hash_of(const char *id)
{
    return rg_hash64(id, strlen(id));
}

static struct collector_entry *chain(const struct rg_collector *c, uint64_t hash)
{
    uint64_t value;

    return rg_map_get(&c->by_hash, hash, &value) ? (struct collector_entry *)(uintptr_t)value
                                                 : NULL;
}

struct collector_entry *rg_collector_find(const struct rg_collector *c, const char *id)
{
    struct collector_entry *entry = chain(c, hash_of(id));

    while (entry && strcmp(entry->check->id, id) != 0)
        entry = entry->same_hash;
    return entry;
}

void rg_collector_take_out(struct rg_collector *c, struct collector_entry *entry)
{
    uint64_t hash = hash_of(entry->check->id);
    struct collector_entry *first = chain(c, hash);
    struct collector_entry **at = &first;

    while (*at != entry)
        at = &(*at)->same_hash;
    *at = entry->same_hash;
    if (!first)
        rg_map_remove(&c->by_hash, hash, NULL);
    else
        rg_ignore(rg_map_put(&c->by_hash, hash, (uint64_t)(uintptr_t)first), "the key is there");
    entry->gone = true;
    c->checks--;
    if (entry->check->interval_ns == 0)
        c->once--;
    if (entry->running)
        c->deaf++;
}

enum rg_status rg_collector_begin_call(struct rg_collector *c, struct rg_err *err)
{
    if (!c->started || c->stopping) {
        rg_err_set(err, "the collector is not running");
        return RG_ESTOPPED;
    }
    c->callers++;
    return RG_OK;
}

void rg_collector_end_call(struct rg_collector *c)
{
    rg_assert(c->callers > 0);
    c->callers--;
    if (c->stopping)
        rg_cond_broadcast(c->settled);
}

/* The scheduler task: lets the ticks happen, and wakes a worker when somebody is in line. */
static void tick(void *arg)
{
    struct rg_collector *c = arg;
    enum rg_status st = RG_OK;

    rg_mutex_lock(c->lock);
    while (!c->stopping && st != RG_ESTOPPED) {
        rg_interval_scheduler_advance(c->scheduler, rg_runtime_mono(c->world->runtime));
        rg_collector_wake(c);
        st = rg_cond_wait(c->ticked, c->lock, rg_interval_scheduler_next(c->scheduler));
    }
    rg_mutex_unlock(c->lock);
}

static enum rg_status add_worker(struct rg_collector *c, size_t number, struct rg_err *err)
{
    struct collector_worker *w = rg_calloc(1, sizeof(*w));
    char name[RG_TASK_NAME_MAX];
    enum rg_status st = RG_OK;

    if (!w) {
        rg_err_set(err, "no memory for worker %zu", number);
        return RG_ENOMEM;
    }
    w->collector = c;
    if (c->options.check_status)
        st = rg_sender_open(c->world->aggregator, "", &w->sender, err);
    snprintf(name, sizeof(name), "worker_%zu", number);
    if (st == RG_OK)
        st = rg_runtime_spawn(c->world->runtime, name, rg_collector_worker, w, &w->task, err);
    if (st != RG_OK) {
        rg_sender_close(w->sender);
        free(w);
        return st;
    }
    rg_mutex_lock(c->lock);
    w->next = c->workers;
    c->workers = w;
    rg_mutex_unlock(c->lock);
    return RG_OK;
}

/* Starts workers until there are count of them. Called without the lock. */
static enum rg_status add_workers(struct rg_collector *c, size_t count, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    while (st == RG_OK) {
        size_t number = 0;

        rg_mutex_lock(c->lock);
        if (c->worker_count < count)
            number = ++c->worker_count;
        rg_mutex_unlock(c->lock);
        if (number == 0)
            return RG_OK;
        st = add_worker(c, number, err);
    }
    rg_mutex_lock(c->lock);
    c->worker_count--;
    rg_mutex_unlock(c->lock);
    return st;
}

/* With the lock held. A check that runs for ever must not use up a worker of the others, nor one
 * that is gone and does not end. */
static size_t workers_wanted(const struct rg_collector *c)
{
    size_t base =
        c->options.workers ? (size_t)c->options.workers : workers_for(c->checks - c->once);

    return base + c->once + c->deaf;
}

/* Too few workers make checks late, and are no reason to refuse one. */
void rg_collector_grow(struct rg_collector *c)
{
    struct rg_err err = {0};
    enum rg_status st;
    size_t wanted;

    rg_mutex_lock(c->lock);
    wanted = workers_wanted(c);
    rg_mutex_unlock(c->lock);
    st =
        add_workers(c, wanted < RG_COLLECTOR_WORKERS_MAX ? wanted : RG_COLLECTOR_WORKERS_MAX, &err);
    if (st != RG_OK)
        rg_log(c->world->log, RG_LOG_ERROR, SOURCE, "fewer workers than the %zu wanted: %s", wanted,
            rg_err_text(&err, st));
    else if (wanted == RG_COLLECTOR_WORKERS_MAX + 1)
        rg_log(c->world->log, RG_LOG_WARN, SOURCE, "there are no more than %d workers",
            RG_COLLECTOR_WORKERS_MAX);
}

enum rg_status rg_collector_start(struct rg_collector *c, struct rg_err *err)
{
    enum rg_status st;

    rg_assert(!c->started && !c->stopping);
    st = rg_runtime_spawn(c->world->runtime, "scheduler", tick, c, &c->ticker, err);
    if (st != RG_OK)
        return st;
    rg_mutex_lock(c->lock);
    c->started = true;
    rg_mutex_unlock(c->lock);
    st = add_workers(c, workers_wanted(c), err);
    if (st != RG_OK)
        rg_collector_stop(c);
    return st;
}

/* With the lock held: puts the entry into the table and schedules it. */
static enum rg_status enter(
    struct rg_collector *c, struct collector_entry *entry, struct rg_err *err)
{
    uint64_t hash = hash_of(entry->check->id);
    bool once = entry->check->interval_ns == 0;
    struct rg_mono next = rg_interval_scheduler_next(c->scheduler);
    enum rg_status st;

    if (rg_collector_find(c, entry->check->id)) {
        rg_err_set(err, "a check with ID %s is already running", entry->check->id);
        return RG_EINVALID;
    }
    entry->same_hash = chain(c, hash);
    st = rg_map_put(&c->by_hash, hash, (uint64_t)(uintptr_t)entry);
    if (st != RG_OK) {
        rg_err_set(err, "no memory for check %s", entry->check->id);
        return st;
    }
    entry->serial = ++c->last_serial;
    c->checks++;
    c->once += once;
    st = rg_interval_scheduler_enter(c->scheduler, &entry->job, entry->check->interval_ns,
        rg_runtime_mono(c->world->runtime), err);
    if (st != RG_OK) {
        rg_err_prefix(err, "unable to schedule the check");
        rg_collector_take_out(c, entry);
        return st;
    }
    if (once)
        rg_collector_wake(c);
    if (rg_interval_scheduler_next(c->scheduler).ns < next.ns)
        rg_cond_signal(c->ticked);
    return RG_OK;
}

enum rg_status rg_collector_run_check(
    struct rg_collector *c, struct rg_check *check, struct rg_err *err)
{
    struct collector_entry *entry = rg_calloc(1, sizeof(*entry));
    bool grows = false;
    enum rg_status st;

    if (!entry) {
        rg_err_set(err, "no memory for check %s", check->id);
        return RG_ENOMEM;
    }
    entry->check = check;
    entry->holders = 1;
    entry->job.owner = entry;
    rg_mutex_lock(c->lock);
    st = rg_collector_begin_call(c, err);
    if (st == RG_OK) {
        st = enter(c, entry, err);
        grows = st == RG_OK && workers_wanted(c) > c->worker_count;
        if (!grows)
            rg_collector_end_call(c);
    }
    rg_mutex_unlock(c->lock);
    if (st != RG_OK)
        free(entry);
    if (grows) {
        rg_collector_grow(c);
        rg_mutex_lock(c->lock);
        rg_collector_end_call(c);
        rg_mutex_unlock(c->lock);
    }
    return st;
}

struct rg_collector_counts rg_collector_counts(struct rg_collector *c)
{
    struct rg_interval_scheduler_counts s;
    struct rg_collector_counts out;

    rg_mutex_lock(c->lock);
    s = rg_interval_scheduler_counts(c->scheduler);
    out = (struct rg_collector_counts){.runs = c->runs,
        .errors = c->errors,
        .warnings = c->warnings,
        .skipped = c->skipped,
        .lost_ticks = s.lost_ticks,
        .entered = s.entered,
        .checks = c->checks,
        .running = c->running,
        .workers = c->worker_count,
        .queues = s.queues};
    rg_mutex_unlock(c->lock);
    return out;
}

enum rg_status rg_collector_each(struct rg_collector *c, rg_check_view_fn *fn, void *ctx)
{
    size_t pos = 0;
    uint64_t key, value;
    enum rg_status st = RG_OK;

    rg_mutex_lock(c->lock);
    while (st == RG_OK && rg_map_next(&c->by_hash, &pos, &key, &value)) {
        const struct collector_entry *entry = (const struct collector_entry *)(uintptr_t)value;

        for (; entry && st == RG_OK; entry = entry->same_hash) {
            const struct rg_check_view view = {
                entry->check, &entry->stats, entry->running, entry->running_since};

            st = fn(ctx, &view);
        }
    }
    rg_mutex_unlock(c->lock);
    return st;
}

size_t rg_collector_queues(struct rg_collector *c, struct rg_interval_queue_info *out, size_t max)
{
    size_t count = 0;

    rg_mutex_lock(c->lock);
    while (count < max && rg_interval_scheduler_queue(c->scheduler, count, &out[count]))
        count++;
    count = rg_interval_scheduler_counts(c->scheduler).queues;
    rg_mutex_unlock(c->lock);
    return count;
}

/* The entries of the table, and their checks. */
static void free_entries(struct rg_collector *c)
{
    size_t pos = 0;
    uint64_t key, value;

    while (rg_map_next(&c->by_hash, &pos, &key, &value)) {
        struct collector_entry *entry = (struct collector_entry *)(uintptr_t)value;

        while (entry) {
            struct collector_entry *next = entry->same_hash;

            if (entry->check->ops->cancel)
                entry->check->ops->cancel(entry->check);
            rg_collector_free_entry(entry);
            entry = next;
        }
    }
    rg_map_finish(&c->by_hash);
}

void rg_collector_destroy(struct rg_collector *c)
{
    if (!c)
        return;
    rg_assert(!c->started);
    free_entries(c);
    rg_interval_scheduler_destroy(c->scheduler);
    rg_cond_destroy(c->settled);
    rg_cond_destroy(c->ticked);
    rg_cond_destroy(c->work);
    rg_mutex_destroy(c->lock);
    free(c);
}
