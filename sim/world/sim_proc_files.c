/* The files of one process, but for status. Formats: proc(5) and fs/proc of the kernel. */
#include "sim_model.h"

#include <errno.h>
#include <string.h>

#define COMM_BYTES    15u                  /* TASK_COMM_LEN without the NUL */
#define PF_KTHREAD    UINT32_C(0x00200000) /* include/linux/sched.h */
#define FLAGS_USER    UINT32_C(0x00400000) /* PF_RANDOMIZE */
#define FLAGS_FORKED  UINT32_C(0x00000040) /* PF_FORKNOEXEC */
#define FLAGS_EXITING UINT32_C(0x00000004) /* PF_EXITING */
#define PAGE_UNIT     UINT64_C(4096)       /* of sim_counts.addresses */
#define STACK_BASE    UINT64_C(0x7ffc00000000)
#define STACK_MASK    UINT64_C(0xffffffff0)
#define RSS_NO_LIMIT  "18446744073709551615"

void sim_render_comm(struct sim_out *out, const struct sim_proc *p, const struct sim_counts *c)
{
    sim_out_expanded(out, c->image->name, p, COMM_BYTES);
}

static void field(struct sim_out *out, uint64_t v)
{
    sim_out_bytes(out, " ", 1);
    sim_out_u64(out, v);
}

static void fields(struct sim_out *out, const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        field(out, values[i]);
}

/* Whether the agent may look at addresses, io, fds and links. */
static bool permitted(const struct rg_sim_host *h, const struct sim_counts *c)
{
    return h->options.euid == 0 || h->options.euid == c->uid;
}

static uint64_t flags_of(const struct rg_sim_host *h, const struct sim_proc *p)
{
    const struct rg_sim_process_spec *is = &h->specs[p->spec].is;

    if (is->kernel_thread)
        return PF_KTHREAD | FLAGS_FORKED;
    return p->end_ns != SIM_NEVER ? FLAGS_USER | FLAGS_EXITING : FLAGS_USER;
}

/* Fields 26 to 30 and 45 to 51. Without permission the code shows as 1 and the rest as 0. */
static void addresses(const struct sim_counts *c, bool allowed, uint64_t low[5], uint64_t high[7])
{
    uint64_t code = c->addresses * PAGE_UNIT;
    uint64_t stack = STACK_BASE + (c->addresses * 7919 & STACK_MASK);
    bool see = allowed && code;

    memset(high, 0, 7 * sizeof(*high));
    low[0] = see ? code : code ? 1 : 0;
    low[1] = see ? code + 0x40000 : low[0];
    low[2] = see ? stack : 0;
    low[3] = low[4] = 0;
    if (!see)
        return;
    high[0] = code + 0x60000; /* data */
    high[1] = code + 0x68000;
    high[2] = code + 0x1000000; /* brk */
    high[3] = stack + 0x100;    /* arguments */
    high[4] = stack + 0x180;
    high[5] = high[4]; /* environment */
    high[6] = stack + 0xfe8;
}

static void put_stat(const struct rg_sim_host *h, const struct sim_proc *p,
    const struct sim_counts *c, struct sim_out *out)
{
    const struct rg_sim_process_spec *is = &h->specs[p->spec].is;
    uint64_t pages = (uint64_t)h->options.page_size_bytes / 1024;
    uint64_t pid = (uint64_t)p->pid;
    uint64_t low[5], high[7];
    uint64_t cpu = p->salt % (uint64_t)h->options.cpu_count;

    addresses(c, permitted(h, c), low, high);
    sim_out_u64(out, pid);
    sim_out_text(out, " (");
    sim_render_comm(out, p, c);
    sim_out_text(out, ") ");
    sim_out_bytes(out, &c->state, 1);
    field(out, (uint64_t)c->ppid);
    fields(out, (const uint64_t[]){is->kernel_thread ? 0 : pid, is->kernel_thread ? 0 : pid, 0}, 3);
    sim_out_text(out, " -1");
    fields(out,
        (const uint64_t[]){flags_of(h, p), c->minor_faults, 0, c->major_faults, 0, c->user_ticks,
            c->system_ticks, 0, 0},
        9);
    sim_out_bytes(out, " ", 1);
    sim_out_i64(out, 20 + is->nice);
    sim_out_bytes(out, " ", 1);
    sim_out_i64(out, is->nice);
    fields(out,
        (const uint64_t[]){
            (uint64_t)c->threads, 0, c->start_ticks, c->size_kib * 1024, c->resident_kib / pages},
        5);
    sim_out_text(out, " " RSS_NO_LIMIT);
    fields(out, low, 5);
    /* signals, wchan, swap; then the exit signal, the CPU, priorities and delays */
    fields(out, (const uint64_t[]){0, 0, 0, 0, c->state == 'S', 0, 0}, 7);
    fields(out, (const uint64_t[]){c->addresses ? 17 : 0, cpu, 0, 0, 0, 0, 0}, 7);
    fields(out, high, 7);
    sim_out_text(out, " 0\n");
}

