/* Files that were harmed: bits flipped, ends cut, lengths and indexes that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mcap_sample.h"

static void flip_every_byte(enum rg_mcap_compression kind, const uint8_t *patterns, size_t count)
{
    struct rg_buf file;

    sample_write(&file, kind);
    for (size_t at = 0; at < file.len; at++) {
        for (size_t i = 0; i < count; i++) {
            struct sample_result result;

            file.data[at] ^= patterns[i];
            sample_read(file.data, file.len, &result);
            if (result.st != RG_EINVALID && result.st != RG_ELIMIT)
                fail_msg("offset %zu ^ 0x%02x: %s", at, (unsigned)patterns[i],
                    rg_status_name(result.st));
            if (!strstr(result.err.text, "offset "))
                fail_msg("offset %zu: no offset in \"%s\"", at, result.err.text);
            file.data[at] ^= patterns[i];
        }
    }
    rg_buf_finish(&file);
}

static void test_any_changed_byte_is_damage(void **state)
{
    uint8_t all[255];

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)(i + 1);
    flip_every_byte(RG_MCAP_NONE, all, sizeof(all));
}

static void test_any_changed_byte_is_damage_in_compressed_files(void **state)
{
    static const uint8_t patterns[] = {1, 2, 4, 8, 16, 32, 64, 128, 255, 0x5a};

    (void)state;
    flip_every_byte(RG_MCAP_ZSTD, patterns, sizeof(patterns));
    flip_every_byte(RG_MCAP_LZ4, patterns, sizeof(patterns));
}

static void cut_everywhere(enum rg_mcap_compression kind)
{
    struct sample_result whole;
    struct rg_buf file;
    uint64_t whole_bytes = 0;

    sample_write(&file, kind);
    sample_read(file.data, file.len, &whole);
    for (size_t len = 0; len < file.len; len++) {
        char *copy = malloc(len ? len : 1); /* exact, so that sanitizers see an overrun */
        struct sample_result result;

        assert_non_null(copy);
        memcpy(copy, file.data, len);
        sample_read(copy, len, &result);
        if (result.st != RG_EEND || !result.progress.truncated || result.progress.complete)
            fail_msg("cut at %zu: %s: %s", len, rg_status_name(result.st), result.err.text);
        assert_true(result.items <= whole.items);
        assert_memory_equal(result.hashes, whole.hashes, result.items * sizeof(result.hashes[0]));
        assert_true(result.progress.whole_bytes <= len);
        assert_true(result.progress.whole_bytes >= whole_bytes);
        assert_true(result.progress.last_record_offset <= result.progress.whole_bytes);
        whole_bytes = result.progress.whole_bytes;
        free(copy);
    }
    assert_int_equal(whole.items, SAMPLE_ITEMS);
    rg_buf_finish(&file);
}

static void test_any_cut_gives_the_whole_records_before_it(void **state)
{
    (void)state;
    cut_everywhere(RG_MCAP_NONE);
    cut_everywhere(RG_MCAP_LZ4);
    cut_everywhere(RG_MCAP_ZSTD);
}

static void test_damage_in_a_cut_file_is_still_damage(void **state)
{
    struct sample_result result;
    struct rg_buf file;
    size_t at;

    (void)state;
    sample_write(&file, RG_MCAP_NONE);
    for (at = 0; at + 6 < file.len; at++) {
        if (memcmp(file.data + at, "number", 6) == 0)
            break;
    }
    file.data[at] ^= 1;
    sample_read(file.data, file.len / 2, &result);
    assert_int_equal(result.st, RG_EINVALID);
    assert_non_null(strstr(result.err.text, "Chunk record: CRC mismatch (stored 0x"));
    assert_non_null(strstr(result.err.text, "; the file is damaged"));
    assert_int_equal(result.messages, 0);
    rg_buf_finish(&file);
}

static void test_bytes_behind_the_end_are_damage(void **state)
{
    struct sample_result result;
    struct rg_buf file;

    (void)state;
    sample_write(&file, RG_MCAP_ZSTD);
    assert_int_equal(rg_buf_byte(&file, 0), RG_OK);
    sample_read(file.data, file.len, &result);
    assert_int_equal(result.st, RG_EINVALID);
    assert_non_null(strstr(result.err.text, "behind the magic"));
    rg_buf_finish(&file);
}

static void refuse(struct rg_buf *file, enum rg_status expected, const char *text)
{
    struct sample_result result;

    sample_read(file->data, file->len, &result);
    if (result.st != expected || !strstr(result.err.text, text))
        fail_msg("%s: \"%s\", expected \"%s\"", rg_status_name(result.st), result.err.text, text);
    rg_buf_finish(file);
}

