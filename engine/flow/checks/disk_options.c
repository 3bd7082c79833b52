#include "disk_options.h"

#include "native_kit.h"
#include "rg/base/mem.h"
#include "yaml_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTS 7
#define MIB   1048576.0

static struct rg_pattern_list **list_at(struct rg_disk_options *o, size_t i)
{
    struct rg_pattern_list **const lists[LISTS] = {&o->type_include, &o->type_exclude,
        &o->device_include, &o->device_exclude, &o->point_include, &o->point_exclude,
        &o->tag_patterns};

    return lists[i];
}

void rg_disk_options_finish(struct rg_disk_options *o)
{
    size_t tag_lists = o->tag_patterns ? rg_pattern_list_count(o->tag_patterns) : 0;

    for (size_t i = 0; o->tag_lists && i < tag_lists; i++)
        free(o->tag_lists[i]);
    free(o->tag_lists);
    for (size_t i = 0; i < LISTS; i++)
        rg_pattern_list_destroy(*list_at(o, i));
    *o = (struct rg_disk_options){0};
}

struct reader {
    const struct rg_native_options *yaml;
    const struct rg_log *log;
    struct rg_err *err;
};

static bool empty(const struct rg_yaml_node *node)
{
    return !node || node->kind == RG_YAML_NULL || (node->kind == RG_YAML_LIST && !node->first) ||
           (node->kind == RG_YAML_STRING && node->text.len == 0);
}

static enum rg_status add_one(struct reader *r, const char *origin, const struct rg_yaml_node *node,
    const char *key, struct rg_pattern_list *list, const char *suffix, unsigned flags)
{
    char *text = NULL;
    enum rg_status st = rg_yaml_to_text(origin, node, key, &text, r->err);

    if (st == RG_OK && text[0]) /* an empty pattern would match everything */
        st = rg_pattern_list_add(list, key, rg_str_from(text), suffix, flags, r->err);
    free(text);
    return st;
}

/* A text, or a list of texts. */
static enum rg_status add_patterns(struct reader *r, const char *origin,
    const struct rg_yaml_node *node, const char *key, struct rg_pattern_list *list,
    const char *suffix, unsigned flags)
{
    enum rg_status st = RG_OK;

    if (empty(node))
        return RG_OK;
    if (node->kind != RG_YAML_LIST)
        return add_one(r, origin, node, key, list, suffix, flags);
    for (const struct rg_yaml_node *n = node->first; n && st == RG_OK; n = n->next)
        st = add_one(r, origin, n, key, list, suffix, flags);
    return st;
}

/* What the new name says, else the old one. */
static enum rg_status add_renamed(struct reader *r, const char *key, const char *old_key,
    struct rg_pattern_list *list, unsigned flags)
{
    const struct rg_yaml_node *node = rg_yaml_get(r->yaml->instance.root, key);
    const struct rg_yaml_node *old = rg_yaml_get(r->yaml->instance.root, old_key);

    if (!empty(old))
        rg_log(r->log, RG_LOG_WARN, "disk", "'%s' is the old name of '%s'", old_key, key);
    if (empty(node) && !empty(old))
        return add_patterns(r, "instance", old, old_key, list, "", flags);
    return add_patterns(r, "instance", node, key, list, "", flags);
}

/* Options of init_config; where neither name is there, the defaults. */
static enum rg_status add_global(struct reader *r, const char *key, const char *old_key,
    const char *const *defaults, struct rg_pattern_list *list, unsigned flags)
{
    const struct rg_yaml_node *node = rg_yaml_get(r->yaml->init.root, key);
    enum rg_status st = RG_OK;

    if (!node) {
        node = rg_yaml_get(r->yaml->init.root, old_key);
        if (node)
            rg_log(r->log, RG_LOG_WARN, "disk", "'%s' is the old name of '%s'", old_key, key);
    }
    if (node)
        return add_patterns(r, "init_config", node, key, list, "", flags);
    for (; defaults && *defaults && st == RG_OK; defaults++)
        st = rg_pattern_list_add(list, key, rg_str_from(*defaults), "", flags, r->err);
    return st;
}

/* Options that older configurations have. */
static enum rg_status add_legacy(struct reader *r, const char *key, struct rg_pattern_list *list,
    const char *suffix, unsigned flags)
{
    const struct rg_yaml_node *node = rg_yaml_get(r->yaml->instance.root, key);

    return add_patterns(r, "instance", node, key, list, suffix, flags);
}

static enum rg_status read_filters(struct rg_disk_options *o, struct reader *r)
{
    /* CD-ROMs are always full; tracefs is mounted by whoever looks at it */
    static const char *const types[] = {"iso9660$", "tracefs$", NULL};
    /* looking at it would mount it */
    static const char *const points[] = {"(/host)?/proc/sys/fs/binfmt_misc$", NULL};
    unsigned type = RG_PATTERN_AT_START | RG_PATTERN_IGNORE_CASE, other = RG_PATTERN_AT_START;
    enum rg_status st =
        add_renamed(r, "file_system_include", "file_system_whitelist", o->type_include, type);

