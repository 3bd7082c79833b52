/* The metadata that a recording carries: where it comes from. */
#ifndef RG_CAPTURE_NOTES_H
#define RG_CAPTURE_NOTES_H

#include "rg/fixture.h"

/* In the order of enum rg_mask_policy; NULL-terminated. */
extern const char *const capture_mask_names[];

/* Adds kernel, architecture, version, build type, masking policy and the command to the recording.
 * Arguments of the command are not part of it: paths may tell names. checks may be NULL. */
RG_NODISCARD enum rg_status capture_notes_add(
    struct rg_recorder *rec, const char *mask, const char *checks, struct rg_err *err);

struct capture_origin {
    const char *scenario, *kernel, *architecture;
    const char *fixture; /* the capture that is its world, as the scenario names it; NULL: none */
    uint64_t seed;
    enum rg_mask_policy mask;
    /* Of a run that explore keeps; the others are in the stable order of tasks. */
    const char *scheduler; /* NULL: none. "random" or "pct" */
    const char *faults;    /* NULL: those of the scenario. "none" or "random" */
    uint64_t order_seed, pct_steps;
    uint32_t pct_depth;
};

/* The same for a run of a scenario. Nothing of it depends on this host or this build. */
RG_NODISCARD enum rg_status capture_notes_scenario(
    struct rg_recorder *rec, const struct capture_origin *origin, struct rg_err *err);

#endif
