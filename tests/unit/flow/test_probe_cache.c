/* The cached rescan against the scan that reads everything. */
#include "../../../engine/flow/process/process_probe.h"

#include "fail_alloc.h"
#include "proc_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct rig {
    struct world world;
    struct world_host host;
    struct rg_backends backends;
};

static void rig_open(struct rig *rig)
{
    *rig = (struct rig){.world.fake = fake_procfs_create()};
    world_host_init(&rig->host, 0);
    fake_procfs_set_host(rig->world.fake, "stat", "btime 1700000000\n");
    rig->backends = (struct rg_backends){.procfs = &rig->world.fake->base, .host = &rig->host.base};
}

static void rig_close(struct rig *rig)
{
    rg_procfs_destroy(&rig->world.fake->base);
}

static struct rg_process_probe *open_probe(struct rig *rig, bool always_reread, uint32_t refresh)
{
    struct rg_process_probe_options options = {
        .collect_io_fd = true, .always_reread = always_reread, .refresh_scans = refresh};
    struct rg_process_probe *probe;
    struct rg_err err;

    assert_int_equal(rg_process_probe_create(&rig->backends, &options, NULL, &probe, &err), RG_OK);
    return probe;
}

static struct rg_process_table scan(struct rg_process_probe *probe)
{
    struct rg_process_table table;
    struct rg_err err;

    assert_int_equal(rg_process_probe_scan(probe, &table, &err), RG_OK);
    return table;
}

static void assert_same_stats(const struct rg_process_stats *a, const struct rg_process_stats *b)
{
    assert_int_equal(a->create_time_ms, b->create_time_ms);
    assert_int_equal(a->start_ticks, b->start_ticks);
    assert_true(a->user_s == b->user_s && a->system_s == b->system_s);
    assert_int_equal(a->rss_bytes, b->rss_bytes);
    assert_int_equal(a->vms_bytes, b->vms_bytes);
    assert_int_equal(a->swap_bytes, b->swap_bytes);
    assert_int_equal(a->shared_bytes, b->shared_bytes);
    assert_int_equal(a->text_bytes, b->text_bytes);
    assert_int_equal(a->lib_bytes, b->lib_bytes);
    assert_int_equal(a->data_bytes, b->data_bytes);
    assert_int_equal(a->dirty_bytes, b->dirty_bytes);
    assert_int_equal(a->read_count, b->read_count);
    assert_int_equal(a->write_count, b->write_count);
    assert_int_equal(a->read_bytes, b->read_bytes);
    assert_int_equal(a->write_bytes, b->write_bytes);
    assert_int_equal(a->voluntary_switches, b->voluntary_switches);
    assert_int_equal(a->involuntary_switches, b->involuntary_switches);
    assert_int_equal(a->fd_count, b->fd_count);
    assert_int_equal(a->threads, b->threads);
    assert_int_equal(a->nice, b->nice);
    assert_int_equal(a->state, b->state);
}

static void assert_same_tables(struct rg_process_table a, struct rg_process_table b)
{
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        const struct rg_process *p = &a.procs[i];
        const struct rg_process *q = &b.procs[i];

        assert_int_equal(p->pid, q->pid);
        assert_int_equal(p->ns_pid, q->ns_pid);
        assert_int_equal(p->ppid, q->ppid);
        assert_memory_equal(p->uids, q->uids, sizeof(p->uids));
        assert_memory_equal(p->gids, q->gids, sizeof(p->gids));
        assert_int_equal(p->uid_count, q->uid_count);
        assert_int_equal(p->gid_count, q->gid_count);
        assert_int_equal(p->flags, q->flags);
        assert_int_equal(p->arg_count, q->arg_count);
        assert_int_equal(p->args_hash, q->args_hash);
        for (uint32_t j = 0; j < p->arg_count; j++)
            assert_true(rg_str_eq(p->args[j], q->args[j]));
        assert_true(rg_str_eq(p->exe, q->exe) && rg_str_eq(p->cwd, q->cwd));
        assert_true(rg_str_eq(p->comm, q->comm) && rg_str_eq(p->name, q->name));
        assert_same_stats(&p->stats, &q->stats);
    }
}

