#include "check.h"

#include "instance_config.h"
#include "rg/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rg_check_warnings_clear(struct rg_check_warnings *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        free(warnings->texts[i]);
    free(warnings->texts);
    *warnings = (struct rg_check_warnings){0};
}

void rg_check_warn(struct rg_check *check, const char *fmt, ...)
{
    struct rg_check_warnings *w = &check->warnings;
    char text[RG_CHECK_WARNING_MAX];
    char **grown;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    rg_log(check->world->log, RG_LOG_WARN, check->name, "%s: %s", check->id, text);
    if (w->count < RG_CHECK_WARNINGS_MAX) {
        grown = realloc(w->texts, (w->count + 1) * sizeof(*w->texts));
        if (grown) {
            w->texts = grown;
            w->texts[w->count] = rg_memdup0(text, strlen(text));
            if (w->texts[w->count]) {
                w->count++;
                return;
            }
        }
    }
    w->lost++;
}

bool rg_check_stopping(struct rg_check *check)
{
    struct rg_mutex *lock = check->world->stop_lock;
    bool stopping;

    if (lock)
        rg_mutex_lock(lock);
    stopping = check->stopping;
    if (lock)
        rg_mutex_unlock(lock);
    return stopping;
}

void rg_check_stop(struct rg_check *check)
{
    struct rg_mutex *lock = check->world->stop_lock;

    if (lock)
        rg_mutex_lock(lock);
    check->stopping = true;
    if (lock)
        rg_mutex_unlock(lock);
}

/* What init_config says holds for every instance that does not say otherwise; tags replace. */
static enum rg_status merge(const struct rg_instance_config *init,
    const struct rg_instance_config *instance, struct rg_check *check)
{
    const struct rg_blob_list *tags = instance->has_tags ? &instance->tags : &init->tags;
    const char *service = instance->service[0] ? instance->service : init->service;
    int64_t interval_s = instance->min_collection_interval_s;
    struct rg_str *items = NULL;
    enum rg_status st;

    if (interval_s <= 0)
        interval_s = init->min_collection_interval_s;
    if (interval_s <= 0)
        interval_s = RG_CHECK_INTERVAL_S;
    check->interval_ns =
        interval_s > INT64_MAX / RG_NS_PER_S ? INT64_MAX : interval_s * RG_NS_PER_S;
    rg_sender_disable_default_hostname(
        check->sender, instance->empty_default_hostname || init->empty_default_hostname);
    if (instance->no_index || init->no_index)
        rg_sender_set_no_index(check->sender, true);
    if (tags->count) {
        items = rg_calloc(tags->count, sizeof(*items));
        if (!items)
            return RG_ENOMEM;
        for (size_t i = 0; i < tags->count; i++)
            items[i] = rg_blob_str(&tags->items[i]);
    }
    st = rg_sender_set_custom_tags(check->sender, (struct rg_tags){items, tags->count});
    free(items);
    if (st == RG_OK)
        st = rg_sender_set_service(check->sender, rg_str_from(service));
    return st == RG_OK ? rg_sender_finalize_service_tag(check->sender) : st;
}

static enum rg_status configure(
    struct rg_check *check, const struct rg_check_source *from, struct rg_err *err)
{
    struct rg_instance_config init = {0}, instance = {0};
    enum rg_status st = rg_instance_config_decode(&init, "init_config", from->init_config, err);

    if (st != RG_OK)
        return st;
    st = rg_instance_config_decode(&instance, "instance", from->instance, err);
    if (st == RG_OK) {
        st = merge(&init, &instance, check);
        if (st != RG_OK)
            rg_err_set(err, st == RG_ELIMIT ? "the tags or the service are too long"
                                            : "no memory for the tags of a check");
        rg_instance_config_finish(&instance);
    }
    rg_instance_config_finish(&init);
    return st;
}

static enum rg_status make_id(
    struct rg_check *check, bool many, const struct rg_check_source *from, struct rg_err *err)
{
    struct rg_buf id;
    enum rg_status st = RG_OK;

    rg_buf_init(&id, RG_SENDER_ID_MAX - 1);
    if (many)
        st = rg_check_id(from->name, from->fast_digest, from->instance, from->init_config, &id);
    else
        st = rg_buf_append(&id, from->name.ptr, from->name.len);
    if (st == RG_OK)
        check->id = rg_memdup0(id.data, id.len);
    else if (st == RG_ETOOBIG)
        rg_err_set(err, "the name of the instance is too long");
    rg_buf_finish(&id);
    return st == RG_OK && !check->id ? RG_ENOMEM : st == RG_ETOOBIG ? RG_EINVALID : st;
}

static bool copy_texts(struct rg_check *check, const struct rg_check_source *from)
{
    check->name = rg_memdup0(from->name.ptr, from->name.len);
    check->source = rg_memdup0(from->source.ptr, from->source.len);
    check->init_text = rg_memdup0(from->init_config.ptr, from->init_config.len);
    check->instance_text = rg_memdup0(from->instance.ptr, from->instance.len);
    return check->name && check->source && check->init_text && check->instance_text;
}

enum rg_status rg_check_create(const struct rg_check_ops *ops, size_t size, bool many,
    const char *loader, const struct rg_check_world *world, const struct rg_check_source *from,
    struct rg_check **out, struct rg_err *err)
{
    struct rg_check *check = rg_calloc(1, size);
    enum rg_status st;

    rg_assert(size >= sizeof(*check) && from->name.len > 0);
    if (check) {
        check->ops = ops;
        check->world = world;
        check->loader = loader;
    }
    st = check && copy_texts(check, from) ? RG_OK : RG_ENOMEM;
    if (st == RG_OK)
        st = make_id(check, many, from, err);
    if (st == RG_OK)
        st = rg_sender_open(world->aggregator, check->id, &check->sender, err);
    if (st == RG_OK)
        st = configure(check, from, err);
    if (st == RG_OK) {
        *out = check;
        return RG_OK;
    }
    if (st == RG_ENOMEM)
        rg_err_set(err, "no memory for a check");
    if (check)
        check->ops = NULL; /* what is behind was never made */
    rg_check_destroy(check);
    return st;
}

void rg_check_destroy(struct rg_check *check)
{
    if (!check)
        return;
    if (check->ops && check->ops->finish)
        check->ops->finish(check);
    rg_sender_close(check->sender);
    rg_check_warnings_clear(&check->warnings);
    free(check->name);
    free(check->id);
    free(check->source);
    free(check->init_text);
    free(check->instance_text);
    free(check);
}
