/* What every implementation of rg/backend/storage.h keeps. */
#ifndef RG_TESTS_CONFORM_STORAGE_H
#define RG_TESTS_CONFORM_STORAGE_H

#include "rg/backend/storage.h"

struct conform_storage {
    const char *name; /* of the group in the test report */
    void *context;

    /* An empty storage. Never NULL. */
    struct rg_storage *(*create)(void *context);

    /* Destroys storage and opens what it wrote again. NULL: nothing outlives the storage, the cases
     * about that are left out. */
    struct rg_storage *(*reopen)(void *context, struct rg_storage *storage);

    /* Called after each case, once its storage is destroyed. May be NULL. */
    void (*cleanup)(void *context);
};

struct conform_storage_case {
    const char *name;
    /* Takes *storage and may replace it (reopening). */
    void (*run)(const struct conform_storage *factory, struct rg_storage **storage);
    bool needs_reopen;
};

extern const struct conform_storage_case conform_storage_cases[];
extern const size_t conform_storage_case_count;

/* Runs all cases, each on an empty storage. The number of failures, as CMocka counts. */
int conform_storage_run(const struct conform_storage *factory);

#endif
