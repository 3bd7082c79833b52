#include "conf_provider.h"

#include "rg/base/hash.h"
#include "rg/base/map.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE        "config"
#define ENV_NAME_MAX  256
#define ENV_VALUE_MAX ((size_t)64 << 10)

/* What the host said of one variable. */
struct answer {
    enum rg_status st;
    struct rg_buf value;
};

struct rg_conf_provider {
    struct rg_host *host;
    const struct rg_checks_config *config;
    const struct rg_log *log;
    struct rg_intern names; /* of variables; the number is that of the answer */
    struct answer *answers; /* owned */
    size_t count, cap;
    uint64_t told; /* hash of what the last look said; what it repeats is not logged again */
};

enum rg_status rg_conf_provider_create(struct rg_host *host, const struct rg_checks_config *config,
    const struct rg_log *log, struct rg_conf_provider **out, struct rg_err *err)
{
    struct rg_conf_provider *p = rg_calloc(1, sizeof(*p));

    if (!p) {
        rg_err_set(err, "no memory for the configurations of checks");
        return RG_ENOMEM;
    }
    p->host = host;
    p->config = config;
    p->log = log;
    rg_intern_init(&p->names, RG_CONF_ENVS_MAX);
    *out = p;
    return RG_OK;
}

void rg_conf_provider_destroy(struct rg_conf_provider *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        rg_buf_finish(&p->answers[i].value);
    free(p->answers);
    rg_intern_finish(&p->names);
    free(p);
}

/* Asks the host, and keeps what it says; a failure that the next call may not meet is not kept. */
static enum rg_status ask(
    struct rg_conf_provider *p, struct rg_str name, uint32_t *number, struct rg_err *err)
{
    struct answer answer = {.st = RG_OK};
    void *answers = p->answers;
    char text[ENV_NAME_MAX];
    enum rg_status st;

    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    st = rg_grow(&answers, &p->cap, p->count + 1, sizeof(*p->answers), RG_CONF_ENVS_MAX);
    p->answers = answers;
    if (st != RG_OK)
        return st;
    rg_buf_init(&answer.value, ENV_VALUE_MAX);
    answer.st = rg_host_env(p->host, text, &answer.value, err);
    st = answer.st == RG_OK || answer.st == RG_ENOTFOUND ? RG_OK : answer.st;
    if (st == RG_OK)
        st = rg_intern_put(&p->names, name, number);
    if (st != RG_OK) {
        rg_buf_finish(&answer.value);
        return st;
    }
    p->answers[p->count++] = answer;
    return RG_OK;
}

/* A name that no variable can have is not set. */
static enum rg_status env(void *ctx, struct rg_str name, struct rg_buf *value, struct rg_err *err)
{
    struct rg_conf_provider *p = ctx;
    const struct answer *answer;
    uint32_t number;

    if (name.len == 0 || name.len >= ENV_NAME_MAX || memchr(name.ptr, '\0', name.len) ||
        memchr(name.ptr, '=', name.len))
        return RG_ENOTFOUND;
    if (!rg_intern_find(&p->names, name, &number)) {
        enum rg_status st = ask(p, name, &number, err);

        if (st != RG_OK)
            return st;
    }
    answer = &p->answers[number];
    return answer->st == RG_OK ? rg_buf_set(value, answer->value.data, answer->value.len)
                               : answer->st;
}

static enum rg_status read_file(
    void *ctx, const struct rg_conf_entry *entry, struct rg_buf *out, struct rg_err *err)
{
    struct rg_conf_provider *p = ctx;
    char name[RG_HOST_PATH_MAX + sizeof(RG_CONF_FOLDER)];

    memcpy(name, RG_CONF_FOLDER "/", sizeof(RG_CONF_FOLDER));
    memcpy(name + sizeof(RG_CONF_FOLDER), entry->path, strlen(entry->path) + 1);
    return rg_host_document(p->host, name, out, err);
}

/* The names of a listing, each ended by NUL, as entries that borrow from it. Whatever is not below
 * the folder, or too long for a path, is left out. */
