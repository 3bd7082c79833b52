#include "config_file.h"
#include "yaml_decode.h"
#include "yaml_emit.h"

#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SHOWN 100

struct file {
    const char *path;
    const struct rg_yaml_node *root;
    struct rg_integration_config *out;
    struct rg_err *strict, *err;
};

static bool absent(const struct rg_yaml_node *node)
{
    return !node || node->kind == RG_YAML_NULL;
}

static enum rg_status emit_blob(
    struct file *f, const struct rg_yaml_node *node, struct rg_buf *text, const char *key)
{
    enum rg_status st;

    rg_buf_clear(text);
    st = rg_yaml_emit(node, text);
    if (st == RG_ETOOBIG) {
        rg_err_set(f->err, "%s:%u:%u: '%s' is larger than %zu bytes when written out", f->path,
            node->line, node->column, key, RG_YAML_EMIT_MAX);
        return RG_ELIMIT;
    }
    return st;
}

static enum rg_status read_section(
    struct file *f, const char *key, struct rg_blob *blob, struct rg_buf *text)
{
    const struct rg_yaml_node *node = rg_yaml_get(f->root, key);
    enum rg_status st;

    if (absent(node))
        return RG_OK;
    st = emit_blob(f, node, text, key);
    return st == RG_OK ? rg_blob_set(blob, rg_str_buf(text)) : st;
}

/* logs becomes a mapping with this single key. */
static enum rg_status read_logs(struct file *f, struct rg_buf *text)
{
    struct rg_yaml_node *node = rg_yaml_get(f->root, "logs");
    struct rg_yaml_node map = {.kind = RG_YAML_MAP, .count = 1};
    struct rg_yaml_node only;
    enum rg_status st;

    if (absent(node))
        return RG_OK;
    only = *node;
    only.next = NULL;
    map.first = map.last = &only;
    map.line = node->line;
    map.column = node->column;
    st = emit_blob(f, &map, text, "logs");
    return st == RG_OK ? rg_blob_set(&f->out->logs_config, rg_str_buf(text)) : st;
}

static enum rg_status read_instances(struct file *f, struct rg_buf *text)
{
    static const struct rg_yaml_node empty = {.kind = RG_YAML_MAP};
    const struct rg_yaml_node *list = rg_yaml_get(f->root, "instances");
    enum rg_status st = RG_OK;

    if (absent(list))
        return RG_OK;
    if (list->kind != RG_YAML_LIST)
        return rg_yaml_wrong(f->path, list, "instances", "a list of mappings", f->err);
    for (const struct rg_yaml_node *n = list->first; n && st == RG_OK; n = n->next) {
        if (n->kind != RG_YAML_MAP && n->kind != RG_YAML_NULL)
            return rg_yaml_wrong(f->path, n, "instances", "a list of mappings", f->err);
        st = emit_blob(f, n->kind == RG_YAML_NULL ? &empty : n, text, "instances");
        if (st == RG_OK)
            st = rg_blob_add(&f->out->instances, rg_str_buf(text));
        if (st == RG_ELIMIT && !f->err->text[0])
            rg_err_set(f->err, "%s:%u:%u: more than %d instances", f->path, n->line, n->column,
                RG_CONFIG_ITEMS_MAX);
    }
    return st;
}

static enum rg_status read_kube_name(
    struct file *f, const struct rg_yaml_node *entry, const char *key, struct rg_kube_name *out)
{
    const struct rg_yaml_node *node = rg_yaml_get(entry, key);
    enum rg_status st;

    if (absent(node))
        return RG_OK;
    if (node->kind != RG_YAML_MAP)
        return rg_yaml_wrong(f->path, node, key, "a mapping", f->err);
    st = rg_yaml_to_text(f->path, rg_yaml_get(node, "name"), "name", &out->name, f->err);
    if (st == RG_OK)
        st = rg_yaml_to_text(
            f->path, rg_yaml_get(node, "namespace"), "namespace", &out->space, f->err);
    return st;
}

static enum rg_status read_advanced(struct file *f)
{
    const char *key = "advanced_ad_identifiers";
    const struct rg_yaml_node *list = rg_yaml_get(f->root, key);
    enum rg_status st = RG_OK;

    if (absent(list))
        return RG_OK;
    if (list->kind != RG_YAML_LIST)
        return rg_yaml_wrong(f->path, list, key, "a list of mappings", f->err);
    if (list->count == 0)
        return RG_OK;
    f->out->advanced_ad_identifiers =
        rg_calloc(list->count, sizeof(*f->out->advanced_ad_identifiers));
    if (!f->out->advanced_ad_identifiers)
        return RG_ENOMEM;
    for (const struct rg_yaml_node *n = list->first; n && st == RG_OK; n = n->next) {
        struct rg_advanced_ad_identifier *id =
            &f->out->advanced_ad_identifiers[f->out->advanced_count++];

        if (n->kind != RG_YAML_MAP && n->kind != RG_YAML_NULL)
            return rg_yaml_wrong(f->path, n, key, "a list of mappings", f->err);
        st = read_kube_name(f, n, "kube_service", &id->service);
        if (st == RG_OK)
            st = read_kube_name(f, n, "kube_endpoints", &id->endpoints);
    }
    return st;
}

static enum rg_status read_docker_images(struct file *f)
{
    struct rg_integration_config images = {0};
    enum rg_status st = rg_yaml_to_texts(f->path, rg_yaml_get(f->root, "docker_images"),
        "docker_images", &images.ad_identifiers, f->err);

