/* Every effect, alone: what the caller gets, what is counted and what is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_fixture.h"

#include <errno.h>

static void test_an_errno_is_the_answer_of_a_file_without_a_text(void **state)
{
    const struct rg_fault_rule rule = {
        .call = RG_FAULT_READ, .name = "io", .effect = RG_FAULT_ERRNO, .errnum = EACCES};
    struct faulty t;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    assert_int_equal(faulty_read(&t, 5, "io"), RG_EACCES);
    assert_int_equal(t.err.errnum, EACCES);
    assert_string_equal(t.err.text, "");
    assert_int_equal(faulty_read(&t, 5, "stat"), RG_OK);
    assert_string_equal(t.events, "0@0 read 5/io: EACCES\n");
    assert_int_equal(rg_fault_fired(t.faults, 0), 1);
    faulty_finish(&t);
}

/* One call of each kind that can fail with an errno; RG_OK when it did not. */
static enum rg_status call_kind(struct faulty *t, enum rg_fault_call kind)
{
    struct rg_pid_list pids = {0};
    struct rg_storage_list names = {0};
    struct rg_procfs_stat seen;
    struct rg_host_facts facts;
    int64_t count;
    enum rg_status st;

    switch ((int)kind) {
    case RG_FAULT_LIST:
        st = rg_procfs_list_pids(t->b->procfs, &pids, &t->err);
        rg_pid_list_finish(&pids);
        return st;
    case RG_FAULT_READ:
        return faulty_read(t, 5, "stat");
    case RG_FAULT_LINK:
        return rg_procfs_read_link(t->b->procfs, 5, "exe", &t->out, &t->err);
    case RG_FAULT_FDS:
        return rg_procfs_count_fds(t->b->procfs, 5, &count, &t->err);
    case RG_FAULT_STAT:
        return rg_procfs_stat_pid(t->b->procfs, 5, "fd", &seen, &t->err);
    case RG_FAULT_HOST_READ:
        return rg_procfs_read_host(t->b->procfs, "stat", &t->out, &t->err);
    case RG_FAULT_FACTS:
        return rg_host_facts(t->b->host, &facts, &t->err);
    case RG_FAULT_USER:
        return rg_host_user_name(t->b->host, 0, &t->out, &t->err);
    case RG_FAULT_ENV:
        return rg_host_env(t->b->host, "HOME", &t->out, &t->err);
    case RG_FAULT_DOCUMENT:
        return rg_host_document(t->b->host, "options", &t->out, &t->err);
    case RG_FAULT_DOCUMENTS:
        return rg_host_list_documents(t->b->host, "conf.d", &t->out, &t->err);
    case RG_FAULT_FILESYSTEM:
        return rg_host_filesystem(t->b->host, "/", &(struct rg_filesystem){0}, &t->err);
    case RG_FAULT_PUT:
        return rg_storage_put(t->b->storage, "ns", "object", "bytes", 5, &t->err);
    case RG_FAULT_GET:
        return rg_storage_get(t->b->storage, "ns", "object", &t->out, &t->err);
    case RG_FAULT_REMOVE:
        return rg_storage_remove(t->b->storage, "ns", "object", &t->err);
    case RG_FAULT_LIST_OBJECTS:
        st = rg_storage_list(t->b->storage, "ns", &names, &t->err);
        rg_storage_list_finish(&names);
        return st;
    case RG_FAULT_EMIT:
        return faulty_emit(t, "payload", "process");
    default:
        fail();
        return RG_EINVALID;
    }
}

