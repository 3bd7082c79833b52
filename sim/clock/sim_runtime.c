/* The virtual runtime: clocks, chance, tasks and waits. Who goes on is decided in sim_sched.c. */
#include "rg/base/hash.h"
#include "rg/base/mem.h"
#include "sim_sched.h"

#include <stdlib.h>
#include <string.h>

#define STREAMS_MAX 4096

static const struct rg_runtime_ops sim_runtime_ops;

struct sim_runtime *sim_from(struct rg_runtime *base)
{
    struct sim_runtime *rt = (struct sim_runtime *)base;

    rg_assert(base->ops == &sim_runtime_ops);
    rg_assert(rg_baton_self(rt->baton) == rt->current->number);
    return rt;
}

static struct rg_mono sim_mono(struct rg_runtime *base)
{
    struct sim_runtime *rt = sim_from(base);
    struct rg_mono now = {rt->now_ns};

    rt->now_ns = sim_add_ns(rt->now_ns, rt->options.step_ns);
    return now;
}

static struct rg_wall sim_wall(struct rg_runtime *base)
{
    struct sim_runtime *rt = sim_from(base);
    int64_t passed_ns = rt->now_ns - rt->options.mono_start.ns;
    struct rg_wall now = {
        sim_add_ns(sim_add_ns(rt->options.wall_start.ns, passed_ns), rt->wall_step_ns)};

    rt->now_ns = sim_add_ns(rt->now_ns, rt->options.step_ns);
    return now;
}

/* Finds the numbers of a stream, or begins them. NULL when there is no room. */
static struct rg_prng *stream_prng(struct sim_runtime *rt, const char *name)
{
    void *prngs = rt->stream_prngs;
    size_t known = rt->streams.count;
    enum rg_status st;
    uint32_t number;

    if (rg_intern_find(&rt->streams, rg_str_from(name), &number))
        return &rt->stream_prngs[number];
    st = rg_grow(&prngs, &rt->stream_cap, known + 1, sizeof(*rt->stream_prngs), STREAMS_MAX);
    rt->stream_prngs = prngs;
    if (st != RG_OK || rg_intern_put(&rt->streams, rg_str_from(name), &number) != RG_OK)
        return NULL;
    rg_prng_init(&rt->stream_prngs[number], rt->options.seed, name);
    return &rt->stream_prngs[number];
}

static uint64_t sim_random(struct rg_runtime *base, const char *stream)
{
    struct sim_runtime *rt = sim_from(base);
    struct rg_prng *prng = stream_prng(rt, stream);

    if (prng)
        return rg_prng_next(prng);
    /* The caller cannot be told; numbers that depend on the order of draws are better than none. */
    return rg_hash64_seed(stream, strlen(stream), rt->options.seed ^ ++rt->spare_draws);
}

static uint32_t sim_self(struct rg_runtime *base)
{
    return sim_from(base)->current->number;
}

static void sim_mark(struct rg_runtime *base, const char *flow)
{
    sim_run_begins(sim_from(base), flow);
}

static enum rg_status reserve_task(struct sim_runtime *rt)
{
    void *tasks = rt->tasks;
    enum rg_status st =
        rg_grow(&tasks, &rt->task_cap, (size_t)rt->task_count + 1, sizeof(*rt->tasks), SIZE_MAX);

    rt->tasks = tasks;
    return st == RG_OK ? sim_reserve_timers(rt, (size_t)rt->live + 1) : st;
}

static enum rg_status sim_spawn(struct rg_runtime *base, const char *name, rg_task_fn *fn,
    void *arg, uint32_t *task_number, struct rg_err *err)
{
    struct sim_runtime *rt = sim_from(base);
    struct sim_task *task = NULL;
    enum rg_status st;

    if (rt->draining) {
        rg_err_set(err, "task '%s' was not started: the run is ending", name);
        return RG_ESTOPPED;
    }
    if (rt->live > RG_TASKS_MAX || rt->task_count >= RG_BATON_IDS_MAX) {
        rg_err_set(err, "task '%s' was not started: the limit is %u tasks at a time, %u in all",
            name, RG_TASKS_MAX, RG_BATON_IDS_MAX);
        return RG_ELIMIT;
    }
    st = reserve_task(rt);
    if (st == RG_OK)
        task = rg_calloc(1, sizeof(*task));
    if (!task) {
        rg_err_set(err, "no memory to start task '%s'", name);
        return RG_ENOMEM;
    }
    task->number = rt->task_count;
    memcpy(task->name, name, strlen(name) + 1);
    sim_pct_task(rt, task);
    st = rg_baton_spawn(rt->baton, task->number, fn, arg, sim_task_exit, rt, err);
    if (st != RG_OK) {
        free(task);
        return st;
    }
    rt->tasks[rt->task_count++] = task;
    rt->live++;
    *task_number = task->number;
    sim_ready(rt, task);
    sim_point(rt);
    return RG_OK;
}

static void sim_join(struct rg_runtime *base, uint32_t number)
{
    struct sim_runtime *rt = sim_from(base);
    struct sim_task *task;

    rg_assert(number < rt->task_count && rt->tasks[number]);
    task = rt->tasks[number];
    rg_assert(task != rt->current && !task->joiner);
    task->joiner = rt->current;
    sim_point(rt);
    if (!task->done) {
        if (!rt->draining && sim_closes_circle(rt, SIM_WAITS_JOIN, task))
            sim_drain(rt);
        rg_ignore(sim_block(rt, SIM_WAITS_JOIN, task, NULL, RG_MONO_NEVER), "always woken");
    }
    rg_baton_join(rt->baton, number);
    rt->tasks[number] = NULL;
    rt->live--;
    free(task);
}

