#include "conform_tree.h"
#include "rg/base/str.h"
#include "rg/live.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
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

static struct rg_storage *open_storage(const char *path)
{
    struct rg_storage *storage = NULL;
    struct rg_err err = {0};

    assert_int_equal(rg_live_storage_create(path, &storage, &err), RG_OK);
    return storage;
}

static void assert_object(struct rg_storage *storage, const char *name, const char *text)
{
    struct rg_err err = {0};
    struct rg_buf out;

    rg_buf_init(&out, 1000);
    assert_int_equal(rg_storage_get(storage, "dumps", name, &out, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&out), text));
    rg_buf_finish(&out);
}

static void test_the_base_directory_is_made_for_its_owner_only(void **state)
{
    struct rg_storage *storage = NULL;
    struct rg_err err = {0};
    char path[CONFORM_PATH_MAX];
    struct stat s;

    rg_storage_destroy(open_storage(conform_tree_path(*state, "base", path)));
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0700);
    conform_tree_path(*state, "no/base", path);
    assert_int_equal(rg_live_storage_create(path, &storage, &err), RG_ENOTFOUND);
    assert_non_null(strstr(err.text, path));
    conform_tree_file(*state, "file", "x", 1);
    conform_tree_path(*state, "file", path);
    assert_int_equal(rg_live_storage_create(path, &storage, &err), RG_EIO);
    assert_non_null(strstr(err.text, path));
}

static void test_leftovers_are_not_listed_and_go_when_nobody_else_is_there(void **state)
{
    struct rg_storage_list list = {0};
    struct rg_storage *first = open_storage(*state);
    struct rg_storage *second;
    struct rg_err err = {0};

    assert_int_equal(rg_storage_put(first, "dumps", "a", "x", 1, &err), RG_OK);
    assert_int_equal(conform_tree_count(*state, "dumps", ".put-"), 0);
    conform_tree_file(*state, "dumps/.put-1-0", "torn", 4);
    second = open_storage(*state);
    assert_int_equal(conform_tree_count(*state, "dumps", ".put-"), 1);
    assert_int_equal(rg_storage_list(second, "dumps", &list, &err), RG_OK);
    assert_int_equal(list.count, 1);
    rg_storage_destroy(first);
    rg_storage_destroy(second);
    second = open_storage(*state);
    assert_int_equal(conform_tree_count(*state, "dumps", ".put-"), 0);
    assert_object(second, "a", "x");
    rg_storage_destroy(second);
    rg_storage_list_finish(&list);
}

static void test_a_leftover_in_the_way_does_not_stop_a_put(void **state)
{
    struct rg_storage *storage = open_storage(*state);
    struct rg_err err = {0};
    char path[64];

    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "dumps/.put-%ld-%d", (long)getpid(), i);
        conform_tree_file(*state, path, "torn", 4);
    }
    assert_int_equal(rg_storage_put(storage, "dumps", "a", "x", 1, &err), RG_OK);
    assert_object(storage, "a", "x");
    rg_storage_destroy(storage);
}

static void test_only_regular_files_are_objects(void **state)
{
    static const char *const names[] = {"dir", "link", "pipe"};
    struct rg_storage *storage = open_storage(*state);
    struct rg_storage_list list = {0};
    struct rg_err err = {0};
    char path[CONFORM_PATH_MAX];
    struct rg_buf out;

    conform_tree_file(*state, "secret", "s", 1);
    conform_tree_dir(*state, "dumps/dir");
    conform_tree_link(*state, "dumps/link", "../secret");
    conform_tree_link(*state, "linked", ".");
    assert_int_equal(mkfifo(conform_tree_path(*state, "dumps/pipe", path), 0600), 0);
    conform_tree_file(*state, "dumps/bad name", "x", 1);
    rg_buf_init(&out, 100);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(rg_storage_get(storage, "dumps", names[i], &out, &err), RG_EIO);
        assert_non_null(strstr(err.text, names[i]));
    }
    assert_int_equal(rg_storage_get(storage, "linked", "secret", &out, &err), RG_EIO);
    assert_int_equal(rg_storage_list(storage, "dumps", &list, &err), RG_OK);
    assert_int_equal(list.count, 0);
    rg_buf_finish(&out);
    rg_storage_list_finish(&list);
    rg_storage_destroy(storage);
}

static void test_a_put_replaces_a_link_and_not_what_it_points_to(void **state)
{
    struct rg_storage *storage = open_storage(*state);
    struct rg_err err = {0};
    char path[CONFORM_PATH_MAX];
    struct stat s;

    conform_tree_file(*state, "secret", "s", 1);
    conform_tree_link(*state, "dumps/a", "../secret");
    assert_int_equal(rg_storage_put(storage, "dumps", "a", "new", 3, &err), RG_OK);
    assert_object(storage, "a", "new");
    assert_int_equal(stat(conform_tree_path(*state, "secret", path), &s), 0);
    assert_int_equal(s.st_size, 1);
    rg_storage_destroy(storage);
}

static void test_a_failed_put_keeps_the_old_object_and_leaves_nothing(void **state)
{
    struct rg_storage *storage = open_storage(*state);
    struct rg_err err = {0};

    conform_tree_file(*state, "dumps/dir/inside", "x", 1);
    assert_int_equal(rg_storage_put(storage, "dumps", "dir", "new", 3, &err), RG_EIO);
    assert_non_null(strstr(err.text, "dumps/dir"));
    assert_int_equal(conform_tree_count(*state, "dumps", ""), 1);
    assert_int_equal(conform_tree_count(*state, "dumps/dir", ""), 1);
    rg_storage_destroy(storage);
}

static void test_a_full_disk_keeps_the_old_object(void **state)
{
    size_t big_len = (size_t)1 << 20;
    struct rg_storage *storage;
    struct rg_err err = {0};
    char *big;

    if (mount("none", *state, "tmpfs", 0, "size=256k") != 0) {
        print_message("skipped: no right to mount a small file system (%s)\n", strerror(errno));
        skip();
    }
    big = calloc(1, big_len);
    assert_non_null(big);
    storage = open_storage(*state);
    assert_int_equal(rg_storage_put(storage, "dumps", "a", "old", 3, &err), RG_OK);
    assert_int_equal(rg_storage_put(storage, "dumps", "a", big, big_len, &err), RG_EIO);
    assert_non_null(strstr(err.text, strerrordesc_np(ENOSPC)));
    assert_object(storage, "a", "old");
    assert_int_equal(conform_tree_count(*state, "dumps", ""), 1);
    assert_int_equal(rg_storage_put(storage, "dumps", "b", "fits", 4, &err), RG_OK);
    rg_storage_destroy(storage);
    free(big);
    assert_int_equal(umount(*state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_the_base_directory_is_made_for_its_owner_only, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_leftovers_are_not_listed_and_go_when_nobody_else_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_leftover_in_the_way_does_not_stop_a_put, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_regular_files_are_objects, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_put_replaces_a_link_and_not_what_it_points_to, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_failed_put_keeps_the_old_object_and_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_disk_keeps_the_old_object, setup, teardown),
    };

    return cmocka_run_group_tests_name("live storage", tests, NULL, NULL);
}
