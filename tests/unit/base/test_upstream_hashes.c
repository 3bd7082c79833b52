#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rg/base/hash.h"

#include <string.h>

static void test_murmur_gives_the_first_half_of_the_published_hash(void **state)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } of_a[] = {
        {0, 0},
        {1, UINT64_C(0x85555565f6597889)},
        {8, UINT64_C(0x27a18daf3713439)},
        {9, UINT64_C(0xf7bae17878687f64)},
        {15, UINT64_C(0x7d07a8dbfd2e7fbc)},
        {16, UINT64_C(0xf2c1180d62aaa6ce)},
        {17, UINT64_C(0x6f7214c7cef2d698)},
        {31, UINT64_C(0x6c7ea977c252d3f1)},
        {32, UINT64_C(0xe5f99e2780696aed)},
        {33, UINT64_C(0xe02ec376f433d4bd)},
    };
    const char *fox = "The quick brown fox jumps over the lazy dog";
    char a[33];

    (void)state;
    memset(a, 'a', sizeof(a));
    for (size_t i = 0; i < sizeof(of_a) / sizeof(of_a[0]); i++)
        assert_true(rg_murmur3_64(a, of_a[i].len) == of_a[i].hash);
    assert_true(rg_murmur3_64("false", 5) == UINT64_C(0xc4bf6d05e5b795e4));
    assert_true(rg_murmur3_64("hello", 5) == UINT64_C(0xcbd8a7b341bd9b02));
    assert_true(rg_murmur3_64(fox, strlen(fox)) == UINT64_C(0xe34bbc7bbc071b6c));
}

static void test_murmur_does_not_see_how_bytes_were_cut(void **state)
{
    unsigned char bytes[80];
    uint64_t whole;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 37);
    whole = rg_murmur3_64(bytes, sizeof(bytes));
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        for (size_t second = cut; second <= sizeof(bytes); second += 7) {
            struct rg_murmur3 m;

            rg_murmur3_init(&m);
            rg_murmur3_add(&m, bytes, cut);
            rg_murmur3_add(&m, NULL, 0);
            rg_murmur3_add(&m, bytes + cut, second - cut);
            assert_true(rg_murmur3_sum64(&m) == rg_murmur3_64(bytes, second));
            rg_murmur3_add(&m, bytes + second, sizeof(bytes) - second);
            assert_true(rg_murmur3_sum64(&m) == whole);
        }
    }
}

static void test_fnv1_multiplies_before_it_mixes(void **state)
{
    (void)state;
    assert_true(rg_fnv1_64("", 0) == RG_FNV1_64_START);
    assert_true(rg_fnv1_64("a", 1) == UINT64_C(0xaf63bd4c8601b7be));
    assert_true(rg_fnv1a_64("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(rg_fnv1_64_more(rg_fnv1_64("foo", 3), "bar", 3) == rg_fnv1_64("foobar", 6));
    assert_true(rg_fnv1_64("foobar", 6) == UINT64_C(0x340d8765a4dda9c2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_murmur_gives_the_first_half_of_the_published_hash),
        cmocka_unit_test(test_murmur_does_not_see_how_bytes_were_cut),
        cmocka_unit_test(test_fnv1_multiplies_before_it_mixes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
