/* Which calls a rule matches, what it draws, and which rules are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "fault_fixture.h"

#include <errno.h>
#include <math.h>

#define FAILS .effect = RG_FAULT_ERRNO, .errnum = EIO

static void test_a_name_filters_by_file(void **state)
{
    const struct rg_fault_rule rules[] = {
        {.target = RG_FAULT_PROCFS, .name = "io", FAILS},
        {.target = RG_FAULT_HOST, .name = "0", FAILS},
    };
    struct faulty t;
    int64_t count;

    (void)state;
    faulty_init(&t, rules, 2, 1);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_EIO);
    assert_int_equal(faulty_read(&t, 6, "io"), RG_EIO);
    assert_int_equal(faulty_read(&t, 5, "stat"), RG_OK);
    assert_int_equal(rg_procfs_count_fds(t.b->procfs, 5, &count, &t.err), RG_OK);
    assert_int_equal(rg_host_user_name(t.b->host, 0, &t.out, &t.err), RG_EIO);
    assert_int_equal(rg_host_env(t.b->host, "HOME", &t.out, &t.err), RG_OK);
    faulty_finish(&t);
}

static void test_a_pid_filters_and_calls_without_one_do_not_match(void **state)
{
    const struct rg_fault_rule rule = {.pid = 6, FAILS};
    struct rg_pid_list pids = {0};
    struct faulty t;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_OK);
    assert_int_equal(faulty_read(&t, 6, "io"), RG_EIO);
    assert_int_equal(rg_procfs_list_pids(t.b->procfs, &pids, &t.err), RG_OK);
    assert_int_equal(faulty_emit(&t, "payload", "process"), RG_OK);
    rg_pid_list_finish(&pids);
    faulty_finish(&t);
}

static void test_a_window_opens_and_closes(void **state)
{
    const struct rg_fault_rule rule = {
        .call = RG_FAULT_READ, .from_ns = RG_NS_PER_S, .for_ns = RG_NS_PER_S, FAILS};
    struct faulty t;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_OK);
    faulty_sleep(&t, 999);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_OK);
    faulty_sleep(&t, 1);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_EIO);
    faulty_sleep(&t, 999);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_EIO);
    faulty_sleep(&t, 1);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_OK);
    assert_int_equal(rg_fault_matched(t.faults, 0), 2);
    assert_string_equal(t.events, "0@1000 read 5/io: EIO\n0@1999 read 5/io: EIO\n");
    faulty_finish(&t);
}

static void test_the_nth_call_counts_all_files_or_each_of_them(void **state)
{
    const struct rg_fault_rule rules[] = {
        {.call = RG_FAULT_READ, .nth = 3, FAILS},
        {.call = RG_FAULT_READ,
            .nth = 2,
            .per = RG_FAULT_PER_KEY,
            .effect = RG_FAULT_ERRNO,
            .errnum = EACCES},
    };
    struct faulty t;

    (void)state;
    faulty_init(&t, rules, 2, 1);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_OK);
    assert_int_equal(faulty_read(&t, 6, "io"), RG_OK);
    assert_int_equal(faulty_read(&t, 6, "io"), RG_EIO); /* the second rule does not see it */
    assert_int_equal(faulty_read(&t, 6, "io"), RG_EACCES);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_EACCES);
    assert_int_equal(faulty_read(&t, 5, "stat"), RG_OK);
    assert_int_equal(faulty_read(&t, 5, "stat"), RG_EACCES);
    assert_int_equal(faulty_read(&t, 5, "stat"), RG_OK);
    assert_int_equal(rg_fault_matched(t.faults, 0), 8);
    assert_int_equal(rg_fault_matched(t.faults, 1), 7);
    assert_int_equal(rg_fault_fired(t.faults, 1), 3);
    faulty_finish(&t);
}

/* Which of 2,000 reads failed, as text of '0' and '1'. */
static void drawn_under(uint64_t seed, enum rg_fault_per per, char *out)
{
    const struct rg_fault_rule rule = {.call = RG_FAULT_READ, .share = 0.2, .per = per, FAILS};
    struct faulty t;

    faulty_init(&t, &rule, 1, seed);
    for (int i = 0; i < 2000; i++) {
        out[i] = faulty_read(&t, 5 + i % 3, i % 2 ? "io" : "stat") == RG_OK ? '0' : '1';
        t.events_len = 0;
    }
    out[2000] = '\0';
    faulty_finish(&t);
}

static int ones(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += *text == '1';
    return n;
}

