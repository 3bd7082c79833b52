/* The state of one check instance between its runs: contexts, what each metric remembers, monotonic
 * buckets, sketches. Not thread-safe: the aggregator holds its lock around every call. Mirrors
 * upstream's pkg/aggregator/check_sampler.go, context_resolver.go and pkg/metrics/check_metrics.go.
 *
 * A context that got no sample expires at the second commit without one; its metric goes with it,
 * but a rate or monotonic count is kept for 25 hours more, because a check that reports now and
 * then must not start from zero. */
#ifndef RG_FLOW_CHECK_SAMPLER_H
#define RG_FLOW_CHECK_SAMPLER_H

#include "metric_batch.h"
#include "metric_store.h"

#define RG_COMMITS_UNTIL_EXPIRY_DEFAULT 2                 /* bucket_commits_count_expiry */
#define RG_STATEFUL_EXPIRY_S_DEFAULT    (25 * 3600)       /* stateful_metric_expiration_time */
#define RG_CONTEXTS_MAX_DEFAULT         ((size_t)1 << 22) /* of all samplers */
#define RG_BUCKETS_PER_CONTEXT_MAX      4096 /* monotonic buckets that are remembered */
#define RG_SKETCH_SECONDS_MAX           4096 /* of one context between two commits */

/* What samplers share; guarded as they are. */
struct rg_sampler_world {
    struct rg_histogram_plan plan;
    int64_t commits_until_expiry; /* >= 1 */
    double stateful_expiry_s;
    bool expire_metrics; /* false: metric objects are never dropped */
    bool bucket_reset;   /* a monotonic bucket that fell starts anew with its flag; otherwise
                            the negative difference is dropped with a warning */
    size_t contexts;     /* alive, of all samplers */
    size_t contexts_max;
    struct rg_metric_store store; /* where commits go */
};

/* The defaults of upstream; store empty. */
void rg_sampler_world_default(struct rg_sampler_world *world);

#define RG_REPORT_NAME_MAX 120
#define RG_REPORT_TEXT_MAX 192

/* What happened to items; added to, never reset. */
struct rg_sampler_report {
    uint64_t taken;
    uint64_t rejected;    /* NaN, infinite; a difference without time */
    uint64_t bad_buckets; /* negative values, differences, ranges */
    uint64_t over_limit;  /* a limit of this header or of metric_state.h */
    uint64_t no_memory;
    char first[RG_REPORT_TEXT_MAX]; /* "NAME: what was wrong" of the first refused item */
    uint64_t flush_errors;          /* rates that cannot be */
};

struct rg_check_sampler;

struct rg_check_sampler *rg_check_sampler_create(struct rg_sampler_world *world); /* NULL: memory */
void rg_check_sampler_destroy(struct rg_check_sampler *sampler);

/* Takes one sample or bucket. key is its context's; now_s stands in for a missing timestamp. */
void rg_check_sampler_take(struct rg_check_sampler *sampler, struct rg_str key,
    const struct rg_batch_item *item, double now_s, struct rg_sampler_report *report);

/* Ends a run: series and sketches go to the store, contexts age. */
void rg_check_sampler_commit(
    struct rg_check_sampler *sampler, double now_s, struct rg_sampler_report *report);

size_t rg_check_sampler_contexts(
    const struct rg_check_sampler *sampler); /* metrics kept included */

#endif
