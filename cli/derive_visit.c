#include "derive_visit.h"

#include "rg/sim_host.h"

#include <string.h>

#define PF_KTHREAD     UINT32_C(0x00200000) /* include/linux/sched.h of the kernel */
#define TEXT_BYTES_MAX ((size_t)2 << 20)    /* of a command line; the kernel has no more */
#define MILLI          1000
#define PERCENT        100
#define IO_BLOCK       4096 /* the simulated host counts in these */

void derive_visit_init(struct derive_visit *v)
{
    *v = (struct derive_visit){.pid = 0};
    rg_buf_init(&v->comm, TEXT_BYTES_MAX);
    rg_buf_init(&v->cmdline, TEXT_BYTES_MAX);
    rg_buf_init(&v->exe, TEXT_BYTES_MAX);
    rg_buf_init(&v->cwd, TEXT_BYTES_MAX);
}

void derive_visit_finish(struct derive_visit *v)
{
    rg_buf_finish(&v->comm);
    rg_buf_finish(&v->cmdline);
    rg_buf_finish(&v->exe);
    rg_buf_finish(&v->cwd);
}

void derive_visit_start(struct derive_visit *v, int32_t pid, uint32_t frame, int64_t at_ns)
{
    struct derive_visit next = {.pid = pid, .frame = frame, .at_ns = at_ns};

    next.comm = v->comm;
    next.cmdline = v->cmdline;
    next.exe = v->exe;
    next.cwd = v->cwd;
    *v = next;
}

/* Longer texts are cut: no kernel gives any. */
static enum rg_status keep(struct rg_buf *to, struct rg_str text)
{
    return rg_buf_set(to, text.ptr, text.len < TEXT_BYTES_MAX ? text.len : TEXT_BYTES_MAX);
}

/* A zombie that is passed over shows its name in status alone. */
static enum rg_status take_status(struct derive_visit *v, struct rg_str content)
{
    struct rg_str name;

    rg_proc_parse_status(content, &v->status);
    name = v->status.name;
    v->status.name = (struct rg_str){"", 0};
    v->has_status = v->status.uid_count > 0;
    return v->has_stat ? RG_OK : keep(&v->comm, name);
}

static enum rg_status take_stat(struct derive_visit *v, struct rg_str content, int64_t at_ns)
{
    struct rg_str comm;

    rg_proc_parse_stat(content, &v->stat);
    comm = v->stat.comm;
    v->stat.comm = (struct rg_str){"", 0};
    v->has_stat = v->stat.has_start;
    v->stat_ns = at_ns;
    return v->has_stat ? keep(&v->comm, comm) : RG_OK;
}

static enum rg_status take_read(
    struct derive_visit *v, const struct rg_effect *effect, int64_t at_ns)
{
    if (rg_str_is(effect->name, "status"))
        return take_status(v, effect->content);
    if (rg_str_is(effect->name, "stat"))
        return take_stat(v, effect->content, at_ns);
    if (rg_str_is(effect->name, "cmdline")) {
        v->has_cmdline = true;
        return keep(&v->cmdline, effect->content);
    }
    if (rg_str_is(effect->name, "io")) {
        rg_proc_parse_io(effect->content, &v->io);
        v->has_io = v->io.read_bytes >= 0 && v->io.write_bytes >= 0;
        v->io_ns = at_ns;
    }
    return RG_OK;
}

enum rg_status derive_visit_take(
    struct derive_visit *v, const struct rg_effect *effect, int64_t at_ns)
{
    bool file = effect->kind == RG_EFFECT_READ;

    if (effect->status != RG_OK) {
        if (effect->status == RG_ENOTFOUND && file &&
            (rg_str_is(effect->name, "stat") || rg_str_is(effect->name, "status")))
            v->gone = true;
        return RG_OK;
    }
    if (file)
        return take_read(v, effect, at_ns);
    if (effect->kind == RG_EFFECT_LINK && rg_str_is(effect->name, "exe")) {
        v->has_exe = true;
        return keep(&v->exe, effect->content);
    }
    if (effect->kind == RG_EFFECT_LINK && rg_str_is(effect->name, "cwd")) {
        v->has_cwd = true;
        return keep(&v->cwd, effect->content);
    }
    if (effect->kind == RG_EFFECT_FDS) {
        v->has_fds = effect->value <= INT32_MAX;
        v->fds = v->has_fds ? (int64_t)effect->value : 0;
    }
    return RG_OK;
}

