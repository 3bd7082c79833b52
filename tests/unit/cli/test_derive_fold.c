#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "derive_write.h"

#include "rg/sim_scenario.h"

#define HZ          100
#define UP_S        1000 /* uptime at the start */
#define SCANNED_MAX 64

/* What a scan finds of one process. */
struct scanned {
    int32_t pid;
    const char *comm, *cmdline; /* one argument */
    double born_s;              /* since the start of the run */
    uint64_t ticks, rss_kib;
    uint32_t uid;
    char state;
    bool gone; /* listed, but not there any more */
};

struct capture {
    struct derive d;
    struct derive_fold fold;
    struct derive_reader *reader;
    struct rg_err err;
    int64_t now_ns;
};

static void take(struct capture *c, struct rg_effect effect)
{
    effect.mono.ns = INT64_C(5000000000) + c->now_ns;
    effect.wall.ns = INT64_C(1000000) * RG_NS_PER_S + c->now_ns;
    assert_int_equal(derive_reader_take(c->reader, &effect, &c->err), RG_OK);
}

static void begin(struct capture *c)
{
    *c = (struct capture){.now_ns = 0};
    assert_int_equal(derive_reader_create(&c->d, &c->reader, &c->err), RG_OK);
    take(c, (struct rg_effect){.kind = RG_EFFECT_FACTS,
                .content = RG_STR_LIT("hostname=h\nclock_ticks_per_s=100\npage_size_bytes=4096\n"
                                      "cpu_count=4\nagent_pid=1\n")});
    take(c, (struct rg_effect){.kind = RG_EFFECT_HOST_READ,
                .name = RG_STR_LIT("stat"),
                .content = RG_STR_LIT("cpu 1 2 3 4\nbtime 999000\n")});
}

static void read_file(struct capture *c, int32_t pid, const char *name, const char *text)
{
    take(c, (struct rg_effect){.kind = RG_EFFECT_READ,
                .pid = pid,
                .name = rg_str_from(name),
                .content = rg_str_from(text)});
}

static void visit(struct capture *c, const struct scanned *p)
{
    char text[512];

    if (p->gone) {
        take(c, (struct rg_effect){.kind = RG_EFFECT_READ,
                    .pid = p->pid,
                    .name = RG_STR_LIT("status"),
                    .status = RG_ENOTFOUND});
        return;
    }
    snprintf(text, sizeof(text),
        "Name:\t%s\nState:\t%c\nUid:\t%u\t0\t0\t0\nGid:\t0\t0\t0\t0\nVmRSS:\t%llu "
        "kB\nThreads:\t1\n",
        p->comm, p->state ? p->state : 'S', p->uid, (unsigned long long)p->rss_kib);
    read_file(c, p->pid, "status", text);
    snprintf(text, sizeof(text),
        "%d (%s) %c 1 1 1 0 -1 4194304 0 0 0 0 %llu 0 0 0 20 0 1 0 %llu 0 0\n", p->pid, p->comm,
        p->state ? p->state : 'S', (unsigned long long)p->ticks,
        (unsigned long long)((UP_S + p->born_s) * HZ));
    read_file(c, p->pid, "stat", text);
    read_file(c, p->pid, "cmdline", p->cmdline);
}

static void scan(struct capture *c, int64_t at_s, const struct scanned *found, size_t count)
{
    int32_t pids[SCANNED_MAX];

    assert_true(count <= SCANNED_MAX);
    c->now_ns = at_s * RG_NS_PER_S;
    for (size_t i = 0; i < count; i++)
        pids[i] = found[i].pid;
    take(c, (struct rg_effect){.kind = RG_EFFECT_MARK, .name = RG_STR_LIT("process")});
    take(c, (struct rg_effect){
                .kind = RG_EFFECT_LIST, .content = {(const char *)pids, count * sizeof(*pids)}});
    for (size_t i = 0; i < count; i++)
        visit(c, &found[i]);
}

static void fold(struct capture *c)
{
    assert_int_equal(derive_reader_end(c->reader, &c->err), RG_OK);
    assert_int_equal(derive_grid(&c->d), RG_OK);
    assert_int_equal(derive_fold(&c->fold, &c->d, &c->err), RG_OK);
}

