/* One file of conf.d as a configuration.
 * upstream: comp/core/autodiscovery/providers/config_reader.go */
#ifndef RG_FLOW_SCHED_CONFIG_FILE_H
#define RG_FLOW_SCHED_CONFIG_FILE_H

#include "config_template.h"
#include "integration_config.h"

#define RG_CONFIG_NO_INSTANCES "Configuration file contains no valid instances"
#define RG_CONFIG_DOCKER_IMAGES                                                                    \
    "the 'docker_images' section is deprecated, please use 'ad_identifiers' instead"

/* Reads the bytes of one file. name is that of the integration; path stands in error texts and, as
 * "file:<path>", in source. t (may be NULL: nothing is replaced) gives the template variables.
 * Instances and sections are written anew as canonical YAML: those bytes are what checks receive.
 * *strict is what strict reading objects to (a key set twice or unknown, a second document), or why
 * a template variable stayed in place; text "" if nothing. The file is used all the same.
 *   RG_OK        *out is the configuration; finish it
 *   RG_EEND      there are no bytes: skip the file, this is no error
 *   RG_EINVALID  malformed YAML, a wrong type, no instances, docker_images; err says where
 *   RG_ELIMIT    above a limit
 *   RG_ESTOPPED, RG_EDIVERGED  as t answered */
RG_NODISCARD enum rg_status rg_config_file_parse(const char *name, const char *path,
    struct rg_str bytes, const struct rg_template *t, struct rg_integration_config *out,
    struct rg_err *strict, struct rg_err *err);

/* True if there is a logs section and nothing else that would run. */
bool rg_config_logs_only(const struct rg_integration_config *c);

#endif
