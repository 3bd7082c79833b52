#include "aggregator.h"
#include "rg/base/hash.h"
#include "rg/base/map.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct rg_sampler_entry {
    char *id; /* owned */
    struct rg_check_sampler *sampler;
    size_t users;                  /* open senders; 0: gone after the next flush */
    struct rg_sampler_entry *next; /* same hash of the id */
};

struct rg_aggregator {
    struct rg_runtime *runtime;
    const struct rg_log *log;
    char *hostname; /* owned */
    struct rg_mutex *mutex;
    struct rg_context *running, *payload_drops; /* of the agent's own series */
    /* under mutex: */
    struct rg_sampler_world world;
    struct rg_map by_id; /* hash of an id to the first entry of its chain */
    struct rg_aggregator_counts counts;
    size_t unused; /* entries without users */
    struct rg_service_check **checks;
    size_t check_count, check_cap;
    struct rg_event **events;
    size_t event_count, event_cap;
};

void rg_aggregator_options_default(struct rg_aggregator_options *options)
{
    *options = (struct rg_aggregator_options){.hostname = ""};
    rg_sampler_world_default(&options->world);
}

static struct rg_context *own_context(const char *name, const char *hostname)
{
    struct rg_context *context = NULL;
    struct rg_buf key;

    rg_buf_init(&key, RG_ITEM_BYTES_MAX);
    if (rg_context_key_append(
            &key, rg_str_from(name), rg_str_from(hostname), RG_NO_TAGS, RG_ITEM_BYTES_MAX) == RG_OK)
        context = rg_context_create(rg_str_buf(&key), rg_hash64(key.data, key.len));
    rg_buf_finish(&key);
    return context;
}

enum rg_status rg_aggregator_create(struct rg_runtime *runtime,
    const struct rg_aggregator_options *o, const struct rg_log *log, struct rg_aggregator **out,
    struct rg_err *err)
{
    struct rg_aggregator *a = rg_calloc(1, sizeof(*a));

    if (!a)
        return RG_ENOMEM;
    rg_assert(o->world.commits_until_expiry >= 1);
    a->runtime = runtime;
    a->log = log;
    a->world = o->world;
    a->world.contexts = 0;
    a->world.store = (struct rg_metric_store){.items_max = o->world.store.items_max};
    rg_map_init(&a->by_id);
    a->hostname = rg_memdup0(o->hostname, strlen(o->hostname));
    a->mutex = rg_mutex_create(runtime, "aggregator");
    a->running = own_context("datadog.agent.running", o->hostname);
    a->payload_drops = own_context("n_o_i_n_d_e_x.datadog.agent.payload.dropped", o->hostname);
    if (!a->hostname || !a->mutex || !a->running || !a->payload_drops) {
        rg_aggregator_destroy(a);
        rg_err_set(err, "cannot create the aggregator: out of memory");
        return RG_ENOMEM;
    }
    *out = a;
    return RG_OK;
}

static void entry_free(struct rg_sampler_entry *e)
{
    if (!e)
        return;
    rg_check_sampler_destroy(e->sampler);
    free(e->id);
    free(e);
}

static struct rg_sampler_entry *entry_from(uint64_t value)
{
    return (struct rg_sampler_entry *)(uintptr_t)value;
}

void rg_aggregator_destroy(struct rg_aggregator *a)
{
    uint64_t value;
    size_t pos = 0;

    if (!a)
        return;
    while (rg_map_next(&a->by_id, &pos, NULL, &value)) {
        for (struct rg_sampler_entry *e = entry_from(value), *next; e; e = next) {
            rg_assert(e->users == 0);
            next = e->next;
            entry_free(e);
        }
    }
    rg_map_finish(&a->by_id);
    rg_metric_store_finish(&a->world.store);
    for (size_t i = 0; i < a->check_count; i++)
        free(a->checks[i]);
    for (size_t i = 0; i < a->event_count; i++)
        free(a->events[i]);
    free(a->checks);
    free(a->events);
    rg_context_release(a->running);
    rg_context_release(a->payload_drops);
    rg_mutex_destroy(a->mutex);
    free(a->hostname);
    free(a);
}

static struct rg_sampler_entry *find_entry(
    const struct rg_aggregator *a, const char *id, uint64_t hash)
{
    uint64_t value;
    struct rg_sampler_entry *e = rg_map_get(&a->by_id, hash, &value) ? entry_from(value) : NULL;

    while (e && strcmp(e->id, id) != 0)
        e = e->next;
    return e;
}

static enum rg_status add_entry(
    struct rg_aggregator *a, const char *id, uint64_t hash, struct rg_sampler_entry **out)
{
    struct rg_sampler_entry *e;
    enum rg_status st = RG_ENOMEM;
    uint64_t head;

