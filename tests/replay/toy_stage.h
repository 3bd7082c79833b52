/* Where the toy engine runs: on backends of its own under the recorder, or on a capture. */
#ifndef RG_TESTS_TOY_STAGE_H
#define RG_TESTS_TOY_STAGE_H

#include "capture_edit.h"
#include "engine_toy.h"

enum toy_stage {
    TOY_LIVE, /* threads and clocks of this machine */
    TOY_SIM,  /* virtual time, order by the seed */
};

/* What to do right before the run and right after it; may be NULL. */
struct toy_hooks {
    void (*before)(void *ctx);
    void (*after)(void *ctx);
    void *ctx;
};

struct toy_recording {
    enum rg_status ran;      /* of the engine */
    enum rg_status recorded; /* of the recorder: create or finish */
    struct rg_record_summary summary;
    struct rg_err err;
};

/* Records one run to path, which must not exist. */
void toy_record(enum toy_stage stage, uint64_t seed, const char *path,
    const struct toy_options *options, const struct toy_hooks *hooks, struct toy_recording *out);

/* Replays path; the status of opening it. When it is RG_OK, report is filled: finish it. */
enum rg_status toy_replay(const char *path, const struct toy_options *options,
    const struct toy_hooks *hooks, struct rg_replay_report *report);

#endif
