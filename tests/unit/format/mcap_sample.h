/* A small MCAP file and a reader that remembers what it saw, for the tests of the container. */
#ifndef RG_TESTS_MCAP_SAMPLE_H
#define RG_TESTS_MCAP_SAMPLE_H

#include "mcap_reader.h"
#include "mcap_writer.h"

#define SAMPLE_ITEMS_MAX 64
#define SAMPLE_MESSAGES  12
#define SAMPLE_ITEMS     (SAMPLE_MESSAGES + 2) /* one attachment, one metadata record */

/* Writes 12 messages on two channels in three chunks, an attachment and a metadata record. Returns
 * the first status that is not RG_OK. */
enum rg_status sample_write_to(
    struct rg_mcap_out out, enum rg_mcap_compression kind, struct rg_err *err);

/* The same into a buffer, which it initialises; asserts success. */
void sample_write(struct rg_buf *out, enum rg_mcap_compression kind);

struct sample_result {
    enum rg_status st; /* of open, or the last one of next */
    struct rg_err err;
    struct rg_mcap_progress progress;
    size_t items; /* messages, attachments, metadata records */
    size_t messages;
    uint64_t hashes[SAMPLE_ITEMS_MAX]; /* of the first items, each with all its fields */
};

/* Reads to the end. */
void sample_read(const void *bytes, size_t len, struct sample_result *result);
void sample_drain(struct rg_mcap_reader *reader, struct sample_result *result);

/* Builders for files that our writer would not write; each asserts success. */
void raw_magic(struct rg_buf *out);
void raw_record(struct rg_buf *out, const struct rg_mcap_record *rec);
void raw_bytes(struct rg_buf *out, uint8_t op, const void *content, size_t len);
void raw_start(struct rg_buf *out); /* initialises out; magic and Header */
void raw_schema(struct rg_buf *out, uint16_t id, const char *name);
void raw_channel(struct rg_buf *out, uint16_t id, uint16_t schema_id, const char *topic);
void raw_message(struct rg_buf *out, uint16_t channel_id, uint64_t log_time, const char *data);
/* A chunk of the given records, compressed by name; a crc of 0 leaves it out. */
void raw_chunk(struct rg_buf *out, const struct rg_buf *records, enum rg_mcap_compression kind,
    uint64_t start_time, uint64_t end_time, uint32_t crc);
/* DataEnd without CRC, Footer without summary, magic. */
void raw_end(struct rg_buf *out);

#endif
