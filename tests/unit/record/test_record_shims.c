#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_edit.h"
#include "fake_procfs.h"
#include "rg/live.h"
#include "rg/sim.h"

static const char secret[] = "agent\0--password=hunter2hunter2\0";

struct desk {
    char folder[CAPTURE_PATH_MAX], path[CAPTURE_PATH_MAX];
    struct fake_procfs *fake;
    struct rg_backends inner;
    struct rg_recorder *rec;
    const struct rg_backends *outer;
    struct rg_record_summary summary;
    struct rg_buf out;
    struct rg_err err;
    int told; /* calls of the failure callback */
};

/* What a program does that stops its run: it asks the run's runtime, through the recorder. */
static void note_failure(void *ctx)
{
    struct desk *d = ctx;

    d->told++;
    rg_runtime_mark(d->outer->runtime, "failed");
}

static int setup(void **state)
{
    struct desk *d = calloc(1, sizeof(*d));
    struct rg_sim_runtime_options sim = RG_SIM_RUNTIME_OPTIONS;
    struct rg_live_host_options host = {.hostname = "h"};
    struct rg_recorder_options options = {
        .version = "test", .mask = RG_MASK_STANDARD, .failed = note_failure, .failed_ctx = d};

    assert_non_null(d);
    capture_temp(d->folder, d->path);
    options.path = d->path;
    d->fake = fake_procfs_create();
    assert_non_null(d->fake);
    d->inner = (struct rg_backends){
        .procfs = &d->fake->base,
        .kubelet = rg_kubelet_none(),
        .events = rg_events_none(),
        .pycheck = rg_pycheck_none(),
    };
    assert_int_equal(rg_sim_runtime_create(&sim, &d->inner.runtime, &d->err), RG_OK);
    assert_int_equal(rg_live_host_create(&host, &d->inner.host, &d->err), RG_OK);
    assert_int_equal(rg_sim_storage_create(NULL, &d->inner.storage, &d->err), RG_OK);
    assert_int_equal(rg_sim_sink_create(NULL, &d->inner.sink, &d->err), RG_OK);
    assert_int_equal(rg_recorder_create(&options, &d->inner, &d->rec, &d->err), RG_OK);
    d->outer = rg_recorder_backends(d->rec);
    rg_buf_init(&d->out, 65536);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;

    rg_recorder_destroy(d->rec);
    rg_sink_destroy(d->inner.sink);
    rg_storage_destroy(d->inner.storage);
    rg_host_destroy(d->inner.host);
    rg_procfs_destroy(d->inner.procfs);
    rg_runtime_destroy(d->inner.runtime);
    capture_temp_remove(d->folder);
    rg_buf_finish(&d->out);
    free(d);
    return 0;
}

static enum rg_status read_cmdline(struct desk *d)
{
    return rg_procfs_read_pid(d->outer->procfs, 7, "cmdline", &d->out, &d->err);
}

static void test_a_masked_answer_survives_a_failure_in_between(void **state)
{
    struct desk *d = *state;
    uint8_t masked[sizeof(secret) - 1];

    fake_procfs_set_bytes(d->fake, 7, "cmdline", secret, sizeof(secret) - 1);
    assert_int_equal(read_cmdline(d), RG_OK);
    assert_int_equal(d->out.len, sizeof(masked));
    memcpy(masked, d->out.data, sizeof(masked));
    assert_memory_not_equal(masked, secret, sizeof(masked));
    for (int round = 0; round < 3; round++) {
        fake_procfs_set_errno(d->fake, 7, "cmdline", EACCES);
        assert_int_equal(read_cmdline(d), RG_EACCES);
        fake_procfs_unset(d->fake, 7, "cmdline");
        fake_procfs_set_bytes(d->fake, 7, "cmdline", round % 2 ? "" : "x", (size_t) !(round % 2));
        assert_int_equal(read_cmdline(d), RG_OK);
        fake_procfs_set_bytes(d->fake, 7, "cmdline", secret, sizeof(secret) - 1);
        assert_int_equal(read_cmdline(d), RG_OK);
        assert_int_equal(d->out.len, sizeof(masked));
        assert_memory_equal(d->out.data, masked, sizeof(masked));
    }
    assert_int_equal(rg_recorder_finish(d->rec, &d->summary, &d->err), RG_OK);
    assert_true(d->summary.masked > 0);
}

