/* /proc/net: interfaces, counters of the protocols, sockets. */
#include "sim_model.h"

#include <string.h>

#define PACKET_BYTES 512u /* where a scenario names no packets */
#define ESTABLISHED  3u
#define LISTENING    2u
#define UDP_SOCKETS  2u
#define SOCKETS_MAX  100000u /* of one state */
#define FIRST_INODE  UINT64_C(20000)

struct traffic {
    uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets;
};

static struct traffic measure(const struct rg_sim_host *h, const struct rg_sim_interface *is)
{
    bool rx = is->rx_packets_s.run_count > 0, tx = is->tx_packets_s.run_count > 0;

    return (struct traffic){
        .rx_bytes = sim_total(h, &is->rx_bytes_s, 1, 1),
        .tx_bytes = sim_total(h, &is->tx_bytes_s, 1, 1),
        .rx_packets =
            sim_total(h, rx ? &is->rx_packets_s : &is->rx_bytes_s, 1, rx ? 1 : PACKET_BYTES),
        .tx_packets =
            sim_total(h, tx ? &is->tx_packets_s : &is->tx_bytes_s, 1, tx ? 1 : PACKET_BYTES),
    };
}

static void number(struct sim_out *out, uint64_t v, size_t width)
{
    sim_out_bytes(out, " ", 1);
    sim_out_right(out, v, width);
}

/* net/core/net-procfs.c */
static void put_interface(
    const struct rg_sim_host *h, const struct sim_interface *interface, struct sim_out *out)
{
    const struct rg_sim_interface *is = &interface->is;
    struct traffic t = measure(h, is);

    for (size_t len = strlen(interface->name); len < 6; len++)
        sim_out_bytes(out, " ", 1);
    sim_out_text(out, interface->name);
    sim_out_bytes(out, ":", 1);
    number(out, t.rx_bytes, 7);
    number(out, t.rx_packets, 7);
    number(out, sim_total(h, &is->rx_errors_s, 1, 1), 4);
    number(out, sim_total(h, &is->rx_drops_s, 1, 1), 4);
    sim_out_text(out, "    0     0          0         0");
    number(out, t.tx_bytes, 8);
    number(out, t.tx_packets, 7);
    number(out, sim_total(h, &is->tx_errors_s, 1, 1), 4);
    number(out, sim_total(h, &is->tx_drops_s, 1, 1), 4);
    sim_out_text(out, "    0     0       0          0\n");
}

static void put_dev(const struct rg_sim_host *h, struct sim_out *out)
{
    sim_out_text(out, "Inter-|   Receive                                                "
                      "|  Transmit\n"
                      " face |bytes    packets errs drop fifo frame compressed multicast"
                      "|bytes    packets errs drop fifo colls carrier compressed\n");
    for (size_t i = 0; i < h->interface_count; i++)
        put_interface(h, &h->interfaces[i], out);
}

enum source {
    ZERO,
    ONE,
    TTL,
    RX,
    TX,
    RX_TCP,
    TX_TCP,
    RX_UDP,
    TX_UDP,
    RX_BYTES,
    TX_BYTES,
    RETRANS,
    CURRENT,
    RTO_MIN,
    RTO_MAX,
    UNLIMITED
};

#define OLD RG_SIM_KERNEL_3_10
#define MID RG_SIM_KERNEL_4
#define NEW RG_SIM_KERNEL_6

/* A counter, and the oldest kernel that has it. Groups stand together. */
struct counter {
    const char *name;
    enum source source;
    enum rg_sim_kernel_form since;
};

static const struct counter ip[] = {{"Forwarding", ONE, OLD}, {"DefaultTTL", TTL, OLD},
    {"InReceives", RX, OLD}, {"InHdrErrors", ZERO, OLD}, {"InAddrErrors", ZERO, OLD},
    {"ForwDatagrams", ZERO, OLD}, {"InUnknownProtos", ZERO, OLD}, {"InDiscards", ZERO, OLD},
    {"InDelivers", RX, OLD}, {"OutRequests", TX, OLD}, {"OutDiscards", ZERO, OLD},
    {"OutNoRoutes", ZERO, OLD}, {"ReasmTimeout", ZERO, OLD}, {"ReasmReqds", ZERO, OLD},
    {"ReasmOKs", ZERO, OLD}, {"ReasmFails", ZERO, OLD}, {"FragOKs", ZERO, OLD},
    {"FragFails", ZERO, OLD}, {"FragCreates", ZERO, OLD}, {"OutTransmits", TX, NEW},
    {NULL, ZERO, OLD}};

