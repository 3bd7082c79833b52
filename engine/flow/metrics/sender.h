/* How a check reports: one sender per check instance, used by one task at a time (the worker that
 * runs the check). Mirrors upstream's pkg/aggregator/sender.go.
 *
 * A sender keeps what it is given and hands it to the aggregator in one batch: at commit, when the
 * batch is full, at the end of a run, at close. So a run costs one lock, and samples, buckets,
 * commits, opening and closing form one ordered stream. No call but those four takes a lock. The
 * wall clock is read where a value depends on it: rates, historates, distributions, buckets,
 * service checks and events without a timestamp, and each hand-over.
 *
 * Calls that take an item cannot fail towards the check: what memory or a limit refuses is counted
 * in rg_sender_stats.dropped and reported by the next commit. */
#ifndef RG_FLOW_SENDER_H
#define RG_FLOW_SENDER_H

#include "metric_item.h"

struct rg_aggregator; /* see aggregator.h */
struct rg_sender;

#define RG_SENDER_ID_MAX      512               /* bytes of a check id */
#define RG_SENDER_ITEMS_MAX   16384             /* items in a batch; then it is handed over */
#define RG_SENDER_BYTES_MAX   ((size_t)4 << 20) /* texts in a batch; then it is handed over */
#define RG_SENDER_RECORDS_MAX 64                /* service checks and events in a batch; likewise */
#define RG_ITEM_BYTES_MAX     ((size_t)64 << 10) /* texts of one sample or bucket */
#define RG_EVENT_BYTES_MAX    ((size_t)1 << 20)  /* texts of one service check or event */

/* Payloads have no place for a later second. */
#define RG_TIMESTAMP_S_MAX 1e15

/* What one run sent. */
struct rg_sender_stats {
    uint64_t metric_samples;
    uint64_t histogram_buckets;
    uint64_t service_checks;
    uint64_t events;
    uint64_t dropped; /* of the above: lost to a limit or to memory; tags beyond their limit too */
};

/* Opens a sender for a check instance ("" is the agent itself) and registers its sampler. A sampler
 * whose last sender was closed a moment ago is taken over with its state. Several senders with one
 * id share a sampler, which stays until the last of them is closed.
 *   RG_OK       *out is owned: rg_sender_close, before the aggregator is destroyed
 *   RG_ELIMIT   the id is too long, or RG_SAMPLERS_MAX are registered
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_sender_open(struct rg_aggregator *aggregator, const char *check_id,
    struct rg_sender **out, struct rg_err *err);

/* Hands over what no commit has taken and deregisters: the sampler is flushed once more, then it is
 * gone, unless a sender is opened for it before. What was lost since the last commit is logged.
 * NULL is fine. */
void rg_sender_close(struct rg_sender *sender);

/* False (the default): an empty host becomes the agent's. True: it stays empty. */
void rg_sender_disable_default_hostname(struct rg_sender *sender, bool disable);

/* Replaces the tags of the check, added to everything it sends. They are copied. The service tag
 * is forgotten.
 *   RG_ELIMIT  above RG_TAGS_MAX, or half of RG_ITEM_BYTES_MAX: unchanged
 *   RG_ENOMEM  unchanged */
RG_NODISCARD enum rg_status rg_sender_set_custom_tags(
    struct rg_sender *sender, struct rg_tags tags);

/* Sets the service, copied; the last call before finalize counts. */
RG_NODISCARD enum rg_status rg_sender_set_service(struct rg_sender *sender, struct rg_str service);

/* Adds "service:NAME" to the tags of the check when a service is set; a second call does nothing.
 */
RG_NODISCARD enum rg_status rg_sender_finalize_service_tag(struct rg_sender *sender);

/* Marks everything that follows as not indexed. */
void rg_sender_set_no_index(struct rg_sender *sender, bool no_index);

/* One sample of any type.
 *   RG_EINVALID  a type that wants a timestamp has none, or one above RG_TIMESTAMP_S_MAX:
 *                "invalid timestamp"; nothing was taken */
RG_NODISCARD enum rg_status rg_sender_sample(
    struct rg_sender *sender, const struct rg_sample *sample, struct rg_err *err);

void rg_sender_histogram_bucket(struct rg_sender *sender, const struct rg_histogram_bucket *bucket);
void rg_sender_service_check(struct rg_sender *sender, const struct rg_service_check *check);
void rg_sender_event(struct rg_sender *sender, const struct rg_event *event);

/* The common calls of native checks. name and host are NUL-terminated; host may be NULL. */
void rg_sender_gauge(struct rg_sender *sender, const char *name, double value, const char *host,
    struct rg_tags tags);
void rg_sender_rate(struct rg_sender *sender, const char *name, double value, const char *host,
    struct rg_tags tags);
void rg_sender_count(struct rg_sender *sender, const char *name, double value, const char *host,
    struct rg_tags tags);
void rg_sender_monotonic_count(struct rg_sender *sender, const char *name, double value,
    const char *host, struct rg_tags tags);
void rg_sender_histogram(struct rg_sender *sender, const char *name, double value, const char *host,
    struct rg_tags tags);

/* Ends the measuring of one run: hands the batch over, flushes the sampler's metrics to series, and
 * rotates the statistics. Called at the end of a successful run.
 *   RG_OK
 *   RG_ENOMEM, RG_ELIMIT  something of this run was lost; the rest was committed */
RG_NODISCARD enum rg_status rg_sender_commit(struct rg_sender *sender, struct rg_err *err);

/* Called by the scheduler after each run, whatever its outcome: hands over what is left without a
 * commit. Service checks and events go out; samples wait in the sampler for the next commit. Does
 * nothing, and takes no lock, when nothing is left. */
void rg_sender_end_run(struct rg_sender *sender);

/* What was sent between the last two commits. */
struct rg_sender_stats rg_sender_last_stats(const struct rg_sender *sender);

/* The same, and forgets it: what a run committed, zeros when it did not. */
struct rg_sender_stats rg_sender_take_stats(struct rg_sender *sender);

#endif
