#include "derive_fold.h"

#include "rg/base/hash.h"
#include "rg/base/mem.h"
#include "rg/sim_host.h"

#include <stdlib.h>

#define CPU_MARGIN  1000 /* thousandths of a percent */
#define IO_MARGIN   (INT64_C(4096) * 1000)
#define IO_PERMILLE 10

static uint64_t hash_image(uint64_t h, const struct derive_image *image)
{
    h = rg_hash_mix(h, (uint64_t)image->comm << 32 | image->exe);
    return rg_hash_mix(h, image->args);
}

static uint64_t hash_of(const struct derive_process *p)
{
    uint64_t h = hash_image(0, &p->image);

    h = hash_image(h, &p->new_image);
    h = rg_hash_mix(h, (uint64_t)p->uid << 32 | p->cwd);
    h = rg_hash_mix(h, (uint64_t)p->first_frame << 32 | p->gone_frame);
    return rg_hash_mix(h, (uint64_t)(uint32_t)p->threads << 32 | (uint32_t)p->nice);
}

static bool same_image(const struct derive_image *a, const struct derive_image *b)
{
    return a->comm == b->comm && a->exe == b->exe && a->args == b->args;
}

/* All but numbers that are measured. */
static bool alike(const struct derive_process *a, const struct derive_process *b)
{
    return same_image(&a->image, &b->image) && same_image(&a->new_image, &b->new_image) &&
           a->cwd == b->cwd && a->uid == b->uid && a->gid == b->gid && a->threads == b->threads &&
           a->nice == b->nice && a->kernel == b->kernel && a->first_frame == b->first_frame &&
           a->gone_frame == b->gone_frame && a->exec_frame == b->exec_frame &&
           a->setuid_frame == b->setuid_frame && a->new_uid == b->new_uid &&
           a->new_gid == b->new_gid && a->zombie_frame == b->zombie_frame &&
           derive_state(a) == derive_state(b);
}

static bool agree(
    const struct derive *d, const struct derive_process *a, const struct derive_process *b)
{
    int64_t page = d->facts.page_size_bytes > 0 ? d->facts.page_size_bytes : 4096;

    return derive_series_agree(&a->cpu, &b->cpu, CPU_MARGIN, 0) &&
           derive_series_agree(&a->rss, &b->rss, page / 1024 * 1000, 0) &&
           derive_series_agree(&a->read, &b->read, IO_MARGIN, IO_PERMILLE) &&
           derive_series_agree(&a->write, &b->write, IO_MARGIN, IO_PERMILLE) &&
           derive_series_agree(&a->fds, &b->fds, 0, 0);
}

/* Joins the process to the first kind that it fits, or makes a new one. */
static enum rg_status fold_process(
    struct derive_fold *fold, const struct derive *d, struct rg_map *heads, uint32_t index)
{
    const struct derive_process *p = &d->processes[index];
    uint64_t hash = hash_of(p), head = 0;
    void *kinds = fold->kinds;
    enum rg_status st;

    rg_ignore(rg_map_get(heads, hash, &head), "0 is none");
    for (uint32_t at = (uint32_t)head; at; at = fold->kinds[at - 1].next) {
        struct derive_kind *kind = &fold->kinds[at - 1];
        const struct derive_process *first = &d->processes[kind->process];

        if (!alike(first, p) || (!fold->numbers_ignored && !agree(d, first, p)))
            continue;
        kind->count++;
        kind->one_parent = kind->one_parent && first->ppid == p->ppid;
        return RG_OK;
    }
    st = rg_grow(
        &kinds, &fold->kind_cap, fold->kind_count + 1, sizeof(*fold->kinds), RG_SIM_SPECS_MAX);
    fold->kinds = kinds;
    if (st != RG_OK)
        return st;
    fold->kinds[fold->kind_count++] = (struct derive_kind){index, 1, true, (uint32_t)head};
    return rg_map_put(heads, hash, fold->kind_count);
}

static enum rg_status fold_all(struct derive_fold *fold, const struct derive *d)
{
    struct rg_map heads;
    enum rg_status st = RG_OK;

    rg_map_init(&heads);
    fold->kind_count = 0;
    for (size_t i = 0; i < d->process_count && st == RG_OK; i++) {
        if (!fold->crowd_of[i])
            st = fold_process(fold, d, &heads, (uint32_t)i);
    }
    rg_map_finish(&heads);
    if (st == RG_OK && fold->kind_count + fold->crowd_count > RG_SIM_SPECS_MAX)
        st = RG_ELIMIT;
    return st;
}

enum rg_status derive_fold(struct derive_fold *fold, const struct derive *d, struct rg_err *err)
{
    enum rg_status st = derive_crowds(fold, d, err);

    if (st != RG_OK)
        return st;
    st = fold_all(fold, d);
    if (st == RG_ELIMIT) {
        fold->numbers_ignored = true;
        st = fold_all(fold, d);
    }
    if (st == RG_ELIMIT)
        rg_err_set(err, "more than %zu different kinds of processes", RG_SIM_SPECS_MAX);
    return st;
}

void derive_fold_finish(struct derive_fold *fold)
{
    free(fold->kinds);
    free(fold->crowds);
    free(fold->crowd_of);
    *fold = (struct derive_fold){.kinds = NULL};
}

/* The last two lists; false when there are not as many. */
static bool last_lists(const struct derive *d, uint32_t *last, uint32_t *before)
{
    int found = 0;

    for (size_t i = d->frame_count; i-- > 0 && found < 2;) {
        if (!d->frames[i].listed)
            continue;
        *(found ? before : last) = (uint32_t)i;
        found++;
    }
    return found == 2;
}

/* Whether the process check tells of it at all. */
static bool reported(const struct derive *d, const struct derive_process *p, bool ignore_zombies)
{
    return (!p->kernel || derive_text(d, p->image.args).len > 0) &&
           !(ignore_zombies && p->zombie_frame != DERIVE_NEVER);
}

void derive_expect_count(const struct derive_fold *fold, const struct derive *d,
    bool ignore_zombies, uint64_t *least, uint64_t *most)
{
    bool punctual = derive_punctual(d);
    uint32_t last = 0, before = 0;
    double crowd = 0;

    *least = *most = 0;
    if (!last_lists(d, &last, &before))
        return;
    for (size_t i = 0; i < d->process_count; i++) {
        const struct derive_process *p = &d->processes[i];
        bool there = p->gone_frame == DERIVE_NEVER && p->first_frame <= before;

        if (fold->crowd_of[i] || !reported(d, p, ignore_zombies))
            continue;
        *least += there && (punctual || p->first_frame == 0);
        *most += there || (!punctual && p->gone_frame > before);
    }
    for (size_t i = 0; i < fold->crowd_count; i++)
        crowd += 2 * fold->crowds[i].visible + 10;
    *most += (uint64_t)crowd;
}
