#include "native_kit.h"

#include "rg/base/mem.h"
#include "yaml_decode.h"

#include <stdio.h>
#include <string.h>

enum rg_status rg_native_options_open(
    struct rg_native_options *o, const struct rg_check_source *from, struct rg_err *err)
{
    enum rg_status st;

    *o = (struct rg_native_options){0};
    st = rg_yaml_parse(&o->instance, "instance", from->instance, err);
    if (st == RG_OK)
        st = rg_yaml_parse(&o->init, "init_config", from->init_config, err);
    if (st != RG_OK)
        rg_native_options_finish(o);
    return st;
}

void rg_native_options_finish(struct rg_native_options *o)
{
    rg_yaml_finish(&o->instance);
    rg_yaml_finish(&o->init);
}

enum rg_status rg_native_flag(const struct rg_native_options *o, const char *key, bool fallback,
    bool *out, struct rg_err *err)
{
    const struct rg_yaml_node *node = rg_yaml_get(o->instance.root, key);

    if (!node || node->kind == RG_YAML_NULL) {
        *out = fallback;
        return RG_OK;
    }
    return rg_yaml_to_bool("instance", node, key, out, err);
}

static bool says_anything(const struct rg_yaml *doc)
{
    return doc->root && doc->root->kind == RG_YAML_MAP && doc->root->count > 0;
}

enum rg_status rg_native_create(const struct rg_check_ops *ops, size_t size, bool many,
    const struct rg_check_world *world, const struct rg_check_source *from, struct rg_check **out,
    struct rg_err *err)
{
    struct rg_native_options o;
    enum rg_status st = rg_native_options_open(&o, from, err);

    if (st != RG_OK)
        return st;
    many = many || says_anything(&o.instance) || says_anything(&o.init);
    rg_native_options_finish(&o);
    return rg_check_create(ops, size, many, "core", world, from, out, err);
}

bool rg_native_fatal(enum rg_status st)
{
    return st == RG_ENOMEM || st == RG_EDIVERGED || st == RG_ESTOPPED;
}

static const char *advice(enum rg_status st)
{
    switch (st) {
    case RG_ENOTFOUND:
        return "; is procfs mounted there, and does this kernel have the file?";
    case RG_EACCES:
        return "; let the user of the agent read it";
    default:
        return "";
    }
}

static enum rg_status read_file(
    struct rg_check *check, const char *path, struct rg_buf *out, struct rg_err *err)
{
    struct rg_err cause = {0};
    enum rg_status st = rg_procfs_read_host(check->world->procfs, path, out, &cause);

    if (st != RG_OK)
        rg_err_set(
            err, "cannot read proc file '%s': %s%s", path, rg_err_text(&cause, st), advice(st));
    return st;
}

enum rg_status rg_native_read(
    struct rg_check *check, const char *path, struct rg_buf *out, struct rg_err *err)
{
    return read_file(check, path, out, err);
}

enum rg_status rg_native_read_optional(struct rg_check *check, const char *path, bool quiet,
    struct rg_buf *out, bool *there, struct rg_err *err)
{
    struct rg_err cause = {0};
    enum rg_status st = read_file(check, path, out, &cause);

    *there = st == RG_OK;
    if (rg_native_fatal(st)) {
        if (err)
            *err = cause;
        return st;
    }
    if (st != RG_OK && !(quiet && st == RG_ENOTFOUND))
        rg_check_warn(check, "%s", cause.text);
    return RG_OK;
}

enum rg_status rg_native_malformed(const char *path, const char *what, struct rg_err *err)
{
    rg_err_set(err, "proc file '%s' has no usable %s; is procfs mounted there?", path, what);
    return RG_EINVALID;
}

void rg_native_tags_init(struct rg_native_tags *tags)
{
    rg_buf_init(&tags->text, RG_NATIVE_TAG_BYTES_MAX);
    tags->count = 0;
}

void rg_native_tags_finish(struct rg_native_tags *tags)
{
    rg_buf_finish(&tags->text);
}

void rg_native_tags_clear(struct rg_native_tags *tags)
{
    rg_buf_clear(&tags->text);
    tags->count = 0;
}

enum rg_status rg_native_tag(struct rg_native_tags *tags, const char *prefix, struct rg_str value)
{
    size_t before = tags->text.len;
    enum rg_status st =
        tags->count < RG_NATIVE_TAGS_MAX ? rg_buf_str(&tags->text, prefix) : RG_ELIMIT;

    if (st == RG_OK)
        st = rg_buf_append(&tags->text, value.ptr, value.len);
    if (st == RG_OK)
        tags->ends[tags->count++] = tags->text.len;
    else
        tags->text.len = before;
    return st == RG_ETOOBIG ? RG_ELIMIT : st;
}

struct rg_tags rg_native_tags_view(struct rg_native_tags *tags)
{
    const char *text = (const char *)tags->text.data;
    size_t at = 0;

    for (size_t i = 0; i < tags->count; i++) {
        tags->views[i] = (struct rg_str){text + at, tags->ends[i] - at};
        at = tags->ends[i];
    }
    return (struct rg_tags){tags->count ? tags->views : NULL, tags->count};
}
