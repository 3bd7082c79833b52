#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_scheduler.h"
#include "collector_fixture.h"
#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S RG_NS_PER_S

/* Two loaders; what they are asked is written down. */
struct stage {
    struct collector_fixture f;
    struct rg_check_scheduler *scheduler;
    struct fake fake;    /* of all checks */
    const char *refuses; /* instances that hold this text are refused by "first" */
    bool both;           /* and by "second" */
    char asked[256];
};

static enum rg_status make(struct stage *stage, const char *loader,
    const struct rg_check_world *world, const struct rg_check_source *from, struct rg_check **out,
    struct rg_err *err)
{
    enum rg_status st = rg_check_create(
        fake_ops(&stage->fake), sizeof(struct fake_check), true, loader, world, from, out, err);

    if (st == RG_OK) {
        ((struct fake_check *)*out)->fake = &stage->fake;
        ((struct fake_check *)*out)->origin_ns = stage->f.origin_ns;
    }
    return st;
}

static bool refused(const struct stage *stage, struct rg_str instance)
{
    return stage->refuses &&
           memmem(instance.ptr, instance.len, stage->refuses, strlen(stage->refuses));
}

static void note(struct stage *stage, const char *loader)
{
    size_t len = strlen(stage->asked);

    snprintf(stage->asked + len, sizeof(stage->asked) - len, "%s ", loader);
}

static enum rg_status load_first(void *ctx, const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    struct stage *stage = ctx;

    note(stage, "first");
    if (refused(stage, from->instance)) {
        rg_err_set(err, "first does not like it");
        return RG_EINVALID;
    }
    return make(stage, "first", world, from, out, err);
}

static enum rg_status load_second(void *ctx, const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    struct stage *stage = ctx;

    note(stage, "second");
    if (stage->both && refused(stage, from->instance)) {
        rg_err_set(err, "second knows no such check");
        return RG_ENOTFOUND;
    }
    return make(stage, "second", world, from, out, err);
}

static void open_stage(struct stage *stage, uint64_t seed)
{
    const struct rg_collector_options options = RG_COLLECTOR_OPTIONS;
    const struct rg_check_loader loaders[] = {
        {"first", "First Loader", stage, load_first},
        {"second", "Second Loader", stage, load_second},
    };
    struct rg_err err = {0};

    *stage = (struct stage){0};
    fixture_open(&stage->f, &options, seed);
    assert_int_equal(rg_check_scheduler_create(
                         &stage->f.world, stage->f.collector, loaders, 2, &stage->scheduler, &err),
        RG_OK);
}

static void close_stage(struct stage *stage)
{
    fixture_stop(&stage->f);
    rg_check_scheduler_destroy(stage->scheduler);
    fixture_close(&stage->f);
    assert_false(stage->fake.overlapped || stage->fake.late_cancel);
}

/* instances: NULL-terminated. */
static struct rg_integration_config config_of(
    const char *name, const char *init, const char *const *instances)
{
    struct rg_integration_config config = {.name = strdup(name)};

    assert_non_null(config.name);
    if (init)
        assert_int_equal(rg_blob_set(&config.init_config, rg_str_from(init)), RG_OK);
    for (; *instances; instances++)
        assert_int_equal(rg_blob_add(&config.instances, rg_str_from(*instances)), RG_OK);
    return config;
}

static struct rg_integration_config one(const char *name, const char *init, const char *instance)
{
    return config_of(name, init, (const char *const[]){instance, NULL});
}

static void schedule(struct stage *stage, struct rg_integration_config config)
{
    struct rg_err err = {0};

    assert_int_equal(rg_check_scheduler_schedule(stage->scheduler, &config, &err), RG_OK);
    assert_null(config.name); /* taken */
}

static enum rg_status unschedule(struct stage *stage, struct rg_integration_config config)
{
    struct rg_err err = {0};
    enum rg_status st = rg_check_scheduler_unschedule(stage->scheduler, &config, &err);

    rg_integration_config_finish(&config);
    return st;
}

/* "NAME ids errors: LOADER: TEXT (instance)" of each configuration. */
static enum rg_status write_view(void *ctx, const struct rg_scheduled_view *view)
{
    char *text = ctx;
    size_t len = strlen(text);

    len += (size_t)snprintf(text + len, 1024 - len, "%s %zu;", view->config->name, view->id_count);
    for (size_t i = 0; i < view->error_count; i++)
        len += (size_t)snprintf(text + len, 1024 - len, " %zd %s: %s;",
            (ssize_t)view->errors[i].instance, view->errors[i].loader, view->errors[i].text);
    return RG_OK;
}

