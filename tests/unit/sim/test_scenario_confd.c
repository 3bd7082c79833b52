#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "rg/sim_scenario.h"
#include "sim_world_rig.h"

#define HEAD "name: n\nworld: {simulate: {"
#define REST "}}\nrun: {for: 10s}\nexpect: [{always: 'true'}]\n"

static struct rg_scenario *parsed(const char *text)
{
    struct rg_scenario *s = NULL;
    struct rg_err err = {0};

    if (rg_scenario_parse("f.yaml", rg_str_from(text), &s, &err) != RG_OK)
        fail_msg("refused: %s", err.text);
    return s;
}

/* The host of a scenario, into rig. */
static void open_scenario(struct world_rig *rig, const struct rg_scenario *s)
{
    const struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;
    struct rg_err err = {0};

    *rig = (struct world_rig){0};
    rg_buf_init(&rig->buf, RG_PROCFS_FILE_MAX);
    assert_int_equal(rg_sim_runtime_create(&clock, &rig->clock, &err), RG_OK);
    if (rg_scenario_host(s, rig->clock, 0, "", &rig->host, &err) != RG_OK)
        fail_msg("%s", err.text);
    rig->fs = rg_sim_host_procfs(rig->host);
}

/* A document now; NULL when there is none. */
static const char *document(struct world_rig *rig, const char *name)
{
    struct rg_err err = {0};
    enum rg_status st = rg_host_document(rg_sim_host_host(rig->host), name, &rig->buf, &err);

    if (st == RG_ENOTFOUND)
        return NULL;
    assert_int_equal(st, RG_OK);
    assert_int_equal(rg_buf_byte(&rig->buf, 0), RG_OK);
    return (const char *)rig->buf.data;
}

static void test_documents_come_change_and_go(void **state)
{
    struct rg_scenario *s = parsed(
        HEAD "confd: {cpu.d/conf.yaml: 'a: 1', empty.yaml: },\n"
             "documents: [{name: conf.d/cpu.d/conf.yaml, at: 30s, text: 'a: 2'},\n"
             "  {name: conf.d/cpu.d/conf.yaml, at: 60s, remove: true}], env: {PW: '0123'}" REST);
    struct world_rig rig;

    (void)state;
    assert_true(s->confd);
    assert_false(s->checks_set);
    assert_null(s->confd_dir);
    open_scenario(&rig, s);
    rg_scenario_destroy(s);
    assert_string_equal(document(&rig, "conf.d/cpu.d/conf.yaml"), "a: 1");
    assert_string_equal(document(&rig, "conf.d/empty.yaml"), "");
    rig_pass(&rig, 30 * RG_NS_PER_S);
    assert_string_equal(document(&rig, "conf.d/cpu.d/conf.yaml"), "a: 2");
    rig_pass(&rig, 30 * RG_NS_PER_S);
    assert_null(document(&rig, "conf.d/cpu.d/conf.yaml"));
    rig_close(&rig);
}

static void test_a_conf_d_may_be_all_that_runs(void **state)
{
    struct rg_scenario *s = parsed("name: n\nworld: {simulate: {confd: {}}}\n"
                                   "run: {for: 10s, checks: []}\nexpect: [{always: 'true'}]\n");

    (void)state;
    assert_true(s->checks_set);
    assert_int_equal(s->checks.len, 0);
    rg_scenario_destroy(s);
    s = parsed("name: n\nworld: {simulate: {confd_dir: tree}}\n"
               "run: {for: 10s, checks: [none]}\nexpect: [{always: 'true'}]\n");
    assert_true(s->confd);
    assert_string_equal(s->confd_dir, "tree");
    assert_true(rg_str_is(rg_str_buf(&s->checks), "none"));
    rg_scenario_destroy(s);
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;

    while (text && (text = strstr(text, what)) != NULL) {
        text += strlen(what);
        n++;
    }
    return n;
}

static void test_many_instances_have_all_intervals(void **state)
{
    struct rg_scenario *s =
        parsed(HEAD "confd_many: [{name: load, count: 1203, intervals: [1s, 5m]}]" REST);
    struct world_rig rig;
    const char *text;

    (void)state;
    open_scenario(&rig, s);
    rg_scenario_destroy(s);
    text = document(&rig, "conf.d/load.d/000000.yaml");
    assert_int_equal(count_of(text, "\n- {"), 1000);
    assert_int_equal(count_of(text, "interval: 300,"), 3);
    assert_int_equal(count_of(text, "interval: 1,"), 4);
    assert_int_equal(count_of(document(&rig, "conf.d/load.d/001000.yaml"), "\n- {"), 203);
    assert_null(document(&rig, "conf.d/load.d/002000.yaml"));
    rig_close(&rig);
}

