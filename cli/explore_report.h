/* What `reagent explore` prints: failures as they come, a summary, or one JSON document. */
#ifndef RG_EXPLORE_REPORT_H
#define RG_EXPLORE_REPORT_H

#include "cli_json.h"
#include "explore.h"

/* What repeats a seed, besides the seed. */
struct explore_repeat {
    const struct explore_settings *settings;
    int64_t timeout_ns; /* 0: not said */
    uint64_t memory;    /* bytes; 0: not said */
};

struct explore_failure {
    uint64_t seed;
    const struct explore_result *result;
    const char *kept; /* path of the capture; NULL: not kept */
    const char *why;  /* it was not kept, or is not the same run; NULL: nothing to say */
};

struct explore_summary {
    uint64_t first, last; /* seeds asked for */
    uint64_t run, failures, refused, orders;
    uint64_t orders_hash; /* of all orders of tasks, by seed */
    int64_t duration_ns;
};

/* "random", "pct". */
extern const char *const explore_scheduler_names[]; /* by enum rg_sim_order less 1 */
extern const char *const explore_fault_names[];     /* by enum explore_faults */

/* The command that runs one seed again. Owned: free(). NULL: no memory. */
char *explore_command(const struct explore_repeat *repeat, uint64_t seed);

/* Prints a failure on stdout. brief: without details. */
void explore_print_failure(
    const struct explore_repeat *repeat, const struct explore_failure *failure, bool brief);
void explore_print_summary(const struct explore_summary *summary);

/* The same as an element of a JSON array, and as the document around it. */
void explore_json_failure(struct cli_json *json, const struct explore_repeat *repeat,
    const struct explore_failure *failure);
RG_NODISCARD enum rg_status explore_json_print(const struct explore_repeat *repeat,
    const struct explore_summary *summary, const struct cli_json *failures);

#endif
