/* Collects what all senders of a run hand over and gives it out at each flush. Mirrors upstream's
 * pkg/aggregator/aggregator.go and demultiplexer.
 *
 * One lock guards everything; it is taken once per hand-over of a sender, per opening and closing,
 * per flush and per rg_flush_finish. Nothing is logged, measured or waited for while it is held. */
#ifndef RG_FLOW_AGGREGATOR_H
#define RG_FLOW_AGGREGATOR_H

#include "check_sampler.h"
#include "rg/backend/log.h"
#include "sender.h"

#define RG_SAMPLERS_MAX       ((size_t)1 << 17)
#define RG_SERVICE_CHECKS_MAX ((size_t)1 << 20) /* waiting for a flush */
#define RG_EVENTS_MAX         ((size_t)1 << 16) /* waiting for a flush */

struct rg_aggregator_options {
    const char *hostname;          /* of the agent; copied */
    struct rg_sampler_world world; /* settings of samplers; its counters and store are ignored */
};

/* The defaults of upstream; hostname "". */
void rg_aggregator_options_default(struct rg_aggregator_options *options);

/* runtime and log are borrowed and outlive it; log may be NULL.
 *   RG_OK  *out is owned: rg_aggregator_destroy */
RG_NODISCARD enum rg_status rg_aggregator_create(struct rg_runtime *runtime,
    const struct rg_aggregator_options *options, const struct rg_log *log,
    struct rg_aggregator **out, struct rg_err *err);
void rg_aggregator_destroy(struct rg_aggregator *aggregator); /* no sender is open; NULL is fine */

/* Everything that was committed since the flush before, in a fixed order: series and sketches by
 * name, host, tags, time; service checks and events as they came. */
struct rg_flush {
    struct rg_metric_store metrics;
    struct rg_service_check **checks; /* owned */
    size_t check_count, check_cap;
    struct rg_event **events; /* owned */
    size_t event_count, event_cap;
    struct rg_aggregator *owner; /* guards the contexts of the series */
};

/* What the agent says of itself at a flush. */
struct rg_flush_extras {
    bool enabled;           /* false: nothing, for `check` on the command line */
    uint64_t payload_drops; /* value of the series that counts lost payloads */
};

/* Takes out what waits, replacing *flush (not looked at), and forgets samplers whose senders are
 * closed. With extras, two series (datadog.agent.running, the count of lost payloads) and the
 * service check datadog.agent.up are added. Finish it with rg_flush_finish. */
void rg_aggregator_flush(struct rg_aggregator *aggregator, struct rg_wall now,
    struct rg_flush_extras extras, struct rg_flush *flush);
void rg_flush_finish(struct rg_flush *flush); /* before its aggregator is destroyed */

struct rg_aggregator_counts {
    struct rg_sampler_report items; /* since the start; its text is empty */
    uint64_t lost_series;           /* series, sketches: limit or memory */
    uint64_t lost_values;           /* points that became infinite */
    uint64_t lost_checks;           /* service checks: limit or memory */
    uint64_t lost_events;
    uint64_t hand_overs;
    uint64_t flushes;
    size_t samplers; /* now */
    size_t contexts; /* now */
};

struct rg_aggregator_counts rg_aggregator_counts(struct rg_aggregator *aggregator);

/* For sender.c. */
struct rg_sampler_entry;

/* Finds or makes the sampler of an id and counts one more user. Statuses as rg_sender_open. */
RG_NODISCARD enum rg_status rg_aggregator_register(struct rg_aggregator *aggregator,
    const char *check_id, struct rg_sampler_entry **out, struct rg_err *err);
void rg_aggregator_deregister(struct rg_aggregator *aggregator, struct rg_sampler_entry *entry);

/* Takes what batch holds and leaves it empty; commits when asked to. report is added to. */
void rg_aggregator_hand_over(struct rg_aggregator *aggregator, struct rg_sampler_entry *entry,
    struct rg_metric_batch *batch, struct rg_wall now, bool commit,
    struct rg_sampler_report *report);

const char *rg_aggregator_hostname(const struct rg_aggregator *aggregator);
struct rg_runtime *rg_aggregator_runtime(const struct rg_aggregator *aggregator);
const struct rg_log *rg_aggregator_log(const struct rg_aggregator *aggregator);

#endif