bool derive_visit_same(const struct derive_visit *v, const struct derive_process *p)
{
    return !v->has_stat || !p->has_start || v->stat.start_ticks == p->start_ticks;
}

/* A counter's growth as a rate per second, in thousandths; 0 when it fell. */
static int64_t rate(uint64_t now, uint64_t before, int64_t ns)
{
    double grown = now > before ? (double)(now - before) : 0;
    double per_s = ns > 0 ? grown * MILLI * (double)RG_NS_PER_S / (double)ns : 0;
    double most = (double)RG_SIM_SERIES_VALUE_MAX * MILLI;

    return (int64_t)(per_s < most ? per_s + 0.5 : most);
}

/* What one unit of a counter makes of a rate; the measurement leaves two of them open. */
static int64_t slack(uint64_t unit, int64_t ns)
{
    return rate(2 * unit, 0, ns);
}

/* From ticks per second to percent of a CPU. */
static int64_t to_percent(const struct derive *d, int64_t ticks_rate)
{
    return (int64_t)((double)ticks_rate * PERCENT / (double)d->ticks_per_s + 0.5);
}

static enum rg_status add_gauge(struct derive_series *s, uint32_t frame, int64_t value, bool known)
{
    if (!known) {
        derive_series_hold(s, frame);
        return RG_OK;
    }
    if (frame > 0)
        derive_series_hold(s, frame - 1);
    return derive_series_add(s, frame, value, 0);
}

static enum rg_status apply_cpu(
    const struct derive *d, const struct derive_visit *v, struct derive_process *p)
{
    uint64_t user = v->stat.user_ticks, system = v->stat.system_ticks;
    int64_t ns = v->stat_ns - p->last_cpu_ns;
    enum rg_status st = RG_OK;

    if (!p->has_start) {
        p->first_ns = v->stat_ns;
        p->first_user = user;
        p->first_system = system;
    } else if (v->frame > p->last_cpu_frame) {
        uint64_t now = user + system, before = p->user_ticks + p->system_ticks;

        st = derive_series_add(
            &p->cpu, v->frame, to_percent(d, rate(now, before, ns)), to_percent(d, slack(1, ns)));
    }
    p->user_ticks = user;
    p->system_ticks = system;
    p->last_cpu_ns = v->stat_ns;
    p->last_cpu_frame = v->frame;
    return st;
}

/* A process that has not run is not asked for its counters: they are what they were. */
static enum rg_status apply_io(const struct derive_visit *v, struct derive_process *p)
{
    int64_t at_ns = v->has_io ? v->io_ns : v->stat_ns;
    int64_t ns = at_ns - p->last_io_ns;
    int64_t read = v->has_io ? v->io.read_bytes : p->read_bytes;
    int64_t written = v->has_io ? v->io.write_bytes : p->write_bytes;
    enum rg_status st = RG_OK;

    if (read < 0)
        return RG_OK;
    if (p->read_bytes < 0) {
        p->first_read = read;
        p->first_write = written;
        p->first_io_ns = at_ns;
    } else if (v->frame > p->last_io_frame) {
        st = derive_series_add(&p->read, v->frame,
            rate((uint64_t)read, (uint64_t)p->read_bytes, ns), slack(IO_BLOCK, ns));
        if (st == RG_OK)
            st = derive_series_add(&p->write, v->frame,
                rate((uint64_t)written, (uint64_t)p->write_bytes, ns), slack(IO_BLOCK, ns));
    }
    p->read_bytes = read;
    p->write_bytes = written;
    p->last_io_ns = at_ns;
    p->last_io_frame = v->frame;
    return st;
}

