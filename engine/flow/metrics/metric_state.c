#include "metric_state.h"
#include "rg/base/mem.h"

#include <math.h>
#include <stdlib.h>

const char *rg_metric_type_name(enum rg_metric_type type)
{
    static const char *const names[] = {
        [RG_METRIC_GAUGE] = "gauge",
        [RG_METRIC_COUNT] = "count",
        [RG_METRIC_COUNTER] = "counter",
        [RG_METRIC_RATE] = "rate",
        [RG_METRIC_MONOTONIC_COUNT] = "monotonic_count",
        [RG_METRIC_HISTOGRAM] = "histogram",
        [RG_METRIC_HISTORATE] = "historate",
        [RG_METRIC_DISTRIBUTION] = "distribution",
        [RG_METRIC_GAUGE_AT] = "gauge_with_timestamp",
        [RG_METRIC_COUNT_AT] = "count_with_timestamp",
    };

    return (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

const char *rg_series_type_name(enum rg_series_type type)
{
    return type == RG_SERIES_GAUGE ? "gauge" : type == RG_SERIES_RATE ? "rate" : "count";
}

void rg_metric_init(struct rg_metric *metric, enum rg_metric_type type)
{
    rg_assert(type != RG_METRIC_DISTRIBUTION);
    *metric = (struct rg_metric){.type = type};
}

void rg_metric_finish(struct rg_metric *m)
{
    if (m->type == RG_METRIC_HISTOGRAM || m->type == RG_METRIC_HISTORATE)
        free(m->u.histogram.values);
    else if (m->type == RG_METRIC_GAUGE_AT || m->type == RG_METRIC_COUNT_AT)
        free(m->u.at.points);
    *m = (struct rg_metric){.type = RG_METRIC_GAUGE};
}

bool rg_metric_is_stateful(enum rg_metric_type type)
{
    return type == RG_METRIC_RATE || type == RG_METRIC_MONOTONIC_COUNT;
}

static enum rg_status histogram_add(struct rg_metric *m, double value)
{
    void *values = m->u.histogram.values;
    enum rg_status st = rg_grow(&values, &m->u.histogram.cap, m->u.histogram.count + 1,
        sizeof(double), RG_HISTOGRAM_SAMPLES_MAX);

    m->u.histogram.values = values;
    if (st != RG_OK)
        return st;
    m->u.histogram.values[m->u.histogram.count++] = value;
    m->u.histogram.sum += value;
    m->sampled = true;
    return RG_OK;
}

/* A second sample at the same instant has no rate; upstream would send an infinity. */
static enum rg_status historate_add(struct rg_metric *m, double value, double timestamp_s)
{
    enum rg_status st = RG_OK;

    if (m->has_previous) {
        double delta =
            (value - m->u.histogram.previous) / (timestamp_s - m->u.histogram.previous_s);

        st = isfinite(delta) ? histogram_add(m, delta) : RG_EINVALID;
    }
    m->u.histogram.previous = value;
    m->u.histogram.previous_s = timestamp_s;
    m->has_previous = true;
    return st;
}

static enum rg_status point_add(struct rg_metric *m, double value, double timestamp_s)
{
    void *points = m->u.at.points;
    enum rg_status st = rg_grow(
        &points, &m->u.at.cap, m->u.at.count + 1, sizeof(struct rg_point), RG_POINTS_AT_MAX);

    m->u.at.points = points;
    if (st != RG_OK)
        return st;
    m->u.at.points[m->u.at.count++] = (struct rg_point){timestamp_s, value};
    m->sampled = true;
    return RG_OK;
}

/* upstream: pkg/metrics/monotonic_count.go, addSample. A fall of the value is a reset of its
 * source: what it counted before is lost, and with the flag what it counted since is the value. */
static void monotonic_add(struct rg_metric *m, double value, bool flush_first)
{
    double delta;

    if (m->sampled) {
        m->u.monotonic.previous = m->u.monotonic.current;
        m->has_previous = true;
    }
    m->u.monotonic.current = value;
    m->sampled = true;
    m->flush_first = flush_first;
    delta = value - m->u.monotonic.previous;
    if (delta >= 0 && (m->has_previous || flush_first))
        m->u.monotonic.value += delta;
    else if (flush_first)
        m->u.monotonic.value = value;
}

static void rate_add(struct rg_metric *m, double value, double timestamp_s)
{
    if (m->sampled) {
        m->u.rate.previous = m->u.rate.current;
        m->u.rate.previous_s = m->u.rate.current_s;
        m->has_previous = true;
    }
    m->u.rate.current = value;
    m->u.rate.current_s = timestamp_s;
    m->sampled = true;
}

enum rg_status rg_metric_add(
    struct rg_metric *m, double value, double timestamp_s, bool flush_first)
{
    switch (m->type) {
    case RG_METRIC_COUNT:
    case RG_METRIC_COUNTER:
        m->u.value += value;
        m->sampled = true;
        return RG_OK;
    case RG_METRIC_RATE:
        rate_add(m, value, timestamp_s);
        return RG_OK;
    case RG_METRIC_MONOTONIC_COUNT:
        monotonic_add(m, value, flush_first);
        return RG_OK;
    case RG_METRIC_HISTOGRAM:
        return histogram_add(m, value);
    case RG_METRIC_HISTORATE:
        return historate_add(m, value, timestamp_s);
    case RG_METRIC_GAUGE_AT:
    case RG_METRIC_COUNT_AT:
        return point_add(m, value, timestamp_s);
    case RG_METRIC_GAUGE:
    case RG_METRIC_DISTRIBUTION:
    default:
        m->u.value = value;
        m->sampled = true;
        return RG_OK;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void emit_aggregate(const struct rg_metric *m, enum rg_histogram_aggregate aggregate,
    double now_s, rg_series_fn *emit, void *ctx)
{
    const double *values = m->u.histogram.values;
    size_t n = m->u.histogram.count;
    struct rg_point point = {now_s, 0};

    switch (aggregate) {
    case RG_AGGREGATE_MAX:
        point.value = values[n - 1];
        emit(ctx, ".max", RG_SERIES_GAUGE, &point, 1);
        break;
    case RG_AGGREGATE_MIN:
        point.value = values[0];
        emit(ctx, ".min", RG_SERIES_GAUGE, &point, 1);
        break;
    case RG_AGGREGATE_MEDIAN:
        point.value = values[(n - 1) / 2];
        emit(ctx, ".median", RG_SERIES_GAUGE, &point, 1);
        break;
    case RG_AGGREGATE_AVG:
        point.value = m->u.histogram.sum / (double)n;
        emit(ctx, ".avg", RG_SERIES_GAUGE, &point, 1);
        break;
    case RG_AGGREGATE_SUM:
        point.value = m->u.histogram.sum;
        emit(ctx, ".sum", RG_SERIES_GAUGE, &point, 1);
        break;
    case RG_AGGREGATE_COUNT:
    case RG_AGGREGATES:
    default:
        point.value = (double)n;
        emit(ctx, ".count", RG_SERIES_RATE, &point, 1);
        break;
    }
}

/* Each sample weighs one, so the first whose cumulative weight exceeds a target is the one at that
 * index. */
static void histogram_flush(struct rg_metric *m, const struct rg_histogram_plan *plan, double now_s,
    rg_series_fn *emit, void *ctx)
{
    size_t n = m->u.histogram.count;

    if (n == 0)
        return;
    qsort(m->u.histogram.values, n, sizeof(double), compare_doubles);
    for (size_t i = 0; i < plan->aggregate_count; i++)
        emit_aggregate(m, plan->aggregates[i], now_s, emit, ctx);
    for (size_t i = 0; i < plan->percentile_count; i++) {
        int64_t at = (plan->percentiles[i] * (int64_t)n - 1) / 100;
        struct rg_point point = {now_s, m->u.histogram.values[at]};

        emit(ctx, plan->percentile_suffixes[i], RG_SERIES_GAUGE, &point, 1);
    }
    free(m->u.histogram.values);
    m->u.histogram.values = NULL;
    m->u.histogram.count = m->u.histogram.cap = 0;
    m->u.histogram.sum = 0;
}

static enum rg_status rate_flush(
    struct rg_metric *m, rg_series_fn *emit, void *ctx, const char **why)
{
    struct rg_point point = {m->u.rate.current_s, 0};

    if (!m->sampled)
        return RG_OK;
    if (m->has_previous) {
        if (m->u.rate.previous_s == m->u.rate.current_s) {
            *why = "no time passed between two samples of a rate";
            return RG_EINVALID;
        }
        point.value =
            (m->u.rate.current - m->u.rate.previous) / (m->u.rate.current_s - m->u.rate.previous_s);
        m->u.rate.previous = m->u.rate.current;
        m->u.rate.previous_s = m->u.rate.current_s;
        m->sampled = false;
        if (point.value < 0) {
            *why = "the value of a rate fell";
            return RG_EINVALID;
        }
        emit(ctx, "", RG_SERIES_GAUGE, &point, 1);
    }
    return RG_OK;
}

static void monotonic_flush(struct rg_metric *m, double now_s, rg_series_fn *emit, void *ctx)
{
    struct rg_point point = {now_s, m->u.monotonic.value};

    if (!m->sampled || !(m->has_previous || m->flush_first))
        return;
    m->u.monotonic.previous = m->u.monotonic.current;
    m->u.monotonic.value = 0;
    m->has_previous = true;
    m->sampled = false;
    m->flush_first = false;
    emit(ctx, "", RG_SERIES_COUNT, &point, 1);
}

static void simple_flush(struct rg_metric *m, double now_s, rg_series_fn *emit, void *ctx)
{
    struct rg_point point = {now_s, m->u.value};
    enum rg_series_type type = m->type == RG_METRIC_GAUGE   ? RG_SERIES_GAUGE
                               : m->type == RG_METRIC_COUNT ? RG_SERIES_COUNT
                                                            : RG_SERIES_RATE;

    if (!m->sampled)
        return;
    m->u.value = 0;
    m->sampled = false;
    emit(ctx, "", type, &point, 1);
}

static void points_flush(struct rg_metric *m, rg_series_fn *emit, void *ctx)
{
    if (m->u.at.count)
        emit(ctx, "", m->type == RG_METRIC_GAUGE_AT ? RG_SERIES_GAUGE : RG_SERIES_COUNT,
            m->u.at.points, m->u.at.count);
    free(m->u.at.points);
    m->u.at.points = NULL;
    m->u.at.count = m->u.at.cap = 0;
    m->sampled = false;
}

enum rg_status rg_metric_flush(struct rg_metric *m, const struct rg_histogram_plan *plan,
    double now_s, rg_series_fn *emit, void *ctx, const char **why)
{
    switch (m->type) {
    case RG_METRIC_RATE:
        return rate_flush(m, emit, ctx, why);
    case RG_METRIC_MONOTONIC_COUNT:
        monotonic_flush(m, now_s, emit, ctx);
        return RG_OK;
    case RG_METRIC_HISTORATE:
        /* one sample alone is remembered until there is a second */
        if (m->sampled)
            m->has_previous = false;
        m->sampled = false;
        histogram_flush(m, plan, now_s, emit, ctx);
        return RG_OK;
    case RG_METRIC_HISTOGRAM:
        m->sampled = false;
        histogram_flush(m, plan, now_s, emit, ctx);
        return RG_OK;
    case RG_METRIC_GAUGE_AT:
    case RG_METRIC_COUNT_AT:
        points_flush(m, emit, ctx);
        return RG_OK;
    case RG_METRIC_GAUGE:
    case RG_METRIC_COUNT:
    case RG_METRIC_COUNTER:
    case RG_METRIC_DISTRIBUTION:
    default:
        simple_flush(m, now_s, emit, ctx);
        return RG_OK;
    }
}
