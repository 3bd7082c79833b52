/* A small host for the tests of the process flow: processes as a table, rendered as /proc on
 * demand, and the facts, users, variables and documents of a host. */
#ifndef RG_TESTS_FAKE_HOST_H
#define RG_TESTS_FAKE_HOST_H

#include "rg/backend/set.h"
#include "rg/ops/host_ops.h"
#include "rg/ops/procfs_ops.h"

#define FAKE_PROCS_MAX 300
#define FAKE_TEXTS_MAX 8

struct fake_process {
    int32_t pid;
    const char *args[6]; /* NULL-terminated */
    char state;          /* 0: 'S' */
    int32_t uid;
    uint64_t utime, stime; /* ticks */
    int64_t read_bytes;
    uint64_t start_ticks;
};

struct fake_text {
    const char *name;
    const char *text;
};

struct fake_host {
    struct rg_procfs procfs;
    struct rg_host host;
    struct rg_host_facts facts;
    struct fake_process procs[FAKE_PROCS_MAX];
    size_t proc_count;
    uint64_t cpu_ticks; /* user time of the whole host */
    int64_t boot_s;     /* what /proc/stat says */
    bool no_cpu_line;   /* /proc/stat has nothing usable */
    bool no_pids;       /* listing fails */
    int user_lookups;   /* calls counted */
    bool users_unknown;
    struct fake_text env[FAKE_TEXTS_MAX];
    struct fake_text documents[FAKE_TEXTS_MAX];
};

/* Four CPUs, 100 ticks a second, no processes. */
void fake_host_init(struct fake_host *h);

/* Adds a process with the given arguments; its fields may be changed afterwards. */
struct fake_process *fake_host_add(
    struct fake_host *h, int32_t pid, const char *arg0, const char *arg1);

/* The set: procfs and host of h, nothing else that works but runtime and sink. */
struct rg_backends fake_backends(
    struct fake_host *h, struct rg_runtime *runtime, struct rg_sink *sink);

#endif
