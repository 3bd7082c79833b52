#include "mcap_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rg/base/hash.h"

#define SAMPLE_BYTES_MAX ((size_t)128 << 20)

static enum rg_status write_messages(struct rg_mcap_writer *w, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    for (uint32_t i = 0; st == RG_OK && i < SAMPLE_MESSAGES; i++) {
        char text[48];
        int len =
            snprintf(text, sizeof(text), "message number %u, number %u", (unsigned)i, (unsigned)i);
        struct rg_mcap_message msg = {
            (uint16_t)(i % 3 == 0 ? 7 : 2), i, 1000 + 10 * i, 5000 + i, {text, (size_t)len}};

        st = rg_mcap_writer_message(w, &msg, err);
        if (st == RG_OK && (i == 4 || i == 8))
            st = rg_mcap_writer_flush(w, err);
    }
    return st;
}

static enum rg_status write_all(struct rg_mcap_writer *w, struct rg_err *err)
{
    const struct rg_mcap_schema schema = {
        3, RG_STR_LIT("rg.Sample"), RG_STR_LIT("protobuf"), RG_STR_LIT("\x0a\x00\x01 schema")};
    const struct rg_mcap_attachment att = {
        11, 12, RG_STR_LIT("agent.yaml"), RG_STR_LIT("text/plain"), RG_STR_LIT("a: 1\n"), 0};
    struct rg_mcap_channel first = {
        2, 3, RG_STR_LIT("/proc"), RG_STR_LIT("protobuf"), RG_STR_LIT("")};
    struct rg_mcap_channel second = {7, 0, RG_STR_LIT("/raw"), RG_STR_LIT(""), RG_STR_LIT("")};
    struct rg_mcap_metadata meta = {RG_STR_LIT("reagent"), RG_STR_LIT("")};
    struct rg_buf pairs;
    enum rg_status st;

    rg_buf_init(&pairs, 1024);
    st = rg_mcap_pair_put(&pairs, RG_STR_LIT("format"), RG_STR_LIT("1"));
    if (st == RG_OK)
        st = rg_mcap_pair_put(&pairs, RG_STR_LIT("seed"), RG_STR_LIT("42"));
    meta.pairs = first.pairs = rg_str_buf(&pairs);
    if (st == RG_OK)
        st = rg_mcap_writer_schema(w, &schema, err);
    if (st == RG_OK)
        st = rg_mcap_writer_channel(w, &first, err);
    if (st == RG_OK)
        st = rg_mcap_writer_channel(w, &second, err);
    if (st == RG_OK)
        st = rg_mcap_writer_metadata(w, &meta, err);
    if (st == RG_OK)
        st = write_messages(w, err);
    if (st == RG_OK)
        st = rg_mcap_writer_attachment(w, &att, err);
    rg_buf_finish(&pairs);
    return st;
}

enum rg_status sample_write_to(
    struct rg_mcap_out out, enum rg_mcap_compression kind, struct rg_err *err)
{
    const struct rg_mcap_writer_options options = {
        .profile = "reagent", .library = "reagent test", .compression = kind};
    struct rg_mcap_writer *w = NULL;
    enum rg_status st = rg_mcap_writer_create_out(out, &options, &w, err);

    if (st != RG_OK)
        return st;
    st = write_all(w, err);
    if (st == RG_OK)
        st = rg_mcap_writer_finish(w, err);
    rg_mcap_writer_destroy(w);
    return st;
}

void sample_write(struct rg_buf *out, enum rg_mcap_compression kind)
{
    struct rg_err err = {0};

    rg_buf_init(out, SAMPLE_BYTES_MAX);
    if (sample_write_to(rg_mcap_out_buf(out), kind, &err) != RG_OK)
        fail_msg("%s", err.text);
}

static uint64_t fold(uint64_t h, struct rg_str s)
{
    return rg_hash_mix(rg_hash_mix(h, s.len), rg_hash64(s.ptr, s.len));
}

static uint64_t hash_item(const struct rg_mcap_record *rec)
{
    const struct rg_mcap_message *msg = &rec->u.message;
    const struct rg_mcap_attachment *att = &rec->u.attachment;
    uint64_t h = rg_hash_mix(rg_hash_mix(0, rec->op), rec->offset);

    switch (rec->op) {
    case RG_MCAP_MESSAGE:
        h = rg_hash_mix(rg_hash_mix(h, msg->channel_id), msg->sequence);
        h = rg_hash_mix(rg_hash_mix(h, msg->log_time), msg->publish_time);
        return fold(h, msg->data);
    case RG_MCAP_ATTACHMENT:
        h = rg_hash_mix(rg_hash_mix(h, att->log_time), att->create_time);
        return fold(fold(fold(h, att->name), att->media_type), att->data);
    default:
        assert_int_equal(rec->op, RG_MCAP_METADATA);
        return fold(fold(h, rec->u.metadata.name), rec->u.metadata.pairs);
    }
}

