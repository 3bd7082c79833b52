/* The process check: scans, compares with the scan before, builds messages. Mirrors upstream's
 * pkg/process/checks/process.go and process_rt.go.
 *
 * Wall clock: one reading when a run starts (it stamps the run and ends the IO interval) and one
 * when it ends (it starts the next IO interval). A clock stepped back makes the interval negative
 * and the IO rates 0. CPU rates come from counters and need no clock. */
#ifndef RG_FLOW_PROCESS_CHECK_H
#define RG_FLOW_PROCESS_CHECK_H

#include "process_payload.h"
#include "rg/backend/log.h"
#include "rg/backend/set.h"
#include "rg/scrub/scrub.h"

struct rg_process_check; /* used by one task at a time */

/* Upstream: pkg/process/checks, config of the check; harness of the values: process.md 5.1, 10. */
#define RG_PROCESS_NAME              "process"
#define RG_RTPROCESS_NAME            "rtprocess"
#define RG_MAX_PER_MESSAGE_DEFAULT   100
#define RG_MAX_PER_MESSAGE_LIMIT     10000
#define RG_MAX_MESSAGE_BYTES_DEFAULT 1000000
#define RG_MAX_MESSAGE_BYTES_LIMIT   4000000
#define RG_HINT_FREQUENCY_DEFAULT    60
#define RG_HINT_PROCESS_DISCOVERY    1 /* bit of the hint mask */
#define RG_USER_CACHE_LIFETIME_NS    (INT64_C(3600) * RG_NS_PER_S)

/* Borrowed for the call of create, except hostname and network_id (while the check lives). */
struct rg_process_check_options {
    const char *hostname;
    const char *network_id;
    bool collect_io_fd;
    bool ignore_zombies;
    bool always_reread;
    bool cache_user_names;                                      /* process_config.cache_lookupid */
    int64_t max_per_message, max_message_bytes, hint_frequency; /* checked by create */
    struct rg_scrub_options scrub;                              /* warn is set by create */
    const struct rg_str *disallow;
    size_t disallow_count;
};

/* The defaults of the configuration. */
struct rg_process_check_options rg_process_check_defaults(void);

/* The number that all messages of one run carry. Upstream: nextGroupID; wraps as int32. */
struct rg_group_counter {
    int32_t last;
};

int32_t rg_group_next(struct rg_group_counter *counter);

/* What a run does; both may be asked for, not none. */
struct rg_process_run {
    bool standard, realtime;
    bool no_chunking; /* one-shot use: no limit of items in a message */
};

/* What a run produced. Zero-initialise; rg_process_result_finish. */
struct rg_process_result {
    struct rg_wall start;
    struct rg_payload_list standard, realtime; /* owned */
    size_t seen;                               /* processes of the scan */
    bool counted;                              /* the two numbers below were taken */
    size_t process_count, container_count;     /* for the gauges */
};

void rg_process_result_finish(struct rg_process_result *result);

/* Reads the host facts and CPU numbers once. backends and log are borrowed and outlive the check.
 *   RG_OK      *out is owned: rg_process_check_destroy
 *   RG_EIO and others  err says why the check cannot start */
RG_NODISCARD enum rg_status rg_process_check_create(const struct rg_backends *backends,
    const struct rg_process_check_options *options, const struct rg_log *log,
    struct rg_process_check **out, struct rg_err *err);
void rg_process_check_destroy(struct rg_process_check *check); /* NULL is fine */

/* One run. The first standard run only remembers what it saw. result is replaced.
 *   RG_OK       result holds the messages, possibly none
 *   RG_EINVALID "invalid run options for check" (no group id is used), or no CPU times
 *   other       the scan failed; the baselines are unchanged and result is empty */
RG_NODISCARD enum rg_status rg_process_check_run(struct rg_process_check *check,
    struct rg_process_run run, struct rg_group_counter *groups, struct rg_process_result *result,
    struct rg_err *err);

#endif
