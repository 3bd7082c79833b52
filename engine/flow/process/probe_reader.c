#include "probe_reader.h"

#include "proc_parse.h"

#include "rg/base/hash.h"

#define PF_KTHREAD       UINT32_C(0x00200000) /* include/linux/sched.h of the kernel */
#define SMALL_FILE_MAX   ((size_t)64 << 10)   /* stat and status are below 8 KiB on any kernel */
#define LINK_MAX_BYTES   ((size_t)16 << 10)   /* the kernel cuts at a page */
#define FILE_KIND_MASK   0170000u             /* inode(7) */
#define FILE_KIND_LINK   0120000u
#define MODE_OTHERS_READ 0000004u

/* One visit to one process. */
struct visit {
    struct probe_reader *r;
    struct probe_entry *e;
    struct rg_err *err;
    struct rg_proc_status status; /* slices into r->status */
    struct rg_proc_stat stat;     /* slices into r->stat */
    struct rg_proc_statm statm;
    bool gone;       /* the last file was not there */
    bool incomplete; /* a read failed for another reason than permission: worth another try */
};

void probe_reader_init(struct probe_reader *r, const struct rg_backends *backends,
    const struct rg_host_facts *facts, const struct rg_process_probe_options *options)
{
    *r = (struct probe_reader){
        .fs = backends->procfs,
        .uid = facts->uid,
        .euid = facts->euid,
        .ticks_per_s = (uint64_t)facts->clock_ticks_per_s,
        .page_bytes = (uint64_t)facts->page_size_bytes,
        .collect_io_fd = options->collect_io_fd,
        .ignore_zombies = options->ignore_zombies,
    };
    rg_buf_init(&r->status, SMALL_FILE_MAX);
    rg_buf_init(&r->stat, SMALL_FILE_MAX);
    rg_buf_init(&r->small, SMALL_FILE_MAX);
    rg_buf_init(&r->cmdline, RG_PROCFS_FILE_MAX);
    rg_buf_init(&r->exe, LINK_MAX_BYTES);
    rg_buf_init(&r->cwd, LINK_MAX_BYTES);
}

void probe_reader_finish(struct probe_reader *r)
{
    rg_buf_finish(&r->status);
    rg_buf_finish(&r->stat);
    rg_buf_finish(&r->small);
    rg_buf_finish(&r->cmdline);
    rg_buf_finish(&r->exe);
    rg_buf_finish(&r->cwd);
}

bool probe_reader_fatal(enum rg_status st)
{
    return st == RG_ENOMEM || st == RG_EDIVERGED || st == RG_ESTOPPED;
}

/* Turns the answer of a backend into "go on" or "end the scan". */
static enum rg_status settle(struct visit *v, enum rg_status st, const char *name)
{
    v->gone = st == RG_ENOTFOUND;
    if (st != RG_OK && st != RG_EACCES)
        v->incomplete = true;
    if (!probe_reader_fatal(st))
        return RG_OK;
    rg_err_prefix(v->err, "process %d, %s", v->e->proc.pid, name);
    return st;
}

/* An unreadable file counts as an empty one. */
static enum rg_status read_file(struct visit *v, const char *name, struct rg_buf *buf)
{
    enum rg_status st = rg_procfs_read_pid(v->r->fs, v->e->proc.pid, name, buf, v->err);

    if (st != RG_OK)
        rg_buf_clear(buf);
    return settle(v, st, name);
}

/* Upstream's rule for fd, io, cwd and exe: look before opening, so that a refusal leaves no trace
 * in an audit log. Group permissions are ignored there, so they are here. */
static enum rg_status may_open(struct visit *v, const char *name, bool *allowed)
{
    struct probe_reader *r = v->r;
    struct rg_procfs_stat found;
    enum rg_status st;

    *allowed = r->euid == 0;
    if (*allowed)
        return RG_OK;
    st = rg_procfs_stat_pid(r->fs, v->e->proc.pid, name, &found, v->err);
    if (st != RG_OK)
        return settle(v, st, name);
    *allowed =
        ((found.mode & FILE_KIND_MASK) != FILE_KIND_LINK && (found.mode & MODE_OTHERS_READ)) ||
        found.uid == r->uid || found.uid == r->euid;
    return RG_OK;
}

