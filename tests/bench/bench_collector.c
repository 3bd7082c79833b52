/* What scheduling costs: memory of an idle check, and CPU from being due to the start of the run.
 *
 *   bench_collector [-n CHECKS] [-s SECONDS] [-w WORKERS] [--gate[=memory]]
 *
 * Checks that do nothing run once a second on 4 and on 64 workers (or on WORKERS) in real time. The
 * CPU time of all threads, less that of a collector without checks, is divided by the runs. The
 * floor hands the same number of items through one lock and one condition to as many threads, in
 * the same bursts. With --gate a figure above its limit gives exit code 1; with
 * --gate=memory only that of the memory, which does not depend on how busy the machine is. */
#include "collector_floor.h"

#include "check_collector.h"

#include "aggregator.h"
#include "rg/live.h"

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MEMORY_MAX 2048 /* bytes of an idle check */
#define CPU_MAX_NS 2000 /* of a run */

struct options {
    unsigned checks, seconds, workers;
    bool gate, gate_cpu;
};

struct rig {
    struct rg_check_world world;
    struct rg_collector *collector;
};

static void must(enum rg_status st, const struct rg_err *err)
{
    if (st == RG_OK)
        return;
    fprintf(stderr, "bench_collector: %s\n", rg_err_text(err, st));
    exit(2);
}

static int64_t cpu_ns(void)
{
    struct rusage use;

    if (getrusage(RUSAGE_SELF, &use) != 0)
        exit(2);
    return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * RG_NS_PER_S +
           (use.ru_utime.tv_usec + use.ru_stime.tv_usec) * INT64_C(1000);
}

static enum rg_status run_nothing(struct rg_check *check, struct rg_err *err)
{
    (void)check;
    (void)err;
    return RG_OK;
}

static enum rg_status run_gauges(struct rg_check *check, struct rg_err *err)
{
    static const char *const names[] = {"bench.a", "bench.b", "bench.c", "bench.d", "bench.e"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        rg_sender_gauge(check->sender, names[i], (double)i, NULL, RG_NO_TAGS);
    return rg_sender_commit(check->sender, err);
}

static const struct rg_check_ops nothing = {.version = "", .run = run_nothing};
static const struct rg_check_ops gauges = {.version = "", .run = run_gauges};

static void open_rig(struct rig *rig, unsigned workers)
{
    struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct rg_aggregator_options aggregator;
    struct rg_err err = {0};

    *rig = (struct rig){0};
    must(rg_live_runtime_create(&rig->world.runtime, &err), &err);
    rg_aggregator_options_default(&aggregator);
    aggregator.hostname = "bench-host";
    must(rg_aggregator_create(rig->world.runtime, &aggregator, NULL, &rig->world.aggregator, &err),
        &err);
    rig->world.stop_lock = rg_mutex_create(rig->world.runtime, "stop");
    options.workers = workers;
    must(rig->world.stop_lock ? RG_OK : RG_ENOMEM, &err);
    must(rg_collector_create(&rig->world, &options, &rig->collector, &err), &err);
    must(rg_collector_start(rig->collector, &err), &err);
}

static void close_rig(struct rig *rig)
{
    rg_collector_stop(rig->collector);
    rg_collector_destroy(rig->collector);
    rg_mutex_destroy(rig->world.stop_lock);
    rg_aggregator_destroy(rig->world.aggregator);
    rg_runtime_destroy(rig->world.runtime);
}

static void add_checks(
    struct rig *rig, const struct rg_check_ops *ops, unsigned count, int64_t interval_ns)
{
    char instance[64];
    struct rg_check_source from = {.name = RG_STR_LIT("http_check"),
        .init_config = RG_STR_LIT("{}\n"),
        .source = RG_STR_LIT("file:/etc/datadog-agent/conf.d/http_check.d/conf.yaml")};
    struct rg_err err = {0};

