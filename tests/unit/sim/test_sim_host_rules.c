/* What holds over time: determinism, and the rules of the kernel that readers rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rg/base/hash.h"
#include "rg/base/prng.h"
#include "sim_world_rig.h"

static const char *const files[] = {
    "stat", "status", "statm", "schedstat", "io", "cmdline", "comm", NULL};
static const char *const old_args[] = {"/bin/sh", "-c", "exec job"};
static const char *const new_args[] = {"/opt/job", "--n={copy}"};

/* A busy little world: constant and changing loads, churn, pid reuse, exec, setuid, zombies. */
static void open_busy(struct world_rig *rig, uint64_t seed)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;

    options.seed = seed;
    options.cpu_count = 16;
    options.pid_max = 400;
    rig_open(rig, options);
    rig_add(rig, (struct rg_sim_process_spec){.name = "init", .start_ns = INT64_MIN});
    rig_add(rig, (struct rg_sim_process_spec){
                     .name = "spin", .cpu = series("80"), .count = 3, .spread_permille = 300});
    rig_add(rig, (struct rg_sim_process_spec){.name = "wave",
                     .cpu = series("5+3x20 0x3 70"),
                     .threads = 4,
                     .rss = series("1000+512x30 400"),
                     .fds = series("3+1x9"),
                     .count = 4,
                     .read_bytes_s = series("9000 0x5 100"),
                     .write_bytes_s = series("0 70000")});
    rig_add(rig, (struct rg_sim_process_spec){.name = "job",
                     .args = old_args,
                     .arg_count = 3,
                     .cpu = series("30"),
                     .count = 20,
                     .lifetime_ns = 20 * RG_NS_PER_S,
                     .respawn = true,
                     .reuse_pids = true,
                     .zombie_ns = 0,
                     .exec_at_ns = 4 * RG_NS_PER_S,
                     .exec_name = "job",
                     .exec_args = new_args,
                     .exec_arg_count = 2,
                     .setuid_at_ns = 6 * RG_NS_PER_S,
                     .setuid_uid = 99});
    rig_add(rig, (struct rg_sim_process_spec){.name = "req",
                     .cpu = series("20 0 20"),
                     .count = -1,
                     .spawn_per_ks = 900,
                     .lifetime_ns = 30 * RG_NS_PER_S,
                     .zombie_ns = 15 * RG_NS_PER_S,
                     .stop_ns = 300 * RG_NS_PER_S});
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return rg_hash64_seed(text ? text : "-", text ? strlen(text) + 1 : 2, hash);
}

/* Everything that the host says now. */
static uint64_t hash_all(struct world_rig *rig)
{
    struct rg_pid_list pids = {0};
    struct rg_err err;
    uint64_t hash = hash_text(0, rig_text(rig, 0, "stat"));

    hash = hash_text(hash, rig_text(rig, 0, "loadavg"));
    hash = hash_text(hash, rig_text(rig, 0, "meminfo"));
    assert_int_equal(rg_procfs_list_pids(rig->fs, &pids, &err), RG_OK);
    for (size_t i = 0; i < pids.count; i++) {
        for (size_t j = 0; files[j]; j++)
            hash = hash_text(hash, rig_text(rig, pids.pids[i], files[j]));
    }
    rg_pid_list_finish(&pids);
    return hash;
}

static void test_answers_depend_on_seed_and_time_only(void **state)
{
    struct world_rig a, b, other;
    uint64_t last;

    (void)state;
    open_busy(&a, 7);
    open_busy(&b, 7);
    open_busy(&other, 8);
    for (int i = 0; i < 40; i++) {
        rig_pass(&a, 10 * RG_NS_PER_S);
        for (int j = 0; j < 10; j++) { /* b is asked often, and out of order */
            rig_pass(&b, RG_NS_PER_S);
            rig_text(&b, 1 + (i * 31 + j * 7) % 60, files[j % 7]);
        }
        last = hash_all(&a);
        assert_int_equal(last, hash_all(&b));
        assert_int_equal(last, hash_all(&a));
        rig_pass(&other, 10 * RG_NS_PER_S);
        assert_true(last != hash_all(&other));
    }
    rig_close(&a);
    rig_close(&b);
    rig_close(&other);
}

