/* Cuts a selection of scenarios into shards, the same way on every machine. Only names and recorded
 * durations count, never the folder that a scenario was found in. */
#ifndef RG_SCENARIO_SHARD_H
#define RG_SCENARIO_SHARD_H

#include "scenario_list.h"
#include "test_report.h"

/* One step of the hash that tells selections apart: start with 0, names in bytewise order. */
uint64_t scenario_selection_add(uint64_t hash, struct rg_str name);

/* Hash of all names of the list. RG_ENOMEM. */
RG_NODISCARD enum rg_status scenario_selection_hash(
    const struct scenario_list *list, uint64_t *hash);

/* Keeps shard number index (from 1) of count: every scenario is in exactly one of them. The list is
 * sorted by path before and after. durations NULL: in turn, in the order of a hash of the names.
 * Otherwise longest first, each to the shard with the least so far (of several, the one with the
 * lowest number; of equally long scenarios, the one whose name is first); a scenario that durations
 * does not know counts as the median of those that it knows.
 *   RG_ENOMEM  unchanged */
RG_NODISCARD enum rg_status scenario_shard(struct scenario_list *list, uint64_t index,
    uint64_t count, const struct test_results *durations);

#endif
