#include "check_scheduler.h"

#include "check_loading.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE "scheduler"

struct scheduled {
    struct rg_integration_config config; /* owned */
    uint64_t digest;
    char **ids; /* owned */
    size_t id_count, id_cap;
    struct rg_instance_error *errors; /* owned, with the texts; loader is static */
    size_t error_count, error_cap;
};

struct rg_check_scheduler {
    const struct rg_check_world *world;
    struct rg_collector *collector;
    struct rg_check_loader loaders[RG_LOADERS_MAX];
    size_t loader_count;
    struct rg_mutex *turn;    /* held by who schedules or unschedules, before lock */
    struct rg_mutex *lock;    /* guards items for who looks on; not held while a check is stopped */
    struct scheduled **items; /* owned; in order of arrival; changed with both locks held */
    size_t count, cap;
};

static const char *name_of(const struct rg_integration_config *config)
{
    return config->name ? config->name : "";
}

enum rg_status rg_check_scheduler_create(const struct rg_check_world *world,
    struct rg_collector *collector, const struct rg_check_loader *loaders, size_t count,
    struct rg_check_scheduler **out, struct rg_err *err)
{
    struct rg_check_scheduler *s;

    if (count > RG_LOADERS_MAX) {
        rg_err_set(err, "more than %d loaders of checks", RG_LOADERS_MAX);
        return RG_ELIMIT;
    }
    s = rg_calloc(1, sizeof(*s));
    if (s) {
        s->turn = rg_mutex_create(world->runtime, "check_scheduler_turn");
        s->lock = rg_mutex_create(world->runtime, "check_scheduler");
    }
    if (!s || !s->turn || !s->lock) {
        rg_check_scheduler_destroy(s);
        rg_err_set(err, "no memory for the check scheduler");
        return RG_ENOMEM;
    }
    s->world = world;
    s->collector = collector;
    if (count)
        memcpy(s->loaders, loaders, count * sizeof(*loaders));
    s->loader_count = count;
    *out = s;
    return RG_OK;
}

static void free_scheduled(struct scheduled *item)
{
    rg_integration_config_finish(&item->config);
    for (size_t i = 0; i < item->id_count; i++)
        free(item->ids[i]);
    for (size_t i = 0; i < item->error_count; i++) {
        union {
            const char *in;
            char *out;
        } text = {.in = item->errors[i].text}; /* ours; const for those who look */

        free(text.out);
    }
    free(item->ids);
    free(item->errors);
    free(item);
}

void rg_check_scheduler_destroy(struct rg_check_scheduler *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free_scheduled(s->items[i]);
    free(s->items);
    rg_mutex_destroy(s->lock);
    rg_mutex_destroy(s->turn);
    free(s);
}

/* While one configuration is scheduled. */
struct scheduling {
    struct rg_check_scheduler *s;
    struct scheduled *item;
};

/* Without memory the error is in the log only. */
static void keep_error(void *ctx, size_t instance, const char *loader, const char *why)
{
    struct scheduling *now = ctx;
    struct scheduled *item = now->item;
    void *errors = item->errors;
    char *text = rg_memdup0(why, strlen(why));

    if (!text || rg_grow(&errors, &item->error_cap, item->error_count + 1, sizeof(*item->errors),
                     (size_t)RG_CONFIG_ITEMS_MAX * (RG_LOADERS_MAX + 1)) != RG_OK) {
        free(text);
        return;
    }
    item->errors = errors;
    item->errors[item->error_count++] = (struct rg_instance_error){instance, loader, text};
}

static enum rg_status keep_id(struct scheduled *item, const char *id)
{
    void *ids = item->ids;
    enum rg_status st =
        rg_grow(&ids, &item->id_cap, item->id_count + 1, sizeof(*item->ids), RG_CONFIG_ITEMS_MAX);

    item->ids = ids;
    if (st != RG_OK)
        return st;
    item->ids[item->id_count] = rg_memdup0(id, strlen(id));
    if (!item->ids[item->id_count])
        return RG_ENOMEM;
    item->id_count++;
    return RG_OK;
}

/* A check whose id could not be kept could never be stopped, so it does not start. */
static void run_check(void *ctx, size_t instance, struct rg_check *check)
{
    struct scheduling *now = ctx;
    struct rg_err err = {0};
    enum rg_status st = keep_id(now->item, check->id);

    if (st == RG_OK) {
        st = rg_collector_run_check(now->s->collector, check, &err);
        if (st == RG_OK)
            return;
        free(now->item->ids[--now->item->id_count]);
    }
    rg_log(now->s->world->log, RG_LOG_ERROR, SOURCE, "unable to run check %s: %s", check->name,
        rg_err_text(&err, st));
    keep_error(now, instance, "", rg_err_text(&err, st));
    rg_check_destroy(check);
}

/* In the caller's turn. *at is s->count when it is not there. */
static enum rg_status find(struct rg_check_scheduler *s, const struct rg_integration_config *config,
    uint64_t digest, size_t *at)
{
    bool same = false;
    enum rg_status st = RG_OK;

    for (*at = 0; *at < s->count && st == RG_OK; (*at)++) {
        if (s->items[*at]->digest != digest)
            continue;
        st = rg_config_identical(&s->items[*at]->config, config, &same);
        if (st == RG_OK && same)
            return RG_OK;
    }
    return st;
}

