/* Builds the backends of a run: live ones, or those of a recorded world under virtual time. The
 * only place where live, simulated and recorded parts meet. */
#ifndef RG_COMPOSE_H
#define RG_COMPOSE_H

#include "cli_args.h"
#include "rg/backend/set.h"
#include "rg/fixture.h"

/* Zero-initialise; compose_finish in any case. */
struct compose {
    struct rg_backends set; /* hand this to the engine or to a recorder */
    /* owned parts of set */
    struct rg_runtime *runtime;
    struct rg_procfs *procfs;
    struct rg_host *host;
    struct rg_storage *storage;
    struct rg_sink *sink;
    struct rg_world *world;
};

/* A sink that drops everything, for commands that tell what went wrong themselves. RG_ENOMEM. */
RG_NODISCARD enum rg_status compose_mute_sink(struct rg_sink **out, struct rg_err *err);

/* Live backends; conf.d is common->confd. Storage is kept in memory: no flow of the engine keeps
 * state across runs. sink is taken, also on failure. options_text is borrowed while *c lives.
 *   statuses of rg/live.h; err says why */
RG_NODISCARD enum rg_status compose_live(struct compose *c, const struct cli_common *common,
    const char *options_text, struct rg_sink *sink, struct rg_err *err);

struct compose_world_options {
    const char *path;         /* of the capture */
    const char *options_text; /* instead of the recorded document; NULL keeps it */
    uint64_t seed;
    int64_t until_ns; /* from the start of the capture; 0: its duration */
};

/* A recorded world with virtual clocks that start where the capture starts. Outputs stay in memory:
 * rg_sim_sink_count(c->sink).
 *   statuses of rg_world_open; err says why */
RG_NODISCARD enum rg_status compose_world(
    struct compose *c, const struct compose_world_options *options, struct rg_err *err);

void compose_finish(struct compose *c);

#endif
