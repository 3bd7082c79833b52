#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "native_world.h"

#include <errno.h>
#include <stdlib.h>

static struct native_world *from_procfs(struct rg_procfs *fs)
{
    return (struct native_world *)((char *)fs - offsetof(struct native_world, procfs));
}

static struct native_world *from_host(struct rg_host *host)
{
    return (struct native_world *)((char *)host - offsetof(struct native_world, host));
}

static bool planned(struct native_world *w)
{
    return ++w->calls == w->fail_at;
}

static enum rg_status read_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    struct native_world *w = from_procfs(fs);

    if (planned(w))
        return rg_err_errno(err, w->fail_errnum);
    for (size_t i = 0; i < w->file_count; i++) {
        const struct native_file *f = &w->files[i];

        if (strcmp(f->path, path) != 0)
            continue;
        if (f->errnum)
            return rg_err_errno(err, f->errnum);
        return rg_buf_set(out, f->text, f->len);
    }
    return rg_err_errno(err, ENOENT);
}

static enum rg_status filesystem(
    struct rg_host *host, const char *path, struct rg_filesystem *out, struct rg_err *err)
{
    struct native_world *w = from_host(host);

    if (planned(w))
        return rg_err_errno(err, w->fail_errnum);
    for (size_t i = 0; i < w->mount_count; i++) {
        if (strcmp(w->mounts[i].path, path) != 0)
            continue;
        *out = w->mounts[i].fs;
        return w->mounts[i].errnum ? rg_err_errno(err, w->mounts[i].errnum) : RG_OK;
    }
    return rg_err_errno(err, ENOENT);
}

static const struct rg_procfs_ops procfs_ops = {.name = "native", .read_host = read_host};
static const struct rg_host_ops host_ops = {.name = "native", .filesystem = filesystem};

void native_init(struct native_world *w)
{
    memset(w, 0, sizeof(*w));
    fixture_init(&w->metrics, NULL, NULL);
    w->procfs.ops = &procfs_ops;
    w->host.ops = &host_ops;
    w->facts =
        (struct rg_host_facts){.clock_ticks_per_s = 100, .page_size_bytes = 4096, .cpu_count = 4};
    w->world = (struct rg_check_world){
        .runtime = w->metrics.runtime,
        .procfs = &w->procfs,
        .host = &w->host,
        .aggregator = w->metrics.aggregator,
        .log = &w->metrics.log,
        .facts = &w->facts,
    };
}

void native_finish(struct native_world *w)
{
    if (w->open_checks == 0)
        fixture_finish(&w->metrics);
}

void native_drop(struct native_world *w, struct rg_check *check)
{
    w->open_checks -= check != NULL;
    rg_check_destroy(check);
}

static struct native_file *file_at(struct native_world *w, const char *path)
{
    for (size_t i = 0; i < w->file_count; i++) {
        if (strcmp(w->files[i].path, path) == 0)
            return &w->files[i];
    }
    rg_assert(w->file_count < NATIVE_FILES_MAX);
    w->files[w->file_count] = (struct native_file){.path = path};
    return &w->files[w->file_count++];
}

void native_set_bytes(struct native_world *w, const char *path, const char *text, size_t len)
{
    *file_at(w, path) = (struct native_file){.path = path, .text = text, .len = len};
}

void native_set(struct native_world *w, const char *path, const char *text)
{
    native_set_bytes(w, path, text, strlen(text));
}

void native_set_errno(struct native_world *w, const char *path, int errnum)
{
    file_at(w, path)->errnum = errnum;
}

static struct native_mount *mount_at(struct native_world *w, const char *path)
{
    for (size_t i = 0; i < w->mount_count; i++) {
        if (strcmp(w->mounts[i].path, path) == 0)
            return &w->mounts[i];
    }
    rg_assert(w->mount_count < NATIVE_MOUNTS_MAX);
    w->mounts[w->mount_count] = (struct native_mount){.path = path};
    return &w->mounts[w->mount_count++];
}

void native_set_mount(struct native_world *w, const char *path, struct rg_filesystem fs)
{
    mount_at(w, path)->fs = fs;
}

void native_set_mount_errno(struct native_world *w, const char *path, int errnum)
{
    mount_at(w, path)->errnum = errnum;
}

