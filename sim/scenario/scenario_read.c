/* From the document to struct rg_scenario: all parts but the simulated world and the faults. */
#include "scenario_parts.h"

#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG_BYTES_MAX ((size_t)1 << 20)

static const char *const top_keys[] = {
    "name", "why", "world", "seed", "run", "config", "faults", "expect", "golden", NULL};
static const char *const world_keys[] = {"fixture", "simulate", "live", NULL};
static const char *const run_keys[] = {"for", "checks", NULL};
static const char *const check_names[] = {"process", "rtprocess", "none", NULL};
static const char *const expect_keys[] = {"at", "jq", "always", "sometimes", "eventually", NULL};
static const char *const golden_keys[] = {"file", "ignore", NULL};

struct reader {
    struct rg_scenario *s;
    const struct scenario_doc *doc;
    struct rg_err *err;
};

/* The value of a key that must be there. */
static enum rg_status need(const struct reader *r, const struct scenario_node *map, const char *key,
    const struct scenario_node **out)
{
    *out = scenario_get(r->doc, map, key);
    if (*out)
        return RG_OK;
    return scenario_refuse(r->doc, map, r->err, "the key '%s' is missing%s%s%s", key,
        map->key ? " in '" : "", map->key ? map->key : "", map->key ? "'" : "");
}

/* A name may hold anything but NUL: the reports escape it. */
static enum rg_status read_name(struct reader *r, const struct scenario_node *root)
{
    const struct scenario_node *node;
    enum rg_status st = need(r, root, "name", &node);

    if (st == RG_OK)
        st = scenario_text(r->doc, node, &r->s->name, r->err);
    if (st == RG_OK && (!r->s->name[0] || strlen(r->s->name) > SCENARIO_NAME_MAX))
        st = scenario_refuse(
            r->doc, node, r->err, "'name' must have 1 to %d bytes", SCENARIO_NAME_MAX);
    node = scenario_get(r->doc, root, "why");
    if (st == RG_OK && node)
        st = scenario_text(r->doc, node, &r->s->why, r->err);
    node = scenario_get(r->doc, root, "seed");
    if (st == RG_OK && node)
        st = scenario_u64(r->doc, node, UINT64_MAX, &r->s->seed, r->err);
    return st;
}

static enum rg_status read_world(struct reader *r, const struct scenario_node *root)
{
    const struct scenario_node *world, *node;
    enum rg_status st = need(r, root, "world", &world);
    bool live = false;

    if (st == RG_OK)
        st = scenario_keys(r->doc, world, "'world'", world_keys, r->err);
    if (st != RG_OK)
        return st;
    if (world->count != 1)
        return scenario_refuse(
            r->doc, world, r->err, "'world' must have one of fixture, simulate and live");
    node = scenario_first(r->doc, world);
    if (strcmp(node->key, "fixture") == 0) {
        r->s->world = RG_SCENARIO_FIXTURE;
        return scenario_text(r->doc, node, &r->s->fixture, r->err);
    }
    if (strcmp(node->key, "simulate") == 0) {
        r->s->world = RG_SCENARIO_SIMULATE;
        st = scenario_world_check(r->doc, node, r->err);
        if (st != RG_OK)
            return st;
        r->s->confd = scenario_confd_there(r->doc, node);
        node = scenario_get(r->doc, node, "confd_dir");
        return node ? scenario_text(r->doc, node, &r->s->confd_dir, r->err) : RG_OK;
    }
    r->s->world = RG_SCENARIO_LIVE;
    st = scenario_bool(r->doc, node, &live, r->err);
    if (st == RG_OK && !live)
        st = scenario_refuse(r->doc, node, r->err, "'live' must be true");
    return st;
}

static enum rg_status read_check(struct reader *r, const struct scenario_node *item, bool first)
{
    const char *name, *near;
    size_t i = 0;
    enum rg_status st = scenario_text(r->doc, item, &name, r->err);

    if (st != RG_OK)
        return st;
    while (check_names[i] && strcmp(check_names[i], name) != 0)
        i++;
    near = check_names[i] ? NULL : rg_str_nearest(rg_str_from(name), check_names);
    if (!check_names[i])
        return scenario_refuse(r->doc, item, r->err, "there is no check '%.64s'%s%s%s", name,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    st = first ? RG_OK : rg_buf_str(&r->s->checks, ", ");
    return st == RG_OK ? rg_buf_str(&r->s->checks, name) : st;
}

static enum rg_status read_run(struct reader *r, const struct scenario_node *root)
{
    const struct scenario_node *run, *node, *item;
    enum rg_status st = need(r, root, "run", &run);

