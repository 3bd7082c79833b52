/* Writes what a run emits while it emits it: the outputs themselves, or one line for each. */
#ifndef RG_OUTPUT_LOG_H
#define RG_OUTPUT_LOG_H

#include "rg/backend/sink.h"

#include <stdio.h>

/* Zero-initialise; output_log_close in any case. */
struct output_log {
    struct rg_sink *file; /* owned; NULL: not wanted */
    FILE *hashes;         /* owned; NULL: not wanted */
    uint64_t count;
    uint64_t hash;     /* rolling, the same that a recording computes */
    enum rg_status st; /* of the first failure */
    struct rg_err err;
};

/* out_path receives the outputs in the format of rg_live_sink_file and is emptied before;
 * hash_path receives one line per output: number, kind, source, bytes, hash. Both may be NULL.
 *   RG_EIO and others  err says why */
RG_NODISCARD enum rg_status output_log_open(
    struct output_log *log, const char *out_path, const char *hash_path, struct rg_err *err);

/* ctx is a struct output_log; failures are kept in it. */
void output_log_take(void *ctx, const struct rg_output *output);

/* Flushes and closes. The first failure, also of output_log_take. */
RG_NODISCARD enum rg_status output_log_close(struct output_log *log, struct rg_err *err);

#endif
