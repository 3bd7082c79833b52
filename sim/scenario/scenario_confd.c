/* Documents and environment of a simulated world: what its agent is configured with. */
#include "scenario_fields.h"
#include "scenario_parts.h"

#include "rg/sim_devices.h"

#include <stdio.h>
#include <string.h>

#define FOLDER          "conf.d/"
#define MANY_MAX        100000
#define MANY_PER_FILE   1000u /* instances of one document */
#define MANY_BYTES_MAX  ((size_t)1 << 20)
#define MANY_NAME_MAX   100 /* bytes */
#define INTERVAL_MAX_NS (INT64_C(366) * 86400 * RG_NS_PER_S)

struct target {
    const struct scenario_doc *doc;
    struct rg_sim_host *host; /* NULL: only check */
    struct rg_err *err;
};

/* A refusal by the host, at a place in the file. */
static enum rg_status placed(const struct target *t, const struct scenario_node *node,
    enum rg_status st, const struct rg_err *why)
{
    if (st == RG_EINVALID || st == RG_ELIMIT)
        rg_ignore(scenario_refuse(t->doc, node, t->err, "%s", rg_err_text(why, st)),
            "the status of the host is kept");
    else if (st != RG_OK)
        *t->err = *why;
    return st;
}

/* text NULL: removed from then on. */
static enum rg_status add(const struct target *t, const struct scenario_node *node,
    const char *name, const char *text, int64_t at_ns)
{
    struct rg_err why = {0};

    if (!t->host)
        return RG_OK;
    return placed(t, node, rg_sim_host_add_document(t->host, name, text, at_ns, &why), &why);
}

static enum rg_status read_confd(const struct target *t, const struct scenario_node *map)
{
    const struct scenario_node *node;
    enum rg_status st = RG_OK;

    if (map->kind != SCENARIO_MAP)
        return scenario_refuse(t->doc, map, t->err, "'confd' must be a mapping of names to texts");
    for (node = scenario_first(t->doc, map); node && st == RG_OK;
         node = scenario_next(t->doc, node)) {
        char name[RG_HOST_PATH_MAX];
        const char *text = "";

        if (node->kind != SCENARIO_NULL)
            st = scenario_text(t->doc, node, &text, t->err);
        if (st == RG_OK &&
            (size_t)snprintf(name, sizeof(name), FOLDER "%s", node->key) >= sizeof(name))
            st = scenario_refuse_key(t->doc, node, t->err, "the name is too long");
        if (st == RG_OK)
            st = add(t, node, name, text, 0);
    }
    return st;
}

static enum rg_status read_version(const struct target *t, const struct scenario_node *item)
{
    static const char *const keys[] = {"name", "at", "text", "remove", NULL};
    const struct scenario_fields w = {.doc = t->doc, .err = t->err};
    enum rg_status st = scenario_keys(t->doc, item, "a document", keys, t->err);
    const struct scenario_node *name = scenario_get(t->doc, item, "name");
    const struct scenario_node *at = scenario_get(t->doc, item, "at");
    const struct scenario_node *content = scenario_get(t->doc, item, "text");
    const struct scenario_node *gone = scenario_get(t->doc, item, "remove");
    const char *path = "", *text = NULL;
    int64_t at_ns = 0;
    bool removed = false;

    if (st == RG_OK && !name)
        st = scenario_refuse(t->doc, item, t->err, "the key 'name' is missing");
    if (st == RG_OK)
        st = scenario_text(t->doc, name, &path, t->err);
    if (st == RG_OK && at)
        st = scenario_moment(&w, at, &at_ns);
    if (st == RG_OK && gone)
        st = scenario_bool(t->doc, gone, &removed, t->err);
    if (st == RG_OK && content && content->kind != SCENARIO_NULL)
        st = scenario_text(t->doc, content, &text, t->err);
    if (st == RG_OK && removed == (content != NULL))
        st =
            scenario_refuse(t->doc, item, t->err, "a document has either 'text' or 'remove: true'");
    if (st == RG_OK && content && !text)
        text = "";
    return st == RG_OK ? add(t, item, path, text, at_ns) : st;
}

/* One document with the instances from first to last - 1. */
static enum rg_status write_many(
    struct rg_buf *out, uint64_t first, uint64_t last, int64_t from_s, int64_t to_s)
{
    enum rg_status st = rg_buf_str(out, "init_config:\ninstances:\n");

    for (uint64_t i = first; i < last && st == RG_OK; i++)
        st = rg_buf_printf(out, "- {min_collection_interval: %lld, tags: [\"number:%llu\"]}\n",
            (long long)(from_s + (int64_t)(i % (uint64_t)(to_s - from_s + 1))),
            (unsigned long long)i);
    return st == RG_OK ? rg_buf_byte(out, 0) : st;
}

struct many {
    const char *name;
    uint64_t count;
    int64_t from_ns, to_ns;
};

static enum rg_status read_interval(
    const struct target *t, const struct scenario_node *node, int64_t *out_ns)
{
    enum rg_status st = scenario_duration(t->doc, node, out_ns, t->err);

    if (st == RG_OK &&
        (*out_ns < RG_NS_PER_S || *out_ns > INTERVAL_MAX_NS || *out_ns % RG_NS_PER_S != 0))
        st = scenario_refuse(t->doc, node, t->err, "an interval has whole seconds, 1 or more");
    return st;
}

