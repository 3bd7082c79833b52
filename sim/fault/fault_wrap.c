#include "fault_plan.h"
#include "rg/base/mem.h"

#include <stdlib.h>

static bool spoils_answers(enum rg_fault_effect effect)
{
    return effect == RG_FAULT_SHORT || effect == RG_FAULT_TRUNCATE || effect == RG_FAULT_GARBLE ||
           effect == RG_FAULT_ANSWER;
}

static enum rg_status take_rule(
    struct rg_faults *f, size_t i, const struct rg_fault_rule *rule, struct rg_err *err)
{
    struct fault_rule *r = &f->rules[i];
    enum rg_status st;

    r->rule = *rule;
    rg_map_init(&r->keys);
    st = fault_rule_check(&r->rule, &r->calls, err);
    if (st != RG_OK) {
        rg_err_prefix(err, "fault %zu", i + 1);
        return st;
    }
    if (r->calls & FAULT_BIT(RG_FAULT_WALL))
        f->clocks = true;
    else if (spoils_answers(r->rule.effect))
        f->spoilt |= r->calls;
    else if (r->rule.effect == RG_FAULT_VANISH)
        f->gated |= FAULT_PID_CALLS; /* who is gone is gone for every call */
    else
        f->gated |= r->calls;
    return RG_OK;
}

static void make_shims(struct rg_faults *f)
{
    fault_runtime_init(&f->runtime, f);
    fault_procfs_init(&f->procfs, f);
    fault_host_init(&f->host, f);
    fault_storage_init(&f->storage, f);
    fault_sink_init(&f->sink, f);
    f->outer = f->inner;
    f->outer.runtime = &f->runtime.base;
    f->outer.procfs = &f->procfs.base;
    f->outer.host = &f->host.base;
    f->outer.storage = &f->storage.base;
    f->outer.sink = &f->sink.base;
}

enum rg_status rg_fault_wrap(const struct rg_backends *inner, const struct rg_fault_rule *rules,
    size_t count, const struct rg_fault_options *options, struct rg_faults **faults,
    struct rg_err *err)
{
    struct rg_faults *f;
    enum rg_status st = RG_OK;

    if (count > RG_FAULT_RULES_MAX) {
        rg_err_set(err, "%zu faults are above the limit of %d", count, RG_FAULT_RULES_MAX);
        return RG_ELIMIT;
    }
    f = rg_calloc(1, sizeof(*f));
    if (!f) {
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    f->inner = *inner;
    f->options = *options;
    pthread_mutex_init(&f->lock, NULL);
    pthread_mutex_init(&f->tell, NULL);
    rg_map_init(&f->gone);
    make_shims(f);
    f->rules = rg_calloc(count ? count : 1, sizeof(*f->rules));
    if (!f->rules) {
        rg_err_set(err, "out of memory");
        st = RG_ENOMEM;
    }
    while (st == RG_OK && f->rule_count < count) {
        st = take_rule(f, f->rule_count, &rules[f->rule_count], err);
        f->rule_count++;
    }
    if (st != RG_OK) {
        rg_fault_destroy(f);
        return st;
    }
    if (count > 0)
        f->start_ns = rg_runtime_mono(inner->runtime).ns;
    *faults = f;
    return RG_OK;
}

const struct rg_backends *rg_fault_backends(struct rg_faults *f)
{
    return &f->outer;
}

uint64_t rg_fault_fired(struct rg_faults *f, size_t rule)
{
    uint64_t n;

    rg_assert(rule < f->rule_count);
    pthread_mutex_lock(&f->lock);
    n = f->rules[rule].fired;
    pthread_mutex_unlock(&f->lock);
    return n;
}

uint64_t rg_fault_matched(struct rg_faults *f, size_t rule)
{
    uint64_t n;

    rg_assert(rule < f->rule_count);
    pthread_mutex_lock(&f->lock);
    n = f->rules[rule].matched;
    pthread_mutex_unlock(&f->lock);
    return n;
}

void rg_fault_destroy(struct rg_faults *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->rule_count; i++)
        rg_map_finish(&f->rules[i].keys);
    free(f->rules);
    rg_map_finish(&f->gone);
    pthread_mutex_destroy(&f->tell);
    pthread_mutex_destroy(&f->lock);
    free(f);
}
