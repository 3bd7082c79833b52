/* The configuration of the recorded run, as settings of a scenario. */
#include "derive.h"
#include "derive_yaml.h"

#include "config.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_BYTES_MAX ((size_t)1 << 20)
#define VARIABLE_MAX    ((size_t)64 << 10)

/* What a scenario says elsewhere stays out of its config; other products' keys do too. */
static bool wanted(struct rg_str path)
{
    static const char *const whole[] = {
        "hostname", "log_level", "network.id", "run.realtime", "run.group_id", "run.checks", NULL};

    for (size_t i = 0; whole[i]; i++) {
        if (rg_str_is(path, whole[i]))
            return true;
    }
    return rg_str_starts(path, "process_config.") || rg_str_starts(path, "reagent.");
}

/* value is taken, also on failure. */
static enum rg_status set(struct derive *d, struct rg_str path, char *value, struct rg_err *err)
{
    void *settings = d->settings;
    enum rg_status st;

    for (size_t i = 0; i < d->setting_count && value; i++) {
        if (rg_str_is(path, d->settings[i].path)) {
            free(d->settings[i].value);
            d->settings[i].value = value;
            return RG_OK;
        }
    }
    st = rg_grow(&settings, &d->setting_cap, d->setting_count + 1, sizeof(*d->settings),
        DERIVE_SETTINGS_MAX);
    d->settings = settings;
    if (st == RG_ELIMIT)
        rg_err_set(err, "more than %zu settings", DERIVE_SETTINGS_MAX);
    if (st == RG_OK) {
        struct derive_setting *s = &d->settings[d->setting_count];

        *s = (struct derive_setting){rg_memdup0(path.ptr, path.len), value};
        if (s->path && value) {
            d->setting_count++;
            return RG_OK;
        }
        free(s->path);
        st = RG_ENOMEM;
    }
    free(value);
    return st;
}

static enum rg_status put_list(
    const struct rg_config_doc *doc, struct rg_str path, size_t count, struct rg_buf *out)
{
    enum rg_status st = rg_buf_byte(out, '[');
    size_t written = 0;

    for (size_t i = 0; i < count && st == RG_OK; i++) {
        const struct rg_config_entry *item = rg_config_doc_item(doc, path, i);

        if (!item)
            continue;
        if (written++)
            st = rg_buf_str(out, ", ");
        if (st == RG_OK)
            st = derive_yaml_text(out, rg_str_from(item->text), NULL);
    }
    return st == RG_OK ? rg_buf_byte(out, ']') : st;
}

static enum rg_status take_entry(
    struct derive *d, const struct rg_config_doc *doc, size_t i, struct rg_err *err)
{
    const struct rg_config_entry *entry = &doc->entries[i];
    struct rg_str path = rg_config_doc_path(doc, i);
    struct rg_buf value;
    enum rg_status st = RG_OK;

    if (entry->item || (entry->kind != RG_CONFIG_SCALAR && entry->kind != RG_CONFIG_LIST))
        return RG_OK;
    if (rg_str_is(path, "run.for") && entry->kind == RG_CONFIG_SCALAR)
        rg_ignore(rg_str_to_duration(rg_str_from(entry->text), &d->for_ns), "then it is unknown");
    if (!wanted(path))
        return RG_OK;
    rg_buf_init(&value, VALUE_BYTES_MAX);
    if (entry->kind == RG_CONFIG_LIST)
        st = put_list(doc, path, entry->count, &value);
    else
        st = derive_yaml_text(&value, rg_str_from(entry->text), NULL);
    if (st == RG_OK)
        st = set(d, path, rg_memdup0(value.data, value.len), err);
    else if (st == RG_ETOOBIG) {
        rg_err_set(err, "a setting of more than %zu bytes", VALUE_BYTES_MAX);
        st = RG_ELIMIT;
    }
    rg_buf_finish(&value);
    return st;
}

enum rg_status derive_config_document(
    struct derive *d, const char *name, struct rg_str text, struct rg_err *err)
{
    struct rg_config_doc doc;
    struct rg_err why = {0};
    enum rg_status st = rg_config_doc_load(&doc, name, text.ptr, text.len, &why);

    if (st == RG_ELIMIT)
        *err = why;
    else if (st != RG_ENOMEM && st != RG_OK)
        st = RG_EEND; /* the recorded run refused it too */
    for (size_t i = 0; st == RG_OK && i < rg_config_doc_count(&doc); i++)
        st = take_entry(d, &doc, i, err);
    rg_config_doc_finish(&doc);
    return st == RG_EEND ? RG_OK : st;
}

enum rg_status derive_config_env(
    struct derive *d, struct rg_str name, struct rg_str text, struct rg_err *err)
{
    const char *path = rg_engine_config_of_env(name);
    struct rg_buf value;
    enum rg_status st;

    if (!path || text.len == 0 || text.len > VARIABLE_MAX)
        return RG_OK;
    rg_buf_init(&value, VALUE_BYTES_MAX);
    st = derive_yaml_text(&value, text, NULL);
    if (st == RG_OK)
        st = set(d, rg_str_from(path), rg_memdup0(value.data, value.len), err);
    rg_buf_finish(&value);
    return st;
}

const char *derive_config_get(const struct derive *d, const char *path)
{
    for (size_t i = 0; i < d->setting_count; i++) {
        if (strcmp(d->settings[i].path, path) == 0)
            return d->settings[i].value;
    }
    return NULL;
}