static void test_every_call_can_fail_and_only_the_named_one_does(void **state)
{
    (void)state;
    for (int kind = RG_FAULT_LIST; kind <= RG_FAULT_EMIT; kind++) {
        const struct rg_fault_rule rule = {
            .call = (enum rg_fault_call)kind, .effect = RG_FAULT_ERRNO, .errnum = EIO};
        struct faulty t;

        faulty_world(&t);
        assert_int_equal(rg_storage_put(t.storage, "ns", "object", "bytes", 5, &t.err), RG_OK);
        faulty_plan(&t, &rule, 1, 1);
        for (int k = RG_FAULT_LIST; k <= RG_FAULT_EMIT; k++) {
            if (k == RG_FAULT_REMOVE && k != kind)
                continue; /* the object is needed by another call */
            assert_int_equal(call_kind(&t, (enum rg_fault_call)k), k == kind ? RG_EIO : RG_OK);
            if (k == kind)
                assert_int_equal(t.err.errnum, EIO);
        }
        assert_int_equal(rg_fault_fired(t.faults, 0), 1);
        faulty_finish(&t);
    }
}

static void test_a_rule_for_any_call_fails_the_nth_of_all_backends(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= RG_FAULT_EMIT; nth++) {
        const struct rg_fault_rule rule = {.effect = RG_FAULT_ERRNO, .errnum = ENOMEM, .nth = nth};
        struct faulty t;

        faulty_world(&t);
        assert_int_equal(rg_storage_put(t.storage, "ns", "object", "bytes", 5, &t.err), RG_OK);
        faulty_plan(&t, &rule, 1, 1);
        for (int k = RG_FAULT_LIST; k <= RG_FAULT_EMIT; k++)
            assert_int_equal(call_kind(&t, (enum rg_fault_call)k) == RG_ENOMEM, (uint64_t)k == nth);
        faulty_finish(&t);
    }
}

static void test_a_full_disk_leaves_the_old_object(void **state)
{
    const struct rg_fault_rule rule = {
        .call = RG_FAULT_PUT, .name = "dump", .nth = 2, .effect = RG_FAULT_ERRNO, .errnum = ENOSPC};
    struct faulty t;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    assert_int_equal(rg_storage_put(t.b->storage, "ns", "dump", "old", 3, &t.err), RG_OK);
    assert_int_equal(rg_storage_put(t.b->storage, "ns", "dump", "new", 3, &t.err), RG_EIO);
    assert_int_equal(t.err.errnum, ENOSPC);
    assert_true(t.err.text[0]);
    assert_int_equal(rg_storage_get(t.b->storage, "ns", "dump", &t.out, &t.err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&t.out), "old"));
    assert_string_equal(t.events, "0@0 put ns/dump: ENOSPC\n");
    faulty_finish(&t);
}

static void test_a_receiver_answers_with_clients_and_an_interval(void **state)
{
    static const uint8_t want[] = {
        3, 0, 23, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a, 5, 8, 2, 16, 0xac, 2};
    const struct rg_fault_rule rules[] = {
        {.call = RG_FAULT_EMIT,
            .name = "process",
            .nth = 2,
            .effect = RG_FAULT_ANSWER,
            .clients = 2,
            .interval_s = 300},
    };
    struct rg_output output = {
        .kind = "payload", .source = "process", .payload = RG_STR_LIT("bytes")};
    struct faulty t;

    (void)state;
    faulty_init(&t, rules, 1, 1);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(rg_sink_emit(t.b->sink, &output, &t.out, &t.err), RG_OK);
        assert_int_equal(t.out.len, i == 2 ? sizeof(want) : 0);
        if (i == 2)
            assert_memory_equal(t.out.data, want, sizeof(want));
    }
    output.kind = "log"; /* nobody answers a log line */
    assert_int_equal(rg_sink_emit(t.b->sink, &output, NULL, &t.err), RG_OK);
    assert_int_equal(rg_fault_matched(t.faults, 0), 3);
    assert_int_equal(rg_sim_sink_count(t.sink), 4);
    assert_string_equal(t.events, "0@0 emit payload/process: answered 2 clients, 300s\n");
    faulty_finish(&t);
}

