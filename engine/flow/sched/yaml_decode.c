#include "yaml_decode.h"

#include "rg/base/mem.h"

#define EXACT_MAX 9007199254740992.0 /* whole numbers up to here are exact in a double */

enum rg_status rg_yaml_wrong(const char *origin, const struct rg_yaml_node *node, const char *key,
    const char *wanted, struct rg_err *err)
{
    static const char *const kinds[] = {
        "null", "a boolean", "a number", "a number", "a number", "a text", "a list", "a mapping"};

    rg_err_set(err, "%s:%u:%u: '%s' must be %s, not %s", origin, node->line, node->column, key,
        wanted, kinds[node->kind]);
    return RG_EINVALID;
}

static bool absent(const struct rg_yaml_node *node)
{
    return !node || node->kind == RG_YAML_NULL;
}

static bool collection(const struct rg_yaml_node *node)
{
    return node->kind == RG_YAML_LIST || node->kind == RG_YAML_MAP;
}

enum rg_status rg_yaml_to_text(const char *origin, const struct rg_yaml_node *node, const char *key,
    char **out, struct rg_err *err)
{
    if (!absent(node) && collection(node))
        return rg_yaml_wrong(origin, node, key, "a text", err);
    *out = absent(node) ? rg_memdup0("", 0) : rg_memdup0(node->text.ptr, node->text.len);
    return *out ? RG_OK : RG_ENOMEM;
}

enum rg_status rg_yaml_to_bool(const char *origin, const struct rg_yaml_node *node, const char *key,
    bool *out, struct rg_err *err)
{
    if (absent(node))
        *out = false;
    else if (node->kind == RG_YAML_BOOL)
        *out = node->v.flag;
    else
        return rg_yaml_wrong(origin, node, key, "true or false", err);
    return RG_OK;
}

static bool is_whole(double f)
{
    double cut;

    if (!(f >= -EXACT_MAX && f <= EXACT_MAX))
        return false;
    cut = (double)(int64_t)f;
    return !(cut < f) && !(cut > f);
}

enum rg_status rg_yaml_to_int(const char *origin, const struct rg_yaml_node *node, const char *key,
    int64_t *out, struct rg_err *err)
{
    if (absent(node)) {
        *out = 0;
    } else if (node->kind == RG_YAML_INT) {
        *out = node->v.i;
    } else if (node->kind == RG_YAML_FLOAT && is_whole(node->v.f)) {
        *out = (int64_t)node->v.f;
    } else {
        return rg_yaml_wrong(origin, node, key, "a whole number", err);
    }
    return RG_OK;
}

enum rg_status rg_yaml_to_texts(const char *origin, const struct rg_yaml_node *node,
    const char *key, struct rg_blob_list *out, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    if (absent(node))
        return RG_OK;
    if (node->kind != RG_YAML_LIST)
        return rg_yaml_wrong(origin, node, key, "a list of texts", err);
    for (const struct rg_yaml_node *n = node->first; n && st == RG_OK; n = n->next) {
        if (collection(n))
            return rg_yaml_wrong(origin, n, key, "a list of texts", err);
        st = rg_blob_add(out, n->kind == RG_YAML_NULL ? RG_STR_LIT("") : n->text);
        if (st == RG_ELIMIT)
            rg_err_set(err, "%s:%u:%u: '%s' has more than %d items", origin, n->line, n->column,
                key, RG_CONFIG_ITEMS_MAX);
    }
    return st;
}
