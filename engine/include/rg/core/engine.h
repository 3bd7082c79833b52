/* The engine: configuration, checks, tasks, from start to a clean stop. Everything it knows of the
 * world comes through the backends. */
#ifndef RG_CORE_ENGINE_H
#define RG_CORE_ENGINE_H

#include "rg/backend/set.h"
#include "rg/base/str.h"

/* The version we name to the intake: its payload format is the one we speak. */
#define RG_AGENT_VERSION "7.58.0"

/* Hands the words by which the operator names secrets (process_config.custom_sensitive_words) to
 * fn, borrowed for the call: whoever keeps raw command lines has to know them before the run.
 *   RG_EINVALID, RG_ELIMIT  the configuration is not acceptable; err says where and why
 *   other                   what fn answered, or the host refused */
typedef enum rg_status rg_engine_words_fn(
    void *ctx, const struct rg_str *words, size_t count, struct rg_err *err);
RG_NODISCARD enum rg_status rg_engine_sensitive_words(
    struct rg_host *host, rg_engine_words_fn *fn, void *ctx, struct rg_err *err);

/* The folder that the key confd_path names, into out, replacing what it held; empty: the key is not
 * set. For whoever opens the host: conf.d itself is read through the host.
 *   RG_EINVALID, RG_ELIMIT  the configuration is not acceptable; err says where and why
 *   RG_ETOOBIG, RG_ENOMEM */
RG_NODISCARD enum rg_status rg_engine_confd_path(
    struct rg_host *host, struct rg_buf *out, struct rg_err *err);

/* Of the checks of conf.d. All zero unless they run. */
struct rg_engine_check_report {
    uint64_t runs, errors, warnings; /* errors: runs that failed */
    uint64_t skipped;                /* runs that were due while the one before went on */
    uint64_t lost_ticks;             /* no worker was free in time */
    size_t configs;                  /* that were loaded */
    size_t checks;                   /* instances that ran at the end */
    size_t config_errors;            /* files that could not be used */
    size_t loading_errors;           /* instances for which no loader had a check, or that were
                                        refused by the collector */
    uint64_t series, sketches, service_checks, events; /* made into payloads */
    uint64_t payloads;                                 /* that the sink took */
    uint64_t dropped_payloads; /* refused, pushed out of the queue, or left at the end */
    uint64_t lost_items;       /* samples, series, service checks and events that reached no
                                  payload, or were in a dropped one */
};

struct rg_engine_report {
    uint64_t runs; /* of the process checks */
    uint64_t failed_runs;
    uint64_t payloads;         /* messages that the sink took */
    uint64_t dropped_payloads; /* messages that were lost */
    /* Messages that the configuration has thrown away, and messages that checks made: the latter
     * are payloads, dropped_payloads and unwanted_payloads together, or something went astray. Only
     * of rg_engine_run. */
    uint64_t unwanted_payloads, made_payloads;
    size_t processes_seen; /* in the last scan */
    struct rg_engine_check_report checks;
};

/* What the engine says of itself while run.confd is on: kind and source of the output. */
#define RG_STATUS_KIND   "status"
#define RG_STATUS_SOURCE "agent"

/* Runs the configured checks until run.for is over or the stop request comes, sends what is queued
 * and joins all tasks. backends are borrowed; the caller is a task of their runtime.
 *
 * With run.confd the checks of conf.d (documents "conf.d/..." of the host) are scheduled too, run
 * by check_runners workers, flushed every 15 s and sent as outputs of kind "payload" and sources
 * "series", "sketches", "service_checks", "events". After each flush and at the end one output of
 * RG_STATUS_KIND holds a JSON document (docs/status-format.md). A broken file or check never ends
 * the run. Without run.confd no backend is asked anything for all this.
 *   RG_OK        *out is filled
 *   RG_EINVALID  the configuration is not acceptable; err says where and why
 *   RG_ELIMIT    the configuration is above a limit
 *   other        a check or a task could not start; err says why */
RG_NODISCARD enum rg_status rg_engine_run(
    const struct rg_backends *backends, struct rg_engine_report *out, struct rg_err *err);

/* Receives one message (frame header and body) of a check. Anything but RG_OK ends the call. */
typedef enum rg_status rg_engine_message_fn(
    void *ctx, const char *check, struct rg_str message, struct rg_err *err);

struct rg_engine_once {
    const char *check;             /* "process" or "rtprocess" */
    int64_t wait_ns;               /* between the two runs; 0: the interval of the check */
    rg_engine_message_fn *message; /* called in order */
    void *ctx;
};

/* Runs one check twice, because rates need two looks, and hands the messages of the second run to
 * once->message. Messages hold any number of items; nothing is sent to the sink but log lines.
 *   RG_ENOTFOUND  there is no such check
 *   RG_ESTOPPED   the run ended while waiting */
