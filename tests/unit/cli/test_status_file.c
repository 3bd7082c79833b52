#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "status_file.h"

struct folder {
    char base[64], run[80];
};

static int make_folder(void **state)
{
    struct folder *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    strcpy(f->base, "/tmp/reagent-status-XXXXXX");
    assert_non_null(mkdtemp(f->base));
    snprintf(f->run, sizeof(f->run), "%s/run", f->base);
    *state = f;
    return 0;
}

static void remove_in(const char *dir, const char *name)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    unlink(path);
}

static int remove_folder(void **state)
{
    struct folder *f = *state;

    remove_in(f->run, "status.json");
    remove_in(f->run, "agent.lock");
    rmdir(f->run);
    rmdir(f->base);
    free(f);
    return 0;
}

static enum rg_status read_now(const struct folder *f, struct rg_buf *out, bool *alive)
{
    struct rg_err err = {0};

    return status_file_read(f->run, out, alive, &err);
}

static void test_a_document_can_be_read_while_its_agent_lives(void **state)
{
    const struct folder *f = *state;
    struct status_file *file;
    struct rg_buf text;
    struct stat st;
    bool alive;

    rg_buf_init(&text, 4096 + 65536);
    assert_int_equal(status_file_create(f->run, &file), RG_OK);
    assert_int_equal(stat(f->run, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(read_now(f, &text, &alive), RG_ENOTFOUND);
    assert_true(alive);
    status_file_put(file, RG_STR_LIT("{\"a\":1}"));
    status_file_put(file, RG_STR_LIT("{}"));
    assert_int_equal(read_now(f, &text, &alive), RG_OK);
    assert_true(alive);
    assert_true(rg_str_is(rg_str_buf(&text), "{}"));
    rg_buf_clear(&text);
    assert_int_equal(status_file_last(file, &text), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&text), "{}"));
    status_file_destroy(file);
    assert_int_equal(read_now(f, &text, &alive), RG_OK);
    assert_false(alive);
    rg_buf_finish(&text);
}

static void test_the_next_run_starts_without_the_status_of_the_last(void **state)
{
    const struct folder *f = *state;
    struct status_file *file;
    struct rg_buf text;
    bool alive;

    rg_buf_init(&text, 4096 + 65536);
    assert_int_equal(status_file_create(f->run, &file), RG_OK);
    status_file_put(file, RG_STR_LIT("{}"));
    status_file_destroy(file);
    assert_int_equal(status_file_create(f->run, &file), RG_OK);
    assert_int_equal(read_now(f, &text, &alive), RG_ENOTFOUND);
    status_file_destroy(file);
    rg_buf_finish(&text);
}

static void test_a_second_agent_only_remembers(void **state)
{
    const struct folder *f = *state;
    struct status_file *first, *second;
    struct rg_buf text;
    bool alive;

    rg_buf_init(&text, 4096 + 65536);
    assert_int_equal(status_file_create(f->run, &first), RG_OK);
    status_file_put(first, RG_STR_LIT("first"));
    assert_int_equal(status_file_create(f->run, &second), RG_OK);
    status_file_put(second, RG_STR_LIT("second"));
    assert_int_equal(read_now(f, &text, &alive), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&text), "first"));
    assert_int_equal(status_file_last(second, &text), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&text), "second"));
    status_file_destroy(second);
    status_file_destroy(first);
    rg_buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_document_can_be_read_while_its_agent_lives, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_the_next_run_starts_without_the_status_of_the_last, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_a_second_agent_only_remembers, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
