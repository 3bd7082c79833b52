#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu_stat.h"
#include "disk_table.h"
#include "mount_table.h"
#include "native_text.h"
#include "net_counters.h"
#include "net_sockets.h"
#include "rg/sim_devices.h"
#include "sim_world_rig.h"

#define GIB (UINT64_C(1) << 30)

/* Booted 100 s before the run. */
static void open_host(struct world_rig *rig, enum rg_sim_kernel_form form)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    const struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;

    options.form = form;
    options.cpu_count = 4;
    options.boot.ns = clock.wall_start.ns - 100 * RG_NS_PER_S;
    rig_open(rig, options);
}

static struct rg_str text_of(struct world_rig *rig, const char *name)
{
    const char *text = rig_text(rig, 0, name);

    if (!text)
        fail_msg("there is no %s", name);
    return rg_str_from(text);
}

static void add_disk(struct world_rig *rig, struct rg_sim_disk disk)
{
    struct rg_err err = {0};

    if (rg_sim_host_add_disk(rig->host, &disk, &err) != RG_OK)
        fail_msg("%s", err.text);
    assert_null(disk.reads_s.runs);
}

static void add_mount(struct world_rig *rig, struct rg_sim_mount mount)
{
    struct rg_err err = {0};

    if (rg_sim_host_add_mount(rig->host, &mount, &err) != RG_OK)
        fail_msg("%s", err.text);
    assert_null(mount.used_kib.runs);
}

static const struct rg_disk_stats *disk_row(
    struct world_rig *rig, struct rg_disk_table *table, const char *name)
{
    struct rg_err err = {0};
    struct rg_str text = text_of(rig, "diskstats");

    assert_int_equal(rg_buf_set(&table->text, text.ptr, text.len), RG_OK);
    assert_int_equal(rg_disk_table_parse(table, &err), RG_OK);
    return rg_disk_table_find(table, rg_str_from(name));
}

static void test_disk_counters_are_the_sums_of_their_rates_since_boot(void **state)
{
    const struct rg_disk_stats *row;
    struct rg_disk_table table;
    struct world_rig rig;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    rg_disk_table_init(&table);
    add_disk(&rig, (struct rg_sim_disk){.name = "sda",
                       .reads_s = series("2|10"),
                       .writes_s = series("4"),
                       .read_bytes_s = series("5120"),
                       .write_bytes_s = series("0|1024"),
                       .busy = series("10|50"),
                       .read_ms = 3,
                       .write_ms = 5});
    rig_pass(&rig, 20 * RG_NS_PER_S);
    row = disk_row(&rig, &table, "sda");
    assert_non_null(row);
    assert_int_equal(row->reads, 2 * 100 + 10 * 20);
    assert_int_equal(row->writes, 4 * 120);
    assert_int_equal(row->read_sectors, 120 * 10);
    assert_int_equal(row->written_sectors, 20 * 2);
    assert_int_equal(row->read_ms, 400 * 3);
    assert_int_equal(row->write_ms, 480 * 5);
    assert_int_equal(row->io_ms, 100 * 100 + 20 * 500);
    assert_int_equal(row->weighted_ms, 1200 + 2400);
    assert_int_equal(after(rig_text(&rig, 0, "vmstat"), "pgpgin "), 5 * 120);
    assert_null(disk_row(&rig, &table, "sdb"));
    rg_disk_table_finish(&table);
    rig_close(&rig);
}

static void test_a_part_of_a_disk_is_not_read_twice(void **state)
{
    struct world_rig rig;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    add_disk(&rig, (struct rg_sim_disk){.name = "sda", .read_bytes_s = series("1024")});
    add_disk(
        &rig, (struct rg_sim_disk){.name = "sda1", .part = true, .read_bytes_s = series("1024")});
    assert_int_equal(after(rig_text(&rig, 0, "vmstat"), "pgpgin "), 100);
    rig_close(&rig);
}