static void expect_view(struct stage *stage, const char *expected)
{
    char text[1024] = "";

    assert_int_equal(rg_check_scheduler_each(stage->scheduler, write_view, text), RG_OK);
    assert_string_equal(text, expected);
}

static size_t checks(struct stage *stage)
{
    return rg_collector_counts(stage->f.collector).checks;
}

static void test_loaders_are_asked_in_order_until_one_takes_the_instance(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    schedule(&stage, one("a", NULL, "x: 1\n"));
    assert_string_equal(stage.asked, "first ");
    stage.refuses = "x: 2";
    schedule(&stage, one("b", NULL, "x: 2\n"));
    assert_string_equal(stage.asked, "first first second ");
    assert_int_equal(checks(&stage), 2);
    expect_view(&stage, "a 1;b 1;");
    assert_int_equal(fixture_logged(&stage.f, "unable to load"), 0);
    close_stage(&stage);
}

static void test_the_loader_of_the_instance_counts_before_that_of_init_config(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    schedule(&stage, one("a", "loader: second\n", "x: 1\n"));
    assert_string_equal(stage.asked, "second ");
    stage.asked[0] = '\0';
    schedule(&stage, one("b", "loader: second\n", "loader: first\n"));
    assert_string_equal(stage.asked, "first ");
    close_stage(&stage);
}

/* Latent defect L5. */
static void test_an_unknown_loader_is_an_error_that_is_told(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    stage.refuses = "x: 2";
    schedule(&stage, one("a", NULL, "loader: third\n"));
    schedule(&stage, one("b", "loader: first\n", "x: 2\n"));
    assert_int_equal(checks(&stage), 0);
    assert_string_equal(stage.asked, "first ");
    expect_view(
        &stage, "a 0; 0 : there is no loader 'third';b 0; 0 First Loader: first does not like it;");
    assert_int_equal(fixture_logged(&stage.f, "there is no loader 'third'"), 1);
    assert_int_equal(fixture_logged(&stage.f, "First Loader: first does not like it"), 1);
    close_stage(&stage);
}

/* Latent defect L6: a good instance does not hide a bad one. */
static void test_errors_are_kept_by_instance(void **state)
{
    static const char *const instances[] = {
        "x: bad\n", "x: 1\n", "min_collection_interval: soon\n", "- a list\n", "x: 2\n", NULL};
    struct stage stage;
    char text[1024] = "";

    (void)state;
    open_stage(&stage, 0);
    stage.refuses = "bad";
    stage.both = true;
    schedule(&stage, config_of("a", NULL, instances));
    assert_int_equal(checks(&stage), 2);
    assert_int_equal(rg_check_scheduler_each(stage.scheduler, write_view, text), RG_OK);
    assert_int_equal(strncmp(text,
                         "a 2; 0 First Loader: first does not like it; 0 Second Loader: "
                         "second knows no such check; 2 First Loader: ",
                         100),
        0);
    assert_non_null(strstr(text, "; 3 "));
    assert_null(strstr(text, "; 1 "));
    assert_null(strstr(text, "; 4 "));
    schedule(&stage, one("b", NULL, "x: 1\n"));
    assert_int_equal(rg_check_scheduler_each(stage.scheduler, write_view, text), RG_OK);
    assert_non_null(strstr(text, "first does not like it"));
    assert_int_equal(unschedule(&stage, config_of("a", NULL, instances)), RG_OK);
    expect_view(&stage, "b 1;"); /* its errors left with it */
    close_stage(&stage);
}

static void test_a_broken_init_config_loses_the_configuration_with_an_error(void **state)
{
    struct stage stage;
    char text[1024] = "";

    (void)state;
    open_stage(&stage, 0);
    schedule(&stage, one("a", "- no\n- mapping\n", "x: 1\n"));
    schedule(&stage, one("", NULL, "x: 1\n"));
    assert_int_equal(checks(&stage), 0);
    assert_int_equal(rg_check_scheduler_each(stage.scheduler, write_view, text), RG_OK);
    assert_int_equal(strncmp(text, "a 0; -1 : ", 10), 0);
    assert_non_null(strstr(text, "the name of the check is empty or too long"));
    assert_string_equal(stage.asked, "");
    close_stage(&stage);
}

