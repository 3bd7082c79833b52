/* Ends a live run when SIGINT, SIGTERM or SIGHUP comes, and shows progress meanwhile. */
#ifndef RG_LIVE_STOP_H
#define RG_LIVE_STOP_H

#include "rg/backend/runtime.h"

struct live_stop;

struct live_stop_options {
    struct rg_runtime *runtime; /* live; borrowed; asked to stop at the first signal */
    /* Called about twice a second from another thread with the time since the start; may be NULL.
     */
    void (*tick)(void *ctx, int64_t elapsed_ns);
    /* Called from another thread when the run has not ended so long after the first signal; it ends
     * the process. NULL: the run may take as long as it wants. */
    void (*overdue)(void *ctx);
    int64_t grace_ns; /* for overdue; > 0 */
    /* Called from another thread after the first signal; may be NULL. */
    void (*stopping)(void *stopping_ctx);
    void *stopping_ctx;
    void *ctx;
};

/* Blocks the signals in the calling thread, which must be the only one so far, and starts a thread
 * that waits for them. A second signal ends the process as if nobody had caught it. A signal that
 * was ignored when the process started stays ignored.
 *   RG_EIO, RG_ENOMEM */
RG_NODISCARD enum rg_status live_stop_create(
    const struct live_stop_options *options, struct live_stop **out, struct rg_err *err);

/* Ends the thread. NULL is fine. Before the runtime is destroyed. */
void live_stop_destroy(struct live_stop *stop);

#endif
