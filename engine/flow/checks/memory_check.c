/* upstream: pkg/collector/corechecks/system/memory/memory_nix.go */
#include "native_checks.h"
#include "native_kit.h"
#include "native_text.h"

#include <math.h>
#include <string.h>

#define MIB           1048576.0
#define ZONE_NAME_MAX 64 /* bytes, with the prefix */

enum field {
    MEM_TOTAL,
    MEM_FREE,
    MEM_AVAILABLE, /* since Linux 3.14 */
    BUFFERS,
    CACHED,
    ACTIVE_FILE,
    INACTIVE_FILE,
    SHMEM,
    SLAB,
    S_RECLAIMABLE,
    PAGE_TABLES,
    COMMIT_LIMIT,
    COMMITTED_AS,
    SWAP_CACHED,
    SWAP_TOTAL,
    SWAP_FREE,
    FIELDS,
};

static const struct {
    const char *key;
    const char *metric; /* NULL: used for others only */
} fields[FIELDS] = {
    [MEM_TOTAL] = {"MemTotal", "system.mem.total"},
    [MEM_FREE] = {"MemFree", "system.mem.free"},
    [MEM_AVAILABLE] = {"MemAvailable", NULL},
    [BUFFERS] = {"Buffers", "system.mem.buffered"},
    [CACHED] = {"Cached", NULL},
    [ACTIVE_FILE] = {"Active(file)", NULL},
    [INACTIVE_FILE] = {"Inactive(file)", NULL},
    [SHMEM] = {"Shmem", "system.mem.shared"},
    [SLAB] = {"Slab", "system.mem.slab"},
    [S_RECLAIMABLE] = {"SReclaimable", "system.mem.slab_reclaimable"},
    [PAGE_TABLES] = {"PageTables", "system.mem.page_tables"},
    [COMMIT_LIMIT] = {"CommitLimit", "system.mem.commit_limit"},
    [COMMITTED_AS] = {"Committed_AS", "system.mem.committed_as"},
    [SWAP_CACHED] = {"SwapCached", "system.swap.cached"},
    [SWAP_TOTAL] = {"SwapTotal", "system.swap.total"},
    [SWAP_FREE] = {"SwapFree", "system.swap.free"},
};

struct meminfo {
    double bytes[FIELDS]; /* 0 for what is not there */
    bool has[FIELDS];
};

struct memory_check {
    struct rg_check base; /* first */
    bool collect_memory_pressure;
};

static void parse_meminfo(struct rg_str text, struct meminfo *out)
{
    struct rg_str line, key;
    double bytes;

    *out = (struct meminfo){0};
    while (rg_str_split(&text, '\n', &line)) {
        if (!rg_text_meminfo_line(line, &key, &bytes))
            continue;
        for (size_t i = 0; i < FIELDS; i++) {
            if (rg_str_is(key, fields[i].key)) {
                out->bytes[i] = bytes;
                out->has[i] = true;
                break;
            }
        }
    }
}

/* Sum of the low watermarks of all zones, in pages: lines "low 1234". */
static double low_watermark(struct rg_str zoneinfo)
{
    struct rg_str line, words[2];
    double pages = 0;
    uint64_t n;

    while (rg_str_split(&zoneinfo, '\n', &line)) {
        if (rg_text_words(line, words, 2) == 2 && rg_str_is(words[0], "low") &&
            rg_str_to_u64(words[1], &n))
            pages += (double)n;
    }
    return pages;
}

/* What could be used without swapping, on kernels that do not say: free memory above the low
 * watermarks, and of page cache and reclaimable slab what those watermarks, or half of it, leave.
 */
static enum rg_status guess_available(
    struct rg_check *check, const struct meminfo *m, double *out, struct rg_err *err)
{
    double cache = m->bytes[ACTIVE_FILE] + m->bytes[INACTIVE_FILE];
    double slab = m->bytes[S_RECLAIMABLE];
    bool there = false;
    struct rg_buf buf;
    enum rg_status st;
    double low;

    *out = m->bytes[MEM_FREE] + m->bytes[CACHED] + slab;
    if (!m->has[ACTIVE_FILE] || !m->has[INACTIVE_FILE] || !m->has[S_RECLAIMABLE])
        return RG_OK;
    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_native_read_optional(check, "zoneinfo", true, &buf, &there, err);
    if (st == RG_OK && there) {
        low = low_watermark(rg_str_buf(&buf)) * (double)check->world->facts->page_size_bytes;
        *out = m->bytes[MEM_FREE] - low + cache - fmin(cache / 2, low) + slab - fmin(slab / 2, low);
        *out = fmax(*out, 0);
    }
    rg_buf_finish(&buf);
    return st;
}

static void gauge(struct rg_check *check, const char *name, double value)
{
    rg_sender_gauge(check->sender, name, value, NULL, RG_NO_TAGS);
}