void native_set_all(struct native_world *w)
{
    native_set(w, "stat", "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nctxt 99\n");
    native_set(w, "loadavg", "0.20 0.18 0.12 1/80 11206\n");
    native_set(w, "uptime", "350735.47 234388.90\n");
    native_set(w, "sys/fs/file-nr", "1208\t0\t2466177\n");
    native_set(w, "meminfo",
        "MemTotal: 4096 kB\nMemFree: 1024 kB\nCached: 512 kB\nActive(file): 256 kB\n"
        "Inactive(file): 256 kB\nSReclaimable: 128 kB\nSwapTotal: 2048 kB\nSwapFree: 512 kB\n");
    native_set(w, "zoneinfo", "Node 0, zone DMA\n  pages free 3975\n        low      16\n");
    native_set(w, "vmstat", "allocstall_dma 1\npgpgin 10\npgpgout 20\npswpin 3\npswpout 4\n");
    native_set(w, "diskstats", "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n");
    native_set(w, "self/mounts",
        "/dev/sda1 / ext4 rw,relatime 0 0\n/dev/sdb1 /a\\040b xfs ro 0 0\nproc /proc proc rw 0 "
        "0\n");
    native_set(w, "filesystems", "nodev\tproc\n\text4\n\txfs\n");
    native_set(w, "net/dev",
        "Inter-|   Receive  |  Transmit\n face |bytes packets\n"
        "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    native_set(w, "net/snmp", "Tcp: InSegs CurrEstab\nTcp: 7 3\n");
    native_set(w, "net/netstat", "TcpExt: ListenDrops\nTcpExt: 5\n");
    native_set(w, "net/tcp", "  sl  local_address\n   0: 00:1 00:0 0A 0:0 0\n");
    native_set(w, "net/udp", "  sl  local_address\n   0: 00:1 00:0 07 0:0 0\n");
    native_set(w, "sys/net/netfilter/nf_conntrack_max", "262144\n");
    native_set_mount(w, "/", (struct rg_filesystem){4096, 1000, 500, 400, 100, 60});
    native_set_mount(w, "/a b", (struct rg_filesystem){512, 2000, 2000, 2000, 0, 0});
    native_set_mount(w, "/proc", (struct rg_filesystem){4096, 0, 0, 0, 0, 0});
}

static enum rg_status count_open(struct native_world *w, enum rg_status st)
{
    w->open_checks += st == RG_OK;
    return st;
}

enum rg_status native_try(struct native_world *w, const char *name, const char *instance,
    const char *init_config, struct rg_check **out)
{
    struct rg_check_source from = {
        .name = rg_str_from(name),
        .fast_digest = 0x1234,
        .instance = rg_str_from(instance),
        .init_config = rg_str_from(init_config),
        .source = RG_STR_LIT("file:test"),
    };
    size_t count;
    const struct rg_check_factory *all = rg_native_checks(&count);

    w->err = (struct rg_err){0};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0)
            return count_open(w, all[i].create(&w->world, &from, out, &w->err));
    }
    fail_msg("no check %s", name);
    return RG_ENOTFOUND;
}

struct rg_check *native_check(struct native_world *w, const char *name, const char *instance)
{
    struct rg_check *check = NULL;
    enum rg_status st = native_try(w, name, instance, "", &check);

    if (st != RG_OK)
        fail_msg("%s: %s", name, rg_err_text(&w->err, st));
    return check;
}

enum rg_status native_run(struct native_world *w, struct rg_check *check)
{
    enum rg_status st;

    w->err = (struct rg_err){0};
    rg_check_warnings_clear(&check->warnings);
    st = check->ops->run(check, &w->err);
    rg_sender_end_run(check->sender);
    fixture_flush(&w->metrics, false);
    return st;
}

void native_run_later(struct native_world *w, struct rg_check *check)
{
    enum rg_status st;

    fixture_pass(&w->metrics, 10);
    st = native_run(w, check);
    if (st != RG_OK)
        fail_msg("%s: %s", check->id, rg_err_text(&w->err, st));
}

static bool same_tags(struct rg_tags tags, const char *wanted)
{
    struct rg_str rest = rg_str_from(wanted), tag;
    size_t n = 0;

    while (rg_str_split(&rest, ',', &tag)) {
        if (n == tags.count || !rg_str_eq(tags.items[n], tag))
            return false;
        n++;
    }
    return n == tags.count;
}

const struct rg_serie *native_serie(
    const struct native_world *w, const char *name, const char *tags)
{
    for (size_t i = 0; i < w->metrics.flush.metrics.serie_count; i++) {
        const struct rg_serie *s = &w->metrics.flush.metrics.series[i];

        if (rg_str_is(s->context->name, name) && same_tags(s->context->tags, tags))
            return s;
    }
    return NULL;
}

bool native_has(const struct native_world *w, const char *name, const char *tags)
{
    return native_serie(w, name, tags) != NULL;
}

double native_value(const struct native_world *w, const char *name, const char *tags)
{
    const struct rg_serie *s = native_serie(w, name, tags);
    char text[512];

    if (!s) {
        for (size_t i = 0; i < native_count(w); i++)
            print_message("%s\n", serie_text(&w->metrics, i, text));
        fail_msg("no series %s [%s]", name, tags);
        return 0;
    }
    return s->first.value;
}

size_t native_count(const struct native_world *w)
{
    return w->metrics.flush.metrics.serie_count;
}

int native_service(const struct native_world *w, const char *name, const char *tags)
{
    for (size_t i = 0; i < w->metrics.flush.check_count; i++) {
        const struct rg_service_check *c = w->metrics.flush.checks[i];

        if (rg_str_is(c->name, name) && same_tags(c->tags, tags))
            return (int)c->status;
    }
    return -1;
}
