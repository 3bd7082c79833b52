#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "toy_stage.h"

#define LIVE_RUNS 50
#define SIM_SEEDS 100
#define SEEN_MAX  20000

struct seen {
    uint32_t task;
    enum rg_effect_kind kind;
    char name[24];
};

struct stage {
    char folder[CAPTURE_PATH_MAX], path[CAPTURE_PATH_MAX];
    struct toy_options options;
    struct toy_recording recording;
    struct rg_replay_report report;
    struct seen seen[SEEN_MAX]; /* seen[i] is effect i + 1 */
    size_t count;
};

static int setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    capture_temp(s->folder, s->path);
    s->options = (struct toy_options){
        .workers = 3, .jobs = 20, .pause_ns = 150000, .pid = getpid(), .twist_job = -1};
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct stage *s = *state;

    rg_replay_report_finish(&s->report);
    capture_temp_remove(s->folder);
    free(s);
    return 0;
}

static void record(struct stage *s, enum toy_stage where, uint64_t seed)
{
    unlink(s->path);
    toy_record(where, seed, s->path, &s->options, NULL, &s->recording);
    if (s->recording.recorded != RG_OK)
        fail_msg("recording: %s", s->recording.err.text);
    assert_int_equal(s->recording.ran, RG_OK);
}

static void replay(struct stage *s, const struct toy_options *options)
{
    rg_replay_report_finish(&s->report);
    assert_int_equal(toy_replay(s->path, options, NULL, &s->report), RG_OK);
}

static void expect_equal(struct stage *s)
{
    replay(s, &s->options);
    if (s->report.outcome != RG_REPLAY_EQUAL)
        fail_msg("%.*s", (int)s->report.text.len, (const char *)s->report.text.data);
    assert_int_equal(s->report.status, RG_OK);
    assert_int_equal(s->report.at_effect, 0);
    assert_int_equal(s->report.text.len, 0);
    assert_true(s->report.finished);
    assert_int_equal(s->report.effects, s->recording.summary.effects);
    assert_int_equal(s->report.outputs, s->recording.summary.outputs);
    assert_int_equal(s->report.outputs, s->options.jobs + 1);
    assert_true(s->report.output_hash == s->recording.summary.output_hash);
    assert_true(s->report.recorded_output_hash == s->report.output_hash);
    assert_true(s->report.output_hash != 0);
}

static void test_live_runs_with_many_timings_replay_equal(void **state)
{
    struct stage *s = *state;

    for (int run = 0; run < LIVE_RUNS; run++) {
        s->options.workers = 1 + run % TOY_WORKERS_MAX;
        s->options.pause_ns = 1000 + run * 7919 % 200000;
        record(s, TOY_LIVE, 0);
        expect_equal(s);
    }
}

static void test_simulated_runs_in_many_orders_replay_equal(void **state)
{
    struct stage *s = *state;

    for (uint64_t seed = 0; seed < SIM_SEEDS; seed++) {
        s->options.workers = 1 + (int)seed % TOY_WORKERS_MAX;
        s->options.pause_ns = 1000000;
        record(s, TOY_SIM, seed);
        expect_equal(s);
    }
}

/* ---- an engine that does something else ---- */

static void look(struct stage *s)
{
    struct rg_effects *effects;
    struct rg_effect e;
    struct rg_err err = {0};

    s->count = 0;
    assert_int_equal(rg_effects_open(s->path, &effects, &err), RG_OK);
    while (rg_effects_next(effects, &e, &err) == RG_OK) {
        struct seen *seen = &s->seen[s->count++];

        assert_true(s->count < SEEN_MAX && e.name.len < sizeof(seen->name));
        *seen = (struct seen){.task = e.task, .kind = e.kind};
        if (e.name.len)
            memcpy(seen->name, e.name.ptr, e.name.len);
    }
    rg_effects_close(effects);
}

/* Number of the first effect behind `after` that is of that task, and of that kind and name when
 * they are given. */
