/* Runs checks: takes them in, lets workers run them when they are due, and lets them go. Mirrors
 * upstream's comp/collector/collector, pkg/collector/{scheduler,runner,worker}.
 *
 * One task moves the ticks of the scheduler, the others are workers. One lock guards the line of
 * waiting checks, the table of checks and their statistics; a run costs one grant of it. A check
 * never runs twice at a time: a run that is due while the one before goes on is skipped. */
#ifndef RG_FLOW_CHECK_COLLECTOR_H
#define RG_FLOW_CHECK_COLLECTOR_H

#include "check_stats.h"
#include "interval_scheduler.h"

struct rg_collector;

#define RG_COLLECTOR_WORKERS_MAX 1024
#define RG_CHECK_STOP_NS         (INT64_C(500) * RG_NS_PER_MS) /* for one check to end its run */
#define RG_CHECK_CANCEL_NS       (INT64_C(500) * RG_NS_PER_MS) /* check_cancel_timeout */
#define RG_COLLECTOR_STOP_NS     (INT64_C(2) * RG_NS_PER_S)    /* for all checks, at the end */

struct rg_collector_options {
    /* check_runners; 0: grows with the number of checks with an interval (never shrinks). Each
     * check without one, and each run that did not end when its check left, gets a worker more, up
     * to RG_COLLECTOR_WORKERS_MAX in all. */
    int64_t workers;
    int64_t cancel_timeout_ns; /* check_cancel_timeout */
    int64_t logging_frequency; /* every so many runs of a check are logged; at least 1 */
    bool check_status;         /* integration_check_status_enabled */
};

/* 4 workers, 500 ms, 500, no. */
#define RG_COLLECTOR_OPTIONS                                                                       \
    ((struct rg_collector_options){                                                                \
        .workers = 4, .cancel_timeout_ns = RG_CHECK_CANCEL_NS, .logging_frequency = 500})

/* world is borrowed, outlives the collector, and has a stop_lock.
 *   RG_OK        *out is owned: rg_collector_destroy
 *   RG_EINVALID  an option is out of range; err says which
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_collector_create(const struct rg_check_world *world,
    const struct rg_collector_options *options, struct rg_collector **out, struct rg_err *err);

/* Starts the tasks. Checks may be taken in afterwards only.
 *   statuses of rg_runtime_spawn; what was started was stopped again */
RG_NODISCARD enum rg_status rg_collector_start(struct rg_collector *c, struct rg_err *err);

/* Ends: no new runs, calls that take checks in or let them go are waited for, running checks are
 * asked to stop and waited for, two seconds at most for the message; the tasks are joined. A check
 * that never ends keeps its worker, and this call. A collector does not start again. */
void rg_collector_stop(struct rg_collector *c);
void rg_collector_destroy(struct rg_collector *c); /* stopped, or never started; NULL is fine */

/* Takes a check in and schedules it; any task may, several at a time.
 *   RG_OK        the collector owns the check; otherwise the caller keeps it
 *   RG_EINVALID  its id is taken, its interval is out of range
 *   RG_ESTOPPED  the collector is not running
 *   RG_ELIMIT, RG_ENOMEM */
RG_NODISCARD enum rg_status rg_collector_run_check(
    struct rg_collector *c, struct rg_check *check, struct rg_err *err);

/* Unschedules a check: asks a run to stop, waits, cancels, waits. Whatever the answer but
 * RG_ENOTFOUND and RG_ESTOPPED, the id is free again and the statistics are gone; a run that could
 * not be stopped ends in its own time, without a trace. Any task may call it, several at a time.
 * Where no task can be started for the cancelling, it is done by this call, without a limit.
 * Meanwhile the check is shown as cancelling.
 *   RG_ENOTFOUND  no such check, or another task stops it already
 *   RG_ESTOPPED   the collector is not running
 *   RG_ETIMEOUT   the run did not end, or the cancelling did not; err says which */
RG_NODISCARD enum rg_status rg_collector_stop_check(
    struct rg_collector *c, const char *id, struct rg_err *err);

struct rg_collector_counts {
    uint64_t runs, errors, warnings;         /* of all checks since the start */
    uint64_t skipped;                        /* runs that were due while the one before went on */
    uint64_t lost_ticks;                     /* of all queues: no worker was free in time */
    uint64_t entered;                        /* checks scheduled now, and those that run once */
    size_t checks, running, workers, queues; /* now */
};
struct rg_collector_counts rg_collector_counts(struct rg_collector *c);

/* One check as it is shown. Texts are borrowed from the collector for the call. */
struct rg_check_view {
    const struct rg_check *check; /* its constant fields */
    const struct rg_check_stats *stats;
    bool running;
    struct rg_mono running_since; /* while running */
};

/* Calls fn for each check, in the order in which they came, with the collector's lock held: fn may
 * copy, but asks no backend and calls nothing of the collector. Anything but RG_OK ends the walk.
 */
typedef enum rg_status rg_check_view_fn(void *ctx, const struct rg_check_view *view);
RG_NODISCARD enum rg_status rg_collector_each(
    struct rg_collector *c, rg_check_view_fn *fn, void *ctx);

/* The queues, in the order of their creation. Appends at most max. Returns how many there are. */
size_t rg_collector_queues(struct rg_collector *c, struct rg_interval_queue_info *out, size_t max);

#endif
