#include "integration_config.h"
#include "instance_config.h"
#include "yaml_emit.h"

#include "rg/base/hash.h"
#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rg_blob_finish(struct rg_blob *blob)
{
    free(blob->ptr);
    *blob = (struct rg_blob){0};
}

static void finish_list(struct rg_blob_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].ptr);
    free(list->items);
    *list = (struct rg_blob_list){0};
}

void rg_integration_config_finish(struct rg_integration_config *c)
{
    free(c->name);
    finish_list(&c->instances);
    rg_blob_finish(&c->init_config);
    rg_blob_finish(&c->metric_config);
    rg_blob_finish(&c->logs_config);
    finish_list(&c->ad_identifiers);
    for (size_t i = 0; i < c->advanced_count; i++) {
        struct rg_advanced_ad_identifier *id = &c->advanced_ad_identifiers[i];

        free(id->service.name);
        free(id->service.space);
        free(id->endpoints.name);
        free(id->endpoints.space);
    }
    free(c->advanced_ad_identifiers);
    free(c->provider);
    free(c->service_id);
    free(c->tagger_entity);
    free(c->node_name);
    free(c->source);
    *c = (struct rg_integration_config){0};
}

enum rg_status rg_blob_set(struct rg_blob *blob, struct rg_str bytes)
{
    char *copy = rg_memdup0(bytes.len ? bytes.ptr : "", bytes.len);

    if (!copy)
        return RG_ENOMEM;
    free(blob->ptr);
    *blob = (struct rg_blob){copy, bytes.len};
    return RG_OK;
}

enum rg_status rg_blob_add(struct rg_blob_list *list, struct rg_str bytes)
{
    struct rg_blob blob = {0};
    void *array = list->items;
    enum rg_status st =
        rg_grow(&array, &list->cap, list->count + 1, sizeof(*list->items), RG_CONFIG_ITEMS_MAX);

    list->items = array;
    if (st == RG_OK)
        st = rg_blob_set(&blob, bytes);
    if (st == RG_OK)
        list->items[list->count++] = blob;
    return st;
}

struct rg_str rg_blob_str(const struct rg_blob *blob)
{
    return (struct rg_str){blob->ptr ? blob->ptr : "", blob->len};
}

bool rg_config_is_template(const struct rg_integration_config *c)
{
    return c->ad_identifiers.count > 0 || c->advanced_count > 0;
}

bool rg_config_is_check(const struct rg_integration_config *c)
{
    return !c->cluster_check && c->instances.count > 0;
}

bool rg_config_is_logs(const struct rg_integration_config *c)
{
    return c->logs_config.ptr != NULL;
}

bool rg_config_has_filter(const struct rg_integration_config *c, enum rg_config_filter filter)
{
    if (filter == RG_FILTER_METRICS)
        return c->metrics_excluded;
    return filter == RG_FILTER_LOGS && c->logs_excluded;
}

void rg_digest_text(uint64_t digest, char *out)
{
    snprintf(out, RG_DIGEST_TEXT_MAX, "%llx", (unsigned long long)digest);
}

static int by_text(const void *a, const void *b)
{
    const struct rg_yaml_node *const *x = a;
    const struct rg_yaml_node *const *y = b;

    return rg_str_cmp((*x)->text, (*y)->text);
}

/* Turns a tag into the text that it is printed as. */
static enum rg_status tag_to_text(struct rg_yaml *doc, struct rg_yaml_node *tag)
{
    struct rg_buf text;
    char *copy = NULL;
    enum rg_status st;

    rg_buf_init(&text, RG_YAML_TEXT_MAX);
    st = rg_yaml_print(tag, &text);
    if (st == RG_OK)
        copy = rg_yaml_alloc(doc, text.len + 1);
    if (st == RG_OK && !copy)
        st = RG_ENOMEM;
    if (st == RG_OK) {
        if (text.len)
            memcpy(copy, text.data, text.len);
        copy[text.len] = 0;
        tag->kind = RG_YAML_STRING;
        tag->text = (struct rg_str){copy, text.len};
        tag->first = tag->last = NULL;
    }
    rg_buf_finish(&text);
    return st;
}

/* Makes tags a list of texts in bytewise order. */
static enum rg_status sort_tags(struct rg_yaml *doc, struct rg_yaml_node *tags)
{
    struct rg_yaml_node **items = rg_calloc(tags->count + 1, sizeof(*items));
    enum rg_status st = items ? RG_OK : RG_ENOMEM;
    size_t count = 0;

    for (struct rg_yaml_node *n = tags->first; n && st == RG_OK; n = n->next) {
        if (n->kind != RG_YAML_STRING)
            st = tag_to_text(doc, n);
        items[count++] = n;
    }
    if (st == RG_OK) {
        qsort(items, count, sizeof(*items), by_text);
        tags->first = tags->last = NULL;
        tags->count = 0;
        for (size_t i = 0; i < count; i++)
            rg_yaml_append(tags, items[i]);
    }
    free(items);
    return st;
}

