#include "instance_filter.h"

#include "judge_jq.h"
#include "rg/base/mem.h"
#include "yaml_tree.h"

#include <stdlib.h>

struct instance_filter {
    struct jq_program *program;
    struct rg_err err; /* the first; text "" for none */
};

enum rg_status instance_filter_create(
    const char *program, struct instance_filter **out, struct rg_err *err)
{
    struct instance_filter *filter = rg_calloc(1, sizeof(*filter));
    enum rg_status st;

    if (!filter) {
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    st = jq_program_create(program, &filter->program, err);
    if (st != RG_OK) {
        free(filter);
        return st;
    }
    *out = filter;
    return RG_OK;
}

void instance_filter_destroy(struct instance_filter *filter)
{
    if (!filter)
        return;
    jq_program_destroy(filter->program);
    free(filter);
}

static jv text_of(struct rg_str s)
{
    return jv_string_sized(s.len ? s.ptr : "", (int)s.len);
}

/* Recursion is bounded by the depth that the reader takes. */
static jv value_of(const struct rg_yaml_node *node)
{
    jv value;

    switch (node->kind) {
    case RG_YAML_NULL:
        return jv_null();
    case RG_YAML_BOOL:
        return jv_bool(node->v.flag);
    case RG_YAML_INT:
        return jv_number((double)node->v.i);
    case RG_YAML_UINT:
        return jv_number((double)node->v.u);
    case RG_YAML_FLOAT:
        return jv_number(node->v.f);
    case RG_YAML_STRING:
        return text_of(node->text);
    case RG_YAML_LIST:
        value = jv_array();
        for (const struct rg_yaml_node *n = node->first; n; n = n->next)
            value = jv_array_append(value, value_of(n));
        return value;
    case RG_YAML_MAP:
        value = jv_object();
        for (const struct rg_yaml_node *n = node->first; n; n = n->next)
            value = jv_object_set(value, text_of(n->key->text), value_of(n));
        return value;
    }
    return jv_null();
}

bool instance_filter_holds(struct instance_filter *filter, struct rg_str yaml)
{
    struct rg_yaml doc;
    struct rg_err err = {0};
    struct jq_answer answer = {.holds = false};
    enum rg_status st = rg_yaml_parse(&doc, "instance", yaml, &err);

    if (st == RG_OK) {
        jq_program_ask(filter->program, doc.root ? value_of(doc.root) : jv_null(), &answer);
        if (answer.failed && jv_get_kind(answer.value) == JV_KIND_STRING)
            rg_err_set(&err, "%.400s", jv_string_value(answer.value));
        jv_free(answer.value);
    }
    rg_yaml_finish(&doc);
    if ((st != RG_OK || answer.failed) && !filter->err.text[0])
        rg_err_set(&filter->err, "%s", rg_err_text(&err, st != RG_OK ? st : RG_EINVALID));
    return st == RG_OK && answer.holds;
}

const char *instance_filter_error(const struct instance_filter *filter)
{
    return filter->err.text[0] ? filter->err.text : NULL;
}
