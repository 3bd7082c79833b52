/* upstream: integrations-core disk/datadog_checks/disk/disk.py, and its port
 * pkg/collector/corechecks/system/disk/diskv2/disk.go */
#include "disk_options.h"
#include "disk_table.h"
#include "mount_table.h"
#include "native_checks.h"
#include "native_kit.h"
#include "native_text.h"

#include <string.h>

#define KIB 1024.0

struct disk_check {
    struct rg_check base; /* first */
    struct rg_disk_options options;
    struct rg_mount_table mounts;
    struct rg_disk_table disks;
    struct rg_native_tags tags;
    struct rg_buf lowered; /* a device name in lower case */
};

static struct rg_str base_name(struct rg_str path)
{
    const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;

    if (!slash)
        return path;
    return (struct rg_str){slash + 1, (size_t)(path.ptr + path.len - slash - 1)};
}

static enum rg_status add_device_tag(struct disk_check *c, struct rg_str name)
{
    enum rg_status st;

    if (!c->options.lowercase_device_tag)
        return rg_native_tag(&c->tags, "device:", name);
    st = rg_buf_set(&c->lowered, name.ptr, name.len);
    if (st != RG_OK)
        return st == RG_ETOOBIG ? RG_ELIMIT : st;
    for (size_t i = 0; i < c->lowered.len; i++) {
        uint8_t b = c->lowered.data[i];

        c->lowered.data[i] = b >= 'A' && b <= 'Z' ? (uint8_t)(b - 'A' + 'a') : b;
    }
    return rg_native_tag(&c->tags, "device:", rg_str_buf(&c->lowered));
}

/* The tags that device_tag_re gives to a name. */
static enum rg_status add_matching_tags(struct disk_check *c, struct rg_str name)
{
    struct rg_pattern_list *patterns = c->options.tag_patterns;
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < rg_pattern_list_count(patterns) && st == RG_OK; i++) {
        struct rg_str rest = rg_str_from(c->options.tag_lists[i]), tag;

        if (!rg_pattern_matches(patterns, i, name))
            continue;
        while (st == RG_OK && rg_str_split(&rest, ',', &tag)) {
            tag = rg_str_trim(tag, " \t");
            if (tag.len)
                st = rg_native_tag(&c->tags, "", tag);
        }
    }
    return st;
}

static enum rg_status set_tags(struct disk_check *c, struct rg_str device, struct rg_str name)
{
    enum rg_status st = add_device_tag(c, name);

    if (st == RG_OK)
        st = rg_native_tag(&c->tags, "device_name:", base_name(device));
    return st == RG_OK ? add_matching_tags(c, name) : st;
}

static enum rg_status set_mount_tags(struct disk_check *c, const struct rg_mount *mount)
{
    enum rg_status st = RG_OK;

    rg_native_tags_clear(&c->tags);
    if (c->options.tag_by_filesystem) {
        st = rg_native_tag(&c->tags, "", mount->type);
        if (st == RG_OK)
            st = rg_native_tag(&c->tags, "filesystem:", mount->type);
    }
    if (st != RG_OK)
        return st;
    return set_tags(c, mount->device, c->options.use_mount ? mount->point : mount->device);
}

static void gauges(struct disk_check *c, const char *const *names, const double *values, size_t n)
{
    struct rg_tags tags = rg_native_tags_view(&c->tags);

    for (size_t i = 0; i < n; i++)
        rg_sender_gauge(c->base.sender, names[i], values[i], NULL, tags);
}

/* What root may use beyond free is neither used nor free, so used and free are less than total. */
static void send_space(struct disk_check *c, const struct rg_filesystem *fs)
{
    static const char *const names[] = {"system.disk.total", "system.disk.used", "system.disk.free",
        "system.disk.utilized", "system.disk.in_use"};
    double block = (double)fs->block_size_bytes;
    double used = fs->blocks > fs->blocks_free ? (double)(fs->blocks - fs->blocks_free) * block : 0;
    double free_bytes = (double)fs->blocks_available * block;
    double share = used + free_bytes > 0 ? used / (used + free_bytes) : 0;
    const double values[] = {
        (double)fs->blocks * block / KIB, used / KIB, free_bytes / KIB, share * 100, share};

    gauges(c, names, values, sizeof(values) / sizeof(values[0]));
}

