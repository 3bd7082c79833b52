/* What every way to run the engine begins with: configuration, log, identity. */
#ifndef RG_CORE_ENGINE_SETUP_H
#define RG_CORE_ENGINE_SETUP_H

#include "aggregator.h"
#include "check.h"
#include "config.h"
#include "process_check.h"
#include "rg/core/engine.h"

/* Zero-initialise. */
struct rg_engine_setup {
    struct rg_engine_config config;
    struct rg_log log;
    struct rg_host_facts facts;
    const char *hostname; /* borrowed: of config or facts */
};

/* use_flow: the keys of the check flow count even if run.confd is not set. RG_OK or why not;
 * rg_engine_setup_finish in both cases. */
RG_NODISCARD enum rg_status rg_engine_setup_init(struct rg_engine_setup *s,
    const struct rg_backends *backends, bool use_flow, struct rg_err *err);
void rg_engine_setup_finish(struct rg_engine_setup *s);

/* The process check as configured. */
RG_NODISCARD enum rg_status rg_engine_setup_check(struct rg_engine_setup *s,
    const struct rg_backends *backends, struct rg_process_check **out, struct rg_err *err);

/* The aggregator as configured; the config has use_flow. */
RG_NODISCARD enum rg_status rg_engine_setup_aggregator(const struct rg_engine_setup *s,
    const struct rg_backends *backends, struct rg_aggregator **out, struct rg_err *err);

/* The surroundings in which checks are made. Borrows everything. */
struct rg_check_world rg_engine_setup_world(const struct rg_engine_setup *s,
    const struct rg_backends *backends, struct rg_aggregator *aggregator,
    struct rg_mutex *stop_lock);

#endif
