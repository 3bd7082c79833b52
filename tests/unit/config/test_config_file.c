#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_file.h"
#include "instance_config.h"

#include <stdlib.h>
#include <string.h>

static struct rg_integration_config config;
static struct rg_err strict, err;

static enum rg_status env(void *ctx, struct rg_str name, struct rg_buf *value, struct rg_err *e)
{
    (void)ctx;
    (void)e;
    if (rg_str_is(name, "USER"))
        return rg_buf_str(value, "dog");
    if (rg_str_is(name, "PW"))
        return rg_buf_str(value, "0123456");
    if (rg_str_is(name, "FLAG"))
        return rg_buf_str(value, "true");
    if (rg_str_is(name, "NEST"))
        return rg_buf_str(value, "%%env_USER%%");
    if (rg_str_is(name, "STOP"))
        return RG_ESTOPPED;
    if (rg_str_is(name, "BROKEN"))
        return RG_EIO;
    return RG_ENOTFOUND;
}

static enum rg_status service(
    void *ctx, struct rg_str name, struct rg_str key, struct rg_buf *value, struct rg_err *e)
{
    (void)ctx;
    if (rg_str_is(name, "host"))
        return rg_buf_printf(value, "10.0.0.%d", key.len ? 2 : 1);
    if (rg_str_is(name, "port"))
        return rg_buf_str(value, "0x50");
    if (rg_str_is(name, "extra"))
        return rg_buf_append(value, key.ptr, key.len);
    rg_err_set(e, "no such thing");
    return RG_EIO;
}

static const struct rg_template file_vars = {.env = env};

static enum rg_status parse(const char *text)
{
    return rg_config_file_parse(
        "foo", "conf.d/foo.yaml", rg_str_from(text), &file_vars, &config, &strict, &err);
}

static void done(void)
{
    rg_integration_config_finish(&config);
}

static void blob_is(const struct rg_blob *blob, const char *wanted)
{
    assert_non_null(blob->ptr);
    assert_string_equal(blob->ptr, wanted);
}

static void refused(const char *text, const char *why)
{
    assert_int_equal(parse(text), RG_EINVALID);
    assert_string_equal(err.text, why);
    assert_null(config.name);
}

static void test_sections_are_written_anew(void **state)
{
    (void)state;
    assert_int_equal(parse("# a comment\n"
                           "init_config: {service: x}\n"
                           "instances:\n"
                           "  - {b: 1, a: 'x'}   # c\n"
                           "  - ~\n"
                           "jmx_metrics: [1]\n"
                           "logs:\n  - {type: file}\n"
                           "ad_identifiers: [redis, 5]\n"
                           "advanced_ad_identifiers:\n"
                           "  - kube_service: {name: n, namespace: s}\n"
                           "  - kube_endpoints: {name: m}\n"
                           "cluster_check: yes\n"
                           "ignore_autodiscovery_tags: on\n"),
        RG_OK);
    assert_string_equal(config.name, "foo");
    assert_string_equal(config.source, "file:conf.d/foo.yaml");
    assert_string_equal(config.provider, "file");
    assert_int_equal(config.instances.count, 2);
    blob_is(&config.instances.items[0], "a: x\nb: 1\n");
    blob_is(&config.instances.items[1], "{}\n");
    blob_is(&config.init_config, "service: x\n");
    blob_is(&config.metric_config, "- 1\n");
    blob_is(&config.logs_config, "logs:\n- type: file\n");
    assert_int_equal(config.ad_identifiers.count, 2);
    blob_is(&config.ad_identifiers.items[1], "5");
    assert_int_equal(config.advanced_count, 2);
    assert_string_equal(config.advanced_ad_identifiers[0].service.name, "n");
    assert_string_equal(config.advanced_ad_identifiers[0].service.space, "s");
    assert_string_equal(config.advanced_ad_identifiers[1].endpoints.name, "m");
    assert_true(config.cluster_check);
    assert_true(config.ignore_autodiscovery_tags);
    assert_string_equal(strict.text, "");
    done();
}

static void test_absent_and_null_sections_are_nil(void **state)
{
    (void)state;
    assert_int_equal(parse("init_config:\ninstances: [{}]\nlogs: ~\n"), RG_OK);
    assert_null(config.init_config.ptr);
    assert_null(config.logs_config.ptr);
    assert_false(rg_config_is_logs(&config));
    done();
    assert_int_equal(parse("logs: []\n"), RG_OK);
    blob_is(&config.logs_config, "logs: []\n");
    assert_true(rg_config_logs_only(&config));
    done();
    assert_int_equal(parse("logs: []\ninstances: [{}]\n"), RG_OK);
    assert_false(rg_config_logs_only(&config));
    done();
}