/* A chunk record whose fields are free. */
static void put_chunk(struct rg_buf *file, const char *compression, const void *bytes, size_t len,
    uint64_t claimed_bytes)
{
    const struct rg_mcap_record rec = {.op = RG_MCAP_CHUNK,
        .u.chunk = {0, 0, claimed_bytes, 0, rg_str_from(compression), {bytes, len}}};

    raw_record(file, &rec);
}

static void test_bombs_meet_a_limit(void **state)
{
    const size_t plain_bytes = (size_t)100 << 20;
    struct rg_mcap_codec codec = {0};
    struct rg_buf plain, bomb, file;

    (void)state;
    rg_buf_init(&plain, plain_bytes);
    rg_buf_init(&bomb, plain_bytes * 2);
    assert_int_equal(rg_buf_reserve(&plain, plain_bytes), RG_OK);
    memset(plain.data, 0, plain_bytes);
    plain.len = plain_bytes;
    assert_int_equal(
        rg_mcap_compress(&codec, RG_MCAP_ZSTD, 1, rg_str_buf(&plain), &bomb, NULL), RG_OK);
    assert_true(bomb.len < 20000);

    raw_start(&file);
    put_chunk(&file, "zstd", bomb.data, bomb.len, plain_bytes);
    refuse(&file, RG_ELIMIT, "ratio is 1000");
    raw_start(&file);
    put_chunk(&file, "zstd", bomb.data, bomb.len, (uint64_t)257 << 20);
    refuse(&file, RG_EINVALID, "does not hold"); /* the frame says 100 MiB */
    raw_start(&file);
    put_chunk(&file, "lz4", bomb.data, bomb.len, (uint64_t)257 << 20);
    refuse(&file, RG_ELIMIT, "256 MiB");
    raw_start(&file);
    put_chunk(&file, "zstd", bomb.data, bomb.len, 1000); /* a bomb that lies about itself */
    refuse(&file, RG_EINVALID, "more than the 1000 bytes");
    rg_buf_finish(&plain);
    rg_buf_finish(&bomb);
    rg_mcap_codec_finish(&codec);
}

static void test_hostile_lengths_are_refused(void **state)
{
    uint8_t prefix[RG_MCAP_PREFIX_LEN];
    struct rg_buf file, records;

    (void)state;
    for (int op = RG_MCAP_SCHEMA; op <= RG_MCAP_OP_LAST; op++) {
        prefix[0] = (uint8_t)op;
        rg_mcap_put(prefix + 1, 8, UINT64_MAX - 8);
        raw_start(&file);
        assert_int_equal(rg_buf_append(&file, prefix, sizeof(prefix)), RG_OK);
        refuse(&file, RG_EINVALID, "more than the file has");
    }
    raw_start(&file); /* a record above its limit that is there */
    rg_mcap_put(prefix + 1, 8, RG_MCAP_RECORD_BYTES_MAX + 1);
    prefix[0] = RG_MCAP_SCHEMA;
    file.max = 2 * RG_MCAP_RECORD_BYTES_MAX;
    assert_int_equal(rg_buf_append(&file, prefix, sizeof(prefix)), RG_OK);
    assert_int_equal(rg_buf_reserve(&file, RG_MCAP_RECORD_BYTES_MAX + 1), RG_OK);
    memset(file.data + file.len, 0, RG_MCAP_RECORD_BYTES_MAX + 1);
    file.len += RG_MCAP_RECORD_BYTES_MAX + 1;
    refuse(&file, RG_ELIMIT, "64 MiB");
    raw_start(&file); /* a string above its limit */
    raw_bytes(&file, RG_MCAP_METADATA, "\1\0\1\0", 4);
    refuse(&file, RG_EINVALID, "name reaches behind the end");
    rg_buf_init(&records, 1 << 20);
    assert_int_equal(rg_buf_append(&records, "\1\0\1\0", 4), RG_OK);
    while (records.len < 65536 + 16)
        assert_int_equal(rg_buf_byte(&records, 'a'), RG_OK);
    raw_start(&file);
    raw_bytes(&file, RG_MCAP_METADATA, records.data, records.len);
    refuse(&file, RG_ELIMIT, "64 KiB");
    records.len = 0; /* a record in a chunk that is longer than the chunk, and than the limit */
    rg_mcap_put(prefix + 1, 8, 1000);
    assert_int_equal(rg_buf_append(&records, prefix, sizeof(prefix)), RG_OK);
    raw_start(&file);
    put_chunk(&file, "", records.data, records.len, records.len);
    refuse(&file, RG_EINVALID, "behind its end");
    rg_mcap_put(records.data + 1, 8, UINT64_MAX);
    raw_start(&file);
    put_chunk(&file, "", records.data, records.len, records.len);
    refuse(&file, RG_EINVALID, "behind its end");
    raw_start(&file);
    put_chunk(&file, "", records.data, records.len, records.len + 1);
    refuse(&file, RG_EINVALID, "not the 10 it claims");
    rg_buf_finish(&records);
}