static enum rg_status read_status(struct visit *v)
{
    enum rg_status st = read_file(v, "status", &v->r->status);

    if (st == RG_OK)
        rg_proc_parse_status(rg_str_buf(&v->r->status), &v->status);
    return st;
}

static enum rg_status read_stat(struct visit *v)
{
    enum rg_status st = read_file(v, "stat", &v->r->stat);

    if (st == RG_OK)
        rg_proc_parse_stat(rg_str_buf(&v->r->stat), &v->stat);
    return st;
}

static uint64_t pages_to_bytes(const struct visit *v, uint64_t pages)
{
    return pages <= UINT64_MAX / v->r->page_bytes ? pages * v->r->page_bytes : 0;
}

static enum rg_status read_statm(struct visit *v, bool *changed)
{
    struct rg_process_stats *s = &v->e->proc.stats;
    struct rg_buf *buf = &v->r->small;
    enum rg_status st = read_file(v, "statm", buf);
    uint64_t hash;

    if (st != RG_OK)
        return st;
    hash = rg_hash64(buf->data, buf->len);
    *changed = hash != v->e->statm_hash;
    v->e->statm_hash = hash;
    rg_proc_parse_statm(rg_str_buf(buf), &v->statm);
    s->shared_bytes = pages_to_bytes(v, v->statm.shared);
    s->text_bytes = pages_to_bytes(v, v->statm.text);
    s->lib_bytes = pages_to_bytes(v, v->statm.lib);
    s->data_bytes = pages_to_bytes(v, v->statm.data);
    s->dirty_bytes = pages_to_bytes(v, v->statm.dirty);
    return RG_OK;
}

static enum rg_status read_io(struct visit *v)
{
    struct rg_process_stats *s = &v->e->proc.stats;
    struct rg_proc_io io = {-1, -1, -1, -1};
    bool allowed = false;
    enum rg_status st = RG_OK;

    if (v->r->collect_io_fd)
        st = may_open(v, "io", &allowed);
    if (st == RG_OK && allowed) {
        st = read_file(v, "io", &v->r->small);
        if (st == RG_OK)
            rg_proc_parse_io(rg_str_buf(&v->r->small), &io);
    }
    s->read_count = io.read_count;
    s->write_count = io.write_count;
    s->read_bytes = io.read_bytes;
    s->write_bytes = io.write_bytes;
    return st;
}

static enum rg_status read_fds(struct visit *v)
{
    struct rg_process_stats *s = &v->e->proc.stats;
    int64_t count = -1;
    bool allowed;
    enum rg_status st;

    s->fd_count = 0;
    if (!v->r->collect_io_fd)
        return RG_OK;
    s->fd_count = -1;
    st = may_open(v, "fd", &allowed);
    if (st != RG_OK || !allowed)
        return st;
    st = rg_procfs_count_fds(v->r->fs, v->e->proc.pid, &count, v->err);
    if (st == RG_OK && count >= 0)
        s->fd_count = count < INT32_MAX ? (int32_t)count : INT32_MAX;
    return settle(v, st, "fd");
}

static enum rg_status read_link(struct visit *v, const char *name, struct rg_buf *buf)
{
    bool allowed;
    enum rg_status st;

    rg_buf_clear(buf);
    st = may_open(v, name, &allowed);
    if (st != RG_OK || !allowed)
        return st;
    st = rg_procfs_read_link(v->r->fs, v->e->proc.pid, name, buf, v->err);
    if (st != RG_OK)
        rg_buf_clear(buf);
    return settle(v, st, name);
}

