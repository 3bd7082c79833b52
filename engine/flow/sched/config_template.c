#include "config_template.h"
#include "yaml_emit.h"
#include "yaml_scalar.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VALUE_MAX  ((size_t)1 << 20)
#define NAME_SHOWN 100

struct pass {
    const struct rg_template *t;
    struct rg_yaml *doc;
    struct rg_buf text, value;
    struct rg_err *err;
};

bool rg_template_ends(enum rg_status st)
{
    return st == RG_ENOMEM || st == RG_ESTOPPED || st == RG_EDIVERGED;
}

/* One %%name_key%%; at and end are offsets in the text around it. */
struct variable {
    struct rg_str name, key;
    size_t at, end;
};

static size_t find_mark(struct rg_str s, size_t from)
{
    for (size_t i = from; i + 1 < s.len; i++) {
        if (s.ptr[i] == '%' && s.ptr[i + 1] == '%')
            return i;
    }
    return s.len;
}

/* The next variable at or behind from. A name has at least one character; it ends at the first
 * underscore that has a key behind it. Line breaks end the search for a closing mark. */
static bool next_variable(struct rg_str s, size_t from, struct variable *out)
{
    size_t open = find_mark(s, from);

    while (open < s.len) {
        size_t close = find_mark(s, open + 2);
        struct rg_str inner = {s.ptr + open + 2, close - open - 2};
        const char *line;
        const char *bar;

        if (close >= s.len)
            return false;
        line = memchr(inner.ptr, '\n', inner.len);
        if (inner.len == 0 || line) {
            open = close;
            continue;
        }
        bar = inner.len > 2 ? memchr(inner.ptr + 1, '_', inner.len - 2) : NULL;
        *out = (struct variable){.name = inner, .key = {"", 0}, .at = open, .end = close + 2};
        if (bar) {
            out->name.len = (size_t)(bar - inner.ptr);
            out->key = (struct rg_str){bar + 1, inner.len - out->name.len - 1};
        }
        return true;
    }
    return false;
}

static bool env_allowed(const struct rg_template *t, struct rg_str name)
{
    if (t->env_disabled)
        return false;
    for (size_t i = 0; i < t->env_count; i++) {
        if (t->env_names[i].len == name.len &&
            strncasecmp(t->env_names[i].ptr, name.ptr, name.len) == 0)
            return true;
    }
    return t->env_count == 0;
}

static enum rg_status env_value(struct pass *p, struct rg_str name)
{
    int shown = (int)(name.len < NAME_SHOWN ? name.len : NAME_SHOWN);
    enum rg_status st;

    if (name.len == 0) {
        rg_err_set(p->err, "envvar name is missing");
        return RG_EINVALID;
    }
    if (!env_allowed(p->t, name)) {
        rg_err_set(p->err, "envvar %.*s is not allowed in check configs", shown, name.ptr);
        return RG_EINVALID;
    }
    st = p->t->env ? p->t->env(p->t->ctx, name, &p->value, p->err) : RG_ENOTFOUND;
    if (st != RG_ENOTFOUND)
        return st;
    rg_err_set(p->err, "failed to retrieve envvar %.*s", shown, name.ptr);
    return RG_EINVALID;
}

static enum rg_status variable_value(struct pass *p, const struct variable *v)
{
    static const char *const of_service[] = {"host", "pid", "port", "hostname", "extra", "kube"};

    rg_buf_clear(&p->value);
    if (rg_str_is(v->name, "env"))
        return env_value(p, v->key);
    for (size_t i = 0; i < sizeof(of_service) / sizeof(of_service[0]); i++) {
        if (!rg_str_is(v->name, of_service[i]))
            continue;
        if (p->t->service)
            return p->t->service(p->t->ctx, v->name, v->key, &p->value, p->err);
        rg_err_set(p->err, "No service. %%%%%s%%%% is not allowed", of_service[i]);
        return RG_ENOTFOUND;
    }
    rg_err_set(p->err, "invalid %%%%%.*s%s%.*s%%%% tag",
        (int)(v->name.len < NAME_SHOWN ? v->name.len : NAME_SHOWN), v->name.ptr,
        v->key.len ? "_" : "", (int)(v->key.len < NAME_SHOWN ? v->key.len : NAME_SHOWN),
        v->key.ptr);
    return RG_EINVALID;
}

