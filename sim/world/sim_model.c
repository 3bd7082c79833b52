/* What happens: copies start, end, stay as zombies and give their pids back. All of it hangs off
 * one queue ordered by (time, ends before starts, order of the specs, order of insertion), so the
 * outcome depends on the specs and the seed only. Each event reserves all memory before it changes
 * anything: when memory is short, it simply happens at the next try. */
#include "sim_model.h"

#include "rg/base/hash.h"
#include "rg/base/mem.h"

#include <string.h>

enum event_kind { EVENT_COPIES, EVENT_ARRIVAL, EVENT_END, EVENT_REAP };

#define KIND_SHIFT      32
#define NS_PER_KS       (INT64_C(1000) * RG_NS_PER_S)
#define PLANS_PER_EVENT 4 /* at most, of one event */
#define WORD_BITS       64

static uint64_t event_value(enum event_kind kind, uint32_t index)
{
    return (uint64_t)kind << KIND_SHIFT | index;
}

static enum rg_status reserve(struct rg_sim_host *h, struct rg_err *err)
{
    void *items = h->events.items;
    void *procs = h->procs;
    enum rg_status st = rg_grow(&items, &h->events.cap, h->events.count + PLANS_PER_EVENT,
        sizeof(*h->events.items), SIZE_MAX / sizeof(*h->events.items));

    h->events.items = items;
    if (st == RG_OK)
        st = rg_grow(&procs, &h->proc_cap, h->proc_count + 1, sizeof(*h->procs), UINT32_MAX);
    h->procs = procs;
    if (st != RG_OK) {
        rg_err_set(err, "no memory for the simulated processes");
        return RG_ENOMEM;
    }
    return RG_OK;
}

/* Room was reserved. */
static void plan(
    struct rg_sim_host *h, int64_t at_ns, uint32_t priority, enum event_kind kind, uint32_t index)
{
    rg_assert(rg_heap_push(&h->events, at_ns, priority, event_value(kind, index)) == RG_OK);
}

static void mark_pid(struct rg_sim_host *h, int32_t pid, uint32_t slot_plus_1)
{
    uint64_t bit = UINT64_C(1) << ((uint32_t)pid % WORD_BITS);

    h->by_pid[pid] = slot_plus_1;
    if (slot_plus_1)
        h->pid_bits[pid / WORD_BITS] |= bit;
    else
        h->pid_bits[pid / WORD_BITS] &= ~bit;
}

/* The smallest number in from..pid_max whose bit is used or not; 0: there is none. */
static int32_t scan_pids(const struct rg_sim_host *h, int32_t from, bool used)
{
    for (int32_t word = from / WORD_BITS; word <= h->options.pid_max / WORD_BITS; word++) {
        uint64_t bits = used ? h->pid_bits[word] : ~h->pid_bits[word];
        int32_t pid;

        if (word == from / WORD_BITS)
            bits &= UINT64_MAX << ((uint32_t)from % WORD_BITS);
        if (!bits)
            continue;
        pid = word * WORD_BITS + __builtin_ctzll(bits);
        return pid <= h->options.pid_max ? pid : 0;
    }
    return 0;
}

static int32_t choose_pid(struct rg_sim_host *h, const struct sim_spec *spec)
{
    int32_t pid = 0;

    if (spec->next_copy == 0 && spec->is.pid && !h->by_pid[spec->is.pid])
        return spec->is.pid;
    if (spec->is.reuse_pids && spec->freed_pid && !h->by_pid[spec->freed_pid])
        return spec->freed_pid;
    if (h->last_pid < h->options.pid_max)
        pid = scan_pids(h, h->last_pid + 1, false);
    if (!pid)
        pid = scan_pids(h, h->options.pid_first, false);
    if (pid)
        h->last_pid = pid;
    return pid;
}

static uint32_t take_slot(struct rg_sim_host *h)
{
    uint32_t slot = h->free_slot;

    if (!slot)
        return (uint32_t)h->proc_count++;
    h->free_slot = h->procs[slot - 1].next_free;
    return slot - 1;
}

static uint32_t draw_scale(struct sim_spec *spec)
{
    uint32_t spread = spec->is.spread_permille;

    return spread ? 1000 - spread + (uint32_t)rg_prng_below(&spec->prng, 2 * spread + 1) : 1000;
}

static int64_t draw_end(struct sim_spec *spec, int64_t start_ns)
{
    int64_t life = spec->is.lifetime_ns;
    int64_t end = SIM_NEVER;

    if (life)
        life = life - life / 2 + (int64_t)rg_prng_below(&spec->prng, (uint64_t)life);
    if (life && __builtin_add_overflow(start_ns, life, &end))
        end = SIM_NEVER;
    if (spec->is.stop_ns && spec->is.stop_ns < end)
        end = spec->is.stop_ns;
    return end;
}

static bool stopped(const struct sim_spec *spec, int64_t at_ns)
{
    return spec->is.stop_ns && at_ns >= spec->is.stop_ns;
}

