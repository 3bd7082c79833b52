/* The CPU lines of /proc/stat. */
#ifndef RG_FLOW_CPU_STAT_H
#define RG_FLOW_CPU_STAT_H

#include "rg/base/str.h"

enum rg_cpu_field {
    RG_CPU_USER, /* guest time included */
    RG_CPU_NICE,
    RG_CPU_SYSTEM,
    RG_CPU_IDLE,
    RG_CPU_IOWAIT,
    RG_CPU_IRQ,
    RG_CPU_SOFTIRQ,
    RG_CPU_STEAL,      /* since Linux 2.6.11; 0 before, as all that follow */
    RG_CPU_GUEST,      /* since 2.6.24 */
    RG_CPU_GUEST_NICE, /* since 2.6.33 */
    RG_CPU_FIELDS,
};

/* One line, in clock ticks. */
struct rg_cpu_ticks {
    uint64_t ticks[RG_CPU_FIELDS];
};

/* The line of one CPU ("cpu3", into *name) or of all ("cpu"). False when line is none, or has less
 * than the seven fields that every kernel since 2.6 prints, or a field that is no number. */
bool rg_cpu_stat_line(struct rg_str line, struct rg_str *name, struct rg_cpu_ticks *out);

/* The line of all CPUs. */
bool rg_cpu_stat_total(struct rg_str text, struct rg_cpu_ticks *out);

/* How many CPUs have a line of their own: those that are online. */
int32_t rg_cpu_stat_count(struct rg_str text);

#endif
