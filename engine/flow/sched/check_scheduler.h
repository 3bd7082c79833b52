/* From configurations to running checks: asks the loaders for a check of each instance, hands the
 * checks to the collector, and lets them go when their configuration leaves. Mirrors upstream's
 * pkg/collector/scheduler.go.
 *
 * Configurations are told apart by all that their digest covers, not by the digest alone. What went
 * wrong with one of them is kept with it, by instance, and goes with it. Scheduling and
 * unscheduling may come from several tasks and take turns; who looks on does not wait for them. */
#ifndef RG_FLOW_CHECK_SCHEDULER_H
#define RG_FLOW_CHECK_SCHEDULER_H

#include "check_collector.h"
#include "integration_config.h"

struct rg_check_scheduler;

#define RG_LOADERS_MAX           8
#define RG_SCHEDULED_CONFIGS_MAX ((size_t)1 << 17)

/* Makes checks of one kind: native ones, Python ones. */
struct rg_check_loader {
    const char *name;  /* what `loader:` selects: "core" */
    const char *title; /* in messages: "Core Check Loader" */
    void *ctx;
    /* Statuses of rg_check_create, and RG_ENOTFOUND: not a check of this loader, or one that does
     * not want this instance; err says which. */
    enum rg_status (*load)(void *ctx, const struct rg_check_world *world,
        const struct rg_check_source *from, struct rg_check **out, struct rg_err *err);
};

/* The native checks. ctx of the result is catalog, which is borrowed. */
struct rg_check_catalog {
    const struct rg_check_factory *factories;
    size_t count;
};
struct rg_check_loader rg_core_loader(const struct rg_check_catalog *catalog);

/* loaders are asked in their order; the array is copied, ctx is borrowed, as are world and
 * collector (NULL: checks are only made, see rg_check_scheduler_load).
 *   RG_OK      *out is owned: rg_check_scheduler_destroy
 *   RG_ELIMIT  more than RG_LOADERS_MAX
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_check_scheduler_create(const struct rg_check_world *world,
    struct rg_collector *collector, const struct rg_check_loader *loaders, size_t count,
    struct rg_check_scheduler **out, struct rg_err *err);
void rg_check_scheduler_destroy(struct rg_check_scheduler *s); /* NULL is fine */

/* Takes a configuration (*config is zeroed on RG_OK) and runs what it says. Errors of its instances
 * are logged and kept, and are no failure of this call. A configuration that is scheduled already
 * is freed; one that is no check, or whose metrics are excluded, is kept for
 * rg_check_scheduler_each.
 *   RG_ELIMIT, RG_ENOMEM  nothing was scheduled, *config stays with the caller */
RG_NODISCARD enum rg_status rg_check_scheduler_schedule(
    struct rg_check_scheduler *s, struct rg_integration_config *config, struct rg_err *err);

/* Stops the checks of a configuration that is identical with this one, and forgets it. Checks that
 * could not be stopped are logged.
 *   RG_ENOTFOUND  it was not scheduled
 *   RG_ENOMEM     nothing was done */
RG_NODISCARD enum rg_status rg_check_scheduler_unschedule(
    struct rg_check_scheduler *s, const struct rg_integration_config *config, struct rg_err *err);

/* Makes the checks of one configuration without running them: each is handed to fn, which owns it
 * then. Why an instance gave none is said to failed. */
typedef void rg_check_made_fn(void *ctx, size_t instance, struct rg_check *check);
typedef void rg_check_failed_fn(
    void *ctx, size_t instance, const char *loader, const char *why); /* loader: its title */
struct rg_check_load {
    rg_check_made_fn *made;
    rg_check_failed_fn *failed;
    void *ctx;
};
void rg_check_scheduler_load(struct rg_check_scheduler *s,
    const struct rg_integration_config *config, const struct rg_check_load *load);

/* What is known of one configuration. Borrowed for the call. */
struct rg_instance_error {
    size_t instance;    /* SIZE_MAX: the whole configuration */
    const char *loader; /* title, or "": no loader was asked, or the check could not run */
    const char *text;
};
struct rg_scheduled_view {
    const struct rg_integration_config *config;
    uint64_t digest;
    const char *const *ids; /* of its running checks */
    size_t id_count;
    const struct rg_instance_error *errors;
    size_t error_count;
};

/* Calls fn for each configuration, in the order in which they came, with a lock held: fn may copy
 * but calls nothing of the scheduler. One that is being scheduled is not among them yet; one that
 * is being unscheduled is there until its checks are stopped. Anything but RG_OK ends the walk. */
typedef enum rg_status rg_scheduled_fn(void *ctx, const struct rg_scheduled_view *view);
RG_NODISCARD enum rg_status rg_check_scheduler_each(
    struct rg_check_scheduler *s, rg_scheduled_fn *fn, void *ctx);

#endif