    if (st == RG_OK)
        st = scenario_keys(r->doc, run, "'run'", run_keys, r->err);
    if (st == RG_OK)
        st = need(r, run, "for", &node);
    if (st == RG_OK)
        st = scenario_duration(r->doc, node, &r->s->for_ns, r->err);
    if (st == RG_OK && r->s->for_ns == 0)
        st = scenario_refuse(r->doc, node, r->err, "'for' must be above zero");
    if (st != RG_OK)
        return st;
    r->s->for_text = node->text;
    node = scenario_get(r->doc, run, "checks");
    if (!node)
        return RG_OK;
    if (node->kind != SCENARIO_LIST || (node->count == 0 && !r->s->confd))
        return scenario_refuse(r->doc, node, r->err, "'checks' must be a list of checks");
    r->s->checks_set = true;
    for (item = scenario_first(r->doc, node); item && st == RG_OK;
         item = scenario_next(r->doc, item))
        st = read_check(r, item, item == scenario_first(r->doc, node));
    return st;
}

/* Plain where it can be, so that it equals the key of a recorded document. */
static enum rg_status write_key(struct rg_buf *out, const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";

    return key[strspn(key, plain)] ? rg_str_json(out, rg_str_from(key)) : rg_buf_str(out, key);
}

/* Each key becomes a line of its own, so that a complaint about that line finds its way back. */
static enum rg_status read_config(struct reader *r, const struct scenario_node *root)
{
    const struct scenario_node *config = scenario_get(r->doc, root, "config"), *node;
    struct rg_scenario *s = r->s;
    enum rg_status st = RG_OK;

    if (!config)
        return RG_OK;
    if (config->kind != SCENARIO_MAP)
        return scenario_refuse(r->doc, config, r->err, "'config' must be a mapping");
    s->origins = rg_calloc(config->count ? config->count : 1, sizeof(*s->origins));
    if (!s->origins)
        return RG_ENOMEM;
    for (node = scenario_first(r->doc, config); node && st == RG_OK;
         node = scenario_next(r->doc, node)) {
        if (strcmp(node->key, "run") == 0 || strcmp(node->key, "run.for") == 0 ||
            strcmp(node->key, "run.checks") == 0)
            return scenario_refuse_key(
                r->doc, node, r->err, "'%s' belongs to the section 'run'", node->key);
        s->origins[s->origin_count++] =
            (struct rg_scenario_origin){node->key_line, node->key_column};
        st = write_key(&s->config, node->key);
        if (st == RG_OK)
            st = rg_buf_str(&s->config, ": ");
        if (st == RG_OK)
            st = scenario_json(r->doc, node, &s->config);
        if (st == RG_OK)
            st = rg_buf_byte(&s->config, '\n');
    }
    if (st == RG_ETOOBIG) {
        rg_err_set(r->err, "%s: 'config' is too large", r->doc->name);
        st = RG_ELIMIT;
    }
    return st;
}

static enum rg_status read_faults(struct reader *r, const struct scenario_node *root)
{
    const struct scenario_node *faults = scenario_get(r->doc, root, "faults"), *node;
    enum rg_status st = RG_OK;

    if (!faults)
        return RG_OK;
    if (faults->kind != SCENARIO_LIST)
        return scenario_refuse(r->doc, faults, r->err, "'faults' must be a list");
    if (faults->count > RG_FAULT_RULES_MAX)
        return scenario_refuse(r->doc, faults, r->err, "more than %d faults", RG_FAULT_RULES_MAX);
    r->s->faults = rg_calloc(faults->count ? faults->count : 1, sizeof(*r->s->faults));
    r->s->fault_origins =
        rg_calloc(faults->count ? faults->count : 1, sizeof(*r->s->fault_origins));
    if (!r->s->faults || !r->s->fault_origins)
        return RG_ENOMEM;
    for (node = scenario_first(r->doc, faults); node && st == RG_OK;
         node = scenario_next(r->doc, node)) {
        r->s->fault_origins[r->s->fault_count] =
            (struct rg_scenario_origin){node->line, node->column};
        st = scenario_fault_read(r->doc, node, &r->s->faults[r->s->fault_count++], r->err);
    }
    return st;
}

static enum rg_status read_expect(
    struct reader *r, const struct scenario_node *node, struct rg_expect *out)
{
    static const enum rg_expect_when when[] = {
        RG_EXPECT_ALWAYS, RG_EXPECT_SOMETIMES, RG_EXPECT_EVENTUALLY};
    const struct scenario_node *at, *jq;
    enum rg_status st = scenario_keys(r->doc, node, "an expectation", expect_keys, r->err);

    if (st != RG_OK)
        return st;
    at = scenario_get(r->doc, node, "at");
    jq = scenario_get(r->doc, node, "jq");
    if (node->count == 2 && at && jq) {
        out->when = RG_EXPECT_AT;
        st = scenario_duration(r->doc, at, &out->at_ns, r->err);
        if (st == RG_OK && out->at_ns > r->s->for_ns)
            st = scenario_refuse(r->doc, at, r->err, "'at' is after the end of the run");
    } else if (node->count == 1 && !at && !jq) {
        jq = scenario_first(r->doc, node);
        for (size_t i = 0; i < 3; i++) {
            if (strcmp(jq->key, expect_keys[i + 2]) == 0)
                out->when = when[i];
        }
    } else {
        st = scenario_refuse(r->doc, node, r->err,
            "an expectation has 'at' and 'jq', or one of always, sometimes and eventually");
    }
    if (st == RG_OK)
        st = scenario_text(r->doc, jq, &out->jq, r->err);
    if (st == RG_OK) {
        out->line = jq->line;
        out->column = jq->column;
    }
    return st;
}

static enum rg_status read_expects(struct reader *r, const struct scenario_node *root)
{
    const struct scenario_node *expects = scenario_get(r->doc, root, "expect"), *node;
    enum rg_status st = RG_OK;

