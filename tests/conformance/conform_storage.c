#include "conform_storage.h"
#include "rg/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BUF_MAX 100000

static void put(struct rg_storage *storage, const char *ns, const char *name, struct rg_str bytes)
{
    struct rg_err err = {0};

    assert_int_equal(rg_storage_put(storage, ns, name, bytes.ptr, bytes.len, &err), RG_OK);
}

static void assert_object(
    struct rg_storage *storage, const char *ns, const char *name, struct rg_str bytes)
{
    struct rg_err err = {0};
    struct rg_buf out;

    rg_buf_init(&out, BUF_MAX);
    assert_int_equal(rg_buf_str(&out, "stale"), RG_OK);
    assert_int_equal(rg_storage_get(storage, ns, name, &out, &err), RG_OK);
    assert_int_equal(out.len, bytes.len);
    if (bytes.len)
        assert_memory_equal(out.data, bytes.ptr, bytes.len);
    rg_buf_finish(&out);
}

static void assert_absent(struct rg_storage *storage, const char *ns, const char *name)
{
    struct rg_err err = {0};
    struct rg_buf out;

    rg_buf_init(&out, BUF_MAX);
    assert_int_equal(rg_buf_str(&out, "stale"), RG_OK);
    assert_int_equal(rg_storage_get(storage, ns, name, &out, &err), RG_ENOTFOUND);
    assert_int_equal(out.len, 0);
    rg_buf_finish(&out);
}

static void assert_names(
    struct rg_storage *storage, const char *ns, const char *const *names, size_t count)
{
    struct rg_storage_list list = {0};
    struct rg_err err = {0};

    assert_int_equal(rg_storage_list(storage, ns, &list, &err), RG_OK);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list.names[i], names[i]);
    rg_storage_list_finish(&list);
}

static void what_was_never_put_is_not_found(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    struct rg_err err = {0};

    (void)factory;
    assert_absent(*storage, "dumps", "a");
    assert_int_equal(rg_storage_remove(*storage, "dumps", "a", &err), RG_ENOTFOUND);
    put(*storage, "dumps", "a", RG_STR_LIT("x"));
    assert_absent(*storage, "dumps", "b");
    assert_int_equal(rg_storage_remove(*storage, "dumps", "b", &err), RG_ENOTFOUND);
}

static void get_gives_the_bytes_that_were_put(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    char all[256];
    char big[70000];

    (void)factory;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char)i;
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)(i * 31);
    put(*storage, "dumps", "all", (struct rg_str){all, sizeof(all)});
    put(*storage, "dumps", "big", (struct rg_str){big, sizeof(big)});
    put(*storage, "dumps", "empty", (struct rg_str){0});
    assert_object(*storage, "dumps", "all", (struct rg_str){all, sizeof(all)});
    assert_object(*storage, "dumps", "big", (struct rg_str){big, sizeof(big)});
    assert_object(*storage, "dumps", "empty", (struct rg_str){0});
}

static void a_second_put_replaces_the_first(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    static const char *const names[] = {"a"};

    (void)factory;
    put(*storage, "dumps", "a", RG_STR_LIT("a long first version"));
    put(*storage, "dumps", "a", RG_STR_LIT("short"));
    assert_object(*storage, "dumps", "a", RG_STR_LIT("short"));
    assert_names(*storage, "dumps", names, 1);
}

static void an_object_above_the_maximum_is_too_big(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    struct rg_err err = {0};
    struct rg_buf out;

    (void)factory;
    put(*storage, "dumps", "a", RG_STR_LIT("123456"));
    rg_buf_init(&out, 5);
    assert_int_equal(rg_storage_get(*storage, "dumps", "a", &out, &err), RG_ETOOBIG);
    rg_buf_finish(&out);
    rg_buf_init(&out, 6);
    assert_int_equal(rg_storage_get(*storage, "dumps", "a", &out, &err), RG_OK);
    assert_int_equal(out.len, 6);
    rg_buf_finish(&out);
}

static void removed_objects_are_gone(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    static const char *const names[] = {"b"};
    struct rg_err err = {0};

    (void)factory;
    put(*storage, "dumps", "a", RG_STR_LIT("1"));
    put(*storage, "dumps", "b", RG_STR_LIT("2"));
    assert_int_equal(rg_storage_remove(*storage, "dumps", "a", &err), RG_OK);
    assert_absent(*storage, "dumps", "a");
    assert_names(*storage, "dumps", names, 1);
    assert_int_equal(rg_storage_remove(*storage, "dumps", "a", &err), RG_ENOTFOUND);
    put(*storage, "dumps", "a", RG_STR_LIT("3"));
    assert_object(*storage, "dumps", "a", RG_STR_LIT("3"));
}