static void test_a_sink_fails_or_refuses_and_takes_nothing(void **state)
{
    const struct rg_fault_rule rules[] = {
        {.call = RG_FAULT_EMIT,
            .name = "payload",
            .nth = 1,
            .effect = RG_FAULT_ERRNO,
            .errnum = EACCES},
        {.call = RG_FAULT_EMIT, .name = "process", .nth = 1, .effect = RG_FAULT_REFUSE},
    };
    struct faulty t;

    (void)state;
    faulty_init(&t, rules, 2, 1);
    assert_int_equal(faulty_emit(&t, "payload", "process"), RG_EIO);
    assert_true(t.err.text[0]);
    assert_int_equal(faulty_emit(&t, "log", "engine"), RG_OK);
    assert_int_equal(faulty_emit(&t, "payload", "process"), RG_EINVALID);
    assert_int_equal(faulty_emit(&t, "payload", "process"), RG_OK);
    assert_int_equal(rg_sim_sink_count(t.sink), 2);
    assert_string_equal(
        t.events, "0@0 emit payload/process: EACCES\n1@0 emit payload/process: refused\n");
    faulty_finish(&t);
}

static void test_a_short_read_keeps_the_first_bytes(void **state)
{
    const struct rg_fault_rule rule = {.call = RG_FAULT_ENV, .effect = RG_FAULT_SHORT, .keep = 3};
    struct faulty t;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    assert_int_equal(rg_host_env(t.b->host, "HOME", &t.out, &t.err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&t.out), "/ro"));
    assert_int_equal(rg_host_env(t.b->host, "NONE", &t.out, &t.err), RG_ENOTFOUND);
    assert_string_equal(t.events, "0@0 env HOME: cut to 3 of 5 bytes\n");
    assert_int_equal(rg_fault_matched(t.faults, 0), 1); /* a failure is no answer to spoil */
    faulty_finish(&t);
}

static void test_an_answer_that_is_short_already_is_no_firing(void **state)
{
    const struct rg_fault_rule rule = {.call = RG_FAULT_ENV, .effect = RG_FAULT_SHORT, .keep = 5};
    struct faulty t;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    assert_int_equal(rg_host_env(t.b->host, "HOME", &t.out, &t.err), RG_OK);
    assert_int_equal(rg_fault_fired(t.faults, 0), 0);
    assert_int_equal(rg_fault_matched(t.faults, 0), 1);
    assert_string_equal(t.events, "");
    faulty_finish(&t);
}

static void test_a_short_list_leaves_the_last_pids_out(void **state)
{
    const struct rg_fault_rule rule = {.call = RG_FAULT_LIST, .effect = RG_FAULT_SHORT, .keep = 2};
    struct rg_pid_list pids = {0};
    struct faulty t;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    assert_int_equal(rg_procfs_list_pids(t.b->procfs, &pids, &t.err), RG_OK);
    assert_int_equal(pids.count, 2);
    assert_int_equal(pids.pids[1], 6);
    assert_string_equal(t.events, "0@0 list: cut to 2 of 3 pids\n");
    rg_pid_list_finish(&pids);
    faulty_finish(&t);
}

/* Reads a file spoilt under seed; what it should have been is in whole. */
static void read_spoilt(
    enum rg_fault_effect effect, uint64_t keep, uint64_t seed, struct rg_buf *out, size_t *changed)
{
    const struct rg_fault_rule rule = {.call = RG_FAULT_READ, .effect = effect, .keep = keep};
    struct rg_buf whole;
    struct faulty t;

    faulty_init(&t, &rule, 1, seed);
    rg_buf_init(&whole, RG_PROCFS_FILE_MAX);
    assert_int_equal(rg_procfs_read_pid(&t.host.procfs, 5, "stat", &whole, &t.err), RG_OK);
    assert_int_equal(faulty_read(&t, 5, "stat"), RG_OK);
    assert_int_equal(rg_buf_set(out, t.out.data, t.out.len), RG_OK);
    assert_true(out->len <= whole.len);
    *changed = whole.len - out->len;
    for (size_t i = 0; i < out->len; i++)
        *changed += out->data[i] != whole.data[i];
    assert_int_equal(rg_fault_fired(t.faults, 0), 1);
    rg_buf_finish(&whole);
    faulty_finish(&t);
}

