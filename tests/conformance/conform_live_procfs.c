/* The suite below a tree that looks like /proc, then the real /proc of this machine. */
#include "conform_procfs.h"
#include "conform_tree.h"
#include "rg/base/str.h"
#include "rg/live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY           65534
#define LONG_ARGUMENT    65536
#define SKIPPED_IN_CHILD 77

struct context {
    char root[CONFORM_PATH_MAX];
};

static struct rg_procfs *open_root(const char *root)
{
    struct rg_procfs *fs = NULL;
    struct rg_err err = {0};

    if (rg_live_procfs_create(root, &fs, &err) != RG_OK)
        fprintf(stderr, "%s\n", rg_err_text(&err, RG_EIO));
    return fs;
}

static struct rg_procfs *create_fake(void *context)
{
    return open_root(((struct context *)context)->root);
}

/* No case changes the tree, so one serves all. */
static int run_below_a_directory(void)
{
    struct context context;
    struct conform_procfs fake = {
        .name = "live procfs below a directory", .context = &context, .create = create_fake};
    int failures;

    conform_tree_create(context.root);
    conform_procfs_build(context.root);
    failures = conform_procfs_run(&fake);
    conform_tree_remove(context.root);
    return failures;
}

static int setup_proc(void **state)
{
    *state = open_root("/proc");
    return *state ? 0 : -1;
}

static int teardown_proc(void **state)
{
    rg_procfs_destroy(*state);
    return 0;
}

/* Starts a child that waits to be killed; it is stopped, so its numbers stand still. */
static pid_t start_stopped(void)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    return pid;
}

static void end_child(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static size_t read_directly(pid_t pid, const char *name, char *out, size_t cap)
{
    char path[64];
    size_t n;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    file = fopen(path, "re");
    assert_non_null(file);
    n = fread(out, 1, cap, file);
    fclose(file);
    return n;
}

static void test_files_of_a_stopped_process_equal_a_direct_read(void **state)
{
    static const char *const names[] = {
        "stat", "comm", "cmdline", "status", "statm", "maps", "limits", "cgroup"};
    static char direct[1 << 20];
    pid_t pid = start_stopped();
    struct rg_err err = {0};
    struct rg_buf out;

    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n = read_directly(pid, names[i], direct, sizeof(direct));

        assert_int_equal(rg_procfs_read_pid(*state, pid, names[i], &out, &err), RG_OK);
        assert_int_equal(out.len, n);
        assert_memory_equal(out.data, direct, n);
    }
    rg_buf_finish(&out);
    end_child(pid);
}

static void test_own_stat_begins_with_the_own_pid_and_name(void **state)
{
    struct rg_err err = {0};
    struct rg_buf out;
    char comm[64];
    char prefix[128];
    size_t n = read_directly(getpid(), "comm", comm, sizeof(comm) - 1);

    assert_in_range(n, 2, sizeof(comm) - 1);
    comm[n - 1] = '\0';
    snprintf(prefix, sizeof(prefix), "%d (%s) ", getpid(), comm);
    rg_buf_init(&out, 4096);
    assert_int_equal(rg_procfs_read_pid(*state, getpid(), "stat", &out, &err), RG_OK);
    assert_true(rg_str_starts(rg_str_buf(&out), prefix));
    rg_buf_finish(&out);
}

static void test_the_list_holds_the_own_pid_and_grows_by_a_child(void **state)
{
    struct rg_pid_list list = {0};
    struct rg_err err = {0};
    pid_t pid = start_stopped();
    int found = 0;

    assert_int_equal(rg_procfs_list_pids(*state, &list, &err), RG_OK);
    for (size_t i = 0; i < list.count; i++) {
        assert_true(i == 0 || list.pids[i - 1] < list.pids[i]);
        found += list.pids[i] == getpid() || list.pids[i] == pid;
    }
    assert_int_equal(found, 2);
    end_child(pid);
    assert_int_equal(rg_procfs_list_pids(*state, &list, &err), RG_OK);
    for (size_t i = 0; i < list.count; i++)
        assert_int_not_equal(list.pids[i], pid);
    rg_pid_list_finish(&list);
}

static void test_the_descriptor_count_equals_the_entries_of_the_directory(void **state)
{
    pid_t pid = start_stopped(); /* it has the descriptors of this process, and keeps them */
    struct rg_err err = {0};
    int64_t count = -1;
    char path[64];

    snprintf(path, sizeof(path), "%d/fd", pid);
    assert_int_equal(rg_procfs_count_fds(*state, pid, &count, &err), RG_OK);
    assert_int_equal(count, conform_tree_count("/proc", path, ""));
    end_child(pid);
}

static void test_a_link_equals_a_direct_readlink(void **state)
{
    struct rg_err err = {0};
    struct rg_buf out;
    char target[4096];
    ssize_t n = readlink("/proc/self/exe", target, sizeof(target));

    assert_true(n > 0);
    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    assert_int_equal(rg_procfs_read_link(*state, getpid(), "exe", &out, &err), RG_OK);
    assert_int_equal(out.len, n);
    assert_memory_equal(out.data, target, (size_t)n);
    rg_buf_finish(&out);
}

