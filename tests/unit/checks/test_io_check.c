#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "disk_table.h"
#include "native_world.h"

#include <errno.h>
#include <stdio.h>

#define SDA "device:sda,device_name:sda"

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

static void test_figures_of_iostat_come_from_two_runs(void **state)
{
    static const struct {
        const char *name;
        double value;
    } expected[] = {
        {"system.io.r_s", 10},
        {"system.io.w_s", 5},
        {"system.io.rrqm_s", 2},
        {"system.io.wrqm_s", 1},
        {"system.io.rkb_s", 200},
        {"system.io.wkb_s", 50},
        {"system.io.avg_rq_sz", 33.33},
        {"system.io.await", 4},
        {"system.io.r_await", 2},
        {"system.io.w_await", 8},
        {"system.io.avg_q_sz", 0.2},
        {"system.io.svctm", 10},
        {"system.io.util", 15},
        {"system.io.block_in", 4096},
        {"system.io.block_out", 8192},
    };
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "io", "{}");

    native_set(w, "diskstats", "   8       0 sda 100 10 1000 50 200 20 2000 60 0 70 80\n");
    native_set(w, "vmstat", "pgpgin 100\npgpgout 100\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 0);
    /* with the fields of discards and flushes that newer kernels have */
    native_set(w, "diskstats",
        "   8       0 sda 200 30 5000 250 250 30 3000 460 3 1570 2128 1 2 3 4 5 6\n");
    native_set(w, "vmstat", "pgpgin 110\npgpgout 120\n");
    native_run_later(w, check);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_near(native_value(w, expected[i].name, i < 13 ? SDA : ""), expected[i].value);
    assert_int_equal(native_count(w), sizeof(expected) / sizeof(expected[0]));
    native_drop(w, check);
}

static void test_idle_devices_give_zeros_and_unused_ones_nothing(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "io", "{}");

    native_set(w, "diskstats",
        "7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n1 0 ram0 0 0 0 0 0 0 0 0 0 0 0\n"
        "8 0 sda 1 1 1 1 1 1 1 1 0 1 1\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_run_later(w, check);
    assert_int_equal(native_count(w), 13);
    assert_near(native_value(w, "system.io.await", SDA), 0);
    assert_near(native_value(w, "system.io.svctm", SDA), 0);
    assert_near(native_value(w, "system.io.r_s", SDA), 0);
    native_drop(w, check);
}

static void test_times_pass_32_bits(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "io", "{}");

    native_set(w, "diskstats", "8 0 sda 10 0 0 4294967290 0 0 0 0 0 4294967295 4294966272\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "diskstats", "8 0 sda 20 0 0 94 0 0 0 0 0 999 4096\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.io.r_await", SDA), 10);
    assert_near(native_value(w, "system.io.util", SDA), 10);
    assert_near(native_value(w, "system.io.avg_q_sz", SDA), 0.5);
    native_drop(w, check);
}

static void test_a_device_that_was_replaced_starts_anew(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "io", "{}");

    native_set(w, "diskstats", "8 0 sda 1000000 0 8000000 5000 0 0 0 0 0 5000 5000\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "diskstats", "8 0 sda 5 0 40 10 0 0 0 0 0 10 10\n");
    native_run_later(w, check);
    assert_int_equal(native_count(w), 3); /* rates of what stood still; nothing of what fell */
    assert_false(native_has(w, "system.io.r_s", SDA));
    assert_false(native_has(w, "system.io.util", SDA));
    native_set(w, "diskstats", "8 0 sda 15 0 120 30 0 0 0 0 0 110 10\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.io.util", SDA), 1);
    assert_near(native_value(w, "system.io.rkb_s", SDA), 4);
    native_drop(w, check);
}

static void test_devices_come_and_go(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "io", "{}");

    native_set(w, "diskstats", "8 0 sda 1 1 1 1 1 1 1 1 0 1 1\n8 16 sdb 1 1 1 1 1 1 1 1 0 1 1\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "diskstats", "8 32 sdc 1 1 1 1 1 1 1 1 0 1 1\n8 0 sda 2 1 1 1 1 1 1 1 0 1 1\n");
    native_run_later(w, check);
    assert_int_equal(native_count(w), 13);
    native_run_later(w, check);
    assert_true(native_has(w, "system.io.util", "device:sdc,device_name:sdc"));
    assert_false(native_has(w, "system.io.util", "device:sdb,device_name:sdb"));
    native_drop(w, check);
}

