#include "check_sampler.h"
#include "bucket_memory.h"
#include "rg/base/hash.h"
#include "rg/base/map.h"
#include "rg/base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_SLOT UINT32_MAX

struct second {
    int64_t timestamp_s;
    struct rg_sketch sketch;
};

/* What only distributions and buckets need. */
struct spread {
    struct second *seconds; /* owned; ascending */
    size_t count, cap;
    struct rg_bucket_memory buckets;
};

/* Everything about one context. A slot lives while its context is tracked, its metric is kept, or a
 * sketch waits for the end of its second. */
struct slot {
    struct rg_context *context; /* one reference; NULL: the slot is free */
    uint32_t next;              /* slot with the same hash, or next free slot */
    bool tracked;               /* the context has not expired */
    bool has_metric;
    bool no_index; /* as the first sample said */
    bool waiting;  /* expired, but a stateful metric is kept until the deadline */
    double deadline_s;
    int64_t seen; /* number of the commit before which the last sample came */
    struct rg_metric metric;
    struct spread *spread; /* owned; may be NULL */
};

struct rg_check_sampler {
    struct rg_sampler_world *world;
    struct rg_map by_hash; /* hash of a key to the first slot of its chain */
    struct slot *slots;    /* owned */
    size_t slot_count, slot_cap;
    uint32_t free_slot;
    size_t live;
    int64_t commits;
};

void rg_sampler_world_default(struct rg_sampler_world *w)
{
    *w = (struct rg_sampler_world){.commits_until_expiry = RG_COMMITS_UNTIL_EXPIRY_DEFAULT,
        .stateful_expiry_s = RG_STATEFUL_EXPIRY_S_DEFAULT,
        .expire_metrics = true,
        .bucket_reset = true,
        .contexts_max = RG_CONTEXTS_MAX_DEFAULT,
        .store = {.items_max = RG_CONTEXTS_MAX_DEFAULT}};
    rg_histogram_plan_default(&w->plan);
}

struct rg_check_sampler *rg_check_sampler_create(struct rg_sampler_world *world)
{
    struct rg_check_sampler *s = rg_calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->world = world;
    s->free_slot = NO_SLOT;
    rg_map_init(&s->by_hash);
    return s;
}

static void spread_free(struct spread *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        rg_sketch_finish(&p->seconds[i].sketch);
    free(p->seconds);
    rg_bucket_memory_finish(&p->buckets);
    free(p);
}

/* Gives up what a slot holds; its place in the table is the caller's matter. */
static void slot_clear(struct rg_check_sampler *s, struct slot *slot)
{
    rg_metric_finish(&slot->metric);
    spread_free(slot->spread);
    rg_context_release(slot->context);
    *slot = (struct slot){.next = NO_SLOT};
    s->live--;
    s->world->contexts--;
}

void rg_check_sampler_destroy(struct rg_check_sampler *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->slot_count; i++) {
        if (s->slots[i].context)
            slot_clear(s, &s->slots[i]);
    }
    free(s->slots);
    rg_map_finish(&s->by_hash);
    free(s);
}

size_t rg_check_sampler_contexts(const struct rg_check_sampler *s)
{
    return s->live;
}

static uint32_t chain_head(const struct rg_check_sampler *s, uint64_t hash)
{
    uint64_t head;

    return rg_map_get(&s->by_hash, hash, &head) ? (uint32_t)head : NO_SLOT;
}

static struct slot *find_slot(const struct rg_check_sampler *s, struct rg_str key, uint64_t hash)
{
    for (uint32_t at = chain_head(s, hash); at != NO_SLOT; at = s->slots[at].next) {
        if (rg_str_eq(s->slots[at].context->key, key))
            return &s->slots[at];
    }
    return NULL;
}

static enum rg_status free_slot(struct rg_check_sampler *s, uint32_t *at)
{
    void *slots = s->slots;
    enum rg_status st;

    if (s->free_slot != NO_SLOT) {
        *at = s->free_slot;
        return RG_OK;
    }
    st = rg_grow(&slots, &s->slot_cap, s->slot_count + 1, sizeof(*s->slots), NO_SLOT);
    s->slots = slots;
    if (st != RG_OK)
        return st;
    s->slots[s->slot_count] = (struct slot){.next = NO_SLOT};
    s->free_slot = (uint32_t)s->slot_count;
    *at = (uint32_t)s->slot_count++;
    return RG_OK;
}

static enum rg_status add_slot(
    struct rg_check_sampler *s, struct rg_str key, uint64_t hash, struct slot **out)
{
    struct rg_context *context;
    enum rg_status st;
    struct slot *slot;
    uint32_t at;

    if (s->world->contexts >= s->world->contexts_max)
        return RG_ELIMIT;
    st = free_slot(s, &at);
    if (st != RG_OK)
        return st;
    context = rg_context_create(key, hash);
    if (!context)
        return RG_ENOMEM;
    slot = &s->slots[at];
    uint32_t next_free = slot->next, head = chain_head(s, hash);

