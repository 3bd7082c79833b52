/* Tasks that meet the same rules at once: as threads, and in the orders that seeds choose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_fixture.h"
#include "rg/live.h"

#include <errno.h>

#define TASKS 4
#define CALLS 500

static const struct rg_fault_rule busy[] = {
    {.call = RG_FAULT_READ, .share = 0.25, .effect = RG_FAULT_ERRNO, .errnum = EIO},
    {.call = RG_FAULT_READ, .per = RG_FAULT_PER_KEY, .nth = 5, .effect = RG_FAULT_GARBLE},
    {.call = RG_FAULT_LINK, .name = "exe", .nth = 900, .effect = RG_FAULT_VANISH},
    {.from_ns = 1, .effect = RG_FAULT_STEP, .step_ns = RG_NS_PER_S},
    {.call = RG_FAULT_FDS,
        .share = 0.01,
        .effect = RG_FAULT_LATENCY,
        .latency_ns = RG_NS_PER_MS / 10},
};

#define BUSY (sizeof(busy) / sizeof(busy[0]))

struct shared {
    struct rg_faults *faults;
    const struct rg_backends *b;
    uint64_t told; /* written by the callback alone, read at the end */
    uint64_t order;
};

static void count_told(void *ctx, const struct rg_fault_event *event)
{
    struct shared *s = ctx;

    s->told++;
    s->order = s->order * 31 + event->rule * 7 + event->call + (uint64_t)event->task;
}

static void ask(void *arg)
{
    struct shared *s = arg;
    struct rg_err err = {0};
    struct rg_buf out;
    int64_t count;

    rg_buf_init(&out, RG_PROCFS_FILE_MAX);
    for (int i = 0; i < CALLS; i++) {
        int32_t pid = 5 + i % 3;

        rg_ignore(rg_procfs_read_pid(s->b->procfs, pid, "io", &out, &err), "counted");
        rg_ignore(rg_procfs_read_link(s->b->procfs, pid, "exe", &out, &err), "counted");
        rg_ignore(rg_procfs_count_fds(s->b->procfs, pid, &count, &err), "counted");
        (void)rg_runtime_wall(s->b->runtime);
    }
    rg_buf_finish(&out);
}

/* Lets the tasks ask, over a runtime. The counters are in fired and matched. */
static void run_tasks(
    struct rg_runtime *runtime, uint64_t *fired, uint64_t *matched, uint64_t *order)
{
    struct fake_host host;
    struct shared s = {0};
    const struct rg_fault_options options = {.seed = 3, .told = count_told, .told_ctx = &s};
    struct rg_backends inner;
    struct rg_err err = {0};
    uint32_t tasks[TASKS];
    uint64_t sum = 0;

    fake_host_init(&host);
    fake_host_add(&host, 5, "app", NULL);
    fake_host_add(&host, 6, "app", NULL);
    fake_host_add(&host, 7, "app", NULL);
    inner = fake_backends(&host, runtime, NULL);
    assert_int_equal(rg_fault_wrap(&inner, busy, BUSY, &options, &s.faults, &err), RG_OK);
    s.b = rg_fault_backends(s.faults);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(rg_runtime_spawn(s.b->runtime, "asker", ask, &s, &tasks[i], &err), RG_OK);
    for (int i = 0; i < TASKS; i++)
        rg_runtime_join(s.b->runtime, tasks[i]);
    for (size_t i = 0; i < BUSY; i++) {
        fired[i] = rg_fault_fired(s.faults, i);
        matched[i] = rg_fault_matched(s.faults, i);
        sum += fired[i];
    }
    assert_int_equal(s.told, sum);
    *order = s.order;
    rg_fault_destroy(s.faults);
}

static void test_threads_are_counted_without_loss(void **state)
{
    struct rg_runtime *runtime = NULL;
    struct rg_err err = {0};
    uint64_t fired[BUSY];
    uint64_t matched[BUSY];
    uint64_t order;

    (void)state;
    assert_int_equal(rg_live_runtime_create(&runtime, &err), RG_OK);
    run_tasks(runtime, fired, matched, &order);
    assert_int_equal(fired[2], 1);
    assert_int_equal(fired[3], 1);
    assert_true(fired[0] > 0 && fired[1] > 0 && fired[1] <= 3);
    assert_true(matched[0] > 900 && matched[0] <= TASKS * CALLS);
    rg_runtime_destroy(runtime);
}

static void run_simulated(uint64_t seed, uint64_t *fired, uint64_t *matched, uint64_t *order)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *runtime = NULL;
    struct rg_err err = {0};

    options.seed = seed;
    options.order = RG_SIM_ORDER_RANDOM;
    options.step_ns = 1;
    assert_int_equal(rg_sim_runtime_create(&options, &runtime, &err), RG_OK);
    run_tasks(runtime, fired, matched, order);
    rg_runtime_destroy(runtime);
}

static void test_simulated_tasks_meet_the_same_faults_under_the_same_seed(void **state)
{
    uint64_t fired[2][BUSY];
    uint64_t matched[2][BUSY];
    uint64_t order[2];
    uint64_t different = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        run_simulated(seed, fired[0], matched[0], &order[0]);
        run_simulated(seed, fired[1], matched[1], &order[1]);
        assert_memory_equal(fired[0], fired[1], sizeof(fired[0]));
        assert_memory_equal(matched[0], matched[1], sizeof(matched[0]));
        assert_int_equal(order[0], order[1]);
        run_simulated(seed + 1, fired[1], matched[1], &order[1]);
        different += order[0] != order[1];
    }
    assert_true(different > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_are_counted_without_loss),
        cmocka_unit_test(test_simulated_tasks_meet_the_same_faults_under_the_same_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
