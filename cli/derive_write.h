/* The scenario as a file. */
#ifndef RG_DERIVE_WRITE_H
#define RG_DERIVE_WRITE_H

#include "derive_fold.h"
#include "derive_yaml.h"

#define DERIVE_WORDS_MAX DERIVE_RUNS_MAX /* of one series */
#define DERIVE_WORDS_MIN 3u              /* fewer would say nothing */

struct derive_file {
    const char *capture; /* its name, for the comment */
    const char *name;    /* of the scenario */
    size_t words_max;    /* of one series */
};

/* What the file could not say. */
struct derive_losses {
    uint64_t replaced; /* bytes that are not UTF-8 */
    uint64_t cut;      /* texts that were too long */
    uint64_t braces;   /* texts with {copy} or {pid} in them */
    uint64_t execs;    /* beyond the first of a process */
    uint64_t threads;  /* processes whose number of threads changed */
    uint64_t parents;  /* processes without a parent that a simulated host can show */
    uint64_t pids;     /* above those of a simulated host */
    uint64_t unnamed;  /* processes without a name */
};

/* Replaces out. d is not changed but for its series, which may be narrowed.
 *   RG_ETOOBIG  out is too small; *losses is valid on success only
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status derive_write(struct derive *d, const struct derive_fold *fold,
    const struct derive_file *file, struct rg_buf *out, struct derive_losses *losses);

/* Appends one line for each loss, each behind prefix. */
RG_NODISCARD enum rg_status derive_losses_print(
    const struct derive_losses *losses, const char *prefix, struct rg_buf *out);

/* How long the scenario runs. */
int64_t derive_for_ns(const struct derive *d);

/* Fields of one process or crowd, into item. */
struct derive_writer {
    struct derive *d;
    const struct derive_fold *fold;
    size_t words_max;
    struct derive_item item;
    struct derive_losses losses;
    struct rg_buf text; /* scratch */
    uint32_t *cells;    /* owned; of each frame */
};

RG_NODISCARD enum rg_status derive_write_kind(
    struct derive_writer *w, const struct derive_kind *kind, struct rg_buf *out);
RG_NODISCARD enum rg_status derive_write_crowd(
    struct derive_writer *w, const struct derive_crowd *crowd, struct rg_buf *out);

#endif