static void scan_stats(
    struct rg_process_probe *probe, struct rg_process_table of, struct rg_process_table *out)
{
    int32_t pids[WORLD_MAX];
    struct rg_err err;

    for (size_t i = 0; i < of.count; i++)
        pids[i] = of.procs[i].pid;
    assert_int_equal(rg_process_probe_stats(probe, pids, of.count, out, &err), RG_OK);
}

static void run_world(uint64_t seed, long *cached_calls, long *full_calls)
{
    struct rig rig;
    struct rg_process_probe *cached, *full;
    struct rg_process_table a, b, last = {0};
    struct rg_prng prng;

    rig_open(&rig);
    rg_prng_init(&prng, seed, "world");
    rig.world.fake->order.max = 1;
    rig.world.no_schedstat = seed % 16 == 0;
    cached = open_probe(&rig, false, 1000);
    full = open_probe(&rig, true, 0);
    for (int step = 0; step < 25; step++) {
        long before = rig.world.fake->calls;

        world_step(&rig.world, &prng);
        world_render(&rig.world);
        if (last.count && rg_prng_below(&prng, 3) == 0) {
            scan_stats(cached, last, &a);
            scan_stats(full, last, &b);
            assert_same_tables(a, b);
            continue;
        }
        a = scan(cached);
        *cached_calls += rig.world.fake->calls - before;
        before = rig.world.fake->calls;
        b = scan(full);
        *full_calls += rig.world.fake->calls - before;
        assert_same_tables(a, b);
        last = a;
    }
    rg_process_probe_destroy(cached);
    rg_process_probe_destroy(full);
    rig_close(&rig);
}

static void test_cached_rescan_equals_a_full_scan_in_any_world(void **state)
{
    long cached = 0, full = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++)
        run_world(seed, &cached, &full);
    assert_true(cached < full);
}

static long calls_of(struct rig *rig, struct rg_process_probe *probe)
{
    long before = rig->world.fake->calls;

    scan(probe);
    return rig->world.fake->calls - before;
}

/* Reads cost open, read and close; links and the fd count one system call each. */
static int system_calls(const char *order)
{
    int calls = 0;

    for (const char *p = order; (p = strchr(p, '/')) != NULL; p++) {
        bool single = strncmp(p, "/exe ", 5) == 0 || strncmp(p, "/cwd ", 5) == 0 ||
                      strncmp(p, "/fd ", 4) == 0;

        if (strncmp(p, "/list ", 6) != 0)
            calls += single ? 1 : 3;
    }
    return calls;
}

static void assert_order(struct rig *rig, struct rg_process_probe *probe, const char *want)
{
    rig->world.fake->order.len = 0;
    world_render(&rig->world);
    scan(probe);
    assert_string_equal(fake_procfs_order(rig->world.fake), want);
}

#define FIRST_SIGHT "0/list 7/status 7/stat 7/cmdline 7/statm 7/io 7/exe 7/cwd 7/fd "
#define IDLE        "0/list 7/schedstat 7/stat 7/statm "