static size_t words_of_disk(enum rg_sim_kernel_form form)
{
    struct rg_str words[32];
    struct world_rig rig;
    size_t n;

    open_host(&rig, form);
    add_disk(&rig, (struct rg_sim_disk){.name = "sda", .reads_s = series("1")});
    n = rg_text_words(text_of(&rig, "diskstats"), words, 32);
    rig_close(&rig);
    return n;
}

static void test_old_kernels_have_fewer_fields_and_lines(void **state)
{
    struct world_rig rig;

    (void)state;
    assert_int_equal(words_of_disk(RG_SIM_KERNEL_6), 20);
    assert_int_equal(words_of_disk(RG_SIM_KERNEL_4), 14);
    assert_int_equal(words_of_disk(RG_SIM_KERNEL_3_10), 14);
    open_host(&rig, RG_SIM_KERNEL_3_10);
    assert_null(strstr(rig_text(&rig, 0, "meminfo"), "MemAvailable"));
    assert_non_null(strstr(rig_text(&rig, 0, "vmstat"), "\npgscan_kswapd_normal "));
    assert_null(strstr(rig_text(&rig, 0, "net/snmp"), "OutTransmits"));
    rig_close(&rig);
    open_host(&rig, RG_SIM_KERNEL_6);
    assert_non_null(strstr(rig_text(&rig, 0, "meminfo"), "\nMemAvailable: "));
    assert_non_null(strstr(rig_text(&rig, 0, "vmstat"), "\npgscan_kswapd "));
    assert_non_null(strstr(rig_text(&rig, 0, "net/snmp"), "OutTransmits"));
    rig_close(&rig);
}

static void test_mounts_are_listed_with_escapes_and_tell_their_use(void **state)
{
    struct rg_mount_table table;
    struct rg_filesystem fs;
    struct rg_err err = {0};
    struct world_rig rig;
    struct rg_str text;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    rg_mount_table_init(&table);
    add_mount(&rig, (struct rg_sim_mount){.path = "/proc", .type = "proc"});
    add_mount(&rig, (struct rg_sim_mount){.path = "/my data",
                        .device = "/dev/sdb1",
                        .options = "ro,noatime",
                        .size_bytes = GIB,
                        .used_kib = series("4096 8192"),
                        .reserved_permille = 50,
                        .inodes = 1000,
                        .inodes_used = series("10 20")});
    text = text_of(&rig, "self/mounts");
    assert_true(rg_str_is(text, "proc /proc proc rw,relatime 0 0\n"
                                "/dev/sdb1 /my\\040data ext4 ro,noatime 0 0\n"));
    assert_int_equal(rg_buf_set(&table.text, text.ptr, text.len), RG_OK);
    assert_int_equal(rg_mount_table_parse(&table, &err), RG_OK);
    assert_int_equal(table.count, 2);
    assert_true(rg_str_is(table.rows[1].point, "/my data"));
    assert_true(rg_mount_has_option(&table.rows[1], "ro"));
    assert_true(rg_str_is(text_of(&rig, "filesystems"), "nodev\tproc\n\text4\n"));

    rig_pass(&rig, 10 * RG_NS_PER_S);
    assert_int_equal(
        rg_host_filesystem(rg_sim_host_host(rig.host), "/my data/x", &fs, &err), RG_OK);
    assert_int_equal(fs.block_size_bytes * fs.blocks, GIB);
    assert_int_equal((fs.blocks - fs.blocks_free) * fs.block_size_bytes, 8192 * 1024);
    assert_int_equal(fs.blocks_free - fs.blocks_available, fs.blocks / 20);
    assert_int_equal(fs.files, 1000);
    assert_int_equal(fs.files_free, 980);
    assert_int_equal(rg_host_filesystem(rg_sim_host_host(rig.host), "/proc", &fs, &err), RG_OK);
    assert_int_equal(fs.blocks, 0);
    rg_mount_table_finish(&table);
    rig_close(&rig);
}

