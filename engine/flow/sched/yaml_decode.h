/* Nodes as the types that a reserved key wants. A missing node or null gives the zero value. err
 * says where: origin, line, column. */
#ifndef RG_FLOW_SCHED_YAML_DECODE_H
#define RG_FLOW_SCHED_YAML_DECODE_H

#include "integration_config.h"
#include "yaml_tree.h"

RG_NODISCARD enum rg_status rg_yaml_wrong(const char *origin, const struct rg_yaml_node *node,
    const char *key, const char *wanted, struct rg_err *err);

/* Any scalar is a text: its source, so that 0123 stays 0123. Owned. */
RG_NODISCARD enum rg_status rg_yaml_to_text(const char *origin, const struct rg_yaml_node *node,
    const char *key, char **out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_yaml_to_bool(const char *origin, const struct rg_yaml_node *node,
    const char *key, bool *out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_yaml_to_int(const char *origin, const struct rg_yaml_node *node,
    const char *key, int64_t *out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_yaml_to_texts(const char *origin, const struct rg_yaml_node *node,
    const char *key, struct rg_blob_list *out, struct rg_err *err);

#endif
