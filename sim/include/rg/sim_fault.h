/* Faults: shims over the backends of a run that spoil answers by a plan of rules.
 *
 * They go over any backends (live, simulated, replayed). A recorder belongs outside: what it writes
 * down are the spoiled answers. Kubelet, events and Python checks pass through unchanged.
 *
 * Whether a rule fires depends on the seed, the number of the rule, and the number of the matching
 * call (for RG_FAULT_PER_KEY the number of the call with that key), and on nothing else. In virtual
 * time the same seed gives the same faults. Live, the order of the tasks numbers the calls, except
 * for RG_FAULT_PER_KEY_ONCE.
 *
 * Time is the monotonic clock of the wrapped runtime, counted from rg_fault_wrap. It is read only
 * when a rule has a window, sleeps or changes the clock, and when a fault fires. Over exact replay
 * such a reading is a question that the recording does not hold. */
#ifndef RG_SIM_FAULT_H
#define RG_SIM_FAULT_H

#include "rg/backend/set.h"

struct rg_faults;

#define RG_FAULT_RULES_MAX   1024
#define RG_FAULT_NAME_MAX    192     /* bytes, NUL included: longest name is one of the storage */
#define RG_FAULT_TEXT_MAX    384     /* bytes of rg_fault_event.text, NUL included */
#define RG_FAULT_KEYS_MAX    1000000 /* counted keys of a rule; at the limit counts start again */
#define RG_FAULT_LATENCY_MAX (INT64_C(86400) * RG_NS_PER_S)
#define RG_FAULT_DRIFT_MAX   500000                             /* ppm, either way */
#define RG_FAULT_STEP_MAX    (INT64_C(315360000) * RG_NS_PER_S) /* ten years */

enum rg_fault_target {
    RG_FAULT_BACKENDS = 0, /* procfs, host, storage and sink */
    RG_FAULT_PROCFS,
    RG_FAULT_HOST,
    RG_FAULT_STORAGE,
    RG_FAULT_SINK,
    RG_FAULT_RUNTIME,
};

/* A call that a rule can name. Behind each: its target, and what the name filter is compared to. */
enum rg_fault_call {
    RG_FAULT_ANY = 0,      /* each call of the target that the effect can spoil */
    RG_FAULT_LIST,         /* procfs: no name */
    RG_FAULT_READ,         /* procfs: file name, "io" */
    RG_FAULT_LINK,         /* procfs: link name, "exe" */
    RG_FAULT_FDS,          /* procfs: "fd" */
    RG_FAULT_STAT,         /* procfs: entry name */
    RG_FAULT_HOST_READ,    /* procfs: path below the root, "net/dev" */
    RG_FAULT_FACTS,        /* host: no name */
    RG_FAULT_USER,         /* host: the user id in decimal */
    RG_FAULT_ENV,          /* host: variable */
    RG_FAULT_DOCUMENT,     /* host: document, "datadog.yaml" */
    RG_FAULT_DOCUMENTS,    /* host: folder, "conf.d" */
    RG_FAULT_FILESYSTEM,   /* host: path of the file system */
    RG_FAULT_GET,          /* storage: object or namespace */
    RG_FAULT_PUT,          /* storage: object or namespace */
    RG_FAULT_REMOVE,       /* storage: object or namespace */
    RG_FAULT_LIST_OBJECTS, /* storage: namespace */
    RG_FAULT_EMIT,         /* sink: kind or source of the output, "payload" or "process" */
    RG_FAULT_SPAWN,        /* runtime: task */
    RG_FAULT_MUTEX,        /* runtime: creation of a lock, its name */
    RG_FAULT_COND,         /* runtime: creation of a condition, its name */
    RG_FAULT_WALL,         /* runtime: the wall clock, no name */
    RG_FAULT_CALL_COUNT,
};

/* What a rule does, with the field of the rule it reads, and the calls it can spoil. */
enum rg_fault_effect {
    /* errnum: the call is not made and fails with this errno. All calls but RG_FAULT_WALL; MUTEX
     * and COND only with ENOMEM, a failed allocation. FACTS, PUT, EMIT and SPAWN answer RG_EIO
     * (RG_ENOMEM for ENOMEM), the others rg_status_from_errno. */
    RG_FAULT_ERRNO = 1,
    /* keep: an answer ends after that many bytes (pids for RG_FAULT_LIST). READ, LINK, HOST_READ,
     * USER, ENV, DOCUMENT, GET, LIST. */
    RG_FAULT_SHORT,
    /* An answer ends at a place that the seed chooses, before its end. Calls as RG_FAULT_SHORT. */
    RG_FAULT_TRUNCATE,
    /* keep: number of bytes that the seed replaces, 0 for a sixteenth and one. Calls as
     * RG_FAULT_SHORT without LIST. */
    RG_FAULT_GARBLE,
    /* latency_ns: the calling task sleeps in the runtime, then the call is made. All calls of
     * procfs, host, storage and sink. A run that ends cuts the sleep short. */
    RG_FAULT_LATENCY,
    /* The process of the call is gone: this call and all later ones about its pid answer ENOENT,
     * and the next lists leave it out, until the window of the rule ends. READ, LINK, FDS, STAT. */
    RG_FAULT_VANISH,
    /* The sink refuses the output for good (RG_EINVALID). EMIT. */
    RG_FAULT_REFUSE,
    /* step_ns: the wall clock is off by that much while the window is open. WALL. Neither name,
     * pid, nth nor share may be set; fires once. */
    RG_FAULT_STEP,
    /* drift_ppm: the wall clock gains (loses) that many microseconds per second while the window is
     * open, and keeps what it gained. WALL, and as RG_FAULT_STEP. */
    RG_FAULT_DRIFT,
    /* clients, interval_s: the receiver of a payload answers with these, as an intake does that has
     * watchers. EMIT; an output that expects no answer does not count. */
    RG_FAULT_ANSWER,
};

