/* What conf.d holds and what becomes of it, as one JSON document. */
#include "conf_provider.h"
#include "engine_setup.h"
#include "native_checks.h"
#include "rg/base/map.h"
#include "rg/base/mem.h"
#include "rg/scrub/secret_forms.h"
#include "status_document.h"

#include "instance_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_VERSION 1
#define ID_TEXT_MAX    ((size_t)1 << 20)

/* Why an instance gives no check. */
struct refusal {
    size_t instance;    /* SIZE_MAX: all of them */
    const char *loader; /* static */
    char *text;         /* owned */
};

struct configcheck {
    struct rg_engine_setup setup;
    struct rg_aggregator *aggregator;
    struct rg_check_world world;
    struct rg_check_scheduler *scheduler; /* only makes checks */
    struct rg_conf_provider *provider;
    struct rg_conf_set set;
    size_t *firsts; /* owned; of equal configurations */
    struct rg_secret_forms *forms;
    struct rg_scrub_spans spans;
    struct rg_buf masked;
    struct rg_intern ids; /* of checks that would run */

    /* of the configuration at hand */
    char **made; /* owned, with the texts; by instance: id of its check, or NULL */
    bool *jmx;   /* owned; by instance */
    size_t made_count;
    struct refusal *refusals; /* owned */
    size_t refusal_count, refusal_cap;
    enum rg_status st; /* of callbacks */
};

static enum rg_status prepare(struct configcheck *c, const struct rg_backends *backends,
    const struct rg_check_catalog *catalog, struct rg_err *err)
{
    const struct rg_check_loader loaders[] = {rg_core_loader(catalog)};
    enum rg_status st = rg_engine_setup_init(&c->setup, backends, true, err);

    rg_intern_init(&c->ids, RG_SCHEDULE_JOBS_MAX);
    rg_buf_init(&c->masked, RG_SECRET_TEXT_MAX);
    if (st == RG_OK)
        st = rg_engine_setup_aggregator(&c->setup, backends, &c->aggregator, err);
    if (st != RG_OK)
        return st;
    c->world = rg_engine_setup_world(&c->setup, backends, c->aggregator, NULL);
    st = rg_check_scheduler_create(&c->world, NULL, loaders, 1, &c->scheduler, err);
    if (st == RG_OK)
        st = rg_secret_forms_create(&c->forms, err);
    if (st == RG_OK)
        st = rg_conf_provider_create(
            backends->host, &c->setup.config.flow, &c->setup.log, &c->provider, err);
    if (st == RG_OK)
        st = rg_conf_provider_load(c->provider, &c->set, err);
    if (st != RG_OK)
        return st;
    c->firsts = rg_calloc(c->set.count + 1, sizeof(*c->firsts));
    return c->firsts ? rg_conf_set_firsts(&c->set, c->firsts) : RG_ENOMEM;
}

static void forget(struct configcheck *c)
{
    for (size_t i = 0; i < c->made_count; i++)
        free(c->made[i]);
    for (size_t i = 0; i < c->refusal_count; i++)
        free(c->refusals[i].text);
    free(c->made);
    free(c->jmx);
    c->made = NULL;
    c->jmx = NULL;
    c->made_count = c->refusal_count = 0;
}

static void finish(struct configcheck *c)
{
    forget(c);
    free(c->refusals);
    free(c->firsts);
    rg_intern_finish(&c->ids);
    rg_buf_finish(&c->masked);
    rg_scrub_spans_finish(&c->spans);
    rg_secret_forms_destroy(c->forms);
    rg_conf_set_finish(&c->set);
    rg_conf_provider_destroy(c->provider);
    rg_check_scheduler_destroy(c->scheduler);
    rg_aggregator_destroy(c->aggregator);
    rg_engine_setup_finish(&c->setup);
}

static void failed(void *ctx, size_t instance, const char *loader, const char *why)
{
    struct configcheck *c = ctx;
    void *refusals = c->refusals;
    char *text = rg_memdup0(why, strlen(why));
    enum rg_status st = text ? rg_grow(&refusals, &c->refusal_cap, c->refusal_count + 1,
                                   sizeof(*c->refusals), SIZE_MAX)
                             : RG_ENOMEM;

    c->refusals = refusals;
    if (st == RG_OK)
        c->refusals[c->refusal_count++] = (struct refusal){instance, loader, text};
    else
        free(text);
    if (c->st == RG_OK)
        c->st = st;
}

