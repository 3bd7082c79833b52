/* Brings finished payloads to the sink, in order, by a task of its own. Mirrors the duty of
 * upstream's comp/forwarder/defaultforwarder.
 *
 * A payload the sink does not take is kept and tried again, after a pause that doubles with each
 * failure in a row; nothing is given up but what a full queue pushes out, oldest first, what the
 * receiver refuses for good, and what is left when the forwarder stops. All of that is counted and
 * logged. A payload the sink took is never sent again; each carries a number (header
 * RG_FORWARD_HEADER_ID) that stays the same over all tries, so that a receiver that took one and
 * could not say so knows it again. */
#ifndef RG_FLOW_FORWARDER_H
#define RG_FLOW_FORWARDER_H

#include "rg/backend/log.h"

#define RG_FORWARD_HEADER_ID "X-Reagent-Payload-Id"
/* The bytes are ten times and more what upstream keeps (15 MB), because ours are not
 * compressed: one flush of 10,000 checks is some 20 MB. */
#define RG_FORWARD_ITEMS_DEFAULT  1024
#define RG_FORWARD_BYTES_DEFAULT  (UINT64_C(256) << 20)
#define RG_FORWARD_BACKOFF_MIN_NS (2 * RG_NS_PER_S)
#define RG_FORWARD_BACKOFF_MAX_NS (64 * RG_NS_PER_S)

struct rg_forwarder;

struct rg_forward_options {
    const char *name;       /* of the task and its lock; a constant */
    size_t items_max;       /* payloads waiting; 1..RG_QUEUE_ITEMS_LIMIT (payload_queue.h) */
    uint64_t bytes_max;     /* of payloads waiting */
    int64_t backoff_min_ns; /* after the first failure; > 0 */
    int64_t backoff_max_ns; /* at most; the real pause is between half of it and all of it */
};

#define RG_FORWARD_OPTIONS                                                                         \
    ((struct rg_forward_options){.name = "forwarder",                                              \
        .items_max = RG_FORWARD_ITEMS_DEFAULT,                                                     \
        .bytes_max = RG_FORWARD_BYTES_DEFAULT,                                                     \
        .backoff_min_ns = RG_FORWARD_BACKOFF_MIN_NS,                                               \
        .backoff_max_ns = RG_FORWARD_BACKOFF_MAX_NS})

struct rg_forward_payload {
    const char *source;       /* of the output, "series"; a constant */
    const char *content_type; /* a constant */
    uint8_t *bytes;           /* from malloc; taken */
    size_t len;
    uint64_t items; /* series, events, ... in it; for the counts */
};

/* runtime, sink and log are borrowed and outlive it; log may be NULL.
 *   RG_OK  *out is owned: rg_forwarder_destroy */
RG_NODISCARD enum rg_status rg_forwarder_create(struct rg_runtime *runtime, struct rg_sink *sink,
    const struct rg_forward_options *options, const struct rg_log *log, struct rg_forwarder **out,
    struct rg_err *err);

/* Starts the task. */
RG_NODISCARD enum rg_status rg_forwarder_start(struct rg_forwarder *f, struct rg_err *err);

/* Queues a payload; its bytes are taken in any case. */
void rg_forwarder_submit(struct rg_forwarder *f, const struct rg_forward_payload *payload);

/* Tries what is queued once more each, and joins the task. Whoever submits has ended. */
void rg_forwarder_stop(struct rg_forwarder *f);

/* Sends what is queued from the calling task, one try each: what stop does last, and what a program
 * without tasks does instead. */
void rg_forwarder_drain(struct rg_forwarder *f);

struct rg_forward_counts {
    uint64_t sent;       /* payloads the sink took */
    uint64_t sent_items; /* in them */
    uint64_t retries;    /* tries that did not succeed and were followed by another */
    uint64_t refused;    /* payloads the receiver does not want */
    uint64_t dropped;    /* payloads pushed out of a full queue, or lost to memory */
    uint64_t abandoned;  /* payloads left when the forwarder stopped */
    uint64_t lost_items; /* in the last three */
    size_t queued;       /* now; one that is being sent is not among them */
};

struct rg_forward_counts rg_forwarder_counts(struct rg_forwarder *f);

void rg_forwarder_destroy(struct rg_forwarder *f); /* stopped or never started; NULL is fine */

#endif
