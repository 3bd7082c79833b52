/* The life of a worker: wait for a check in line, run it, say how it went. */
#include "collector_parts.h"

#include <stdio.h>

#define SOURCE     "collector"
#define FIRST_RUNS 5 /* that are logged as information */

/* With the lock held: the next check in line, held; NULL: there is none. It is marked as running,
 * unless it is. */
static struct collector_entry *take(struct rg_collector *c, struct rg_mono now, bool *runs_already)
{
    struct rg_job *job = rg_interval_scheduler_take(c->scheduler);
    struct collector_entry *entry = job ? job->owner : NULL;

    if (!entry)
        return NULL;
    *runs_already = entry->running;
    entry->holders++;
    if (entry->running) {
        c->skipped++;
        return entry;
    }
    entry->running = true;
    entry->running_since = now;
    entry->started++;
    c->running++;
    return entry;
}

/* Whether run number n of a check is told at level information. */
static bool told(const struct rg_collector *c, uint64_t n)
{
    return n <= FIRST_RUNS || n % (uint64_t)c->options.logging_frequency == 0;
}

static void log_start(const struct rg_collector *c, const struct rg_check *check, uint64_t n)
{
    bool sparse = n == FIRST_RUNS && c->options.logging_frequency > 1;

    rg_log(c->world->log, told(c, n) ? RG_LOG_INFO : RG_LOG_DEBUG, SOURCE, "%s: running check %s%s",
        check->name, check->id, sparse ? "; from now on only some of its runs are logged" : "");
}

static void log_end(const struct rg_collector *c, const struct rg_check *check, uint64_t n,
    enum rg_status st, const struct rg_err *err)
{
    if (st != RG_OK)
        rg_log(c->world->log, RG_LOG_ERROR, SOURCE, "%s: error running check %s: %s", check->name,
            check->id, rg_err_text(err, st));
    rg_log(c->world->log, told(c, n) ? RG_LOG_INFO : RG_LOG_DEBUG, SOURCE,
        "%s: done running check %s%s", check->name, check->id,
        check->interval_ns == 0 ? ", which runs once" : "");
}

/* datadog.agent.check_status of one run. */
static void send_status(struct collector_worker *w, const struct rg_check *check, enum rg_status st,
    bool warned, struct rg_err *err)
{
    char text[sizeof("check:") + RG_CHECK_NAME_MAX];
    struct rg_str tag = {text, 0};
    const struct rg_service_check status = {
        .name = RG_STR_LIT("datadog.agent.check_status"),
        .status = st != RG_OK ? RG_SERVICE_CRITICAL
                  : warned    ? RG_SERVICE_WARNING
                              : RG_SERVICE_OK,
        .tags = {&tag, 1},
    };
    int len = snprintf(text, sizeof(text), "check:%s", check->name);

    tag.len = len > 0 && (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    rg_sender_service_check(w->sender, &status);
    if (rg_sender_commit(w->sender, err) != RG_OK)
        rg_log(w->collector->world->log, RG_LOG_ERROR, SOURCE, "the status of check %s is lost: %s",
            check->id, err->text);
}

/* Runs entry, which is marked as running; without the lock. */
static void run(
    struct collector_worker *w, struct collector_entry *entry, uint64_t n, struct rg_mono start)
{
    struct rg_collector *c = w->collector;
    struct rg_runtime *rt = c->world->runtime;
    struct rg_check *check = entry->check;
    struct rg_check_warnings warnings;
    struct rg_sender_stats sent = {0};
    struct rg_err err = {0}, ignored = {0};
    struct rg_mono end;
    struct rg_wall now;
    enum rg_status st;
    bool warned, last;

    rg_runtime_mark(rt, check->name);
    log_start(c, check, n);
    st = check->ops->run(check, &err);
    rg_sender_end_run(check->sender);
    if (st == RG_OK)
        sent = rg_sender_last_stats(check->sender);
    warnings = check->warnings;
    check->warnings = (struct rg_check_warnings){0};
    warned = warnings.count + warnings.lost > 0;
    if (w->sender && check->interval_ns != 0)
        send_status(w, check, st, warned, &ignored);
    log_end(c, check, n, st, &err);
    end = rg_runtime_mono(rt);
    now = rg_runtime_wall(rt);

    rg_mutex_lock(c->lock);
    entry->running = false;
    c->running--;
    c->runs++;
    c->errors += st != RG_OK;
    c->warnings += warnings.count + warnings.lost;
    if (!entry->leaving)
        rg_check_stats_add(&entry->stats, end.ns - start.ns, now, check->interval_ns,
            st == RG_OK ? NULL : rg_err_text(&err, st), &warnings, sent);
    rg_cond_broadcast(c->settled);
    last = rg_collector_release(entry);
    rg_mutex_unlock(c->lock);
    rg_check_warnings_clear(&warnings);
    if (last)
        rg_collector_free_entry(entry);
}

static void skip(struct rg_collector *c, struct collector_entry *entry)
{
    bool last;

    rg_log(c->world->log, RG_LOG_DEBUG, SOURCE, "check %s is already running, skipping execution",
        entry->check->id);
    rg_mutex_lock(c->lock);
    last = rg_collector_release(entry);
    rg_mutex_unlock(c->lock);
    if (last)
        rg_collector_free_entry(entry);
}

void rg_collector_worker(void *arg)
{
    struct collector_worker *w = arg;
    struct rg_collector *c = w->collector;
    enum rg_status st = RG_OK;

    rg_mutex_lock(c->lock);
    while (!c->stopping && st != RG_ESTOPPED) {
        struct rg_mono now = rg_runtime_mono(c->world->runtime);
        struct collector_entry *entry;
        bool runs_already = false;
        uint64_t n;

        rg_interval_scheduler_advance(c->scheduler, now);
        entry = take(c, now, &runs_already);
        if (!entry) {
            c->idle++;
            st = rg_cond_wait(c->work, c->lock, RG_MONO_NEVER);
            c->idle--;
            continue;
        }
        n = entry->started;
        /* One wake-up leads to the next as long as there is work and somebody to do it. */
        if (c->idle > 0 && rg_interval_scheduler_waiting(c->scheduler))
            rg_cond_signal(c->work);
        rg_mutex_unlock(c->lock);
        if (runs_already)
            skip(c, entry);
        else
            run(w, entry, n, now);
        rg_mutex_lock(c->lock);
    }
    rg_mutex_unlock(c->lock);
}
