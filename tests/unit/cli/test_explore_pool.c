/* Runs in processes of their own: told in order, whatever becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "explore_pool.h"
#include "rg/base/time.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_NS (INT64_C(100) * RG_NS_PER_S)

struct book {
    uint64_t told; /* ends so far */
    uint64_t stop_after;
    struct explore_end last; /* without its buffers */
    char text[256];
    size_t bytes;
};

static bool note(void *ctx, const struct explore_end *end)
{
    struct book *book = ctx;

    assert_true(end->index == book->told);
    book->told++;
    book->last = *end;
    book->bytes = end->bytes.len;
    snprintf(book->text, sizeof(book->text), "%.*s|%.*s", (int)(end->bytes.len % 100),
        end->bytes.len ? (const char *)end->bytes.data : "", (int)end->stderr.len,
        end->stderr.len ? (const char *)end->stderr.data : "");
    return book->told != book->stop_after;
}

static void pool_run(struct book *book, void (*run)(void *, uint64_t, struct rg_buf *),
    uint64_t count, size_t jobs, int64_t timeout_ns)
{
    const struct explore_pool pool = {.count = count,
        .jobs = jobs,
        .timeout_ns = timeout_ns,
        .run = run,
        .done = note,
        .ctx = book};
    struct rg_err err = {0};

    assert_int_equal(explore_pool_run(&pool, &err), RG_OK);
}

/* The later a run is started, the sooner it ends. */
static void say_number(void *ctx, uint64_t index, struct rg_buf *out)
{
    (void)ctx;
    if (index % 4 == 0)
        usleep(2000);
    rg_ignore(rg_buf_printf(out, "run %u", (unsigned)index), "seen by the test");
}

static void test_runs_are_told_in_order(void **state)
{
    struct book book = {.told = 0};

    (void)state;
    pool_run(&book, say_number, 30, 3, LONG_NS);
    assert_int_equal(book.told, 30);
    assert_true(book.last.whole && book.last.peak_kib > 0);
    assert_string_equal(book.text, "run 29|");
}

static void test_telling_can_end_it(void **state)
{
    struct book book = {.stop_after = 5};

    (void)state;
    pool_run(&book, say_number, 1000, 2, LONG_NS);
    assert_int_equal(book.told, 5);
}

static void crash(void *ctx, uint64_t index, struct rg_buf *out)
{
    (void)ctx;
    (void)index;
    (void)out;
    fputs("last words", stderr);
    fflush(stderr);
    signal(SIGTERM, SIG_DFL);
    raise(SIGTERM);
}

static void test_a_crash_is_told_with_its_last_words(void **state)
{
    struct book book = {.told = 0};

    (void)state;
    pool_run(&book, crash, 2, 1, LONG_NS);
    assert_int_equal(book.told, 2);
    assert_true(!book.last.whole && !book.last.late && WIFSIGNALED(book.last.status));
    assert_int_equal(WTERMSIG(book.last.status), SIGTERM);
    assert_string_equal(book.text, "|last words");
}

static void hang(void *ctx, uint64_t index, struct rg_buf *out)
{
    (void)ctx;
    (void)index;
    (void)out;
    for (;;)
        pause();
}

static void test_a_run_that_hangs_is_ended(void **state)
{
    struct book book = {.told = 0};

    (void)state;
    pool_run(&book, hang, 3, 3, INT64_C(50) * 1000000);
    assert_int_equal(book.told, 3);
    assert_true(book.last.late && !book.last.whole);
}

static void say_much(void *ctx, uint64_t index, struct rg_buf *out)
{
    (void)ctx;
    (void)index;
    while (out->len < EXPLORE_RESULT_MAX) {
        if (rg_buf_byte(out, 'x') != RG_OK)
            break;
    }
}

static void test_a_result_may_be_larger_than_a_pipe(void **state)
{
    struct book book = {.told = 0};

    (void)state;
    pool_run(&book, say_much, 1, 1, LONG_NS);
    assert_true(book.last.whole);
    assert_int_equal(book.bytes, EXPLORE_RESULT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_are_told_in_order),
        cmocka_unit_test(test_telling_can_end_it),
        cmocka_unit_test(test_a_crash_is_told_with_its_last_words),
        cmocka_unit_test(test_a_run_that_hangs_is_ended),
        cmocka_unit_test(test_a_result_may_be_larger_than_a_pipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
