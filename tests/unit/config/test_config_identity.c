#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "instance_config.h"
#include "snmp_digest.h"

#include <stdlib.h>
#include <string.h>

/* Texts are borrowed: nothing here is to be finished. */
static char *text(const char *s)
{
    static char pool[4096];
    static size_t used;
    size_t len = strlen(s) + 1;

    if (used + len > sizeof(pool))
        used = 0;
    memcpy(pool + used, s, len);
    used += len;
    return pool + used - len;
}

static struct rg_blob blob(const char *s)
{
    return (struct rg_blob){text(s), strlen(s)};
}

static struct rg_integration_config config(
    const char *name, struct rg_blob *instances, size_t count)
{
    return (struct rg_integration_config){
        .name = text(name), .instances = {.items = instances, .count = count}};
}

static void digest_is(const struct rg_integration_config *c, const char *wanted)
{
    char out[RG_DIGEST_TEXT_MAX];
    uint64_t digest = 0;

    assert_int_equal(rg_config_digest(c, &digest), RG_OK);
    rg_digest_text(digest, out);
    assert_string_equal(out, wanted);
}

static uint64_t digest_of(const struct rg_integration_config *c)
{
    uint64_t digest = 0;

    assert_int_equal(rg_config_digest(c, &digest), RG_OK);
    return digest;
}

static void test_digests_are_those_of_upstream(void **state)
{
    const char *logs = "[{\"service\":\"any_service\",\"source\":\"any_source\"}]";
    struct rg_integration_config c = {0};
    struct rg_blob one;

    (void)state;
    digest_is(&c, "c4bf6d05e5b795e4");
    c = config("foo", NULL, 0);
    digest_is(&c, "6eba821f0cd8c6d0");
    c.cluster_check = true;
    digest_is(&c, "6eba821f0cd8c6d0");
    c = config("foo", NULL, 0);
    c.logs_config = blob(logs);
    digest_is(&c, "68db1fd44ee9e556");
    one = blob("{foo:bar}");
    c = config("foo", &one, 1);
    digest_is(&c, "bac28046698f8f94");
    c.logs_config = blob(logs);
    digest_is(&c, "8ae67f131af76048");
    c = config("foo", NULL, 0);
    c.service_id =
        text("docker://f556178a47cf65fb70cd5772a9e80e661f71e021da49d3dc99565b861707041c");
    digest_is(&c, "87124897c6c72173");
    c.service_id =
        text("docker://ddcd8a64616772f7ad4524f09fd75c9e3a265144050fc077563e63ea2eb46db0");
    digest_is(&c, "3cbee6f3b98b9b98");
    c = config("foo", NULL, 0);
    c.ignore_autodiscovery_tags = true;
    digest_is(&c, "28242ab6104a4de1");
    one = blob("a: 28\n");
    c = config("foo", &one, 1);
    digest_is(&c, "5c6c1928ef2447b");
}

static void test_order_of_tags_changes_the_fast_digest_only(void **state)
{
    struct rg_blob one = blob("tags: [\"foo\", \"foo:bar\"]");
    struct rg_blob two = blob("tags: [\"foo:bar\", \"foo\"]");
    struct rg_integration_config a = config("foo", &one, 1), b = config("foo", &two, 1);
    bool equal = false;

    (void)state;
    digest_is(&a, "acf96a2e562b1adf");
    digest_is(&b, "acf96a2e562b1adf");
    assert_int_equal(rg_config_equal(&a, &b, &equal), RG_OK);
    assert_true(equal);
    assert_int_equal(rg_config_identical(&a, &b, &equal), RG_OK);
    assert_true(equal);
    assert_true(rg_config_fast_digest(&a) != rg_config_fast_digest(&b));
    two = blob("tags: [\"foo\", \"foo:baf\"]");
    digest_is(&b, "3aa6edecf7fa8bcd");
    assert_int_equal(rg_config_equal(&a, &b, &equal), RG_OK);
    assert_false(equal);
}

