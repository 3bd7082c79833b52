/* Canonical YAML: the bytes that go-yaml v2.4.0 writes for the same values, which digests and check
 * ids are made of. Block style, items of a list at the indent of its key, texts plain unless they
 * would be read as something else, lines folded behind column 80. */
#ifndef RG_FLOW_SCHED_YAML_EMIT_H
#define RG_FLOW_SCHED_YAML_EMIT_H

#include "yaml_tree.h"

#define RG_YAML_EMIT_MAX ((size_t)16 << 20) /* of one document */

/* Appends node as a document; NULL is null.
 *   RG_ETOOBIG  above the maximum of out */
RG_NODISCARD enum rg_status rg_yaml_emit(const struct rg_yaml_node *node, struct rg_buf *out);

/* Appends node as Go's fmt.Sprint prints it: [a b], map[k:v], <nil>. */
RG_NODISCARD enum rg_status rg_yaml_print(const struct rg_yaml_node *node, struct rg_buf *out);

#endif