static void test_counters_and_the_boot_time_can_be_wrong(void **state)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    struct world_rig rig;
    uint64_t idle, boot;

    (void)state;
    options.cpu_count = 4;
    options.idle_falls_at_ns = 10 * RG_NS_PER_S;
    options.idle_falls_ns = 100 * RG_NS_PER_S;
    options.btime_error_ns = -3600 * RG_NS_PER_S;
    options.btime_error_until_ns = 10 * RG_NS_PER_S;
    rig_open(&rig, options);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "old",
                      .args = old_args,
                      .arg_count = 1,
                      .padding = 3,
                      .start_ns = -100 * RG_NS_PER_S,
                      .cpu = series("100"),
                      .user_percent = 50,
                      .cpu_falls_at_ns = 105 * RG_NS_PER_S,
                      .cpu_falls_ns = 20 * RG_NS_PER_S,
                      .read_bytes_s = series("4096"),
                      .io_anew_at_ns = 105 * RG_NS_PER_S});
    assert_memory_equal(rig_text(&rig, 1, "cmdline"), "/bin/sh\0xxx\0", 12);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 14), 5000);
    assert_int_equal(after(rig_text(&rig, 1, "io"), "syscr: "), 20 + 100);
    boot = after(rig_text(&rig, 0, "stat"), "btime ");
    rig_pass(&rig, 5 * RG_NS_PER_S);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 14), 5250 - 2000);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 15), 5250);
    assert_int_equal(after(rig_text(&rig, 1, "io"), "syscr: "), 20);
    assert_int_equal(after(rig_text(&rig, 1, "io"), "read_bytes: "), 0);
    idle = after(rig_text(&rig, 0, "stat"), "cpu  ");
    assert_true(idle >= 5250);
    idle = after(rig_text(&rig, 0, "stat"), "5250 0 5250 ");
    rig_pass(&rig, 5 * RG_NS_PER_S);
    assert_int_equal(after(rig_text(&rig, 0, "stat"), "btime "), boot + 3600);
    assert_int_equal(
        after(rig_text(&rig, 0, "stat"), "5500 0 5500 "), idle + 4 * 500 - 500 - 10000);
    rig_close(&rig);
}

struct seen {
    uint64_t start, switches, switched_in, cpu, syscr, syscw, code, uid, rss, fds;
    bool off_cpu;
};

static struct seen look(struct world_rig *rig, int32_t pid)
{
    struct seen s = {0};
    struct rg_err err;
    int64_t fds = 0;
    const char *text = rig_text(rig, pid, "stat");

    s.start = stat_field(text, 22);
    s.cpu = stat_field(text, 14) + stat_field(text, 15);
    s.code = stat_field(text, 26);
    s.rss = stat_field(text, 24);
    text = rig_text(rig, pid, "status");
    s.switches =
        after(text, "\nvoluntary_ctxt_switches:\t") + after(text, "nonvoluntary_ctxt_switches:\t");
    s.uid = after(text, "Uid:\t");
    text = rig_text(rig, pid, "io");
    s.syscr = after(text, "syscr: ");
    s.syscw = after(text, "syscw: ");
    text = strrchr(rig_text(rig, pid, "schedstat"), ' ');
    s.switched_in = strtoull(text, NULL, 10);
    s.off_cpu = s.switched_in == s.switches;
    assert_int_equal(rg_procfs_count_fds(rig->fs, pid, &fds, &err), RG_OK);
    s.fds = (uint64_t)fds;
    return s;
}