    if (!expects && !scenario_get(r->doc, root, "golden"))
        return scenario_refuse(
            r->doc, root, r->err, "the key 'expect' is missing: nothing could fail");
    if (!expects)
        return RG_OK;
    if (expects->kind != SCENARIO_LIST || expects->count == 0 ||
        expects->count > RG_SCENARIO_EXPECTS_MAX)
        return scenario_refuse(r->doc, expects, r->err,
            "'expect' must be a list of 1 to %d expectations", RG_SCENARIO_EXPECTS_MAX);
    r->s->expects = rg_calloc(expects->count, sizeof(*r->s->expects));
    if (!r->s->expects)
        return RG_ENOMEM;
    for (node = scenario_first(r->doc, expects); node && st == RG_OK;
         node = scenario_next(r->doc, node))
        st = read_expect(r, node, &r->s->expects[r->s->expect_count++]);
    return st;
}

static enum rg_status read_golden(struct reader *r, const struct scenario_node *root)
{
    const struct scenario_node *golden = scenario_get(r->doc, root, "golden"), *node;
    enum rg_status st;

    if (!golden)
        return RG_OK;
    st = scenario_keys(r->doc, golden, "'golden'", golden_keys, r->err);
    if (st == RG_OK)
        st = need(r, golden, "file", &node);
    if (st == RG_OK)
        st = scenario_text(r->doc, node, &r->s->golden, r->err);
    if (st == RG_OK && r->s->world == RG_SCENARIO_LIVE)
        st = scenario_refuse_key(
            r->doc, golden, r->err, "a live world has no golden: it never repeats itself");
    node = st == RG_OK ? scenario_get(r->doc, golden, "ignore") : NULL;
    if (!node)
        return st;
    if (node->kind != SCENARIO_LIST || node->count > RG_SCENARIO_IGNORE_MAX)
        return scenario_refuse(r->doc, node, r->err, "'ignore' must be a list of jq paths");
    r->s->ignore = rg_calloc(node->count ? node->count : 1, sizeof(*r->s->ignore));
    if (!r->s->ignore)
        return RG_ENOMEM;
    for (node = scenario_first(r->doc, node); node && st == RG_OK;
         node = scenario_next(r->doc, node))
        st = scenario_text(r->doc, node, &r->s->ignore[r->s->ignore_count++], r->err);
    return st;
}

static enum rg_status read_all(struct reader *r)
{
    const struct scenario_node *root = &r->doc->nodes[0];
    enum rg_status st = scenario_keys(r->doc, root, "the document", top_keys, r->err);

    if (st == RG_OK)
        st = read_name(r, root);
    if (st == RG_OK)
        st = read_world(r, root);
    if (st == RG_OK)
        st = read_run(r, root);
    if (st == RG_OK)
        st = read_config(r, root);
    if (st == RG_OK)
        st = read_faults(r, root);
    if (st == RG_OK)
        st = read_expects(r, root);
    return st == RG_OK ? read_golden(r, root) : st;
}

enum rg_status rg_scenario_parse(
    const char *path, struct rg_str text, struct rg_scenario **out, struct rg_err *err)
{
    struct rg_scenario *s = rg_calloc(1, sizeof(*s));
    struct reader r = {.s = s, .err = err};
    enum rg_status st = RG_ENOMEM;

    if (!s)
        goto fail;
    s->path = path;
    rg_buf_init(&s->checks, CONFIG_BYTES_MAX);
    rg_buf_init(&s->config, CONFIG_BYTES_MAX);
    s->doc = rg_calloc(1, sizeof(*s->doc));
    if (!s->doc)
        goto fail;
    r.doc = &s->doc->yaml;
    st = scenario_doc_load(&s->doc->yaml, path, text, err);
    if (st == RG_OK)
        st = read_all(&r);
    if (st != RG_OK)
        goto fail;
    *out = s;
    return RG_OK;
fail:
    if (st == RG_ENOMEM)
        rg_err_set(err, "%s: out of memory", path);
    rg_scenario_destroy(s);
    return st;
}

void rg_scenario_destroy(struct rg_scenario *s)
{
    if (!s)
        return;
    if (s->doc)
        scenario_doc_finish(&s->doc->yaml);
    free(s->doc);
    rg_buf_finish(&s->checks);
    rg_buf_finish(&s->config);
    free(s->origins);
    free(s->faults);
    free(s->fault_origins);
    free(s->expects);
    free(s->ignore);
    free(s);
}
