/* What conf.d comes to: configcheck, and checks that are run once by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "flow_rig.h"
#include "rg/sim_fault.h"

#include <errno.h>
#include <stdio.h>

#define OPTIONS "log_level: error\n"

static void open_host(struct flow_rig *r)
{
    flow_open(r, RG_SIM_RUNTIME_OPTIONS, NULL, OPTIONS);
    flow_document(r, "conf.d/uptime.d/conf.yaml", "instances: [{}]\n", 0);
    flow_document(r, "conf.d/load.d/a.yaml",
        "init_config: {service: web}\ninstances:\n- {password: hunter2hunter2, tags: [b, a]}\n- "
        "{}\n",
        0);
    flow_document(r, "conf.d/load.d/b.yaml",
        "init_config: {service: web}\ninstances:\n- {password: hunter2hunter2, tags: [a, b]}\n- "
        "{}\n",
        0);
    flow_document(r, "conf.d/load.d/bad.yaml", "instances: [\n", 0);
    flow_document(r, "conf.d/again.d/x.yaml", "instances: [{}]\n", 0);
    flow_document(r, "conf.d/memory.d/a.yaml", "cluster_check: true\ninstances: [{}]\n", 0);
    flow_document(r, "conf.d/memory.d/b.yaml", "ad_identifiers: [i]\ninstances: [{}]\n", 0);
    flow_document(r, "conf.d/memory.d/c.yaml", "instances: [{}]\n", 0);
    flow_document(r, "conf.d/memory.d/d.yaml", "init_config: {a: 1}\ninstances: [{}]\n", 0);
    flow_document(r, "conf.d/tomcat.yaml", "jmx_metrics: [{m: 1}]\ninstances: [{port: 1}]\n", 0);
    flow_document(r, "conf.d/web.yaml", "logs: [{type: file, path: /x}]\n", 0);
}

/* The documents as they stand for each configuration: a state, its ids, its YAML. */
static const char *const expected[] = {
    "{\"schema_version\":1,\"config_errors\":[{\"name\":\"load\",",
    "\"path\":\"conf.d/load.d/bad.yaml\",",
    "\"text\":\"conf.d/load.d/bad.yaml:2:1: did not find expected node content\"}],",
    "\"config_warnings\":[],\"configs\":[",
    "{\"name\":\"again\",\"provider\":\"file\",\"source\":\"file:conf.d/again.d/x.yaml\",",
    "\"digest\":\"394f9ffb51eaed91\",\"cluster_check\":false,\"template\":false,",
    "\"state\":\"failed\",\"node_name\":\"\",\"instances\":[{\"id\":\"again:9e1afd2bb53acc5e\",",
    "\"yaml\":\"{}\\n\",\"jmx\":false,\"loader_errors\":[{\"loader\":\"Core Check Loader\",",
    "\"text\":\"Check again not found in Catalog\"}]}],\"ad_identifiers\":[]},",
    "{\"name\":\"load\",\"provider\":\"file\",\"source\":\"file:conf.d/load.d/a.yaml\",",
    "\"digest\":\"ee860f1903bc5e14\",\"cluster_check\":false,\"template\":false,",
    "\"state\":\"scheduled\",\"node_name\":\"\",\"instances\":[",
    "{\"id\":\"load:b17bbd8a033c009b\",\"yaml\":\"password: ********\\ntags:\\n- b\\n- a\\n\",",
    "\"jmx\":false,\"loader_errors\":[]},{\"id\":\"load:dbb68bcd37a16f5c\",\"yaml\":\"{}\\n\",",
    "\"jmx\":false,\"loader_errors\":[]}],\"init_config\":\"service: web\\n\",",
    "\"ad_identifiers\":[]},",
    "{\"name\":\"load\",\"provider\":\"file\",\"source\":\"file:conf.d/load.d/b.yaml\",",
    "\"digest\":\"ee860f1903bc5e14\",\"cluster_check\":false,\"template\":false,",
    "\"state\":\"duplicate\",\"node_name\":\"\",\"instances\":[",
    "{\"id\":\"load:d0b1d0dceea3cb88\",\"yaml\":\"password: ********\\ntags:\\n- a\\n- b\\n\",",
    "\"jmx\":false,\"loader_errors\":[]},{\"id\":\"load:148300554259563\",\"yaml\":\"{}\\n\",",
    "\"jmx\":false,\"loader_errors\":[]}],\"init_config\":\"service: web\\n\",",
    "\"ad_identifiers\":[]},",
    "{\"name\":\"memory\",\"provider\":\"file\",\"source\":\"file:conf.d/memory.d/a.yaml\",",
    "\"digest\":\"f9c5ccff62c04f36\",\"cluster_check\":true,\"template\":false,",
    "\"state\":\"cluster check\",\"node_name\":\"\",\"instances\":[",
    "{\"id\":\"memory:3f1f6288b95b9979\",\"yaml\":\"{}\\n\",\"jmx\":false,\"loader_errors\":[]}],",
    "\"ad_identifiers\":[]},",
    "{\"name\":\"memory\",\"provider\":\"file\",\"source\":\"file:conf.d/memory.d/b.yaml\",",
    "\"digest\":\"2268b43348af728a\",\"cluster_check\":false,\"template\":true,",
    "\"state\":\"template\",\"node_name\":\"\",\"instances\":[",
    "{\"id\":\"memory:61219807c9c97dbf\",\"yaml\":\"{}\\n\",\"jmx\":false,\"loader_errors\":[]}],",
    "\"ad_identifiers\":[\"i\"]},",
    "{\"name\":\"memory\",\"provider\":\"file\",\"source\":\"file:conf.d/memory.d/c.yaml\",",
    "\"digest\":\"f9c5ccff62c04f36\",\"cluster_check\":false,\"template\":false,",
    "\"state\":\"scheduled\",\"node_name\":\"\",\"instances\":[",
    "{\"id\":\"memory:3f1f6288b95b9979\",\"runtime_id\":\"memory\",\"yaml\":\"{}\\n\",",
    "\"jmx\":false,\"loader_errors\":[]}],\"ad_identifiers\":[]},",
    "{\"name\":\"memory\",\"provider\":\"file\",\"source\":\"file:conf.d/memory.d/d.yaml\",",
    "\"digest\":\"1083eac6eac00a51\",\"cluster_check\":false,\"template\":false,",
    "\"state\":\"scheduled\",\"node_name\":\"\",\"instances\":[",
    "{\"id\":\"memory:2584d2294154e2c7\",\"yaml\":\"{}\\n\",\"jmx\":false,\"loader_errors\":[]}],",
    "\"init_config\":\"a: 1\\n\",\"ad_identifiers\":[]},",
    "{\"name\":\"tomcat\",\"provider\":\"file\",\"source\":\"file:conf.d/tomcat.yaml\",",
    "\"digest\":\"c5a885f7bb858200\",\"cluster_check\":false,\"template\":false,",
    "\"state\":\"jmx\",\"node_name\":\"\",\"instances\":[{\"id\":\"tomcat:33324f8f4fbc46ae\",",
    "\"yaml\":\"port: 1\\n\",\"jmx\":true,\"loader_errors\":[]}],",
    "\"metric_config\":\"- m: 1\\n\",\"ad_identifiers\":[]},",
    "{\"name\":\"uptime\",\"provider\":\"file\",\"source\":\"file:conf.d/uptime.d/conf.yaml\",",
    "\"digest\":\"4fb179e6f1bb063e\",\"cluster_check\":false,\"template\":false,",
    "\"state\":\"scheduled\",\"node_name\":\"\",\"instances\":[",
    "{\"id\":\"uptime:c72f390abdefdf1a\",\"runtime_id\":\"uptime\",\"yaml\":\"{}\\n\",",
    "\"jmx\":false,\"loader_errors\":[]}],\"ad_identifiers\":[]},",
    "{\"name\":\"web\",\"provider\":\"file\",\"source\":\"file:conf.d/web.yaml\",",
    "\"digest\":\"b92d36ecb6bbc25d\",\"cluster_check\":false,\"template\":false,",
    "\"state\":\"logs\",\"node_name\":\"\",\"instances\":[],",
    "\"logs_config\":\"logs:\\n- path: /x\\n  type: file\\n\",\"ad_identifiers\":[]}]}",
};