static void test_a_share_is_drawn_by_the_seed(void **state)
{
    char a[2001];
    char b[2001];

    (void)state;
    for (int per = RG_FAULT_PER_CALL; per <= RG_FAULT_PER_KEY; per++) {
        for (uint64_t seed = 0; seed < 5; seed++) {
            drawn_under(seed, (enum rg_fault_per)per, a);
            assert_in_range(ones(a), 320, 480);
            drawn_under(seed, (enum rg_fault_per)per, b);
            assert_string_equal(a, b);
            drawn_under(seed + 100, (enum rg_fault_per)per, b);
            assert_string_not_equal(a, b);
        }
    }
}

static void test_a_key_drawn_once_fails_always_or_never(void **state)
{
    int failing = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        char a[2001];

        drawn_under(seed, RG_FAULT_PER_KEY_ONCE, a);
        for (int i = 6; i < 2000; i++)
            assert_int_equal(a[i], a[i - 6]);
        a[6] = '\0';
        failing += ones(a);
    }
    assert_in_range(failing, 30, 90); /* of 300 */
}

/* With keys counted apart, what one pid draws does not depend on the reads of another. */
static void test_keys_do_not_disturb_each_other(void **state)
{
    const struct rg_fault_rule rule = {
        .call = RG_FAULT_READ, .share = 0.5, .per = RG_FAULT_PER_KEY, FAILS};
    struct faulty a;
    struct faulty b;

    (void)state;
    faulty_init(&a, &rule, 1, 9);
    faulty_init(&b, &rule, 1, 9);
    for (int i = 0; i < 100; i++) {
        enum rg_status st = faulty_read(&a, 5, "io");

        for (int k = 0; k < i % 4; k++)
            rg_ignore(faulty_read(&b, 6, "io"), "only counted");
        assert_int_equal(faulty_read(&b, 5, "io"), st);
    }
    faulty_finish(&a);
    faulty_finish(&b);
}

static void test_without_rules_nothing_is_asked_twice(void **state)
{
    struct rg_sim_runtime_stats stats;
    struct faulty t;

    (void)state;
    faulty_init(&t, NULL, 0, 1);
    assert_ptr_equal(t.b->kubelet, t.inner.kubelet);
    assert_ptr_equal(t.b->pycheck, t.inner.pycheck);
    assert_ptr_equal(t.b->events, t.inner.events);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_OK);
    rg_sim_runtime_stats(t.runtime, &stats);
    assert_int_equal(stats.jumps, 0);
    assert_string_equal(t.events, "");
    faulty_finish(&t);
}

static void refuse(struct rg_fault_rule rule, const char *text)
{
    const struct rg_fault_options options = {0};
    const struct rg_fault_rule rules[] = {{FAILS}, rule};
    struct rg_faults *faults = NULL;
    struct faulty t;

    faulty_world(&t);
    assert_int_equal(rg_fault_wrap(&t.inner, rules, 2, &options, &faults, &t.err), RG_EINVALID);
    assert_null(faults);
    assert_string_equal(t.err.text, text);
    faulty_finish(&t);
}

#define RULE(...) ((struct rg_fault_rule){__VA_ARGS__})

static void test_rules_that_contradict_themselves_are_refused(void **state)
{
    struct rg_fault_rule unterminated = {FAILS};

    (void)state;
    refuse(RULE(.call = RG_FAULT_READ), "fault 2: there is no such effect");
    refuse(RULE(.effect = RG_FAULT_ERRNO), "fault 2: the errno is missing");
    refuse(RULE(.call = RG_FAULT_CALL_COUNT, FAILS), "fault 2: there is no such call");
    refuse(RULE(.target = RG_FAULT_SINK, .call = RG_FAULT_READ, FAILS),
        "fault 2: the call is not one of the target");
    refuse(RULE(.call = RG_FAULT_FDS, .effect = RG_FAULT_SHORT),
        "fault 2: the effect cannot spoil these calls");
    refuse(RULE(.call = RG_FAULT_MUTEX, FAILS), "fault 2: the effect cannot spoil these calls");
    refuse(RULE(.call = RG_FAULT_EMIT, .pid = 5, FAILS),
        "fault 2: these calls have no such name or pid");
    refuse(RULE(.call = RG_FAULT_LIST, .name = "x", FAILS),
        "fault 2: these calls have no such name or pid");
    refuse(RULE(.pid = -1, FAILS), "fault 2: the pid is negative");
    refuse(RULE(.from_ns = -1, FAILS), "fault 2: the window is negative");
    refuse(RULE(.share = 1.01, FAILS), "fault 2: the share is not between 0 and 1");
    refuse(RULE(.share = (double)NAN, FAILS), "fault 2: the share is not between 0 and 1");
    refuse(RULE(.per = RG_FAULT_PER_KEY_ONCE, .nth = 1, FAILS),
        "fault 2: a key that is drawn once has no n-th call");
    refuse(RULE(.effect = RG_FAULT_LATENCY), "fault 2: the latency is not between 1 ns and a day");
    refuse(RULE(.effect = RG_FAULT_STEP), "fault 2: the step is zero or above ten years");
    refuse(RULE(.effect = RG_FAULT_ANSWER, .interval_s = UINT32_MAX),
        "fault 2: a number of the answer is too large");
    refuse(RULE(.effect = RG_FAULT_DRIFT, .drift_ppm = 500001),
        "fault 2: the drift is zero or above 500000 ppm");
    refuse(RULE(.effect = RG_FAULT_STEP, .step_ns = 1, .nth = 1),
        "fault 2: a change of the clock has a window and nothing else");
    refuse(RULE(.target = RG_FAULT_SINK, .effect = RG_FAULT_DRIFT, .drift_ppm = 1),
        "fault 2: the effect cannot spoil these calls");
    memset(unterminated.name, 'x', sizeof(unterminated.name));
    refuse(unterminated, "fault 2: the name is too long");
}

