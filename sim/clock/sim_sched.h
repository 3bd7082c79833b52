/* The scheduler of the virtual runtime: tasks, the queue of ready tasks, timers, and the choice of
 * who goes on. Only the holder of the baton calls in here, so nothing is locked. */
#ifndef RG_SIM_SCHED_H
#define RG_SIM_SCHED_H

#include "rg/base/heap.h"
#include "rg/base/map.h"
#include "rg/base/prng.h"
#include "rg/baton/baton.h"
#include "rg/ops/runtime_ops.h"
#include "rg/sim.h"

#define SIM_DEADLOCK_TEXT_MAX 4096
#define SIM_OVERLAP_TEXT_MAX  512

enum sim_wait {
    SIM_RUNS, /* or is ready */
    SIM_WAITS_LOCK,
    SIM_WAITS_COND,
    SIM_WAITS_SLEEP,
    SIM_WAITS_STOP,
    SIM_WAITS_JOIN,
};

/* Tasks in the order in which they came. */
struct sim_queue {
    struct sim_task *first;
    struct sim_task *last;
    size_t count;
};

struct sim_task {
    struct sim_task *prev; /* in queue */
    struct sim_task *next;
    struct sim_queue *queue; /* borrowed; the one queue that this task is in, or NULL */
    uint32_t number;
    uint32_t locks_held;
    enum sim_wait wait;
    const void *wait_for; /* borrowed: struct sim_mutex, sim_cond or sim_task, by wait */
    bool timed;           /* a timer of this task is in the heap */
    bool done;            /* fn has returned */
    enum rg_status woke;  /* why the last wait ended */
    const struct sim_mutex *cond_mutex; /* borrowed; the lock of the last wait for a condition */
    struct sim_task *joiner;            /* borrowed; set when join was called */
    uint64_t priority;                  /* with RG_SIM_ORDER_PCT: distinct, the highest goes on */
    char name[RG_TASK_NAME_MAX];
    char flow[RG_TASK_NAME_MAX]; /* that it is in a run of; empty outside of runs */
};

struct sim_mutex {
    struct rg_mutex base; /* first */
    struct sim_task *holder;
    struct sim_queue waiters;
    char name[RG_TASK_NAME_MAX];
};

struct sim_cond {
    struct rg_cond base; /* first */
    struct sim_queue waiters;
    char name[RG_TASK_NAME_MAX];
};

/* State of RG_SIM_ORDER_PCT. */
struct sim_pct {
    struct rg_prng prng;
    uint64_t changes[RG_SIM_PCT_DEPTH_MAX]; /* steps, from 1; change_count of them, distinct */
    uint32_t change_count;
    uint64_t step;     /* counted so far */
    uint64_t patience; /* steps since the clock moved, or since a task fell for that */
    uint64_t fallen;   /* tasks that fell because others waited too long */
};

struct sim_runtime {
    struct rg_runtime base; /* first */
    struct rg_sim_runtime_options options;
    struct rg_baton *baton;
    int64_t now_ns;
    int64_t wall_step_ns;
    struct sim_task **tasks; /* owned, by number; NULL where joined */
    size_t task_cap;
    uint32_t task_count; /* numbers given out, task 0 included */
    uint32_t live;       /* tasks not joined, task 0 included */
    struct sim_task *current;
    struct sim_queue ready;
    struct sim_queue stop_waiters;
    struct rg_heap timers;   /* has room for every live task and the stop request */
    struct rg_prng schedule; /* of RG_SIM_ORDER_RANDOM */
    struct sim_pct pct;
    struct rg_intern streams;
    struct rg_prng *stream_prngs; /* owned, by number in streams */
    size_t stream_cap;
    uint64_t spare_draws;
    size_t objects; /* locks and conditions not destroyed */
    bool stop_requested;
    bool draining;
    struct rg_sim_runtime_stats stats;
    char deadlock[SIM_DEADLOCK_TEXT_MAX];
    char overlap[SIM_OVERLAP_TEXT_MAX];
};

/* sim_runtime.c: asserts that rt is virtual and that a task of it calls. */
struct sim_runtime *sim_from(struct rg_runtime *rt);

/* sim_lock.c: the slots of rg_runtime_ops for locks and conditions. */
struct rg_mutex *sim_mutex_create(struct rg_runtime *rt, const char *name);
void sim_mutex_destroy(struct rg_mutex *mutex);
void sim_mutex_lock(struct rg_mutex *mutex);
void sim_mutex_unlock(struct rg_mutex *mutex);
struct rg_cond *sim_cond_create(struct rg_runtime *rt, const char *name);
void sim_cond_destroy(struct rg_cond *cond);
enum rg_status sim_cond_wait(struct rg_cond *cond, struct rg_mutex *mutex, struct rg_mono deadline);
void sim_cond_signal(struct rg_cond *cond);
void sim_cond_broadcast(struct rg_cond *cond);

/* a + b, kept within the range of int64_t, and below RG_MONO_NEVER. */
int64_t sim_add_ns(int64_t a, int64_t b);

/* Makes room for the timers of count tasks. RG_ENOMEM. */
RG_NODISCARD enum rg_status sim_reserve_timers(struct sim_runtime *rt, size_t count);

/* Puts the stop request into the timers; room was made. */
void sim_plan_stop(struct sim_runtime *rt);

/* A choice among ready tasks, the caller among them: not in stable order and not in a drain. */
void sim_point(struct sim_runtime *rt);

/* The caller waits in queue (may be NULL) until sim_wake or the deadline. Returns what sim_wake was
 * given; at the deadline RG_OK for a sleep, otherwise RG_ETIMEOUT. */
enum rg_status sim_block(struct sim_runtime *rt, enum sim_wait wait, const void *wait_for,
    struct sim_queue *queue, struct rg_mono deadline);

/* Ends the wait of a task and makes it ready. */
void sim_wake(struct sim_runtime *rt, struct sim_task *task, enum rg_status why);

void sim_ready(struct sim_runtime *rt, struct sim_task *task);

/* One of a queue as the order has it; the queue is not empty and does not change. */
struct sim_task *sim_choose(struct sim_runtime *rt, const struct sim_queue *queue);

void sim_request_stop(struct sim_runtime *rt);

/* Called by the baton when the fn of a task has returned; ctx is the runtime. */
uint32_t sim_task_exit(void *ctx, uint32_t number);

/* Ends all waits but joins; the text of the deadlock was set. */
void sim_drain(struct sim_runtime *rt);

/* The seed of the choice of tasks. */
uint64_t sim_order_seed(const struct rg_sim_runtime_options *options);

/* sim_pct.c. Priorities and change points of a run. */
void sim_pct_init(struct sim_runtime *rt);
void sim_pct_task(struct sim_runtime *rt, struct sim_task *task); /* a task that is new */

/* The task of a queue with the highest priority. */
struct sim_task *sim_pct_highest(const struct sim_queue *queue);

/* The same among ready tasks: one step, at which the highest may fall. */
struct sim_task *sim_pct_step(struct sim_runtime *rt);

/* The clocks have moved. */
void sim_pct_moved(struct sim_runtime *rt);

/* sim_overlap.c. The caller begins a run of a flow; the text is set when another task is in one. */
void sim_run_begins(struct sim_runtime *rt, const char *flow);

/* sim_deadlock.c. True when the caller, waiting like this, would close a circle of tasks that wait
 * for each other; then the text is set. */
bool sim_closes_circle(struct sim_runtime *rt, enum sim_wait wait, const void *wait_for);

/* Sets the text from all tasks that wait. */
void sim_describe_all(struct sim_runtime *rt);

#endif
