/* `check NAME` for the checks of conf.d. */
#include "conf_provider.h"
#include "engine_setup.h"
#include "metric_json.h"
#include "native_checks.h"
#include "rg/base/mem.h"
#include "status_document.h"

#include "instance_config.h"

#include <stdlib.h>
#include <string.h>

/* One call. */
struct named_run {
    const struct rg_backends *backends;
    const struct rg_engine_named *named;
    struct rg_engine_setup setup;
    struct rg_aggregator *aggregator;
    struct rg_check_world world;
    struct rg_check_scheduler *scheduler; /* only makes checks */
    struct rg_conf_provider *provider;
    struct rg_conf_set set;
    struct rg_engine_check_report report;

    const struct rg_integration_config *loading; /* whose instances are being made */
    struct rg_check **checks;                    /* owned */
    size_t count, cap;
    enum rg_status made; /* RG_OK until a check could not be kept */
};

static void trouble(
    const struct named_run *r, enum rg_engine_trouble kind, const char *where, const char *text)
{
    if (r->named->trouble)
        r->named->trouble(r->named->ctx, kind, r->named->name, where, text);
}

static enum rg_status prepare(
    struct named_run *r, const struct rg_check_catalog *catalog, struct rg_err *err)
{
    const struct rg_check_loader loaders[] = {rg_core_loader(catalog)};
    enum rg_status st = rg_engine_setup_init(&r->setup, r->backends, true, err);

    if (st == RG_OK)
        st = rg_engine_setup_aggregator(&r->setup, r->backends, &r->aggregator, err);
    if (st != RG_OK)
        return st;
    r->world = rg_engine_setup_world(&r->setup, r->backends, r->aggregator, NULL);
    st = rg_check_scheduler_create(&r->world, NULL, loaders, 1, &r->scheduler, err);
    if (st == RG_OK)
        st = rg_conf_provider_create(
            r->backends->host, &r->setup.config.flow, &r->setup.log, &r->provider, err);
    return st == RG_OK ? rg_conf_provider_load(r->provider, &r->set, err) : st;
}

static size_t tell_notes(
    struct named_run *r, enum rg_engine_trouble kind, const struct rg_conf_notes *notes)
{
    size_t count = 0;

    for (size_t i = 0; i < notes->count; i++) {
        if (strcmp(notes->items[i].name, r->named->name) != 0)
            continue;
        count++;
        trouble(r, kind, notes->items[i].path, notes->items[i].text);
    }
    return count;
}

/* Instances are left out after they were made: their ids depend on all of them. */
static bool left_out(const struct named_run *r, size_t instance)
{
    return r->named->wanted && instance < r->loading->instances.count &&
           !r->named->wanted(r->named->ctx, rg_blob_str(&r->loading->instances.items[instance]));
}

static void made(void *ctx, size_t instance, struct rg_check *check)
{
    struct named_run *r = ctx;
    void *checks = r->checks;

    if (left_out(r, instance)) {
        rg_check_destroy(check);
        return;
    }
    if (r->made == RG_OK)
        r->made = rg_grow(
            &checks, &r->cap, r->count + 1, sizeof(struct rg_check *), RG_SCHEDULE_JOBS_MAX);
    r->checks = checks;
    if (r->made == RG_OK)
        r->checks[r->count++] = check;
    else
        rg_check_destroy(check);
}

static void failed(void *ctx, size_t instance, const char *loader, const char *why)
{
    struct named_run *r = ctx;

    if (left_out(r, instance))
        return;
    r->report.loading_errors++;
    trouble(r, RG_TROUBLE_LOAD_ERROR, loader, why);
}

static enum rg_status tell_jmx(struct named_run *r, const struct rg_integration_config *config)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < config->instances.count && st == RG_OK; i++) {
        bool jmx = false;

        st = rg_is_jmx_instance(rg_str_from(config->name), rg_blob_str(&config->instances.items[i]),
            rg_blob_str(&config->init_config), &jmx);
        if (st == RG_OK && jmx)
            trouble(r, RG_TROUBLE_JMX, "", "the JMX tool runs this instance");
    }
    return st;
}

