/* How checks leave: one by one, with time limits for those that do not listen, and all at the end.
 */
#include "collector_parts.h"

#include "rg/base/mem.h"

#include <stdlib.h>

#define SOURCE "collector"

/* The task that cancels: what it calls may take its time. */
static void cancel(void *arg)
{
    struct collector_cancel *leaving = arg;
    struct rg_collector *c = leaving->collector;
    struct collector_entry *entry = leaving->entry;
    bool last;

    entry->check->ops->cancel(entry->check);
    rg_mutex_lock(c->lock);
    entry->cancelled = true;
    leaving->ended = true;
    rg_cond_broadcast(c->settled);
    last = rg_collector_release(entry);
    rg_mutex_unlock(c->lock);
    if (last)
        rg_collector_free_entry(entry);
}

/* Joins the tasks that have ended, or all of them. Called without the lock. */
static void reap(struct rg_collector *c, bool all)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->cancel_count; i++) {
        struct collector_cancel *leaving = c->cancels[i];
        bool ended;

        rg_mutex_lock(c->lock);
        ended = leaving->ended;
        rg_mutex_unlock(c->lock);
        if (!ended && !all) {
            c->cancels[kept++] = leaving;
            continue;
        }
        rg_runtime_join(c->world->runtime, leaving->task);
        free(leaving);
    }
    c->cancel_count = kept;
}

static enum rg_status start_cancel(
    struct rg_collector *c, struct collector_entry *entry, struct rg_err *err)
{
    struct collector_cancel *leaving = rg_calloc(1, sizeof(*leaving));
    void *cancels = c->cancels;
    enum rg_status st = leaving ? rg_grow(&cancels, &c->cancel_cap, c->cancel_count + 1,
                                      sizeof(struct collector_cancel *), RG_TASKS_MAX)
                                : RG_ENOMEM;

    c->cancels = cancels;
    if (st != RG_OK) {
        free(leaving);
        rg_err_set(err, "no memory to cancel check %s", entry->check->id);
        return st;
    }
    leaving->collector = c;
    leaving->entry = entry;
    rg_mutex_lock(c->lock);
    entry->holders++;
    rg_mutex_unlock(c->lock);
    st = rg_runtime_spawn(c->world->runtime, "cancel", cancel, leaving, &leaving->task, err);
    if (st != RG_OK) {
        rg_mutex_lock(c->lock);
        entry->holders--; /* the caller holds it too */
        rg_mutex_unlock(c->lock);
        free(leaving);
        return st;
    }
    c->cancels[c->cancel_count++] = leaving;
    return RG_OK;
}

/* Waits with the lock held until *flag is as wanted. False: not within ns. */
static bool settle(struct rg_collector *c, const bool *flag, bool wanted, int64_t ns)
{
    struct rg_mono deadline = rg_mono_after(rg_runtime_mono(c->world->runtime), ns);
    enum rg_status st = RG_OK;

    while (*flag != wanted && st == RG_OK)
        st = rg_cond_wait(c->settled, c->lock, deadline);
    return *flag == wanted;
}

/* Finds the check and takes it out of line and table; held on. */
static enum rg_status unschedule(struct rg_collector *c, const char *id,
    struct collector_entry **out, bool *running, struct rg_err *err)
{
    struct collector_entry *entry = NULL;
    enum rg_status st = RG_OK;

    rg_mutex_lock(c->lock);
    if (!c->started || c->stopping) {
        st = RG_ESTOPPED;
        rg_err_set(err, "the collector is not running");
    } else {
        entry = rg_collector_find(c, id);
    }
    if (st == RG_OK && !entry) {
        st = RG_ENOTFOUND;
        rg_err_set(err, "cannot find a check with ID %s", id);
    } else if (st == RG_OK) {
        entry->stats.cancelling = true;
        rg_interval_scheduler_cancel(c->scheduler, &entry->job);
        rg_collector_take_out(c, entry);
        *running = entry->running;
        *out = entry;
    }
    rg_mutex_unlock(c->lock);
    return st;
}

