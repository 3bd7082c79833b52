/* The process probe on the simulated host, and the host when memory runs short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "process_probe.h"
#include "sim_world_rig.h"

static const char *const args[] = {"/usr/bin/worker", "--id={copy}", "--pid={pid}"};
static const char *const exec_args[] = {"/usr/bin/other"};

static struct rg_process_probe *open_probe(
    struct world_rig *rig, struct rg_backends *backends, bool always_reread)
{
    struct rg_process_probe_options options = {
        .collect_io_fd = true, .always_reread = always_reread, .refresh_scans = 100000};
    struct rg_process_probe *probe = NULL;
    struct rg_err err;

    *backends = (struct rg_backends){
        .runtime = rig->clock, .procfs = rig->fs, .host = rg_sim_host_host(rig->host)};
    assert_int_equal(rg_process_probe_create(backends, &options, NULL, &probe, &err), RG_OK);
    return probe;
}

static struct rg_process_table scan(struct rg_process_probe *probe)
{
    struct rg_process_table table;
    struct rg_err err;

    assert_int_equal(rg_process_probe_scan(probe, &table, &err), RG_OK);
    return table;
}

static void assert_same_process(const struct rg_process *p, const struct rg_process *q)
{
    const struct rg_process_stats *a = &p->stats;
    const struct rg_process_stats *b = &q->stats;

    assert_int_equal(p->pid, q->pid);
    assert_int_equal(p->ppid, q->ppid);
    assert_int_equal(p->flags, q->flags);
    assert_memory_equal(p->uids, q->uids, sizeof(p->uids));
    assert_int_equal(p->args_hash, q->args_hash);
    assert_int_equal(p->arg_count, q->arg_count);
    assert_true(rg_str_eq(p->exe, q->exe) && rg_str_eq(p->cwd, q->cwd));
    assert_true(rg_str_eq(p->comm, q->comm) && rg_str_eq(p->name, q->name));
    assert_int_equal(a->start_ticks, b->start_ticks);
    assert_true(a->user_s == b->user_s && a->system_s == b->system_s);
    assert_int_equal(a->rss_bytes, b->rss_bytes);
    assert_int_equal(a->vms_bytes, b->vms_bytes);
    assert_int_equal(a->data_bytes, b->data_bytes);
    assert_int_equal(a->read_count, b->read_count);
    assert_int_equal(a->write_count, b->write_count);
    assert_int_equal(a->read_bytes, b->read_bytes);
    assert_int_equal(a->write_bytes, b->write_bytes);
    assert_int_equal(a->voluntary_switches, b->voluntary_switches);
    assert_int_equal(a->involuntary_switches, b->involuntary_switches);
    assert_int_equal(a->fd_count, b->fd_count);
    assert_int_equal(a->threads, b->threads);
    assert_int_equal(a->state, b->state);
}

static void add_churn(struct world_rig *rig)
{
    rig_add(rig,
        (struct rg_sim_process_spec){.name = "idle", .args = args, .arg_count = 3, .count = 30});
    rig_add(rig,
        (struct rg_sim_process_spec){
            .name = "busy", .cpu = series("60"), .count = 5, .uid = 5, .spread_permille = 500});
    rig_add(rig, (struct rg_sim_process_spec){.name = "pool",
                     .threads = 8,
                     .cpu = series("40 0x4 3"),
                     .count = 6,
                     .rss = series("9000 0x3 700+64x50"),
                     .fds = series("5 9x6 1"),
                     .write_bytes_s = series("100 0x8 5000")});
    rig_add(rig, (struct rg_sim_process_spec){.name = "job",
                     .args = args,
                     .arg_count = 3,
                     .cpu = series("2 0 1"),
                     .count = 20,
                     .lifetime_ns = 90 * RG_NS_PER_S,
                     .respawn = true,
                     .reuse_pids = true,
                     .exec_at_ns = 20 * RG_NS_PER_S,
                     .exec_args = exec_args,
                     .exec_arg_count = 1,
                     .setuid_at_ns = 35 * RG_NS_PER_S,
                     .setuid_uid = 1000});
    rig_add(rig, (struct rg_sim_process_spec){.name = "late",
                     .count = -1,
                     .spawn_per_ks = 300,
                     .lifetime_ns = 60 * RG_NS_PER_S,
                     .zombie_ns = 20 * RG_NS_PER_S});
    rig_add(
        rig, (struct rg_sim_process_spec){.name = "kworker", .kernel_thread = true, .count = 9});
}

static void test_cached_scans_equal_full_ones_under_churn(void **state)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    struct rg_backends one, two;
    struct rg_process_probe *cached, *full;
    struct world_rig rig;

    (void)state;
    options.page_size_bytes = 16384;
    rig_open(&rig, options);
    add_churn(&rig);
    cached = open_probe(&rig, &one, false);
    full = open_probe(&rig, &two, true);
    for (int i = 0; i < 200; i++) {
        struct rg_process_table a = scan(cached);
        struct rg_process_table b = scan(full);

        assert_true(a.count > 55);
        assert_int_equal(a.count, b.count);
        for (size_t j = 0; j < a.count; j++)
            assert_same_process(&a.procs[j], &b.procs[j]);
        rig_pass(&rig, (i % 3 + 1) * INT64_C(1700000000));
    }
    rg_process_probe_destroy(cached);
    rg_process_probe_destroy(full);
    rig_close(&rig);
}

static void test_20000_processes_on_64_cpus_are_scanned(void **state)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    struct rg_backends backends;
    struct rg_process_probe *probe;
    struct world_rig rig;

    (void)state;
    options.cpu_count = 64;
    rig_open(&rig, options);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "worker-{copy}",
                      .args = args,
                      .arg_count = 3,
                      .cpu = series("0.2"),
                      .count = 20000,
                      .spread_permille = 900});
    probe = open_probe(&rig, &backends, false);
    for (int i = 0; i < 3; i++) {
        struct rg_process_table table = scan(probe);

        assert_int_equal(table.count, 20000);
        assert_true(rg_str_is(table.procs[19999].comm, "worker-19999"));
        rig_pass(&rig, 10 * RG_NS_PER_S);
    }
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

/* Each allocation of building a world and reading it fails once; every failure is reported. */
static void test_memory_that_runs_short_is_reported_and_survived(void **state)
{
    struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;
    struct rg_err err;
    struct rg_runtime *rt = NULL;
    long n, failures = 0;

    (void)state;
    assert_int_equal(rg_sim_runtime_create(&clock, &rt, &err), RG_OK);
    for (n = 1; n < 500; n++) {
        struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
        struct rg_sim_process_spec spec = {.name = "a",
            .args = args,
            .arg_count = 3,
            .user = "u",
            .exec_at_ns = 1,
            .exec_args = exec_args,
            .exec_arg_count = 1,
            .count = 40,
            .setuid_at_ns = 1,
            .setuid_user = "v"};
        struct rg_sim_host *host = NULL;
        struct rg_pid_list pids = {0};
        struct rg_buf buf;
        enum rg_status st;
        bool happened;

        rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
        options.clock = rt;
        options.config_text = options.options_text = "a: 1\n";
        options.scheduling_points = true;
        fail_alloc_at(n);
        st = rg_sim_series_parse(RG_STR_LIT("1 2 3+1x4"), 1, &spec.cpu, &err);
        if (st == RG_OK)
            st = rg_sim_host_create(&options, &host, &err);
        if (st == RG_OK)
            st = rg_sim_host_add(host, &spec, &err);
        else
            rg_sim_process_spec_finish(&spec);
        if (st == RG_OK) {
            st = rg_procfs_list_pids(rg_sim_host_procfs(host), &pids, &err);
            if (st == RG_ENOMEM) { /* the next call goes on */
                failures++;
                st = rg_procfs_list_pids(rg_sim_host_procfs(host), &pids, &err);
            }
            assert_int_equal(st, RG_OK);
            assert_int_equal(pids.count, 40);
            st = rg_procfs_read_pid(rg_sim_host_procfs(host), 40, "status", &buf, &err);
        }
        happened = fail_alloc_happened();
        fail_alloc_at(0);
        assert_true(st == RG_OK || (st == RG_ENOMEM && err.text[0]));
        failures += st == RG_ENOMEM;
        rg_sim_host_destroy(host);
        rg_pid_list_finish(&pids);
        rg_buf_finish(&buf);
        if (!happened)
            break;
    }
    assert_true(n > 25 && n < 500);
    assert_int_equal(failures, n - 1);
    rg_runtime_destroy(rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cached_scans_equal_full_ones_under_churn),
        cmocka_unit_test(test_20000_processes_on_64_cpus_are_scanned),
        cmocka_unit_test(test_memory_that_runs_short_is_reported_and_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
