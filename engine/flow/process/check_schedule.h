/* When checks run: the arithmetic of tickers and intervals. Pure. */
#ifndef RG_FLOW_CHECK_SCHEDULE_H
#define RG_FLOW_CHECK_SCHEDULE_H

#include "rg/base/time.h"

/* Upstream: pkg/process/checks/interval.go */
#define RG_PROCESS_INTERVAL_S   10
#define RG_RTPROCESS_INTERVAL_S 2

#define RG_INTERVAL_S_MAX (INT64_MAX / RG_NS_PER_S) /* in nanoseconds it still fits */

struct rg_ticker {
    struct rg_mono start;
    int64_t period_ns;
    struct rg_mono next; /* the tick to wait for */
};

/* The first tick is one period after now. period_ns > 0. */
void rg_ticker_start(struct rg_ticker *t, struct rg_mono now, int64_t period_ns);

/* Consumes the tick that came, at time now: the next one is the first behind now. A slow receiver
 * finds one tick waiting and no more; the others are gone. */
void rg_ticker_consume(struct rg_ticker *t, struct rg_mono now);

/* Real-time runs per standard run.
 *   RG_EINVALID  the intervals do not fit; err says how */
RG_NODISCARD enum rg_status rg_check_ratio(
    int64_t interval_s, int64_t realtime_s, int64_t *ratio, struct rg_err *err);

#endif
