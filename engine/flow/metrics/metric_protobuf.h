/* Items of the metrics flow as protobuf: fields of a payload, tag and length included, so that a
 * payload is the items one behind the other. Messages: engine/proto/metric_payload.proto. */
#ifndef RG_FLOW_METRIC_PROTOBUF_H
#define RG_FLOW_METRIC_PROTOBUF_H

#include "metric_store.h"

/* Scratch memory, reused from item to item. Zero-initialise; finish frees it. */
struct rg_protobuf_scratch {
    void *memory; /* owned */
    size_t bytes;
};

void rg_protobuf_scratch_finish(struct rg_protobuf_scratch *scratch);

/* Both append to out: RG_ETOOBIG, RG_ENOMEM with out unchanged. */

/* MetricPayload.series: the points from first_point on, at most points_max. */
RG_NODISCARD enum rg_status rg_serie_protobuf(struct rg_buf *out,
    struct rg_protobuf_scratch *scratch, const struct rg_serie *serie, uint32_t first_point,
    uint32_t points_max);

/* SketchPayload.sketches */
RG_NODISCARD enum rg_status rg_sketch_protobuf(
    struct rg_buf *out, struct rg_protobuf_scratch *scratch, const struct rg_sketch_serie *sketch);

#endif
