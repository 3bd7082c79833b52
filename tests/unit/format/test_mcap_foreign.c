/* Valid files that our writer would not write: the behaviours of the public conformance vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mcap_sample.h"

/* Reads to the end, checks that it is a good one, and releases the file. */
static void accept(struct rg_buf *file, size_t items, size_t messages)
{
    struct sample_result result;

    sample_read(file->data, file->len, &result);
    if (result.st != RG_EEND)
        fail_msg("%s: %s", rg_status_name(result.st), result.err.text);
    assert_true(result.progress.complete);
    assert_false(result.progress.truncated);
    assert_int_equal(result.items, items);
    assert_int_equal(result.messages, messages);
    rg_buf_finish(file);
}

static void test_empty_file_without_summary_reads(void **state)
{
    struct rg_buf file;

    (void)state;
    raw_start(&file);
    raw_end(&file);
    accept(&file, 0, 0);
}

static void test_messages_outside_of_chunks_read(void **state)
{
    struct rg_buf file;

    (void)state;
    raw_start(&file);
    raw_schema(&file, 1, "Example");
    raw_channel(&file, 1, 1, "example");
    raw_message(&file, 1, 2, "\1\2\3");
    raw_message(&file, 1, 1, "");
    raw_end(&file);
    accept(&file, 2, 2);
}

static void test_chunks_without_crc_and_index_read_with_each_compression(void **state)
{
    static const enum rg_mcap_compression kinds[] = {RG_MCAP_NONE, RG_MCAP_LZ4, RG_MCAP_ZSTD};
    struct rg_buf file, records;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uint32_t crc;

        raw_start(&file);
        rg_buf_init(&records, 4096);
        raw_schema(&records, 1, "Example");
        raw_channel(&records, 1, 1, "example");
        raw_message(&records, 1, 2, "\1\2\3");
        raw_chunk(&file, &records, kinds[i], 2, 2, 0);
        crc = rg_mcap_crc(0, records.data, records.len);
        raw_chunk(&file, &records, kinds[i], 2, 2, crc); /* repeats schema and channel */
        raw_end(&file);
        accept(&file, 2, 2);
        rg_buf_finish(&records);
    }
}

static void test_empty_chunks_read(void **state)
{
    const struct rg_mcap_record nothing = {
        .op = RG_MCAP_CHUNK, .u.chunk = {0, 0, 0, 0, RG_STR_LIT("zstd"), RG_STR_LIT("")}};
    struct rg_buf file, records;

    (void)state;
    rg_buf_init(&records, 4096);
    raw_start(&file);
    raw_chunk(&file, &records, RG_MCAP_NONE, 0, 0, 0);
    raw_chunk(&file, &records, RG_MCAP_LZ4, 0, 0, 0);
    raw_chunk(&file, &records, RG_MCAP_ZSTD, 0, 0, 0);
    raw_record(&file, &nothing); /* compressed to no bytes at all */
    raw_channel(&records, 1, 0, "/t");
    raw_chunk(&file, &records, RG_MCAP_ZSTD, 0, 0, 0); /* records, but no message */
    raw_end(&file);
    accept(&file, 0, 0);
    rg_buf_finish(&records);
}

static void test_unknown_records_are_passed_over(void **state)
{
    struct rg_mcap_record data_end = {.op = RG_MCAP_DATA_END};
    struct rg_mcap_record footer = {.op = RG_MCAP_FOOTER};
    struct rg_buf file, records;

    (void)state;
    rg_buf_init(&records, 4096);
    raw_bytes(&records, 0x85, "private", 7);
    raw_channel(&records, 1, 0, "/t");
    raw_bytes(&records, 0x10, "future", 6);
    raw_message(&records, 1, 5, "x");
    raw_start(&file);
    raw_bytes(&file, 0x85, "private", 7);
    raw_chunk(&file, &records, RG_MCAP_ZSTD, 5, 5, 0);
    raw_bytes(&file, 0xff, "", 0);
    raw_bytes(&file, 0x7f, "future", 6);
    data_end.u.data_end.data_section_crc = rg_mcap_crc(0, file.data, file.len);
    raw_record(&file, &data_end);
    footer.u.footer.summary_start = file.len;
    raw_bytes(&file, 0x85, "private", 7);
    raw_record(&file, &footer);
    raw_magic(&file);
    accept(&file, 1, 1);
    rg_buf_finish(&records);
}

