/* The suites through the recorder, and then once more on what was recorded: a case is a small
 * engine, and its questions and answers must come back exactly. */
#include "capture_edit.h"
#include "conform_procfs.h"
#include "conform_runtime.h"
#include "conform_sink.h"
#include "conform_storage.h"
#include "conform_tree.h"
#include "rg/fixture.h"
#include "rg/live.h"
#include "rg/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call)  rg_assert((call) == RG_OK)
#define OUTPUTS_MAX 64
#define SIM_ORDERS  4
#define NAME_BYTES  96

/* One capture per case, numbered; played back in the same order. */
struct tape {
    char folder[CAPTURE_PATH_MAX], path[CAPTURE_PATH_MAX];
    char proc_root[CONFORM_PATH_MAX];
    bool live; /* else simulated */
    uint64_t seed;
    int next;     /* number of the capture of the next case */
    int failures; /* recordings that did not replay */
    struct rg_backends inner;
    struct rg_recorder *rec;
    struct rg_replay *replay;
    struct conform_output outputs[OUTPUTS_MAX]; /* seen in replay */
    size_t output_count;
};

static void next_path(struct tape *t)
{
    char name[32];

    snprintf(name, sizeof(name), "%d.mcap", t->next++);
    capture_path(t->folder, name, t->path);
}

static void copy_output(struct conform_output *to, const struct rg_output *from)
{
    *to = (struct conform_output){.header_count = from->header_count};
    snprintf(to->kind, sizeof(to->kind), "%s", from->kind);
    snprintf(to->source, sizeof(to->source), "%s", from->source);
    for (size_t i = 0; i < from->header_count && i < 2; i++) {
        snprintf(to->names[i], sizeof(to->names[i]), "%s", from->headers[i].name);
        snprintf(to->values[i], sizeof(to->values[i]), "%s", from->headers[i].value);
    }
    rg_assert(from->payload.len <= sizeof(to->payload));
    to->payload_len = from->payload.len;
    if (from->payload.len)
        memcpy(to->payload, from->payload.ptr, from->payload.len);
}

static void see_output(void *ctx, const struct rg_output *output)
{
    struct tape *t = ctx;

    rg_assert(t->output_count < OUTPUTS_MAX);
    copy_output(&t->outputs[t->output_count++], output);
}

static void open_inner(struct tape *t)
{
    struct rg_sim_runtime_options sim = RG_SIM_RUNTIME_OPTIONS;
    struct rg_live_host_options host = {0};
    struct rg_err err = {0};

    t->inner = (struct rg_backends){
        .kubelet = rg_kubelet_none(), .events = rg_events_none(), .pycheck = rg_pycheck_none()};
    sim.seed = t->seed;
    sim.order = t->seed > 0 ? RG_SIM_ORDER_RANDOM : RG_SIM_ORDER_STABLE;
    if (t->live)
        MUST(rg_live_runtime_create(&t->inner.runtime, &err));
    else
        MUST(rg_sim_runtime_create(&sim, &t->inner.runtime, &err));
    MUST(rg_live_procfs_create(t->proc_root, &t->inner.procfs, &err));
    MUST(rg_live_host_create(&host, &t->inner.host, &err));
    MUST(rg_sim_storage_create(NULL, &t->inner.storage, &err));
    MUST(rg_sim_sink_create(NULL, &t->inner.sink, &err));
}

static const struct rg_backends *record_case(struct tape *t)
{
    struct rg_recorder_options options = {.version = "test", .mask = RG_MASK_OFF};
    struct rg_err err = {0};

    next_path(t);
    options.path = t->path;
    open_inner(t);
    MUST(rg_recorder_create(&options, &t->inner, &t->rec, &err));
    return rg_recorder_backends(t->rec);
}

static void end_recorded_case(void *context)
{
    struct tape *t = context;
    struct rg_record_summary summary;
    struct rg_err err = {0};

    if (!t->rec)
        return;
    MUST(rg_recorder_finish(t->rec, &summary, &err));
    rg_recorder_destroy(t->rec);
    t->rec = NULL;
    rg_sink_destroy(t->inner.sink);
    rg_storage_destroy(t->inner.storage);
    rg_host_destroy(t->inner.host);
    rg_procfs_destroy(t->inner.procfs);
    rg_runtime_destroy(t->inner.runtime);
}

static const struct rg_backends *replay_case(struct tape *t)
{
    struct rg_replay_options options = {see_output, t};
    struct rg_err err = {0};

    next_path(t);
    t->output_count = 0;
    MUST(rg_replay_open(t->path, &options, &t->replay, &err));
    return rg_replay_backends(t->replay);
}

static void end_replayed_case(void *context)
{
    struct tape *t = context;
    struct rg_replay_report report = {0};

    if (!t->replay)
        return;
    rg_replay_conclude(t->replay, &report);
    if (report.outcome != RG_REPLAY_EQUAL) {
        t->failures++;
        fprintf(stderr, "%s: not equal: %.*s", t->path, (int)report.text.len,
            (const char *)report.text.data);
    }
    rg_replay_report_finish(&report);
    rg_replay_destroy(t->replay);
    t->replay = NULL;
}

