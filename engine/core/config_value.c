#include "config_value.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

void rg_config_list_finish(struct rg_config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free((char *)(uintptr_t)list->items[i].ptr); /* ours: allocated by add */
    free(list->items);
    *list = (struct rg_config_list){0};
}

enum rg_status rg_config_list_add(struct rg_config_list *list, struct rg_str text)
{
    void *array = list->items;
    enum rg_status st =
        rg_grow(&array, &list->cap, list->count + 1, sizeof(*list->items), RG_CONFIG_LIST_MAX);
    char *copy;

    list->items = array;
    if (st != RG_OK)
        return st;
    copy = rg_memdup0(text.ptr, text.len);
    if (!copy)
        return RG_ENOMEM;
    list->items[list->count++] = (struct rg_str){copy, text.len};
    return RG_OK;
}

static enum rg_status set_list(
    struct rg_config_list *target, struct rg_config_list *fresh, enum rg_status st)
{
    if (st != RG_OK) {
        rg_config_list_finish(fresh);
        return st;
    }
    rg_config_list_finish(target);
    *target = *fresh;
    target->set = true;
    return RG_OK;
}

static enum rg_status list_of_entry(
    struct rg_config_list *target, const struct rg_config_doc *doc, size_t i, struct rg_err *err)
{
    struct rg_str path = rg_config_doc_path(doc, i);
    struct rg_config_list fresh = {0};
    enum rg_status st = RG_OK;

    for (size_t k = 0; k < doc->entries[i].count && st == RG_OK; k++) {
        const struct rg_config_entry *item = rg_config_doc_item(doc, path, k);

        if (!item) {
            rg_err_set(err, "expected a list of texts, item %zu is not one", k + 1);
            st = RG_EINVALID;
        } else {
            st = rg_config_list_add(&fresh, rg_str_from(item->text));
        }
    }
    return set_list(target, &fresh, st);
}

/* JSON is YAML: a list in brackets goes through the same reader. */
static enum rg_status list_of_json(
    struct rg_config_list *target, const char *text, struct rg_err *err)
{
    struct rg_config_doc doc;
    struct rg_buf buf;
    enum rg_status st;

    rg_buf_init(&buf, RG_CONFIG_BYTES_MAX);
    st = rg_buf_str(&buf, "list: ");
    if (st == RG_OK)
        st = rg_buf_str(&buf, text);
    if (st == RG_OK) {
        st = rg_config_doc_load(&doc, "value", buf.data, buf.len, err);
        if (st == RG_OK && doc.paths.count && doc.entries[0].kind == RG_CONFIG_LIST)
            st = list_of_entry(target, &doc, 0, err);
        rg_config_doc_finish(&doc);
    }
    rg_buf_finish(&buf);
    return st;
}

static enum rg_status list_of_text(
    struct rg_config_list *target, const char *text, struct rg_err *err)
{
    struct rg_str rest = rg_str_trim(rg_str_from(text), " \t\r\n");
    struct rg_config_list fresh = {0};
    struct rg_str part;
    enum rg_status st = RG_OK;

    if (rg_str_starts(rest, "["))
        return list_of_json(target, text, err);
    while (st == RG_OK && rg_str_split(&rest, ',', &part)) {
        part = rg_str_trim(part, " \t\r\n");
        if (part.len)
            st = rg_config_list_add(&fresh, part);
    }
    return set_list(target, &fresh, st);
}

static enum rg_status expected(struct rg_err *err, const char *what, const char *text)
{
    rg_err_set(err, "expected %s, not '%.64s'", what, text);
    return RG_EINVALID;
}

enum rg_status rg_config_set_text(
    enum rg_config_type type, void *target, const char *text, struct rg_err *err)
{
    struct rg_str s = rg_str_from(text);
    char **owned = target;
    char *copy;

    switch (type) {
    case RG_CONFIG_BOOL:
        return rg_str_to_bool(s, target) ? RG_OK : expected(err, "true or false", text);
    case RG_CONFIG_INT:
        return rg_str_to_i64(s, target) ? RG_OK : expected(err, "a whole number", text);
    case RG_CONFIG_DURATION:
        return rg_str_to_duration(s, target) ? RG_OK
                                             : expected(err, "a duration such as 10s or 5m", text);
    case RG_CONFIG_TEXT:
        copy = rg_memdup0(s.ptr, s.len);
        if (!copy)
            return RG_ENOMEM;
        free(*owned);
        *owned = copy;
        return RG_OK;
    case RG_CONFIG_TEXTS:
        return list_of_text(target, text, err);
    }
    return RG_EINVALID;
}

enum rg_status rg_config_set_entry(enum rg_config_type type, void *target,
    const struct rg_config_doc *doc, size_t i, struct rg_err *err)
{
    const struct rg_config_entry *entry = &doc->entries[i];
    struct rg_str path = rg_config_doc_path(doc, i);
    enum rg_status st;

    switch (entry->kind) {
    case RG_CONFIG_NULL:
        return RG_OK;
    case RG_CONFIG_SCALAR:
        st = rg_config_set_text(type, target, entry->text, err);
        break;
    case RG_CONFIG_LIST:
        if (type == RG_CONFIG_TEXTS) {
            st = list_of_entry(target, doc, i, err);
            break;
        }
        st = expected(err, "one value", "a list");
        break;
    default:
        st = expected(err, type == RG_CONFIG_TEXTS ? "a list" : "one value", "a mapping");
        break;
    }
    if (st == RG_EINVALID || st == RG_ELIMIT)
        rg_err_prefix(
            err, "%s:%u:%u: %.*s", doc->name, entry->line, entry->column, (int)path.len, path.ptr);
    return st;
}