/* A check whose id is taken would not run: the collector says the same. */
static void made(void *ctx, size_t instance, struct rg_check *check)
{
    struct configcheck *c = ctx;
    struct rg_str id = rg_str_from(check->id);
    char text[RG_SENDER_ID_MAX + 64];
    uint32_t number;
    enum rg_status st = RG_OK;

    if (rg_intern_find(&c->ids, id, &number)) {
        snprintf(text, sizeof(text), "a check with ID %s is already running", check->id);
        failed(c, instance, "", text);
    } else {
        st = rg_intern_put(&c->ids, id, &number);
        c->made[instance] = rg_memdup0(id.ptr, id.len);
        if (st == RG_OK && !c->made[instance])
            st = RG_ENOMEM;
    }
    if (c->st == RG_OK)
        c->st = st;
    rg_check_destroy(check);
}

/* Fills made, jmx and refusals. */
static enum rg_status try_config(
    struct configcheck *c, const struct rg_integration_config *config, bool load)
{
    const struct rg_check_load callbacks = {made, failed, c};
    size_t n = config->instances.count;
    enum rg_status st = RG_OK;

    forget(c);
    c->made = rg_calloc(n + 1, sizeof(char *));
    c->jmx = rg_calloc(n + 1, sizeof(*c->jmx));
    if (!c->made || !c->jmx)
        return RG_ENOMEM;
    c->made_count = n;
    for (size_t i = 0; i < n && st == RG_OK; i++)
        st = rg_is_jmx_instance(rg_str_from(config->name), rg_blob_str(&config->instances.items[i]),
            rg_blob_str(&config->init_config), &c->jmx[i]);
    if (st == RG_OK && load) {
        rg_check_scheduler_load(c->scheduler, config, &callbacks);
        st = c->st;
    }
    return st;
}

static const char *state_of(
    const struct configcheck *c, const struct rg_integration_config *config, bool duplicate)
{
    size_t jmx = 0, checks = 0;

    if (config->cluster_check)
        return "cluster check";
    if (rg_config_is_template(config))
        return "template";
    if (rg_config_has_filter(config, RG_FILTER_METRICS))
        return "metrics excluded";
    if (duplicate)
        return "duplicate";
    if (config->instances.count == 0)
        return rg_config_is_logs(config) ? "logs" : "jmx";
    for (size_t i = 0; i < c->made_count; i++) {
        jmx += c->jmx[i];
        checks += c->made[i] != NULL;
    }
    if (jmx == c->made_count)
        return "jmx";
    return checks ? "scheduled" : "failed";
}

/* A text as the operator may see it. */
static void masked(struct configcheck *c, struct rg_json *j, const char *name, struct rg_str text)
{
    struct rg_err err = {0};
    size_t at = 0;
    enum rg_status st;

    rg_buf_clear(&c->masked);
    st = rg_secret_forms_find(c->forms, text, &c->spans, &err);
    for (size_t i = 0; i < c->spans.count && st == RG_OK; i++) {
        st = rg_buf_append(&c->masked, text.ptr + at, c->spans.spans[i].offset - at);
        if (st == RG_OK)
            st = rg_buf_str(&c->masked, RG_SCRUB_MASK);
        at = c->spans.spans[i].offset + c->spans.spans[i].len;
    }
    if (st == RG_OK && at < text.len)
        st = rg_buf_append(&c->masked, text.ptr + at, text.len - at);
    if (st == RG_OK)
        rg_json_str(j, name, rg_str_buf(&c->masked));
    else if (j->st == RG_OK)
        j->st = st;
}

static void write_refusals(struct configcheck *c, struct rg_json *j, size_t instance)
{
    rg_json_open(j, "loader_errors", '[');
    for (size_t i = 0; i < c->refusal_count; i++) {
        const struct refusal *r = &c->refusals[i];

        if (r->instance != instance && r->instance != SIZE_MAX)
            continue;
        rg_json_open(j, NULL, '{');
        rg_json_text(j, "loader", r->loader);
        masked(c, j, "text", rg_str_from(r->text));
        rg_json_close(j, '}');
    }
    rg_json_close(j, ']');
}

