#include "../../../engine/flow/process/cpu_times.h"

#include "fake_procfs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    *state = fake_procfs_create();
    return 0;
}

static int teardown(void **state)
{
    struct fake_procfs *fake = *state;

    rg_procfs_destroy(&fake->base);
    return 0;
}

static void test_first_line_of_stat_gives_ten_seconds_fields(void **state)
{
    struct fake_procfs *fake = *state;
    struct rg_cpu_times t;
    struct rg_err err;

    fake_procfs_set_host(
        fake, "stat", "cpu  100 200 300 400 500 600 700 800 900 1000\ncpu0 1 1 1 1 1 1 1\n");
    assert_int_equal(rg_cpu_times_read(&fake->base, 100, &t, &err), RG_OK);
    assert_true(t.user == 1 && t.nice == 2 && t.system == 3 && t.idle == 4 && t.iowait == 5);
    assert_true(t.irq == 6 && t.softirq == 7 && t.steal == 8 && t.guest == 9 && t.guest_nice == 10);
    assert_true(rg_cpu_times_total(&t) == 55); /* guest counts twice, as upstream has it */
}

static void test_stat_line_of_an_old_kernel_leaves_the_rest_zero(void **state)
{
    struct fake_procfs *fake = *state;
    struct rg_cpu_times t;
    struct rg_err err;

    fake_procfs_set_host(fake, "stat", "cpu 100 0 0 0 0 0 100");
    assert_int_equal(rg_cpu_times_read(&fake->base, 100, &t, &err), RG_OK);
    assert_true(rg_cpu_times_total(&t) == 2);
    assert_true(t.steal == 0);
}

static void test_unusable_stat_line_is_the_empty_list_error(void **state)
{
    static const char *const rows[] = {
        "",
        "\ncpu 1 2 3 4 5 6 7\n",
        "cpu 1 2 3 4 5 6\n",
        "intr 1 2 3 4 5 6 7\n",
        "cpu 1 2 3 4 x 6 7 8\n",
        "cpu 1 2 3 4 -5 6 7 8\n",
    };
    struct fake_procfs *fake = *state;
    struct rg_cpu_times t = {.user = 42};
    struct rg_err err;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fake_procfs_set_host(fake, "stat", rows[i]);
        assert_int_equal(rg_cpu_times_read(&fake->base, 100, &t, &err), RG_EINVALID);
        assert_string_equal(err.text, "empty CPU time information returned");
        assert_true(t.user == 42);
    }
}

static void test_unreadable_stat_says_what_was_read(void **state)
{
    struct fake_procfs *fake = *state;
    struct rg_cpu_times t;
    struct rg_err err = {0};

    fake->fail_at = 1;
    fake->fail_errnum = EIO;
    assert_int_equal(rg_cpu_times_read(&fake->base, 100, &t, &err), RG_EIO);
    assert_non_null(strstr(err.text, "CPU times"));
}