static void test_crc_of_the_data_section_covers_unknown_records(void **state)
{
    struct rg_mcap_record data_end = {.op = RG_MCAP_DATA_END};
    struct sample_result result;
    struct rg_buf file;

    (void)state;
    raw_start(&file);
    raw_bytes(&file, 0x85, "private", 7);
    data_end.u.data_end.data_section_crc = rg_mcap_crc(0, file.data, file.len);
    file.data[file.len - 1] ^= 1;
    raw_record(&file, &data_end);
    sample_read(file.data, file.len, &result);
    assert_int_equal(result.st, RG_EINVALID);
    assert_non_null(strstr(result.err.text, "DataEnd record: CRC mismatch"));
    rg_buf_finish(&file);
}

static void test_records_with_fields_of_the_future_read(void **state)
{
    struct rg_buf file;

    (void)state;
    raw_start(&file);
    raw_bytes(&file, RG_MCAP_CHANNEL, "\1\0\0\0\1\0\0\0t\0\0\0\0\0\0\0\0padding", 24);
    raw_message(&file, 1, 5, "x");
    raw_bytes(&file, RG_MCAP_METADATA, "\1\0\0\0m\0\0\0\0padding", 16);
    /* the CRC of an attachment covers what stands before it, not the padding */
    raw_bytes(&file, RG_MCAP_ATTACHMENT,
        "\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0n\0\0\0\0\1\0\0\0\0\0\0\0d\0\0\0\0pad", 41);
    raw_end(&file);
    accept(&file, 3, 1);
}

static void test_schema_with_id_zero_is_ignored(void **state)
{
    struct rg_buf file;

    (void)state;
    raw_start(&file);
    raw_schema(&file, 0, "nothing");
    raw_schema(&file, 0, "another nothing");
    raw_channel(&file, 1, 0, "/t");
    raw_message(&file, 1, 5, "x");
    raw_end(&file);
    accept(&file, 1, 1);
}

/* One chunk with index, and a summary whose groups stand in an order that is not ours. */
static void put_indexed_file(struct rg_buf *file, bool index_offsets, bool claim_offsets)
{
    struct rg_mcap_record index = {.op = RG_MCAP_MESSAGE_INDEX};
    struct rg_mcap_record chunk = {.op = RG_MCAP_CHUNK_INDEX};
    struct rg_mcap_record stats = {.op = RG_MCAP_STATISTICS};
    struct rg_mcap_record data_end = {.op = RG_MCAP_DATA_END};
    struct rg_mcap_record footer = {.op = RG_MCAP_FOOTER};
    struct rg_mcap_chunk_index *to = &chunk.u.chunk_index;
    struct rg_buf records, list, counts;

    raw_start(file);
    rg_buf_init(&records, 4096);
    rg_buf_init(&list, 4096);
    rg_buf_init(&counts, 4096);
    raw_schema(&records, 1, "Example");
    raw_channel(&records, 1, 1, "/t");
    assert_int_equal(rg_mcap_entry_put(&list, 5, records.len), RG_OK);
    raw_message(&records, 1, 5, "x");
    *to = (struct rg_mcap_chunk_index){.start_time = 5,
        .end_time = 5,
        .chunk_offset = file->len,
        .compressed_bytes = records.len,
        .uncompressed_bytes = records.len};
    raw_chunk(file, &records, RG_MCAP_NONE, 5, 5, 0);
    to->chunk_bytes = file->len - to->chunk_offset;
    if (index_offsets) {
        size_t start = file->len;

        index.u.message_index = (struct rg_mcap_message_index){1, rg_str_buf(&list)};
        raw_record(file, &index);
        if (claim_offsets) {
            assert_int_equal(rg_mcap_count_put(&counts, 1, start), RG_OK);
            to->index_offsets = rg_str_buf(&counts);
            to->index_bytes = file->len - start;
        }
    }
    raw_record(file, &data_end);
    footer.u.footer.summary_start = file->len;
    raw_record(file, &chunk);
    stats.u.statistics = (struct rg_mcap_statistics){.message_count = 1,
        .schema_count = 1,
        .channel_count = 1,
        .chunk_count = 1,
        .start_time = 5,
        .end_time = 5};
    raw_record(file, &stats);
    raw_channel(file, 1, 1, "/t"); /* before its schema */
    raw_schema(file, 1, "Example");
    raw_record(file, &footer);
    raw_magic(file);
    rg_buf_finish(&records);
    rg_buf_finish(&list);
    rg_buf_finish(&counts);
}

static void test_summary_in_another_order_and_with_less_in_it_reads(void **state)
{
    struct rg_buf file;

    (void)state;
    put_indexed_file(&file, true, true);
    accept(&file, 1, 1);
    put_indexed_file(&file, true, false);
    accept(&file, 1, 1);
    put_indexed_file(&file, false, false);
    accept(&file, 1, 1);
}

