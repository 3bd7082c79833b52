#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "mcap_sample.h"

static void check_messages(struct rg_mcap_reader *reader)
{
    struct rg_mcap_record rec;
    struct rg_err err;
    uint32_t sequence = 0;
    enum rg_status st;

    while ((st = rg_mcap_reader_next(reader, &rec, &err)) == RG_OK) {
        const struct rg_mcap_message *msg = &rec.u.message;
        char text[48];

        if (rec.op != RG_MCAP_MESSAGE)
            continue;
        snprintf(text, sizeof(text), "message number %u, number %u", (unsigned)sequence,
            (unsigned)sequence);
        assert_int_equal(msg->channel_id, sequence % 3 == 0 ? 7 : 2);
        assert_int_equal(msg->sequence, sequence);
        assert_int_equal(msg->log_time, 1000 + 10 * sequence);
        assert_int_equal(msg->publish_time, 5000 + sequence);
        assert_true(rg_str_is(msg->data, text));
        sequence++;
    }
    assert_int_equal(st, RG_EEND);
    assert_int_equal(sequence, SAMPLE_MESSAGES);
}

static void test_everything_written_is_read_with_each_compression(void **state)
{
    static const enum rg_mcap_compression kinds[] = {RG_MCAP_NONE, RG_MCAP_LZ4, RG_MCAP_ZSTD};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rg_mcap_progress progress;
        struct sample_result result;
        struct rg_mcap_reader *reader;
        struct rg_buf file;

        sample_write(&file, kinds[i]);
        assert_int_equal(rg_mcap_reader_open_memory(file.data, file.len, &reader, NULL), RG_OK);
        assert_true(rg_str_is(rg_mcap_reader_header(reader)->profile, "reagent"));
        assert_true(rg_str_is(rg_mcap_reader_header(reader)->library, "reagent test"));
        check_messages(reader);
        assert_true(rg_str_is(rg_mcap_reader_channel(reader, 2)->topic, "/proc"));
        assert_true(rg_str_is(rg_mcap_reader_schema(reader, 3)->name, "rg.Sample"));
        assert_null(rg_mcap_reader_channel(reader, 3));
        rg_mcap_reader_progress(reader, &progress);
        assert_true(progress.complete);
        assert_false(progress.truncated);
        assert_int_equal(progress.whole_bytes, file.len);
        rg_mcap_reader_destroy(reader);
        sample_read(file.data, file.len, &result);
        assert_int_equal(result.items, SAMPLE_ITEMS);
        rg_buf_finish(&file);
    }
}

static void test_attachment_and_metadata_keep_their_fields(void **state)
{
    struct rg_str pairs, key, value;
    struct rg_mcap_reader *reader;
    struct rg_mcap_record rec;
    struct rg_buf file;
    int seen = 0;

    (void)state;
    sample_write(&file, RG_MCAP_ZSTD);
    assert_int_equal(rg_mcap_reader_open_memory(file.data, file.len, &reader, NULL), RG_OK);
    while (rg_mcap_reader_next(reader, &rec, NULL) == RG_OK) {
        if (rec.op == RG_MCAP_ATTACHMENT) {
            seen += 1;
            assert_int_equal(rec.u.attachment.log_time, 11);
            assert_int_equal(rec.u.attachment.create_time, 12);
            assert_true(rg_str_is(rec.u.attachment.name, "agent.yaml"));
            assert_true(rg_str_is(rec.u.attachment.media_type, "text/plain"));
            assert_true(rg_str_is(rec.u.attachment.data, "a: 1\n"));
        }
        if (rec.op == RG_MCAP_METADATA) {
            seen += 10;
            pairs = rec.u.metadata.pairs;
            assert_true(rg_mcap_pair_next(&pairs, &key, &value));
            assert_true(rg_str_is(key, "format") && rg_str_is(value, "1"));
            assert_true(rg_mcap_pair_next(&pairs, &key, &value));
            assert_true(rg_str_is(key, "seed") && rg_str_is(value, "42"));
            assert_false(rg_mcap_pair_next(&pairs, &key, &value));
        }
    }
    assert_int_equal(seen, 11);
    rg_mcap_reader_destroy(reader);
    rg_buf_finish(&file);
}

static size_t count_of(const struct rg_mcap_summary *summary, enum rg_mcap_op op)
{
    struct rg_mcap_record rec;
    size_t pos = 0, count = 0;

    while (rg_mcap_summary_next(summary, op, &pos, &rec))
        count++;
    return count;
}

