#include "scenario_fields.h"

#include "rg/base/mem.h"

#include <string.h>

static const char *const forms[] = {"6", "4", "3.10", NULL}; /* as enum rg_sim_kernel_form */

#define FIELDS_MAX 40

enum rg_status scenario_fields_check(const struct scenario_fields *w,
    const struct scenario_node *map, const char *what, const struct scenario_field *fields)
{
    const char *names[FIELDS_MAX + 1] = {NULL};

    for (size_t i = 0; fields[i].key; i++) {
        rg_assert(i < FIELDS_MAX);
        names[i] = fields[i].key;
    }
    return scenario_keys(w->doc, map, what, names, w->err);
}

static enum rg_status read_args(const struct scenario_fields *w, const struct scenario_node *node,
    const struct scenario_field *f, void *base)
{
    const struct scenario_node *item;
    const char **args;
    size_t count = 0;
    enum rg_status st = RG_OK;

    if (node->kind != SCENARIO_LIST)
        return scenario_refuse(w->doc, node, w->err, "'%s' must be a list of texts", node->key);
    args = rg_calloc(node->count ? node->count : 1, sizeof(*args));
    if (!args)
        return RG_ENOMEM;
    for (item = scenario_first(w->doc, node); item && st == RG_OK;
         item = scenario_next(w->doc, item))
        st = scenario_text(w->doc, item, &args[count++], w->err);
    *(const char *const **)((char *)base + f->offset) = args; /* freed by finish_spec */
    *(size_t *)((char *)base + f->count_offset) = node->count;
    return st;
}

static enum rg_status read_series(
    const struct scenario_fields *w, const struct scenario_node *node, struct rg_sim_series *out)
{
    struct rg_err why = {0};
    const char *text;
    enum rg_status st = scenario_text(w->doc, node, &text, w->err);

    if (st != RG_OK)
        return st;
    st = rg_sim_series_parse(rg_str_from(text), w->step_ns, out, &why);
    if (st == RG_EINVALID || st == RG_ELIMIT)
        rg_ignore(scenario_refuse(w->doc, node, w->err, "%s", rg_err_text(&why, st)),
            "the status of the series is kept");
    return st;
}

enum rg_status scenario_moment(
    const struct scenario_fields *w, const struct scenario_node *node, int64_t *out)
{
    const char *text;
    int64_t ns = 0;
    enum rg_status st = scenario_text(w->doc, node, &text, w->err);
    struct rg_str s = rg_str_from(st == RG_OK && text[0] == '-' ? text + 1 : text);

    if (st == RG_OK && strcmp(text, "0") != 0 && !rg_str_to_duration(s, &ns))
        st = scenario_refuse(
            w->doc, node, w->err, "'%s' must be a time such as 30s or -1h", node->key);
    if (st == RG_OK)
        *out = text[0] == '-' ? -ns : ns;
    return st;
}

static enum rg_status read_letter(
    const struct scenario_fields *w, const struct scenario_node *node, char *out)
{
    const char *text;
    enum rg_status st = scenario_text(w->doc, node, &text, w->err);

    if (st == RG_OK && strlen(text) != 1)
        st = scenario_refuse(w->doc, node, w->err, "'%s' must be one letter", node->key);
    if (st == RG_OK)
        *out = text[0];
    return st;
}

static enum rg_status read_form(
    const struct scenario_fields *w, const struct scenario_node *node, enum rg_sim_kernel_form *out)
{
    const char *text;
    enum rg_status st = scenario_text(w->doc, node, &text, w->err);

    for (size_t i = 0; st == RG_OK && forms[i]; i++) {
        if (strcmp(forms[i], text) == 0) {
            *out = (enum rg_sim_kernel_form)i;
            return RG_OK;
        }
    }
    return st == RG_OK
               ? scenario_refuse(w->doc, node, w->err, "'%s' must be 6, 4 or 3.10", node->key)
               : st;
}

