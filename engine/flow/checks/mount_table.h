/* The lines of /proc/self/mounts, with the bytes they point into. */
#ifndef RG_FLOW_MOUNT_TABLE_H
#define RG_FLOW_MOUNT_TABLE_H

#include "rg/base/str.h"

#define RG_MOUNTS_MAX 65536

/* Escapes (\040) are resolved. */
struct rg_mount {
    struct rg_str device;  /* "/dev/sda1", "tmpfs", "host:/export" */
    struct rg_str point;   /* absolute, no NUL, shorter than RG_HOST_PATH_MAX */
    struct rg_str type;    /* "ext4" */
    struct rg_str options; /* "rw,relatime" */
    bool hidden;           /* a later line mounts something else on the same point */
};

/* Zero-initialise with rg_mount_table_init, finish with rg_mount_table_finish. */
struct rg_mount_table {
    struct rg_buf text;    /* filled by the caller before the parse, which resolves escapes in it */
    struct rg_mount *rows; /* owned; in the order of the lines */
    size_t count, cap;
    size_t skipped; /* lines that are no mount */
};

void rg_mount_table_init(struct rg_mount_table *table);
void rg_mount_table_finish(struct rg_mount_table *table);

/* Parses table->text. RG_ELIMIT: more than RG_MOUNTS_MAX; RG_ENOMEM. err says so. */
RG_NODISCARD enum rg_status rg_mount_table_parse(struct rg_mount_table *table, struct rg_err *err);

/* True when word is one of the mount's options. */
bool rg_mount_has_option(const struct rg_mount *mount, const char *word);

#endif
