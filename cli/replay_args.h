/* What `reagent replay` was asked for; shared by exact and world replay. */
#ifndef RG_REPLAY_ARGS_H
#define RG_REPLAY_ARGS_H

#include "cli_args.h"

#define REPLAY_SETS_MAX 64

struct replay_args {
    struct cli_common common;
    const char *file;
    const char *out;      /* --out; NULL: none */
    const char *hash_log; /* NULL: none */
    bool as_of;
    bool strict;
    bool no_times;    /* leave out what a clock says */
    int64_t until_ns; /* 0: to the end */
    const char *sets[REPLAY_SETS_MAX];
    size_t set_count;
};

struct output_log;

/* Asks the capture as a world under virtual time; outputs go to log. Returns an exit code. */
int replay_as_of(const struct replay_args *args, struct output_log *log);

#endif