static void send_inodes(struct disk_check *c, const struct rg_filesystem *fs)
{
    static const char *const names[] = {"system.fs.inodes.total", "system.fs.inodes.free",
        "system.fs.inodes.used", "system.fs.inodes.utilized", "system.fs.inodes.in_use"};
    double total = (double)fs->files;
    double used = fs->files > fs->files_free ? (double)(fs->files - fs->files_free) : 0;
    const double values[] = {total, (double)fs->files_free, used, used * 100 / total, used / total};

    gauges(c, names, values, sizeof(values) / sizeof(values[0]));
}

static void send_writable(struct disk_check *c, const struct rg_mount *mount)
{
    bool rw = rg_mount_has_option(mount, "rw"), ro = rg_mount_has_option(mount, "ro");

    rg_sender_service_check(c->base.sender, &(struct rg_service_check){
                                                .name = RG_STR_LIT("disk.read_write"),
                                                .status = rw == ro ? RG_SERVICE_UNKNOWN
                                                          : rw     ? RG_SERVICE_OK
                                                                   : RG_SERVICE_CRITICAL,
                                                .tags = rg_native_tags_view(&c->tags),
                                            });
}

static enum rg_status send_mount(
    struct disk_check *c, const struct rg_mount *mount, struct rg_err *err)
{
    struct rg_err cause = {0};
    struct rg_filesystem fs;
    char path[RG_HOST_PATH_MAX];
    enum rg_status st;

    memcpy(path, mount->point.ptr, mount->point.len);
    path[mount->point.len] = 0;
    st = rg_host_filesystem(c->base.world->host, path, &fs, &cause);
    if (rg_native_fatal(st)) {
        if (err)
            *err = cause;
        rg_err_prefix(err, "usage of a file system");
        return st;
    }
    if (st != RG_OK) {
        rg_check_warn(&c->base,
            "cannot read the usage of '%s': %s; mount_point_exclude leaves it out", path,
            rg_err_text(&cause, st));
        return RG_OK;
    }
    if ((double)fs.blocks * (double)fs.block_size_bytes <= c->options.min_disk_bytes)
        return RG_OK;
    st = set_mount_tags(c, mount);
    if (st == RG_ELIMIT) {
        rg_check_warn(&c->base, "the tags of '%s' are too long; it is left out", path);
        return RG_OK;
    }
    if (st != RG_OK)
        return st;
    send_space(c, &fs);
    if (fs.files)
        send_inodes(c, &fs);
    if (c->options.service_check_rw)
        send_writable(c, mount);
    return RG_OK;
}

/* True when a line of /proc/filesystems says that the type needs a device, or it is zfs. */
static bool needs_device(struct rg_str filesystems, struct rg_str type)
{
    struct rg_str line, words[2];

    while (rg_str_split(&filesystems, '\n', &line)) {
        size_t n = rg_text_words(line, words, 2);

        if ((n == 1 && rg_str_eq(words[0], type)) ||
            (n == 2 && rg_str_eq(words[1], type) && rg_str_is(type, "zfs")))
            return true;
    }
    return false;
}

/* filesystems is empty when all types are wanted. */
static enum rg_status send_mounts(
    struct disk_check *c, const struct rg_buf *filesystems, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < c->mounts.count && st == RG_OK; i++) {
        const struct rg_mount *mount = &c->mounts.rows[i];

        if (mount->hidden || !rg_disk_options_want(&c->options, mount))
            continue;
        if (!c->options.include_all_devices && !needs_device(rg_str_buf(filesystems), mount->type))
            continue;
        if (rg_check_stopping(&c->base)) {
            rg_err_set(err, "stopped");
            return RG_ESTOPPED;
        }
        st = send_mount(c, mount, err);
    }
    return st;
}