static uint64_t next_of(
    const struct stage *s, uint64_t after, uint32_t task, int kind, const char *name)
{
    for (size_t i = (size_t)after; i < s->count; i++) {
        if (s->seen[i].task == task && (kind == 0 || (int)s->seen[i].kind == kind) &&
            (!name || strcmp(s->seen[i].name, name) == 0))
            return i + 1;
    }
    fail_msg("no %s %s behind effect %u", rg_effect_kind_name((enum rg_effect_kind)kind),
        name ? name : "", (unsigned)after);
    return 0;
}

static uint64_t start_of_job(const struct stage *s, int job)
{
    char name[24];

    snprintf(name, sizeof(name), "job-%d", job);
    for (size_t i = 0; i < s->count; i++) {
        if (s->seen[i].kind == RG_EFFECT_RANDOM && strcmp(s->seen[i].name, name) == 0)
            return i + 1;
    }
    fail_msg("no %s", name);
    return 0;
}

/* The effect at which the twisted engine must be caught. */
static uint64_t expected_effect(const struct stage *s, enum toy_twist twist, int job)
{
    uint64_t start = start_of_job(s, job);
    uint32_t task = s->seen[start - 1].task;
    uint64_t last_spawn = 0;
    uint64_t output = next_of(s, start, task, RG_EFFECT_OUTPUT, NULL);

    for (size_t i = 0; i < s->count; i++) {
        if (s->seen[i].kind == RG_EFFECT_SPAWN)
            last_spawn = i + 1;
    }
    switch (twist) {
    case TOY_WRONG_PID:
    case TOY_EXTRA_QUESTION:
        return next_of(s, start, task, RG_EFFECT_READ, "stat");
    case TOY_MISSING_QUESTION:
        return next_of(s, start, task, RG_EFFECT_READ, "status");
    case TOY_WRONG_LOCK:
        return next_of(s, start, task, RG_EFFECT_LOCK, NULL);
    case TOY_WRONG_BYTE:
        return output;
    case TOY_WORKER_ENDS:
        return next_of(s, output, task, 0, NULL);
    case TOY_EXTRA_TASK:
        return next_of(s, last_spawn, 0, 0, NULL);
    case TOY_NO_LAST_OUTPUT:
        return s->count;
    default:
        return s->count + 1;
    }
}

static bool has(const struct stage *s, const char *text)
{
    return memmem(s->report.text.data, s->report.text.len, text, strlen(text)) != NULL;
}

static void expect_history(const struct stage *s, uint64_t at)
{
    char line[64];

    for (uint64_t i = at > 10 ? at - 10 : 1; i < at; i++) {
        snprintf(line, sizeof(line), "\n  #%u task %u ", (unsigned)i, s->seen[i - 1].task);
        if (!has(s, line))
            fail_msg("no '%s' in %.*s", line + 1, (int)s->report.text.len,
                (const char *)s->report.text.data);
    }
    snprintf(line, sizeof(line), "\n  #%u ", (unsigned)(at > 11 ? at - 11 : SEEN_MAX));
    assert_false(has(s, line));
}

static void expect_divergence(struct stage *s, enum toy_twist twist, int job)
{
    struct toy_options twisted = s->options;
    uint64_t at = expected_effect(s, twist, job);
    char line[64];

    twisted.twist = twist;
    twisted.twist_job = job;
    replay(s, &twisted);
    assert_int_equal(s->report.outcome, RG_REPLAY_DIVERGED);
    assert_int_equal(s->report.status, RG_EDIVERGED);
    if (s->report.at_effect != at)
        fail_msg("twist %d of job %d: expected effect %u, %.*s", (int)twist, job, (unsigned)at,
            (int)s->report.text.len, (const char *)s->report.text.data);
    assert_int_equal(s->report.effects, at - 1);
    snprintf(line, sizeof(line), "effect %u: ", (unsigned)at);
    assert_memory_equal(s->report.text.data, line, strlen(line));
    snprintf(line, sizeof(line), "\nrecorded: #%u ", (unsigned)at);
    assert_int_equal(has(s, line), twist != TOY_TWO_LAST_OUTPUTS);
    snprintf(line, sizeof(line), "\nengine:   #%u ", (unsigned)at);
    assert_int_equal(has(s, line), twist != TOY_NO_LAST_OUTPUT);
    if (twist == TOY_WRONG_PID)
        assert_true(has(s, "\nnearest behind it:\n  #"));
    if (twist == TOY_WRONG_BYTE)
        assert_true(has(s, "differs from the recorded one at byte"));
    expect_history(s, at);
}

