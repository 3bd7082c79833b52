/* Folders of the operator that the command line, the environment or the configuration names: where
 * the checks are configured, and where a running agent leaves its status. */
#ifndef RG_AGENT_PATHS_H
#define RG_AGENT_PATHS_H

#include "cli_args.h"

/* Fills common->confd, unless --confd did: DD_CONFD_PATH, the key confd_path of the configuration,
 * the folder conf.d beside the configuration file. storage keeps the path and lives as long as
 * common; a longer path names nothing. A configuration that cannot be read names nothing here:
 * whoever uses it says why. False: the folder that --confd names is not there; that was said, and
 * *code is the exit code. */
#define AGENT_PATH_MAX 4096
bool agent_confd(struct cli_common *common, char storage[AGENT_PATH_MAX], int *code);

/* The run folder into out, ended by NUL: option if not NULL, DD_RUN_PATH, the key run_path of the
 * configuration, $XDG_RUNTIME_DIR/reagent, /run/reagent. RG_ENOMEM, RG_ETOOBIG. */
RG_NODISCARD enum rg_status agent_run_dir(
    const struct cli_common *common, const char *option, struct rg_buf *out);

#endif