/* Appends what the digest sees of an instance; *used is false if it sees nothing. */
static enum rg_status canonical_instance(struct rg_str instance, struct rg_buf *out, bool *used)
{
    struct rg_yaml doc;
    struct rg_yaml_node empty = {.kind = RG_YAML_MAP};
    struct rg_yaml_node *map, *tags;
    enum rg_status st = rg_yaml_parse(&doc, "instance", instance, NULL);

    *used = false;
    if (st != RG_OK) {
        rg_yaml_finish(&doc);
        return st == RG_ENOMEM ? st : RG_OK;
    }
    map = doc.root && doc.root->kind != RG_YAML_NULL ? doc.root : &empty;
    tags = rg_yaml_get(map, "tags");
    *used = map->kind == RG_YAML_MAP && (!tags || tags->kind == RG_YAML_LIST);
    if (*used && tags)
        st = sort_tags(&doc, tags);
    if (st == RG_OK && *used)
        st = rg_yaml_emit(map, out);
    rg_yaml_finish(&doc);
    return st;
}

static void add_str(struct rg_murmur3 *m, struct rg_str s)
{
    rg_murmur3_add(m, s.ptr, s.len);
}

static void add_rest(struct rg_murmur3 *m, const struct rg_integration_config *c)
{
    add_str(m, rg_blob_str(&c->init_config));
    for (size_t i = 0; i < c->ad_identifiers.count; i++)
        add_str(m, rg_blob_str(&c->ad_identifiers.items[i]));
    add_str(m, rg_str_from(c->node_name));
    add_str(m, rg_blob_str(&c->logs_config));
    add_str(m, rg_str_from(c->service_id));
    add_str(m, rg_str_from(c->ignore_autodiscovery_tags ? "true" : "false"));
}

/* upstream: Config.IntDigest */
enum rg_status rg_config_digest(const struct rg_integration_config *c, uint64_t *out)
{
    struct rg_murmur3 m;
    struct rg_buf text;
    enum rg_status st = RG_OK;
    bool used;

    rg_buf_init(&text, RG_YAML_EMIT_MAX);
    rg_murmur3_init(&m);
    add_str(&m, rg_str_from(c->name));
    for (size_t i = 0; i < c->instances.count && st == RG_OK; i++) {
        rg_buf_clear(&text);
        st = canonical_instance(rg_blob_str(&c->instances.items[i]), &text, &used);
        if (st == RG_OK && used)
            rg_murmur3_add(&m, text.data, text.len);
        else if (st == RG_ETOOBIG)
            st = RG_OK; /* what cannot be written is left out */
    }
    rg_buf_finish(&text);
    add_rest(&m, c);
    if (st == RG_OK)
        *out = rg_murmur3_sum64(&m);
    return st;
}

/* upstream: Config.FastDigest */
uint64_t rg_config_fast_digest(const struct rg_integration_config *c)
{
    struct rg_murmur3 m;

    rg_murmur3_init(&m);
    add_str(&m, rg_str_from(c->name));
    for (size_t i = 0; i < c->instances.count; i++)
        add_str(&m, rg_blob_str(&c->instances.items[i]));
    add_rest(&m, c);
    return rg_murmur3_sum64(&m);
}

enum rg_status rg_config_equal(
    const struct rg_integration_config *a, const struct rg_integration_config *b, bool *out)
{
    uint64_t x, y;
    enum rg_status st = rg_config_digest(a, &x);

    if (st == RG_OK)
        st = rg_config_digest(b, &y);
    if (st == RG_OK)
        *out = x == y;
    return st;
}

static bool same_blob(const struct rg_blob *a, const struct rg_blob *b)
{
    return rg_str_eq(rg_blob_str(a), rg_blob_str(b));
}

static bool same_text(const char *a, const char *b)
{
    return rg_str_eq(rg_str_from(a), rg_str_from(b));
}

static bool same_rest(const struct rg_integration_config *a, const struct rg_integration_config *b)
{
    if (!same_text(a->name, b->name) || a->instances.count != b->instances.count ||
        !same_blob(&a->init_config, &b->init_config) ||
        a->ad_identifiers.count != b->ad_identifiers.count ||
        !same_text(a->node_name, b->node_name) || !same_blob(&a->logs_config, &b->logs_config) ||
        !same_text(a->service_id, b->service_id) ||
        a->ignore_autodiscovery_tags != b->ignore_autodiscovery_tags)
        return false;
    for (size_t i = 0; i < a->ad_identifiers.count; i++) {
        if (!same_blob(&a->ad_identifiers.items[i], &b->ad_identifiers.items[i]))
            return false;
    }
    return true;
}

/* Instances that the digest leaves out are compared as they are. */
static enum rg_status same_instance(
    const struct rg_blob *a, const struct rg_blob *b, struct rg_buf *x, struct rg_buf *y, bool *out)
{
    bool used_a, used_b;
    enum rg_status st;

    *out = same_blob(a, b);
    if (*out)
        return RG_OK;
    rg_buf_clear(x);
    rg_buf_clear(y);
    st = canonical_instance(rg_blob_str(a), x, &used_a);
    if (st == RG_OK)
        st = canonical_instance(rg_blob_str(b), y, &used_b);
    if (st == RG_OK)
        *out = used_a && used_b && rg_str_eq(rg_str_buf(x), rg_str_buf(y));
    return st == RG_ENOMEM ? st : RG_OK;
}

