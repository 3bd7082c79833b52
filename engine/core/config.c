#include "config.h"
#include "check_submitter.h"
#include "process_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENV_NAME_MAX 128
#define ENV_TEXT_MAX ((size_t)64 << 10)
#define NOTE_MAX     200

#define KEY(path, type, member)                                                                    \
    {                                                                                              \
        path, type, offsetof(struct rg_engine_config, member), NULL, false                         \
    }
#define KEY_ENV(path, type, member, env)                                                           \
    {                                                                                              \
        path, type, offsetof(struct rg_engine_config, member), env, false                          \
    }
/* Of the check flow. Its variable is DD_ and the key. */
#define KEY_FLOW(path, type, member)                                                               \
    {                                                                                              \
        path, type, offsetof(struct rg_engine_config, flow.member), NULL, true                     \
    }

static const struct key {
    const char *path;
    enum rg_config_type type;
    size_t offset;
    const char *env; /* beside the names that every process_config key has */
    bool flow;
} keys[] = {
    KEY_ENV("hostname", RG_CONFIG_TEXT, hostname, "DD_HOSTNAME"),
    KEY_ENV("log_level", RG_CONFIG_TEXT, log_level, "DD_LOG_LEVEL"),
    KEY_ENV("network.id", RG_CONFIG_TEXT, network_id, "DD_NETWORK_ID"),
    KEY("process_config.enabled", RG_CONFIG_TEXT, enabled),
    KEY("process_config.process_collection.enabled", RG_CONFIG_BOOL, process_collection),
    KEY("process_config.intervals.process", RG_CONFIG_INT, interval_s),
    KEY("process_config.intervals.process_realtime", RG_CONFIG_INT, realtime_interval_s),
    KEY("process_config.disable_realtime_checks", RG_CONFIG_BOOL, disable_realtime_checks),
    KEY("process_config.ignore_zombie_processes", RG_CONFIG_BOOL, ignore_zombie_processes),
    KEY("process_config.blacklist_patterns", RG_CONFIG_TEXTS, blacklist_patterns),
    KEY_ENV("process_config.scrub_args", RG_CONFIG_BOOL, scrub_args, "DD_SCRUB_ARGS"),
    KEY_ENV("process_config.custom_sensitive_words", RG_CONFIG_TEXTS, custom_sensitive_words,
        "DD_CUSTOM_SENSITIVE_WORDS"),
    KEY_ENV("process_config.strip_proc_arguments", RG_CONFIG_BOOL, strip_proc_arguments,
        "DD_STRIP_PROCESS_ARGS"),
    KEY("process_config.cache_lookupid", RG_CONFIG_BOOL, cache_lookupid),
    KEY("process_config.max_per_message", RG_CONFIG_INT, max_per_message),
    KEY("process_config.max_message_bytes", RG_CONFIG_INT, max_message_bytes),
    KEY("process_config.queue_size", RG_CONFIG_INT, queue_size),
    KEY("process_config.rt_queue_size", RG_CONFIG_INT, rt_queue_size),
    KEY("process_config.process_queue_bytes", RG_CONFIG_INT, process_queue_bytes),
    KEY("process_config.drop_check_payloads", RG_CONFIG_TEXTS, drop_check_payloads),
    KEY("process_config.process_discovery.hint_frequency", RG_CONFIG_INT, hint_frequency),
    KEY("reagent.collect_io_fd", RG_CONFIG_BOOL, collect_io_fd),
    KEY("reagent.always_reread", RG_CONFIG_BOOL, always_reread),
    KEY("run.for", RG_CONFIG_DURATION, run_for_ns),
    KEY("run.checks", RG_CONFIG_TEXTS, checks),
    KEY("run.confd", RG_CONFIG_BOOL, confd),
    KEY("run.realtime", RG_CONFIG_BOOL, realtime),
    KEY("run.group_id", RG_CONFIG_INT, group_id),
    KEY_FLOW("check_runners", RG_CONFIG_INT, runners),
    KEY_FLOW("check_cancel_timeout", RG_CONFIG_DURATION, cancel_timeout_ns),
    KEY_FLOW("logging_frequency", RG_CONFIG_INT, logging_frequency),
    KEY_FLOW("integration_check_status_enabled", RG_CONFIG_BOOL, check_status),
    KEY_FLOW("check_sampler_bucket_commits_count_expiry", RG_CONFIG_INT, commits_until_expiry),
    KEY_FLOW(
        "check_sampler_stateful_metric_expiration_time", RG_CONFIG_DURATION, stateful_expiry_ns),
    KEY_FLOW("check_sampler_expire_metrics", RG_CONFIG_BOOL, expire_metrics),
    KEY_FLOW("check_sampler_allow_sketch_bucket_reset", RG_CONFIG_BOOL, bucket_reset),
    KEY_FLOW("histogram_aggregates", RG_CONFIG_TEXTS, aggregates),
    KEY_FLOW("histogram_percentiles", RG_CONFIG_TEXTS, percentiles),
    KEY_FLOW("use_v2_api.series", RG_CONFIG_BOOL, series_v2),
    KEY_FLOW("enable_payloads.series", RG_CONFIG_BOOL, send_series),
    KEY_FLOW("enable_payloads.events", RG_CONFIG_BOOL, send_events),
    KEY_FLOW("enable_payloads.service_checks", RG_CONFIG_BOOL, send_service_checks),
    KEY_FLOW("enable_payloads.sketches", RG_CONFIG_BOOL, send_sketches),
    KEY_FLOW("serializer_max_series_points_per_payload", RG_CONFIG_INT, series_points),
    KEY_FLOW("serializer_max_series_uncompressed_payload_size", RG_CONFIG_INT, series_bytes),
    KEY_FLOW("serializer_max_uncompressed_payload_size", RG_CONFIG_INT, other_bytes),
    KEY_FLOW("forwarder_retry_queue_payloads_max_size", RG_CONFIG_INT, queue_bytes),
    KEY_FLOW("log_payloads", RG_CONFIG_BOOL, log_payloads),
    KEY_FLOW("ignore_autoconf", RG_CONFIG_TEXTS, ignore_autoconf),
    KEY_FLOW("ad_disable_env_var_resolution", RG_CONFIG_BOOL, env_disabled),
    KEY_FLOW("ad_allowed_env_vars", RG_CONFIG_TEXTS, env_names),
    KEY_FLOW("autoconf_config_files_poll", RG_CONFIG_BOOL, poll),
    KEY_FLOW("autoconf_config_files_poll_interval", RG_CONFIG_INT, poll_interval_s),
    KEY_FLOW("confd_path", RG_CONFIG_TEXT, confd_path),
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* "none" is no check: the list of those that say that conf.d is all. */
static const char *const check_names[] = {"process", "rtprocess", "none", NULL};

void rg_engine_config_init(struct rg_engine_config *c)
{
    *c = (struct rg_engine_config){
        .scrub_args = true,
        .max_per_message = RG_MAX_PER_MESSAGE_DEFAULT,
        .max_message_bytes = RG_MAX_MESSAGE_BYTES_DEFAULT,
        .queue_size = RG_QUEUE_SIZE_DEFAULT,
        .rt_queue_size = RG_RT_QUEUE_SIZE_DEFAULT,
        .process_queue_bytes = RG_QUEUE_BYTES_DEFAULT,
        .hint_frequency = RG_HINT_FREQUENCY_DEFAULT,
        .collect_io_fd = true,
        .group_id = -1,
    };
    rg_checks_config_init(&c->flow);
}

void rg_engine_config_finish(struct rg_engine_config *c)
{
    free(c->hostname);
    free(c->log_level);
    free(c->network_id);
    free(c->enabled);
    rg_config_list_finish(&c->blacklist_patterns);
    rg_config_list_finish(&c->custom_sensitive_words);
    rg_config_list_finish(&c->drop_check_payloads);
    rg_config_list_finish(&c->checks);
    rg_config_list_finish(&c->notes);
    rg_checks_config_finish(&c->flow);
    *c = (struct rg_engine_config){0};
}

static bool lists(const struct rg_config_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (rg_str_is(list->items[i], name))
            return true;
    }
    return false;
}

