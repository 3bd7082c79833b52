#include "conform_tree.h"
#include "rg/base/str.h"
#include "rg/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
    static char root[CONFORM_PATH_MAX];

    conform_tree_create(root);
    *state = root;
    return 0;
}

static int teardown(void **state)
{
    conform_tree_remove(*state);
    return 0;
}

static struct rg_host *create(const struct rg_live_host_options *options)
{
    struct rg_host *host = NULL;
    struct rg_err err = {0};

    assert_int_equal(rg_live_host_create(options, &host, &err), RG_OK);
    return host;
}

static struct rg_host_facts facts_of(const struct rg_live_host_options *options)
{
    struct rg_host *host = create(options);
    struct rg_host_facts facts;
    struct rg_err err = {0};

    assert_int_equal(rg_host_facts(host, &facts, &err), RG_OK);
    rg_host_destroy(host);
    return facts;
}

static void test_facts_agree_with_libc(void **state)
{
    struct rg_live_host_options options = {.hostname = ""};
    struct rg_host_facts facts = facts_of(&options);
    char hostname[RG_HOST_TEXT_MAX] = {0};

    (void)state;
    assert_int_equal(gethostname(hostname, sizeof(hostname) - 1), 0);
    assert_string_equal(facts.hostname, hostname);
    assert_string_equal(facts.os, "linux");
    assert_int_equal(facts.clock_ticks_per_s, sysconf(_SC_CLK_TCK));
    assert_int_equal(facts.page_size_bytes, sysconf(_SC_PAGESIZE));
    assert_in_range(facts.cpu_count, 1, sysconf(_SC_NPROCESSORS_CONF));
    assert_true(facts.total_memory_bytes > 0);
    assert_int_equal(facts.agent_pid, getpid());
    assert_int_equal(facts.uid, getuid());
    assert_int_equal(facts.euid, geteuid());
    assert_true(facts.kernel_version[0] && facts.kernel_arch[0]);
}

static void test_identity_comes_from_the_given_folder(void **state)
{
    struct rg_live_host_options options = {.hostname = "given", .etc = *state};
    struct rg_host_facts facts;

    conform_tree_file(*state, "os-release", "ID=x\nID_LIKE=\"y z\"\nVERSION_ID=\"7\"\n", 34);
    conform_tree_file(*state, "machine-id", "0123abcd\nmore", 13);
    facts = facts_of(&options);
    assert_string_equal(facts.hostname, "given");
    assert_string_equal(facts.platform, "x");
    assert_string_equal(facts.platform_family, "y");
    assert_string_equal(facts.platform_version, "7");
    assert_string_equal(facts.uuid, "0123abcd");
}

static void test_the_boot_id_stands_in_for_a_machine_id(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } useless[] = {{"", 0}, {"\n", 1}, {"uninitialized\n", 14}, {"a\0b\n", 4}};
    struct rg_live_host_options options = {.etc = *state};

    assert_int_equal(strlen(facts_of(&options).uuid), 36);
    for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        conform_tree_file(*state, "machine-id", useless[i].bytes, useless[i].len);
        assert_int_equal(strlen(facts_of(&options).uuid), 36);
    }
    options.etc = "/no/such/folder";
    assert_int_equal(strlen(facts_of(&options).uuid), 36);
    assert_string_equal(facts_of(&options).platform, "");
}

static enum rg_status document(const struct rg_live_host_options *options, const char *name,
    size_t max, struct rg_buf *out, struct rg_err *err)
{
    struct rg_host *host = create(options);
    enum rg_status st;

    rg_buf_init(out, max);
    st = rg_host_document(host, name, out, err);
    assert_int_equal(out->max, max);
    rg_host_destroy(host);
    return st;
}

static void test_documents_are_found_by_role(void **state)
{
    char path[CONFORM_PATH_MAX];
    struct rg_live_host_options options = {
        .config_path = conform_tree_path(*state, "c.yaml", path), .options = "a: 1\n"};
    struct rg_err err = {0};
    struct rg_buf out;

    conform_tree_file(*state, "c.yaml", "hostname: h\n", 12);
    assert_int_equal(document(&options, "datadog.yaml", 100, &out, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&out), "hostname: h\n"));
    rg_buf_finish(&out);
    assert_int_equal(document(&options, "options", 100, &out, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&out), "a: 1\n"));
    rg_buf_finish(&out);
    assert_int_equal(document(&options, "other", 100, &out, &err), RG_ENOTFOUND);
    rg_buf_finish(&out);
    options = (struct rg_live_host_options){0};
    assert_int_equal(document(&options, "datadog.yaml", 100, &out, &err), RG_ENOTFOUND);
    rg_buf_finish(&out);
    assert_int_equal(document(&options, "options", 100, &out, &err), RG_ENOTFOUND);
    rg_buf_finish(&out);
}

