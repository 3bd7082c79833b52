#include "conform_documents.h"
#include "rg/sim.h"
#include "rg/sim_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct rig {
    struct rg_runtime *clock;
    struct rg_sim_host *sim;
    struct rg_host *host;
    struct rg_buf out;
};

static void rig_open(struct rig *rig)
{
    struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    struct rg_err err = {0};

    assert_int_equal(rg_sim_runtime_create(&clock, &rig->clock, &err), RG_OK);
    options.clock = rig->clock;
    assert_int_equal(rg_sim_host_create(&options, &rig->sim, &err), RG_OK);
    rig->host = rg_sim_host_host(rig->sim);
    rg_buf_init(&rig->out, RG_HOST_DOCUMENT_MAX);
}

static void rig_close(struct rig *rig)
{
    rg_buf_finish(&rig->out);
    rg_sim_host_destroy(rig->sim);
    rg_runtime_destroy(rig->clock);
}

static void add(struct rig *rig, const char *name, const char *text, int64_t at_s)
{
    struct rg_err err = {0};

    assert_int_equal(
        rg_sim_host_add_document(rig->sim, name, text, at_s * RG_NS_PER_S, &err), RG_OK);
}

static enum rg_status get(struct rig *rig, const char *name)
{
    struct rg_err err = {0};

    return rg_host_document(rig->host, name, &rig->out, &err);
}

static void pass(struct rig *rig, int64_t seconds)
{
    struct rg_mono deadline = rg_mono_after(rg_runtime_mono(rig->clock), seconds * RG_NS_PER_S);

    assert_int_equal(rg_runtime_sleep_until(rig->clock, deadline), RG_OK);
}

static void test_the_simulated_host_keeps_the_contract(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    for (size_t i = conform_document_count; i > 0; i--)
        add(&rig, conform_documents[i - 1].name, conform_documents[i - 1].text, 0);
    conform_documents_run(rig.host);
    rig_close(&rig);
}

static void test_documents_change_come_and_go_with_time(void **state)
{
    struct rg_err err = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig);
    add(&rig, "conf.d/a.yaml", NULL, 20);
    add(&rig, "conf.d/a.yaml", "second", 10);
    add(&rig, "conf.d/a.yaml", "first", 0);
    add(&rig, "conf.d/b.yaml", "later", 10);
    assert_int_equal(get(&rig, "conf.d/a.yaml"), RG_OK);
    assert_memory_equal(rig.out.data, "first", 5);
    assert_int_equal(get(&rig, "conf.d/b.yaml"), RG_ENOTFOUND);
    pass(&rig, 10);
    assert_int_equal(get(&rig, "conf.d/a.yaml"), RG_OK);
    assert_memory_equal(rig.out.data, "second", 6);
    assert_int_equal(rg_host_list_documents(rig.host, "conf.d", &rig.out, &err), RG_OK);
    assert_int_equal(rig.out.len, 28);
    pass(&rig, 10);
    assert_int_equal(get(&rig, "conf.d/a.yaml"), RG_ENOTFOUND);
    assert_int_equal(rg_host_list_documents(rig.host, "conf.d", &rig.out, &err), RG_OK);
    assert_int_equal(rig.out.len, 14);
    assert_memory_equal(rig.out.data, "conf.d/b.yaml", 14);
    rig_close(&rig);
}

static void test_a_path_belongs_to_the_deepest_mount_above_it(void **state)
{
    const struct rg_filesystem big = {.block_size_bytes = 512, .blocks = 7};
    const struct rg_filesystem small = {.block_size_bytes = 512, .blocks = 3};
    struct rg_filesystem seen;
    struct rg_err err = {0};
    struct rig rig;

    (void)state;
    rig_open(&rig);
    assert_int_equal(rg_sim_host_add_filesystem(rig.sim, "/data", &big, &err), RG_OK);
    assert_int_equal(rg_sim_host_add_filesystem(rig.sim, "/data/a", &small, &err), RG_OK);
    assert_int_equal(rg_host_filesystem(rig.host, "/data/a/b", &seen, &err), RG_OK);
    assert_int_equal(seen.blocks, 3);
    assert_int_equal(rg_host_filesystem(rig.host, "/data/ab", &seen, &err), RG_OK);
    assert_int_equal(seen.blocks, 7);
    assert_int_equal(rg_host_filesystem(rig.host, "/database", &seen, &err), RG_OK);
    assert_int_equal(seen.blocks, RG_SIM_FILESYSTEM.blocks);
    assert_int_equal(rg_sim_host_add_filesystem(rig.sim, "data", &big, &err), RG_EINVALID);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_simulated_host_keeps_the_contract),
        cmocka_unit_test(test_documents_change_come_and_go_with_time),
        cmocka_unit_test(test_a_path_belongs_to_the_deepest_mount_above_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