static void test_a_host_that_says_nothing_is_a_small_one(void **state)
{
    struct rg_scenario *s = parsed(HEAD "processes: []" REST);
    struct world_rig rig;

    (void)state;
    assert_false(s->confd);
    open_scenario(&rig, s);
    rg_scenario_destroy(s);
    assert_non_null(strstr(rig_text(&rig, 0, "diskstats"), " sda "));
    assert_non_null(strstr(rig_text(&rig, 0, "mounts"), "/dev/sda1 / ext4 "));
    assert_non_null(strstr(rig_text(&rig, 0, "net/dev"), " eth0: "));
    rig_close(&rig);
}

static void test_a_host_has_the_devices_it_names(void **state)
{
    struct rg_scenario *s =
        parsed(HEAD "processes: [], host: {uptime: 100s, disks: [],\n"
                    "mounts: [{path: /d, used_kib: 4 8, step: 1s, size: 1MiB,"
                    " reserved: 0.05}],\n"
                    "swap: {size: 2GiB}, load: {1: 2.5}, files: {open: 7}}" REST);
    struct rg_filesystem fs;
    struct rg_err err = {0};
    struct world_rig rig;

    (void)state;
    open_scenario(&rig, s);
    rg_scenario_destroy(s);
    assert_string_equal(rig_text(&rig, 0, "diskstats"), "");
    assert_non_null(strstr(rig_text(&rig, 0, "net/dev"), " eth0: "));
    assert_memory_equal(rig_text(&rig, 0, "loadavg"), "2.50 ", 5);
    assert_memory_equal(rig_text(&rig, 0, "sys/fs/file-nr"), "7\t", 2);
    assert_int_equal(after(rig_text(&rig, 0, "meminfo"), "SwapTotal:"), 2 << 20);
    rig_pass(&rig, RG_NS_PER_S);
    assert_int_equal(rg_host_filesystem(rg_sim_host_host(rig.host), "/d", &fs, &err), RG_OK);
    assert_int_equal(fs.blocks - fs.blocks_free, 2);
    assert_int_equal(fs.blocks_free - fs.blocks_available, 12);
    rig_close(&rig);
}

/* Each text, and what its refusal says. */
static const struct {
    const char *text, *says;
} refused[] = {
    {HEAD "confd: []" REST, "f.yaml:2:27: 'confd' must be a mapping of names to texts"},
    {HEAD "confd: {a: {b: c}}" REST, "f.yaml:2:31: 'a' must be a text"},
    {HEAD "documents: {}" REST, "f.yaml:2:31: 'documents' must be a list"},
    {HEAD "documents: [{at: 1s, text: a}]" REST, "f.yaml:2:32: the key 'name' is missing"},
    {HEAD "documents: [{name: a, at: 1s}]" REST,
        "f.yaml:2:32: a document has either 'text' or 'remove: true'"},
    {HEAD "documents: [{name: a, text: b, remove: true}]" REST,
        "f.yaml:2:32: a document has either 'text' or 'remove: true'"},
    {HEAD "documents: [{name: a, texts: b}]" REST,
        "f.yaml:2:42: unknown key 'texts'; did you mean 'text'?"},
    {HEAD "confd_many: [{name: a, count: 1}]" REST,
        "f.yaml:2:33: it needs 'name', 'count' and 'intervals'"},
    {HEAD "confd_many: [{name: a/b, count: 1, intervals: [1s, 2s]}]" REST, "f.yaml:2:40: 'name'"},
    {HEAD "confd_many: [{name: a, count: 1, intervals: [1s]}]" REST, "f.yaml:2:64: 'intervals'"},
    {HEAD "confd_many: [{name: a, count: 1, intervals: [100ms, 1s]}]" REST,
        "f.yaml:2:65: an interval has whole seconds, 1 or more"},
    {HEAD "confd_many: [{name: a, count: 1, intervals: [2s, 1s]}]" REST,
        "f.yaml:2:64: the longest interval comes second"},
    {HEAD "env: [a], confd: {}" REST, "f.yaml:2:25: 'env' must be a mapping"},
    {HEAD "env: {A: 1}" REST, "f.yaml:2:19: the key 'processes' is missing in 'simulate'"},
    {HEAD "confd: {}, host: {disks: [{}]}" REST, "f.yaml:2:46: the key 'name' is missing"},
    {HEAD "confd: {}, host: {disks: [{name: sda, bussy: 1}]}" REST,
        "f.yaml:2:58: unknown key 'bussy'; did you mean 'busy'?"},
    {HEAD "confd: {}, host: {mounts: [{path: /, used_kib: x}]}" REST, "f.yaml:2:67: \"x\""},
    {HEAD "confd: {}, host: {interfaces: 1}" REST, "f.yaml:2:50: 'interfaces' must be a list"},
    {HEAD "confd: {}, host: {swap: {sise: 1}}" REST, "f.yaml:2:45: unknown key 'sise'"},
    {HEAD "confd: {}, host: {load: {1: 1, step: 0}}" REST, "f.yaml:2:57: 'step' must be above"},
};

