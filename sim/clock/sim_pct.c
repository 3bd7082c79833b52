/* Probabilistic concurrency testing: who has which priority, and when it falls.
 *
 * Three ranges: priorities that tasks start with have the top bit set and end in the number of the
 * task, so that no two are equal; below are those of the change points, FALLEN + 1 and up; below
 * FALLEN are tasks that kept others waiting for too long. */
#include "sim_sched.h"

#define TOP      (UINT64_C(1) << 63)
#define FALLEN   (UINT64_C(1) << 62)
#define ID_BITS  20
#define ID_COUNT (UINT64_C(1) << ID_BITS)

static bool drawn_before(const struct sim_pct *pct, uint64_t step)
{
    for (uint32_t i = 0; i < pct->change_count; i++) {
        if (pct->changes[i] == step)
            return true;
    }
    return false;
}

void sim_pct_init(struct sim_runtime *rt)
{
    struct sim_pct *pct = &rt->pct;
    uint64_t steps = rt->options.pct_steps ? rt->options.pct_steps : RG_SIM_PCT_STEPS;
    uint32_t depth = rt->options.pct_depth ? rt->options.pct_depth : RG_SIM_PCT_DEPTH;
    uint64_t wanted = depth - 1 < steps ? depth - 1 : steps;

    rg_prng_init(&pct->prng, sim_order_seed(&rt->options), "pct");
    while (pct->change_count < wanted) {
        uint64_t step = 1 + rg_prng_below(&pct->prng, steps);

        if (!drawn_before(pct, step))
            pct->changes[pct->change_count++] = step;
    }
}

void sim_pct_task(struct sim_runtime *rt, struct sim_task *task)
{
    uint64_t drawn;

    _Static_assert(RG_BATON_IDS_MAX <= ID_COUNT, "numbers of tasks do not fit");
    if (rt->options.order != RG_SIM_ORDER_PCT)
        return;
    drawn = rg_prng_next(&rt->pct.prng);
    task->priority = TOP | drawn >> (ID_BITS + 1) << ID_BITS | task->number;
}

struct sim_task *sim_pct_highest(const struct sim_queue *queue)
{
    struct sim_task *highest = queue->first;

    for (struct sim_task *task = highest->next; task; task = task->next) {
        if (task->priority > highest->priority)
            highest = task;
    }
    return highest;
}

struct sim_task *sim_pct_step(struct sim_runtime *rt)
{
    struct sim_pct *pct = &rt->pct;
    struct sim_task *task = sim_pct_highest(&rt->ready);

    pct->step++;
    for (uint32_t i = 0; i < pct->change_count; i++) {
        if (pct->changes[i] != pct->step)
            continue;
        task->priority = FALLEN + 1 + i;
        task = sim_pct_highest(&rt->ready);
    }
    if (++pct->patience >= RG_SIM_PCT_PATIENCE) {
        task->priority = FALLEN - ++pct->fallen;
        pct->patience = 0;
        task = sim_pct_highest(&rt->ready);
    }
    return task;
}

void sim_pct_moved(struct sim_runtime *rt)
{
    rt->pct.patience = 0;
}
