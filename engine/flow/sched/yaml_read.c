/* The reader: events of libyaml become nodes. */
#include "yaml_keys.h"
#include "yaml_scalar.h"

#include <string.h>
#include <yaml.h>

#define TAG_PREFIX "tag:yaml.org,2002:"
#define NAME_SHOWN 100

struct anchor {
    struct anchor *next;
    const char *name;
    struct rg_yaml_node *node;
    bool open; /* its value is being read */
};

struct reader {
    struct rg_yaml *doc;
    const char *name;
    yaml_parser_t parser;
    struct anchor *anchors; /* newest first */
    size_t anchor_count;
    int depth;
    struct rg_err *err;
};

static enum rg_status fail_at(
    struct reader *r, yaml_mark_t mark, enum rg_status st, const char *why)
{
    rg_err_set(r->err, "%s:%zu:%zu: %s", r->name, mark.line + 1, mark.column + 1, why);
    return st;
}

static enum rg_status next_event(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return RG_OK;
    if (r->parser.error == YAML_MEMORY_ERROR)
        return RG_ENOMEM;
    return fail_at(r, r->parser.problem_mark, RG_EINVALID,
        r->parser.problem ? r->parser.problem : "not valid YAML");
}

static enum rg_status new_node(
    struct reader *r, yaml_mark_t mark, enum rg_yaml_kind kind, struct rg_yaml_node **out)
{
    if (r->doc->values >= RG_YAML_VALUES_MAX)
        return fail_at(r, mark, RG_ELIMIT, "the document holds too many values");
    *out = rg_yaml_new(r->doc, kind);
    if (!*out)
        return RG_ENOMEM;
    (*out)->line = (uint32_t)mark.line + 1;
    (*out)->column = (uint32_t)mark.column + 1;
    return RG_OK;
}

static enum rg_status count_text(struct reader *r, yaml_mark_t mark, size_t bytes)
{
    if (bytes > RG_YAML_TEXT_MAX - r->doc->text_bytes)
        return fail_at(r, mark, RG_ELIMIT, "the aliases of the document expand to too much text");
    r->doc->text_bytes += bytes;
    return RG_OK;
}

static enum rg_status copy_text(struct reader *r, const void *bytes, size_t len, struct rg_str *out)
{
    char *copy = rg_yaml_alloc(r->doc, len + 1);

    if (!copy)
        return RG_ENOMEM;
    memcpy(copy, bytes, len);
    copy[len] = 0;
    *out = (struct rg_str){copy, len};
    return RG_OK;
}

static enum rg_status add_anchor(
    struct reader *r, yaml_mark_t mark, const yaml_char_t *name, struct rg_yaml_node *node)
{
    struct anchor *a;
    struct rg_str text;
    enum rg_status st;

    if (!name)
        return RG_OK;
    if (r->anchor_count == RG_YAML_ANCHORS_MAX)
        return fail_at(r, mark, RG_ELIMIT, "the document holds too many anchors");
    a = rg_yaml_alloc(r->doc, sizeof(*a));
    if (!a)
        return RG_ENOMEM;
    st = copy_text(r, name, strlen((const char *)name), &text);
    if (st != RG_OK)
        return st;
    *a = (struct anchor){.next = r->anchors, .name = text.ptr, .node = node};
    a->open = node->kind == RG_YAML_LIST || node->kind == RG_YAML_MAP;
    r->anchors = a;
    r->anchor_count++;
    return RG_OK;
}

/* Values are copied where an alias stands: a later change of one does not show in the other, and
 * what a small document expands to is counted. */
static enum rg_status copy_node(
    struct reader *r, yaml_mark_t mark, const struct rg_yaml_node *from, struct rg_yaml_node **out)
{
    struct rg_yaml_node *node, *child;
    enum rg_status st = new_node(r, mark, from->kind, &node);

