/* Each allocation of each native check fails once: it says so, leaks nothing, and goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "native_world.h"

static const struct {
    const char *name, *instance, *init;
} checks[] = {
    {"cpu", "report_total_percpu: true", ""},
    {"disk",
        "{service_check_rw: true, tag_by_filesystem: true, file_system_exclude: [proc], "
        "device_tag_re: {/dev: 'a:b,c:d'}, lowercase_device_tag: true, tags: [x:y]}",
        "device_global_exclude: [/dev/z]"},
    {"file_handle", "{}", ""},
    {"io", "{}", "device_exclude_re: ram"},
    {"load", "{}", ""},
    {"memory", "collect_memory_pressure: true", ""},
    {"network",
        "{collect_connection_state: true, excluded_interfaces: [lo], "
        "excluded_interface_re: veth}",
        ""},
    {"uptime", "{}", ""},
};

static void test_each_allocation_of_a_creation_may_fail(void **state)
{
    struct native_world *w = *state;

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        bool failed = true;

        for (long n = 1; failed; n++) {
            struct rg_check *check = NULL;
            enum rg_status st;

            fail_alloc_at(n);
            st = native_try(w, checks[i].name, checks[i].instance, checks[i].init, &check);
            failed = fail_alloc_happened();
            fail_alloc_at(0);
            if (st != RG_OK) {
                assert_int_equal(st, RG_ENOMEM);
                assert_true(failed);
                assert_null(check);
            }
            native_drop(w, check);
        }
    }
}

static void test_each_allocation_of_a_run_may_fail(void **state)
{
    struct native_world *w = *state;

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        bool failed = true;

        for (long n = 1; failed; n++) {
            struct rg_check *check = NULL;
            enum rg_status st;

            assert_int_equal(
                native_try(w, checks[i].name, checks[i].instance, checks[i].init, &check), RG_OK);
            fail_alloc_at(n);
            st = check->ops->run(check, &w->err);
            failed = fail_alloc_happened();
            fail_alloc_at(0);
            /* a commit says RG_ELIMIT too: what it lost was dropped for want of memory */
            assert_true(st == RG_OK || (failed && (st == RG_ENOMEM || st == RG_ELIMIT)));
            rg_sender_end_run(check->sender);
            assert_int_equal(native_run(w, check), RG_OK);
            native_drop(w, check);
        }
    }
}

static int setup(void **state)
{
    static struct native_world w;

    native_init(&w);
    native_set_all(&w);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    native_finish(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_each_allocation_of_a_creation_may_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_allocation_of_a_run_may_fail, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
