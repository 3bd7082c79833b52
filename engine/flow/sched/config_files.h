/* The conf.d trees: which files count, in which order, and which of them are used.
 * upstream: comp/core/autodiscovery/providers/config_reader.go */
#ifndef RG_FLOW_SCHED_CONFIG_FILES_H
#define RG_FLOW_SCHED_CONFIG_FILES_H

#include "config_file.h"

#define RG_CONFIG_FILES_MAX      8192
#define RG_CONFIG_FILE_BYTES_MAX ((size_t)4 << 20)

/* One file below a search path. */
struct rg_conf_entry {
    const char *path; /* relative to its search path: "cpu.d/conf.yaml"; borrowed */
    uint64_t size;    /* in bytes */
    uint32_t root;    /* number of the search path; 0 is that of the user */
};

enum rg_conf_kind {
    RG_CONF_REGULAR,
    RG_CONF_DEFAULT, /* used when no regular file has its name */
    RG_CONF_OTHER,   /* x.d/metrics.yaml: used, but does not stand for a regular file */
};

struct rg_conf_file {
    const struct rg_conf_entry *entry; /* borrowed */
    enum rg_conf_kind kind;
    char *name; /* of the integration; owned */
};

struct rg_conf_files {
    struct rg_conf_file *items; /* owned */
    size_t count, cap;
};

/* The files to read, in reading order: by search path, then by name of the directory entry.
 * ignore_autoconf names integrations whose auto_conf.yaml does not count. entries and what they
 * name have to outlive *out. Entries in deeper folders, in folders without ".d", and with other
 * extensions are left out; so is metrics.yaml outside of a folder.
 *   RG_ELIMIT  more than RG_CONFIG_FILES_MAX files */
RG_NODISCARD enum rg_status rg_conf_files_select(const struct rg_conf_entry *entries, size_t count,
    const struct rg_str *ignore_autoconf, size_t ignore_count, struct rg_conf_files *out);
void rg_conf_files_finish(struct rg_conf_files *files);

/* Why a file is not used, or what is odd about it. */
struct rg_conf_note {
    char *name; /* of the integration; owned */
    char *path; /* owned */
    char *text; /* owned */
};

struct rg_conf_notes {
    struct rg_conf_note *items; /* owned */
    size_t count, cap;
};

struct rg_conf_set {
    struct rg_integration_config *configs; /* owned; defaults last */
    size_t count, cap;
    struct rg_conf_notes errors;   /* files that were dropped, in reading order */
    struct rg_conf_notes warnings; /* files that are used all the same */
};

/* Reads one file into out, which is empty and has the maximum RG_CONFIG_FILE_BYTES_MAX.
 * RG_ENOMEM, RG_ESTOPPED and RG_EDIVERGED end the load; anything else is an error of this file. */
typedef enum rg_status rg_conf_read_fn(
    void *ctx, const struct rg_conf_entry *entry, struct rg_buf *out, struct rg_err *err);

struct rg_conf_source {
    rg_conf_read_fn *read;
    void *ctx;
    const struct rg_template *vars; /* NULL: template variables stay */
    /* Stands before the path of an entry in sources and texts ("/etc/datadog-agent/conf.d"); by
     * number of the search path. Borrowed. */
    const char *const *roots;
    size_t root_count;
};

/* Reads and parses the files. A default file is used unless a regular file of its name exists,
 * even one that could not be used: what the operator wrote is not replaced in silence.
 * rg_conf_set_finish() is due whatever the answer.
 *   RG_ENOMEM, RG_ESTOPPED, RG_EDIVERGED  as they came; anything else is in out->errors */
RG_NODISCARD enum rg_status rg_conf_set_load(const struct rg_conf_files *files,
    const struct rg_conf_source *source, struct rg_conf_set *out, struct rg_err *err);
void rg_conf_set_finish(struct rg_conf_set *set);

#endif
