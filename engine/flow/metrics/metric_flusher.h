/* The task that flushes the aggregator every 15 seconds and hands the payloads to a forwarder.
 * Mirrors the flush loop of upstream's pkg/aggregator/demultiplexer_agent.go. */
#ifndef RG_FLOW_METRIC_FLUSHER_H
#define RG_FLOW_METRIC_FLUSHER_H

#include "metric_payload.h"

#define RG_FLUSH_INTERVAL_NS (15 * RG_NS_PER_S)

struct rg_metric_flusher;

/* What a flush holds, by kind. */
struct rg_flush_kinds {
    bool series, sketches, service_checks, events;
};

struct rg_metric_flusher_options {
    int64_t interval_ns; /* > 0; counted from start, not aligned to the clock */
    enum rg_series_format format;
    struct rg_payload_limits limits;
    struct rg_flush_kinds omit; /* made into no payloads, and not counted; enable_payloads.* */
    bool log_items;             /* each item also goes to the log, at level debug: log_payloads */

    /* Called by the task after each of its flushes; not by the one of stop. NULL: nobody. */
    void (*flushed)(void *ctx);
    void *flushed_ctx;
};

#define RG_METRIC_FLUSHER_OPTIONS                                                                  \
    ((struct rg_metric_flusher_options){                                                           \
        .interval_ns = RG_FLUSH_INTERVAL_NS, .format = RG_SERIES_V2, .limits = RG_PAYLOAD_LIMITS})

/* All borrowed; they outlive it. log may be NULL.
 *   RG_OK  *out is owned: rg_metric_flusher_destroy */
RG_NODISCARD enum rg_status rg_metric_flusher_create(struct rg_runtime *runtime,
    struct rg_aggregator *aggregator, struct rg_forwarder *forwarder,
    const struct rg_metric_flusher_options *options, const struct rg_log *log,
    struct rg_metric_flusher **out, struct rg_err *err);

/* Starts the task. A tick that comes while a flush still runs is left out, as with a plain ticker.
 */
RG_NODISCARD enum rg_status rg_metric_flusher_start(
    struct rg_metric_flusher *flusher, struct rg_err *err);

/* One flush, by the calling task: aggregator to payloads to forwarder. Not while the task runs. */
void rg_metric_flusher_once(struct rg_metric_flusher *flusher);

/* Ends the task and flushes once more. The senders have ended or are idle; the forwarder is stopped
 * afterwards. */
void rg_metric_flusher_stop(struct rg_metric_flusher *flusher);

struct rg_metric_flusher_counts {
    uint64_t flushes;
    uint64_t series, sketches, service_checks, events; /* given to payloads */
    uint64_t payloads;
    uint64_t too_large; /* items */
    uint64_t lost;      /* items */
};

/* Not while the task runs, but for flushed. */
struct rg_metric_flusher_counts rg_metric_flusher_counts(const struct rg_metric_flusher *flusher);

void rg_metric_flusher_destroy(struct rg_metric_flusher *flusher); /* stopped; NULL is fine */

#endif