enum rg_status rg_config_identical(
    const struct rg_integration_config *a, const struct rg_integration_config *b, bool *out)
{
    struct rg_buf x, y;
    enum rg_status st = RG_OK;
    bool same = same_rest(a, b);

    rg_buf_init(&x, RG_YAML_EMIT_MAX);
    rg_buf_init(&y, RG_YAML_EMIT_MAX);
    for (size_t i = 0; same && st == RG_OK && i < a->instances.count; i++)
        st = same_instance(&a->instances.items[i], &b->instances.items[i], &x, &y, &same);
    rg_buf_finish(&x);
    rg_buf_finish(&y);
    if (st == RG_OK)
        *out = same;
    return st;
}

/* Parses blob as the value of a key of root. Each blob has a document of its own: its limits. */
static enum rg_status put_blob(struct rg_yaml *blob_doc, struct rg_yaml *doc,
    struct rg_yaml_node *into, const char *key, struct rg_str bytes)
{
    static const struct rg_yaml_node null = {.kind = RG_YAML_NULL};
    struct rg_yaml_node *value = rg_yaml_new(doc, RG_YAML_NULL);
    enum rg_status st = rg_yaml_parse(blob_doc, "blob", bytes, NULL);

    if (!value || st == RG_ENOMEM)
        return RG_ENOMEM;
    *value = blob_doc->root ? *blob_doc->root : null;
    value->text.ptr = value->text.ptr ? value->text.ptr : "";
    if (key)
        return rg_yaml_put(doc, into, key, value);
    rg_yaml_append(into, value);
    return RG_OK;
}

/* upstream: Config.String */
enum rg_status rg_config_to_yaml(const struct rg_integration_config *c, struct rg_buf *out)
{
    size_t count = c->instances.count;
    struct rg_yaml doc = {0};
    struct rg_yaml *blobs = rg_calloc(count + 2, sizeof(*blobs));
    struct rg_yaml_node *root = rg_yaml_new(&doc, RG_YAML_MAP);
    struct rg_yaml_node *list = rg_yaml_new(&doc, RG_YAML_LIST);
    struct rg_yaml_node *name = rg_yaml_new_string(&doc, rg_str_from(c->name));
    enum rg_status st = blobs && root && list && name ? RG_OK : RG_ENOMEM;

    if (st == RG_OK)
        st = rg_yaml_put(&doc, root, "check_name", name);
    if (st == RG_OK)
        st = put_blob(&blobs[count], &doc, root, "init_config", rg_blob_str(&c->init_config));
    for (size_t i = 0; i < count && st == RG_OK; i++)
        st = put_blob(&blobs[i], &doc, list, NULL, rg_blob_str(&c->instances.items[i]));
    if (st == RG_OK)
        st = rg_yaml_put(&doc, root, "instances", list);
    if (st == RG_OK)
        st = put_blob(&blobs[count + 1], &doc, root, "logs_config", rg_blob_str(&c->logs_config));
    if (st == RG_OK)
        st = rg_yaml_emit(root, out);
    for (size_t i = 0; blobs && i < count + 2; i++)
        rg_yaml_finish(&blobs[i]);
    free(blobs);
    rg_yaml_finish(&doc);
    return st;
}

/* upstream: checkid.BuildID */
enum rg_status rg_check_id(struct rg_str check, uint64_t fast_digest, struct rg_str instance,
    struct rg_str init_config, struct rg_buf *out)
{
    struct rg_instance_config common;
    unsigned char digest[8];
    const char *name = "";
    uint64_t h;
    enum rg_status st = rg_instance_config_decode(&common, "instance", instance, NULL);

    if (st == RG_ENOMEM)
        return st;
    if (st == RG_OK)
        name = common.name[0] ? common.name : common.space;
    for (size_t i = 0; i < sizeof(digest); i++)
        digest[i] = (unsigned char)(fast_digest >> (56 - 8 * i));
    h = rg_fnv1_64(digest, sizeof(digest));
    h = rg_fnv1_64_more(h, instance.ptr, instance.len);
    h = rg_fnv1_64_more(h, init_config.ptr, init_config.len);
    st = rg_buf_append(out, check.ptr, check.len);
    if (st == RG_OK)
        st = rg_buf_printf(out, ":%s%s%llx", name, name[0] ? ":" : "", (unsigned long long)h);
    rg_instance_config_finish(&common);
    return st;
}

struct rg_str rg_check_id_name(struct rg_str id)
{
    const char *colon = id.len ? memchr(id.ptr, ':', id.len) : NULL;

    return colon ? (struct rg_str){id.ptr, (size_t)(colon - id.ptr)} : id;
}