/* Latent defect L3. */
static void test_the_same_configuration_twice_is_one(void **state)
{
    static const char *const swapped = "tags: [b, a]\nx: 1\n";
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    schedule(&stage, one("a", NULL, "tags: [a, b]\nx: 1\n"));
    schedule(&stage, one("a", NULL, "tags: [a, b]\nx: 1\n"));
    schedule(&stage, one("a", NULL, swapped)); /* the order of tags does not count */
    assert_int_equal(checks(&stage), 1);
    expect_view(&stage, "a 1;");
    assert_int_equal(unschedule(&stage, one("a", NULL, swapped)), RG_OK);
    assert_int_equal(checks(&stage), 0);
    expect_view(&stage, "");
    assert_int_equal(unschedule(&stage, one("a", NULL, swapped)), RG_ENOTFOUND);
    assert_int_equal(fixture_logged(&stage.f, "error stopping"), 0);
    close_stage(&stage);
}

/* Latent defects L1 and L2: instances that the digest leaves out, and fields that run together. */
static void test_configurations_that_share_a_digest_all_run(void **state)
{
    static const char *const left[] = {"x: 1\ntags: null\n", "x: 1\n", NULL};
    static const char *const right[] = {"x: 2\ntags: null\n", "x: 1\n", NULL};
    struct rg_integration_config a = config_of("a", NULL, left), b = config_of("a", NULL, right);
    uint64_t digests[2];
    struct stage stage;

    (void)state;
    assert_int_equal(rg_config_digest(&a, &digests[0]), RG_OK);
    assert_int_equal(rg_config_digest(&b, &digests[1]), RG_OK);
    assert_true(digests[0] == digests[1]);
    open_stage(&stage, 0);
    schedule(&stage, a);
    schedule(&stage, b);
    expect_view(&stage, "a 2;a 2;");
    assert_int_equal(checks(&stage), 4);
    schedule(&stage, config_of("foo", "bar: 1\n", (const char *const[]){"", NULL}));
    assert_int_equal(unschedule(&stage, config_of("a", NULL, left)), RG_OK);
    expect_view(&stage, "a 2;foo 1;");
    assert_int_equal(checks(&stage), 3);
    close_stage(&stage);
}

static void test_jmx_instances_are_left_to_the_jmx_tool(void **state)
{
    static const char *const instances[] = {
        "is_jmx: true\nhost: x\n", "loader: jmx\n", "x: 1\n", NULL};
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    schedule(&stage, config_of("mixed", NULL, instances));
    schedule(&stage, one("kafka", NULL, "x: 1\n"));
    expect_view(&stage, "mixed 1;kafka 0;"); /* and no error */
    assert_int_equal(checks(&stage), 1);
    close_stage(&stage);
}

static void test_what_this_node_does_not_run_is_kept_without_checks(void **state)
{
    struct rg_integration_config template = one("template", NULL, "x: 1\n");
    struct rg_integration_config excluded = one("excluded", NULL, "x: 1\n");
    struct rg_integration_config cluster = one("cluster", NULL, "x: 1\n");
    struct rg_integration_config logs = {.name = strdup("logs")};
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    assert_int_equal(rg_blob_add(&template.ad_identifiers, RG_STR_LIT("redis")), RG_OK);
    assert_int_equal(rg_blob_set(&logs.logs_config, RG_STR_LIT("logs: []\n")), RG_OK);
    excluded.metrics_excluded = true;
    cluster.cluster_check = true;
    schedule(&stage, template);
    schedule(&stage, excluded);
    schedule(&stage, cluster);
    schedule(&stage, logs);
    expect_view(&stage, "template 0;excluded 0;cluster 0;logs 0;");
    assert_int_equal(checks(&stage), 0);
    assert_string_equal(stage.asked, "");
    close_stage(&stage);
}

/* Latent defect L4 and field bug F6: what does not stop is forgotten, and can come again. */
static void test_unscheduling_forgets_checks_that_do_not_stop(void **state)
{
    static const char *const instances[] = {
        "x: 1\nmin_collection_interval: 1\n", "x: 2\nmin_collection_interval: 1\n", NULL};
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    stage.fake.duration_ns = 30 * S;
    schedule(&stage, config_of("a", NULL, instances));
    fixture_until(&stage.f, 2 * S);
    assert_int_equal(stage.fake.inside, 2);
    assert_int_equal(unschedule(&stage, config_of("a", NULL, instances)), RG_OK);
    assert_int_equal(fixture_logged(&stage.f, "error stopping check a:"), 2);
    expect_view(&stage, "");
    assert_int_equal(checks(&stage), 0);
    schedule(&stage, config_of("a", NULL, instances));
    expect_view(&stage, "a 2;");
    assert_int_equal(checks(&stage), 2);
    fixture_until(&stage.f, 5 * S);
    assert_int_equal(stage.fake.inside, 4);
    close_stage(&stage);
}

