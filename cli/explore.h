/* Exploring: one scenario under many seeds, each with a task order and faults of its own. */
#ifndef RG_EXPLORE_H
#define RG_EXPLORE_H

#include "scenario_backends.h"
#include "scenario_result.h"

#define EXPLORE_GRACE_NS (INT64_C(10) * RG_NS_PER_S) /* virtual time after run.for */

enum explore_faults {
    EXPLORE_FAULTS_NONE,
    EXPLORE_FAULTS_SCENARIO,
    EXPLORE_FAULTS_RANDOM, /* those of the scenario and a drawn plan */
};

struct explore_settings {
    const struct rg_scenario *scenario;
    enum rg_sim_order order;
    uint32_t depth;
    uint64_t steps;
    enum explore_faults faults;
    bool expect; /* expectations are judged whatever the faults are */
};

/* Plain: travels as bytes. */
struct explore_numbers {
    enum scenario_outcome outcome; /* SCENARIO_INVALID ends all exploring */
    int code;                      /* for SCENARIO_INVALID and SCENARIO_ERROR */
    bool refused;                  /* by a drawn fault: the engine said so and did not run */
    uint64_t order_hash, steps;
    uint64_t outputs;
};

struct explore_result {
    struct explore_numbers numbers;
    struct rg_buf invariant; /* owned: what was broken, one line; empty when nothing was */
    struct rg_buf details;   /* owned: lines */
};

void explore_result_init(struct explore_result *result);
void explore_result_finish(struct explore_result *result);

/* Sets outcome and the line. */
void explore_result_set(struct explore_result *result, enum scenario_outcome outcome,
    const char *fmt, ...) RG_PRINTF(3, 4);

/* Adds lines to the details; a text that does not fit is cut. */
void explore_result_add(struct explore_result *result, const char *fmt, ...) RG_PRINTF(2, 3);

/* The form in which a result comes from its process. False: the bytes hold none, or no memory. */
RG_NODISCARD enum rg_status explore_result_pack(
    const struct explore_result *result, struct rg_buf *out);
bool explore_result_unpack(struct rg_str bytes, struct explore_result *result);

/* How a seed runs: the order of the tasks is that of the seed, while world and faults stay as the
 * scenario has them, so that its expectations mean the same; with drawn faults all of it is of the
 * seed. rules has room for RG_FAULT_RANDOM_MAX and outlives *world. */
void explore_world(const struct explore_settings *settings, uint64_t seed,
    struct rg_fault_rule *rules, struct scenario_world_options *world);

/* Runs one seed in this process and holds it against all invariants that can be seen from inside.
 * result is initialised. */
void explore_run(
    const struct explore_settings *settings, uint64_t seed, struct explore_result *result);

/* Runs it again under the recorder, into path. result: SCENARIO_OK when the capture is there;
 * invariant names another path, or says what is wrong. */
void explore_keep(const struct explore_settings *settings, uint64_t seed, const char *path,
    struct explore_result *result);

#endif
