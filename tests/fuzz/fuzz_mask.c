/* Masks any bytes as a command line, a text and an environment value: the length stays, NUL bytes
 * and separators stay, the same input gives the same output. */
#include <stdlib.h>
#include <string.h>

#include "mask.h"

#define TEXT_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static bool letter_or_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static enum rg_status run(
    struct rg_masker *m, int how, const uint8_t *bytes, size_t len, struct rg_buf *out)
{
    uint64_t count = 0;
    enum rg_status st = rg_buf_set(out, bytes, len);

    if (st != RG_OK)
        return st;
    if (how == 0)
        st = rg_masker_cmdline(m, out, &count, NULL);
    else if (how == 1)
        st = rg_masker_text(m, out, &count, NULL);
    else
        st = rg_masker_env(m, RG_STR_LIT("TOKEN"), out, &count, NULL);
    rg_assert(st == RG_OK && out->len == len);
    rg_assert(count > 0 || len == 0 || memcmp(out->data, bytes, len) == 0);
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < 0x80 && !letter_or_digit(bytes[i]))
            rg_assert(out->data[i] == bytes[i]);
    }
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const uint8_t key[RG_MASK_KEY_BYTES] = "fuzz";
    struct rg_masker *m = NULL;
    struct rg_buf first;
    struct rg_buf second;

    if (len == 0 || len > TEXT_MAX)
        return 0;
    rg_buf_init(&first, TEXT_MAX);
    rg_buf_init(&second, TEXT_MAX);
    rg_assert(
        rg_masker_create(bytes[0] & 1 ? RG_MASK_STRICT : RG_MASK_STANDARD, key, &m, NULL) == RG_OK);
    for (int how = 0; how < 3; how++) {
        rg_assert(run(m, how, bytes, len, &first) == RG_OK);
        rg_assert(run(m, how, bytes, len, &second) == RG_OK);
        rg_assert(memcmp(first.data, second.data, len) == 0);
    }
    rg_masker_destroy(m);
    rg_buf_finish(&first);
    rg_buf_finish(&second);
    return 0;
}