/* Field bug F2: the service that comes is scheduled before the one that goes is removed. */
static void test_two_services_of_one_template_leave_one_by_one(void **state)
{
    struct rg_integration_config old = one("redis", NULL, "x: 1\n");
    struct rg_integration_config new = one("redis", NULL, "x: 1\n");
    struct rg_integration_config gone = one("redis", NULL, "x: 1\n");
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    old.service_id = strdup("docker://old");
    gone.service_id = strdup("docker://old");
    new.service_id = strdup("docker://new");
    schedule(&stage, old);
    schedule(&stage, new);
    assert_int_equal(checks(&stage), 2);
    assert_int_equal(unschedule(&stage, gone), RG_OK);
    assert_int_equal(checks(&stage), 1);
    expect_view(&stage, "redis 1;");
    close_stage(&stage);
}

static void test_a_check_that_the_collector_refuses_is_an_error_of_its_instance(void **state)
{
    static const char *const instances[] = {"x: 1\n", "x: 1\n", NULL};
    struct stage stage;
    char text[1024] = "";

    (void)state;
    open_stage(&stage, 0);
    schedule(&stage, config_of("a", NULL, instances));
    assert_int_equal(checks(&stage), 1);
    assert_int_equal(rg_check_scheduler_each(stage.scheduler, write_view, text), RG_OK);
    assert_int_equal(strncmp(text, "a 1; 1 : a check with ID a:", 27), 0);
    assert_int_equal(fixture_logged(&stage.f, "unable to run check a: a check with ID"), 1);
    assert_int_equal(unschedule(&stage, config_of("a", NULL, instances)), RG_OK);
    assert_int_equal(checks(&stage), 0);
    close_stage(&stage);
    assert_int_equal(stage.fake.freed, 2);
}

struct made {
    size_t made, failed;
};

static void count_made(void *ctx, size_t instance, struct rg_check *check)
{
    (void)instance;
    ((struct made *)ctx)->made++;
    rg_check_destroy(check);
}

static void count_failed(void *ctx, size_t instance, const char *loader, const char *why)
{
    (void)loader;
    ((struct made *)ctx)->failed += instance == 1 && why[0];
}

static void test_checks_can_be_made_without_running(void **state)
{
    static const char *const instances[] = {"x: 1\n", "x: bad\n", NULL};
    struct rg_integration_config config = config_of("a", NULL, instances);
    struct made made = {0};
    const struct rg_check_load load = {count_made, count_failed, &made};
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    stage.refuses = "bad";
    stage.both = true;
    rg_check_scheduler_load(stage.scheduler, &config, &load);
    assert_int_equal(made.made, 1);
    assert_int_equal(made.failed, 2); /* by both loaders */
    assert_int_equal(checks(&stage), 0);
    expect_view(&stage, "");
    rg_integration_config_finish(&config);
    close_stage(&stage);
}

static enum rg_status make_core(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    static const struct rg_check_ops ops = {.version = ""};

    return rg_check_create(&ops, sizeof(struct rg_check), false, "core", world, from, out, err);
}

static void test_the_core_loader_knows_the_checks_of_its_catalog(void **state)
{
    static const struct rg_check_factory factories[] = {{"cpu", make_core}};
    const struct rg_check_catalog catalog = {factories, 1};
    const struct rg_check_loader loader = rg_core_loader(&catalog);
    struct rg_check_source from = {.name = RG_STR_LIT("cpu")};
    struct rg_check *check = NULL;
    struct rg_err err = {0};
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    assert_int_equal(loader.load(loader.ctx, &stage.f.world, &from, &check, &err), RG_OK);
    assert_string_equal(check->id, "cpu");
    assert_int_equal(check->interval_ns, 15 * S);
    rg_check_destroy(check);
    from.instance = RG_STR_LIT("tags: no list\n");
    assert_int_equal(loader.load(loader.ctx, &stage.f.world, &from, &check, &err), RG_EINVALID);
    assert_int_equal(strncmp(err.text, "Could not configure check cpu: ", 31), 0);
    from.name = RG_STR_LIT("cpus");
    assert_int_equal(loader.load(loader.ctx, &stage.f.world, &from, &check, &err), RG_ENOTFOUND);
    assert_string_equal(err.text, "Check cpus not found in Catalog");
    close_stage(&stage);
}

