/* For implementers of rg/backend/runtime.h. Every slot is filled. */
#ifndef RG_OPS_RUNTIME_OPS_H
#define RG_OPS_RUNTIME_OPS_H

#include "rg/backend/runtime.h"

struct rg_runtime_ops {
    const char *name;
    struct rg_mono (*mono)(struct rg_runtime *rt);
    struct rg_wall (*wall)(struct rg_runtime *rt);
    uint64_t (*random)(struct rg_runtime *rt, const char *stream);
    uint32_t (*self)(struct rg_runtime *rt);
    void (*mark)(struct rg_runtime *rt, const char *flow);
    enum rg_status (*spawn)(struct rg_runtime *rt, const char *name, rg_task_fn *fn, void *arg,
        uint32_t *task, struct rg_err *err);
    void (*join)(struct rg_runtime *rt, uint32_t task);
    enum rg_status (*sleep_until)(struct rg_runtime *rt, struct rg_mono deadline);
    enum rg_status (*wait_stop)(struct rg_runtime *rt, struct rg_mono deadline);
    struct rg_mutex *(*mutex_create)(struct rg_runtime *rt, const char *name);
    void (*mutex_destroy)(struct rg_mutex *mutex);
    void (*mutex_lock)(struct rg_mutex *mutex);
    void (*mutex_unlock)(struct rg_mutex *mutex);
    struct rg_cond *(*cond_create)(struct rg_runtime *rt, const char *name);
    void (*cond_destroy)(struct rg_cond *cond);
    enum rg_status (*cond_wait)(
        struct rg_cond *cond, struct rg_mutex *mutex, struct rg_mono deadline);
    void (*cond_signal)(struct rg_cond *cond);
    void (*cond_broadcast)(struct rg_cond *cond);
    void (*destroy)(struct rg_runtime *rt);
};

/* First member of every implementation; set by its create function. */
struct rg_runtime {
    const struct rg_runtime_ops *ops;
};

struct rg_mutex {
    struct rg_runtime *rt; /* borrowed */
};

struct rg_cond {
    struct rg_runtime *rt; /* borrowed */
};

#endif
