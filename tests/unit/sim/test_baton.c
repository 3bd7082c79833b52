/* The hand-off of control between threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rg/baton/baton.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

static int create_error; /* what the next start of a thread fails with; 0: it works */

int __real_pthread_create(
    pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);

int __wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
    int error = create_error;

    create_error = 0;
    return error ? error : __real_pthread_create(thread, attr, fn, arg);
}

/* Tasks write letters; which one goes on is read from a script of task numbers. */
struct relay {
    struct rg_baton *baton;
    const uint32_t *script;
    size_t pos;
    char text[64];
    size_t len;
    sigset_t mask;
    uint32_t self_seen[8];
};

static uint32_t script_next(struct relay *relay)
{
    return relay->script[relay->pos++];
}

static uint32_t relay_exit(void *ctx, uint32_t id)
{
    struct relay *relay = ctx;

    relay->text[relay->len++] = (char)('a' + id);
    return script_next(relay);
}

static void relay_task(void *arg)
{
    struct relay *relay = arg;
    uint32_t self = rg_baton_self(relay->baton);

    relay->self_seen[self] = self;
    for (int i = 0; i < 2; i++) {
        relay->text[relay->len++] = (char)('A' + self);
        rg_baton_pass(relay->baton, script_next(relay));
    }
    pthread_sigmask(SIG_SETMASK, NULL, &relay->mask);
}

static void spawn(struct relay *relay, uint32_t id)
{
    struct rg_err err;

    assert_int_equal(
        rg_baton_spawn(relay->baton, id, relay_task, relay, relay_exit, relay, &err), RG_OK);
}

static void test_tasks_run_only_when_passed_to(void **state)
{
    static const uint32_t script[] = {2, 1, 2, 0, 2, 0};
    struct relay relay = {.script = script};

    (void)state;
    relay.baton = rg_baton_create();
    assert_non_null(relay.baton);
    assert_int_equal(rg_baton_self(relay.baton), 0);
    spawn(&relay, 1);
    spawn(&relay, 2);
    assert_int_equal(relay.len, 0);
    rg_baton_pass(relay.baton, 1);
    relay.text[relay.len++] = '.';
    rg_baton_pass(relay.baton, 1);
    relay.text[relay.len] = '\0';
    assert_string_equal(relay.text, "BCBC.bc");
    rg_baton_join(relay.baton, 1);
    rg_baton_join(relay.baton, 2);
    assert_int_equal(relay.self_seen[1], 1);
    assert_int_equal(relay.self_seen[2], 2);
    assert_true(sigismember(&relay.mask, SIGTERM) && sigismember(&relay.mask, SIGINT));
    rg_baton_destroy(relay.baton);
}

static void test_pass_to_oneself_returns(void **state)
{
    struct rg_baton *baton = rg_baton_create();

    (void)state;
    assert_non_null(baton);
    for (int i = 0; i < 1000; i++)
        rg_baton_pass(baton, 0);
    assert_int_equal(rg_baton_self(baton), 0);
    rg_baton_destroy(baton);
    rg_baton_destroy(NULL);
}

static void *ask_self(void *arg)
{
    uint32_t *answer = ((void **)arg)[1];

    *answer = rg_baton_self(((void **)arg)[0]);
    return NULL;
}

static void test_foreign_thread_and_other_batons_have_no_number(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        struct rg_baton *baton = rg_baton_create();
        struct rg_baton *other = rg_baton_create();
        uint32_t answer = 0;
        void *arg[] = {baton, &answer};
        pthread_t thread;

        assert_non_null(baton);
        assert_non_null(other);
        assert_int_equal(pthread_create(&thread, NULL, ask_self, arg), 0);
        pthread_join(thread, NULL);
        assert_int_equal(answer, RG_BATON_NONE);
        assert_int_equal(rg_baton_self(baton), 0);
        rg_baton_destroy(other);
        assert_int_equal(rg_baton_self(baton), 0);
        rg_baton_destroy(baton);
    }
}

static void bump(void *arg)
{
    ++*(unsigned *)arg; /* not atomic: the baton orders the accesses */
}

static uint32_t back_to_main(void *ctx, uint32_t id)
{
    (void)ctx;
    (void)id;
    return 0;
}

static void test_thread_that_does_not_start_leaves_the_id_free(void **state)
{
    struct rg_baton *baton = rg_baton_create();
    unsigned count = 0;
    struct rg_err err = {0};

    (void)state;
    assert_non_null(baton);
    create_error = EAGAIN;
    assert_int_equal(rg_baton_spawn(baton, 1, bump, &count, back_to_main, NULL, &err), RG_EIO);
    assert_int_equal(err.errnum, EAGAIN);
    assert_string_equal(err.text, "cannot start thread 1: too many threads");
    create_error = ENOMEM;
    assert_int_equal(rg_baton_spawn(baton, 1, bump, &count, back_to_main, NULL, NULL), RG_ENOMEM);
    assert_int_equal(rg_baton_spawn(baton, 1, bump, &count, back_to_main, NULL, &err), RG_OK);
    rg_baton_pass(baton, 1);
    assert_int_equal(count, 1);
    rg_baton_join(baton, 1);
    rg_baton_destroy(baton);
}

static void test_many_tasks_one_after_the_other(void **state)
{
    struct rg_baton *baton = rg_baton_create();
    unsigned count = 0;
    struct rg_err err;

    (void)state;
    assert_non_null(baton);
    for (uint32_t id = 1; id <= 200; id++) {
        assert_int_equal(rg_baton_spawn(baton, id, bump, &count, back_to_main, NULL, &err), RG_OK);
        rg_baton_pass(baton, id);
        assert_int_equal(count, id);
        rg_baton_join(baton, id);
    }
    rg_baton_destroy(baton);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks_run_only_when_passed_to),
        cmocka_unit_test(test_pass_to_oneself_returns),
        cmocka_unit_test(test_foreign_thread_and_other_batons_have_no_number),
        cmocka_unit_test(test_thread_that_does_not_start_leaves_the_id_free),
        cmocka_unit_test(test_many_tasks_one_after_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
