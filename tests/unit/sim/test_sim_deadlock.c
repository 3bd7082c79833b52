/* Deadlocks are found, put into words, and do not hang the run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_fixture.h"

#define S RG_NS_PER_S

/* Two tasks that take two locks in opposite order. */
struct crossing {
    struct rg_runtime *rt;
    struct rg_mutex *queue;
    struct rg_mutex *stats;
    int unwound;
};

static void take_both(struct crossing *crossing, struct rg_mutex *first, struct rg_mutex *second)
{
    rg_mutex_lock(first);
    rg_ignore(rg_runtime_sleep_until(crossing->rt, sim_in(crossing->rt, S)), "the run may end");
    rg_mutex_lock(second);
    crossing->unwound++;
    rg_mutex_unlock(second);
    rg_mutex_unlock(first);
}

static void worker_task(void *arg)
{
    struct crossing *crossing = arg;

    take_both(crossing, crossing->stats, crossing->queue);
}

static void flush_task(void *arg)
{
    struct crossing *crossing = arg;

    take_both(crossing, crossing->queue, crossing->stats);
}

static void ticker_task(void *arg)
{
    struct crossing *crossing = arg;

    while (rg_runtime_sleep_until(crossing->rt, sim_in(crossing->rt, S)) == RG_OK)
        ;
    crossing->unwound++;
}

static void crossing_init(struct crossing *crossing)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;

    *crossing = (struct crossing){.rt = sim_new(&options)};
    crossing->queue = rg_mutex_create(crossing->rt, "queue");
    crossing->stats = rg_mutex_create(crossing->rt, "stats");
    assert_true(crossing->queue && crossing->stats);
}

static void crossing_finish(struct crossing *crossing)
{
    rg_mutex_destroy(crossing->queue);
    rg_mutex_destroy(crossing->stats);
    rg_runtime_destroy(crossing->rt);
}

static void test_two_crossed_locks_name_both_tasks_and_locks(void **state)
{
    struct crossing crossing;
    struct rg_err err;
    uint32_t task = 77;

    (void)state;
    crossing_init(&crossing);
    sim_start(crossing.rt, "worker", worker_task, &crossing);
    sim_start(crossing.rt, "flush", flush_task, &crossing);
    assert_null(rg_sim_runtime_deadlock(crossing.rt));
    rg_runtime_join(crossing.rt, 1);
    rg_runtime_join(crossing.rt, 2);
    assert_string_equal(rg_sim_runtime_deadlock(crossing.rt),
        "deadlock: task 1 'worker' waits for lock 'queue' held by task 2 'flush'; "
        "task 2 'flush' waits for lock 'stats' held by task 1 'worker'");
    assert_int_equal(crossing.unwound, 2);
    /* From now on nothing waits and nothing starts. */
    assert_int_equal(rg_runtime_sleep_until(crossing.rt, RG_MONO_NEVER), RG_ESTOPPED);
    assert_int_equal(rg_runtime_wait_stop(crossing.rt, RG_MONO_NEVER), RG_ESTOPPED);
    assert_int_equal(
        rg_runtime_spawn(crossing.rt, "late", worker_task, &crossing, &task, &err), RG_ESTOPPED);
    assert_int_equal(task, 77);
    crossing_finish(&crossing);
}

static void test_circle_is_found_while_other_tasks_go_on(void **state)
{
    struct crossing crossing;

    (void)state;
    crossing_init(&crossing);
    sim_start(crossing.rt, "ticker", ticker_task, &crossing);
    sim_start(crossing.rt, "worker", worker_task, &crossing);
    sim_start(crossing.rt, "flush", flush_task, &crossing);
    for (uint32_t task = 1; task <= 3; task++)
        rg_runtime_join(crossing.rt, task);
    assert_string_equal(rg_sim_runtime_deadlock(crossing.rt),
        "deadlock: task 2 'worker' waits for lock 'queue' held by task 3 'flush'; "
        "task 3 'flush' waits for lock 'stats' held by task 2 'worker'");
    assert_int_equal(crossing.unwound, 3);
    crossing_finish(&crossing);
}

static void join_holding_task(void *arg)
{
    struct crossing *crossing = arg;

    rg_mutex_lock(crossing->queue);
    crossing->unwound++;
    rg_mutex_unlock(crossing->queue);
}

static void test_join_while_holding_what_the_task_needs(void **state)
{
    struct crossing crossing;

    (void)state;
    crossing_init(&crossing);
    rg_mutex_lock(crossing.queue);
    sim_start(crossing.rt, "worker", join_holding_task, &crossing);
    rg_runtime_join(crossing.rt, 1);
    assert_string_equal(rg_sim_runtime_deadlock(crossing.rt),
        "deadlock: task 0 'main' waits for the end of task 1 'worker'; "
        "task 1 'worker' waits for lock 'queue' held by task 0 'main'");
    assert_int_equal(crossing.unwound, 1);
    rg_mutex_unlock(crossing.queue);
    crossing_finish(&crossing);
}

/* Everybody waits, nobody will signal. */
struct party {
    struct rg_runtime *rt;
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    int unwound;
};

static void party_task(void *arg)
{
    struct party *party = arg;

    rg_mutex_lock(party->mutex);
    while (rg_cond_wait(party->cond, party->mutex, RG_MONO_NEVER) != RG_ESTOPPED)
        ;
    party->unwound++;
    rg_mutex_unlock(party->mutex);
}

static void sleep_task(void *arg)
{
    struct party *party = arg;

    assert_int_equal(rg_runtime_sleep_until(party->rt, RG_MONO_NEVER), RG_ESTOPPED);
    party->unwound++;
}

