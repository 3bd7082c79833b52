#include "scenario_record.h"

#include "capture_notes.h"
#include "live_stop.h"
#include "rg/base/hash.h"
#include "rg/live.h"
#include "rg/sim.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PATH_BYTES_MAX ((size_t)64 << 10)

struct recording {
    const struct rg_scenario *scenario;
    const struct scenario_record_options *options;
    struct scenario_world world;
    struct rg_recorder *recorder;
    struct live_stop *stop;
    const struct scenario_world_options *asked;
    uint64_t seed;
};

/* A file that cannot be written needs no more of the run. */
static void recorder_failed(void *ctx)
{
    struct recording *r = ctx;

    if (r->scenario->world == RG_SCENARIO_LIVE)
        rg_live_runtime_stop(r->world.clock);
    else
        rg_sim_runtime_stop(r->world.clock);
}

/* Under virtual time the key must repeat with the run. */
static enum rg_status make_key(const struct recording *r, uint8_t key[16], struct rg_err *err)
{
    const char *name = r->scenario->name;
    uint64_t parts[2];

    if (r->scenario->world != RG_SCENARIO_LIVE) {
        parts[0] = rg_hash64_seed(name, strlen(name), r->seed);
        parts[1] = rg_hash64_seed(parts, sizeof(parts[0]), r->seed);
        memcpy(key, parts, sizeof(parts));
        return RG_OK;
    }
    if (getrandom(key, 16, 0) == 16)
        return RG_OK;
    rg_err_set(err, "the kernel gives no random bytes for the masking key");
    return RG_EIO;
}

static const char *scheduler_of(const struct recording *r)
{
    if (r->scenario->world == RG_SCENARIO_LIVE || r->asked->order == RG_SIM_ORDER_STABLE)
        return NULL;
    return r->asked->order == RG_SIM_ORDER_PCT ? "pct" : "random";
}

/* Asked below the faults: a question of ours must not use up one of theirs. */
static enum rg_status add_notes(struct recording *r, struct rg_err *err)
{
    struct rg_host_facts facts;
    struct capture_origin origin = {
        .scenario = r->scenario->name,
        .fixture = r->scenario->world == RG_SCENARIO_FIXTURE ? r->scenario->fixture : NULL,
        .seed = r->seed,
        .mask = r->options->mask,
        .scheduler = scheduler_of(r),
        .faults = r->asked->no_faults         ? "none"
                  : r->asked->extra_count > 0 ? "random"
                                              : NULL,
        .order_seed = r->asked->order_seed,
        .pct_depth = r->asked->pct_depth,
        .pct_steps = r->asked->pct_steps,
    };
    enum rg_status st = rg_host_facts(r->world.parts.set.host, &facts, err);

    if (st != RG_OK)
        return st;
    origin.kernel = facts.kernel_version;
    origin.architecture = facts.kernel_arch;
    return capture_notes_scenario(r->recorder, &origin, err);
}

static enum rg_status take_words(
    void *ctx, const struct rg_str *words, size_t count, struct rg_err *err)
{
    return rg_recorder_words(ctx, words, count, err);
}

static enum rg_status start(struct recording *r, struct rg_err *err)
{
    struct live_stop_options stop = {.runtime = r->world.clock};
    struct rg_recorder_options o = {
        .path = r->options->path,
        .version = RG_VERSION,
        .mask = r->options->mask,
        .failed = recorder_failed,
        .failed_ctx = r,
        .effect = r->options->effect,
        .effect_ctx = r->options->effect_ctx,
    };
    enum rg_status st = RG_OK;

    if (r->scenario->world == RG_SCENARIO_LIVE && r->options->signals)
        st = live_stop_create(&stop, &r->stop, err);
    if (st == RG_OK)
        st = make_key(r, o.mask_key, err);
    if (st == RG_OK)
        st = rg_recorder_create(&o, r->world.set, &r->recorder, err);
    explicit_bzero(o.mask_key, sizeof(o.mask_key));
    if (st == RG_OK)
        st = add_notes(r, err);
    if (st == RG_OK)
        st = rg_engine_sensitive_words(r->world.parts.set.host, take_words, r->recorder, err);
    return st;
}

/* A run that never was leaves no file. */
static void drop(struct recording *r)
{
    struct rg_buf path;

    if (!r->recorder)
        return;
    rg_recorder_destroy(r->recorder);
    r->recorder = NULL;
    if (!r->options->path)
        return;
    rg_buf_init(&path, PATH_BYTES_MAX);
    if (rg_buf_printf(&path, "%s.partial", r->options->path) == RG_OK &&
        rg_buf_byte(&path, 0) == RG_OK)
        (void)unlink((const char *)path.data);
    rg_buf_finish(&path);
}

static enum rg_status run(struct recording *r, struct rg_record_summary *summary,
    struct rg_engine_report *report, struct rg_err *err)
{
    struct rg_err why = {0};
    const char *deadlock = NULL;
    enum rg_status st = rg_engine_run(rg_recorder_backends(r->recorder), report, err);
    enum rg_status written;

    if (r->scenario->world != RG_SCENARIO_LIVE)
        deadlock = rg_sim_runtime_deadlock(r->world.clock);
    if (!deadlock && (st == RG_EINVALID || st == RG_ELIMIT)) {
        drop(r);
        return st;
    }
    written = rg_recorder_finish(r->recorder, summary, &why);
    if (written != RG_OK) {
        *err = why;
        return written == RG_EINVALID || written == RG_ELIMIT ? RG_EIO : written;
    }
    if (!deadlock)
        return st;
    rg_err_set(err, "deadlock: %s", deadlock);
    return RG_EDIVERGED;
}

enum rg_status scenario_record(const struct rg_scenario *scenario,
    const struct scenario_world_options *world, const struct scenario_record_options *options,
    struct rg_record_summary *summary, struct rg_engine_report *report, struct rg_err *err)
{
    struct recording r = {
        .scenario = scenario, .options = options, .asked = world, .seed = world->seed};
    enum rg_status st = scenario_world_build(&r.world, scenario, world, err);

    *summary = (struct rg_record_summary){0};
    *report = (struct rg_engine_report){0};
    if (st == RG_OK)
        st = start(&r, err);
    if (st == RG_OK)
        st = run(&r, summary, report, err);
    else
        drop(&r);
    if (r.world.set && (st == RG_EINVALID || st == RG_ELIMIT))
        scenario_world_locate(&r.world, scenario, err);
    live_stop_destroy(r.stop);
    rg_recorder_destroy(r.recorder);
    scenario_world_finish(&r.world);
    return st;
}
