/* What every verb of the command line shares: exit codes, the table of verbs, messages. */
#ifndef RG_CLI_H
#define RG_CLI_H

#include "rg/base/str.h"

#include <stdio.h>

/* harness.md, section 3. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FINDING = 1,      /* a difference */
    CLI_NOT_RUN = 2,      /* something was not run */
    CLI_BAD_INPUT = 3,    /* capture or configuration invalid, missing or too new */
    CLI_DIVERGED = 4,     /* divergence or non-determinism */
    CLI_LIMIT = 5,        /* a limit was exceeded */
    CLI_USAGE = 64,       /* the command line is wrong */
    CLI_UNAVAILABLE = 69, /* a live source is not there */
    CLI_INTERNAL = 70,
    CLI_OUTPUT = 74,  /* output could not be written */
    CLI_SKIPPED = 77, /* this host lacks something */
};

#define CLI_SCHEMA_VERSION 1

/* Arguments as main gets them, with argv[0] "reagent VERB". Returns an exit code, or leaves
 * through exit() when the command line is wrong or help was asked for. */
typedef int cli_verb_fn(int argc, char **argv);

struct cli_verb {
    const char *name;
    const char *summary;
    cli_verb_fn *run;
};

cli_verb_fn cmd_record, cmd_replay, cmd_run, cmd_check, cmd_verify, cmd_info, cmd_ls, cmd_cat,
    cmd_diff, cmd_recover, cmd_scenario, cmd_test, cmd_bench, cmd_merge, cmd_explore, cmd_doctor,
    cmd_status, cmd_configcheck;

/* One line on stderr, "reagent: ...", control characters escaped. */
void cli_say(const char *fmt, ...) RG_PRINTF(1, 2);

/* The exit code for a failure to use a capture, or a configuration. */
int cli_exit_for_input(enum rg_status st);

/* The exit code for a failure of a live source. */
int cli_exit_for_live(enum rg_status st);

/* Of two exit codes the one that says more: what broke here, then limits, the world, the input, and
 * what was found. */
int cli_graver(int a, int b);

/* The exit code for a process of ours that could not be run or listened to. */
int cli_exit_for_process(enum rg_status st);

/* Says "what: text of err" and returns code. */
int cli_fail(int code, const char *what, enum rg_status st, const struct rg_err *err);

/* False when path cannot be read, is a folder, or is too short to be a capture: the reason was said
 * and *code is the exit code. */
bool cli_capture_usable(const char *path, int *code);

/* The same for a configuration file that the user named; NULL is fine. */
bool cli_config_usable(const char *path, int *code);

/* Writes bytes to stdout. False when stdout is broken: the caller may stop early; the exit code is
 * cli_close_stdout's matter. */
bool cli_put(struct rg_str bytes);

/* For atexit: flushes stdout and ends the process with CLI_OUTPUT when anything was lost. */
void cli_close_stdout(void);

/* A path or name of the outside world, escaped for a terminal, into out. Returns out as text; ""
 * when memory is short. */
const char *cli_escaped(struct rg_buf *out, struct rg_str text);

/* Prints a word for a shell: quoted when it has to be. */
void cli_put_word(FILE *out, struct rg_str word);

/* Prints an indented line of a report. What a terminal might act on is escaped. */
void cli_put_line(FILE *out, struct rg_str line);

/* Appends a whole file to out, which has a maximum.
 *   RG_ETOOBIG  it is larger than out may grow; err says how much that is
 *   others      it cannot be read; err says why, without the path */
RG_NODISCARD enum rg_status cli_read_file(const char *path, struct rg_buf *out, struct rg_err *err);

/* This process's CLOCK_MONOTONIC in ns: how long the command took. Not an effect. */
int64_t cli_mono_ns(void);

/* A hash as 16 hexadecimal digits. Returns out. */
#define CLI_HASH_TEXT 17
const char *cli_hash_text(uint64_t hash, char out[CLI_HASH_TEXT]);

#endif