    if (st == RG_OK)
        st = add_renamed(r, "file_system_exclude", "file_system_blacklist", o->type_exclude, type);
    if (st == RG_OK)
        st = add_global(r, "file_system_global_exclude", "file_system_global_blacklist", types,
            o->type_exclude, type);
    if (st == RG_OK)
        st = add_legacy(r, "excluded_filesystems", o->type_exclude, "$", type);
    if (st == RG_OK)
        st = add_renamed(r, "device_include", "device_whitelist", o->device_include, other);
    if (st == RG_OK)
        st = add_renamed(r, "device_exclude", "device_blacklist", o->device_exclude, other);
    if (st == RG_OK)
        st = add_global(
            r, "device_global_exclude", "device_global_blacklist", NULL, o->device_exclude, other);
    if (st == RG_OK)
        st = add_legacy(r, "excluded_disks", o->device_exclude, "$", other);
    if (st == RG_OK)
        st = add_legacy(r, "excluded_disk_re", o->device_exclude, "", other);
    if (st == RG_OK)
        st =
            add_renamed(r, "mount_point_include", "mount_point_whitelist", o->point_include, other);
    if (st == RG_OK)
        st =
            add_renamed(r, "mount_point_exclude", "mount_point_blacklist", o->point_exclude, other);
    if (st == RG_OK)
        st = add_global(r, "mount_point_global_exclude", "mount_point_global_blacklist", points,
            o->point_exclude, other);
    if (st == RG_OK)
        st = add_legacy(r, "excluded_mountpoint_re", o->point_exclude, "", other);
    return st;
}

static enum rg_status read_flags(struct rg_disk_options *o, struct reader *r)
{
    const struct {
        const char *key;
        bool fallback;
        bool *out;
    } flags[] = {
        {"use_mount", false, &o->use_mount},
        {"all_partitions", false, &o->all_partitions},
        {"include_all_devices", true, &o->include_all_devices},
        {"tag_by_filesystem", false, &o->tag_by_filesystem},
        {"service_check_rw", false, &o->service_check_rw},
        {"lowercase_device_tag", false, &o->lowercase_device_tag},
    };
    const struct rg_yaml_node *node = rg_yaml_get(r->yaml->instance.root, "min_disk_size");
    enum rg_status st = RG_OK;
    int64_t mib = 0;

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && st == RG_OK; i++)
        st = rg_native_flag(r->yaml, flags[i].key, flags[i].fallback, flags[i].out, r->err);
    if (st == RG_OK)
        st = rg_yaml_to_int("instance", node, "min_disk_size", &mib, r->err);
    if (st == RG_OK && mib < 0)
        st = rg_yaml_wrong("instance", node, "min_disk_size", "0 or more MiB", r->err);
    o->min_disk_bytes = (double)mib * MIB;
    return st;
}

/* device_tag_re: {"/san/.*": "device_type:san, team:storage"} */
static enum rg_status read_tag_patterns(struct rg_disk_options *o, struct reader *r)
{
    const struct rg_yaml_node *map = rg_yaml_get(r->yaml->instance.root, "device_tag_re");
    enum rg_status st = RG_OK;

    if (empty(map))
        return RG_OK;
    if (map->kind != RG_YAML_MAP)
        return rg_yaml_wrong(
            "instance", map, "device_tag_re", "a mapping of patterns to tags", r->err);
    o->tag_lists = rg_calloc(map->count + 1, sizeof(*o->tag_lists));
    if (!o->tag_lists)
        return RG_ENOMEM;
    for (const struct rg_yaml_node *n = map->first; n && st == RG_OK; n = n->next) {
        size_t i = rg_pattern_list_count(o->tag_patterns);
        char *tags = NULL;

        st = rg_yaml_to_text("instance", n, "device_tag_re", &tags, r->err);
        if (st == RG_OK)
            st = rg_pattern_list_add(
                o->tag_patterns, "device_tag_re", n->key->text, "", RG_PATTERN_AT_START, r->err);
        if (st == RG_OK)
            o->tag_lists[i] = tags;
        else
            free(tags);
    }
    return st;
}

enum rg_status rg_disk_options_read(struct rg_disk_options *o, const struct rg_check_source *from,
    const struct rg_log *log, struct rg_err *err)
{
    struct rg_native_options yaml;
    struct reader r = {.yaml = &yaml, .log = log, .err = err};
    enum rg_status st;

    *o = (struct rg_disk_options){0};
    st = rg_native_options_open(&yaml, from, err);
    if (st != RG_OK)
        return st;
    for (size_t i = 0; i < LISTS && st == RG_OK; i++)
        st = rg_pattern_list_create(list_at(o, i));
    if (st == RG_OK)
        st = read_flags(o, &r);
    if (st == RG_OK)
        st = read_filters(o, &r);
    if (st == RG_OK)
        st = read_tag_patterns(o, &r);
    rg_native_options_finish(&yaml);
    return st;
}

static bool passes(
    struct rg_pattern_list *include, struct rg_pattern_list *exclude, struct rg_str text)
{
    if (rg_pattern_list_matches(exclude, text))
        return false;
    return rg_pattern_list_count(include) == 0 || rg_pattern_list_matches(include, text);
}

/* What was unlinked under a mount has this behind its name; patterns are not about that. */
static struct rg_str without_deleted(struct rg_str point)
{
    struct rg_str mark = RG_STR_LIT(" (deleted)");

    if (point.len > mark.len && memcmp(point.ptr + point.len - mark.len, mark.ptr, mark.len) == 0)
        point.len -= mark.len;
    return point;
}

bool rg_disk_options_want(struct rg_disk_options *o, const struct rg_mount *mount)
{
    bool has_device = mount->device.len && !rg_str_is(mount->device, "none");

    if (!has_device && !o->all_partitions)
        return false;
    return passes(o->type_include, o->type_exclude, mount->type) &&
           (!has_device || passes(o->device_include, o->device_exclude, mount->device)) &&
           passes(o->point_include, o->point_exclude, without_deleted(mount->point));
}

size_t rg_disk_options_given_up(struct rg_disk_options *o)
{
    size_t n = 0;

    for (size_t i = 0; i < LISTS; i++)
        n += rg_pattern_list_given_up(*list_at(o, i));
    return n;
}
