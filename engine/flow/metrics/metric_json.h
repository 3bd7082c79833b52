/* Items of the metrics flow as JSON objects, one at a time; envelopes are in metric_payload.c. Any
 * bytes in a text give valid JSON: what is not UTF-8 becomes U+FFFD. */
#ifndef RG_FLOW_METRIC_JSON_H
#define RG_FLOW_METRIC_JSON_H

#include "metric_store.h"

#define RG_SOURCE_TYPE_SYSTEM "System" /* of everything a check sends */

/* All append to out: RG_ETOOBIG, RG_ENOMEM as rg_buf_append; out then ends somewhere. */

/* The points from first_point on, at most points_max. A tag "device:x" moves to the field device;
 * of several the last counts. */
RG_NODISCARD enum rg_status rg_serie_json(
    struct rg_buf *out, const struct rg_serie *serie, uint32_t first_point, uint32_t points_max);
/* Summary only; with bins: also the keys and counts. */
RG_NODISCARD enum rg_status rg_sketch_json(
    struct rg_buf *out, const struct rg_sketch_serie *sketch, bool bins);
RG_NODISCARD enum rg_status rg_service_check_json(
    struct rg_buf *out, const struct rg_service_check *check);
RG_NODISCARD enum rg_status rg_event_json(struct rg_buf *out, const struct rg_event *event);

/* The value of the last tag "device:x"; empty when there is none. */
struct rg_str rg_tags_device(struct rg_tags tags);
bool rg_tag_is_device(struct rg_str tag);

#endif
