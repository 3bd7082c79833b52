#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_fixture.h"
#include "chunk_allocator.h"
#include "disallow_list.h"
#include "fail_alloc.h"

#include <string.h>

typedef enum rg_status attempt_fn(void *ctx, struct rg_err *err);

/* Fails the first allocation, then the second, until an attempt needs no more. */
static void fail_each(attempt_fn *attempt, void *ctx)
{
    for (long n = 1; n < 5000; n++) {
        struct rg_err err = {0};
        enum rg_status st;
        bool failed;

        fail_alloc_at(n);
        st = attempt(ctx, &err);
        failed = fail_alloc_happened();
        fail_alloc_at(0);
        if (!failed) {
            assert_int_equal(st, RG_OK);
            assert_true(n > 1);
            return;
        }
        if (st != RG_ENOMEM)
            fail_msg("allocation %ld failed, the answer was %s", n, rg_status_name(st));
    }
    fail_msg("there is no end");
}

static enum rg_status scrub(void *ctx, struct rg_err *err)
{
    const struct rg_str words[] = {RG_STR_LIT("*token*")};
    const struct rg_str args[] = {RG_STR_LIT("app"), RG_STR_LIT("--token=x"), RG_STR_LIT("s")};
    struct rg_scrub_options o = {.enabled = true, .words = words, .word_count = 1};
    struct rg_scrub_spans spans = {0};
    struct rg_scrub_args out = {0};
    struct rg_scrubber *s = NULL;
    enum rg_status st = rg_scrubber_create(&o, &s, err);

    (void)ctx;
    if (st == RG_OK)
        st = rg_scrubber_scrub(s, args, 3, &out, err);
    if (st == RG_OK)
        st = rg_scrubber_spans(s, RG_STR_LIT("app --token=x"), &spans, err);
    rg_scrub_spans_finish(&spans);
    rg_scrub_args_finish(&out);
    rg_scrubber_destroy(s);
    return st;
}

static enum rg_status chunk(void *ctx, struct rg_err *err)
{
    static const uint64_t weights[300] = {1};
    struct rg_chunk_allocator a = {0};
    enum rg_status st;

    (void)ctx;
    (void)err;
    rg_chunk_allocator_start(&a, 1, 10);
    st = rg_chunk_allocator_host(&a, weights, 300);
    if (st == RG_OK)
        st = rg_chunk_allocator_container(&a, weights, 2, NULL);
    rg_chunk_allocator_finish(&a);
    return st;
}

static enum rg_status disallow(void *ctx, struct rg_err *err)
{
    const struct rg_str patterns[] = {RG_STR_LIT("a+b"), RG_STR_LIT("(x")};
    const struct rg_str args[] = {RG_STR_LIT("xaab")};
    struct rg_disallow_list *list = NULL;
    bool hidden = false;
    enum rg_status st = rg_disallow_list_create(patterns, 2, NULL, &list, err);

    (void)ctx;
    if (st == RG_OK)
        st = rg_disallow_list_hides(list, args, 1, (struct rg_str){0}, &hidden);
    rg_disallow_list_destroy(list);
    return st;
}

static enum rg_status check_runs(void *ctx, struct rg_err *err)
{
    struct fixture *f = ctx;
    struct rg_process_check_options o = rg_process_check_defaults();
    struct rg_process_run both = {.standard = true, .realtime = true};
    struct rg_group_counter groups = {0};
    struct rg_process_result result = {0};
    struct rg_process_check *check = NULL;
    enum rg_status st = rg_process_check_create(&f->backends, &o, NULL, &check, err);

    for (int i = 0; i < 3 && st == RG_OK; i++)
        st = rg_process_check_run(check, both, &groups, &result, err);
    if (st == RG_OK)
        st = rg_process_check_run(
            check, (struct rg_process_run){.realtime = true}, &groups, &result, err);
    if (st == RG_OK)
        assert_int_equal(result.realtime.count, 1);
    rg_process_result_finish(&result);
    rg_process_check_destroy(check);
    return st;
}

static void test_scrubber_survives_every_failed_allocation(void **state)
{
    (void)state;
    fail_each(scrub, NULL);
}

static void test_chunk_allocator_survives_every_failed_allocation(void **state)
{
    (void)state;
    fail_each(chunk, NULL);
}

static void test_disallow_list_survives_every_failed_allocation(void **state)
{
    (void)state;
    fail_each(disallow, NULL);
}

static void test_check_and_payloads_survive_every_failed_allocation(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, NULL, NULL);
    fake_host_add(&f.host, 1, "app", "--password=x");
    fake_host_add(&f.host, 2, "other", "b\xff");
    fail_each(check_runs, &f);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrubber_survives_every_failed_allocation),
        cmocka_unit_test(test_chunk_allocator_survives_every_failed_allocation),
        cmocka_unit_test(test_disallow_list_survives_every_failed_allocation),
        cmocka_unit_test(test_check_and_payloads_survive_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
