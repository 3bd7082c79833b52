/* Writes a capture of a synthetic host in virtual time, for benchmarks of replay:
 * make_capture FILE PROCESSES ACTIVE_EVERY DURATION CHECKS */
#include "rg/core/engine.h"
#include "rg/fixture.h"
#include "rg/live.h"
#include "rg/sim.h"
#include "synthetic_procfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fail(const char *what, const struct rg_err *err, enum rg_status st)
{
    fprintf(stderr, "make_capture: %s: %s\n", what, rg_err_text(err, st));
    return 1;
}

static int record(const char *path, const struct rg_backends *inner)
{
    struct rg_recorder_options options = {
        .path = path,
        .version = "bench",
        .mask = RG_MASK_STANDARD,
    };
    struct rg_record_summary summary;
    struct rg_engine_report report = {0};
    struct rg_recorder *rec;
    struct rg_err err = {0};
    enum rg_status st = rg_recorder_create(&options, inner, &rec, &err);

    if (st != RG_OK)
        return fail(path, &err, st);
    st = rg_engine_run(rg_recorder_backends(rec), &report, &err);
    if (st != RG_OK)
        return fail("engine", &err, st);
    st = rg_recorder_finish(rec, &summary, &err);
    if (st != RG_OK)
        return fail(path, &err, st);
    rg_recorder_destroy(rec);
    printf("{\"runs\":%llu,\"processes\":%zu,\"effects\":%llu,\"outputs\":%llu,\"bytes\":%llu}\n",
        (unsigned long long)report.runs, report.processes_seen, (unsigned long long)summary.effects,
        (unsigned long long)summary.outputs, (unsigned long long)summary.bytes);
    return 0;
}

int main(int argc, char **argv)
{
    struct rg_sim_runtime_options sim = RG_SIM_RUNTIME_OPTIONS;
    struct synthetic_procfs_options world = {0};
    struct rg_backends set = {
        .kubelet = rg_kubelet_none(),
        .events = rg_events_none(),
        .pycheck = rg_pycheck_none(),
    };
    struct rg_live_host_options host = {.hostname = "synthetic"};
    char options[256];
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    if (argc != 6) {
        fprintf(stderr, "usage: make_capture FILE PROCESSES ACTIVE_EVERY DURATION CHECKS\n");
        return 64;
    }
    snprintf(options, sizeof(options), "run:\n  for: %s\n  checks: [%s]\n", argv[4], argv[5]);
    host.options = options;
    st = rg_sim_runtime_create(&sim, &set.runtime, &err);
    if (st != RG_OK)
        return fail("runtime", &err, st);
    world.clock = set.runtime;
    world.process_count = atoi(argv[2]);
    world.active_every = atoi(argv[3]);
    set.procfs = synthetic_procfs_create(&world);
    st = rg_live_host_create(&host, &set.host, &err);
    if (st == RG_OK)
        st = rg_sim_storage_create(NULL, &set.storage, &err);
    if (st == RG_OK)
        st = rg_live_sink_stream(STDERR_FILENO, &set.sink, &err);
    if (st != RG_OK || !set.procfs)
        return fail("backends", &err, st);
    code = record(argv[1], &set);
    rg_sink_destroy(set.sink);
    rg_storage_destroy(set.storage);
    rg_host_destroy(set.host);
    rg_procfs_destroy(set.procfs);
    rg_runtime_destroy(set.runtime);
    return code;
}