/* ---- what each suite asks for; the runtime has no clean-up, so the next case ends the last ----
 */

static struct rg_runtime *record_runtime(void *context)
{
    end_recorded_case(context);
    return record_case(context)->runtime;
}

static struct rg_runtime *replay_runtime(void *context)
{
    end_replayed_case(context);
    return replay_case(context)->runtime;
}

static void stop_inner(void *context, struct rg_runtime *rt)
{
    struct tape *t = context;

    (void)rt;
    if (t->live)
        rg_live_runtime_stop(t->inner.runtime);
    else
        rg_sim_runtime_stop(t->inner.runtime);
}

/* The recording knows when the stop came. */
static void stop_replay(void *context, struct rg_runtime *rt)
{
    (void)context;
    (void)rt;
}

static struct rg_procfs *record_procfs(void *context)
{
    return record_case(context)->procfs;
}

static struct rg_procfs *replay_procfs(void *context)
{
    return replay_case(context)->procfs;
}

static struct rg_storage *record_storage(void *context)
{
    return record_case(context)->storage;
}

static struct rg_storage *replay_storage(void *context)
{
    return replay_case(context)->storage;
}

static struct rg_sink *record_sink(void *context)
{
    return record_case(context)->sink;
}

static struct rg_sink *replay_sink(void *context)
{
    return replay_case(context)->sink;
}

static size_t collect_inner(
    void *context, struct rg_sink *sink, struct conform_output *out, size_t cap)
{
    struct tape *t = context;
    size_t count = rg_sim_sink_count(t->inner.sink);

    (void)sink;
    for (size_t i = 0; i < count && i < cap; i++)
        copy_output(&out[i], rg_sim_sink_at(t->inner.sink, i));
    return count < cap ? count : cap;
}

static size_t collect_seen(
    void *context, struct rg_sink *sink, struct conform_output *out, size_t cap)
{
    const struct tape *t = context;
    size_t count = t->output_count < cap ? t->output_count : cap;

    (void)sink;
    memcpy(out, t->outputs, count * sizeof(*out));
    return count;
}

/* ---- the suites ---- */

static int run_runtime(struct tape *t, bool replayed)
{
    char name[NAME_BYTES];
    struct conform_runtime suite = {
        .name = name,
        .context = t,
        .create = replayed ? replay_runtime : record_runtime,
        .request_stop = replayed ? stop_replay : stop_inner,
        .exact_order = !t->live,
    };
    int failures;

    snprintf(name, sizeof(name), "runtime %s, %s, order %u", replayed ? "replayed" : "recorded",
        t->live ? "live" : "simulated", (unsigned)t->seed);
    failures = conform_runtime_run(&suite);
    end_recorded_case(t);
    end_replayed_case(t);
    return failures;
}

static int run_procfs(struct tape *t, bool replayed)
{
    const struct conform_procfs suite = {
        .name = replayed ? "procfs replayed" : "procfs recorded",
        .context = t,
        .create = replayed ? replay_procfs : record_procfs,
        .cleanup = replayed ? end_replayed_case : end_recorded_case,
    };

    return conform_procfs_run(&suite);
}

static int run_storage(struct tape *t, bool replayed)
{
    const struct conform_storage suite = {
        .name = replayed ? "storage replayed" : "storage recorded",
        .context = t,
        .create = replayed ? replay_storage : record_storage,
        .cleanup = replayed ? end_replayed_case : end_recorded_case,
    };

    return conform_storage_run(&suite);
}

static int run_sink(struct tape *t, bool replayed)
{
    const struct conform_sink suite = {
        .name = replayed ? "sink replayed" : "sink recorded",
        .context = t,
        .create = replayed ? replay_sink : record_sink,
        .collect = replayed ? collect_seen : collect_inner,
        .cleanup = replayed ? end_replayed_case : end_recorded_case,
    };

    return conform_sink_run(&suite);
}

/* Records every case of a suite, then replays every case. */
static int run_both(int (*run)(struct tape *t, bool replayed), bool live, uint64_t seed)
{
    struct tape *t = calloc(1, sizeof(*t));
    int failures;

    rg_assert(t);
    capture_temp(t->folder, t->path);
    conform_tree_create(t->proc_root);
    conform_procfs_build(t->proc_root);
    t->live = live;
    t->seed = seed;
    failures = run(t, false);
    t->next = 0;
    failures += run(t, true);
    failures += t->failures;
    conform_tree_remove(t->proc_root);
    capture_temp_remove(t->folder);
    free(t);
    return failures;
}

int main(void)
{
    int failures = run_both(run_procfs, true, 0) + run_both(run_storage, true, 0) +
                   run_both(run_sink, true, 0) + run_both(run_runtime, true, 0);

    for (uint64_t seed = 0; seed < SIM_ORDERS; seed++)
        failures += run_both(run_runtime, false, seed);
    return failures;
}
