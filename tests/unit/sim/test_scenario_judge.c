#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rg/base/time.h"
#include "rg/sim_judge.h"

#include <string.h>

static const struct rg_scenario scenario = {.path = "f.yaml", .name = "n"};

static void add(struct rg_judge *judge, int64_t t_s, const char *json)
{
    struct rg_err err = {0};

    assert_int_equal(rg_judge_output(judge, t_s * RG_NS_PER_S, rg_str_from(json), &err), RG_OK);
}

/* Two runs: a group of two messages at 2 s, one message at 12 s, then the first of a group whose
 * second never comes. */
static int make_judge(void **state)
{
    struct rg_judge *judge = NULL;
    struct rg_err err = {0};

    assert_int_equal(rg_judge_create(2, &judge, &err), RG_OK);
    add(judge, 2,
        "{\"source\":\"process\",\"n\":1,\"message\":{\"groupId\":1,\"groupSize\":2,"
        "\"processes\":[{\"pid\":1}]}}");
    add(judge, 2,
        "{\"source\":\"process\",\"n\":2,\"message\":{\"groupId\":1,\"groupSize\":2,"
        "\"processes\":[{\"pid\":2}]}}");
    assert_int_equal(rg_judge_fault(judge, 5 * RG_NS_PER_S, 1), RG_OK);
    add(judge, 12,
        "{\"source\":\"process\",\"n\":3,\"message\":{\"groupId\":2,\"groupSize\":1,"
        "\"processes\":[{\"pid\":3}]}}");
    add(judge, 22,
        "{\"source\":\"process\",\"n\":4,\"message\":{\"groupId\":3,\"groupSize\":2,"
        "\"processes\":[{\"pid\":4}]}}");
    assert_int_equal(
        rg_judge_end(judge, 30 * RG_NS_PER_S, rg_str_from("{\"runs\":4}"), &err), RG_OK);
    *state = judge;
    return 0;
}

static int destroy_judge(void **state)
{
    rg_judge_destroy(*state);
    return 0;
}

static bool holds(struct rg_judge *judge, enum rg_expect_when when, int64_t at_s, const char *jq)
{
    const struct rg_expect expect = {.when = when, .at_ns = at_s * RG_NS_PER_S, .jq = jq};
    struct rg_verdict verdict = {.holds = false};
    struct rg_err err = {0};

    rg_buf_init(&verdict.values, RG_JUDGE_VALUES_MAX);
    assert_int_equal(rg_judge_ask(judge, &scenario, &expect, &verdict, &err), RG_OK);
    assert_int_equal(verdict.holds, verdict.values.len == 0);
    rg_buf_finish(&verdict.values);
    return verdict.holds;
}

static void test_last_holds_complete_groups_only(void **state)
{
    assert_true(holds(*state, RG_EXPECT_AT, 1, ".last.process == null"));
    assert_true(holds(*state, RG_EXPECT_AT, 2, ".last.process | map(.pid) == [1, 2]"));
    assert_true(holds(*state, RG_EXPECT_EVENTUALLY, 0, ".last.process | map(.pid) == [3]"));
}

static void test_always_sees_each_state(void **state)
{
    assert_true(holds(*state, RG_EXPECT_ALWAYS, 0, ".out | length >= 2"));
    assert_false(holds(*state, RG_EXPECT_ALWAYS, 0, ".out | length != 3"));
}

static void test_sometimes_needs_one_state(void **state)
{
    assert_true(holds(*state, RG_EXPECT_SOMETIMES, 0, ".out | length == 3"));
    assert_false(holds(*state, RG_EXPECT_SOMETIMES, 0, ".out | length == 1"));
}

static void test_report_and_faults_are_of_their_time(void **state)
{
    assert_true(holds(*state, RG_EXPECT_EVENTUALLY, 0, ".report.runs == 4 and .t == 30"));
    assert_true(holds(*state, RG_EXPECT_AT, 22, ".report == null"));
    assert_true(holds(*state, RG_EXPECT_AT, 4, "[.faults[].fired] == [0, 0]"));
    assert_true(holds(*state, RG_EXPECT_AT, 5, "[.faults[].fired] == [0, 1]"));
}

static void test_nothing_null_and_errors_do_not_hold(void **state)
{
    assert_false(holds(*state, RG_EXPECT_EVENTUALLY, 0, "empty"));
    assert_false(holds(*state, RG_EXPECT_EVENTUALLY, 0, ".nothing"));
    assert_false(holds(*state, RG_EXPECT_EVENTUALLY, 0, "error(\"x\")"));
    assert_false(holds(*state, RG_EXPECT_EVENTUALLY, 0, "true, false, true"));
}