static enum rg_status entries_of(
    const struct rg_buf *list, struct rg_conf_entry **out, size_t *count)
{
    const char *prefix = RG_CONF_FOLDER "/";
    size_t skip = strlen(prefix), names = 0;
    struct rg_conf_entry *entries;
    struct rg_str rest = rg_str_buf(list), name;

    for (size_t i = 0; i < list->len; i++)
        names += list->data[i] == '\0';
    entries = rg_calloc(names + 1, sizeof(*entries));
    if (!entries)
        return RG_ENOMEM;
    *count = 0;
    for (; names > 0 && rg_str_split(&rest, '\0', &name); names--) {
        if (rg_str_starts(name, prefix) && name.len > skip && name.len < RG_HOST_PATH_MAX)
            entries[(*count)++].path = name.ptr + skip;
    }
    *out = entries;
    return RG_OK;
}

static uint64_t hash_notes(uint64_t hash, const struct rg_conf_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        const struct rg_conf_note *note = &notes->items[i];

        hash = rg_hash_mix(hash, rg_hash64(note->path, strlen(note->path)));
        hash = rg_hash_mix(hash, rg_hash64(note->text, strlen(note->text)));
    }
    return rg_hash_mix(hash, notes->count);
}

/* Most texts begin with the path. */
static void log_notes(const struct rg_conf_provider *p, enum rg_log_level level, const char *what,
    const struct rg_conf_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        const struct rg_conf_note *note = &notes->items[i];
        bool named = rg_str_starts(rg_str_from(note->text), note->path);

        rg_log(p->log, level, SOURCE, "%s: %s%s%s", what, named ? "" : note->path,
            named ? "" : ": ", note->text);
    }
}

/* A folder that is polled has the same errors for days. */
static void tell(struct rg_conf_provider *p, const struct rg_conf_set *set, bool there)
{
    uint64_t hash = hash_notes(hash_notes(there ? 1 : 2, &set->errors), &set->warnings);

    if (hash == p->told)
        return;
    p->told = hash;
    if (!there)
        rg_log(p->log, RG_LOG_WARN, SOURCE, "there is no folder %s", RG_CONF_FOLDER);
    log_notes(p, RG_LOG_ERROR, "not a valid config file", &set->errors);
    log_notes(p, RG_LOG_WARN, "config file with an oddity", &set->warnings);
}

static enum rg_status load_entries(struct rg_conf_provider *p, const struct rg_conf_entry *entries,
    size_t count, struct rg_conf_set *out, struct rg_err *err)
{
    static const char *const roots[] = {RG_CONF_FOLDER};
    const struct rg_template vars = {.env = env,
        .ctx = p,
        .env_disabled = p->config->env_disabled,
        .env_names = p->config->env_names.items,
        .env_count = p->config->env_names.count};
    const struct rg_conf_source source = {
        .read = read_file, .ctx = p, .vars = &vars, .roots = roots, .root_count = 1};
    struct rg_conf_files files = {0};
    enum rg_status st = rg_conf_files_select(
        entries, count, p->config->ignore_autoconf.items, p->config->ignore_autoconf.count, &files);

    if (st == RG_ELIMIT)
        rg_err_set(err, "%s has more than %d files", RG_CONF_FOLDER, RG_CONFIG_FILES_MAX);
    if (st == RG_OK)
        st = rg_conf_set_load(&files, &source, out, err);
    rg_conf_files_finish(&files);
    return st;
}

enum rg_status rg_conf_provider_load(
    struct rg_conf_provider *p, struct rg_conf_set *out, struct rg_err *err)
{
    struct rg_conf_entry *entries = NULL;
    size_t count = 0;
    struct rg_buf list;
    enum rg_status st;

    *out = (struct rg_conf_set){0};
    rg_buf_init(&list, RG_HOST_DOCUMENT_MAX);
    st = rg_host_list_documents(p->host, RG_CONF_FOLDER, &list, err);
    if (st == RG_OK)
        st = entries_of(&list, &entries, &count);
    else if (st != RG_ENOTFOUND)
        rg_err_prefix(err, "%s", RG_CONF_FOLDER);
    if (st == RG_OK)
        st = load_entries(p, entries, count, out, err);
    if (st == RG_OK || st == RG_ENOTFOUND)
        tell(p, out, st == RG_OK);
    if (st == RG_ENOMEM)
        rg_err_set(err, "no memory for the configurations of checks");
    free(entries);
    rg_buf_finish(&list);
    return st == RG_ENOTFOUND ? RG_OK : st;
}

bool rg_conf_runs(const struct rg_integration_config *config)
{
    return rg_config_is_check(config) && !rg_config_is_template(config) &&
           !rg_config_has_filter(config, RG_FILTER_METRICS);
}

