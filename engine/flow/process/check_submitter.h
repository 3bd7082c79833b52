/* Sends the messages of checks: one queue and one task for standard messages, one of each for
 * real-time ones, so that an outage cannot pile up stale real-time data. Mirrors upstream's
 * pkg/process/runner/submitter.go.
 *
 * A message that cannot be delivered is tried again, up to RG_SUBMIT_RETRIES times,
 * RG_SUBMIT_RETRY_NS apart; then it is dropped, counted and logged. */
#ifndef RG_FLOW_CHECK_SUBMITTER_H
#define RG_FLOW_CHECK_SUBMITTER_H

#include "process_payload.h"
#include "rg/backend/log.h"
#include "rg/backend/set.h"

struct rg_check_submitter;

#define RG_QUEUE_SIZE_DEFAULT    256
#define RG_RT_QUEUE_SIZE_DEFAULT 5
#define RG_QUEUE_BYTES_DEFAULT   60000000
#define RG_SUBMIT_RETRIES        5
#define RG_SUBMIT_RETRY_NS       RG_NS_PER_S

/* What the intake answered for one message. */
struct rg_rt_status {
    int32_t active_clients;
    int32_t interval_s;
};

/* Told of the answers to one run of a check that takes part in real time; count > 0. Called by the
 * sending tasks, without a lock held. */
typedef void rg_rt_status_fn(void *ctx, const struct rg_rt_status *statuses, size_t count);

/* Borrowed while the submitter lives. */
struct rg_check_submitter_options {
    const char *hostname;
    const char *version; /* of the agent */
    int32_t agent_pid;
    int64_t queue_size, rt_queue_size, queue_bytes; /* <= 0: default, with a warning */
    const struct rg_str *drop_checks;               /* names whose messages are thrown away */
    size_t drop_check_count;
    rg_rt_status_fn *on_status; /* may be NULL */
    void *status_ctx;
};

/* Reads the wall clock once (start time). backends and log are borrowed and outlive it.
 *   RG_OK  *out is owned: rg_check_submitter_destroy */
RG_NODISCARD enum rg_status rg_check_submitter_create(const struct rg_backends *backends,
    const struct rg_check_submitter_options *options, const struct rg_log *log,
    struct rg_check_submitter **out, struct rg_err *err);

/* Starts the two tasks. On failure none runs. */
RG_NODISCARD enum rg_status rg_check_submitter_start(
    struct rg_check_submitter *s, struct rg_err *err);

/* Queues all messages of one run of check name; *list is taken and left empty. Nothing happens when
 * it has none. */
void rg_check_submitter_submit(struct rg_check_submitter *s, const char *name,
    struct rg_wall run_start, struct rg_payload_list *list);

/* Sends what is queued, each message with one try more at most, and joins the tasks. Whoever
 * submits has ended. */
void rg_check_submitter_stop(struct rg_check_submitter *s);

/* Sends everything that is queued from the calling task: what stop does last, and what a program
 * without tasks does instead. */
void rg_check_submitter_drain(struct rg_check_submitter *s);

struct rg_submit_counts {
    uint64_t sent;     /* messages the sink took */
    uint64_t dropped;  /* messages lost: queue full, refused, retries used up */
    uint64_t unwanted; /* messages of drop_checks */
};

/* After stop. */
struct rg_submit_counts rg_check_submitter_counts(const struct rg_check_submitter *s);

/* At any time, from any task. Takes the locks. */
struct rg_submit_counts rg_check_submitter_look(struct rg_check_submitter *s);

void rg_check_submitter_destroy(struct rg_check_submitter *s); /* stopped; NULL is fine */

/* The number in X-DD-Request-ID: 22 bits of seconds since the first of the month of start (UTC), 28
 * bits of a hash of host and pid, 14 bits of the message's index in its run. */
uint64_t rg_request_id(
    struct rg_wall start, const char *hostname, int32_t agent_pid, uint32_t index);

/* Decodes an answer of the intake: a frame that holds a ResCollector.
 *   RG_ENOTFOUND  it carries no status
 *   RG_EINVALID, RG_ELIMIT  it is not such a frame; err says why */
RG_NODISCARD enum rg_status rg_rt_status_decode(
    const void *bytes, size_t len, struct rg_rt_status *out, struct rg_err *err);

#endif