static void test_each_refusal_says_where_and_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct rg_scenario *s = NULL;
        struct rg_err err = {0};
        enum rg_status st = rg_scenario_parse("f.yaml", rg_str_from(refused[i].text), &s, &err);

        if (st != RG_EINVALID || strncmp(err.text, refused[i].says, strlen(refused[i].says)) != 0)
            fail_msg("text %zu: status %d, '%s' instead of '%s'", i, st, err.text, refused[i].says);
        assert_null(s);
    }
}

static void test_what_the_host_refuses_has_a_place_too(void **state)
{
    struct rg_scenario *s =
        parsed(HEAD "processes: [], host: {mounts: [\n  {path: relative}]}" REST);
    const struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *clock;
    struct rg_sim_host *host = NULL;
    struct rg_err err = {0};

    (void)state;
    assert_int_equal(rg_sim_runtime_create(&options, &clock, &err), RG_OK);
    assert_int_equal(rg_scenario_host(s, clock, 0, "", &host, &err), RG_EINVALID);
    assert_string_equal(
        err.text, "f.yaml:3:3: simulated host: the path of a mount is not absolute, or too long");
    assert_null(host);
    rg_scenario_destroy(s);
    rg_runtime_destroy(clock);
}

/* Each allocation on the way from the text to the host fails once. */
static void test_short_memory_fails_and_leaks_nothing(void **state)
{
    const char *text = HEAD "confd: {a.yaml: b}, documents: [{name: c, text: d}],\n"
                            "confd_many: [{name: load, count: 2, intervals: [1s, 2s]}],\n"
                            "env: {A: b}, host: {swap: {used_kib: 1 2}}" REST;
    const struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_runtime *clock;
    struct rg_err err = {0};
    bool failed = true;
    long n;

    (void)state;
    assert_int_equal(rg_sim_runtime_create(&options, &clock, &err), RG_OK);
    for (n = 1; failed; n++) {
        struct rg_scenario *s = NULL;
        struct rg_sim_host *host = NULL;
        enum rg_status st;

        fail_alloc_at(n);
        st = rg_scenario_parse("f.yaml", rg_str_from(text), &s, &err);
        if (st == RG_OK)
            st = rg_scenario_host(s, clock, 0, "", &host, &err);
        failed = fail_alloc_happened();
        fail_alloc_at(0);
        assert_int_equal(st, failed ? RG_ENOMEM : RG_OK);
        assert_true(failed == !host);
        rg_sim_host_destroy(host);
        rg_scenario_destroy(s);
    }
    assert_true(n > 100);
    rg_runtime_destroy(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_come_change_and_go),
        cmocka_unit_test(test_a_conf_d_may_be_all_that_runs),
        cmocka_unit_test(test_many_instances_have_all_intervals),
        cmocka_unit_test(test_a_host_that_says_nothing_is_a_small_one),
        cmocka_unit_test(test_a_host_has_the_devices_it_names),
        cmocka_unit_test(test_each_refusal_says_where_and_why),
        cmocka_unit_test(test_what_the_host_refuses_has_a_place_too),
        cmocka_unit_test(test_short_memory_fails_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