static void test_first_sight_costs_eighteen_system_calls_and_idle_nine(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;

    (void)state;
    rig_open(&rig);
    world_spawn(&rig.world, 7);
    probe = open_probe(&rig, false, 1000);
    assert_order(&rig, probe, FIRST_SIGHT);
    assert_int_equal(system_calls(fake_procfs_order(rig.world.fake)), 18);
    assert_order(&rig, probe, IDLE);
    assert_int_equal(system_calls(fake_procfs_order(rig.world.fake)), 9);
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

static void test_each_change_rereads_just_what_it_may_have_touched(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;
    struct world_proc *p;

    (void)state;
    rig_open(&rig);
    p = world_spawn(&rig.world, 7);
    probe = open_probe(&rig, false, 1000);
    assert_order(&rig, probe, FIRST_SIGHT);
    p->nice = 5;
    p->ppid = 9;
    assert_order(&rig, probe, IDLE);
    p->resident--;
    assert_order(
        &rig, probe, "0/list 7/schedstat 7/stat 7/statm 7/status 7/cmdline 7/io 7/cwd 7/fd ");
    world_run(p);
    assert_order(
        &rig, probe, "0/list 7/schedstat 7/stat 7/status 7/cmdline 7/statm 7/io 7/cwd 7/fd ");
    world_exec(p, "vi");
    assert_order(
        &rig, probe, "0/list 7/schedstat 7/stat 7/status 7/cmdline 7/statm 7/io 7/exe 7/cwd 7/fd ");
    world_run(p);
    p->threads = 3;
    assert_order(
        &rig, probe, "0/list 7/schedstat 7/stat 7/status 7/cmdline 7/statm 7/io 7/cwd 7/fd ");
    assert_order(&rig, probe, /* the boot time's turn, too */
        "0/host:stat 0/list 7/schedstat 7/stat 7/statm 7/cmdline 7/io 7/cwd 7/fd ");
    p->minor_faults++; /* another thread touched memory */
    assert_order(
        &rig, probe, "0/list 7/schedstat 7/stat 7/status 7/cmdline 7/statm 7/io 7/cwd 7/fd ");
    p->start_ticks += 100; /* another process */
    assert_order(&rig, probe,
        "0/list 7/schedstat 7/stat 7/status 7/stat 7/cmdline 7/statm 7/io 7/exe 7/cwd 7/fd ");
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

static void test_kernel_thread_is_hidden_and_costs_one_read(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;

    (void)state;
    rig_open(&rig);
    world_spawn(&rig.world, 7)->kernel = true;
    probe = open_probe(&rig, false, 1000);
    assert_order(&rig, probe, "0/list 7/status 7/stat 7/cmdline ");
    assert_order(&rig, probe, "0/list 7/stat ");
    assert_int_equal(scan(probe).count, 0);
    /* A kernel helper becomes a program. */
    world_find(&rig.world, 7)->kernel = false;
    world_render(&rig.world);
    assert_int_equal(scan(probe).count, 1);
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

static void test_refresh_reads_each_process_in_full_at_its_turn(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;
    struct rg_process_table table;

    (void)state;
    rig_open(&rig);
    world_spawn(&rig.world, 7);
    probe = open_probe(&rig, false, 5);
    world_render(&rig.world);
    for (int i = 0; i < 4; i++)
        scan(probe);
    fake_procfs_set(rig.world.fake, 7, "exe", "/usr/bin/app (deleted)");
    for (int i = 4; i < 8; i++) {
        table = scan(probe);
        /* (8 + 7) % 5 == 0: the ninth scan is the first whose turn comes after the change. */
        assert_true(rg_str_is(table.procs[0].exe, "/usr/bin/app"));
    }
    table = scan(probe);
    assert_true(rg_str_is(table.procs[0].exe, "/usr/bin/app (deleted)"));
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

static void test_counters_that_contradict_each_other_are_not_trusted(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;
    struct world_proc *p;
    long full;

    (void)state;
    rig_open(&rig);
    p = world_spawn(&rig.world, 7);
    probe = open_probe(&rig, false, 1000);
    world_render(&rig.world);
    scan(probe);
    p->switched_in = p->voluntary + p->involuntary - 1;
    world_render(&rig.world);
    full = calls_of(&rig, probe);
    p->switched_in++; /* equal by accident */
    world_render(&rig.world);
    assert_int_equal(calls_of(&rig, probe), full);
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

static void test_kernel_without_switch_counts_is_always_read(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;

    (void)state;
    rig_open(&rig);
    rig.world.no_schedstat = true;
    world_spawn(&rig.world, 7);
    probe = open_probe(&rig, false, 1000);
    world_render(&rig.world);
    scan(probe);
    fake_procfs_set_fds(rig.world.fake, 7, 99);
    assert_int_equal(scan(probe).procs[0].stats.fd_count, 99);
    fake_procfs_set_errno(rig.world.fake, 7, "schedstat", ENOENT);
    fake_procfs_set_fds(rig.world.fake, 7, 100);
    assert_int_equal(scan(probe).procs[0].stats.fd_count, 100);
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

static void test_fb21_exec_with_the_same_start_time_shows_the_new_program(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;
    struct rg_process_table before, after;
    struct world_proc *p;

    (void)state;
    rig_open(&rig);
    p = world_spawn(&rig.world, 7);
    probe = open_probe(&rig, false, 1000);
    world_render(&rig.world);
    before = scan(probe);
    world_exec(p, "htop");
    world_render(&rig.world);
    after = scan(probe);
    assert_int_equal(before.procs[0].stats.create_time_ms, after.procs[0].stats.create_time_ms);
    assert_true(rg_str_is(after.procs[0].exe, "/bin/htop"));
    assert_true(rg_str_is(after.procs[0].args[0], "htop"));
    assert_true(before.procs[0].args_hash != after.procs[0].args_hash);
    /* The scan before is still whole. */
    assert_true(rg_str_is(before.procs[0].exe, "/usr/bin/app"));
    assert_true(rg_str_is(before.procs[0].args[0], "/usr/bin/app"));
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

static void test_setuid_is_seen_at_the_next_scan(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;
    struct world_proc *p;

    (void)state;
    rig_open(&rig);
    p = world_spawn(&rig.world, 7);
    probe = open_probe(&rig, false, 1000);
    world_render(&rig.world);
    assert_int_equal(scan(probe).procs[0].uids[0], 1000);
    world_run(p);
    p->uid = 0;
    world_render(&rig.world);
    assert_int_equal(scan(probe).procs[0].uids[0], 0);
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

/* Statistics read between two full scans must not make the second one trust older texts. */
static void test_statistics_scan_does_not_vouch_for_texts(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;
    struct rg_process_table table, stats;
    struct world_proc *p;

    (void)state;
    rig_open(&rig);
    p = world_spawn(&rig.world, 7);
    probe = open_probe(&rig, false, 1000);
    world_render(&rig.world);
    table = scan(probe);
    world_run(p);
    p->fds = 50;
    snprintf(p->cwd, sizeof(p->cwd), "/elsewhere");
    world_render(&rig.world);
    scan_stats(probe, table, &stats);
    assert_int_equal(stats.procs[0].stats.fd_count, 50);
    assert_int_equal(stats.procs[0].arg_count, 0);
    table = scan(probe);
    assert_true(rg_str_is(table.procs[0].cwd, "/elsewhere"));
    rig.world.fake->order.len = 0;
    scan_stats(probe, table, &stats);
    assert_string_equal(fake_procfs_order(rig.world.fake), "7/schedstat 7/stat 7/statm ");
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

/* A thread that is not the main one may call exec: the pid then has another task's counters, which
 * may happen to be equal. */
static void test_exec_by_another_thread_is_seen_in_the_addresses(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;
    struct rg_process_table table;
    struct world_proc *p;

    (void)state;
    rig_open(&rig);
    p = world_spawn(&rig.world, 7);
    p->threads = 2;
    probe = open_probe(&rig, false, 1000);
    world_render(&rig.world);
    scan(probe);
    p->image += 0x100;
    p->uid = 5;
    snprintf(p->exe, sizeof(p->exe), "/bin/other");
    world_render(&rig.world);
    table = scan(probe);
    assert_int_equal(table.procs[0].uids[0], 5);
    assert_true(rg_str_is(table.procs[0].exe, "/bin/other"));
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

static void test_numbers_that_could_not_be_read_are_read_at_the_next_scan(void **state)
{
    struct rig rig;
    struct rg_process_probe *probe;
    struct rg_process_table table, stats;
    struct world_proc *p;

    (void)state;
    rig_open(&rig);
    p = world_spawn(&rig.world, 7);
    probe = open_probe(&rig, false, 1000);
    world_render(&rig.world);
    table = scan(probe);
    p->resident--; /* makes the statistics scan read status, which fails */
    world_render(&rig.world);
    fake_procfs_set_errno(rig.world.fake, 7, "status", EIO);
    scan_stats(probe, table, &stats);
    assert_int_equal(stats.procs[0].stats.rss_bytes, 0);
    world_render(&rig.world);
    assert_int_equal(scan(probe).procs[0].stats.rss_bytes, 299 * WORLD_PAGE_BYTES);
    rg_process_probe_destroy(probe);
    rig_close(&rig);
}

/* One world, two scans with changes in between, statistics; returns the first status not RG_OK. */
static enum rg_status life(struct rig *rig)
{
    struct rg_process_probe_options options = {.collect_io_fd = true, .refresh_scans = 1000};
    struct rg_process_probe *probe;
    struct rg_process_table table = {0};
    struct rg_err err = {0};
    int32_t pids[] = {1, 7, 8, 9};
    enum rg_status st = rg_process_probe_create(&rig->backends, &options, NULL, &probe, &err);

    if (st != RG_OK)
        return st;
    st = rg_process_probe_scan(probe, &table, &err);
    if (st == RG_OK)
        st = rg_process_probe_stats(probe, pids, 4, &table, &err);
    if (st == RG_OK)
        st = rg_process_probe_scan(probe, &table, &err);
    if (st != RG_OK) {
        assert_true(err.text[0] || err.errnum);
        fail_alloc_at(0);
        rig->world.fake->fail_at = 0;
        assert_int_equal(rg_process_probe_scan(probe, &table, &err), RG_OK);
        assert_int_equal(table.count, 3);
        assert_int_equal(rg_process_probe_scan(probe, &table, &err), RG_OK);
    }
    for (size_t i = 0; i < table.count; i++)
        assert_true(table.procs[i].arg_count == 0 || table.procs[i].args[0].len > 0);
    rg_process_probe_destroy(probe);
    return st;
}

static void rig_of_three(struct rig *rig)
{
    rig_open(rig);
    rig->world.fake->order.max = 1;
    world_spawn(&rig->world, 1);
    world_spawn(&rig->world, 7)->threads = 2;
    world_spawn(&rig->world, 8)->on_cpu = true;
    world_spawn(&rig->world, 9)->kernel = true;
    world_render(&rig->world);
}

static void test_each_call_failing_in_turn_gives_a_defined_result(void **state)
{
    static const int errnums[] = {ENOENT, ESRCH, EACCES, EPERM, EIO, EMFILE, ENOMEM};

    (void)state;
    for (size_t e = 0; e < sizeof(errnums) / sizeof(errnums[0]); e++) {
        for (long n = 1;; n++) {
            struct rig rig;
            enum rg_status st;
            long calls;

            rig_of_three(&rig);
            rig.world.fake->fail_at = n;
            rig.world.fake->fail_errnum = errnums[e];
            st = life(&rig);
            calls = rig.world.fake->calls;
            rig_close(&rig);
            /* Only the list of pids and the lack of memory may end a scan. */
            if (errnums[e] == ENOMEM)
                assert_true(st == RG_ENOMEM || calls < n);
            else
                assert_true(st == RG_OK || st == rg_status_from_errno(errnums[e]));
            if (calls < n)
                break;
        }
    }
}

static void test_each_allocation_failing_in_turn_leaves_nothing_behind(void **state)
{
    enum rg_status st = RG_ENOMEM;

    (void)state;
    for (long n = 1; st != RG_OK; n++) {
        struct rig rig;

        rig_of_three(&rig);
        fail_alloc_at(n);
        st = life(&rig);
        /* An allocation that fails unnoticed would show here. */
        assert_true(st == RG_ENOMEM || (st == RG_OK && !fail_alloc_happened()));
        fail_alloc_at(0);
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cached_rescan_equals_a_full_scan_in_any_world),
        cmocka_unit_test(test_first_sight_costs_eighteen_system_calls_and_idle_nine),
        cmocka_unit_test(test_each_change_rereads_just_what_it_may_have_touched),
        cmocka_unit_test(test_kernel_thread_is_hidden_and_costs_one_read),
        cmocka_unit_test(test_refresh_reads_each_process_in_full_at_its_turn),
        cmocka_unit_test(test_counters_that_contradict_each_other_are_not_trusted),
        cmocka_unit_test(test_kernel_without_switch_counts_is_always_read),
        cmocka_unit_test(test_fb21_exec_with_the_same_start_time_shows_the_new_program),
        cmocka_unit_test(test_setuid_is_seen_at_the_next_scan),
        cmocka_unit_test(test_statistics_scan_does_not_vouch_for_texts),
        cmocka_unit_test(test_exec_by_another_thread_is_seen_in_the_addresses),
        cmocka_unit_test(test_numbers_that_could_not_be_read_are_read_at_the_next_scan),
        cmocka_unit_test(test_each_call_failing_in_turn_gives_a_defined_result),
        cmocka_unit_test(test_each_allocation_failing_in_turn_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("probe_cache", tests, NULL, NULL);
}
