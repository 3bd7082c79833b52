/* Numbers and texts of the simulated /proc, against printf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_model.h"

#include <inttypes.h>
#include <stdio.h>

static void assert_shows(struct sim_out *out, struct rg_buf *buf, const char *expected)
{
    struct rg_err err = {0};

    assert_int_equal(sim_out_end(out, &err), RG_OK);
    assert_int_equal(buf->len, strlen(expected));
    assert_memory_equal(buf->data, expected, buf->len);
    rg_buf_clear(buf);
}

/* All lengths: the numbers around each power of ten. */
static void test_numbers_are_those_of_printf(void **state)
{
    uint64_t power = 1;
    struct sim_out out;
    struct rg_buf buf;
    char text[256];

    (void)state;
    rg_buf_init(&buf, 4096);
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        const uint64_t values[] = {power - 1, power, power + 1, power * 9};

        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            uint64_t v = values[i];

            sim_out_init(&out, &buf);
            sim_out_u64(&out, v);
            sim_out_bytes(&out, "|", 1);
            sim_out_i64(&out, (int64_t)(0 - v / 2));
            sim_out_bytes(&out, "|", 1);
            sim_out_right(&out, v, 8);
            sim_out_bytes(&out, "|", 1);
            sim_out_hex(&out, v, 16);
            snprintf(text, sizeof(text), "%" PRIu64 "|%" PRId64 "|%8" PRIu64 "|%016" PRIx64, v,
                (int64_t)(0 - v / 2), v, v);
            assert_shows(&out, &buf, text);
        }
    }
    rg_buf_finish(&buf);
}

static void test_a_text_longer_than_a_chunk_is_whole(void **state)
{
    static char expected[3 * 4096 + 2];
    struct sim_out out;
    struct rg_buf buf;

    (void)state;
    memset(expected, 'x', sizeof(expected) - 1);
    rg_buf_init(&buf, sizeof(expected));
    sim_out_init(&out, &buf);
    sim_out_text(&out, expected);
    assert_shows(&out, &buf, expected);
    sim_out_init(&out, &buf);
    for (size_t i = 0; i + 1 < sizeof(expected); i++)
        sim_out_bytes(&out, "x", 1);
    assert_shows(&out, &buf, expected);
    rg_buf_finish(&buf);
}

static void test_numbers_fill_a_chunk_to_its_last_byte(void **state)
{
    static char expected[4096 + 8];
    struct sim_out out;
    struct rg_buf buf;

    (void)state;
    rg_buf_init(&buf, sizeof(expected));
    for (size_t before = 4090; before <= 4096; before++) {
        memset(expected, 'x', before);
        memcpy(expected + before, "712", 4);
        sim_out_init(&out, &buf);
        for (size_t i = 0; i < before; i++)
            sim_out_bytes(&out, "x", 1);
        sim_out_u64(&out, 7);
        sim_out_u64(&out, 12);
        assert_shows(&out, &buf, expected);
    }
    rg_buf_finish(&buf);
}

static void test_copy_and_pid_are_replaced_and_other_braces_stay(void **state)
{
    const struct sim_proc p = {.pid = 4242, .copy = 0};
    struct sim_out out;
    struct rg_buf buf;

    (void)state;
    rg_buf_init(&buf, 4096);
    sim_out_init(&out, &buf);
    sim_out_expanded(&out, "{copy}-{pid}{ {cop {pid", &p, 100);
    assert_shows(&out, &buf, "0-4242{ {cop {pid");
    sim_out_init(&out, &buf);
    sim_out_expanded(&out, "name-{pid}-{copy}", &p, 7);
    assert_shows(&out, &buf, "name-42");
    rg_buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_those_of_printf),
        cmocka_unit_test(test_a_text_longer_than_a_chunk_is_whole),
        cmocka_unit_test(test_numbers_fill_a_chunk_to_its_last_byte),
        cmocka_unit_test(test_copy_and_pid_are_replaced_and_other_braces_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