static void test_what_only_strict_reading_refuses_is_reported_and_used(void **state)
{
    (void)state;
    assert_int_equal(parse("instances:\n- a: 1\n  a: 2\n"), RG_OK);
    blob_is(&config.instances.items[0], "a: 2\n");
    assert_string_equal(strict.text, "conf.d/foo.yaml:3:3: 'a' is set twice, first in line 2; the "
                                     "later value counts");
    done();
    assert_int_equal(parse("instances: [{}]\ninit_confg: {}\n"), RG_OK);
    assert_string_equal(
        strict.text, "conf.d/foo.yaml:2:1: unknown key 'init_confg'; did you mean 'init_config'?");
    done();
}

static void test_bad_files_are_refused_with_their_place(void **state)
{
    (void)state;
    assert_int_equal(parse(""), RG_EEND);
    refused("# nothing\n", RG_CONFIG_NO_INSTANCES);
    refused("init_config: {}\n", RG_CONFIG_NO_INSTANCES);
    refused("instances: []\n", RG_CONFIG_NO_INSTANCES);
    refused("- a\n", "conf.d/foo.yaml:1:1: 'the file' must be a mapping, not a list");
    refused("instances: [a\n", "conf.d/foo.yaml:2:1: did not find expected ',' or ']'");
    refused("instances: a\n",
        "conf.d/foo.yaml:1:12: 'instances' must be a list of mappings, not a text");
    refused("instances:\n- {}\n- a\n",
        "conf.d/foo.yaml:3:3: 'instances' must be a list of mappings, not a text");
    refused("instances: [{}]\ncluster_check: 'true'\n",
        "conf.d/foo.yaml:2:16: 'cluster_check' must be true or false, not a text");
    refused("instances: [{}]\nad_identifiers: a\n",
        "conf.d/foo.yaml:2:17: 'ad_identifiers' must be a list of texts, not a text");
    refused("instances: [{}]\nad_identifiers: [[]]\n",
        "conf.d/foo.yaml:2:18: 'ad_identifiers' must be a list of texts, not a list");
    refused("instances: [{}]\nadvanced_ad_identifiers: [{kube_service: 5}]\n",
        "conf.d/foo.yaml:2:42: 'kube_service' must be a mapping, not a number");
    refused("instances: [{}]\ndocker_images: [x]\n", RG_CONFIG_DOCKER_IMAGES);
    assert_int_equal(parse("instances: [{}]\ndocker_images: [x]\nad_identifiers: [x]\n"), RG_OK);
    done();
}

static void test_variables_of_the_environment_stay_texts(void **state)
{
    (void)state;
    assert_int_equal(parse("init_config: {u: '%%env_USER%%'}\n"
                           "instances:\n"
                           "- {p: '%%env_PW%%', f: '%%env_FLAG%%', '%%env_PW%%': 1}\n"
                           "- {x: 'a %%env_USER%% b %%env_NEST%% c', k: [{q: '%%env_USER%%'}]}\n"
                           "logs: [{service: '%%env_USER%%'}]\n"),
        RG_OK);
    blob_is(&config.init_config, "u: dog\n");
    blob_is(&config.instances.items[0], "'%%env_PW%%': 1\nf: \"true\"\np: \"0123456\"\n");
    blob_is(&config.instances.items[1], "k:\n- q: dog\nx: a dog b %%env_USER%% c\n");
    blob_is(&config.logs_config, "logs:\n- service: dog\n");
    assert_string_equal(strict.text, "");
    done();
}

static void test_a_variable_without_value_stays_and_ends_the_pass(void **state)
{
    (void)state;
    assert_int_equal(parse("init_config: {u: '%%env_USER%%'}\n"
                           "instances:\n"
                           "- {a: '%%env_USER%%', b: '%%env_NONE%%'}\n"
                           "- {a: '%%env_USER%%'}\n"),
        RG_OK);
    blob_is(&config.init_config, "u: dog\n");
    blob_is(&config.instances.items[0], "a: '%%env_USER%%'\nb: '%%env_NONE%%'\n");
    blob_is(&config.instances.items[1], "a: '%%env_USER%%'\n");
    assert_string_equal(strict.text, "conf.d/foo.yaml: Failed to substitute template var: failed "
                                     "to retrieve envvar NONE");
    done();
    assert_int_equal(parse("instances: [{a: '%%host%%'}]\n"), RG_OK);
    assert_string_equal(strict.text, "");
    done();
    assert_int_equal(parse("instances: [{a: '%%what_x%%'}]\n"), RG_OK);
    assert_string_equal(
        strict.text, "conf.d/foo.yaml: Failed to substitute template var: invalid %%what_x%% tag");
    done();
    assert_int_equal(parse("instances: [{a: '%%env_BROKEN%%'}]\n"), RG_OK);
    assert_non_null(strstr(strict.text, "Failed to substitute"));
    done();
}

