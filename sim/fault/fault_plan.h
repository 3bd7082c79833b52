/* What the shims of the fault injector share. Each shim passes fault_gate, asks the backend it
 * wraps, and hands a good answer to fault_spoil_text or fault_spoil_pids. */
#ifndef RG_FAULT_PLAN_H
#define RG_FAULT_PLAN_H

#include "rg/base/map.h"
#include "rg/ops/host_ops.h"
#include "rg/ops/procfs_ops.h"
#include "rg/ops/runtime_ops.h"
#include "rg/ops/sink_ops.h"
#include "rg/ops/storage_ops.h"
#include "rg/sim_fault.h"

#include <pthread.h>

#define FAULT_BIT(call) (UINT32_C(1) << (call))
#define FAULT_PID_CALLS                                                                            \
    (FAULT_BIT(RG_FAULT_READ) | FAULT_BIT(RG_FAULT_LINK) | FAULT_BIT(RG_FAULT_FDS) |               \
        FAULT_BIT(RG_FAULT_STAT))

struct fault_runtime {
    struct rg_runtime base; /* first: rg_runtime pointers are cast back */
    struct rg_faults *faults;
};

struct fault_procfs {
    struct rg_procfs base;
    struct rg_faults *faults;
};

struct fault_host {
    struct rg_host base;
    struct rg_faults *faults;
};

struct fault_storage {
    struct rg_storage base;
    struct rg_faults *faults;
};

struct fault_sink {
    struct rg_sink base;
    struct rg_faults *faults;
};

/* A rule and what became of it. The counters are guarded by rg_faults.lock. */
struct fault_rule {
    struct rg_fault_rule rule;
    uint32_t calls; /* FAULT_BIT of each call it can spoil */
    uint64_t matched;
    uint64_t fired;
    struct rg_map keys; /* matching calls so far by key, for RG_FAULT_PER_KEY */
};

struct rg_faults {
    struct rg_fault_options options;
    struct rg_backends inner; /* borrowed */
    struct rg_backends outer; /* what the engine gets */
    struct fault_runtime runtime;
    struct fault_procfs procfs;
    struct fault_host host;
    struct fault_storage storage;
    struct fault_sink sink;
    uint32_t gated;  /* calls that some rule delays or fails */
    uint32_t spoilt; /* calls whose answer some rule spoils */
    bool clocks;     /* some rule changes the wall clock */
    int64_t start_ns;
    pthread_mutex_t lock; /* guards counters and gone; never held while a backend is called */
    pthread_mutex_t tell; /* held around options.told */
    struct rg_map gone;   /* pid to the end of its absence, INT64_MAX for never */
    struct fault_rule *rules;
    size_t rule_count;
};

/* The question that is held against the rules. */
struct fault_call {
    enum rg_fault_call kind;
    int32_t pid;       /* 0: none */
    const char *name;  /* "": none */
    const char *group; /* namespace or kind of output, which a name filter matches too; or NULL */
};

void fault_runtime_init(struct fault_runtime *shim, struct rg_faults *faults);
void fault_procfs_init(struct fault_procfs *shim, struct rg_faults *faults);
void fault_host_init(struct fault_host *shim, struct rg_faults *faults);
void fault_storage_init(struct fault_storage *shim, struct rg_faults *faults);
void fault_sink_init(struct fault_sink *shim, struct rg_faults *faults);

/* Checks one rule and fills what does not name its target or call. calls: what it can spoil. */
RG_NODISCARD enum rg_status fault_rule_check(
    struct rg_fault_rule *rule, uint32_t *calls, struct rg_err *err);

/* Time since the start, read from the runtime below. */
int64_t fault_elapsed(struct rg_faults *faults);

/* True while the window of the rule is open. */
bool fault_window_open(const struct rg_fault_rule *rule, int64_t elapsed_ns);

/* Delays or fails a call. RG_OK: the call is to be made; anything else is its answer, and err says
 * what the live backend would say. */
RG_NODISCARD enum rg_status fault_gate(
    struct rg_faults *faults, const struct fault_call *call, struct rg_err *err);

/* Spoil the answer of a call that gave st, and give the final status: RG_ENOMEM when the number of
 * the call cannot be counted. An answer that failed is passed on. */
RG_NODISCARD enum rg_status fault_spoil_text(struct rg_faults *faults,
    const struct fault_call *call, enum rg_status st, struct rg_buf *out, struct rg_err *err);
RG_NODISCARD enum rg_status fault_spoil_pids(struct rg_faults *faults,
    const struct fault_call *call, enum rg_status st, struct rg_pid_list *out, struct rg_err *err);

/* Puts the answer of the first rule that has one into response. */
RG_NODISCARD enum rg_status fault_answer(
    struct rg_faults *faults, const struct fault_call *call, struct rg_buf *response);

/* Counts a firing and tells it; what is the end of its line. */
void fault_fire(struct rg_faults *faults, size_t rule, const struct fault_call *call,
    uint64_t number, int64_t at_ns, const char *what);

/* "EACCES", or "errno 95" for one that has no name here. out has FAULT_ERRNO_TEXT bytes. */
#define FAULT_ERRNO_TEXT 24
const char *fault_errno_text(int errnum, char *out);

#endif
