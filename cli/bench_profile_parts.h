/* The inside of the profiler: its line of time, and the runtime that it wraps. */
#ifndef RG_BENCH_PROFILE_PARTS_H
#define RG_BENCH_PROFILE_PARTS_H

#include "bench_profile.h"
#include "rg/ops/procfs_ops.h"
#include "rg/ops/runtime_ops.h"
#include "rg/ops/sink_ops.h"

struct bench_profiler {
    struct rg_runtime runtime;
    struct rg_procfs procfs;
    struct rg_sink sink;
    const struct rg_backends *inner;
    struct rg_backends set;
    struct rg_sim_host *host;
    enum bench_part world;
    enum bench_part part;             /* that is going on */
    int64_t since_ns;                 /* of the part */
    int64_t synced_ns, synced_cpu_ns; /* both clocks when they were last compared */
    struct bench_profile sums;
};

/* From now on the time belongs to part. */
void bench_profiler_turn(struct bench_profiler *p, enum bench_part part);

extern const struct rg_runtime_ops bench_runtime_ops;

#endif
