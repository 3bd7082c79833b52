/* Which endpoint of an intake takes which output. Mirrors upstream's
 * comp/forwarder/defaultforwarder/endpoints. */
#ifndef RG_LIVE_INTAKE_ROUTE_H
#define RG_LIVE_INTAKE_ROUTE_H

#include "rg/backend/sink.h"

enum rg_intake_target { RG_INTAKE_METRICS, RG_INTAKE_PROCESS, RG_INTAKE_TARGETS };

struct rg_intake_route {
    const char *source;       /* of the output */
    const char *content_type; /* that it must have; NULL: any */
    enum rg_intake_target target;
    const char *path;
    bool plain; /* never compressed: a process frame says itself how it is encoded */
};

/* NULL: no endpoint takes such a payload. */
const struct rg_intake_route *rg_intake_route_find(const struct rg_output *output);

/* The value of a header, NULL when there is none. Names are compared without case. */
const char *rg_intake_header(const struct rg_output *output, const char *name);

/* Checks the address of an intake: http or https, a host, no user, query or fragment; *out is an
 * owned copy without slashes at the end. The text of an error does not hold the address.
 *   RG_EINVALID, RG_ENOMEM */
RG_NODISCARD enum rg_status rg_intake_url(const char *url, char **out, struct rg_err *err);

#endif