static enum rg_status stop_run(
    struct rg_collector *c, struct collector_entry *entry, struct rg_err *err)
{
    bool ended;

    rg_check_stop(entry->check);
    rg_mutex_lock(c->lock);
    ended = settle(c, &entry->running, false, RG_CHECK_STOP_NS);
    rg_mutex_unlock(c->lock);
    if (ended)
        return RG_OK;
    rg_err_set(err,
        "an error occurred while stopping the check: timeout during stop operation on check id %s",
        entry->check->id);
    return RG_ETIMEOUT;
}

static enum rg_status cancel_check(
    struct rg_collector *c, struct collector_entry *entry, struct rg_err *err)
{
    enum rg_status st = start_cancel(c, entry, err);
    char limit[RG_DURATION_TEXT];
    bool ended;

    if (st != RG_OK)
        return st;
    rg_mutex_lock(c->lock);
    ended = settle(c, &entry->cancelled, true, c->options.cancel_timeout_ns);
    rg_mutex_unlock(c->lock);
    if (ended)
        return RG_OK;
    rg_err_set(err,
        "an error occurred while calling check.Cancel(): timeout while calling check.Cancel() on "
        "check ID %s, timeout: %s",
        entry->check->id, rg_duration_text(c->options.cancel_timeout_ns, limit));
    return RG_ETIMEOUT;
}

enum rg_status rg_collector_stop_check(struct rg_collector *c, const char *id, struct rg_err *err)
{
    struct collector_entry *entry = NULL;
    struct rg_err second = {0};
    bool running = false, last;
    enum rg_status st = unschedule(c, id, &entry, &running, err), cancelled = RG_OK;

    if (st != RG_OK)
        return st;
    if (running)
        st = stop_run(c, entry, err);
    if (entry->check->ops->cancel)
        cancelled = cancel_check(c, entry, &second);
    rg_mutex_lock(c->lock);
    last = rg_collector_release(entry);
    rg_mutex_unlock(c->lock);
    if (last)
        rg_collector_free_entry(entry);
    reap(c, false);
    if (st == RG_OK && cancelled != RG_OK && err)
        *err = second;
    return st != RG_OK ? st : cancelled;
}

/* With the lock held: asks every running check of the table to end. */
static void ask_all(struct rg_collector *c)
{
    size_t pos = 0;
    uint64_t key, value;

    while (rg_map_next(&c->by_hash, &pos, &key, &value)) {
        struct collector_entry *entry = (struct collector_entry *)(uintptr_t)value;

        for (; entry; entry = entry->same_hash) {
            if (entry->running)
                rg_check_stop(entry->check);
        }
    }
}

void rg_collector_stop(struct rg_collector *c)
{
    struct rg_runtime *rt = c->world->runtime;
    struct rg_mono deadline;
    enum rg_status st = RG_OK;
    size_t running;

    if (!c->started)
        return;
    rg_mutex_lock(c->lock);
    c->stopping = true;
    rg_cond_broadcast(c->work);
    rg_cond_broadcast(c->ticked);
    ask_all(c);
    deadline = rg_mono_after(rg_runtime_mono(rt), RG_COLLECTOR_STOP_NS);
    while (c->running > 0 && st == RG_OK)
        st = rg_cond_wait(c->settled, c->lock, deadline);
    running = c->running;
    rg_mutex_unlock(c->lock);
    if (running > 0)
        rg_log(c->world->log, RG_LOG_ERROR, SOURCE,
            "%zu checks did not end within %lld s; waiting for them", running,
            (long long)(RG_COLLECTOR_STOP_NS / RG_NS_PER_S));
    rg_runtime_join(rt, c->ticker);
    for (size_t i = 0; i < c->worker_count; i++) {
        rg_runtime_join(rt, c->workers[i]->task);
        rg_sender_close(c->workers[i]->sender);
        free(c->workers[i]);
    }
    c->worker_count = 0;
    reap(c, true);
    c->started = false;
}