static void test_every_hashed_field_changes_the_digest(void **state)
{
    struct rg_integration_config base = config("foo", NULL, 0);
    struct rg_blob ids[2] = {blob("x"), blob("yz")};
    struct rg_blob swapped[2] = {blob("yz"), blob("x")};
    struct rg_integration_config c[6];
    struct rg_blob instance = blob("a: 1");

    (void)state;
    for (size_t i = 0; i < 6; i++)
        c[i] = base;
    c[0].init_config = blob("b: 2\n");
    c[1].instances = (struct rg_blob_list){.items = &instance, .count = 1};
    c[2].node_name = text("node");
    c[3].ad_identifiers = (struct rg_blob_list){.items = ids, .count = 2};
    c[4].ad_identifiers = (struct rg_blob_list){.items = swapped, .count = 2};
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < i; k++)
            assert_true(digest_of(&c[i]) != digest_of(&c[k]));
    }
}

/* Latent in upstream, and what the digest is: such instances are not in it. */
static void test_instances_that_the_digest_leaves_out_are_told_apart_by_identity(void **state)
{
    static const char *const out[] = {
        "tags: null", "tags: a", "tags: {a: 1}", "[a]", "text", "5", "a: [", "{a: *x}"};
    struct rg_integration_config none = config("foo", NULL, 0);
    struct rg_blob one, two = blob("tags: other");
    struct rg_integration_config a = config("foo", &one, 1), b = config("foo", &two, 1);
    bool same;

    (void)state;
    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
        one = blob(out[i]);
        assert_true(digest_of(&a) == digest_of(&none));
        assert_int_equal(rg_config_equal(&a, &b, &same), RG_OK);
        assert_true(same);
        assert_int_equal(rg_config_identical(&a, &b, &same), RG_OK);
        assert_false(same);
        assert_int_equal(rg_config_identical(&a, &a, &same), RG_OK);
        assert_true(same);
    }
}

static void test_fields_that_run_into_each_other_are_told_apart_by_identity(void **state)
{
    struct rg_integration_config a = config("foo", NULL, 0), b = config("foobar", NULL, 0);
    bool same;

    (void)state;
    a.init_config = blob("bar");
    assert_true(digest_of(&a) == digest_of(&b));
    assert_int_equal(rg_config_identical(&a, &b, &same), RG_OK);
    assert_false(same);
}

static void test_empty_instances_count_as_empty_mappings(void **state)
{
    struct rg_blob one = blob("{}\n"), two = blob(""), three = blob("# x\n"), four = blob("~");
    struct rg_integration_config a = config("foo", &one, 1), b = config("foo", &two, 1);

    (void)state;
    assert_true(digest_of(&a) == digest_of(&b));
    b.instances.items = &three;
    assert_true(digest_of(&a) == digest_of(&b));
    b.instances.items = &four;
    assert_true(digest_of(&a) == digest_of(&b));
}

struct id_case {
    const char *check, *instances[2], *init_config, *digest, *ids[2];
};

