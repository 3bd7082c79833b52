/* upstream: pkg/collector/corechecks/system/disk/io/iostats_nix.go */
#include "disk_table.h"
#include "native_checks.h"
#include "native_kit.h"
#include "native_text.h"
#include "pattern_list.h"
#include "yaml_decode.h"

#include <math.h>
#include <stdlib.h>

#define KIB               1024.0
#define VMSTAT_UNIT_BYTES 4096.0 /* upstream takes the counters for pages */

struct io_check {
    struct rg_check base;            /* first */
    struct rg_pattern_list *exclude; /* owned */
    struct rg_disk_table tables[2];  /* of this run and of the one before */
    unsigned current;                /* index of the table that is filled next */
    bool has_last;
    struct rg_mono last;
};

/* Growth of one counter. A counter that fell has passed its 32 bits, when that makes the growth a
 * plausible one; otherwise it is that of another device, and *reset is set. */
static double growth(uint64_t now, uint64_t before, bool *reset)
{
    uint64_t wrapped;

    if (now >= before)
        return (double)(now - before);
    wrapped = (uint64_t)UINT32_MAX + 1 - before + now;
    if (before <= UINT32_MAX && wrapped <= INT32_MAX)
        return (double)wrapped;
    *reset = true;
    return 0;
}

struct deltas {
    double reads, writes, read_bytes, written_bytes, read_ms, write_ms, io_ms, weighted_ms;
};

static bool compare(
    const struct rg_disk_stats *now, const struct rg_disk_stats *before, struct deltas *out)
{
    bool reset = false;

    *out = (struct deltas){
        .reads = growth(now->reads, before->reads, &reset),
        .writes = growth(now->writes, before->writes, &reset),
        .read_bytes =
            growth(now->read_sectors, before->read_sectors, &reset) * RG_DISK_SECTOR_BYTES,
        .written_bytes =
            growth(now->written_sectors, before->written_sectors, &reset) * RG_DISK_SECTOR_BYTES,
        .read_ms = growth(now->read_ms, before->read_ms, &reset),
        .write_ms = growth(now->write_ms, before->write_ms, &reset),
        .io_ms = growth(now->io_ms, before->io_ms, &reset),
        .weighted_ms = growth(now->weighted_ms, before->weighted_ms, &reset),
    };
    return !reset;
}

static double per(double amount, double count)
{
    return count > 0 ? amount / count : 0;
}

static void send_deltas(
    struct rg_sender *sender, const struct deltas *d, double elapsed_s, struct rg_tags tags)
{
    double requests = d->reads + d->writes;
    double busy_pct = d->io_ms / (elapsed_s * 10); /* ms per second, in percent */
    const struct {
        const char *name;
        double value;
    } metrics[] = {
        {"system.io.rkb_s", d->read_bytes / KIB / elapsed_s},
        {"system.io.wkb_s", d->written_bytes / KIB / elapsed_s},
        {"system.io.avg_rq_sz",
            per((d->read_bytes + d->written_bytes) / RG_DISK_SECTOR_BYTES, requests)},
        {"system.io.await", per(d->read_ms + d->write_ms, requests)},
        {"system.io.r_await", per(d->read_ms, d->reads)},
        {"system.io.w_await", per(d->write_ms, d->writes)},
        {"system.io.avg_q_sz", d->weighted_ms / KIB / elapsed_s}, /* upstream: not 1000 */
        {"system.io.svctm", per(d->io_ms, requests)},
        {"system.io.util", busy_pct},
    };

    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        rg_sender_gauge(sender, metrics[i].name, round(metrics[i].value * 100) / 100, NULL, tags);
}

/* elapsed_s 0: there is nothing to compare with. */
static enum rg_status send_devices(
    struct io_check *c, double elapsed_s, struct rg_native_tags *tags, struct rg_err *err)
{
    const struct rg_disk_table *now = &c->tables[c->current], *before = &c->tables[!c->current];
    struct rg_sender *sender = c->base.sender;

    for (size_t i = 0; i < now->count; i++) {
        const struct rg_disk_stats *row = &now->rows[i], *old;
        struct deltas deltas;
        struct rg_tags view;
        enum rg_status st;

        if (rg_pattern_list_matches(c->exclude, row->name))
            continue;
        rg_native_tags_clear(tags);
        st = rg_native_tag(tags, "device:", row->name);
        if (st == RG_OK)
            st = rg_native_tag(tags, "device_name:", row->name);
        if (st != RG_OK) {
            rg_err_set(err, "tags of a device: %s", rg_status_name(st));
            return st;
        }
        view = rg_native_tags_view(tags);
        rg_sender_rate(sender, "system.io.r_s", (double)row->reads, NULL, view);
        rg_sender_rate(sender, "system.io.w_s", (double)row->writes, NULL, view);
        rg_sender_rate(sender, "system.io.rrqm_s", (double)row->merged_reads, NULL, view);
        rg_sender_rate(sender, "system.io.wrqm_s", (double)row->merged_writes, NULL, view);
        old = elapsed_s > 0 ? rg_disk_table_find(before, row->name) : NULL;
        if (old && compare(row, old, &deltas))
            send_deltas(sender, &deltas, elapsed_s, view);
    }
    return RG_OK;
}

