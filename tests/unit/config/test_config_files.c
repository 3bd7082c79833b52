#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_files.h"

#include <string.h>

static const char good[] = "instances: [{}]\n";

/* A tree, in no order. */
static const struct {
    struct rg_conf_entry entry;
    const char *bytes; /* NULL: cannot be read */
} tree[] = {
    {{"zk.yaml", 1, 0}, good},
    {{"cpu.d/conf.yaml.default", 1, 1}, good},
    {{"disk.d/conf.yaml.default", 1, 1}, good},
    {{"disk.d/b.yaml", 1, 0}, good},
    {{"disk.d/a.yml", 1, 0}, good},
    {{"disk.d/deep/c.yaml", 1, 0}, good},
    {{"redis.d/auto_conf.yaml", 1, 1}, "ad_identifiers: [redis]\ninstances: [{}]\n"},
    {{"redis.d/conf.yaml.default", 1, 1}, good},
    {{"kafka.d/metrics.yaml", 1, 1}, "jmx_metrics: [1]\n"},
    {{"kafka.d/conf.yaml.default", 1, 1}, good},
    {{"logs.yaml", 1, 0}, "logs: [{type: file}]\n"},
    {{"logs.yaml.default", 1, 1}, good},
    {{"bad.d/conf.yaml", 1, 0}, "instances: [\n"},
    {{"bad.d/other.yaml", 1, 0}, good},
    {{"broken.yaml", 1, 0}, "instances: 5\n"},
    {{"broken.yaml.default", 1, 1}, good},
    {{"empty.yaml", 0, 0}, ""},
    {{"empty.yaml.default", 1, 1}, good},
    {{"closed.d/", 1, 0}, NULL},
    {{"closed.yaml.default", 1, 1}, good},
    {{"secret.yaml", 1, 0}, NULL},
    {{"secret.d/conf.yaml.default", 1, 1}, good},
    {{"twice.yaml", 1, 0}, "instances: [{a: 1, a: 2}]\n"},
    {{"metrics.yaml", 1, 0}, good},
    {{"folder/x.yaml", 1, 0}, good},
    {{"x.yaml.example", 1, 0}, good},
    {{"x.yaml~", 1, 0}, good},
    {{"x.json", 1, 0}, good},
    {{"yaml", 1, 0}, good},
    {{"x.d", 1, 0}, good},
};

#define ENTRIES (sizeof(tree) / sizeof(tree[0]))

static enum rg_status read_entry(
    void *ctx, const struct rg_conf_entry *entry, struct rg_buf *out, struct rg_err *err)
{
    (void)ctx;
    for (size_t i = 0; i < ENTRIES; i++) {
        if (tree[i].entry.root != entry->root || strcmp(tree[i].entry.path, entry->path) != 0)
            continue;
        if (tree[i].bytes)
            return rg_buf_str(out, tree[i].bytes);
        rg_err_set(err, "permission denied");
        return RG_EACCES;
    }
    return RG_ENOTFOUND;
}

static void select_all(struct rg_conf_entry *entries, struct rg_conf_files *files)
{
    for (size_t i = 0; i < ENTRIES; i++)
        entries[i] = tree[i].entry;
    assert_int_equal(rg_conf_files_select(entries, ENTRIES, NULL, 0, files), RG_OK);
}

static void test_files_come_in_the_order_of_a_scan(void **state)
{
    static const struct {
        const char *path, *name;
        enum rg_conf_kind kind;
    } wanted[] = {
        {"bad.d/conf.yaml", "bad", RG_CONF_REGULAR},
        {"bad.d/other.yaml", "bad", RG_CONF_REGULAR},
        {"broken.yaml", "broken", RG_CONF_REGULAR},
        {"closed.d/", "closed", RG_CONF_REGULAR},
        {"disk.d/a.yml", "disk", RG_CONF_REGULAR},
        {"disk.d/b.yaml", "disk", RG_CONF_REGULAR},
        {"empty.yaml", "empty", RG_CONF_REGULAR},
        {"logs.yaml", "logs", RG_CONF_REGULAR},
        {"secret.yaml", "secret", RG_CONF_REGULAR},
        {"twice.yaml", "twice", RG_CONF_REGULAR},
        {"zk.yaml", "zk", RG_CONF_REGULAR},
        {"broken.yaml.default", "broken", RG_CONF_DEFAULT},
        {"closed.yaml.default", "closed", RG_CONF_DEFAULT},
        {"cpu.d/conf.yaml.default", "cpu", RG_CONF_DEFAULT},
        {"disk.d/conf.yaml.default", "disk", RG_CONF_DEFAULT},
        {"empty.yaml.default", "empty", RG_CONF_DEFAULT},
        {"kafka.d/conf.yaml.default", "kafka", RG_CONF_DEFAULT},
        {"kafka.d/metrics.yaml", "kafka", RG_CONF_OTHER},
        {"logs.yaml.default", "logs", RG_CONF_DEFAULT},
        {"redis.d/auto_conf.yaml", "redis", RG_CONF_REGULAR},
        {"redis.d/conf.yaml.default", "redis", RG_CONF_DEFAULT},
        {"secret.d/conf.yaml.default", "secret", RG_CONF_DEFAULT},
    };
    struct rg_conf_entry entries[ENTRIES];
    struct rg_conf_files files;

    (void)state;
    select_all(entries, &files);
    for (size_t i = 0; i < files.count && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_string_equal(files.items[i].entry->path, wanted[i].path);
        assert_string_equal(files.items[i].name, wanted[i].name);
        assert_int_equal(files.items[i].kind, wanted[i].kind);
    }
    assert_int_equal(files.count, sizeof(wanted) / sizeof(wanted[0]));
    rg_conf_files_finish(&files);
}

