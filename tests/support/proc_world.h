/* Processes that obey the kernel's rules, rendered into a fake /proc: whatever a process does, it
 * must run first, and running moves its switch counters. */
#ifndef RG_TESTS_PROC_WORLD_H
#define RG_TESTS_PROC_WORLD_H

#include "fake_procfs.h"

#include "rg/base/prng.h"
#include "rg/ops/host_ops.h"

#define WORLD_PAGE_BYTES 4096
#define WORLD_TICKS      100
#define WORLD_MAX        64

struct world_proc {
    int32_t pid, ppid;
    uint64_t start_ticks;
    uint64_t switched_in, voluntary, involuntary; /* of the main thread */
    bool on_cpu;
    bool kernel, zombie;
    int32_t threads, nice;
    uint64_t user_ticks, system_ticks, minor_faults;
    uint32_t uid;
    char comm[16], exe[64], cwd[64], args[64];   /* args: '|' stands for NUL */
    uint64_t image;                              /* base of the addresses; 0: hidden */
    uint64_t size, resident, shared, data, swap; /* pages */
    int64_t io[4];
    int64_t fds;
};

struct world {
    struct fake_procfs *fake; /* borrowed */
    struct world_proc procs[WORLD_MAX];
    size_t count;
    uint64_t clock_ticks; /* since boot */
    bool no_schedstat;    /* a kernel that does not count */
};

/* A sleeping process that has run a few times. The pointer holds until a process is removed. */
struct world_proc *world_spawn(struct world *w, int32_t pid);
struct world_proc *world_find(struct world *w, int32_t pid);
void world_kill(struct world *w, int32_t pid);

/* The main thread is switched in and out again once. */
void world_run(struct world_proc *p);
void world_exec(struct world_proc *p, const char *comm); /* runs, and becomes another program */

/* Writes one process, or all, into the fake. */
void world_render_one(struct world *w, const struct world_proc *p);
void world_render(struct world *w);

/* Lets some time pass: processes run, fork, exec, exit, and the kernel reclaims memory. */
void world_step(struct world *w, struct rg_prng *prng);

/* Host facts of the world: page size, ticks, CPUs, uid and euid. */
struct world_host {
    struct rg_host base; /* first */
    struct rg_host_facts facts;
};
void world_host_init(struct world_host *host, uint32_t euid);

#endif
