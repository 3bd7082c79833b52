/* Ten thousand captures with damage of every kind, read in one process. Most damage is caught by
 * the checksums of the container; every second mutant is a change of a message in a file whose
 * checksums are right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_edit.h"

#define MUTANTS      10000
#define EFFECTS      150
#define MEMORY_BYTES ((rlim_t)2 << 30)
#define HANG_S       100

struct mutation {
    struct rg_prng prng;
    uint64_t target; /* message to change */
};

static void flip(struct rg_prng *prng, struct rg_buf *b)
{
    for (uint64_t n = rg_prng_below(prng, 4) + 1; n && b->len; n--)
        b->data[rg_prng_below(prng, b->len)] ^= (uint8_t)(1u << rg_prng_below(prng, 8));
}

/* Sets some bytes to values that lengths do not like. */
static void stretch(struct rg_prng *prng, struct rg_buf *b)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    uint64_t run = rg_prng_below(prng, 8) + 1;

    for (size_t at = b->len ? rg_prng_below(prng, b->len) : 0; run && at < b->len; at++, run--)
        b->data[at] = values[rg_prng_below(prng, sizeof(values))];
}

static void swap_blocks(struct rg_prng *prng, struct rg_buf *b)
{
    uint64_t len = b->len / 2 ? rg_prng_below(prng, b->len / 2) : 0;
    uint8_t *first = b->data + rg_prng_below(prng, b->len - len * 2 + 1);
    uint8_t *second = first + len;

    for (uint64_t i = 0; i < len; i++) {
        uint8_t byte = first[i];

        first[i] = second[i];
        second[i] = byte;
    }
}

static void splice(struct rg_prng *prng, struct rg_buf *b)
{
    uint64_t from = rg_prng_below(prng, b->len + 1);
    uint64_t to = rg_prng_below(prng, b->len + 1);

    if (from < to) { /* cut out */
        memmove(b->data + from, b->data + to, b->len - to);
        b->len -= to - from;
    } else if (from > to) { /* repeat */
        uint8_t *copy = malloc(from - to);

        assert_non_null(copy);
        memcpy(copy, b->data + to, from - to);
        assert_int_equal(rg_buf_append(b, copy, from - to), RG_OK);
        free(copy);
    }
}

static void mutate(struct rg_prng *prng, struct rg_buf *b)
{
    switch (rg_prng_below(prng, 5)) {
    case 0:
        flip(prng, b);
        break;
    case 1:
        stretch(prng, b);
        break;
    case 2:
        swap_blocks(prng, b);
        break;
    case 3:
        splice(prng, b);
        break;
    default:
        b->len = rg_prng_below(prng, b->len + 1);
        break;
    }
}

static int mutate_message(void *ctx, const char *topic, uint64_t index, struct rg_buf *data)
{
    struct mutation *m = ctx;

    (void)topic;
    if (index != m->target)
        return 1;
    mutate(&m->prng, data);
    return (int)rg_prng_below(&m->prng, 8) ? 1 : 2;
}

static int count_message(void *ctx, const char *topic, uint64_t index, struct rg_buf *data)
{
    (void)topic;
    (void)data;
    *(uint64_t *)ctx = index + 1;
    return 1;
}

static uint64_t count_messages(const struct rg_buf *bytes)
{
    uint64_t count = 0;
    struct capture_edit edit = {.message = count_message, .ctx = &count};
    struct rg_buf out;

    capture_edit(bytes, &edit, &out);
    rg_buf_finish(&out);
    return count;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHADOW_MEMORY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SHADOW_MEMORY
#endif
#endif

static void limit_memory(void)
{
#ifndef SHADOW_MEMORY /* it is address space */
    struct rlimit limit = {MEMORY_BYTES, MEMORY_BYTES};

    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
#endif
}

static void read_mutant(const struct rg_buf *mutant, const struct effect_print *prints,
    struct effect_print *got, unsigned *statuses)
{
    struct capture_read r;
    uint8_t *exact = malloc(mutant->len ? mutant->len : 1);

    assert_non_null(exact);
    memcpy(exact, mutant->data, mutant->len);
    capture_read(exact, mutant->len, got, EFFECTS, &r);
    free(exact);
    assert_true(r.st == RG_EEND || r.st == RG_EINVALID || r.st == RG_ELIMIT ||
                r.st == RG_EDIVERGED || r.st == RG_ETOONEW);
    assert_true(r.st == RG_EEND || r.err.text[0]);
    statuses[-(int)r.st]++;
    /* What was given out before the damage is what was written. A hash of 8 bits guards one
     * answer of /proc, the next ones tell. */
    for (size_t i = 0; i < r.count && i < EFFECTS && r.st == RG_EEND; i++)
        assert_true(got[i].hash == prints[i].hash);
}

static void test_mutated_captures_are_refused_or_true(void **state)
{
    static struct effect_print prints[EFFECTS];
    static struct effect_print got[EFFECTS];
    unsigned statuses[16] = {0};
    char folder[CAPTURE_PATH_MAX];
    char path[CAPTURE_PATH_MAX];
    struct rg_buf bytes;
    uint64_t messages;

    (void)state;
    capture_temp(folder, path);
    capture_write_sample(path, 21, EFFECTS, prints, &bytes);
    capture_temp_remove(folder);
    messages = count_messages(&bytes);
    assert_true(messages > 20);
    limit_memory();
    for (uint64_t seed = 0; seed < MUTANTS; seed++) {
        struct mutation m;
        struct capture_edit edit = {.message = mutate_message, .ctx = &m};
        struct rg_buf mutant;

        rg_prng_init(&m.prng, seed, "mutant");
        if (seed % 2) {
            m.target = rg_prng_below(&m.prng, messages);
            capture_edit(&bytes, &edit, &mutant);
        } else {
            rg_buf_init(&mutant, SIZE_MAX / 2);
            assert_int_equal(rg_buf_set(&mutant, bytes.data, bytes.len), RG_OK);
            mutate(&m.prng, &mutant);
        }
        read_mutant(&mutant, prints, got, statuses);
        rg_buf_finish(&mutant);
    }
    rg_buf_finish(&bytes);
    assert_true(statuses[-RG_EEND] > MUTANTS / 20 && statuses[-RG_EINVALID] > MUTANTS / 10);
    assert_true(statuses[-RG_EDIVERGED] > MUTANTS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutated_captures_are_refused_or_true),
    };

    alarm(HANG_S);
    return cmocka_run_group_tests_name("mutated captures", tests, NULL, NULL);
}
