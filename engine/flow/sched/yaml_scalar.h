/* What a plain scalar means, and how numbers are written: the rules of YAML 1.1 as go-yaml v2 has
 * them. Base-60 numbers are strings, `0o7` is a number, `08` is a float. */
#ifndef RG_FLOW_SCHED_YAML_SCALAR_H
#define RG_FLOW_SCHED_YAML_SCALAR_H

#include "yaml_tree.h"

/* Sets kind and v of node from node->text. Returns false if it is a timestamp: read, that is a
 * string as well, but written it is quoted. */
bool rg_yaml_resolve(struct rg_yaml_node *node);

/* [+-]1:30:00.5: a string that other readers take for a number. */
bool rg_yaml_is_base60(struct rg_str text);

/* Appends the shortest decimal that reads back as f, as Go's 'g' writes it (1e+06, 0.5);
 * infinities are +Inf and -Inf, what is no number is NaN. */
RG_NODISCARD enum rg_status rg_yaml_float_text(struct rg_buf *out, double f);

/* Decodes base64 with padding, line breaks skipped, into out (at least len bytes); false if it is
 * not valid. */
bool rg_yaml_base64_decode(struct rg_str text, char *out, size_t *out_len);

#endif
