/* Time, tasks, locks, waits and chance: everything that can make two runs differ in order.
 *
 * The engine is a set of named tasks. They share state only under an rg_mutex, and wait only
 * through this interface. Each call that returns something of the outer world (a clock, who got a
 * lock, why a wait ended) is an effect that a recorder numbers and a replay gives back.
 *
 * A stop request (a signal, the operator) ends rg_runtime_wait_stop and nothing else: whoever waits
 * for it tells the other tasks. A run that cannot go on (a divergence in replay, a deadlock in
 * simulation) drains: every wait and every start of a task returns RG_ESTOPPED at once, so that
 * each task can leave its loop; clocks, locks and random keep answering. The calling task must
 * belong to the runtime: the thread that created it, or a task. */
#ifndef RG_BACKEND_RUNTIME_H
#define RG_BACKEND_RUNTIME_H

#include "rg/base/time.h"

struct rg_runtime; /* implementers: see rg/ops/runtime_ops.h */
struct rg_mutex;
struct rg_cond;

#define RG_TASK_MAIN     0u   /* the task that created the runtime */
#define RG_TASK_NAME_MAX 64   /* bytes of a task, lock or stream name, NUL included */
#define RG_TASKS_MAX     4096 /* tasks alive or not yet joined, in one run */

/* A deadline that never comes. */
#define RG_MONO_NEVER ((struct rg_mono){INT64_MAX})

typedef void rg_task_fn(void *arg);

/* The monotonic clock. Never goes back within a run. */
struct rg_mono rg_runtime_mono(struct rg_runtime *rt);

/* The wall clock. May step either way. */
struct rg_wall rg_runtime_wall(struct rg_runtime *rt);

/* 64 random bits of the stream called name. Simulation: reproducible per stream. */
uint64_t rg_runtime_random(struct rg_runtime *rt, const char *stream);

/* Number of the calling task. Not an effect. */
uint32_t rg_runtime_self(struct rg_runtime *rt);

/* Says that the calling task begins one run of a flow. A recording is cut into frames at these
 * marks; world replay answers from the nearest frame. Nothing else happens. */
void rg_runtime_mark(struct rg_runtime *rt, const char *flow);

/* Starts a task that runs fn(arg). name is copied. Each task is joined exactly once, by any task.
 *   RG_OK      *task is its number, counted from 1 in order of start
 *   RG_ENOMEM, RG_EIO, RG_ELIMIT  no task was started; err says why
 *   RG_ESTOPPED  the run is ending */
RG_NODISCARD enum rg_status rg_runtime_spawn(struct rg_runtime *rt, const char *name,
    rg_task_fn *fn, void *arg, uint32_t *task, struct rg_err *err);

/* Waits until the task has returned. Does not ask it to. */
void rg_runtime_join(struct rg_runtime *rt, uint32_t task);

/* Sleeps until the monotonic clock reaches the deadline; a past deadline returns at once.
 *   RG_OK        the deadline has come
 *   RG_ESTOPPED  the run is ending */
RG_NODISCARD enum rg_status rg_runtime_sleep_until(struct rg_runtime *rt, struct rg_mono deadline);

/* Waits for the request to end the run (a signal, the operator), at most until the deadline.
 *   RG_ETIMEOUT  the deadline has come
 *   RG_ESTOPPED  the request came, now or before */
RG_NODISCARD enum rg_status rg_runtime_wait_stop(struct rg_runtime *rt, struct rg_mono deadline);

/* A lock. Owned by the caller. NULL when memory is short. name is copied; it appears in reports. */
struct rg_mutex *rg_mutex_create(struct rg_runtime *rt, const char *name);
void rg_mutex_destroy(struct rg_mutex *mutex); /* unlocked; NULL is fine */

/* Not recursive: locking what the calling task holds is a caller's bug. */
void rg_mutex_lock(struct rg_mutex *mutex);
void rg_mutex_unlock(struct rg_mutex *mutex);

/* A condition. Owned by the caller. NULL when memory is short. */
struct rg_cond *rg_cond_create(struct rg_runtime *rt, const char *name);
void rg_cond_destroy(struct rg_cond *cond); /* nobody waits; NULL is fine */

/* Unlocks mutex, waits until woken or until the deadline, locks mutex again. May wake for no
 * reason: test the awaited state in a loop. RG_OK        woken RG_ETIMEOUT  the deadline has come
 *   RG_ESTOPPED  the run is ending */
RG_NODISCARD enum rg_status rg_cond_wait(
    struct rg_cond *cond, struct rg_mutex *mutex, struct rg_mono deadline);

/* Wakes one waiter (the one that waits longest, where the runtime can choose), or all. The caller
 * holds the mutex that the waiters use. */
void rg_cond_signal(struct rg_cond *cond);
void rg_cond_broadcast(struct rg_cond *cond);

/* NULL is fine. All tasks were joined and all locks destroyed. */
void rg_runtime_destroy(struct rg_runtime *rt);

#endif