static void test_ignore_autoconf_drops_that_file_only(void **state)
{
    const struct rg_str ignored = RG_STR_LIT("redis");
    struct rg_conf_entry entries[] = {{"redis.d/auto_conf.yaml", 1, 0}, {"redis.d/conf.yaml", 1, 0},
        {"mysql.d/auto_conf.yaml", 1, 0}};
    struct rg_conf_files files;

    (void)state;
    assert_int_equal(rg_conf_files_select(entries, 3, &ignored, 1, &files), RG_OK);
    assert_int_equal(files.count, 2);
    assert_string_equal(files.items[0].entry->path, "mysql.d/auto_conf.yaml");
    assert_string_equal(files.items[1].entry->path, "redis.d/conf.yaml");
    rg_conf_files_finish(&files);
}

static void load(struct rg_conf_set *set)
{
    static const char *const roots[] = {"/user", "/packaged"};
    struct rg_conf_source source = {.read = read_entry, .roots = roots, .root_count = 2};
    struct rg_conf_entry entries[ENTRIES];
    struct rg_conf_files files;
    struct rg_err err;

    select_all(entries, &files);
    assert_int_equal(rg_conf_set_load(&files, &source, set, &err), RG_OK);
    rg_conf_files_finish(&files);
}

static void test_regular_files_suppress_defaults_even_when_they_are_broken(void **state)
{
    static const char *const wanted[] = {
        "file:/user/bad.d/other.yaml",
        "file:/user/disk.d/a.yml",
        "file:/user/disk.d/b.yaml",
        "file:/user/logs.yaml",
        "file:/user/twice.yaml",
        "file:/user/zk.yaml",
        "file:/packaged/kafka.d/metrics.yaml",
        "file:/packaged/redis.d/auto_conf.yaml",
        "file:/packaged/cpu.d/conf.yaml.default",
        "file:/packaged/empty.yaml.default",
        "file:/packaged/kafka.d/conf.yaml.default",
        "file:/packaged/logs.yaml.default",
    };
    struct rg_conf_set set;

    (void)state;
    load(&set);
    for (size_t i = 0; i < set.count && i < sizeof(wanted) / sizeof(wanted[0]); i++)
        assert_string_equal(set.configs[i].source, wanted[i]);
    assert_int_equal(set.count, sizeof(wanted) / sizeof(wanted[0]));
    rg_conf_set_finish(&set);
}

static void test_every_broken_file_keeps_its_error(void **state)
{
    struct rg_conf_set set;

    (void)state;
    load(&set);
    assert_int_equal(set.errors.count, 4);
    assert_string_equal(set.errors.items[0].name, "bad");
    assert_string_equal(set.errors.items[0].path, "/user/bad.d/conf.yaml");
    assert_string_equal(
        set.errors.items[0].text, "/user/bad.d/conf.yaml:2:1: did not find expected node content");
    assert_string_equal(set.errors.items[1].name, "broken");
    assert_string_equal(set.errors.items[2].path, "/user/closed.d/");
    assert_string_equal(set.errors.items[2].text, "the folder may not be read");
    assert_string_equal(set.errors.items[3].name, "secret");
    assert_string_equal(set.errors.items[3].text, "permission denied");
    assert_int_equal(set.warnings.count, 1);
    assert_string_equal(set.warnings.items[0].name, "twice");
    rg_conf_set_finish(&set);
}

static enum rg_status stopped(
    void *ctx, const struct rg_conf_entry *entry, struct rg_buf *out, struct rg_err *err)
{
    (void)ctx;
    (void)entry;
    (void)out;
    (void)err;
    return RG_ESTOPPED;
}

static void test_the_end_of_the_run_ends_a_load(void **state)
{
    struct rg_conf_source source = {.read = stopped};
    struct rg_conf_entry entries[ENTRIES];
    struct rg_conf_files files;
    struct rg_conf_set set;
    struct rg_err err;

    (void)state;
    select_all(entries, &files);
    assert_int_equal(rg_conf_set_load(&files, &source, &set, &err), RG_ESTOPPED);
    assert_int_equal(set.count, 0);
    rg_conf_set_finish(&set);
    rg_conf_files_finish(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_come_in_the_order_of_a_scan),
        cmocka_unit_test(test_ignore_autoconf_drops_that_file_only),
        cmocka_unit_test(test_regular_files_suppress_defaults_even_when_they_are_broken),
        cmocka_unit_test(test_every_broken_file_keeps_its_error),
        cmocka_unit_test(test_the_end_of_the_run_ends_a_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
