/* --send, --intake and --intake-ca: which intake payloads go to, read from the configuration of the
 * agent. Nothing is sent anywhere unless one of the first two is given. */
#ifndef RG_INTAKE_SINK_H
#define RG_INTAKE_SINK_H

#include "cli_args.h"
#include "rg/backend/sink.h"

/* Wants a struct cli_common as its input: see cli_args_common. */
extern const struct argp cli_argp_intake;

/* Creates the sink that the command line and the configuration ask for; *out stays NULL when
 * nothing is to be sent. The configuration is read here and not through the backends of the run, so
 * that the key gets into no capture.
 *   RG_EINVALID  the configuration is not acceptable or has no key; err says why
 *   other        of rg_live_sink_intake and of reading the configuration */
RG_NODISCARD enum rg_status intake_sink_create(
    const struct cli_common *common, struct rg_sink **out, struct rg_err *err);

#endif
