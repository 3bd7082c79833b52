/* The life of a worker: wait for a check in line, run it, say how it went. */
#include "collector_parts.h"
#include "rg/base/hash.h"

#include <stdio.h>
#include <string.h>

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

/* With the lock held. Each instance of a check is a flow of its own, as is one whose id belonged to
 * a check that is gone but does not end. */
static void mark(const struct rg_collector *c, const struct collector_entry *entry)
{
    const struct rg_check *check = entry->check;
    size_t len = strlen(check->id);
    char flow[RG_TASK_NAME_MAX];

    if (len < sizeof(flow) && c->deaf == 0)
        memcpy(flow, check->id, len + 1);
    else
        snprintf(flow, sizeof(flow), "%.20s:%016llx#%llu", check->name,
            (unsigned long long)rg_hash64(check->id, len), (unsigned long long)entry->serial);
    rg_runtime_mark(c->world->runtime, flow);
}

/* The lock is about to be free, and another worker may run the check of this one's last mark: says
 * that this one does not run it any more. */
static void mark_end(const struct rg_collector *c)
{
    struct rg_runtime *rt = c->world->runtime;
    char flow[RG_TASK_NAME_MAX];

    snprintf(flow, sizeof(flow), "collector:%u", rg_runtime_self(rt));
    rg_runtime_mark(rt, flow);
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

/* One run, measured. */
struct run {
    struct rg_mono start, end;
    struct rg_wall ended;
    enum rg_status st;
    struct rg_err err;
    struct rg_check_warnings warnings;
    struct rg_sender_stats sent;
};

/* Without the lock. */
static void measure(struct collector_worker *w, struct rg_check *check, uint64_t n, struct run *r)
{
    struct rg_collector *c = w->collector;
    struct rg_runtime *rt = c->world->runtime;
    struct rg_err ignored = {0};

    log_start(c, check, n);
    r->st = check->ops->run(check, &r->err);
    rg_sender_end_run(check->sender);
    r->sent = rg_sender_take_stats(check->sender);
    r->warnings = check->warnings;
    check->warnings = (struct rg_check_warnings){0};
    if (w->sender && check->interval_ns != 0)
        send_status(w, check, r->st, r->warnings.count + r->warnings.lost > 0, &ignored);
    log_end(c, check, n, r->st, &r->err);
    r->end = rg_runtime_mono(rt);
    r->ended = rg_runtime_wall(rt);
}

/* With the lock held. True: the caller frees the entry, without the lock. */
static bool record(struct rg_collector *c, struct collector_entry *entry, struct run *r)
{
    int64_t interval_ns = entry->check->interval_ns;

    entry->running = false;
    c->running--;
    c->runs++;
    c->errors += r->st != RG_OK;
    c->warnings += r->warnings.count + r->warnings.lost;
    if (!entry->leaving)
        rg_check_stats_add(&entry->stats, r->end.ns - r->start.ns, r->ended, interval_ns,
            r->st == RG_OK ? NULL : rg_err_text(&r->err, r->st), &r->warnings, r->sent);
    else if (entry->gone)
        c->deaf--;
    if (entry->leaving || c->stopping)
        rg_cond_broadcast(c->settled);
    return rg_collector_release(entry);
}

/* Runs entry, which is marked as running. Called and left with the lock held: between the end of
 * one run and the beginning of the next the lock is not given up without need. */
static void run(struct collector_worker *w, struct collector_entry *entry, struct rg_mono start)
{
    struct rg_collector *c = w->collector;
    struct run r = {.start = start};
    uint64_t n = entry->started;
    bool last;

    mark(c, entry);
    rg_mutex_unlock(c->lock);
    measure(w, entry->check, n, &r);
    rg_mutex_lock(c->lock);
    last = record(c, entry, &r);
    if (!last && !r.warnings.texts)
        return;
    mark_end(c);
    rg_mutex_unlock(c->lock);
    rg_check_warnings_clear(&r.warnings);
    if (last)
        rg_collector_free_entry(entry);
    rg_mutex_lock(c->lock);
}

/* As run, for a check that runs already. */
static void skip(struct rg_collector *c, struct collector_entry *entry)
{
    mark_end(c);
    rg_mutex_unlock(c->lock);
    rg_log(c->world->log, RG_LOG_DEBUG, SOURCE, "check %s is already running, skipping execution",
        entry->check->id);
    rg_mutex_lock(c->lock);
    if (rg_collector_release(entry)) {
        rg_mutex_unlock(c->lock);
        rg_collector_free_entry(entry);
        rg_mutex_lock(c->lock);
    }
}

/* One wake-up leads to the next as long as there is work and somebody to do it; one at a time, so
 * that a line that is empty soon does not bring all workers to their feet. */
void rg_collector_wake(struct rg_collector *c)
{
    if (c->idle == 0 || c->waking || !rg_interval_scheduler_waiting(c->scheduler))
        return;
    c->waking = true;
    rg_cond_signal(c->work);
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

        rg_interval_scheduler_advance(c->scheduler, now);
        entry = take(c, now, &runs_already);
        if (!entry) {
            c->idle++;
            st = rg_cond_wait(c->work, c->lock, RG_MONO_NEVER);
            c->idle--;
            c->waking = false;
            continue;
        }
        rg_collector_wake(c);
        if (runs_already)
            skip(c, entry);
        else
            run(w, entry, now);
    }
    rg_mutex_unlock(c->lock);
}