    for (unsigned i = 0; i < count; i++) {
        struct rg_check *check = NULL;

        snprintf(instance, sizeof(instance), "name: site_%u\nurl: http://10.0.0.1/\n", i);
        from.instance = rg_str_from(instance);
        must(rg_check_create(ops, sizeof(*check), true, "core", &rig->world, &from, &check, &err),
            &err);
        check->interval_ns = interval_ns;
        must(rg_collector_run_check(rig->collector, check, &err), &err);
    }
}

static void pass(struct rig *rig, int64_t ns)
{
    struct rg_runtime *rt = rig->world.runtime;

    rg_ignore(rg_runtime_sleep_until(rt, rg_mono_after(rg_runtime_mono(rt), ns)), "never stops");
}

static size_t memory(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* Bytes of one check that has run and waits, in a collector with count of them. */
static double memory_of(const struct rg_check_ops *ops, unsigned count)
{
    struct rig rig;
    size_t before, after;

    open_rig(&rig, 4);
    before = memory();
    add_checks(&rig, ops, count, RG_NS_PER_S);
    while (rg_collector_counts(rig.collector).runs < (uint64_t)count * 2)
        pass(&rig, RG_NS_PER_S / 10);
    after = memory();
    close_rig(&rig);
    return (double)(after - before) / count;
}

/* CPU of a collector for some seconds, and the runs in them. */
static int64_t cpu_of(const struct options *o, unsigned workers, unsigned checks, uint64_t *runs)
{
    struct rg_collector_counts before, after;
    struct rig rig;
    int64_t cpu;

    open_rig(&rig, workers);
    add_checks(&rig, &nothing, checks, RG_NS_PER_S);
    pass(&rig, RG_NS_PER_S + RG_NS_PER_S / 2);
    before = rg_collector_counts(rig.collector);
    cpu = cpu_ns();
    pass(&rig, o->seconds * RG_NS_PER_S);
    cpu = cpu_ns() - cpu;
    after = rg_collector_counts(rig.collector);
    *runs = after.runs - before.runs;
    if (after.skipped + after.lost_ticks > 0)
        fprintf(stderr, "%llu runs skipped, %llu ticks lost\n", (unsigned long long)after.skipped,
            (unsigned long long)after.lost_ticks);
    close_rig(&rig);
    return cpu;
}

static bool measure_cpu(const struct options *o, unsigned workers)
{
    uint64_t runs = 0, none = 0;
    int64_t base = cpu_of(o, workers, 0, &none);
    int64_t cpu = cpu_of(o, workers, o->checks, &runs) - base;
    double ours = runs ? (double)cpu / (double)runs : 0;
    double floor = collector_floor_ns(workers, o->checks, o->seconds);

    printf("%u workers: %llu runs, %.0f ns of CPU each (limit %d); floor %.0f ns, ratio %.2f\n",
        workers, (unsigned long long)runs, ours, CPU_MAX_NS, floor, floor > 0 ? ours / floor : 0);
    fflush(stdout);
    return runs > 0 && ours <= CPU_MAX_NS;
}

static void parse(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {{"gate", optional_argument, NULL, 'g'}, {0}};
    int c;

    *o = (struct options){.checks = 10000, .seconds = 3};
    while ((c = getopt_long(argc, argv, "n:s:w:", known, NULL)) != -1) {
        unsigned long value = optarg ? strtoul(optarg, NULL, 10) : 0;
        bool wrong = c == 'g' ? optarg && strcmp(optarg, "memory") != 0
                              : c == '?' || value == 0 || value > 100000;

        if (wrong || (c == 'w' && value > RG_COLLECTOR_WORKERS_MAX)) {
            fprintf(stderr, "usage: bench_collector [-n CHECKS] [-s SECONDS] [-w WORKERS] "
                            "[--gate[=memory]]\n");
            exit(2);
        }
        if (c == 'n')
            o->checks = (unsigned)value;
        else if (c == 's')
            o->seconds = (unsigned)value;
        else if (c == 'w')
            o->workers = (unsigned)value;
        if (c != 'g')
            continue;
        o->gate = true;
        o->gate_cpu = !optarg;
    }
}

int main(int argc, char **argv)
{
    struct options o;
    double idle;
    bool good, fast;

    parse(argc, argv, &o);
    idle = memory_of(&nothing, o.checks);
    printf("%u checks: %.0f bytes each while idle (limit %d)\n", o.checks, idle, MEMORY_MAX);
    printf("%u checks: %.0f bytes each with five gauges\n", o.checks, memory_of(&gauges, o.checks));
    fflush(stdout);
    good = idle <= MEMORY_MAX;
    fast = measure_cpu(&o, o.workers ? o.workers : 4);
    if (!o.workers)
        fast = measure_cpu(&o, 64) && fast;
    return o.gate && !(good && (fast || !o.gate_cpu)) ? 1 : 0;
}
