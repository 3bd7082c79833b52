#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "mcap_sample.h"

/* An output that fails at one write and counts the calls behind that. */
struct failing {
    int fail_at, writes, after_failure;
    bool fail_commit;
    int commits, destroyed;
};

static enum rg_status failing_write(void *ctx, const void *bytes, size_t len, struct rg_err *err)
{
    struct failing *f = ctx;

    (void)bytes;
    assert_int_not_equal(len, 0);
    if (f->fail_at && f->writes >= f->fail_at)
        f->after_failure++;
    if (++f->writes != f->fail_at)
        return RG_OK;
    rg_err_set(err, "write x.mcap.partial: disk full");
    err->errnum = ENOSPC;
    return RG_EIO;
}

static enum rg_status failing_commit(void *ctx, struct rg_err *err)
{
    struct failing *f = ctx;

    f->commits++;
    if (!f->fail_commit)
        return RG_OK;
    rg_err_set(err, "fsync x.mcap.partial: broken");
    err->errnum = EIO;
    return RG_EIO;
}

static void failing_destroy(void *ctx)
{
    ((struct failing *)ctx)->destroyed++;
}

static struct rg_mcap_out failing_out(struct failing *f)
{
    return (struct rg_mcap_out){failing_write, failing_commit, failing_destroy, f};
}

static void test_each_failing_write_is_reported_and_final(void **state)
{
    int n = 0;

    (void)state;
    for (;;) {
        struct failing f = {.fail_at = ++n};
        struct rg_err err = {0};
        enum rg_status st = sample_write_to(failing_out(&f), RG_MCAP_ZSTD, &err);

        assert_int_equal(f.destroyed, 1);
        if (st == RG_OK)
            break;
        assert_int_equal(st, RG_EIO);
        assert_int_equal(err.errnum, ENOSPC);
        assert_string_equal(err.text, "write x.mcap.partial: disk full");
        assert_int_equal(f.after_failure, 0);
        assert_int_equal(f.commits, 0);
    }
    assert_true(n > 8);
}

static void test_failed_commit_is_reported(void **state)
{
    struct failing f = {.fail_commit = true};
    struct rg_err err = {0};

    (void)state;
    assert_int_equal(sample_write_to(failing_out(&f), RG_MCAP_NONE, &err), RG_EIO);
    assert_int_equal(err.errnum, EIO);
    assert_int_equal(f.commits, 1);
}