static void test_a_full_file_system_has_nothing_left(void **state)
{
    struct rg_filesystem fs;
    struct rg_err err = {0};
    struct world_rig rig;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    add_mount(&rig, (struct rg_sim_mount){.path = "/",
                        .size_bytes = 1 << 20,
                        .used_kib = series("4000"),
                        .inodes = 5,
                        .inodes_used = series("9")});
    assert_int_equal(rg_host_filesystem(rg_sim_host_host(rig.host), "/", &fs, &err), RG_OK);
    assert_int_equal(fs.blocks, 256);
    assert_int_equal(fs.blocks_free, 0);
    assert_int_equal(fs.blocks_available, 0);
    assert_int_equal(fs.files_free, 0);
    rig_close(&rig);
}

/* Wanted metrics and what they have to be. */
struct seen {
    const char *metric;
    double value;
    int count;
};

static void look_for(void *ctx, const char *metric, bool gauge, double value)
{
    struct seen *seen = ctx;

    (void)gauge;
    for (; seen->metric; seen++) {
        if (strcmp(seen->metric, metric) == 0) {
            seen->value = value;
            seen->count++;
        }
    }
}

static void test_network_files_say_what_interfaces_and_numbers_say(void **state)
{
    struct seen seen[] = {{"system.net.tcp.in_segs", 0, 0}, {"system.net.udp.out_datagrams", 0, 0},
        {"system.net.tcp.retrans_segs", 0, 0}, {"system.net.tcp.current_established", 0, 0},
        {"system.net.tcp.listen_drops", -1, 0}, {"system.net.ip.reassembly_overlaps", -1, 0},
        {NULL, 0, 0}};
    struct rg_sim_interface eth = {.name = "eth0",
        .rx_bytes_s = series("51200"),
        .tx_bytes_s = series("2000"),
        .tx_packets_s = series("20"),
        .rx_errors_s = series("0.5"),
        .tx_drops_s = series("1")};
    struct rg_sim_numbers numbers = {
        .established = series("7"), .udp = series("4"), .retrans_s = series("2")};
    struct rg_socket_counts sockets;
    struct rg_err err = {0};
    struct world_rig rig;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    assert_int_equal(rg_sim_host_add_interface(rig.host, &eth, &err), RG_OK);
    assert_null(eth.rx_bytes_s.runs);
    rg_sim_host_set_numbers(rig.host, &numbers);
    assert_null(numbers.udp.runs);
    assert_non_null(strstr(rig_text(&rig, 0, "net/dev"),
        "\n  eth0: 5120000   10000   50    0    0     0          0         0"
        "   200000    2000    0  100    0     0       0          0\n"));
    rg_net_counters(text_of(&rig, "net/snmp"), look_for, seen);
    rg_net_counters(text_of(&rig, "net/netstat"), look_for, seen);
    for (size_t i = 0; seen[i].metric; i++)
        assert_int_equal(seen[i].count, 1);
    assert_int_equal((int)seen[0].value, 9000);
    assert_int_equal((int)seen[1].value, 200);
    assert_int_equal((int)seen[2].value, 200);
    assert_int_equal((int)seen[3].value, 7);
    assert_int_equal((int)seen[4].value, 0);
    assert_int_equal((int)seen[5].value, 0);
    rg_net_sockets(text_of(&rig, "net/tcp"), &sockets);
    assert_int_equal(sockets.by_state[1], 7);
    assert_int_equal(sockets.by_state[10], 2);
    assert_int_equal(sockets.all, 9);
    rg_net_sockets(text_of(&rig, "net/udp"), &sockets);
    assert_int_equal(sockets.all, 4);
    rg_net_sockets(text_of(&rig, "net/tcp6"), &sockets);
    assert_int_equal(sockets.all, 0);
    rig_close(&rig);
}