static void test_summary_is_read_without_the_data_and_reading_goes_on(void **state)
{
    const struct rg_mcap_summary *summary;
    struct rg_mcap_reader *reader;
    struct rg_mcap_record rec;
    struct rg_buf file;
    size_t pos = 0;

    (void)state;
    sample_write(&file, RG_MCAP_NONE);
    assert_int_equal(rg_mcap_reader_open_memory(file.data, file.len, &reader, NULL), RG_OK);
    assert_int_equal(rg_mcap_reader_summary(reader, &summary, NULL), RG_OK);
    assert_int_equal(count_of(summary, RG_MCAP_CHUNK_INDEX), 3);
    assert_int_equal(count_of(summary, RG_MCAP_ATTACHMENT_INDEX), 1);
    assert_int_equal(count_of(summary, RG_MCAP_METADATA_INDEX), 1);
    assert_int_equal(count_of(summary, RG_MCAP_SUMMARY_OFFSET), 6);
    assert_true(rg_mcap_summary_next(summary, RG_MCAP_STATISTICS, &pos, &rec));
    assert_int_equal(rec.u.statistics.message_count, SAMPLE_MESSAGES);
    assert_int_equal(rec.u.statistics.schema_count, 1);
    assert_int_equal(rec.u.statistics.channel_count, 2);
    assert_int_equal(rec.u.statistics.attachment_count, 1);
    assert_int_equal(rec.u.statistics.metadata_count, 1);
    assert_int_equal(rec.u.statistics.chunk_count, 3);
    assert_int_equal(rec.u.statistics.start_time, 1000);
    assert_int_equal(rec.u.statistics.end_time, 1110);
    assert_int_equal(rec.u.statistics.channel_counts.len, 20);
    assert_true(rg_str_is(rg_mcap_reader_channel(reader, 7)->topic, "/raw"));
    check_messages(reader);
    rg_mcap_reader_destroy(reader);
    rg_buf_finish(&file);
}

static void test_index_records_point_at_their_records(void **state)
{
    static const enum rg_mcap_op pairs[][2] = {{RG_MCAP_CHUNK_INDEX, RG_MCAP_CHUNK},
        {RG_MCAP_ATTACHMENT_INDEX, RG_MCAP_ATTACHMENT}, {RG_MCAP_METADATA_INDEX, RG_MCAP_METADATA}};
    const struct rg_mcap_summary *summary;
    struct rg_mcap_reader *reader;
    struct rg_mcap_record rec;
    struct rg_buf file;

    (void)state;
    sample_write(&file, RG_MCAP_LZ4);
    assert_int_equal(rg_mcap_reader_open_memory(file.data, file.len, &reader, NULL), RG_OK);
    assert_int_equal(rg_mcap_reader_summary(reader, &summary, NULL), RG_OK);
    for (size_t i = 0; i < 3; i++) {
        size_t pos = 0;

        while (rg_mcap_summary_next(summary, pairs[i][0], &pos, &rec)) {
            /* All three begin with the same two facts, save for the times of a chunk. */
            uint64_t offset = i == 0   ? rec.u.chunk_index.chunk_offset
                              : i == 1 ? rec.u.attachment_index.offset
                                       : rec.u.metadata_index.offset;
            uint64_t bytes = i == 0   ? rec.u.chunk_index.chunk_bytes
                             : i == 1 ? rec.u.attachment_index.bytes
                                      : rec.u.metadata_index.bytes;

            assert_int_equal(file.data[offset], pairs[i][1]);
            assert_int_equal(rg_mcap_get(file.data + offset + 1, 8) + 9, bytes);
        }
    }
    rg_mcap_reader_destroy(reader);
    rg_buf_finish(&file);
}

static uint64_t first_time_after_seek(struct rg_mcap_reader *reader, uint64_t time)
{
    struct rg_mcap_record rec;

    assert_int_equal(rg_mcap_reader_seek(reader, time, NULL), RG_OK);
    assert_int_equal(rg_mcap_reader_next(reader, &rec, NULL), RG_OK);
    assert_int_equal(rec.op, RG_MCAP_MESSAGE);
    return rec.u.message.log_time;
}

static void test_seek_goes_to_the_first_chunk_that_may_hold_the_time(void **state)
{
    struct sample_result result = {0};
    struct rg_mcap_reader *reader;
    struct rg_buf file;
    struct rg_err err;

    (void)state;
    sample_write(&file, RG_MCAP_ZSTD); /* chunks: 1000..1040, 1050..1080, 1090..1110 */
    assert_int_equal(rg_mcap_reader_open_memory(file.data, file.len, &reader, NULL), RG_OK);
    assert_int_equal(first_time_after_seek(reader, 1050), 1050);
    assert_int_equal(first_time_after_seek(reader, 0), 1000);
    assert_int_equal(first_time_after_seek(reader, 1041), 1050);
    assert_int_equal(first_time_after_seek(reader, 1110), 1090);
    sample_drain(reader, &result);
    assert_int_equal(result.st, RG_EEND);
    assert_true(result.progress.complete);
    assert_int_equal(result.messages, 2);
    assert_int_equal(rg_mcap_reader_seek(reader, 1111, &err), RG_ENOTFOUND);
    assert_int_equal(first_time_after_seek(reader, 1090), 1090); /* also after the end */
    rg_mcap_reader_destroy(reader);
    rg_buf_finish(&file);
}