/* The file, which must be a scenario; it holds all of the texts up to NULL. */
static void assert_written(struct capture *c, const char *const *parts)
{
    const struct derive_file file = {.capture = "x", .name = "x", .words_max = DERIVE_WORDS_MAX};
    struct derive_losses losses;
    struct rg_scenario *made;
    struct rg_buf out;

    rg_buf_init(&out, (size_t)1 << 20);
    assert_int_equal(derive_write(&c->d, &c->fold, &file, &out, &losses), RG_OK);
    assert_int_equal(rg_scenario_parse("x", rg_str_buf(&out), &made, &c->err), RG_OK);
    rg_scenario_destroy(made);
    assert_int_equal(rg_buf_byte(&out, 0), RG_OK);
    for (size_t i = 0; parts[i]; i++) {
        if (!strstr((const char *)out.data, parts[i]))
            fail_msg("'%s' is missing in\n%s", parts[i], (const char *)out.data);
    }
    rg_buf_finish(&out);
}

static void end(struct capture *c)
{
    derive_reader_destroy(c->reader);
    derive_fold_finish(&c->fold);
    derive_finish(&c->d);
}

static void test_equal_processes_become_one_item(void **state)
{
    struct capture c;

    (void)state;
    begin(&c);
    for (int64_t i = 0; i < 4; i++) {
        const uint64_t ticks = (uint64_t)i * 50;

        scan(&c, i * 10,
            (const struct scanned[]){
                {10, "w", "/w", -500, ticks, 4096, 0, 0, false},
                {11, "w", "/w", -400, ticks + (uint64_t)i % 2, 4096, 0, 0, false},
                {12, "w", "/w", -400, ticks * 3, 4096, 0, 0, false},
                {13, "w", "/w", -400, ticks, 9000, 0, 0, false},
                {14, "w", "/w", -400, ticks, 4096, 5, 0, false},
            },
            5);
    }
    take(&c, (struct rg_effect){.kind = RG_EFFECT_OUTPUT,
                 .name = RG_STR_LIT("payload"),
                 .detail = RG_STR_LIT("process\nx: y")});
    fold(&c);
    assert_int_equal(c.fold.kind_count, 4);
    assert_int_equal(c.fold.kinds[0].count, 2);
    assert_written(&c, (const char *const[]){"count: 2", "cpu: \"0|5\"", "pid: 12", "cpu: \"0|15\"",
                           "rss_kib: \"9000\"", "uid: 5", "length == 5", NULL});
    end(&c);
}

static void test_life_of_a_process_lies_between_scans(void **state)
{
    const struct scanned init = {1, "init", "/init", -1000, 0, 4096, 0, 0, false};
    const struct scanned late = {9, "late", "/late", 12.5, 0, 4096, 0, 0, false};
    struct capture c;

    (void)state;
    begin(&c);
    scan(&c, 0, &init, 1);
    scan(&c, 10, &init, 1);
    scan(&c, 20, (const struct scanned[]){init, late}, 2);
    scan(&c, 30, (const struct scanned[]){init, late}, 2);
    scan(&c, 40, &init, 1);
    fold(&c);
    assert_int_equal(c.d.process_count, 2);
    assert_int_equal(c.d.step_ns, 10 * RG_NS_PER_S);
    assert_int_equal(c.d.uptime_ns, UP_S * RG_NS_PER_S);
    assert_int_equal(c.d.processes[1].start_ns, INT64_C(12500000000));
    assert_int_equal(c.d.processes[1].stop_ns, 35 * RG_NS_PER_S);
    assert_written(&c, (const char *const[]){"start: 12s500ms, stop: 35s", NULL});
    end(&c);
}

static void test_pid_that_is_given_out_again_is_another_process(void **state)
{
    struct capture c;

    (void)state;
    begin(&c);
    scan(&c, 0, &(struct scanned){7, "a", "/a", -5, 900, 4096, 0, 0, false}, 1);
    scan(&c, 10, &(struct scanned){7, "b", "/b", 3, 20, 4096, 0, 0, false}, 1);
    scan(&c, 20, &(struct scanned){7, "b", "/b", 3, 20, 4096, 0, 0, false}, 1);
    fold(&c);
    assert_int_equal(c.d.process_count, 2);
    assert_int_equal(c.d.processes[0].stop_ns, c.d.processes[1].start_ns);
    assert_int_equal(c.d.processes[1].start_ns, 3 * RG_NS_PER_S);
    end(&c);
}

static void test_new_program_of_a_process_is_an_exec(void **state)
{
    struct capture c;

    (void)state;
    begin(&c);
    scan(&c, 0, &(struct scanned){7, "sh", "/sh", -5, 0, 4096, 0, 0, false}, 1);
    scan(&c, 10, &(struct scanned){7, "vi", "/vi", -5, 0, 4096, 8, 0, false}, 1);
    scan(&c, 20, &(struct scanned){7, "vi", "/vi", -5, 0, 4096, 8, 0, false}, 1);
    fold(&c);
    assert_int_equal(c.d.process_count, 1);
    assert_written(&c, (const char *const[]){"exec: {at: 10s, name: vi, args: [/vi]}",
                           "setuid: {at: 10s, uid: 8, gid: 0}", NULL});
    end(&c);
}

