/* cpu and load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu_stat.h"
#include "native_world.h"

#include <errno.h>
#include <stdio.h>

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

static void test_the_first_run_gives_no_percentages(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "cpu", "{}");

    native_set(w, "stat", "cpu  10 0 0 90 0 0 0 0 0 0\ncpu0 5 0 0 45 0 0 0\ncpu1 5 0 0 45 0 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 1);
    assert_near(native_value(w, "system.cpu.num_cores", ""), 2);
    native_drop(w, check);
}

static void test_percentages_are_shares_of_what_went_by(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "cpu", "{}");

    native_set(w, "stat", "cpu  100 10 50 1000 20 5 5 2 40 1\nctxt 1000\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "stat", "cpu  120 20 80 1020 30 7 8 7 50 1\nctxt 1500\n");
    native_run_later(w, check);
    /* 20 + 10 + 30 + 20 + 10 + 2 + 3 + 5 = 100 ticks */
    assert_near(native_value(w, "system.cpu.user", ""), 30);
    assert_near(native_value(w, "system.cpu.system", ""), 35);
    assert_near(native_value(w, "system.cpu.interrupt", ""), 5);
    assert_near(native_value(w, "system.cpu.iowait", ""), 10);
    assert_near(native_value(w, "system.cpu.idle", ""), 20);
    assert_near(native_value(w, "system.cpu.stolen", ""), 5);
    assert_near(native_value(w, "system.cpu.guest", ""), 10);
    assert_near(native_value(w, "system.cpu.context_switches", ""), 500);
    assert_int_equal(native_serie(w, "system.cpu.context_switches", "")->type, RG_SERIES_COUNT);
    assert_int_equal(native_serie(w, "system.cpu.user", "")->type, RG_SERIES_GAUGE);
    assert_near(native_value(w, "system.cpu.num_cores", ""), 4); /* no line of a CPU: the facts */
    native_drop(w, check);
}

static void test_old_kernels_have_seven_fields(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "cpu", "{}");

    native_set(w, "stat", "cpu  0 0 0 0 0 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "stat", "cpu  25 0 0 75 0 0 0\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.cpu.user", ""), 25);
    assert_near(native_value(w, "system.cpu.stolen", ""), 0);
    native_drop(w, check);
}

static void test_an_idle_counter_that_falls_counts_as_nothing(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "cpu", "{}");

    native_set(w, "stat", "cpu  100 0 0 1000 50 0 0 0 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "stat", "cpu  150 0 0 1050 40 0 0 0 0 0\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.cpu.user", ""), 50);
    assert_near(native_value(w, "system.cpu.idle", ""), 50);
    assert_near(native_value(w, "system.cpu.iowait", ""), 0);
    native_drop(w, check);
}

static void test_counters_that_start_anew_or_stand_still_give_no_percentages(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "cpu", "{}");

    native_set(w, "stat", "cpu  1000 0 0 1000 0 0 0 0 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "stat", "cpu  1 0 10 20 0 0 0 0 0 0\n");
    native_run_later(w, check);
    assert_false(native_has(w, "system.cpu.user", ""));
    native_run_later(w, check); /* the same again: no tick went by */
    assert_false(native_has(w, "system.cpu.user", ""));
    native_set(w, "stat", "cpu  2 0 10 23 0 0 0 0 0 0\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.cpu.user", ""), 25);
    native_drop(w, check);
}

static void test_cpus_come_and_go(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "cpu", "{}");

    native_set(w, "stat", "cpu  0 0 0 100 0 0 0\ncpu0 0 0 0 100 0 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "stat",
        "cpu  50 0 0 150 0 0 0\ncpu0 0 0 0 150 0 0 0\ncpu1 0 0 0 0 0 0 0\ncpu7 50 0 0 0 0 0 0\n");
    native_run_later(w, check);
    assert_near(native_value(w, "system.cpu.num_cores", ""), 3);
    assert_near(native_value(w, "system.cpu.user", ""), 50);
    native_drop(w, check);
}

static void test_each_cpu_is_reported_when_asked_for(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "cpu", "report_total_percpu: true");

    native_set(w, "stat", "cpu  0 0 0 100 0 0 0\ncpu3 250 0 0 100 0 0 0 0 7 9\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 11);
    assert_near(native_value(w, "system.cpu.user.total", "core:cpu3"), 2.5);
    assert_near(native_value(w, "system.cpu.guestnice.total", "core:cpu3"), 0.09);
    native_drop(w, check);
}

static void test_texts_that_are_no_stat_are_refused_by_name(void **state)
{
    static const char *const texts[] = {"", "\n\n", "intr 5\n", "cpu  1 2 3 4 5 6\n",
        "cpu  1 2 3 x 5 6 7\n", "cpu  99999999999999999999 0 0 0 0 0 0\n", "cpux 1 2 3 4 5 6 7\n"};
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "cpu", "{}");

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        native_set(w, "stat", texts[i]);
        assert_int_equal(native_run(w, check), RG_EINVALID);
        assert_non_null(strstr(w->err.text, "'stat'"));
        assert_int_equal(native_count(w), 0);
    }
    native_set_errno(w, "stat", EACCES);
    assert_int_equal(native_run(w, check), RG_EACCES);
    assert_non_null(strstr(w->err.text, "'stat'"));
    assert_non_null(strstr(w->err.text, "let the user of the agent read it"));
    native_drop(w, check);
}

static void test_load_is_divided_by_the_cpus_online(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "load", "{}");

    native_set(w, "loadavg", "0.50 1.00 12.25 2/345 6789\n");
    native_set(w, "stat", "cpu  0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 6);
    assert_near(native_value(w, "system.load.1", ""), 0.5);
    assert_near(native_value(w, "system.load.5", ""), 1);
    assert_near(native_value(w, "system.load.15", ""), 12.25);
    assert_near(native_value(w, "system.load.norm.1", ""), 0.25);
    assert_near(native_value(w, "system.load.norm.15", ""), 6.125);
    native_set_errno(w, "stat", EACCES);
    assert_int_equal(native_run(w, check), RG_OK);
    assert_near(native_value(w, "system.load.norm.5", ""), 0.25);
    assert_int_equal(check->warnings.count, 1);
    native_drop(w, check);
}

static void test_a_load_that_is_no_number_is_refused(void **state)
{
    static const char *const texts[] = {"", "1 2", "0.5 x 1", "-1 0 0 1/2 3", "1. 2 3", ".5 1 1",
        "1e3 1 1", "1.2.3 1 1", "nan 1 1", "99999999999999999999 1 1"};
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "load", "{}");

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        native_set(w, "loadavg", texts[i]);
        assert_int_equal(native_run(w, check), RG_EINVALID);
        assert_non_null(strstr(w->err.text, "'loadavg'"));
    }
    native_drop(w, check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_first_run_gives_no_percentages, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_percentages_are_shares_of_what_went_by, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_kernels_have_seven_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_an_idle_counter_that_falls_counts_as_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_counters_that_start_anew_or_stand_still_give_no_percentages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cpus_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_cpu_is_reported_when_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_texts_that_are_no_stat_are_refused_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_load_is_divided_by_the_cpus_online, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_load_that_is_no_number_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
