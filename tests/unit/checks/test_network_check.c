#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "native_world.h"

#include <errno.h>

#define HEADER                                                                                     \
    "Inter-|   Receive                                                |  Transmit\n"               \
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"

static int setup(void **state)
{
    static struct native_world w;

    native_init(&w);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    native_finish(*state);
    return 0;
}

static void set_quiet(struct native_world *w)
{
    native_set(w, "net/dev", HEADER);
    native_set(w, "net/snmp", "");
    native_set(w, "net/netstat", "");
}

static void test_interfaces_are_sent_as_rates(void **state)
{
    static const struct {
        const char *name;
        double value;
    } expected[] = {
        {"system.net.bytes_rcvd", 100},
        {"system.net.bytes_sent", 300},
        {"system.net.packets_in.count", 10},
        {"system.net.packets_in.drop", 1},
        {"system.net.packets_in.error", 3},
        {"system.net.packets_out.count", 20},
        {"system.net.packets_out.drop", 3},
        {"system.net.packets_out.error", 7},
    };
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "network", "{collect_rate_metrics: false}");

    set_quiet(w);
    /* an old kernel writes the first number next to the colon */
    native_set(w, "net/dev",
        HEADER "  eth0:1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0\n"
               "  idle: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "net/dev",
        HEADER "  eth0: 2000 110 20 10 0 0 0 0 4000 210 40 30 0 0 0 0\n"
               "  idle: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
    native_run_later(w, check);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_near(native_value(w, expected[i].name, "device:eth0"), expected[i].value);
    assert_int_equal(native_count(w), sizeof(expected) / sizeof(expected[0]));
    assert_int_equal(check->warnings.count, 0);
    native_drop(w, check);
}

static void test_interfaces_are_excluded_by_name_and_by_pattern(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(
        w, "network", "{excluded_interfaces: [lo, eth0], excluded_interface_re: 'veth.*|th'}");

    set_quiet(w);
    native_set(w, "net/dev",
        HEADER "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
               "  eth0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
               "eth0:1: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
               " veth1: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
               "  eth1: 0 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_run_later(w, check);
    assert_int_equal(native_count(w), 2 * 8);
    assert_true(native_has(w, "system.net.bytes_rcvd", "device:eth1"));
    assert_true(native_has(w, "system.net.bytes_rcvd", "device:eth0:1"));
    native_drop(w, check);
}

static void test_protocols_are_rates_or_counts_as_asked(void **state)
{
    struct native_world *w = *state;
    struct rg_check *rates = native_check(w, "network", "{}");
    struct rg_check *counts =
        native_check(w, "network", "{collect_rate_metrics: false, collect_count_metrics: true}");

    set_quiet(w);
    native_set(w, "net/snmp",
        "Tcp: RtoAlgorithm MaxConn CurrEstab RetransSegs\nTcp: 1 -1 4 100\n"
        "Udp: InDatagrams NoPorts\nUdp: 10 20\n");
    native_set(w, "net/netstat", "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 0 10\n");
    assert_int_equal(native_run(w, rates), RG_OK);
    assert_int_equal(native_count(w), 1);
    assert_near(native_value(w, "system.net.tcp.current_established", ""), 4);
    assert_int_equal(native_run(w, counts), RG_OK);
    native_set(w, "net/snmp",
        "Tcp: RtoAlgorithm MaxConn CurrEstab RetransSegs\nTcp: 1 -1 4 150\n"
        "Udp: InDatagrams NoPorts\nUdp: 10 40\n");
    native_set(w, "net/netstat", "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 0 20\n");
    native_run_later(w, rates);
    assert_int_equal(native_count(w), 6);
    assert_near(native_value(w, "system.net.tcp.retrans_segs", ""), 5);
    assert_near(native_value(w, "system.net.udp.no_ports", ""), 2);
    assert_near(native_value(w, "system.net.tcp.listen_overflows", ""), 1);
    native_run_later(w, counts);
    assert_int_equal(native_count(w), 6);
    assert_near(native_value(w, "system.net.tcp.retrans_segs.count", ""), 50);
    assert_near(native_value(w, "system.net.udp.no_ports.count", ""), 20);
    native_drop(w, rates);
    native_drop(w, counts);
}

static void test_counters_that_do_not_fit_together_are_passed_over(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "network", "{}");

    set_quiet(w);
    native_set(w, "net/snmp",
        "Tcp: CurrEstab\nUdp: 7\nTcp: X CurrEstab\nTcp: 1\nUdp: NoPorts\nUdp: -3\n\n\nTcp:\nTcp:\n"
        "Tcp: CurrEstab");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 0);
    native_set_errno(w, "net/snmp", EACCES); /* some hosts let only root read it */
    native_set(w, "net/dev",
        HEADER " x 1 2\n: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n y: 1 2 3\n"
               " z: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -1 1\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 0);
    assert_int_equal(check->warnings.count, 1);
    assert_non_null(strstr(check->warnings.texts[0], "'net/snmp'"));
    native_set_errno(w, "net/dev", EACCES);
    assert_int_equal(native_run(w, check), RG_EACCES);
    assert_non_null(strstr(w->err.text, "'net/dev'"));
    native_drop(w, check);
}

