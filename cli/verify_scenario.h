/* Is a scenario the same run every time? Its seeds are run in processes of different surroundings,
 * and everything the engine asked, was told and emitted is compared. */
#ifndef RG_VERIFY_SCENARIO_H
#define RG_VERIFY_SCENARIO_H

#include "cli.h"

#define VERIFY_JOBS_MAX 256

struct verify_seeds {
    uint64_t from, to; /* both are run */
};

/* "7" or "1..100". False: not a range. */
bool verify_seeds_parse(const char *text, struct verify_seeds *out);

struct verify_scenario_args {
    const char *file;
    const struct verify_seeds *seeds; /* NULL: the seed of the scenario */
    size_t jobs;                      /* processes at a time; > 0 */
    bool json;
};

/* Prints the verdict and returns an exit code. */
int verify_scenario(const struct verify_scenario_args *args);

/* The part of one process: runs all seeds and writes the log. With effects every effect is a line,
 * otherwise every output, with a hash over all effects so far. Returns an exit code. */
int verify_scenario_worker(
    const char *file, const struct verify_seeds *seeds, const char *log_path, bool effects);

#endif
