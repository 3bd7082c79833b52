/* One configuration through the loaders. */
#ifndef RG_FLOW_CHECK_LOADING_H
#define RG_FLOW_CHECK_LOADING_H

#include "check_scheduler.h"

struct check_loading {
    const struct rg_check_world *world;
    const struct rg_check_loader *loaders;
    size_t loader_count;
};

/* As rg_check_scheduler_load. */
void rg_check_loading_run(const struct check_loading *with,
    const struct rg_integration_config *config, const struct rg_check_load *load);

#endif
