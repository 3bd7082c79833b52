/* YAML as a scenario has it: texts of any bytes, and mappings that are one line when they are
 * short.
 */
#ifndef RG_DERIVE_YAML_H
#define RG_DERIVE_YAML_H

#include "rg/base/str.h"

/* Appends a text as a YAML scalar: plain where no reader could take it for something else, else in
 * double quotes with escapes. Bytes that are not UTF-8 become U+FFFD, as YAML cannot hold them;
 * their number is added to *replaced, which may be NULL. NUL bytes count as such. */
RG_NODISCARD enum rg_status derive_yaml_text(
    struct rg_buf *out, struct rg_str text, uint64_t *replaced);

/* Appends a duration as scenarios read it: "1h2m3s4ms", "-5s", "0"; cut to milliseconds. */
RG_NODISCARD enum rg_status derive_yaml_duration(struct rg_buf *out, int64_t ns);

#define DERIVE_FIELDS_MAX 32

/* One mapping, field by field. The first failure is kept and told by derive_item_print. */
struct derive_item {
    struct rg_buf values;
    struct {
        const char *key;
        size_t at;
    } fields[DERIVE_FIELDS_MAX];
    size_t count;
    uint64_t replaced; /* bytes that are not UTF-8 */
    enum rg_status st;
};

void derive_item_init(struct derive_item *item);
void derive_item_finish(struct derive_item *item);
void derive_item_clear(struct derive_item *item); /* for the next one; replaced stays */

/* Adds a field. key is borrowed. */
void derive_item_text(struct derive_item *item, const char *key, struct rg_str text);
void derive_item_number(struct derive_item *item, const char *key, int64_t number);
void derive_item_duration(struct derive_item *item, const char *key, int64_t ns);
/* Any YAML; in quotes when quoted. */
void derive_item_raw(struct derive_item *item, const char *key, struct rg_str yaml, bool quoted);

bool derive_item_has(const struct derive_item *item, const char *key);

/* Appends the fields as lines of their own. */
RG_NODISCARD enum rg_status derive_item_lines(
    const struct derive_item *item, int indent, struct rg_buf *out);

/* Appends "{key: value, ...}" */
RG_NODISCARD enum rg_status derive_item_flow(const struct derive_item *item, struct rg_buf *out);

/* Appends the mapping as an item of a list, on one line when that is short enough. */
RG_NODISCARD enum rg_status derive_item_print(
    const struct derive_item *item, int indent, struct rg_buf *out);

#endif