static void test_failed_writer_repeats_its_failure(void **state)
{
    const struct rg_mcap_writer_options options = {.compression = RG_MCAP_NONE};
    const struct rg_mcap_channel channel = {1, 0, RG_STR_LIT("/t"), RG_STR_LIT(""), RG_STR_LIT("")};
    const struct rg_mcap_message msg = {1, 1, 1, 1, RG_STR_LIT("x")};
    struct failing f = {.fail_at = 2};
    struct rg_mcap_writer *w;
    struct rg_err err;

    (void)state;
    assert_int_equal(rg_mcap_writer_create_out(failing_out(&f), &options, &w, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_channel(w, &channel, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_message(w, &msg, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_flush(w, &err), RG_EIO);
    err = (struct rg_err){0};
    assert_int_equal(rg_mcap_writer_message(w, &msg, &err), RG_EIO);
    assert_int_equal(err.errnum, ENOSPC);
    assert_int_equal(rg_mcap_writer_finish(w, &err), RG_EIO);
    assert_int_equal(f.after_failure, 0);
    rg_mcap_writer_destroy(w);
}

static void test_each_failing_allocation_is_reported(void **state)
{
    long n = 0;

    (void)state;
    for (;;) {
        struct rg_buf out;
        struct rg_err err = {0};
        enum rg_status st;

        rg_buf_init(&out, 1 << 20);
        fail_alloc_at(++n);
        st = sample_write_to(rg_mcap_out_buf(&out), RG_MCAP_ZSTD, &err);
        fail_alloc_at(0);
        rg_buf_finish(&out);
        if (st == RG_OK)
            break;
        assert_int_equal(st, RG_ENOMEM);
        assert_true(n < 1000);
    }
    assert_true(n > 10);
}

static void test_rules_of_the_format_are_enforced(void **state)
{
    const struct rg_mcap_writer_options options = {.compression = RG_MCAP_NONE};
    struct rg_mcap_schema schema = {1, RG_STR_LIT("A"), RG_STR_LIT(""), RG_STR_LIT("")};
    struct rg_mcap_channel channel = {4, 9, RG_STR_LIT("/t"), RG_STR_LIT(""), RG_STR_LIT("")};
    struct rg_mcap_message msg = {5, 1, 1, 1, RG_STR_LIT("x")};
    struct rg_mcap_metadata meta = {RG_STR_LIT("m"), RG_STR_LIT("bad")};
    struct sample_result result;
    struct rg_mcap_writer *w;
    struct rg_buf out;
    struct rg_err err;

    (void)state;
    rg_buf_init(&out, 1 << 20);
    assert_int_equal(rg_mcap_writer_create_out(rg_mcap_out_buf(&out), &options, &w, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_channel(w, &channel, &err), RG_EINVALID);
    assert_non_null(strstr(err.text, "unknown schema 9"));
    assert_int_equal(rg_mcap_writer_schema(w, &schema, &err), RG_OK);
    schema.name = RG_STR_LIT("B");
    assert_int_equal(rg_mcap_writer_schema(w, &schema, &err), RG_EINVALID);
    schema.id = 0;
    assert_int_equal(rg_mcap_writer_schema(w, &schema, &err), RG_EINVALID);
    channel.schema_id = 1;
    assert_int_equal(rg_mcap_writer_channel(w, &channel, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_channel(w, &channel, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_message(w, &msg, &err), RG_EINVALID);
    assert_non_null(strstr(err.text, "channel 5"));
    assert_int_equal(rg_mcap_writer_metadata(w, &meta, &err), RG_EINVALID);
    msg.channel_id = 4;
    msg.data.len = RG_MCAP_RECORD_BYTES_MAX; /* never read: the length is refused first */
    assert_int_equal(rg_mcap_writer_message(w, &msg, &err), RG_ELIMIT);
    msg.data.len = 1;
    assert_int_equal(rg_mcap_writer_message(w, &msg, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_finish(w, &err), RG_OK);
    rg_mcap_writer_destroy(w);
    sample_read(out.data, out.len, &result);
    assert_int_equal(result.st, RG_EEND);
    assert_int_equal(result.messages, 1);
    rg_buf_finish(&out);
}

/* Messages of 100 bytes at the given log times; returns the number of chunks. */
static uint64_t chunks_of(const uint64_t *times, size_t count, size_t bytes_max, uint64_t ns_max)
{
    const struct rg_mcap_writer_options options = {
        .compression = RG_MCAP_LZ4, .chunk_bytes_max = bytes_max, .chunk_ns_max = ns_max};
    const struct rg_mcap_channel channel = {1, 0, RG_STR_LIT("/t"), RG_STR_LIT(""), RG_STR_LIT("")};
    const char data[100] = {0};
    struct rg_mcap_writer_stats stats;
    struct sample_result result;
    struct rg_mcap_writer *w;
    struct rg_buf out;

    rg_buf_init(&out, 1 << 20);
    assert_int_equal(rg_mcap_writer_create_out(rg_mcap_out_buf(&out), &options, &w, NULL), RG_OK);
    assert_int_equal(rg_mcap_writer_channel(w, &channel, NULL), RG_OK);
    for (size_t i = 0; i < count; i++) {
        struct rg_mcap_message msg = {1, (uint32_t)i, times[i], 0, {data, sizeof(data)}};

        assert_int_equal(rg_mcap_writer_message(w, &msg, NULL), RG_OK);
    }
    rg_mcap_writer_stats(w, &stats);
    assert_int_not_equal(stats.open_bytes, 0);
    assert_int_equal(rg_mcap_writer_finish(w, NULL), RG_OK);
    rg_mcap_writer_stats(w, &stats);
    assert_int_equal(stats.bytes, out.len);
    assert_int_equal(stats.messages, count);
    assert_int_equal(stats.open_bytes, 0);
    rg_mcap_writer_destroy(w);
    sample_read(out.data, out.len, &result);
    assert_int_equal(result.st, RG_EEND);
    assert_int_equal(result.messages, count);
    rg_buf_finish(&out);
    return stats.chunks;
}

static void test_chunks_close_by_size_and_by_span_of_log_time(void **state)
{
    static const uint64_t same[] = {5, 5, 5, 5, 5, 5};
    static const uint64_t steps[] = {0, 400, 999, 1000, 1500, 2000};
    static const uint64_t back[] = {5000, 4500, 4100, 3900};

    (void)state;
    assert_int_equal(chunks_of(same, 6, 0, 0), 1);
    assert_int_equal(chunks_of(same, 6, 1, 0), 6); /* larger than a chunk: one each */
    assert_int_equal(chunks_of(same, 6, 2 * 131 + 40, 0), 3);
    assert_int_equal(chunks_of(steps, 6, 0, 1000), 3);
    assert_int_equal(chunks_of(back, 4, 0, 1000), 2);
}

static void test_chunk_that_shrinks_too_much_is_stored_as_it_is(void **state)
{
    const struct rg_mcap_writer_options options = {.compression = RG_MCAP_ZSTD};
    const struct rg_mcap_channel channel = {1, 0, RG_STR_LIT("/t"), RG_STR_LIT(""), RG_STR_LIT("")};
    const size_t len = (size_t)32 << 20;
    struct rg_mcap_message msg = {1, 0, 0, 0, {NULL, len}};
    struct sample_result result;
    struct rg_mcap_writer *w;
    struct rg_buf out;
    char *zeros = calloc(1, len);

    (void)state;
    assert_non_null(zeros);
    msg.data.ptr = zeros;
    rg_buf_init(&out, (size_t)64 << 20);
    assert_int_equal(rg_mcap_writer_create_out(rg_mcap_out_buf(&out), &options, &w, NULL), RG_OK);
    assert_int_equal(rg_mcap_writer_channel(w, &channel, NULL), RG_OK);
    assert_int_equal(rg_mcap_writer_message(w, &msg, NULL), RG_OK);
    assert_int_equal(rg_mcap_writer_finish(w, NULL), RG_OK);
    rg_mcap_writer_destroy(w);
    assert_true(out.len > len);
    sample_read(out.data, out.len, &result);
    assert_int_equal(result.st, RG_EEND);
    assert_int_equal(result.messages, 1);
    rg_buf_finish(&out);
    free(zeros);
}

static void path_in(char *path, size_t size, const char *folder, const char *name)
{
    assert_true(snprintf(path, size, "%s/%s", folder, name) < (int)size);
}

static int make_folder(void **state)
{
    char name[] = "/tmp/rg-mcap-XXXXXX";

    *state = mkdtemp(name) ? strdup(name) : NULL;
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    char path[256];

    path_in(path, sizeof(path), *state, "a.mcap");
    remove(path);
    path_in(path, sizeof(path), *state, "a.mcap.partial");
    remove(path);
    rmdir(*state);
    free(*state);
    return 0;
}

static void test_file_is_partial_until_it_is_finished(void **state)
{
    const struct rg_mcap_writer_options options = {.compression = RG_MCAP_ZSTD};
    const struct rg_mcap_channel channel = {1, 0, RG_STR_LIT("/t"), RG_STR_LIT(""), RG_STR_LIT("")};
    const struct rg_mcap_message msg = {1, 1, 1, 1, RG_STR_LIT("x")};
    char path[256], partial[256];
    struct rg_mcap_writer_stats stats;
    struct rg_mcap_writer *w, *second;
    struct stat status;
    struct rg_err err = {0};

    path_in(path, sizeof(path), *state, "a.mcap");
    path_in(partial, sizeof(partial), *state, "a.mcap.partial");
    assert_int_equal(rg_mcap_writer_create(path, &options, &w, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_channel(w, &channel, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_message(w, &msg, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_flush(w, &err), RG_OK);
    rg_mcap_writer_stats(w, &stats);
    assert_int_equal(stat(partial, &status), 0);
    assert_int_equal(status.st_size, stats.bytes); /* flushed: the kernel has it all */
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rg_mcap_writer_create(path, &options, &second, &err), RG_EIO);
    assert_int_equal(err.errnum, EEXIST);
    assert_non_null(strstr(err.text, "a.mcap.partial"));
    assert_int_equal(rg_mcap_writer_finish(w, &err), RG_OK);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(access(partial, F_OK), -1);
    rg_mcap_writer_destroy(w);
}

static void test_destroy_without_finish_leaves_a_cut_file(void **state)
{
    const struct rg_mcap_writer_options options = {.compression = RG_MCAP_ZSTD};
    const struct rg_mcap_channel channel = {1, 0, RG_STR_LIT("/t"), RG_STR_LIT(""), RG_STR_LIT("")};
    const struct rg_mcap_message msg = {1, 1, 1, 1, RG_STR_LIT("x")};
    struct sample_result result = {0};
    struct rg_mcap_reader *reader;
    struct rg_mcap_writer *w;
    struct rg_err err = {0};
    char path[256];

    path_in(path, sizeof(path), *state, "a.mcap");
    assert_int_equal(rg_mcap_writer_create(path, &options, &w, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_channel(w, &channel, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_message(w, &msg, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_flush(w, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_message(w, &msg, &err), RG_OK);
    rg_mcap_writer_destroy(w);
    path_in(path, sizeof(path), *state, "a.mcap.partial");
    assert_int_equal(rg_mcap_reader_open(path, &reader, &err), RG_OK);
    sample_drain(reader, &result);
    rg_mcap_reader_destroy(reader);
    assert_int_equal(result.st, RG_EEND);
    assert_true(result.progress.truncated);
    assert_int_equal(result.messages, 1);
}

static void test_full_disk_names_the_file(void **state)
{
    const struct rg_mcap_writer_options options = {.compression = RG_MCAP_NONE};
    const struct rg_mcap_channel channel = {1, 0, RG_STR_LIT("/t"), RG_STR_LIT(""), RG_STR_LIT("")};
    static const char data[8192];
    const struct rg_mcap_message msg = {1, 1, 1, 1, {data, sizeof(data)}};
    struct rlimit old, low;
    struct rg_mcap_writer *w;
    struct rg_err err = {0};
    char path[256];

    path_in(path, sizeof(path), *state, "a.mcap");
    assert_int_equal(rg_mcap_writer_create(path, &options, &w, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_channel(w, &channel, &err), RG_OK);
    assert_int_equal(rg_mcap_writer_message(w, &msg, &err), RG_OK);
    /* The limit stands in for a full disk: a short write, then EFBIG. */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = (struct rlimit){4096, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    assert_int_equal(rg_mcap_writer_flush(w, &err), RG_EIO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(err.errnum, EFBIG);
    assert_non_null(strstr(err.text, "a.mcap.partial"));
    rg_mcap_writer_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_failing_write_is_reported_and_final),
        cmocka_unit_test(test_failed_commit_is_reported),
        cmocka_unit_test(test_failed_writer_repeats_its_failure),
        cmocka_unit_test(test_each_failing_allocation_is_reported),
        cmocka_unit_test(test_rules_of_the_format_are_enforced),
        cmocka_unit_test(test_chunks_close_by_size_and_by_span_of_log_time),
        cmocka_unit_test(test_chunk_that_shrinks_too_much_is_stored_as_it_is),
        cmocka_unit_test_setup_teardown(
            test_file_is_partial_until_it_is_finished, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_destroy_without_finish_leaves_a_cut_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_full_disk_names_the_file, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