static void test_check_ids_are_those_of_upstream(void **state)
{
    static const struct id_case cases[] = {
        {"ntp", {"{}\n"}, "", "8db30bd5bb1f2ae3", {"ntp:3c427a42a70bbf8"}},
        {"disk", {"use_mount: false\n"}, "", "16d419d33e57644c", {"disk:67cc0574430a16ba"}},
        {"cpu", {"{}\n"}, "", "1fb56fb626d6adec", {"cpu:e331d61ed1323219"}},
        {"http_check", {"name: a\nurl: http://x\n"}, "{}\n", "22c520421c60011a",
            {"http_check:a:9cc201835a78d5b4"}},
        {"http_check", {"name: a\nurl: http://x\n", "name: b\nurl: http://y\n"}, "{}\n",
            "78a7524750d72c0d", {"http_check:a:79b9b32a9a24cae4", "http_check:b:70f77f8c9c130d16"}},
        {"snmp", {"ip_address: 10.0.0.1\nnamespace: default\n"}, "", "313722a2ae6fa017",
            {"snmp:default:85008fbe66241b71"}},
        {"foo", {"a: 10\n"}, "", "9491d1d973725ddb", {"foo:4c69b792ffc93eb"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct id_case *k = &cases[i];
        struct rg_blob instances[2] = {blob(k->instances[0])};
        struct rg_integration_config c = config(k->check, instances, k->instances[1] ? 2 : 1);
        char digest[RG_DIGEST_TEXT_MAX];

        if (k->instances[1])
            instances[1] = blob(k->instances[1]);
        c.init_config = blob(k->init_config);
        rg_digest_text(rg_config_fast_digest(&c), digest);
        assert_string_equal(digest, k->digest);
        for (size_t n = 0; n < c.instances.count; n++) {
            struct rg_buf id;

            rg_buf_init(&id, 1000);
            assert_int_equal(rg_check_id(rg_str_from(k->check), rg_config_fast_digest(&c),
                                 rg_blob_str(&instances[n]), rg_blob_str(&c.init_config), &id),
                RG_OK);
            assert_true(rg_str_is(rg_str_buf(&id), k->ids[n]));
            assert_true(rg_str_is(rg_check_id_name(rg_str_buf(&id)), k->check));
            rg_buf_finish(&id);
        }
    }
}

static void id_is(const char *instance, const char *wanted)
{
    struct rg_str bytes = rg_str_from(instance);
    struct rg_buf id;

    rg_buf_init(&id, 1000);
    assert_int_equal(rg_check_id(RG_STR_LIT("foo"), 0, bytes, RG_STR_LIT(""), &id), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&id), wanted));
    rg_buf_finish(&id);
}

static void test_an_instance_that_does_not_decode_has_no_name_in_its_id(void **state)
{
    (void)state;
    id_is("", "foo:a8c7f832281a39c5");
    id_is("name: x\ntags: 5\n", "foo:18edb5e9c8ef7fd0");
    id_is("name: 007\n", "foo:007:d69ed3db0994c4c9");
}

static void test_predicates_follow_the_fields(void **state)
{
    struct rg_blob one = blob("{}");
    struct rg_advanced_ad_identifier advanced = {{NULL, NULL}, {NULL, NULL}};
    struct rg_integration_config c = {0};

    (void)state;
    assert_false(rg_config_is_template(&c));
    assert_false(rg_config_is_check(&c));
    assert_false(rg_config_is_logs(&c));
    c.logs_config = blob("");
    assert_true(rg_config_is_logs(&c));
    c.instances = (struct rg_blob_list){.items = &one, .count = 1};
    assert_true(rg_config_is_check(&c));
    c.cluster_check = true;
    assert_false(rg_config_is_check(&c));
    c.advanced_ad_identifiers = &advanced;
    c.advanced_count = 1;
    assert_true(rg_config_is_template(&c));
    c.advanced_count = 0;
    c.ad_identifiers = (struct rg_blob_list){.items = &one, .count = 1};
    assert_true(rg_config_is_template(&c));
    c.metrics_excluded = true;
    assert_true(rg_config_has_filter(&c, RG_FILTER_METRICS));
    assert_false(rg_config_has_filter(&c, RG_FILTER_LOGS));
    c.logs_excluded = true;
    assert_true(rg_config_has_filter(&c, RG_FILTER_LOGS));
    assert_false(rg_config_has_filter(&c, RG_FILTER_GLOBAL));
}

static void test_a_config_prints_as_yaml(void **state)
{
    struct rg_blob instances[2] = {blob("b: 1\na: [x]\n"), blob("a: [")};
    struct rg_integration_config c = config("foo", instances, 2);
    struct rg_buf out;

    (void)state;
    rg_buf_init(&out, 1000);
    c.init_config = blob("{}");
    assert_int_equal(rg_config_to_yaml(&c, &out), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&out), "check_name: foo\ninit_config: {}\ninstances:\n- a:\n"
                                            "  - x\n  b: 1\n- null\nlogs_config: null\n"));
    rg_buf_clear(&out);
    c = config("foo", NULL, 0);
    assert_int_equal(rg_config_to_yaml(&c, &out), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&out),
        "check_name: foo\ninit_config: null\ninstances: []\nlogs_config: null\n"));
    rg_buf_finish(&out);
}

