/* Runs of one flow that overlap are told, runs that follow each other are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_fixture.h"

/* A worker: marks a run, which sleeps in the middle like a slow backend, then waits. */
struct worker {
    struct rg_runtime *rt;
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    const char *flow;
    int64_t start_ns, takes_ns;
};

static void work(void *arg)
{
    const struct worker *w = arg;

    assert_int_equal(rg_runtime_sleep_until(w->rt, sim_in(w->rt, w->start_ns)), RG_OK);
    rg_runtime_mark(w->rt, w->flow);
    assert_int_equal(rg_runtime_sleep_until(w->rt, sim_in(w->rt, w->takes_ns)), RG_OK);
    rg_mutex_lock(w->mutex);
    assert_int_equal(rg_cond_wait(w->cond, w->mutex, sim_in(w->rt, 1000)), RG_ETIMEOUT);
    rg_mutex_unlock(w->mutex);
}

static void run_two(const char *one, const char *two, int64_t second_ns, char *text, size_t size)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt = sim_new(&options);
    struct worker w[2];
    const char *overlap;

    w[0] = (struct worker){.rt = rt, .flow = one, .takes_ns = 10};
    w[1] = (struct worker){.rt = rt, .flow = two, .start_ns = second_ns, .takes_ns = 10};
    for (int i = 0; i < 2; i++) {
        w[i].mutex = rg_mutex_create(rt, "rest");
        w[i].cond = rg_cond_create(rt, "rest");
        sim_start(rt, i ? "second" : "first", work, &w[i]);
    }
    for (uint32_t i = 1; i <= 2; i++)
        rg_runtime_join(rt, i);
    overlap = rg_sim_runtime_overlap(rt);
    snprintf(text, size, "%s", overlap ? overlap : "");
    for (int i = 0; i < 2; i++) {
        rg_cond_destroy(w[i].cond);
        rg_mutex_destroy(w[i].mutex);
    }
    rg_runtime_destroy(rt);
}

static void test_a_second_run_before_the_end_of_the_first_is_told(void **state)
{
    char text[512];

    (void)state;
    run_two("process", "process", 5, text, sizeof(text));
    assert_string_equal(text, "task 2 'second' began a run of 'process' while task 1 'first' was "
                              "in a run of 'process'");
}

static void test_a_flow_and_its_real_time_form_are_one(void **state)
{
    char text[512];

    (void)state;
    run_two("process", "rtprocess", 5, text, sizeof(text));
    assert_non_null(strstr(text, "a run of 'rtprocess' while"));
}

static void test_runs_in_turn_and_other_flows_are_no_overlap(void **state)
{
    char text[512];

    (void)state;
    run_two("process", "process", 20, text, sizeof(text)); /* the first waits by then */
    assert_string_equal(text, "");
    run_two("process", "container", 5, text, sizeof(text));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_second_run_before_the_end_of_the_first_is_told),
        cmocka_unit_test(test_a_flow_and_its_real_time_form_are_one),
        cmocka_unit_test(test_runs_in_turn_and_other_flows_are_no_overlap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
