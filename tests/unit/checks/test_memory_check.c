/* memory, uptime and file_handle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "native_world.h"

#include <errno.h>

static const char modern[] = "MemTotal:        8388608 kB\n"
                             "MemFree:         2097152 kB\n"
                             "MemAvailable:    4194304 kB\n"
                             "Buffers:          102400 kB\n"
                             "Cached:          1048576 kB\n"
                             "SwapCached:         2048 kB\n"
                             "Active(file):     524288 kB\n"
                             "Inactive(file):   524288 kB\n"
                             "SwapTotal:       4194304 kB\n"
                             "SwapFree:        3145728 kB\n"
                             "Shmem:             10240 kB\n"
                             "Slab:             204800 kB\n"
                             "SReclaimable:     102400 kB\n"
                             "PageTables:         5120 kB\n"
                             "CommitLimit:     8388608 kB\n"
                             "Committed_AS:   16777216 kB\n"
                             "HugePages_Total:       0\n";

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

static void test_memory_of_a_modern_kernel_is_reported_in_mib(void **state)
{
    static const struct {
        const char *name;
        double value;
    } expected[] = {
        {"system.mem.total", 8192},
        {"system.mem.free", 2048},
        {"system.mem.used", 6144},
        {"system.mem.usable", 4096},
        {"system.mem.pct_usable", 0.5},
        {"system.mem.cached", 1124},
        {"system.mem.buffered", 100},
        {"system.mem.shared", 10},
        {"system.mem.slab", 200},
        {"system.mem.slab_reclaimable", 100},
        {"system.mem.page_tables", 5},
        {"system.mem.commit_limit", 8192},
        {"system.mem.committed_as", 16384},
        {"system.swap.cached", 2},
        {"system.swap.total", 4096},
        {"system.swap.free", 3072},
        {"system.swap.used", 1024},
        {"system.swap.pct_free", 0.75},
    };
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "memory", "{}");

    native_set(w, "meminfo", modern);
    assert_int_equal(native_run(w, check), RG_OK);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_near(native_value(w, expected[i].name, ""), expected[i].value);
    assert_int_equal(native_count(w), sizeof(expected) / sizeof(expected[0]));
    assert_int_equal(check->warnings.count, 0);
    native_drop(w, check);
}

static void test_available_memory_is_worked_out_for_old_kernels(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "memory", "{}");

    native_set(w, "meminfo",
        "MemTotal: 1048576 kB\nMemFree: 409600 kB\nCached: 204800 kB\nActive(file): 102400 kB\n"
        "Inactive(file): 51200 kB\nSReclaimable: 20480 kB\n");
    /* 51,200 KiB of low watermarks */
    native_set(w, "zoneinfo", "Node 0, zone DMA\n low 800\n lowmem 9\nzone Normal\n low 12000\n");
    assert_int_equal(native_run(w, check), RG_OK);
    /* 409600 - 51200 + (153600 - 51200) + (20480 - 10240) KiB */
    assert_near(native_value(w, "system.mem.usable", ""), 460);
    native_set(w, "zoneinfo", "Node 0, zone Normal\n low 25600\n");
    assert_int_equal(native_run(w, check), RG_OK);
    /* 409600 - 102400 + 153600 / 2 + 20480 / 2 KiB */
    assert_near(native_value(w, "system.mem.usable", ""), 385);
    native_set_errno(w, "zoneinfo", ENOENT);
    assert_int_equal(native_run(w, check), RG_OK);
    assert_near(native_value(w, "system.mem.usable", ""), 620); /* free, cached, reclaimable */
    native_set(w, "meminfo", "MemTotal: 1048576 kB\nMemFree: 409600 kB\nCached: 204800 kB\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_near(native_value(w, "system.mem.usable", ""), 600);
    native_drop(w, check);
}

static void test_fields_that_are_missing_are_not_sent_as_zero(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "memory", "{}");

    native_set(w, "meminfo",
        "MemTotal: 2048 kB\nMemFree: 4096 kB\nMemAvailable: 1024 kB\n"
        "Slab: 99999999999999999999 kB\nShmem: none\nPageTables: 3 MB\nCommitLimit\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 5);
    assert_near(native_value(w, "system.mem.used", ""), 0); /* more free than there is */
    native_drop(w, check);
}

