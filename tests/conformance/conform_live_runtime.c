#include "conform_runtime.h"
#include "rg/live.h"

#include <stdio.h>

static struct rg_runtime *create(void *context)
{
    struct rg_runtime *rt = NULL;
    struct rg_err err = {0};

    (void)context;
    if (rg_live_runtime_create(&rt, &err) != RG_OK)
        fprintf(stderr, "%s\n", rg_err_text(&err, RG_EIO));
    return rt;
}

static void request_stop(void *context, struct rg_runtime *rt)
{
    (void)context;
    rg_live_runtime_stop(rt);
}

int main(void)
{
    static const struct conform_runtime live = {
        .name = "live runtime", .create = create, .request_stop = request_stop};

    return conform_runtime_run(&live);
}
