/* The configuration of one run. Later sources win: defaults, the document "datadog.yaml", DD_*
 * variables of the environment, the document "options" (what the command line says).
 *
 * Keys are upstream's (pkg/config/setup/process.go); "run." and "reagent." are ours. An unknown key
 * of ours is an error that names the nearest one; any other unknown key is a note. The keys of
 * config_checks.h are unknown while the flows that they belong to do not run. */
#ifndef RG_CORE_CONFIG_H
#define RG_CORE_CONFIG_H

#include "config_checks.h"
#include "config_value.h"
#include "rg/backend/host.h"
#include "rg/backend/log.h"

#define RG_CONFIG_NOTES_MAX 100 /* unknown keys that are named */

struct rg_engine_config {
    char *hostname;   /* NULL: the host's own */
    char *log_level;  /* NULL: info */
    char *network_id; /* network.id */
    /* process_config. */
    char *enabled; /* deprecated switch: "true", "false", "disabled"; NULL: not used */
    bool process_collection;
    int64_t interval_s, realtime_interval_s; /* 0: default */
    bool disable_realtime_checks;
    bool ignore_zombie_processes;
    struct rg_config_list blacklist_patterns;
    bool scrub_args;
    struct rg_config_list custom_sensitive_words;
    bool strip_proc_arguments;
    bool cache_lookupid;
    int64_t max_per_message, max_message_bytes;
    int64_t queue_size, rt_queue_size, process_queue_bytes;
    struct rg_config_list drop_check_payloads;
    int64_t hint_frequency;
    /* reagent. */
    bool collect_io_fd; /* count fds and read io of each process */
    bool always_reread; /* read every file of /proc at every scan */
    /* run. */
    int64_t run_for_ns; /* 0: until the stop request */
    struct rg_config_list checks;
    bool confd;       /* run the checks of conf.d */
    bool realtime;    /* begin with real time on */
    int64_t group_id; /* number of the first run, less one; -1: drawn */

    bool use_flow; /* the keys of flow are known; set by the caller, or by confd */
    struct rg_checks_config flow;

    struct rg_config_list notes; /* one text per unknown key */
};

/* What the settings come to. */
bool rg_engine_config_process(const struct rg_engine_config *c);  /* the process check runs */
bool rg_engine_config_realtime(const struct rg_engine_config *c); /* and starts in real time */

/* The level of log_level; upstream's other spellings are understood. False: unknown. */
bool rg_engine_config_level(const struct rg_engine_config *c, enum rg_log_level *out);

void rg_engine_config_init(struct rg_engine_config *c); /* the defaults */
void rg_engine_config_finish(struct rg_engine_config *c);

/* Applies one document over what c holds; for any bytes. name is for messages.
 *   RG_EINVALID  not acceptable; err says "NAME:LINE:COLUMN: why". c may be changed in part
 *   RG_ELIMIT    above a limit
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_engine_config_apply(struct rg_engine_config *c, const char *name,
    const void *bytes, size_t len, struct rg_err *err);

/* The key that a variable of the environment sets, or NULL. */
const char *rg_engine_config_of_env(struct rg_str name);

/* Applies all sources over the defaults and checks the whole. c is initialised, use_flow perhaps
 * set. */
RG_NODISCARD enum rg_status rg_engine_config_load(
    struct rg_engine_config *c, struct rg_host *host, struct rg_err *err);

#endif
