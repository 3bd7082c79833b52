/* What one scan read of one process. */
#ifndef RG_DERIVE_VISIT_H
#define RG_DERIVE_VISIT_H

#include "derive.h"
#include "proc_parse.h"

/* The numbers are parsed at once; texts are copied, because effects do not last. */
struct derive_visit {
    int32_t pid;    /* 0: none */
    uint32_t frame; /* number */
    int64_t at_ns;  /* of the first read */
    bool gone, has_status, has_stat, has_cmdline, has_exe, has_cwd, has_io, has_fds;
    struct rg_proc_status status; /* its texts are not used */
    struct rg_proc_stat stat;     /* its texts are not used */
    struct rg_proc_io io;
    int64_t stat_ns, io_ns, fds;
    struct rg_buf comm, cmdline, exe, cwd;
};

void derive_visit_init(struct derive_visit *v);
void derive_visit_finish(struct derive_visit *v);
void derive_visit_start(struct derive_visit *v, int32_t pid, uint32_t frame, int64_t at_ns);

/* Takes an answer about the pid of the visit. RG_ENOMEM. */
RG_NODISCARD enum rg_status derive_visit_take(
    struct derive_visit *v, const struct rg_effect *effect, int64_t at_ns);

/* Whether the visit shows the process that p is, as far as can be told. */
bool derive_visit_same(const struct derive_visit *v, const struct derive_process *p);

/* Adds what the visit saw to the life of p; fresh: nothing is known of p yet.
 *   RG_ENOMEM, RG_ELIMIT */
RG_NODISCARD enum rg_status derive_visit_apply(struct derive *d, const struct derive_visit *v,
    struct derive_process *p, bool fresh, struct rg_err *err);

#endif
