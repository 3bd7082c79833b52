/* Runs the process check on its schedule and hands the messages to the submitter. Mirrors
 * upstream's pkg/process/runner/runner.go and pkg/process/checks/runner.go.
 *
 * One task. A first standard run primes the check; then a ticker with the real-time interval: each
 * n-th tick is a standard run, and every tick a real-time run while somebody watches. */
#ifndef RG_FLOW_CHECK_RUNNER_H
#define RG_FLOW_CHECK_RUNNER_H

#include "check_submitter.h"
#include "process_check.h"

struct rg_check_runner;

struct rg_check_runner_options {
    int64_t interval_s;          /* of standard runs; 0: default */
    int64_t realtime_interval_s; /* 0: default */
    bool realtime_allowed;       /* not process_config.disable_realtime_checks */
    bool realtime_on;            /* at the start; upstream starts with false */
    int32_t group_start;         /* the first run has the number behind it */
};

/* check, submitter and log are borrowed and outlive the runner.
 *   RG_OK  *out is owned: rg_check_runner_destroy */
RG_NODISCARD enum rg_status rg_check_runner_create(const struct rg_backends *backends,
    struct rg_process_check *check, struct rg_check_submitter *submitter,
    const struct rg_check_runner_options *options, const struct rg_log *log,
    struct rg_check_runner **out, struct rg_err *err);

/* The task: runs until stop is asked for or the run ends. arg is the runner. */
void rg_check_runner_task(void *arg);

/* Starts the task. */
RG_NODISCARD enum rg_status rg_check_runner_start(struct rg_check_runner *r, struct rg_err *err);

/* Asks the task to end after its present run, and joins it. */
void rg_check_runner_stop(struct rg_check_runner *r);

/* Answers of the intake: switches real time on or off and changes its interval. ctx is the runner;
 * any task may call it. */
void rg_check_runner_status(void *ctx, const struct rg_rt_status *statuses, size_t count);

struct rg_check_runner_counts {
    uint64_t runs, failed_runs;
    uint64_t made; /* messages handed to the submitter */
    size_t seen;   /* processes of the last scan */
};

/* After stop. */
struct rg_check_runner_counts rg_check_runner_counts(const struct rg_check_runner *r);

/* At any time, from any task: as of the end of the run before. Takes the lock. */
struct rg_check_runner_counts rg_check_runner_look(struct rg_check_runner *r);

void rg_check_runner_destroy(struct rg_check_runner *r); /* stopped; NULL is fine */

#endif
