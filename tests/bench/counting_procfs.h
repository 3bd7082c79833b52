/* A shim that counts what goes through a procfs backend, in calls, system calls, bytes, failures.
 */
#ifndef RG_TESTS_COUNTING_PROCFS_H
#define RG_TESTS_COUNTING_PROCFS_H

#include "rg/ops/procfs_ops.h"

struct counting_procfs {
    struct rg_procfs base;   /* first */
    struct rg_procfs *inner; /* borrowed */
    long system_calls;       /* open, read and close are three; the list of pids is left out */
    long failures;
    size_t listed; /* pids in the last list */
    int64_t bytes;
};

void counting_procfs_init(struct counting_procfs *c, struct rg_procfs *inner);

#endif
