#include "net_counters.h"

#include "native_text.h"

/* upstream: integrations-core network/datadog_checks/network/check_linux.py */
static const struct counter {
    const char *group;
    const char *name;
    const char *metric;
    bool gauge;
} counters[] = {
    {"Ip:", "InReceives", "system.net.ip.in_receives", false},
    {"Ip:", "InHdrErrors", "system.net.ip.in_header_errors", false},
    {"Ip:", "InAddrErrors", "system.net.ip.in_addr_errors", false},
    {"Ip:", "InUnknownProtos", "system.net.ip.in_unknown_protos", false},
    {"Ip:", "InDiscards", "system.net.ip.in_discards", false},
    {"Ip:", "InDelivers", "system.net.ip.in_delivers", false},
    {"Ip:", "OutRequests", "system.net.ip.out_requests", false},
    {"Ip:", "OutDiscards", "system.net.ip.out_discards", false},
    {"Ip:", "OutNoRoutes", "system.net.ip.out_no_routes", false},
    {"Ip:", "ForwDatagrams", "system.net.ip.forwarded_datagrams", false},
    {"Ip:", "ReasmTimeout", "system.net.ip.reassembly_timeouts", false},
    {"Ip:", "ReasmReqds", "system.net.ip.reassembly_requests", false},
    {"Ip:", "ReasmOKs", "system.net.ip.reassembly_oks", false},
    {"Ip:", "ReasmFails", "system.net.ip.reassembly_fails", false},
    {"Ip:", "FragOKs", "system.net.ip.fragmentation_oks", false},
    {"Ip:", "FragFails", "system.net.ip.fragmentation_fails", false},
    {"Ip:", "FragCreates", "system.net.ip.fragmentation_creates", false},
    {"IpExt:", "InNoRoutes", "system.net.ip.in_no_routes", false},
    {"IpExt:", "InTruncatedPkts", "system.net.ip.in_truncated_pkts", false},
    {"IpExt:", "InCsumErrors", "system.net.ip.in_csum_errors", false},
    {"IpExt:", "ReasmOverlaps", "system.net.ip.reassembly_overlaps", false},
    {"Tcp:", "RetransSegs", "system.net.tcp.retrans_segs", false},
    {"Tcp:", "InSegs", "system.net.tcp.in_segs", false},
    {"Tcp:", "OutSegs", "system.net.tcp.out_segs", false},
    {"Tcp:", "ActiveOpens", "system.net.tcp.active_opens", false},
    {"Tcp:", "PassiveOpens", "system.net.tcp.passive_opens", false},
    {"Tcp:", "AttemptFails", "system.net.tcp.attempt_fails", false},
    {"Tcp:", "EstabResets", "system.net.tcp.established_resets", false},
    {"Tcp:", "InErrs", "system.net.tcp.in_errors", false},
    {"Tcp:", "OutRsts", "system.net.tcp.out_resets", false},
    {"Tcp:", "InCsumErrors", "system.net.tcp.in_csum_errors", false},
    {"Tcp:", "CurrEstab", "system.net.tcp.current_established", true},
    {"TcpExt:", "ListenOverflows", "system.net.tcp.listen_overflows", false},
    {"TcpExt:", "ListenDrops", "system.net.tcp.listen_drops", false},
    {"TcpExt:", "TCPBacklogDrop", "system.net.tcp.backlog_drops", false},
    {"TcpExt:", "TCPRetransFail", "system.net.tcp.failed_retransmits", false},
    {"TcpExt:", "IPReversePathFilter", "system.net.ip.reverse_path_filter", false},
    {"TcpExt:", "PruneCalled", "system.net.tcp.prune_called", false},
    {"TcpExt:", "RcvPruned", "system.net.tcp.prune_rcv_drops", false},
    {"TcpExt:", "OfoPruned", "system.net.tcp.prune_ofo_called", false},
    {"TcpExt:", "PAWSActive", "system.net.tcp.paws_connection_drops", false},
    {"TcpExt:", "PAWSEstab", "system.net.tcp.paws_established_drops", false},
    {"TcpExt:", "SyncookiesSent", "system.net.tcp.syn_cookies_sent", false},
    {"TcpExt:", "SyncookiesRecv", "system.net.tcp.syn_cookies_recv", false},
    {"TcpExt:", "SyncookiesFailed", "system.net.tcp.syn_cookies_failed", false},
    {"TcpExt:", "TCPAbortOnTimeout", "system.net.tcp.abort_on_timeout", false},
    {"TcpExt:", "TCPSynRetrans", "system.net.tcp.syn_retrans", false},
    {"TcpExt:", "TCPFromZeroWindowAdv", "system.net.tcp.from_zero_window", false},
    {"TcpExt:", "TCPToZeroWindowAdv", "system.net.tcp.to_zero_window", false},
    {"TcpExt:", "TWRecycled", "system.net.tcp.tw_reused", false},
    {"Udp:", "InDatagrams", "system.net.udp.in_datagrams", false},
    {"Udp:", "NoPorts", "system.net.udp.no_ports", false},
    {"Udp:", "InErrors", "system.net.udp.in_errors", false},
    {"Udp:", "OutDatagrams", "system.net.udp.out_datagrams", false},
    {"Udp:", "RcvbufErrors", "system.net.udp.rcv_buf_errors", false},
    {"Udp:", "SndbufErrors", "system.net.udp.snd_buf_errors", false},
    {"Udp:", "InCsumErrors", "system.net.udp.in_csum_errors", false},
};

static const struct counter *find(struct rg_str group, struct rg_str name)
{
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        if (rg_str_is(group, counters[i].group) && rg_str_is(name, counters[i].name))
            return &counters[i];
    }
    return NULL;
}

static void one_pair(struct rg_str names, struct rg_str values, rg_net_counter_fn *fn, void *ctx)
{
    struct rg_str group, same, name, word;

    if (!rg_text_word(&names, &group) || !rg_text_word(&values, &same) || !rg_str_eq(group, same))
        return;
    while (rg_text_word(&names, &name) && rg_text_word(&values, &word)) {
        const struct counter *c = find(group, name);
        uint64_t value;

        if (c && rg_str_to_u64(word, &value))
            fn(ctx, c->metric, c->gauge, (double)value);
    }
}

void rg_net_counters(struct rg_str text, rg_net_counter_fn *fn, void *ctx)
{
    struct rg_str names, values;

    while (rg_str_split(&text, '\n', &names) && rg_str_split(&text, '\n', &values))
        one_pair(names, values, fn, ctx);
}
