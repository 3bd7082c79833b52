#include "metric_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const aggregate_names[RG_AGGREGATES] = {
    [RG_AGGREGATE_MAX] = "max",
    [RG_AGGREGATE_MIN] = "min",
    [RG_AGGREGATE_MEDIAN] = "median",
    [RG_AGGREGATE_AVG] = "avg",
    [RG_AGGREGATE_SUM] = "sum",
    [RG_AGGREGATE_COUNT] = "count",
};

void rg_histogram_plan_default(struct rg_histogram_plan *plan)
{
    static const enum rg_histogram_aggregate aggregates[] = {
        RG_AGGREGATE_MAX, RG_AGGREGATE_MEDIAN, RG_AGGREGATE_AVG, RG_AGGREGATE_COUNT};

    *plan = (struct rg_histogram_plan){.aggregate_count = 4, .percentile_count = 1};
    memcpy(plan->aggregates, aggregates, sizeof(aggregates));
    plan->percentiles[0] = 95;
    snprintf(plan->percentile_suffixes[0], RG_METRIC_SUFFIX_SIZE, ".95percentile");
}

enum rg_status rg_histogram_plan_aggregate(struct rg_histogram_plan *plan, struct rg_str name)
{
    for (int i = 0; i < RG_AGGREGATES; i++) {
        if (!rg_str_is(name, aggregate_names[i]))
            continue;
        for (size_t k = 0; k < plan->aggregate_count; k++) {
            if (plan->aggregates[k] == (enum rg_histogram_aggregate)i)
                return RG_OK;
        }
        plan->aggregates[plan->aggregate_count++] = (enum rg_histogram_aggregate)i;
        return RG_OK;
    }
    return RG_EINVALID;
}

/* Digits with at most one point: strtod would also take hexadecimal, signs and infinities. */
static bool parse_fraction(struct rg_str s, double *out)
{
    char text[32];
    size_t points = 0;
    char *end;

    if (s.len == 0 || s.len >= sizeof(text))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        points += s.ptr[i] == '.';
        if (s.ptr[i] != '.' && (s.ptr[i] < '0' || s.ptr[i] > '9'))
            return false;
    }
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    *out = strtod(text, &end);
    return points <= 1 && *end == '\0' && end != text && *out >= 0 && *out <= 1;
}

enum rg_status rg_histogram_plan_percentile(struct rg_histogram_plan *plan, struct rg_str fraction)
{
    double x;
    int p;
    size_t at = 0;

    if (!parse_fraction(fraction, &x))
        return RG_EINVALID;
    p = (int)floor(100 * x + 0.5);
    while (at < plan->percentile_count && plan->percentiles[at] < p)
        at++;
    if (at < plan->percentile_count && plan->percentiles[at] == p)
        return RG_OK;
    memmove(&plan->percentiles[at + 1], &plan->percentiles[at],
        (plan->percentile_count - at) * sizeof(plan->percentiles[0]));
    memmove(plan->percentile_suffixes[at + 1], plan->percentile_suffixes[at],
        (plan->percentile_count - at) * RG_METRIC_SUFFIX_SIZE);
    plan->percentiles[at] = p;
    snprintf(plan->percentile_suffixes[at], RG_METRIC_SUFFIX_SIZE, ".%dpercentile", p);
    plan->percentile_count++;
    return RG_OK;
}