bool rg_engine_config_process(const struct rg_engine_config *c)
{
    if (c->checks.set)
        return lists(&c->checks, "process") || lists(&c->checks, "rtprocess");
    if (c->enabled)
        return strcmp(c->enabled, "true") == 0;
    return c->process_collection;
}

bool rg_engine_config_realtime(const struct rg_engine_config *c)
{
    return c->realtime || lists(&c->checks, "rtprocess");
}

bool rg_engine_config_level(const struct rg_engine_config *c, enum rg_log_level *out)
{
    struct rg_str level = rg_str_from(c->log_level ? c->log_level : "info");

    if (rg_log_level_parse(level, out))
        return true;
    if (rg_str_is(level, "warning"))
        *out = RG_LOG_WARN;
    else if (rg_str_is(level, "trace"))
        *out = RG_LOG_DEBUG;
    else if (rg_str_is(level, "critical") || rg_str_is(level, "off"))
        *out = RG_LOG_ERROR;
    else
        return false;
    return true;
}

static const struct key *find_key(const struct rg_engine_config *c, struct rg_str path)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (rg_str_is(path, keys[i].path) && (c->use_flow || !keys[i].flow))
            return &keys[i];
    }
    return NULL;
}

static enum rg_status unknown_ours(
    const struct rg_config_doc *doc, size_t i, struct rg_str path, struct rg_err *err)
{
    const char *names[KEYS + 1] = {NULL};
    const char *near;

    for (size_t k = 0; k < KEYS; k++)
        names[k] = keys[k].path;
    near = rg_str_nearest(path, names);
    rg_err_set(err, "%s:%u:%u: unknown key '%.*s'%s%s%s", doc->name, doc->entries[i].line,
        doc->entries[i].column, (int)(path.len < NOTE_MAX ? path.len : NOTE_MAX), path.ptr,
        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return RG_EINVALID;
}

static enum rg_status unknown_other(
    struct rg_engine_config *c, const struct rg_config_doc *doc, size_t i, struct rg_str path)
{
    char note[RG_CONFIG_PATH_MAX];

    if (c->notes.count >= RG_CONFIG_NOTES_MAX)
        return RG_OK;
    snprintf(note, sizeof(note), "%s:%u:%u: '%.*s' is not used here", doc->name,
        doc->entries[i].line, doc->entries[i].column,
        (int)(path.len < NOTE_MAX ? path.len : NOTE_MAX), path.ptr);
    return rg_config_list_add(&c->notes, rg_str_from(note));
}

static bool ours(struct rg_str path)
{
    return rg_str_starts(path, "run.") || rg_str_starts(path, "reagent.");
}

static enum rg_status apply_entry(
    struct rg_engine_config *c, const struct rg_config_doc *doc, size_t i, struct rg_err *err)
{
    const struct rg_config_entry *entry = &doc->entries[i];
    struct rg_str path = rg_config_doc_path(doc, i);
    const struct key *key;

    if (entry->item)
        return RG_OK; /* its list was looked at */
    key = find_key(c, path);
    if (key)
        return rg_config_set_entry(key->type, (char *)c + key->offset, doc, i, err);
    if (entry->kind == RG_CONFIG_MAP || entry->kind == RG_CONFIG_NULL)
        return ours(path) ? unknown_ours(doc, i, path, err) : RG_OK;
    if (ours(path))
        return unknown_ours(doc, i, path, err);
    if (rg_str_is(path, "run") || rg_str_is(path, "reagent")) {
        rg_err_set(err, "%s:%u:%u: '%.*s' must be a mapping", doc->name, entry->line, entry->column,
            (int)path.len, path.ptr);
        return RG_EINVALID;
    }
    return unknown_other(c, doc, i, path);
}

enum rg_status rg_engine_config_apply(
    struct rg_engine_config *c, const char *name, const void *bytes, size_t len, struct rg_err *err)
{
    struct rg_config_doc doc;
    enum rg_status st = rg_config_doc_load(&doc, name, bytes, len, err);

    for (size_t i = 0; st == RG_OK && i < rg_config_doc_count(&doc); i++)
        st = apply_entry(c, &doc, i, err);
    rg_config_doc_finish(&doc);
    return st;
}

/* Fetches a document into text, empty when there is none. */
static enum rg_status fetch_document(
    struct rg_host *host, const char *name, struct rg_buf *text, struct rg_err *err)
{
    enum rg_status st = rg_host_document(host, name, text, err);

    if (st == RG_ENOTFOUND) {
        rg_buf_clear(text);
        return RG_OK;
    }
    if (st != RG_OK)
        rg_err_prefix(err, "%s", name);
    return st;
}

static const char own_section[] = "process_config.";
static const char flow_prefix[] = "DD_";
static const char *const env_prefixes[] = {"DD_PROCESS_CONFIG_", "DD_PROCESS_AGENT_"};

/* PREFIX + the rest of the path in capitals, dots as underscores. */
static void env_name(char *out, const char *prefix, const char *rest)
{
    size_t n = (size_t)snprintf(out, ENV_NAME_MAX, "%s%s", prefix, rest);

    for (size_t i = strlen(prefix); i < n && i < ENV_NAME_MAX - 1; i++) {
        if (out[i] == '.')
            out[i] = '_';
        else if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] - 'a' + 'A');
    }
}

