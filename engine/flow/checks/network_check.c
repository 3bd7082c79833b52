/* upstream: integrations-core network/datadog_checks/network/{network,check_linux}.py */
#include "native_checks.h"
#include "native_kit.h"
#include "native_text.h"
#include "net_counters.h"
#include "net_sockets.h"
#include "pattern_list.h"
#include "yaml_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRIC_NAME_MAX 128
#define DEVICE_NAME_MAX 255 /* bytes; the kernel has 15 */
#define DEVICE_COUNTERS 16  /* numbers of a line of net/dev */

struct network_options {
    bool collect_connection_state;
    bool combine_connection_states;
    bool collect_rate_metrics;
    bool collect_count_metrics;
    struct rg_blob_list excluded;     /* owned; names of interfaces */
    struct rg_pattern_list *patterns; /* owned; excluded_interface_re */
};

struct network_check {
    struct rg_check base; /* first */
    struct network_options options;
};

static void finish_options(struct network_options *o)
{
    for (size_t i = 0; i < o->excluded.count; i++)
        rg_blob_finish(&o->excluded.items[i]);
    free(o->excluded.items);
    rg_pattern_list_destroy(o->patterns);
    *o = (struct network_options){0};
}

static bool excluded(const struct network_options *o, struct rg_str device)
{
    for (size_t i = 0; i < o->excluded.count; i++) {
        if (rg_str_eq(rg_blob_str(&o->excluded.items[i]), device))
            return true;
    }
    return rg_pattern_list_matches(o->patterns, device);
}

/* "  eth0:631947052 1042233 ...": the name ends at the last colon before the numbers, because the
 * name of an alias has one. */
static bool parse_device(struct rg_str line, struct rg_str *device, uint64_t *n)
{
    const char *colon = line.len ? memrchr(line.ptr, ':', line.len) : NULL;
    struct rg_str words[DEVICE_COUNTERS];

    if (!colon)
        return false;
    *device = rg_str_trim((struct rg_str){line.ptr, (size_t)(colon - line.ptr)}, " \t");
    line = (struct rg_str){colon + 1, (size_t)(line.ptr + line.len - colon - 1)};
    if (device->len == 0 || device->len > DEVICE_NAME_MAX ||
        rg_text_words(line, words, DEVICE_COUNTERS) < DEVICE_COUNTERS)
        return false;
    for (size_t i = 0; i < DEVICE_COUNTERS; i++) {
        if (!rg_str_to_u64(words[i], &n[i]))
            return false;
    }
    return true;
}

static void send_device(struct rg_sender *sender, const uint64_t *n, struct rg_tags tags)
{
    const struct {
        const char *name;
        double value;
    } metrics[] = {
        {"system.net.bytes_rcvd", (double)n[0]},
        {"system.net.bytes_sent", (double)n[8]},
        {"system.net.packets_in.count", (double)n[1]},
        {"system.net.packets_in.drop", (double)n[3]},
        {"system.net.packets_in.error", (double)n[2] + (double)n[3]},
        {"system.net.packets_out.count", (double)n[9]},
        {"system.net.packets_out.drop", (double)n[11]},
        {"system.net.packets_out.error", (double)n[10] + (double)n[11]},
    };

    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        rg_sender_rate(sender, metrics[i].name, metrics[i].value, NULL, tags);
}

/* Interfaces that never moved a byte are left out. */
static enum rg_status send_devices(struct network_check *c, struct rg_str text, struct rg_err *err)
{
    uint64_t n[DEVICE_COUNTERS];
    struct rg_native_tags tags;
    struct rg_str line, device;
    enum rg_status st = RG_OK;

    rg_native_tags_init(&tags);
    while (st == RG_OK && rg_str_split(&text, '\n', &line)) {
        if (!parse_device(line, &device, n) || (n[0] == 0 && n[8] == 0) ||
            excluded(&c->options, device))
            continue;
        rg_native_tags_clear(&tags);
        st = rg_native_tag(&tags, "device:", device);
        if (st == RG_OK)
            send_device(c->base.sender, n, rg_native_tags_view(&tags));
        else
            rg_err_set(err, "tags of an interface: %s", rg_status_name(st));
    }
    rg_native_tags_finish(&tags);
    return st;
}

static void send_counter(void *ctx, const char *metric, bool gauge, double value)
{
    struct network_check *c = ctx;
    char name[METRIC_NAME_MAX];

    if (gauge) {
        rg_sender_gauge(c->base.sender, metric, value, NULL, RG_NO_TAGS);
        return;
    }
    if (c->options.collect_rate_metrics)
        rg_sender_rate(c->base.sender, metric, value, NULL, RG_NO_TAGS);
    if (c->options.collect_count_metrics) {
        snprintf(name, sizeof(name), "%s.count", metric);
        rg_sender_monotonic_count(c->base.sender, name, value, NULL, RG_NO_TAGS);
    }
}

static enum rg_status send_counters(
    struct network_check *c, const char *path, struct rg_buf *buf, struct rg_err *err)
{
    bool there = false;
    enum rg_status st = rg_native_read_optional(&c->base, path, false, buf, &there, err);

    if (st == RG_OK && there)
        rg_net_counters(rg_str_buf(buf), send_counter, c);
    return st;
}

/* Connection tracking; there only while its kernel module is loaded. */
static enum rg_status send_conntrack(
    struct network_check *c, struct rg_buf *buf, struct rg_err *err)
{
    static const struct {
        const char *path;
        const char *metric;
    } files[] = {
        {"sys/net/netfilter/nf_conntrack_max", "system.net.conntrack.max"},
        {"sys/net/netfilter/nf_conntrack_count", "system.net.conntrack.count"},
    };
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && st == RG_OK; i++) {
        bool there = false;
        uint64_t n;

        st = rg_native_read_optional(&c->base, files[i].path, true, buf, &there, err);
        if (st == RG_OK && there && rg_str_to_u64(rg_str_trim(rg_str_buf(buf), " \n"), &n))
            rg_sender_gauge(c->base.sender, files[i].metric, (double)n, NULL, RG_NO_TAGS);
    }
    return st;
}