static void test_times_that_no_process_has_come_from_the_idle_time(void **state)
{
    struct rg_sim_numbers numbers = {.nice = series("10"),
        .iowait = series("20"),
        .irq = series("1"),
        .softirq = series("2"),
        .steal = series("5"),
        .guest = series("40"),
        .blocked = series("3")};
    struct rg_cpu_ticks t;
    struct world_rig rig;
    uint64_t all = 0;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    rg_sim_host_set_numbers(rig.host, &numbers);
    assert_true(rg_cpu_stat_total(text_of(&rig, "stat"), &t));
    assert_int_equal(t.ticks[RG_CPU_USER], 4000);
    assert_int_equal(t.ticks[RG_CPU_NICE], 1000);
    assert_int_equal(t.ticks[RG_CPU_IOWAIT], 2000);
    assert_int_equal(t.ticks[RG_CPU_IRQ], 100);
    assert_int_equal(t.ticks[RG_CPU_SOFTIRQ], 200);
    assert_int_equal(t.ticks[RG_CPU_STEAL], 500);
    assert_int_equal(t.ticks[RG_CPU_GUEST], 4000);
    for (size_t i = 0; i <= RG_CPU_STEAL; i++)
        all += t.ticks[i];
    assert_int_equal(all, 4 * 100 * 100);
    assert_int_equal(rg_cpu_stat_count(text_of(&rig, "stat")), 4);
    assert_int_equal(after(rig_text(&rig, 0, "stat"), "procs_blocked "), 3);
    assert_string_equal(rig_text(&rig, 0, "uptime"), "100.00 322.00\n");
    rig_close(&rig);
}

static void test_swap_load_and_open_files_are_those_asked_for(void **state)
{
    struct rg_sim_numbers numbers = {.swap_bytes = GIB,
        .swap_used_kib = series("1024"),
        .swap_in_kib_s = series("8"),
        .swap_out_kib_s = series("4"),
        .load1 = series("1.25"),
        .load15 = series("0.07"),
        .open_files = series("4321")};
    struct world_rig rig;
    const char *text;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    text = rig_text(&rig, 0, "swaps");
    assert_null(strstr(text, "file\t"));
    rg_sim_host_set_numbers(rig.host, &numbers);
    text = rig_text(&rig, 0, "meminfo");
    assert_int_equal(after(text, "SwapTotal:"), GIB / 1024);
    assert_int_equal(after(text, "SwapFree:"), GIB / 1024 - 1024);
    text = rig_text(&rig, 0, "vmstat");
    assert_int_equal(after(text, "pswpin "), 200);
    assert_int_equal(after(text, "pswpout "), 100);
    assert_non_null(strstr(rig_text(&rig, 0, "swaps"), "\t1048576\t\t1024\t"));
    assert_memory_equal(rig_text(&rig, 0, "loadavg"), "1.25 0.00 0.07 ", 15);
    assert_memory_equal(rig_text(&rig, 0, "sys/fs/file-nr"), "4321\t0\t", 7);
    rig_close(&rig);
}

static void test_memory_lines_add_up(void **state)
{
    struct world_rig rig;
    const char *m;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "a", .rss = series("1048576")});
    m = rig_text(&rig, 0, "meminfo");
    assert_int_equal(after(m, "\nAnonPages:"), 1048576);
    assert_int_equal(
        after(m, "\nActive:"), after(m, "\nActive(anon):") + after(m, "\nActive(file):"));
    assert_int_equal(
        after(m, "\nInactive:"), after(m, "\nInactive(anon):") + after(m, "\nInactive(file):"));
    assert_int_equal(after(m, "\nSlab:"), after(m, "\nSReclaimable:") + after(m, "\nSUnreclaim:"));
    assert_int_equal(after(m, "MemTotal:") - after(m, "\nMemAvailable:"), 1048576 + 180 * 1024);
    assert_true(after(m, "\nBuffers:") + after(m, "\nCached:") <= after(m, "\nMemAvailable:"));
    assert_non_null(strstr(m, "\nHugePages_Total:       0\n"));
    assert_true(after(rig_text(&rig, 0, "zoneinfo"), "low ") > 0);
    rig_close(&rig);
}