static void test_broken_chunks_are_refused(void **state)
{
    struct rg_buf file, records;

    (void)state;
    raw_start(&file);
    put_chunk(&file, "zstc", "xx", 2, 2);
    refuse(&file, RG_EINVALID, "neither empty nor lz4 nor zstd");
    raw_start(&file);
    put_chunk(&file, "zstd", "no zstd frame", 13, 100);
    refuse(&file, RG_EINVALID, "zstd: ");
    raw_start(&file);
    put_chunk(&file, "lz4", "no lz4 frame", 12, 100);
    refuse(&file, RG_EINVALID, "lz4: ");
    rg_buf_init(&records, 4096);
    raw_channel(&records, 1, 0, "/t");
    raw_message(&records, 1, 50, "x");
    raw_start(&file);
    raw_chunk(&file, &records, RG_MCAP_NONE, 50, 51, 0);
    refuse(&file, RG_EINVALID, "start and end time");
    raw_message(&records, 9, 50, "x");
    raw_start(&file);
    raw_chunk(&file, &records, RG_MCAP_NONE, 50, 50, 0);
    refuse(&file, RG_EINVALID, "channel 9 was not declared");
    records.len = 0;
    raw_bytes(&records, RG_MCAP_CHUNK, "", 0);
    raw_start(&file);
    raw_chunk(&file, &records, RG_MCAP_NONE, 0, 0, 0);
    refuse(&file, RG_EINVALID, "not allowed here");
    rg_buf_finish(&records);
}

/* A chunk with two messages of channel 1, then one MessageIndex with the given entries. */
static void put_indexed(
    struct rg_buf *file, uint16_t channel_id, const uint64_t *entries, size_t count)
{
    struct rg_mcap_record rec = {.op = RG_MCAP_MESSAGE_INDEX};
    struct rg_buf records, list;

    raw_start(file);
    raw_channel(file, 1, 0, "/t");
    raw_channel(file, 2, 0, "/u");
    rg_buf_init(&records, 4096);
    rg_buf_init(&list, 4096);
    raw_message(&records, 1, 70, "x"); /* 32 bytes */
    raw_message(&records, 1, 60, "y");
    raw_chunk(file, &records, RG_MCAP_ZSTD, 60, 70, 0);
    for (size_t i = 0; i + 1 < 2 * count; i += 2)
        assert_int_equal(rg_mcap_entry_put(&list, entries[i], entries[i + 1]), RG_OK);
    rec.u.message_index.channel_id = channel_id;
    rec.u.message_index.entries = rg_str_buf(&list);
    raw_record(file, &rec);
    rg_buf_finish(&records);
    rg_buf_finish(&list);
}

static void test_message_indexes_must_fit_their_chunk(void **state)
{
    static const uint64_t right[] = {70, 0, 60, 32}, sorted[] = {60, 32, 70, 0};
    static const uint64_t wrong_time[] = {70, 0, 61, 32}, wrong_place[] = {70, 0, 60, 33};
    static const uint64_t twice[] = {70, 0, 70, 0};
    struct sample_result result;
    struct rg_buf file;

    (void)state;
    put_indexed(&file, 1, right, 2);
    raw_end(&file);
    sample_read(file.data, file.len, &result);
    assert_int_equal(result.st, RG_EEND);
    rg_buf_finish(&file);
    put_indexed(&file, 1, sorted, 2);
    raw_end(&file);
    sample_read(file.data, file.len, &result);
    assert_int_equal(result.st, RG_EEND);
    rg_buf_finish(&file);
    put_indexed(&file, 1, wrong_time, 2);
    refuse(&file, RG_EINVALID, "entries are not the messages of channel 1");
    put_indexed(&file, 1, wrong_place, 2);
    refuse(&file, RG_EINVALID, "entries are not the messages of channel 1");
    put_indexed(&file, 1, twice, 2);
    refuse(&file, RG_EINVALID, "entries are not the messages of channel 1");
    put_indexed(&file, 1, right, 1);
    refuse(&file, RG_EINVALID, "entries are not the messages of channel 1");
    put_indexed(&file, 2, right, 0); /* an empty one is harmless, a missing one is not */
    raw_end(&file);
    refuse(&file, RG_EINVALID, "lacks a MessageIndex");
    put_indexed(&file, 3, right, 2);
    refuse(&file, RG_EINVALID, "channel 3 was not declared");
}