enum rg_fault_per {
    RG_FAULT_PER_CALL = 0, /* all matching calls of the rule are numbered, drawn one by one */
    RG_FAULT_PER_KEY,      /* calls are numbered for each (kind of call, pid, name) of its own */
    RG_FAULT_PER_KEY_ONCE, /* one draw for each (pid, name): a key fires always or never; no nth */
};

/* Zero-initialised fields filter nothing. */
struct rg_fault_rule {
    enum rg_fault_target target;
    enum rg_fault_call call;
    char name[RG_FAULT_NAME_MAX]; /* "": any */
    int32_t pid;                  /* 0: any, and calls without a pid; otherwise > 0 */
    int64_t from_ns;              /* since rg_fault_wrap; >= 0 */
    int64_t for_ns;               /* length of the window; 0: until the run ends */
    uint64_t nth;                 /* only this matching call in the window, from 1; 0: all */
    double share;                 /* 0 < share <= 1; 0 stands for 1, every matching call */
    enum rg_fault_per per;
    enum rg_fault_effect effect;
    int errnum;
    uint64_t keep;
    int64_t latency_ns;  /* > 0, at most RG_FAULT_LATENCY_MAX */
    int64_t step_ns;     /* not 0, at most RG_FAULT_STEP_MAX either way */
    int64_t drift_ppm;   /* not 0, at most RG_FAULT_DRIFT_MAX either way */
    uint32_t clients;    /* at most INT32_MAX */
    uint32_t interval_s; /* at most INT32_MAX */
};

/* One fault that fired. Texts are borrowed for the callback. */
struct rg_fault_event {
    size_t rule;   /* index */
    uint64_t call; /* number of the matching call, or of the call with its key; from 1 */
    int64_t at_ns; /* since rg_fault_wrap */
    uint32_t task; /* that made the call */
    enum rg_fault_call kind;
    int32_t pid;      /* 0: none */
    const char *name; /* "" for none */
    const char *text; /* one line, escaped: "read 12/io: EACCES"; control characters are "?" */
};

/* Called for each fault that fired, on the task that made the call, one call at a time. May ask
 * neither the runtime nor another backend. */
typedef void rg_fault_told_fn(void *ctx, const struct rg_fault_event *event);

/* Called before each call that a rule could name, but for the wall clock, by the task that makes
 * it. May use the runtime below: to let other tasks go on, for instance. */
typedef void rg_fault_before_fn(void *ctx);

struct rg_fault_options {
    uint64_t seed;
    rg_fault_before_fn *before; /* may be NULL */
    void *before_ctx;
    rg_fault_told_fn *told; /* may be NULL */
    void *told_ctx;
};

/* Wraps inner, which is borrowed and outlives *faults; the rules are copied. A call is held against
 * the rules in their order: sleeps add up, the first rule that fails it ends the search. The rules
 * that spoil an answer see only calls that were answered, and are applied in order. Called by a
 * task of the runtime. RG_EINVALID  a rule contradicts itself; err says which (counted from 1) and
 * why RG_ELIMIT    more than RG_FAULT_RULES_MAX RG_ENOMEM */
RG_NODISCARD enum rg_status rg_fault_wrap(const struct rg_backends *inner,
    const struct rg_fault_rule *rules, size_t count, const struct rg_fault_options *options,
    struct rg_faults **faults, struct rg_err *err);

/* What the engine (or the recorder) gets. Borrowed from faults; destroying one of them is fine and
 * does nothing, the inner backends stay with their owner. */
const struct rg_backends *rg_fault_backends(struct rg_faults *faults);

/* How often a rule fired, and how many calls it matched so far (window included). An answer that a
 * rule could not spoil (a failure, an empty text, one that is short already) is not a firing. */
uint64_t rg_fault_fired(struct rg_faults *faults, size_t rule);
uint64_t rg_fault_matched(struct rg_faults *faults, size_t rule);

/* Draws a plan for a run of for_ns: a random subset of targets and effects first, then up to max
 * rules of that subset, with shares and windows (swarm testing). Each rule is one that
 * rg_fault_wrap takes. Same seed and length, same rules. Returns their number, at least 1 when max
 * is. Durations are whole milliseconds. */
#define RG_FAULT_RANDOM_MAX 6
size_t rg_fault_random(uint64_t seed, int64_t for_ns, struct rg_fault_rule *rules, size_t max);

/* Appends a rule as an item of "faults" in a scenario, on one line. RG_ENOMEM, RG_ELIMIT: of out.
 */
RG_NODISCARD enum rg_status rg_fault_rule_text(
    const struct rg_fault_rule *rule, struct rg_buf *out);

/* "read", "list", "fds": what a scenario writes. "any" for RG_FAULT_ANY. Never NULL. */
const char *rg_fault_call_name(enum rg_fault_call call);
/* The target a call belongs to; RG_FAULT_BACKENDS for RG_FAULT_ANY. */
enum rg_fault_target rg_fault_call_target(enum rg_fault_call call);

/* The errno of a name such as "EACCES". False: not one that a rule may use. */
bool rg_fault_errno(struct rg_str name, int *errnum);

/* NULL is fine. Nobody uses the backends any more. */
void rg_fault_destroy(struct rg_faults *faults);

#endif