static const struct counter tcp[] = {{"RtoAlgorithm", ONE, OLD}, {"RtoMin", RTO_MIN, OLD},
    {"RtoMax", RTO_MAX, OLD}, {"MaxConn", UNLIMITED, OLD}, {"ActiveOpens", ZERO, OLD},
    {"PassiveOpens", ZERO, OLD}, {"AttemptFails", ZERO, OLD}, {"EstabResets", ZERO, OLD},
    {"CurrEstab", CURRENT, OLD}, {"InSegs", RX_TCP, OLD}, {"OutSegs", TX_TCP, OLD},
    {"RetransSegs", RETRANS, OLD}, {"InErrs", ZERO, OLD}, {"OutRsts", ZERO, OLD},
    {"InCsumErrors", ZERO, OLD}, {NULL, ZERO, OLD}};

static const struct counter udp[] = {{"InDatagrams", RX_UDP, OLD}, {"NoPorts", ZERO, OLD},
    {"InErrors", ZERO, OLD}, {"OutDatagrams", TX_UDP, OLD}, {"RcvbufErrors", ZERO, OLD},
    {"SndbufErrors", ZERO, OLD}, {"InCsumErrors", ZERO, OLD}, {"IgnoredMulti", ZERO, MID},
    {"MemErrors", ZERO, NEW}, {NULL, ZERO, OLD}};

static const struct counter tcp_ext[] = {{"SyncookiesSent", ZERO, OLD},
    {"SyncookiesRecv", ZERO, OLD}, {"SyncookiesFailed", ZERO, OLD}, {"EmbryonicRsts", ZERO, OLD},
    {"PruneCalled", ZERO, OLD}, {"RcvPruned", ZERO, OLD}, {"OfoPruned", ZERO, OLD},
    {"TW", ZERO, OLD}, {"TWRecycled", ZERO, OLD}, {"TWKilled", ZERO, OLD},
    {"PAWSActive", ZERO, OLD}, {"PAWSEstab", ZERO, OLD}, {"DelayedACKs", ZERO, OLD},
    {"ListenOverflows", ZERO, OLD}, {"ListenDrops", ZERO, OLD}, {"TCPLostRetransmit", ZERO, OLD},
    {"TCPTimeouts", RETRANS, OLD}, {"TCPAbortOnTimeout", ZERO, OLD}, {"TCPBacklogDrop", ZERO, OLD},
    {"IPReversePathFilter", ZERO, OLD}, {"TCPRetransFail", ZERO, OLD},
    {"TCPFromZeroWindowAdv", ZERO, MID}, {"TCPToZeroWindowAdv", ZERO, MID},
    {"TCPSynRetrans", ZERO, MID}, {NULL, ZERO, OLD}};

static const struct counter ip_ext[] = {{"InNoRoutes", ZERO, OLD}, {"InTruncatedPkts", ZERO, OLD},
    {"InMcastPkts", ZERO, OLD}, {"OutMcastPkts", ZERO, OLD}, {"InBcastPkts", ZERO, OLD},
    {"OutBcastPkts", ZERO, OLD}, {"InOctets", RX_BYTES, OLD}, {"OutOctets", TX_BYTES, OLD},
    {"InMcastOctets", ZERO, OLD}, {"OutMcastOctets", ZERO, OLD}, {"InBcastOctets", ZERO, OLD},
    {"OutBcastOctets", ZERO, OLD}, {"InCsumErrors", ZERO, OLD}, {"InNoECTPkts", RX, OLD},
    {"InECT1Pkts", ZERO, OLD}, {"InECT0Pkts", ZERO, OLD}, {"InCEPkts", ZERO, OLD},
    {"ReasmOverlaps", ZERO, NEW}, {NULL, ZERO, OLD}};

/* Nine of ten packets are TCP, the others UDP. */
static void put_value(
    const struct rg_sim_host *h, const struct traffic *t, enum source source, struct sim_out *out)
{
    switch (source) {
    case ZERO:
        sim_out_bytes(out, "0", 1);
        return;
    case ONE:
        sim_out_bytes(out, "1", 1);
        return;
    case TTL:
        sim_out_text(out, "64");
        return;
    case RTO_MIN:
        sim_out_text(out, "200");
        return;
    case RTO_MAX:
        sim_out_text(out, "120000");
        return;
    case UNLIMITED:
        sim_out_text(out, "-1");
        return;
    case RX:
        sim_out_u64(out, t->rx_packets);
        return;
    case TX:
        sim_out_u64(out, t->tx_packets);
        return;
    case RX_TCP:
        sim_out_u64(out, t->rx_packets - t->rx_packets / 10);
        return;
    case TX_TCP:
        sim_out_u64(out, t->tx_packets - t->tx_packets / 10);
        return;
    case RX_UDP:
        sim_out_u64(out, t->rx_packets / 10);
        return;
    case TX_UDP:
        sim_out_u64(out, t->tx_packets / 10);
        return;
    case RX_BYTES:
        sim_out_u64(out, t->rx_bytes);
        return;
    case TX_BYTES:
        sim_out_u64(out, t->tx_bytes);
        return;
    case RETRANS:
        sim_out_u64(out, sim_total(h, &h->numbers.retrans_s, 1, 1));
        return;
    case CURRENT:
        sim_out_u64(out, sim_value(h, &h->numbers.established, ESTABLISHED));
        return;
    }
}