static void test_process_that_dies_under_our_eyes_is_a_zombie(void **state)
{
    struct capture c;

    (void)state;
    begin(&c);
    scan(&c, 0, &(struct scanned){7, "a", "/a", -5, 0, 4096, 0, 0, false}, 1);
    scan(&c, 10, &(struct scanned){7, "a", "", -5, 0, 0, 0, 'Z', false}, 1);
    scan(&c, 20, &(struct scanned){7, "a", "", -5, 0, 0, 0, 'Z', true}, 1);
    fold(&c);
    assert_written(&c, (const char *const[]){"args: [/a]", "stop: 5s, zombie: 10s", NULL});
    end(&c);
}

static void test_unreadable_process_that_comes_back_is_the_same(void **state)
{
    const struct scanned there = {7, "a", "/a", -5, 0, 4096, 0, 0, false};
    const struct scanned hidden = {7, "a", "/a", -5, 0, 4096, 0, 0, true};
    struct capture c;

    (void)state;
    begin(&c);
    scan(&c, 0, &there, 1);
    scan(&c, 10, &hidden, 1);
    scan(&c, 20, &there, 1);
    fold(&c);
    assert_int_equal(c.d.process_count, 1);
    assert_int_equal(c.d.processes[0].gone_frame, DERIVE_NEVER);
    end(&c);
}

/* Each lives for one second, 20 at once, so that 20 begin each second. */
static void test_short_lives_become_a_crowd(void **state)
{
    struct scanned found[20];
    struct capture c;

    (void)state;
    begin(&c);
    for (int32_t i = 0; i < 10; i++) {
        for (int32_t k = 0; k < 20; k++)
            found[k] = (struct scanned){100 + i * 20 + k, "job", k % 2 ? "/job1" : "/job22",
                (double)(i * 10) - (k + 0.5) * 13 / 12 / 20, 2, 4096, 0, 0, false};
        scan(&c, i * 10, found, i % 3 == 1 ? 10 : 20);
    }
    fold(&c);
    assert_int_equal(c.fold.crowd_count, 1);
    assert_int_equal(c.fold.kind_count, 0);
    assert_false(c.fold.crowds[0].respawn);
    assert_in_range(c.fold.crowds[0].life_ns, 8 * RG_NS_PER_S / 10, 11 * RG_NS_PER_S / 10);
    assert_in_range(c.fold.crowds[0].spawn_per_ks, 15000, 21000);
    assert_written(&c, (const char *const[]){"args: [\"/job{copy}\"]", "count: -1", NULL});
    end(&c);
}

static void test_as_many_at_any_time_are_replaced_ones(void **state)
{
    struct scanned found[20];
    struct capture c;

    (void)state;
    begin(&c);
    for (int32_t i = 0; i < 10; i++) {
        for (int32_t k = 0; k < 20; k++)
            found[k] = (struct scanned){
                100 + k, "job", "/job", (double)(i * 10) - 1 - 0.01 * k, 2, 4096, 0, 0, false};
        scan(&c, i * 10, found, 20);
    }
    fold(&c);
    assert_int_equal(c.fold.crowd_count, 1);
    assert_written(
        &c, (const char *const[]){"count: 20", "respawn: true", "reuse_pids: true", NULL});
    end(&c);
}

static void test_service_that_ends_is_no_crowd(void **state)
{
    struct scanned found[20];
    struct capture c;

    (void)state;
    begin(&c);
    for (int32_t k = 0; k < 20; k++)
        found[k] = (struct scanned){100 + k, "srv", "/srv", -500, 2, 4096, 0, 0, false};
    scan(&c, 0, found, 20);
    scan(&c, 10, found, 0);
    scan(&c, 20, found, 0);
    scan(&c, 30, found, 0);
    fold(&c);
    assert_int_equal(c.fold.crowd_count, 0);
    assert_int_equal(c.fold.kind_count, 1);
    assert_written(&c, (const char *const[]){"count: 20", "stop: 5s", NULL});
    end(&c);
}

