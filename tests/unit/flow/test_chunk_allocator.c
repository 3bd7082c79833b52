#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chunk_allocator.h"
#include "rg/base/prng.h"

#include <stdio.h>
#include <string.h>

/* "10,10 A:5,5 B:" gives two host processes, container A with two and B with none. The result is
 * written "[items@container-container]", one bracket per chunk. */
static void render(const char *input, size_t items_max, uint64_t weight_max, char *out, size_t size)
{
    struct rg_chunk_allocator a = {0};
    uint64_t weights[32];
    size_t n = 0;
    bool host = true;
    int used = 0;

    rg_chunk_allocator_start(&a, items_max, weight_max);
    for (const char *p = input; host || *p;) {
        n = 0;
        if (!host)
            p++; /* the '|' before each container */
        while (*p >= '0' && *p <= '9') {
            uint64_t w = 0;

            for (; *p >= '0' && *p <= '9'; p++)
                w = w * 10 + (uint64_t)(*p - '0');
            weights[n++] = w;
            p += *p == ',';
        }
        assert_int_equal(host ? rg_chunk_allocator_host(&a, weights, n)
                              : rg_chunk_allocator_container(&a, weights, n, NULL),
            RG_OK);
        host = false;
    }
    out[0] = '\0';
    for (size_t i = 0; i < a.count; i++) {
        const struct rg_chunk *c = &a.chunks[i];

        used += snprintf(out + used, size - (size_t)used, "[%zu+%zu", c->item_first, c->item_count);
        if (c->container_count)
            used += snprintf(out + used, size - (size_t)used, "@%zu+%zu", c->container_first,
                c->container_count);
        used += snprintf(out + used, size - (size_t)used, "]");
    }
    rg_chunk_allocator_finish(&a);
}

static void test_worked_examples_come_out_as_specified(void **state)
{
    static const struct {
        const char *input;
        size_t items;
        uint64_t weight;
        const char *want;
    } rows[] = {
        {"10,10,10,10,10", 2, 1000, "[0+2][2+2][4+1]"},
        {"10,10,10|10,10,10", 4, 1000, "[0+4@0+1][4+2@0+1]"},
        {"||10", 4, 1000, "[0+1@0+2]"},
        {"10,2000,10", 100, 1000, "[0+1][1+1][2+1]"},
        {"400,400,400|700,200", 100, 1000, "[0+2][2+1][3+2@0+1]"},
        {"10,10,10,10|10", 4, 1000, "[0+4][4+1@0+1]"},
        {"|10,10|10,10,10|", 2, 1000, "[0+2@0+1][2+2@1+1][4+1@1+2]"},
        {"", 2, 1000, ""},
    };
    char out[256];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        render(rows[i].input, rows[i].items, rows[i].weight, out, sizeof(out));
        assert_string_equal(out, rows[i].want);
    }
}

static void test_fb02_first_container_without_processes_opens_a_chunk(void **state)
{
    struct rg_chunk_allocator a = {0};
    uint64_t weight = 10;
    bool opened = false;

    (void)state;
    rg_chunk_allocator_start(&a, 4, 1000);
    assert_int_equal(rg_chunk_allocator_host(&a, NULL, 0), RG_OK);
    assert_int_equal(rg_chunk_allocator_container(&a, NULL, 0, &opened), RG_OK);
    assert_true(opened);
    assert_int_equal(rg_chunk_allocator_container(&a, &weight, 1, &opened), RG_OK);
    assert_false(opened);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.chunks[0].container_count, 2);
    assert_int_equal(a.chunks[0].weight, 10);
    rg_chunk_allocator_finish(&a);
}

#define ITEMS_MAX 200

