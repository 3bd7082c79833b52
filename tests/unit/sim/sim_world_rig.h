/* A simulated host on a virtual clock, for the tests of the model. */
#ifndef RG_TESTS_SIM_WORLD_RIG_H
#define RG_TESTS_SIM_WORLD_RIG_H

#include "rg/sim.h"
#include "rg/sim_host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world_rig {
    struct rg_runtime *clock;
    struct rg_sim_host *host;
    struct rg_procfs *fs;
    struct rg_buf buf; /* the last text, NUL-terminated by rig_text */
};

static inline struct rg_sim_series series(const char *text)
{
    struct rg_sim_series s = {0};
    struct rg_err err = {0};

    assert_int_equal(
        rg_sim_series_parse(rg_str_from(text), RG_SIM_SERIES_STEP_NS, &s, &err), RG_OK);
    return s;
}

static inline void rig_open(struct world_rig *rig, struct rg_sim_host_options options)
{
    struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;
    struct rg_err err = {0};

    *rig = (struct world_rig){0};
    rg_buf_init(&rig->buf, RG_PROCFS_FILE_MAX);
    assert_int_equal(rg_sim_runtime_create(&clock, &rig->clock, &err), RG_OK);
    options.clock = rig->clock;
    assert_int_equal(rg_sim_host_create(&options, &rig->host, &err), RG_OK);
    rig->fs = rg_sim_host_procfs(rig->host);
}

static inline void rig_close(struct world_rig *rig)
{
    rg_buf_finish(&rig->buf);
    rg_sim_host_destroy(rig->host);
    rg_runtime_destroy(rig->clock);
}

static inline void rig_add(struct world_rig *rig, struct rg_sim_process_spec spec)
{
    struct rg_err err = {0};
    enum rg_status st = rg_sim_host_add(rig->host, &spec, &err);

    if (st != RG_OK)
        fail_msg("%s", err.text);
    assert_null(spec.cpu.runs);
}

static inline void rig_pass(struct world_rig *rig, int64_t ns)
{
    struct rg_mono until = {rg_runtime_mono(rig->clock).ns + ns};

    assert_int_equal(rg_runtime_sleep_until(rig->clock, until), RG_OK);
}

/* A file of a process (pid 0: of the host) as a text; NULL when it is not there. */
static inline const char *rig_text(struct world_rig *rig, int32_t pid, const char *name)
{
    struct rg_err err = {0};
    enum rg_status st = pid ? rg_procfs_read_pid(rig->fs, pid, name, &rig->buf, &err)
                            : rg_procfs_read_host(rig->fs, name, &rig->buf, &err);

    if (st == RG_ENOTFOUND)
        return NULL;
    assert_int_equal(st, RG_OK);
    assert_int_equal(rg_buf_byte(&rig->buf, 0), RG_OK);
    return (const char *)rig->buf.data;
}

/* The number behind a key of the last text. */
static inline uint64_t after(const char *text, const char *key)
{
    const char *at = text ? strstr(text, key) : NULL;

    if (!at)
        fail_msg("no \"%s\" in:\n%s", key, text ? text : "(nothing)");
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* Field n of stat, counted from 1 as proc(5) does; n > 2. */
static inline uint64_t stat_field(const char *stat, int n)
{
    const char *at = stat ? strrchr(stat, ')') : NULL;

    assert_non_null(at);
    for (int i = 2; i < n; i++) {
        at = strchr(at + 1, ' ');
        assert_non_null(at);
    }
    return strtoull(at + 1, NULL, 10);
}

#endif