static void test_a_host_without_memory_or_swap_divides_by_nothing(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "memory", "{}");

    native_set(w, "meminfo",
        "MemTotal: 0 kB\nMemFree: 0 kB\nMemAvailable: 0 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_false(native_has(w, "system.mem.pct_usable", ""));
    assert_near(native_value(w, "system.swap.pct_free", ""), 1);
    native_set(w, "meminfo", "MemTotal: 10 kB\n");
    assert_int_equal(native_run(w, check), RG_EINVALID);
    assert_non_null(strstr(w->err.text, "'meminfo'"));
    native_drop(w, check);
}

static void test_swapping_is_a_rate_in_mib(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "memory", "{}");

    native_set(w, "meminfo", modern);
    native_set(w, "vmstat", "pswpinx 5\npswpin 256\npswpout 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_false(native_has(w, "system.swap.swap_in", ""));
    native_set(w, "vmstat", "pswpin 768\npswpout 2560\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.swap.swap_in", ""), 0.2);
    assert_near(native_value(w, "system.swap.swap_out", ""), 1);
    w->facts.page_size_bytes = 65536;
    native_run_later(w, check);
    native_set(w, "vmstat", "pswpin 768\npswpout 2720\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.swap.swap_out", ""), 1);
    native_drop(w, check);
}

static void test_memory_pressure_is_counted_when_asked_for(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "memory", "collect_memory_pressure: true");

    native_set(w, "meminfo", modern);
    native_set(w, "vmstat", "allocstall_dma 1\nallocstall_movable 10\npgscan_direct 5\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "vmstat", "allocstall_dma 2\nallocstall_movable 14\npgscan_direct 9\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.mem.allocstall", "zone:movable"), 4);
    assert_near(native_value(w, "system.mem.pgscan_direct", ""), 4);
    assert_false(native_has(w, "system.mem.pgsteal_direct", ""));
    native_drop(w, check);
}

static void test_uptime_is_in_whole_seconds(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "uptime", "{}");

    native_set(w, "uptime", "350735.97 234388.90\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 1);
    assert_near(native_value(w, "system.uptime", ""), 350735);
    native_set(w, "uptime", "up 3 days\n");
    assert_int_equal(native_run(w, check), RG_EINVALID);
    assert_non_null(strstr(w->err.text, "'uptime'"));
    native_set_errno(w, "uptime", ENOENT);
    assert_int_equal(native_run(w, check), RG_ENOTFOUND);
    assert_non_null(strstr(w->err.text, "'uptime'"));
    assert_non_null(strstr(w->err.text, "is procfs mounted there"));
    native_drop(w, check);
}

static void test_file_handles_of_all_kernels(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "file_handle", "{}");

    native_set(w, "sys/fs/file-nr", "1500\t300\t2400\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 5);
    assert_near(native_value(w, "system.fs.file_handles.allocated", ""), 1500);
    assert_near(native_value(w, "system.fs.file_handles.allocated_unused", ""), 300);
    assert_near(native_value(w, "system.fs.file_handles.used", ""), 1200);
    assert_near(native_value(w, "system.fs.file_handles.in_use", ""), 0.5);
    assert_near(native_value(w, "system.fs.file_handles.max", ""), 2400);
    native_set(w, "sys/fs/file-nr", "1208\t0\t9223372036854775807\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "sys/fs/file-nr", "5 7 0");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_near(native_value(w, "system.fs.file_handles.used", ""), 0);
    assert_false(native_has(w, "system.fs.file_handles.in_use", ""));
    native_set(w, "sys/fs/file-nr", "5 7");
    assert_int_equal(native_run(w, check), RG_EINVALID);
    native_set(w, "sys/fs/file-nr", "5 7 9 11");
    assert_int_equal(native_run(w, check), RG_EINVALID);
    native_set(w, "sys/fs/file-nr", "5 -7 9");
    assert_int_equal(native_run(w, check), RG_EINVALID);
    assert_non_null(strstr(w->err.text, "'sys/fs/file-nr'"));
    native_drop(w, check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_memory_of_a_modern_kernel_is_reported_in_mib, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_available_memory_is_worked_out_for_old_kernels, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_fields_that_are_missing_are_not_sent_as_zero, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_host_without_memory_or_swap_divides_by_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_swapping_is_a_rate_in_mib, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_memory_pressure_is_counted_when_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uptime_is_in_whole_seconds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_handles_of_all_kernels, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
