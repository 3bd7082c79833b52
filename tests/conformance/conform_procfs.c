#include "conform_procfs.h"
#include "conform_tree.h"
#include "rg/base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define ABSENT_PID 4242

const struct conform_file conform_procfs_files[] = {
    {1, "stat", "1 (init) S 0 1 1 0 -1 4194560 0 0 0 0 3 4 0 0 20 0 1 0 5 0 0\n", 0},
    {1, "cmdline", "/sbin/init\0splash\0", 18},
    {1, "comm", "init\n", 0},
    {7, "stat", "7 (a) b) S 1 7 7 0 -1 64 0 0 0 0 1 2 0 0 20 0 1 0 9 0 0\n", 0},
    {7, "cmdline", "", 0},
    {300, "statm", "10 9 8 7 6 5 4\n", 0},
    {INT32_MAX, "comm", "last\n", 0},
    {0, "stat", "cpu  1 2 3\nbtime 1700000000\n", 0},
    {0, "net/dev", "Inter-|   Receive\n", 0},
};
const size_t conform_procfs_file_count =
    sizeof(conform_procfs_files) / sizeof(conform_procfs_files[0]);

const struct conform_link conform_procfs_links[] = {
    {1, "exe", "/usr/lib/systemd/systemd"},
    {7, "exe", "/tmp/gone (deleted)"},
    {7, "cwd", "/"},
};
const size_t conform_procfs_link_count =
    sizeof(conform_procfs_links) / sizeof(conform_procfs_links[0]);

/* 500 entries take more than one call with a buffer of 8 KiB. */
const struct conform_fds conform_procfs_fds[] = {{1, 3}, {7, 0}, {300, 500}};
const size_t conform_procfs_fds_count = sizeof(conform_procfs_fds) / sizeof(conform_procfs_fds[0]);

static unsigned char big_byte(size_t i)
{
    return (unsigned char)(i * 7 % 251);
}

static size_t file_len(const struct conform_file *file)
{
    return file->len ? file->len : strlen(file->bytes);
}

static void build_fds(const char *root, const struct conform_fds *fds)
{
    char path[64];

    snprintf(path, sizeof(path), "%d/fd", fds->pid);
    conform_tree_dir(root, path);
    for (int i = 0; i < fds->count; i++) {
        snprintf(path, sizeof(path), "%d/fd/%d", fds->pid, i);
        conform_tree_link(root, path, "/dev/null");
    }
}

void conform_procfs_build(const char *root)
{
    static const char *const no_pids[] = {
        "self", "007", "+5", "-3", "0", "1x", "2147483648", "99999999999999999999", "12 "};
    static unsigned char big[CONFORM_BIG_BYTES];
    char path[64];

    for (size_t i = 0; i < conform_procfs_file_count; i++) {
        const struct conform_file *file = &conform_procfs_files[i];

        if (file->pid)
            snprintf(path, sizeof(path), "%d/%s", file->pid, file->name);
        else
            snprintf(path, sizeof(path), "%s", file->name);
        conform_tree_file(root, path, file->bytes, file_len(file));
    }
    for (size_t i = 0; i < conform_procfs_link_count; i++) {
        snprintf(
            path, sizeof(path), "%d/%s", conform_procfs_links[i].pid, conform_procfs_links[i].name);
        conform_tree_link(root, path, conform_procfs_links[i].target);
    }
    for (size_t i = 0; i < conform_procfs_fds_count; i++)
        build_fds(root, &conform_procfs_fds[i]);
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = big_byte(i);
    conform_tree_file(root, "7/maps", big, sizeof(big));
    for (size_t i = 0; i < sizeof(no_pids) / sizeof(no_pids[0]); i++)
        conform_tree_dir(root, no_pids[i]);
}

/* An expected failure carries its errno and no text. */
static void assert_errno(const struct rg_err *err, int errnum)
{
    assert_int_equal(err->errnum, errnum);
    assert_string_equal(err->text, "");
}