static void fill_status(struct visit *v)
{
    const struct rg_proc_status *from = &v->status;
    struct rg_process *p = &v->e->proc;

    p->ns_pid = from->ns_pid;
    for (int i = 0; i < RG_PROCESS_IDS; i++) {
        p->uids[i] = from->uids[i];
        p->gids[i] = from->gids[i];
    }
    p->uid_count = from->uid_count;
    p->gid_count = from->gid_count;
    p->stats.rss_bytes = from->rss_bytes;
    p->stats.vms_bytes = from->vms_bytes;
    p->stats.swap_bytes = from->swap_bytes;
    p->stats.voluntary_switches = from->voluntary_switches;
    p->stats.involuntary_switches = from->involuntary_switches;
    p->stats.threads = from->threads;
    p->stats.state = from->state;
}

/* Whole seconds, as upstream has them; 0 when the sum makes no sense. */
static int64_t create_time_ms(const struct probe_reader *r, uint64_t start_ticks)
{
    int64_t ms;

    if (__builtin_add_overflow(start_ticks / r->ticks_per_s, r->boot_s, &ms) ||
        __builtin_mul_overflow(ms, 1000, &ms))
        return 0;
    return ms;
}

/* Stat has the last word on what both files tell. */
static void fill_stat(struct visit *v)
{
    const struct rg_proc_stat *from = &v->stat;
    struct rg_process *p = &v->e->proc;

    p->ppid = from->ppid;
    p->flags = from->flags;
    p->stats.user_s = (double)from->user_ticks / (double)v->r->ticks_per_s;
    p->stats.system_s = (double)from->system_ticks / (double)v->r->ticks_per_s;
    if (from->state)
        p->stats.state = from->state;
    p->stats.nice = from->nice;
    p->stats.create_time_ms = 0;
    p->stats.start_ticks = 0;
    if (from->has_start) {
        p->stats.threads = from->threads;
        p->stats.create_time_ms = create_time_ms(v->r, from->start_ticks);
        p->stats.start_ticks = from->start_ticks;
    }
    v->e->has_start = from->has_start;
    v->e->start_ticks = from->start_ticks;
}

static bool unwanted(const struct visit *v, char state)
{
    return v->r->ignore_zombies && state == 'Z';
}

/* What this visit proved. Status and the other files must tell of the same moment: the thread
 * counts and the memory sizes that both print are equal when nothing happened in between. */
static struct probe_evidence evidence_of(const struct visit *v)
{
    const struct rg_proc_status *status = &v->status;
    const struct rg_proc_stat *stat = &v->stat;

    return (struct probe_evidence){
        .known = !v->incomplete && status->has_switches && status->voluntary_switches >= 0 &&
                 status->involuntary_switches >= 0 && stat->has_start &&
                 status->threads == stat->threads &&
                 status->rss_bytes == pages_to_bytes(v, v->statm.resident) &&
                 status->vms_bytes == pages_to_bytes(v, v->statm.size),
        .switched_out =
            (uint64_t)status->voluntary_switches + (uint64_t)status->involuntary_switches,
        .image = stat->image,
        .minor_faults = stat->minor_faults,
        .major_faults = stat->major_faults,
        .threads = stat->threads,
    };
}

/* True when the main thread cannot have run since seen was noted, and either it is the only one or
 * the others have not touched memory. */
static bool idle_since(
    const struct visit *v, const struct probe_evidence *seen, uint64_t switched_in)
{
    const struct rg_proc_stat *now = &v->stat;

    if (!seen->known || switched_in == 0 || switched_in != seen->switched_out ||
        now->image != seen->image || !rg_str_eq(now->comm, v->e->texts->comm))
        return false;
    if (now->threads == 1 && seen->threads == 1)
        return true;
    return now->threads > 1 && seen->threads > 1 && now->has_image &&
           now->minor_faults == seen->minor_faults && now->major_faults == seen->major_faults;
}

/* The first reads of a visit to a known process. *same false: the pid has a new owner, or none. */
static enum rg_status look_again(struct visit *v, uint64_t *switched_in, bool *same)
{
    struct probe_entry *e = v->e;
    enum rg_status st = read_file(v, "schedstat", &v->r->small);

