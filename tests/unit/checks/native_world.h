/* A host for the tests of native checks: files of /proc and file systems as tables, virtual time,
 * an aggregator whose series are looked up by name and tags. */
#ifndef RG_TESTS_NATIVE_WORLD_H
#define RG_TESTS_NATIVE_WORLD_H

#include "../metrics/metrics_fixture.h"
#include "native_checks.h"
#include "rg/ops/host_ops.h"
#include "rg/ops/procfs_ops.h"

#define NATIVE_FILES_MAX  32
#define NATIVE_MOUNTS_MAX 16

struct native_file {
    const char *path;
    const char *text;
    size_t len;
    int errnum; /* answered instead when not 0 */
};

struct native_mount {
    const char *path;
    struct rg_filesystem fs;
    int errnum;
};

struct native_world {
    struct metrics_fixture metrics;
    struct rg_procfs procfs;
    struct rg_host host;
    struct rg_host_facts facts;
    struct rg_check_world world;
    struct native_file files[NATIVE_FILES_MAX];
    struct native_mount mounts[NATIVE_MOUNTS_MAX];
    size_t file_count, mount_count;
    long calls;   /* of the backends, since the start */
    long fail_at; /* the call with this number (from 1) fails with fail_errnum */
    int fail_errnum;
    int open_checks;   /* created and not dropped: of a test that failed */
    struct rg_err err; /* of the last create or run */
};

/* Four CPUs, 100 ticks a second, pages of 4096 bytes, no files. */
void native_init(struct native_world *w);
void native_finish(struct native_world *w);

/* Texts are borrowed. */
void native_set(struct native_world *w, const char *path, const char *text);
void native_set_bytes(struct native_world *w, const char *path, const char *text, size_t len);
void native_set_errno(struct native_world *w, const char *path, int errnum);
void native_set_mount(struct native_world *w, const char *path, struct rg_filesystem fs);
void native_set_mount_errno(struct native_world *w, const char *path, int errnum);

/* All files and mounts that any check reads. */
void native_set_all(struct native_world *w);

enum rg_status native_try(struct native_world *w, const char *name, const char *instance,
    const char *init_config, struct rg_check **out);
struct rg_check *native_check(struct native_world *w, const char *name, const char *instance);
void native_drop(struct native_world *w, struct rg_check *check); /* NULL is fine */

/* Runs it and flushes. Later calls see the series of this run only. */
enum rg_status native_run(struct native_world *w, struct rg_check *check);

/* 10 s go by, then a run that has to succeed. */
void native_run_later(struct native_world *w, struct rg_check *check);

/* The series of the last run; tags are "a,b", sorted. NULL: not there. */
const struct rg_serie *native_serie(
    const struct native_world *w, const char *name, const char *tags);
bool native_has(const struct native_world *w, const char *name, const char *tags);
double native_value(const struct native_world *w, const char *name, const char *tags);
size_t native_count(const struct native_world *w);

/* The status of a service check of the last run; -1: not there. */
int native_service(const struct native_world *w, const char *name, const char *tags);

#define assert_near(a, b)                                                                          \
    do {                                                                                           \
        double x_ = (a), y_ = (b);                                                                 \
        if (!(x_ - y_ < 1e-6 && y_ - x_ < 1e-6))                                                   \
            fail_msg("%s is %.9g, not %.9g", #a, x_, y_);                                          \
    } while (0)

#endif