static void test_settings_of_all_sources_are_carried_over(void **state)
{
    struct capture c;

    (void)state;
    begin(&c);
    take(&c, (struct rg_effect){.kind = RG_EFFECT_DOCUMENT,
                 .name = RG_STR_LIT("datadog.yaml"),
                 .content = RG_STR_LIT("api_key: x\nprocess_config:\n  intervals: {process: 2}\n"
                                       "  blacklist_patterns: [a, 'b c']\n")});
    take(&c, (struct rg_effect){.kind = RG_EFFECT_ENV,
                 .name = RG_STR_LIT("DD_PROCESS_CONFIG_QUEUE_SIZE"),
                 .content = RG_STR_LIT("9")});
    take(&c, (struct rg_effect){.kind = RG_EFFECT_DOCUMENT,
                 .name = RG_STR_LIT("options"),
                 .content = RG_STR_LIT("process_config.intervals.process: 5\nrun.for: 20s\n"
                                       "run.checks: [process, rtprocess]\n")});
    scan(&c, 0, NULL, 0);
    c.now_ns = 20 * RG_NS_PER_S;
    take(&c, (struct rg_effect){.kind = RG_EFFECT_END});
    fold(&c);
    assert_written(&c,
        (const char *const[]){"process_config.intervals.process: \"5\"",
            "process_config.blacklist_patterns: [a, \"b c\"]", "process_config.queue_size: \"9\"",
            "run: {for: 20s, checks: [process, rtprocess]}", NULL});
    assert_null(derive_config_get(&c.d, "api_key"));
    end(&c);
}

static void test_a_file_that_is_too_large_is_told(void **state)
{
    const struct derive_file file = {.capture = "x", .name = "x", .words_max = DERIVE_WORDS_MAX};
    struct derive_losses losses;
    struct capture c;
    struct rg_buf out;

    (void)state;
    begin(&c);
    scan(&c, 0, &(struct scanned){7, "sh", "/sh", -5, 0, 4096, 0, 0, false}, 1);
    fold(&c);
    rg_buf_init(&out, 100);
    assert_int_equal(derive_write(&c.d, &c.fold, &file, &out, &losses), RG_ETOOBIG);
    rg_buf_finish(&out);
    end(&c);
}

static void test_late_scans_leave_the_count_open(void **state)
{
    const struct scanned found[] = {{1, "a", "/a", -9, 0, 4096, 0, 0, false},
        {2, "b", "/b", 2.5, 0, 4096, 0, 0, false}, {3, "c", "/c", 15, 0, 4096, 0, 0, false}};
    uint64_t least, most;

    (void)state;
    for (int late = 0; late < 2; late++) {
        struct capture c;

        begin(&c);
        scan(&c, 0, found, 1);
        scan(&c, 2 + late, found, 1 + (size_t)late);
        scan(&c, 12, found, 2);
        scan(&c, 22, found, 3);
        fold(&c);
        assert_int_equal(derive_punctual(&c.d), !late);
        derive_expect_count(&c.fold, &c.d, false, &least, &most);
        assert_int_equal(least, late ? 1 : 2);
        assert_int_equal(most, late ? 3 : 2);
        end(&c);
    }
}

static void test_hostile_numbers_make_a_valid_file(void **state)
{
    struct capture c;

    (void)state;
    begin(&c);
    read_file(&c, 5, "stat", "5 (x) S"); /* before any scan */
    scan(
        &c, 0, &(struct scanned){INT32_MAX, "", "\xff\x01", 1e17, UINT64_MAX, 1, 0, 'Q', false}, 1);
    scan(&c, INT64_C(9000000000), &(struct scanned){INT32_MAX, "", "\xff", 1e17, 1, 1, 0, 0, false},
        1);
    fold(&c);
    assert_written(&c, (const char *const[]){"name: \"?\"", NULL});
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_processes_become_one_item),
        cmocka_unit_test(test_life_of_a_process_lies_between_scans),
        cmocka_unit_test(test_pid_that_is_given_out_again_is_another_process),
        cmocka_unit_test(test_new_program_of_a_process_is_an_exec),
        cmocka_unit_test(test_process_that_dies_under_our_eyes_is_a_zombie),
        cmocka_unit_test(test_unreadable_process_that_comes_back_is_the_same),
        cmocka_unit_test(test_short_lives_become_a_crowd),
        cmocka_unit_test(test_as_many_at_any_time_are_replaced_ones),
        cmocka_unit_test(test_service_that_ends_is_no_crowd),
        cmocka_unit_test(test_settings_of_all_sources_are_carried_over),
        cmocka_unit_test(test_a_file_that_is_too_large_is_told),
        cmocka_unit_test(test_late_scans_leave_the_count_open),
        cmocka_unit_test(test_hostile_numbers_make_a_valid_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