static enum rg_status send_blocks(struct io_check *c, struct rg_err *err)
{
    struct rg_buf buf;
    bool there = false;
    uint64_t n;
    enum rg_status st;

    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_native_read_optional(&c->base, "vmstat", true, &buf, &there, err);
    if (st == RG_OK && there) {
        if (rg_text_value(rg_str_buf(&buf), "pgpgin", &n))
            rg_sender_rate(c->base.sender, "system.io.block_in", (double)n * VMSTAT_UNIT_BYTES,
                NULL, RG_NO_TAGS);
        if (rg_text_value(rg_str_buf(&buf), "pgpgout", &n))
            rg_sender_rate(c->base.sender, "system.io.block_out", (double)n * VMSTAT_UNIT_BYTES,
                NULL, RG_NO_TAGS);
    }
    rg_buf_finish(&buf);
    return st;
}

static enum rg_status io_run(struct rg_check *check, struct rg_err *err)
{
    struct io_check *c = (struct io_check *)check;
    struct rg_disk_table *table = &c->tables[c->current];
    struct rg_native_tags tags;
    struct rg_mono now;
    double elapsed_s = 0;
    enum rg_status st = rg_native_read(check, "diskstats", &table->text, err);

    if (st != RG_OK)
        return st;
    now = rg_runtime_mono(check->world->runtime);
    st = rg_disk_table_parse(table, err);
    if (st != RG_OK)
        return st;
    if (c->has_last)
        elapsed_s = (double)(now.ns - c->last.ns) / (double)RG_NS_PER_S;
    rg_native_tags_init(&tags);
    st = send_devices(c, elapsed_s, &tags, err);
    rg_native_tags_finish(&tags);
    if (st != RG_OK)
        return st;
    st = send_blocks(c, err);
    if (st != RG_OK)
        return st;
    if (rg_pattern_list_given_up(c->exclude))
        rg_check_warn(check, "device_exclude_re takes too long to match; simplify it");
    c->last = now;
    c->has_last = true;
    c->current = !c->current;
    return rg_sender_commit(check->sender, err);
}

static void io_finish(struct rg_check *check)
{
    struct io_check *c = (struct io_check *)check;

    rg_pattern_list_destroy(c->exclude);
    rg_disk_table_finish(&c->tables[0]);
    rg_disk_table_finish(&c->tables[1]);
}

static const struct rg_check_ops io_ops = {.version = "", .run = io_run, .finish = io_finish};

/* The options of this check stand in init_config; an instance may have its own. */
static enum rg_status read_options(
    const struct rg_native_options *o, struct rg_pattern_list *exclude, struct rg_err *err)
{
    static const char *const keys[] = {"device_exclude_re", "device_blacklist_re"};
    const struct rg_yaml_node *maps[] = {o->instance.root, o->init.root};
    static const char *const origins[] = {"instance", "init_config"};

    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 2; k++) {
            const struct rg_yaml_node *node = rg_yaml_get(maps[i], keys[k]);
            char *text = NULL;
            enum rg_status st;

            if (!node || node->kind == RG_YAML_NULL)
                continue;
            st = rg_yaml_to_text(origins[i], node, keys[k], &text, err);
            if (st != RG_OK)
                return st;
            if (text[0])
                st = rg_pattern_list_add(exclude, keys[k], rg_str_from(text), "", 0, err);
            free(text);
            return st;
        }
    }
    return RG_OK;
}

enum rg_status rg_io_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    struct rg_native_options o;
    struct rg_pattern_list *exclude = NULL;
    struct rg_check *check = NULL;
    struct io_check *c;
    enum rg_status st = rg_native_options_open(&o, from, err);

    if (st != RG_OK)
        return st;
    st = rg_pattern_list_create(&exclude);
    if (st == RG_OK)
        st = read_options(&o, exclude, err);
    rg_native_options_finish(&o);
    if (st == RG_OK)
        st = rg_native_create(&io_ops, sizeof(struct io_check), false, world, from, &check, err);
    if (st != RG_OK) {
        rg_pattern_list_destroy(exclude);
        return st;
    }
    c = (struct io_check *)check;
    c->exclude = exclude;
    rg_disk_table_init(&c->tables[0]);
    rg_disk_table_init(&c->tables[1]);
    *out = check;
    return RG_OK;
}