    st = rg_map_put(&s->by_hash, hash, at);
    if (st != RG_OK) {
        rg_context_release(context);
        return st;
    }
    s->free_slot = next_free;
    *slot = (struct slot){.context = context, .next = head};
    s->live++;
    s->world->contexts++;
    *out = slot;
    return RG_OK;
}

static void remove_slot(struct rg_check_sampler *s, uint32_t at)
{
    uint64_t hash = s->slots[at].context->hash;
    uint32_t next = s->slots[at].next, before = chain_head(s, hash);

    if (before == at) {
        if (next == NO_SLOT)
            rg_map_remove(&s->by_hash, hash, NULL);
        else /* the key is in the map: nothing is allocated */
            rg_ignore(rg_map_put(&s->by_hash, hash, next), "replacing cannot fail");
    } else {
        while (s->slots[before].next != at)
            before = s->slots[before].next;
        s->slots[before].next = next;
    }
    slot_clear(s, &s->slots[at]);
    s->slots[at].next = s->free_slot;
    s->free_slot = at;
}

/* The slot of a context, tracked from now on. */
static enum rg_status track(struct rg_check_sampler *s, struct rg_str key,
    const struct rg_batch_item *item, struct slot **out)
{
    uint64_t hash = rg_hash64(key.ptr, key.len);
    struct slot *slot = find_slot(s, key, hash);
    enum rg_status st = RG_OK;

    if (!slot)
        st = add_slot(s, key, hash, &slot);
    if (st != RG_OK)
        return st;
    if (!slot->tracked)
        slot->no_index = item->no_index;
    slot->tracked = true;
    slot->seen = s->commits;
    *out = slot;
    return RG_OK;
}

static enum rg_status spread_of(struct slot *slot, struct spread **out)
{
    if (!slot->spread)
        slot->spread = rg_calloc(1, sizeof(*slot->spread));
    *out = slot->spread;
    return slot->spread ? RG_OK : RG_ENOMEM;
}

static enum rg_status second_of(struct slot *slot, double timestamp_s, struct rg_sketch **out)
{
    int64_t second = (int64_t)floor(timestamp_s);
    struct spread *p = NULL;
    enum rg_status st = spread_of(slot, &p);
    void *array;
    size_t at;

    if (st != RG_OK)
        return st;
    at = p->count;
    while (at > 0 && p->seconds[at - 1].timestamp_s > second)
        at--;
    if (at > 0 && p->seconds[at - 1].timestamp_s == second) {
        *out = &p->seconds[at - 1].sketch;
        return RG_OK;
    }
    array = p->seconds;
    st = rg_grow(&array, &p->cap, p->count + 1, sizeof(*p->seconds), RG_SKETCH_SECONDS_MAX);
    p->seconds = array;
    if (st != RG_OK)
        return st;
    memmove(&p->seconds[at + 1], &p->seconds[at], (p->count - at) * sizeof(*p->seconds));
    p->seconds[at] = (struct second){.timestamp_s = second};
    p->count++;
    *out = &p->seconds[at].sketch;
    return RG_OK;
}

static void tally(struct rg_sampler_report *report, enum rg_status st)
{
    if (st == RG_OK)
        report->taken++;
    else if (st == RG_EINVALID)
        report->rejected++;
    else if (st == RG_ENOMEM)
        report->no_memory++;
    else
        report->over_limit++;
}

/* The first of its kind is worth a line in the log. */
static void remember(struct rg_sampler_report *report, struct rg_str key, const char *what)
{
    struct rg_str name = rg_context_key_name(key);

    if (report->first[0])
        return;
    snprintf(report->first, sizeof(report->first), "%.*s: %s",
        name.len < RG_REPORT_NAME_MAX ? (int)name.len : RG_REPORT_NAME_MAX, name.ptr, what);
}

static enum rg_status take_sample(
    struct slot *slot, const struct rg_batch_item *item, double timestamp_s)
{
    struct rg_sketch *sketch;
    enum rg_status st;

    if (item->type == RG_METRIC_DISTRIBUTION) {
        st = isfinite(item->value) ? second_of(slot, timestamp_s, &sketch) : RG_EINVALID;
        return st == RG_OK ? rg_sketch_add(sketch, item->value) : st;
    }
    slot->waiting = false;
    if (!isfinite(item->value) || !isfinite(timestamp_s))
        return RG_EINVALID;
    if (!slot->has_metric) {
        rg_metric_init(&slot->metric, item->type);
        slot->has_metric = true;
    }
    return rg_metric_add(&slot->metric, item->value, timestamp_s, item->flush_first);
}

/* What a bucket adds to its sketch: the value, or its difference to the one before. Negative when
 * the source counted backwards.
 * upstream: pkg/aggregator/check_sampler.go, addBucket */
static enum rg_status bucket_count(
    struct rg_check_sampler *s, struct slot *slot, const struct rg_batch_item *item, int64_t *count)
{
    struct spread *p = NULL;
    int64_t previous;
    enum rg_status st;
    bool known;

