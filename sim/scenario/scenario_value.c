/* Reading values out of a scenario document: each refusal says where. */
#include "scenario_yaml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_MAX 400

const struct scenario_node *scenario_first(
    const struct scenario_doc *doc, const struct scenario_node *node)
{
    return node->first ? &doc->nodes[node->first - 1] : NULL;
}

const struct scenario_node *scenario_next(
    const struct scenario_doc *doc, const struct scenario_node *node)
{
    return node->next ? &doc->nodes[node->next - 1] : NULL;
}

const struct scenario_node *scenario_get(
    const struct scenario_doc *doc, const struct scenario_node *map, const char *key)
{
    const struct scenario_node *child = scenario_first(doc, map);

    while (child && !(child->key && strcmp(child->key, key) == 0))
        child = scenario_next(doc, child);
    return child;
}

RG_PRINTF(5, 0)
static void refuse(const struct scenario_doc *doc, uint32_t line, uint32_t column,
    struct rg_err *err, const char *fmt, va_list ap)
{
    char why[WHY_MAX];

    vsnprintf(why, sizeof(why), fmt, ap);
    rg_err_set(err, "%s:%u:%u: %s", doc->name, line, column, why);
}

enum rg_status scenario_refuse(const struct scenario_doc *doc, const struct scenario_node *node,
    struct rg_err *err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    refuse(doc, node->line, node->column, err, fmt, ap);
    va_end(ap);
    return RG_EINVALID;
}

enum rg_status scenario_refuse_key(const struct scenario_doc *doc, const struct scenario_node *node,
    struct rg_err *err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (node->key)
        refuse(doc, node->key_line, node->key_column, err, fmt, ap);
    else
        refuse(doc, node->line, node->column, err, fmt, ap);
    va_end(ap);
    return RG_EINVALID;
}

enum rg_status scenario_keys(const struct scenario_doc *doc, const struct scenario_node *node,
    const char *what, const char *const *known, struct rg_err *err)
{
    const struct scenario_node *child;

    if (node->kind != SCENARIO_MAP)
        return scenario_refuse(doc, node, err, "%s must be a mapping", what);
    for (child = scenario_first(doc, node); child; child = scenario_next(doc, child)) {
        const char *near;
        size_t i = 0;

        while (known[i] && strcmp(known[i], child->key) != 0)
            i++;
        if (known[i])
            continue;
        near = rg_str_nearest(rg_str_from(child->key), known);
        return scenario_refuse_key(doc, child, err, "unknown key '%.100s'%s%s%s", child->key,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return RG_OK;
}

enum rg_status scenario_text(const struct scenario_doc *doc, const struct scenario_node *node,
    const char **out, struct rg_err *err)
{
    if (node->kind != SCENARIO_SCALAR)
        return scenario_refuse(
            doc, node, err, "'%.100s' must be a text", node->key ? node->key : "item");
    *out = node->text;
    return RG_OK;
}

/* The text, when it is one; refused by the caller's own words otherwise. */
static struct rg_str scalar(const struct scenario_node *node)
{
    return node->kind == SCENARIO_SCALAR ? rg_str_from(node->text) : (struct rg_str){"", 0};
}

static const char *name_of(const struct scenario_node *node)
{
    return node->key ? node->key : "item";
}

enum rg_status scenario_duration(const struct scenario_doc *doc, const struct scenario_node *node,
    int64_t *out_ns, struct rg_err *err)
{
    struct rg_str text = scalar(node);
    int64_t ns = 0;

    if (!rg_str_is(text, "0") && (!rg_str_to_duration(text, &ns) || ns < 0))
        return scenario_refuse(
            doc, node, err, "'%.100s' must be a duration such as 250ms, 10s or 5m", name_of(node));
    *out_ns = ns;
    return RG_OK;
}

enum rg_status scenario_u64(const struct scenario_doc *doc, const struct scenario_node *node,
    uint64_t max, uint64_t *out, struct rg_err *err)
{
    uint64_t value;

    if (!rg_str_to_u64(scalar(node), &value) || value > max)
        return scenario_refuse(doc, node, err, "'%.100s' must be a whole number from 0 to %llu",
            name_of(node), (unsigned long long)max);
    *out = value;
    return RG_OK;
}

enum rg_status scenario_i64(const struct scenario_doc *doc, const struct scenario_node *node,
    int64_t *out, struct rg_err *err)
{
    if (!rg_str_to_i64(scalar(node), out))
        return scenario_refuse(doc, node, err, "'%.100s' must be a whole number", name_of(node));
    return RG_OK;
}

enum rg_status scenario_share(const struct scenario_doc *doc, const struct scenario_node *node,
    double *out, struct rg_err *err)
{
    struct rg_str text = scalar(node);
    char *end = NULL;
    double value = text.len ? strtod(text.ptr, &end) : -1;

    if (text.len == 0 || *end || strspn(text.ptr, "0123456789.") != text.len || !isfinite(value) ||
        value < 0 || value > 1)
        return scenario_refuse(
            doc, node, err, "'%.100s' must be a number from 0 to 1", name_of(node));
    *out = value;
    return RG_OK;
}

enum rg_status scenario_bool(
    const struct scenario_doc *doc, const struct scenario_node *node, bool *out, struct rg_err *err)
{
    if (!rg_str_to_bool(scalar(node), out))
        return scenario_refuse(doc, node, err, "'%.100s' must be true or false", name_of(node));
    return RG_OK;
}

enum rg_status scenario_json(
    const struct scenario_doc *doc, const struct scenario_node *node, struct rg_buf *out)
{
    const struct scenario_node *child;
    enum rg_status st;

    if (node->kind == SCENARIO_NULL)
        return rg_buf_str(out, "null");
    if (node->kind == SCENARIO_SCALAR)
        return rg_str_json(out, rg_str_from(node->text));
    st = rg_buf_byte(out, node->kind == SCENARIO_MAP ? '{' : '[');
    for (child = scenario_first(doc, node); child && st == RG_OK;
         child = scenario_next(doc, child)) {
        if (child != scenario_first(doc, node))
            st = rg_buf_str(out, ", ");
        if (st == RG_OK && child->key)
            st = rg_str_json(out, rg_str_from(child->key));
        if (st == RG_OK && child->key)
            st = rg_buf_str(out, ": ");
        if (st == RG_OK)
            st = scenario_json(doc, child, out);
    }
    return st == RG_OK ? rg_buf_byte(out, node->kind == SCENARIO_MAP ? '}' : ']') : st;
}
