#include "config_files.h"

#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rg_conf_files_finish(struct rg_conf_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->items[i].name);
    free(files->items);
    *files = (struct rg_conf_files){0};
}

/* The extension with its point, as the last point of the name has it; empty without one. */
static struct rg_str extension(struct rg_str name)
{
    const char *point = name.len ? memrchr(name.ptr, '.', name.len) : NULL;

    if (!point)
        return (struct rg_str){name.ptr + name.len, 0};
    return (struct rg_str){point, name.len - (size_t)(point - name.ptr)};
}

static struct rg_str without(struct rg_str name, struct rg_str ext)
{
    return (struct rg_str){name.ptr, name.len - ext.len};
}

static bool listed(struct rg_str name, const struct rg_str *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rg_str_eq(name, names[i]))
            return true;
    }
    return false;
}

/* What a path means; false if it does not count. name is that of the integration. */
static bool classify(struct rg_str path, const struct rg_str *ignore_autoconf, size_t ignore_count,
    struct rg_str *name, enum rg_conf_kind *kind)
{
    const char *slash = path.len ? memchr(path.ptr, '/', path.len) : NULL;
    struct rg_str file = path, folder = {path.ptr, 0}, ext;
    bool metrics;

    if (slash) {
        folder.len = (size_t)(slash - path.ptr);
        file = (struct rg_str){slash + 1, path.len - folder.len - 1};
        if (memchr(file.ptr, '/', file.len) || !rg_str_is(extension(folder), ".d"))
            return false;
        folder = without(folder, RG_STR_LIT(".d"));
    }
    if (slash && file.len == 0) { /* the folder itself: it could not be listed */
        *kind = RG_CONF_REGULAR;
        *name = folder;
        return folder.len > 0;
    }
    if (rg_str_is(file, "auto_conf.yaml") && listed(folder, ignore_autoconf, ignore_count))
        return false;
    metrics = rg_str_is(file, "metrics.yaml") || rg_str_is(file, "metrics.yml");
    *kind = metrics ? RG_CONF_OTHER : RG_CONF_REGULAR;
    ext = extension(file);
    if (rg_str_is(ext, ".default")) {
        *kind = RG_CONF_DEFAULT;
        file = without(file, ext);
        ext = extension(file);
    }
    if (!rg_str_is(ext, ".yaml") && !rg_str_is(ext, ".yml"))
        return false;
    *name = folder.len ? folder : without(file, ext);
    return slash || !metrics;
}

/* Entries of one folder stand together, where the folder stands among the files. */
static int entry_order(const void *a, const void *b)
{
    const struct rg_conf_entry *x = ((const struct rg_conf_file *)a)->entry;
    const struct rg_conf_entry *y = ((const struct rg_conf_file *)b)->entry;
    struct rg_str s = rg_str_from(x->path), t = rg_str_from(y->path);
    struct rg_str first = {"", 0}, second = {"", 0};
    int order;

    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    rg_ignore(rg_str_split(&s, '/', &first), "an empty path has an empty part");
    rg_ignore(rg_str_split(&t, '/', &second), "as above");
    order = rg_str_cmp(first, second);
    return order ? order : rg_str_cmp(s, t);
}

enum rg_status rg_conf_files_select(const struct rg_conf_entry *entries, size_t count,
    const struct rg_str *ignore_autoconf, size_t ignore_count, struct rg_conf_files *out)
{
    enum rg_status st = RG_OK;

    *out = (struct rg_conf_files){0};
    for (size_t i = 0; i < count && st == RG_OK; i++) {
        struct rg_conf_file file = {.entry = &entries[i]};
        void *array = out->items;
        struct rg_str name;

        if (!classify(
                rg_str_from(entries[i].path), ignore_autoconf, ignore_count, &name, &file.kind))
            continue;
        st = rg_grow(&array, &out->cap, out->count + 1, sizeof(*out->items), RG_CONFIG_FILES_MAX);
        out->items = array;
        if (st != RG_OK)
            break;
        file.name = rg_memdup0(name.ptr, name.len);
        if (file.name)
            out->items[out->count++] = file;
        else
            st = RG_ENOMEM;
    }
    if (st != RG_OK)
        rg_conf_files_finish(out);
    else if (out->count > 1)
        qsort(out->items, out->count, sizeof(*out->items), entry_order);
    return st;
}

static void finish_notes(struct rg_conf_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->items[i].name);
        free(notes->items[i].path);
        free(notes->items[i].text);
    }
    free(notes->items);
}

void rg_conf_set_finish(struct rg_conf_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        rg_integration_config_finish(&set->configs[i]);
    free(set->configs);
    finish_notes(&set->errors);
    finish_notes(&set->warnings);
    *set = (struct rg_conf_set){0};
}