    *count = item->count;
    if (!item->monotonic)
        return RG_OK;
    st = spread_of(slot, &p);
    if (st == RG_OK)
        st = rg_bucket_memory_swap(&p->buckets, item->lower, item->upper, item->count,
            RG_BUCKETS_PER_CONTEXT_MAX, &known, &previous);
    if (st != RG_OK)
        return st;
    if (!known && !item->flush_first)
        *count = 0;
    else if (item->count >= previous || !s->world->bucket_reset)
        *count = item->count - previous;
    else if (!item->flush_first)
        *count = 0;
    return RG_OK;
}

static void take_bucket(struct rg_check_sampler *s, struct rg_str key,
    const struct rg_batch_item *item, double timestamp_s, struct rg_sampler_report *report)
{
    struct slot *slot = NULL;
    struct rg_sketch *sketch;
    enum rg_status st;
    int64_t count;
    double upper;

    if (item->count < 0 || !isfinite(item->lower) || !(item->upper >= item->lower)) {
        report->bad_buckets++;
        remember(report, key, "bad histogram bucket");
        return;
    }
    if (item->count == 0) {
        report->taken++;
        return;
    }
    st = track(s, key, item, &slot);
    if (st == RG_OK)
        st = bucket_count(s, slot, item, &count);
    if (st == RG_OK && count < 0) {
        report->bad_buckets++;
        remember(report, key, "bad histogram bucket");
        return;
    }
    if (st == RG_OK && count > 0) {
        upper = isinf(item->upper) ? item->lower : item->upper;
        st = second_of(slot, timestamp_s, &sketch);
        if (st == RG_OK)
            st = rg_sketch_add_range(sketch, item->lower, upper, (uint64_t)count);
    }
    tally(report, st);
}

void rg_check_sampler_take(struct rg_check_sampler *s, struct rg_str key,
    const struct rg_batch_item *item, double now_s, struct rg_sampler_report *report)
{
    double timestamp_s = item->timestamp_s != 0 ? item->timestamp_s : now_s;
    struct slot *slot = NULL;
    enum rg_status st;

    if (item->bucket) {
        take_bucket(s, key, item, timestamp_s, report);
        return;
    }
    st = track(s, key, item, &slot);
    if (st == RG_OK)
        st = take_sample(slot, item, timestamp_s);
    if (st == RG_EINVALID)
        remember(report, key, "no finite value");
    tally(report, st);
}

struct emit_ctx {
    struct rg_metric_store *store;
    const struct slot *slot;
};

static void emit_serie(void *ctx, const char *suffix, enum rg_series_type type,
    const struct rg_point *points, size_t count)
{
    const struct emit_ctx *to = ctx;

    rg_metric_store_serie(
        to->store, to->slot->context, suffix, type, to->slot->no_index, points, count);
}

static void flush_metric(
    struct rg_check_sampler *s, struct slot *slot, double now_s, struct rg_sampler_report *report)
{
    struct emit_ctx to = {&s->world->store, slot};
    const char *why = "";

    if (rg_metric_flush(&slot->metric, &s->world->plan, now_s, emit_serie, &to, &why) == RG_OK)
        return;
    report->flush_errors++;
    remember(report, slot->context->key, why);
}

/* Only whole seconds that are over: a point of the commit's own second waits. */
static void flush_sketches(struct rg_check_sampler *s, struct slot *slot, double now_s)
{
    struct spread *p = slot->spread;
    int64_t second = (int64_t)floor(now_s);
    size_t done = 0;

    if (!p)
        return;
    while (done < p->count && p->seconds[done].timestamp_s < second) {
        struct second *over = &p->seconds[done++];

        if (over->sketch.count)
            rg_metric_store_sketch(
                &s->world->store, slot->context, over->timestamp_s, &over->sketch);
        rg_sketch_finish(&over->sketch);
    }
    if (done)
        memmove(p->seconds, &p->seconds[done], (p->count - done) * sizeof(*p->seconds));
    p->count -= done;
}

static void drop_metric(struct slot *slot)
{
    rg_metric_finish(&slot->metric);
    slot->has_metric = false;
    slot->waiting = false;
}

/* The context got no sample for too many commits. */
static void expire(struct rg_check_sampler *s, struct slot *slot, double now_s)
{
    slot->tracked = false;
    if (slot->spread)
        rg_bucket_memory_finish(&slot->spread->buckets);
    if (!slot->has_metric || !s->world->expire_metrics)
        return;
    if (!rg_metric_is_stateful(slot->metric.type)) {
        drop_metric(slot);
    } else {
        slot->waiting = true;
        slot->deadline_s = now_s + s->world->stateful_expiry_s;
    }
}

void rg_check_sampler_commit(
    struct rg_check_sampler *s, double now_s, struct rg_sampler_report *report)
{
    for (uint32_t at = 0; at < s->slot_count; at++) {
        struct slot *slot = &s->slots[at];

        if (!slot->context)
            continue;
        if (slot->has_metric)
            flush_metric(s, slot, now_s, report);
        flush_sketches(s, slot, now_s);
        if (slot->waiting && slot->deadline_s < now_s)
            drop_metric(slot);
        if (slot->tracked && slot->seen <= s->commits - s->world->commits_until_expiry)
            expire(s, slot, now_s);
        if (!slot->tracked && !slot->has_metric && !(slot->spread && slot->spread->count))
            remove_slot(s, at);
    }
    s->commits++;
}
