#include "config_doc.h"
#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#define ANCHORS_MAX 1000

/* A value that an alias can repeat: entries [first, end), the first of them at its path. */
struct anchor {
    char *name; /* owned */
    size_t first, end;
    bool open; /* its value is still being read: an alias to it would never end */
};

struct loader {
    struct rg_config_doc *doc;
    yaml_parser_t parser;
    struct rg_err *err;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    char path[RG_CONFIG_PATH_MAX];
    size_t path_len;
    int depth;
    int in_list; /* lists around the present value */
};

static enum rg_status fail_at(
    struct loader *l, yaml_mark_t mark, enum rg_status st, const char *what)
{
    rg_err_set(l->err, "%s:%zu:%zu: %s", l->doc->name, mark.line + 1, mark.column + 1, what);
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

/* Extends the path by ".key" or "[index]". */
static enum rg_status push_path(struct loader *l, yaml_mark_t mark, const char *part, bool index)
{
    int n = snprintf(l->path + l->path_len, sizeof(l->path) - l->path_len, "%s%s%s",
        index         ? "["
        : l->path_len ? "."
                      : "",
        part, index ? "]" : "");

    if (n < 0 || (size_t)n >= sizeof(l->path) - l->path_len)
        return fail_at(l, mark, RG_ELIMIT, "the path of this value is too long");
    l->path_len += (size_t)n;
    return RG_OK;
}

static void pop_path(struct loader *l, size_t len)
{
    l->path_len = len;
    l->path[len] = '\0';
}

/* Adds an entry at the present path. entry->text is taken. */
static enum rg_status add_entry(struct loader *l, yaml_mark_t mark, struct rg_config_entry entry)
{
    struct rg_config_doc *doc = l->doc;
    struct rg_str path = {l->path, l->path_len};
    size_t bytes = entry.text ? strlen(entry.text) : 0;
    void *array = doc->entries;
    uint32_t number;
    enum rg_status st;

    if (rg_intern_find(&doc->paths, path, &number)) {
        free(entry.text);
        rg_err_set(l->err, "%s:%zu:%zu: '%s' is set twice, first in line %u", doc->name,
            mark.line + 1, mark.column + 1, l->path, doc->entries[number].line);
        return RG_EINVALID;
    }
    st = doc->text_bytes + bytes > RG_CONFIG_TEXT_MAX ? RG_ELIMIT : RG_OK;
    if (st == RG_OK)
        st = rg_grow(
            &array, &doc->cap, doc->paths.count + 1, sizeof(*doc->entries), RG_CONFIG_ENTRIES_MAX);
    doc->entries = array;
    if (st == RG_OK)
        st = rg_intern_put(&doc->paths, path, &number);
    if (st != RG_OK) {
        free(entry.text);
        return st == RG_ELIMIT ? fail_at(l, mark, st, "the document holds too much") : st;
    }
    entry.line = (uint32_t)mark.line + 1;
    entry.column = (uint32_t)mark.column + 1;
    entry.item = l->in_list > 0;
    doc->entries[number] = entry;
    doc->text_bytes += bytes;
    return RG_OK;
}

static enum rg_status open_anchor(
    struct loader *l, yaml_mark_t mark, const yaml_char_t *name, struct anchor **out)
{
    struct anchor *a = NULL;

    *out = NULL;
    if (!name)
        return RG_OK;
    for (size_t i = 0; i < l->anchor_count; i++) {
        if (strcmp(l->anchors[i].name, (const char *)name) == 0)
            a = &l->anchors[i]; /* a later anchor of the same name replaces it */
    }
    if (a && a->open)
        return fail_at(l, mark, RG_EINVALID, "an anchor within the value of the same name");
    if (!a) {
        char *copy;

        if (l->anchor_count == ANCHORS_MAX)
            return fail_at(l, mark, RG_ELIMIT, "too many anchors");
        copy = rg_memdup0(name, strlen((const char *)name));
        if (!copy)
            return RG_ENOMEM;
        a = &l->anchors[l->anchor_count++];
        a->name = copy;
    }
    a->first = a->end = l->doc->paths.count;
    a->open = true;
    *out = a;
    return RG_OK;
}

/* Repeats the entries of an anchor below the present path. */
static enum rg_status add_alias(struct loader *l, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *a = NULL;
    size_t base = l->path_len;
    struct rg_str root;
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < l->anchor_count; i++) {
        if (strcmp(l->anchors[i].name, name) == 0)
            a = &l->anchors[i];
    }
    if (!a || a->open)
        return fail_at(l, event->start_mark, RG_EINVALID,
            a ? "an alias to the value it is part of" : "an alias without an anchor");
    if (a->first == a->end)
        return RG_OK;
    root = rg_intern_text(&l->doc->paths, (uint32_t)a->first);
    for (size_t i = a->first; i < a->end && st == RG_OK; i++) {
        struct rg_str path = rg_intern_text(&l->doc->paths, (uint32_t)i);
        struct rg_config_entry entry = l->doc->entries[i];
        size_t tail = path.len - root.len;

        if (base + tail >= sizeof(l->path))
            return fail_at(l, event->start_mark, RG_ELIMIT, "the path of this value is too long");
        memcpy(l->path + base, path.ptr + root.len, tail);
        pop_path(l, base + tail);
        if (entry.text) {
            entry.text = rg_memdup0(entry.text, strlen(entry.text));
            if (!entry.text)
                return RG_ENOMEM;
        }
        l->in_list += memchr(path.ptr + root.len, '[', tail) != NULL;
        st = add_entry(l, event->start_mark, entry);
        l->in_list -= memchr(path.ptr + root.len, '[', tail) != NULL;
    }
    pop_path(l, base);
    return st;
}