static void test_the_end_of_the_run_ends_a_pass(void **state)
{
    (void)state;
    assert_int_equal(parse("instances: [{a: '%%env_STOP%%'}]\n"), RG_ESTOPPED);
    assert_null(config.name);
}

static void substituted(const struct rg_template *t, const char *from, const char *to)
{
    struct rg_integration_config c = {0};

    assert_int_equal(rg_blob_add(&c.instances, rg_str_from(from)), RG_OK);
    assert_int_equal(rg_config_substitute(&c, t, &err), RG_OK);
    blob_is(&c.instances.items[0], to);
    rg_integration_config_finish(&c);
}

static void test_variables_of_a_service_become_numbers_and_booleans(void **state)
{
    static const struct rg_template t = {.env = env, .service = service};

    (void)state;
    substituted(&t, "a: '%%host%%'", "a: 10.0.0.1\n");
    substituted(&t, "a: '%%host_eth0%%:%%port%%'", "a: 10.0.0.2:0x50\n");
    substituted(&t, "a: '%%port%%'", "a: 80\n");
    substituted(&t, "a: '%%extra_True%%'", "a: true\n");
    substituted(&t, "a: '%%extra_1%%'", "a: 1\n");
    substituted(&t, "a: '%%extra_1.5%%'", "a: \"1.5\"\n");
    substituted(&t, "a: '%%extra_yes%%'", "a: \"yes\"\n");
    substituted(&t, "a: '%%extra_a_b%%'", "a: a_b\n");
    substituted(&t, "a: '5%%'", "a: 5%%\n");
    substituted(&t, "a: \"%%ho\\nst%%\"", "a: |-\n  %%ho\n  st%%\n");
    substituted(&t, "a: '%%%%port%%'", "a: '%%0x50'\n");
    substituted(&t, "a: 100%%", "a: 100%%\n");
}

static void test_a_failing_service_says_why(void **state)
{
    static const struct rg_template t = {.service = service};
    struct rg_integration_config c = {0};

    (void)state;
    assert_int_equal(rg_blob_set(&c.init_config, RG_STR_LIT("a: '%%pid%%'")), RG_OK);
    assert_int_equal(rg_config_substitute(&c, &t, &err), RG_EIO);
    assert_string_equal(err.text, "no such thing");
    blob_is(&c.init_config, "a: '%%pid%%'");
    rg_integration_config_finish(&c);
}

static enum rg_status with_names(struct rg_template t, struct rg_integration_config *c)
{
    enum rg_status st = rg_blob_set(&c->init_config, RG_STR_LIT("a: '%%env_USER%%'"));

    assert_int_equal(st, RG_OK);
    st = rg_config_substitute(c, &t, &err);
    rg_integration_config_finish(c);
    return st;
}

static void test_the_environment_can_be_closed(void **state)
{
    const struct rg_str other = RG_STR_LIT("OTHER"), user = RG_STR_LIT("user");
    struct rg_integration_config c = {0};

    (void)state;
    assert_int_equal(with_names((struct rg_template){.env = env}, &c), RG_OK);
    assert_int_equal(
        with_names((struct rg_template){.env = env, .env_disabled = true}, &c), RG_EINVALID);
    assert_string_equal(err.text, "envvar USER is not allowed in check configs");
    assert_int_equal(
        with_names((struct rg_template){.env = env, .env_names = &other, .env_count = 1}, &c),
        RG_EINVALID);
    assert_int_equal(
        with_names((struct rg_template){.env = env, .env_names = &user, .env_count = 1}, &c),
        RG_OK);
    assert_int_equal(with_names((struct rg_template){.env = NULL}, &c), RG_EINVALID);
}

static void test_json_logs_are_left_alone(void **state)
{
    static const struct rg_template t = {.env = env};
    struct rg_integration_config c = {.provider = NULL};

    (void)state;
    c.provider = strdup("kubernetes");
    assert_int_equal(rg_blob_set(&c.logs_config, RG_STR_LIT("[{\"a\":\"%%env_PW%%\"}]")), RG_OK);
    assert_int_equal(rg_config_substitute(&c, &t, &err), RG_OK);
    blob_is(&c.logs_config, "[{\"a\":\"%%env_PW%%\"}]");
    rg_integration_config_finish(&c);
}