RG_NODISCARD enum rg_status rg_engine_check_once(const struct rg_backends *backends,
    const struct rg_engine_once *once, struct rg_engine_report *out, struct rg_err *err);

/* What did not work, in rg_engine_named and nowhere else an end of the call. */
enum rg_engine_trouble {
    RG_TROUBLE_CONFIG_ERROR,   /* a file of the check cannot be used; where: its path */
    RG_TROUBLE_CONFIG_WARNING, /* a file of the check is used all the same; where: its path */
    RG_TROUBLE_LOAD_ERROR,     /* a loader has no check for an instance; where: "Core Check Loader",
                                  or "": no loader was asked */
    RG_TROUBLE_JMX,            /* an instance that the JMX tool runs; where: "" */
};

/* `check NAME` for the integrations of conf.d. */
struct rg_engine_named {
    const char *name;   /* of the check: "disk" */
    int64_t times;      /* runs of each instance; >= 1 */
    int64_t pause_ns;   /* between two runs; >= 0 */
    int64_t delay_ns;   /* between the last run and the look at the aggregator; >= 0 */
    bool full_sketches; /* sketches with their bins */

    /* Whether to run an instance, which is this YAML (borrowed for the call); others count nowhere.
     * NULL: all. Asked once about each. */
    bool (*wanted)(void *ctx, struct rg_str yaml);

    /* One instance that has run: json is an object (borrowed for the call)
     *   {"aggregator":{"metrics":[...],"sketches":[...],"service_checks":[...],"events":[...]},
     *    "runner":{...}}
     * without the empty sections of aggregator. metrics are what the v1 intake takes; runner is
     * the object of one check in the status document. Called in order. Anything but RG_OK ends the
     * call. */
    enum rg_status (*instance)(void *ctx, const char *id, struct rg_str json, struct rg_err *err);

    /* name is that of the integration. All texts are borrowed for the call. NULL: not wanted. */
    void (*trouble)(void *ctx, enum rg_engine_trouble kind, const char *name, const char *where,
        const char *text);
    void *ctx;
};

/* Runs the instances of one integration, one after the other, in the calling task: no workers, no
 * check_status, nothing is sent to the sink but log lines. Loads conf.d whatever run.confd says.
 * In *out, checks.runs, .errors, .warnings, .configs, .checks (instances that ran), .config_errors
 * and .loading_errors (of this name) are set. A run that failed is in "runner"."last_error", and
 * the call goes on.
 *   RG_OK        at least one instance ran
 *   RG_ENOTFOUND no valid check found; *out is set, and trouble has said why, unless conf.d knows
 *                nothing of name
 *   RG_EINVALID, RG_ELIMIT  the configuration of the agent is not acceptable
 *   RG_EACCES, RG_EIO  conf.d cannot be listed
 *   RG_ESTOPPED  the run ended */
RG_NODISCARD enum rg_status rg_engine_check_named(const struct rg_backends *backends,
    const struct rg_engine_named *named, struct rg_engine_report *out, struct rg_err *err);

/* Appends one JSON document that says what conf.d holds and what becomes of it; nothing runs.
 *   {"schema_version":1,
 *    "config_errors":[{"name","path","text"}], "config_warnings":[the same],
 *    "configs":[{"name","provider":"file","source":"file:conf.d/x.yaml","digest":hex,
 *      "cluster_check":bool,"template":bool,"state":s,"node_name":s,
 *      "instances":[{"id":s,"runtime_id":s?,"yaml":s,"jmx":bool,
 *                    "loader_errors":[{"loader":s,"text":s}]}],
 *      "init_config":s?,"metric_config":s?,"logs_config":s?,"ad_identifiers":[s]}]}
 * state: "scheduled", "template", "cluster check", "metrics excluded", "duplicate" (of one before
 * it), "jmx" (all instances belong to the JMX tool), "logs" (nothing but a logs section), "failed"
 * (no instance gives a check). id is the one that upstream prints, made of name, digest and
 * instance; runtime_id is there where the check that runs has another one. Instances of a
 * configuration that does not run have no loader_errors. Configurations stand in reading order.
 * Sections that are absent are left out; values that look like secrets are masked.
 * json has a maximum of at least RG_OUTPUT_BYTES_MAX.
 *   RG_EINVALID, RG_ELIMIT  the configuration of the agent is not acceptable
 *   RG_EACCES, RG_EIO  conf.d cannot be listed
 *   RG_ETOOBIG   above the maximum of json */
RG_NODISCARD enum rg_status rg_engine_configcheck(
    const struct rg_backends *backends, struct rg_buf *json, struct rg_err *err);

#endif