static void test_the_seed_chooses_where_a_text_ends(void **state)
{
    struct rg_buf a;
    struct rg_buf b;
    size_t changed;
    size_t lengths = 0;

    (void)state;
    rg_buf_init(&a, 4096);
    rg_buf_init(&b, 4096);
    for (uint64_t seed = 0; seed < 20; seed++) {
        read_spoilt(RG_FAULT_TRUNCATE, 0, seed, &a, &changed);
        assert_true(changed > 0);
        read_spoilt(RG_FAULT_TRUNCATE, 0, seed, &b, &changed);
        assert_int_equal(a.len, b.len);
        read_spoilt(RG_FAULT_TRUNCATE, 0, seed + 1, &b, &changed);
        lengths += a.len != b.len;
    }
    assert_true(lengths > 10);
    rg_buf_finish(&a);
    rg_buf_finish(&b);
}

static void test_the_seed_chooses_the_bytes_that_are_garbled(void **state)
{
    struct rg_buf a;
    struct rg_buf b;
    size_t changed;

    (void)state;
    rg_buf_init(&a, 4096);
    rg_buf_init(&b, 4096);
    for (uint64_t keep = 1; keep < 20; keep++) {
        read_spoilt(RG_FAULT_GARBLE, keep, 7, &a, &changed);
        assert_int_equal(changed, keep);
        read_spoilt(RG_FAULT_GARBLE, keep, 7, &b, &changed);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.data, b.data, a.len);
        read_spoilt(RG_FAULT_GARBLE, keep, 8, &b, &changed);
        assert_memory_not_equal(a.data, b.data, a.len);
    }
    read_spoilt(RG_FAULT_GARBLE, 0, 7, &a, &changed);
    assert_int_equal(changed, a.len / 16 + 1);
    read_spoilt(RG_FAULT_GARBLE, UINT64_MAX, 7, &a, &changed);
    assert_int_equal(changed, a.len);
    rg_buf_finish(&a);
    rg_buf_finish(&b);
}

static void test_latency_adds_up_and_the_call_is_made(void **state)
{
    const struct rg_fault_rule rules[] = {
        {.target = RG_FAULT_PROCFS, .effect = RG_FAULT_LATENCY, .latency_ns = 30 * RG_NS_PER_MS},
        {.name = "io", .effect = RG_FAULT_LATENCY, .latency_ns = 5 * RG_NS_PER_MS},
    };
    struct faulty t;
    int64_t start;

    (void)state;
    faulty_init(&t, rules, 2, 1);
    start = rg_runtime_mono(t.b->runtime).ns;
    assert_int_equal(faulty_read(&t, 5, "io"), RG_OK);
    assert_true(t.out.len > 0);
    assert_int_equal(rg_runtime_mono(t.b->runtime).ns, start + 35 * RG_NS_PER_MS);
    assert_int_equal(faulty_emit(&t, "payload", "process"), RG_OK);
    assert_int_equal(rg_runtime_mono(t.b->runtime).ns, start + 35 * RG_NS_PER_MS);
    assert_string_equal(t.events, "0@0 read 5/io: 30ms late\n1@30 read 5/io: 5ms late\n");
    faulty_finish(&t);
}

