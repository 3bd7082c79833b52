#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rg/sim_scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORLD "world: {simulate: {processes: [{name: a}]}}\n"
#define REST  "run: {for: 10s}\nexpect: [{always: 'true'}]\n"

static struct rg_scenario *parsed(const char *text)
{
    struct rg_scenario *s = NULL;
    struct rg_err err = {0};
    enum rg_status st = rg_scenario_parse("f.yaml", rg_str_from(text), &s, &err);

    if (st != RG_OK)
        fail_msg("refused: %s", err.text);
    return s;
}

static void test_a_whole_scenario_is_read(void **state)
{
    struct rg_scenario *s = parsed("name: n\nwhy: w\n" WORLD "seed: 7\n"
                                   "run: {for: 5m, checks: [process, rtprocess]}\n"
                                   "config:\n  process_config.intervals.process: 10\n"
                                   "  process_config: {scrub_args: no}\n"
                                   "faults: [{at: 60s, for: 30s, procfs: {call: read, name: io, "
                                   "errno: EACCES, share: 0.2}}]\n"
                                   "expect:\n  - {at: 90s, jq: .a}\n  - {sometimes: .b}\n"
                                   "golden: {file: g.jsonl, ignore: [.c]}\n");

    (void)state;
    assert_string_equal(s->name, "n");
    assert_string_equal(s->why, "w");
    assert_int_equal(s->world, RG_SCENARIO_SIMULATE);
    assert_int_equal(s->seed, 7);
    assert_int_equal(s->for_ns, 300 * RG_NS_PER_S);
    assert_true(rg_str_is(rg_str_buf(&s->checks), "process, rtprocess"));
    assert_true(rg_str_is(rg_str_buf(&s->config),
        "process_config.intervals.process: \"10\"\nprocess_config: {\"scrub_args\": \"no\"}\n"));
    assert_int_equal(s->origins[1].line, 8);
    assert_int_equal(s->origins[1].column, 3);
    assert_int_equal(s->fault_count, 1);
    assert_true(s->fault_origins[0].line > 1);
    assert_true(s->fault_origins[0].column > 1);
    assert_int_equal(s->faults[0].target, RG_FAULT_PROCFS);
    assert_int_equal(s->faults[0].call, RG_FAULT_READ);
    assert_int_equal(s->faults[0].errnum, EACCES);
    assert_int_equal(s->faults[0].from_ns, 60 * RG_NS_PER_S);
    assert_int_equal(s->faults[0].for_ns, 30 * RG_NS_PER_S);
    assert_int_equal(s->expect_count, 2);
    assert_int_equal(s->expects[0].at_ns, 90 * RG_NS_PER_S);
    assert_int_equal(s->expects[1].when, RG_EXPECT_SOMETIMES);
    assert_int_equal(s->expects[1].line, 12);
    assert_string_equal(s->golden, "g.jsonl");
    assert_string_equal(s->ignore[0], ".c");
    rg_scenario_destroy(s);
}

/* Each text, and what its refusal says. */
static const struct {
    const char *text, *says;
} refused[] = {
    {"", "f.yaml:1:1: the document is empty"},
    {"- a\n", "f.yaml:1:1: the document is not a mapping"},
    {"name: a\nname: b\n", "f.yaml:2:1: 'name' is set twice, first in line 1"},
    {"name: a\nexpects: []\n", "f.yaml:2:1: unknown key 'expects'; did you mean 'expect'?"},
    {WORLD REST, "f.yaml:1:1: the key 'name' is missing"},
    {"name: a\nworld: {}\n" REST,
        "f.yaml:2:8: 'world' must have one of fixture, simulate and live"},
    {"name: a\nworld: {live: false}\n" REST, "f.yaml:2:15: 'live' must be true"},
    {"name: a\nworld: {simulate: {procesess: []}}\n" REST,
        "f.yaml:2:20: unknown key 'procesess'; did you mean 'processes'?"},
    {"name: a\nworld: {simulate: {processes: [{name: a, cpu: \"5+x\"}]}}\n" REST, "f.yaml:2:47: "},
    {"name: a\nworld: {simulate: {processes: [{args: []}]}}\n" REST,
        "f.yaml:2:32: the key 'name' is missing"},
    {"name: a\n" WORLD "run: {for: 10}\n",
        "f.yaml:3:12: 'for' must be a duration such as 250ms, 10s or 5m"},
    {"name: a\n" WORLD "run: {for: 10s, checks: [proces]}\n",
        "f.yaml:3:26: there is no check 'proces'; did you mean 'process'?"},
    {"name: a\n" WORLD "run: {for: 10s}\n", "f.yaml:1:1: the key 'expect' is missing"},
    {"name: a\n" WORLD "run: {for: 10s}\nexpect: [{at: 11s, jq: .}]\n",
        "f.yaml:4:15: 'at' is after the end of the run"},
    {"name: a\n" WORLD "run: {for: 10s}\nexpect: [{at: 1s}]\n",
        "f.yaml:4:10: an expectation has 'at' and 'jq'"},
    {"name: a\n" WORLD "faults: [{procfs: {errno: EWHAT}}]\n" REST,
        "f.yaml:3:27: 'EWHAT' is not the name of an errno"},
    {"name: a\n" WORLD "faults: [{procfs: {call: raed, errno: EIO}}]\n" REST,
        "f.yaml:3:26: there is no call 'raed' here; did you mean 'read'?"},
    {"name: a\n" WORLD "faults: [{procfs: {name: io}}]\n" REST,
        "f.yaml:3:19: the fault does nothing"},
    {"name: a\n" WORLD "faults: [{procfs: {errno: EIO, vanish: true}}]\n" REST,
        "f.yaml:3:32: a fault has one effect: 'errno' and 'vanish' are two"},
    {"name: a\n" WORLD "faults: [{at: 1s}]\n" REST, "f.yaml:3:10: the target is missing"},
    {"name: a\n" WORLD "config: {run.for: 1s}\n" REST,
        "f.yaml:3:10: 'run.for' belongs to the section 'run'"},
    {"name: &x a\n", "f.yaml:1:7: anchors and tags are not allowed here"},
    {"name: *x\n", "f.yaml:1:7: aliases are not allowed here"},
    {"name: [\n", "f.yaml:2:1: "},
};

static void test_each_refusal_says_where_and_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct rg_scenario *s = NULL;
        struct rg_err err = {0};
        enum rg_status st = rg_scenario_parse("f.yaml", rg_str_from(refused[i].text), &s, &err);

        if (st != RG_EINVALID || strncmp(err.text, refused[i].says, strlen(refused[i].says)) != 0)
            fail_msg("text %zu: status %d, '%s' instead of '%s'", i, st, err.text, refused[i].says);
        assert_null(s);
    }
}

static void test_deep_nesting_is_a_limit(void **state)
{
    char text[256] = "name: ";
    struct rg_scenario *s = NULL;
    struct rg_err err = {0};

    (void)state;
    memset(text + 6, '[', 100);
    memset(text + 106, ']', 100);
    assert_int_equal(rg_scenario_parse("f.yaml", rg_str_from(text), &s, &err), RG_ELIMIT);
    assert_string_equal(err.text, "f.yaml:1:38: nested too deeply");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_scenario_is_read),
        cmocka_unit_test(test_each_refusal_says_where_and_why),
        cmocka_unit_test(test_deep_nesting_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
