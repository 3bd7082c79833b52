/* Series and sketches on their way from samplers to a flush. Guarded by the lock of the aggregator
 * until a flush has taken them. */
#ifndef RG_FLOW_METRIC_STORE_H
#define RG_FLOW_METRIC_STORE_H

#include "metric_context.h"
#include "metric_sketch.h"
#include "metric_state.h"

struct rg_serie {
    struct rg_context *context; /* one reference */
    const char *suffix;         /* "" or ".max"; lives as long as the aggregator */
    enum rg_series_type type;
    bool no_index;
    uint32_t point_count;
    struct rg_point first;
    struct rg_point *points; /* owned; NULL when first is the only one */
    uint64_t sequence;       /* order of arrival */
};

static inline const struct rg_point *rg_serie_points(const struct rg_serie *serie)
{
    return serie->points ? serie->points : &serie->first;
}

/* One second of a distribution. */
struct rg_sketch_serie {
    struct rg_context *context; /* one reference */
    int64_t timestamp_s;
    struct rg_sketch sketch;
    uint64_t sequence;
};

struct rg_metric_store {
    struct rg_serie *series; /* owned */
    size_t serie_count, serie_cap;
    struct rg_sketch_serie *sketches; /* owned */
    size_t sketch_count, sketch_cap;
    size_t items_max; /* of each; then what comes is dropped */
    uint64_t sequence;
    uint64_t dropped;    /* series and sketches lost to the maximum or to memory */
    uint64_t no_memory;  /* of those, to memory */
    uint64_t not_finite; /* points whose value became infinite on the way */
};

void rg_metric_store_finish(struct rg_metric_store *store);

/* Takes a reference of context and copies the points. False: counted as dropped. */
bool rg_metric_store_serie(struct rg_metric_store *store, struct rg_context *context,
    const char *suffix, enum rg_series_type type, bool no_index, const struct rg_point *points,
    size_t count);

/* Takes a reference of context, and the sketch in any case. False: counted as dropped. */
bool rg_metric_store_sketch(struct rg_metric_store *store, struct rg_context *context,
    int64_t timestamp_s, struct rg_sketch *sketch);

/* Orders both by name, host, tags, time, arrival. Needs no lock once the store is a flush's. */
void rg_metric_store_sort(struct rg_metric_store *store);

#endif
