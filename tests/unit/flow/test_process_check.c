#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_fixture.h"

#include <string.h>

static const struct rg_process_run standard = {.standard = true};
static const struct rg_process_run realtime = {.realtime = true};
static const struct rg_process_run both = {.standard = true, .realtime = true};

/* Check and what its runs share. */
struct bench {
    struct fixture f;
    struct rg_process_check *check;
    struct rg_group_counter groups;
    struct rg_process_result result;
};

static void bench_init(struct bench *b, const struct rg_process_check_options *options)
{
    memset(b, 0, sizeof(*b));
    fixture_init(&b->f, NULL, NULL);
    b->check = fixture_check(&b->f, options);
}

static void bench_finish(struct bench *b)
{
    rg_process_result_finish(&b->result);
    rg_process_check_destroy(b->check);
    fixture_finish(&b->f);
}

static void run(struct bench *b, struct rg_process_run what)
{
    struct rg_err err = {0};
    enum rg_status st = rg_process_check_run(b->check, what, &b->groups, &b->result, &err);

    if (st != RG_OK)
        fail_msg("run failed: %s", rg_err_text(&err, st));
}

static void test_first_run_only_remembers(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, NULL);
    fake_host_add(&b.f.host, 10, "app", "x");
    run(&b, standard);
    assert_int_equal(b.result.standard.count, 0);
    assert_int_equal(b.result.seen, 1);
    assert_false(b.result.counted);
    assert_int_equal(b.groups.last, 1);
    bench_finish(&b);
}

static void test_second_run_publishes_rates_of_known_processes(void **state)
{
    struct bench b;
    standard_message *m;

    (void)state;
    bench_init(&b, NULL);
    fake_host_add(&b.f.host, 20, "app", "--password=x");
    fake_host_add(&b.f.host, 10, "other", NULL);
    run(&b, standard);
    fixture_pass(&b.f, 10);
    b.f.host.procs[0].utime += 50;
    b.f.host.procs[0].read_bytes += 500;
    b.f.host.cpu_ticks += 1000;
    fake_host_add(&b.f.host, 30, "new", NULL);
    run(&b, standard);
    assert_int_equal(b.result.seen, 3);
    assert_int_equal(b.result.standard.count, 1);
    assert_int_equal(b.result.process_count, 2);
    m = decode_standard(&b.result.standard.items[0]);
    assert_int_equal(m->n_processes, 2);
    assert_int_equal(m->groupid, 2);
    assert_int_equal(m->groupsize, 1);
    assert_int_equal(m->hintmask, 1);
    assert_int_equal(m->processes[0]->pid, 10);
    assert_int_equal(m->processes[1]->pid, 20);
    assert_string_equal(m->processes[1]->command->args[1], "--password=********");
    assert_string_equal(m->processes[1]->user->name, "user5");
    assert_true(m->processes[1]->cpu->userpct == 20.0f); /* 5 % of the host, four CPUs */
    assert_true(m->processes[1]->iostat->readbytesrate == 50.0f);
    datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    bench_finish(&b);
}

static void test_fb04_counters_that_decrease_give_no_negative_rates(void **state)
{
    struct bench b;
    standard_message *m;

    (void)state;
    bench_init(&b, NULL);
    fake_host_add(&b.f.host, 20, "app", NULL)->utime = 1200;
    run(&b, standard);
    fixture_pass(&b.f, 10);
    b.f.host.procs[0].utime = 1198;
    b.f.host.cpu_ticks += 1000;
    run(&b, standard);
    m = decode_standard(&b.result.standard.items[0]);
    assert_true(m->processes[0]->cpu->userpct == 0.0f);
    assert_true(m->processes[0]->cpu->totalpct == 0.0f);
    datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    bench_finish(&b);
}

static void test_a_wall_clock_stepped_back_gives_no_io_rates(void **state)
{
    struct bench b;
    standard_message *m;

    (void)state;
    bench_init(&b, NULL);
    fake_host_add(&b.f.host, 20, "app", NULL);
    run(&b, standard);
    fixture_pass(&b.f, 10);
    rg_sim_runtime_step_wall(b.f.runtime, -60 * RG_NS_PER_S);
    b.f.host.procs[0].read_bytes += 5000;
    b.f.host.procs[0].utime += 100;
    b.f.host.cpu_ticks += 1000;
    run(&b, standard);
    m = decode_standard(&b.result.standard.items[0]);
    assert_true(m->processes[0]->iostat->readbytesrate == 0.0f);
    assert_true(m->processes[0]->cpu->userpct > 0.0f);
    datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    bench_finish(&b);
}