static void names_are_listed_in_bytewise_order(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    static const char *const names[] = {"A", "Z", "_", "a", "a-b", "a.b", "b10", "b9"};
    static const size_t order[] = {3, 7, 0, 6, 5, 1, 4, 2};

    (void)factory;
    for (size_t i = 0; i < 8; i++)
        put(*storage, "dumps", names[order[i]], RG_STR_LIT("x"));
    assert_names(*storage, "dumps", names, 8);
}

static void a_list_replaces_what_it_held(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    struct rg_storage_list list = {0};
    struct rg_err err = {0};

    (void)factory;
    put(*storage, "dumps", "a", RG_STR_LIT("x"));
    put(*storage, "cache", "b", RG_STR_LIT("x"));
    assert_int_equal(rg_storage_list(*storage, "dumps", &list, &err), RG_OK);
    assert_int_equal(rg_storage_list(*storage, "cache", &list, &err), RG_OK);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.names[0], "b");
    rg_storage_list_finish(&list);
}

static void namespaces_do_not_see_each_other(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    struct rg_err err = {0};

    (void)factory;
    put(*storage, "dumps", "a", RG_STR_LIT("of dumps"));
    put(*storage, "cache", "a", RG_STR_LIT("of cache"));
    assert_object(*storage, "dumps", "a", RG_STR_LIT("of dumps"));
    assert_object(*storage, "cache", "a", RG_STR_LIT("of cache"));
    assert_int_equal(rg_storage_remove(*storage, "cache", "a", &err), RG_OK);
    assert_object(*storage, "dumps", "a", RG_STR_LIT("of dumps"));
    assert_names(*storage, "cache", NULL, 0);
    assert_names(*storage, "never-used", NULL, 0);
}

static void names_of_the_greatest_length_work(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    char name[RG_STORAGE_NAME_MAX] = {0};
    const char *const names[] = {name};

    (void)factory;
    memset(name, 'n', sizeof(name) - 1);
    put(*storage, name, name, RG_STR_LIT("x"));
    assert_object(*storage, name, name, RG_STR_LIT("x"));
    assert_names(*storage, name, names, 1);
}

static void objects_outlive_the_storage(
    const struct conform_storage *factory, struct rg_storage **storage)
{
    static const char *const names[] = {"a"};

    put(*storage, "dumps", "a", RG_STR_LIT("kept"));
    *storage = factory->reopen(factory->context, *storage);
    assert_non_null(*storage);
    assert_object(*storage, "dumps", "a", RG_STR_LIT("kept"));
    assert_names(*storage, "dumps", names, 1);
}

#define CASE(fn)                                                                                   \
    {                                                                                              \
#fn, fn, false                                                                             \
    }

const struct conform_storage_case conform_storage_cases[] = {
    CASE(what_was_never_put_is_not_found),
    CASE(get_gives_the_bytes_that_were_put),
    CASE(a_second_put_replaces_the_first),
    CASE(an_object_above_the_maximum_is_too_big),
    CASE(removed_objects_are_gone),
    CASE(names_are_listed_in_bytewise_order),
    CASE(a_list_replaces_what_it_held),
    CASE(namespaces_do_not_see_each_other),
    CASE(names_of_the_greatest_length_work),
    {"objects_outlive_the_storage", objects_outlive_the_storage, true},
};

#define CASE_COUNT (sizeof(conform_storage_cases) / sizeof(conform_storage_cases[0]))
const size_t conform_storage_case_count = CASE_COUNT;

struct bound_case {
    const struct conform_storage *factory;
    const struct conform_storage_case *what;
};

static void run_case(void **state)
{
    const struct bound_case *bound = *state;
    const struct conform_storage *factory = bound->factory;
    struct rg_storage *storage;

    if (bound->what->needs_reopen && !factory->reopen)
        skip();
    storage = factory->create(factory->context);
    assert_non_null(storage);
    bound->what->run(factory, &storage);
    rg_storage_destroy(storage);
    if (factory->cleanup)
        factory->cleanup(factory->context);
}

int conform_storage_run(const struct conform_storage *factory)
{
    struct CMUnitTest tests[CASE_COUNT];
    struct bound_case bound[CASE_COUNT];

    for (size_t i = 0; i < CASE_COUNT; i++) {
        bound[i] = (struct bound_case){factory, &conform_storage_cases[i]};
        tests[i] = (struct CMUnitTest){.name = conform_storage_cases[i].name,
            .test_func = run_case,
            .initial_state = &bound[i]};
    }
    return cmocka_run_group_tests_name(factory->name, tests, NULL, NULL);
}
