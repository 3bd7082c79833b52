/* Drawn plans: of their seed, accepted as they are, different, and written so that a scenario with
 * the text has the same rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rg/sim.h"
#include "rg/sim_scenario.h"

#include <stdio.h>
#include <string.h>

#define PLANS  2000
#define FOR_NS (INT64_C(60) * RG_NS_PER_S)

static void test_every_plan_is_accepted(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_backends inner = {.kubelet = rg_kubelet_none()};
    struct rg_fault_rule rules[RG_FAULT_RANDOM_MAX];
    struct rg_err err = {0};

    (void)state;
    assert_int_equal(rg_sim_runtime_create(&options, &inner.runtime, &err), RG_OK);
    for (uint64_t seed = 0; seed < PLANS; seed++) {
        const struct rg_fault_options o = {.seed = seed};
        struct rg_faults *faults = NULL;
        size_t count =
            rg_fault_random(seed, (int64_t)(seed % 7) * FOR_NS, rules, RG_FAULT_RANDOM_MAX);

        assert_in_range(count, 1, RG_FAULT_RANDOM_MAX);
        if (rg_fault_wrap(&inner, rules, count, &o, &faults, &err) != RG_OK)
            fail_msg("seed %u: %s", (unsigned)seed, err.text);
        rg_fault_destroy(faults);
    }
    rg_runtime_destroy(inner.runtime);
}

static void test_a_plan_is_that_of_its_seed(void **state)
{
    struct rg_fault_rule one[RG_FAULT_RANDOM_MAX], two[RG_FAULT_RANDOM_MAX];
    unsigned calls = 0, effects = 0;
    size_t changed = 0;

    (void)state;
    for (uint64_t seed = 0; seed < PLANS; seed++) {
        size_t count = rg_fault_random(seed, FOR_NS, one, RG_FAULT_RANDOM_MAX);

        assert_int_equal(rg_fault_random(seed, FOR_NS, two, RG_FAULT_RANDOM_MAX), count);
        for (size_t i = 0; i < count; i++) {
            assert_memory_equal(&one[i], &two[i], sizeof(one[i]));
            calls |= 1u << one[i].call;
            effects |= 1u << one[i].effect;
            assert_true(one[i].from_ns < FOR_NS);
        }
        rg_fault_random(seed + 1, FOR_NS, two, RG_FAULT_RANDOM_MAX);
        changed += memcmp(&one[0], &two[0], sizeof(one[0])) != 0;
    }
    assert_true(changed > PLANS * 9 / 10);
    assert_true(effects == ((1u << (RG_FAULT_ANSWER + 1)) - 1) - 1); /* all of them, from 1 on */
    assert_true(calls & 1u << RG_FAULT_EMIT && calls & 1u << RG_FAULT_READ &&
                calls & 1u << RG_FAULT_WALL && calls & 1u << RG_FAULT_SPAWN);
    assert_int_equal(rg_fault_random(1, FOR_NS, one, 0), 0);
}

static void parse_back(const struct rg_fault_rule *rules, size_t count)
{
    struct rg_scenario *scenario = NULL;
    struct rg_err err = {0};
    struct rg_buf text;

    rg_buf_init(&text, 65536);
    assert_int_equal(rg_buf_str(&text, "name: a\nworld: {simulate: {processes: [{name: a}]}}\n"
                                       "run: {for: 1m}\nexpect: [{eventually: 'true'}]\nfaults:\n"),
        RG_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rg_buf_str(&text, "  - "), RG_OK);
        assert_int_equal(rg_fault_rule_text(&rules[i], &text), RG_OK);
        assert_int_equal(rg_buf_str(&text, "\n"), RG_OK);
    }
    if (rg_scenario_parse("plan.yaml", rg_str_buf(&text), &scenario, &err) != RG_OK)
        fail_msg("%s\n%.*s", err.text, (int)text.len, (const char *)text.data);
    assert_int_equal(scenario->fault_count, count);
    for (size_t i = 0; i < count; i++)
        assert_memory_equal(&scenario->faults[i], &rules[i], sizeof(rules[i]));
    rg_scenario_destroy(scenario);
    rg_buf_finish(&text);
}

static void test_the_text_of_a_plan_is_a_scenario_with_the_same_rules(void **state)
{
    struct rg_fault_rule rules[RG_FAULT_RANDOM_MAX];
    struct rg_fault_rule odd;

    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++)
        parse_back(rules, rg_fault_random(seed, FOR_NS, rules, RG_FAULT_RANDOM_MAX));
    memset(&odd, 0, sizeof(odd));
    odd.call = RG_FAULT_READ;
    odd.target = RG_FAULT_PROCFS;
    odd.effect = RG_FAULT_LATENCY;
    odd.latency_ns = 1500001;
    odd.pid = 17;
    odd.share = 0.3;
    snprintf(odd.name, sizeof(odd.name), "it's: {a} #b");
    parse_back(&odd, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_plan_is_accepted),
        cmocka_unit_test(test_a_plan_is_that_of_its_seed),
        cmocka_unit_test(test_the_text_of_a_plan_is_a_scenario_with_the_same_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
