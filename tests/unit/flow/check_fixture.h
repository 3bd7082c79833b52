/* What the tests of the process check share: a fake host, virtual time, and decoded messages. */
#ifndef RG_TESTS_CHECK_FIXTURE_H
#define RG_TESTS_CHECK_FIXTURE_H

#include "fake_host.h"
#include "process_check.h"
#include "rg/sim.h"

#include "process_agent.pb-c.h"

typedef Datadog__ProcessAgent__CollectorProc standard_message;
typedef Datadog__ProcessAgent__CollectorRealTime realtime_message;

struct fixture {
    struct fake_host host;
    struct rg_runtime *runtime;
    struct rg_sink *sink;
    struct rg_backends backends;
    struct rg_log log;
};

static inline void fixture_init(struct fixture *f, rg_sim_sink_script_fn *script, void *script_ctx)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_sim_sink_options sink = {.script = script, .script_ctx = script_ctx};
    struct rg_err err = {0};

    fake_host_init(&f->host);
    assert_int_equal(rg_sim_runtime_create(&options, &f->runtime, &err), RG_OK);
    sink.runtime = f->runtime;
    assert_int_equal(rg_sim_sink_create(&sink, &f->sink, &err), RG_OK);
    f->backends = fake_backends(&f->host, f->runtime, f->sink);
    f->log = (struct rg_log){f->runtime, f->sink, RG_LOG_INFO};
}

static inline void fixture_finish(struct fixture *f)
{
    rg_sink_destroy(f->sink);
    rg_runtime_destroy(f->runtime);
}

static inline struct rg_process_check *fixture_check(
    struct fixture *f, const struct rg_process_check_options *options)
{
    struct rg_process_check_options o = rg_process_check_defaults();
    struct rg_process_check *check = NULL;
    struct rg_err err = {0};

    o.hostname = "host1";
    assert_int_equal(
        rg_process_check_create(&f->backends, options ? options : &o, &f->log, &check, &err),
        RG_OK);
    return check;
}

static inline void fixture_pass(struct fixture *f, int64_t seconds)
{
    struct rg_mono until = rg_runtime_mono(f->runtime);

    until.ns += seconds * RG_NS_PER_S;
    assert_int_equal(rg_runtime_sleep_until(f->runtime, until), RG_OK);
}

static inline standard_message *decode_standard(const struct rg_payload *p)
{
    assert_int_equal(p->bytes[2], 12);
    return datadog__process_agent__collector_proc__unpack(NULL, p->len - 16, p->bytes + 16);
}

static inline realtime_message *decode_realtime(const struct rg_payload *p)
{
    assert_int_equal(p->bytes[2], 27);
    return datadog__process_agent__collector_real_time__unpack(NULL, p->len - 16, p->bytes + 16);
}

#endif
