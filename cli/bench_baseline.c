#include "bench_baseline.h"

#include "cli.h"

#include <string.h>

static const struct scenario_node *root(const struct bench_baseline *b)
{
    return &b->doc.nodes[0];
}

/* The value of a key that has to be there. */
static enum rg_status need(const struct bench_baseline *b, const struct scenario_node *map,
    const char *key, enum scenario_kind kind, const struct scenario_node **out, struct rg_err *err)
{
    *out = map->kind == SCENARIO_MAP ? scenario_get(&b->doc, map, key) : NULL;
    if (*out && (*out)->kind == kind)
        return RG_OK;
    return scenario_refuse(&b->doc, map, err, "no '%s' here: not a document of bench --json", key);
}

static enum rg_status need_u64(const struct bench_baseline *b, const struct scenario_node *map,
    const char *key, uint64_t *out, struct rg_err *err)
{
    const struct scenario_node *node;
    enum rg_status st = need(b, map, key, SCENARIO_SCALAR, &node, err);

    return st == RG_OK ? scenario_u64(&b->doc, node, UINT64_MAX, out, err) : st;
}

static enum rg_status check_document(const struct bench_baseline *b, struct rg_err *err)
{
    const struct scenario_node *node;
    uint64_t version = 0;
    enum rg_status st = need_u64(b, root(b), "schema_version", &version, err);

    if (st == RG_OK && version > CLI_SCHEMA_VERSION) {
        rg_err_set(err, "%s: schema version %llu is newer than %d: install a newer reagent",
            b->path, (unsigned long long)version, CLI_SCHEMA_VERSION);
        return RG_ETOONEW;
    }
    if (st == RG_OK)
        st = need(b, root(b), "command", SCENARIO_SCALAR, &node, err);
    if (st == RG_OK && strcmp(node->text, "bench") != 0)
        st = scenario_refuse(&b->doc, node, err, "not a document of bench --json");
    return st == RG_OK ? need(b, root(b), "results", SCENARIO_LIST, &node, err) : st;
}

enum rg_status bench_baseline_open(
    struct bench_baseline *baseline, const char *path, struct rg_err *err)
{
    struct rg_buf text;
    enum rg_status st;

    baseline->path = path;
    rg_buf_init(&text, SCENARIO_BYTES_MAX);
    st = cli_read_file(path, &text, err);
    if (st == RG_OK) {
        st = scenario_doc_load(&baseline->doc, path, rg_str_buf(&text), err);
        baseline->open = true;
    }
    if (st == RG_OK)
        st = check_document(baseline, err);
    rg_buf_finish(&text);
    return st;
}

void bench_baseline_finish(struct bench_baseline *baseline)
{
    if (baseline->open)
        scenario_doc_finish(&baseline->doc);
    baseline->open = false;
}

void bench_baseline_machine(
    const struct bench_baseline *baseline, const struct bench_machine *machine)
{
    const struct scenario_node *facts = scenario_get(&baseline->doc, root(baseline), "machine");
    const char *fact, *key;

    for (size_t i = 0; (fact = bench_machine_fact(machine, i, &key)) != NULL; i++) {
        const struct scenario_node *node =
            facts && facts->kind == SCENARIO_MAP ? scenario_get(&baseline->doc, facts, key) : NULL;
        const char *was = node && node->kind == SCENARIO_SCALAR ? node->text : "not stated";

        if (strcmp(was, fact) != 0)
            cli_say("%s: %s differs: %s there, %s here", baseline->path, key, was, fact);
    }
}

static bool text_is(const struct bench_baseline *b, const struct scenario_node *map,
    const char *key, const char *text)
{
    const struct scenario_node *node =
        map->kind == SCENARIO_MAP ? scenario_get(&b->doc, map, key) : NULL;

    return node && node->kind == SCENARIO_SCALAR && strcmp(node->text, text) == 0;
}

static const struct scenario_node *find(
    const struct bench_baseline *b, const struct bench_result *result)
{
    const struct scenario_node *list = scenario_get(&b->doc, root(b), "results");
    const char *kind = result->subject->scenario ? "scenario" : "capture";

    for (const struct scenario_node *node = scenario_first(&b->doc, list); node;
         node = scenario_next(&b->doc, node)) {
        if (text_is(b, node, "name", result->subject->name) && text_is(b, node, "kind", kind))
            return node;
    }
    return NULL;
}

static enum rg_status read_spread(const struct bench_baseline *b, const struct scenario_node *entry,
    const char *key, struct bench_spread *out, struct rg_err *err)
{
    const struct scenario_node *map = NULL;
    uint64_t median = 0, mad = 0;
    enum rg_status st = need(b, entry, key, SCENARIO_MAP, &map, err);

    if (st == RG_OK)
        st = need_u64(b, map, "median_ns", &median, err);
    if (st == RG_OK)
        st = need_u64(b, map, "mad_ns", &mad, err);
    if (st == RG_OK && (median == 0 || median > INT64_MAX || mad > INT64_MAX))
        st = scenario_refuse(&b->doc, map, err, "a median that no run can have");
    if (st == RG_OK)
        *out = (struct bench_spread){(int64_t)median, (int64_t)mad};
    return st;
}

enum rg_status bench_baseline_compare(const struct bench_baseline *baseline,
    const struct bench_result *result, enum bench_compared *compared, struct bench_ratio *ratio,
    struct bench_ratio *wall, struct rg_err *err)
{
    const struct scenario_node *entry = find(baseline, result);
    struct bench_spread cpu_before, wall_before;
    char hash[CLI_HASH_TEXT];
    uint64_t seed = 0, virtual_ns = 0;
    enum rg_status st;

    *compared = BENCH_UNKNOWN;
    if (!entry)
        return RG_OK;
    st = need_u64(baseline, entry, "seed", &seed, err);
    if (st == RG_OK)
        st = need_u64(baseline, entry, "virtual_ns", &virtual_ns, err);
    if (st == RG_OK)
        st = read_spread(baseline, entry, "cpu", &cpu_before, err);
    if (st == RG_OK)
        st = read_spread(baseline, entry, "wall", &wall_before, err);
    if (st != RG_OK)
        return st;
    cli_hash_text(result->last.output_hash, hash);
    if (seed != result->subject->seed) {
        *compared = BENCH_OTHER_SEED;
    } else if (virtual_ns != (uint64_t)result->last.virtual_ns) {
        *compared = BENCH_OTHER_LENGTH;
    } else if (!text_is(baseline, entry, "output_hash", hash)) {
        *compared = BENCH_OTHER_OUTPUT;
    } else {
        *compared = BENCH_COMPARED;
        *ratio = bench_compare(&result->cpu, &cpu_before);
        *wall = bench_compare(&result->wall, &wall_before);
    }
    return RG_OK;
}
