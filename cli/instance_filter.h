/* --instance-filter: a jq program that is asked about each instance. */
#ifndef RG_INSTANCE_FILTER_H
#define RG_INSTANCE_FILTER_H

#include "rg/base/str.h"

struct instance_filter;

/*   RG_EINVALID  it does not compile; err says why */
RG_NODISCARD enum rg_status instance_filter_create(
    const char *program, struct instance_filter **out, struct rg_err *err);
void instance_filter_destroy(struct instance_filter *filter); /* NULL is fine */

/* Whether the program holds for the instance: it gives values, none of them false or null. An error
 * of the program, or YAML that cannot be read, does not hold; the first one is kept. */
bool instance_filter_holds(struct instance_filter *filter, struct rg_str yaml);

/* The first error, or NULL. */
const char *instance_filter_error(const struct instance_filter *filter);

#endif