static void test_a_process_vanishes_between_list_and_read(void **state)
{
    const struct rg_fault_rule rule = {
        .call = RG_FAULT_READ, .name = "stat", .pid = 6, .effect = RG_FAULT_VANISH};
    struct rg_pid_list pids = {0};
    struct faulty t;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    assert_int_equal(rg_procfs_list_pids(t.b->procfs, &pids, &t.err), RG_OK);
    assert_int_equal(pids.count, 3);
    assert_int_equal(faulty_read(&t, 6, "io"), RG_OK);
    assert_int_equal(faulty_read(&t, 6, "stat"), RG_ENOTFOUND);
    assert_int_equal(t.err.errnum, ENOENT);
    assert_string_equal(t.err.text, "");
    assert_int_equal(faulty_read(&t, 6, "io"), RG_ENOTFOUND);
    assert_int_equal(rg_procfs_read_link(t.b->procfs, 6, "exe", &t.out, &t.err), RG_ENOTFOUND);
    assert_int_equal(faulty_read(&t, 5, "stat"), RG_OK);
    assert_int_equal(rg_procfs_list_pids(t.b->procfs, &pids, &t.err), RG_OK);
    assert_int_equal(pids.count, 2);
    assert_int_equal(pids.pids[0], 5);
    assert_int_equal(pids.pids[1], 7);
    assert_string_equal(t.events, "0@0 read 6/stat: the process is gone\n");
    rg_pid_list_finish(&pids);
    faulty_finish(&t);
}

static void test_a_vanished_pid_comes_back_when_the_window_ends(void **state)
{
    const struct rg_fault_rule rule = {
        .call = RG_FAULT_READ, .pid = 6, .for_ns = RG_NS_PER_S, .effect = RG_FAULT_VANISH};
    struct rg_pid_list pids = {0};
    struct faulty t;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    assert_int_equal(faulty_read(&t, 6, "stat"), RG_ENOTFOUND);
    faulty_sleep(&t, 999);
    assert_int_equal(faulty_read(&t, 6, "stat"), RG_ENOTFOUND);
    faulty_sleep(&t, 1);
    assert_int_equal(faulty_read(&t, 6, "stat"), RG_OK);
    assert_int_equal(rg_procfs_list_pids(t.b->procfs, &pids, &t.err), RG_OK);
    assert_int_equal(pids.count, 3);
    assert_int_equal(rg_fault_fired(t.faults, 0), 1);
    rg_pid_list_finish(&pids);
    faulty_finish(&t);
}

/* How far the wall clock is from the monotonic one, against the start of the run. */
static int64_t wall_off(struct faulty *t, int64_t start)
{
    return rg_runtime_wall(t->b->runtime).ns - rg_runtime_mono(t->b->runtime).ns - start;
}

static void test_the_wall_clock_steps_once_and_the_monotonic_clock_does_not(void **state)
{
    const struct rg_fault_rule rules[] = {
        {.from_ns = RG_NS_PER_S, .effect = RG_FAULT_STEP, .step_ns = -3600 * RG_NS_PER_S},
        {.from_ns = 2 * RG_NS_PER_S,
            .for_ns = RG_NS_PER_S,
            .effect = RG_FAULT_STEP,
            .step_ns = 5 * RG_NS_PER_S},
    };
    struct faulty t;
    int64_t start;

    (void)state;
    faulty_init(&t, rules, 2, 1);
    start = rg_runtime_wall(t.runtime).ns - rg_runtime_mono(t.runtime).ns;
    assert_int_equal(wall_off(&t, start), 0);
    faulty_sleep(&t, 999);
    assert_int_equal(wall_off(&t, start), 0);
    faulty_sleep(&t, 1);
    assert_int_equal(wall_off(&t, start), -3600 * RG_NS_PER_S);
    faulty_sleep(&t, 1000);
    assert_int_equal(wall_off(&t, start), -3595 * RG_NS_PER_S);
    faulty_sleep(&t, 1000);
    assert_int_equal(wall_off(&t, start), -3600 * RG_NS_PER_S);
    assert_string_equal(
        t.events, "0@1000 wall: stepped by -3600.0s\n1@2000 wall: stepped by 5.0s\n");
    assert_int_equal(rg_fault_fired(t.faults, 0), 1);
    faulty_finish(&t);
}