static void test_new_words_hold_for_answers_that_did_not_change(void **state)
{
    static const char line[] = "agent\0--zebra=stripes99\0";
    const struct rg_str word = RG_STR_LIT("zebra");
    struct desk *d = *state;

    fake_procfs_set_bytes(d->fake, 7, "cmdline", line, sizeof(line) - 1);
    fake_procfs_set_bytes(d->fake, 8, "cmdline", secret, sizeof(secret) - 1);
    assert_int_equal(read_cmdline(d), RG_OK);
    assert_memory_equal(d->out.data, line, sizeof(line) - 1);
    assert_int_equal(rg_recorder_words(d->rec, &word, 1, &d->err), RG_OK);
    assert_int_equal(read_cmdline(d), RG_OK);
    assert_int_equal(d->out.len, sizeof(line) - 1);
    assert_memory_not_equal(d->out.data, line, sizeof(line) - 1);
}

static void test_the_environment_of_a_process_is_not_read(void **state)
{
    struct desk *d = *state;

    fake_procfs_set(d->fake, 7, "environ", "SECRET=1");
    assert_int_equal(
        rg_procfs_read_pid(d->outer->procfs, 7, "environ", &d->out, &d->err), RG_EACCES);
    assert_int_equal(d->out.len, 0);
    assert_int_equal(fake_procfs_calls(d->fake, 7, "environ"), 0);
}

/* The engine prints errors: what it gets now must be what a replay will give it. */
static void test_failures_are_given_as_they_will_be_replayed(void **state)
{
    struct desk *d = *state;
    struct rg_pid_list pids = {0};
    struct rg_replay *replay;
    struct rg_replay_report report = {0};
    struct rg_err live;
    struct rg_err again;

    memset(&live, 'x', sizeof(live));
    memset(&again, 'y', sizeof(again));
    d->fake->list_errnum = EMFILE;
    assert_int_equal(rg_procfs_list_pids(d->outer->procfs, &pids, &live), RG_EIO);
    assert_int_equal(rg_recorder_finish(d->rec, &d->summary, &d->err), RG_OK);
    assert_int_equal(rg_replay_open(d->path, NULL, &replay, &d->err), RG_OK);
    assert_int_equal(
        rg_procfs_list_pids(rg_replay_backends(replay)->procfs, &pids, &again), RG_EIO);
    rg_replay_conclude(replay, &report);
    assert_int_equal(report.outcome, RG_REPLAY_EQUAL);
    rg_replay_report_finish(&report);
    rg_replay_destroy(replay);
    assert_int_equal(live.errnum, EMFILE);
    assert_int_equal(again.errnum, EMFILE);
    assert_string_equal(live.text, again.text);
    rg_pid_list_finish(&pids);
}

static void test_a_full_disk_is_told_once_and_the_engine_goes_on(void **state)
{
    struct desk *d = *state;
    struct rlimit before;
    struct rlimit small;
    char noise[4096];

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 65536;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; i < 2000; i++) {
        for (size_t j = 0; j < sizeof(noise); j += 8) {
            uint64_t bits = rg_runtime_random(d->inner.runtime, "noise");

            memcpy(noise + j, &bits, sizeof(bits));
        }
        fake_procfs_set_bytes(d->fake, 7, "cmdline", noise, sizeof(noise));
        assert_int_equal(
            rg_procfs_read_pid(d->outer->procfs, 7, "cmdline", &d->out, &d->err), RG_OK);
        assert_int_equal(d->out.len, sizeof(noise));
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(d->told, 1);
    assert_int_equal(rg_recorder_finish(d->rec, &d->summary, &d->err), RG_EIO);
    assert_int_equal(d->err.errnum, EFBIG);
    assert_int_equal(access(d->path, F_OK), -1);
}

static void test_notes_reach_the_file(void **state)
{
    struct desk *d = *state;
    struct rg_effects *effects;
    struct rg_effect e;

    assert_int_equal(rg_recorder_note(d->rec, "kernel", "6.1", &d->err), RG_OK);
    rg_runtime_mono(d->outer->runtime);
    assert_int_equal(rg_recorder_finish(d->rec, &d->summary, &d->err), RG_OK);
    assert_int_equal(d->summary.effects, 1);
    assert_int_equal(rg_effects_open(d->path, &effects, &d->err), RG_OK);
    assert_int_equal(rg_effects_next(effects, &e, &d->err), RG_OK);
    assert_int_equal(e.kind, RG_EFFECT_MONO);
    assert_int_equal(rg_effects_next(effects, &e, &d->err), RG_EEND);
    rg_effects_close(effects);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_masked_answer_survives_a_failure_in_between),
        CASE(test_new_words_hold_for_answers_that_did_not_change),
        CASE(test_the_environment_of_a_process_is_not_read),
        CASE(test_failures_are_given_as_they_will_be_replayed),
        CASE(test_a_full_disk_is_told_once_and_the_engine_goes_on),
        CASE(test_notes_reach_the_file),
    };

    return cmocka_run_group_tests_name("record shims", tests, NULL, NULL);
}