static void read_file(struct rg_procfs *fs, const struct conform_file *file, struct rg_buf *out,
    enum rg_status expected)
{
    struct rg_err err = {.text = "of before"};
    enum rg_status st = file->pid ? rg_procfs_read_pid(fs, file->pid, file->name, out, &err)
                                  : rg_procfs_read_host(fs, file->name, out, &err);

    assert_int_equal(st, expected);
    if (st == RG_ENOTFOUND)
        assert_errno(&err, ENOENT);
}

static void pids_are_listed_ascending_and_other_names_are_not(struct rg_procfs *fs)
{
    static const int32_t pids[] = {1, 7, 300, INT32_MAX};
    struct rg_pid_list list = {0};
    struct rg_err err = {0};

    for (int round = 0; round < 2; round++) {
        assert_int_equal(rg_procfs_list_pids(fs, &list, &err), RG_OK);
        assert_int_equal(list.count, 4);
        assert_memory_equal(list.pids, pids, sizeof(pids));
    }
    rg_pid_list_finish(&list);
}

static void files_are_read_byte_for_byte(struct rg_procfs *fs)
{
    struct rg_buf out;

    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    for (size_t i = 0; i < conform_procfs_file_count; i++) {
        const struct conform_file *file = &conform_procfs_files[i];

        read_file(fs, file, &out, RG_OK);
        assert_int_equal(out.len, file_len(file));
        if (out.len)
            assert_memory_equal(out.data, file->bytes, out.len);
    }
    rg_buf_finish(&out);
}

static void a_file_of_many_reads_is_whole(struct rg_procfs *fs)
{
    static const struct conform_file big = {.pid = 7, .name = "maps"};
    int differences = 0;
    struct rg_buf out;

    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    read_file(fs, &big, &out, RG_OK);
    assert_int_equal(out.len, CONFORM_BIG_BYTES);
    for (size_t i = 0; i < out.len; i++)
        differences += out.data[i] != big_byte(i);
    assert_int_equal(differences, 0);
    rg_buf_finish(&out);
}

static void what_is_absent_is_not_found(struct rg_procfs *fs)
{
    static const struct conform_file files[] = {
        {.pid = ABSENT_PID, .name = "stat"},
        {.pid = 1, .name = "io"},
        {.pid = 0, .name = "cpuinfo"},
        {.pid = 0, .name = "net/tcp"},
    };
    struct rg_procfs_stat seen;
    struct rg_err err = {0};
    struct rg_buf out;
    int64_t fds = 77;

    rg_buf_init(&out, 100);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        assert_int_equal(rg_buf_str(&out, "stale"), RG_OK);
        read_file(fs, &files[i], &out, RG_ENOTFOUND);
        assert_int_equal(out.len, 0);
    }
    assert_int_equal(rg_procfs_read_link(fs, 1, "cwd", &out, &err), RG_ENOTFOUND);
    assert_errno(&err, ENOENT);
    assert_int_equal(rg_procfs_count_fds(fs, ABSENT_PID, &fds, &err), RG_ENOTFOUND);
    assert_errno(&err, ENOENT);
    assert_int_equal(fds, 77);
    assert_int_equal(rg_procfs_stat_pid(fs, 1, "io", &seen, &err), RG_ENOTFOUND);
    assert_errno(&err, ENOENT);
    rg_buf_finish(&out);
}

static void a_file_above_the_maximum_is_too_big_and_one_that_fits_is_not(struct rg_procfs *fs)
{
    struct rg_buf out;

    for (size_t i = 0; i < conform_procfs_file_count; i++) {
        const struct conform_file *file = &conform_procfs_files[i];
        size_t len = file_len(file);

        if (len < 2)
            continue;
        rg_buf_init(&out, len);
        read_file(fs, file, &out, RG_OK);
        assert_int_equal(out.len, len);
        rg_buf_finish(&out);
        rg_buf_init(&out, len - 1);
        read_file(fs, file, &out, RG_ETOOBIG);
        assert_int_equal(out.len, 0);
        rg_buf_finish(&out);
    }
}