/* While P now is S of then, nothing of the main thread has changed; see process_probe.c. */
static void test_nothing_changes_while_a_process_is_off_the_cpu(void **state)
{
    static struct seen before[401];
    struct world_rig rig;
    struct rg_prng prng;
    size_t same = 0, moved = 0, on_cpu = 0;

    (void)state;
    memset(before, 0, sizeof(before));
    rg_prng_init(&prng, 3, "test");
    open_busy(&rig, 11);
    for (int step = 0; step < 400; step++) {
        struct rg_pid_list pids = {0};
        struct rg_err err;

        rig_pass(&rig, 1 + (int64_t)rg_prng_below(&prng, 2000000000));
        assert_int_equal(rg_procfs_list_pids(rig.fs, &pids, &err), RG_OK);
        for (size_t i = 0; i < pids.count; i++) {
            struct seen *old = &before[pids.pids[i]];
            struct seen now = look(&rig, pids.pids[i]);

            assert_true(now.off_cpu || now.switched_in == now.switches + 1);
            on_cpu += !now.off_cpu;
            if (old->start == now.start && old->switches) {
                assert_true(now.switched_in >= old->switched_in);
                assert_true(now.switches >= old->switches && now.cpu >= old->cpu);
                if (now.switched_in == old->switches) {
                    assert_int_equal(now.uid, old->uid);
                    assert_int_equal(now.code, old->code);
                    assert_int_equal(now.fds, old->fds);
                    assert_int_equal(now.syscr, old->syscr);
                    assert_int_equal(now.syscw, old->syscw);
                    same++;
                } else {
                    moved++;
                }
            }
            *old = now;
        }
        rg_pid_list_finish(&pids);
    }
    assert_true(same > 400 && moved > 1000 && on_cpu > 50);
    rig_close(&rig);
}

static void test_cpu_time_follows_the_series(void **state)
{
    struct world_rig rig;
    uint64_t t0;

    (void)state;
    rig_open(&rig, RG_SIM_HOST_OPTIONS);
    rig_add(&rig,
        (struct rg_sim_process_spec){.name = "a", .cpu = series("10 50 0"), .user_percent = 60});
    t0 = stat_field(rig_text(&rig, 1, "stat"), 14);
    assert_int_equal(t0, 0);
    rig_pass(&rig, 10 * RG_NS_PER_S);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 14), 60);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 15), 40);
    rig_pass(&rig, 10 * RG_NS_PER_S);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 14), 360);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 15), 240);
    rig_pass(&rig, 1000 * RG_NS_PER_S);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 14), 360);
    rig_close(&rig);
}

/* The host's totals cover what its processes used, the ended ones too, and add up to the uptime. */
static void test_host_totals_cover_all_processes(void **state)
{
    struct world_rig rig;
    uint64_t last = 0;

    (void)state;
    open_busy(&rig, 5);
    for (int step = 0; step < 50; step++) {
        struct rg_pid_list pids = {0};
        struct rg_err err;
        uint64_t user, system, idle, sum = 0;
        const char *text;

        rig_pass(&rig, 7 * RG_NS_PER_S);
        assert_int_equal(rg_procfs_list_pids(rig.fs, &pids, &err), RG_OK);
        for (size_t i = 0; i < pids.count; i++) {
            text = rig_text(&rig, pids.pids[i], "stat");
            sum += stat_field(text, 14) + stat_field(text, 15);
        }
        rg_pid_list_finish(&pids);
        text = rig_text(&rig, 0, "stat");
        assert_int_equal(
            sscanf(text, "cpu %" SCNu64 " 0 %" SCNu64 " %" SCNu64, &user, &system, &idle), 3);
        assert_true(user + system >= sum && user + system >= last);
        assert_int_equal(
            user + system + idle, 16 * (UINT64_C(31) * 86400 + 7 * ((uint64_t)step + 1)) * 100);
        last = user + system;
        sum = 0;
        for (int cpu = 0; cpu < 16; cpu++) {
            char key[16];

            snprintf(key, sizeof(key), "\ncpu%d ", cpu);
            sum += after(text, key);
        }
        assert_int_equal(sum, user);
    }
    assert_true(last > 1000);
    rig_close(&rig);
}

static void test_exec_changes_addresses_and_command_line_only(void **state)
{
    struct world_rig rig;
    struct seen before, later;

    (void)state;
    rig_open(&rig, RG_SIM_HOST_OPTIONS);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "sh",
                      .args = old_args,
                      .arg_count = 3,
                      .exec_at_ns = 5 * RG_NS_PER_S,
                      .exec_name = "job",
                      .exec_args = new_args,
                      .exec_arg_count = 2});
    before = look(&rig, 1);
    assert_memory_equal(rig_text(&rig, 1, "cmdline"), "/bin/sh", 8);
    rig_pass(&rig, 5 * RG_NS_PER_S);
    later = look(&rig, 1);
    assert_memory_equal(rig_text(&rig, 1, "cmdline"), "/opt/job\0--n=0", 15);
    assert_string_equal(rig_text(&rig, 1, "comm"), "job\n");
    assert_true(later.code != before.code && later.switches > before.switches);
    assert_int_equal(later.start, before.start);
    assert_int_equal(later.cpu, before.cpu);
    rig_close(&rig);
}