    if (st == RG_OK)
        st = count_text(r, mark, from->text.len);
    if (st != RG_OK)
        return st;
    if (r->depth == RG_YAML_DEPTH_MAX && (from->kind == RG_YAML_LIST || from->kind == RG_YAML_MAP))
        return fail_at(r, mark, RG_ELIMIT, "nested too deeply");
    node->text = from->text;
    node->v = from->v;
    r->depth++;
    for (const struct rg_yaml_node *n = from->first; n && st == RG_OK; n = n->next) {
        st = copy_node(r, mark, n, &child);
        if (st == RG_OK && n->key) {
            st = copy_node(r, mark, n->key, &child->key);
            child->seq = n->seq;
        }
        if (st == RG_OK)
            rg_yaml_append(node, child);
    }
    r->depth--;
    *out = node;
    return st;
}

static enum rg_status read_alias(
    struct reader *r, const yaml_event_t *event, struct rg_yaml_node **out)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *a = r->anchors;

    while (a && strcmp(a->name, name) != 0)
        a = a->next;
    if (a && !a->open)
        return copy_node(r, event->start_mark, a->node, out);
    rg_err_set(r->err, "%s:%zu:%zu: %s '%.*s'", r->name, event->start_mark.line + 1,
        event->start_mark.column + 1, a ? "a value contains itself by its alias" : "unknown alias",
        NAME_SHOWN, name);
    return RG_EINVALID;
}

static enum rg_status read_binary(struct reader *r, yaml_mark_t mark, struct rg_yaml_node *node)
{
    char *bytes = rg_yaml_alloc(r->doc, node->text.len + 1);
    size_t len;

    if (!bytes)
        return RG_ENOMEM;
    if (!rg_yaml_base64_decode(node->text, bytes, &len))
        return fail_at(r, mark, RG_EINVALID, "a !!binary value is not valid base64");
    bytes[len] = 0;
    node->text = (struct rg_str){bytes, len};
    return RG_OK;
}

static bool tag_wants(const char *tag, struct rg_yaml_node *node, bool timestamp)
{
    if (strcmp(tag, "null") == 0)
        return node->kind == RG_YAML_NULL;
    if (strcmp(tag, "bool") == 0)
        return node->kind == RG_YAML_BOOL;
    if (strcmp(tag, "int") == 0)
        return node->kind == RG_YAML_INT || node->kind == RG_YAML_UINT;
    if (strcmp(tag, "timestamp") == 0)
        return timestamp;
    if (node->kind == RG_YAML_INT) {
        node->kind = RG_YAML_FLOAT;
        node->v.f = (double)node->v.i;
    }
    return node->kind == RG_YAML_FLOAT;
}

/* Tags that are not of YAML itself, and those of other types, leave a text as it is. */
static enum rg_status tagged_scalar(
    struct reader *r, yaml_mark_t mark, const char *tag, struct rg_yaml_node *node)
{
    static const char *const typed[] = {"null", "bool", "int", "float", "timestamp"};
    bool stays;

    node->kind = RG_YAML_STRING;
    if (strncmp(tag, TAG_PREFIX, strlen(TAG_PREFIX)) != 0)
        return RG_OK;
    tag += strlen(TAG_PREFIX);
    if (strcmp(tag, "binary") == 0)
        return read_binary(r, mark, node);
    for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
        if (strcmp(tag, typed[i]) != 0)
            continue;
        stays = rg_yaml_resolve(node);
        if (tag_wants(tag, node, !stays))
            return RG_OK;
        rg_err_set(r->err, "%s:%zu:%zu: '%.*s' is no %s", r->name, mark.line + 1, mark.column + 1,
            (int)(node->text.len < NAME_SHOWN ? node->text.len : NAME_SHOWN), node->text.ptr, tag);
        return RG_EINVALID;
    }
    return RG_OK;
}

static enum rg_status read_scalar(
    struct reader *r, const yaml_event_t *event, struct rg_yaml_node **out)
{
    const char *tag = (const char *)event->data.scalar.tag;
    struct rg_yaml_node *node;
    enum rg_status st = new_node(r, event->start_mark, RG_YAML_STRING, &node);