void sample_drain(struct rg_mcap_reader *reader, struct sample_result *result)
{
    struct rg_mcap_record rec;

    while ((result->st = rg_mcap_reader_next(reader, &rec, &result->err)) == RG_OK) {
        if (result->items < SAMPLE_ITEMS_MAX)
            result->hashes[result->items] = hash_item(&rec);
        result->items++;
        if (rec.op == RG_MCAP_MESSAGE)
            result->messages++;
    }
    rg_mcap_reader_progress(reader, &result->progress);
}

void sample_read(const void *bytes, size_t len, struct sample_result *result)
{
    struct rg_mcap_reader *reader = NULL;

    *result = (struct sample_result){0};
    result->st = rg_mcap_reader_open_memory(bytes, len, &reader, &result->err);
    if (result->st != RG_OK)
        return;
    sample_drain(reader, result);
    rg_mcap_reader_destroy(reader);
}

void raw_magic(struct rg_buf *out)
{
    assert_int_equal(rg_buf_append(out, RG_MCAP_MAGIC, RG_MCAP_MAGIC_LEN), RG_OK);
}

void raw_record(struct rg_buf *out, const struct rg_mcap_record *rec)
{
    assert_int_equal(rg_mcap_encode(out, rec, NULL), RG_OK);
}

void raw_bytes(struct rg_buf *out, uint8_t op, const void *content, size_t len)
{
    uint8_t prefix[RG_MCAP_PREFIX_LEN] = {op};

    rg_mcap_put(prefix + 1, 8, len);
    assert_int_equal(rg_buf_append(out, prefix, sizeof(prefix)), RG_OK);
    assert_int_equal(rg_buf_append(out, content, len), RG_OK);
}

void raw_start(struct rg_buf *out)
{
    const struct rg_mcap_record header = {
        .op = RG_MCAP_HEADER, .u.header = {RG_STR_LIT("ros2"), RG_STR_LIT("somebody else 1.0")}};

    rg_buf_init(out, SAMPLE_BYTES_MAX);
    raw_magic(out);
    raw_record(out, &header);
}

void raw_schema(struct rg_buf *out, uint16_t id, const char *name)
{
    const struct rg_mcap_record rec = {.op = RG_MCAP_SCHEMA,
        .u.schema = {id, rg_str_from(name), RG_STR_LIT("c"), RG_STR_LIT("\4\5\6")}};

    raw_record(out, &rec);
}

void raw_channel(struct rg_buf *out, uint16_t id, uint16_t schema_id, const char *topic)
{
    const struct rg_mcap_record rec = {.op = RG_MCAP_CHANNEL,
        .u.channel = {id, schema_id, rg_str_from(topic), RG_STR_LIT("a"), RG_STR_LIT("")}};

    raw_record(out, &rec);
}

void raw_message(struct rg_buf *out, uint16_t channel_id, uint64_t log_time, const char *data)
{
    const struct rg_mcap_record rec = {
        .op = RG_MCAP_MESSAGE, .u.message = {channel_id, 10, log_time, 1, rg_str_from(data)}};

    raw_record(out, &rec);
}

void raw_chunk(struct rg_buf *out, const struct rg_buf *records, enum rg_mcap_compression kind,
    uint64_t start_time, uint64_t end_time, uint32_t crc)
{
    struct rg_mcap_record rec = {.op = RG_MCAP_CHUNK,
        .u.chunk = {start_time, end_time, records->len, crc, rg_mcap_compression_name(kind),
            RG_STR_LIT("")}};
    struct rg_mcap_codec codec = {0};
    struct rg_buf packed;

    rg_buf_init(&packed, SAMPLE_BYTES_MAX * 2);
    assert_int_equal(rg_mcap_compress(&codec, kind, 3, rg_str_buf(records), &packed, NULL), RG_OK);
    rec.u.chunk.records = rg_str_buf(&packed);
    raw_record(out, &rec);
    rg_buf_finish(&packed);
    rg_mcap_codec_finish(&codec);
}

void raw_end(struct rg_buf *out)
{
    const struct rg_mcap_record data_end = {.op = RG_MCAP_DATA_END};
    const struct rg_mcap_record footer = {.op = RG_MCAP_FOOTER};

    raw_record(out, &data_end);
    raw_record(out, &footer);
    raw_magic(out);
}
