/* Reads any bytes as a capture. Nothing may crash, leak, grow without bound, or give out a slice
 * that is not there. */
#include "rg/base/hash.h"
#include "rg/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void count_note(void *ctx, const char *key, const char *value)
{
    *(size_t *)ctx += rg_str_from(key).len + rg_str_from(value).len;
}

/* Describes and hashes the effect: that touches every byte it gives out. */
static uint64_t use(const struct rg_effect *e)
{
    uint64_t sum = rg_effect_hash(e);
    struct rg_buf line;

    rg_buf_init(&line, (size_t)1 << 20);
    rg_ignore(rg_effect_describe(&line, e), "names may be too long for the line");
    sum ^= rg_hash64(line.data, line.len);
    sum ^= rg_hash64(e->content.ptr, e->content.len);
    rg_buf_finish(&line);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct rg_effects *effects;
    struct rg_capture_info info;
    struct rg_effect e;
    struct rg_err err = {0};
    volatile uint64_t sum = 0; /* keeps the reads */
    uint64_t count = 0;
    size_t notes = 0;
    enum rg_status st;

    if (rg_effects_open_memory(bytes, len, &effects, &err) != RG_OK)
        return 0;
    while ((st = rg_effects_next(effects, &e, &err)) == RG_OK) {
        sum ^= use(&e);
        rg_assert(e.number == ++count);
    }
    rg_assert(st == RG_EEND || st == RG_EINVALID || st == RG_ELIMIT || st == RG_EDIVERGED ||
              st == RG_ETOONEW);
    rg_assert(st == RG_EEND || err.text[0]);
    rg_effects_info(effects, &info);
    rg_assert(info.effects == count && !(info.finished && info.format_version == 0));
    rg_effects_notes(effects, count_note, &notes);
    rg_effects_close(effects);
    (void)sum;
    return 0;
}
