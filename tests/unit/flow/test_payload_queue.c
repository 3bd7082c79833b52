#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "payload_queue.h"

#include <string.h>

/* Values are letters; the dropped ones are noted in order. */
struct notes {
    char dropped[32];
    size_t count;
};

static char letters[] = "abcdefghijklmnop";

static void note_drop(void *ctx, void *value)
{
    struct notes *n = ctx;

    n->dropped[n->count++] = *(char *)value;
}

static void add(struct rg_payload_queue *q, uint32_t type, uint64_t weight, char letter)
{
    struct rg_queue_item item = {type, weight, &letters[letter - 'a']};

    assert_int_equal(rg_payload_queue_add(q, item), RG_OK);
}

static void expect(struct rg_payload_queue *q, const char *want)
{
    struct rg_queue_item item;
    size_t i = 0;

    for (; rg_payload_queue_take(q, &item); i++)
        assert_int_equal(*(char *)item.value, want[i]);
    assert_int_equal(i, strlen(want));
    assert_int_equal(q->weight, 0);
}

static void test_items_leave_in_the_order_they_came(void **state)
{
    struct rg_payload_queue q;
    struct notes n = {0};

    (void)state;
    rg_payload_queue_init(&q, 10, 100, note_drop, &n);
    add(&q, 1, 10, 'a');
    add(&q, 2, 20, 'b');
    add(&q, 1, 30, 'c');
    assert_int_equal(q.weight, 60);
    expect(&q, "abc");
    assert_int_equal(n.count, 0);
    rg_payload_queue_finish(&q);
}

static void test_weight_is_made_from_the_same_type_first(void **state)
{
    struct rg_payload_queue q;
    struct notes n = {0};

    (void)state;
    rg_payload_queue_init(&q, 10, 100, note_drop, &n);
    add(&q, 1, 40, 'a');
    add(&q, 2, 30, 'b');
    add(&q, 2, 30, 'c');
    add(&q, 2, 55, 'd'); /* b and c go, a stays */
    assert_string_equal(n.dropped, "bc");
    add(&q, 2, 90, 'e'); /* d goes, then a, of the other type */
    assert_string_equal(n.dropped, "bcda");
    add(&q, 2, 101, 'f'); /* heavier than the queue */
    assert_string_equal(n.dropped, "bcdaf");
    expect(&q, "e");
    rg_payload_queue_finish(&q);
}

static void test_a_full_queue_drops_the_same_type_or_its_head(void **state)
{
    struct rg_payload_queue q;
    struct notes n = {0};

    (void)state;
    rg_payload_queue_init(&q, 3, 100, note_drop, &n);
    add(&q, 1, 1, 'a');
    add(&q, 2, 1, 'b');
    add(&q, 1, 1, 'c');
    add(&q, 2, 1, 'd');
    assert_string_equal(n.dropped, "b");
    add(&q, 3, 1, 'e');
    assert_string_equal(n.dropped, "ba");
    rg_payload_queue_finish(&q);
    assert_string_equal(n.dropped, "bacde");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_leave_in_the_order_they_came),
        cmocka_unit_test(test_weight_is_made_from_the_same_type_first),
        cmocka_unit_test(test_a_full_queue_drops_the_same_type_or_its_head),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
