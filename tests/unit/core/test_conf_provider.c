/* Reading conf.d through a host that misbehaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf_provider.h"
#include "fake_host.h"
#include "json_writer.h"

#include <string.h>

/* A host of conf.d only: its listing is any bytes, its documents are in the fake host. */
struct conf_host {
    struct fake_host fake;
    struct rg_host_ops ops;
    const char *list;
    size_t list_len;
    enum rg_status list_st;
    int asked_env;
    struct rg_checks_config config;
    struct rg_conf_provider *provider;
    struct rg_conf_set set;
};

static struct conf_host *host_of(struct rg_host *host)
{
    return (struct conf_host *)((char *)host - offsetof(struct conf_host, fake.host));
}

static enum rg_status list_documents(
    struct rg_host *host, const char *folder, struct rg_buf *out, struct rg_err *err)
{
    struct conf_host *h = host_of(host);

    assert_string_equal(folder, "conf.d");
    if (h->list_st != RG_OK) {
        rg_err_set(err, "not today");
        return h->list_st;
    }
    return rg_buf_append(out, h->list, h->list_len);
}

static enum rg_status env(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct conf_host *h = host_of(host);

    (void)err;
    h->asked_env++;
    return strcmp(name, "SET") == 0 ? rg_buf_str(out, "017") : RG_ENOTFOUND;
}

static void open_host(struct conf_host *h, const char *list, size_t len)
{
    struct rg_err err = {0};

    memset(h, 0, sizeof(*h));
    fake_host_init(&h->fake);
    h->ops = *h->fake.host.ops;
    h->ops.list_documents = list_documents;
    h->ops.env = env;
    h->fake.host.ops = &h->ops;
    h->list = list;
    h->list_len = len;
    rg_checks_config_init(&h->config);
    assert_int_equal(
        rg_conf_provider_create(&h->fake.host, &h->config, NULL, &h->provider, &err), RG_OK);
}

static enum rg_status load(struct conf_host *h, struct rg_err *err)
{
    rg_conf_set_finish(&h->set);
    return rg_conf_provider_load(h->provider, &h->set, err);
}

static void close_host(struct conf_host *h)
{
    rg_conf_set_finish(&h->set);
    rg_conf_provider_destroy(h->provider);
    rg_checks_config_finish(&h->config);
}

#define LIST(text) text, sizeof(text) - 1

static void test_variables_are_asked_for_once(void **state)
{
    struct rg_err err = {0};
    struct conf_host h;

    (void)state;
    open_host(&h, LIST("conf.d/a.yaml\0conf.d/b.yaml\0"));
    h.fake.documents[0] =
        (struct fake_text){"conf.d/a.yaml", "instances: [{p: '%%env_SET%%', q: 'x%%env_SET%%'}]\n"};
    h.fake.documents[1] =
        (struct fake_text){"conf.d/b.yaml", "instances: [{p: '%%env_UNSET%%'}]\n"};
    assert_int_equal(load(&h, &err), RG_OK);
    assert_int_equal(h.asked_env, 2);
    assert_int_equal(h.set.count, 2);
    assert_string_equal(h.set.configs[0].instances.items[0].ptr, "p: \"017\"\nq: x017\n");
    assert_string_equal(h.set.configs[0].source, "file:conf.d/a.yaml");
    assert_int_equal(h.set.warnings.count, 1);
    assert_int_equal(load(&h, &err), RG_OK);
    assert_int_equal(h.asked_env, 2);
    close_host(&h);
}

static void test_settings_reach_files_and_variables(void **state)
{
    struct rg_err err = {0};
    struct conf_host h;

    (void)state;
    open_host(&h, LIST("conf.d/a.d/auto_conf.yaml\0conf.d/b.yaml\0"));
    h.fake.documents[0] = (struct fake_text){"conf.d/a.d/auto_conf.yaml", "instances: [{}]\n"};
    h.fake.documents[1] = (struct fake_text){"conf.d/b.yaml", "instances: [{p: '%%env_SET%%'}]\n"};
    h.config.env_disabled = true;
    assert_int_equal(rg_config_list_add(&h.config.ignore_autoconf, rg_str_from("a")), RG_OK);
    assert_int_equal(load(&h, &err), RG_OK);
    assert_int_equal(h.set.count, 1);
    assert_int_equal(h.asked_env, 0);
    assert_int_equal(h.set.warnings.count, 1);
    close_host(&h);
}

