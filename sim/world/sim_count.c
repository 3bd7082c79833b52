/* What a process has done up to now, as closed forms of the time.
 *
 * The kernel's rule that readers rely on: while a thread is off the CPU nothing of it changes but
 * its memory, and each turn on the CPU is counted. So all counters here are functions of a few
 * whole numbers (milliseconds of CPU, blocks read and written, steps of memory and files, exec,
 * setuid) and the number of switches is their sum: it cannot stand still while another counter
 * moves.
 *
 * A process with several threads shares the CPU time between them; the switches are those of the
 * main thread, as in /proc/PID/status. */
#include "sim_model.h"

#include "rg/base/hash.h"

#define CPU_UNIT_NS    RG_NS_PER_MS /* one turn on the CPU */
#define IO_BLOCK       4096u
#define DEFAULT_FDS    4000
#define MAPPED_KIB     8192u /* libraries and the rest of an address space */
#define TEXT_KIB       1024u
#define RUNNING_FROM   50000 /* thousandths of a percent */
#define KTHREADD       2     /* pid of the parent of kernel threads */
#define DEFAULT_USER   70u
#define FAULTS_A_STEP  8u
#define ADDRESS_PAGES  UINT64_C(0x550000000)
#define ADDRESS_SPREAD UINT64_C(0x0ffffffff)

/* From scale times thousandths of a percent times nanoseconds to nanoseconds of CPU. */
#define CPU_DIVISOR 100000000

static uint64_t scaled_rate(const struct sim_proc *p, const struct rg_sim_series *s, int64_t to_ns)
{
    sim_wide sum = sim_series_integral(s, to_ns) - sim_series_integral(s, p->start_ns);

    return (uint64_t)(sum * p->scale / 1000 / 1000 / RG_NS_PER_S);
}

static uint64_t whole_pages(const struct rg_sim_host *h, uint64_t kib)
{
    uint64_t page = (uint64_t)h->options.page_size_bytes / 1024;

    kib -= kib % page;
    return kib ? kib : page;
}

/* A value in thousandths, for this copy. */
static uint64_t scaled_value(const struct sim_proc *p, int64_t milli)
{
    return (uint64_t)((sim_wide)milli * p->scale / 1000 / 1000);
}

static uint64_t ns_to_ticks(const struct rg_sim_host *h, int64_t ns)
{
    return (uint64_t)((sim_wide)ns * h->options.clock_ticks_per_s / RG_NS_PER_S);
}

static void count_memory(const struct rg_sim_host *h, const struct sim_proc *p,
    const struct rg_sim_series *rss, int64_t at_ns, struct sim_counts *c)
{
    int64_t now = rss->run_count ? rg_sim_series_at(rss, at_ns) : SIM_DEFAULT_RSS;
    int64_t peak = rss->run_count ? sim_series_peak(rss, at_ns) : SIM_DEFAULT_RSS;

    c->resident_kib = whole_pages(h, scaled_value(p, now));
    c->peak_kib = whole_pages(h, scaled_value(p, peak));
    c->size_kib = whole_pages(h, c->resident_kib * 2 + MAPPED_KIB);
    c->peak_size_kib = whole_pages(h, c->peak_kib * 2 + MAPPED_KIB);
    c->shared_kib = whole_pages(h, c->resident_kib / 4);
    c->text_kib = whole_pages(h, TEXT_KIB);
    c->data_kib = whole_pages(h, c->resident_kib + c->resident_kib / 2);
}

/* Constant loads only: elsewhere a turn could begin and never end. */
static bool on_cpu(const struct sim_spec *spec, const struct sim_proc *p, sim_wide cpu)
{
    const struct rg_sim_series *s = &spec->is.cpu;

    return sim_series_is_constant(s) && spec->is.threads <= 1 && !spec->is.state &&
           rg_sim_series_at(s, p->start_ns) * p->scale / 1000 >= RUNNING_FROM &&
           (cpu * 2 / ((sim_wide)CPU_DIVISOR * CPU_UNIT_NS)) % 2 == 1;
}

/* A counter never falls below 0. */
static uint64_t lost_ticks(
    const struct rg_sim_host *h, const struct sim_spec *spec, uint64_t user_ticks)
{
    uint64_t lost = ns_to_ticks(h, spec->is.cpu_falls_ns);

    return lost < user_ticks ? lost : user_ticks;
}

