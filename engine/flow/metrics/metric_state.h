/* What one metric of one context remembers between samples, and what it becomes at a commit.
 * Mirrors upstream's pkg/metrics (gauge.go to historate.go) as the check sampler uses it: every
 * sample weighs one, the interval is one second. */
#ifndef RG_FLOW_METRIC_STATE_H
#define RG_FLOW_METRIC_STATE_H

#include "metric_item.h"

enum rg_series_type { RG_SERIES_GAUGE, RG_SERIES_RATE, RG_SERIES_COUNT };

/* "gauge", "rate", "count" */
const char *rg_series_type_name(enum rg_series_type type);

struct rg_point {
    double timestamp_s;
    double value;
};

#define RG_HISTOGRAM_SAMPLES_MAX ((size_t)1 << 20) /* of one metric between two commits */
#define RG_POINTS_AT_MAX         ((size_t)1 << 16) /* timestamped points between two commits */

enum rg_histogram_aggregate {
    RG_AGGREGATE_MAX,
    RG_AGGREGATE_MIN,
    RG_AGGREGATE_MEDIAN,
    RG_AGGREGATE_AVG,
    RG_AGGREGATE_SUM,
    RG_AGGREGATE_COUNT,
    RG_AGGREGATES,
};

#define RG_PERCENTILES_MAX    101 /* 0 to 100 */
#define RG_METRIC_SUFFIX_SIZE 16  /* ".100percentile" and a NUL */

/* What histograms send, in order: aggregates as configured, then percentiles ascending. */
struct rg_histogram_plan {
    enum rg_histogram_aggregate aggregates[RG_AGGREGATES];
    size_t aggregate_count;
    int percentiles[RG_PERCENTILES_MAX];
    size_t percentile_count;
    char percentile_suffixes[RG_PERCENTILES_MAX][RG_METRIC_SUFFIX_SIZE];
};

/* The defaults of upstream: max, median, avg, count and the 95th percentile. */
void rg_histogram_plan_default(struct rg_histogram_plan *plan);

/* Adds one configured aggregate ("max") or percentile ("0.95"); a duplicate changes nothing.
 * RG_EINVALID: not one; the plan is unchanged, upstream skips it with an error in the log. */
RG_NODISCARD enum rg_status rg_histogram_plan_aggregate(
    struct rg_histogram_plan *plan, struct rg_str name);
RG_NODISCARD enum rg_status rg_histogram_plan_percentile(
    struct rg_histogram_plan *plan, struct rg_str fraction);

struct rg_metric {
    enum rg_metric_type type;
    bool sampled;      /* since the last output */
    bool has_previous; /* rate, historate, monotonic count: previous is one */
    bool flush_first;  /* monotonic count: the flag of the last sample */
    union {
        double value; /* gauge, count, counter */
        struct {
            double previous, previous_s, current, current_s;
        } rate;
        struct {
            double previous, current, value;
        } monotonic;
        struct {
            double *values; /* owned */
            size_t count, cap;
            double sum;
            double previous, previous_s; /* historate */
        } histogram;
        struct {
            struct rg_point *points; /* owned */
            size_t count, cap;
        } at;
    } u;
};

/* type is not RG_METRIC_DISTRIBUTION: those are sketches. */
void rg_metric_init(struct rg_metric *metric, enum rg_metric_type type);
void rg_metric_finish(struct rg_metric *metric);

/* Keeps something across commits: rates and monotonic counts. */
bool rg_metric_is_stateful(enum rg_metric_type type);

/* Adds a finite value.
 *   RG_EINVALID  historate: no time passed since the sample before; the difference is left out
 *   RG_ELIMIT, RG_ENOMEM  not added */
RG_NODISCARD enum rg_status rg_metric_add(
    struct rg_metric *metric, double value, double timestamp_s, bool flush_first);

/* Receives one series; points are borrowed for the call, suffix ("" or ".max") lives as long as the
 * plan. */
typedef void rg_series_fn(void *ctx, const char *suffix, enum rg_series_type type,
    const struct rg_point *points, size_t count);

/* Ends the window at now_s and gives what it amounts to, possibly nothing.
 *   RG_OK
 *   RG_EINVALID  a rate that cannot be: no time passed, or the value fell; *why says which */
RG_NODISCARD enum rg_status rg_metric_flush(struct rg_metric *metric,
    const struct rg_histogram_plan *plan, double now_s, rg_series_fn *emit, void *ctx,
    const char **why);

#endif
