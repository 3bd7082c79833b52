/* Numbers of sockets by state: /proc/net/tcp, tcp6, udp, udp6. */
#ifndef RG_FLOW_NET_SOCKETS_H
#define RG_FLOW_NET_SOCKETS_H

#include "rg/base/str.h"

#define RG_TCP_STATES 13 /* include/net/tcp_states.h: 1 to 12 */

struct rg_socket_counts {
    uint64_t by_state[RG_TCP_STATES]; /* 0: all that have none of the states */
    uint64_t all;
};

/* Counts the sockets of one file; the first line is a heading. Lines whose fourth word is no
 * two-digit hexadecimal number are none. */
void rg_net_sockets(struct rg_str text, struct rg_socket_counts *out);

/* "established"; with single states, "estab". NULL for states that are not reported. Several states
 * can share a name; names are static. */
const char *rg_tcp_state_name(size_t state, bool combine);

#endif
