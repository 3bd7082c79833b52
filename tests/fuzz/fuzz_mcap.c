/* Reads any bytes as an MCAP file: in file order, through its summary, and after a seek. Nothing
 * may crash, leak, grow without bound, or give out a slice that is not there. */
#include <stdlib.h>

#include "mcap_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Touches every byte that the record gives out, so that a sanitizer sees a slice that is wrong. */
static uint64_t touch(struct rg_str s)
{
    uint64_t sum = s.len;

    for (size_t i = 0; i < s.len; i++)
        sum += (uint8_t)s.ptr[i];
    return sum;
}

static uint64_t use(const struct rg_mcap_record *rec)
{
    struct rg_str rest, key, value;
    uint64_t sum = 0;

    switch (rec->op) {
    case RG_MCAP_MESSAGE:
        return touch(rec->u.message.data);
    case RG_MCAP_ATTACHMENT:
        return touch(rec->u.attachment.name) + touch(rec->u.attachment.media_type) +
               touch(rec->u.attachment.data);
    default:
        rest = rec->u.metadata.pairs;
        while (rg_mcap_pair_next(&rest, &key, &value))
            sum += touch(key) + touch(value);
        return sum + touch(rec->u.metadata.name);
    }
}

static uint64_t drain(struct rg_mcap_reader *reader)
{
    struct rg_mcap_progress progress;
    struct rg_mcap_record rec;
    struct rg_err err;
    uint64_t sum = 0;
    enum rg_status st;

    while ((st = rg_mcap_reader_next(reader, &rec, &err)) == RG_OK)
        sum += use(&rec);
    rg_mcap_reader_progress(reader, &progress);
    rg_assert(progress.complete + progress.truncated == (st == RG_EEND));
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct rg_mcap_summary *summary;
    struct rg_mcap_reader *reader;
    volatile uint64_t sum; /* keeps the reads */
    struct rg_err err;

    if (rg_mcap_reader_open_memory(bytes, len, &reader, &err) != RG_OK)
        return 0;
    sum = touch(rg_mcap_reader_header(reader)->profile);
    sum += drain(reader);
    if (rg_mcap_reader_summary(reader, &summary, &err) == RG_OK) {
        struct rg_mcap_record rec;
        size_t pos = 0;

        while (rg_mcap_summary_next(summary, RG_MCAP_CHUNK_INDEX, &pos, &rec))
            sum += touch(rec.u.chunk_index.index_offsets);
    }
    if (rg_mcap_reader_seek(reader, 1, &err) == RG_OK)
        sum += drain(reader);
    rg_mcap_reader_destroy(reader);
    (void)sum;
    return 0;
}