/* A whole number of any base, or one of the words of rg_str_to_bool. */
static void coerce(struct rg_yaml_node *node)
{
    struct rg_yaml_node number = *node;
    bool flag;

    rg_ignore(rg_yaml_resolve(&number), "only numbers count");
    if (number.kind == RG_YAML_INT && !memchr(node->text.ptr, '_', node->text.len)) {
        *node = number;
    } else if (rg_str_to_bool(node->text, &flag)) {
        node->kind = RG_YAML_BOOL;
        node->v.flag = flag;
    }
}

static enum rg_status new_text(struct pass *p, struct rg_yaml_node *node)
{
    char *copy;

    if (p->text.len > RG_YAML_TEXT_MAX - p->doc->text_bytes)
        return RG_ETOOBIG;
    copy = rg_yaml_alloc(p->doc, p->text.len + 1);
    if (!copy)
        return RG_ENOMEM;
    if (p->text.len)
        memcpy(copy, p->text.data, p->text.len);
    copy[p->text.len] = 0;
    p->doc->text_bytes += p->text.len;
    node->text = (struct rg_str){copy, p->text.len};
    return RG_OK;
}

static enum rg_status replace_text(struct pass *p, struct rg_yaml_node *node)
{
    struct rg_str s = node->text;
    struct variable v = {.end = 0};
    enum rg_status st = RG_OK;
    bool whole = false;
    size_t done = 0;

    if (!next_variable(s, 0, &v))
        return RG_OK;
    rg_buf_clear(&p->text);
    do {
        whole = v.at == 0 && v.end == s.len && !rg_str_is(v.name, "env");
        st = variable_value(p, &v);
        if (st == RG_OK)
            st = rg_buf_append(&p->text, s.ptr + done, v.at - done);
        if (st == RG_OK)
            st = rg_buf_append(&p->text, p->value.data, p->value.len);
        done = v.end;
    } while (st == RG_OK && next_variable(s, done, &v));
    if (st == RG_OK)
        st = rg_buf_append(&p->text, s.ptr + done, s.len - done);
    if (st == RG_OK)
        st = new_text(p, node);
    if (st == RG_OK && whole)
        coerce(node);
    return st;
}

static enum rg_status replace_node(struct pass *p, struct rg_yaml_node *node)
{
    enum rg_status st = RG_OK;

    if (node->kind == RG_YAML_STRING)
        return replace_text(p, node);
    for (struct rg_yaml_node *n = node->first; n && st == RG_OK; n = n->next)
        st = replace_node(p, n);
    return st;
}

static enum rg_status replace_blob(
    struct rg_blob *blob, const struct rg_template *t, struct rg_err *err)
{
    struct rg_yaml doc;
    struct pass p = {.t = t, .doc = &doc, .err = err};
    enum rg_status st;

    if (blob->len == 0)
        return RG_OK;
    rg_buf_init(&p.text, RG_YAML_TEXT_MAX);
    rg_buf_init(&p.value, VALUE_MAX);
    st = rg_yaml_parse(&doc, "template", rg_blob_str(blob), err);
    if (st == RG_OK && doc.root)
        st = replace_node(&p, doc.root);
    rg_buf_finish(&p.text);
    rg_buf_init(&p.text, RG_YAML_EMIT_MAX);
    if (st == RG_OK)
        st = rg_yaml_emit(doc.root, &p.text);
    if (st == RG_OK)
        st = rg_blob_set(blob, rg_str_buf(&p.text));
    if (st == RG_ETOOBIG)
        rg_err_set(err, "the values of template variables are too large");
    rg_buf_finish(&p.text);
    rg_buf_finish(&p.value);
    rg_yaml_finish(&doc);
    return st;
}

/* upstream: substituteTemplateVariables */
enum rg_status rg_config_substitute(
    struct rg_integration_config *c, const struct rg_template *t, struct rg_err *err)
{
    struct rg_str provider = rg_str_from(c->provider);
    bool json = rg_str_is(provider, "container") || rg_str_is(provider, "kubernetes") ||
                rg_str_is(provider, "kubernetes-container-allinone");
    enum rg_status st = replace_blob(&c->init_config, t, err);

    for (size_t i = 0; i < c->instances.count && st == RG_OK; i++)
        st = replace_blob(&c->instances.items[i], t, err);
    if (st == RG_OK && !json)
        st = replace_blob(&c->logs_config, t, err);
    return st;
}