static void write_instance(struct configcheck *c, struct rg_json *j,
    const struct rg_integration_config *config, uint64_t fast_digest, size_t i)
{
    struct rg_str yaml = rg_blob_str(&config->instances.items[i]);
    struct rg_buf id;
    enum rg_status st;

    rg_buf_init(&id, ID_TEXT_MAX);
    st = rg_check_id(
        rg_str_from(config->name), fast_digest, yaml, rg_blob_str(&config->init_config), &id);
    if (j->st == RG_OK)
        j->st = st;
    rg_json_open(j, NULL, '{');
    rg_json_str(j, "id", rg_str_buf(&id));
    if (c->made[i] && !rg_str_is(rg_str_buf(&id), c->made[i]))
        rg_json_text(j, "runtime_id", c->made[i]);
    masked(c, j, "yaml", yaml);
    rg_json_bool(j, "jmx", c->jmx[i]);
    write_refusals(c, j, i);
    rg_json_close(j, '}');
    rg_buf_finish(&id);
}

static void write_blob(
    struct configcheck *c, struct rg_json *j, const char *name, const struct rg_blob *blob)
{
    if (blob->len)
        masked(c, j, name, rg_blob_str(blob));
}

static enum rg_status write_config(struct configcheck *c, struct rg_json *j, size_t at)
{
    const struct rg_integration_config *config = &c->set.configs[at];
    bool duplicate = c->firsts[at] != at;
    uint64_t fast = rg_config_fast_digest(config), digest = 0;
    char hex[RG_DIGEST_TEXT_MAX];
    enum rg_status st = rg_config_digest(config, &digest);

    if (st == RG_OK)
        st = try_config(c, config, !duplicate && rg_conf_runs(config));
    if (st != RG_OK)
        return st;
    rg_digest_text(digest, hex);
    rg_json_open(j, NULL, '{');
    rg_json_text(j, "name", config->name);
    rg_json_text(j, "provider", config->provider);
    rg_json_text(j, "source", config->source);
    rg_json_text(j, "digest", hex);
    rg_json_bool(j, "cluster_check", config->cluster_check);
    rg_json_bool(j, "template", rg_config_is_template(config));
    rg_json_text(j, "state", state_of(c, config, duplicate));
    rg_json_text(j, "node_name", config->node_name);
    rg_json_open(j, "instances", '[');
    for (size_t i = 0; i < config->instances.count; i++)
        write_instance(c, j, config, fast, i);
    rg_json_close(j, ']');
    write_blob(c, j, "init_config", &config->init_config);
    write_blob(c, j, "metric_config", &config->metric_config);
    write_blob(c, j, "logs_config", &config->logs_config);
    rg_json_open(j, "ad_identifiers", '[');
    for (size_t i = 0; i < config->ad_identifiers.count; i++)
        rg_json_str(j, NULL, rg_blob_str(&config->ad_identifiers.items[i]));
    rg_json_close(j, ']');
    rg_json_close(j, '}');
    return j->st;
}

enum rg_status rg_engine_configcheck(
    const struct rg_backends *backends, struct rg_buf *json, struct rg_err *err)
{
    struct configcheck c = {.st = RG_OK};
    struct rg_json j = {.out = json};
    struct rg_check_catalog catalog;
    enum rg_status st;

    catalog.factories = rg_native_checks(&catalog.count);
    st = prepare(&c, backends, &catalog, err);
    if (st == RG_OK) {
        rg_json_open(&j, NULL, '{');
        rg_json_int(&j, "schema_version", SCHEMA_VERSION);
        rg_status_notes(&j, "config_errors", &c.set.errors);
        rg_status_notes(&j, "config_warnings", &c.set.warnings);
        rg_json_open(&j, "configs", '[');
        for (size_t i = 0; i < c.set.count && st == RG_OK; i++)
            st = write_config(&c, &j, i);
        rg_json_close(&j, ']');
        rg_json_close(&j, '}');
        if (st == RG_OK)
            st = j.st;
        if (st != RG_OK)
            rg_err_set(err, "the configurations cannot be shown: %s", rg_status_name(st));
    }
    finish(&c);
    return st;
}