static void test_a_process_that_vanished_is_not_found(void **state)
{
    struct rg_procfs_stat seen;
    struct rg_err err = {0};
    struct rg_buf out;
    int64_t count;
    pid_t pid = start_stopped();

    end_child(pid);
    rg_buf_init(&out, 4096);
    assert_int_equal(rg_procfs_read_pid(*state, pid, "stat", &out, &err), RG_ENOTFOUND);
    assert_true(err.errnum == ENOENT || err.errnum == ESRCH);
    assert_string_equal(err.text, "");
    assert_int_equal(rg_procfs_read_link(*state, pid, "exe", &out, &err), RG_ENOTFOUND);
    assert_int_equal(rg_procfs_count_fds(*state, pid, &count, &err), RG_ENOTFOUND);
    assert_int_equal(rg_procfs_stat_pid(*state, pid, "fd", &seen, &err), RG_ENOTFOUND);
    rg_buf_finish(&out);
}

/* Runs in a child: 0 when root's process refuses what it must. */
static int ask_as_nobody(struct rg_procfs *fs, pid_t pid)
{
    struct rg_err err = {0};
    struct rg_buf out;
    bool ok;

    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        return SKIPPED_IN_CHILD;
    rg_buf_init(&out, 4096);
    ok = rg_procfs_read_pid(fs, pid, "environ", &out, &err) == RG_EACCES && err.errnum == EACCES &&
         !err.text[0] && out.len == 0;
    ok = ok && rg_procfs_read_link(fs, pid, "exe", &out, &err) == RG_EACCES && !err.text[0];
    ok = ok && rg_procfs_read_pid(fs, pid, "stat", &out, &err) == RG_OK && out.len > 0;
    rg_buf_finish(&out);
    return ok ? 0 : 1;
}

static void test_files_of_another_user_are_refused(void **state)
{
    pid_t child;
    int status;

    if (geteuid() != 0) {
        print_message("skipped: only root can become another user\n");
        skip();
    }
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(ask_as_nobody(*state, getppid()));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED_IN_CHILD) {
        print_message("skipped: user %d does not exist here\n", NOBODY);
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Starts "sh" with an argument of 64 KiB; it waits until input ends. The pipe "started" closes when
 * the program has replaced the child. */
static pid_t start_with_long_argument(const char *argument, int *input)
{
    int in[2];
    int started[2];
    pid_t pid;
    char byte;

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(started, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (dup2(in[0], 0) == 0)
            execl("/bin/sh", "sh", "-c", "read line", argument, (char *)NULL);
        _exit(1);
    }
    close(in[0]);
    close(started[1]);
    assert_int_equal(read(started[0], &byte, 1), 0);
    close(started[0]);
    *input = in[1];
    return pid;
}

static void test_a_command_line_of_64_kib_is_read_whole(void **state)
{
    static const char head[] = "sh\0-c\0read line\0";
    static char argument[LONG_ARGUMENT + 1];
    struct rg_err err = {0};
    struct rg_buf out;
    pid_t pid;
    int input;

    memset(argument, 'a', LONG_ARGUMENT);
    pid = start_with_long_argument(argument, &input);
    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    assert_int_equal(rg_procfs_read_pid(*state, pid, "cmdline", &out, &err), RG_OK);
    assert_int_equal(out.len, sizeof(head) - 1 + sizeof(argument));
    assert_memory_equal(out.data, head, sizeof(head) - 1);
    assert_memory_equal(out.data + sizeof(head) - 1, argument, sizeof(argument));
    rg_buf_finish(&out);
    rg_buf_init(&out, 65536);
    assert_int_equal(rg_procfs_read_pid(*state, pid, "cmdline", &out, &err), RG_ETOOBIG);
    assert_int_equal(out.len, 0);
    rg_buf_finish(&out);
    close(input);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_host_files_are_read(void **state)
{
    struct rg_err err = {0};
    struct rg_buf out;

    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    assert_int_equal(rg_procfs_read_host(*state, "stat", &out, &err), RG_OK);
    assert_true(rg_str_starts(rg_str_buf(&out), "cpu "));
    assert_int_equal(rg_procfs_read_host(*state, "sys/kernel/ostype", &out, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&out), "Linux\n"));
    assert_int_equal(rg_procfs_read_host(*state, "no-such-file", &out, &err), RG_ENOTFOUND);
    rg_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest real[] = {
        cmocka_unit_test(test_files_of_a_stopped_process_equal_a_direct_read),
        cmocka_unit_test(test_own_stat_begins_with_the_own_pid_and_name),
        cmocka_unit_test(test_the_list_holds_the_own_pid_and_grows_by_a_child),
        cmocka_unit_test(test_the_descriptor_count_equals_the_entries_of_the_directory),
        cmocka_unit_test(test_a_link_equals_a_direct_readlink),
        cmocka_unit_test(test_a_process_that_vanished_is_not_found),
        cmocka_unit_test(test_files_of_another_user_are_refused),
        cmocka_unit_test(test_a_command_line_of_64_kib_is_read_whole),
        cmocka_unit_test(test_host_files_are_read),
    };
    int failures = run_below_a_directory();

    return failures + cmocka_run_group_tests_name("live procfs", real, setup_proc, teardown_proc);
}
