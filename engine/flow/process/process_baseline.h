/* What a run of the process check remembers for the next one. A copy of the numbers, so that it
 * stays valid however long the next run is away and whatever failed in between. */
#ifndef RG_FLOW_PROCESS_BASELINE_H
#define RG_FLOW_PROCESS_BASELINE_H

#include "process_probe.h"

struct rg_baseline_entry {
    int32_t pid;
    struct rg_process_stats stats;
};

struct rg_baseline {
    struct rg_baseline_entry *entries; /* owned; ascending pid */
    size_t count, cap;
    double cpu_total_s;   /* of the host, when the entries were taken */
    struct rg_wall taken; /* end of that run */
    bool present;
};

void rg_baseline_finish(struct rg_baseline *b);

/* Copies a table. RG_ENOMEM: *b is not present. */
RG_NODISCARD enum rg_status rg_baseline_copy(
    struct rg_baseline *b, const struct rg_process_table *table, double cpu_total_s);

/* Finds a pid by merging: *at starts at 0 and pids must ascend from call to call. NULL: absent. */
const struct rg_process_stats *rg_baseline_next(
    const struct rg_baseline *b, size_t *at, int32_t pid);

/* Whole seconds from the end of that run to now, as the IO rates want them. */
int64_t rg_baseline_elapsed_s(const struct rg_baseline *b, struct rg_wall now);

#endif