static void test_too_many_rules_are_refused(void **state)
{
    static struct rg_fault_rule rules[RG_FAULT_RULES_MAX + 1];
    const struct rg_fault_options options = {0};
    struct rg_faults *faults = NULL;
    struct faulty t;

    (void)state;
    faulty_world(&t);
    assert_int_equal(
        rg_fault_wrap(&t.inner, rules, RG_FAULT_RULES_MAX + 1, &options, &faults, &t.err),
        RG_ELIMIT);
    assert_null(faults);
    faulty_finish(&t);
}

static void test_names_of_calls_and_errnos(void **state)
{
    int errnum = 0;

    (void)state;
    assert_string_equal(rg_fault_call_name(RG_FAULT_HOST_READ), "host_read");
    assert_int_equal(rg_fault_call_target(RG_FAULT_PUT), RG_FAULT_STORAGE);
    assert_true(rg_fault_errno(RG_STR_LIT("ENOSPC"), &errnum));
    assert_int_equal(errnum, ENOSPC);
    assert_false(rg_fault_errno(RG_STR_LIT("EWHAT"), &errnum));
    assert_int_equal(errnum, ENOSPC);
}

static void test_every_allocation_may_fail(void **state)
{
    const struct rg_fault_rule rules[] = {
        {.call = RG_FAULT_READ, .name = "io", .effect = RG_FAULT_VANISH},
        {.call = RG_FAULT_READ, .per = RG_FAULT_PER_KEY, .effect = RG_FAULT_SHORT, .keep = 1},
    };
    const struct rg_fault_options options = {0};
    struct faulty t;
    long n = 0;
    bool fired;

    (void)state;
    faulty_world(&t);
    assert_int_equal(rg_buf_reserve(&t.out, 4096), RG_OK);
    do {
        enum rg_status st;

        t.faults = NULL;
        fail_alloc_at(++n);
        st = rg_fault_wrap(&t.inner, rules, 2, &options, &t.faults, &t.err);
        if (st == RG_OK) {
            t.b = rg_fault_backends(t.faults);
            st = faulty_read(&t, 5, "stat");
            assert_true(st == RG_OK ? t.out.len == 1 : t.out.len == 0);
        }
        if (st == RG_OK) {
            st = faulty_read(&t, 6, "io");
            assert_true(st == RG_ENOTFOUND || st == RG_ENOMEM);
        }
        fired = fail_alloc_happened();
        fail_alloc_at(0);
        assert_int_equal(st, fired ? RG_ENOMEM : RG_ENOTFOUND);
        rg_fault_destroy(t.faults);
    } while (fired);
    assert_true(n > 4);
    t.faults = NULL;
    faulty_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_filters_by_file),
        cmocka_unit_test(test_a_pid_filters_and_calls_without_one_do_not_match),
        cmocka_unit_test(test_a_window_opens_and_closes),
        cmocka_unit_test(test_the_nth_call_counts_all_files_or_each_of_them),
        cmocka_unit_test(test_a_share_is_drawn_by_the_seed),
        cmocka_unit_test(test_a_key_drawn_once_fails_always_or_never),
        cmocka_unit_test(test_keys_do_not_disturb_each_other),
        cmocka_unit_test(test_without_rules_nothing_is_asked_twice),
        cmocka_unit_test(test_rules_that_contradict_themselves_are_refused),
        cmocka_unit_test(test_too_many_rules_are_refused),
        cmocka_unit_test(test_names_of_calls_and_errnos),
        cmocka_unit_test(test_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
