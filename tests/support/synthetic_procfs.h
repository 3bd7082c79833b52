/* A procfs backend that renders any number of processes: idle ones, and a share that runs between
 * scans. What the kernel would print, as a function of the clock alone. */
#ifndef RG_TESTS_SYNTHETIC_PROCFS_H
#define RG_TESTS_SYNTHETIC_PROCFS_H

#include "rg/backend/procfs.h"
#include "rg/backend/runtime.h"

struct synthetic_procfs_options {
    struct rg_runtime *clock; /* borrowed; its monotonic clock drives the counters */
    int32_t process_count;
    int32_t active_every; /* each n-th process runs all the time; 0: none does */
};

/* NULL when memory is short. */
struct rg_procfs *synthetic_procfs_create(const struct synthetic_procfs_options *options);

#endif
