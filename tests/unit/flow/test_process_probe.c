/* What one scan reports: permissions, races, hostile content, boot time, zombies. */
#include "../../../engine/flow/process/process_probe.h"

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
    struct rg_process_probe_options options;
    struct rg_process_probe *probe; /* opened by the first scan */
    struct rg_err err;
};

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    rig->world.fake = fake_procfs_create();
    world_host_init(&rig->host, 0);
    fake_procfs_set_host(rig->world.fake, "stat", "cpu 1 2 3 4 5 6 7\nbtime 1700000000\n");
    rig->backends = (struct rg_backends){.procfs = &rig->world.fake->base, .host = &rig->host.base};
    rig->options = (struct rg_process_probe_options){.collect_io_fd = true};
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    rg_process_probe_destroy(rig->probe);
    rg_procfs_destroy(&rig->world.fake->base);
    free(rig);
    return 0;
}

static void open_probe(struct rig *rig)
{
    if (!rig->probe)
        assert_int_equal(
            rg_process_probe_create(&rig->backends, &rig->options, NULL, &rig->probe, &rig->err),
            RG_OK);
}

static struct rg_process_table scan(struct rig *rig)
{
    struct rg_process_table table;

    open_probe(rig);
    assert_int_equal(rg_process_probe_scan(rig->probe, &table, &rig->err), RG_OK);
    return table;
}

static void assert_text(struct rg_str s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.ptr, text, s.len);
}

static void test_scan_reports_every_field_of_a_process(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;
    const struct rg_process *p;
    struct world_proc *w = world_spawn(&rig->world, 42);

    w->start_ticks = 12345;
    w->nice = -3;
    w->swap = 2;
    world_render(&rig->world);
    table = scan(rig);
    assert_int_equal(table.count, 1);
    p = &table.procs[0];
    assert_int_equal(p->pid, 42);
    assert_int_equal(p->ns_pid, 4);
    assert_int_equal(p->ppid, 1);
    assert_int_equal(p->uid_count, 4);
    assert_int_equal(p->uids[0], 1000);
    assert_int_equal(p->gids[3], 7);
    assert_int_equal(p->flags, 0x00400100);
    assert_int_equal(p->arg_count, 3);
    assert_text(p->args[2], "42");
    assert_text(p->exe, "/usr/bin/app");
    assert_text(p->cwd, "/srv");
    assert_text(p->comm, "app42");
    assert_text(p->name, "app42");
    assert_true(p->stats.create_time_ms == 1700000123000); /* whole seconds */
    assert_int_equal(p->stats.start_ticks, 12345);
    assert_true(p->stats.user_s == 0.1 && p->stats.system_s == 0.05);
    assert_int_equal(p->stats.rss_bytes, 300 * 4096);
    assert_int_equal(p->stats.vms_bytes, 500 * 4096);
    assert_int_equal(p->stats.swap_bytes, 2 * 4096);
    assert_int_equal(p->stats.shared_bytes, 100 * 4096);
    assert_int_equal(p->stats.text_bytes, 9 * 4096);
    assert_int_equal(p->stats.lib_bytes, 0);
    assert_int_equal(p->stats.data_bytes, 80 * 4096);
    assert_int_equal(p->stats.dirty_bytes, 0);
    assert_int_equal(p->stats.read_count, 1);
    assert_int_equal(p->stats.write_count, 2);
    assert_int_equal(p->stats.read_bytes, 3);
    assert_int_equal(p->stats.write_bytes, 4);
    assert_int_equal(p->stats.voluntary_switches, 3);
    assert_int_equal(p->stats.involuntary_switches, 2);
    assert_int_equal(p->stats.fd_count, 3);
    assert_int_equal(p->stats.threads, 1);
    assert_int_equal(p->stats.nice, -3);
    assert_int_equal(p->stats.state, 'S');
}

