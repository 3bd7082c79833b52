#include "bench_profile_parts.h"
#include "cli.h"
#include "rg/base/mem.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#define CLOCK_READS 1024 /* to learn what one costs */
#define CLOCK_TRIES 100
#define LONG_NS     20000 /* shorter than what another process takes, longer than nearly all calls */

static int64_t process_cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * RG_NS_PER_S + t.tv_nsec;
}

/* The cheap clock goes on while others have the CPU. Such a gap makes a stretch long, so only then
 * the dear clock is asked how much was not ours. */
static int64_t taken_away(struct bench_profiler *p, int64_t now_ns, int64_t elapsed_ns)
{
    int64_t cpu_ns = process_cpu_ns();
    int64_t taken_ns = now_ns - p->synced_ns - (cpu_ns - p->synced_cpu_ns);

    p->synced_ns = now_ns;
    p->synced_cpu_ns = cpu_ns;
    return taken_ns < 0 ? 0 : taken_ns < elapsed_ns ? taken_ns : elapsed_ns;
}

void bench_profiler_turn(struct bench_profiler *p, enum bench_part part)
{
    int64_t now_ns = cli_mono_ns();
    int64_t elapsed_ns = now_ns - p->since_ns;

    if (elapsed_ns > LONG_NS)
        elapsed_ns -= taken_away(p, now_ns, elapsed_ns);
    p->sums.ns[p->part] += elapsed_ns;
    p->sums.calls[p->part]++;
    p->since_ns = now_ns;
    p->part = part;
}

static const struct rg_procfs_ops bench_procfs_ops;
static const struct rg_sink_ops bench_sink_ops;

static struct bench_profiler *from_procfs(struct rg_procfs *fs)
{
    rg_assert(fs->ops == &bench_procfs_ops);
    return (struct bench_profiler *)(void *)((char *)fs - offsetof(struct bench_profiler, procfs));
}

static enum rg_status bench_list(struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    struct bench_profiler *p = from_procfs(fs);
    enum rg_status st;

    bench_profiler_turn(p, p->world);
    st = rg_procfs_list_pids(p->inner->procfs, out, err);
    bench_profiler_turn(p, BENCH_ENGINE);
    return st;
}

static enum rg_status bench_read(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct bench_profiler *p = from_procfs(fs);
    enum rg_status st;

    bench_profiler_turn(p, p->world);
    st = rg_procfs_read_pid(p->inner->procfs, pid, name, out, err);
    bench_profiler_turn(p, BENCH_ENGINE);
    return st;
}

static enum rg_status bench_link(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct bench_profiler *p = from_procfs(fs);
    enum rg_status st;

    bench_profiler_turn(p, p->world);
    st = rg_procfs_read_link(p->inner->procfs, pid, name, out, err);
    bench_profiler_turn(p, BENCH_ENGINE);
    return st;
}

static enum rg_status bench_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err)
{
    struct bench_profiler *p = from_procfs(fs);
    enum rg_status st;

    bench_profiler_turn(p, p->world);
    st = rg_procfs_count_fds(p->inner->procfs, pid, count, err);
    bench_profiler_turn(p, BENCH_ENGINE);
    return st;
}

static enum rg_status bench_stat(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    struct bench_profiler *p = from_procfs(fs);
    enum rg_status st;

    bench_profiler_turn(p, p->world);
    st = rg_procfs_stat_pid(p->inner->procfs, pid, name, out, err);
    bench_profiler_turn(p, BENCH_ENGINE);
    return st;
}

static enum rg_status bench_host_read(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    struct bench_profiler *p = from_procfs(fs);
    enum rg_status st;

    bench_profiler_turn(p, p->world);
    st = rg_procfs_read_host(p->inner->procfs, path, out, err);
    bench_profiler_turn(p, BENCH_ENGINE);
    return st;
}

static void bench_procfs_destroy(struct rg_procfs *fs)
{
    (void)from_procfs(fs); /* the profiler owns it */
}

