#include "config_checks.h"

#include <inttypes.h>
#include <stdlib.h>

#define POLL_INTERVAL_S   60
#define POLL_INTERVAL_MAX (INT64_C(366) * 24 * 3600)
#define COMMITS_MAX       1000000
#define PAYLOAD_BYTES_MIN 1024
#define POINTS_MAX        100000000

void rg_checks_config_init(struct rg_checks_config *c)
{
    const struct rg_collector_options collector = RG_COLLECTOR_OPTIONS;
    const struct rg_payload_limits limits = RG_PAYLOAD_LIMITS;
    struct rg_sampler_world world;

    rg_sampler_world_default(&world);
    *c = (struct rg_checks_config){
        .runners = collector.workers,
        .cancel_timeout_ns = collector.cancel_timeout_ns,
        .logging_frequency = collector.logging_frequency,
        .commits_until_expiry = world.commits_until_expiry,
        .stateful_expiry_ns = (int64_t)world.stateful_expiry_s * RG_NS_PER_S,
        .expire_metrics = world.expire_metrics,
        .bucket_reset = world.bucket_reset,
        .series_v2 = true,
        .send_series = true,
        .send_events = true,
        .send_service_checks = true,
        .send_sketches = true,
        .series_points = (int64_t)limits.series_points,
        .series_bytes = (int64_t)limits.series_bytes,
        .other_bytes = (int64_t)limits.other_bytes,
        .queue_bytes = (int64_t)RG_FORWARD_BYTES_DEFAULT,
        .poll_interval_s = POLL_INTERVAL_S,
    };
}

void rg_checks_config_finish(struct rg_checks_config *c)
{
    rg_config_list_finish(&c->aggregates);
    rg_config_list_finish(&c->percentiles);
    rg_config_list_finish(&c->ignore_autoconf);
    rg_config_list_finish(&c->env_names);
    free(c->confd_path);
    *c = (struct rg_checks_config){0};
}

static enum rg_status check_ranges(const struct rg_checks_config *c, struct rg_err *err)
{
    const struct {
        const char *key;
        int64_t value, min, max;
    } rows[] = {
        {"check_runners", c->runners, 0, RG_COLLECTOR_WORKERS_MAX},
        {"logging_frequency", c->logging_frequency, 1, INT64_MAX},
        {"check_sampler_bucket_commits_count_expiry", c->commits_until_expiry, 1, COMMITS_MAX},
        {"serializer_max_series_points_per_payload", c->series_points, 1, POINTS_MAX},
        {"serializer_max_series_uncompressed_payload_size", c->series_bytes, PAYLOAD_BYTES_MIN,
            (int64_t)RG_OUTPUT_BYTES_MAX},
        {"serializer_max_uncompressed_payload_size", c->other_bytes, PAYLOAD_BYTES_MIN,
            (int64_t)RG_OUTPUT_BYTES_MAX},
        {"forwarder_retry_queue_payloads_max_size", c->queue_bytes, 1, INT64_MAX},
        {"autoconf_config_files_poll_interval", c->poll_interval_s, 1, POLL_INTERVAL_MAX},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].value >= rows[i].min && rows[i].value <= rows[i].max)
            continue;
        if (rows[i].max == INT64_MAX)
            rg_err_set(err, "%s: %" PRId64 " is too small; the minimum is %" PRId64, rows[i].key,
                rows[i].value, rows[i].min);
        else
            rg_err_set(err, "%s: %" PRId64 " is out of range; expected %" PRId64 " to %" PRId64,
                rows[i].key, rows[i].value, rows[i].min, rows[i].max);
        return RG_EINVALID;
    }
    return RG_OK;
}

enum rg_status rg_checks_config_check(const struct rg_checks_config *c, struct rg_err *err)
{
    struct rg_histogram_plan plan = {0};

    for (size_t i = 0; i < c->aggregates.count; i++) {
        if (rg_histogram_plan_aggregate(&plan, c->aggregates.items[i]) != RG_OK) {
            rg_err_set(err,
                "histogram_aggregates: '%.64s' is none of max, min, median, avg, sum, count",
                c->aggregates.items[i].ptr);
            return RG_EINVALID;
        }
    }
    for (size_t i = 0; i < c->percentiles.count; i++) {
        if (rg_histogram_plan_percentile(&plan, c->percentiles.items[i]) != RG_OK) {
            rg_err_set(err, "histogram_percentiles: '%.64s' is no number from 0 to 1",
                c->percentiles.items[i].ptr);
            return RG_EINVALID;
        }
    }
    return check_ranges(c, err);
}

static void make_plan(const struct rg_checks_config *c, struct rg_histogram_plan *plan)
{
    if (c->aggregates.set) {
        plan->aggregate_count = 0;
        for (size_t i = 0; i < c->aggregates.count; i++)
            rg_assert(rg_histogram_plan_aggregate(plan, c->aggregates.items[i]) == RG_OK);
    }
    if (c->percentiles.set) {
        plan->percentile_count = 0;
        for (size_t i = 0; i < c->percentiles.count; i++)
            rg_assert(rg_histogram_plan_percentile(plan, c->percentiles.items[i]) == RG_OK);
    }
}

void rg_checks_config_world(const struct rg_checks_config *c, struct rg_sampler_world *out)
{
    rg_sampler_world_default(out);
    make_plan(c, &out->plan);
    out->commits_until_expiry = c->commits_until_expiry;
    out->stateful_expiry_s = (double)c->stateful_expiry_ns / (double)RG_NS_PER_S;
    out->expire_metrics = c->expire_metrics;
    out->bucket_reset = c->bucket_reset;
}

struct rg_collector_options rg_checks_config_collector(const struct rg_checks_config *c)
{
    struct rg_collector_options o = RG_COLLECTOR_OPTIONS;

    o.workers = c->runners;
    o.cancel_timeout_ns = c->cancel_timeout_ns;
    o.logging_frequency = c->logging_frequency;
    o.check_status = c->check_status;
    return o;
}

struct rg_metric_flusher_options rg_checks_config_flusher(const struct rg_checks_config *c)
{
    struct rg_metric_flusher_options o = RG_METRIC_FLUSHER_OPTIONS;

    o.format = c->series_v2 ? RG_SERIES_V2 : RG_SERIES_V1;
    o.limits.series_points = (uint32_t)c->series_points;
    o.limits.series_bytes = (size_t)c->series_bytes;
    o.limits.other_bytes = (size_t)c->other_bytes;
    o.omit = (struct rg_flush_kinds){.series = !c->send_series,
        .sketches = !c->send_sketches,
        .service_checks = !c->send_service_checks,
        .events = !c->send_events};
    o.log_items = c->log_payloads;
    return o;
}