static void start(struct rg_sim_host *h, uint32_t spec_index, int64_t at_ns)
{
    struct sim_spec *spec = &h->specs[spec_index];
    int64_t end_ns;
    int32_t pid;
    struct sim_proc *p;
    uint32_t slot;

    if (stopped(spec, at_ns))
        return;
    pid = choose_pid(h, spec);
    if (!pid) {
        h->stats.refused++;
        return;
    }
    slot = take_slot(h);
    p = &h->procs[slot];
    *p = (struct sim_proc){
        .pid = pid,
        .spec = spec_index,
        .copy = spec->next_copy++,
        .start_ns = at_ns,
        .end_ns = SIM_NEVER,
        .scale = draw_scale(spec),
        .salt = rg_prng_next(&spec->prng),
    };
    end_ns = draw_end(spec, at_ns);
    if (end_ns != SIM_NEVER)
        plan(h, end_ns, 0, EVENT_END, slot);
    mark_pid(h, pid, slot + 1);
    h->stats.started++;
    h->stats.live++;
    h->threads += spec->is.threads ? (uint64_t)spec->is.threads : 1;
    if (spec->is.state == 'Z') {
        p->end_ns = at_ns;
        return;
    }
    spec->live++;
    spec->live_scale += p->scale;
    spec->live_base += p->scale * sim_series_integral(&spec->is.cpu, at_ns);
}

static void give_back(struct rg_sim_host *h, uint32_t slot)
{
    struct sim_proc *p = &h->procs[slot];
    struct sim_spec *spec = &h->specs[p->spec];

    spec->freed_pid = p->pid;
    mark_pid(h, p->pid, 0);
    h->stats.live--;
    h->threads -= spec->is.threads ? (uint64_t)spec->is.threads : 1;
    *p = (struct sim_proc){.next_free = h->free_slot};
    h->free_slot = slot + 1;
}

static void end(struct rg_sim_host *h, uint32_t slot, int64_t at_ns)
{
    struct sim_proc *p = &h->procs[slot];
    uint32_t spec_index = p->spec;
    struct sim_spec *spec = &h->specs[spec_index];

    h->stats.ended++;
    if (p->end_ns == SIM_NEVER) {
        sim_wide base = p->scale * sim_series_integral(&spec->is.cpu, p->start_ns);

        spec->live--;
        spec->live_scale -= p->scale;
        spec->live_base -= base;
        spec->dead_cpu += p->scale * sim_series_integral(&spec->is.cpu, at_ns) - base;
        p->end_ns = at_ns;
    }
    if (spec->is.zombie_ns && at_ns <= INT64_MAX - spec->is.zombie_ns)
        plan(h, at_ns + spec->is.zombie_ns, 0, EVENT_REAP, slot);
    else
        give_back(h, slot);
    if (spec->is.respawn)
        start(h, spec_index, at_ns);
}

/* Half to one and a half of the mean time between two arrivals. */
static int64_t draw_gap(struct sim_spec *spec)
{
    int64_t mean = NS_PER_KS / spec->is.spawn_per_ks;

    return mean - mean / 2 + (int64_t)rg_prng_below(&spec->prng, (uint64_t)mean);
}

static void happen(struct rg_sim_host *h, const struct rg_heap_item *item)
{
    uint32_t index = (uint32_t)item->value;
    int64_t at_ns = item->time_ns;
    struct sim_spec *spec;

    switch ((enum event_kind)(item->value >> KIND_SHIFT)) {
    case EVENT_COPIES:
        spec = &h->specs[index];
        start(h, index, at_ns);
        if (--spec->copies_left > 0)
            plan(h, at_ns, index + 1, EVENT_COPIES, index);
        break;
    case EVENT_ARRIVAL:
        spec = &h->specs[index];
        start(h, index, at_ns);
        if (!stopped(spec, at_ns))
            plan(h, at_ns + draw_gap(spec), index + 1, EVENT_ARRIVAL, index);
        break;
    case EVENT_END:
        end(h, index, at_ns);
        break;
    case EVENT_REAP:
        give_back(h, index);
        break;
    }
}

enum rg_status sim_model_plan(struct rg_sim_host *h, uint32_t spec_index)
{
    struct sim_spec *spec = &h->specs[spec_index];
    int64_t at_ns = spec->is.start_ns;
    enum rg_status st = reserve(h, NULL);

    h->counted_pid = 0; /* the counts point into specs, which may have moved */

    if (st != RG_OK)
        return st;
    if (spec->copies_left > 0)
        plan(h, at_ns, spec_index + 1, EVENT_COPIES, spec_index);
    if (spec->is.spawn_per_ks)
        plan(h, at_ns + draw_gap(spec), spec_index + 1, EVENT_ARRIVAL, spec_index);
    return RG_OK;
}

enum rg_status sim_model_advance(struct rg_sim_host *h, struct rg_err *err)
{
    int64_t now_ns = rg_runtime_mono(h->options.clock).ns - h->mono_start_ns;
    struct rg_heap_item item;

    h->stats.calls++;
    while (rg_heap_top(&h->events, &item) && item.time_ns <= now_ns) {
        enum rg_status st = reserve(h, err);

        if (st != RG_OK)
            return st;
        rg_assert(rg_heap_pop(&h->events, &item));
        h->counted_pid = 0;
        happen(h, &item);
    }
    if (now_ns != h->now_ns)
        h->counted_pid = 0;
    h->now_ns = now_ns;
    return RG_OK;
}

const struct sim_proc *sim_model_find(const struct rg_sim_host *h, int32_t pid)
{
    if (pid < 1 || pid > h->options.pid_max || !h->by_pid[pid])
        return NULL;
    return &h->procs[h->by_pid[pid] - 1];
}

int32_t sim_model_next_pid(const struct rg_sim_host *h, int32_t pid)
{
    return pid < h->options.pid_max ? scan_pids(h, pid + 1, true) : 0;
}