static enum rg_status read_many_values(
    const struct target *t, const struct scenario_node *item, struct many *out)
{
    static const char *const keys[] = {"name", "count", "intervals", NULL};
    enum rg_status st = scenario_keys(t->doc, item, "an item of 'confd_many'", keys, t->err);
    const struct scenario_node *name = scenario_get(t->doc, item, "name");
    const struct scenario_node *count = scenario_get(t->doc, item, "count");
    const struct scenario_node *intervals = scenario_get(t->doc, item, "intervals");

    if (st == RG_OK && (!name || !count || !intervals))
        st = scenario_refuse(t->doc, item, t->err, "it needs 'name', 'count' and 'intervals'");
    if (st == RG_OK)
        st = scenario_text(t->doc, name, &out->name, t->err);
    if (st == RG_OK &&
        (!out->name[0] || strlen(out->name) > MANY_NAME_MAX || strchr(out->name, '/')))
        st = scenario_refuse(t->doc, name, t->err, "'name' is none of a check");
    if (st == RG_OK)
        st = scenario_u64(t->doc, count, MANY_MAX, &out->count, t->err);
    if (st == RG_OK && (intervals->kind != SCENARIO_LIST || intervals->count != 2))
        st = scenario_refuse(
            t->doc, intervals, t->err, "'intervals' must be the shortest and the longest one");
    if (st == RG_OK)
        st = read_interval(t, scenario_first(t->doc, intervals), &out->from_ns);
    if (st == RG_OK)
        st =
            read_interval(t, scenario_next(t->doc, scenario_first(t->doc, intervals)), &out->to_ns);
    if (st == RG_OK && out->to_ns < out->from_ns)
        st = scenario_refuse(t->doc, intervals, t->err, "the longest interval comes second");
    return st;
}

static enum rg_status read_many(const struct target *t, const struct scenario_node *item)
{
    struct many many = {.name = NULL};
    struct rg_buf text;
    enum rg_status st = read_many_values(t, item, &many);

    rg_buf_init(&text, MANY_BYTES_MAX);
    for (uint64_t first = 0; first < many.count && st == RG_OK && t->host; first += MANY_PER_FILE) {
        uint64_t last = many.count - first > MANY_PER_FILE ? first + MANY_PER_FILE : many.count;
        char path[MANY_NAME_MAX + 64];

        snprintf(
            path, sizeof(path), FOLDER "%s.d/%06llu.yaml", many.name, (unsigned long long)first);
        rg_buf_clear(&text);
        st = write_many(&text, first, last, many.from_ns / RG_NS_PER_S, many.to_ns / RG_NS_PER_S);
        if (st == RG_OK)
            st = add(t, item, path, (const char *)text.data, 0);
    }
    rg_buf_finish(&text);
    return st;
}

static enum rg_status read_env(const struct target *t, const struct scenario_node *map)
{
    const struct scenario_node *node;
    enum rg_status st = RG_OK;

    if (map->kind != SCENARIO_MAP)
        return scenario_refuse(t->doc, map, t->err, "'env' must be a mapping");
    for (node = scenario_first(t->doc, map); node && st == RG_OK;
         node = scenario_next(t->doc, node)) {
        struct rg_err why = {0};
        const char *value;

        st = scenario_text(t->doc, node, &value, t->err);
        if (st == RG_OK && t->host)
            st = placed(t, node, rg_sim_host_add_env(t->host, node->key, value, &why), &why);
    }
    return st;
}

static enum rg_status read_list(const struct target *t, const struct scenario_node *list,
    enum rg_status (*read)(const struct target *t, const struct scenario_node *item))
{
    const struct scenario_node *item;
    enum rg_status st = RG_OK;

    if (list->kind != SCENARIO_LIST)
        return scenario_refuse(t->doc, list, t->err, "'%s' must be a list", list->key);
    for (item = scenario_first(t->doc, list); item && st == RG_OK;
         item = scenario_next(t->doc, item))
        st = read(t, item);
    return st;
}

enum rg_status scenario_confd_read(const struct scenario_doc *doc,
    const struct scenario_node *simulate, struct rg_sim_host *host, struct rg_err *err)
{
    const struct target t = {.doc = doc, .host = host, .err = err};
    const struct scenario_node *confd = scenario_get(doc, simulate, "confd");
    const struct scenario_node *documents = scenario_get(doc, simulate, "documents");
    const struct scenario_node *many = scenario_get(doc, simulate, "confd_many");
    const struct scenario_node *env = scenario_get(doc, simulate, "env");
    enum rg_status st = RG_OK;

    if (many)
        st = read_list(&t, many, read_many);
    if (st == RG_OK && confd)
        st = read_confd(&t, confd);
    if (st == RG_OK && documents)
        st = read_list(&t, documents, read_version);
    return st == RG_OK && env ? read_env(&t, env) : st;
}

bool scenario_confd_there(const struct scenario_doc *doc, const struct scenario_node *simulate)
{
    static const char *const keys[] = {"confd", "documents", "confd_many", "confd_dir", NULL};

    for (size_t i = 0; keys[i]; i++) {
        if (scenario_get(doc, simulate, keys[i]))
            return true;
    }
    return false;
}
