/* The scenarios that a command line names: files, and folders with all below. */
#ifndef RG_SCENARIO_LIST_H
#define RG_SCENARIO_LIST_H

#include "rg/sim_scenario.h"

#define SCENARIO_LIST_MAX 100000

/* Zero-initialise; scenario_list_finish in any case. */
struct scenario_list {
    struct rg_scenario **items; /* owned; by path, each file once */
    char **paths;               /* owned, of the items */
    size_t count, cap, path_count, paths_cap;
    int code; /* of the files that could not be used, said already; CLI_OK */
};

/* Adds a file, or all *.yaml files below a folder. A file that is no scenario is said and makes the
 * code; the others are added.
 *   RG_ENOMEM, RG_ELIMIT  err says why */
RG_NODISCARD enum rg_status scenario_list_add(
    struct scenario_list *list, const char *path, struct rg_err *err);

/* Adds one file and nothing else. Said when it cannot be used, and *code is the exit code. */
bool scenario_list_one(
    struct scenario_list *list, const char *path, const struct rg_scenario **out, int *code);

/* Sorts by path, and refuses two scenarios of one name: said, and the code. */
void scenario_list_sort(struct scenario_list *list);
void scenario_list_finish(struct scenario_list *list);

#endif
