/* What another look at conf.d means for the configurations that are scheduled. */
#ifndef RG_CORE_CONF_CHANGES_H
#define RG_CORE_CONF_CHANGES_H

#include "check_scheduler.h"
#include "conf_provider.h"

/* Zero-initialise; rg_conf_changes_finish. */
struct rg_conf_changes {
    bool *known; /* owned; by index of the set: scheduled already */
    struct rg_integration_config
        *leaving; /* owned copies; scheduled, and not in the set, or no longer run */
    size_t leaving_count, leaving_cap;
};

/* Compares by all that the digest covers; takes the lock of the scheduler. RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_conf_changes_find(struct rg_check_scheduler *scheduler,
    const struct rg_conf_set *set, struct rg_conf_changes *out);
void rg_conf_changes_finish(struct rg_conf_changes *c);

#endif