const char *rg_engine_config_of_env(struct rg_str name)
{
    for (size_t i = 0; i < KEYS; i++) {
        size_t own = strlen(own_section);
        char text[ENV_NAME_MAX];

        if (keys[i].env && rg_str_is(name, keys[i].env))
            return keys[i].path;
        if (keys[i].flow) {
            env_name(text, flow_prefix, keys[i].path);
            if (rg_str_is(name, text))
                return keys[i].path;
        }
        for (size_t p = 0; p < 2 && strncmp(keys[i].path, own_section, own) == 0; p++) {
            env_name(text, env_prefixes[p], keys[i].path + own);
            if (rg_str_is(name, text))
                return keys[i].path;
        }
    }
    return NULL;
}

/* One variable; *found tells whether it is set. An empty one counts as not set, as upstream. */
static enum rg_status apply_env(struct rg_engine_config *c, struct rg_host *host,
    const struct key *key, const char *name, bool *found, struct rg_err *err)
{
    struct rg_buf text;
    enum rg_status st;

    rg_buf_init(&text, ENV_TEXT_MAX);
    st = rg_host_env(host, name, &text, err);
    *found = st == RG_OK && text.len > 0;
    if (st == RG_OK && *found) {
        st = rg_buf_byte(&text, 0);
        if (st == RG_OK)
            st = rg_config_set_text(
                key->type, (char *)c + key->offset, (const char *)text.data, err);
    }
    if (st == RG_ENOTFOUND)
        st = RG_OK;
    else if (st != RG_OK)
        rg_err_prefix(err, "environment variable %s", name);
    rg_buf_finish(&text);
    return st;
}

