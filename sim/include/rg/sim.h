/* Simulated backends: a runtime in virtual time, storage and sink in memory. */
#ifndef RG_SIM_H
#define RG_SIM_H

#include "rg/backend/runtime.h"
#include "rg/backend/sink.h"
#include "rg/backend/storage.h"

/* The virtual runtime.
 *
 * One task runs at a time, and nothing takes time: when no task can go on, the clocks jump to the
 * earliest deadline. Deadlines that are equal come in the order in which their waits began.
 *
 * In stable order the running task goes on until it waits, and the others follow in the order in
 * which they became ready; locks and conditions serve the longest waiter. In the other orders each
 * lock, unlock, wait, sleep, spawn, join and rg_sim_runtime_yield is a point at which another task
 * may go on, and the order chooses among waiters too. Whoever is ready goes on before the clocks
 * jump, in any order.
 *
 * A stop request ends every rg_runtime_wait_stop, now and later, with RG_ESTOPPED; everything else
 * goes on. A deadlock (tasks that wait for each other's locks or ends, or no task that can go on
 * and no deadline) is different: from then on the run drains. Waits return RG_ESTOPPED at once,
 * spawn too, every lock is granted, held or not, and a task runs until it ends or joins. So all
 * tasks unwind; rg_sim_runtime_deadlock says what happened. Tasks that join each other in a circle
 * cannot unwind: an assertion ends the process. */
enum rg_sim_order {
    RG_SIM_ORDER_STABLE,
    RG_SIM_ORDER_RANDOM, /* any of the ready tasks, all as likely */
    /* Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): tasks get random,
     * distinct priorities and the highest that is ready goes on, but for pct_depth - 1 random steps
     * at which the task that would go on falls below all the others. A bug that needs pct_depth
     * orderings is met with a probability of at least 1 / (tasks * pct_steps ^ (pct_depth - 1)). A
     * step is a point at which more than one task could go on. A task that keeps others waiting
     * for RG_SIM_PCT_PATIENCE steps of one instant falls as well, so every ready task goes on. */
    RG_SIM_ORDER_PCT,
};

#define RG_SIM_PCT_DEPTH     3
#define RG_SIM_PCT_DEPTH_MAX 64
#define RG_SIM_PCT_STEPS     1000
#define RG_SIM_PCT_STEPS_MAX (UINT64_C(1) << 40)
#define RG_SIM_PCT_PATIENCE  65536

struct rg_sim_runtime_options {
    uint64_t seed;
    struct rg_mono mono_start;
    struct rg_wall wall_start;
    enum rg_sim_order order;
    uint64_t order_seed;    /* for another order with the same seed; 0: that of the seed alone */
    uint32_t pct_depth;     /* 0: RG_SIM_PCT_DEPTH; at most RG_SIM_PCT_DEPTH_MAX */
    uint64_t pct_steps;     /* steps that a run has, estimated; 0: RG_SIM_PCT_STEPS */
    int64_t step_ns;        /* both clocks advance by this after each reading; >= 0 */
    struct rg_mono stop_at; /* when the stop request arrives; RG_MONO_NEVER for not at all */
};

/* 2026-01-01 00:00:00 UTC, an hour after boot, stable order. */
#define RG_SIM_RUNTIME_OPTIONS                                                                     \
    ((struct rg_sim_runtime_options){                                                              \
        .mono_start = {INT64_C(3600) * RG_NS_PER_S},                                               \
        .wall_start = {INT64_C(1767225600) * RG_NS_PER_S},                                         \
        .stop_at = RG_MONO_NEVER,                                                                  \
    })

struct rg_sim_runtime_stats {
    uint64_t choices;    /* points at which a task was chosen */
    uint64_t switches;   /* choices of another task than the running one */
    uint64_t steps;      /* choices among more than one task */
    uint64_t jumps;      /* of the clocks, because every task waited */
    int64_t jumped_ns;   /* sum of the jumps */
    uint64_t order_hash; /* rolling hash of the chosen tasks: equal runs, equal hashes */
};

