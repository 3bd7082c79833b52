#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_scheduler.h"
#include "collector_fixture.h"
#include "fail_alloc.h"

#include <string.h>

#define S RG_NS_PER_S

/* The n-th start of a task fails; 0: none. */
static long spawns_left;
static bool spawn_failed;

enum rg_status __real_rg_runtime_spawn(struct rg_runtime *rt, const char *name, rg_task_fn *fn,
    void *arg, uint32_t *task, struct rg_err *err);
enum rg_status __wrap_rg_runtime_spawn(struct rg_runtime *rt, const char *name, rg_task_fn *fn,
    void *arg, uint32_t *task, struct rg_err *err);

enum rg_status __wrap_rg_runtime_spawn(struct rg_runtime *rt, const char *name, rg_task_fn *fn,
    void *arg, uint32_t *task, struct rg_err *err)
{
    if (spawns_left > 0 && --spawns_left == 0) {
        spawn_failed = true;
        rg_err_set(err, "no task for %s", name);
        return RG_EIO;
    }
    return __real_rg_runtime_spawn(rt, name, fn, arg, task, err);
}

struct outcome {
    enum rg_status create, start, stop;
    unsigned made, refused; /* checks */
    bool failed;            /* what was to fail did */
};

static bool fine(enum rg_status st, enum rg_status failure)
{
    return st == RG_OK || st == failure;
}

/* One life of a collector: three checks, one of which leaves while it runs. The n-th allocation
 * (failure is RG_ENOMEM) or start of a task (RG_EIO) fails. */
static struct outcome live_once(enum rg_status failure, long n, struct fake *fake)
{
    static const char *const names[] = {"periodic", "leaving", "once"};
    static const int64_t intervals[] = {S, S, 0};
    struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct outcome o = {RG_OK, RG_OK, RG_OK, 0, 0, false};
    struct collector_fixture f;
    struct rg_err err = {0};

    fixture_world(&f, 0);
    options.check_status = true;
    options.workers = 2;
    spawn_failed = false;
    if (failure == RG_ENOMEM)
        fail_alloc_at(n);
    else
        spawns_left = n;
    o.create = rg_collector_create(&f.world, &options, &f.collector, &err);
    if (o.create == RG_OK)
        o.start = rg_collector_start(f.collector, &err);
    for (int i = 0; i < 3 && o.create == RG_OK; i++) {
        struct rg_check *check = NULL;

        if (fixture_make(&f, names[i], intervals[i], fake, &check) != RG_OK)
            continue;
        o.made++;
        if (rg_collector_run_check(f.collector, check, &err) != RG_OK) {
            rg_check_destroy(check);
            o.refused++;
        }
    }
    if (o.create == RG_OK && o.start == RG_OK) {
        fixture_until(&f, S + S / 2);
        o.stop = rg_collector_stop_check(f.collector, "leaving", &err);
        fixture_until(&f, 4 * S);
        assert_false(fixture_has(&f, "leaving"));
    }
    if (f.collector)
        rg_collector_stop(f.collector);
    o.failed = spawn_failed || fail_alloc_happened();
    fail_alloc_at(0);
    spawns_left = 0;
    fixture_close(&f);
    assert_true(fine(o.create, failure) && fine(o.start, failure));
    assert_true(fine(o.stop, RG_ENOTFOUND)); /* it may have been refused */
    return o;
}

static void expect_whole(const struct outcome *o, const struct fake *fake)
{
    assert_int_equal(fake->freed, o->made);
    assert_int_equal(fake->cancelled, o->made - o->refused);
    assert_false(fake->overlapped);
    if (o->create == RG_OK && o->start != RG_OK)
        assert_int_equal(o->refused, o->made); /* it was stopped again */
}

static void test_every_allocation_may_fail_once(void **state)
{
    long n = 1, refused = 0;

    (void)state;
    for (;; n++) {
        struct fake fake = {
            .duration_ns = S, .poll_ns = S / 10, .cancels = true, .samples = 2, .warnings = 1};
        struct outcome o = live_once(RG_ENOMEM, n, &fake);

        expect_whole(&o, &fake);
        refused += o.create != RG_OK || o.start != RG_OK || o.refused > 0 || o.made < 3;
        if (!o.failed)
            break;
    }
    assert_true(n > 50);
    assert_true(refused > 20 && refused < n - 1); /* some failures cost a log line only */
}

static void test_every_start_of_a_task_may_fail_once(void **state)
{
    unsigned failed_starts = 0, grown = 0;

    (void)state;
    for (long n = 1;; n++) {
        struct fake fake = {.duration_ns = S, .poll_ns = S / 10, .cancels = true};
        struct outcome o = live_once(RG_EIO, n, &fake);

        expect_whole(&o, &fake);
        failed_starts += o.start != RG_OK;
        if (!o.failed) {
            assert_int_equal(n - 1, 3 + 1 + 1); /* ticks and workers, one more, a cancelling */
            break;
        }
        if (o.start == RG_OK) {
            assert_int_equal(o.made, 3);
            assert_int_equal(o.refused, 0);
            grown++;
        }
    }
    assert_int_equal(failed_starts, 3);
    assert_int_equal(grown, 2);
}