static bool is_null(const yaml_event_t *e)
{
    const char *v = (const char *)e->data.scalar.value;

    return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!v[0] || strcmp(v, "~") == 0 || strcmp(v, "null") == 0 || strcmp(v, "Null") == 0 ||
               strcmp(v, "NULL") == 0);
}

static enum rg_status add_scalar(struct loader *l, const yaml_event_t *e)
{
    struct rg_config_entry entry = {.kind = RG_CONFIG_NULL};

    if (!is_null(e)) {
        if (memchr(e->data.scalar.value, 0, e->data.scalar.length))
            return fail_at(l, e->start_mark, RG_EINVALID, "a value holds a NUL byte");
        entry.kind = RG_CONFIG_SCALAR;
        entry.text = rg_memdup0(e->data.scalar.value, e->data.scalar.length);
        if (!entry.text)
            return RG_ENOMEM;
    }
    return add_entry(l, e->start_mark, entry);
}

static enum rg_status load_value(struct loader *l, yaml_event_t *event);

static enum rg_status load_list(struct loader *l, const yaml_event_t *start)
{
    size_t self = l->doc->paths.count;
    size_t base = l->path_len;
    size_t count = 0;
    enum rg_status st =
        add_entry(l, start->start_mark, (struct rg_config_entry){.kind = RG_CONFIG_LIST});
    bool end = false;

    l->in_list++;
    while (st == RG_OK && !end) {
        yaml_event_t event;

        st = next_event(l, &event);
        if (st != RG_OK)
            break;
        end = event.type == YAML_SEQUENCE_END_EVENT;
        if (!end) {
            char index[24];

            snprintf(index, sizeof(index), "%zu", count++);
            st = push_path(l, event.start_mark, index, true);
            if (st == RG_OK)
                st = load_value(l, &event);
            pop_path(l, base);
        }
        yaml_event_delete(&event);
    }
    l->in_list--;
    if (st == RG_OK)
        l->doc->entries[self].count = count;
    return st;
}

/* One pair of a mapping; *end at its end. */
static enum rg_status load_pair(struct loader *l, bool *end)
{
    size_t base = l->path_len;
    yaml_event_t key, value;
    enum rg_status st = next_event(l, &key);

    if (st != RG_OK)
        return st;
    *end = key.type == YAML_MAPPING_END_EVENT;
    if (*end)
        goto done;
    if (key.type != YAML_SCALAR_EVENT || key.data.scalar.length == 0 || key.data.scalar.anchor) {
        st = fail_at(l, key.start_mark, RG_EINVALID, "a key must be a plain text");
        goto done;
    }
    st = push_path(l, key.start_mark, (const char *)key.data.scalar.value, false);
    if (st == RG_OK)
        st = next_event(l, &value);
    if (st == RG_OK) {
        st = load_value(l, &value);
        yaml_event_delete(&value);
    }
    pop_path(l, base);
done:
    yaml_event_delete(&key);
    return st;
}

static enum rg_status load_map(struct loader *l, const yaml_event_t *start)
{
    enum rg_status st = RG_OK;
    bool end = false;

    if (l->path_len)
        st = add_entry(l, start->start_mark, (struct rg_config_entry){.kind = RG_CONFIG_MAP});
    while (st == RG_OK && !end)
        st = load_pair(l, &end);
    return st;
}

/* The value that begins with event, at the present path. */
static enum rg_status load_value(struct loader *l, yaml_event_t *event)
{
    const yaml_char_t *name = NULL;
    struct anchor *anchor;
    enum rg_status st;