    *same = false;
    if (st != RG_OK)
        return st;
    *switched_in = rg_proc_parse_switched_in(rg_str_buf(&v->r->small));
    st = read_stat(v);
    if (st != RG_OK)
        return st;
    *same = v->stat.has_start && v->stat.start_ticks == e->start_ticks;
    /* Switched out more often than in: this kernel's counters do not mean what we think. */
    if (*same && *switched_in && e->numbers.known && *switched_in < e->numbers.switched_out)
        e->distrust = true;
    if (e->distrust)
        *switched_in = 0;
    return RG_OK;
}

/* Everything behind status and stat. keep_exe: the link of last time still holds. */
static enum rg_status read_rest(struct visit *v, bool have_statm, bool keep_exe, struct rg_str name,
    struct probe_texts **retired)
{
    struct probe_reader *r = v->r;
    struct probe_entry *e = v->e;
    struct probe_texts_source source = {.name = name, .comm = v->stat.comm};
    bool changed;
    enum rg_status st = RG_OK;

    if (!have_statm)
        st = read_statm(v, &changed);
    if (st == RG_OK)
        st = read_io(v);
    if (st == RG_OK && !keep_exe)
        st = read_link(v, "exe", &r->exe);
    if (st == RG_OK)
        st = read_link(v, "cwd", &r->cwd);
    if (st == RG_OK)
        st = read_fds(v);
    if (st != RG_OK)
        return st;
    source.cmdline = rg_str_buf(&r->cmdline);
    source.exe = keep_exe ? e->texts->exe : rg_str_buf(&r->exe);
    source.cwd = rg_str_buf(&r->cwd);
    st = probe_texts_update(&e->texts, &source, retired);
    if (st != RG_OK) {
        rg_err_set(v->err, "process %d: no memory for its texts", e->proc.pid);
        return st;
    }
    probe_texts_fill(&e->proc, e->texts);
    return RG_OK;
}

static enum rg_status first_visit(struct visit *v, struct probe_texts **retired)
{
    struct probe_entry *e = v->e;
    enum rg_status st;

    e->proc = (struct rg_process){.pid = e->proc.pid};
    e->kind = PROBE_GONE;
    e->distrust = e->has_start = false;
    e->whole.known = e->numbers.known = false;
    st = read_status(v);
    if (st != RG_OK || v->gone || unwanted(v, v->status.state))
        return st;
    st = read_stat(v);
    if (st != RG_OK || unwanted(v, v->stat.state))
        return st;
    fill_status(v);
    fill_stat(v);
    st = read_file(v, "cmdline", &v->r->cmdline);
    if (st != RG_OK)
        return st;
    if ((v->stat.flags & PF_KTHREAD) &&
        rg_proc_split_cmdline(rg_str_buf(&v->r->cmdline), NULL, 0) == 0) {
        e->kind = PROBE_KERNEL;
        return RG_OK;
    }
    st = read_rest(v, false, false, v->status.name, retired);
    if (st != RG_OK)
        return st;
    e->whole = e->numbers = evidence_of(v);
    e->kind = PROBE_USER;
    return RG_OK;
}

static enum rg_status revisit_kernel(struct visit *v, struct probe_texts **retired)
{
    enum rg_status st = read_stat(v);

    if (st != RG_OK)
        return st;
    if (v->gone)
        v->e->kind = PROBE_GONE;
    else if (!v->e->has_start || !v->stat.has_start || !(v->stat.flags & PF_KTHREAD) ||
             v->stat.start_ticks != v->e->start_ticks)
        return first_visit(v, retired);
    return RG_OK;
}

/* The process is the one we know, and stat was read. */
static enum rg_status revisit_known(
    struct visit *v, uint64_t switched_in, struct probe_texts **retired)
{
    struct probe_entry *e = v->e;
    bool idle = idle_since(v, &e->whole, switched_in) && idle_since(v, &e->numbers, switched_in);
    bool have_statm = idle;
    bool changed = false;
    bool keep_exe;
    struct rg_str name;
    enum rg_status st;

