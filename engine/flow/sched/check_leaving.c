/* How checks leave: one by one, with time limits for those that do not listen, and all at the end.
 */
#include "collector_parts.h"
#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define SOURCE           "collector"
#define RUNNING_TEXT_MAX 256 /* of the names of checks that hang */

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

/* With the lock held: takes out a cancelling that has ended, or any; NULL: there is none. */
static struct collector_cancel *next_to_join(struct rg_collector *c, bool any)
{
    for (struct collector_cancel **at = &c->cancels; *at; at = &(*at)->next) {
        struct collector_cancel *leaving = *at;

        if (leaving->ended || any) {
            *at = leaving->next;
            return leaving;
        }
    }
    return NULL;
}

/* Joins the tasks that have ended, or all of them. Called without the lock. */
static void reap(struct rg_collector *c, bool all)
{
    struct collector_cancel *leaving;

    do {
        rg_mutex_lock(c->lock);
        leaving = next_to_join(c, all);
        rg_mutex_unlock(c->lock);
        if (leaving)
            rg_runtime_join(c->world->runtime, leaving->task);
        free(leaving);
    } while (leaving);
}

/* False: there is no memory or no task for it. */
static bool start_cancel(struct rg_collector *c, struct collector_entry *entry)
{
    struct collector_cancel *leaving = rg_calloc(1, sizeof(*leaving));
    struct rg_err err = {0};
    enum rg_status st = RG_ENOMEM;

    if (leaving) {
        leaving->collector = c;
        leaving->entry = entry;
        rg_mutex_lock(c->lock);
        entry->holders++;
        rg_mutex_unlock(c->lock);
        st = rg_runtime_spawn(c->world->runtime, "cancel", cancel, leaving, &leaving->task, &err);
    }
    if (st != RG_OK)
        rg_log(c->world->log, RG_LOG_WARN, SOURCE,
            "check %s is cancelled without a time limit: no task could be started: %s",
            entry->check->id, rg_err_text(&err, st));
    if (!leaving)
        return false;
    rg_mutex_lock(c->lock);
    if (st == RG_OK) {
        leaving->next = c->cancels;
        c->cancels = leaving;
    } else {
        entry->holders--; /* the caller holds it too */
    }
    rg_mutex_unlock(c->lock);
    if (st != RG_OK)
        free(leaving);
    return st == RG_OK;
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

/* Finds the check and takes it out of the line. It stays in the table, so that it is seen to leave.
 */
static enum rg_status unschedule(struct rg_collector *c, const char *id,
    struct collector_entry **out, bool *running, struct rg_err *err)
{
    struct collector_entry *entry = NULL;
    enum rg_status st;

    rg_mutex_lock(c->lock);
    st = rg_collector_begin_call(c, err);
    if (st == RG_OK)
        entry = rg_collector_find(c, id);
    if (st == RG_OK && (!entry || entry->leaving)) {
        st = RG_ENOTFOUND;
        rg_err_set(err, "cannot find a check with ID %s", id);
        rg_collector_end_call(c);
    } else if (st == RG_OK) {
        entry->leaving = entry->stats.cancelling = true;
        rg_interval_scheduler_cancel(c->scheduler, &entry->job);
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
    char limit[RG_DURATION_TEXT];
    bool ended;

    if (!start_cancel(c, entry)) {
        entry->check->ops->cancel(entry->check); /* late is better than not at all */
        return RG_OK;
    }
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
    bool running = false, deaf, last;
    enum rg_status st = unschedule(c, id, &entry, &running, err), cancelled = RG_OK;

    if (st != RG_OK)
        return st;
    if (running)
        st = stop_run(c, entry, err);
    if (entry->check->ops->cancel)
        cancelled = cancel_check(c, entry, &second);
    rg_mutex_lock(c->lock);
    rg_collector_take_out(c, entry);
    deaf = entry->running;
    last = rg_collector_release(entry);
    rg_mutex_unlock(c->lock);
    if (last)
        rg_collector_free_entry(entry);
    if (deaf)
        rg_collector_grow(c);
    reap(c, false);
    rg_mutex_lock(c->lock);
    rg_collector_end_call(c);
    rg_mutex_unlock(c->lock);
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

/* Some of the checks that run, as a list of their ids. */
static void name_running(const struct rg_collector *c, char *out, size_t size)
{
    size_t pos = 0, len = 0;
    uint64_t key, value;

    out[0] = 0;
    while (rg_map_next(&c->by_hash, &pos, &key, &value)) {
        const struct collector_entry *entry = (struct collector_entry *)(uintptr_t)value;

        for (; entry && len < size; entry = entry->same_hash) {
            if (entry->running)
                len += (size_t)snprintf(
                    out + len, size - len, "%s%s", len ? ", " : "", entry->check->id);
        }
    }
}

/* Waits until no check runs, and then until nobody takes checks in or lets them go: those have
 * limits of their own. In a run that drains, nothing is waited for. */
static void wait_for_runs(struct rg_collector *c)
{
    struct rg_mono deadline =
        rg_mono_after(rg_runtime_mono(c->world->runtime), RG_COLLECTOR_STOP_NS);
    enum rg_status st = RG_OK;
    char ids[RUNNING_TEXT_MAX];
    size_t running;

    while (c->running > 0 && st == RG_OK)
        st = rg_cond_wait(c->settled, c->lock, deadline);
    running = c->running;
    name_running(c, ids, sizeof(ids));
    rg_mutex_unlock(c->lock);
    if (running > 0)
        rg_log(c->world->log, RG_LOG_ERROR, SOURCE,
            "%zu checks did not end within %lld s; waiting for them: %s", running,
            (long long)(RG_COLLECTOR_STOP_NS / RG_NS_PER_S), ids);
    rg_mutex_lock(c->lock);
    while (c->callers > 0 && st != RG_ESTOPPED)
        st = rg_cond_wait(c->settled, c->lock, RG_MONO_NEVER);
}

void rg_collector_stop(struct rg_collector *c)
{
    struct rg_runtime *rt = c->world->runtime;
    struct collector_worker *worker;

    rg_mutex_lock(c->lock);
    if (!c->started || c->stopping) {
        rg_mutex_unlock(c->lock);
        return;
    }
    c->stopping = true;
    rg_cond_broadcast(c->work);
    rg_cond_broadcast(c->ticked);
    ask_all(c);
    wait_for_runs(c);
    worker = c->workers;
    c->workers = NULL;
    rg_mutex_unlock(c->lock);
    rg_runtime_join(rt, c->ticker);
    while (worker) {
        struct collector_worker *next = worker->next;

        rg_runtime_join(rt, worker->task);
        rg_sender_close(worker->sender);
        free(worker);
        worker = next;
    }
    reap(c, true);
    rg_mutex_lock(c->lock);
    c->worker_count = 0;
    c->started = false;
    rg_mutex_unlock(c->lock);
}
