/* One process as the probe saw it, and the table of all processes of one scan. */
#ifndef RG_FLOW_PROCESS_MODEL_H
#define RG_FLOW_PROCESS_MODEL_H

#include "rg/base/str.h"

/* Numbers that change from scan to scan. */
struct rg_process_stats {
    int64_t create_time_ms;                    /* since 1970; 0 when unknown */
    uint64_t start_ticks;                      /* since boot: no clock step changes it; or 0 */
    double user_s, system_s;                   /* CPU time since the start of the process */
    uint64_t rss_bytes, vms_bytes, swap_bytes; /* from status */
    uint64_t shared_bytes, text_bytes, lib_bytes, data_bytes, dirty_bytes; /* from statm */
    int64_t read_count, write_count, read_bytes, write_bytes;              /* -1: not readable */
    int64_t voluntary_switches, involuntary_switches;
    int32_t fd_count; /* -1: not readable; 0 when never collected */
    int32_t threads;
    int32_t nice;
    char state; /* one letter, 0 when unknown */
};

#define RG_PROCESS_IDS 4 /* real, effective, saved, file system */

/* What is kept of a command line: more bytes or arguments are cut, so that 20,000 hostile processes
 * stay within a few GiB. args_hash covers all of it. */
#define RG_PROCESS_ARGS_BYTES_MAX ((size_t)128 << 10)
#define RG_PROCESS_ARGS_MAX       ((size_t)8192)

struct rg_process {
    int32_t pid;
    int32_t ns_pid; /* in the innermost namespace */
    int32_t ppid;
    int32_t uids[RG_PROCESS_IDS];
    int32_t gids[RG_PROCESS_IDS];
    uint8_t uid_count, gid_count; /* ids that were present */
    uint32_t flags;               /* PF_ flags */
    struct rg_str *args;          /* arg_count slices into storage owned by the table */
    uint32_t arg_count;
    struct rg_str exe, cwd, comm, name; /* owned by the table; may be empty */
    uint64_t args_hash;                 /* of the raw command line */
    struct rg_process_stats stats;
};

#endif