/* As rg_config_identical, and both run or neither does. */
static enum rg_status equal(
    const struct rg_integration_config *a, const struct rg_integration_config *b, bool *out)
{
    *out = false;
    return rg_conf_runs(a) == rg_conf_runs(b) ? rg_config_identical(a, b, out) : RG_OK;
}

enum rg_status rg_conf_set_firsts(const struct rg_conf_set *set, size_t *out)
{
    size_t *before = rg_calloc(set->count + 1, sizeof(*before)); /* of the same digest; 0: none */
    struct rg_map last;                                          /* digest to index, plus one */
    enum rg_status st = before ? RG_OK : RG_ENOMEM;

    rg_map_init(&last);
    for (size_t i = 0; i < set->count && st == RG_OK; i++) {
        uint64_t digest = 0, at = 0;

        out[i] = i;
        st = rg_config_digest(&set->configs[i], &digest);
        if (st == RG_OK && rg_map_get(&last, digest, &at))
            before[i] = (size_t)at;
        for (size_t k = before[i]; k > 0 && st == RG_OK; k = before[k - 1]) {
            bool same = false;

            st = equal(&set->configs[k - 1], &set->configs[i], &same);
            if (same)
                out[i] = out[k - 1];
        }
        if (st == RG_OK)
            st = rg_map_put(&last, digest, i + 1);
    }
    rg_map_finish(&last);
    free(before);
    return st;
}

static enum rg_status copy_text(const char *text, char **out)
{
    if (!text)
        return RG_OK;
    *out = rg_memdup0(text, strlen(text));
    return *out ? RG_OK : RG_ENOMEM;
}

static enum rg_status copy_list(const struct rg_blob_list *list, struct rg_blob_list *out)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < list->count && st == RG_OK; i++)
        st = rg_blob_add(out, rg_blob_str(&list->items[i]));
    return st;
}

static enum rg_status copy_blob(const struct rg_blob *blob, struct rg_blob *out)
{
    return blob->ptr ? rg_blob_set(out, rg_blob_str(blob)) : RG_OK;
}

static enum rg_status copy_advanced(
    const struct rg_integration_config *config, struct rg_integration_config *out)
{
    enum rg_status st = RG_OK;

    if (config->advanced_count == 0)
        return RG_OK;
    out->advanced_ad_identifiers =
        rg_calloc(config->advanced_count, sizeof(*out->advanced_ad_identifiers));
    if (!out->advanced_ad_identifiers)
        return RG_ENOMEM;
    out->advanced_count = config->advanced_count;
    for (size_t i = 0; i < config->advanced_count && st == RG_OK; i++) {
        const struct rg_advanced_ad_identifier *from = &config->advanced_ad_identifiers[i];
        struct rg_advanced_ad_identifier *to = &out->advanced_ad_identifiers[i];

        st = copy_text(from->service.name, &to->service.name);
        if (st == RG_OK)
            st = copy_text(from->service.space, &to->service.space);
        if (st == RG_OK)
            st = copy_text(from->endpoints.name, &to->endpoints.name);
        if (st == RG_OK)
            st = copy_text(from->endpoints.space, &to->endpoints.space);
    }
    return st;
}

enum rg_status rg_conf_copy(
    const struct rg_integration_config *config, struct rg_integration_config *out)
{
    const struct {
        const char *from;
        char **to;
    } texts[] = {{config->name, &out->name}, {config->provider, &out->provider},
        {config->service_id, &out->service_id}, {config->tagger_entity, &out->tagger_entity},
        {config->node_name, &out->node_name}, {config->source, &out->source}};
    enum rg_status st = RG_OK;

    *out = (struct rg_integration_config){.cluster_check = config->cluster_check,
        .ignore_autodiscovery_tags = config->ignore_autodiscovery_tags,
        .metrics_excluded = config->metrics_excluded,
        .logs_excluded = config->logs_excluded};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && st == RG_OK; i++)
        st = copy_text(texts[i].from, texts[i].to);
    if (st == RG_OK)
        st = copy_list(&config->instances, &out->instances);
    if (st == RG_OK)
        st = copy_blob(&config->init_config, &out->init_config);
    if (st == RG_OK)
        st = copy_blob(&config->metric_config, &out->metric_config);
    if (st == RG_OK)
        st = copy_blob(&config->logs_config, &out->logs_config);
    if (st == RG_OK)
        st = copy_list(&config->ad_identifiers, &out->ad_identifiers);
    if (st == RG_OK)
        st = copy_advanced(config, out);
    if (st != RG_OK)
        rg_integration_config_finish(out);
    return st;
}
