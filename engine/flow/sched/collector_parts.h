/* What the files of the collector share. Everything in struct rg_collector below "lock" is used
 * with it held. */
#ifndef RG_FLOW_COLLECTOR_PARTS_H
#define RG_FLOW_COLLECTOR_PARTS_H

#include "check_collector.h"
#include "rg/base/map.h"

/* One check in the table, or on its way out. */
struct collector_entry {
    struct rg_job job;
    struct rg_check *check; /* owned */
    struct rg_check_stats stats;
    struct collector_entry *same_hash; /* next in the chain of the table */
    uint64_t serial;                   /* number of its arrival */
    uint64_t started;                  /* runs that began */
    struct rg_mono running_since;      /* while running */
    uint32_t holders; /* the table or who stops it, the running worker, the cancelling task */
    bool running;
    bool leaving; /* nothing is recorded any more */
    bool gone;    /* out of the table */
    bool cancelled;
};

struct collector_worker {
    struct collector_worker *next;
    struct rg_collector *collector;
    struct rg_sender *sender; /* of the agent itself; owned by the worker. NULL: not needed */
    uint32_t task;
};

/* A task that calls cancel of one check. */
struct collector_cancel {
    struct collector_cancel *next;
    struct rg_collector *collector;
    struct collector_entry *entry;
    uint32_t task;
    bool ended;
};

struct rg_collector {
    const struct rg_check_world *world;
    struct rg_collector_options options;
    struct rg_mutex *lock;
    struct rg_cond *work;    /* workers: somebody is in line */
    struct rg_cond *ticked;  /* the scheduler task: there is a new queue */
    struct rg_cond *settled; /* who stops: a run or a cancelling has ended */

    struct rg_interval_scheduler *scheduler;
    struct rg_map by_hash; /* hash of the id to struct collector_entry *, in order of arrival */
    size_t checks, once;   /* in the table; of them without an interval */
    size_t deaf;           /* out of the table, still running */
    uint64_t last_serial;
    size_t running, idle;
    bool waking; /* a worker was woken and is not there yet */
    uint64_t runs, errors, warnings, skipped;
    bool started, stopping;
    size_t callers;                   /* tasks that take a check in or let one go */
    struct collector_worker *workers; /* owned */
    size_t worker_count;              /* those that are being started included */
    uint32_t ticker;
    struct collector_cancel *cancels; /* owned; joined when ended, or at the end */
};

/* With the lock held: wakes a worker if somebody is in line. */
void rg_collector_wake(struct rg_collector *c);

/* The task of a worker; arg is its struct collector_worker. */
void rg_collector_worker(void *arg);

/* With the lock held: begins a call that takes a check in or lets one go; rg_collector_stop waits
 * for its end. RG_ESTOPPED: the collector is not running. */
RG_NODISCARD enum rg_status rg_collector_begin_call(struct rg_collector *c, struct rg_err *err);
void rg_collector_end_call(struct rg_collector *c);

/* Without the lock, within such a call: starts the workers that are missing. */
void rg_collector_grow(struct rg_collector *c);

/* With the lock held: the check in the table, or NULL; takes it out. */
struct collector_entry *rg_collector_find(const struct rg_collector *c, const char *id);
void rg_collector_take_out(struct rg_collector *c, struct collector_entry *entry);

/* Gives one hold up; true: it was the last one, and the caller destroys the entry without the
 * lock. */
bool rg_collector_release(struct collector_entry *entry);
void rg_collector_free_entry(struct collector_entry *entry);

#endif