    if (st == RG_OK)
        st = count_text(r, event->start_mark, event->data.scalar.length);
    if (st == RG_OK)
        st = copy_text(r, event->data.scalar.value, event->data.scalar.length, &node->text);
    if (st == RG_OK && tag)
        st = tagged_scalar(r, event->start_mark, tag, node);
    else if (st == RG_OK && event->data.scalar.plain_implicit)
        rg_ignore(rg_yaml_resolve(node), "read, a timestamp is a string");
    if (st == RG_OK)
        st = add_anchor(r, event->start_mark, event->data.scalar.anchor, node);
    *out = node;
    return st;
}

static enum rg_status read_value(
    struct reader *r, const yaml_event_t *event, struct rg_yaml_node **out);

/* Reads the next event and, unless it is `end`, its value. */
static enum rg_status read_next(
    struct reader *r, yaml_event_type_t end, bool *ended, struct rg_yaml_node **out)
{
    yaml_event_t event;
    enum rg_status st = next_event(r, &event);

    if (st != RG_OK)
        return st;
    *ended = event.type == end;
    if (!*ended)
        st = read_value(r, &event, out);
    yaml_event_delete(&event);
    return st;
}

static enum rg_status read_list(struct reader *r, struct rg_yaml_node *list)
{
    for (;;) {
        struct rg_yaml_node *item;
        bool ended;
        enum rg_status st = read_next(r, YAML_SEQUENCE_END_EVENT, &ended, &item);

        if (st != RG_OK || ended)
            return st;
        rg_yaml_append(list, item);
    }
}

static void take_entries(struct rg_yaml_node *map, struct rg_yaml_node *from)
{
    struct rg_yaml_node *next;

    for (struct rg_yaml_node *n = from->first; n; n = next) {
        next = n->next;
        n->seq = (uint32_t)map->count;
        rg_yaml_append(map, n);
    }
}

/* `<<`: entries of one mapping, or of a list of them of which the first counts most. An alias may
 * stand for a mapping, not for a list. */
static enum rg_status merge(struct reader *r, struct rg_yaml_node *map, const yaml_event_t *event,
    struct rg_yaml_node *from)
{
    struct rg_yaml_node *last_first = NULL;
    bool good = from->kind == RG_YAML_MAP ||
                (from->kind == RG_YAML_LIST && event->type == YAML_SEQUENCE_START_EVENT);

    for (struct rg_yaml_node *n = from->first; good && from->kind == RG_YAML_LIST && n; n = n->next)
        good = n->kind == RG_YAML_MAP;
    if (!good)
        return fail_at(
            r, event->start_mark, RG_EINVALID, "'<<' needs a mapping or a list of mappings");
    if (from->kind == RG_YAML_MAP) {
        take_entries(map, from);
        return RG_OK;
    }
    for (struct rg_yaml_node *n = from->first, *next; n; n = next) {
        next = n->next;
        n->next = last_first;
        last_first = n;
    }
    for (; last_first; last_first = last_first->next)
        take_entries(map, last_first);
    return RG_OK;
}

static bool merge_key(const yaml_event_t *e)
{
    return e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 2 &&
           memcmp(e->data.scalar.value, "<<", 2) == 0 &&
           (e->data.scalar.plain_implicit ||
               (e->data.scalar.tag &&
                   strcmp((const char *)e->data.scalar.tag, TAG_PREFIX "merge") == 0));
}

static enum rg_status read_entry(struct reader *r, struct rg_yaml_node *map, const yaml_event_t *at)
{
    struct rg_yaml_node *key = NULL, *value;
    yaml_event_t event;
    enum rg_status st = RG_OK;
    bool merging = merge_key(at);

    if (!merging)
        st = read_value(r, at, &key);
    if (st == RG_OK && key && (key->kind == RG_YAML_LIST || key->kind == RG_YAML_MAP))
        st = fail_at(r, at->start_mark, RG_EINVALID, "a list or a mapping cannot be a key");
    if (st == RG_OK)
        st = next_event(r, &event);
    if (st != RG_OK)
        return st;
    st = read_value(r, &event, &value);
    if (st == RG_OK && merging) {
        st = merge(r, map, &event, value);
    } else if (st == RG_OK) {
        value->key = key;
        value->seq = (uint32_t)map->count;
        rg_yaml_append(map, value);
    }
    yaml_event_delete(&event);
    return st;
}

