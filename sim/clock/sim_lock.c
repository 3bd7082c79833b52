/* Locks and conditions of the virtual runtime. A lock that is released is handed to a waiter at
 * once: a task can then overtake only before it queues, which is the same to an observer. A task
 * woken from a condition queues for the lock again, so that others can come in between. */
#include "rg/base/mem.h"
#include "sim_sched.h"

#include <stdlib.h>
#include <string.h>

static struct sim_mutex *mutex_from(struct rg_mutex *mutex)
{
    return (struct sim_mutex *)mutex;
}

static struct sim_cond *cond_from(struct rg_cond *cond)
{
    return (struct sim_cond *)cond;
}

struct rg_mutex *sim_mutex_create(struct rg_runtime *base, const char *name)
{
    struct sim_runtime *rt = sim_from(base);
    struct sim_mutex *mutex = rg_calloc(1, sizeof(*mutex));

    if (!mutex)
        return NULL;
    mutex->base.rt = base;
    memcpy(mutex->name, name, strlen(name) + 1);
    rt->objects++;
    return &mutex->base;
}

void sim_mutex_destroy(struct rg_mutex *base)
{
    struct sim_runtime *rt = sim_from(base->rt);
    struct sim_mutex *mutex = mutex_from(base);

    rg_assert(rt->draining || !mutex->holder);
    rg_assert(!mutex->waiters.first);
    rt->objects--;
    free(mutex);
}

static void hold(struct sim_mutex *mutex, struct sim_task *task)
{
    mutex->holder = task;
    task->locks_held++;
}

static void acquire(struct sim_runtime *rt, struct sim_mutex *mutex)
{
    if (rt->draining)
        return;
    rg_assert(mutex->holder != rt->current);
    if (!mutex->holder) {
        hold(mutex, rt->current);
    } else if (sim_closes_circle(rt, SIM_WAITS_LOCK, mutex)) {
        sim_drain(rt);
    } else {
        rg_ignore(sim_block(rt, SIM_WAITS_LOCK, mutex, &mutex->waiters, RG_MONO_NEVER),
            "the lock was handed over, or the run drains");
    }
}

static void release(struct sim_runtime *rt, struct sim_mutex *mutex)
{
    struct sim_task *next;

    rg_assert(mutex->holder == rt->current);
    rt->current->locks_held--;
    mutex->holder = NULL;
    if (!mutex->waiters.first)
        return;
    next = sim_choose(rt, &mutex->waiters);
    hold(mutex, next);
    sim_wake(rt, next, RG_OK);
}

void sim_mutex_lock(struct rg_mutex *base)
{
    struct sim_runtime *rt = sim_from(base->rt);
    struct sim_mutex *mutex = mutex_from(base);

    rg_assert(rt->draining || mutex->holder != rt->current);
    sim_point(rt);
    acquire(rt, mutex);
}

void sim_mutex_unlock(struct rg_mutex *base)
{
    struct sim_runtime *rt = sim_from(base->rt);

    if (rt->draining)
        return;
    release(rt, mutex_from(base));
    sim_point(rt);
}

struct rg_cond *sim_cond_create(struct rg_runtime *base, const char *name)
{
    struct sim_runtime *rt = sim_from(base);
    struct sim_cond *cond = rg_calloc(1, sizeof(*cond));

    if (!cond)
        return NULL;
    cond->base.rt = base;
    memcpy(cond->name, name, strlen(name) + 1);
    rt->objects++;
    return &cond->base;
}

void sim_cond_destroy(struct rg_cond *base)
{
    struct sim_runtime *rt = sim_from(base->rt);
    struct sim_cond *cond = cond_from(base);

    rg_assert(!cond->waiters.first);
    rt->objects--;
    free(cond);
}

enum rg_status sim_cond_wait(struct rg_cond *base, struct rg_mutex *lock, struct rg_mono deadline)
{
    struct sim_runtime *rt = sim_from(base->rt);
    struct sim_cond *cond = cond_from(base);
    struct sim_mutex *mutex = mutex_from(lock);
    enum rg_status st;

    if (rt->draining)
        return RG_ESTOPPED;
    rt->current->cond_mutex = mutex;
    release(rt, mutex);
    st = sim_block(rt, SIM_WAITS_COND, cond, &cond->waiters, deadline);
    acquire(rt, mutex);
    return rt->draining ? RG_ESTOPPED : st;
}

static void wake_one(struct sim_runtime *rt, struct sim_cond *cond)
{
    struct sim_task *task = sim_choose(rt, &cond->waiters);

    rg_assert(task->cond_mutex->holder == rt->current);
    sim_wake(rt, task, RG_OK);
}

/* While the run drains nobody waits, so there is nobody to wake. */
void sim_cond_signal(struct rg_cond *base)
{
    struct sim_runtime *rt = sim_from(base->rt);
    struct sim_cond *cond = cond_from(base);

    if (cond->waiters.first)
        wake_one(rt, cond);
}

void sim_cond_broadcast(struct rg_cond *base)
{
    struct sim_runtime *rt = sim_from(base->rt);
    struct sim_cond *cond = cond_from(base);

    while (cond->waiters.first)
        wake_one(rt, cond);
}
