/* The protocol of a measurement, on runs that are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench_measure.h"
#include "cli.h"

#include <string.h>

#define RUNS_MAX 8

/* A run function has no context of its own, so what it plays lies here. */
static struct {
    struct bench_sample runs[RUNS_MAX];
    struct bench_marks marks[RUNS_MAX];
    bool profiled[RUNS_MAX];
    size_t count;
    enum rg_status st;
} play;

static enum rg_status fake_run(const struct bench_subject *subject, const struct bench_marks *marks,
    bool profile, struct bench_sample *out, struct rg_err *err)
{
    (void)subject;
    assert_true(play.count < RUNS_MAX);
    if (play.st != RG_OK)
        return rg_err_errno(err, 11);
    play.marks[play.count] = *marks;
    play.profiled[play.count] = profile;
    *out = play.runs[play.count++];
    return RG_OK;
}

static const struct bench_subject subject = {.path = "made-up", .name = "made-up"};

static int set_up(void **state)
{
    (void)state;
    memset(&play, 0, sizeof(play));
    for (size_t i = 0; i < RUNS_MAX; i++)
        play.runs[i] = (struct bench_sample){
            .cpu_ns = 100 + (int64_t)i,
            .wall_ns = 200,
            .peak_rss_bytes = 1000 - i,
            .outputs = 50,
            .output_hash = 7,
            .early_outputs = 5,
            .virtual_ns = 1030,
        };
    return 0;
}

static void test_the_first_and_the_profiled_run_do_not_count(void **state)
{
    struct bench_result result = {0};

    (void)state;
    play.runs[0].cpu_ns = play.runs[4].cpu_ns = 1000000;
    play.runs[4].profile.ns[BENCH_ENGINE] = 77;
    assert_int_equal(bench_measure(&subject, 3, fake_run, &result), CLI_OK);
    assert_int_equal(play.count, 5);
    assert_false(play.profiled[0]);
    assert_false(play.profiled[3]);
    assert_true(play.profiled[4]);
    assert_int_equal(result.repetitions, 3);
    assert_int_equal(result.cpu.median, 102);
    assert_int_equal(result.cpu.mad, 1);
    assert_int_equal(result.wall.median, 200);
    assert_int_equal(result.peak_rss_bytes, 999);
    assert_int_equal(result.profile.ns[BENCH_ENGINE], 77);
    assert_int_equal((int)bench_times_real(&result), 10);
}

static void test_memory_is_looked_at_where_the_first_run_says(void **state)
{
    struct bench_result result = {0};

    (void)state;
    play.runs[0].early_outputs = 0;
    assert_int_equal(bench_measure(&subject, 1, fake_run, &result), CLI_OK);
    assert_int_equal(play.marks[0].early, 0);
    assert_int_equal(play.marks[0].late, 0);
    assert_int_equal(play.marks[1].early, 1);
    assert_int_equal(play.marks[1].late, 50);
}

static void test_another_hash_in_a_repetition_ends_the_measurement(void **state)
{
    struct bench_result result = {0};

    (void)state;
    play.runs[2].output_hash = 8;
    assert_int_equal(bench_measure(&subject, 4, fake_run, &result), CLI_DIVERGED);
    assert_int_equal(play.count, 3);
}

static void test_another_hash_in_the_profiled_run_ends_it_too(void **state)
{
    struct bench_result result = {0};

    (void)state;
    play.runs[3].output_hash = 8;
    assert_int_equal(bench_measure(&subject, 2, fake_run, &result), CLI_DIVERGED);
}

static void test_another_count_of_outputs_ends_it(void **state)
{
    struct bench_result result = {0};

    (void)state;
    play.runs[1].outputs = 51;
    assert_int_equal(bench_measure(&subject, 2, fake_run, &result), CLI_DIVERGED);
}

static void test_a_failed_run_gives_its_code(void **state)
{
    struct bench_result result = {0};

    (void)state;
    play.runs[2].code = CLI_FINDING;
    strcpy(play.runs[2].text, "deadlock");
    assert_int_equal(bench_measure(&subject, 3, fake_run, &result), CLI_FINDING);
    assert_int_equal(play.count, 3);
}

static void test_a_process_that_cannot_start_is_internal(void **state)
{
    struct bench_result result = {0};

    (void)state;
    play.st = RG_EIO;
    assert_int_equal(bench_measure(&subject, 3, fake_run, &result), CLI_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_first_and_the_profiled_run_do_not_count, set_up),
        cmocka_unit_test_setup(test_memory_is_looked_at_where_the_first_run_says, set_up),
        cmocka_unit_test_setup(test_another_hash_in_a_repetition_ends_the_measurement, set_up),
        cmocka_unit_test_setup(test_another_hash_in_the_profiled_run_ends_it_too, set_up),
        cmocka_unit_test_setup(test_another_count_of_outputs_ends_it, set_up),
        cmocka_unit_test_setup(test_a_failed_run_gives_its_code, set_up),
        cmocka_unit_test_setup(test_a_process_that_cannot_start_is_internal, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
