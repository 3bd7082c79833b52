/* Crowds: processes too short-lived to be told apart become one source of processes.
 *
 * Scans see a crowd as passers-by. With N of them visible on average, each seen at an age of A on
 * average, and lives between half and one and a half of their mean L, as the simulated host draws
 * them, a passer-by is seen at the mean age L * 13/24; and N / L of them begin per second. Neither
 * needs to know how many were never seen. */
#include "derive_fold.h"

#include "rg/base/hash.h"
#include "rg/base/mem.h"
#include "rg/sim_host.h"

#include <stdlib.h>
#include <string.h>

#define LISTS_MAX    2 /* a member of a crowd is seen at most so often */
#define BIRTHS_MIN   3 /* scans that saw new members */
#define AGE_TO_LIFE  (24.0 / 13.0)
#define WARM_LIVES   10 /* a crowd that was there begins so long before the run */
#define LIFE_MIN_NS  RG_NS_PER_MS
#define LIFE_MAX_NS  (INT64_C(1000000) * RG_NS_PER_S)
#define SPAWN_MAX    1000000.0
#define STEADY_SHARE 0.9 /* of the largest number seen at once */
#define CROWDS_MAX   1000
#define VISIBLE_MAX  1000000.0

struct group {
    uint32_t head, members, births, birth_lists, last_birth, gone;
    bool crowd;
};

struct grouping {
    const struct derive *d;
    struct group *groups;
    size_t count, cap;
    uint32_t *next; /* of each process: the next member + 1 */
    uint32_t *seen; /* scratch: of each frame */
    uint32_t lists; /* in the capture */
};

static bool passes_by(const struct grouping *g, const struct derive_process *p)
{
    return p->has_start && p->lists <= LISTS_MAX && g->lists > LISTS_MAX &&
           (p->first_frame > 0 || p->gone_frame != DERIVE_NEVER);
}

static uint64_t key_of(const struct derive_process *p)
{
    uint64_t h = rg_hash_mix(p->kernel, p->image.comm); /* links may be unreadable at times */

    return rg_hash_mix(h, (uint64_t)p->uid << 32 | (uint32_t)p->nice);
}

static enum rg_status add_member(struct grouping *g, struct rg_map *by_key, uint32_t index)
{
    const struct derive_process *p = &g->d->processes[index];
    void *groups = g->groups;
    struct group *group;
    uint64_t number;
    enum rg_status st = RG_OK;

    if (!rg_map_get(by_key, key_of(p), &number)) {
        number = g->count;
        st = rg_grow(&groups, &g->cap, g->count + 1, sizeof(*g->groups), DERIVE_PROCESSES_MAX);
        g->groups = groups;
        if (st == RG_OK)
            st = rg_map_put(by_key, key_of(p), number);
        if (st != RG_OK)
            return st;
        g->groups[g->count++] = (struct group){.last_birth = DERIVE_NEVER};
    }
    group = &g->groups[number];
    g->next[index] = group->head;
    group->head = index + 1;
    group->members++;
    group->gone += p->gone_frame != DERIVE_NEVER;
    if (p->first_frame > 0) {
        group->births++;
        group->birth_lists += group->last_birth != p->first_frame;
        group->last_birth = p->first_frame;
    }
    return st;
}

/* A mean in thousandths that a series may hold: counters of a capture may be anything. */
static int64_t to_milli(double mean)
{
    double most = (double)RG_SIM_SERIES_VALUE_MAX;

    return (int64_t)((mean < most ? mean : most) * 1000);
}