static enum rg_status make_checks(struct named_run *r, struct rg_err *err)
{
    const struct rg_check_load load = {made, failed, r};
    size_t *firsts = rg_calloc(r->set.count + 1, sizeof(*firsts));
    enum rg_status st = firsts ? rg_conf_set_firsts(&r->set, firsts) : RG_ENOMEM;

    r->report.config_errors = tell_notes(r, RG_TROUBLE_CONFIG_ERROR, &r->set.errors);
    tell_notes(r, RG_TROUBLE_CONFIG_WARNING, &r->set.warnings);
    for (size_t i = 0; i < r->set.count && st == RG_OK; i++) {
        const struct rg_integration_config *config = &r->set.configs[i];

        if (firsts[i] != i || strcmp(config->name, r->named->name) != 0 || !rg_conf_runs(config))
            continue;
        r->report.configs++;
        st = tell_jmx(r, config);
        r->loading = config;
        if (st == RG_OK)
            rg_check_scheduler_load(r->scheduler, config, &load);
        if (st == RG_OK)
            st = r->made;
    }
    free(firsts);
    if (st != RG_OK)
        rg_err_set(err, "no memory for the instances of %s", r->named->name);
    return st;
}

static void run_once(struct named_run *r, struct rg_check *check, struct rg_check_stats *stats)
{
    struct rg_runtime *rt = r->backends->runtime;
    struct rg_mono start = rg_runtime_mono(rt);
    struct rg_check_warnings warnings;
    struct rg_sender_stats sent;
    struct rg_err err = {0};
    enum rg_status st = check->ops->run(check, &err);
    int64_t took_ns;

    rg_sender_end_run(check->sender);
    sent = rg_sender_take_stats(check->sender);
    warnings = check->warnings;
    check->warnings = (struct rg_check_warnings){0};
    r->report.runs++;
    r->report.errors += st != RG_OK;
    r->report.warnings += warnings.count + warnings.lost;
    took_ns = rg_runtime_mono(rt).ns - start.ns;
    rg_check_stats_add(stats, took_ns, rg_runtime_wall(rt), 0,
        st == RG_OK ? NULL : rg_err_text(&err, st), &warnings, sent);
}

static enum rg_status pause_for(const struct named_run *r, int64_t ns)
{
    struct rg_runtime *rt = r->backends->runtime;

    return ns > 0 ? rg_runtime_sleep_until(rt, rg_mono_after(rg_runtime_mono(rt), ns)) : RG_OK;
}

/* One item at a time, each in item first: items are JSON of their own. */
static void add_item(struct rg_json *j, struct rg_buf *item, enum rg_status st)
{
    if (st == RG_OK)
        rg_json_raw(j, NULL, rg_str_buf(item));
    else if (j->st == RG_OK)
        j->st = st;
    rg_buf_clear(item);
}

static void write_flush(struct rg_json *j, const struct rg_flush *flush, bool bins)
{
    struct rg_buf item;

    rg_buf_init(&item, RG_OUTPUT_BYTES_MAX);
    rg_json_open(j, "aggregator", '{');
    if (flush->metrics.serie_count) {
        rg_json_open(j, "metrics", '[');
        for (size_t i = 0; i < flush->metrics.serie_count; i++)
            add_item(j, &item, rg_serie_json(&item, &flush->metrics.series[i], 0, UINT32_MAX));
        rg_json_close(j, ']');
    }
    if (flush->metrics.sketch_count) {
        rg_json_open(j, "sketches", '[');
        for (size_t i = 0; i < flush->metrics.sketch_count; i++)
            add_item(j, &item, rg_sketch_json(&item, &flush->metrics.sketches[i], bins));
        rg_json_close(j, ']');
    }
    if (flush->check_count) {
        rg_json_open(j, "service_checks", '[');
        for (size_t i = 0; i < flush->check_count; i++)
            add_item(j, &item, rg_service_check_json(&item, flush->checks[i]));
        rg_json_close(j, ']');
    }
    if (flush->event_count) {
        rg_json_open(j, "events", '[');
        for (size_t i = 0; i < flush->event_count; i++)
            add_item(j, &item, rg_event_json(&item, flush->events[i]));
        rg_json_close(j, ']');
    }
    rg_json_close(j, '}');
    rg_buf_finish(&item);
}