static void test_configcheck_tells_what_becomes_of_each_file(void **state)
{
    struct rg_err err = {0};
    struct flow_rig r;
    struct rg_buf json;
    const char *at;

    (void)state;
    rg_buf_init(&json, RG_OUTPUT_BYTES_MAX);
    open_host(&r);
    assert_int_equal(rg_engine_configcheck(&r.backends, &json, &err), RG_OK);
    assert_int_equal(rg_buf_byte(&json, 0), RG_OK);
    at = (const char *)json.data;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        size_t len = strlen(expected[i]);

        if (strncmp(at, expected[i], len) != 0)
            fail_msg("expected %s\nat %.2000s", expected[i], at);
        at += len;
    }
    assert_string_equal(at, "");
    rg_buf_finish(&json);
    flow_close(&r);
}

static void test_a_second_check_with_the_same_id_is_an_error(void **state)
{
    struct rg_err err = {0};
    struct flow_rig r;
    struct rg_buf json;

    (void)state;
    rg_buf_init(&json, RG_OUTPUT_BYTES_MAX);
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, NULL, OPTIONS);
    flow_document(&r, "conf.d/uptime.yaml", "instances: [{}, {}]\n", 0);
    assert_int_equal(rg_engine_configcheck(&r.backends, &json, &err), RG_OK);
    assert_int_equal(rg_buf_byte(&json, 0), RG_OK);
    assert_non_null(strstr((const char *)json.data,
        "\"loader_errors\":[{\"loader\":\"\","
        "\"text\":\"a check with ID uptime is already running\"}]}]"));
    rg_buf_finish(&json);
    flow_close(&r);
}