static void links_are_read_as_they_are(struct rg_procfs *fs)
{
    struct rg_err err = {0};
    struct rg_buf out;

    for (size_t i = 0; i < conform_procfs_link_count; i++) {
        const struct conform_link *link = &conform_procfs_links[i];
        size_t len = strlen(link->target);

        rg_buf_init(&out, len);
        assert_int_equal(rg_procfs_read_link(fs, link->pid, link->name, &out, &err), RG_OK);
        assert_true(rg_str_is(rg_str_buf(&out), link->target));
        rg_buf_finish(&out);
        if (len == 1)
            continue;
        rg_buf_init(&out, len - 1);
        assert_int_equal(rg_procfs_read_link(fs, link->pid, link->name, &out, &err), RG_ETOOBIG);
        assert_int_equal(out.len, 0);
        rg_buf_finish(&out);
    }
}

static void open_files_are_counted(struct rg_procfs *fs)
{
    struct rg_err err = {0};

    for (size_t i = 0; i < conform_procfs_fds_count; i++) {
        int64_t count = -1;

        assert_int_equal(rg_procfs_count_fds(fs, conform_procfs_fds[i].pid, &count, &err), RG_OK);
        assert_int_equal(count, conform_procfs_fds[i].count);
    }
}

static void the_stat_of_an_entry_tells_its_type_and_does_not_follow_links(struct rg_procfs *fs)
{
    struct rg_procfs_stat seen = {0};
    struct rg_err err = {0};

    assert_int_equal(rg_procfs_stat_pid(fs, 1, "stat", &seen, &err), RG_OK);
    assert_true(S_ISREG(seen.mode));
    assert_int_equal(rg_procfs_stat_pid(fs, 7, "exe", &seen, &err), RG_OK);
    assert_true(S_ISLNK(seen.mode));
    assert_int_equal(rg_procfs_stat_pid(fs, 7, "fd", &seen, &err), RG_OK);
    assert_true(S_ISDIR(seen.mode));
}

static const struct procfs_case {
    const char *name;
    void (*run)(struct rg_procfs *fs);
} cases[] = {
    {"pids_are_listed_ascending_and_other_names_are_not",
        pids_are_listed_ascending_and_other_names_are_not},
    {"files_are_read_byte_for_byte", files_are_read_byte_for_byte},
    {"a_file_of_many_reads_is_whole", a_file_of_many_reads_is_whole},
    {"what_is_absent_is_not_found", what_is_absent_is_not_found},
    {"a_file_above_the_maximum_is_too_big_and_one_that_fits_is_not",
        a_file_above_the_maximum_is_too_big_and_one_that_fits_is_not},
    {"links_are_read_as_they_are", links_are_read_as_they_are},
    {"open_files_are_counted", open_files_are_counted},
    {"the_stat_of_an_entry_tells_its_type_and_does_not_follow_links",
        the_stat_of_an_entry_tells_its_type_and_does_not_follow_links},
};

#define CASE_COUNT (sizeof(cases) / sizeof(cases[0]))

struct bound_case {
    const struct conform_procfs *factory;
    const struct procfs_case *what;
};

static void run_case(void **state)
{
    const struct bound_case *bound = *state;
    const struct conform_procfs *factory = bound->factory;
    struct rg_procfs *fs = factory->create(factory->context);

    assert_non_null(fs);
    bound->what->run(fs);
    rg_procfs_destroy(fs);
    if (factory->cleanup)
        factory->cleanup(factory->context);
}

int conform_procfs_run(const struct conform_procfs *factory)
{
    struct CMUnitTest tests[CASE_COUNT];
    struct bound_case bound[CASE_COUNT];

    for (size_t i = 0; i < CASE_COUNT; i++) {
        bound[i] = (struct bound_case){factory, &cases[i]};
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_case, .initial_state = &bound[i]};
    }
    return cmocka_run_group_tests_name(factory->name, tests, NULL, NULL);
}
