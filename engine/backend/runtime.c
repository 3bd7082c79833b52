#include "rg/ops/runtime_ops.h"

#include <string.h>

static bool name_ok(const char *name)
{
    return name && name[0] && strlen(name) < RG_TASK_NAME_MAX;
}

struct rg_mono rg_runtime_mono(struct rg_runtime *rt)
{
    return rt->ops->mono(rt);
}

struct rg_wall rg_runtime_wall(struct rg_runtime *rt)
{
    return rt->ops->wall(rt);
}

uint64_t rg_runtime_random(struct rg_runtime *rt, const char *stream)
{
    rg_assert(name_ok(stream));
    return rt->ops->random(rt, stream);
}

uint32_t rg_runtime_self(struct rg_runtime *rt)
{
    return rt->ops->self(rt);
}

void rg_runtime_mark(struct rg_runtime *rt, const char *flow)
{
    rg_assert(name_ok(flow));
    rt->ops->mark(rt, flow);
}

enum rg_status rg_runtime_spawn(struct rg_runtime *rt, const char *name, rg_task_fn *fn, void *arg,
    uint32_t *task, struct rg_err *err)
{
    rg_assert(name_ok(name) && fn && task);
    return rt->ops->spawn(rt, name, fn, arg, task, err);
}

void rg_runtime_join(struct rg_runtime *rt, uint32_t task)
{
    rg_assert(task != RG_TASK_MAIN);
    rt->ops->join(rt, task);
}

enum rg_status rg_runtime_sleep_until(struct rg_runtime *rt, struct rg_mono deadline)
{
    enum rg_status st = rt->ops->sleep_until(rt, deadline);

    rg_assert(st == RG_OK || st == RG_ESTOPPED);
    return st;
}

enum rg_status rg_runtime_wait_stop(struct rg_runtime *rt, struct rg_mono deadline)
{
    enum rg_status st = rt->ops->wait_stop(rt, deadline);

    rg_assert(st == RG_ETIMEOUT || st == RG_ESTOPPED);
    return st;
}

struct rg_mutex *rg_mutex_create(struct rg_runtime *rt, const char *name)
{
    rg_assert(name_ok(name));
    return rt->ops->mutex_create(rt, name);
}

void rg_mutex_destroy(struct rg_mutex *mutex)
{
    if (mutex)
        mutex->rt->ops->mutex_destroy(mutex);
}

void rg_mutex_lock(struct rg_mutex *mutex)
{
    mutex->rt->ops->mutex_lock(mutex);
}

void rg_mutex_unlock(struct rg_mutex *mutex)
{
    mutex->rt->ops->mutex_unlock(mutex);
}

struct rg_cond *rg_cond_create(struct rg_runtime *rt, const char *name)
{
    rg_assert(name_ok(name));
    return rt->ops->cond_create(rt, name);
}

void rg_cond_destroy(struct rg_cond *cond)
{
    if (cond)
        cond->rt->ops->cond_destroy(cond);
}

enum rg_status rg_cond_wait(struct rg_cond *cond, struct rg_mutex *mutex, struct rg_mono deadline)
{
    enum rg_status st;

    rg_assert(cond->rt == mutex->rt);
    st = cond->rt->ops->cond_wait(cond, mutex, deadline);
    rg_assert(st == RG_OK || st == RG_ETIMEOUT || st == RG_ESTOPPED);
    return st;
}

void rg_cond_signal(struct rg_cond *cond)
{
    cond->rt->ops->cond_signal(cond);
}

void rg_cond_broadcast(struct rg_cond *cond)
{
    cond->rt->ops->cond_broadcast(cond);
}

void rg_runtime_destroy(struct rg_runtime *rt)
{
    if (rt)
        rt->ops->destroy(rt);
}
