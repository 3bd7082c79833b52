/* A run of the engine on a simulated host with documents, in virtual time. */
#ifndef RG_TESTS_FLOW_RIG_H
#define RG_TESTS_FLOW_RIG_H

#include "rg/core/engine.h"
#include "rg/sim.h"
#include "rg/sim_host.h"

#include <stdlib.h>
#include <string.h>

struct flow_rig {
    struct rg_runtime *runtime;
    struct rg_sim_host *host;
    struct rg_sink *sink;
    struct rg_backends backends;
    struct rg_engine_report report;
};

static inline void flow_document(
    struct flow_rig *r, const char *name, const char *text, int64_t at_s)
{
    struct rg_err err = {0};

    assert_int_equal(
        rg_sim_host_add_document(r->host, name, text, at_s * RG_NS_PER_S, &err), RG_OK);
}

static inline void flow_open(struct flow_rig *r, struct rg_sim_runtime_options clock,
    const char *config_text, const char *options_text)
{
    struct rg_sim_host_options host = RG_SIM_HOST_OPTIONS;
    struct rg_sim_process_spec init = {.name = "init", .start_ns = INT64_MIN};
    struct rg_sim_sink_options sink = {0};
    struct rg_err err = {0};

    *r = (struct flow_rig){0};
    assert_int_equal(rg_sim_runtime_create(&clock, &r->runtime, &err), RG_OK);
    host.clock = r->runtime;
    host.agent_pid = 77;
    host.config_text = config_text;
    host.options_text = options_text;
    assert_int_equal(rg_sim_host_create(&host, &r->host, &err), RG_OK);
    assert_int_equal(rg_sim_host_add(r->host, &init, &err), RG_OK);
    sink.runtime = r->runtime;
    assert_int_equal(rg_sim_sink_create(&sink, &r->sink, &err), RG_OK);
    r->backends = (struct rg_backends){.runtime = r->runtime,
        .procfs = rg_sim_host_procfs(r->host),
        .host = rg_sim_host_host(r->host),
        .kubelet = rg_kubelet_none(),
        .events = rg_events_none(),
        .sink = r->sink,
        .pycheck = rg_pycheck_none()};
}

static inline void flow_close(struct flow_rig *r)
{
    rg_sink_destroy(r->sink);
    rg_sim_host_destroy(r->host);
    rg_runtime_destroy(r->runtime);
}

static inline void flow_run(struct flow_rig *r)
{
    struct rg_err err = {0};
    enum rg_status st = rg_engine_run(&r->backends, &r->report, &err);

    if (st != RG_OK)
        fail_msg("%s", rg_err_text(&err, st));
    assert_null(rg_sim_runtime_deadlock(r->runtime));
    assert_null(rg_sim_runtime_overlap(r->runtime));
}

/* Output number nth (from 0) of a kind and source; NULL: there is none. */
static inline const struct rg_output *flow_output(
    const struct flow_rig *r, const char *kind, const char *source, size_t nth)
{
    for (size_t i = 0; i < rg_sim_sink_count(r->sink); i++) {
        const struct rg_output *o = rg_sim_sink_at(r->sink, i);

        if (strcmp(o->kind, kind) == 0 && (!source || strcmp(o->source, source) == 0) && nth-- == 0)
            return o;
    }
    return NULL;
}

static inline size_t flow_outputs(const struct flow_rig *r, const char *kind, const char *source)
{
    size_t n = 0;

    while (flow_output(r, kind, source, n))
        n++;
    return n;
}

/* The text of status number nth. Owned: free(). */
static inline char *flow_status(const struct flow_rig *r, size_t nth)
{
    const struct rg_output *o = flow_output(r, RG_STATUS_KIND, RG_STATUS_SOURCE, nth);
    char *text;

    assert_non_null(o);
    text = malloc(o->payload.len + 1);
    assert_non_null(text);
    memcpy(text, o->payload.ptr, o->payload.len);
    text[o->payload.len] = '\0';
    return text;
}

static inline char *flow_last_status(const struct flow_rig *r)
{
    return flow_status(r, flow_outputs(r, RG_STATUS_KIND, RG_STATUS_SOURCE) - 1);
}

/* How often needle occurs in text. */
static inline size_t flow_times(const char *text, const char *needle)
{
    const char *end = text + strlen(text);
    size_t len = strlen(needle), count = 0;

    while ((text = memmem(text, (size_t)(end - text), needle, len)) != NULL) {
        count++;
        text += len;
    }
    return count;
}

#endif
