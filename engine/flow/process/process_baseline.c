#include "process_baseline.h"
#include "rg/backend/procfs.h"
#include "rg/base/mem.h"

#include <stdlib.h>

void rg_baseline_finish(struct rg_baseline *b)
{
    free(b->entries);
    *b = (struct rg_baseline){0};
}

enum rg_status rg_baseline_copy(
    struct rg_baseline *b, const struct rg_process_table *table, double cpu_total_s)
{
    void *array = b->entries;
    enum rg_status st;

    b->present = false;
    st = rg_grow(&array, &b->cap, table->count, sizeof(*b->entries), RG_PIDS_MAX);
    b->entries = array;
    if (st != RG_OK)
        return st;
    for (size_t i = 0; i < table->count; i++)
        b->entries[i] = (struct rg_baseline_entry){table->procs[i].pid, table->procs[i].stats};
    b->count = table->count;
    b->cpu_total_s = cpu_total_s;
    b->present = true;
    return RG_OK;
}

const struct rg_process_stats *rg_baseline_next(
    const struct rg_baseline *b, size_t *at, int32_t pid)
{
    while (*at < b->count && b->entries[*at].pid < pid)
        (*at)++;
    if (*at < b->count && b->entries[*at].pid == pid)
        return &b->entries[*at].stats;
    return NULL;
}

int64_t rg_baseline_elapsed_s(const struct rg_baseline *b, struct rg_wall now)
{
    return now.ns / RG_NS_PER_S - b->taken.ns / RG_NS_PER_S;
}