static enum rg_status add_note(
    struct rg_conf_notes *notes, const char *name, const char *path, const char *text)
{
    struct rg_conf_note note;
    void *array = notes->items;
    enum rg_status st =
        rg_grow(&array, &notes->cap, notes->count + 1, sizeof(*notes->items), RG_CONFIG_FILES_MAX);

    notes->items = array;
    if (st != RG_OK)
        return st;
    note.name = rg_memdup0(name, strlen(name));
    note.path = rg_memdup0(path, strlen(path));
    note.text = rg_memdup0(text, strlen(text));
    notes->items[notes->count++] = note;
    return note.name && note.path && note.text ? RG_OK : RG_ENOMEM;
}

/* The state of a load. */
struct load {
    const struct rg_conf_source *source;
    struct rg_conf_set *out;
    struct rg_buf bytes, path;
};

static enum rg_status full_path(struct load *l, const struct rg_conf_entry *entry)
{
    enum rg_status st = RG_OK;

    rg_buf_clear(&l->path);
    if (entry->root < l->source->root_count)
        st = rg_buf_printf(&l->path, "%s/", l->source->roots[entry->root]);
    if (st == RG_OK)
        st = rg_buf_append(&l->path, entry->path, strlen(entry->path) + 1);
    return st;
}

static enum rg_status add_config(struct rg_conf_set *set, const struct rg_integration_config *c)
{
    void *array = set->configs;
    enum rg_status st =
        rg_grow(&array, &set->cap, set->count + 1, sizeof(*set->configs), RG_CONFIG_FILES_MAX);

    set->configs = array;
    if (st == RG_OK)
        set->configs[set->count++] = *c;
    return st;
}

/* Reads and adds one file. *seen becomes true if it suppresses the default of its name. */
static enum rg_status load_file(
    struct load *l, const struct rg_conf_file *file, bool *seen, struct rg_err *err)
{
    struct rg_integration_config config = {0};
    struct rg_err why = {0}, strict = {0};
    const char *path;
    enum rg_status st = full_path(l, file->entry);

    if (st != RG_OK)
        return st;
    path = (const char *)l->path.data;
    if (file->entry->path[strlen(file->entry->path) - 1] == '/') {
        *seen = true;
        return add_note(&l->out->errors, file->name, path, "the folder may not be read");
    }
    rg_buf_clear(&l->bytes);
    st = l->source->read(l->source->ctx, file->entry, &l->bytes, &why);
    if (st == RG_OK)
        st = rg_config_file_parse(
            file->name, path, rg_str_buf(&l->bytes), l->source->vars, &config, &strict, &why);
    if (rg_template_ends(st)) {
        if (err)
            *err = why;
        return st;
    }
    if (st == RG_EEND)
        return RG_OK;
    *seen = file->kind == RG_CONF_REGULAR && (st != RG_OK || !rg_config_logs_only(&config));
    if (st != RG_OK)
        return add_note(&l->out->errors, file->name, path, rg_err_text(&why, st));
    st = add_config(l->out, &config);
    if (st != RG_OK)
        rg_integration_config_finish(&config);
    if (st == RG_OK && strict.text[0])
        st = add_note(&l->out->warnings, file->name, path, strict.text);
    return st;
}

static bool name_seen(const struct rg_conf_files *files, const bool *seen, const char *name)
{
    for (size_t i = 0; i < files->count; i++) {
        if (seen[i] && strcmp(files->items[i].name, name) == 0)
            return true;
    }
    return false;
}

enum rg_status rg_conf_set_load(const struct rg_conf_files *files,
    const struct rg_conf_source *source, struct rg_conf_set *out, struct rg_err *err)
{
    struct load l = {.source = source, .out = out};
    bool *seen = rg_calloc(files->count + 1, sizeof(*seen));
    enum rg_status st = seen ? RG_OK : RG_ENOMEM;
    bool ignored;

    *out = (struct rg_conf_set){0};
    rg_buf_init(&l.bytes, RG_CONFIG_FILE_BYTES_MAX);
    rg_buf_init(&l.path, RG_CONFIG_FILE_BYTES_MAX);
    for (size_t i = 0; i < files->count && st == RG_OK; i++) {
        if (files->items[i].kind != RG_CONF_DEFAULT)
            st = load_file(&l, &files->items[i], &seen[i], err);
    }
    for (size_t i = 0; i < files->count && st == RG_OK; i++) {
        if (files->items[i].kind == RG_CONF_DEFAULT &&
            !name_seen(files, seen, files->items[i].name))
            st = load_file(&l, &files->items[i], &ignored, err);
    }
    rg_buf_finish(&l.bytes);
    rg_buf_finish(&l.path);
    free(seen);
    return st;
}