static const char sockets[] = "  sl  local_address rem_address   st tx_queue rx_queue\n"
                              "   0: 0:1 0:0 0A 0:0 0\n   1: 0:1 0:0 01 0:0 0\n"
                              "   2: 0:1 0:0 01 0:0 0\n   3: 0:1 0:0 06 0:0 0\n"
                              "   4: 0:1 0:0 09 0:0 0\n   5: 0:1 0:0 0C 0:0 0\n"
                              "   6: 0:1 0:0 07 0:0 0\n   7: 0:1 0:0 FF 0:0 0\n"
                              "   8: 0:1 0:0 1\n   9: 0:1\n  10: 0:1 0:0 zz 0:0\n";

static void test_connections_are_counted_by_state_when_asked_for(void **state)
{
    struct native_world *w = *state;
    struct rg_check *combined = native_check(w, "network", "collect_connection_state: true");
    struct rg_check *single = native_check(
        w, "network", "{collect_connection_state: true, combine_connection_states: false}");

    set_quiet(w);
    native_set(w, "net/tcp", sockets);
    native_set(w, "net/udp6", sockets);
    assert_int_equal(native_run(w, combined), RG_OK);
    assert_int_equal(native_count(w), 6);
    assert_near(native_value(w, "system.net.tcp4.established", ""), 2);
    assert_near(native_value(w, "system.net.tcp4.opening", ""), 1);
    assert_near(native_value(w, "system.net.tcp4.closing", ""), 2);
    assert_near(native_value(w, "system.net.tcp4.listening", ""), 1);
    assert_near(native_value(w, "system.net.tcp4.time_wait", ""), 1);
    assert_near(native_value(w, "system.net.udp6.connections", ""), 8);
    assert_int_equal(native_run(w, single), RG_OK);
    assert_int_equal(native_count(w), 11);
    assert_near(native_value(w, "system.net.tcp4.estab", ""), 2);
    assert_near(native_value(w, "system.net.tcp4.syn_recv", ""), 1);
    assert_near(native_value(w, "system.net.tcp4.unconn", ""), 1);
    assert_near(native_value(w, "system.net.tcp4.time_wait", ""), 2); /* with LAST_ACK */
    assert_near(native_value(w, "system.net.tcp4.fin_wait_1", ""), 0);
    native_drop(w, combined);
    native_drop(w, single);
}

static void test_connection_tracking_is_reported_where_it_is_there(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "network", "{}");

    set_quiet(w);
    native_set(w, "sys/net/netfilter/nf_conntrack_max", "262144\n");
    native_set(w, "sys/net/netfilter/nf_conntrack_count", "many\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 1);
    assert_near(native_value(w, "system.net.conntrack.max", ""), 262144);
    assert_int_equal(check->warnings.count, 0);
    native_drop(w, check);
}

static void test_wrong_options_fail_the_check(void **state)
{
    static const char *const instances[] = {"excluded_interfaces: eth0",
        "excluded_interface_re: '*'", "collect_rate_metrics: maybe",
        "excluded_interface_re: {a: b}", "collect_connection_state: 1"};
    struct native_world *w = *state;

    for (size_t i = 0; i < sizeof(instances) / sizeof(instances[0]); i++) {
        struct rg_check *check = NULL;

        if (native_try(w, "network", instances[i], "", &check) != RG_EINVALID)
            fail_msg("%s", instances[i]);
        assert_true(w->err.text[0]);
        assert_null(check);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_interfaces_are_sent_as_rates, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_interfaces_are_excluded_by_name_and_by_pattern, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_protocols_are_rates_or_counts_as_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_counters_that_do_not_fit_together_are_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_connections_are_counted_by_state_when_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_connection_tracking_is_reported_where_it_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_options_fail_the_check, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
