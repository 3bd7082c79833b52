#include "sim_sched.h"
#include "rg/base/hash.h"
#include "rg/base/mem.h"

#define STOP_TIMER    UINT64_MAX /* the value of a timer is a task number, or this */
#define STOP_PRIORITY 0u         /* at one instant, the stop request comes first */
#define TASK_PRIORITY 1u

int64_t sim_add_ns(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX - 1;
    return sum == INT64_MAX ? INT64_MAX - 1 : sum;
}

static void queue_add(struct sim_queue *queue, struct sim_task *task)
{
    rg_assert(!task->queue);
    task->queue = queue;
    task->prev = queue->last;
    task->next = NULL;
    if (queue->last)
        queue->last->next = task;
    else
        queue->first = task;
    queue->last = task;
    queue->count++;
}

static void queue_remove(struct sim_task *task)
{
    struct sim_queue *queue = task->queue;

    if (task->prev)
        task->prev->next = task->next;
    else
        queue->first = task->next;
    if (task->next)
        task->next->prev = task->prev;
    else
        queue->last = task->prev;
    queue->count--;
    task->queue = NULL;
}

struct sim_task *sim_choose(struct sim_runtime *rt, const struct sim_queue *queue)
{
    struct sim_task *task = queue->first;

    if (rt->options.order == RG_SIM_ORDER_PCT && !rt->draining)
        return sim_pct_highest(queue);
    if (rt->options.order == RG_SIM_ORDER_RANDOM && !rt->draining && queue->count > 1) {
        for (uint64_t i = rg_prng_below(&rt->schedule, queue->count); i > 0; i--)
            task = task->next;
    }
    return task;
}

/* Waits cannot report that memory is short, so room for a timer is made when a task is. */
enum rg_status sim_reserve_timers(struct sim_runtime *rt, size_t count)
{
    void *items = rt->timers.items;
    enum rg_status st = rg_grow(
        &items, &rt->timers.cap, count + 1, sizeof(*rt->timers.items), (size_t)RG_TASKS_MAX + 2);

    rt->timers.items = items;
    return st;
}

static void push_timer(struct sim_runtime *rt, int64_t time_ns, uint32_t priority, uint64_t value)
{
    enum rg_status st = rg_heap_push(&rt->timers, time_ns, priority, value);

    rg_assert(st == RG_OK);
}

void sim_plan_stop(struct sim_runtime *rt)
{
    push_timer(rt, rt->options.stop_at.ns, STOP_PRIORITY, STOP_TIMER);
}

void sim_ready(struct sim_runtime *rt, struct sim_task *task)
{
    queue_add(&rt->ready, task);
}

void sim_wake(struct sim_runtime *rt, struct sim_task *task, enum rg_status why)
{
    rg_assert(task->wait != SIM_RUNS);
    if (task->queue)
        queue_remove(task);
    if (task->timed)
        task->timed = !rg_heap_remove(&rt->timers, task->number);
    rg_assert(!task->timed);
    task->wait = SIM_RUNS;
    task->wait_for = NULL;
    task->woke = why;
    sim_ready(rt, task);
}

void sim_request_stop(struct sim_runtime *rt)
{
    rt->stop_requested = true;
    while (rt->stop_waiters.first)
        sim_wake(rt, rt->stop_waiters.first, RG_ESTOPPED);
}

/* Ends the waits whose deadline has come. */
static void fire_due(struct sim_runtime *rt)
{
    struct rg_heap_item item;

    while (rg_heap_top(&rt->timers, &item) && item.time_ns <= rt->now_ns) {
        rg_heap_pop(&rt->timers, &item);
        if (item.value == STOP_TIMER) {
            sim_request_stop(rt);
        } else {
            struct sim_task *task = rt->tasks[item.value];

            task->timed = false;
            sim_wake(rt, task, task->wait == SIM_WAITS_SLEEP ? RG_OK : RG_ETIMEOUT);
        }
    }
}

static bool jump(struct sim_runtime *rt)
{
    struct rg_heap_item item;

    if (!rg_heap_top(&rt->timers, &item))
        return false;
    rt->stats.jumps++;
    rt->stats.jumped_ns = sim_add_ns(rt->stats.jumped_ns, item.time_ns - rt->now_ns);
    rt->now_ns = item.time_ns;
    sim_pct_moved(rt);
    return true;
}

void sim_drain(struct sim_runtime *rt)
{
    rt->draining = true;
    for (uint32_t i = 0; i < rt->task_count; i++) {
        struct sim_task *task = rt->tasks[i];

        if (task && task->wait != SIM_RUNS && task->wait != SIM_WAITS_JOIN)
            sim_wake(rt, task, RG_ESTOPPED);
    }
}

/* Takes the task that goes on out of the ready ones, moving the clock when there is none. */
static struct sim_task *next_task(struct sim_runtime *rt)
{
    struct sim_task *task;

    for (;;) {
        fire_due(rt);
        if (rt->ready.first)
            break;
        if (jump(rt))
            continue;
        rg_assert(!rt->draining); /* tasks that join each other never end */
        sim_describe_all(rt);
        sim_drain(rt);
    }
    if (rt->options.order == RG_SIM_ORDER_PCT && !rt->draining && rt->ready.count > 1)
        task = sim_pct_step(rt);
    else
        task = sim_choose(rt, &rt->ready);
    rt->stats.steps += rt->ready.count > 1;
    queue_remove(task);
    rt->stats.choices++;
    rt->stats.switches += task != rt->current;
    rt->stats.order_hash = rg_hash_mix(rt->stats.order_hash, task->number);
    rt->current = task;
    return task;
}

static void go_on(struct sim_runtime *rt)
{
    rg_baton_pass(rt->baton, next_task(rt)->number);
}

void sim_point(struct sim_runtime *rt)
{
    if (rt->options.order == RG_SIM_ORDER_STABLE || rt->draining)
        return;
    sim_ready(rt, rt->current);
    go_on(rt);
}

enum rg_status sim_block(struct sim_runtime *rt, enum sim_wait wait, const void *wait_for,
    struct sim_queue *queue, struct rg_mono deadline)
{
    struct sim_task *self = rt->current;

    self->wait = wait;
    self->wait_for = wait_for;
    if (wait != SIM_WAITS_LOCK && wait != SIM_WAITS_SLEEP) /* a backend may lock and sleep */
        self->flow[0] = '\0';
    if (queue)
        queue_add(queue, self);
    if (deadline.ns != RG_MONO_NEVER.ns) {
        push_timer(rt, deadline.ns, TASK_PRIORITY, self->number);
        self->timed = true;
    }
    go_on(rt);
    return self->woke;
}

uint32_t sim_task_exit(void *ctx, uint32_t number)
{
    struct sim_runtime *rt = ctx;
    struct sim_task *self = rt->current;

    rg_assert(self->number == number);
    rg_assert(self->locks_held == 0 || rt->draining);
    self->done = true;
    self->flow[0] = '\0';
    if (self->joiner && self->joiner->wait == SIM_WAITS_JOIN)
        sim_wake(rt, self->joiner, RG_OK);
    return next_task(rt)->number;
}
