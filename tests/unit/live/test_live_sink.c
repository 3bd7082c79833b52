#include "conform_tree.h"
#include "rg/live.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

static struct rg_sink *open_file(const char *path)
{
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};

    assert_int_equal(rg_live_sink_file(path, &sink, &err), RG_OK);
    return sink;
}

static enum rg_status emit(
    struct rg_sink *sink, const char *kind, struct rg_str payload, struct rg_err *err)
{
    struct rg_output output = {.kind = kind, .source = "process", .payload = payload};

    return rg_sink_emit(sink, &output, NULL, err);
}

static void assert_file(const char *path, const char *text)
{
    char seen[1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, seen, sizeof(seen));

    close(fd);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(seen, text, strlen(text));
}

static void test_records_have_the_documented_form_and_are_appended(void **state)
{
    static const struct rg_output_header headers[] = {{"Content-Type", "a\"b"}, {"X", "1"}};
    struct rg_output output = {.kind = "payload",
        .source = "process",
        .headers = headers,
        .header_count = 2,
        .payload = RG_STR_LIT("two\nlines")};
    char path[CONFORM_PATH_MAX];
    struct rg_sink *sink = open_file(conform_tree_path(*state, "out", path));
    struct rg_err err = {0};

    assert_int_equal(rg_sink_emit(sink, &output, NULL, &err), RG_OK);
    rg_sink_destroy(sink);
    sink = open_file(path);
    assert_int_equal(emit(sink, "log", (struct rg_str){0}, &err), RG_OK);
    rg_sink_destroy(sink);
    assert_file(path, "{\"kind\":\"payload\",\"source\":\"process\",\"headers\":[[\"Content-Type\","
                      "\"a\\\"b\"],[\"X\",\"1\"]],\"bytes\":9}\ntwo\nlines\n"
                      "{\"kind\":\"log\",\"source\":\"process\",\"headers\":[],\"bytes\":0}\n\n");
}

static void test_a_file_that_cannot_be_opened_is_named(void **state)
{
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};
    char path[CONFORM_PATH_MAX];

    conform_tree_path(*state, "no/out", path);
    assert_int_equal(rg_live_sink_file(path, &sink, &err), RG_ENOTFOUND);
    assert_non_null(strstr(err.text, path));
    assert_null(sink);
}

static void test_a_full_device_is_reported(void **state)
{
    struct rg_sink *sink = open_file("/dev/full");
    struct rg_err err = {0};

    (void)state;
    assert_int_equal(emit(sink, "payload", RG_STR_LIT("x"), &err), RG_EIO);
    assert_non_null(strstr(err.text, strerrordesc_np(ENOSPC)));
    rg_sink_destroy(sink);
}

static void test_a_record_that_does_not_fit_is_cut_off_again(void **state)
{
    static char big[4096];
    char path[CONFORM_PATH_MAX];
    struct rg_sink *sink = open_file(conform_tree_path(*state, "out", path));
    struct rlimit old;
    struct rlimit small;
    struct rg_err err = {0};

    assert_int_equal(emit(sink, "log", RG_STR_LIT("a"), &err), RG_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_IGN);
    small = (struct rlimit){.rlim_cur = 1000, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(emit(sink, "payload", (struct rg_str){big, sizeof(big)}, &err), RG_EIO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_non_null(strstr(err.text, strerrordesc_np(EFBIG)));
    assert_int_equal(emit(sink, "log", RG_STR_LIT("b"), &err), RG_OK);
    rg_sink_destroy(sink);
    assert_file(path, "{\"kind\":\"log\",\"source\":\"process\",\"headers\":[],\"bytes\":1}\na\n"
                      "{\"kind\":\"log\",\"source\":\"process\",\"headers\":[],\"bytes\":1}\nb\n");
}

static void test_the_stream_carries_log_lines_and_counts_the_rest(void **state)
{
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};
    char seen[64];
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(rg_live_sink_stream(ends[1], &sink, &err), RG_OK);
    assert_int_equal(emit(sink, "log", RG_STR_LIT("first"), &err), RG_OK);
    assert_int_equal(emit(sink, "payload", RG_STR_LIT("bytes"), &err), RG_OK);
    assert_int_equal(emit(sink, "logs", RG_STR_LIT("bytes"), &err), RG_OK);
    assert_int_equal(emit(sink, "log", RG_STR_LIT(""), &err), RG_OK);
    assert_int_equal(rg_live_sink_stream_dropped(sink), 2);
    rg_sink_destroy(sink);
    assert_int_equal(close(ends[1]), 0); /* still open: the sink only borrowed it */
    assert_int_equal(read(ends[0], seen, sizeof(seen)), 7);
    assert_memory_equal(seen, "first\n\n", 7);
    close(ends[0]);
}

static void test_a_stream_that_fails_is_reported(void **state)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};

    (void)state;
    assert_true(full >= 0);
    assert_int_equal(rg_live_sink_stream(full, &sink, &err), RG_OK);
    assert_int_equal(emit(sink, "log", RG_STR_LIT("x"), &err), RG_EIO);
    assert_non_null(strstr(err.text, strerrordesc_np(ENOSPC)));
    assert_int_equal(emit(sink, "payload", RG_STR_LIT("x"), &err), RG_OK);
    rg_sink_destroy(sink);
    close(full);
}

static void test_a_line_or_header_above_its_limit_is_refused(void **state)
{
    size_t len = ((size_t)1 << 20) + 1;
    char *text = malloc(len + 1);
    struct rg_output_header header = {.name = "X", .value = text};
    struct rg_output output = {
        .kind = "payload", .source = "process", .headers = &header, .header_count = 1};
    char path[CONFORM_PATH_MAX];
    struct rg_sink *file = open_file(conform_tree_path(*state, "out", path));
    struct rg_sink *stream = NULL;
    struct rg_err err = {0};

    assert_non_null(text);
    memset(text, 'x', len);
    text[len] = '\0';
    assert_int_equal(rg_sink_emit(file, &output, NULL, &err), RG_EINVALID);
    assert_int_equal(rg_live_sink_stream(2, &stream, &err), RG_OK);
    assert_int_equal(emit(stream, "log", (struct rg_str){text, len}, &err), RG_EINVALID);
    rg_sink_destroy(stream);
    rg_sink_destroy(file);
    assert_file(path, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_records_have_the_documented_form_and_are_appended, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_file_that_cannot_be_opened_is_named, setup, teardown),
        cmocka_unit_test(test_a_full_device_is_reported),
        cmocka_unit_test_setup_teardown(
            test_a_record_that_does_not_fit_is_cut_off_again, setup, teardown),
        cmocka_unit_test(test_the_stream_carries_log_lines_and_counts_the_rest),
        cmocka_unit_test(test_a_stream_that_fails_is_reported),
        cmocka_unit_test_setup_teardown(
            test_a_line_or_header_above_its_limit_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests_name("live sink", tests, NULL, NULL);
}
