#include "conform_storage.h"
#include "conform_tree.h"
#include "rg/live.h"

#include <stdio.h>

struct context {
    char root[CONFORM_PATH_MAX];
};

static struct rg_storage *open_at(const struct context *context)
{
    struct rg_storage *storage = NULL;
    struct rg_err err = {0};
    char path[CONFORM_PATH_MAX];

    if (rg_live_storage_create(conform_tree_path(context->root, "base", path), &storage, &err))
        fprintf(stderr, "%s\n", rg_err_text(&err, RG_EIO));
    return storage;
}

static struct rg_storage *create(void *context)
{
    conform_tree_create(((struct context *)context)->root);
    return open_at(context);
}

static struct rg_storage *reopen(void *context, struct rg_storage *storage)
{
    rg_storage_destroy(storage);
    return open_at(context);
}

static void cleanup(void *context)
{
    conform_tree_remove(((struct context *)context)->root);
}

int main(void)
{
    struct context context;
    struct conform_storage live = {
        .name = "live storage",
        .context = &context,
        .create = create,
        .reopen = reopen,
        .cleanup = cleanup,
    };

    return conform_storage_run(&live);
}