static enum rg_status close_map(struct reader *r, struct rg_yaml_node *map)
{
    const struct rg_yaml_node *again, *before;
    struct rg_err *strict = &r->doc->strict;
    enum rg_status st = rg_yaml_sort_map(map, &again, &before);

    if (st == RG_OK && again && !strict->text[0])
        rg_err_set(strict,
            "%s:%u:%u: '%.*s' is set twice, first in line %u; the later value counts", r->name,
            again->line, again->column,
            (int)(again->text.len < NAME_SHOWN ? again->text.len : NAME_SHOWN), again->text.ptr,
            before->line);
    return st;
}

static enum rg_status read_map(struct reader *r, struct rg_yaml_node *map)
{
    enum rg_status st = RG_OK;
    bool ended = false;

    while (st == RG_OK && !ended) {
        yaml_event_t event;

        st = next_event(r, &event);
        if (st != RG_OK)
            return st;
        ended = event.type == YAML_MAPPING_END_EVENT;
        if (!ended)
            st = read_entry(r, map, &event);
        yaml_event_delete(&event);
    }
    return st == RG_OK ? close_map(r, map) : st;
}

static enum rg_status read_value(
    struct reader *r, const yaml_event_t *event, struct rg_yaml_node **out)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    const yaml_char_t *name =
        list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    struct anchor *mine;
    enum rg_status st;

    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(r, event, out);
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(r, event, out);
    if (r->depth == RG_YAML_DEPTH_MAX)
        return fail_at(r, event->start_mark, RG_ELIMIT, "nested too deeply");
    st = new_node(r, event->start_mark, list ? RG_YAML_LIST : RG_YAML_MAP, out);
    if (st == RG_OK)
        st = add_anchor(r, event->start_mark, name, *out);
    if (st != RG_OK)
        return st;
    mine = name ? r->anchors : NULL;
    r->depth++;
    st = list ? read_list(r, *out) : read_map(r, *out);
    r->depth--;
    if (mine)
        mine->open = false;
    return st;
}

/* What follows the first document is not looked at, but said. */
static void look_behind(struct reader *r)
{
    struct rg_err *strict = &r->doc->strict;
    yaml_event_t event;

    if (strict->text[0] || !yaml_parser_parse(&r->parser, &event))
        return;
    if (event.type == YAML_DOCUMENT_START_EVENT)
        rg_err_set(strict, "%s:%zu:%zu: a second document is not used", r->name,
            event.start_mark.line + 1, event.start_mark.column + 1);
    yaml_event_delete(&event);
}

static enum rg_status read_document(struct reader *r)
{
    for (;;) {
        yaml_event_t event;
        enum rg_status st = next_event(r, &event);
        yaml_event_type_t type;

        if (st != RG_OK)
            return st;
        type = event.type;
        if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
            type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT)
            st = read_value(r, &event, &r->doc->root);
        yaml_event_delete(&event);
        if (st != RG_OK || type == YAML_STREAM_END_EVENT)
            return st;
        if (type == YAML_DOCUMENT_END_EVENT) {
            look_behind(r);
            return RG_OK;
        }
    }
}

enum rg_status rg_yaml_parse(
    struct rg_yaml *doc, const char *name, struct rg_str text, struct rg_err *err)
{
    struct reader r = {.doc = doc, .name = name, .err = err};
    enum rg_status st;

    *doc = (struct rg_yaml){0};
    if (text.len > RG_YAML_BYTES_MAX) {
        rg_err_set(
            err, "%s: %zu bytes are above the limit of %zu", name, text.len, RG_YAML_BYTES_MAX);
        return RG_ELIMIT;
    }
    if (!yaml_parser_initialize(&r.parser))
        return RG_ENOMEM;
    yaml_parser_set_input_string(
        &r.parser, (const unsigned char *)(text.len ? text.ptr : ""), text.len);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    st = read_document(&r);
    yaml_parser_delete(&r.parser);
    if (st != RG_OK)
        doc->root = NULL;
    return st;
}