/* One gauge for each name; states that share one are added up. */
static void send_tcp_states(
    struct network_check *c, const char *protocol, const struct rg_socket_counts *counts)
{
    bool combine = c->options.combine_connection_states;
    char metric[METRIC_NAME_MAX];

    for (size_t i = 1; i < RG_TCP_STATES; i++) {
        const char *name = rg_tcp_state_name(i, combine);
        uint64_t sum = 0;
        bool first = true;

        for (size_t k = 1; k < RG_TCP_STATES; k++) {
            if (strcmp(rg_tcp_state_name(k, combine), name) != 0)
                continue;
            first = first && k >= i;
            sum += counts->by_state[k];
        }
        if (!first)
            continue;
        snprintf(metric, sizeof(metric), "system.net.%s.%s", protocol, name);
        rg_sender_gauge(c->base.sender, metric, (double)sum, NULL, RG_NO_TAGS);
    }
}

static enum rg_status send_sockets(struct network_check *c, struct rg_buf *buf, struct rg_err *err)
{
    static const struct {
        const char *path;
        const char *protocol;
        bool tcp;
    } files[] = {
        {"net/tcp", "tcp4", true},
        {"net/tcp6", "tcp6", true},
        {"net/udp", "udp4", false},
        {"net/udp6", "udp6", false},
    };
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && st == RG_OK; i++) {
        struct rg_socket_counts counts = {0};
        char metric[METRIC_NAME_MAX];
        bool there = false;

        st = rg_native_read_optional(&c->base, files[i].path, true, buf, &there, err);
        if (st != RG_OK || !there)
            continue;
        rg_net_sockets(rg_str_buf(buf), &counts);
        if (files[i].tcp) {
            send_tcp_states(c, files[i].protocol, &counts);
            continue;
        }
        snprintf(metric, sizeof(metric), "system.net.%s.connections", files[i].protocol);
        rg_sender_gauge(c->base.sender, metric, (double)counts.all, NULL, RG_NO_TAGS);
    }
    return st;
}

static enum rg_status network_run(struct rg_check *check, struct rg_err *err)
{
    struct network_check *c = (struct network_check *)check;
    struct rg_buf buf;
    enum rg_status st;

    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_native_read(check, "net/dev", &buf, err);
    if (st == RG_OK)
        st = send_devices(c, rg_str_buf(&buf), err);
    if (st == RG_OK)
        st = send_counters(c, "net/netstat", &buf, err);
    if (st == RG_OK)
        st = send_counters(c, "net/snmp", &buf, err);
    if (st == RG_OK)
        st = send_conntrack(c, &buf, err);
    if (st == RG_OK && c->options.collect_connection_state)
        st = send_sockets(c, &buf, err);
    if (st == RG_OK && rg_pattern_list_given_up(c->options.patterns))
        rg_check_warn(check, "excluded_interface_re takes too long to match; simplify it");
    rg_buf_finish(&buf);
    return st == RG_OK ? rg_sender_commit(check->sender, err) : st;
}

static void network_finish(struct rg_check *check)
{
    finish_options(&((struct network_check *)check)->options);
}

static const struct rg_check_ops network_ops = {
    .version = "", .run = network_run, .finish = network_finish};

static enum rg_status read_excluded(
    struct network_options *o, const struct rg_native_options *yaml, struct rg_err *err)
{
    const char *list = "excluded_interfaces", *pattern = "excluded_interface_re";
    const struct rg_yaml_node *map = yaml->instance.root;
    char *text = NULL;
    enum rg_status st =
        rg_yaml_to_texts("instance", rg_yaml_get(map, list), list, &o->excluded, err);

    if (st == RG_OK)
        st = rg_pattern_list_create(&o->patterns);
    if (st == RG_OK)
        st = rg_yaml_to_text("instance", rg_yaml_get(map, pattern), pattern, &text, err);
    if (st == RG_OK && text[0])
        st = rg_pattern_list_add(
            o->patterns, pattern, rg_str_from(text), "", RG_PATTERN_AT_START, err);
    free(text);
    return st;
}

static enum rg_status read_options(
    struct network_options *o, const struct rg_check_source *from, struct rg_err *err)
{
    struct rg_native_options yaml;
    const struct {
        const char *key;
        bool fallback;
        bool *out;
    } flags[] = {
        {"collect_connection_state", false, &o->collect_connection_state},
        {"combine_connection_states", true, &o->combine_connection_states},
        {"collect_rate_metrics", true, &o->collect_rate_metrics},
        {"collect_count_metrics", false, &o->collect_count_metrics},
    };
    enum rg_status st = rg_native_options_open(&yaml, from, err);

    if (st != RG_OK)
        return st;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && st == RG_OK; i++)
        st = rg_native_flag(&yaml, flags[i].key, flags[i].fallback, flags[i].out, err);
    if (st == RG_OK)
        st = read_excluded(o, &yaml, err);
    rg_native_options_finish(&yaml);
    return st;
}

enum rg_status rg_network_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    struct network_options options = {0};
    struct rg_check *check = NULL;
    enum rg_status st = read_options(&options, from, err);

    if (st == RG_OK)
        st = rg_native_create(
            &network_ops, sizeof(struct network_check), true, world, from, &check, err);
    if (st != RG_OK) {
        finish_options(&options);
        return st;
    }
    ((struct network_check *)check)->options = options;
    *out = check;
    return RG_OK;
}
