/* The parts of the reader of scenarios: each section with a notation of its own has a file. */
#ifndef RG_SCENARIO_PARTS_H
#define RG_SCENARIO_PARTS_H

#include "rg/sim_scenario.h"
#include "scenario_yaml.h"

#define SCENARIO_NAME_MAX 200

struct rg_scenario_doc {
    struct scenario_doc yaml;
};

/* Checks the notation of a simulated world without building it. */
RG_NODISCARD enum rg_status scenario_world_check(
    const struct scenario_doc *doc, const struct scenario_node *simulate, struct rg_err *err);

/* Disks, mounts, interfaces and numbers of the section "host" (NULL: there is none), into host or,
 * when that is NULL, only the notation of them. */
RG_NODISCARD enum rg_status scenario_devices_read(const struct scenario_doc *doc,
    const struct scenario_node *map, struct rg_sim_host *host, struct rg_err *err);

/* The same for documents and environment. */
RG_NODISCARD enum rg_status scenario_confd_read(const struct scenario_doc *doc,
    const struct scenario_node *simulate, struct rg_sim_host *host, struct rg_err *err);

/* Whether the world has a conf.d. */
bool scenario_confd_there(const struct scenario_doc *doc, const struct scenario_node *simulate);

/* Reads one item of the list of faults. */
RG_NODISCARD enum rg_status scenario_fault_read(const struct scenario_doc *doc,
    const struct scenario_node *node, struct rg_fault_rule *out, struct rg_err *err);

#endif
