/* What all native checks need: their creation, their options, reading with an error text that
 * helps, tags. A check's struct begins with struct rg_check. */
#ifndef RG_FLOW_NATIVE_KIT_H
#define RG_FLOW_NATIVE_KIT_H

#include "check.h"
#include "yaml_tree.h"

/* Options of an instance and its init_config; read while a check is created. */
struct rg_native_options {
    struct rg_yaml instance, init;
};

/* Parses both; rg_native_options_finish() is due after RG_OK. RG_EINVALID, RG_ELIMIT, RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_native_options_open(
    struct rg_native_options *o, const struct rg_check_source *from, struct rg_err *err);
void rg_native_options_finish(struct rg_native_options *o);

/* A boolean of the instance; fallback when it is absent or null. RG_EINVALID: of another type. */
RG_NODISCARD enum rg_status rg_native_flag(const struct rg_native_options *o, const char *key,
    bool fallback, bool *out, struct rg_err *err);

/* Makes a check. Upstream's native checks are called by their name alone, so that of several
 * instances all but one are lost (field bug F5): here an instance or an init_config that says
 * anything gives an id of its own; "- {}" keeps the plain name. many: an id of its own always, as
 * Python checks have it. Statuses of rg_check_create. */
RG_NODISCARD enum rg_status rg_native_create(const struct rg_check_ops *ops, size_t size, bool many,
    const struct rg_check_world *world, const struct rg_check_source *from, struct rg_check **out,
    struct rg_err *err);

/* True when a failure is none of the host's: the run has to end. */
bool rg_native_fatal(enum rg_status st);

/* Reads a host-wide file of /proc into out, replacing what it held. A failure names the file and
 * what to do in err. */
RG_NODISCARD enum rg_status rg_native_read(
    struct rg_check *check, const char *path, struct rg_buf *out, struct rg_err *err);

/* The same for a file the check can do without: RG_OK with *there false and a warning when it
 * cannot be read. quiet: no warning when there is no such file. */
RG_NODISCARD enum rg_status rg_native_read_optional(struct rg_check *check, const char *path,
    bool quiet, struct rg_buf *out, bool *there, struct rg_err *err);

/* err says which file holds nothing usable. Returns RG_EINVALID. */
enum rg_status rg_native_malformed(const char *path, const char *what, struct rg_err *err);

#define RG_NATIVE_TAGS_MAX      256
#define RG_NATIVE_TAG_BYTES_MAX ((size_t)64 << 10) /* of all tags of one sample */

/* Tags under construction. Zero-initialise, finish with rg_native_tags_finish. */
struct rg_native_tags {
    struct rg_buf text;
    size_t ends[RG_NATIVE_TAGS_MAX];
    struct rg_str views[RG_NATIVE_TAGS_MAX];
    size_t count;
};

void rg_native_tags_init(struct rg_native_tags *tags);
void rg_native_tags_finish(struct rg_native_tags *tags);
void rg_native_tags_clear(struct rg_native_tags *tags);

/* Adds prefix followed by value. RG_ENOMEM; RG_ELIMIT: too many or too long, nothing was added. */
RG_NODISCARD enum rg_status rg_native_tag(
    struct rg_native_tags *tags, const char *prefix, struct rg_str value);

/* Valid until the tags change. */
struct rg_tags rg_native_tags_view(struct rg_native_tags *tags);

#endif
