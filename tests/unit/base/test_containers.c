#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rg/base/hash.h"
#include "rg/base/heap.h"
#include "rg/base/map.h"
#include "rg/base/prng.h"

#define KEYS 512

static void test_map_agrees_with_an_array_through_random_changes(void **state)
{
    uint64_t values[KEYS] = {0}; /* 0: absent */
    struct rg_prng prng;
    struct rg_map map;

    (void)state;
    rg_prng_init(&prng, 7, "map");
    rg_map_init(&map);
    for (int i = 0; i < 100000; i++) {
        uint64_t key = rg_prng_below(&prng, KEYS);
        uint64_t got = 0;

        if (rg_prng_below(&prng, 2)) {
            values[key] = (uint64_t)i + 1;
            assert_int_equal(rg_map_put(&map, key, values[key]), RG_OK);
        } else {
            assert_int_equal(rg_map_remove(&map, key, &got), values[key] != 0);
            assert_int_equal(got, values[key]);
            values[key] = 0;
        }
        key = rg_prng_below(&prng, KEYS);
        got = 0;
        assert_int_equal(rg_map_get(&map, key, &got), values[key] != 0);
        assert_int_equal(got, values[key]);
    }
    rg_map_finish(&map);
}

static void test_map_iterates_in_order_of_insertion(void **state)
{
    static const uint64_t wanted[] = {9, 5, 11};
    struct rg_map map;
    uint64_t key;
    size_t pos = 0;
    size_t n = 0;

    (void)state;
    rg_map_init(&map);
    assert_int_equal(rg_map_put(&map, 9, 1), RG_OK);
    assert_int_equal(rg_map_put(&map, 2, 1), RG_OK);
    assert_int_equal(rg_map_put(&map, 5, 1), RG_OK);
    assert_int_equal(rg_map_put(&map, 11, 1), RG_OK);
    assert_true(rg_map_remove(&map, 2, NULL));
    while (rg_map_next(&map, &pos, &key, NULL))
        assert_int_equal(key, wanted[n++]);
    assert_int_equal(n, 3);
    rg_map_finish(&map);
}

static void test_heap_breaks_ties_by_priority_then_by_arrival(void **state)
{
    static const uint64_t wanted[] = {4, 3, 1, 2};
    struct rg_heap_item item;
    struct rg_heap heap;

    (void)state;
    rg_heap_init(&heap);
    assert_int_equal(rg_heap_push(&heap, 50, 1, 1), RG_OK);
    assert_int_equal(rg_heap_push(&heap, 50, 1, 2), RG_OK);
    assert_int_equal(rg_heap_push(&heap, 50, 0, 3), RG_OK);
    assert_int_equal(rg_heap_push(&heap, 20, 9, 4), RG_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_true(rg_heap_pop(&heap, &item));
        assert_int_equal(item.value, wanted[i]);
    }
    assert_false(rg_heap_pop(&heap, &item));
    rg_heap_finish(&heap);
}

static void test_fnv_has_the_published_values(void **state)
{
    (void)state;
    assert_true(rg_fnv1a_64("", 0) == UINT64_C(14695981039346656037));
    assert_true(rg_fnv1a_64("a", 1) == UINT64_C(12638187200555641996));
    assert_int_equal(rg_fnv1_32("host11234", 9), 0xb3f840dc);
}

static void test_durations_sizes_and_numbers_are_strict(void **state)
{
    int64_t ns = 0;
    uint64_t bytes = 0;
    uint64_t u = 5;

    (void)state;
    assert_true(rg_str_to_duration(RG_STR_LIT("2h30m"), &ns));
    assert_true(ns == INT64_C(9000000000000));
    assert_true(rg_str_to_duration(RG_STR_LIT("250ms"), &ns));
    assert_true(ns == 250000000);
    assert_false(rg_str_to_duration(RG_STR_LIT("10"), &ns));
    assert_false(rg_str_to_duration(RG_STR_LIT("99999999999h"), &ns));
    assert_true(rg_str_to_size(RG_STR_LIT("64MiB"), &bytes));
    assert_int_equal(bytes, 64 << 20);
    assert_false(rg_str_to_size(RG_STR_LIT("64MB"), &bytes));
    assert_false(rg_str_to_u64(RG_STR_LIT("18446744073709551616"), &u));
    assert_false(rg_str_to_u64(RG_STR_LIT("1 "), &u));
    assert_int_equal(u, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_agrees_with_an_array_through_random_changes),
        cmocka_unit_test(test_map_iterates_in_order_of_insertion),
        cmocka_unit_test(test_heap_breaks_ties_by_priority_then_by_arrival),
        cmocka_unit_test(test_fnv_has_the_published_values),
        cmocka_unit_test(test_durations_sizes_and_numbers_are_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