/* Whether there is something for us to run. */
static bool runs(const struct rg_check_scheduler *s, const struct rg_integration_config *config)
{
    if (!rg_config_is_check(config) || rg_config_is_template(config))
        return false;
    if (rg_config_has_filter(config, RG_FILTER_METRICS)) {
        rg_log(s->world->log, RG_LOG_DEBUG, SOURCE,
            "config '%s' is not scheduled: its metrics are excluded", name_of(config));
        return false;
    }
    return true;
}

/* In the caller's turn: room for one more, and the one. RG_ELIMIT, RG_ENOMEM. */
static enum rg_status make_item(struct rg_check_scheduler *s, struct scheduled **out)
{
    void *items;
    enum rg_status st;

    rg_mutex_lock(s->lock);
    items = s->items;
    st = rg_grow(&items, &s->cap, s->count + 1, sizeof(*s->items), RG_SCHEDULED_CONFIGS_MAX);
    s->items = items;
    rg_mutex_unlock(s->lock);
    if (st != RG_OK)
        return st;
    *out = rg_calloc(1, sizeof(**out));
    return *out ? RG_OK : RG_ENOMEM;
}

static enum rg_status schedule(
    struct rg_check_scheduler *s, struct rg_integration_config *config, struct rg_err *err)
{
    const struct check_loading with = {s->world, s->loaders, s->loader_count};
    struct scheduling now = {.s = s};
    const struct rg_check_load load = {run_check, keep_error, &now};
    uint64_t digest;
    size_t at = 0;
    enum rg_status st = rg_config_digest(config, &digest);

    if (st == RG_OK)
        st = find(s, config, digest, &at);
    if (st == RG_OK && at < s->count) {
        rg_log(s->world->log, RG_LOG_DEBUG, SOURCE, "config '%s' is scheduled already",
            name_of(config));
        rg_integration_config_finish(config);
        return RG_OK;
    }
    if (st == RG_OK)
        st = make_item(s, &now.item);
    if (st != RG_OK) {
        rg_err_set(err, "config '%s' cannot be scheduled: %s", name_of(config),
            st == RG_ELIMIT ? "there are too many" : "no memory");
        return st;
    }
    now.item->config = *config;
    now.item->digest = digest;
    *config = (struct rg_integration_config){0};
    if (s->collector && runs(s, &now.item->config))
        rg_check_loading_run(&with, &now.item->config, &load);
    rg_mutex_lock(s->lock);
    s->items[s->count++] = now.item;
    rg_mutex_unlock(s->lock);
    return RG_OK;
}

enum rg_status rg_check_scheduler_schedule(
    struct rg_check_scheduler *s, struct rg_integration_config *config, struct rg_err *err)
{
    enum rg_status st;

    rg_mutex_lock(s->turn);
    st = schedule(s, config, err);
    rg_mutex_unlock(s->turn);
    return st;
}

/* The collector has forgotten a check that would not stop, so we do too. */
static void stop_checks(struct rg_check_scheduler *s, const struct scheduled *item)
{
    for (size_t i = 0; i < item->id_count; i++) {
        struct rg_err err = {0};
        enum rg_status st = rg_collector_stop_check(s->collector, item->ids[i], &err);

        if (st != RG_OK)
            rg_log(s->world->log, RG_LOG_ERROR, SOURCE, "error stopping check %s: %s", item->ids[i],
                rg_err_text(&err, st));
    }
}

enum rg_status rg_check_scheduler_unschedule(
    struct rg_check_scheduler *s, const struct rg_integration_config *config, struct rg_err *err)
{
    struct scheduled *item = NULL;
    uint64_t digest;
    size_t at = 0;
    enum rg_status st = rg_config_digest(config, &digest);

    rg_mutex_lock(s->turn);
    if (st == RG_OK)
        st = find(s, config, digest, &at);
    if (st != RG_OK) {
        rg_err_set(err, "config '%s' stays scheduled: no memory", name_of(config));
    } else if (at == s->count) {
        rg_err_set(err, "config '%s' is not scheduled", name_of(config));
        st = RG_ENOTFOUND;
    } else {
        item = s->items[at];
        if (s->collector)
            stop_checks(s, item);
        rg_mutex_lock(s->lock);
        memmove(&s->items[at], &s->items[at + 1], (s->count - at - 1) * sizeof(*s->items));
        s->count--;
        rg_mutex_unlock(s->lock);
        free_scheduled(item);
    }
    rg_mutex_unlock(s->turn);
    return st;
}

void rg_check_scheduler_load(struct rg_check_scheduler *s,
    const struct rg_integration_config *config, const struct rg_check_load *load)
{
    const struct check_loading with = {s->world, s->loaders, s->loader_count};

    rg_check_loading_run(&with, config, load);
}

enum rg_status rg_check_scheduler_each(struct rg_check_scheduler *s, rg_scheduled_fn *fn, void *ctx)
{
    enum rg_status st = RG_OK;

    rg_mutex_lock(s->lock);
    for (size_t i = 0; i < s->count && st == RG_OK; i++) {
        const struct scheduled *item = s->items[i];
        const struct rg_scheduled_view view = {&item->config, item->digest,
            (const char *const *)item->ids, item->id_count, item->errors, item->error_count};

        st = fn(ctx, &view);
    }
    rg_mutex_unlock(s->lock);
    return st;
}