static void test_devices_are_excluded_by_old_and_new_option(void **state)
{
    static const char *const options[][2] = {
        {"{}", "device_exclude_re: ^loop|dm-"},
        {"{}", "device_blacklist_re: ^loop|dm-"},
        {"device_exclude_re: ^loop|dm-", "device_exclude_re: sda"},
    };
    struct native_world *w = *state;

    native_set(w, "diskstats",
        "7 0 loop0 1 1 1 1 1 1 1 1 0 1 1\n253 0 dm-0 1 1 1 1 1 1 1 1 0 1 1\n"
        "8 0 sda 1 1 1 1 1 1 1 1 0 1 1\n8 1 sda1loop 1 1 1 1 1 1 1 1 0 1 1\n");
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct rg_check *check = NULL;

        assert_int_equal(native_try(w, "io", options[i][0], options[i][1], &check), RG_OK);
        assert_int_equal(native_run(w, check), RG_OK);
        native_run_later(w, check);
        assert_int_equal(native_count(w), 2 * 13);
        assert_true(native_has(w, "system.io.r_s", SDA));
        assert_true(native_has(w, "system.io.r_s", "device:sda1loop,device_name:sda1loop"));
        native_drop(w, check);
    }
}

static void test_a_pattern_that_is_none_fails_the_check(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = NULL;

    assert_int_equal(native_try(w, "io", "{}", "device_exclude_re: 'a(b'", &check), RG_EINVALID);
    assert_non_null(strstr(w->err.text, "device_exclude_re: 'a(b' is no regular expression"));
    assert_int_equal(native_try(w, "io", "{}", "device_exclude_re: [a]", &check), RG_EINVALID);
    assert_null(check);
}

static void test_a_pattern_that_explodes_ends_with_a_warning(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = NULL;

    assert_int_equal(
        native_try(w, "io", "{}", "device_exclude_re: '(a+)+(a+)+(a+)+$'", &check), RG_OK);
    native_set(w, "diskstats", "8 0 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab 1 1 1 1 1 1 1 1 0 1 1\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(check->warnings.count, 1);
    native_drop(w, check);
}

static void test_of_two_lines_with_one_name_the_last_counts(void **state)
{
    static const char text[] = "8 0 b 1 1 1 1 1 1 1 1 0 1 1\n8 0 a 2 1 1 1 1 1 1 1 0 1 1\n"
                               "8 0 b 3 1 1 1 1 1 1 1 0 1 1\n8 0 b 4 1 1 1 1 1 1 1 0 1 1\n";
    struct rg_disk_table t;
    struct rg_err err = {0};

    (void)state;
    rg_disk_table_init(&t);
    assert_int_equal(rg_buf_set(&t.text, text, sizeof(text) - 1), RG_OK);
    assert_int_equal(rg_disk_table_parse(&t, &err), RG_OK);
    assert_int_equal(t.count, 2);
    assert_int_equal(rg_disk_table_find(&t, RG_STR_LIT("a"))->reads, 2);
    assert_int_equal(rg_disk_table_find(&t, RG_STR_LIT("b"))->reads, 4);
    assert_null(rg_disk_table_find(&t, RG_STR_LIT("c")));
    rg_disk_table_finish(&t);
}

static void test_lines_that_are_no_device_are_passed_over(void **state)
{
    static char text[400];
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "io", "{}");
    int at = snprintf(text, sizeof(text),
        "\n8 1 sda1 1 2 3 4\n8 0 sdx 1 1 1 1 1 1 -1 1 0 1 1\n"
        "8 0 sdy 1 1 1 1 1 1 99999999999999999999 1 0 1 1\n8 0 ");

    memset(text + at, 'n', 300 - (size_t)at); /* a name that is too long */
    snprintf(text + 300, sizeof(text) - 300,
        " 1 1 1 1 1 1 1 1 0 1 1\n8 0 sda 9 1 1 1 1 1 1 1 0 "
        "1 1\n8 0 sda 5 1 1 1 1 1 1 1 0 1 1");
    native_set(w, "diskstats", text);
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "diskstats", "8 0 sda 25 1 1 1 1 1 1 1 0 1 1\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.io.r_s", SDA), 2); /* of two lines the last counts */
    assert_int_equal(native_count(w), 13);
    native_set_errno(w, "diskstats", ENOENT);
    assert_int_equal(native_run(w, check), RG_ENOTFOUND);
    assert_non_null(strstr(w->err.text, "'diskstats'"));
    native_drop(w, check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_figures_of_iostat_come_from_two_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_idle_devices_give_zeros_and_unused_ones_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_times_pass_32_bits, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_device_that_was_replaced_starts_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_devices_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_devices_are_excluded_by_old_and_new_option, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_pattern_that_is_none_fails_the_check, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_pattern_that_explodes_ends_with_a_warning, setup, teardown),
        cmocka_unit_test(test_of_two_lines_with_one_name_the_last_counts),
        cmocka_unit_test_setup_teardown(
            test_lines_that_are_no_device_are_passed_over, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
