/* Somebody sets the clock while we run: rates, create times and recordings survive it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "check_fixture.h"
#include "rg/core/engine.h"
#include "rg/fixture.h"

#define HOUR_S        INT64_C(3600)
#define INTERVAL_S    10
#define BOOT_S        INT64_C(1700000000)
#define USER_TICKS    50  /* of the busy process between two runs: 5 % of the host, four CPUs */
#define READ_BYTES    500 /* the same */
#define REFRESH_SCANS 6   /* the boot time is read again that often */

enum { BUSY, QUIET, PROCESSES };

struct bench {
    struct fixture f;
    struct rg_process_check *check;
    struct rg_group_counter groups;
    struct rg_process_result result;
};

static void bench_init(struct bench *b)
{
    struct rg_err err = {0};
    struct rg_process_run both = {.standard = true, .realtime = true};

    memset(b, 0, sizeof(*b));
    fixture_init(&b->f, NULL, NULL);
    fake_host_add(&b->f.host, 20, "busy", NULL);
    fake_host_add(&b->f.host, 30, "quiet", NULL)->start_ticks = 12345;
    b->check = fixture_check(&b->f, NULL);
    assert_int_equal(rg_process_check_run(b->check, both, &b->groups, &b->result, &err), RG_OK);
}

static void bench_finish(struct bench *b)
{
    rg_process_result_finish(&b->result);
    rg_process_check_destroy(b->check);
    fixture_finish(&b->f);
}

/* The clock that the kernel computes the boot time from goes with the wall clock. */
static void step(struct bench *b, int64_t seconds, bool boot_time_too)
{
    rg_sim_runtime_step_wall(b->f.runtime, seconds * RG_NS_PER_S);
    if (boot_time_too)
        b->f.host.boot_s += seconds;
}

/* An interval passes, the busy process works, the check runs: its message, owned by the caller. */
static standard_message *next(struct bench *b, realtime_message **realtime)
{
    struct rg_process_run both = {.standard = true, .realtime = true};
    struct rg_err err = {0};
    standard_message *m;

    fixture_pass(&b->f, INTERVAL_S);
    b->f.host.procs[BUSY].utime += USER_TICKS;
    b->f.host.procs[BUSY].read_bytes += READ_BYTES;
    b->f.host.cpu_ticks += 1000;
    assert_int_equal(rg_process_check_run(b->check, both, &b->groups, &b->result, &err), RG_OK);
    assert_int_equal(b->result.standard.count, 1);
    assert_int_equal(b->result.realtime.count, 1);
    m = decode_standard(&b->result.standard.items[0]);
    assert_int_equal(m->n_processes, PROCESSES);
    *realtime = decode_realtime(&b->result.realtime.items[0]);
    assert_int_equal((*realtime)->n_stats, PROCESSES);
    return m;
}

/* One run: what is independent of the wall clock stays, read_rate is that of the busy process and
 * boot_s the boot time behind all create times. */
static void expect(struct bench *b, float read_rate, int64_t boot_s)
{
    const int64_t created_ms[] = {(boot_s + 5) * 1000, (boot_s + 123) * 1000};
    realtime_message *rt;
    standard_message *m = next(b, &rt);

    for (size_t i = 0; i < PROCESSES; i++) {
        const float cpu = i == BUSY ? 20.0f : 0.0f;
        const float read = i == BUSY ? read_rate : 0.0f;

        assert_int_equal(m->processes[i]->createtime, created_ms[i]);
        assert_int_equal(rt->stats[i]->createtime, created_ms[i]);
        assert_true(m->processes[i]->cpu->userpct == cpu && rt->stats[i]->cpu->userpct == cpu);
        assert_true(m->processes[i]->iostat->readbytesrate == read);
        assert_true(rt->stats[i]->iostat->readbytesrate == read);
        assert_true(m->processes[i]->iostat->writerate == 0.0f);
    }
    datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    datadog__process_agent__collector_real_time__free_unpacked(rt, NULL);
}

static void test_an_hour_back_gives_no_io_rates_for_one_run(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b);
    expect(&b, 50.0f, BOOT_S);
    step(&b, -HOUR_S, false);
    expect(&b, 0.0f, BOOT_S);
    for (int i = 0; i < 2 * REFRESH_SCANS; i++)
        expect(&b, 50.0f, BOOT_S);
    bench_finish(&b);
}

static void test_an_hour_ahead_only_thins_the_rates_of_one_run(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b);
    expect(&b, 50.0f, BOOT_S);
    step(&b, HOUR_S, false);
    expect(&b, (float)READ_BYTES / (float)(HOUR_S + INTERVAL_S), BOOT_S);
    expect(&b, 50.0f, BOOT_S);
    bench_finish(&b);
}

/* Create times follow the kernel's boot time, all in the same run, and the processes stay the same
 * ones: their rates go on. */
