#include "check_stats.h"

#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

static void count(struct rg_check_totals *totals, uint64_t sent)
{
    totals->last = sent;
    totals->total += sent;
}

static int64_t average(const struct rg_check_stats *stats)
{
    int64_t sum = 0;
    uint64_t kept = stats->runs < RG_CHECK_TIMES ? stats->runs : RG_CHECK_TIMES;

    for (uint64_t i = 0; i < kept; i++)
        sum += stats->times_ms[i];
    return sum / (int64_t)kept;
}

/* From the planned start (the last one and the interval) to the start; a stepped clock may make it
 * negative, which is no delay. */
static int64_t delay(const struct rg_check_stats *stats, int64_t start_ns, int64_t interval_ns)
{
    int64_t last_start_ns = stats->updated.ns - stats->last_ms * RG_NS_PER_MS;
    int64_t late_ns;

    if (stats->runs == 0 || interval_ns == 0)
        return 0;
    late_ns = start_ns - last_start_ns - interval_ns;
    return late_ns > 0 ? late_ns / RG_NS_PER_MS : 0;
}

void rg_check_stats_add(struct rg_check_stats *stats, int64_t duration_ns, struct rg_wall now,
    int64_t interval_ns, const char *error, struct rg_check_warnings *warnings,
    struct rg_sender_stats sent)
{
    stats->delay_ms = delay(stats, now.ns - duration_ns, interval_ns);
    stats->last_ms = duration_ns / RG_NS_PER_MS;
    stats->times_ms[stats->runs % RG_CHECK_TIMES] =
        stats->last_ms < UINT32_MAX ? (uint32_t)stats->last_ms : UINT32_MAX;
    stats->runs++;
    stats->average_ms = average(stats);
    stats->updated = now;
    free(stats->last_error);
    stats->last_error = NULL;
    if (error) {
        stats->errors++;
        stats->last_error = rg_memdup0(error, strlen(error));
    } else {
        stats->last_success = now;
    }
    rg_check_warnings_clear(&stats->last_warnings);
    stats->last_warnings = *warnings;
    *warnings = (struct rg_check_warnings){0};
    stats->warnings += stats->last_warnings.count + stats->last_warnings.lost;
    count(&stats->samples, sent.metric_samples);
    count(&stats->events, sent.events);
    count(&stats->service_checks, sent.service_checks);
    count(&stats->buckets, sent.histogram_buckets);
}

void rg_check_stats_finish(struct rg_check_stats *stats)
{
    free(stats->last_error);
    rg_check_warnings_clear(&stats->last_warnings);
    *stats = (struct rg_check_stats){0};
}

enum rg_status rg_check_stats_copy(const struct rg_check_stats *stats, struct rg_check_stats *out)
{
    size_t n = stats->last_warnings.count;

    *out = *stats;
    out->last_error = NULL;
    out->last_warnings = (struct rg_check_warnings){.lost = stats->last_warnings.lost};
    if (stats->last_error) {
        out->last_error = rg_memdup0(stats->last_error, strlen(stats->last_error));
        if (!out->last_error)
            goto failed;
    }
    if (n) {
        out->last_warnings.texts = rg_calloc(n, sizeof(char *));
        if (!out->last_warnings.texts)
            goto failed;
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = stats->last_warnings.texts[i];

        out->last_warnings.texts[i] = rg_memdup0(text, strlen(text));
        if (!out->last_warnings.texts[i])
            goto failed;
        out->last_warnings.count++;
    }
    return RG_OK;
failed:
    rg_check_stats_finish(out);
    return RG_ENOMEM;
}
