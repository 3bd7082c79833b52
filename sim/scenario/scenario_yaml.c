#include "scenario_yaml.h"

#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

struct loader {
    struct scenario_doc *doc;
    yaml_parser_t parser;
    struct rg_err *err;
    int depth;
};

static enum rg_status fail_at(
    struct loader *l, yaml_mark_t mark, enum rg_status st, const char *why)
{
    rg_err_set(l->err, "%s:%zu:%zu: %s", l->doc->name, mark.line + 1, mark.column + 1, why);
    return st;
}

static enum rg_status next_event(struct loader *l, yaml_event_t *event)
{
    if (yaml_parser_parse(&l->parser, event))
        return RG_OK;
    if (l->parser.error == YAML_MEMORY_ERROR)
        return RG_ENOMEM;
    return fail_at(l, l->parser.problem_mark, RG_EINVALID,
        l->parser.problem ? l->parser.problem : "not valid YAML");
}

/* A key of a mapping; the text is taken over by the node. */
struct key {
    char *text;
    uint32_t line, column;
};

static enum rg_status add_node(
    struct loader *l, uint32_t parent, yaml_mark_t mark, struct key *key, uint32_t *number)
{
    struct scenario_doc *doc = l->doc;
    void *array = doc->nodes;
    struct scenario_node *node;
    enum rg_status st =
        rg_grow(&array, &doc->cap, doc->count + 1, sizeof(*doc->nodes), SCENARIO_NODES_MAX);

    doc->nodes = array;
    if (st == RG_ELIMIT)
        return fail_at(l, mark, st, "the document holds too many values");
    if (st != RG_OK)
        return st;
    node = &doc->nodes[doc->count++];
    *node = (struct scenario_node){
        .key = key->text,
        .key_line = key->line,
        .key_column = key->column,
        .line = (uint32_t)mark.line + 1,
        .column = (uint32_t)mark.column + 1,
    };
    key->text = NULL;
    *number = (uint32_t)doc->count;
    if (parent) {
        struct scenario_node *up = &doc->nodes[parent - 1];

        if (up->last)
            doc->nodes[up->last - 1].next = *number;
        else
            up->first = *number;
        up->last = *number;
        up->count++;
    }
    return RG_OK;
}

static bool null_text(const yaml_event_t *e)
{
    const char *v = (const char *)e->data.scalar.value;

    return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!v[0] || strcmp(v, "~") == 0 || strcmp(v, "null") == 0);
}

static enum rg_status fill_scalar(struct loader *l, uint32_t number, const yaml_event_t *e)
{
    struct scenario_node *node = &l->doc->nodes[number - 1];

    node->kind = SCENARIO_NULL;
    if (null_text(e))
        return RG_OK;
    if (memchr(e->data.scalar.value, 0, e->data.scalar.length))
        return fail_at(l, e->start_mark, RG_EINVALID, "a value holds a NUL byte");
    node->kind = SCENARIO_SCALAR;
    node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = rg_memdup0(e->data.scalar.value, e->data.scalar.length);
    return node->text ? RG_OK : RG_ENOMEM;
}

static enum rg_status load_value(
    struct loader *l, uint32_t parent, const yaml_event_t *event, struct key *key);

static enum rg_status load_list(struct loader *l, uint32_t self)
{
    enum rg_status st = RG_OK;
    bool end = false;

    while (st == RG_OK && !end) {
        struct key none = {NULL, 0, 0};
        yaml_event_t event;

        st = next_event(l, &event);
        if (st != RG_OK)
            break;
        end = event.type == YAML_SEQUENCE_END_EVENT;
        if (!end)
            st = load_value(l, self, &event, &none);
        yaml_event_delete(&event);
    }
    return st;
}

static enum rg_status take_key(
    struct loader *l, uint32_t self, const yaml_event_t *event, struct key *key)
{
    const struct scenario_node *before;
    const char *text = (const char *)event->data.scalar.value;

    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.length == 0 ||
        event->data.scalar.anchor || memchr(text, 0, event->data.scalar.length))
        return fail_at(l, event->start_mark, RG_EINVALID, "a key must be a plain text");
    before = scenario_get(l->doc, &l->doc->nodes[self - 1], text);
    if (before) {
        rg_err_set(l->err, "%s:%zu:%zu: '%.100s' is set twice, first in line %u", l->doc->name,
            event->start_mark.line + 1, event->start_mark.column + 1, text, before->key_line);
        return RG_EINVALID;
    }
    key->text = rg_memdup0(text, event->data.scalar.length);
    key->line = (uint32_t)event->start_mark.line + 1;
    key->column = (uint32_t)event->start_mark.column + 1;
    return key->text ? RG_OK : RG_ENOMEM;
}

