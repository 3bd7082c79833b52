/* What every implementation of rg/backend/procfs.h keeps, shown on one small world of processes. */
#ifndef RG_TESTS_CONFORM_PROCFS_H
#define RG_TESTS_CONFORM_PROCFS_H

#include "rg/backend/procfs.h"

/* The world that the suite asks about. An implementation may come by it in any way; a directory
 * tree is made of it by conform_procfs_build. */
struct conform_file {
    int32_t pid;      /* 0: a host file */
    const char *name; /* with slashes for host files */
    const char *bytes;
    size_t len; /* 0: as long as the text */
};

struct conform_link {
    int32_t pid;
    const char *name;
    const char *target;
};

struct conform_fds {
    int32_t pid;
    int count;
};

#define CONFORM_BIG_BYTES 70000 /* of the file "maps" of pid 7: byte i is i * 7 % 251 */

extern const struct conform_file conform_procfs_files[];
extern const size_t conform_procfs_file_count;
extern const struct conform_link conform_procfs_links[];
extern const size_t conform_procfs_link_count;
extern const struct conform_fds conform_procfs_fds[];
extern const size_t conform_procfs_fds_count;

/* Writes the world, and names that look like pids but are none, below the directory root. */
void conform_procfs_build(const char *root);

struct conform_procfs {
    const char *name; /* of the group in the test report */
    void *context;

    /* A procfs that shows the world. Never NULL. */
    struct rg_procfs *(*create)(void *context);

    /* Called after each case, once its procfs is destroyed. May be NULL. */
    void (*cleanup)(void *context);
};

/* Runs all cases. The number of failures, as CMocka counts. */
int conform_procfs_run(const struct conform_procfs *factory);

#endif
