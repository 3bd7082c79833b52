/* /proc/meminfo, vmstat, zoneinfo and swaps. What is free, and what the cache holds, follows from
 * the resident memory of all processes; the rest follows from those. */
#include "sim_model.h"

#include <string.h>

#define MEMORY_BASE_KIB (UINT64_C(180) * 1024) /* of the kernel itself */
#define KIB             1024u
#define VMALLOC_KIB     UINT64_C(34359738367) /* of x86-64 with four levels of page tables */

/* In KiB. */
struct memory {
    uint64_t total, left, used;
    uint64_t buffers, cached, anon, shmem, slab, stacks, tables;
    uint64_t swap, swap_free;
};

static struct memory measure(const struct rg_sim_host *h)
{
    struct memory m = {.total = h->options.total_memory_bytes / KIB};
    sim_wide used = MEMORY_BASE_KIB;
    uint64_t swapped = sim_value(h, &h->numbers.swap_used_kib, 0);
    int64_t rss;

    for (size_t i = 0; i < h->spec_count; i++) {
        const struct sim_spec *spec = &h->specs[i];

        if (spec->is.kernel_thread)
            continue;
        rss = spec->is.rss.run_count ? rg_sim_series_at(&spec->is.rss, h->now_ns) : SIM_DEFAULT_RSS;
        used += (sim_wide)rss * spec->live_scale / 1000 / 1000;
    }
    m.left = used < m.total ? m.total - (uint64_t)used : 0;
    m.used = m.total - m.left;
    m.buffers = m.left / 20;
    m.cached = m.left / 2 - m.left / 20;
    m.anon = m.used > MEMORY_BASE_KIB ? m.used - MEMORY_BASE_KIB : 0;
    m.shmem = m.cached / 50;
    m.slab = m.used < MEMORY_BASE_KIB ? m.used / 2 : MEMORY_BASE_KIB / 2;
    m.stacks = h->threads * 16 < m.used / 8 ? h->threads * 16 : m.used / 8;
    m.tables = m.anon / 256;
    m.swap = h->numbers.swap_bytes / KIB;
    m.swap_free = swapped < m.swap ? m.swap - swapped : 0;
    return m;
}

static void kib(struct sim_out *out, const char *key, uint64_t v)
{
    sim_out_text(out, key);
    sim_out_right(out, v, 24 - strlen(key));
    sim_out_text(out, " kB\n");
}

static void pages(struct sim_out *out, const char *key, uint64_t v)
{
    sim_out_text(out, key);
    sim_out_right(out, v, 24 - strlen(key));
    sim_out_text(out, "\n");
}

/* Up to the sizes of swap. */
static void put_use(enum rg_sim_kernel_form form, const struct memory *m, struct sim_out *out)
{
    uint64_t file = m->buffers + m->cached - m->shmem;
    uint64_t idle_anon = m->anon / 4 + m->shmem;

    kib(out, "MemTotal:", m->total);
    kib(out, "MemFree:", m->left / 2);
    if (form != RG_SIM_KERNEL_3_10)
        kib(out, "MemAvailable:", m->left);
    kib(out, "Buffers:", m->buffers);
    kib(out, "Cached:", m->cached);
    kib(out, "SwapCached:", 0);
    kib(out, "Active:", m->anon - m->anon / 4 + file / 2);
    kib(out, "Inactive:", idle_anon + file - file / 2);
    kib(out, "Active(anon):", m->anon - m->anon / 4);
    kib(out, "Inactive(anon):", idle_anon);
    kib(out, "Active(file):", file / 2);
    kib(out, "Inactive(file):", file - file / 2);
    kib(out, "Unevictable:", 0);
    kib(out, "Mlocked:", 0);
    kib(out, "SwapTotal:", m->swap);
    kib(out, "SwapFree:", m->swap_free);
}

