/* Which processes become one item of a scenario. */
#ifndef RG_DERIVE_FOLD_H
#define RG_DERIVE_FOLD_H

#include "derive.h"

#define DERIVE_CROWD_MIN 8 /* short lives that make a crowd */

/* Processes that are alike, from the beginning to the end. */
struct derive_kind {
    uint32_t process; /* the first of them */
    uint32_t count;
    bool one_parent;
    uint32_t next; /* kind + 1 with the same hash */
};

/* Processes of one name that come and go. */
struct derive_crowd {
    uint32_t process, other; /* one of them, and one with another command line (or the same) */
    uint32_t members;        /* that were seen */
    double visible;          /* on average, in one list */
    int64_t life_ns, start_ns, stop_ns;
    uint32_t spawn_per_ks;
    bool respawn; /* as many at any time: one that ends is replaced */
    bool reuse_pids;
    int64_t cpu, rss, read, write, fds; /* thousandths; -1: never seen */
};

struct derive_fold {
    struct derive_kind *kinds; /* owned; in order of appearance */
    size_t kind_count, kind_cap;
    struct derive_crowd *crowds; /* owned */
    size_t crowd_count, crowd_cap;
    uint32_t *crowd_of;   /* owned; of each process: crowd + 1, 0 for none */
    bool numbers_ignored; /* there were too many kinds otherwise */
};

/* *fold is zero-initialised; derive_fold_finish in any case.
 *   RG_ELIMIT  more kinds than a simulated host may have, whatever their numbers
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status derive_fold(
    struct derive_fold *fold, const struct derive *d, struct rg_err *err);
void derive_fold_finish(struct derive_fold *fold);

/* Finds the crowds; derive_fold calls it first. */
RG_NODISCARD enum rg_status derive_crowds(
    struct derive_fold *fold, const struct derive *d, struct rg_err *err);

/* Processes that the last message of the process check tells of. least and most differ by what
 * crowds may add, and by what late scans leave open. */
void derive_expect_count(const struct derive_fold *fold, const struct derive *d,
    bool ignore_zombies, uint64_t *least, uint64_t *most);

#endif
