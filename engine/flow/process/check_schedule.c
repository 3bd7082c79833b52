#include "check_schedule.h"

void rg_ticker_start(struct rg_ticker *t, struct rg_mono now, int64_t period_ns)
{
    rg_assert(period_ns > 0);
    t->start = now;
    t->period_ns = period_ns;
    t->next = rg_mono_after(now, period_ns);
}

void rg_ticker_consume(struct rg_ticker *t, struct rg_mono now)
{
    int64_t ticks = now.ns > t->start.ns ? (now.ns - t->start.ns) / t->period_ns : 0;

    t->next = rg_mono_after((struct rg_mono){t->start.ns + ticks * t->period_ns}, t->period_ns);
}

/* upstream: pkg/process/checks/runner.go, getRtRatio */
enum rg_status rg_check_ratio(
    int64_t interval_s, int64_t realtime_s, int64_t *ratio, struct rg_err *err)
{
    rg_assert(realtime_s > 0);
    if (realtime_s > RG_INTERVAL_S_MAX) {
        rg_err_set(err, "RT interval is longer than any clock runs");
        return RG_EINVALID;
    }
    if (interval_s < realtime_s) {
        rg_err_set(err, "check interval should be larger or equal to RT interval");
        return RG_EINVALID;
    }
    if (interval_s % realtime_s != 0) {
        rg_err_set(err, "check interval should be divisible by RT interval");
        return RG_EINVALID;
    }
    *ratio = interval_s / realtime_s;
    return RG_OK;
}
