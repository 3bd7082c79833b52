/* Reads any bytes as messages of the /proc channel: a byte that tells blobs from answers, a length
 * of two bytes, the message. An answer whose hash is wrong is passed over, so that what lies behind
 * it is read too. */
#include "proc_batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static enum rg_status read_batch(struct rg_proc_reader *reader, struct rg_str message)
{
    struct rg_effect e;
    struct rg_err err;
    uint64_t roll = 0;
    enum rg_status st = rg_proc_reader_open(reader, message, &err);

    while (st == RG_OK) {
        st = rg_proc_reader_next(reader, &e, &roll, &err);
        if (st == RG_EDIVERGED && reader->message) {
            reader->at++;
            st = RG_OK;
        }
    }
    return st == RG_EEND || st == RG_EDIVERGED ? RG_OK : st;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct rg_proc_reader reader;
    struct rg_err err;
    enum rg_status st = RG_OK;

    rg_proc_reader_init(&reader);
    while (len >= 3 && st == RG_OK) {
        size_t size = (size_t)(bytes[1] | bytes[2] << 8);
        struct rg_str message;

        if (size > len - 3)
            size = len - 3;
        message = (struct rg_str){(const char *)bytes + 3, size};
        if (bytes[0] & 1)
            st = rg_proc_reader_blob(&reader, message, &err);
        else
            st = read_batch(&reader, message);
        rg_assert(st == RG_OK || st == RG_EINVALID || st == RG_ELIMIT);
        bytes += 3 + size;
        len -= 3 + size;
    }
    rg_proc_reader_finish(&reader);
    return 0;
}
