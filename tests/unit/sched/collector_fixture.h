/* A collector on virtual time with a real aggregator, and checks that do what a test tells them.
 * Checks run on tasks of their own, where no assertion may fail: they note what happened, and the
 * test looks at it. */
#ifndef RG_TESTS_COLLECTOR_FIXTURE_H
#define RG_TESTS_COLLECTOR_FIXTURE_H

#include "aggregator.h"
#include "check_collector.h"
#include "rg/sim.h"

#include <stdatomic.h>

#define FAKE_STARTS 128

/* What a fake check does, and what it saw. Shared by the instances that are given it. */
struct fake {
    int64_t duration_ns;       /* of each run */
    int64_t poll_ns;           /* while it runs it listens for the stop so often; 0: it is deaf */
    const bool *hangs;         /* the run goes on until this is false; NULL: it does not */
    int samples;               /* sent and committed by each run; -1: not even committed */
    int warnings;              /* of each run */
    enum rg_status result;     /* of each run */
    bool cancels;              /* it has a cancel method */
    int64_t cancel_ns;         /* how long that takes */
    struct rg_collector *asks; /* each run asks the collector for its counts */

    atomic_uint runs, cancelled, freed, stopped;
    atomic_int inside;           /* runs going on */
    atomic_bool overlapped;      /* two of them at a time */
    atomic_bool late_cancel;     /* cancel came after the check was freed, or twice */
    int64_t starts[FAKE_STARTS]; /* seconds since the start of the fixture */
};

struct fake_check {
    struct rg_check base;
    struct fake *fake;
    int64_t origin_ns;
    atomic_int inside, was_cancelled;
};

struct collector_fixture {
    struct rg_check_world world; /* first */
    struct rg_runtime *runtime;
    struct rg_sink *sink;
    struct rg_log log;
    struct rg_host_facts *facts;
    int64_t origin_ns;
    struct rg_collector *collector;
};

/* All but the collector, in virtual time. */
void fixture_world(struct collector_fixture *f, uint64_t order_seed);

/* The collector is started. order_seed 0: stable order. */
void fixture_open(
    struct collector_fixture *f, const struct rg_collector_options *options, uint64_t order_seed);
void fixture_stop(struct collector_fixture *f);  /* of the collector */
void fixture_close(struct collector_fixture *f); /* asserts that the run had no deadlock */

/* The methods of a fake check, for those who make checks themselves. */
const struct rg_check_ops *fake_ops(const struct fake *fake);

/* A check whose id is name, owned: for tests in which memory is short. Statuses of
 * rg_check_create. */
enum rg_status fixture_make(struct collector_fixture *f, const char *name, int64_t interval_ns,
    struct fake *fake, struct rg_check **out);

/* The same; asserts on failure. */
struct rg_check *fixture_check(
    struct collector_fixture *f, const char *name, int64_t interval_ns, struct fake *fake);

/* Makes and runs one. */
void fixture_run(
    struct collector_fixture *f, const char *name, int64_t interval_ns, struct fake *fake);

/* Virtual time goes on until ns after the start. */
void fixture_until(struct collector_fixture *f, int64_t ns);

/* Lines of the log that hold text. */
size_t fixture_logged(const struct collector_fixture *f, const char *text);

/* Statistics of a check, to be finished; false: the collector has no such check. */
bool fixture_stats(struct collector_fixture *f, const char *id, struct rg_check_stats *out);
bool fixture_has(struct collector_fixture *f, const char *id);

#endif