/* Means over the members. A counter counts since the start, so it is divided by the age. */
static void measure(const struct grouping *g, const struct group *group, struct derive_crowd *c)
{
    const struct derive *d = g->d;
    double ticks = 0, age = 0, io_age = 0, rss = 0, fds = 0, read = 0, written = 0;
    uint32_t with_rss = 0, with_fds = 0;

    for (uint32_t at = group->head; at; at = g->next[at - 1]) {
        const struct derive_process *p = &d->processes[at - 1];
        double born = (double)p->start_ticks * (double)RG_NS_PER_S / (double)d->ticks_per_s -
                      (double)d->uptime_ns;
        double lived = (double)p->last_cpu_ns - born;

        ticks += (double)(p->user_ticks + p->system_ticks);
        age += lived > 0 ? lived : 0;
        if (p->read_bytes >= 0) {
            read += (double)p->read_bytes;
            written += (double)p->write_bytes;
            io_age += lived > 0 ? lived : 0;
        }
        if (p->rss.count) {
            rss += (double)derive_series_at(&p->rss, UINT32_MAX);
            with_rss++;
        }
        if (p->fds.count) {
            fds += (double)derive_series_at(&p->fds, UINT32_MAX);
            with_fds++;
        }
    }
    age /= (double)RG_NS_PER_S;
    io_age /= (double)RG_NS_PER_S;
    c->cpu = age > 0 ? to_milli(ticks / (double)d->ticks_per_s / age * 100) : 0;
    c->cpu = c->cpu < 100000 ? c->cpu : 100000;
    c->rss = with_rss ? (int64_t)(rss / with_rss) : -1;
    c->fds = with_fds ? (int64_t)(fds / with_fds) : -1;
    c->read = io_age > 0 ? to_milli(read / io_age) : -1;
    c->write = io_age > 0 ? to_milli(written / io_age) : -1;
}

/* How many were visible at once, over the time in which the crowd was there. */
static void count_visible(const struct grouping *g, const struct group *group,
    struct derive_crowd *c, uint32_t *first, uint32_t *last)
{
    const struct derive *d = g->d;
    uint32_t least = UINT32_MAX, most = 0, lists = 0;
    uint64_t sum = 0;

    memset(g->seen, 0, (d->frame_count + 1) * sizeof(*g->seen));
    *first = (uint32_t)d->frame_count;
    *last = 0;
    for (uint32_t at = group->head; at; at = g->next[at - 1]) {
        const struct derive_process *p = &d->processes[at - 1];
        uint32_t end = p->gone_frame < d->frame_count ? p->gone_frame : (uint32_t)d->frame_count;

        *first = p->first_frame < *first ? p->first_frame : *first;
        *last = end > *last ? end : *last;
        for (uint32_t f = p->first_frame; f < end; f++)
            g->seen[f]++;
    }
    for (uint32_t f = *first; f < *last; f++) {
        if (!d->frames[f].listed)
            continue;
        lists++;
        sum += g->seen[f];
        least = g->seen[f] < least ? g->seen[f] : least;
        most = g->seen[f] > most ? g->seen[f] : most;
    }
    c->visible = lists ? (double)sum / lists : 0;
    c->visible = c->visible < VISIBLE_MAX ? c->visible : VISIBLE_MAX;
    c->respawn = lists && least >= 1 && least >= STEADY_SHARE * most;
}

/* A pid that two members had, or a command line that differs from the first one's. */
static enum rg_status compare_members(
    const struct grouping *g, const struct group *group, struct derive_crowd *c)
{
    struct rg_map pids;
    enum rg_status st = RG_OK;

    rg_map_init(&pids);
    c->process = c->other = group->head - 1;
    for (uint32_t at = group->head; at && st == RG_OK; at = g->next[at - 1]) {
        const struct derive_process *p = &g->d->processes[at - 1];

        if (p->image.args != g->d->processes[c->process].image.args)
            c->other = at - 1;
        c->reuse_pids = c->reuse_pids || rg_map_get(&pids, (uint64_t)p->pid, NULL);
        st = rg_map_put(&pids, (uint64_t)p->pid, 1);
    }
    rg_map_finish(&pids);
    return st;
}

