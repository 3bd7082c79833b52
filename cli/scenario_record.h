/* One run of a scenario under the recorder. The recorder is outside the faults: what it writes down
 * are the spoiled answers. */
#ifndef RG_SCENARIO_RECORD_H
#define RG_SCENARIO_RECORD_H

#include "rg/core/engine.h"
#include "rg/fixture.h"
#include "scenario_backends.h"

/* Zero-initialised: nothing is kept, nothing is masked. */
struct scenario_record_options {
    const char *path; /* of the capture, replaced if it exists; NULL: no file */
    enum rg_mask_policy mask;
    bool signals; /* of a live world: SIGINT, SIGTERM and SIGHUP end the run */
    /* Sees each effect in order, as rg_recorder_options.effect; may be NULL. */
    void (*effect)(void *ctx, const struct rg_effect *effect);
    void *effect_ctx;
};

/* Builds the world, runs the engine, writes the capture with what names the run: scenario, seed,
 * kernel, masking policy. Unless the world is live, file and summary depend on the scenario and the
 * seed only; so does the masking key, which anyone who has the scenario can compute.
 *   RG_OK        the capture is whole
 *   RG_EINVALID, RG_ELIMIT  the scenario asks for what cannot be; err says where; there is no file
 *   RG_EDIVERGED a deadlock of the tasks; err lists who waits for what
 *   other, summary->effects != 0  the run failed as err says; the capture is whole and replays it
 *   other, summary->effects == 0  no world, or no file; PATH.partial holds what reached the disk
 * With RG_EDIVERGED the capture is whole, too. */
RG_NODISCARD enum rg_status scenario_record(const struct rg_scenario *scenario,
    const struct scenario_world_options *world, const struct scenario_record_options *options,
    struct rg_record_summary *summary, struct rg_engine_report *report, struct rg_err *err);

#endif
