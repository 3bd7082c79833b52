#include "engine_setup.h"

enum rg_status rg_engine_setup_init(struct rg_engine_setup *s, const struct rg_backends *backends,
    bool use_flow, struct rg_err *err)
{
    enum rg_status st;

    rg_engine_config_init(&s->config);
    s->config.use_flow = use_flow;
    st = rg_engine_config_load(&s->config, backends->host, err);
    if (st == RG_OK)
        st = rg_host_facts(backends->host, &s->facts, err);
    if (st != RG_OK)
        return st;
    s->hostname =
        s->config.hostname && s->config.hostname[0] ? s->config.hostname : s->facts.hostname;
    s->log.runtime = backends->runtime;
    s->log.sink = backends->sink;
    rg_assert(rg_engine_config_level(&s->config, &s->log.level)); /* load has checked it */
    for (size_t i = 0; i < s->config.notes.count; i++)
        rg_log(&s->log, RG_LOG_DEBUG, "config", "%s", s->config.notes.items[i].ptr);
    return RG_OK;
}

void rg_engine_setup_finish(struct rg_engine_setup *s)
{
    rg_engine_config_finish(&s->config);
}

enum rg_status rg_engine_setup_check(struct rg_engine_setup *s, const struct rg_backends *backends,
    struct rg_process_check **out, struct rg_err *err)
{
    const struct rg_engine_config *c = &s->config;
    struct rg_process_check_options o = {
        .hostname = s->hostname,
        .network_id = c->network_id ? c->network_id : "",
        .collect_io_fd = c->collect_io_fd,
        .ignore_zombies = c->ignore_zombie_processes,
        .always_reread = c->always_reread,
        .cache_user_names = c->cache_lookupid,
        .max_per_message = c->max_per_message,
        .max_message_bytes = c->max_message_bytes,
        .hint_frequency = c->hint_frequency,
        .scrub = {.enabled = c->scrub_args,
            .strip_args = c->strip_proc_arguments,
            .words = c->custom_sensitive_words.items,
            .word_count = c->custom_sensitive_words.count},
        .disallow = c->blacklist_patterns.items,
        .disallow_count = c->blacklist_patterns.count,
    };

    return rg_process_check_create(backends, &o, &s->log, out, err);
}

enum rg_status rg_engine_setup_aggregator(const struct rg_engine_setup *s,
    const struct rg_backends *backends, struct rg_aggregator **out, struct rg_err *err)
{
    struct rg_aggregator_options o = {.hostname = s->hostname};

    rg_checks_config_world(&s->config.flow, &o.world);
    return rg_aggregator_create(backends->runtime, &o, &s->log, out, err);
}

struct rg_check_world rg_engine_setup_world(const struct rg_engine_setup *s,
    const struct rg_backends *backends, struct rg_aggregator *aggregator,
    struct rg_mutex *stop_lock)
{
    return (struct rg_check_world){.runtime = backends->runtime,
        .procfs = backends->procfs,
        .host = backends->host,
        .aggregator = aggregator,
        .log = &s->log,
        .facts = &s->facts,
        .stop_lock = stop_lock};
}

enum rg_status rg_engine_confd_path(struct rg_host *host, struct rg_buf *out, struct rg_err *err)
{
    struct rg_engine_config config;
    enum rg_status st;

    rg_buf_clear(out);
    rg_engine_config_init(&config);
    config.use_flow = true;
    st = rg_engine_config_load(&config, host, err);
    if (st == RG_OK && config.flow.confd_path)
        st = rg_buf_str(out, config.flow.confd_path);
    rg_engine_config_finish(&config);
    return st;
}

enum rg_status rg_engine_sensitive_words(
    struct rg_host *host, rg_engine_words_fn *fn, void *ctx, struct rg_err *err)
{
    struct rg_engine_config config;
    enum rg_status st;

    rg_engine_config_init(&config);
    st = rg_engine_config_load(&config, host, err);
    if (st == RG_OK && config.custom_sensitive_words.count)
        st = fn(ctx, config.custom_sensitive_words.items, config.custom_sensitive_words.count, err);
    rg_engine_config_finish(&config);
    return st;
}