static void expect_all_divergences(struct stage *s)
{
    look(s);
    for (int twist = TOY_WRONG_PID; twist <= TOY_TWO_LAST_OUTPUTS; twist++) {
        expect_divergence(s, (enum toy_twist)twist, 0);
        expect_divergence(s, (enum toy_twist)twist, s->options.jobs / 2);
        expect_divergence(s, (enum toy_twist)twist, s->options.jobs - 1);
    }
}

static void test_an_engine_that_differs_is_caught_at_the_effect_in_a_live_recording(void **state)
{
    struct stage *s = *state;

    for (int run = 0; run < 4; run++) {
        s->options.workers = 1 + run * 2;
        record(s, TOY_LIVE, 0);
        expect_all_divergences(s);
    }
}

static void test_an_engine_that_differs_is_caught_at_the_effect_in_a_simulated_recording(
    void **state)
{
    struct stage *s = *state;

    for (uint64_t seed = 1; seed <= 4; seed++) {
        record(s, TOY_SIM, seed);
        expect_all_divergences(s);
    }
}

/* ---- files that are cut or altered ---- */

static void test_a_cut_recording_replays_up_to_the_cut(void **state)
{
    struct stage *s = *state;
    struct rg_buf bytes;
    uint64_t last = 0;

    s->options.pause_ns = INT64_C(400) * RG_NS_PER_MS; /* virtual; several chunks */
    record(s, TOY_SIM, 5);
    capture_slurp(s->path, &bytes);
    for (size_t part = 1; part <= 40; part++) {
        size_t len = bytes.len * part / 41;
        struct capture_read r;

        capture_read(bytes.data, len, NULL, 0, &r);
        assert_int_equal(r.st, RG_EEND);
        capture_spill(s->path, bytes.data, len);
        replay(s, &s->options);
        assert_int_equal(s->report.outcome, RG_REPLAY_TRUNCATED);
        assert_int_equal(s->report.status, RG_OK);
        assert_int_equal(s->report.finished, r.info.finished);
        assert_int_equal(s->report.effects, r.count);
        assert_int_equal(s->report.outputs, r.info.outputs);
        assert_true(s->report.output_hash == r.info.output_hash);
        assert_true(r.count >= last);
        last = r.count;
    }
    assert_true(last > 100);
    rg_buf_finish(&bytes);
}

static void test_a_damaged_recording_ends_the_replay(void **state)
{
    struct stage *s = *state;
    struct rg_buf bytes;
    int damaged = 0;

    s->options.pause_ns = INT64_C(400) * RG_NS_PER_MS;
    record(s, TOY_SIM, 6);
    capture_slurp(s->path, &bytes);
    for (size_t part = 1; part <= 20; part++) {
        size_t at = bytes.len * part / 21;

        bytes.data[at] ^= 0x10;
        capture_spill(s->path, bytes.data, bytes.len);
        rg_replay_report_finish(&s->report);
        if (toy_replay(s->path, &s->options, NULL, &s->report) == RG_OK) {
            assert_int_equal(s->report.outcome, RG_REPLAY_DAMAGED);
            assert_int_equal(s->report.at_effect, s->report.effects + 1);
            assert_true(has(s, "offset"));
            damaged++;
        }
        bytes.data[at] ^= 0x10;
    }
    assert_true(damaged > 3);
    rg_buf_finish(&bytes);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_live_runs_with_many_timings_replay_equal),
        CASE(test_simulated_runs_in_many_orders_replay_equal),
        CASE(test_an_engine_that_differs_is_caught_at_the_effect_in_a_live_recording),
        CASE(test_an_engine_that_differs_is_caught_at_the_effect_in_a_simulated_recording),
        CASE(test_a_cut_recording_replays_up_to_the_cut),
        CASE(test_a_damaged_recording_ends_the_replay),
    };

    return cmocka_run_group_tests_name("exact replay", tests, NULL, NULL);
}
