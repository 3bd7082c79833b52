/* What became of one scenario, and how it comes back from the process that ran it. */
#ifndef RG_SCENARIO_RESULT_H
#define RG_SCENARIO_RESULT_H

#include "rg/sim_scenario.h"

enum scenario_outcome {
    SCENARIO_OK,
    SCENARIO_FAILED,  /* an expectation, the golden, a deadlock */
    SCENARIO_INVALID, /* the scenario asks for what cannot be */
    SCENARIO_ERROR,   /* it could not be run, or did not end by itself */
};
#define SCENARIO_OUTCOMES 4

#define SCENARIO_TEXT_MAX ((size_t)1 << 20)

/* Plain numbers first: they travel as bytes. */
struct scenario_numbers {
    enum scenario_outcome outcome;
    int code; /* exit code that the outcome asks for */
    int64_t duration_ns;
    uint64_t seed;
    uint64_t outputs;
};

struct scenario_result {
    struct scenario_numbers numbers;
    struct rg_buf expectation; /* owned: what failed, in one line; empty when nothing did */
    struct rg_buf details;     /* owned: lines: values, fired faults, a difference */
};

/* "ok", "failed", "invalid", "error". */
const char *scenario_outcome_name(enum scenario_outcome outcome);

void scenario_result_init(struct scenario_result *result);
void scenario_result_finish(struct scenario_result *result);

/* Sets outcome, code and the line that says why; a text that does not fit is cut. */
void scenario_result_set(struct scenario_result *result, enum scenario_outcome outcome, int code,
    const char *fmt, ...) RG_PRINTF(4, 5);

/* Runs a scenario in this process. result is initialised. update rewrites the golden. */
struct scenario_run_options {
    uint64_t seed;
    bool update;
    const char *log_level; /* of the engine, whose log goes to stderr then; NULL: its own, silent */
};
void scenario_run(const struct rg_scenario *scenario, const struct scenario_run_options *options,
    struct scenario_result *result);

/* Parts of it. Judges the expectations of a run that has ended, without the golden; faults behind
 * those of the scenario do not count. The statuses of rg/sim_judge.h; err says why. */
struct scenario_world;
struct rg_engine_report;
RG_NODISCARD enum rg_status scenario_expectations(const struct rg_scenario *scenario,
    const struct scenario_world *world, const struct rg_engine_report *report,
    struct scenario_result *result, struct rg_err *err);

/* Adds the faults that fired to the details. */
void scenario_result_fired(struct scenario_result *result, const struct scenario_world *world);

/* The same in processes of their own, at most jobs at a time; each one that ends is handed to done
 * in the order of the list. A process that lasts longer than timeout_ns of real time is killed and
 * makes an error with CLI_LIMIT. SIGINT, SIGTERM and SIGHUP (unless ignored) kill all of them; what
 * had ended by then is handed over still. No process outlives the caller.
 *   RG_EIO, RG_ENOMEM  no process could be started; err says why
 *   RG_ESTOPPED        a signal came: *signum, see scenario_jobs_die */
typedef void scenario_done_fn(
    void *ctx, const struct rg_scenario *scenario, const struct scenario_result *result);
struct scenario_jobs {
    struct rg_scenario *const *scenarios;
    size_t count;
    size_t jobs;
    bool update;
    const uint64_t *seed;  /* NULL: that of each scenario */
    const char *log_level; /* see scenario_run_options */
    int64_t timeout_ns;
    const char *timeout_text; /* the same for a reader */
    scenario_done_fn *done;
    void *ctx;
};
RG_NODISCARD enum rg_status scenario_jobs_run(
    const struct scenario_jobs *jobs, int *signum, struct rg_err *err);

/* Ends this process the way the signal would have ended it, had nobody waited for it. */
_Noreturn void scenario_jobs_die(int signum);

/* Compares lines with the golden of the scenario, or rewrites it. Sets result when they differ. */
void scenario_golden(const struct rg_scenario *scenario, struct rg_str lines, bool update,
    struct scenario_result *result);

#endif