static void test_table_is_ascending_and_find_finds(void **state)
{
    struct rig *rig = *state;
    static const int32_t pids[] = {900, 5, 40, 7};
    struct rg_process_table table;

    for (size_t i = 0; i < 4; i++)
        world_spawn(&rig->world, pids[i]);
    world_render(&rig->world);
    table = scan(rig);
    assert_int_equal(table.count, 4);
    for (size_t i = 1; i < 4; i++)
        assert_true(table.procs[i - 1].pid < table.procs[i].pid);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rg_process_find(&table, pids[i])->pid, pids[i]);
    assert_null(rg_process_find(&table, 1));
    assert_null(rg_process_find(&table, 41));
    assert_null(rg_process_find(&table, 901));
    table.count = 0;
    assert_null(rg_process_find(&table, 5));
}

static void test_unreadable_list_of_pids_fails_the_scan_and_keeps_the_table(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table first, table = {0};

    world_spawn(&rig->world, 7);
    world_render(&rig->world);
    first = scan(rig);
    rig->world.fake->list_errnum = EACCES;
    assert_int_equal(rg_process_probe_scan(rig->probe, &table, &rig->err), RG_EACCES);
    assert_null(table.procs);
    assert_non_null(strstr(rig->err.text, "listing processes"));
    rig->world.fake->list_errnum = 0;
    world_exec(world_find(&rig->world, 7), "vi");
    world_render(&rig->world);
    assert_text(scan(rig).procs[0].comm, "vi");
    assert_text(first.procs[0].comm, "app7");
    assert_text(first.procs[0].args[0], "/usr/bin/app");
}

static void test_process_that_vanishes_at_any_call_is_absent_or_has_defaults(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;

    world_spawn(&rig->world, 7);
    world_spawn(&rig->world, 8);
    world_render(&rig->world);
    rig->world.fake->vanish_pid = 7;
    for (long n = 1; n <= 8; n++) { /* status stat cmdline statm io exe cwd fd */
        const struct rg_process *p;

        rg_process_probe_destroy(rig->probe);
        rig->probe = NULL;
        open_probe(rig);
        rig->world.fake->vanish_at = rig->world.fake->calls + 1 + n;
        table = scan(rig);
        rig->world.fake->vanish_at = 0;
        p = rg_process_find(&table, 7);
        assert_int_equal(table.count, n == 1 ? 1 : 2);
        assert_non_null(rg_process_find(&table, 8));
        if (!p)
            continue;
        assert_text(p->name, "app7");
        assert_int_equal(p->stats.create_time_ms ? 1 : 0, n > 2);
        assert_int_equal(p->stats.state, 'S');
        assert_int_equal(p->arg_count, n > 3 ? 3 : 0);
        assert_int_equal(p->stats.shared_bytes, n > 4 ? 100 * 4096 : 0);
        assert_int_equal(p->stats.read_count, n > 5 ? 1 : -1);
        assert_int_equal(p->exe.len != 0, n > 6);
        assert_int_equal(p->cwd.len != 0, n > 7);
        assert_int_equal(p->stats.fd_count, -1);
    }
}

static void test_known_process_that_vanishes_on_the_way_is_absent(void **state)
{
    struct rig *rig = *state;

    world_spawn(&rig->world, 7);
    for (long n = 1; n <= 3; n++) { /* schedstat stat status */
        world_run(world_find(&rig->world, 7));
        world_render(&rig->world);
        assert_int_equal(scan(rig).count, 1);
        world_run(world_find(&rig->world, 7));
        world_render(&rig->world);
        rig->world.fake->vanish_pid = 7;
        rig->world.fake->vanish_at = rig->world.fake->calls + 1 + n;
        assert_int_equal(scan(rig).count, 0);
        rig->world.fake->vanish_at = 0;
    }
}

static void test_refused_io_and_fd_are_minus_one(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;

    world_spawn(&rig->world, 7);
    world_render(&rig->world);
    fake_procfs_set_errno(rig->world.fake, 7, "io", EACCES);
    fake_procfs_set_errno(rig->world.fake, 7, "fd", EACCES);
    fake_procfs_set_errno(rig->world.fake, 7, "exe", EACCES);
    fake_procfs_set_errno(rig->world.fake, 7, "cwd", EACCES);
    for (int i = 0; i < 2; i++) {
        table = scan(rig);
        assert_int_equal(table.procs[0].stats.read_count, -1);
        assert_int_equal(table.procs[0].stats.write_count, -1);
        assert_int_equal(table.procs[0].stats.read_bytes, -1);
        assert_int_equal(table.procs[0].stats.write_bytes, -1);
        assert_int_equal(table.procs[0].stats.fd_count, -1);
        assert_int_equal(table.procs[0].exe.len, 0);
        assert_int_equal(table.procs[0].cwd.len, 0);
    }
}

