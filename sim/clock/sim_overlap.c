/* Runs of one flow that overlap: a check may not start again before it has ended. */
#include "sim_sched.h"

#include <stdio.h>
#include <string.h>

/* "rtprocess" is the real-time form of "process". */
static const char *family(const char *flow)
{
    return strncmp(flow, "rt", 2) == 0 && flow[2] ? flow + 2 : flow;
}

void sim_run_begins(struct sim_runtime *rt, const char *flow)
{
    struct sim_task *self = rt->current;

    snprintf(self->flow, sizeof(self->flow), "%s", flow);
    for (uint32_t i = 0; i < rt->task_count && !rt->overlap[0]; i++) {
        const struct sim_task *other = rt->tasks[i];

        if (other && other != self && other->flow[0] &&
            strcmp(family(other->flow), family(self->flow)) == 0)
            snprintf(rt->overlap, sizeof(rt->overlap),
                "task %u '%s' began a run of '%s' while task %u '%s' was in a run of '%s'",
                self->number, self->name, self->flow, other->number, other->name, other->flow);
    }
}
