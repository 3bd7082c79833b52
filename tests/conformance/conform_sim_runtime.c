/* The virtual runtime in its stable order, and in the orders that some seeds choose. */
#include "conform_runtime.h"
#include "rg/sim.h"

#include <stdio.h>

static struct rg_runtime *create(void *context)
{
    struct rg_runtime *rt = NULL;
    struct rg_err err = {0};

    if (rg_sim_runtime_create(context, &rt, &err) != RG_OK)
        fprintf(stderr, "%s\n", rg_err_text(&err, RG_EIO));
    return rt;
}

static void request_stop(void *context, struct rg_runtime *rt)
{
    (void)context;
    rg_sim_runtime_stop(rt);
}

int main(void)
{
    int failures = 0;

    static const char *const orders[] = {"stable", "random", "pct"};

    for (uint64_t seed = 0; seed < 11; seed++) {
        struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
        char name[64];
        struct conform_runtime sim = {
            .name = name,
            .context = &options,
            .create = create,
            .request_stop = request_stop,
            .exact_order = true,
        };

        options.seed = seed;
        if (seed > 0)
            options.order = seed < 6 ? RG_SIM_ORDER_RANDOM : RG_SIM_ORDER_PCT;
        options.pct_steps = 50;
        snprintf(name, sizeof(name), "sim runtime, %s order, seed %u", orders[options.order],
            (unsigned)seed);
        failures += conform_runtime_run(&sim);
    }
    return failures;
}
