#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "metric_payload.h"
#include "metrics_fixture.h"

#define CHECKS     10000
#define METRICS    10
#define RUNS_COUNT 3

static void test_ten_thousand_checks_go_through_three_flushes(void **state)
{
    const struct rg_payload_limits limits = RG_PAYLOAD_LIMITS;
    struct rg_sender **senders = calloc(CHECKS, sizeof(*senders));
    const struct rg_str tags[] = {RG_STR_LIT("env:prod"), RG_STR_LIT("team:core")};
    struct metrics_fixture f;

    (void)state;
    assert_non_null(senders);
    fixture_init(&f, NULL, NULL);
    for (int i = 0; i < CHECKS; i++) {
        char id[32], instance[32];
        struct rg_str custom = {instance, 0};

        snprintf(id, sizeof(id), "check:%d", i);
        custom.len = (size_t)snprintf(instance, sizeof(instance), "instance:%d", i);
        senders[i] = fixture_sender(&f, id);
        assert_int_equal(
            rg_sender_set_custom_tags(senders[i], (struct rg_tags){&custom, 1}), RG_OK);
    }
    for (int run = 0; run < RUNS_COUNT; run++) {
        struct rg_metric_payloads p = {0};
        uint64_t items = 0;

        for (int i = 0; i < CHECKS; i++) {
            for (int m = 0; m < METRICS; m++) {
                char name[32];

                snprintf(name, sizeof(name), "scale.metric.%d", m);
                rg_sender_gauge(
                    senders[i], name, i + m / 10.0 + run, NULL, (struct rg_tags){tags, 2});
            }
            assert_int_equal(rg_sender_commit(senders[i], NULL), RG_OK);
        }
        fixture_pass(&f, 15);
        fixture_flush(&f, true);
        assert_int_equal(f.flush.metrics.serie_count, CHECKS * METRICS + 2);
        assert_int_equal(rg_metric_payloads_build(&p, &f.flush, run ? RG_SERIES_V1 : RG_SERIES_V2,
                             &limits, "agent-host"),
            RG_OK);
        for (size_t i = 0; i < p.count; i++) {
            assert_true(p.items[i].len <= limits.series_bytes);
            items += p.items[i].items;
        }
        assert_int_equal(items + p.hidden, CHECKS * METRICS + 3);
        assert_true(p.count >= 11); /* at most 10,000 points each, and the service check */
        rg_metric_payloads_finish(&p);
        assert_int_equal(rg_aggregator_counts(f.aggregator).contexts, CHECKS * METRICS);
    }
    for (int i = 0; i < CHECKS; i++)
        rg_sender_close(senders[i]);
    fixture_flush(&f, false);
    assert_int_equal(rg_aggregator_counts(f.aggregator).samplers, 0);
    assert_int_equal(rg_aggregator_counts(f.aggregator).contexts, 0);
    free(senders);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_thousand_checks_go_through_three_flushes),
    };

    return cmocka_run_group_tests_name("metric scale", tests, NULL, NULL);
}
