/* Options of the disk check: which mounts it looks at and how they are tagged.
 * upstream: integrations-core disk/datadog_checks/disk/disk.py; the new names of options and, where
 * these are absent or empty, the old ones. Patterns match at the start of a text. */
#ifndef RG_FLOW_DISK_OPTIONS_H
#define RG_FLOW_DISK_OPTIONS_H

#include "check.h"
#include "mount_table.h"
#include "pattern_list.h"

/* Lists are owned; an include list without patterns lets everything pass. */
struct rg_disk_options {
    bool use_mount;           /* the tag device is the mount point */
    bool all_partitions;      /* mounts without a device too */
    bool include_all_devices; /* false: only types that need a device, and zfs */
    bool tag_by_filesystem;
    bool service_check_rw;
    bool lowercase_device_tag;
    double min_disk_bytes; /* what is not larger is left out */
    struct rg_pattern_list *type_include, *type_exclude;
    struct rg_pattern_list *device_include, *device_exclude;
    struct rg_pattern_list *point_include, *point_exclude;
    struct rg_pattern_list *tag_patterns; /* device_tag_re; number i has the tags i */
    char **tag_lists;                     /* owned; "role:db,disk:fast" */
};

/* rg_disk_options_finish() is due whatever the answer. log may be NULL; it is told of old names.
 *   RG_EINVALID, RG_ELIMIT  err says which option is wrong
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_disk_options_read(struct rg_disk_options *o,
    const struct rg_check_source *from, const struct rg_log *log, struct rg_err *err);
void rg_disk_options_finish(struct rg_disk_options *o);

/* True when the options let the check look at this mount. */
bool rg_disk_options_want(struct rg_disk_options *o, const struct rg_mount *mount);

/* Searches given up since the last call, over all lists. */
size_t rg_disk_options_given_up(struct rg_disk_options *o);

#endif