static void test_file_reads_like_memory(void **state)
{
    char path[] = "/tmp/rg-mcap-XXXXXX";
    struct sample_result memory, disk = {0};
    struct rg_mcap_reader *reader;
    struct rg_err err = {0};
    struct rg_buf file;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    sample_write(&file, RG_MCAP_NONE);
    assert_int_equal(write(fd, file.data, file.len), file.len);
    close(fd);
    sample_read(file.data, file.len, &memory);
    assert_int_equal(rg_mcap_reader_open(path, &reader, &err), RG_OK);
    sample_drain(reader, &disk);
    assert_int_equal(disk.st, RG_EEND);
    assert_int_equal(disk.items, SAMPLE_ITEMS);
    assert_memory_equal(disk.hashes, memory.hashes, sizeof(disk.hashes));
    assert_int_equal(first_time_after_seek(reader, 1090), 1090);
    rg_mcap_reader_destroy(reader);
    unlink(path);
    assert_int_equal(rg_mcap_reader_open(path, &reader, &err), RG_ENOTFOUND);
    assert_non_null(strstr(err.text, path));
    rg_buf_finish(&file);
}

/* A file many times larger than the window, with records on both sides of every block border. */
static void test_large_file_passes_through_a_small_window(void **state)
{
    char path[] = "/tmp/rg-mcap-XXXXXX";
    const struct rg_mcap_writer_options options = {
        .compression = RG_MCAP_NONE, .chunk_bytes_max = 70000};
    const struct rg_mcap_channel channel = {1, 0, RG_STR_LIT("/t"), RG_STR_LIT(""), RG_STR_LIT("")};
    struct sample_result result = {0};
    struct rg_mcap_reader *reader;
    struct rg_mcap_writer *w;
    struct rg_buf file;
    static char data[5003];
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    rg_buf_init(&file, (size_t)16 << 20);
    assert_int_equal(rg_mcap_writer_create_out(rg_mcap_out_buf(&file), &options, &w, NULL), RG_OK);
    assert_int_equal(rg_mcap_writer_channel(w, &channel, NULL), RG_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        struct rg_mcap_message msg = {1, i, i, i, {data, i % sizeof(data)}};

        if (i % 250 == 0)
            msg.data.len = 0;
        assert_int_equal(rg_mcap_writer_message(w, &msg, NULL), RG_OK);
    }
    assert_int_equal(rg_mcap_writer_finish(w, NULL), RG_OK);
    rg_mcap_writer_destroy(w);
    assert_int_equal(write(fd, file.data, file.len), file.len);
    close(fd);
    assert_int_equal(rg_mcap_reader_open(path, &reader, NULL), RG_OK);
    sample_drain(reader, &result);
    assert_int_equal(result.st, RG_EEND);
    assert_int_equal(result.messages, 1000);
    rg_mcap_reader_destroy(reader);
    unlink(path);
    rg_buf_finish(&file);
}

static enum rg_status read_all(const struct rg_buf *file)
{
    const struct rg_mcap_summary *summary;
    struct rg_mcap_reader *reader;
    struct rg_mcap_record rec;
    struct rg_err err;
    enum rg_status st = rg_mcap_reader_open_memory(file->data, file->len, &reader, &err);

    if (st != RG_OK)
        return st;
    st = rg_mcap_reader_summary(reader, &summary, &err);
    while (st == RG_OK)
        st = rg_mcap_reader_next(reader, &rec, &err);
    rg_mcap_reader_destroy(reader);
    return st;
}

static void test_each_failing_allocation_is_reported(void **state)
{
    struct rg_buf file;
    long n = 0;

    (void)state;
    sample_write(&file, RG_MCAP_ZSTD);
    for (;;) {
        enum rg_status st;

        fail_alloc_at(++n);
        st = read_all(&file);
        fail_alloc_at(0);
        if (st == RG_EEND)
            break;
        assert_int_equal(st, RG_ENOMEM);
        assert_true(n < 1000);
    }
    assert_true(n > 8);
    rg_buf_finish(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_written_is_read_with_each_compression),
        cmocka_unit_test(test_attachment_and_metadata_keep_their_fields),
        cmocka_unit_test(test_summary_is_read_without_the_data_and_reading_goes_on),
        cmocka_unit_test(test_index_records_point_at_their_records),
        cmocka_unit_test(test_seek_goes_to_the_first_chunk_that_may_hold_the_time),
        cmocka_unit_test(test_file_reads_like_memory),
        cmocka_unit_test(test_large_file_passes_through_a_small_window),
        cmocka_unit_test(test_each_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
