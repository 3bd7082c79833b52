/* Edges of the live procfs below a directory that each test fills itself. */
#include "conform_tree.h"
#include "rg/live.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct world {
    char root[CONFORM_PATH_MAX];
    struct rg_procfs *fs;
};

static int setup(void **state)
{
    static struct world world;
    struct rg_err err = {0};

    conform_tree_create(world.root);
    if (rg_live_procfs_create(world.root, &world.fs, &err) != RG_OK)
        return -1;
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    rg_procfs_destroy(world->fs);
    conform_tree_remove(world->root);
    return 0;
}

static void test_a_root_that_is_absent_or_no_directory_is_named_in_the_error(void **state)
{
    struct world *world = *state;
    struct rg_procfs *fs = NULL;
    struct rg_err err = {0};
    char path[CONFORM_PATH_MAX];

    conform_tree_path(world->root, "absent", path);
    assert_int_equal(rg_live_procfs_create(path, &fs, &err), RG_ENOTFOUND);
    assert_non_null(strstr(err.text, path));
    conform_tree_file(world->root, "file", "x", 1);
    conform_tree_path(world->root, "file", path);
    assert_int_equal(rg_live_procfs_create(path, &fs, &err), RG_EIO);
    assert_non_null(strstr(err.text, path));
    assert_null(fs);
}

static void test_sizes_around_the_first_read_are_read_whole(void **state)
{
    static const size_t sizes[] = {4095, 4096, 4097, 8191, 8192, 8193, 65536};
    struct world *world = *state;
    static char bytes[65536];
    struct rg_err err = {0};
    struct rg_buf out;

    memset(bytes, 's', sizeof(bytes));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        conform_tree_file(world->root, "5/cmdline", bytes, sizes[i]);
        conform_tree_file(world->root, "5/environ", bytes, sizes[i]);
        rg_buf_init(&out, sizes[i]);
        assert_int_equal(rg_procfs_read_pid(world->fs, 5, "cmdline", &out, &err), RG_OK);
        assert_int_equal(out.len, sizes[i]);
        assert_int_equal(rg_procfs_read_pid(world->fs, 5, "environ", &out, &err), RG_OK);
        assert_int_equal(out.len, sizes[i]);
        rg_buf_finish(&out);
        rg_buf_init(&out, sizes[i] - 1);
        assert_int_equal(rg_procfs_read_pid(world->fs, 5, "cmdline", &out, &err), RG_ETOOBIG);
        assert_int_equal(out.len, 0);
        assert_string_equal(err.text, "");
        rg_buf_finish(&out);
    }
}

static void test_a_buffer_is_used_again_without_growing(void **state)
{
    struct world *world = *state;
    struct rg_err err = {0};
    const uint8_t *data;
    struct rg_buf out;
    size_t cap;

    conform_tree_file(world->root, "5/stat", "5 (x)", 5);
    conform_tree_file(world->root, "6/stat", "6 (longer)", 10);
    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    assert_int_equal(rg_procfs_read_pid(world->fs, 5, "stat", &out, &err), RG_OK);
    data = out.data;
    cap = out.cap;
    assert_int_equal(rg_procfs_read_pid(world->fs, 6, "stat", &out, &err), RG_OK);
    assert_ptr_equal(out.data, data);
    assert_int_equal(out.cap, cap);
    assert_memory_equal(out.data, "6 (longer)", 10);
    rg_buf_finish(&out);
}

static void test_a_directory_in_the_place_of_a_file_is_an_errno(void **state)
{
    struct world *world = *state;
    struct rg_err err = {0};
    struct rg_buf out;
    int64_t count;

    conform_tree_dir(world->root, "5/stat");
    conform_tree_file(world->root, "5/fd", "x", 1);
    rg_buf_init(&out, 4096);
    assert_int_equal(rg_procfs_read_pid(world->fs, 5, "stat", &out, &err), RG_EIO);
    assert_int_equal(err.errnum, EISDIR);
    assert_int_equal(rg_procfs_read_link(world->fs, 5, "stat", &out, &err), RG_EIO);
    assert_int_equal(err.errnum, EINVAL);
    assert_int_equal(rg_procfs_count_fds(world->fs, 5, &count, &err), RG_EIO);
    assert_int_equal(err.errnum, ENOTDIR);
    rg_buf_finish(&out);
}

static void test_a_link_of_the_longest_kind_is_read_whole(void **state)
{
    struct world *world = *state;
    struct rg_err err = {0};
    char target[4096];
    struct rg_buf out;

    memset(target, 't', sizeof(target));
    target[sizeof(target) - 1] = '\0';
    conform_tree_link(world->root, "5/exe", target);
    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    assert_int_equal(rg_procfs_read_link(world->fs, 5, "exe", &out, &err), RG_OK);
    assert_int_equal(out.len, sizeof(target) - 1);
    assert_memory_equal(out.data, target, out.len);
    rg_buf_finish(&out);
}

struct reader {
    struct rg_procfs *fs;
    int failures;
};

static void list_and_read(void *arg)
{
    struct reader *reader = arg;
    struct rg_pid_list list = {0};
    struct rg_err err = {0};
    struct rg_buf out;

    rg_buf_init(&out, 4096);
    for (int i = 0; i < 20; i++) {
        reader->failures += rg_procfs_list_pids(reader->fs, &list, &err) != RG_OK;
        reader->failures += list.count != 50;
        for (size_t p = 0; p < list.count; p++)
            reader->failures +=
                rg_procfs_read_pid(reader->fs, list.pids[p], "stat", &out, &err) != RG_OK;
    }
    rg_buf_finish(&out);
    rg_pid_list_finish(&list);
}

static void test_two_tasks_may_list_and_read_at_once(void **state)
{
    struct world *world = *state;
    struct reader readers[2] = {{world->fs, 0}, {world->fs, 0}};
    struct rg_runtime *rt = NULL;
    struct rg_err err = {0};
    uint32_t tasks[2];
    char path[32];

    for (int i = 1; i <= 50; i++) {
        snprintf(path, sizeof(path), "%d/stat", i);
        conform_tree_file(world->root, path, path, strlen(path));
    }
    assert_int_equal(rg_live_runtime_create(&rt, &err), RG_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            rg_runtime_spawn(rt, "reader", list_and_read, &readers[i], &tasks[i], &err), RG_OK);
    for (int i = 0; i < 2; i++) {
        rg_runtime_join(rt, tasks[i]);
        assert_int_equal(readers[i].failures, 0);
    }
    rg_runtime_destroy(rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_root_that_is_absent_or_no_directory_is_named_in_the_error, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_sizes_around_the_first_read_are_read_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_buffer_is_used_again_without_growing, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_directory_in_the_place_of_a_file_is_an_errno, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_link_of_the_longest_kind_is_read_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_tasks_may_list_and_read_at_once, setup, teardown),
    };

    return cmocka_run_group_tests_name("live procfs", tests, NULL, NULL);
}
