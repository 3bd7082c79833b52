#include "metric_store.h"
#include "rg/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void rg_metric_store_finish(struct rg_metric_store *s)
{
    for (size_t i = 0; i < s->serie_count; i++) {
        rg_context_release(s->series[i].context);
        free(s->series[i].points);
    }
    for (size_t i = 0; i < s->sketch_count; i++) {
        rg_context_release(s->sketches[i].context);
        rg_sketch_finish(&s->sketches[i].sketch);
    }
    free(s->series);
    free(s->sketches);
    *s = (struct rg_metric_store){.items_max = s->items_max, .sequence = s->sequence};
}

static bool all_finite(const struct rg_point *points, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(points[i].value) || !isfinite(points[i].timestamp_s))
            return false;
    }
    return true;
}

static void lose(struct rg_metric_store *s, enum rg_status why)
{
    s->dropped++;
    s->no_memory += why == RG_ENOMEM;
}

bool rg_metric_store_serie(struct rg_metric_store *s, struct rg_context *context,
    const char *suffix, enum rg_series_type type, bool no_index, const struct rg_point *points,
    size_t count)
{
    struct rg_serie serie = {.context = context,
        .suffix = suffix,
        .type = type,
        .no_index = no_index,
        .point_count = (uint32_t)count,
        .first = points[0]};
    void *array = s->series;
    enum rg_status st = RG_ENOMEM;

    if (!all_finite(points, count)) {
        s->not_finite += count;
        return false;
    }
    if (count > 1) {
        serie.points = rg_calloc(count, sizeof(*points));
        if (!serie.points)
            goto lost;
        memcpy(serie.points, points, count * sizeof(*points));
    }
    st = rg_grow(&array, &s->serie_cap, s->serie_count + 1, sizeof(serie), s->items_max);
    s->series = array;
    if (st != RG_OK)
        goto lost;
    serie.sequence = s->sequence++;
    context->refs++;
    s->series[s->serie_count++] = serie;
    return true;
lost:
    free(serie.points);
    lose(s, st);
    return false;
}

bool rg_metric_store_sketch(struct rg_metric_store *s, struct rg_context *context,
    int64_t timestamp_s, struct rg_sketch *sketch)
{
    void *array = s->sketches;
    bool finite = isfinite(sketch->sum) && isfinite(sketch->avg);
    enum rg_status st =
        rg_grow(&array, &s->sketch_cap, s->sketch_count + 1, sizeof(*s->sketches), s->items_max);

    s->sketches = array;
    if (st != RG_OK || !finite) {
        if (finite)
            lose(s, st);
        else
            s->not_finite++;
        rg_sketch_finish(sketch);
        return false;
    }
    context->refs++;
    s->sketches[s->sketch_count++] =
        (struct rg_sketch_serie){context, timestamp_s, *sketch, s->sequence++};
    *sketch = (struct rg_sketch){0};
    return true;
}

static int compare_series(const void *a, const void *b)
{
    const struct rg_serie *x = a, *y = b;
    int order = rg_context_compare(x->context, x->suffix, y->context, y->suffix);

    if (order == 0)
        order = (x->first.timestamp_s > y->first.timestamp_s) -
                (x->first.timestamp_s < y->first.timestamp_s);
    return order ? order : (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

static int compare_sketches(const void *a, const void *b)
{
    const struct rg_sketch_serie *x = a, *y = b;
    int order = rg_context_compare(x->context, "", y->context, "");

    if (order == 0)
        order = (x->timestamp_s > y->timestamp_s) - (x->timestamp_s < y->timestamp_s);
    return order ? order : (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

void rg_metric_store_sort(struct rg_metric_store *s)
{
    if (s->serie_count)
        qsort(s->series, s->serie_count, sizeof(*s->series), compare_series);
    if (s->sketch_count)
        qsort(s->sketches, s->sketch_count, sizeof(*s->sketches), compare_sketches);
}
