/* Variables like %%env_NAME%% in the texts of a configuration. Keys are left alone, and what a
 * value brings in is not looked at again.
 * upstream: comp/core/autodiscovery/configresolver/configresolver.go */
#ifndef RG_FLOW_SCHED_CONFIG_TEMPLATE_H
#define RG_FLOW_SCHED_CONFIG_TEMPLATE_H

#include "integration_config.h"

/* Puts the value of a variable into value, which is empty. name is one of host, pid, port,
 * hostname, extra, kube; key may be empty. Anything but RG_OK leaves the variable in place; err
 * says why. See rg_template_ends(). */
typedef enum rg_status rg_template_service_fn(
    void *ctx, struct rg_str name, struct rg_str key, struct rg_buf *value, struct rg_err *err);

/* One environment variable. RG_ENOTFOUND: it is not set. */
typedef enum rg_status rg_template_env_fn(
    void *ctx, struct rg_str name, struct rg_buf *value, struct rg_err *err);

struct rg_template {
    rg_template_env_fn *env;         /* NULL: none is set */
    rg_template_service_fn *service; /* NULL: there is no service, so host and the like fail */
    void *ctx;
    bool env_disabled;              /* ad_disable_env_var_resolution */
    const struct rg_str *env_names; /* ad_allowed_env_vars, letter case ignored; none: all */
    size_t env_count;
};

/* Answers that end more than a pass: memory is short, or the run is over. */
bool rg_template_ends(enum rg_status st);

/* Replaces the variables of init_config, the instances and, unless provider says that it is JSON
 * (container, kubernetes), logs_config, and writes those blobs anew. A blob with a variable that
 * has no value stays as it is and ends the pass; blobs before it are done.
 * A text that is nothing but one variable becomes a number or boolean if the value looks like one;
 * values of the environment stay texts.
 *   RG_OK           all is replaced
 *   RG_ENOTFOUND    a variable needs a service and there is none
 *   RG_EINVALID     unknown name, environment variable that is unset or not allowed, no YAML
 *   other           what the service answered */
RG_NODISCARD enum rg_status rg_config_substitute(
    struct rg_integration_config *c, const struct rg_template *t, struct rg_err *err);

#endif
