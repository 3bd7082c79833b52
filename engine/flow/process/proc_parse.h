/* Pure parsers of the files below /proc/PID. None of them fails: what is missing or malformed keeps
 * its default, because a process may vanish between two reads and a kernel may print less. Input is
 * any bytes of any length; slices in the results borrow from it. */
#ifndef RG_FLOW_PROCESS_PROC_PARSE_H
#define RG_FLOW_PROCESS_PROC_PARSE_H

#include "process_model.h"

/* /proc/PID/status. Only lines that end with a line feed count. */
struct rg_proc_status {
    struct rg_str name;
    char state; /* one letter, 0 when missing */
    int32_t uids[RG_PROCESS_IDS], gids[RG_PROCESS_IDS];
    uint8_t uid_count, gid_count;
    int32_t ns_pid; /* innermost */
    int32_t threads;
    uint64_t rss_bytes, vms_bytes, swap_bytes;
    int64_t voluntary_switches, involuntary_switches;
    bool has_switches; /* both counters were there */
};

void rg_proc_parse_status(struct rg_str text, struct rg_proc_status *out);

/* /proc/PID/stat. */
struct rg_proc_stat {
    struct rg_str comm; /* between the first '(' and the last ')', trimmed like the comm file */
    char state;
    int32_t ppid;
    uint32_t flags; /* PF_ flags */
    uint64_t minor_faults, major_faults;
    uint64_t user_ticks, system_ticks;
    bool has_start; /* the line reached the start time: nice, threads and start_ticks hold */
    int32_t nice, threads;
    uint64_t start_ticks; /* since boot */
    bool has_image;       /* the kernel let us see the addresses below */
    uint64_t image;       /* digest of code, stack, argument and environment addresses */
};

void rg_proc_parse_stat(struct rg_str text, struct rg_proc_stat *out);

/* /proc/PID/statm, in pages. */
struct rg_proc_statm {
    uint64_t size, resident, shared, text, lib, data, dirty;
};

void rg_proc_parse_statm(struct rg_str text, struct rg_proc_statm *out);

/* /proc/PID/io; -1 for a counter that is missing or malformed. */
struct rg_proc_io {
    int64_t read_count, write_count, read_bytes, write_bytes;
};

void rg_proc_parse_io(struct rg_str text, struct rg_proc_io *out);

/* /proc/PID/schedstat: how often the task was switched in. 0 when the kernel does not count. */
uint64_t rg_proc_parse_switched_in(struct rg_str text);

/* /proc/PID/cmdline: splits at runs of NUL bytes, so empty arguments vanish. Fills at most max
 * slices and returns how many arguments there are; args may be NULL when max is 0. */
size_t rg_proc_split_cmdline(struct rg_str text, struct rg_str *args, size_t max);

/* /proc/PID/comm: cuts white space and NUL bytes at both ends. */
struct rg_str rg_proc_trim_comm(struct rg_str text);

/* The "btime" line of /proc/stat: seconds since 1970 at boot. False when there is no such line with
 * exactly two fields; *out is then unchanged. */
bool rg_proc_parse_boot_time(struct rg_str text, int64_t *out_s);

#endif