static enum rg_status sim_sleep_until(struct rg_runtime *base, struct rg_mono deadline)
{
    struct sim_runtime *rt = sim_from(base);

    if (rt->draining)
        return RG_ESTOPPED;
    return sim_block(rt, SIM_WAITS_SLEEP, NULL, NULL, deadline);
}

static enum rg_status sim_wait_stop(struct rg_runtime *base, struct rg_mono deadline)
{
    struct sim_runtime *rt = sim_from(base);

    if (rt->stop_requested)
        sim_point(rt);
    if (rt->stop_requested || rt->draining)
        return RG_ESTOPPED;
    return sim_block(rt, SIM_WAITS_STOP, NULL, &rt->stop_waiters, deadline);
}

static void release(struct sim_runtime *rt)
{
    rg_baton_destroy(rt->baton);
    rg_heap_finish(&rt->timers);
    rg_intern_finish(&rt->streams);
    free(rt->stream_prngs);
    if (rt->live)
        free(rt->tasks[RG_TASK_MAIN]);
    free(rt->tasks);
    free(rt);
}

static void sim_destroy(struct rg_runtime *base)
{
    struct sim_runtime *rt = sim_from(base);

    rg_assert(rt->live == 1 && rt->current->number == RG_TASK_MAIN);
    rg_assert(rt->objects == 0);
    release(rt);
}

static const struct rg_runtime_ops sim_runtime_ops = {
    .name = "sim",
    .mono = sim_mono,
    .wall = sim_wall,
    .random = sim_random,
    .self = sim_self,
    .mark = sim_mark,
    .spawn = sim_spawn,
    .join = sim_join,
    .sleep_until = sim_sleep_until,
    .wait_stop = sim_wait_stop,
    .mutex_create = sim_mutex_create,
    .mutex_destroy = sim_mutex_destroy,
    .mutex_lock = sim_mutex_lock,
    .mutex_unlock = sim_mutex_unlock,
    .cond_create = sim_cond_create,
    .cond_destroy = sim_cond_destroy,
    .cond_wait = sim_cond_wait,
    .cond_signal = sim_cond_signal,
    .cond_broadcast = sim_cond_broadcast,
    .destroy = sim_destroy,
};

/* Task 0 is the calling thread. */
static bool adopt_main(struct sim_runtime *rt)
{
    if (reserve_task(rt) != RG_OK)
        return false;
    rt->tasks[RG_TASK_MAIN] = rg_calloc(1, sizeof(struct sim_task));
    if (!rt->tasks[RG_TASK_MAIN])
        return false;
    rt->current = rt->tasks[RG_TASK_MAIN];
    memcpy(rt->current->name, "main", sizeof("main"));
    rt->task_count = rt->live = 1;
    sim_pct_task(rt, rt->current);
    rt->baton = rg_baton_create();
    return rt->baton != NULL;
}

uint64_t sim_order_seed(const struct rg_sim_runtime_options *options)
{
    uint64_t order = options->order_seed;

    return order ? rg_hash64_seed(&order, sizeof(order), options->seed) : options->seed;
}

enum rg_status rg_sim_runtime_create(
    const struct rg_sim_runtime_options *options, struct rg_runtime **out, struct rg_err *err)
{
    struct sim_runtime *rt;

    if (options->step_ns < 0 || options->mono_start.ns < 0 ||
        options->mono_start.ns == RG_MONO_NEVER.ns) {
        rg_err_set(err, "virtual clocks need a start and a step that are not negative");
        return RG_EINVALID;
    }
    if (options->pct_depth > RG_SIM_PCT_DEPTH_MAX || options->pct_steps > RG_SIM_PCT_STEPS_MAX) {
        rg_err_set(err, "the depth is at most %d, and steps at most 2^40", RG_SIM_PCT_DEPTH_MAX);
        return RG_EINVALID;
    }
    rt = rg_calloc(1, sizeof(*rt));
    if (!rt)
        goto no_memory;
    rt->base.ops = &sim_runtime_ops;
    rt->options = *options;
    rt->now_ns = options->mono_start.ns;
    rg_heap_init(&rt->timers);
    rg_intern_init(&rt->streams, STREAMS_MAX);
    rg_prng_init(&rt->schedule, sim_order_seed(options), "schedule");
    sim_pct_init(rt);
    if (!adopt_main(rt)) {
        release(rt);
        goto no_memory;
    }
    if (options->stop_at.ns != RG_MONO_NEVER.ns)
        sim_plan_stop(rt);
    *out = &rt->base;
    return RG_OK;
no_memory:
    rg_err_set(err, "no memory for the virtual runtime");
    return RG_ENOMEM;
}

void rg_sim_runtime_stop(struct rg_runtime *base)
{
    sim_request_stop(sim_from(base));
}

void rg_sim_runtime_step_wall(struct rg_runtime *base, int64_t delta_ns)
{
    struct sim_runtime *rt = sim_from(base);

    rt->wall_step_ns = sim_add_ns(rt->wall_step_ns, delta_ns);
}

void rg_sim_runtime_yield(struct rg_runtime *base)
{
    sim_point(sim_from(base));
}

const char *rg_sim_runtime_deadlock(struct rg_runtime *base)
{
    const struct sim_runtime *rt = sim_from(base);

    return rt->deadlock[0] ? rt->deadlock : NULL;
}

const char *rg_sim_runtime_overlap(struct rg_runtime *base)
{
    const struct sim_runtime *rt = sim_from(base);

    return rt->overlap[0] ? rt->overlap : NULL;
}

void rg_sim_runtime_stats(struct rg_runtime *base, struct rg_sim_runtime_stats *out)
{
    *out = sim_from(base)->stats;
}
