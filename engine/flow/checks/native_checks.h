/* The checks that are part of the agent: cpu, disk, file_handle, io, load, memory, network, uptime.
 * docs/native-checks.md lists their metrics. */
#ifndef RG_FLOW_NATIVE_CHECKS_H
#define RG_FLOW_NATIVE_CHECKS_H

#include "check.h"

/* All of them, sorted by name. Constant. */
const struct rg_check_factory *rg_native_checks(size_t *count);

/* Each makes its check: see struct rg_check_factory. */
RG_NODISCARD enum rg_status rg_cpu_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_disk_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_file_handle_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_io_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_load_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_memory_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_network_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err);
RG_NODISCARD enum rg_status rg_uptime_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err);

#endif