static void test_an_absent_file_matters_only_if_it_was_named(void **state)
{
    char path[CONFORM_PATH_MAX];
    struct rg_live_host_options options = {.config_path = conform_tree_path(*state, "no", path)};
    struct rg_err err = {0};
    struct rg_buf out;

    assert_int_equal(document(&options, "datadog.yaml", 100, &out, &err), RG_ENOTFOUND);
    rg_buf_finish(&out);
    options.config_named = true;
    assert_int_equal(document(&options, "datadog.yaml", 100, &out, &err), RG_EIO);
    assert_non_null(strstr(err.text, path));
    rg_buf_finish(&out);
    options.config_path = *state; /* a directory cannot be read */
    assert_int_equal(document(&options, "datadog.yaml", 100, &out, &err), RG_EIO);
    assert_non_null(strstr(err.text, *state));
    rg_buf_finish(&out);
}

static void test_documents_are_bounded_by_the_buffer_and_by_the_limit(void **state)
{
    char path[CONFORM_PATH_MAX];
    struct rg_live_host_options options = {
        .config_path = conform_tree_path(*state, "c.yaml", path), .options = "0123456789"};
    size_t big_len = RG_HOST_DOCUMENT_MAX + 1;
    char *big = calloc(1, big_len);
    struct rg_err err = {0};
    struct rg_buf out;

    assert_non_null(big);
    conform_tree_file(*state, "c.yaml", big, big_len);
    free(big);
    assert_int_equal(document(&options, "datadog.yaml", 2 * big_len, &out, &err), RG_ETOOBIG);
    rg_buf_finish(&out);
    assert_int_equal(document(&options, "options", 9, &out, &err), RG_ETOOBIG);
    rg_buf_finish(&out);
}

static void test_users_are_named(void **state)
{
    struct rg_live_host_options options = {0};
    struct rg_host *host = create(&options);
    struct rg_err err = {0};
    struct rg_buf out;

    (void)state;
    rg_buf_init(&out, RG_HOST_TEXT_MAX);
    assert_int_equal(rg_host_user_name(host, 0, &out, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&out), "root"));
    assert_int_equal(rg_host_user_name(host, 3999999999u, &out, &err), RG_ENOTFOUND);
    assert_int_equal(out.len, 0);
    rg_buf_finish(&out);
    rg_host_destroy(host);
}

static void test_the_environment_is_that_of_the_process(void **state)
{
    struct rg_live_host_options options = {0};
    struct rg_host *host = create(&options);
    struct rg_err err = {0};
    struct rg_buf out;

    (void)state;
    rg_buf_init(&out, RG_HOST_TEXT_MAX);
    assert_int_equal(setenv("RG_TEST_VALUE", "some text", 1), 0);
    assert_int_equal(rg_host_env(host, "RG_TEST_VALUE", &out, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&out), "some text"));
    assert_int_equal(setenv("RG_TEST_VALUE", "", 1), 0);
    assert_int_equal(rg_host_env(host, "RG_TEST_VALUE", &out, &err), RG_OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(unsetenv("RG_TEST_VALUE"), 0);
    assert_int_equal(rg_host_env(host, "RG_TEST_VALUE", &out, &err), RG_ENOTFOUND);
    rg_buf_finish(&out);
    rg_host_destroy(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_agree_with_libc),
        cmocka_unit_test_setup_teardown(test_identity_comes_from_the_given_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_the_boot_id_stands_in_for_a_machine_id, setup, teardown),
        cmocka_unit_test_setup_teardown(test_documents_are_found_by_role, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_an_absent_file_matters_only_if_it_was_named, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_documents_are_bounded_by_the_buffer_and_by_the_limit, setup, teardown),
        cmocka_unit_test(test_users_are_named),
        cmocka_unit_test(test_the_environment_is_that_of_the_process),
    };

    return cmocka_run_group_tests_name("live host", tests, NULL, NULL);
}
