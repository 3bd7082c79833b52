#include "check_loading.h"

#include "instance_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE "scheduler"

/* What loaders said of one instance, to be told when none of them took it. */
struct refusals {
    const char *titles[RG_LOADERS_MAX];
    char texts[RG_LOADERS_MAX][RG_ERR_TEXT_MAX];
    size_t count;
};

static void refuse(struct refusals *r, const char *title, const char *text)
{
    r->titles[r->count] = title;
    snprintf(r->texts[r->count], sizeof(r->texts[0]), "%s", text);
    r->count++;
}

static void tell(const struct check_loading *with, const char *name, size_t instance,
    const struct refusals *r, const struct rg_check_load *load)
{
    for (size_t i = 0; i < r->count; i++) {
        rg_log(with->world->log, RG_LOG_ERROR, SOURCE,
            "unable to load a check from instance %zu of config '%s': %s%s%s", instance, name,
            r->titles[i], r->titles[i][0] ? ": " : "", r->texts[i]);
        load->failed(load->ctx, instance, r->titles[i], r->texts[i]);
    }
}

static bool try_loaders(const struct check_loading *with, const struct rg_check_source *from,
    const char *selected, size_t instance, const struct rg_check_load *load, struct refusals *r)
{
    for (size_t i = 0; i < with->loader_count; i++) {
        const struct rg_check_loader *loader = &with->loaders[i];
        struct rg_check *check = NULL;
        struct rg_err err = {0};
        enum rg_status st;

        if (selected[0] && strcmp(selected, loader->name) != 0)
            continue;
        st = loader->load(loader->ctx, with->world, from, &check, &err);
        if (st == RG_OK) {
            load->made(load->ctx, instance, check);
            return true;
        }
        refuse(r, loader->title, rg_err_text(&err, st));
    }
    return false;
}

static void load_instance(const struct check_loading *with,
    const struct rg_integration_config *config, const char *config_loader,
    struct rg_check_source *from, size_t instance, const struct rg_check_load *load)
{
    struct refusals refusals = {.count = 0};
    struct rg_err err = {0};
    char *own = NULL, text[RG_ERR_TEXT_MAX];
    const char *selected;
    bool jmx = false;
    enum rg_status st = rg_is_jmx_instance(from->name, from->instance, from->init_config, &jmx);

    if (st == RG_OK && jmx) {
        rg_log(with->world->log, RG_LOG_DEBUG, SOURCE,
            "instance %zu of config '%s' belongs to the JMX tool", instance, config->name);
        return;
    }
    if (st == RG_OK)
        st = rg_config_loader("instance", from->instance, &own, &err);
    if (st != RG_OK) {
        refuse(&refusals, "", rg_err_text(&err, st));
        tell(with, config->name, instance, &refusals, load);
        return;
    }
    selected = own[0] ? own : config_loader;
    if (!try_loaders(with, from, selected, instance, load, &refusals)) {
        if (refusals.count == 0) {
            snprintf(text, sizeof(text),
                selected[0] ? "there is no loader '%s'" : "there is no loader%s", selected);
            refuse(&refusals, "", text);
        }
        tell(with, config->name, instance, &refusals, load);
    }
    free(own);
}

void rg_check_loading_run(const struct check_loading *with,
    const struct rg_integration_config *config, const struct rg_check_load *load)
{
    struct rg_check_source from = {.name = rg_str_from(config->name ? config->name : ""),
        .init_config = rg_blob_str(&config->init_config),
        .source = rg_str_from(config->source ? config->source : "")};
    struct rg_err err = {0};
    char *loader = NULL;
    enum rg_status st;

    if (from.name.len == 0 || from.name.len >= RG_CHECK_NAME_MAX) {
        load->failed(load->ctx, SIZE_MAX, "", "the name of the check is empty or too long");
        return;
    }
    st = rg_config_loader("init_config", from.init_config, &loader, &err);
    if (st != RG_OK) {
        rg_log(with->world->log, RG_LOG_ERROR, SOURCE, "unable to load the check: %s: %s",
            config->name, rg_err_text(&err, st));
        load->failed(load->ctx, SIZE_MAX, "", rg_err_text(&err, st));
        return;
    }
    from.fast_digest = rg_config_fast_digest(config);
    for (size_t i = 0; i < config->instances.count; i++) {
        from.instance = rg_blob_str(&config->instances.items[i]);
        load_instance(with, config, loader, &from, i, load);
    }
    free(loader);
}

static enum rg_status load_core(void *ctx, const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    const struct rg_check_catalog *catalog = ctx;

    for (size_t i = 0; i < catalog->count; i++) {
        if (rg_str_is(from->name, catalog->factories[i].name)) {
            enum rg_status st = catalog->factories[i].create(world, from, out, err);

            if (st != RG_OK && st != RG_ENOTFOUND)
                rg_err_prefix(err, "Could not configure check %s", catalog->factories[i].name);
            return st;
        }
    }
    rg_err_set(err, "Check %.*s not found in Catalog", (int)from->name.len, from->name.ptr);
    return RG_ENOTFOUND;
}

struct rg_check_loader rg_core_loader(const struct rg_check_catalog *catalog)
{
    union {
        const struct rg_check_catalog *in;
        void *out;
    } ctx = {.in = catalog}; /* only read */

    return (struct rg_check_loader){
        .name = "core", .title = "Core Check Loader", .ctx = ctx.out, .load = load_core};
}