static void test_pids_wrap_around_and_run_out(void **state)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    struct rg_sim_host_stats stats;
    struct world_rig rig;

    (void)state;
    options.pid_first = 100;
    options.pid_max = 110;
    rig_open(&rig, options);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "stay", .count = 8});
    rig_add(&rig, (struct rg_sim_process_spec){
                      .name = "go", .count = 2, .lifetime_ns = RG_NS_PER_S, .respawn = true});
    rig_add(&rig,
        (struct rg_sim_process_spec){.name = "many", .count = 5, .start_ns = 60 * RG_NS_PER_S});
    assert_non_null(rig_text(&rig, 108, "stat"));
    assert_null(rig_text(&rig, 110, "stat"));
    rig_pass(&rig, 50 * RG_NS_PER_S);
    assert_null(rig_text(&rig, 99, "stat"));
    rg_sim_host_stats(rig.host, &stats);
    assert_int_equal(stats.live, 10);
    assert_true(stats.started > 50 && stats.refused == 0);
    rig_pass(&rig, 11 * RG_NS_PER_S);
    assert_non_null(rig_text(&rig, 110, "stat"));
    rg_sim_host_stats(rig.host, &stats);
    assert_int_equal(stats.live, 11);
    assert_int_equal(stats.refused, 4);
    rig_close(&rig);
}

static void test_reused_pids_are_those_given_back_last(void **state)
{
    struct world_rig rig;
    uint64_t start;

    (void)state;
    rig_open(&rig, RG_SIM_HOST_OPTIONS);
    rig_add(&rig,
        (struct rg_sim_process_spec){
            .name = "a", .lifetime_ns = 2 * RG_NS_PER_S, .respawn = true, .reuse_pids = true});
    start = stat_field(rig_text(&rig, 1, "stat"), 22);
    rig_pass(&rig, 30 * RG_NS_PER_S);
    assert_true(stat_field(rig_text(&rig, 1, "stat"), 22) > start);
    assert_null(rig_text(&rig, 2, "stat"));
    rig_close(&rig);
}

static void test_memory_falls_and_its_peak_stays(void **state)
{
    struct world_rig rig;
    const char *text;

    (void)state;
    rig_open(&rig, RG_SIM_HOST_OPTIONS);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "a", .rss = series("8000 400")});
    rig_pass(&rig, 10 * RG_NS_PER_S);
    text = rig_text(&rig, 1, "status");
    assert_int_equal(after(text, "VmRSS:\t"), 400);
    assert_int_equal(after(text, "VmHWM:\t"), 8000);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 24), 100);
    rig_close(&rig);
}

static void test_zombies_stay_and_then_vanish(void **state)
{
    struct world_rig rig;

    (void)state;
    rig_open(&rig, RG_SIM_HOST_OPTIONS);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "a",
                      .cpu = series("50"),
                      .stop_ns = 10 * RG_NS_PER_S,
                      .zombie_ns = 5 * RG_NS_PER_S});
    rig_pass(&rig, 12 * RG_NS_PER_S);
    assert_int_equal(strncmp(rig_text(&rig, 1, "stat"), "1 (a) Z ", 8), 0);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 14), 350);
    rig_pass(&rig, 3 * RG_NS_PER_S);
    assert_null(rig_text(&rig, 1, "stat"));
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_depend_on_seed_and_time_only),
        cmocka_unit_test(test_counters_and_the_boot_time_can_be_wrong),
        cmocka_unit_test(test_nothing_changes_while_a_process_is_off_the_cpu),
        cmocka_unit_test(test_cpu_time_follows_the_series),
        cmocka_unit_test(test_host_totals_cover_all_processes),
        cmocka_unit_test(test_exec_changes_addresses_and_command_line_only),
        cmocka_unit_test(test_pids_wrap_around_and_run_out),
        cmocka_unit_test(test_reused_pids_are_those_given_back_last),
        cmocka_unit_test(test_memory_falls_and_its_peak_stays),
        cmocka_unit_test(test_zombies_stay_and_then_vanish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
