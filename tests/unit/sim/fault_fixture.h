/* What the tests of the faults share: a small host in virtual time below a plan of rules. */
#ifndef RG_TESTS_FAULT_FIXTURE_H
#define RG_TESTS_FAULT_FIXTURE_H

#include "../flow/fake_host.h"
#include "rg/sim.h"
#include "rg/sim_fault.h"

#include <stdio.h>
#include <string.h>

#define EVENT_BYTES 16384

struct faulty {
    struct fake_host host;
    struct rg_runtime *runtime;
    struct rg_storage *storage;
    struct rg_sink *sink;
    struct rg_backends inner;
    struct rg_faults *faults;
    const struct rg_backends *b; /* of faults */
    struct rg_buf out;
    struct rg_err err;
    char events[EVENT_BYTES]; /* "RULE@MS text" lines */
    size_t events_len;
};

static inline void faulty_told(void *ctx, const struct rg_fault_event *e)
{
    struct faulty *t = ctx;
    int n = snprintf(t->events + t->events_len, sizeof(t->events) - t->events_len, "%zu@%lld %s\n",
        e->rule, (long long)(e->at_ns / RG_NS_PER_MS), e->text);

    assert_true(n > 0 && (size_t)n < sizeof(t->events) - t->events_len);
    t->events_len += (size_t)n;
}

/* The host without faults: pids 5, 6 and 7. */
static inline void faulty_world(struct faulty *t)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;

    memset(t, 0, sizeof(*t));
    assert_int_equal(rg_sim_runtime_create(&options, &t->runtime, &t->err), RG_OK);
    assert_int_equal(rg_sim_storage_create(NULL, &t->storage, &t->err), RG_OK);
    assert_int_equal(rg_sim_sink_create(NULL, &t->sink, &t->err), RG_OK);
    fake_host_init(&t->host);
    fake_host_add(&t->host, 5, "app", "--flag");
    fake_host_add(&t->host, 6, "other", NULL);
    fake_host_add(&t->host, 7, "third", NULL);
    t->host.env[0] = (struct fake_text){"HOME", "/root"};
    t->host.documents[0] = (struct fake_text){"options", "run: {for: 13s}\n"};
    t->inner = fake_backends(&t->host, t->runtime, t->sink);
    t->inner.storage = t->storage;
    rg_buf_init(&t->out, RG_PROCFS_FILE_MAX);
}

static inline void faulty_plan(
    struct faulty *t, const struct rg_fault_rule *rules, size_t count, uint64_t seed)
{
    const struct rg_fault_options options = {.seed = seed, .told = faulty_told, .told_ctx = t};

    assert_int_equal(rg_fault_wrap(&t->inner, rules, count, &options, &t->faults, &t->err), RG_OK);
    t->b = rg_fault_backends(t->faults);
}

static inline void faulty_init(
    struct faulty *t, const struct rg_fault_rule *rules, size_t count, uint64_t seed)
{
    faulty_world(t);
    faulty_plan(t, rules, count, seed);
}

static inline void faulty_finish(struct faulty *t)
{
    rg_fault_destroy(t->faults);
    rg_buf_finish(&t->out);
    rg_sink_destroy(t->sink);
    rg_storage_destroy(t->storage);
    rg_runtime_destroy(t->runtime);
}

static inline enum rg_status faulty_read(struct faulty *t, int32_t pid, const char *name)
{
    return rg_procfs_read_pid(t->b->procfs, pid, name, &t->out, &t->err);
}

static inline enum rg_status faulty_emit(struct faulty *t, const char *kind, const char *source)
{
    const struct rg_output output = {
        .kind = kind,
        .source = source,
        .payload = RG_STR_LIT("payload"),
    };

    return rg_sink_emit(t->b->sink, &output, NULL, &t->err);
}

static inline void faulty_sleep(struct faulty *t, int64_t ms)
{
    struct rg_mono until = {rg_runtime_mono(t->runtime).ns + ms * RG_NS_PER_MS};

    assert_int_equal(rg_runtime_sleep_until(t->runtime, until), RG_OK);
}

#endif
