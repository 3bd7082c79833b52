/* Turns a flush into payloads of bounded size. What does not fit into one payload goes on in the
 * next; a serie with too many points is split; a single item that is too large for any payload is
 * left out, counted and named in the log. */
#ifndef RG_FLOW_METRIC_PAYLOAD_H
#define RG_FLOW_METRIC_PAYLOAD_H

#include "aggregator.h"
#include "forwarder.h"

struct rg_payload_limits {
    uint32_t series_points; /* in one payload; > 0 */
    size_t series_bytes;    /* of one series payload, not compressed */
    size_t other_bytes;     /* of one payload of anything else */
    size_t total_bytes;     /* of all payloads of one flush; what comes behind is counted as lost */
};

/* serializer_max_series_points_per_payload, _series_uncompressed_payload_size,
 * serializer_max_uncompressed_payload_size. The limits of compressed payloads are the business of
 * whoever compresses: these leave as they are. */
#define RG_PAYLOAD_LIMITS                                                                          \
    ((struct rg_payload_limits){.series_points = 10000,                                            \
        .series_bytes = 5242880,                                                                   \
        .other_bytes = 4194304,                                                                    \
        .total_bytes = (size_t)1 << 30})

enum rg_series_format {
    RG_SERIES_V2, /* protobuf MetricPayload; the default of upstream */
    RG_SERIES_V1, /* JSON; has no place for series that are not indexed, so those are left out */
};

/* What each kind of payload is called towards the sink (rg_output.source). */
#define RG_SOURCE_SERIES         "series"
#define RG_SOURCE_SKETCHES       "sketches"
#define RG_SOURCE_SERVICE_CHECKS "service_checks"
#define RG_SOURCE_EVENTS         "events"

/* Zero-initialise; rg_metric_payloads_finish frees what nobody took. */
struct rg_metric_payloads {
    struct rg_forward_payload *items; /* owned, their bytes too */
    size_t count, cap;
    size_t bytes;              /* of all */
    uint64_t too_large;        /* items left out: too large for a payload */
    uint64_t lost;             /* items left out: memory, or total_bytes */
    uint64_t hidden;           /* series left out of v1: not indexed */
    char first_too_large[128]; /* name of one */
};

/* Appends the payloads of everything a flush holds: series, sketches, service checks, events.
 *   RG_OK      also when items were left out and counted
 *   RG_ENOMEM  items were lost to memory, counted in lost; what was built before is kept */
RG_NODISCARD enum rg_status rg_metric_payloads_build(struct rg_metric_payloads *payloads,
    const struct rg_flush *flush, enum rg_series_format format,
    const struct rg_payload_limits *limits, const char *hostname);

void rg_metric_payloads_finish(struct rg_metric_payloads *payloads);

#endif