/* The calling thread becomes task 0. *rt is owned: rg_runtime_destroy.
 *   RG_EINVALID  step_ns or mono_start is negative, mono_start is RG_MONO_NEVER, or pct_depth or
 *                pct_steps is above its maximum
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_sim_runtime_create(
    const struct rg_sim_runtime_options *options, struct rg_runtime **rt, struct rg_err *err);

/* The functions below are for tasks of rt, which is a virtual runtime. */

/* Requests the stop now. */
void rg_sim_runtime_stop(struct rg_runtime *rt);

/* Steps the wall clock, either way. */
void rg_sim_runtime_step_wall(struct rg_runtime *rt, int64_t delta_ns);

/* A point at which the runtime may choose another task: for other simulated backends. */
void rg_sim_runtime_yield(struct rg_runtime *rt);

/* One line that names the tasks which wait, what for, and who holds it; NULL when there was no
 * deadlock. Borrowed from rt. */
const char *rg_sim_runtime_deadlock(struct rg_runtime *rt);

/* One line that names two tasks that were in runs of one flow at the same time; NULL when that
 * never happened. A run begins with rg_runtime_mark, and ends when its task marks again, waits for
 * a condition, the stop or another task, or ends. A flow and its real-time form, "process" and
 * "rtprocess", are one: they share their state. Borrowed from rt. */
const char *rg_sim_runtime_overlap(struct rg_runtime *rt);

void rg_sim_runtime_stats(struct rg_runtime *rt, struct rg_sim_runtime_stats *out);

/* Storage and sink in memory. With a runtime they use a lock of it, which makes each call a
 * scheduling point. Without one, calls must come one at a time, as they do in a virtual runtime. */
struct rg_sim_storage_options {
    struct rg_runtime *runtime; /* borrowed, may be NULL */
    size_t bytes_max;           /* of all objects; 0: RG_STORAGE_OBJECT_MAX. A put beyond: ENOSPC */
};

/* options may be NULL. *storage is owned; destroyed before its runtime. RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_sim_storage_create(
    const struct rg_sim_storage_options *options, struct rg_storage **storage, struct rg_err *err);

/* A sink that keeps what it took, in order. */

/* Answers emit number call (counted from 0), like rg_sink_emit: the status is returned to the
 * caller of emit, and response is what it receives. Runs without a lock held: it may sleep in the
 * runtime, so calls can overlap. */
typedef enum rg_status rg_sim_sink_script_fn(void *ctx, uint64_t call,
    const struct rg_output *output, struct rg_buf *response, struct rg_err *err);

struct rg_sim_sink_options {
    struct rg_runtime *runtime; /* borrowed, may be NULL */
    size_t outputs_max;         /* kept at most; 0: RG_SIM_SINK_OUTPUTS_MAX. Beyond: RG_EIO */
    size_t bytes_max;           /* of all kept outputs; 0: RG_SIM_SINK_BYTES_MAX. Beyond: RG_EIO */
    rg_sim_sink_script_fn *script; /* NULL: every output is taken, the response is empty */
    void *script_ctx;
};

#define RG_SIM_SINK_OUTPUTS_MAX ((size_t)1 << 20)
#define RG_SIM_SINK_BYTES_MAX   ((size_t)1 << 30)

/* options may be NULL. *sink is owned; destroyed before its runtime. RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_sim_sink_create(
    const struct rg_sim_sink_options *options, struct rg_sink **sink, struct rg_err *err);

/* For sinks made by rg_sim_sink_create. Outputs that emit answered with RG_OK, in the order in
 * which they were taken; an output is borrowed from the sink and valid until it is cleared. Nobody
 * emits meanwhile. */
size_t rg_sim_sink_count(struct rg_sink *sink);
const struct rg_output *rg_sim_sink_at(struct rg_sink *sink, size_t i); /* i < count */

/* Calls of emit so far, the refused ones included. */
uint64_t rg_sim_sink_calls(struct rg_sink *sink);

/* Forgets the kept outputs; calls go on counting. */
void rg_sim_sink_clear(struct rg_sink *sink);

#endif