    if (a->counts.samplers >= RG_SAMPLERS_MAX)
        return RG_ELIMIT;
    e = rg_calloc(1, sizeof(*e));
    if (!e)
        return RG_ENOMEM;
    e->id = rg_memdup0(id, strlen(id));
    e->sampler = rg_check_sampler_create(&a->world);
    e->next = rg_map_get(&a->by_id, hash, &head) ? entry_from(head) : NULL;
    if (e->id && e->sampler)
        st = rg_map_put(&a->by_id, hash, (uint64_t)(uintptr_t)e);
    if (st != RG_OK) {
        entry_free(e);
        return st;
    }
    a->counts.samplers++;
    a->unused++;
    *out = e;
    return RG_OK;
}

enum rg_status rg_aggregator_register(struct rg_aggregator *a, const char *check_id,
    struct rg_sampler_entry **out, struct rg_err *err)
{
    uint64_t hash = rg_hash64(check_id, strlen(check_id));
    enum rg_status st = RG_OK;
    struct rg_sampler_entry *e;

    rg_mutex_lock(a->mutex);
    e = find_entry(a, check_id, hash);
    if (!e)
        st = add_entry(a, check_id, hash, &e);
    if (st == RG_OK && e->users++ == 0)
        a->unused--;
    rg_mutex_unlock(a->mutex);
    if (st == RG_OK)
        *out = e;
    else
        rg_err_set(err, "cannot register check %s: %s", check_id, rg_status_name(st));
    return st;
}

void rg_aggregator_deregister(struct rg_aggregator *a, struct rg_sampler_entry *entry)
{
    rg_mutex_lock(a->mutex);
    rg_assert(entry->users > 0);
    if (--entry->users == 0)
        a->unused++;
    rg_mutex_unlock(a->mutex);
}

static void lose(struct rg_sampler_report *report, enum rg_status why, uint64_t count)
{
    if (why == RG_ENOMEM)
        report->no_memory += count;
    else if (why != RG_OK)
        report->over_limit += count;
}

/* Service checks and events wait for the flush; lost receives those that find no place. */
static void take_records(
    struct rg_aggregator *a, struct rg_metric_batch *b, struct rg_sampler_report *lost)
{
    void *checks = a->checks, *events = a->events;
    enum rg_status st = rg_grow(&checks, &a->check_cap, a->check_count + b->check_count,
        sizeof(*a->checks), RG_SERVICE_CHECKS_MAX);

    a->checks = checks;
    for (size_t i = 0; i < b->check_count; i++) {
        if (st == RG_OK)
            a->checks[a->check_count++] = b->checks[i];
        else
            free(b->checks[i]);
    }
    a->counts.lost_checks += st == RG_OK ? 0 : b->check_count;
    lose(lost, st, b->check_count);
    st = rg_grow(
        &events, &a->event_cap, a->event_count + b->event_count, sizeof(*a->events), RG_EVENTS_MAX);
    a->events = events;
    for (size_t i = 0; i < b->event_count; i++) {
        if (st == RG_OK)
            a->events[a->event_count++] = b->events[i];
        else
            free(b->events[i]);
    }
    a->counts.lost_events += st == RG_OK ? 0 : b->event_count;
    lose(lost, st, b->event_count);
    b->check_count = b->event_count = 0;
}

static void add_report(struct rg_sampler_report *sum, const struct rg_sampler_report *r)
{
    sum->taken += r->taken;
    sum->rejected += r->rejected;
    sum->bad_buckets += r->bad_buckets;
    sum->over_limit += r->over_limit;
    sum->no_memory += r->no_memory;
    sum->flush_errors += r->flush_errors;
}

void rg_aggregator_hand_over(struct rg_aggregator *a, struct rg_sampler_entry *entry,
    struct rg_metric_batch *b, struct rg_wall now, bool commit, struct rg_sampler_report *report)
{
    double now_s = (double)now.ns / (double)RG_NS_PER_S;
    const struct rg_metric_store *store = &a->world.store;
    struct rg_sampler_report mine = {0}, lost = {0};
    uint64_t dropped, no_memory;

    rg_mutex_lock(a->mutex);
    dropped = store->dropped;
    no_memory = store->no_memory;
    for (size_t i = 0; i < b->count; i++)
        rg_check_sampler_take(
            entry->sampler, rg_batch_key(b, &b->items[i]), &b->items[i], now_s, &mine);
    if (commit)
        rg_check_sampler_commit(entry->sampler, now_s, &mine);
    take_records(a, b, &lost);
    a->counts.hand_overs++;
    add_report(&a->counts.items, &mine);
    no_memory = store->no_memory - no_memory;
    dropped = store->dropped - dropped;
    rg_mutex_unlock(a->mutex);
    b->count = 0;
    rg_buf_clear(&b->texts);
    add_report(report, &mine);
    add_report(report, &lost);
    lose(report, RG_ENOMEM, no_memory);
    lose(report, RG_ELIMIT, dropped - no_memory);
    if (!report->first[0])
        memcpy(report->first, mine.first, sizeof(mine.first));
}

