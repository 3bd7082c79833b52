/* What a check hands to the metrics pipeline: samples, histogram buckets, service checks, events.
 * All texts are borrowed for the call that takes them; they may hold any bytes. */
#ifndef RG_FLOW_METRIC_ITEM_H
#define RG_FLOW_METRIC_ITEM_H

#include "rg/base/str.h"

/* How the samples of one context become points; upstream: pkg/metrics/metric_sample.go. */
enum rg_metric_type {
    RG_METRIC_GAUGE,
    RG_METRIC_COUNT,
    RG_METRIC_COUNTER, /* legacy: a count that is sent as a rate */
    RG_METRIC_RATE,
    RG_METRIC_MONOTONIC_COUNT,
    RG_METRIC_HISTOGRAM,
    RG_METRIC_HISTORATE,
    RG_METRIC_DISTRIBUTION,
    RG_METRIC_GAUGE_AT, /* sent as it is, with the caller's timestamp */
    RG_METRIC_COUNT_AT,
};

/* "gauge", "monotonic_count". Never NULL. */
const char *rg_metric_type_name(enum rg_metric_type type);

/* Tags in any order; sorted and de-duplicated on the way. */
struct rg_tags {
    const struct rg_str *items; /* NULL when count is 0 */
    size_t count;               /* at most RG_TAGS_MAX, those behind are dropped and counted */
};

#define RG_TAGS_MAX 1024
#define RG_NO_TAGS  ((struct rg_tags){NULL, 0})

struct rg_sample {
    enum rg_metric_type type;
    struct rg_str name;
    double value;
    struct rg_str host; /* empty: the sender's default */
    struct rg_tags tags;
    bool flush_first;   /* monotonic count: the first value counts from zero */
    bool no_index;      /* ORed with the sender's */
    double timestamp_s; /* GAUGE_AT and COUNT_AT: since 1970, > 0; others: 0, meaning now */
};

/* value observations between two bounds. */
struct rg_histogram_bucket {
    struct rg_str name;
    int64_t value;
    double lower, upper; /* upper may be +inf */
    bool monotonic;      /* value only grows; the difference is what counts */
    bool flush_first;    /* monotonic: the first value counts from zero */
    struct rg_str host;
    struct rg_tags tags;
};

enum rg_service_status {
    RG_SERVICE_OK,
    RG_SERVICE_WARNING,
    RG_SERVICE_CRITICAL,
    RG_SERVICE_UNKNOWN,
};

struct rg_service_check {
    struct rg_str name;
    enum rg_service_status status;
    struct rg_str host;
    struct rg_tags tags;
    struct rg_str message;
    int64_t timestamp_s; /* since 1970; 0: now */
};

/* Empty texts are left out of the payload, title, text and host excepted. */
struct rg_event {
    struct rg_str title;
    struct rg_str text;
    int64_t timestamp_s;    /* since 1970; 0: now */
    struct rg_str priority; /* "normal", "low" */
    struct rg_str host;     /* empty: the sender's default */
    struct rg_tags tags;
    struct rg_str alert_type; /* "error", "warning", "info", "success" */
    struct rg_str aggregation_key;
    struct rg_str source_type_name; /* empty: listed below "api" */
    struct rg_str event_type;
};

#endif