static void send_meminfo(struct rg_check *check, const struct meminfo *m, double available)
{
    double total = m->bytes[MEM_TOTAL], swap = m->bytes[SWAP_TOTAL];
    double swap_used = fmax(swap - m->bytes[SWAP_FREE], 0);

    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].metric && m->has[i])
            gauge(check, fields[i].metric, m->bytes[i] / MIB);
    }
    gauge(check, "system.mem.used", fmax(total - m->bytes[MEM_FREE], 0) / MIB);
    gauge(check, "system.mem.usable", available / MIB);
    if (total > 0)
        gauge(check, "system.mem.pct_usable", available / total);
    if (m->has[CACHED])
        gauge(check, "system.mem.cached", (m->bytes[CACHED] + m->bytes[S_RECLAIMABLE]) / MIB);
    if (m->has[SWAP_TOTAL] && m->has[SWAP_FREE]) {
        gauge(check, "system.swap.used", swap_used / MIB);
        gauge(check, "system.swap.pct_free", swap > 0 ? 1 - swap_used / swap : 1);
    }
}

static void send_swap_rates(struct rg_check *check, struct rg_str vmstat)
{
    double page_mib = (double)check->world->facts->page_size_bytes / MIB;
    uint64_t pages;

    if (rg_text_value(vmstat, "pswpin", &pages))
        rg_sender_rate(
            check->sender, "system.swap.swap_in", (double)pages * page_mib, NULL, RG_NO_TAGS);
    if (rg_text_value(vmstat, "pswpout", &pages))
        rg_sender_rate(
            check->sender, "system.swap.swap_out", (double)pages * page_mib, NULL, RG_NO_TAGS);
}

static enum rg_status send_stalls(struct rg_check *check, struct rg_str vmstat)
{
    const char *prefix = "allocstall_";
    struct rg_native_tags tags;
    struct rg_str line, words[2];
    enum rg_status st = RG_OK;
    uint64_t n;

    rg_native_tags_init(&tags);
    while (st == RG_OK && rg_str_split(&vmstat, '\n', &line)) {
        if (!rg_str_starts(line, prefix) || rg_text_words(line, words, 2) != 2 ||
            words[0].len > ZONE_NAME_MAX || !rg_str_to_u64(words[1], &n))
            continue;
        rg_native_tags_clear(&tags);
        words[0].ptr += strlen(prefix);
        words[0].len -= strlen(prefix);
        st = rg_native_tag(&tags, "zone:", words[0]);
        if (st == RG_OK)
            rg_sender_monotonic_count(check->sender, "system.mem.allocstall", (double)n, NULL,
                rg_native_tags_view(&tags));
    }
    rg_native_tags_finish(&tags);
    return st;
}

static enum rg_status send_pressure(struct rg_check *check, struct rg_str vmstat)
{
    static const struct {
        const char *key;
        const char *metric;
    } counters[] = {
        {"pgscan_direct", "system.mem.pgscan_direct"},
        {"pgsteal_direct", "system.mem.pgsteal_direct"},
        {"pgscan_kswapd", "system.mem.pgscan_kswapd"},
        {"pgsteal_kswapd", "system.mem.pgsteal_kswapd"},
    };
    uint64_t n;

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        if (rg_text_value(vmstat, counters[i].key, &n))
            rg_sender_monotonic_count(
                check->sender, counters[i].metric, (double)n, NULL, RG_NO_TAGS);
    }
    return send_stalls(check, vmstat);
}

static enum rg_status memory_run(struct rg_check *check, struct rg_err *err)
{
    const struct memory_check *c = (const struct memory_check *)check;
    struct meminfo m;
    bool there = false;
    double available;
    struct rg_buf buf;
    enum rg_status st;

    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_native_read(check, "meminfo", &buf, err);
    if (st != RG_OK)
        goto done;
    parse_meminfo(rg_str_buf(&buf), &m);
    if (!m.has[MEM_TOTAL] || !m.has[MEM_FREE]) {
        st = rg_native_malformed("meminfo", "MemTotal and MemFree", err);
        goto done;
    }
    available = m.bytes[MEM_AVAILABLE];
    if (!m.has[MEM_AVAILABLE])
        st = guess_available(check, &m, &available, err);
    if (st != RG_OK)
        goto done;
    send_meminfo(check, &m, available);
    st = rg_native_read_optional(check, "vmstat", true, &buf, &there, err);
    if (st == RG_OK && there) {
        send_swap_rates(check, rg_str_buf(&buf));
        if (c->collect_memory_pressure)
            st = send_pressure(check, rg_str_buf(&buf));
    }
    if (st == RG_OK)
        st = rg_sender_commit(check->sender, err);
done:
    rg_buf_finish(&buf);
    return st;
}

static const struct rg_check_ops memory_ops = {.version = "", .run = memory_run};

enum rg_status rg_memory_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    struct rg_native_options o;
    struct rg_check *check = NULL;
    bool pressure = false;
    enum rg_status st = rg_native_options_open(&o, from, err);

    if (st != RG_OK)
        return st;
    st = rg_native_flag(&o, "collect_memory_pressure", false, &pressure, err);
    rg_native_options_finish(&o);
    if (st == RG_OK)
        st = rg_native_create(
            &memory_ops, sizeof(struct memory_check), false, world, from, &check, err);
    if (st != RG_OK)
        return st;
    ((struct memory_check *)check)->collect_memory_pressure = pressure;
    *out = check;
    return RG_OK;
}
