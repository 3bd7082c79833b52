/* Processes of our own, with surroundings of our choice, that do the same work. */
#ifndef RG_VERIFY_CHILD_H
#define RG_VERIFY_CHILD_H

#include "rg/base/buf.h"

#include <sys/types.h>

enum verify_surroundings {
    VERIFY_PLAIN, /* as ours, but with a fixed address layout */
    VERIFY_ODD,   /* random addresses, environment reversed and extended, another time zone and
                   * locale, another folder, one CPU only */
};

/* What a process is to do. Texts are borrowed while it is started. */
struct verify_work {
    const char *verb;
    const char *log_option; /* that takes the file of the log: "--hash-log" */
    const char *options[4]; /* further ones; the first NULL ends them */
    const char *path;       /* absolute */
};

/* Initialise with code -1. */
struct verify_child {
    int code;             /* exit code; 128 + number after a signal */
    struct rg_buf log;    /* owned: the log of its outputs */
    struct rg_buf result; /* owned: what it said on stdout */
    struct rg_buf errors; /* owned: what it said on stderr */
    /* while it runs */
    pid_t pid;
    int fds[3];
};

/* Pairs of processes: children[2 * i] and the next one do work[i], in surroundings that differ. At
 * most jobs of them run at a time. Returns when all have ended, also after a failure.
 *   RG_EIO, RG_ENOMEM  one could not be run or listened to
 *   RG_ETOOBIG         one wrote more than is read back; err says how much that is */
RG_NODISCARD enum rg_status verify_child_run(struct verify_child *children,
    const struct verify_work *work, size_t pairs, size_t jobs, struct rg_err *err);
void verify_child_finish(struct verify_child *child);

#endif
