/* The runtime of a profiled run. A task that waits hands the line of time to the one that goes on:
 * that one comes back from a call of its own, and the time is the engine's again. So every call
 * that can wait is wrapped, those of locks and conditions too. */
#include "bench_profile_parts.h"
#include "rg/base/mem.h"

#include <stdlib.h>

struct bench_mutex {
    struct rg_mutex base; /* first: rg_mutex pointers are cast back */
    struct rg_mutex *inner;
};

struct bench_cond {
    struct rg_cond base; /* first: rg_cond pointers are cast back */
    struct rg_cond *inner;
};

static struct bench_profiler *from_runtime(struct rg_runtime *rt)
{
    rg_assert(rt->ops == &bench_runtime_ops);
    return (struct bench_profiler *)rt;
}

/* The runtime below, its time from now on. */
static struct rg_runtime *go_in(struct rg_runtime *rt)
{
    struct bench_profiler *p = from_runtime(rt);

    bench_profiler_turn(p, p->world);
    return p->inner->runtime;
}

static void come_back(struct rg_runtime *rt)
{
    bench_profiler_turn(from_runtime(rt), BENCH_ENGINE);
}

static struct rg_mono bench_mono(struct rg_runtime *rt)
{
    struct rg_mono now = rg_runtime_mono(go_in(rt));

    come_back(rt);
    return now;
}

static struct rg_wall bench_wall(struct rg_runtime *rt)
{
    struct rg_wall now = rg_runtime_wall(go_in(rt));

    come_back(rt);
    return now;
}

static uint64_t bench_random(struct rg_runtime *rt, const char *stream)
{
    uint64_t bits = rg_runtime_random(go_in(rt), stream);

    come_back(rt);
    return bits;
}

static uint32_t bench_self(struct rg_runtime *rt)
{
    return rg_runtime_self(from_runtime(rt)->inner->runtime);
}

static void bench_mark(struct rg_runtime *rt, const char *flow)
{
    rg_runtime_mark(go_in(rt), flow);
    come_back(rt);
}

static enum rg_status bench_spawn(struct rg_runtime *rt, const char *name, rg_task_fn *fn,
    void *arg, uint32_t *task, struct rg_err *err)
{
    enum rg_status st = rg_runtime_spawn(go_in(rt), name, fn, arg, task, err);

    come_back(rt);
    return st;
}

static void bench_join(struct rg_runtime *rt, uint32_t task)
{
    rg_runtime_join(go_in(rt), task);
    come_back(rt);
}

static enum rg_status bench_sleep_until(struct rg_runtime *rt, struct rg_mono deadline)
{
    enum rg_status st = rg_runtime_sleep_until(go_in(rt), deadline);

    come_back(rt);
    return st;
}

static enum rg_status bench_wait_stop(struct rg_runtime *rt, struct rg_mono deadline)
{
    enum rg_status st = rg_runtime_wait_stop(go_in(rt), deadline);

    come_back(rt);
    return st;
}

static struct rg_mutex *bench_mutex_create(struct rg_runtime *rt, const char *name)
{
    struct bench_mutex *m = rg_calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->base.rt = rt;
    m->inner = rg_mutex_create(from_runtime(rt)->inner->runtime, name);
    if (m->inner)
        return &m->base;
    free(m);
    return NULL;
}

static void bench_mutex_destroy(struct rg_mutex *mutex)
{
    struct bench_mutex *m = (struct bench_mutex *)mutex;

    rg_mutex_destroy(m->inner);
    free(m);
}

static void bench_mutex_lock(struct rg_mutex *mutex)
{
    go_in(mutex->rt);
    rg_mutex_lock(((struct bench_mutex *)mutex)->inner);
    come_back(mutex->rt);
}

static void bench_mutex_unlock(struct rg_mutex *mutex)
{
    struct rg_runtime *rt = mutex->rt; /* it may be gone when the next holder was quick */

    go_in(rt);
    rg_mutex_unlock(((struct bench_mutex *)mutex)->inner);
    come_back(rt);
}

static struct rg_cond *bench_cond_create(struct rg_runtime *rt, const char *name)
{
    struct bench_cond *c = rg_calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->base.rt = rt;
    c->inner = rg_cond_create(from_runtime(rt)->inner->runtime, name);
    if (c->inner)
        return &c->base;
    free(c);
    return NULL;
}

static void bench_cond_destroy(struct rg_cond *cond)
{
    struct bench_cond *c = (struct bench_cond *)cond;

    rg_cond_destroy(c->inner);
    free(c);
}

static enum rg_status bench_cond_wait(
    struct rg_cond *cond, struct rg_mutex *mutex, struct rg_mono deadline)
{
    struct rg_runtime *rt = cond->rt;
    enum rg_status st;

    go_in(rt);
    st = rg_cond_wait(
        ((struct bench_cond *)cond)->inner, ((struct bench_mutex *)mutex)->inner, deadline);
    come_back(rt);
    return st;
}

static void bench_cond_signal(struct rg_cond *cond)
{
    struct rg_runtime *rt = cond->rt;

    go_in(rt);
    rg_cond_signal(((struct bench_cond *)cond)->inner);
    come_back(rt);
}

static void bench_cond_broadcast(struct rg_cond *cond)
{
    struct rg_runtime *rt = cond->rt;

    go_in(rt);
    rg_cond_broadcast(((struct bench_cond *)cond)->inner);
    come_back(rt);
}

static void bench_runtime_destroy(struct rg_runtime *rt)
{
    (void)from_runtime(rt); /* the profiler owns it */
}

const struct rg_runtime_ops bench_runtime_ops = {
    .name = "bench",
    .mono = bench_mono,
    .wall = bench_wall,
    .random = bench_random,
    .self = bench_self,
    .mark = bench_mark,
    .spawn = bench_spawn,
    .join = bench_join,
    .sleep_until = bench_sleep_until,
    .wait_stop = bench_wait_stop,
    .mutex_create = bench_mutex_create,
    .mutex_destroy = bench_mutex_destroy,
    .mutex_lock = bench_mutex_lock,
    .mutex_unlock = bench_mutex_unlock,
    .cond_create = bench_cond_create,
    .cond_destroy = bench_cond_destroy,
    .cond_wait = bench_cond_wait,
    .cond_signal = bench_cond_signal,
    .cond_broadcast = bench_cond_broadcast,
    .destroy = bench_runtime_destroy,
};