static void stop_task(void *arg)
{
    struct party *party = arg;

    assert_int_equal(rg_runtime_wait_stop(party->rt, RG_MONO_NEVER), RG_ESTOPPED);
    party->unwound++;
}

static void party_init(struct party *party, bool random_order)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;

    options.order = random_order ? RG_SIM_ORDER_RANDOM : RG_SIM_ORDER_STABLE;
    *party = (struct party){.rt = sim_new(&options)};
    party->mutex = rg_mutex_create(party->rt, "door");
    party->cond = rg_cond_create(party->rt, "music");
    assert_true(party->mutex && party->cond);
}

static void party_finish(struct party *party)
{
    rg_cond_destroy(party->cond);
    rg_mutex_destroy(party->mutex);
    rg_runtime_destroy(party->rt);
}

static void test_waits_that_nobody_can_end_name_every_task(void **state)
{
    (void)state;
    for (int random_order = 0; random_order < 2; random_order++) {
        struct party party;

        party_init(&party, random_order);
        sim_start(party.rt, "guest", party_task, &party);
        sim_start(party.rt, "host", party_task, &party);
        sim_start(party.rt, "cat", sleep_task, &party);
        sim_start(party.rt, "porter", stop_task, &party);
        for (uint32_t task = 1; task <= 4; task++)
            rg_runtime_join(party.rt, task);
        assert_string_equal(rg_sim_runtime_deadlock(party.rt),
            "deadlock: task 0 'main' waits for the end of task 1 'guest'; "
            "task 1 'guest' waits for condition 'music'; "
            "task 2 'host' waits for condition 'music'; "
            "task 3 'cat' sleeps for ever; "
            "task 4 'porter' waits for the stop request");
        assert_int_equal(party.unwound, 4);
        party_finish(&party);
    }
}

struct section {
    struct party *party;
    int inside;
    int crowded;
};

static void section_task(void *arg)
{
    struct section *section = arg;

    assert_int_equal(rg_runtime_sleep_until(section->party->rt, RG_MONO_NEVER), RG_ESTOPPED);
    for (int i = 0; i < 20; i++) {
        rg_mutex_lock(section->party->mutex);
        section->crowded += section->inside++;
        rg_sim_runtime_yield(section->party->rt);
        section->inside--;
        rg_mutex_unlock(section->party->mutex);
    }
    section->party->unwound++;
}

static void test_draining_tasks_do_not_interrupt_each_other(void **state)
{
    struct party party;
    struct section section = {.party = &party};

    (void)state;
    party_init(&party, true);
    for (int i = 0; i < 3; i++)
        sim_start(party.rt, "section", section_task, &section);
    for (uint32_t task = 1; task <= 3; task++)
        rg_runtime_join(party.rt, task);
    assert_int_equal(party.unwound, 3);
    assert_int_equal(section.crowded, 0);
    party_finish(&party);
}

static void test_long_reports_say_how_many_tasks_are_left_out(void **state)
{
    struct party party;
    const char *text;
    const char *more;
    unsigned left_out = 0;
    unsigned named = 0;

    (void)state;
    party_init(&party, false);
    for (int i = 0; i < 150; i++)
        sim_start(party.rt, "a guest with quite a long name", party_task, &party);
    for (uint32_t task = 1; task <= 150; task++)
        rg_runtime_join(party.rt, task);
    text = rg_sim_runtime_deadlock(party.rt);
    assert_non_null(text);
    assert_true(strlen(text) < 4096);
    more = strstr(text, "; and ");
    assert_non_null(more);
    assert_int_equal(sscanf(more, "; and %u more", &left_out), 1);
    for (const char *p = text; (p = strstr(p, "task ")) != NULL; p++)
        named++;
    assert_int_equal(named - 1 + left_out, 151); /* main names task 1 too */
    party_finish(&party);
}

static void test_pending_stop_request_is_not_a_deadlock(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct party party = {0};

    (void)state;
    options.stop_at.ns = options.mono_start.ns + 5 * S;
    party.rt = sim_new(&options);
    sim_start(party.rt, "porter", stop_task, &party);
    rg_runtime_join(party.rt, 1);
    assert_null(rg_sim_runtime_deadlock(party.rt));
    assert_int_equal(party.unwound, 1);
    rg_runtime_destroy(party.rt);
}

/* Two tasks that join each other cannot be unwound. */
static void join_other(void *arg)
{
    struct rg_runtime *rt = arg;

    rg_runtime_join(rt, rg_runtime_self(rt) == 1 ? 2 : 1);
}

static void join_each_other(void)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *rt = sim_new(&options);

    sim_start(rt, "one", join_other, rt);
    sim_start(rt, "two", join_other, rt);
    if (rg_runtime_sleep_until(rt, sim_in(rt, S)) == RG_ESTOPPED && rg_sim_runtime_deadlock(rt))
        rg_runtime_destroy(rt);
}

static void test_circle_of_joins_ends_the_process(void **state)
{
    (void)state;
    assert_true(sim_aborts(join_each_other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_crossed_locks_name_both_tasks_and_locks),
        cmocka_unit_test(test_circle_is_found_while_other_tasks_go_on),
        cmocka_unit_test(test_join_while_holding_what_the_task_needs),
        cmocka_unit_test(test_waits_that_nobody_can_end_name_every_task),
        cmocka_unit_test(test_draining_tasks_do_not_interrupt_each_other),
        cmocka_unit_test(test_long_reports_say_how_many_tasks_are_left_out),
        cmocka_unit_test(test_pending_stop_request_is_not_a_deadlock),
        cmocka_unit_test(test_circle_of_joins_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