static void test_any_listing_is_fine(void **state)
{
    static const struct {
        const char *list;
        size_t len;
        size_t configs, errors;
    } rows[] = {
        {LIST(""), 0, 0},
        {LIST("conf.d/a.yaml"), 0, 0},            /* not ended */
        {LIST("x\0conf.d/a.yaml"), 0, 0},         /* nor this */
        {LIST("a.yaml\0/conf.d/a.yaml\0"), 0, 0}, /* not below the folder */
        {LIST("conf.d/\0\0\0conf.d/a.yaml\0"), 1, 0},
        {LIST("conf.d/gone.yaml\0conf.d/a.yaml\0"), 1, 1},
        {LIST("conf.d/a.yaml\0conf.d/a.yaml\0"), 2, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rg_err err = {0};
        struct conf_host h;

        open_host(&h, rows[i].list, rows[i].len);
        h.fake.documents[0] = (struct fake_text){"conf.d/a.yaml", "instances: [{}]\n"};
        assert_int_equal(load(&h, &err), RG_OK);
        assert_int_equal(h.set.count, rows[i].configs);
        assert_int_equal(h.set.errors.count, rows[i].errors);
        close_host(&h);
    }
}

static void test_a_folder_that_fails_is_told(void **state)
{
    static const struct {
        enum rg_status said, want;
    } rows[] = {{RG_ENOTFOUND, RG_OK}, {RG_EACCES, RG_EACCES}, {RG_EIO, RG_EIO},
        {RG_ETOOBIG, RG_ETOOBIG}, {RG_ESTOPPED, RG_ESTOPPED}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rg_err err = {0};
        struct conf_host h;

        open_host(&h, LIST(""));
        h.list_st = rows[i].said;
        assert_int_equal(load(&h, &err), rows[i].want);
        assert_int_equal(h.set.count, 0);
        if (rows[i].want != RG_OK)
            assert_string_equal(err.text, "conf.d: not today");
        close_host(&h);
    }
}

static void test_a_copy_is_identical(void **state)
{
    struct rg_integration_config copy;
    struct rg_err err = {0};
    struct conf_host h;
    bool same = false;

    (void)state;
    open_host(&h, LIST("conf.d/a.yaml\0"));
    h.fake.documents[0] = (struct fake_text){"conf.d/a.yaml",
        "init_config: {a: 1}\ninstances: [{b: 2}, {}]\nlogs: [{c: 3}]\njmx_metrics: [{d: 4}]\n"
        "ad_identifiers: [x, y]\nadvanced_ad_identifiers:\n"
        "- {kube_service: {name: n, namespace: m}}\nignore_autodiscovery_tags: true\n"};
    assert_int_equal(load(&h, &err), RG_OK);
    assert_int_equal(h.set.count, 1);
    assert_int_equal(rg_conf_copy(&h.set.configs[0], &copy), RG_OK);
    assert_int_equal(rg_config_identical(&h.set.configs[0], &copy, &same), RG_OK);
    assert_true(same);
    assert_string_equal(copy.source, "file:conf.d/a.yaml");
    assert_string_equal(copy.metric_config.ptr, h.set.configs[0].metric_config.ptr);
    assert_string_equal(copy.advanced_ad_identifiers[0].service.space, "m");
    assert_null(copy.service_id);
    rg_integration_config_finish(&copy);
    close_host(&h);
}

static void test_json_has_its_commas(void **state)
{
    struct rg_buf text;
    struct rg_json j = {.out = &text};

    (void)state;
    rg_buf_init(&text, 256);
    rg_json_open(&j, NULL, '{');
    rg_json_open(&j, "a", '[');
    rg_json_close(&j, ']');
    rg_json_open(&j, "b", '[');
    rg_json_int(&j, NULL, -1);
    rg_json_null(&j, NULL);
    rg_json_open(&j, NULL, '{');
    rg_json_close(&j, '}');
    rg_json_raw(&j, NULL, RG_STR_LIT(""));
    rg_json_raw(&j, NULL, RG_STR_LIT("1,2"));
    rg_json_bool(&j, NULL, true);
    rg_json_close(&j, ']');
    rg_json_text(&j, "c", NULL);
    rg_json_uint(&j, "d", UINT64_MAX);
    rg_json_str(&j, "e", RG_STR_LIT("\"\xff"));
    rg_json_close(&j, '}');
    assert_int_equal(j.st, RG_OK);
    assert_true(rg_str_is(rg_str_buf(&text),
        "{\"a\":[],\"b\":[-1,null,{},1,2,true],\"c\":\"\",\"d\":18446744073709551615,"
        "\"e\":\"\\\"\xef\xbf\xbd\"}"));
    rg_buf_finish(&text);
    rg_buf_init(&text, 4);
    j = (struct rg_json){.out = &text};
    rg_json_text(&j, NULL, "longer");
    rg_json_null(&j, NULL);
    assert_int_equal(j.st, RG_ETOOBIG);
    rg_buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variables_are_asked_for_once),
        cmocka_unit_test(test_settings_reach_files_and_variables),
        cmocka_unit_test(test_any_listing_is_fine),
        cmocka_unit_test(test_a_folder_that_fails_is_told),
        cmocka_unit_test(test_a_copy_is_identical),
        cmocka_unit_test(test_json_has_its_commas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