/* How memory is spent. Lines came with 4.20 (KReclaimable), 6.8 (Zswap) and so on. */
static void put_kinds(enum rg_sim_kernel_form form, const struct memory *m, struct sim_out *out)
{
    if (form == RG_SIM_KERNEL_6) {
        kib(out, "Zswap:", 0);
        kib(out, "Zswapped:", 0);
    }
    kib(out, "Dirty:", m->cached / 1000);
    kib(out, "Writeback:", 0);
    kib(out, "AnonPages:", m->anon);
    kib(out, "Mapped:", m->cached / 8);
    kib(out, "Shmem:", m->shmem);
    if (form == RG_SIM_KERNEL_6)
        kib(out, "KReclaimable:", m->slab / 2);
    kib(out, "Slab:", m->slab);
    kib(out, "SReclaimable:", m->slab / 2);
    kib(out, "SUnreclaim:", m->slab - m->slab / 2);
    kib(out, "KernelStack:", m->stacks);
    kib(out, "PageTables:", m->tables);
    if (form == RG_SIM_KERNEL_6)
        kib(out, "SecPageTables:", 0);
    kib(out, "NFS_Unstable:", 0);
    kib(out, "Bounce:", 0);
    kib(out, "WritebackTmp:", 0);
    kib(out, "CommitLimit:", m->total / 2 + m->swap);
    kib(out, "Committed_AS:", m->anon * 2);
    kib(out, "VmallocTotal:", VMALLOC_KIB);
    kib(out, "VmallocUsed:", form == RG_SIM_KERNEL_4 ? 0 : m->stacks);
    kib(out, "VmallocChunk:", form == RG_SIM_KERNEL_3_10 ? VMALLOC_KIB - m->stacks : 0);
    if (form == RG_SIM_KERNEL_6)
        kib(out, "Percpu:", m->slab / 64);
}

static void put_meminfo(const struct rg_sim_host *h, struct sim_out *out)
{
    enum rg_sim_kernel_form form = h->options.form;
    struct memory m = measure(h);

    put_use(form, &m, out);
    put_kinds(form, &m, out);
    kib(out, "HardwareCorrupted:", 0);
    kib(out, "AnonHugePages:", 0);
    if (form != RG_SIM_KERNEL_3_10) {
        kib(out, "ShmemHugePages:", 0);
        kib(out, "ShmemPmdMapped:", 0);
    }
    if (form == RG_SIM_KERNEL_6) {
        kib(out, "FileHugePages:", 0);
        kib(out, "FilePmdMapped:", 0);
        kib(out, "CmaTotal:", 0);
        kib(out, "CmaFree:", 0);
        kib(out, "Unaccepted:", 0);
    }
    pages(out, "HugePages_Total:", 0);
    pages(out, "HugePages_Free:", 0);
    pages(out, "HugePages_Rsvd:", 0);
    pages(out, "HugePages_Surp:", 0);
    kib(out, "Hugepagesize:", 2048);
    if (form == RG_SIM_KERNEL_6)
        kib(out, "Hugetlb:", 0);
    kib(out, "DirectMap4k:", m.total / 16);
    kib(out, "DirectMap2M:", m.total - m.total / 16);
}

static void counter(struct sim_out *out, const char *key, uint64_t v)
{
    sim_out_text(out, key);
    sim_out_bytes(out, " ", 1);
    sim_out_u64(out, v);
    sim_out_bytes(out, "\n", 1);
}

/* Pages that were scanned and freed: 3.10 counts them by zone. */
static void put_reclaim(const struct rg_sim_host *h, uint64_t stolen, struct sim_out *out)
{
    bool zones = h->options.form == RG_SIM_KERNEL_3_10;

    counter(out, zones ? "pgsteal_kswapd_normal" : "pgsteal_kswapd", stolen);
    counter(out, zones ? "pgsteal_direct_normal" : "pgsteal_direct", stolen / 10);
    counter(out, zones ? "pgscan_kswapd_normal" : "pgscan_kswapd", stolen * 2);
    counter(out, zones ? "pgscan_direct_normal" : "pgscan_direct", stolen / 5);
    if (zones)
        counter(out, "allocstall", stolen / 100);
    else
        counter(out, "allocstall_normal", stolen / 100);
}