    if (st == RG_OK && images.ad_identifiers.count > 0 && f->out->ad_identifiers.count == 0) {
        rg_err_set(f->err, RG_CONFIG_DOCKER_IMAGES);
        st = RG_EINVALID;
    }
    rg_integration_config_finish(&images);
    return st;
}

/* Upstream ignores keys that it does not know, after a warning. */
static void note_unknown(struct file *f)
{
    static const char *const known[] = {"ad_identifiers", "advanced_ad_identifiers",
        "cluster_check", "docker_images", "ignore_autodiscovery_tags", "init_config", "instances",
        "jmx_metrics", "logs", NULL};

    for (const struct rg_yaml_node *n = f->root->first; n && !f->strict->text[0]; n = n->next) {
        size_t i = 0;
        struct rg_str name = n->key->text;
        const char *near;

        while (known[i] && !(n->key->kind == RG_YAML_STRING && rg_str_is(name, known[i])))
            i++;
        if (known[i])
            continue;
        near = rg_str_nearest(name, known);
        rg_err_set(f->strict, "%s:%u:%u: unknown key '%.*s'%s%s%s", f->path, n->key->line,
            n->key->column, (int)(name.len < NAME_SHOWN ? name.len : NAME_SHOWN), name.ptr,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
}

static enum rg_status read_flags(struct file *f)
{
    enum rg_status st = rg_yaml_to_bool(f->path, rg_yaml_get(f->root, "cluster_check"),
        "cluster_check", &f->out->cluster_check, f->err);

    if (st == RG_OK)
        st = rg_yaml_to_bool(f->path, rg_yaml_get(f->root, "ignore_autodiscovery_tags"),
            "ignore_autodiscovery_tags", &f->out->ignore_autodiscovery_tags, f->err);
    if (st == RG_OK)
        st = rg_yaml_to_texts(f->path, rg_yaml_get(f->root, "ad_identifiers"), "ad_identifiers",
            &f->out->ad_identifiers, f->err);
    return st;
}

static enum rg_status read_all(struct file *f)
{
    struct rg_integration_config *out = f->out;
    struct rg_buf text;
    enum rg_status st;

    if (f->root->kind != RG_YAML_MAP)
        return rg_yaml_wrong(f->path, f->root, "the file", "a mapping", f->err);
    note_unknown(f);
    rg_buf_init(&text, RG_YAML_EMIT_MAX);
    st = read_flags(f);
    if (st == RG_OK)
        st = read_advanced(f);
    if (st == RG_OK)
        st = read_instances(f, &text);
    if (st == RG_OK)
        st = read_section(f, "init_config", &out->init_config, &text);
    if (st == RG_OK)
        st = read_section(f, "jmx_metrics", &out->metric_config, &text);
    if (st == RG_OK)
        st = read_logs(f, &text);
    rg_buf_finish(&text);
    return st;
}

static enum rg_status set_texts(
    struct rg_integration_config *out, const char *name, const char *path)
{
    size_t size = strlen(path) + sizeof("file:");

    out->name = rg_memdup0(name, strlen(name));
    out->provider = rg_memdup0("file", strlen("file"));
    out->source = malloc(size);
    if (!out->name || !out->provider || !out->source)
        return RG_ENOMEM;
    snprintf(out->source, size, "file:%s", path);
    return RG_OK;
}

/* A variable that needs a service stays in silence: a listener may resolve it later. */
static enum rg_status substitute(
    struct file *f, const struct rg_template *t, struct rg_integration_config *out)
{
    struct rg_err why = {0};
    enum rg_status st = t ? rg_config_substitute(out, t, &why) : RG_OK;

    if (rg_template_ends(st)) {
        *f->err = why;
        return st;
    }
    if (st != RG_OK && st != RG_ENOTFOUND && !f->strict->text[0])
        rg_err_set(
            f->strict, "%s: Failed to substitute template var: %s", f->path, rg_err_text(&why, st));
    return RG_OK;
}

static enum rg_status check_content(struct file *f)
{
    if (!f->root ||
        (!f->out->metric_config.ptr && !f->out->logs_config.ptr && f->out->instances.count == 0)) {
        rg_err_set(f->err, RG_CONFIG_NO_INSTANCES);
        return RG_EINVALID;
    }
    return read_docker_images(f);
}

/* upstream: GetIntegrationConfigFromFile */
enum rg_status rg_config_file_parse(const char *name, const char *path, struct rg_str bytes,
    const struct rg_template *t, struct rg_integration_config *out, struct rg_err *strict,
    struct rg_err *err)
{
    struct rg_err own = {0};
    struct file f = {.path = path, .out = out, .strict = strict, .err = err ? err : &own};
    struct rg_yaml doc;
    enum rg_status st;

    *out = (struct rg_integration_config){0};
    *strict = (struct rg_err){0};
    f.err->text[0] = 0;
    if (bytes.len == 0)
        return RG_EEND;
    st = rg_yaml_parse(&doc, path, bytes, f.err);
    *strict = doc.strict;
    f.root = doc.root && doc.root->kind != RG_YAML_NULL ? doc.root : NULL;
    if (st == RG_OK && f.root)
        st = read_all(&f);
    if (st == RG_OK)
        st = check_content(&f);
    rg_yaml_finish(&doc);
    if (st == RG_OK)
        st = set_texts(out, name, path);
    if (st == RG_OK)
        st = substitute(&f, t, out);
    if (st != RG_OK)
        rg_integration_config_finish(out);
    return st;
}

bool rg_config_logs_only(const struct rg_integration_config *c)
{
    return c->logs_config.ptr && !c->metric_config.ptr && c->instances.count == 0 &&
           c->ad_identifiers.count == 0;
}