    if (idle) {
        st = read_statm(v, &changed);
        if (st != RG_OK)
            return st;
        idle = !changed;
        if (idle && v->stat.threads == 1) {
            fill_stat(v);
            return RG_OK;
        }
    }
    keep_exe = v->stat.has_image && v->stat.image == e->whole.image &&
               rg_str_eq(v->stat.comm, e->texts->comm);
    name = e->texts->name;
    if (!idle) {
        st = read_status(v);
        if (st != RG_OK)
            return st;
        if (v->gone) {
            e->kind = PROBE_GONE;
            return RG_OK;
        }
        fill_status(v);
        name = v->status.name;
    }
    fill_stat(v);
    st = read_file(v, "cmdline", &v->r->cmdline);
    if (st == RG_OK)
        st = read_rest(v, have_statm, keep_exe, name, retired);
    if (st == RG_OK && !idle)
        e->whole = e->numbers = evidence_of(v);
    return st;
}

static enum rg_status revisit(struct visit *v, struct probe_texts **retired)
{
    uint64_t switched_in = 0;
    bool same;
    enum rg_status st = look_again(v, &switched_in, &same);

    if (st != RG_OK)
        return st;
    if (v->gone || (same && unwanted(v, v->stat.state))) {
        v->e->kind = PROBE_GONE;
        return RG_OK;
    }
    return same ? revisit_known(v, switched_in, retired) : first_visit(v, retired);
}

enum rg_status probe_reader_scan(struct probe_reader *r, struct probe_entry *entry, bool reuse,
    struct probe_texts **retired, struct rg_err *err)
{
    struct visit v = {.r = r, .e = entry, .err = err};
    enum rg_status st;

    if (reuse && entry->kind == PROBE_USER && entry->has_start)
        st = revisit(&v, retired);
    else if (reuse && entry->kind == PROBE_KERNEL)
        st = revisit_kernel(&v, retired);
    else
        st = first_visit(&v, retired);
    if (st != RG_OK)
        entry->kind = PROBE_GONE;
    if (entry->kind != PROBE_USER)
        probe_texts_retire(&entry->texts, retired);
    return st;
}

/* Status for the statistics scan; stat too when have_stat is false. Sets PROBE_GONE or PROBE_USER.
 */
static enum rg_status read_numbers(struct visit *v, bool have_stat)
{
    enum rg_status st = read_status(v);

    v->e->kind = PROBE_GONE;
    if (st != RG_OK || v->gone || unwanted(v, v->status.state))
        return st;
    if (!have_stat)
        st = read_stat(v);
    if (st != RG_OK || unwanted(v, v->stat.state))
        return st;
    fill_status(v);
    v->e->kind = PROBE_USER;
    return RG_OK;
}

enum rg_status probe_reader_stats(struct probe_reader *r, struct probe_entry *copy, bool reuse,
    bool *same_process, struct rg_err *err)
{
    struct visit v = {.r = r, .e = copy, .err = err};
    bool known = copy->kind == PROBE_USER && copy->has_start;
    uint64_t start_ticks = copy->start_ticks;
    uint64_t switched_in = 0;
    bool look = known && reuse;
    bool have_stat = false;
    bool idle = false;
    bool have_statm;
    bool changed = false;
    enum rg_status st = RG_OK;

    *same_process = false;
    if (look) {
        st = look_again(&v, &switched_in, &have_stat);
        if (st != RG_OK)
            return st;
        if (v.gone || unwanted(&v, v.stat.state)) {
            copy->kind = PROBE_GONE;
            return RG_OK;
        }
        idle = have_stat && idle_since(&v, &copy->numbers, switched_in);
    }
    have_statm = idle;
    if (idle) {
        st = read_statm(&v, &changed);
        idle = !changed;
    }
    if (st == RG_OK && !idle)
        st = read_numbers(&v, have_stat);
    if (st != RG_OK || copy->kind == PROBE_GONE)
        return st;
    fill_stat(&v);
    *same_process = known && copy->has_start && copy->start_ticks == start_ticks;
    if (idle && v.stat.threads == 1)
        return RG_OK;
    if (!have_statm)
        st = read_statm(&v, &changed);
    if (st == RG_OK)
        st = read_io(&v);
    if (st == RG_OK)
        st = read_fds(&v);
    if (st == RG_OK && !idle)
        copy->numbers = evidence_of(&v);
    return st;
}