static void test_a_reused_pid_counts_from_its_own_start(void **state)
{
    struct bench b;
    standard_message *m;
    struct fake_process *p;

    (void)state;
    bench_init(&b, NULL);
    p = fake_host_add(&b.f.host, 20, "old", "x");
    p->utime = 40;
    run(&b, standard);
    fixture_pass(&b.f, 10);
    p->args[0] = "new";
    p->args[1] = NULL;
    p->uid = 8;
    p->start_ticks = 1900;
    p->utime = 50; /* more than the old one had: no negative difference gives it away */
    p->read_bytes = 500000;
    b.f.host.cpu_ticks += 1000;
    run(&b, standard);
    m = decode_standard(&b.result.standard.items[0]);
    assert_int_equal(m->n_processes, 1);
    assert_int_equal(m->processes[0]->pid, 20);
    assert_int_equal(m->processes[0]->createtime, INT64_C(1700000019000));
    assert_int_equal(m->processes[0]->command->n_args, 1);
    assert_string_equal(m->processes[0]->command->args[0], "new");
    assert_string_equal(m->processes[0]->user->name, "user8");
    assert_true(m->processes[0]->cpu->userpct == 20.0f);
    assert_true(m->processes[0]->iostat->readbytesrate == 0.0f);
    datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    bench_finish(&b);
}

static void test_hints_come_with_every_sixtieth_published_run(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, NULL);
    fake_host_add(&b.f.host, 20, "app", NULL);
    run(&b, standard);
    for (int i = 0; i < 121; i++) {
        standard_message *m;

        fixture_pass(&b.f, 10);
        run(&b, standard);
        m = decode_standard(&b.result.standard.items[0]);
        assert_int_equal(m->hintmask, i % 60 == 0);
        assert_int_equal(m->hints_case, DATADOG__PROCESS_AGENT__COLLECTOR_PROC__HINTS_HINT_MASK);
        datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    }
    bench_finish(&b);
}

static void test_fb01_no_process_for_real_time_gives_no_message(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, NULL);
    run(&b, both);
    run(&b, both);
    assert_int_equal(b.result.standard.count, 0);
    assert_int_equal(b.result.realtime.count, 0);
    run(&b, realtime); /* no pids known */
    assert_int_equal(b.result.realtime.count, 0);
    fake_host_add(&b.f.host, 20, "app", NULL);
    run(&b, both); /* none survives the baseline */
    assert_int_equal(b.result.realtime.count, 0);
    bench_finish(&b);
}

static void test_fb03_one_shot_runs_put_everything_in_one_message(void **state)
{
    struct rg_process_run once = {.standard = true, .realtime = true, .no_chunking = true};
    struct bench b;
    standard_message *m;

    (void)state;
    bench_init(&b, NULL);
    for (int32_t i = 1; i <= 250; i++)
        fake_host_add(&b.f.host, i, "app", NULL);
    run(&b, once);
    run(&b, once);
    assert_int_equal(b.result.standard.count, 1);
    assert_int_equal(b.result.realtime.count, 1);
    m = decode_standard(&b.result.standard.items[0]);
    assert_int_equal(m->n_processes, 250);
    datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    bench_finish(&b);
}

static void test_messages_of_one_run_share_group_and_size(void **state)
{
    struct bench b;
    size_t sum = 0;

    (void)state;
    bench_init(&b, NULL);
    for (int32_t i = 1; i <= 250; i++)
        fake_host_add(&b.f.host, i, "app", NULL);
    run(&b, both);
    run(&b, both);
    assert_int_equal(b.result.standard.count, 3);
    assert_int_equal(b.result.realtime.count, 3);
    for (size_t i = 0; i < 3; i++) {
        standard_message *m = decode_standard(&b.result.standard.items[i]);
        realtime_message *r = decode_realtime(&b.result.realtime.items[i]);

        assert_int_equal(m->groupid, 2);
        assert_int_equal(m->groupsize, 3);
        assert_int_equal(r->groupid, 2);
        assert_int_equal(r->groupsize, 3);
        assert_int_equal(r->n_stats, m->n_processes);
        sum += m->n_processes;
        datadog__process_agent__collector_proc__free_unpacked(m, NULL);
        datadog__process_agent__collector_real_time__free_unpacked(r, NULL);
    }
    assert_int_equal(sum, 250);
    bench_finish(&b);
}

static void test_hidden_processes_and_zombies_are_left_out(void **state)
{
    struct rg_process_check_options o = rg_process_check_defaults();
    const struct rg_str patterns[] = {RG_STR_LIT("^hidden "), RG_STR_LIT("[")};
    struct bench b;
    standard_message *m;

    (void)state;
    o.disallow = patterns;
    o.disallow_count = 2;
    o.ignore_zombies = true;
    bench_init(&b, &o);
    fake_host_add(&b.f.host, 1, "hidden", "x");
    fake_host_add(&b.f.host, 2, "shown", "x");
    fake_host_add(&b.f.host, 3, "dead", "x")->state = 'Z';
    run(&b, standard);
    run(&b, standard);
    m = decode_standard(&b.result.standard.items[0]);
    assert_int_equal(m->n_processes, 1);
    assert_int_equal(m->processes[0]->pid, 2);
    datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    bench_finish(&b);
}