static void test_a_broken_expectation_shows_its_values(void **state)
{
    const struct rg_expect expect = {
        .when = RG_EXPECT_EVENTUALLY, .jq = ".out | length == 3 and (.[0].n == 1)"};
    struct rg_verdict verdict = {.holds = true};
    struct rg_err err = {0};

    rg_buf_init(&verdict.values, RG_JUDGE_VALUES_MAX);
    assert_int_equal(rg_judge_ask(*state, &scenario, &expect, &verdict, &err), RG_OK);
    assert_false(verdict.holds);
    assert_int_equal(verdict.t_ns, 30 * RG_NS_PER_S);
    assert_true(rg_str_is(rg_str_buf(&verdict.values),
        ".out | length == 3 and (.[0].n == 1) => false\n.out | length => 4\n"));
    rg_buf_finish(&verdict.values);
}

static void test_a_program_that_does_not_compile_says_where(void **state)
{
    const struct rg_expect expect = {
        .when = RG_EXPECT_ALWAYS, .jq = ".a | nosuch", .line = 4, .column = 9};
    struct rg_verdict verdict = {.holds = true};
    struct rg_err err = {0};

    rg_buf_init(&verdict.values, RG_JUDGE_VALUES_MAX);
    assert_int_equal(rg_judge_ask(*state, &scenario, &expect, &verdict, &err), RG_EINVALID);
    assert_non_null(strstr(err.text, "f.yaml:4:9: nosuch/0 is not defined"));
    rg_buf_finish(&verdict.values);
}

static void test_lines_leave_out_what_is_ignored(void **state)
{
    const char *const ignore[] = {".message", ".source"};
    struct rg_err err = {0};
    struct rg_buf lines;

    rg_buf_init(&lines, 4096);
    assert_int_equal(rg_judge_lines(*state, ignore, 2, &lines, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&lines), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n"));
    rg_buf_finish(&lines);
}

static void test_status_is_the_last_one_and_other_messages_are_no_groups(void **state)
{
    struct rg_judge *judge = NULL;
    struct rg_err err = {0};

    (void)state;
    assert_int_equal(rg_judge_create(0, &judge, &err), RG_OK);
    add(judge, 1, "{\"kind\":\"payload\",\"source\":\"series\",\"message\":{\"series\":[]}}");
    add(judge, 2, "{\"kind\":\"status\",\"source\":\"agent\",\"message\":{\"runs\":1}}");
    add(judge, 3, "{\"kind\":\"payload\",\"source\":\"events\",\"message\":[1]}");
    add(judge, 4, "{\"kind\":\"status\",\"source\":\"agent\",\"message\":{\"runs\":2}}");
    assert_int_equal(rg_judge_end(judge, 5 * RG_NS_PER_S, rg_str_from("{}"), &err), RG_OK);
    assert_true(holds(judge, RG_EXPECT_AT, 1, ".status == null and .last == {}"));
    assert_true(holds(judge, RG_EXPECT_AT, 3, ".status == {\"runs\": 1}"));
    assert_true(holds(judge, RG_EXPECT_EVENTUALLY, 0, ".status.runs == 2 and .last == {}"));
    rg_judge_destroy(judge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_last_holds_complete_groups_only, make_judge, destroy_judge),
        cmocka_unit_test_setup_teardown(test_always_sees_each_state, make_judge, destroy_judge),
        cmocka_unit_test_setup_teardown(test_sometimes_needs_one_state, make_judge, destroy_judge),
        cmocka_unit_test_setup_teardown(
            test_report_and_faults_are_of_their_time, make_judge, destroy_judge),
        cmocka_unit_test_setup_teardown(
            test_nothing_null_and_errors_do_not_hold, make_judge, destroy_judge),
        cmocka_unit_test_setup_teardown(
            test_a_broken_expectation_shows_its_values, make_judge, destroy_judge),
        cmocka_unit_test_setup_teardown(
            test_a_program_that_does_not_compile_says_where, make_judge, destroy_judge),
        cmocka_unit_test_setup_teardown(
            test_lines_leave_out_what_is_ignored, make_judge, destroy_judge),
        cmocka_unit_test(test_status_is_the_last_one_and_other_messages_are_no_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
