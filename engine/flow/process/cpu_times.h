/* Host CPU times, CPU counts and the arithmetic of rates (upstream: pkg/process/checks,
 * gopsutil cpu). All functions but the readers are pure. */
#ifndef RG_FLOW_PROCESS_CPU_TIMES_H
#define RG_FLOW_PROCESS_CPU_TIMES_H

#include "process_model.h"
#include "rg/backend/set.h"

/* Seconds; fields a kernel does not print are 0. */
struct rg_cpu_times {
    double user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice;
};

/* Sum of all ten. */
double rg_cpu_times_total(const struct rg_cpu_times *t);

/* Reads the first line of /proc/stat.
 *   RG_EINVALID  no usable line: "empty CPU time information returned"
 *   other        the read failed; err says why */
RG_NODISCARD enum rg_status rg_cpu_times_read(
    struct rg_procfs *fs, int64_t clock_ticks_per_s, struct rg_cpu_times *out, struct rg_err *err);

/* Number of logical CPUs of the host: cpuinfo processors, else cpuN lines of stat, else fallback.
 * processors receives the count of cpuinfo entries (0 when unreadable); may be NULL. */
RG_NODISCARD enum rg_status rg_host_cpu_count(struct rg_procfs *fs, int32_t fallback,
    int32_t *count, int32_t *processors, struct rg_err *err);

struct rg_process_cpu {
    float total_pct, user_pct, system_pct;
};

/* True when both are of one process: equal start_ticks, or equal create_time_ms when start_ticks is
 * 0 in either. */
bool rg_process_same(const struct rg_process_stats *now, const struct rg_process_stats *before);

/* Percentages of now over before; negative differences give 0, and a host total that did not grow
 * gives 0 everywhere. When the pid was reused the whole CPU time of now belongs to the new process.
 * 0 everywhere, too, when before has no start and now has one: its times were never read. */
struct rg_process_cpu rg_process_cpu_rates(const struct rg_process_stats *now,
    const struct rg_process_stats *before, double total_now_s, double total_before_s,
    int32_t cpu_count);

struct rg_process_io {
    float read_rate, write_rate, read_bytes_rate,
        write_bytes_rate; /* per second; -1 no permission */
};

/* Rates of now over before across whole seconds; elapsed_s <= 0 gives 0 everywhere, a counter that
 * was 0 or -1 before, or fell, or belongs to a reused pid, gives 0. */
struct rg_process_io rg_process_io_rates(
    const struct rg_process_stats *now, const struct rg_process_stats *before, int64_t elapsed_s);

#endif