static void test_real_time_runs_report_pids_of_the_last_scan(void **state)
{
    struct bench b;
    realtime_message *m;

    (void)state;
    bench_init(&b, NULL);
    fake_host_add(&b.f.host, 5, "app", NULL);
    run(&b, standard);
    run(&b, realtime); /* only the baseline */
    assert_int_equal(b.result.realtime.count, 0);
    fixture_pass(&b.f, 2);
    fake_host_add(&b.f.host, 6, "unseen", NULL);
    b.f.host.procs[0].read_bytes += 100;
    b.f.host.cpu_ticks += 1000;
    run(&b, realtime);
    m = decode_realtime(&b.result.realtime.items[0]);
    assert_int_equal(m->n_stats, 1);
    assert_int_equal(m->stats[0]->pid, 5);
    assert_true(m->stats[0]->iostat->readbytesrate == 50.0f);
    datadog__process_agent__collector_real_time__free_unpacked(m, NULL);
    bench_finish(&b);
}

static void test_failed_runs_leave_the_baseline_alone(void **state)
{
    struct bench b;
    struct rg_err err = {0};

    (void)state;
    bench_init(&b, NULL);
    fake_host_add(&b.f.host, 5, "app", NULL);
    run(&b, standard);
    b.f.host.no_cpu_line = true;
    assert_int_equal(
        rg_process_check_run(b.check, standard, &b.groups, &b.result, &err), RG_EINVALID);
    assert_string_equal(err.text, "empty CPU time information returned");
    b.f.host.no_cpu_line = false;
    b.f.host.no_pids = true;
    assert_int_equal(rg_process_check_run(b.check, standard, &b.groups, &b.result, &err), RG_EIO);
    b.f.host.no_pids = false;
    run(&b, standard);
    assert_int_equal(b.result.standard.count, 1);
    bench_finish(&b);
}

static void test_run_without_options_uses_no_group(void **state)
{
    struct rg_process_run none = {0};
    struct bench b;
    struct rg_err err = {0};

    (void)state;
    bench_init(&b, NULL);
    assert_int_equal(rg_process_check_run(b.check, none, &b.groups, &b.result, &err), RG_EINVALID);
    assert_string_equal(err.text, "invalid run options for check");
    assert_int_equal(b.groups.last, 0);
    b.groups.last = INT32_MAX;
    run(&b, standard);
    assert_int_equal(b.groups.last, INT32_MIN);
    bench_finish(&b);
}

static void test_fb20_user_names_and_failures_are_kept_for_an_hour(void **state)
{
    struct rg_process_check_options o = rg_process_check_defaults();
    struct bench b;

    (void)state;
    o.cache_user_names = true;
    bench_init(&b, &o);
    b.f.host.users_unknown = true;
    fake_host_add(&b.f.host, 5, "app", NULL);
    fake_host_add(&b.f.host, 6, "app", NULL);
    run(&b, standard);
    for (int i = 0; i < 5; i++) {
        fixture_pass(&b.f, 600);
        run(&b, standard);
    }
    assert_int_equal(b.f.host.user_lookups, 1);
    fixture_pass(&b.f, 3000);
    run(&b, standard);
    assert_int_equal(b.f.host.user_lookups, 2);
    bench_finish(&b);
}

static void test_limits_out_of_range_fall_back_to_the_defaults(void **state)
{
    struct rg_process_check_options o = rg_process_check_defaults();
    struct bench b;
    const struct rg_output *line;

    (void)state;
    o.max_per_message = 10001;
    o.max_message_bytes = 0;
    o.hint_frequency = 0;
    bench_init(&b, &o);
    assert_int_equal(rg_sim_sink_count(b.f.sink), 3);
    line = rg_sim_sink_at(b.f.sink, 0);
    assert_non_null(memmem(line->payload.ptr, line->payload.len,
        "Invalid max item count per message (10001), using default value of 100", 70));
    for (int32_t i = 1; i <= 101; i++)
        fake_host_add(&b.f.host, i, "app", NULL);
    run(&b, standard);
    run(&b, standard);
    assert_int_equal(b.result.standard.count, 2);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_run_only_remembers),
        cmocka_unit_test(test_second_run_publishes_rates_of_known_processes),
        cmocka_unit_test(test_fb04_counters_that_decrease_give_no_negative_rates),
        cmocka_unit_test(test_a_wall_clock_stepped_back_gives_no_io_rates),
        cmocka_unit_test(test_a_reused_pid_counts_from_its_own_start),
        cmocka_unit_test(test_hints_come_with_every_sixtieth_published_run),
        cmocka_unit_test(test_fb01_no_process_for_real_time_gives_no_message),
        cmocka_unit_test(test_fb03_one_shot_runs_put_everything_in_one_message),
        cmocka_unit_test(test_messages_of_one_run_share_group_and_size),
        cmocka_unit_test(test_hidden_processes_and_zombies_are_left_out),
        cmocka_unit_test(test_real_time_runs_report_pids_of_the_last_scan),
        cmocka_unit_test(test_failed_runs_leave_the_baseline_alone),
        cmocka_unit_test(test_run_without_options_uses_no_group),
        cmocka_unit_test(test_fb20_user_names_and_failures_are_kept_for_an_hour),
        cmocka_unit_test(test_limits_out_of_range_fall_back_to_the_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
