#include "conf_changes.h"

#include "rg/base/map.h"
#include "rg/base/mem.h"

#include <stdlib.h>

/* The configurations of a set that run, by their digest. */
struct lookup {
    const struct rg_conf_set *set;
    struct rg_map last; /* digest to the index of the last one, plus one */
    size_t *before;     /* owned; index of the one before with that digest, plus one; 0: none */
    struct rg_conf_changes *out;
};

static enum rg_status fill(struct lookup *l)
{
    enum rg_status st = RG_OK;

    l->before = rg_calloc(l->set->count + 1, sizeof(*l->before));
    l->out->known = rg_calloc(l->set->count + 1, sizeof(*l->out->known));
    if (!l->before || !l->out->known)
        return RG_ENOMEM;
    for (size_t i = 0; i < l->set->count && st == RG_OK; i++) {
        uint64_t digest = 0, at;

        if (!rg_conf_runs(&l->set->configs[i]))
            continue;
        st = rg_config_digest(&l->set->configs[i], &digest);
        if (st == RG_OK && rg_map_get(&l->last, digest, &at))
            l->before[i] = (size_t)at;
        if (st == RG_OK)
            st = rg_map_put(&l->last, digest, i + 1);
    }
    return st;
}

static enum rg_status leave(struct rg_conf_changes *c, const struct rg_integration_config *config)
{
    void *leaving = c->leaving;
    enum rg_status st = rg_grow(&leaving, &c->leaving_cap, c->leaving_count + 1,
        sizeof(*c->leaving), RG_SCHEDULED_CONFIGS_MAX);

    c->leaving = leaving;
    if (st == RG_OK)
        st = rg_conf_copy(config, &c->leaving[c->leaving_count]);
    if (st == RG_OK)
        c->leaving_count++;
    return st;
}

/* With the lock of the scheduler held. */
static enum rg_status compare(void *ctx, const struct rg_scheduled_view *view)
{
    struct lookup *l = ctx;
    uint64_t last = 0;
    bool found = false;
    enum rg_status st = RG_OK;

    if (!rg_map_get(&l->last, view->digest, &last))
        last = 0;
    for (size_t at = (size_t)last; at > 0 && st == RG_OK; at = l->before[at - 1]) {
        bool same = false;

        st = rg_config_identical(&l->set->configs[at - 1], view->config, &same);
        if (same)
            l->out->known[at - 1] = found = true;
    }
    return st == RG_OK && !found ? leave(l->out, view->config) : st;
}

enum rg_status rg_conf_changes_find(struct rg_check_scheduler *scheduler,
    const struct rg_conf_set *set, struct rg_conf_changes *out)
{
    struct lookup l = {.set = set, .out = out};
    enum rg_status st;

    rg_map_init(&l.last);
    st = fill(&l);
    if (st == RG_OK)
        st = rg_check_scheduler_each(scheduler, compare, &l);
    rg_map_finish(&l.last);
    free(l.before);
    return st;
}

void rg_conf_changes_finish(struct rg_conf_changes *c)
{
    for (size_t i = 0; i < c->leaving_count; i++)
        rg_integration_config_finish(&c->leaving[i]);
    free(c->leaving);
    free(c->known);
    *c = (struct rg_conf_changes){0};
}
