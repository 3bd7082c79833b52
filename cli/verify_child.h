/* A replay in a process of its own, with surroundings of our choice. */
#ifndef RG_VERIFY_CHILD_H
#define RG_VERIFY_CHILD_H

#include "rg/base/buf.h"

enum verify_surroundings {
    VERIFY_PLAIN, /* as ours, but with a fixed address layout */
    VERIFY_ODD,   /* random addresses, environment reversed and extended, another time zone and
                   * locale, another folder, one CPU only */
};

/* Initialise with code -1. */
struct verify_child {
    int code;             /* exit code; 128 + number after a signal */
    struct rg_buf log;    /* owned: the hash log of its outputs */
    struct rg_buf result; /* owned: its report, without what a clock says */
    struct rg_buf errors; /* owned: what it said on stderr */
};

/* Runs "replay path" and waits for it. path is absolute.
 *   RG_EIO, RG_ENOMEM, RG_ETOOBIG  it could not be run or listened to */
RG_NODISCARD enum rg_status verify_child_run(struct verify_child *child,
    enum verify_surroundings surroundings, const char *path, struct rg_err *err);
void verify_child_finish(struct verify_child *child);

#endif