static enum rg_status read_number(const struct scenario_fields *w, const struct scenario_node *node,
    const struct scenario_field *f, char *at)
{
    uint64_t number = 0;
    int64_t whole = 0;
    double share = 0;
    enum rg_status st;

    if (f->kind == FIELD_PERMILLE || f->kind == FIELD_PERCENT) {
        st = scenario_share(w->doc, node, &share, w->err);
        if (st == RG_OK)
            *(uint32_t *)at = (uint32_t)(share * (f->kind == FIELD_PERCENT ? 100 : 1000) + 0.5);
    } else if (f->kind == FIELD_SIGNED) {
        st = scenario_i64(w->doc, node, &whole, w->err);
        if (st == RG_OK && (whole < INT32_MIN || whole > INT32_MAX))
            st = scenario_refuse(w->doc, node, w->err, "'%s' is too large", node->key);
        if (st == RG_OK)
            *(int32_t *)at = (int32_t)whole;
    } else if (f->kind == FIELD_BYTES) {
        st = scenario_u64(w->doc, node, SIZE_MAX, &number, w->err);
        if (st == RG_OK)
            *(size_t *)at = (size_t)number;
    } else if (f->kind == FIELD_I64) {
        st = scenario_u64(w->doc, node, INT64_MAX, &number, w->err);
        if (st == RG_OK)
            *(int64_t *)at = (int64_t)number;
    } else {
        st = scenario_u64(
            w->doc, node, f->kind == FIELD_U32 ? UINT32_MAX : INT32_MAX, &number, w->err);
        if (st == RG_OK && f->kind == FIELD_U32)
            *(uint32_t *)at = (uint32_t)number;
        else if (st == RG_OK)
            *(int32_t *)at = (int32_t)number;
    }
    return st;
}

static enum rg_status read_field(const struct scenario_fields *w, const struct scenario_node *node,
    const struct scenario_field *f, void *base)
{
    char *at = (char *)base + f->offset;
    const char *text;
    enum rg_status st;

    switch (f->kind) {
    case FIELD_SECTION:
        return RG_OK;
    case FIELD_TEXT:
        return scenario_text(w->doc, node, (const char **)(void *)at, w->err);
    case FIELD_ARGS:
        return read_args(w, node, f, base);
    case FIELD_SIZE:
        st = scenario_text(w->doc, node, &text, w->err);
        if (st == RG_OK && !rg_str_to_size(rg_str_from(text), (uint64_t *)(void *)at))
            st = scenario_refuse(
                w->doc, node, w->err, "'%s' must be a size such as 64MiB", node->key);
        return st;
    case FIELD_SPAN:
        return scenario_duration(w->doc, node, (int64_t *)(void *)at, w->err);
    case FIELD_MOMENT:
        return scenario_moment(w, node, (int64_t *)(void *)at);
    case FIELD_BOOL:
        return scenario_bool(w->doc, node, (bool *)at, w->err);
    case FIELD_LETTER:
        return read_letter(w, node, at);
    case FIELD_SERIES:
        return read_series(w, node, (struct rg_sim_series *)(void *)at);
    case FIELD_FORM:
        return read_form(w, node, (enum rg_sim_kernel_form *)(void *)at);
    case FIELD_BYTES:
    case FIELD_I32:
    case FIELD_SIGNED:
    case FIELD_U32:
    case FIELD_I64:
    case FIELD_PERMILLE:
    case FIELD_PERCENT:
        break;
    }
    return read_number(w, node, f, at);
}

enum rg_status scenario_fields_read(const struct scenario_fields *w,
    const struct scenario_node *map, const char *what, const struct scenario_field *fields,
    void *base)
{
    const struct scenario_node *node;
    enum rg_status st = scenario_fields_check(w, map, what, fields);

    for (node = st == RG_OK ? scenario_first(w->doc, map) : NULL; node && st == RG_OK;
         node = scenario_next(w->doc, node)) {
        size_t i = 0;

        while (strcmp(fields[i].key, node->key) != 0)
            i++;
        st = read_field(w, node, &fields[i], base);
    }
    return st;
}

enum rg_status scenario_section_read(const struct scenario_fields *w,
    const struct scenario_node *map, const char *key, const char *what,
    const struct scenario_field *fields, void *base)
{
    const struct scenario_node *node = scenario_get(w->doc, map, key);

    return node ? scenario_fields_read(w, node, what, fields, base) : RG_OK;
}

enum rg_status scenario_step(struct scenario_fields *w, const struct scenario_node *map)
{
    const struct scenario_node *node = scenario_get(w->doc, map, "step");
    enum rg_status st;

    w->step_ns = RG_SIM_SERIES_STEP_NS;
    if (!node)
        return RG_OK;
    st = scenario_duration(w->doc, node, &w->step_ns, w->err);
    if (st == RG_OK && w->step_ns == 0)
        st = scenario_refuse(w->doc, node, w->err, "'step' must be above zero");
    return st;
}