static void count_cpu(const struct rg_sim_host *h, const struct sim_proc *p, int64_t at_ns,
    uint64_t others, struct sim_counts *c)
{
    const struct sim_spec *spec = &h->specs[p->spec];
    const struct rg_sim_series *s = &spec->is.cpu;
    sim_wide cpu = (sim_series_integral(s, at_ns) - sim_series_integral(s, p->start_ns)) * p->scale;
    uint64_t units = (uint64_t)(cpu / ((sim_wide)CPU_DIVISOR * CPU_UNIT_NS));
    uint64_t turns = units / (uint64_t)c->threads;
    uint64_t user = spec->is.user_percent ? spec->is.user_percent : DEFAULT_USER;
    uint64_t ticks = (uint64_t)h->options.clock_ticks_per_s;
    uint64_t first = 3 + p->salt % 40;
    bool running = !c->zombie && on_cpu(spec, p, cpu);

    c->user_ticks = (uint64_t)((sim_wide)units * user * ticks / 100000);
    c->system_ticks = (uint64_t)((sim_wide)units * (100 - user) * ticks / 100000);
    if (spec->is.cpu_falls_at_ns && at_ns - p->start_ns >= spec->is.cpu_falls_at_ns)
        c->user_ticks -= lost_ticks(h, spec, c->user_ticks);
    c->involuntary = 1 + turns / 8;
    c->voluntary = first + turns - turns / 8 + others;
    c->switched_in = c->voluntary + c->involuntary + running;
    c->run_ns = turns * (uint64_t)CPU_UNIT_NS + first * 50000;
    c->wait_ns = turns * 3000 + first * 1000;
    c->minor_faults = 150 + p->salt % 100 + units / 4;
    if (c->zombie)
        c->state = 'Z';
    else if (spec->is.state)
        c->state = spec->is.state;
    else if (running || rg_sim_series_at(s, at_ns) * p->scale / 1000 >= RUNNING_FROM)
        c->state = 'R';
    else
        c->state = spec->is.kernel_thread ? 'I' : 'S';
}

static int32_t parent_of(const struct rg_sim_process_spec *is, int32_t pid)
{
    int32_t ppid = is->ppid ? is->ppid : is->kernel_thread ? KTHREADD : 1;

    return ppid == pid || pid == 1 ? 0 : ppid;
}

static void count(const struct rg_sim_host *h, const struct sim_proc *p, struct sim_counts *out)
{
    const struct sim_spec *spec = &h->specs[p->spec];
    const struct rg_sim_process_spec *is = &spec->is;
    int64_t at_ns = p->end_ns < h->now_ns ? p->end_ns : h->now_ns;
    int64_t age_ns = at_ns - p->start_ns;
    bool execd = is->exec_at_ns && age_ns >= is->exec_at_ns;
    bool zombie = p->end_ns != SIM_NEVER; /* dying is a last switch */
    bool changed = is->setuid_at_ns && age_ns >= is->setuid_at_ns;
    uint64_t rss_steps = (uint64_t)sim_series_changes(&is->rss, p->start_ns, at_ns);
    uint64_t fd_steps = (uint64_t)sim_series_changes(&is->fds, p->start_ns, at_ns);
    uint64_t reads = scaled_rate(p, &is->read_bytes_s, at_ns) / IO_BLOCK;
    uint64_t writes = scaled_rate(p, &is->write_bytes_s, at_ns) / IO_BLOCK;

    uint64_t lost_reads = 0;
    uint64_t lost_writes = 0;

    if (is->io_anew_at_ns && age_ns >= is->io_anew_at_ns) {
        lost_reads = scaled_rate(p, &is->read_bytes_s, p->start_ns + is->io_anew_at_ns) / IO_BLOCK;
        lost_writes =
            scaled_rate(p, &is->write_bytes_s, p->start_ns + is->io_anew_at_ns) / IO_BLOCK;
    }
    *out = (struct sim_counts){
        .image = execd ? &spec->second : &spec->first,
        .threads = is->threads ? is->threads : 1,
        .uid = changed ? is->setuid_uid : is->uid,
        .gid = changed ? is->setuid_gid : is->gid,
        .ppid = parent_of(is, p->pid),
        .zombie = zombie,
        .start_ticks = ns_to_ticks(h, p->start_ns - h->boot_ns),
        .read_calls = 20 + reads - lost_reads,
        .write_calls = 5 + writes - lost_writes,
        .read_bytes = (reads - lost_reads) * IO_BLOCK,
        .write_bytes = (writes - lost_writes) * IO_BLOCK,
    };
    count_cpu(h, p, at_ns, rss_steps + fd_steps + reads + writes + execd + changed + zombie, out);
    out->minor_faults += FAULTS_A_STEP * rss_steps;
    out->major_faults = reads / 64;
    if (out->zombie)
        out->threads = 1;
    if (out->zombie || is->kernel_thread)
        return;
    count_memory(h, p, &is->rss, at_ns, out);
    out->fds = is->fds.run_count ? (int64_t)scaled_value(p, rg_sim_series_at(&is->fds, at_ns))
                                 : DEFAULT_FDS / 1000;
    out->addresses = ADDRESS_PAGES + (rg_hash_mix(p->salt, execd) & ADDRESS_SPREAD);
}

const struct sim_counts *sim_count(struct rg_sim_host *h, const struct sim_proc *p)
{
    if (h->counted_pid != p->pid) {
        count(h, p, &h->counts);
        h->counted_pid = p->pid;
    }
    return &h->counts;
}

int64_t sim_spec_cpu_ns(const struct rg_sim_host *h, const struct sim_spec *spec)
{
    sim_wide sum = spec->dead_cpu - spec->live_base;

    sum += (sim_wide)spec->live_scale * sim_series_integral(&spec->is.cpu, h->now_ns);
    sum /= CPU_DIVISOR;
    return sum < INT64_MAX ? (int64_t)sum : INT64_MAX;
}