    if (l->depth == RG_CONFIG_DEPTH_MAX)
        return fail_at(l, event->start_mark, RG_ELIMIT, "nested too deeply");
    if (event->type == YAML_ALIAS_EVENT)
        return add_alias(l, event);
    if (event->type == YAML_SCALAR_EVENT)
        name = event->data.scalar.anchor;
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        name = event->data.sequence_start.anchor;
    else
        name = event->data.mapping_start.anchor;
    if (name && l->path_len == 0)
        return fail_at(l, event->start_mark, RG_EINVALID, "the document itself has an anchor");
    st = open_anchor(l, event->start_mark, name, &anchor);
    if (st != RG_OK)
        return st;
    l->depth++;
    if (event->type == YAML_SCALAR_EVENT)
        st = add_scalar(l, event);
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        st = load_list(l, event);
    else
        st = load_map(l, event);
    l->depth--;
    if (anchor) {
        anchor->end = l->doc->paths.count;
        anchor->open = false;
    }
    return st;
}

/* Stream and document events around the one mapping. */
static enum rg_status load_document(struct loader *l)
{
    bool seen = false;
    bool end = false;
    enum rg_status st = RG_OK;

    while (st == RG_OK && !end) {
        yaml_event_t event;

        st = next_event(l, &event);
        if (st != RG_OK)
            break;
        if (event.type == YAML_STREAM_END_EVENT) {
            end = true;
        } else if (event.type == YAML_DOCUMENT_START_EVENT && seen) {
            st = fail_at(l, event.start_mark, RG_EINVALID, "a second document");
        } else if (event.type == YAML_MAPPING_START_EVENT) {
            seen = true;
            st = load_value(l, &event);
        } else if (event.type == YAML_SCALAR_EVENT && is_null(&event)) {
            seen = true;
        } else if (event.type != YAML_STREAM_START_EVENT &&
                   event.type != YAML_DOCUMENT_START_EVENT &&
                   event.type != YAML_DOCUMENT_END_EVENT) {
            st = fail_at(l, event.start_mark, RG_EINVALID, "the document is not a mapping");
        }
        yaml_event_delete(&event);
    }
    return st;
}

enum rg_status rg_config_doc_load(
    struct rg_config_doc *doc, const char *name, const void *bytes, size_t len, struct rg_err *err)
{
    struct loader *l;
    enum rg_status st = RG_ENOMEM;

    *doc = (struct rg_config_doc){.name = name};
    rg_intern_init(&doc->paths, RG_CONFIG_ENTRIES_MAX);
    if (len > RG_CONFIG_BYTES_MAX) {
        rg_err_set(err, "%s: %zu bytes are above the limit of %zu", name, len, RG_CONFIG_BYTES_MAX);
        return RG_ELIMIT;
    }
    l = rg_calloc(1, sizeof(*l));
    if (!l)
        return RG_ENOMEM;
    l->doc = doc;
    l->err = err;
    if (yaml_parser_initialize(&l->parser)) {
        yaml_parser_set_input_string(&l->parser, len ? bytes : (const unsigned char *)"", len);
        st = load_document(l);
        yaml_parser_delete(&l->parser);
    }
    if (st == RG_ENOMEM)
        rg_err_set(err, "%s: out of memory", name);
    for (size_t i = 0; i < l->anchor_count; i++)
        free(l->anchors[i].name);
    free(l);
    return st;
}

void rg_config_doc_finish(struct rg_config_doc *doc)
{
    for (size_t i = 0; i < doc->paths.count; i++)
        free(doc->entries[i].text);
    free(doc->entries);
    rg_intern_finish(&doc->paths);
    doc->entries = NULL;
    doc->cap = 0;
}

size_t rg_config_doc_count(const struct rg_config_doc *doc)
{
    return doc->paths.count;
}

struct rg_str rg_config_doc_path(const struct rg_config_doc *doc, size_t i)
{
    return rg_intern_text(&doc->paths, (uint32_t)i);
}

const struct rg_config_entry *rg_config_doc_find(const struct rg_config_doc *doc, const char *path)
{
    uint32_t number;

    return rg_intern_find(&doc->paths, rg_str_from(path), &number) ? &doc->entries[number] : NULL;
}

const struct rg_config_entry *rg_config_doc_item(
    const struct rg_config_doc *doc, struct rg_str path, size_t i)
{
    char item[RG_CONFIG_PATH_MAX + 32];
    const struct rg_config_entry *entry;

    snprintf(item, sizeof(item), "%.*s[%zu]", (int)path.len, path.ptr, i);
    entry = rg_config_doc_find(doc, item);
    return entry && entry->kind == RG_CONFIG_SCALAR ? entry : NULL;
}
