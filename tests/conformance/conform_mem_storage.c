#include "conform_storage.h"
#include "rg/sim.h"

#include <stdio.h>

static struct rg_storage *create(void *context)
{
    struct rg_storage *storage = NULL;
    struct rg_err err = {0};

    (void)context;
    if (rg_sim_storage_create(NULL, &storage, &err) != RG_OK)
        fprintf(stderr, "%s\n", rg_err_text(&err, RG_EIO));
    return storage;
}

int main(void)
{
    static const struct conform_storage memory = {.name = "storage in memory", .create = create};

    return conform_storage_run(&memory);
}