static void test_root_looks_at_no_permission(void **state)
{
    struct rig *rig = *state;

    world_spawn(&rig->world, 7);
    world_render(&rig->world);
    scan(rig);
    assert_null(strstr(fake_procfs_order(rig->world.fake), "lstat"));
}

static void test_permission_rule_of_upstream_decides_before_opening(void **state)
{
    static const struct {
        uint32_t mode, owner;
        bool allowed;
    } rows[] = {
        {0100444, 0, true},    /* others may read */
        {0100440, 0, false},   /* the group is ignored */
        {0100400, 500, true},  /* real uid */
        {0100400, 501, true},  /* effective uid */
        {0100400, 502, false}, /* somebody else */
        {0120777, 0, false},   /* a link is readable by all and says nothing */
        {0120777, 501, true},
        {0040500, 0, false},
        {0040555, 0, true},
    };
    struct rig *rig = *state;

    world_host_init(&rig->host, 501);
    rig->host.facts.uid = 500;
    rig->options.always_reread = true;
    world_spawn(&rig->world, 7);
    world_render(&rig->world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const char *const names[] = {"io", "fd", "exe", "cwd"};
        long calls[4];
        struct rg_process_table table;

        for (size_t j = 0; j < 4; j++) {
            fake_procfs_set_lstat(rig->world.fake, 7, names[j], rows[i].mode, rows[i].owner);
            calls[j] = fake_procfs_calls(rig->world.fake, 7, names[j]);
        }
        table = scan(rig);
        for (size_t j = 0; j < 4; j++)
            assert_int_equal(fake_procfs_calls(rig->world.fake, 7, names[j]) - calls[j],
                rows[i].allowed ? 1 : 0);
        assert_int_equal(table.procs[0].stats.fd_count, rows[i].allowed ? 3 : -1);
        assert_int_equal(table.procs[0].stats.read_count, rows[i].allowed ? 1 : -1);
        assert_int_equal(table.procs[0].exe.len != 0, rows[i].allowed);
    }
}

static void test_io_and_fd_that_nobody_wants_are_not_read(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;

    rig->options.collect_io_fd = false;
    world_spawn(&rig->world, 7);
    world_render(&rig->world);
    table = scan(rig);
    assert_int_equal(table.procs[0].stats.fd_count, 0);
    assert_int_equal(table.procs[0].stats.write_bytes, -1);
    assert_int_equal(fake_procfs_calls(rig->world.fake, 7, "io"), 0);
    assert_int_equal(fake_procfs_calls(rig->world.fake, 7, "fd"), 0);
}

static void test_fb05_ignored_zombies_cost_one_read_and_are_absent_everywhere(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;
    int32_t pid = 7;

    rig->options.ignore_zombies = true;
    world_spawn(&rig->world, 7)->zombie = true;
    world_spawn(&rig->world, 8);
    world_render(&rig->world);
    table = scan(rig);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.procs[0].pid, 8);
    assert_non_null(strstr(fake_procfs_order(rig->world.fake), "7/status 8/status"));
    assert_int_equal(rg_process_probe_stats(rig->probe, &pid, 1, &table, &rig->err), RG_OK);
    assert_int_equal(table.count, 0);
    world_run(world_find(&rig->world, 8));
    world_find(&rig->world, 8)->zombie = true;
    world_render(&rig->world);
    assert_int_equal(scan(rig).count, 0);
}

static void test_zombies_are_reported_unless_ignored(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;

    world_spawn(&rig->world, 7)->zombie = true;
    world_render(&rig->world);
    table = scan(rig);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.procs[0].stats.state, 'Z');
}

static void test_fb06_process_with_an_empty_argv_is_reported(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;

    world_spawn(&rig->world, 7)->args[0] = '\0';
    world_spawn(&rig->world, 8)->kernel = true;
    world_render(&rig->world);
    for (int i = 0; i < 2; i++) {
        table = scan(rig);
        assert_int_equal(table.count, 1);
        assert_int_equal(table.procs[0].arg_count, 0);
        assert_text(table.procs[0].exe, "/usr/bin/app");
        assert_text(table.procs[0].comm, "app7");
    }
}

