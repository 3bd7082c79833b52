/* Identity of one subnet of the SNMP listener. upstream: pkg/snmp/snmp.go, Config.Digest */
#ifndef RG_FLOW_SCHED_SNMP_DIGEST_H
#define RG_FLOW_SCHED_SNMP_DIGEST_H

#include "rg/base/str.h"

/* What counts; timeouts, retries, batch size, tags and flags do not. All borrowed. */
struct rg_snmp_config {
    uint16_t port;
    struct rg_str version, community, user;
    struct rg_str auth_key, auth_protocol, priv_key, priv_protocol;
    struct rg_str context_engine_id, context_name;
    struct rg_str loader, space;      /* key namespace */
    const struct rg_str *ignored_ips; /* in any order */
    size_t ignored_count;
};

/* address is the network as configured. Older upstream versions did not hash the namespace.
 * RG_ENOMEM only. */
RG_NODISCARD enum rg_status rg_snmp_digest(
    const struct rg_snmp_config *c, struct rg_str address, uint64_t *out);

#endif
