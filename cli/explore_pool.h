/* Runs that each have a process of their own, some at a time: what breaks one, or never ends, harms
 * no other. */
#ifndef RG_EXPLORE_POOL_H
#define RG_EXPLORE_POOL_H

#include "rg/base/buf.h"

#define EXPLORE_RESULT_MAX ((size_t)4 << 20)
#define EXPLORE_STDERR_MAX ((size_t)8 << 10) /* of what a process said, kept */

/* What became of one process. Borrowed by done. */
struct explore_end {
    uint64_t index;
    bool whole;           /* it ended with code 0, and bytes are its result */
    bool late;            /* it was killed because its time was over */
    int status;           /* of waitpid */
    uint64_t peak_kib;    /* of its resident memory */
    struct rg_buf bytes;  /* what run left */
    struct rg_buf stderr; /* what it said, the first of it */
};

struct explore_pool {
    uint64_t count; /* runs 0 to count - 1 */
    size_t jobs;    /* at a time; > 0 */
    int64_t timeout_ns;
    /* In the process of the run: appends its result to out. */
    void (*run)(void *ctx, uint64_t index, struct rg_buf *out);
    /* In the calling process, in the order of the indexes. False: no more runs. */
    bool (*done)(void *ctx, const struct explore_end *end);
    void *ctx;
};

/* Returns when every process has ended.
 *   RG_EIO, RG_ENOMEM  no process could be started; err says why */
RG_NODISCARD enum rg_status explore_pool_run(const struct explore_pool *pool, struct rg_err *err);

#endif