/* Field bug F9: two tasks schedule and unschedule the same configurations, a third one looks. */
struct actor {
    struct stage *stage;
    struct rg_integration_config configs[6]; /* three and their copies, made by the main task */
    unsigned wrong;
};

static void come_and_go(void *arg)
{
    struct actor *actor = arg;
    struct rg_runtime *rt = actor->stage->f.runtime;

    for (int i = 0; i < 3; i++) {
        struct rg_err err = {0};
        enum rg_status st;

        st = rg_check_scheduler_schedule(actor->stage->scheduler, &actor->configs[i], &err);
        actor->wrong += st != RG_OK;
        if (rg_runtime_sleep_until(rt, rg_mono_after(rg_runtime_mono(rt), S / 2)) != RG_OK)
            return;
        st = rg_check_scheduler_unschedule(actor->stage->scheduler, &actor->configs[3 + i], &err);
        actor->wrong += st != RG_OK && st != RG_ENOTFOUND;
    }
}

static enum rg_status check_view(void *ctx, const struct rg_scheduled_view *view)
{
    struct actor *actor = ctx;

    actor->wrong += view->id_count != 2 || view->error_count != 0;
    return RG_OK;
}

static void look_on(void *arg)
{
    struct actor *actor = arg;
    struct rg_runtime *rt = actor->stage->f.runtime;

    for (int i = 0; i < 20; i++) {
        actor->wrong +=
            rg_check_scheduler_each(actor->stage->scheduler, check_view, actor) != RG_OK;
        if (rg_runtime_sleep_until(rt, rg_mono_after(rg_runtime_mono(rt), S / 10)) != RG_OK)
            return;
    }
}

static void play(uint64_t seed)
{
    static const char *const instances[] = {
        "x: 1\nmin_collection_interval: 1\n", "x: 2\nmin_collection_interval: 1\n", NULL};
    static rg_task_fn *const parts[] = {come_and_go, come_and_go, look_on};
    struct actor actors[3] = {{0}};
    struct stage stage;
    uint32_t tasks[3];

    open_stage(&stage, seed);
    stage.fake.duration_ns = S / 3;
    stage.fake.poll_ns = S / 20;
    stage.fake.cancels = true;
    for (int i = 0; i < 3; i++) {
        struct rg_err err = {0};

        actors[i].stage = &stage;
        for (int k = 0; k < 6 && i < 2; k++)
            actors[i].configs[k] = config_of(k % 3 == 1 ? "b" : "a", NULL, instances);
        assert_int_equal(
            rg_runtime_spawn(stage.f.runtime, "actor", parts[i], &actors[i], &tasks[i], &err),
            RG_OK);
    }
    for (int i = 0; i < 3; i++) {
        rg_runtime_join(stage.f.runtime, tasks[i]);
        assert_int_equal(actors[i].wrong, 0);
        for (int k = 0; k < 6; k++)
            rg_integration_config_finish(&actors[i].configs[k]);
    }
    assert_int_equal(checks(&stage), 0);
    expect_view(&stage, "");
    close_stage(&stage);
    assert_true(stage.fake.freed == stage.fake.cancelled && stage.fake.freed > 0);
}

static void test_tasks_may_schedule_and_unschedule_in_any_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++)
        play(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loaders_are_asked_in_order_until_one_takes_the_instance),
        cmocka_unit_test(test_the_loader_of_the_instance_counts_before_that_of_init_config),
        cmocka_unit_test(test_an_unknown_loader_is_an_error_that_is_told),
        cmocka_unit_test(test_errors_are_kept_by_instance),
        cmocka_unit_test(test_a_broken_init_config_loses_the_configuration_with_an_error),
        cmocka_unit_test(test_the_same_configuration_twice_is_one),
        cmocka_unit_test(test_configurations_that_share_a_digest_all_run),
        cmocka_unit_test(test_jmx_instances_are_left_to_the_jmx_tool),
        cmocka_unit_test(test_what_this_node_does_not_run_is_kept_without_checks),
        cmocka_unit_test(test_unscheduling_forgets_checks_that_do_not_stop),
        cmocka_unit_test(test_two_services_of_one_template_leave_one_by_one),
        cmocka_unit_test(test_a_check_that_the_collector_refuses_is_an_error_of_its_instance),
        cmocka_unit_test(test_checks_can_be_made_without_running),
        cmocka_unit_test(test_the_core_loader_knows_the_checks_of_its_catalog),
        cmocka_unit_test(test_tasks_may_schedule_and_unschedule_in_any_order),
    };

    return cmocka_run_group_tests_name("check scheduler", tests, NULL, NULL);
}
