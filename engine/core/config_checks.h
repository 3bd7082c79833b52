/* Settings of the check scheduling and metrics flows: their keys are looked at only when those
 * flows run. Names and defaults are upstream's (pkg/config/setup/config.go). */
#ifndef RG_CORE_CONFIG_CHECKS_H
#define RG_CORE_CONFIG_CHECKS_H

#include "check_collector.h"
#include "config_value.h"
#include "metric_flusher.h"

struct rg_checks_config {
    int64_t runners; /* check_runners; 0: grows with the checks */
    int64_t cancel_timeout_ns;
    int64_t logging_frequency;
    bool check_status; /* integration_check_status_enabled */

    int64_t commits_until_expiry; /* check_sampler_bucket_commits_count_expiry */
    int64_t stateful_expiry_ns;   /* check_sampler_stateful_metric_expiration_time */
    bool expire_metrics;          /* check_sampler_expire_metrics */
    bool bucket_reset;            /* check_sampler_allow_sketch_bucket_reset */
    struct rg_config_list aggregates, percentiles; /* histogram_; not set: upstream's */

    bool series_v2;                                                    /* use_v2_api.series */
    bool send_series, send_events, send_service_checks, send_sketches; /* enable_payloads. */
    int64_t series_points, series_bytes, other_bytes;                  /* serializer_max_ */
    int64_t queue_bytes; /* forwarder_retry_queue_payloads_max_size */
    bool log_payloads;

    struct rg_config_list ignore_autoconf;
    bool env_disabled;               /* ad_disable_env_var_resolution */
    struct rg_config_list env_names; /* ad_allowed_env_vars */
    bool poll;                       /* autoconf_config_files_poll */
    int64_t poll_interval_s;
    char *confd_path; /* NULL: not named; for whoever opens the folder */
};

void rg_checks_config_init(struct rg_checks_config *c); /* the defaults */
void rg_checks_config_finish(struct rg_checks_config *c);

/* RG_EINVALID: a value is out of range; err begins with its key. */
RG_NODISCARD enum rg_status rg_checks_config_check(
    const struct rg_checks_config *c, struct rg_err *err);

/* What the settings come to; c has passed the check. */
void rg_checks_config_world(const struct rg_checks_config *c, struct rg_sampler_world *out);
struct rg_collector_options rg_checks_config_collector(const struct rg_checks_config *c);
struct rg_metric_flusher_options rg_checks_config_flusher(const struct rg_checks_config *c);

#endif
