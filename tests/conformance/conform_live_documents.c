#include "conform_documents.h"
#include "conform_tree.h"
#include "rg/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
    static char root[CONFORM_PATH_MAX];

    conform_tree_create(root);
    conform_tree_file(root, "secret", "no", 2);
    for (size_t i = 0; i < conform_document_count; i++)
        conform_tree_file(root, conform_documents[i].name, conform_documents[i].text,
            strlen(conform_documents[i].text));
    *state = root;
    return 0;
}

static int teardown(void **state)
{
    conform_tree_remove(*state);
    return 0;
}

static struct rg_host *create(const char *root, char path[CONFORM_PATH_MAX])
{
    struct rg_live_host_options options = {.confd = conform_tree_path(root, "conf.d", path)};
    struct rg_host *host = NULL;
    struct rg_err err = {0};

    assert_int_equal(rg_live_host_create(&options, &host, &err), RG_OK);
    return host;
}

static void test_the_live_host_keeps_the_contract(void **state)
{
    char path[CONFORM_PATH_MAX];
    struct rg_host *host = create(*state, path);

    conform_documents_run(host);
    rg_host_destroy(host);
}

/* A mounted configuration of Kubernetes is made of links; deeper folders and sockets are none. */
static void test_links_are_followed_and_deeper_folders_are_left_out(void **state)
{
    char path[CONFORM_PATH_MAX];
    struct rg_host *host = create(*state, path);
    struct rg_err err = {0};
    struct rg_buf names;

    conform_tree_file(*state, "conf.d/a.d/deep/conf.yaml", "x", 1);
    conform_tree_file(*state, "real.yaml", "y: 1\n", 5);
    conform_tree_link(*state, "conf.d/a.d/linked.yaml", "../../real.yaml");
    conform_tree_link(*state, "conf.d/a.d/broken.yaml", "nowhere");
    rg_buf_init(&names, RG_HOST_DOCUMENT_MAX);
    assert_int_equal(rg_host_list_documents(host, "conf.d", &names, &err), RG_OK);
    assert_non_null(memmem(names.data, names.len, "conf.d/a.d/linked.yaml", 23));
    assert_null(memmem(names.data, names.len, "deep", 4));
    assert_null(memmem(names.data, names.len, "broken", 6));
    assert_int_equal(rg_host_document(host, "conf.d/a.d/linked.yaml", &names, &err), RG_OK);
    assert_int_equal(names.len, 5);
    rg_buf_finish(&names);
    rg_host_destroy(host);
}

static void test_a_folder_that_may_not_be_read_hides_no_other(void **state)
{
    char path[CONFORM_PATH_MAX], closed[CONFORM_PATH_MAX];
    struct rg_host *host = create(*state, path);
    struct rg_err err = {0};
    struct rg_buf names;

    conform_tree_file(*state, "conf.d/closed.d/conf.yaml", "x", 1);
    assert_int_equal(chmod(conform_tree_path(*state, "conf.d/closed.d", closed), 0), 0);
    rg_buf_init(&names, RG_HOST_DOCUMENT_MAX);
    assert_int_equal(rg_host_list_documents(host, "conf.d", &names, &err), RG_OK);
    assert_int_equal(chmod(closed, 0700), 0);
    if (geteuid() != 0) { /* to root nothing is closed */
        assert_non_null(memmem(names.data, names.len, "conf.d/closed.d/", 17));
        assert_int_equal(rg_host_document(host, "conf.d/closed.d/", &names, &err), RG_ENOTFOUND);
    }
    rg_buf_finish(&names);
    rg_host_destroy(host);
}

static void test_a_folder_that_is_not_there_is_not_found(void **state)
{
    struct rg_live_host_options options = {.confd = "/nonexistent/conf.d"};
    struct rg_host *host = NULL;
    struct rg_err err = {0};
    struct rg_buf names;

    (void)state;
    rg_buf_init(&names, RG_HOST_DOCUMENT_MAX);
    assert_int_equal(rg_live_host_create(&options, &host, &err), RG_OK);
    assert_int_equal(rg_host_list_documents(host, "conf.d", &names, &err), RG_ENOTFOUND);
    rg_host_destroy(host);
    options.confd = NULL;
    assert_int_equal(rg_live_host_create(&options, &host, &err), RG_OK);
    assert_int_equal(rg_host_list_documents(host, "conf.d", &names, &err), RG_ENOTFOUND);
    assert_int_equal(rg_host_document(host, "conf.d/cpu.yaml", &names, &err), RG_ENOTFOUND);
    rg_buf_finish(&names);
    rg_host_destroy(host);
}

static void test_a_file_system_is_what_statvfs_says(void **state)
{
    char path[CONFORM_PATH_MAX];
    struct rg_host *host = create(*state, path);
    struct rg_filesystem seen = {0};
    struct rg_err err = {0};
    struct statvfs st;

    assert_int_equal(rg_host_filesystem(host, "/", &seen, &err), RG_OK);
    assert_int_equal(statvfs("/", &st), 0);
    assert_int_equal(seen.blocks, st.f_blocks);
    assert_int_equal(seen.block_size_bytes, st.f_frsize);
    assert_int_equal(rg_host_filesystem(host, "/nonexistent", &seen, &err), RG_ENOTFOUND);
    rg_host_destroy(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_live_host_keeps_the_contract, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_links_are_followed_and_deeper_folders_are_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_folder_that_may_not_be_read_hides_no_other, setup, teardown),
        cmocka_unit_test(test_a_folder_that_is_not_there_is_not_found),
        cmocka_unit_test_setup_teardown(test_a_file_system_is_what_statvfs_says, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
