#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "derive_write.h"
#include "fail_alloc.h"

#define SCANS 12

static const int32_t pids[] = {1, 2, 3};

static enum rg_status read_one(
    struct derive_reader *r, int64_t at_ns, int32_t pid, const char *name, struct rg_buf *text)
{
    const struct rg_effect effect = {.kind = RG_EFFECT_READ,
        .pid = pid,
        .name = rg_str_from(name),
        .content = rg_str_buf(text),
        .mono = {at_ns},
        .wall = {at_ns}};

    return derive_reader_take(r, &effect, NULL);
}

/* A process that grows, and runs another program from the middle on. */
static enum rg_status visit(struct derive_reader *r, int64_t i, int32_t pid, struct rg_buf *text)
{
    int64_t at_ns = i * 10 * RG_NS_PER_S;
    enum rg_status st;

    rg_buf_clear(text);
    st = rg_buf_printf(text, "Name:\tx\nUid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nVmRSS:\t%d kB\n",
        (int)(i * i + 1) * 4);
    if (st == RG_OK)
        st = read_one(r, at_ns, pid, "status", text);
    rg_buf_clear(text);
    if (st == RG_OK)
        st = rg_buf_printf(text, "%d (x%d) S 1 1 1 0 -1 0 0 0 0 0 %d 0 0 0 20 0 1 0 %d 0", pid,
            i > SCANS / 2, (int)(i * i * 100), pid == 3 ? (int)(900 + i * 1000) : 100);
    if (st == RG_OK)
        st = read_one(r, at_ns, pid, "stat", text);
    return st;
}

static enum rg_status take_all(struct derive_reader *r, struct rg_buf *text)
{
    const struct rg_effect document = {.kind = RG_EFFECT_DOCUMENT,
        .name = RG_STR_LIT("options"),
        .content = RG_STR_LIT("log_level: debug\nrun.checks: [process]\n")};
    const struct rg_effect user = {
        .kind = RG_EFFECT_USER, .arg = 1, .content = RG_STR_LIT("daemon")};
    enum rg_status st = derive_reader_take(r, &document, NULL);

    if (st == RG_OK)
        st = derive_reader_take(r, &user, NULL);
    for (int64_t i = 0; i < SCANS && st == RG_OK; i++) {
        const struct rg_effect list = {.kind = RG_EFFECT_LIST,
            .content = {(const char *)pids, sizeof(pids)},
            .mono = {i * 10 * RG_NS_PER_S}};

        st = derive_reader_take(r, &list, NULL);
        for (size_t k = 0; k < 3 && st == RG_OK; k++)
            st = visit(r, i, pids[k], text);
    }
    return st == RG_OK ? derive_reader_end(r, NULL) : st;
}

static enum rg_status derive_all(void)
{
    const struct derive_file file = {.capture = "x", .name = "x", .words_max = DERIVE_WORDS_MAX};
    struct derive d = {.has_facts = false};
    struct derive_fold fold = {.kinds = NULL};
    struct derive_reader *r = NULL;
    struct derive_losses losses;
    struct rg_buf text;
    enum rg_status st = derive_reader_create(&d, &r, NULL);

    rg_buf_init(&text, (size_t)1 << 20);
    if (st == RG_OK)
        st = take_all(r, &text);
    if (st == RG_OK)
        st = derive_grid(&d);
    if (st == RG_OK)
        st = derive_fold(&fold, &d, NULL);
    if (st == RG_OK)
        st = derive_write(&d, &fold, &file, &text, &losses);
    derive_reader_destroy(r);
    derive_fold_finish(&fold);
    derive_finish(&d);
    rg_buf_finish(&text);
    return st;
}

static void test_every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    long n = 0;

    (void)state;
    fail_alloc_at(0);
    assert_int_equal(derive_all(), RG_OK);
    for (;;) {
        enum rg_status st;

        fail_alloc_at(++n);
        st = derive_all();
        if (!fail_alloc_happened())
            break;
        assert_int_equal(st, RG_ENOMEM);
    }
    fail_alloc_at(0);
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failed_allocation_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