static enum rg_status load_map(struct loader *l, uint32_t self)
{
    enum rg_status st = RG_OK;
    bool end = false;

    while (st == RG_OK && !end) {
        struct key key = {NULL, 0, 0};
        yaml_event_t event;

        st = next_event(l, &event);
        if (st != RG_OK)
            break;
        end = event.type == YAML_MAPPING_END_EVENT;
        if (!end)
            st = take_key(l, self, &event, &key);
        yaml_event_delete(&event);
        if (!end && st == RG_OK) {
            st = next_event(l, &event);
            if (st == RG_OK) {
                st = load_value(l, self, &event, &key);
                yaml_event_delete(&event);
            }
        }
        free(key.text);
    }
    return st;
}

/* Refuses what a scenario has no use for: it would let a small file stand for a huge one. */
static enum rg_status plain_value(struct loader *l, const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (e->type == YAML_ALIAS_EVENT) {
        return fail_at(l, e->start_mark, RG_EINVALID, "aliases are not allowed here");
    } else if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    }
    if (anchor || tag)
        return fail_at(l, e->start_mark, RG_EINVALID, "anchors and tags are not allowed here");
    return RG_OK;
}

static enum rg_status load_value(
    struct loader *l, uint32_t parent, const yaml_event_t *event, struct key *key)
{
    uint32_t self;
    enum rg_status st = plain_value(l, event);

    if (st == RG_OK && l->depth == SCENARIO_DEPTH_MAX)
        st = fail_at(l, event->start_mark, RG_ELIMIT, "nested too deeply");
    if (st == RG_OK)
        st = add_node(l, parent, event->start_mark, key, &self);
    if (st != RG_OK)
        return st;
    if (event->type == YAML_SCALAR_EVENT)
        return fill_scalar(l, self, event);
    l->depth++;
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        l->doc->nodes[self - 1].kind = SCENARIO_LIST;
        st = load_list(l, self);
    } else {
        l->doc->nodes[self - 1].kind = SCENARIO_MAP;
        st = load_map(l, self);
    }
    l->depth--;
    return st;
}

static enum rg_status load_document(struct loader *l)
{
    struct key none = {NULL, 0, 0};
    enum rg_status st = RG_OK;
    bool end = false;

    while (st == RG_OK && !end) {
        yaml_event_t event;

        st = next_event(l, &event);
        if (st != RG_OK)
            break;
        if (event.type == YAML_STREAM_END_EVENT)
            end = true;
        else if (event.type == YAML_DOCUMENT_START_EVENT && l->doc->count)
            st = fail_at(l, event.start_mark, RG_EINVALID, "a second document");
        else if (event.type == YAML_MAPPING_START_EVENT)
            st = load_value(l, 0, &event, &none);
        else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT &&
                 event.type != YAML_DOCUMENT_END_EVENT)
            st = fail_at(l, event.start_mark, RG_EINVALID, "the document is not a mapping");
        yaml_event_delete(&event);
    }
    if (st == RG_OK && l->doc->count == 0) {
        rg_err_set(l->err, "%s:1:1: the document is empty", l->doc->name);
        st = RG_EINVALID;
    }
    return st;
}

enum rg_status scenario_doc_load(
    struct scenario_doc *doc, const char *name, struct rg_str text, struct rg_err *err)
{
    struct loader l = {.doc = doc, .err = err};
    enum rg_status st = RG_ENOMEM;

    *doc = (struct scenario_doc){.name = name};
    if (text.len > SCENARIO_BYTES_MAX) {
        rg_err_set(
            err, "%s: %zu bytes are above the limit of %zu", name, text.len, SCENARIO_BYTES_MAX);
        return RG_ELIMIT;
    }
    if (yaml_parser_initialize(&l.parser)) {
        yaml_parser_set_input_string(
            &l.parser, (const unsigned char *)(text.len ? text.ptr : ""), text.len);
        st = load_document(&l);
        yaml_parser_delete(&l.parser);
    }
    if (st == RG_ENOMEM)
        rg_err_set(err, "%s: out of memory", name);
    return st;
}

void scenario_doc_finish(struct scenario_doc *doc)
{
    for (size_t i = 0; i < doc->count; i++) {
        free(doc->nodes[i].key);
        free(doc->nodes[i].text);
    }
    free(doc->nodes);
    *doc = (struct scenario_doc){.name = doc->name};
}