/* The forms are numbered from the newest. */
static void put_group(const struct rg_sim_host *h, const struct traffic *t, const char *group,
    const struct counter *counters, struct sim_out *out)
{
    for (int values = 0; values < 2; values++) {
        sim_out_text(out, group);
        for (const struct counter *c = counters; c->name; c++) {
            if (h->options.form > c->since)
                continue;
            sim_out_bytes(out, " ", 1);
            if (values)
                put_value(h, t, c->source, out);
            else
                sim_out_text(out, c->name);
        }
        sim_out_bytes(out, "\n", 1);
    }
}

static struct traffic sum_of(const struct rg_sim_host *h)
{
    struct traffic all = {0};

    for (size_t i = 0; i < h->interface_count; i++) {
        struct traffic t = measure(h, &h->interfaces[i].is);

        all.rx_bytes += t.rx_bytes;
        all.tx_bytes += t.tx_bytes;
        all.rx_packets += t.rx_packets;
        all.tx_packets += t.tx_packets;
    }
    return all;
}

/* Lines of sockets on 127.0.0.1, ports from first on. */
static void put_sockets(struct sim_out *out, uint64_t *line, uint64_t count, const char *state,
    bool peer, uint64_t first)
{
    for (uint64_t i = 0; i < count && i < SOCKETS_MAX; i++) {
        sim_out_right(out, *line, 4);
        sim_out_text(out, ": 0100007F:");
        sim_out_hex(out, (first + i) % 65536, 4);
        sim_out_text(out, peer ? " 0100007F:1F90 " : " 00000000:0000 ");
        sim_out_text(out, state);
        sim_out_text(out, " 00000000:00000000 00:00000000 00000000     0        0 ");
        sim_out_u64(out, FIRST_INODE + *line);
        sim_out_text(out, " 1 0000000000000000 100 0 0 10 0\n");
        ++*line;
    }
}

static void put_tcp(const struct rg_sim_host *h, struct sim_out *out)
{
    uint64_t line = 0;

    put_sockets(out, &line, sim_value(h, &h->numbers.listen, LISTENING), "0A", false, 22);
    put_sockets(out, &line, sim_value(h, &h->numbers.established, ESTABLISHED), "01", true, 32768);
    put_sockets(out, &line, sim_value(h, &h->numbers.time_wait, 0), "06", true, 45000);
}

static void put_udp(const struct rg_sim_host *h, struct sim_out *out)
{
    uint64_t line = 0;

    put_sockets(out, &line, sim_value(h, &h->numbers.udp, UDP_SOCKETS), "07", false, 68);
}

/* Heads are padded: net/ipv4/tcp_ipv4.c, net/ipv6/udp.c. */
static void put_head(struct sim_out *out, bool six, bool is_udp)
{
    sim_out_text(out, is_udp && !six ? "   sl  local_address " : "  sl  local_address ");
    if (six)
        sim_out_text(out, "                        remote_address                        ");
    else
        sim_out_text(out, "rem_address   ");
    sim_out_text(out, "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
    sim_out_text(out, is_udp ? " ref pointer drops\n" : "\n");
}

bool sim_render_network(const struct rg_sim_host *h, const char *path, struct sim_out *out)
{
    struct traffic all;
    bool six, is_udp;

    if (strncmp(path, "net/", 4) != 0)
        return false;
    path += 4;
    six = strcmp(path, "tcp6") == 0 || strcmp(path, "udp6") == 0;
    is_udp = strcmp(path, "udp") == 0 || strcmp(path, "udp6") == 0;
    if (strcmp(path, "dev") == 0) {
        put_dev(h, out);
    } else if (strcmp(path, "snmp") == 0) {
        all = sum_of(h);
        put_group(h, &all, "Ip:", ip, out);
        put_group(h, &all, "Tcp:", tcp, out);
        put_group(h, &all, "Udp:", udp, out);
    } else if (strcmp(path, "netstat") == 0) {
        all = sum_of(h);
        put_group(h, &all, "TcpExt:", tcp_ext, out);
        put_group(h, &all, "IpExt:", ip_ext, out);
    } else if (six || is_udp || strcmp(path, "tcp") == 0) {
        put_head(out, six, is_udp);
        if (is_udp && !six)
            put_udp(h, out);
        else if (!six)
            put_tcp(h, out);
    } else {
        return false;
    }
    return true;
}