/* Samplers whose last sender is closed; what they committed is in the store already. */
static void forget_unused(struct rg_aggregator *a)
{
    uint64_t hash, value;
    size_t pos = 0;

    while (a->unused && rg_map_next(&a->by_id, &pos, &hash, &value)) {
        struct rg_sampler_entry *kept = NULL;

        for (struct rg_sampler_entry *e = entry_from(value), *next; e; e = next) {
            next = e->next;
            if (e->users) {
                e->next = kept;
                kept = e;
                continue;
            }
            entry_free(e);
            a->unused--;
            a->counts.samplers--;
        }
        if (!kept)
            rg_map_remove(&a->by_id, hash, NULL);
        else /* the key is in the map: nothing is allocated */
            rg_ignore(rg_map_put(&a->by_id, hash, (uint64_t)(uintptr_t)kept), "replacing");
    }
}

/* upstream: pkg/aggregator/aggregator.go, appendDefaultSeries */
static void add_extras(struct rg_aggregator *a, struct rg_wall now, struct rg_flush_extras extras)
{
    double now_s = (double)(now.ns / RG_NS_PER_S);
    const struct rg_point running = {now_s, 1};
    const struct rg_point drops = {now_s, (double)extras.payload_drops};
    const struct rg_service_check up = {.name = RG_STR_LIT("datadog.agent.up"),
        .status = RG_SERVICE_OK,
        .host = rg_str_from(a->hostname),
        .timestamp_s = now.ns / RG_NS_PER_S};
    void *checks = a->checks;

    rg_metric_store_serie(&a->world.store, a->running, "", RG_SERIES_GAUGE, false, &running, 1);
    rg_metric_store_serie(&a->world.store, a->payload_drops, "", RG_SERIES_GAUGE, true, &drops, 1);
    if (rg_grow(&checks, &a->check_cap, a->check_count + 1, sizeof(*a->checks),
            RG_SERVICE_CHECKS_MAX + 1) == RG_OK) {
        a->checks = checks;
        a->checks[a->check_count] = rg_service_check_copy(&up);
        if (a->checks[a->check_count]) {
            a->check_count++;
            return;
        }
    }
    a->counts.lost_checks++;
}

void rg_aggregator_flush(struct rg_aggregator *a, struct rg_wall now, struct rg_flush_extras extras,
    struct rg_flush *flush)
{
    struct rg_metric_store empty = {0};

    rg_mutex_lock(a->mutex);
    empty.items_max = a->world.store.items_max;
    if (extras.enabled)
        add_extras(a, now, extras);
    *flush = (struct rg_flush){.metrics = a->world.store,
        .checks = a->checks,
        .check_count = a->check_count,
        .check_cap = a->check_cap,
        .events = a->events,
        .event_count = a->event_count,
        .event_cap = a->event_cap,
        .owner = a};
    a->counts.lost_series += a->world.store.dropped;
    a->counts.lost_values += a->world.store.not_finite;
    a->counts.flushes++;
    a->world.store = empty;
    a->checks = NULL;
    a->events = NULL;
    a->check_count = a->check_cap = a->event_count = a->event_cap = 0;
    forget_unused(a);
    rg_mutex_unlock(a->mutex);
    rg_metric_store_sort(&flush->metrics);
}

void rg_flush_finish(struct rg_flush *flush)
{
    for (size_t i = 0; i < flush->check_count; i++)
        free(flush->checks[i]);
    for (size_t i = 0; i < flush->event_count; i++)
        free(flush->events[i]);
    free(flush->checks);
    free(flush->events);
    rg_mutex_lock(flush->owner->mutex);
    rg_metric_store_finish(&flush->metrics);
    rg_mutex_unlock(flush->owner->mutex);
    *flush = (struct rg_flush){0};
}

struct rg_aggregator_counts rg_aggregator_counts(struct rg_aggregator *a)
{
    struct rg_aggregator_counts counts;

    rg_mutex_lock(a->mutex);
    counts = a->counts;
    counts.contexts = a->world.contexts;
    counts.lost_series += a->world.store.dropped;
    counts.lost_values += a->world.store.not_finite;
    rg_mutex_unlock(a->mutex);
    return counts;
}

const char *rg_aggregator_hostname(const struct rg_aggregator *a)
{
    return a->hostname;
}

struct rg_runtime *rg_aggregator_runtime(const struct rg_aggregator *a)
{
    return a->runtime;
}

const struct rg_log *rg_aggregator_log(const struct rg_aggregator *a)
{
    return a->log;
}
