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

struct rg_engine_report {
    uint64_t runs; /* of checks */
    uint64_t failed_runs;
    uint64_t payloads;         /* messages that the sink took */
    uint64_t dropped_payloads; /* messages that were lost */
    /* Messages that the configuration has thrown away, and messages that checks made: the latter
     * are payloads, dropped_payloads and unwanted_payloads together, or something went astray. Only
     * of rg_engine_run. */
    uint64_t unwanted_payloads, made_payloads;
    size_t processes_seen; /* in the last scan */
};

/* Runs the configured checks until run.for is over or the stop request comes, sends what is queued
 * and joins all tasks. backends are borrowed; the caller is a task of their runtime.
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

#endif
