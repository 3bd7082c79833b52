/* What is known of the runs of one check. Mirrors upstream's pkg/collector/check/stats/stats.go. */
#ifndef RG_FLOW_CHECK_STATS_H
#define RG_FLOW_CHECK_STATS_H

#include "check.h"

#define RG_CHECK_TIMES 32 /* execution times that are kept */

struct rg_check_totals {
    uint64_t last, total;
};

/* Zero-initialise. */
struct rg_check_stats {
    uint64_t runs, errors, warnings;   /* recorded so far */
    uint32_t times_ms[RG_CHECK_TIMES]; /* ring: the newest at (runs + 31) % 32; cut at 49 days */
    int64_t average_ms, last_ms;
    int64_t delay_ms;            /* how much later than its interval the last run began */
    struct rg_wall updated;      /* end of the last run; 0: none */
    struct rg_wall last_success; /* 0: never */
    char *last_error;            /* owned; NULL: the last run was fine */
    struct rg_check_warnings last_warnings; /* owned */
    /* "last" is that of the last run, also when it sent nothing. */
    struct rg_check_totals samples, events, service_checks, buckets;
    bool cancelling;
};

/* One run that ended at now. error: NULL when it was fine. warnings are taken (left empty).
 * interval_ns 0: no delay. Without memory the texts are left out, the numbers are right. */
void rg_check_stats_add(struct rg_check_stats *stats, int64_t duration_ns, struct rg_wall now,
    int64_t interval_ns, const char *error, struct rg_check_warnings *warnings,
    struct rg_sender_stats sent);
void rg_check_stats_finish(struct rg_check_stats *stats);

/* A copy; the texts are owned. RG_ENOMEM: *out is empty. */
RG_NODISCARD enum rg_status rg_check_stats_copy(
    const struct rg_check_stats *stats, struct rg_check_stats *out);

#endif