static void test_records_in_the_wrong_place_are_damage(void **state)
{
    const struct rg_mcap_record footer = {.op = RG_MCAP_FOOTER};
    const struct rg_mcap_record data_end = {.op = RG_MCAP_DATA_END};
    struct rg_buf file;

    (void)state;
    raw_start(&file); /* no DataEnd */
    raw_record(&file, &footer);
    raw_magic(&file);
    refuse(&file, RG_EINVALID, "Footer record: is not allowed before a DataEnd record");
    raw_start(&file); /* no Footer */
    raw_record(&file, &data_end);
    raw_magic(&file);
    refuse(&file, RG_EINVALID, "reaches behind the end");
    raw_start(&file);
    raw_record(&file, &data_end);
    raw_message(&file, 1, 1, "x");
    refuse(&file, RG_EINVALID, "not allowed in the summary");
    raw_start(&file);
    raw_bytes(&file, 0, "", 0);
    refuse(&file, RG_EINVALID, "opcode is 0");
    raw_start(&file);
    raw_message(&file, 1, 1, "x");
    refuse(&file, RG_EINVALID, "channel 1 was not declared");
    raw_start(&file);
    raw_channel(&file, 1, 4, "/t");
    refuse(&file, RG_EINVALID, "schema 4 was not declared");
    raw_start(&file);
    raw_channel(&file, 1, 0, "/t");
    raw_channel(&file, 1, 0, "/u");
    refuse(&file, RG_EINVALID, "id 1 has another meaning");
    rg_buf_init(&file, 100);
    raw_magic(&file);
    raw_schema(&file, 1, "A");
    refuse(&file, RG_EINVALID, "first record is no Header");
}

/* A file that ends in one record of the summary. */
static void put_summary(struct rg_buf *file, const struct rg_mcap_record *rec)
{
    const struct rg_mcap_record data_end = {.op = RG_MCAP_DATA_END};
    struct rg_mcap_record footer = {.op = RG_MCAP_FOOTER};

    raw_record(file, &data_end);
    footer.u.footer.summary_start = file->len;
    raw_record(file, rec);
    raw_record(file, &footer);
    raw_magic(file);
}

static void test_summary_that_contradicts_the_data_is_damage(void **state)
{
    struct rg_mcap_record stats = {
        .op = RG_MCAP_STATISTICS, .u.statistics = {.message_count = 1, .start_time = 5}};
    struct rg_mcap_record chunk = {.op = RG_MCAP_CHUNK_INDEX};
    struct rg_mcap_record meta = {.op = RG_MCAP_METADATA_INDEX};
    struct rg_mcap_record group = {
        .op = RG_MCAP_SUMMARY_OFFSET, .u.summary_offset = {RG_MCAP_SCHEMA, 8, 8}};
    struct rg_buf file;

    (void)state;
    raw_start(&file);
    put_summary(&file, &stats);
    refuse(&file, RG_EINVALID, "message_count does not fit");
    stats.u.statistics.message_count = 0;
    raw_start(&file);
    put_summary(&file, &stats);
    refuse(&file, RG_EINVALID, "time range does not fit");
    stats.u.statistics.start_time = 0;
    stats.u.statistics.channel_count = 2;
    raw_start(&file);
    put_summary(&file, &stats);
    refuse(&file, RG_EINVALID, "other schemas or channels");
    raw_start(&file);
    put_summary(&file, &chunk);
    refuse(&file, RG_EINVALID, "ChunkIndex records of the summary do not fit");
    raw_start(&file);
    put_summary(&file, &meta);
    refuse(&file, RG_EINVALID, "MetadataIndex records of the summary do not fit");
    raw_start(&file);
    put_summary(&file, &group);
    refuse(&file, RG_EINVALID, "no group of Schema records");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_changed_byte_is_damage),
        cmocka_unit_test(test_any_changed_byte_is_damage_in_compressed_files),
        cmocka_unit_test(test_any_cut_gives_the_whole_records_before_it),
        cmocka_unit_test(test_damage_in_a_cut_file_is_still_damage),
        cmocka_unit_test(test_bytes_behind_the_end_are_damage),
        cmocka_unit_test(test_bombs_meet_a_limit),
        cmocka_unit_test(test_hostile_lengths_are_refused),
        cmocka_unit_test(test_broken_chunks_are_refused),
        cmocka_unit_test(test_message_indexes_must_fit_their_chunk),
        cmocka_unit_test(test_records_in_the_wrong_place_are_damage),
        cmocka_unit_test(test_summary_that_contradicts_the_data_is_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