static enum rg_status hand_over(struct named_run *r, const struct rg_check *check,
    const struct rg_check_stats *stats, struct rg_err *err)
{
    struct rg_flush flush;
    struct rg_buf text;
    struct rg_json j = {.out = &text};
    enum rg_status st;

    rg_buf_init(&text, RG_OUTPUT_BYTES_MAX);
    rg_aggregator_flush(r->aggregator, rg_runtime_wall(r->backends->runtime),
        (struct rg_flush_extras){false, 0}, &flush);
    rg_json_open(&j, NULL, '{');
    write_flush(&j, &flush, r->named->full_sketches);
    rg_status_check(&j, "runner", check, stats, -1);
    rg_json_close(&j, '}');
    r->report.series += flush.metrics.serie_count;
    r->report.sketches += flush.metrics.sketch_count;
    r->report.service_checks += flush.check_count;
    r->report.events += flush.event_count;
    rg_flush_finish(&flush);
    st = j.st;
    if (st != RG_OK)
        rg_err_set(
            err, "the results of check %s cannot be shown: %s", check->id, rg_status_name(st));
    else
        st = r->named->instance(r->named->ctx, check->id, rg_str_buf(&text), err);
    rg_buf_finish(&text);
    return st;
}

static enum rg_status run_check(struct named_run *r, struct rg_check *check, struct rg_err *err)
{
    struct rg_check_stats stats = {0};
    enum rg_status st = RG_OK;

    for (int64_t i = 0; i < r->named->times && st == RG_OK; i++) {
        if (i > 0)
            st = pause_for(r, r->named->pause_ns);
        if (st == RG_OK)
            run_once(r, check, &stats);
    }
    if (st == RG_OK)
        st = pause_for(r, r->named->delay_ns);
    if (st == RG_OK)
        st = hand_over(r, check, &stats, err);
    else
        rg_err_set(err, "the run ended before check %s was through", check->id);
    if (st == RG_OK)
        r->report.checks++;
    rg_check_stats_finish(&stats);
    return st;
}

static void finish(struct named_run *r)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->checks[i]->ops->cancel)
            r->checks[i]->ops->cancel(r->checks[i]);
        rg_check_destroy(r->checks[i]);
    }
    free(r->checks);
    rg_conf_set_finish(&r->set);
    rg_conf_provider_destroy(r->provider);
    rg_check_scheduler_destroy(r->scheduler);
    rg_aggregator_destroy(r->aggregator);
    rg_engine_setup_finish(&r->setup);
}

enum rg_status rg_engine_check_named(const struct rg_backends *backends,
    const struct rg_engine_named *named, struct rg_engine_report *out, struct rg_err *err)
{
    struct named_run r = {.backends = backends, .named = named};
    struct rg_check_catalog catalog;
    enum rg_status st;

    rg_assert(named->times >= 1 && named->pause_ns >= 0 && named->delay_ns >= 0);
    catalog.factories = rg_native_checks(&catalog.count);
    st = prepare(&r, &catalog, err);
    if (st == RG_OK)
        st = make_checks(&r, err);
    for (size_t i = 0; i < r.count && st == RG_OK; i++)
        st = run_check(&r, r.checks[i], err);
    if (st == RG_OK && r.count == 0) {
        rg_err_set(err, "no valid check found");
        st = RG_ENOTFOUND;
    }
    if (st == RG_OK || st == RG_ENOTFOUND)
        *out = (struct rg_engine_report){.checks = r.report};
    finish(&r);
    return st;
}
