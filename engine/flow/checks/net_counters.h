/* Counters of the network protocols: /proc/net/snmp and /proc/net/netstat.
 *
 * Both are pairs of lines, names and values:
 *     Udp: InDatagrams NoPorts
 *     Udp: 17 0 */
#ifndef RG_FLOW_NET_COUNTERS_H
#define RG_FLOW_NET_COUNTERS_H

#include "rg/base/str.h"

typedef void rg_net_counter_fn(void *ctx, const char *metric, bool gauge, double value);

/* Calls fn for each known counter of a text, in its order. Pairs whose first words differ, values
 * without a name and values that are no number are passed over. */
void rg_net_counters(struct rg_str text, rg_net_counter_fn *fn, void *ctx);

#endif
