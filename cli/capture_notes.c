#include "capture_notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

const char *const capture_mask_names[] = {"off", "standard", "strict", NULL};

struct note {
    const char *key, *value; /* NULL: left out */
};

static enum rg_status add(
    struct rg_recorder *rec, const struct note *notes, size_t count, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < count && st == RG_OK; i++) {
        if (notes[i].value)
            st = rg_recorder_note(rec, notes[i].key, notes[i].value, err);
    }
    return st;
}

enum rg_status capture_notes_add(
    struct rg_recorder *rec, const char *mask, const char *checks, struct rg_err *err)
{
    struct utsname host = {0};
    char command[256];
    const struct note notes[] = {
        {"kernel", host.release},
        {"architecture", host.machine},
        {"version", RG_VERSION},
        {"build_type", RG_BUILD_TYPE},
        {"mask", mask},
        {"command", command},
    };

    if (uname(&host) != 0)
        host = (struct utsname){.release = "unknown", .machine = "unknown"};
    snprintf(command, sizeof(command), "record --mask %s%s%s", mask, checks ? " --checks " : "",
        checks ? checks : "");
    return add(rec, notes, sizeof(notes) / sizeof(notes[0]), err);
}

enum rg_status capture_notes_scenario(
    struct rg_recorder *rec, const struct capture_origin *origin, struct rg_err *err)
{
    char seed[24], command[192], order_seed[24], depth[24], steps[24];
    bool pct = origin->scheduler && strcmp(origin->scheduler, "pct") == 0;
    const struct note notes[] = {
        {"scenario", origin->scenario},
        {"seed", seed},
        {"parent", origin->fixture},
        {"kernel", origin->kernel},
        {"architecture", origin->architecture},
        {"version", RG_VERSION},
        {"mask", capture_mask_names[origin->mask]},
        {"command", command},
        {"order", origin->scheduler},
        {"order_seed", origin->scheduler ? order_seed : NULL},
        {"pct_depth", pct ? depth : NULL},
        {"pct_steps", pct ? steps : NULL},
    };

    snprintf(seed, sizeof(seed), "%" PRIu64, origin->seed);
    snprintf(order_seed, sizeof(order_seed), "%" PRIu64, origin->order_seed);
    snprintf(depth, sizeof(depth), "%" PRIu32, origin->pct_depth);
    snprintf(steps, sizeof(steps), "%" PRIu64, origin->pct_steps);
    if (origin->scheduler)
        snprintf(command, sizeof(command), "explore --seeds %s --scheduler %s%s%s%s%s%s%s",
            order_seed, origin->scheduler, pct ? " --depth " : "", pct ? depth : "",
            pct ? " --steps " : "", pct ? steps : "", origin->faults ? " --faults " : "",
            origin->faults ? origin->faults : "");
    else
        snprintf(command, sizeof(command), "record --scenario --mask %s --seed %s",
            capture_mask_names[origin->mask], seed);
    return add(rec, notes, sizeof(notes) / sizeof(notes[0]), err);
}
