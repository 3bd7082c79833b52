/* Names of user ids. Looked up once per run, or once per hour when the configuration says so;
 * failures are remembered like answers. Upstream: pkg/process/checks, LookupIdProbe. */
#ifndef RG_FLOW_USER_NAMES_H
#define RG_FLOW_USER_NAMES_H

#include "rg/backend/host.h"
#include "rg/base/map.h"
#include "rg/base/time.h"

#define RG_USER_NAMES_MAX 65536 /* distinct names kept */
#define RG_USER_NAME_MAX  256   /* bytes of one name */

struct rg_user_names {
    struct rg_host *host;   /* borrowed */
    struct rg_map by_uid;   /* uid to name number + 1, 0 = no name */
    struct rg_intern names; /* distinct names */
    struct rg_buf buf;
    int64_t lifetime_ns; /* 0: one run */
    struct rg_mono since;
};

void rg_user_names_init(struct rg_user_names *u, struct rg_host *host, int64_t lifetime_ns);
void rg_user_names_finish(struct rg_user_names *u);

/* Begins a run: forgets what is too old. Names given out before are then invalid. */
void rg_user_names_start(struct rg_user_names *u, struct rg_mono now);

/* Empty when the user has no name or cannot be looked up. Borrowed until the next start. */
RG_NODISCARD enum rg_status rg_user_names_get(
    struct rg_user_names *u, uint32_t uid, struct rg_str *name);

#endif