static void snmp_is(const struct rg_snmp_config *c, const char *address, const char *wanted)
{
    char out[RG_DIGEST_TEXT_MAX];
    uint64_t digest = 0;

    assert_int_equal(rg_snmp_digest(c, rg_str_from(address), &digest), RG_OK);
    rg_digest_text(digest, out);
    assert_string_equal(out, wanted);
}

static void test_snmp_digests_are_those_of_upstream(void **state)
{
    const struct rg_str ips[] = {RG_STR_LIT("192.168.0.9"), RG_STR_LIT("192.168.0.1")};
    struct rg_snmp_config c = {0};

    (void)state;
    snmp_is(&c, "192.168.0.0/24", "222d0055b41d2379");
    c = (struct rg_snmp_config){.port = 161,
        .version = RG_STR_LIT("2"),
        .community = RG_STR_LIT("public"),
        .space = RG_STR_LIT("default")};
    snmp_is(&c, "192.168.0.0/24", "2dc5a169409afeb3");
    c.loader = RG_STR_LIT("core");
    snmp_is(&c, "192.168.0.0/24", "ae6228e3df2365fc");
    c.loader = RG_STR_LIT("");
    c.ignored_ips = ips;
    c.ignored_count = 2;
    snmp_is(&c, "192.168.0.0/24", "9ef6346dad4e1db7");
    c = (struct rg_snmp_config){.port = 161,
        .version = RG_STR_LIT("3"),
        .user = RG_STR_LIT("admin"),
        .auth_key = RG_STR_LIT("secret"),
        .auth_protocol = RG_STR_LIT("sha"),
        .priv_key = RG_STR_LIT("priv"),
        .priv_protocol = RG_STR_LIT("aes"),
        .space = RG_STR_LIT("default")};
    snmp_is(&c, "10.0.0.0/8", "fae87e165b0d2f72");
}

static void jmx_is(const char *name, const char *instance, const char *init, bool wanted)
{
    bool is = !wanted;

    assert_int_equal(
        rg_is_jmx_instance(rg_str_from(name), rg_str_from(instance), rg_str_from(init), &is),
        RG_OK);
    assert_int_equal(is, wanted);
}

static void test_the_first_decision_makes_an_instance_one_of_jmx(void **state)
{
    (void)state;
    jmx_is("kafka", "a: [", "", true);
    jmx_is("foo", "[a]", "is_jmx: true", false);
    jmx_is("foo", "a: [", "is_jmx: true", false);
    jmx_is("foo", "loader: jmx", "", true);
    jmx_is("foo", "loader: python\nis_jmx: true", "is_jmx: true", false);
    jmx_is("foo", "is_jmx: true", "loader: python", true);
    jmx_is("foo", "is_jmx: false", "is_jmx: true", true);
    jmx_is("foo", "is_jmx: 'true'\nloader: 5", "", false);
    jmx_is("foo", "", "a: [", false);
    jmx_is("foo", "", "loader: jmx", true);
    jmx_is("foo", "", "loader: core\nis_jmx: true", false);
    jmx_is("foo", "{}", "is_jmx: true", true);
    jmx_is("foo", "{}", "is_jmx: false", false);
    jmx_is("foo", "{}", "", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digests_are_those_of_upstream),
        cmocka_unit_test(test_order_of_tags_changes_the_fast_digest_only),
        cmocka_unit_test(test_every_hashed_field_changes_the_digest),
        cmocka_unit_test(test_instances_that_the_digest_leaves_out_are_told_apart_by_identity),
        cmocka_unit_test(test_fields_that_run_into_each_other_are_told_apart_by_identity),
        cmocka_unit_test(test_empty_instances_count_as_empty_mappings),
        cmocka_unit_test(test_check_ids_are_those_of_upstream),
        cmocka_unit_test(test_an_instance_that_does_not_decode_has_no_name_in_its_id),
        cmocka_unit_test(test_predicates_follow_the_fields),
        cmocka_unit_test(test_a_config_prints_as_yaml),
        cmocka_unit_test(test_snmp_digests_are_those_of_upstream),
        cmocka_unit_test(test_the_first_decision_makes_an_instance_one_of_jmx),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
