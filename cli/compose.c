#include "compose.h"

#include "rg/base/mem.h"
#include "rg/live.h"
#include "rg/ops/sink_ops.h"
#include "rg/sim.h"

#include <stdlib.h>

static enum rg_status mute_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    (void)sink;
    (void)output;
    (void)response;
    (void)err;
    return RG_OK;
}

static void mute_destroy(struct rg_sink *sink)
{
    free(sink);
}

enum rg_status compose_mute_sink(struct rg_sink **out, struct rg_err *err)
{
    static const struct rg_sink_ops ops = {
        .name = "mute", .emit = mute_emit, .destroy = mute_destroy};
    struct rg_sink *sink = rg_calloc(1, sizeof(*sink));

    if (!sink) {
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    sink->ops = &ops;
    *out = sink;
    return RG_OK;
}

static void fill_set(struct compose *c)
{
    c->set = (struct rg_backends){
        .runtime = c->runtime,
        .procfs = c->procfs,
        .host = c->host,
        .kubelet = rg_kubelet_none(),
        .events = rg_events_none(),
        .storage = c->storage,
        .sink = c->sink,
        .pycheck = rg_pycheck_none(),
    };
}

static enum rg_status create_storage(struct compose *c, struct rg_err *err)
{
    const struct rg_sim_storage_options options = {.runtime = c->runtime};

    return rg_sim_storage_create(&options, &c->storage, err);
}

enum rg_status compose_live(struct compose *c, const struct cli_common *common,
    const char *options_text, struct rg_sink *sink, struct rg_err *err)
{
    const struct rg_live_host_options host = {
        .config_path = common->config_path,
        .config_named = common->config_path != NULL,
        .confd = common->confd,
        .options = options_text,
    };
    enum rg_status st;

    c->sink = sink;
    st = rg_live_runtime_create(&c->runtime, err);
    if (st == RG_OK)
        st = rg_live_procfs_create(common->proc_root, &c->procfs, err);
    if (st == RG_OK)
        st = rg_live_host_create(&host, &c->host, err);
    if (st == RG_OK)
        st = create_storage(c, err);
    if (st == RG_OK)
        fill_set(c);
    return st;
}

/* A year of ticks is more than any recording and ends in minutes; a capture may claim an eternity.
 */
#define WORLD_NS_MAX (INT64_C(366) * 24 * 3600 * RG_NS_PER_S)

static enum rg_status create_clock(
    struct compose *c, const struct compose_world_options *options, struct rg_err *err)
{
    struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;
    struct rg_world_info info;
    int64_t for_ns;

    rg_world_info(c->world, &info);
    for_ns = options->until_ns ? options->until_ns : info.duration_ns;
    if (for_ns > WORLD_NS_MAX) {
        rg_err_set(err, "the capture spans more than 366 days; --until sets an earlier end");
        return RG_ELIMIT;
    }
    clock.seed = options->seed;
    clock.mono_start = info.mono;
    clock.wall_start = info.wall;
    clock.stop_at = RG_MONO_NEVER;
    if (for_ns < INT64_MAX - info.mono.ns)
        clock.stop_at.ns = info.mono.ns + for_ns;
    return rg_sim_runtime_create(&clock, &c->runtime, err);
}

enum rg_status compose_world(
    struct compose *c, const struct compose_world_options *options, struct rg_err *err)
{
    struct rg_sim_sink_options sink = {0};
    enum rg_status st = rg_world_open(options->path, &c->world, err);

    if (st == RG_OK)
        st = create_clock(c, options, err);
    if (st == RG_OK)
        st = rg_world_backends(
            c->world, c->runtime, options->options_text, &c->procfs, &c->host, err);
    sink.runtime = c->runtime;
    if (st == RG_OK)
        st = create_storage(c, err);
    if (st == RG_OK)
        st = rg_sim_sink_create(&sink, &c->sink, err);
    if (st == RG_OK)
        fill_set(c);
    return st;
}

void compose_finish(struct compose *c)
{
    rg_sink_destroy(c->sink);
    rg_storage_destroy(c->storage);
    if (c->world) { /* procfs and host belong to it */
        rg_world_destroy(c->world);
    } else {
        rg_host_destroy(c->host);
        rg_procfs_destroy(c->procfs);
    }
    rg_runtime_destroy(c->runtime);
    *c = (struct compose){0};
}
