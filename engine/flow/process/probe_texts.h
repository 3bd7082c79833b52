/* The texts of one process as one immutable block: a process that keeps its texts costs no
 * allocation at all, and tables may point into a block until its list is freed. */
#ifndef RG_FLOW_PROCESS_PROBE_TEXTS_H
#define RG_FLOW_PROCESS_PROBE_TEXTS_H

#include "process_model.h"

/* Where texts come from; everything is borrowed and may lie in reading buffers. */
struct probe_texts_source {
    struct rg_str cmdline; /* raw, any length */
    struct rg_str exe, cwd, comm, name;
};

struct probe_texts {
    struct probe_texts *next; /* in a list of retired blocks */
    struct rg_str cmdline;    /* raw, cut at RG_PROCESS_ARGS_BYTES_MAX */
    struct rg_str exe, cwd, comm, name;
    uint64_t args_hash; /* of the whole raw command line */
    uint32_t arg_count;
    struct rg_str args[]; /* slices of cmdline, then the bytes of all texts */
};

/* Replaces *texts (owned, may be NULL) unless it says the same already. A replaced block is put in
 * front of *retired. RG_ENOMEM: nothing changed. */
RG_NODISCARD enum rg_status probe_texts_update(struct probe_texts **texts,
    const struct probe_texts_source *source, struct probe_texts **retired);

/* Moves *texts to the list and clears it; NULL is fine. */
void probe_texts_retire(struct probe_texts **texts, struct probe_texts **retired);
void probe_texts_free_list(struct probe_texts **list);

/* Points the text members of proc into texts. */
void probe_texts_fill(struct rg_process *proc, struct probe_texts *texts);

#endif