static enum rg_status apply_key_env(
    struct rg_engine_config *c, struct rg_host *host, const struct key *key, struct rg_err *err)
{
    char name[ENV_NAME_MAX];
    bool found = false;
    enum rg_status st = RG_OK;

    if (key->flow) {
        env_name(name, flow_prefix, key->path);
        return c->use_flow ? apply_env(c, host, key, name, &found, err) : RG_OK;
    }
    if (strncmp(key->path, own_section, strlen(own_section)) == 0) {
        for (int p = 0; p < 2 && !found && st == RG_OK; p++) {
            env_name(name, env_prefixes[p], key->path + strlen(own_section));
            st = apply_env(c, host, key, name, &found, err);
        }
    }
    if (st == RG_OK && !found && key->env)
        st = apply_env(c, host, key, key->env, &found, err);
    return st;
}

static enum rg_status apply_environment(
    struct rg_engine_config *c, struct rg_host *host, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < KEYS && st == RG_OK; i++)
        st = apply_key_env(c, host, &keys[i], err);
    return st;
}

/* What no single key can tell. */
static enum rg_status check_whole(const struct rg_engine_config *c, struct rg_err *err)
{
    enum rg_log_level level;

    for (size_t i = 0; i < c->checks.count; i++) {
        const char *name = c->checks.items[i].ptr;
        const char *near;

        if (strcmp(name, "process") == 0 || strcmp(name, "rtprocess") == 0 ||
            strcmp(name, "none") == 0)
            continue;
        near = rg_str_nearest(c->checks.items[i], check_names);
        rg_err_set(err, "run.checks: there is no check '%.64s'%s%s%s", name,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        return RG_EINVALID;
    }
    if (!rg_engine_config_level(c, &level)) {
        rg_err_set(err, "log_level: unknown level '%.64s'", c->log_level);
        return RG_EINVALID;
    }
    if (c->enabled && strcmp(c->enabled, "true") != 0 && strcmp(c->enabled, "false") != 0 &&
        strcmp(c->enabled, "disabled") != 0) {
        rg_err_set(err, "process_config.enabled: expected true, false or disabled, not '%.64s'",
            c->enabled);
        return RG_EINVALID;
    }
    if (c->group_id < -1 || c->group_id > INT32_MAX || c->run_for_ns < 0) {
        rg_err_set(err, "run.group_id must be -1 or fit 31 bits, run.for must not be negative");
        return RG_EINVALID;
    }
    return c->use_flow ? rg_checks_config_check(&c->flow, err) : RG_OK;
}

/* Only the options, which come last, may say that the check flow runs. Then all is applied again,
 * with its keys: a run without it must not ask the host for them. */
static enum rg_status apply_again(struct rg_engine_config *c, struct rg_host *host,
    const struct rg_buf *file, const struct rg_buf *options, struct rg_err *err)
{
    enum rg_status st;

    rg_engine_config_finish(c);
    rg_engine_config_init(c);
    c->use_flow = true;
    st = rg_engine_config_apply(c, "datadog.yaml", file->data, file->len, err);
    if (st == RG_OK)
        st = apply_environment(c, host, err);
    return st == RG_OK ? rg_engine_config_apply(c, "options", options->data, options->len, err)
                       : st;
}

enum rg_status rg_engine_config_load(
    struct rg_engine_config *c, struct rg_host *host, struct rg_err *err)
{
    struct rg_buf file, options;
    enum rg_status st;

    rg_buf_init(&file, RG_HOST_DOCUMENT_MAX);
    rg_buf_init(&options, RG_HOST_DOCUMENT_MAX);
    st = fetch_document(host, "datadog.yaml", &file, err);
    if (st == RG_OK)
        st = rg_engine_config_apply(c, "datadog.yaml", file.data, file.len, err);
    if (st == RG_OK)
        st = apply_environment(c, host, err);
    if (st == RG_OK)
        st = fetch_document(host, "options", &options, err);
    if (st == RG_OK)
        st = rg_engine_config_apply(c, "options", options.data, options.len, err);
    if (st == RG_OK && c->confd && !c->use_flow)
        st = apply_again(c, host, &file, &options, err);
    rg_buf_finish(&file);
    rg_buf_finish(&options);
    return st == RG_OK ? check_whole(c, err) : st;
}
