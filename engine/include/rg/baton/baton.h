/* Passing control between threads so that exactly one runs: what virtual time and exact replay are
 * built on. Threads and not switched stacks, because CPython ties its state to the thread.
 *
 * The holder of the baton is the only one that may call anything here, except rg_baton_self. The
 * policy (who goes on) belongs to the caller: the sim runtime draws it, replay reads it. */
#ifndef RG_BATON_H
#define RG_BATON_H

#include "rg/base/err.h"

struct rg_baton;

#define RG_BATON_NONE    UINT32_MAX
#define RG_BATON_IDS_MAX (1u << 20) /* bounds the table of tasks, at 8 bytes each */

/* Creates the baton; the calling thread becomes task 0 and holds it. NULL when memory is short. */
struct rg_baton *rg_baton_create(void);

/* All tasks but 0 were joined. NULL is fine. */
void rg_baton_destroy(struct rg_baton *baton);

/* Number of the calling thread's task; RG_BATON_NONE for a foreign thread. */
uint32_t rg_baton_self(struct rg_baton *baton);

/* Makes task number id (below RG_BATON_IDS_MAX, never used before) with a thread of its own. It
 * does not run before the baton is passed to it; then it calls fn(arg). When fn returns,
 * on_exit(exit_ctx, id) runs in that thread, still holding the baton, and returns the task that
 * goes on. The thread has 1 MiB of stack and blocks every signal.
 *   RG_ENOMEM, RG_EIO  no task was made, id may be used again; err says why */
RG_NODISCARD enum rg_status rg_baton_spawn(struct rg_baton *baton, uint32_t id, void (*fn)(void *),
    void *arg, uint32_t (*on_exit)(void *exit_ctx, uint32_t id), void *exit_ctx,
    struct rg_err *err);

/* Hands the baton to task id and waits until somebody hands it back. Returns at once when id is the
 * caller. */
void rg_baton_pass(struct rg_baton *baton, uint32_t id);

/* Frees what is left of a task whose on_exit has run. The caller holds the baton. */
void rg_baton_join(struct rg_baton *baton, uint32_t id);

#endif
