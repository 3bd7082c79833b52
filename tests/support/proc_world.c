#include "proc_world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct world_proc *world_find(struct world *w, int32_t pid)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->procs[i].pid == pid)
            return &w->procs[i];
    }
    return NULL;
}

struct world_proc *world_spawn(struct world *w, int32_t pid)
{
    struct world_proc *p;

    rg_assert(w->count < WORLD_MAX && !world_find(w, pid));
    p = &w->procs[w->count++];
    *p = (struct world_proc){
        .pid = pid,
        .ppid = 1,
        .start_ticks = ++w->clock_ticks,
        .switched_in = 5,
        .voluntary = 3,
        .involuntary = 2,
        .threads = 1,
        .user_ticks = 10,
        .system_ticks = 5,
        .minor_faults = 100,
        .uid = 1000,
        .exe = "/usr/bin/app",
        .cwd = "/srv",
        .image = 0x1000 * (w->clock_ticks + 1),
        .size = 500,
        .resident = 300,
        .shared = 100,
        .data = 80,
        .io = {1, 2, 3, 4},
        .fds = 3,
    };
    snprintf(p->comm, sizeof(p->comm), "app%d", pid);
    snprintf(p->args, sizeof(p->args), "/usr/bin/app|--id|%d|", pid);
    return p;
}

void world_kill(struct world *w, int32_t pid)
{
    struct world_proc *p = world_find(w, pid);

    rg_assert(p);
    *p = w->procs[--w->count];
    fake_procfs_remove(w->fake, pid);
}

void world_run(struct world_proc *p)
{
    if (!p->on_cpu)
        p->switched_in++;
    p->on_cpu = false;
    p->voluntary++;
}

void world_exec(struct world_proc *p, const char *comm)
{
    world_run(p);
    p->image += 0x777;
    p->threads = 1;
    p->size += 7;
    snprintf(p->comm, sizeof(p->comm), "%s", comm);
    snprintf(p->exe, sizeof(p->exe), "/bin/%s", comm);
    snprintf(p->args, sizeof(p->args), "%s|-x|", comm);
}

static void render_stat(struct world *w, const struct world_proc *p)
{
    uint64_t a = p->image;
    char text[1024];

    snprintf(text, sizeof(text),
        "%d (%s) %c %d 1 1 0 -1 %u %" PRIu64 " 0 0 0 %" PRIu64 " %" PRIu64
        " 0 0 20 %d %d 0 %" PRIu64 " %" PRIu64 " %" PRIu64 " 18446744073709551615 %" PRIu64
        " %" PRIu64 " %" PRIu64 " 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 %" PRIu64 " %" PRIu64
        " %" PRIu64 " %" PRIu64 " 0\n",
        p->pid, p->comm,
        p->zombie   ? 'Z'
        : p->on_cpu ? 'R'
                    : 'S',
        p->ppid, p->kernel ? 0x00208040u : 0x00400100u, p->minor_faults, p->user_ticks,
        p->system_ticks, p->nice, p->threads, p->start_ticks, p->size * WORLD_PAGE_BYTES,
        p->resident, a ? a : 1, a ? a + 1 : 1, a ? a + 2 : 0, a ? a + 3 : 0, a ? a + 4 : 0,
        a ? a + 5 : 0, a ? a + 6 : 0);
    fake_procfs_set(w->fake, p->pid, "stat", text);
}

static void render_status(struct world *w, const struct world_proc *p)
{
    char text[1024];

    snprintf(text, sizeof(text),
        "Name:\t%s\nState:\t%c (x)\nUid:\t%u\t%u\t%u\t%u\nGid:\t7\t7\t7\t7\nNSpid:\t%d\t4\n"
        "VmSize:\t%8" PRIu64 " kB\nVmRSS:\t%8" PRIu64 " kB\nVmSwap:\t%8" PRIu64 " kB\n"
        "Threads:\t%d\nvoluntary_ctxt_switches:\t%" PRIu64 "\nnonvoluntary_ctxt_switches:\t%" PRIu64
        "\n",
        p->comm,
        p->zombie   ? 'Z'
        : p->on_cpu ? 'R'
                    : 'S',
        p->uid, p->uid, p->uid, p->uid, p->pid, p->size * 4, p->resident * 4, p->swap * 4,
        p->threads, p->voluntary, p->involuntary);
    fake_procfs_set(w->fake, p->pid, "status", text);
}