/* ---- checks by name ---- */

struct heard {
    size_t instances, troubles[4];
    char id[2][64], text[2][4096], why[512];
};

static enum rg_status take(void *ctx, const char *id, struct rg_str json, struct rg_err *err)
{
    struct heard *h = ctx;

    (void)err;
    assert_true(h->instances < 2 && json.len < sizeof(h->text[0]));
    snprintf(h->id[h->instances], sizeof(h->id[0]), "%s", id);
    snprintf(h->text[h->instances], sizeof(h->text[0]), "%.*s", (int)json.len, json.ptr);
    h->instances++;
    return RG_OK;
}

static void hear(
    void *ctx, enum rg_engine_trouble kind, const char *name, const char *where, const char *text)
{
    struct heard *h = ctx;

    h->troubles[kind]++;
    snprintf(h->why, sizeof(h->why), "%s|%s|%s", name, where, text);
}

static enum rg_status named(
    struct flow_rig *r, const char *name, int64_t times, struct heard *h, struct rg_err *err)
{
    const struct rg_engine_named n = {.name = name,
        .times = times,
        .pause_ns = RG_NS_PER_S,
        .delay_ns = 100 * RG_NS_PER_MS,
        .instance = take,
        .trouble = hear,
        .ctx = h};

    *h = (struct heard){0};
    return rg_engine_check_named(&r->backends, &n, &r->report, err);
}

static void test_a_named_check_hands_over_each_instance(void **state)
{
    struct rg_err err = {0};
    struct flow_rig r;
    struct heard h;
    int64_t before;

    (void)state;
    open_host(&r);
    before = rg_runtime_mono(r.runtime).ns;
    assert_int_equal(named(&r, "load", 2, &h, &err), RG_OK);
    /* the duplicate in b.yaml does not run */
    assert_int_equal(h.instances, 2);
    assert_true(rg_runtime_mono(r.runtime).ns - before == 2200 * RG_NS_PER_MS);
    assert_string_equal(h.id[0], "load:b17bbd8a033c009b");
    assert_string_equal(h.id[1], "load:dbb68bcd37a16f5c");
    assert_int_equal(flow_times(h.text[0], "{\"metric\":\"system.load."), 12);
    assert_int_equal(flow_times(h.text[0], "\"tags\":[\"a\",\"b\",\"service:web\"]"), 12);
    assert_non_null(
        strstr(h.text[1], "\"runner\":{\"name\":\"load\",\"id\":\"load:dbb68bcd37a16f5c\""));
    assert_non_null(strstr(h.text[1], "\"samples\":{\"last\":6,\"total\":12}"));
    assert_int_equal(h.troubles[RG_TROUBLE_CONFIG_ERROR], 1);
    assert_string_equal(h.why,
        "load|conf.d/load.d/bad.yaml|conf.d/load.d/bad.yaml:2:1: did not find "
        "expected node content");
    assert_int_equal(r.report.checks.runs, 4);
    assert_int_equal(r.report.checks.checks, 2);
    assert_int_equal(r.report.checks.configs, 1);
    assert_int_equal(rg_sim_sink_count(r.sink), 1); /* the broken file in the log */
    flow_close(&r);
}

static void test_the_object_of_an_instance_is_the_expected_text(void **state)
{
    struct rg_err err = {0};
    struct flow_rig r;
    struct heard h;

    (void)state;
    open_host(&r);
    assert_int_equal(named(&r, "uptime", 1, &h, &err), RG_OK);
    assert_string_equal(h.text[0],
        "{\"aggregator\":{\"metrics\":[{\"metric\":\"system.uptime\",\"points\":[[1767225600,"
        "2678400]],\"tags\":[],\"host\":\"sim-host\",\"type\":\"gauge\",\"interval\":0,"
        "\"source_type_name\":\"System\"}]},\"runner\":{\"name\":\"uptime\",\"id\":\"uptime\","
        "\"version\":\"\",\"loader\":\"core\",\"source\":\"file:conf.d/uptime.d/conf.yaml\","
        "\"interval_s\":15,\"runs\":1,\"errors\":0,\"warnings\":0,\"last_error\":\"\","
        "\"last_warnings\":[],\"last_warnings_left_out\":0,\"average_ms\":0,\"last_ms\":0,"
        "\"delay_ms\":0,\"last_run_s\":1767225600,\"last_success_s\":1767225600,"
        "\"samples\":{\"last\":1,\"total\":1},\"events\":{\"last\":0,\"total\":0},"
        "\"service_checks\":{\"last\":0,\"total\":0},\"histogram_buckets\":{\"last\":0,"
        "\"total\":0},\"cancelling\":false,\"running_ms\":null}}");
    flow_close(&r);
}