/* One random input; returns how many containers it had. */
static size_t give_random(struct rg_chunk_allocator *a, struct rg_prng *prng, uint64_t *all,
    size_t *total, bool *in_container)
{
    size_t containers = rg_prng_below(prng, 6);

    *total = 0;
    for (size_t g = 0; g <= containers; g++) {
        size_t n = rg_prng_below(prng, 4) ? rg_prng_below(prng, 30) : 0;
        uint64_t *weights = all + *total;

        for (size_t i = 0; i < n; i++) {
            weights[i] = 1 + rg_prng_below(prng, rg_prng_below(prng, 8) ? 60 : 400);
            in_container[*total + i] = g > 0;
        }
        *total += n;
        assert_int_equal(g == 0 ? rg_chunk_allocator_host(a, weights, n)
                                : rg_chunk_allocator_container(a, weights, n, NULL),
            RG_OK);
    }
    return containers;
}

static void check_invariants(
    const struct rg_chunk_allocator *a, const uint64_t *all, size_t total, size_t containers)
{
    size_t items = 0;
    size_t next_container = 0;

    for (size_t i = 0; i < a->count; i++) {
        const struct rg_chunk *c = &a->chunks[i];
        uint64_t weight = 0;

        assert_int_equal(c->item_first, items);
        assert_true(c->item_count <= a->items_max);
        assert_true(c->item_count || c->container_count);
        for (size_t k = 0; k < c->item_count; k++)
            weight += all[items + k];
        assert_int_equal(c->weight, weight);
        if (weight > a->weight_max)
            assert_int_equal(c->item_count, 1);
        items += c->item_count;
        if (c->container_count) {
            assert_true(c->container_first <= next_container);
            next_container = c->container_first + c->container_count;
        }
    }
    assert_int_equal(items, total);
    assert_int_equal(next_container, containers);
}

static void test_every_random_input_keeps_the_invariants(void **state)
{
    struct rg_chunk_allocator a = {0};
    uint64_t all[ITEMS_MAX];
    bool in_container[ITEMS_MAX];
    struct rg_prng prng;

    (void)state;
    rg_prng_init(&prng, 11, "chunks");
    for (int round = 0; round < 3000; round++) {
        size_t total, containers;

        rg_chunk_allocator_start(&a, 1 + rg_prng_below(&prng, 12), 50 + rg_prng_below(&prng, 300));
        containers = give_random(&a, &prng, all, &total, in_container);
        check_invariants(&a, all, total, containers);
    }
    rg_chunk_allocator_finish(&a);
}

static void test_fb03_an_unlimited_chunk_reserves_nothing_ahead(void **state)
{
    struct rg_chunk_allocator a = {0};
    uint64_t weights[3] = {1, 2, 3};

    (void)state;
    rg_chunk_allocator_start(&a, INT32_MAX, 1000000);
    assert_int_equal(rg_chunk_allocator_host(&a, weights, 3), RG_OK);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.chunks[0].item_count, 3);
    assert_true(a.cap <= 64);
    rg_chunk_allocator_finish(&a);
}

static void test_fb22_a_container_is_in_every_chunk_with_its_processes(void **state)
{
    uint64_t weights[7] = {10, 10, 10, 10, 10, 10, 10};
    struct rg_chunk_allocator a = {0};

    (void)state;
    rg_chunk_allocator_start(&a, 3, 1000);
    assert_int_equal(rg_chunk_allocator_host(&a, NULL, 0), RG_OK);
    assert_int_equal(rg_chunk_allocator_container(&a, weights, 7, NULL), RG_OK);
    assert_int_equal(a.count, 3);
    for (size_t i = 0; i < a.count; i++) {
        assert_int_equal(a.chunks[i].container_first, 0);
        assert_int_equal(a.chunks[i].container_count, 1);
    }
    rg_chunk_allocator_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked_examples_come_out_as_specified),
        cmocka_unit_test(test_fb02_first_container_without_processes_opens_a_chunk),
        cmocka_unit_test(test_every_random_input_keeps_the_invariants),
        cmocka_unit_test(test_fb03_an_unlimited_chunk_reserves_nothing_ahead),
        cmocka_unit_test(test_fb22_a_container_is_in_every_chunk_with_its_processes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
