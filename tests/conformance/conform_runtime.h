/* What every implementation of rg/backend/runtime.h keeps. */
#ifndef RG_TESTS_CONFORM_RUNTIME_H
#define RG_TESTS_CONFORM_RUNTIME_H

#include "rg/backend/runtime.h"

struct conform_runtime {
    const char *name; /* of the group in the test report */
    void *context;

    /* A fresh runtime whose main task is the caller. Never NULL. */
    struct rg_runtime *(*create)(void *context);

    /* Asks the run to end, called by any task. NULL: the cases about stopping are left out. */
    void (*request_stop)(void *context, struct rg_runtime *rt);

    /* Sleepers wake exactly in the order of their deadlines (virtual time). */
    bool exact_order;
};

struct conform_runtime_case {
    const char *name;
    void (*run)(const struct conform_runtime *factory, struct rg_runtime *rt);
    bool needs_stop;
};

/* The cases one by one, for implementations that need a run around each (record, then replay).
 * A case asserts with CMocka on the main task only. */
extern const struct conform_runtime_case conform_runtime_cases[];
extern const size_t conform_runtime_case_count;

/* Runs all cases, each on a fresh runtime. The number of failures, as CMocka counts. */
int conform_runtime_run(const struct conform_runtime *factory);

#endif