static enum rg_status apply_stat(
    const struct derive *d, const struct derive_visit *v, struct derive_process *p)
{
    enum rg_status st = apply_cpu(d, v, p);

    p->changed_threads = p->changed_threads ||
                         (p->has_start && p->threads != v->stat.threads && v->stat.state != 'Z');
    p->ppid = v->stat.ppid;
    p->nice = v->stat.nice;
    if (v->stat.state != 'Z' || !p->has_start)
        p->threads = v->stat.threads;
    p->kernel = (v->stat.flags & PF_KTHREAD) != 0;
    p->start_ticks = v->stat.start_ticks;
    p->has_start = true;
    return st;
}

static void apply_state(const struct derive_visit *v, struct derive_process *p)
{
    char state = v->has_stat ? v->stat.state : v->status.state;
    const char *at = state ? strchr(DERIVE_STATES, state == 't' ? 'T' : state) : NULL;
    bool zombie = state == 'Z';

    if (at)
        p->states[at - DERIVE_STATES]++;
    if (zombie && p->zombie_frame == DERIVE_NEVER)
        p->zombie_frame = v->frame;
}

static void apply_ids(const struct derive_visit *v, struct derive_process *p, bool fresh)
{
    uint32_t uid = (uint32_t)v->status.uids[0], gid = (uint32_t)v->status.gids[0];

    if (fresh) {
        p->uid = uid;
        p->gid = gid;
    } else if ((p->setuid_frame == DERIVE_NEVER ? p->uid : p->new_uid) != uid) {
        p->setuid_frame = v->frame;
        p->new_uid = uid;
        p->new_gid = gid;
    }
    if (!p->has_start)
        p->threads = v->status.threads;
}

/* A zombie has no memory, but had some. */
static int64_t rss_milli_kib(const struct derive_visit *v)
{
    uint64_t kib = v->status.rss_bytes / 1024;
    uint64_t most = (uint64_t)RG_SIM_SERIES_VALUE_MAX;

    return (int64_t)(kib < most ? kib : most) * MILLI;
}

/* Texts: the first image, and the last one when it changed. A zombie shows no command line. */
static enum rg_status apply_texts(struct derive *d, const struct derive_visit *v,
    struct derive_process *p, bool fresh, struct rg_err *err)
{
    struct derive_image now = p->exec_frame == DERIVE_NEVER ? p->image : p->new_image;
    bool zombie = p->zombie_frame != DERIVE_NEVER;
    struct derive_image old = now;
    enum rg_status st = RG_OK;

    if (v->has_stat || (fresh && v->has_status))
        st = derive_text_put(d, rg_str_buf(&v->comm), &now.comm, err);
    if (st == RG_OK && v->has_cmdline && (fresh || !zombie))
        st = derive_text_put(d, rg_str_buf(&v->cmdline), &now.args, err);
    if (st == RG_OK && v->has_exe)
        st = derive_text_put(d, rg_str_buf(&v->exe), &now.exe, err);
    if (st == RG_OK && v->has_cwd)
        st = derive_text_put(d, rg_str_buf(&v->cwd), &p->cwd, err);
    if (st != RG_OK)
        return st;
    if (fresh || (now.comm == old.comm && now.args == old.args)) {
        if (p->exec_frame == DERIVE_NEVER)
            p->image = now;
        else
            p->new_image = now;
        return RG_OK;
    }
    p->exec_frame = p->exec_frame == DERIVE_NEVER ? v->frame : p->exec_frame;
    p->new_image = now;
    p->execs++;
    return RG_OK;
}

enum rg_status derive_visit_apply(struct derive *d, const struct derive_visit *v,
    struct derive_process *p, bool fresh, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    apply_state(v, p);
    st = apply_texts(d, v, p, fresh, err);
    if (st == RG_OK && v->has_stat)
        st = apply_stat(d, v, p);
    if (st == RG_OK && v->has_status)
        apply_ids(v, p, fresh);
    if (st == RG_OK && v->has_stat)
        st = apply_io(v, p);
    if (st == RG_OK)
        st = add_gauge(&p->rss, v->frame, rss_milli_kib(v), v->has_status && v->status.rss_bytes);
    if (st == RG_OK)
        st = add_gauge(
            &p->fds, v->frame, v->fds * MILLI, v->has_fds && p->zombie_frame == DERIVE_NEVER);
    return st;
}