static void put_vmstat(const struct rg_sim_host *h, struct sim_out *out)
{
    uint64_t page_kib = (uint64_t)h->options.page_size_bytes / KIB;
    uint64_t in = sim_total(h, &h->numbers.swap_in_kib_s, 1, page_kib);
    uint64_t swapped = sim_total(h, &h->numbers.swap_out_kib_s, 1, page_kib);
    uint64_t read_kib = 0, written_kib = 0, faults = 0;
    struct memory m = measure(h);

    for (size_t i = 0; i < h->disk_count; i++) {
        if (h->disks[i].is.part)
            continue;
        read_kib += sim_total(h, &h->disks[i].is.read_bytes_s, 1, KIB);
        written_kib += sim_total(h, &h->disks[i].is.write_bytes_s, 1, KIB);
    }
    for (size_t i = 0; i < h->spec_count; i++)
        faults += (uint64_t)sim_spec_cpu_ns(h, &h->specs[i]) / RG_NS_PER_MS / 4;
    counter(out, "nr_free_pages", m.left / 2 / page_kib);
    counter(out, "nr_anon_pages", m.anon / page_kib);
    counter(out, "nr_file_pages", (m.buffers + m.cached) / page_kib);
    counter(out, "nr_dirty", m.cached / 1000 / page_kib);
    counter(out, "nr_writeback", 0);
    counter(out, "pgpgin", read_kib);
    counter(out, "pgpgout", written_kib);
    counter(out, "pswpin", in);
    counter(out, "pswpout", swapped);
    counter(out, "pgfault", faults + h->stats.started * 150);
    counter(out, "pgmajfault", read_kib / 256);
    put_reclaim(h, swapped, out);
    if (h->options.form == RG_SIM_KERNEL_6)
        counter(out, "oom_kill", 0);
}

/* One zone; the kernel keeps about a thousandth of it free. */
static void put_zoneinfo(const struct rg_sim_host *h, struct sim_out *out)
{
    struct memory m = measure(h);
    uint64_t page_kib = (uint64_t)h->options.page_size_bytes / KIB;
    uint64_t all = m.total / page_kib;
    const struct {
        const char *key;
        uint64_t v;
    } lines[] = {{"\n        min      ", all / 1000}, {"\n        low      ", all / 800},
        {"\n        high     ", all / 600}, {"\n        spanned  ", all},
        {"\n        present  ", all}, {"\n        managed  ", all}};

    sim_out_text(out, "Node 0, zone   Normal\n  pages free     ");
    sim_out_u64(out, m.left / 2 / page_kib);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        sim_out_text(out, lines[i].key);
        sim_out_u64(out, lines[i].v);
    }
    sim_out_text(out, "\n        protection: (0, 0)\n  start_pfn:           1048576\n");
}

static void put_swaps(const struct rg_sim_host *h, struct sim_out *out)
{
    struct memory m = measure(h);

    sim_out_text(out, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    if (!m.swap)
        return;
    sim_out_text(out, "/swapfile                               file\t\t");
    sim_out_u64(out, m.swap);
    sim_out_text(out, "\t\t");
    sim_out_u64(out, m.swap - m.swap_free);
    sim_out_text(out, "\t\t-2\n");
}

bool sim_render_memory(const struct rg_sim_host *h, const char *path, struct sim_out *out)
{
    if (strcmp(path, "meminfo") == 0)
        put_meminfo(h, out);
    else if (strcmp(path, "vmstat") == 0)
        put_vmstat(h, out);
    else if (strcmp(path, "zoneinfo") == 0)
        put_zoneinfo(h, out);
    else if (strcmp(path, "swaps") == 0)
        put_swaps(h, out);
    else
        return false;
    return true;
}
