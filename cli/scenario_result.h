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
};
void scenario_run(const struct rg_scenario *scenario, const struct scenario_run_options *options,
    struct scenario_result *result);

/* The same in processes of their own, at most jobs at a time; each one that ends is handed to done
 * in the order of the list.
 *   RG_EIO, RG_ENOMEM  no process could be started; err says why */
typedef void scenario_done_fn(
    void *ctx, const struct rg_scenario *scenario, const struct scenario_result *result);
struct scenario_jobs {
    struct rg_scenario *const *scenarios;
    size_t count;
    size_t jobs;
    bool update;
    const uint64_t *seed; /* NULL: that of each scenario */
    scenario_done_fn *done;
    void *ctx;
};
RG_NODISCARD enum rg_status scenario_jobs_run(const struct scenario_jobs *jobs, struct rg_err *err);

/* Compares lines with the golden of the scenario, or rewrites it. Sets result when they differ. */
void scenario_golden(const struct rg_scenario *scenario, struct rg_str lines, bool update,
    struct scenario_result *result);

#endif