static void test_a_worker_that_could_not_start_is_started_with_the_next_check(void **state)
{
    const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake fake = {0};
    struct collector_fixture f;

    (void)state;
    fixture_open(&f, &options, 0);
    spawns_left = 1;
    fixture_run(&f, "once", 0, &fake);
    assert_int_equal(rg_collector_counts(f.collector).workers, 4);
    assert_int_equal(
        fixture_logged(&f, "fewer workers than the 5 wanted: no task for worker_5"), 1);
    fixture_run(&f, "a", S, &fake);
    assert_int_equal(rg_collector_counts(f.collector).workers, 5);
    fixture_close(&f);
}

static void test_without_a_task_the_cancelling_is_done_and_told(void **state)
{
    const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    struct fake fake = {.cancels = true, .cancel_ns = 5 * S};
    struct collector_fixture f;
    struct rg_err err = {0};

    (void)state;
    fixture_open(&f, &options, 0);
    fixture_run(&f, "a", S, &fake);
    spawns_left = 1;
    assert_int_equal(rg_collector_stop_check(f.collector, "a", &err), RG_OK);
    assert_int_equal(fake.cancelled, 1);
    assert_int_equal(fake.freed, 1);
    assert_int_equal(fixture_logged(&f, "check a is cancelled without a time limit"), 1);
    fixture_close(&f);
}

static enum rg_status load(void *ctx, const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    struct fake *fake = ctx;
    enum rg_status st = rg_check_create(
        fake_ops(fake), sizeof(struct fake_check), true, "core", world, from, out, err);

    if (st == RG_OK)
        ((struct fake_check *)*out)->fake = fake;
    return st;
}

static enum rg_status make_config(struct rg_integration_config *config)
{
    static char name[] = "a";
    enum rg_status st = RG_OK;

    *config = (struct rg_integration_config){.name = strdup(name)};
    assert_non_null(config->name);
    for (int i = 0; i < 3 && st == RG_OK; i++)
        st = rg_blob_add(&config->instances, rg_str_from(i == 0   ? "x: 1\ntags: [a, b]\n"
                                                         : i == 1 ? "loader: none\n"
                                                                  : "x: 2\nservice: s\n"));
    return st;
}

static enum rg_status count_ids(void *ctx, const struct rg_scheduled_view *view)
{
    *(size_t *)ctx += view->id_count;
    return RG_OK;
}

/* What is scheduled is what the collector has, whatever failed. */
static void test_scheduling_a_configuration_survives_every_allocation_that_fails(void **state)
{
    long n = 1, refused = 0;
    bool happened = true;

    (void)state;
    for (; happened; n++) {
        const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
        struct rg_check_scheduler *scheduler = NULL;
        struct fake fake = {0};
        const struct rg_check_loader loader = {"core", "Core Check Loader", &fake, load};
        struct rg_integration_config config, copy;
        struct collector_fixture f;
        struct rg_err err = {0};
        enum rg_status st;
        size_t ids = 0;

        fixture_open(&f, &options, 0);
        assert_int_equal(make_config(&config), RG_OK);
        assert_int_equal(make_config(&copy), RG_OK);
        fail_alloc_at(n);
        st = rg_check_scheduler_create(&f.world, f.collector, &loader, 1, &scheduler, &err);
        if (st == RG_OK)
            st = rg_check_scheduler_schedule(scheduler, &config, &err);
        happened = fail_alloc_happened();
        fail_alloc_at(0);
        assert_true(fine(st, RG_ENOMEM));
        refused += st != RG_OK;
        if (scheduler) {
            assert_int_equal(rg_check_scheduler_each(scheduler, count_ids, &ids), RG_OK);
            assert_int_equal(ids, rg_collector_counts(f.collector).checks);
            assert_int_equal(config.name == NULL, st == RG_OK);
        }
        if (st == RG_OK) {
            fail_alloc_at(n);
            st = rg_check_scheduler_unschedule(scheduler, &copy, &err);
            fail_alloc_at(0);
            if (st == RG_ENOMEM)
                st = rg_check_scheduler_unschedule(scheduler, &copy, &err);
            assert_int_equal(st, RG_OK);
            assert_int_equal(rg_collector_counts(f.collector).checks, 0);
        }
        rg_integration_config_finish(&config);
        rg_integration_config_finish(&copy);
        fixture_stop(&f);
        rg_check_scheduler_destroy(scheduler);
        fixture_close(&f);
    }
    assert_true(n > 40 && refused > 5 && refused < n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_may_fail_once),
        cmocka_unit_test(test_every_start_of_a_task_may_fail_once),
        cmocka_unit_test(test_a_worker_that_could_not_start_is_started_with_the_next_check),
        cmocka_unit_test(test_without_a_task_the_cancelling_is_done_and_told),
        cmocka_unit_test(test_scheduling_a_configuration_survives_every_allocation_that_fails),
    };

    return cmocka_run_group_tests_name("collector faults", tests, NULL, NULL);
}
