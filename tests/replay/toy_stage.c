#include "toy_stage.h"
#include "rg/live.h"
#include "rg/sim.h"

#define MUST(call) rg_assert((call) == RG_OK)

static void open_inner(enum toy_stage stage, uint64_t seed, struct rg_backends *inner)
{
    struct rg_sim_runtime_options sim = RG_SIM_RUNTIME_OPTIONS;
    struct rg_live_host_options host = {
        .options = "a: 1\npassword: hunter2hunter2\n", .confd = "/etc/pam.d"};
    struct rg_sim_storage_options storage = {0};
    struct rg_sim_sink_options sink = {0};
    struct rg_err err = {0};

    *inner = (struct rg_backends){
        .kubelet = rg_kubelet_none(), .events = rg_events_none(), .pycheck = rg_pycheck_none()};
    sim.seed = seed;
    sim.order = RG_SIM_ORDER_RANDOM;
    sim.step_ns = (int64_t)(seed % 3) * 1000;
    if (stage == TOY_SIM)
        MUST(rg_sim_runtime_create(&sim, &inner->runtime, &err));
    else
        MUST(rg_live_runtime_create(&inner->runtime, &err));
    storage.runtime = sink.runtime = inner->runtime;
    MUST(rg_live_procfs_create("/proc", &inner->procfs, &err));
    MUST(rg_live_host_create(&host, &inner->host, &err));
    MUST(rg_sim_storage_create(&storage, &inner->storage, &err));
    MUST(rg_sim_sink_create(&sink, &inner->sink, &err));
}

static void close_inner(struct rg_backends *inner)
{
    rg_sink_destroy(inner->sink);
    rg_storage_destroy(inner->storage);
    rg_host_destroy(inner->host);
    rg_procfs_destroy(inner->procfs);
    rg_runtime_destroy(inner->runtime);
}

static void call(const struct toy_hooks *hooks, bool before)
{
    if (hooks && before && hooks->before)
        hooks->before(hooks->ctx);
    if (hooks && !before && hooks->after)
        hooks->after(hooks->ctx);
}

void toy_record(enum toy_stage stage, uint64_t seed, const char *path,
    const struct toy_options *options, const struct toy_hooks *hooks, struct toy_recording *out)
{
    struct rg_recorder_options recorder = {
        .path = path,
        .version = "test",
        .mask = RG_MASK_STANDARD,
    };
    struct rg_recorder *rec = NULL;
    struct rg_backends inner;

    *out = (struct toy_recording){0};
    open_inner(stage, seed, &inner);
    call(hooks, true);
    out->recorded = rg_recorder_create(&recorder, &inner, &rec, &out->err);
    if (out->recorded == RG_OK) {
        out->ran = toy_run(rg_recorder_backends(rec), options);
        out->recorded = rg_recorder_finish(rec, &out->summary, &out->err);
        rg_recorder_destroy(rec);
    }
    call(hooks, false);
    close_inner(&inner);
}

enum rg_status toy_replay(const char *path, const struct toy_options *options,
    const struct toy_hooks *hooks, struct rg_replay_report *report)
{
    struct rg_replay *replay = NULL;
    struct rg_err err = {0};
    enum rg_status st;

    *report = (struct rg_replay_report){0};
    call(hooks, true);
    st = rg_replay_open(path, NULL, &replay, &err);
    if (st == RG_OK) {
        rg_ignore(toy_run(rg_replay_backends(replay), options), "the report tells");
        rg_replay_conclude(replay, report);
        rg_replay_destroy(replay);
    }
    call(hooks, false);
    return st;
}
