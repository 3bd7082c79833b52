/* What every instance and init_config may say, whatever the check; and which of them belong to the
 * JMX tool.
 * upstream: CommonInstanceConfig, CommonGlobalConfig; pkg/collector/check/jmx.go */
#ifndef RG_FLOW_SCHED_INSTANCE_CONFIG_H
#define RG_FLOW_SCHED_INSTANCE_CONFIG_H

#include "integration_config.h"

/* Texts are never NULL after a decode that succeeded; all is owned. */
struct rg_instance_config {
    int64_t min_collection_interval_s; /* 0 or less: the default */
    bool has_interval, has_tags;       /* the key is there and not null */
    bool empty_default_hostname;
    bool no_index;
    struct rg_blob_list tags;
    char *service;
    char *name;
    char *space; /* key namespace */
};

/* Decodes the reserved keys; others are of no interest. An empty blob has none of them. origin
 * stands in error texts. An error leaves out empty; rg_instance_config_finish() is due after RG_OK.
 *   RG_EINVALID  no mapping, or a reserved key of a wrong type: text or fraction as interval, a map
 *                as tags
 *   RG_ELIMIT    above a limit */
RG_NODISCARD enum rg_status rg_instance_config_decode(
    struct rg_instance_config *out, const char *origin, struct rg_str yaml, struct rg_err *err);
void rg_instance_config_finish(struct rg_instance_config *c);

/* The key service of an init_config; *service is owned, never NULL after RG_OK. */
RG_NODISCARD enum rg_status rg_init_config_service(
    const char *origin, struct rg_str yaml, char **service, struct rg_err *err);

/* The key loader of an instance or init_config; "" if there is none. Owned.
 *   RG_EINVALID  no mapping, or loader is a list or mapping */
RG_NODISCARD enum rg_status rg_config_loader(
    const char *origin, struct rg_str yaml, char **loader, struct rg_err *err);

/* True if the JMX tool runs this instance. RG_ENOMEM only. */
RG_NODISCARD enum rg_status rg_is_jmx_instance(
    struct rg_str name, struct rg_str instance, struct rg_str init_config, bool *out);

#endif