static void test_cpu_count_follows_its_order_of_sources(void **state)
{
    static const struct {
        const char *cpuinfo, *stat;
        int32_t count, processors;
    } rows[] = {
        {"processor\t: 0\nmodel name\t: processor: 5\n\nprocessor\t: 1\n", "cpu 1\n", 2, 2},
        {"Processor : 0\nPROCESSOR:1\nprocessor : x\n", "cpu 1\n", 2, 2},
        {"vendor: none\n", "cpu 1\ncpu0 1\ncpu1 1\ncpu12 1\ncpux 1\nintr 1\n", 3, 0},
        {NULL, "cpu 1\ncpu0 1\n", 1, 0},
        {NULL, NULL, 8, 0},
        {"processors : 1\n", "cpu 1\n", 8, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake_procfs *fake = fake_procfs_create();
        int32_t count = 0, processors = -1;
        struct rg_err err;

        if (rows[i].cpuinfo)
            fake_procfs_set_host(fake, "cpuinfo", rows[i].cpuinfo);
        if (rows[i].stat)
            fake_procfs_set_host(fake, "stat", rows[i].stat);
        assert_int_equal(rg_host_cpu_count(&fake->base, 8, &count, &processors, &err), RG_OK);
        assert_int_equal(count, rows[i].count);
        assert_int_equal(processors, rows[i].processors);
        assert_int_equal(rg_host_cpu_count(&fake->base, 8, &count, NULL, &err), RG_OK);
        rg_procfs_destroy(&fake->base);
    }
}

static void test_cpu_count_fails_only_when_memory_is_short(void **state)
{
    struct fake_procfs *fake = *state;
    int32_t count = 77;
    struct rg_err err;

    for (long n = 1; n <= 2; n++) {
        fake->calls = 0;
        fake->fail_at = n;
        fake->fail_errnum = ENOMEM;
        assert_int_equal(rg_host_cpu_count(&fake->base, 8, &count, NULL, &err), RG_ENOMEM);
        assert_int_equal(count, 77);
    }
}

static struct rg_process_stats used(double user_s, double system_s)
{
    return (struct rg_process_stats){
        .create_time_ms = 1000, .user_s = user_s, .system_s = system_s};
}

static void assert_near(float got, double want)
{
    assert_true(got > want - 0.001 && got < want + 0.001);
}

static void test_cpu_rates_scale_by_host_and_cap_each_share(void **state)
{
    static const struct {
        double user[2], system[2], total[2];
        int32_t cpus;
        double want_total, want_user, want_system;
    } rows[] = {
        {{1, 2}, {1, 1}, {100, 110}, 1, 10, 10, 0},
        {{1, 2}, {1, 2}, {100, 110}, 4, 80, 40, 40},
        {{0, 8}, {0, 8}, {0, 10}, 2, 200, 160, 160}, /* the sum is capped, the parts are not */
        {{1, 2}, {1, 2}, {100, 100}, 4, 0, 0, 0},    /* no host time passed */
        {{1, 2}, {1, 2}, {100, 90}, 4, 0, 0, 0},     /* host counters fell */
        {{1, 1}, {1, 1}, {100, 110}, 4, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rg_process_stats before = used(rows[i].user[0], rows[i].system[0]);
        struct rg_process_stats now = used(rows[i].user[1], rows[i].system[1]);
        struct rg_process_cpu cpu =
            rg_process_cpu_rates(&now, &before, rows[i].total[1], rows[i].total[0], rows[i].cpus);

        assert_near(cpu.total_pct, rows[i].want_total);
        assert_near(cpu.user_pct, rows[i].want_user);
        assert_near(cpu.system_pct, rows[i].want_system);
    }
}

static void test_fb04_cpu_time_that_falls_gives_zero_not_a_negative(void **state)
{
    struct rg_process_stats before = used(12.00, 3.00);
    struct rg_process_stats now = used(11.98, 3.50);
    struct rg_process_cpu cpu = rg_process_cpu_rates(&now, &before, 110, 100, 2);

    (void)state;
    assert_true(cpu.user_pct == 0);
    assert_near(cpu.system_pct, 10);
    assert_near(cpu.total_pct, 9.6);
    now = used(11, 2);
    cpu = rg_process_cpu_rates(&now, &before, 90, 100, 2); /* both fell: not a positive quotient */
    assert_true(cpu.total_pct == 0 && cpu.user_pct == 0 && cpu.system_pct == 0);
}

static void test_fb16_shares_scale_by_host_cpus_not_by_allowed_cpus(void **state)
{
    struct fake_procfs *fake = *state;
    struct rg_process_stats before = used(0, 0), now = used(20, 0);
    char cpuinfo[1024] = "";
    struct rg_err err;
    int32_t count;

    for (int i = 0; i < 16; i++)
        snprintf(
            cpuinfo + strlen(cpuinfo), sizeof(cpuinfo) - strlen(cpuinfo), "processor\t: %d\n", i);
    fake_procfs_set_host(fake, "cpuinfo", cpuinfo);
    assert_int_equal(rg_host_cpu_count(&fake->base, 2, &count, NULL, &err), RG_OK);
    assert_int_equal(count, 16);
    /* Two CPUs' worth of the 160 CPU seconds that 16 CPUs have in ten seconds. */
    assert_near(rg_process_cpu_rates(&now, &before, 160, 0, count).total_pct, 200);
}

static void test_reused_pid_owns_all_of_its_cpu_time(void **state)
{
    struct rg_process_stats before = used(500, 500), now = used(1, 1);

    (void)state;
    now.create_time_ms = 9000;
    assert_near(rg_process_cpu_rates(&now, &before, 120, 100, 1).total_pct, 10);
    before = used(0.5, 0.5); /* a positive difference would be just as wrong */
    assert_near(rg_process_cpu_rates(&now, &before, 120, 100, 1).total_pct, 10);
}

static void test_times_that_were_never_read_give_no_share(void **state)
{
    struct rg_process_stats before = {0}, now = used(500, 500);

    (void)state;
    assert_near(rg_process_cpu_rates(&now, &before, 120, 100, 1).total_pct, 0);
    assert_near(rg_process_cpu_rates(&before, &now, 120, 100, 1).total_pct, 0);
    now.create_time_ms = 0; /* a process as old as the host, whose boot time is not known */
    assert_near(rg_process_cpu_rates(&now, &before, 2000, 0, 1).total_pct, 50);
}

static void test_clock_step_does_not_look_like_a_reused_pid(void **state)
{
    struct rg_process_stats before = used(500, 500), now = used(501, 500);

    (void)state;
    before.start_ticks = now.start_ticks = 4711;
    now.create_time_ms += 3600000;
    assert_true(rg_process_same(&now, &before));
    assert_near(rg_process_cpu_rates(&now, &before, 110, 100, 1).total_pct, 10);
    now.start_ticks = 4712;
    now.create_time_ms = before.create_time_ms;
    assert_false(rg_process_same(&now, &before));
}

static void test_io_rate_table_of_the_specification_holds(void **state)
{
    static const struct {
        int64_t before, now, elapsed_s;
        float want;
    } rows[] = {
        {100, 300, 10, 20},
        {0, 5000, 10, 0},
        {-1, 5000, 10, 0},
        {5000, -1, 10, -1},
        {5000, 10, 10, 0},
        {100, 300, 0, 0},
        {100, 300, -5, 0},
        {100, -1, 0, 0},
        {100, 100, 10, 0},
        {-1, -1, 10, -1},
        {1, INT64_MAX, 1, 9223372036854775807.0f},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t b = rows[i].before, n = rows[i].now;
        struct rg_process_stats before = {
            .read_count = b, .write_count = b, .read_bytes = b, .write_bytes = b};
        struct rg_process_stats now = {
            .read_count = n, .write_count = n, .read_bytes = n, .write_bytes = n};
        struct rg_process_io io = rg_process_io_rates(&now, &before, rows[i].elapsed_s);

        assert_true(io.read_rate == rows[i].want);
        assert_true(io.write_rate == rows[i].want);
        assert_true(io.read_bytes_rate == rows[i].want);
        assert_true(io.write_bytes_rate == rows[i].want);
    }
}

static void test_io_of_a_reused_pid_has_no_rate_yet(void **state)
{
    struct rg_process_stats before = {.create_time_ms = 1, .read_count = 100};
    struct rg_process_stats now = {.create_time_ms = 2, .read_count = 300, .write_count = -1};
    struct rg_process_io io = rg_process_io_rates(&now, &before, 10);

    (void)state;
    assert_true(io.read_rate == 0);
    assert_true(io.write_rate == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_first_line_of_stat_gives_ten_seconds_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_stat_line_of_an_old_kernel_leaves_the_rest_zero, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_unusable_stat_line_is_the_empty_list_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreadable_stat_says_what_was_read, setup, teardown),
        cmocka_unit_test(test_cpu_count_follows_its_order_of_sources),
        cmocka_unit_test_setup_teardown(
            test_cpu_count_fails_only_when_memory_is_short, setup, teardown),
        cmocka_unit_test(test_cpu_rates_scale_by_host_and_cap_each_share),
        cmocka_unit_test(test_fb04_cpu_time_that_falls_gives_zero_not_a_negative),
        cmocka_unit_test_setup_teardown(
            test_fb16_shares_scale_by_host_cpus_not_by_allowed_cpus, setup, teardown),
        cmocka_unit_test(test_reused_pid_owns_all_of_its_cpu_time),
        cmocka_unit_test(test_times_that_were_never_read_give_no_share),
        cmocka_unit_test(test_clock_step_does_not_look_like_a_reused_pid),
        cmocka_unit_test(test_io_rate_table_of_the_specification_holds),
        cmocka_unit_test(test_io_of_a_reused_pid_has_no_rate_yet),
    };

    return cmocka_run_group_tests_name("cpu_times", tests, NULL, NULL);
}
