/* What holds for every native check: identity, failing backends, hostile texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "native_world.h"

#include <errno.h>
#include <stdlib.h>

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

static void test_the_list_is_sorted_and_each_check_runs(void **state)
{
    struct native_world *w = *state;
    size_t count;
    const struct rg_check_factory *all = rg_native_checks(&count);

    assert_int_equal(count, 8);
    for (size_t i = 0; i < count; i++) {
        struct rg_check *check = native_check(w, all[i].name, "{}");

        assert_true(i == 0 || strcmp(all[i - 1].name, all[i].name) < 0);
        assert_string_equal(check->name, all[i].name);
        assert_string_equal(check->loader, "core");
        assert_int_equal(native_run(w, check), RG_OK);
        native_run_later(w, check);
        assert_true(native_count(w) > 0);
        native_drop(w, check);
    }
}

/* F5: without an id of its own an instance takes the place of another. */
static void test_instances_have_ids_of_their_own(void **state)
{
    struct native_world *w = *state;
    size_t count;
    const struct rg_check_factory *all = rg_native_checks(&count);

    for (size_t i = 0; i < count; i++) {
        struct rg_check *plain = native_check(w, all[i].name, "{}");
        struct rg_check *empty = native_check(w, all[i].name, "");
        struct rg_check *a = native_check(w, all[i].name, "tags: [a]");
        struct rg_check *b = native_check(w, all[i].name, "{tags: [b], name: x}");
        struct rg_check *c = NULL;
        bool python = strcmp(all[i].name, "disk") == 0 || strcmp(all[i].name, "network") == 0;

        assert_int_equal(native_try(w, all[i].name, "{}", "tags: [c]", &c), RG_OK);
        assert_int_equal(strcmp(plain->id, all[i].name) != 0, python);
        assert_int_equal(strcmp(empty->id, all[i].name) != 0, python);
        assert_string_not_equal(a->id, all[i].name);
        assert_string_not_equal(a->id, b->id);
        assert_string_not_equal(c->id, plain->id);
        assert_non_null(strstr(b->id, ":x:"));
        native_drop(w, plain);
        native_drop(w, empty);
        native_drop(w, a);
        native_drop(w, b);
        native_drop(w, c);
    }
}

static void test_instances_measure_each_for_itself(void **state)
{
    struct native_world *w = *state;
    struct rg_check *a = native_check(w, "cpu", "tags: [a]");
    struct rg_check *b = native_check(w, "cpu", "tags: [b]");

    native_set(w, "stat", "cpu  0 0 0 100 0 0 0\n");
    assert_int_equal(native_run(w, a), RG_OK);
    native_set(w, "stat", "cpu  50 0 0 150 0 0 0\n");
    assert_int_equal(native_run(w, b), RG_OK);
    assert_false(native_has(w, "system.cpu.user", "b"));
    native_run_later(w, a);
    assert_near(native_value(w, "system.cpu.user", "a"), 50);
    native_set(w, "stat", "cpu  60 0 0 240 0 0 0\n");
    native_run_later(w, b);
    assert_near(native_value(w, "system.cpu.user", "b"), 10);
    native_drop(w, a);
    native_drop(w, b);
}

static const char *const busy_options[][2] = {
    {"cpu", "report_total_percpu: true"},
    {"disk", "{service_check_rw: true, include_all_devices: false}"},
    {"file_handle", "{}"},
    {"io", "{}"},
    {"load", "{}"},
    {"memory", "collect_memory_pressure: true"},
    {"network", "collect_connection_state: true"},
    {"uptime", "{}"},
};

/* Each call of each check fails once with each errno: the run fails and names a file, or warns, or
 * goes on without something optional; the next run is whole again. */
static void test_every_backend_call_may_fail(void **state)
{
    static const int errnums[] = {EACCES, ENOENT, EIO, ENOMEM};
    struct native_world *w = *state;

    for (size_t i = 0; i < sizeof(busy_options) / sizeof(busy_options[0]); i++) {
        struct rg_check *check = native_check(w, busy_options[i][0], busy_options[i][1]);
        size_t whole;
        long calls;

        assert_int_equal(native_run(w, check), RG_OK);
        w->calls = 0;
        native_run_later(w, check);
        calls = w->calls;
        whole = native_count(w);
        assert_true(calls > 0 && whole > 0);
        for (size_t e = 0; e < sizeof(errnums) / sizeof(errnums[0]); e++) {
            for (long n = 1; n <= calls; n++) {
                enum rg_status st;

                w->calls = 0;
                w->fail_at = n;
                w->fail_errnum = errnums[e];
                fixture_pass(&w->metrics, 10);
                st = native_run(w, check);
                assert_true(st == RG_OK || w->err.text[0]);
                assert_true(errnums[e] != ENOMEM || st == RG_ENOMEM);
                assert_true(st != RG_OK || errnums[e] == ENOENT || check->warnings.count > 0);
                w->fail_at = 0;
                native_run_later(w, check);
                assert_int_equal(native_count(w), whole);
            }
        }
        native_drop(w, check);
    }
}

/* Every prefix of every file, and every file with each byte changed. */
static void test_torn_and_spoiled_files_do_no_harm(void **state)
{
    static const char changes[] = {'\n', ' ', ':', '9', '\\', (char)0xff, 0};
    struct native_world *w = *state;

    for (size_t i = 0; i < sizeof(busy_options) / sizeof(busy_options[0]); i++) {
        struct rg_check *check = native_check(w, busy_options[i][0], busy_options[i][1]);

        for (size_t f = 0; f < w->file_count; f++) {
            const struct native_file whole = w->files[f];
            char *text = malloc(whole.len + 1);

            assert_non_null(text);
            for (size_t n = 0; n < whole.len; n++) {
                struct native_file *file = &w->files[f];

                *file = (struct native_file){.path = whole.path, .text = whole.text, .len = n};
                (void)native_run(w, check);
                memcpy(text, whole.text, whole.len + 1);
                text[n] = changes[n % sizeof(changes)];
                *file = (struct native_file){.path = whole.path, .text = text, .len = whole.len};
                (void)native_run(w, check);
            }
            w->files[f] = whole;
            free(text);
        }
        assert_int_equal(native_run(w, check), RG_OK);
        native_drop(w, check);
    }
}

static void test_a_file_of_the_largest_size_is_read_in_time(void **state)
{
    size_t len = RG_PROCFS_FILE_MAX;
    char *text = malloc(len + 1);
    struct native_world *w = *state;

    assert_non_null(text);
    for (size_t i = 0; i < sizeof(busy_options) / sizeof(busy_options[0]); i++) {
        struct rg_check *check = native_check(w, busy_options[i][0], busy_options[i][1]);
        long files = (long)w->file_count;

        for (long f = 0; f < files; f++) {
            const struct native_file whole = w->files[f];

            memset(text, '7', len);
            native_set_bytes(w, whole.path, text, len);
            (void)native_run(w, check);
            native_set_bytes(w, whole.path, text, len + 1); /* too large */
            (void)native_run(w, check);
            w->files[f] = whole;
        }
        assert_int_equal(native_run(w, check), RG_OK);
        native_drop(w, check);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_the_list_is_sorted_and_each_check_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_instances_have_ids_of_their_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_instances_measure_each_for_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_backend_call_may_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_torn_and_spoiled_files_do_no_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_file_of_the_largest_size_is_read_in_time, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