static void test_a_run_that_fails_is_shown(void **state)
{
    const struct rg_fault_options options = {0};
    const struct rg_fault_rule rule = {.target = RG_FAULT_PROCFS,
        .call = RG_FAULT_HOST_READ,
        .name = "uptime",
        .effect = RG_FAULT_ERRNO,
        .errnum = EIO};
    struct rg_faults *faults = NULL;
    struct rg_err err = {0};
    struct flow_rig r;
    struct heard h;

    (void)state;
    open_host(&r);
    assert_int_equal(rg_fault_wrap(&r.backends, &rule, 1, &options, &faults, &err), RG_OK);
    r.backends = *rg_fault_backends(faults);
    assert_int_equal(named(&r, "uptime", 1, &h, &err), RG_OK);
    assert_non_null(strstr(h.text[0], "{\"aggregator\":{},\"runner\":{\"name\":\"uptime\""));
    assert_null(strstr(h.text[0], "\"last_error\":\"\""));
    assert_int_equal(r.report.checks.errors, 1);
    rg_fault_destroy(faults);
    flow_close(&r);
}

static void test_without_a_valid_check_the_reasons_are_told(void **state)
{
    struct rg_err err = {0};
    struct flow_rig r;
    struct heard h;

    (void)state;
    open_host(&r);
    assert_int_equal(named(&r, "tomcat", 1, &h, &err), RG_ENOTFOUND);
    assert_string_equal(err.text, "no valid check found");
    assert_int_equal(h.troubles[RG_TROUBLE_JMX], 1);
    assert_int_equal(named(&r, "again", 1, &h, &err), RG_ENOTFOUND);
    assert_int_equal(h.troubles[RG_TROUBLE_LOAD_ERROR], 1);
    assert_string_equal(h.why, "again|Core Check Loader|Check again not found in Catalog");
    assert_int_equal(r.report.checks.loading_errors, 1);
    assert_int_equal(named(&r, "nothing", 1, &h, &err), RG_ENOTFOUND);
    assert_string_equal(h.why, "");
    flow_close(&r);
}

/* ---- without memory ---- */

static void test_every_allocation_may_fail(void **state)
{
    for (int what = 0; what < 2; what++) {
        long n = 0;
        bool fired;

        (void)state;
        do {
            struct rg_err err = {0};
            struct flow_rig r;
            struct rg_buf json;
            struct heard h;
            enum rg_status st;

            rg_buf_init(&json, RG_OUTPUT_BYTES_MAX);
            open_host(&r);
            fail_alloc_at(++n);
            st = what ? named(&r, "load", 1, &h, &err)
                      : rg_engine_configcheck(&r.backends, &json, &err);
            fired = fail_alloc_happened();
            fail_alloc_at(0);
            if (!fired)
                assert_int_equal(st, RG_OK);
            else if (st != RG_OK)
                assert_true(st == RG_ENOMEM || st == RG_ENOTFOUND || st == RG_EIO);
            rg_buf_finish(&json);
            flow_close(&r);
        } while (fired);
        assert_true(n > 100);
    }
}

static void test_confd_path_is_told(void **state)
{
    struct rg_err err = {0};
    struct flow_rig r;
    struct rg_buf path;

    (void)state;
    rg_buf_init(&path, RG_HOST_PATH_MAX);
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, "confd_path: /etc/x/conf.d\n", OPTIONS);
    assert_int_equal(rg_engine_confd_path(r.backends.host, &path, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&path), "/etc/x/conf.d"));
    flow_close(&r);
    flow_open(&r, RG_SIM_RUNTIME_OPTIONS, NULL, OPTIONS);
    assert_int_equal(rg_engine_confd_path(r.backends.host, &path, &err), RG_OK);
    assert_int_equal(path.len, 0);
    flow_close(&r);
    rg_buf_finish(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configcheck_tells_what_becomes_of_each_file),
        cmocka_unit_test(test_a_second_check_with_the_same_id_is_an_error),
        cmocka_unit_test(test_a_named_check_hands_over_each_instance),
        cmocka_unit_test(test_the_object_of_an_instance_is_the_expected_text),
        cmocka_unit_test(test_a_run_that_fails_is_shown),
        cmocka_unit_test(test_without_a_valid_check_the_reasons_are_told),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_confd_path_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
