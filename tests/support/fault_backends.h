/* Shims that make the n-th call of any backend fail, in the way a living system fails. */
#ifndef RG_TESTS_FAULT_BACKENDS_H
#define RG_TESTS_FAULT_BACKENDS_H

#include "rg/ops/host_ops.h"
#include "rg/ops/procfs_ops.h"
#include "rg/ops/sink_ops.h"

#include "rg/backend/set.h"

struct fault_backends;

struct fault_procfs {
    struct rg_procfs base;
    struct fault_backends *faults;
};

struct fault_host {
    struct rg_host base;
    struct fault_backends *faults;
};

struct fault_sink {
    struct rg_sink base;
    struct fault_backends *faults;
};

struct fault_backends {
    struct rg_backends inner; /* borrowed */
    struct rg_backends outer; /* what the engine gets */
    struct fault_procfs procfs;
    struct fault_host host;
    struct fault_sink sink;
    long calls;   /* made so far */
    long fail_at; /* number of the call that fails, from 1; 0: none */
    int errnum;   /* it fails with this errno */
    bool fired;
};

void fault_backends_init(struct fault_backends *faults, const struct rg_backends *inner);

#endif
