/* When checks run: a queue of buckets for each interval, and the line of checks that wait for a
 * worker. Mirrors upstream's pkg/collector/scheduler/{scheduler,job}.go in one machine without
 * tasks: it is moved by its caller, who says what time it is and holds a lock around it.
 *
 * A queue of n seconds has n buckets and ticks once a second from its creation on. Each tick takes
 * the next bucket; its jobs wait in line until a worker takes them. While some of them still wait,
 * one tick is kept and further ones are lost, so that a host without free workers runs its checks
 * less often instead of in bursts. Queues that wait take turns, in the order in which they began to
 * wait. A queue whose last job has left is removed. */
#ifndef RG_FLOW_INTERVAL_SCHEDULER_H
#define RG_FLOW_INTERVAL_SCHEDULER_H

#include "rg/base/time.h"

struct rg_interval_queue;
struct rg_interval_scheduler;

#define RG_SCHEDULE_QUEUES_MAX ((size_t)1 << 16)
#define RG_SCHEDULE_JOBS_MAX   ((size_t)1 << 20)
/* Ten years: no interval is longer, no product of it overflows. */
#define RG_SCHEDULE_INTERVAL_MAX_S INT64_C(315360000)

/* A place in the line. */
struct rg_in_line {
    struct rg_in_line *before, *behind;
    bool waits;
    bool once; /* a job that runs once, not a queue */
};

/* Part of what is scheduled; zero-initialise. It stays where it is while it is scheduled. */
struct rg_job {
    struct rg_in_line line;
    struct rg_interval_queue *queue; /* NULL: not in a queue */
    uint32_t bucket;
    void *owner; /* the caller's */
};

/* *out is owned: rg_interval_scheduler_destroy. RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_interval_scheduler_create(
    struct rg_interval_scheduler **out, struct rg_err *err);
void rg_interval_scheduler_destroy(struct rg_interval_scheduler *s); /* NULL is fine */

/* Schedules a job that is not scheduled. Interval 0: it waits in line now, once.
 *   RG_OK
 *   RG_EINVALID  the interval is neither 0 nor between one second and the maximum
 *   RG_ELIMIT    too many jobs or queues
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_interval_scheduler_enter(struct rg_interval_scheduler *s,
    struct rg_job *job, int64_t interval_ns, struct rg_mono now, struct rg_err *err);

/* Takes a job out of its queue and of the line. False: it was in neither. */
bool rg_interval_scheduler_cancel(struct rg_interval_scheduler *s, struct rg_job *job);

/* Lets all ticks up to now happen, in the order of their times, then of the queues' creation. */
void rg_interval_scheduler_advance(struct rg_interval_scheduler *s, struct rg_mono now);

/* The next job in line, or NULL. A queue whose bucket is through takes the tick that it kept, so
 * call advance with the present time before. */
struct rg_job *rg_interval_scheduler_take(struct rg_interval_scheduler *s);

/* When the next tick comes; RG_MONO_NEVER without a queue. */
struct rg_mono rg_interval_scheduler_next(const struct rg_interval_scheduler *s);

/* Whether somebody is in line: a queue in line may turn out to have nothing left. */
bool rg_interval_scheduler_waiting(const struct rg_interval_scheduler *s);

struct rg_interval_scheduler_counts {
    uint64_t entered;    /* jobs in queues now, and all that ran once */
    uint64_t lost_ticks; /* of all queues since the start */
    size_t queues;       /* now */
};
struct rg_interval_scheduler_counts rg_interval_scheduler_counts(
    const struct rg_interval_scheduler *s);

/* Of each queue, in the order of creation; false behind the last. */
struct rg_interval_queue_info {
    int64_t interval_ns;
    uint32_t buckets;
    size_t jobs;
    size_t largest, smallest; /* jobs in a bucket */
    uint64_t lost_ticks;
};
bool rg_interval_scheduler_queue(
    const struct rg_interval_scheduler *s, size_t i, struct rg_interval_queue_info *info);

/* The distance between the buckets of one insertion and the next: coprime with buckets. */
uint32_t rg_interval_step(uint32_t buckets);

#endif
