/* The Linux process probe: turns /proc into a table of processes, and remembers what it saw so that
 * a known process that has not run since costs half the system calls. Mirrors upstream's
 * pkg/process/procutil. */
#ifndef RG_FLOW_PROCESS_PROBE_H
#define RG_FLOW_PROCESS_PROBE_H

#include "process_model.h"
#include "rg/backend/log.h"
#include "rg/backend/set.h"

struct rg_process_probe;

struct rg_process_probe_options {
    bool collect_io_fd;     /* count fds and read io; otherwise fd_count 0 and the io counters -1 */
    bool ignore_zombies;    /* drop state Z */
    bool always_reread;     /* read every file at every scan (parity and tests) */
    uint32_t refresh_scans; /* re-read a known process at least every n scans; 0 = 30 */
};

/* One scan. Borrowed from the probe; valid until the scan after the next one begins (the check
 * compares two consecutive scans), or until the probe is destroyed. A scan that fails leaves the
 * table of the last successful one valid. */
struct rg_process_table {
    const struct rg_process *procs; /* ascending pid */
    size_t count;
};

/* backends and log are borrowed and outlive the probe. Reads the host facts once.
 *   RG_OK      *out is owned: rg_process_probe_destroy
 *   RG_EIO, RG_ENOMEM  err says why */
RG_NODISCARD enum rg_status rg_process_probe_create(const struct rg_backends *backends,
    const struct rg_process_probe_options *options, const struct rg_log *log,
    struct rg_process_probe **out, struct rg_err *err);
void rg_process_probe_destroy(struct rg_process_probe *probe); /* NULL is fine */

/* Full scan (upstream: ProcessesByPID). A process that vanishes on the way is left out or carries
 * defaults, an unreadable file counts as an empty one. Kernel threads without arguments are left
 * out. Every sixth scan reads the boot time again; a step of one second is taken for jitter.
 *   RG_EACCES, RG_EIO, RG_ENOTFOUND, RG_ELIMIT  the pids could not be listed
 *   RG_ENOMEM, RG_EDIVERGED, RG_ESTOPPED        from any read; err names the process and file */
RG_NODISCARD enum rg_status rg_process_probe_scan(
    struct rg_process_probe *probe, struct rg_process_table *out, struct rg_err *err);

/* Statistics of the given pids (upstream: StatsForPIDs); the table is ascending, vanished pids are
 * absent. Only pid and stats of each entry are filled. Validity as for a scan, counted apart from
 * full scans. Statuses as for a scan. */
RG_NODISCARD enum rg_status rg_process_probe_stats(struct rg_process_probe *probe,
    const int32_t *pids, size_t pid_count, struct rg_process_table *out, struct rg_err *err);

/* Finds a pid by binary search; NULL when absent. */
const struct rg_process *rg_process_find(const struct rg_process_table *table, int32_t pid);

#endif