static int64_t create_s(struct rig *rig)
{
    return scan(rig).procs[0].stats.create_time_ms / 1000;
}

static void set_boot(struct rig *rig, const char *line)
{
    fake_procfs_set_host(rig->world.fake, "stat", line);
}

static void test_fb11_corrected_clock_corrects_create_times_again_and_again(void **state)
{
    struct rig *rig = *state;
    int64_t boot_s = 1000;

    set_boot(rig, "btime 1000\n");
    world_spawn(&rig->world, 7)->start_ticks = 500;
    world_render(&rig->world);
    for (int round = 0; round < 4; round++) {
        char line[64];

        for (int i = 0; i < 6; i++) {
            assert_int_equal(create_s(rig), boot_s + 5);
            snprintf(line, sizeof(line), "btime %d\n", (int)(boot_s + 5000));
            set_boot(rig, line);
        }
        boot_s += 5000;
    }
}

static void test_boot_time_keeps_its_value_over_jitter_and_failures(void **state)
{
    static const char *const stats[] = {"btime 1001\n", "btime 999\n", "btime x\n", "", "btime\n"};
    struct rig *rig = *state;

    set_boot(rig, "btime 1000\n");
    world_spawn(&rig->world, 7)->start_ticks = 500;
    world_render(&rig->world);
    for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
        for (int j = 0; j < 6; j++)
            assert_int_equal(create_s(rig), 1005);
        set_boot(rig, stats[i]);
    }
    set_boot(rig, "btime 1002\n");
    for (int j = 0; j < 6; j++)
        create_s(rig);
    assert_int_equal(create_s(rig), 1007);
}

static void test_unknown_boot_time_counts_from_zero_until_it_is_known(void **state)
{
    struct rig *rig = *state;

    set_boot(rig, "nothing\n");
    world_spawn(&rig->world, 7)->start_ticks = 500;
    world_render(&rig->world);
    for (int j = 0; j < 6; j++)
        assert_int_equal(create_s(rig), 5);
    set_boot(rig, "btime 1\n");
    assert_int_equal(create_s(rig), 6);
}

static void test_long_command_line_is_whole_up_to_its_limit(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;
    size_t len = (size_t)200 << 10;
    char *bytes = malloc(len);
    uint64_t hash;

    assert_non_null(bytes);
    memset(bytes, 'x', len);
    world_spawn(&rig->world, 7);
    world_render(&rig->world);
    rig->options.always_reread = true;
    fake_procfs_set_bytes(rig->world.fake, 7, "cmdline", bytes, (size_t)64 << 10);
    table = scan(rig);
    assert_int_equal(table.procs[0].arg_count, 1);
    assert_int_equal(table.procs[0].args[0].len, 64 << 10);
    fake_procfs_set_bytes(rig->world.fake, 7, "cmdline", bytes, len);
    table = scan(rig);
    assert_int_equal(table.procs[0].args[0].len, RG_PROCESS_ARGS_BYTES_MAX);
    hash = table.procs[0].args_hash;
    bytes[len - 1] = 'y'; /* behind the cut, still another command line */
    fake_procfs_set_bytes(rig->world.fake, 7, "cmdline", bytes, len);
    assert_true(scan(rig).procs[0].args_hash != hash);
    for (size_t i = 1; i < len; i += 2)
        bytes[i] = '\0';
    fake_procfs_set_bytes(rig->world.fake, 7, "cmdline", bytes, len);
    assert_int_equal(scan(rig).procs[0].arg_count, RG_PROCESS_ARGS_MAX);
    free(bytes);
}

