/* The shims of the faults without rules, and with rules that never fire, over live and simulated
 * backends: they may not be noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conform_procfs.h"
#include "conform_runtime.h"
#include "conform_sink.h"
#include "conform_storage.h"
#include "conform_tree.h"
#include "rg/live.h"
#include "rg/sim.h"
#include "rg/sim_fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Its window opens after a year. */
static const struct rg_fault_rule silent[] = {
    {.from_ns = INT64_C(31536000) * RG_NS_PER_S, .effect = RG_FAULT_ERRNO, .errnum = EIO},
    {.from_ns = INT64_C(31536000) * RG_NS_PER_S, .effect = RG_FAULT_STEP, .step_ns = 1},
};

struct shimmed {
    bool live;
    bool rules;
    uint64_t order; /* of simulated tasks */
    char root[CONFORM_PATH_MAX];
    struct rg_backends inner;
    struct rg_faults *faults;
};

static void end_case(void *context)
{
    struct shimmed *s = context;

    if (!s->faults)
        return;
    rg_fault_destroy(s->faults);
    s->faults = NULL;
    rg_procfs_destroy(s->inner.procfs);
    rg_storage_destroy(s->inner.storage);
    rg_sink_destroy(s->inner.sink);
    rg_runtime_destroy(s->inner.runtime);
    if (s->live)
        conform_tree_remove(s->root);
}

static enum rg_status make_inner(struct shimmed *s, struct rg_err *err)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    char path[CONFORM_PATH_MAX];
    enum rg_status st;

    options.seed = s->order;
    options.order = s->order > 0 ? RG_SIM_ORDER_RANDOM : RG_SIM_ORDER_STABLE;
    s->inner = (struct rg_backends){.kubelet = rg_kubelet_none()};
    st = rg_sim_sink_create(NULL, &s->inner.sink, err);
    if (st == RG_OK && s->live) {
        conform_tree_create(s->root);
        conform_tree_dir(s->root, "proc");
        conform_procfs_build(conform_tree_path(s->root, "proc", path));
        st = rg_live_procfs_create(path, &s->inner.procfs, err);
        if (st == RG_OK)
            st = rg_live_storage_create(
                conform_tree_path(s->root, "store", path), &s->inner.storage, err);
        if (st == RG_OK)
            st = rg_live_runtime_create(&s->inner.runtime, err);
    } else if (st == RG_OK) {
        st = rg_sim_storage_create(NULL, &s->inner.storage, err);
        if (st == RG_OK)
            st = rg_sim_runtime_create(&options, &s->inner.runtime, err);
    }
    return st;
}

static const struct rg_backends *new_case(struct shimmed *s)
{
    const struct rg_fault_options options = {.seed = 1};
    struct rg_err err = {0};
    enum rg_status st = make_inner(s, &err);

    if (st == RG_OK)
        st = rg_fault_wrap(&s->inner, silent, s->rules ? 2 : 0, &options, &s->faults, &err);
    if (st != RG_OK)
        fprintf(stderr, "%s\n", rg_err_text(&err, st));
    rg_assert(st == RG_OK);
    return rg_fault_backends(s->faults);
}

/* The suite of the runtime has no clean-up, so the next case ends the last. */
static struct rg_runtime *create_runtime(void *context)
{
    end_case(context);
    return new_case(context)->runtime;
}

static void request_stop(void *context, struct rg_runtime *rt)
{
    struct shimmed *s = context;

    (void)rt;
    if (s->live)
        rg_live_runtime_stop(s->inner.runtime);
    else
        rg_sim_runtime_stop(s->inner.runtime);
}

static struct rg_procfs *create_procfs(void *context)
{
    return new_case(context)->procfs;
}

static struct rg_storage *create_storage(void *context)
{
    return new_case(context)->storage;
}

static struct rg_sink *create_sink(void *context)
{
    return new_case(context)->sink;
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
    memcpy(to->payload, from->payload.ptr, from->payload.len);
}

static size_t collect(void *context, struct rg_sink *sink, struct conform_output *out, size_t cap)
{
    struct shimmed *s = context;
    size_t count = rg_sim_sink_count(s->inner.sink);

    (void)sink;
    for (size_t i = 0; i < count && i < cap; i++)
        copy_output(&out[i], rg_sim_sink_at(s->inner.sink, i));
    return count < cap ? count : cap;
}

static int run_runtime(struct shimmed *s)
{
    char name[96];
    const struct conform_runtime suite = {
        .name = name,
        .context = s,
        .create = create_runtime,
        .request_stop = request_stop,
        .exact_order = !s->live,
    };
    int failures;

    snprintf(name, sizeof(name), "runtime below faults, %s, order %u", s->live ? "live" : "sim",
        (unsigned)s->order);
    failures = conform_runtime_run(&suite);
    end_case(s);
    return failures;
}

static int run_others(struct shimmed *s)
{
    const struct conform_procfs procfs = {
        .name = "procfs below faults", .context = s, .create = create_procfs, .cleanup = end_case};
    const struct conform_storage storage = {.name = "storage below faults",
        .context = s,
        .create = create_storage,
        .cleanup = end_case};
    const struct conform_sink sink = {.name = "sink below faults",
        .context = s,
        .create = create_sink,
        .collect = collect,
        .cleanup = end_case};
    int failures = conform_sink_run(&sink);

    if (s->live)
        failures += conform_procfs_run(&procfs);
    if (!s->live || !s->rules) /* a live storage waits for its disk: once is enough */
        failures += conform_storage_run(&storage);
    return failures;
}

int main(void)
{
    int failures = 0;

    for (int i = 0; i < 4; i++) {
        struct shimmed s = {.live = i & 1, .rules = i & 2};

        failures += run_runtime(&s) + run_others(&s);
    }
    for (uint64_t order = 1; order < 4; order++) {
        struct shimmed s = {.order = order, .rules = true};

        failures += run_runtime(&s);
    }
    return failures;
}