static void test_reserved_keys_of_an_instance_are_decoded(void **state)
{
    struct rg_instance_config c;

    (void)state;
    assert_int_equal(rg_instance_config_decode(&c, "i",
                         RG_STR_LIT("min_collection_interval: 30\ntags: [a, 5, ~, 0x10]\n"
                                    "service: 0123\nname: yes\nno_index: true\n"
                                    "empty_default_hostname: on\nother: {}\n"),
                         &err),
        RG_OK);
    assert_int_equal(c.min_collection_interval_s, 30);
    assert_true(c.has_interval && c.has_tags && c.no_index && c.empty_default_hostname);
    assert_int_equal(c.tags.count, 4);
    blob_is(&c.tags.items[1], "5");
    blob_is(&c.tags.items[2], "");
    blob_is(&c.tags.items[3], "0x10");
    assert_string_equal(c.service, "0123");
    assert_string_equal(c.name, "yes");
    assert_string_equal(c.space, "");
    rg_instance_config_finish(&c);
    assert_int_equal(rg_instance_config_decode(&c, "i", RG_STR_LIT(""), &err), RG_OK);
    assert_false(c.has_interval || c.has_tags);
    assert_string_equal(c.name, "");
    rg_instance_config_finish(&c);
    assert_int_equal(
        rg_instance_config_decode(&c, "i", RG_STR_LIT("min_collection_interval: 1e1"), &err),
        RG_OK);
    assert_int_equal(c.min_collection_interval_s, 10);
    rg_instance_config_finish(&c);
}

static void test_reserved_keys_of_a_wrong_type_are_errors(void **state)
{
    static const char *const wrong[][2] = {
        {"min_collection_interval: '5'",
            "i:1:26: 'min_collection_interval' must be a whole number, not a text"},
        {"min_collection_interval: 1.5",
            "i:1:26: 'min_collection_interval' must be a whole number, not a number"},
        {"min_collection_interval: .nan",
            "i:1:26: 'min_collection_interval' must be a whole number, not a number"},
        {"min_collection_interval: 18446744073709551615",
            "i:1:26: 'min_collection_interval' must be a whole number, not a number"},
        {"tags: {a: b}", "i:1:7: 'tags' must be a list of texts, not a mapping"},
        {"tags: a", "i:1:7: 'tags' must be a list of texts, not a text"},
        {"tags: [[a]]", "i:1:8: 'tags' must be a list of texts, not a list"},
        {"name: []", "i:1:7: 'name' must be a text, not a list"},
        {"no_index: 1", "i:1:11: 'no_index' must be true or false, not a number"},
        {"[a]", "i:1:1: 'instance or init_config' must be a mapping, not a list"},
        {"a: [", "i:2:1: did not find expected node content"},
    };
    struct rg_instance_config c;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(
            rg_instance_config_decode(&c, "i", rg_str_from(wrong[i][0]), &err), RG_EINVALID);
        if (i + 1 < sizeof(wrong) / sizeof(wrong[0]))
            assert_string_equal(err.text, wrong[i][1]);
        assert_null(c.name);
    }
}

static void test_loader_and_service_are_read_alone(void **state)
{
    char *text = NULL;

    (void)state;
    assert_int_equal(
        rg_config_loader("i", RG_STR_LIT("loader: core\ntags: 5"), &text, &err), RG_OK);
    assert_string_equal(text, "core");
    free(text);
    assert_int_equal(rg_config_loader("i", RG_STR_LIT("{}"), &text, &err), RG_OK);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(rg_config_loader("i", RG_STR_LIT("loader: [a]"), &text, &err), RG_EINVALID);
    assert_int_equal(rg_init_config_service("i", RG_STR_LIT("service: s"), &text, &err), RG_OK);
    assert_string_equal(text, "s");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sections_are_written_anew),
        cmocka_unit_test(test_absent_and_null_sections_are_nil),
        cmocka_unit_test(test_what_only_strict_reading_refuses_is_reported_and_used),
        cmocka_unit_test(test_bad_files_are_refused_with_their_place),
        cmocka_unit_test(test_variables_of_the_environment_stay_texts),
        cmocka_unit_test(test_a_variable_without_value_stays_and_ends_the_pass),
        cmocka_unit_test(test_the_end_of_the_run_ends_a_pass),
        cmocka_unit_test(test_variables_of_a_service_become_numbers_and_booleans),
        cmocka_unit_test(test_a_failing_service_says_why),
        cmocka_unit_test(test_the_environment_can_be_closed),
        cmocka_unit_test(test_json_logs_are_left_alone),
        cmocka_unit_test(test_reserved_keys_of_an_instance_are_decoded),
        cmocka_unit_test(test_reserved_keys_of_a_wrong_type_are_errors),
        cmocka_unit_test(test_loader_and_service_are_read_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
