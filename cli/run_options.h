/* What the command line says, as the document "options" that the engine asks for: one line
 * "key: value" per setting, keys with dots. */
#ifndef RG_RUN_OPTIONS_H
#define RG_RUN_OPTIONS_H

#include "cli_args.h"

/* Checks that --checks accepts; NULL-terminated. */
extern const char *const run_check_names[];

/* The document of a live run. checks (a list, or "none") and for_text were checked by the parser;
 * either may be NULL. Without checks and without a configuration file it asks for the process
 * check. The checks of conf.d run when there is a folder: agent_confd. RG_ENOMEM. */
RG_NODISCARD enum rg_status run_options_live(
    struct rg_buf *out, const struct cli_common *common, const char *checks, const char *for_text);

/* Puts "key: value" in the place of the line with that key, or at the end. text is such a document
 * and is replaced. RG_ENOMEM, RG_ETOOBIG. */
RG_NODISCARD enum rg_status run_options_set(
    struct rg_buf *text, struct rg_str key, struct rg_str value);

/* Removes the line with that key, if there is one. */
void run_options_unset(struct rg_buf *text, struct rg_str key);

/* Splits "KEY=VALUE" and checks both for what would break a line. False: malformed. */
bool run_options_split(const char *arg, struct rg_str *key, struct rg_str *value);

/* The document as it was recorded; empty when the run asked for none.
 *   statuses of rg_effects_open and rg_effects_next */
RG_NODISCARD enum rg_status run_options_recorded(
    const char *capture, struct rg_buf *out, struct rg_err *err);

#endif