static int64_t mean_life(const struct grouping *g, const struct group *group)
{
    const struct derive *d = g->d;
    double sum = 0, looks = 0;

    for (uint32_t at = group->head; at; at = g->next[at - 1]) {
        const struct derive_process *p = &d->processes[at - 1];
        double born = (double)p->start_ticks * (double)RG_NS_PER_S / (double)d->ticks_per_s -
                      (double)d->uptime_ns;
        double ages = p->listed_sum_ns - born * p->lists;

        sum += ages > 0 ? ages : 0;
        looks += p->lists;
    }
    sum = looks > 0 ? sum / looks * AGE_TO_LIFE : 0;
    if (sum < (double)LIFE_MIN_NS)
        return LIFE_MIN_NS;
    return sum < (double)LIFE_MAX_NS ? (int64_t)sum / RG_NS_PER_MS * RG_NS_PER_MS : LIFE_MAX_NS;
}

static enum rg_status add_crowd(
    struct derive_fold *fold, const struct grouping *g, const struct group *group)
{
    const struct derive *d = g->d;
    struct derive_crowd c = {.members = group->members};
    void *crowds = fold->crowds;
    uint32_t first, last;
    double spawn;
    enum rg_status st = compare_members(g, group, &c);

    if (st != RG_OK)
        return st;
    measure(g, group, &c);
    count_visible(g, group, &c, &first, &last);
    c.life_ns = mean_life(g, group);
    spawn = c.visible / ((double)c.life_ns / (double)RG_NS_PER_S) * 1000;
    c.spawn_per_ks = spawn < 1 ? 1 : spawn < SPAWN_MAX ? (uint32_t)(spawn + 0.5) : 1000000;
    c.start_ns = -WARM_LIVES * c.life_ns;
    if (c.start_ns < -d->uptime_ns)
        c.start_ns = -d->uptime_ns;
    if (first > 1)
        c.start_ns = derive_frame_ns(d, first - 1) + RG_NS_PER_MS;
    if (last + 1 < d->frame_count)
        c.stop_ns = derive_frame_ns(d, last);
    st = rg_grow(
        &crowds, &fold->crowd_cap, fold->crowd_count + 1, sizeof(*fold->crowds), CROWDS_MAX);
    fold->crowds = crowds;
    if (st != RG_OK)
        return st;
    fold->crowds[fold->crowd_count++] = c;
    for (uint32_t at = group->head; at; at = g->next[at - 1])
        fold->crowd_of[at - 1] = (uint32_t)fold->crowd_count;
    return RG_OK;
}

static enum rg_status find_crowds(struct derive_fold *fold, struct grouping *g)
{
    struct rg_map by_key;
    enum rg_status st = RG_OK;

    rg_map_init(&by_key);
    for (size_t i = 0; i < g->d->process_count && st == RG_OK; i++) {
        if (passes_by(g, &g->d->processes[i]))
            st = add_member(g, &by_key, (uint32_t)i);
    }
    rg_map_finish(&by_key);
    for (size_t i = 0; i < g->count && st == RG_OK; i++) {
        const struct group *group = &g->groups[i];

        if (group->members >= DERIVE_CROWD_MIN && group->birth_lists >= BIRTHS_MIN &&
            group->gone * 2 >= group->members && fold->crowd_count < CROWDS_MAX)
            st = add_crowd(fold, g, group);
    }
    return st;
}

enum rg_status derive_crowds(struct derive_fold *fold, const struct derive *d, struct rg_err *err)
{
    struct grouping g = {.d = d};
    enum rg_status st = RG_ENOMEM;

    (void)err;
    for (size_t i = 0; i < d->frame_count; i++)
        g.lists += d->frames[i].listed;
    fold->crowd_of = rg_calloc(d->process_count + 1, sizeof(*fold->crowd_of));
    g.next = rg_calloc(d->process_count + 1, sizeof(*g.next));
    g.seen = rg_calloc(d->frame_count + 1, sizeof(*g.seen));
    if (fold->crowd_of && g.next && g.seen)
        st = find_crowds(fold, &g);
    free(g.groups);
    free(g.next);
    free(g.seen);
    return st;
}
