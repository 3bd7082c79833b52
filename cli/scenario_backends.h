/* Composes the backends of one scenario: its world, its faults, and a sink that keeps outputs. */
#ifndef RG_SCENARIO_BACKENDS_H
#define RG_SCENARIO_BACKENDS_H

#include "compose.h"
#include "rg/sim.h"
#include "rg/sim_scenario.h"

#define SCENARIO_FIRED_LINES_MAX 20 /* faults that are shown as text */

struct scenario_fired {
    int64_t at_ns;
    size_t rule;
};

/* Zero-initialise; scenario_world_finish in any case. */
struct scenario_world {
    const struct rg_backends *set;      /* for the engine */
    struct rg_runtime *clock;           /* below the faults */
    struct rg_sink *sink;               /* a scenario_sink, or what make_sink made */
    struct rg_buf options;              /* owned: the options document, NUL-terminated */
    struct rg_sim_runtime_stats *stats; /* borrowed, of the options */
    size_t own_faults;                  /* the first ones are those of the scenario */
    /* owned parts */
    struct compose parts;
    struct rg_sim_host *host;
    struct rg_faults *faults;
    struct scenario_fired *fired;
    size_t fired_count, fired_cap;
    enum rg_status fired_st;  /* of keeping fired faults */
    struct rg_buf fired_text; /* the first of them, one line each */
};

struct scenario_world_options {
    uint64_t seed; /* instead of that of the scenario */
    /* Of virtual time; in another order than the stable one each backend call is a point at which
     * another task may go on. Depth and steps as in rg_sim_runtime_options. */
    enum rg_sim_order order;
    uint64_t order_seed;
    uint32_t pct_depth;
    uint64_t pct_steps;
    bool no_faults;                           /* those of the scenario are left out */
    const struct rg_fault_rule *extra_faults; /* behind those of the scenario */
    size_t extra_count;
    struct rg_sim_runtime_stats *stats; /* filled by finish under virtual time; may be NULL */
    const char *log_level;              /* likewise; NULL: not instead */
    /* Makes the sink on the clock of the world; NULL: a scenario_sink. *out is owned by the world.
     */
    enum rg_status (*make_sink)(
        void *ctx, struct rg_runtime *clock, struct rg_sink **out, struct rg_err *err);
    void *sink_ctx;
};

/* world lives until finish at the same address.
 *   RG_EINVALID  the scenario asks for what cannot be; err says where
 *   others       of rg_world_open and the parts; err says why */
RG_NODISCARD enum rg_status scenario_world_build(struct scenario_world *world,
    const struct rg_scenario *scenario, const struct scenario_world_options *options,
    struct rg_err *err);
void scenario_world_finish(struct scenario_world *world);

/* A file of the scenario, relative to the folder of its own. Owned: free(). NULL: no memory. */
char *scenario_file(const struct rg_scenario *scenario, const char *name);

/* Turns "options:LINE:..." of a refused configuration into the place in the scenario. */
void scenario_world_locate(
    const struct scenario_world *world, const struct rg_scenario *scenario, struct rg_err *err);

#endif