static void test_devices_that_cannot_be_are_refused(void **state)
{
    struct rg_sim_interface spaced = {.name = "a b", .rx_bytes_s = series("1")};
    struct rg_sim_disk slow = {.name = "sda", .read_ms = RG_SIM_REQUEST_MS_MAX + 1};
    struct rg_sim_disk nameless = {.name = NULL, .busy = series("1")};
    struct rg_sim_mount relative = {.path = "data", .used_kib = series("1")};
    struct rg_sim_mount greedy = {.path = "/", .reserved_permille = 1001};
    struct rg_err err = {0};
    struct world_rig rig;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    assert_int_equal(rg_sim_host_add_interface(rig.host, &spaced, &err), RG_EINVALID);
    assert_string_equal(err.text, "simulated host: the name of an interface is none");
    assert_int_equal(rg_sim_host_add_disk(rig.host, &slow, &err), RG_EINVALID);
    assert_int_equal(rg_sim_host_add_disk(rig.host, &nameless, &err), RG_EINVALID);
    assert_int_equal(rg_sim_host_add_mount(rig.host, &relative, &err), RG_EINVALID);
    assert_int_equal(rg_sim_host_add_mount(rig.host, &greedy, &err), RG_EINVALID);
    assert_int_equal(rg_sim_host_add_env(rig.host, "a=b", "c", &err), RG_EINVALID);
    rig_close(&rig);
}

static void test_the_environment_is_what_was_added_last(void **state)
{
    struct rg_err err = {0};
    struct world_rig rig;
    struct rg_buf value;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    rg_buf_init(&value, 100);
    assert_int_equal(rg_host_env(rg_sim_host_host(rig.host), "PW", &value, &err), RG_ENOTFOUND);
    assert_int_equal(rg_sim_host_add_env(rig.host, "PW", "a", &err), RG_OK);
    assert_int_equal(rg_sim_host_add_env(rig.host, "PW", "b", &err), RG_OK);
    assert_int_equal(rg_host_env(rg_sim_host_host(rig.host), "PW", &value, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&value), "b"));
    rg_buf_finish(&value);
    rig_close(&rig);
}

/* No counter falls, whenever it is asked. */
static void test_counters_never_fall(void **state)
{
    static const char *const files[] = {"diskstats", "net/dev", "vmstat", "stat"};
    uint64_t last[4] = {0};
    struct rg_sim_interface eth = {.name = "eth0", .rx_bytes_s = series("0 100000 0 3x9 0.5")};
    struct rg_err err = {0};
    struct world_rig rig;

    (void)state;
    open_host(&rig, RG_SIM_KERNEL_6);
    assert_int_equal(rg_sim_host_add_interface(rig.host, &eth, &err), RG_OK);
    add_disk(&rig, (struct rg_sim_disk){.name = "sda", .reads_s = series("7 0 0.25x9 90-10x9")});
    for (int i = 0; i < 400; i++) {
        rig_pass(&rig, 333 * RG_NS_PER_MS);
        for (size_t f = 0; f < 4; f++) {
            static const char *const keys[] = {" sda ", "eth0:", "pgmajfault ", "cpu  "};
            uint64_t now = after(rig_text(&rig, 0, files[f]), keys[f]);

            assert_true(now >= last[f]);
            last[f] = now;
        }
    }
    assert_true(last[0] > 0 && last[1] > 0);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk_counters_are_the_sums_of_their_rates_since_boot),
        cmocka_unit_test(test_a_part_of_a_disk_is_not_read_twice),
        cmocka_unit_test(test_old_kernels_have_fewer_fields_and_lines),
        cmocka_unit_test(test_mounts_are_listed_with_escapes_and_tell_their_use),
        cmocka_unit_test(test_a_full_file_system_has_nothing_left),
        cmocka_unit_test(test_network_files_say_what_interfaces_and_numbers_say),
        cmocka_unit_test(test_times_that_no_process_has_come_from_the_idle_time),
        cmocka_unit_test(test_swap_load_and_open_files_are_those_asked_for),
        cmocka_unit_test(test_memory_lines_add_up),
        cmocka_unit_test(test_devices_that_cannot_be_are_refused),
        cmocka_unit_test(test_the_environment_is_what_was_added_last),
        cmocka_unit_test(test_counters_never_fall),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