/* Time spent with requests, of each block device. */
static enum rg_status send_latency(struct disk_check *c, struct rg_err *err)
{
    bool there = false;
    enum rg_status st =
        rg_native_read_optional(&c->base, "diskstats", true, &c->disks.text, &there, err);

    if (st != RG_OK || !there)
        return st;
    st = rg_disk_table_parse(&c->disks, err);
    for (size_t i = 0; i < c->disks.count && st == RG_OK; i++) {
        const struct rg_disk_stats *d = &c->disks.rows[i];
        struct rg_sender *sender = c->base.sender;
        struct rg_tags tags;

        rg_native_tags_clear(&c->tags);
        st = set_tags(c, d->name, d->name);
        tags = rg_native_tags_view(&c->tags);
        if (st != RG_OK)
            break;
        rg_sender_monotonic_count(sender, "system.disk.read_time", (double)d->read_ms, NULL, tags);
        rg_sender_monotonic_count(
            sender, "system.disk.write_time", (double)d->write_ms, NULL, tags);
        rg_sender_rate(
            sender, "system.disk.read_time_pct", (double)d->read_ms * 100 / 1000, NULL, tags);
        rg_sender_rate(
            sender, "system.disk.write_time_pct", (double)d->write_ms * 100 / 1000, NULL, tags);
    }
    return st;
}

/* self/mounts is what this process sees; trees that are copies of a /proc have no self. */
static enum rg_status read_mounts(struct disk_check *c, struct rg_err *err)
{
    enum rg_status st = rg_native_read(&c->base, "self/mounts", &c->mounts.text, err);

    if (st == RG_ENOTFOUND)
        st = rg_native_read(&c->base, "mounts", &c->mounts.text, err);
    return st == RG_OK ? rg_mount_table_parse(&c->mounts, err) : st;
}

static enum rg_status disk_run(struct rg_check *check, struct rg_err *err)
{
    struct disk_check *c = (struct disk_check *)check;
    struct rg_buf filesystems;
    enum rg_status st;

    rg_buf_init(&filesystems, RG_PROCFS_FILE_MAX);
    st = read_mounts(c, err);
    if (st == RG_OK && !c->options.include_all_devices)
        st = rg_native_read(check, "filesystems", &filesystems, err);
    if (st == RG_OK)
        st = send_mounts(c, &filesystems, err);
    if (st == RG_OK)
        st = send_latency(c, err);
    if (st == RG_OK && rg_disk_options_given_up(&c->options))
        rg_check_warn(check, "a pattern takes too long to match; simplify the options");
    rg_buf_finish(&filesystems);
    return st == RG_OK ? rg_sender_commit(check->sender, err) : st;
}

static void disk_finish(struct rg_check *check)
{
    struct disk_check *c = (struct disk_check *)check;

    rg_disk_options_finish(&c->options);
    rg_mount_table_finish(&c->mounts);
    rg_disk_table_finish(&c->disks);
    rg_native_tags_finish(&c->tags);
    rg_buf_finish(&c->lowered);
}

static const struct rg_check_ops disk_ops = {.version = "", .run = disk_run, .finish = disk_finish};

enum rg_status rg_disk_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    struct rg_disk_options options;
    struct rg_check *check = NULL;
    struct disk_check *c;
    enum rg_status st = rg_disk_options_read(&options, from, world->log, err);

    if (st == RG_OK)
        st = rg_native_create(&disk_ops, sizeof(struct disk_check), true, world, from, &check, err);
    if (st != RG_OK) {
        rg_disk_options_finish(&options);
        return st;
    }
    c = (struct disk_check *)check;
    c->options = options;
    rg_mount_table_init(&c->mounts);
    rg_disk_table_init(&c->disks);
    rg_native_tags_init(&c->tags);
    rg_buf_init(&c->lowered, RG_NATIVE_TAG_BYTES_MAX);
    *out = check;
    return RG_OK;
}
