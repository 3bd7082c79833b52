/* What a sender holds until it hands it over: samples and buckets in order, service checks, events.
 */
#ifndef RG_FLOW_METRIC_BATCH_H
#define RG_FLOW_METRIC_BATCH_H

#include "metric_context.h"

struct rg_batch_item {
    size_t key_at, key_len; /* of the context's key in texts */
    double value;
    double timestamp_s;  /* 0: the time of the hand-over will do */
    double lower, upper; /* of a bucket */
    int64_t count;       /* of a bucket */
    enum rg_metric_type type;
    bool bucket, monotonic, flush_first, no_index;
};

/* Zero-initialise but for texts (rg_buf_init). */
struct rg_metric_batch {
    struct rg_batch_item *items; /* owned */
    size_t count, cap;
    struct rg_buf texts;
    struct rg_service_check **checks; /* owned, each in one block */
    size_t check_count, check_cap;
    struct rg_event **events; /* owned, each in one block */
    size_t event_count, event_cap;
};

static inline struct rg_str rg_batch_key(
    const struct rg_metric_batch *batch, const struct rg_batch_item *item)
{
    return (struct rg_str){(const char *)batch->texts.data + item->key_at, item->key_len};
}

#endif