static void test_create_times_follow_a_corrected_boot_time_together(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b);
    step(&b, -HOUR_S, true);
    expect(&b, 0.0f, BOOT_S);
    for (int i = 2; i < REFRESH_SCANS; i++)
        expect(&b, 50.0f, BOOT_S);
    for (int i = 0; i < REFRESH_SCANS; i++)
        expect(&b, 50.0f, BOOT_S - HOUR_S);
    bench_finish(&b);
}

static void test_a_boot_time_that_wavers_by_a_second_moves_nothing(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b);
    for (int i = 0; i < 3 * REFRESH_SCANS; i++) {
        b.f.host.boot_s = BOOT_S + i % 3 - 1;
        expect(&b, 50.0f, BOOT_S);
    }
    bench_finish(&b);
}

/* A clock before 1970 is no time to compute with. */
static void test_a_clock_before_the_epoch_is_survived(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b);
    step(&b, -60 * 365 * 24 * HOUR_S, false);
    expect(&b, 0.0f, BOOT_S);
    expect(&b, 50.0f, BOOT_S);
    bench_finish(&b);
}

struct stepper {
    struct fixture *f;
    int steps;
};

/* The intake sees the first payload, and somebody sets the clock. */
static enum rg_status step_at_payload(void *ctx, uint64_t call, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct stepper *s = ctx;

    (void)call;
    (void)response;
    (void)err;
    if (strcmp(output->kind, "payload") == 0 && s->steps == 0) {
        rg_sim_runtime_step_wall(s->f->runtime, -HOUR_S * RG_NS_PER_S);
        s->steps++;
    }
    return RG_OK;
}

static void record(const char *path, struct stepper *stepper, struct rg_record_summary *summary)
{
    struct rg_recorder_options o = {.path = path, .version = "test", .mask = RG_MASK_STANDARD};
    struct rg_engine_report report = {0};
    struct rg_recorder *recorder;
    struct fixture f;
    struct rg_err err = {0};

    stepper->f = &f;
    fixture_init(&f, step_at_payload, stepper);
    f.host.documents[0] =
        (struct fake_text){"options", "run: {for: 65s, checks: [process, rtprocess]}\n"};
    fake_host_add(&f.host, 20, "app", "--password=x");
    assert_int_equal(rg_sim_storage_create(NULL, &f.backends.storage, &err), RG_OK);
    assert_int_equal(rg_recorder_create(&o, &f.backends, &recorder, &err), RG_OK);
    assert_int_equal(rg_engine_run(rg_recorder_backends(recorder), &report, &err), RG_OK);
    assert_int_equal(report.failed_runs, 0);
    assert_int_equal(rg_recorder_finish(recorder, summary, &err), RG_OK);
    rg_recorder_destroy(recorder);
    rg_storage_destroy(f.backends.storage);
    fixture_finish(&f);
}

static void expect_the_step(const char *path)
{
    struct rg_effects *effects;
    struct rg_effect e;
    struct rg_err err = {0};
    int64_t last_ns = 0;
    int backwards = 0;

    assert_int_equal(rg_effects_open(path, &effects, &err), RG_OK);
    while (rg_effects_next(effects, &e, &err) == RG_OK) {
        if (e.kind != RG_EFFECT_WALL)
            continue;
        backwards += e.wall.ns < last_ns - RG_NS_PER_S;
        last_ns = e.wall.ns;
    }
    rg_effects_close(effects);
    assert_int_equal(backwards, 1);
}

static void test_a_recording_with_a_step_back_replays_equal(void **state)
{
    char folder[] = "/tmp/reagent-clock-XXXXXX";
    char path[sizeof(folder) + 16];
    struct stepper stepper = {0};
    struct rg_record_summary summary;
    struct rg_replay_report replayed = {0};
    struct rg_engine_report report = {0};
    struct rg_replay *replay;
    struct rg_err err = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/step.mcap", folder);
    record(path, &stepper, &summary);
    assert_int_equal(stepper.steps, 1);
    assert_true(summary.duration_ns >= 60 * RG_NS_PER_S); /* monotonic time saw no step */
    expect_the_step(path);
    assert_int_equal(rg_replay_open(path, NULL, &replay, &err), RG_OK);
    assert_int_equal(rg_engine_run(rg_replay_backends(replay), &report, &err), RG_OK);
    rg_replay_conclude(replay, &replayed);
    assert_int_equal(replayed.outcome, RG_REPLAY_EQUAL);
    assert_int_equal(replayed.outputs, summary.outputs);
    assert_true(replayed.output_hash == summary.output_hash);
    assert_true(summary.outputs > 10);
    rg_replay_report_finish(&replayed);
    rg_replay_destroy(replay);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_hour_back_gives_no_io_rates_for_one_run),
        cmocka_unit_test(test_an_hour_ahead_only_thins_the_rates_of_one_run),
        cmocka_unit_test(test_create_times_follow_a_corrected_boot_time_together),
        cmocka_unit_test(test_a_boot_time_that_wavers_by_a_second_moves_nothing),
        cmocka_unit_test(test_a_clock_before_the_epoch_is_survived),
        cmocka_unit_test(test_a_recording_with_a_step_back_replays_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
