#include "instance_config.h"
#include "yaml_decode.h"

#include <stdlib.h>
#include <string.h>

static void finish_tags(struct rg_blob_list *tags)
{
    for (size_t i = 0; i < tags->count; i++)
        rg_blob_finish(&tags->items[i]);
    free(tags->items);
    *tags = (struct rg_blob_list){0};
}

void rg_instance_config_finish(struct rg_instance_config *c)
{
    finish_tags(&c->tags);
    free(c->service);
    free(c->name);
    free(c->space);
    *c = (struct rg_instance_config){0};
}

/* Parses yaml, which must be a mapping, null or nothing; *map is then NULL for the latter two. */
static enum rg_status parse_map(struct rg_yaml *doc, const char *origin, struct rg_str yaml,
    struct rg_yaml_node **map, struct rg_err *err)
{
    enum rg_status st = rg_yaml_parse(doc, origin, yaml, err);

    *map = doc->root && doc->root->kind != RG_YAML_NULL ? doc->root : NULL;
    if (st == RG_OK && *map && (*map)->kind != RG_YAML_MAP)
        st = rg_yaml_wrong(origin, *map, "instance or init_config", "a mapping", err);
    return st;
}

static bool given(const struct rg_yaml_node *node)
{
    return node && node->kind != RG_YAML_NULL;
}

static enum rg_status decode(struct rg_instance_config *out, const char *origin,
    const struct rg_yaml_node *map, struct rg_err *err)
{
    const struct rg_yaml_node *interval = rg_yaml_get(map, "min_collection_interval");
    const struct rg_yaml_node *tags = rg_yaml_get(map, "tags");
    enum rg_status st = rg_yaml_to_int(
        origin, interval, "min_collection_interval", &out->min_collection_interval_s, err);

    out->has_interval = given(interval);
    out->has_tags = given(tags);
    if (st == RG_OK)
        st = rg_yaml_to_bool(origin, rg_yaml_get(map, "empty_default_hostname"),
            "empty_default_hostname", &out->empty_default_hostname, err);
    if (st == RG_OK)
        st = rg_yaml_to_bool(origin, rg_yaml_get(map, "no_index"), "no_index", &out->no_index, err);
    if (st == RG_OK)
        st = rg_yaml_to_texts(origin, tags, "tags", &out->tags, err);
    if (st == RG_OK)
        st = rg_yaml_to_text(origin, rg_yaml_get(map, "service"), "service", &out->service, err);
    if (st == RG_OK)
        st = rg_yaml_to_text(origin, rg_yaml_get(map, "name"), "name", &out->name, err);
    if (st == RG_OK)
        st = rg_yaml_to_text(origin, rg_yaml_get(map, "namespace"), "namespace", &out->space, err);
    return st;
}

enum rg_status rg_instance_config_decode(
    struct rg_instance_config *out, const char *origin, struct rg_str yaml, struct rg_err *err)
{
    struct rg_yaml doc;
    struct rg_yaml_node *map;
    enum rg_status st;

    *out = (struct rg_instance_config){0};
    st = parse_map(&doc, origin, yaml, &map, err);
    if (st == RG_OK)
        st = decode(out, origin, map, err);
    rg_yaml_finish(&doc);
    if (st != RG_OK)
        rg_instance_config_finish(out);
    return st;
}

static enum rg_status one_text(
    const char *origin, struct rg_str yaml, const char *key, char **out, struct rg_err *err)
{
    struct rg_yaml doc;
    struct rg_yaml_node *map;
    enum rg_status st = parse_map(&doc, origin, yaml, &map, err);

    if (st == RG_OK)
        st = rg_yaml_to_text(origin, rg_yaml_get(map, key), key, out, err);
    rg_yaml_finish(&doc);
    return st;
}

enum rg_status rg_init_config_service(
    const char *origin, struct rg_str yaml, char **service, struct rg_err *err)
{
    return one_text(origin, yaml, "service", service, err);
}

enum rg_status rg_config_loader(
    const char *origin, struct rg_str yaml, char **loader, struct rg_err *err)
{
    return one_text(origin, yaml, "loader", loader, err);
}

enum answer { UNDECIDED, NO, YES };

/* What a mapping says: its loader if that is a text, else is_jmx. The loader decides both ways. */
static enum answer jmx_answer(const struct rg_yaml_node *map)
{
    const struct rg_yaml_node *loader = rg_yaml_get(map, "loader");
    const struct rg_yaml_node *is_jmx = rg_yaml_get(map, "is_jmx");

    if (loader && loader->kind == RG_YAML_STRING)
        return rg_str_is(loader->text, "jmx") ? YES : NO;
    return is_jmx && is_jmx->kind == RG_YAML_BOOL && is_jmx->v.flag ? YES : UNDECIDED;
}

static enum rg_status ask(struct rg_str yaml, enum answer *out)
{
    struct rg_yaml doc;
    struct rg_yaml_node *map;
    enum rg_status st = parse_map(&doc, "instance", yaml, &map, NULL);

    *out = st == RG_OK ? jmx_answer(map) : NO;
    rg_yaml_finish(&doc);
    return st == RG_ENOMEM ? st : RG_OK;
}

/* upstream: check.IsJMXInstance */
enum rg_status rg_is_jmx_instance(
    struct rg_str name, struct rg_str instance, struct rg_str init_config, bool *out)
{
    static const char *const standard[] = {
        "activemq", "activemq_58", "cassandra", "jmx", "solr", "tomcat", "kafka"};
    enum answer answer = UNDECIDED;
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++) {
        if (rg_str_is(name, standard[i]))
            answer = YES;
    }
    if (answer == UNDECIDED)
        st = ask(instance, &answer);
    if (st == RG_OK && answer == UNDECIDED)
        st = ask(init_config, &answer);
    if (st == RG_OK)
        *out = answer == YES;
    return st;
}
