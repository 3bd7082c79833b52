/* Parsing of a verb's command line: argp, with "did you mean" and the options verbs share. */
#ifndef RG_CLI_ARGS_H
#define RG_CLI_ARGS_H

#include "cli.h"
#include "rg/backend/log.h"

#include <argp.h>

/* What the shared options say. Initialise with cli_common_defaults. Texts are borrowed from argv.
 */
struct cli_common {
    const char *config_path; /* NULL: none named */
    const char *confd;       /* --confd, or what agent_confd found; NULL: none */
    const char *proc_root;   /* --proc-root, else HOST_PROC, else "/proc"; never NULL */
    bool proc_root_given;
    enum rg_log_level log_level;
    bool log_level_given;
    bool json;
    uint64_t seed;
    bool seed_given;
    bool send; /* payloads to an intake: intake_sink.h */
    const char *intake_url, *intake_ca;
};

struct cli_common cli_common_defaults(void);

/* Groups of shared options, for the children of a verb's argp. Each wants a struct cli_common as
 * its input: see cli_args_common. */
extern const struct argp cli_argp_json;   /* --json */
extern const struct argp cli_argp_config; /* --config */
extern const struct argp cli_argp_confd;  /* --confd */
extern const struct argp cli_argp_level;  /* --log-level */
extern const struct argp cli_argp_proc;   /* --proc-root */
extern const struct argp cli_argp_seed;   /* --seed */

/* For ARGP_KEY_INIT: hands common to every child. children are those of the verb's argp; the state
 * knows only the one that libc puts around it. */
void cli_args_common(
    struct argp_state *state, const struct argp_child *children, struct cli_common *common);

/* Parses; on a wrong command line says why, with the nearest option if there is one, and exits
 * with CLI_USAGE. --help exits with CLI_OK. */
void cli_args_parse(const struct argp *argp, int argc, char **argv, void *input);

/* Values of options; a malformed one ends the process like any wrong command line. */
int64_t cli_args_duration(struct argp_state *state, const char *option, const char *text);
uint64_t cli_args_u64(struct argp_state *state, const char *option, const char *text);

/* One of names (NULL-terminated); its index. */
size_t cli_args_choice(
    struct argp_state *state, const char *option, const char *text, const char *const *names);

/* A list separated by commas, each one of names and none twice. */
void cli_args_list(
    struct argp_state *state, const char *option, const char *text, const char *const *names);

/* The same, or "none" alone. */
void cli_args_list_or_none(
    struct argp_state *state, const char *option, const char *text, const char *const *names);

/* Takes the next plain argument into *slot, or refuses one too many. */
void cli_args_take(struct argp_state *state, const char **slots, size_t slot_count, char *arg);

/* For ARGP_KEY_END: refuses when fewer than count plain arguments came. what names them. */
void cli_args_need(struct argp_state *state, unsigned count, const char *what);

#endif