void world_render_one(struct world *w, const struct world_proc *p)
{
    char text[256];
    size_t len = strlen(p->args);

    render_stat(w, p);
    render_status(w, p);
    memcpy(text, p->args, len + 1);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '|')
            text[i] = '\0';
    }
    fake_procfs_set_bytes(w->fake, p->pid, "cmdline", text, p->kernel ? 0 : len);
    snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 " %" PRIu64 " 9 0 %" PRIu64 " 0\n", p->size,
        p->resident, p->shared, p->data);
    fake_procfs_set(w->fake, p->pid, "statm", text);
    snprintf(text, sizeof(text),
        "rchar: 1\nsyscr: %" PRId64 "\nsyscw: %" PRId64 "\nread_bytes: %" PRId64
        "\nwrite_bytes: %" PRId64 "\n",
        p->io[0], p->io[1], p->io[2], p->io[3]);
    fake_procfs_set(w->fake, p->pid, "io", text);
    snprintf(text, sizeof(text), "1 2 %" PRIu64 "\n", w->no_schedstat ? 0 : p->switched_in);
    fake_procfs_set(w->fake, p->pid, "schedstat", text);
    fake_procfs_set(w->fake, p->pid, "exe", p->exe);
    fake_procfs_set(w->fake, p->pid, "cwd", p->cwd);
    fake_procfs_set_fds(w->fake, p->pid, p->fds);
    if (p->kernel)
        fake_procfs_set_errno(w->fake, p->pid, "exe", ENOENT);
}

void world_render(struct world *w)
{
    for (size_t i = 0; i < w->count; i++)
        world_render_one(w, &w->procs[i]);
}

/* What any thread may do to the state that all threads share. */
static void act(struct world_proc *p, struct rg_prng *prng)
{
    uint64_t pages = rg_prng_below(prng, 5);

    p->user_ticks += rg_prng_below(prng, 3);
    if (pages) {
        p->minor_faults += pages;
        p->resident += pages;
    }
    if (rg_prng_below(prng, 3) == 0)
        p->io[rg_prng_below(prng, 4)]++;
    if (rg_prng_below(prng, 4) == 0)
        p->fds++;
    if (rg_prng_below(prng, 6) == 0)
        snprintf(p->cwd, sizeof(p->cwd), "/srv/%u", (unsigned)rg_prng_below(prng, 9));
    if (rg_prng_below(prng, 8) == 0)
        snprintf(p->args, sizeof(p->args), "title %u|", (unsigned)rg_prng_below(prng, 9));
}

static void step_main_thread(struct world_proc *p, struct rg_prng *prng)
{
    world_run(p);
    if (rg_prng_below(prng, 5) == 0) {
        p->switched_in++;
        p->on_cpu = true;
    }
    act(p, prng);
    switch (rg_prng_below(prng, 12)) {
    case 0:
        world_exec(p, rg_prng_below(prng, 2) ? "htop" : "vi");
        break;
    case 1:
        p->uid = (uint32_t)rg_prng_below(prng, 5);
        break;
    case 2:
        p->threads++;
        break;
    case 3:
        p->threads = 1;
        break;
    case 4:
        p->image = p->image ? 0 : 0x5000 * (p->user_ticks + 1);
        break;
    case 5:
        p->zombie = p->threads == 1;
        break;
    default:
        break;
    }
}

static void step_proc(struct world_proc *p, struct rg_prng *prng)
{
    if (!p->zombie && !p->kernel && rg_prng_below(prng, 3) == 0) {
        step_main_thread(p, prng);
    } else if (p->threads > 1 && rg_prng_below(prng, 2) == 0) {
        act(p, prng);
        p->threads -= rg_prng_below(prng, 4) == 0;
    }
    if (!p->zombie && p->resident > 20 && rg_prng_below(prng, 10) == 0) {
        p->resident -= 2; /* reclaim needs no help of the process */
        p->swap += 2;
    }
    if (rg_prng_below(prng, 10) == 0)
        p->nice = (int32_t)rg_prng_below(prng, 40) - 20;
    if (rg_prng_below(prng, 10) == 0)
        p->ppid = (int32_t)rg_prng_below(prng, 5);
    if (rg_prng_below(prng, 20) == 0) /* /proc/PID/comm can be written from outside */
        snprintf(p->comm, sizeof(p->comm), ") (%u", (unsigned)rg_prng_below(prng, 3));
}

void world_step(struct world *w, struct rg_prng *prng)
{
    w->clock_ticks += rg_prng_below(prng, 1000);
    for (size_t i = 0; i < w->count; i++)
        step_proc(&w->procs[i], prng);
    for (size_t i = w->count; i-- > 0;) {
        int32_t pid = w->procs[i].pid;

        if (rg_prng_below(prng, 12))
            continue;
        world_kill(w, pid);
        if (rg_prng_below(prng, 2)) /* the pid is used again at once */
            world_spawn(w, pid);
    }
    while (w->count < 12) {
        int32_t pid = 1 + (int32_t)rg_prng_below(prng, 1000);
        struct world_proc *p = world_find(w, pid) ? NULL : world_spawn(w, pid);

        if (p)
            p->kernel = rg_prng_below(prng, 5) == 0;
    }
}

static enum rg_status host_facts(
    struct rg_host *host, struct rg_host_facts *out, struct rg_err *err)
{
    (void)err;
    *out = ((struct world_host *)host)->facts;
    return RG_OK;
}

static const struct rg_host_ops world_host_ops = {.name = "world", .facts = host_facts};

void world_host_init(struct world_host *host, uint32_t euid)
{
    *host = (struct world_host){
        .base = {&world_host_ops},
        .facts = {.clock_ticks_per_s = WORLD_TICKS,
            .page_size_bytes = WORLD_PAGE_BYTES,
            .cpu_count = 2,
            .uid = euid,
            .euid = euid},
    };
}
