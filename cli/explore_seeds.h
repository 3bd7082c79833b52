/* Runs the seeds of `reagent explore`, tells what fails, keeps captures, sums up. */
#ifndef RG_EXPLORE_SEEDS_H
#define RG_EXPLORE_SEEDS_H

#include "cli_args.h"
#include "explore.h"

/* The command line. */
struct explore_args {
    struct cli_common common;
    const char *path, *keep;
    uint64_t first, last, jobs, depth, steps, memory;
    int64_t timeout_ns;
    enum rg_sim_order order;
    enum explore_faults faults;
    bool seeds_given, expect;
};

#define EXPLORE_TIMEOUT_NS (INT64_C(60) * RG_NS_PER_S) /* of the default */

/* Returns the exit code; everything was printed. */
int explore_seeds(const struct explore_args *args, const struct rg_scenario *scenario);

#endif
