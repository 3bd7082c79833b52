/* The lines of /proc/diskstats, with the bytes they point into. */
#ifndef RG_FLOW_DISK_TABLE_H
#define RG_FLOW_DISK_TABLE_H

#include "rg/base/str.h"

#define RG_DISKS_MAX         16384
#define RG_DISK_NAME_MAX     255 /* bytes */
#define RG_DISK_SECTOR_BYTES 512 /* whatever the device has */

/* Counters since boot, or since the device appeared. The times are 32 bit wide in most kernels. */
struct rg_disk_stats {
    struct rg_str name; /* "sda1"; within the text of the table */
    uint64_t reads, merged_reads, read_sectors, read_ms;
    uint64_t writes, merged_writes, written_sectors, write_ms;
    uint64_t io_ms;       /* time with at least one request under way */
    uint64_t weighted_ms; /* the same, times the requests under way */
};

/* Zero-initialise with rg_disk_table_init, finish with rg_disk_table_finish. */
struct rg_disk_table {
    struct rg_buf text;         /* filled by the caller before the parse */
    struct rg_disk_stats *rows; /* owned; sorted by name */
    size_t count, cap;
};

void rg_disk_table_init(struct rg_disk_table *table);
void rg_disk_table_finish(struct rg_disk_table *table);

/* Parses table->text. Left out, as upstream does: lines of less than 14 words (partitions of 2.6
 * before 2.6.25), with a field that is no number, and devices that never did anything (unused loop
 * and ram disks). Of several lines with one name the last counts.
 *   RG_ELIMIT  more than RG_DISKS_MAX; err says so
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_disk_table_parse(struct rg_disk_table *table, struct rg_err *err);

/* NULL: no such device. */
const struct rg_disk_stats *rg_disk_table_find(
    const struct rg_disk_table *table, struct rg_str name);

#endif
