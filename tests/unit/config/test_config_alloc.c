#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_files.h"
#include "fail_alloc.h"
#include "instance_config.h"
#include "snmp_digest.h"

#include <stdlib.h>
#include <string.h>

#define ATTEMPTS_MAX 2000

static const char file[] = "init_config: {service: '%%env_A%%'}\n"
                           "instances:\n"
                           "- &x {name: a, tags: [b, 1.5, a, {k: v}], c: &y [1, 2]}\n"
                           "- {<<: *x, d: *y, e: !!binary gIGC, n: \"a\\nb\"}\n"
                           "jmx_metrics: [1]\n"
                           "logs: [{type: file}]\n"
                           "ad_identifiers: [a, b]\n"
                           "advanced_ad_identifiers: [{kube_service: {name: n, namespace: s}}]\n"
                           "docker_images: [x]\n";

static enum rg_status env(void *ctx, struct rg_str name, struct rg_buf *value, struct rg_err *err)
{
    (void)ctx;
    (void)name;
    (void)err;
    return rg_buf_str(value, "value");
}

static enum rg_status read_entry(
    void *ctx, const struct rg_conf_entry *entry, struct rg_buf *out, struct rg_err *err)
{
    (void)ctx;
    (void)err;
    return rg_buf_str(out, strstr(entry->path, "bad") ? "instances: 5\n" : file);
}

static enum rg_status identity(const struct rg_integration_config *c, struct rg_err *err)
{
    const struct rg_blob *first = &c->instances.items[0];
    struct rg_instance_config instance;
    struct rg_buf text;
    uint64_t digest;
    bool flag;
    enum rg_status st = rg_config_digest(c, &digest);

    rg_buf_init(&text, 100000);
    if (st == RG_OK)
        st = rg_config_identical(c, c, &flag);
    if (st == RG_OK)
        st = rg_config_to_yaml(c, &text);
    if (st == RG_OK)
        st = rg_check_id(
            rg_str_from(c->name), digest, rg_blob_str(first), rg_blob_str(first), &text);
    if (st == RG_OK)
        st =
            rg_is_jmx_instance(rg_str_from(c->name), rg_blob_str(first), rg_blob_str(first), &flag);
    if (st == RG_OK)
        st = rg_instance_config_decode(&instance, "i", RG_STR_LIT("tags: [a, b]"), err);
    if (st == RG_OK)
        rg_instance_config_finish(&instance);
    rg_buf_finish(&text);
    return st;
}

static enum rg_status everything(struct rg_err *err)
{
    const struct rg_conf_entry entries[] = {
        {"foo.yaml", 1, 0}, {"bad.yaml", 1, 0}, {"bar.d/conf.yaml.default", 1, 0}};
    const struct rg_template vars = {.env = env};
    const struct rg_conf_source source = {.read = read_entry, .vars = &vars};
    const struct rg_str ips[] = {RG_STR_LIT("b"), RG_STR_LIT("a")};
    const struct rg_snmp_config snmp = {.ignored_ips = ips, .ignored_count = 2};
    struct rg_conf_files files;
    struct rg_conf_set set = {0};
    uint64_t digest;
    enum rg_status st = rg_conf_files_select(entries, 3, NULL, 0, &files);

    if (st == RG_OK)
        st = rg_conf_set_load(&files, &source, &set, err);
    if (st == RG_OK)
        st = identity(&set.configs[0], err);
    if (st == RG_OK)
        st = rg_snmp_digest(&snmp, RG_STR_LIT("x"), &digest);
    if (st == RG_OK && (set.count != 2 || set.errors.count != 1))
        st = RG_EINVALID;
    rg_conf_set_finish(&set);
    rg_conf_files_finish(&files);
    return st;
}

static void test_every_failing_allocation_is_reported(void **state)
{
    (void)state;
    for (long n = 1; n < ATTEMPTS_MAX; n++) {
        struct rg_err err = {0};
        enum rg_status st;
        bool failed;

        fail_alloc_at(n);
        st = everything(&err);
        failed = fail_alloc_happened();
        fail_alloc_at(0);
        if (!failed) {
            assert_int_equal(st, RG_OK);
            assert_true(n > 50);
            return;
        }
        if (st != RG_ENOMEM)
            fail_msg("allocation %ld failed, the answer was %s", n, rg_status_name(st));
    }
    fail_msg("there is no end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