static void test_summary_section_that_is_empty_reads(void **state)
{
    const struct rg_mcap_record data_end = {.op = RG_MCAP_DATA_END};
    struct rg_mcap_record footer = {.op = RG_MCAP_FOOTER};
    const struct rg_mcap_summary *summary;
    struct rg_mcap_reader *reader;
    struct rg_mcap_record rec;
    struct rg_buf file;
    size_t pos = 0;

    (void)state;
    raw_start(&file);
    raw_record(&file, &data_end);
    footer.u.footer.summary_start = footer.u.footer.summary_offset_start = file.len;
    raw_record(&file, &footer);
    raw_magic(&file);
    assert_int_equal(rg_mcap_reader_open_memory(file.data, file.len, &reader, NULL), RG_OK);
    assert_int_equal(rg_mcap_reader_summary(reader, &summary, NULL), RG_OK);
    assert_false(rg_mcap_summary_next(summary, RG_MCAP_STATISTICS, &pos, &rec));
    rg_mcap_reader_destroy(reader);
    accept(&file, 0, 0);
}

static void test_missing_summary_is_said_and_harmless(void **state)
{
    const struct rg_mcap_summary *summary;
    struct rg_mcap_reader *reader;
    struct sample_result result = {0};
    struct rg_err err = {0};
    struct rg_buf file;

    (void)state;
    raw_start(&file);
    raw_channel(&file, 1, 0, "/t");
    raw_message(&file, 1, 5, "x");
    raw_end(&file);
    assert_int_equal(rg_mcap_reader_open_memory(file.data, file.len, &reader, NULL), RG_OK);
    assert_int_equal(rg_mcap_reader_summary(reader, &summary, &err), RG_ENOTFOUND);
    assert_string_equal(err.text, "the file has no summary");
    assert_int_equal(rg_mcap_reader_seek(reader, 0, &err), RG_ENOTFOUND);
    sample_drain(reader, &result);
    assert_int_equal(result.st, RG_EEND);
    assert_int_equal(result.messages, 1);
    rg_mcap_reader_destroy(reader);
    assert_int_equal(rg_mcap_reader_open_memory(file.data, file.len - 1, &reader, NULL), RG_OK);
    assert_int_equal(rg_mcap_reader_summary(reader, &summary, &err), RG_ENOTFOUND);
    assert_non_null(strstr(err.text, "cut"));
    rg_mcap_reader_destroy(reader);
    rg_buf_finish(&file);
}

static void test_zstd_frames_in_a_row_are_one_chunk(void **state)
{
    struct rg_mcap_codec codec = {0};
    struct rg_buf file, records, packed;
    struct rg_mcap_record rec = {.op = RG_MCAP_CHUNK};
    size_t half;

    (void)state;
    rg_buf_init(&records, 4096);
    rg_buf_init(&packed, 4096);
    raw_channel(&records, 1, 0, "/t");
    raw_message(&records, 1, 5, "x");
    half = records.len / 2;
    for (int i = 0; i < 2; i++) {
        struct rg_str part = {
            (const char *)records.data + (i ? half : 0), i ? records.len - half : half};

        assert_int_equal(rg_mcap_compress(&codec, RG_MCAP_ZSTD, 19, part, &packed, NULL), RG_OK);
    }
    rec.u.chunk =
        (struct rg_mcap_chunk){5, 5, records.len, 0, RG_STR_LIT("zstd"), rg_str_buf(&packed)};
    raw_start(&file);
    raw_record(&file, &rec);
    raw_end(&file);
    accept(&file, 1, 1);
    rg_mcap_codec_finish(&codec);
    rg_buf_finish(&records);
    rg_buf_finish(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_file_without_summary_reads),
        cmocka_unit_test(test_messages_outside_of_chunks_read),
        cmocka_unit_test(test_chunks_without_crc_and_index_read_with_each_compression),
        cmocka_unit_test(test_empty_chunks_read),
        cmocka_unit_test(test_unknown_records_are_passed_over),
        cmocka_unit_test(test_crc_of_the_data_section_covers_unknown_records),
        cmocka_unit_test(test_records_with_fields_of_the_future_read),
        cmocka_unit_test(test_schema_with_id_zero_is_ignored),
        cmocka_unit_test(test_summary_in_another_order_and_with_less_in_it_reads),
        cmocka_unit_test(test_summary_section_that_is_empty_reads),
        cmocka_unit_test(test_missing_summary_is_said_and_harmless),
        cmocka_unit_test(test_zstd_frames_in_a_row_are_one_chunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
