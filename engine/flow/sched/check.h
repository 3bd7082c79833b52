/* A check: one configured instance that measures something when it is run. Mirrors upstream's
 * pkg/collector/check/check.go. What every check has is in struct rg_check; what is its own stands
 * behind it, in a struct that begins with one.
 *
 * A check belongs to the task that runs it, one at a time; rg_check_stop may come from another. */
#ifndef RG_FLOW_CHECK_H
#define RG_FLOW_CHECK_H

#include "rg/backend/host.h"
#include "rg/backend/log.h"
#include "rg/backend/procfs.h"
#include "sender.h"

#define RG_CHECK_INTERVAL_S     15 /* default of min_collection_interval */
#define RG_CHECK_WARNINGS_MAX   100
#define RG_CHECK_WARNING_MAX    4096 /* bytes of one, NUL included */
#define RG_CHECK_NAME_MAX       256  /* bytes of a check name, NUL included */
#define RG_CHECK_ERROR_TEXT_MAX RG_ERR_TEXT_MAX

struct rg_check;

/* What a check may ask of its surroundings. Borrowed; the same for all checks of a run. */
struct rg_check_world {
    struct rg_runtime *runtime;
    struct rg_procfs *procfs;
    struct rg_host *host;
    struct rg_aggregator *aggregator;
    const struct rg_log *log;
    const struct rg_host_facts *facts;
    struct rg_mutex *stop_lock; /* guards stopping of all checks; NULL: no collector, one task */
};

/* The methods of a kind of check; constant. */
struct rg_check_ops {
    const char *version; /* "" for native checks */

    /* One collection: reads, sends through check->sender, commits. Asks rg_check_stopping between
     * steps that can wait, and ends early when it says so.
     *   RG_OK     collected; rg_check_warn may have been called
     *   others    the run failed; err says why in one line */
    enum rg_status (*run)(struct rg_check *check, struct rg_err *err);

    /* Called once when the check leaves, on a task of its own, while a run may be going on:
     * releases what only a running check needs. NULL: nothing to do. */
    void (*cancel)(struct rg_check *check);

    /* Frees what is behind struct rg_check, not the check itself. No run is going on. NULL: nothing
     * is there. */
    void (*finish)(struct rg_check *check);
};

struct rg_check_warnings {
    char **texts; /* owned */
    size_t count;
    size_t lost; /* beyond RG_CHECK_WARNINGS_MAX, or without memory */
};

/* Fields are set once, by rg_check_create, and constant from then on, except where stated. */
struct rg_check {
    const struct rg_check_ops *ops;
    const struct rg_check_world *world; /* borrowed */
    char *name;                         /* owned texts */
    char *id;
    const char *loader; /* "core", "python"; static */
    char *source;       /* "file:/etc/datadog-agent/conf.d/cpu.d/conf.yaml" */
    char *init_text, *instance_text;
    int64_t interval_ns;      /* 0: runs once, or for ever; at least 1 s otherwise */
    struct rg_sender *sender; /* owned */

    struct rg_check_warnings warnings; /* of the run that is going on */
    bool stopping;
};

/* Forgets the warnings. */
void rg_check_warnings_clear(struct rg_check_warnings *warnings);

/* Says something that the user should know; the run goes on. Called by run only. */
void rg_check_warn(struct rg_check *check, const char *fmt, ...) RG_PRINTF(2, 3);

/* True once rg_check_stop was called: a run should end soon. Called by run only. */
bool rg_check_stopping(struct rg_check *check);
void rg_check_stop(struct rg_check *check);

/* Makes a check of one kind from the bytes of an instance. size is that of the struct that begins
 * with struct rg_check; what is behind is zeroed. The settings that all checks have
 * (min_collection_interval, tags, service, empty_default_hostname, no_index; spec 4.4) are applied
 * to interval_ns and the sender. many: the check can have several instances, so its id is built
 * from name, digest and instance (spec 1.6); otherwise id is the name.
 *   RG_OK        *out is owned: rg_check_destroy
 *   RG_EINVALID  instance or init_config is not acceptable; err says why
 *   RG_ELIMIT, RG_ENOMEM */
struct rg_check_source {
    struct rg_str name;
    uint64_t fast_digest; /* of the configuration */
    struct rg_str init_config, instance;
    struct rg_str source;
};
RG_NODISCARD enum rg_status rg_check_create(const struct rg_check_ops *ops, size_t size, bool many,
    const char *loader, const struct rg_check_world *world, const struct rg_check_source *from,
    struct rg_check **out, struct rg_err *err);
void rg_check_destroy(struct rg_check *check); /* NULL is fine */

/* A native check that the core loader knows. */
struct rg_check_factory {
    const char *name; /* "cpu" */
    /* Statuses of rg_check_create, and RG_ENOTFOUND: the check does not want this instance, the
     * next loader may take it. */
    enum rg_status (*create)(const struct rg_check_world *world, const struct rg_check_source *from,
        struct rg_check **out, struct rg_err *err);
};

#endif
