/* Tasks, locks and waits are those of the runtime below: its locks are handed out as they are, so
 * waiting costs nothing here. What changes is the wall clock, as a function of the true time alone:
 * how often it is read does not matter, a recorder may read it too. */
#include "fault_plan.h"

#include <errno.h>
#include <stdio.h>

static const struct rg_runtime_ops fault_runtime_ops;

static struct rg_faults *faults_of(struct rg_runtime *rt)
{
    rg_assert(rt->ops == &fault_runtime_ops);
    return ((struct fault_runtime *)rt)->faults;
}

static struct rg_runtime *inner_of(struct rg_runtime *rt)
{
    return faults_of(rt)->inner.runtime;
}

static struct rg_mono fault_mono(struct rg_runtime *rt)
{
    return rg_runtime_mono(inner_of(rt));
}

/* How far the rule has moved the wall clock. */
static int64_t moved_ns(const struct rg_fault_rule *rule, int64_t elapsed_ns)
{
    int64_t open_ns = elapsed_ns - rule->from_ns;

    if (rule->effect == RG_FAULT_STEP)
        return fault_window_open(rule, elapsed_ns) ? rule->step_ns : 0;
    if (open_ns <= 0)
        return 0;
    if (rule->for_ns && open_ns > rule->for_ns)
        open_ns = rule->for_ns;
    return open_ns / 1000000 * rule->drift_ppm + open_ns % 1000000 * rule->drift_ppm / 1000000;
}

/* A clock rule fires once. */
static void tell_clock(struct rg_faults *f, size_t i, int64_t moved, int64_t elapsed_ns)
{
    static const struct fault_call call = {.kind = RG_FAULT_WALL, .name = ""};
    struct fault_rule *r = &f->rules[i];
    char text[RG_DURATION_TEXT];
    char what[64];
    bool first;

    pthread_mutex_lock(&f->lock);
    first = r->matched == 0;
    r->matched = 1;
    pthread_mutex_unlock(&f->lock);
    if (!first)
        return;
    if (r->rule.effect == RG_FAULT_STEP) {
        rg_duration_text(moved < 0 ? -moved : moved, text);
        snprintf(what, sizeof(what), "stepped by %s%s", moved < 0 ? "-" : "", text);
    } else {
        snprintf(what, sizeof(what), "drifts by %lld ppm", (long long)r->rule.drift_ppm);
    }
    fault_fire(f, i, &call, 1, elapsed_ns, what);
}

static struct rg_wall fault_wall(struct rg_runtime *rt)
{
    struct rg_faults *f = faults_of(rt);
    int64_t elapsed_ns;
    struct rg_wall now;

    if (!f->clocks)
        return rg_runtime_wall(f->inner.runtime);
    elapsed_ns = fault_elapsed(f);
    now = rg_runtime_wall(f->inner.runtime);
    for (size_t i = 0; i < f->rule_count; i++) {
        int64_t moved;

        if (!(f->rules[i].calls & FAULT_BIT(RG_FAULT_WALL)))
            continue;
        moved = moved_ns(&f->rules[i].rule, elapsed_ns);
        if (moved == 0)
            continue;
        if (__builtin_add_overflow(now.ns, moved, &now.ns))
            now.ns = moved < 0 ? INT64_MIN : INT64_MAX;
        tell_clock(f, i, moved, elapsed_ns);
    }
    return now;
}

static uint64_t fault_random(struct rg_runtime *rt, const char *stream)
{
    return rg_runtime_random(inner_of(rt), stream);
}

static uint32_t fault_self(struct rg_runtime *rt)
{
    return rg_runtime_self(inner_of(rt));
}

static void fault_mark(struct rg_runtime *rt, const char *flow)
{
    rg_runtime_mark(inner_of(rt), flow);
}

static enum rg_status fault_spawn(struct rg_runtime *rt, const char *name, rg_task_fn *fn,
    void *arg, uint32_t *task, struct rg_err *err)
{
    const struct fault_call call = {.kind = RG_FAULT_SPAWN, .name = name};
    enum rg_status st = fault_gate(faults_of(rt), &call, err);

    return st == RG_OK ? rg_runtime_spawn(inner_of(rt), name, fn, arg, task, err) : st;
}

static void fault_join(struct rg_runtime *rt, uint32_t task)
{
    rg_runtime_join(inner_of(rt), task);
}

static enum rg_status fault_sleep_until(struct rg_runtime *rt, struct rg_mono deadline)
{
    return rg_runtime_sleep_until(inner_of(rt), deadline);
}

static enum rg_status fault_wait_stop(struct rg_runtime *rt, struct rg_mono deadline)
{
    return rg_runtime_wait_stop(inner_of(rt), deadline);
}

static struct rg_mutex *fault_mutex_create(struct rg_runtime *rt, const char *name)
{
    const struct fault_call call = {.kind = RG_FAULT_MUTEX, .name = name};

    return fault_gate(faults_of(rt), &call, NULL) == RG_OK ? rg_mutex_create(inner_of(rt), name)
                                                           : NULL;
}

static struct rg_cond *fault_cond_create(struct rg_runtime *rt, const char *name)
{
    const struct fault_call call = {.kind = RG_FAULT_COND, .name = name};

    return fault_gate(faults_of(rt), &call, NULL) == RG_OK ? rg_cond_create(inner_of(rt), name)
                                                           : NULL;
}

/* Locks belong to the runtime below, so these are never reached through a lock of ours. */
static void fault_mutex_destroy(struct rg_mutex *mutex)
{
    rg_mutex_destroy(mutex);
}

static void fault_mutex_lock(struct rg_mutex *mutex)
{
    rg_mutex_lock(mutex);
}

static void fault_mutex_unlock(struct rg_mutex *mutex)
{
    rg_mutex_unlock(mutex);
}

static void fault_cond_destroy(struct rg_cond *cond)
{
    rg_cond_destroy(cond);
}

static enum rg_status fault_cond_wait(
    struct rg_cond *cond, struct rg_mutex *mutex, struct rg_mono deadline)
{
    return rg_cond_wait(cond, mutex, deadline);
}

static void fault_cond_signal(struct rg_cond *cond)
{
    rg_cond_signal(cond);
}

static void fault_cond_broadcast(struct rg_cond *cond)
{
    rg_cond_broadcast(cond);
}

/* The shim belongs to the faults. */
static void fault_runtime_destroy(struct rg_runtime *rt)
{
    (void)faults_of(rt);
}

static const struct rg_runtime_ops fault_runtime_ops = {
    .name = "fault",
    .mono = fault_mono,
    .wall = fault_wall,
    .random = fault_random,
    .self = fault_self,
    .mark = fault_mark,
    .spawn = fault_spawn,
    .join = fault_join,
    .sleep_until = fault_sleep_until,
    .wait_stop = fault_wait_stop,
    .mutex_create = fault_mutex_create,
    .mutex_destroy = fault_mutex_destroy,
    .mutex_lock = fault_mutex_lock,
    .mutex_unlock = fault_mutex_unlock,
    .cond_create = fault_cond_create,
    .cond_destroy = fault_cond_destroy,
    .cond_wait = fault_cond_wait,
    .cond_signal = fault_cond_signal,
    .cond_broadcast = fault_cond_broadcast,
    .destroy = fault_runtime_destroy,
};

void fault_runtime_init(struct fault_runtime *shim, struct rg_faults *faults)
{
    *shim = (struct fault_runtime){{&fault_runtime_ops}, faults};
}
