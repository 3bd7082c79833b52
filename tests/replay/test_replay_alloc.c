/* The n-th allocation fails, while recording and while replaying. The engine may see
 * the failure or not; nothing may crash, hang or leak, and what is called a recording must be one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "toy_stage.h"

#define HANG_S   100
#define ONE_BY   150 /* up to here every number is tried, then steps are taken */
#define STEP     41
#define LAST_MAX 100000

struct stage {
    char folder[CAPTURE_PATH_MAX], path[CAPTURE_PATH_MAX], copy[CAPTURE_PATH_MAX];
    struct toy_options options;
    struct toy_hooks hooks;
    long n;
    bool happened;
};

static void plan(void *ctx)
{
    fail_alloc_at(((struct stage *)ctx)->n);
}

static void end_plan(void *ctx)
{
    ((struct stage *)ctx)->happened = fail_alloc_happened();
    fail_alloc_at(0);
}

static int setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    capture_temp(s->folder, s->path);
    capture_path(s->folder, "partial", s->copy);
    s->options = (struct toy_options){
        .workers = 2, .jobs = 6, .pause_ns = 20000, .pid = getpid(), .twist_job = -1};
    s->hooks = (struct toy_hooks){plan, end_plan, s};
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct stage *s = *state;

    capture_temp_remove(s->folder);
    free(s);
    return 0;
}

static long after(long n)
{
    return n < ONE_BY ? n + 1 : n + STEP;
}

static void drop_files(struct stage *s)
{
    char partial[CAPTURE_PATH_MAX];

    capture_path(s->folder, "test.mcap.partial", partial);
    unlink(partial);
    unlink(s->path);
}

/* A recording that was finished is a true one: the same engine replays equal. */
static void expect_true_recording(struct stage *s)
{
    struct rg_replay_report report;

    assert_int_equal(toy_replay(s->path, &s->options, NULL, &report), RG_OK);
    if (report.outcome != RG_REPLAY_EQUAL)
        fail_msg("allocation %ld failed: %.*s", s->n, (int)report.text.len,
            (const char *)report.text.data);
    rg_replay_report_finish(&report);
}

static void record_failing(struct stage *s, enum toy_stage where)
{
    int lost = 0;
    int kept = 0;

    s->happened = true;
    for (s->n = 1; s->n < LAST_MAX && s->happened; s->n = after(s->n)) {
        struct toy_recording recording;

        toy_record(where, (uint64_t)s->n, s->path, &s->options, &s->hooks, &recording);
        if (recording.recorded == RG_OK)
            expect_true_recording(s);
        lost += recording.recorded != RG_OK;
        kept += recording.recorded == RG_OK;
        drop_files(s);
    }
    assert_in_range(s->n, 10, LAST_MAX - 1);
    assert_true(lost > 3 && kept > 3);
}

static void test_recording_a_simulation_survives_failures(void **state)
{
    record_failing(*state, TOY_SIM);
}

static void test_recording_a_live_run_survives_failures(void **state)
{
    record_failing(*state, TOY_LIVE);
}

static void test_replay_survives_failures(void **state)
{
    struct stage *s = *state;
    struct toy_recording recording;
    int other = 0;

    toy_record(TOY_SIM, 3, s->path, &s->options, NULL, &recording);
    assert_int_equal(recording.recorded, RG_OK);
    s->happened = true;
    for (s->n = 1; s->n < LAST_MAX && s->happened; s->n = after(s->n)) {
        struct rg_replay_report report;
        enum rg_status st = toy_replay(s->path, &s->options, &s->hooks, &report);

        assert_true(st == RG_OK || st == RG_ENOMEM);
        other += st != RG_OK || report.outcome != RG_REPLAY_EQUAL;
        rg_replay_report_finish(&report);
    }
    assert_in_range(s->n, 10, LAST_MAX - 1);
    assert_true(other > 3);
}

static void test_reading_recovering_and_worlds_survive_failures(void **state)
{
    struct stage *s = *state;
    struct toy_recording recording;
    struct rg_buf bytes;
    int failed = 0;

    toy_record(TOY_SIM, 4, s->path, &s->options, NULL, &recording);
    assert_int_equal(recording.recorded, RG_OK);
    capture_slurp(s->path, &bytes);
    capture_spill(s->copy, bytes.data, bytes.len - 40);
    rg_buf_finish(&bytes);
    s->happened = true;
    for (s->n = 1; s->n < LAST_MAX && s->happened; s->n = after(s->n)) {
        struct rg_world *world = NULL;
        struct rg_err err = {0};
        char to[CAPTURE_PATH_MAX];
        uint64_t kept;
        enum rg_status st;
        bool happened;

        plan(s);
        st = rg_world_open(s->path, &world, &err);
        end_plan(s);
        happened = s->happened;
        assert_true(happened ? st == RG_ENOMEM || st == RG_OK : st == RG_OK);
        failed += st != RG_OK;
        rg_world_destroy(world);
        capture_path(s->folder, "to.mcap", to);
        plan(s);
        st = rg_capture_recover(s->copy, to, &kept, &err);
        end_plan(s);
        assert_true(st == RG_ENOMEM || st == RG_OK);
        s->happened = s->happened || happened;
        failed += st != RG_OK;
        assert_int_equal(access(to, F_OK) == 0, st == RG_OK);
        unlink(to);
    }
    assert_in_range(s->n, 10, LAST_MAX - 1);
    assert_true(failed > 20);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_recording_a_simulation_survives_failures),
        CASE(test_recording_a_live_run_survives_failures),
        CASE(test_replay_survives_failures),
        CASE(test_reading_recovering_and_worlds_survive_failures),
    };

    alarm(HANG_S);
    return cmocka_run_group_tests_name("replay without memory", tests, NULL, NULL);
}
