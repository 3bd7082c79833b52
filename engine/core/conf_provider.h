/* Reads conf.d through the host backend. Mirrors upstream's
 * comp/core/autodiscovery/providers/file.go. */
#ifndef RG_CORE_CONF_PROVIDER_H
#define RG_CORE_CONF_PROVIDER_H

#include "config_checks.h"
#include "config_files.h"
#include "rg/backend/host.h"
#include "rg/backend/log.h"

#define RG_CONF_FOLDER   "conf.d"
#define RG_CONF_ENVS_MAX 4096 /* names that templates may ask for, in one run */

struct rg_conf_provider;

/* All borrowed; they outlive it.
 *   RG_OK  *out is owned: rg_conf_provider_destroy */
RG_NODISCARD enum rg_status rg_conf_provider_create(struct rg_host *host,
    const struct rg_checks_config *config, const struct rg_log *log, struct rg_conf_provider **out,
    struct rg_err *err);
void rg_conf_provider_destroy(struct rg_conf_provider *p); /* NULL is fine */

/* Lists, reads and parses everything. Environment variables are asked for once in the life of the
 * provider. Errors and warnings of files are in out, and in the log unless the load before had the
 * same. One task at a time; rg_conf_set_finish() is due whatever the answer. RG_OK        *out is
 * what the folder says; without a folder nothing RG_EACCES, RG_EIO, RG_ETOOBIG, RG_ELIMIT  the
 * folder cannot be listed; *out is empty RG_ENOMEM, RG_ESTOPPED, RG_EDIVERGED */
RG_NODISCARD enum rg_status rg_conf_provider_load(
    struct rg_conf_provider *p, struct rg_conf_set *out, struct rg_err *err);

/* Whether this node runs the configuration as a check. The digest does not say: a cluster check and
 * a check of the node can be identical. */
bool rg_conf_runs(const struct rg_integration_config *config);

/* Numbers of equal configurations: out[i] is the index of the first configuration of set that is
 * identical with number i and runs if that one does, i itself when there is none before. out holds
 * set->count. RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_conf_set_firsts(const struct rg_conf_set *set, size_t *out);

/* A deep copy. RG_ENOMEM: *out is empty. */
RG_NODISCARD enum rg_status rg_conf_copy(
    const struct rg_integration_config *config, struct rg_integration_config *out);

#endif
