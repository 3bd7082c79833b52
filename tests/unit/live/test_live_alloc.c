/* Every allocation of the live backends fails once: RG_ENOMEM (RG_EIO from a sink), no leak, and
 * the same call succeeds afterwards. */
#include "conform_tree.h"
#include "fail_alloc.h"
#include "rg/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* One attempt; what it made it destroys. */
typedef enum rg_status attempt_fn(const char *root);

static void fail_each(attempt_fn *attempt, const char *root, enum rg_status expected)
{
    bool happened = true;
    long failed = 0;

    for (long n = 1; happened; n++) {
        enum rg_status st;

        fail_alloc_at(n);
        st = attempt(root);
        happened = fail_alloc_happened();
        fail_alloc_at(0);
        assert_int_equal(st, happened ? expected : RG_OK);
        failed += happened;
    }
    assert_true(failed > 0);
}

static int setup(void **state)
{
    static char root[CONFORM_PATH_MAX];

    conform_tree_create(root);
    conform_tree_file(root, "5/maps", root, sizeof(root));
    conform_tree_file(root, "out", "", 0);
    conform_tree_link(root, "5/exe", "target");
    *state = root;
    return 0;
}

static int teardown(void **state)
{
    conform_tree_remove(*state);
    return 0;
}

static void do_nothing(void *arg)
{
    (void)arg;
}

static enum rg_status run_tasks(const char *root)
{
    struct rg_runtime *rt;
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    struct rg_err err = {0};
    enum rg_status st = rg_live_runtime_create(&rt, &err);
    uint32_t task;

    (void)root;
    if (st != RG_OK)
        return st;
    mutex = rg_mutex_create(rt, "mutex");
    cond = rg_cond_create(rt, "cond");
    st = mutex && cond ? RG_OK : RG_ENOMEM;
    if (st == RG_OK)
        st = rg_runtime_spawn(rt, "task", do_nothing, NULL, &task, &err);
    if (st == RG_OK)
        rg_runtime_join(rt, task);
    rg_cond_destroy(cond);
    rg_mutex_destroy(mutex);
    rg_runtime_destroy(rt);
    return st;
}

static enum rg_status read_processes(const char *root)
{
    struct rg_pid_list list = {0};
    struct rg_procfs *fs;
    struct rg_err err = {0};
    struct rg_buf out;
    enum rg_status st = rg_live_procfs_create(root, &fs, &err);

    if (st != RG_OK)
        return st;
    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    st = rg_procfs_list_pids(fs, &list, &err);
    if (st == RG_OK)
        st = rg_procfs_read_pid(fs, 5, "maps", &out, &err);
    rg_buf_finish(&out);
    if (st == RG_OK)
        st = rg_procfs_read_link(fs, 5, "exe", &out, &err);
    rg_buf_finish(&out);
    rg_pid_list_finish(&list);
    rg_procfs_destroy(fs);
    return st;
}

static enum rg_status ask_host(const char *root)
{
    struct rg_live_host_options options = {.options = "a: 1", .etc = root};
    struct rg_host *host;
    struct rg_err err = {0};
    struct rg_buf out;
    enum rg_status st = rg_live_host_create(&options, &host, &err);

    if (st != RG_OK)
        return st;
    rg_buf_init(&out, RG_HOST_TEXT_MAX);
    st = rg_host_user_name(host, 0, &out, &err);
    rg_buf_finish(&out);
    if (st == RG_OK)
        st = rg_host_document(host, "options", &out, &err);
    rg_buf_finish(&out);
    rg_host_destroy(host);
    return st;
}

static enum rg_status store(const char *root)
{
    struct rg_storage_list list = {0};
    struct rg_storage *storage;
    struct rg_err err = {0};
    struct rg_buf out;
    enum rg_status st = rg_live_storage_create(root, &storage, &err);

    if (st != RG_OK)
        return st;
    rg_buf_init(&out, 100);
    st = rg_storage_put(storage, "dumps", "a", "x", 1, &err);
    if (st == RG_OK)
        st = rg_storage_get(storage, "dumps", "a", &out, &err);
    if (st == RG_OK)
        st = rg_storage_list(storage, "dumps", &list, &err);
    rg_storage_list_finish(&list);
    rg_buf_finish(&out);
    rg_storage_destroy(storage);
    return st;
}

static enum rg_status emit_to_file(const char *root)
{
    struct rg_output output = {.kind = "log", .source = "s", .payload = RG_STR_LIT("x")};
    char path[CONFORM_PATH_MAX];
    struct rg_sink *sink;
    struct rg_err err = {0};
    enum rg_status st = rg_live_sink_file(conform_tree_path(root, "out", path), &sink, &err);

    if (st != RG_OK)
        return st == RG_ENOMEM ? RG_EIO : st;
    st = rg_sink_emit(sink, &output, NULL, &err);
    rg_sink_destroy(sink);
    return st;
}

static enum rg_status emit_to_stream(const char *root)
{
    struct rg_output output = {.kind = "log", .source = "s", .payload = RG_STR_LIT("x")};
    struct rg_sink *sink;
    struct rg_err err = {0};
    enum rg_status st = rg_live_sink_stream(STDERR_FILENO, &sink, &err);

    (void)root;
    if (st != RG_OK)
        return st == RG_ENOMEM ? RG_EIO : st;
    st = rg_sink_emit(sink, &output, NULL, &err);
    rg_sink_destroy(sink);
    return st;
}

static void test_the_runtime_survives_each_failure(void **state)
{
    fail_each(run_tasks, *state, RG_ENOMEM);
}

static void test_the_procfs_survives_each_failure(void **state)
{
    fail_each(read_processes, *state, RG_ENOMEM);
}

static void test_the_host_survives_each_failure(void **state)
{
    fail_each(ask_host, *state, RG_ENOMEM);
}

static void test_the_storage_survives_each_failure(void **state)
{
    fail_each(store, *state, RG_ENOMEM);
}

static void test_the_sinks_survive_each_failure(void **state)
{
    fail_each(emit_to_file, *state, RG_EIO);
    fail_each(emit_to_stream, *state, RG_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_runtime_survives_each_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_procfs_survives_each_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_host_survives_each_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_storage_survives_each_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_sinks_survive_each_failure, setup, teardown),
    };

    return cmocka_run_group_tests_name("live allocation failures", tests, NULL, NULL);
}
