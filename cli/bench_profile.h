/* Where the time of a run goes, measured at the border between the engine and its backends.
 *
 * One task runs at a time in virtual time and in a replay, so there is a single line of time, cut
 * at each call of a backend and each return. What the clock itself costs is taken off. */
#ifndef RG_BENCH_PROFILE_H
#define RG_BENCH_PROFILE_H

#include "rg/backend/set.h"
#include "rg/sim_host.h"

enum bench_part {
    BENCH_ENGINE, /* everything outside the backends */
    BENCH_MODEL,  /* the simulated world: its processes, clock and tasks */
    BENCH_RENDER, /* its answers as text */
    BENCH_DECODE, /* a recorded world or run: reading and finding the answers */
    BENCH_OUTPUT, /* hashing the outputs */
    BENCH_PART_COUNT,
};

struct bench_profile {
    int64_t ns[BENCH_PART_COUNT];
    uint64_t calls[BENCH_PART_COUNT]; /* stretches of time that make up the sum */
};

struct bench_profiler; /* wraps backends of one run */

/* Wraps inner, which is borrowed and outlives *out; world says what procfs and runtime are
 * (BENCH_MODEL or BENCH_DECODE). host tells the model from its answers; NULL: it is not simulated.
 * Called by a task of the runtime. RG_ENOMEM. */
RG_NODISCARD enum rg_status bench_profiler_create(const struct rg_backends *inner,
    enum bench_part world, struct rg_sim_host *host, struct bench_profiler **out);

/* Borrowed. Destroying them is not the profiler's matter: they belong to it. */
const struct rg_backends *bench_profiler_backends(struct bench_profiler *profiler);

void bench_profiler_start(struct bench_profiler *profiler);
void bench_profiler_stop(struct bench_profiler *profiler, struct bench_profile *out);
void bench_profiler_destroy(struct bench_profiler *profiler); /* NULL is fine */

/* "engine", "world model", ... Never NULL. */
const char *bench_part_name(enum bench_part part);

#endif