static const struct rg_procfs_ops bench_procfs_ops = {
    .name = "bench",
    .list_pids = bench_list,
    .read_pid = bench_read,
    .read_link = bench_link,
    .count_fds = bench_fds,
    .stat_pid = bench_stat,
    .read_host = bench_host_read,
    .destroy = bench_procfs_destroy,
};

static struct bench_profiler *from_sink(struct rg_sink *sink)
{
    rg_assert(sink->ops == &bench_sink_ops);
    return (struct bench_profiler *)(void *)((char *)sink - offsetof(struct bench_profiler, sink));
}

static enum rg_status bench_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct bench_profiler *p = from_sink(sink);
    enum rg_status st;

    bench_profiler_turn(p, BENCH_OUTPUT);
    st = rg_sink_emit(p->inner->sink, output, response, err);
    bench_profiler_turn(p, BENCH_ENGINE);
    return st;
}

static void bench_sink_destroy(struct rg_sink *sink)
{
    (void)from_sink(sink); /* the profiler owns it */
}

static const struct rg_sink_ops bench_sink_ops = {
    .name = "bench",
    .emit = bench_emit,
    .destroy = bench_sink_destroy,
};

static void rendering(void *ctx)
{
    bench_profiler_turn(ctx, BENCH_RENDER);
}

enum rg_status bench_profiler_create(const struct rg_backends *inner, enum bench_part world,
    struct rg_sim_host *host, struct bench_profiler **out)
{
    struct bench_profiler *p = rg_calloc(1, sizeof(*p));

    if (!p)
        return RG_ENOMEM;
    p->inner = inner;
    p->world = world;
    p->host = host;
    p->runtime.ops = &bench_runtime_ops;
    p->procfs.ops = &bench_procfs_ops;
    p->sink.ops = &bench_sink_ops;
    p->set = *inner; /* host and storage are asked too seldom to matter */
    p->set.runtime = &p->runtime;
    p->set.procfs = &p->procfs;
    p->set.sink = &p->sink;
    *out = p;
    return RG_OK;
}

const struct rg_backends *bench_profiler_backends(struct bench_profiler *profiler)
{
    return &profiler->set;
}

void bench_profiler_start(struct bench_profiler *profiler)
{
    if (profiler->host)
        rg_sim_host_watch(profiler->host, rendering, profiler);
    profiler->part = BENCH_ENGINE;
    profiler->since_ns = profiler->synced_ns = cli_mono_ns();
    profiler->synced_cpu_ns = process_cpu_ns();
}

/* The fastest of many tries: whoever interrupts us makes one slower. */
static double clock_cost_ns(void)
{
    int64_t best_ns = INT64_MAX;

    for (int try = 0; try < CLOCK_TRIES; try++) {
        int64_t start_ns = cli_mono_ns();
        int64_t last_ns = start_ns;

        for (int i = 0; i < CLOCK_READS; i++)
            last_ns = cli_mono_ns();
        if (last_ns - start_ns < best_ns)
            best_ns = last_ns - start_ns;
    }
    return (double)best_ns / CLOCK_READS;
}

void bench_profiler_stop(struct bench_profiler *profiler, struct bench_profile *out)
{
    double cost_ns;

    bench_profiler_turn(profiler, BENCH_ENGINE);
    if (profiler->host)
        rg_sim_host_watch(profiler->host, NULL, NULL);
    cost_ns = clock_cost_ns();
    *out = profiler->sums;
    /* Each stretch begins in the middle of one reading and ends in the middle of another. */
    for (int i = 0; i < BENCH_PART_COUNT; i++) {
        out->ns[i] -= (int64_t)(cost_ns * (double)out->calls[i]);
        if (out->ns[i] < 0)
            out->ns[i] = 0;
    }
}

void bench_profiler_destroy(struct bench_profiler *profiler)
{
    free(profiler);
}

const char *bench_part_name(enum bench_part part)
{
    static const char *const names[] = {
        "engine", "world model", "rendering", "decoding", "outputs"};

    return names[part];
}