static void test_the_wall_clock_drifts_in_its_window_and_keeps_the_gain(void **state)
{
    const struct rg_fault_rule rule = {
        .call = RG_FAULT_WALL,
        .from_ns = RG_NS_PER_S,
        .for_ns = 10 * RG_NS_PER_S,
        .effect = RG_FAULT_DRIFT,
        .drift_ppm = -500,
    };
    struct faulty t;
    int64_t start;

    (void)state;
    faulty_init(&t, &rule, 1, 1);
    start = rg_runtime_wall(t.runtime).ns - rg_runtime_mono(t.runtime).ns;
    faulty_sleep(&t, 1000);
    assert_int_equal(wall_off(&t, start), 0);
    faulty_sleep(&t, 1000);
    assert_int_equal(wall_off(&t, start), -500000);
    faulty_sleep(&t, 9000);
    assert_int_equal(wall_off(&t, start), -5000000);
    faulty_sleep(&t, 9000);
    assert_int_equal(wall_off(&t, start), -5000000);
    assert_string_equal(t.events, "0@2000 wall: drifts by -500 ppm\n");
    faulty_finish(&t);
}

static void no_task(void *arg)
{
    (void)arg;
}

static void test_tasks_and_locks_may_lack_memory(void **state)
{
    const struct rg_fault_rule rules[] = {
        {.target = RG_FAULT_RUNTIME, .effect = RG_FAULT_ERRNO, .errnum = ENOMEM, .nth = 2},
        {.call = RG_FAULT_SPAWN, .effect = RG_FAULT_ERRNO, .errnum = EAGAIN},
    };
    struct faulty t;
    struct rg_mutex *mutex;
    uint32_t task;

    (void)state;
    faulty_init(&t, rules, 2, 1);
    mutex = rg_mutex_create(t.b->runtime, "first");
    assert_non_null(mutex);
    assert_null(rg_cond_create(t.b->runtime, "second"));
    assert_int_equal(rg_runtime_spawn(t.b->runtime, "third", no_task, NULL, &task, &t.err), RG_EIO);
    assert_int_equal(t.err.errnum, EAGAIN);
    assert_string_equal(t.events, "0@0 cond second: ENOMEM\n1@0 spawn third: EAGAIN\n");
    rg_mutex_lock(mutex);
    rg_mutex_unlock(mutex);
    rg_mutex_destroy(mutex);
    faulty_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_errno_is_the_answer_of_a_file_without_a_text),
        cmocka_unit_test(test_every_call_can_fail_and_only_the_named_one_does),
        cmocka_unit_test(test_a_rule_for_any_call_fails_the_nth_of_all_backends),
        cmocka_unit_test(test_a_full_disk_leaves_the_old_object),
        cmocka_unit_test(test_a_receiver_answers_with_clients_and_an_interval),
        cmocka_unit_test(test_a_sink_fails_or_refuses_and_takes_nothing),
        cmocka_unit_test(test_a_short_read_keeps_the_first_bytes),
        cmocka_unit_test(test_an_answer_that_is_short_already_is_no_firing),
        cmocka_unit_test(test_a_short_list_leaves_the_last_pids_out),
        cmocka_unit_test(test_the_seed_chooses_where_a_text_ends),
        cmocka_unit_test(test_the_seed_chooses_the_bytes_that_are_garbled),
        cmocka_unit_test(test_latency_adds_up_and_the_call_is_made),
        cmocka_unit_test(test_a_process_vanishes_between_list_and_read),
        cmocka_unit_test(test_a_vanished_pid_comes_back_when_the_window_ends),
        cmocka_unit_test(test_the_wall_clock_steps_once_and_the_monotonic_clock_does_not),
        cmocka_unit_test(test_the_wall_clock_drifts_in_its_window_and_keeps_the_gain),
        cmocka_unit_test(test_tasks_and_locks_may_lack_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