static void put_statm(const struct rg_sim_host *h, const struct sim_counts *c, struct sim_out *out)
{
    uint64_t page = (uint64_t)h->options.page_size_bytes / 1024;

    sim_out_u64(out, c->size_kib / page);
    fields(out,
        (const uint64_t[]){c->resident_kib / page, c->shared_kib / page, c->text_kib / page, 0,
            c->data_kib / page, 0},
        6);
    sim_out_bytes(out, "\n", 1);
}

static void put_io(const struct sim_counts *c, struct sim_out *out)
{
    const struct {
        const char *name;
        uint64_t value;
    } lines[] = {
        {"rchar: ", c->read_bytes + 3000 + c->read_calls * 64},
        {"\nwchar: ", c->write_bytes + 100 + c->write_calls * 16},
        {"\nsyscr: ", c->read_calls},
        {"\nsyscw: ", c->write_calls},
        {"\nread_bytes: ", c->read_bytes},
        {"\nwrite_bytes: ", c->write_bytes},
        {"\ncancelled_write_bytes: ", 0},
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        sim_out_text(out, lines[i].name);
        sim_out_u64(out, lines[i].value);
    }
    sim_out_bytes(out, "\n", 1);
}

static void put_cmdline(
    const struct sim_proc *p, const struct sim_counts *c, size_t padding, struct sim_out *out)
{
    if (!c->addresses)
        return;
    for (size_t i = 0; i < c->image->arg_count; i++) {
        sim_out_expanded(out, c->image->args[i], p, RG_SIM_TEXT_MAX);
        sim_out_bytes(out, "", 1);
    }
    for (size_t i = 0; i < padding; i++)
        sim_out_bytes(out, "x", 1);
    if (padding)
        sim_out_bytes(out, "", 1);
}

enum rg_status sim_render_pid(struct rg_sim_host *h, const struct sim_proc *p, const char *name,
    struct rg_buf *buf, struct rg_err *err)
{
    const struct sim_counts *c = sim_count(h, p);
    struct sim_out out;

    sim_rendering(h);
    sim_out_init(&out, buf);
    if (strcmp(name, "stat") == 0) {
        put_stat(h, p, c, &out);
    } else if (strcmp(name, "status") == 0) {
        sim_render_status(h, p, c, &out);
    } else if (strcmp(name, "statm") == 0) {
        put_statm(h, c, &out);
    } else if (strcmp(name, "schedstat") == 0) {
        sim_out_u64(&out, c->run_ns);
        fields(&out, (const uint64_t[]){c->wait_ns, c->switched_in}, 2);
        sim_out_bytes(&out, "\n", 1);
    } else if (strcmp(name, "io") == 0) {
        if (!permitted(h, c))
            return rg_err_errno(err, EACCES);
        put_io(c, &out);
    } else if (strcmp(name, "cmdline") == 0) {
        put_cmdline(p, c, h->specs[p->spec].is.padding, &out);
    } else if (strcmp(name, "comm") == 0) {
        sim_render_comm(&out, p, c);
        sim_out_bytes(&out, "\n", 1);
    } else {
        return rg_err_errno(err, ENOENT);
    }
    return sim_out_end(&out, err);
}