static void test_garbage_in_every_file_is_a_process_with_defaults(void **state)
{
    static const char *const names[] = {
        "status", "stat", "cmdline", "statm", "io", "schedstat", "exe", "cwd"};
    struct rig *rig = *state;
    struct rg_process_table table;

    world_spawn(&rig->world, 7);
    world_render(&rig->world);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        fake_procfs_set(rig->world.fake, 7, names[i], "\xff\x01 )( ::\n-\n");
    for (int i = 0; i < 3; i++) {
        table = scan(rig);
        assert_int_equal(table.count, 1);
        assert_int_equal(table.procs[0].uid_count, 0);
        assert_int_equal(table.procs[0].stats.create_time_ms, 0);
        assert_int_equal(table.procs[0].stats.read_count, -1);
    }
}

static void test_create_time_beyond_all_time_is_unknown(void **state)
{
    struct rig *rig = *state;

    world_spawn(&rig->world, 7)->start_ticks = UINT64_MAX;
    world_render(&rig->world);
    assert_int_equal(scan(rig).procs[0].stats.create_time_ms, 0);
}

static void test_fork_bomb_between_scans_grows_and_shrinks_the_table(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;

    for (int32_t round = 0; round < 4; round++) {
        for (int32_t i = 0; i < 50; i++)
            world_spawn(&rig->world, 100 + round * 50 + i);
        world_render(&rig->world);
        table = scan(rig);
        assert_int_equal(table.count, 50);
        assert_int_equal(table.procs[0].pid, 100 + round * 50);
        for (int32_t i = 0; i < 50; i++)
            world_kill(&rig->world, 100 + round * 50 + i);
    }
    assert_int_equal(scan(rig).count, 0);
}

static void test_statistics_of_pids_leave_out_the_vanished(void **state)
{
    static const int32_t pids[] = {9, 7, 8, 7, -3, 0};
    struct rig *rig = *state;
    struct rg_process_table table;

    world_spawn(&rig->world, 7);
    world_spawn(&rig->world, 9)->fds = 12;
    world_render(&rig->world);
    open_probe(rig); /* no full scan came before */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rg_process_probe_stats(rig->probe, pids, 6, &table, &rig->err), RG_OK);
        assert_int_equal(table.count, 2);
        assert_int_equal(table.procs[0].pid, 7);
        assert_int_equal(table.procs[1].stats.fd_count, 12);
        assert_int_equal(table.procs[1].stats.rss_bytes, 300 * 4096);
    }
    assert_int_equal(fake_procfs_calls(rig->world.fake, 7, "cmdline"), 0);
    assert_int_equal(fake_procfs_calls(rig->world.fake, 7, "exe"), 0);
}

int main(void)
{
#define PROBE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        PROBE_TEST(test_scan_reports_every_field_of_a_process),
        PROBE_TEST(test_table_is_ascending_and_find_finds),
        PROBE_TEST(test_unreadable_list_of_pids_fails_the_scan_and_keeps_the_table),
        PROBE_TEST(test_process_that_vanishes_at_any_call_is_absent_or_has_defaults),
        PROBE_TEST(test_known_process_that_vanishes_on_the_way_is_absent),
        PROBE_TEST(test_refused_io_and_fd_are_minus_one),
        PROBE_TEST(test_root_looks_at_no_permission),
        PROBE_TEST(test_permission_rule_of_upstream_decides_before_opening),
        PROBE_TEST(test_io_and_fd_that_nobody_wants_are_not_read),
        PROBE_TEST(test_fb05_ignored_zombies_cost_one_read_and_are_absent_everywhere),
        PROBE_TEST(test_zombies_are_reported_unless_ignored),
        PROBE_TEST(test_fb06_process_with_an_empty_argv_is_reported),
        PROBE_TEST(test_fb11_corrected_clock_corrects_create_times_again_and_again),
        PROBE_TEST(test_boot_time_keeps_its_value_over_jitter_and_failures),
        PROBE_TEST(test_unknown_boot_time_counts_from_zero_until_it_is_known),
        PROBE_TEST(test_long_command_line_is_whole_up_to_its_limit),
        PROBE_TEST(test_garbage_in_every_file_is_a_process_with_defaults),
        PROBE_TEST(test_create_time_beyond_all_time_is_unknown),
        PROBE_TEST(test_fork_bomb_between_scans_grows_and_shrinks_the_table),
        PROBE_TEST(test_statistics_of_pids_leave_out_the_vanished),
    };

    return cmocka_run_group_tests_name("process_probe", tests, NULL, NULL);
}
