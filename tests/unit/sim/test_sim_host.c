/* What single processes and the host look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_world_rig.h"

static const char *const web_args[] = {"/usr/bin/web", "--port={copy}", "--token=abc{pid}"};

static void test_files_say_what_the_spec_says(void **state)
{
    struct world_rig rig;
    struct rg_err err;
    int64_t fds = 0;
    const char *text;

    (void)state;
    rig_open(&rig, RG_SIM_HOST_OPTIONS);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "init", .cwd = "/", .start_ns = INT64_MIN});
    rig_add(&rig, (struct rg_sim_process_spec){.name = "web-server-{copy}-long",
                      .args = web_args,
                      .arg_count = 3,
                      .cwd = "/srv/{copy}",
                      .uid = 33,
                      .gid = 34,
                      .user = "www",
                      .threads = 3,
                      .nice = -5,
                      .rss = series("20480"),
                      .fds = series("17"),
                      .count = 2});
    assert_string_equal(rig_text(&rig, 3, "comm"), "web-server-1-lo\n");
    text = rig_text(&rig, 3, "cmdline");
    assert_memory_equal(text, "/usr/bin/web\0--port=1\0--token=abc3\0", 36);
    assert_int_equal(rig.buf.len, 36); /* with the NUL of rig_text */
    text = rig_text(&rig, 3, "stat");
    assert_int_equal(strncmp(text, "3 (web-server-1-lo) S 1 3 3 0 -1 4194304 ", 41), 0);
    assert_int_equal(stat_field(text, 18), 15);
    assert_int_equal((int64_t)stat_field(text, 19), -5);
    assert_int_equal(stat_field(text, 20), 3);
    assert_int_equal(stat_field(text, 24), 20480 / 4);
    assert_int_equal(stat_field(text, 22), INT64_C(31) * 86400 * 100);
    text = rig_text(&rig, 3, "status");
    assert_int_equal(after(text, "VmRSS:\t"), 20480);
    assert_int_equal(after(text, "Uid:\t"), 33);
    assert_int_equal(after(text, "Gid:\t"), 34);
    assert_int_equal(after(text, "Threads:\t"), 3);
    assert_int_equal(after(text, "NSpid:\t"), 3);
    assert_int_equal(rg_procfs_read_link(rig.fs, 3, "cwd", &rig.buf, &err), RG_OK);
    assert_memory_equal(rig.buf.data, "/srv/1", 6);
    assert_int_equal(rg_procfs_read_link(rig.fs, 3, "exe", &rig.buf, &err), RG_OK);
    assert_memory_equal(rig.buf.data, "/usr/bin/web", 12);
    assert_int_equal(rg_procfs_count_fds(rig.fs, 3, &fds, &err), RG_OK);
    assert_int_equal(fds, 17);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 22), 0);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 4), 0);
    assert_null(rig_text(&rig, 4, "stat"));
    assert_null(rig_text(&rig, 3, "maps"));
    assert_null(rig_text(&rig, 0, "net/route"));
    rig_close(&rig);
}

static void test_zombies_and_kernel_threads_have_no_memory(void **state)
{
    struct world_rig rig;
    struct rg_err err;
    const char *text;

    (void)state;
    rig_open(&rig, RG_SIM_HOST_OPTIONS);
    rig_add(&rig, (struct rg_sim_process_spec){
                      .name = "dead", .state = 'Z', .args = web_args, .arg_count = 1});
    rig_add(&rig, (struct rg_sim_process_spec){
                      .name = "kthreadd", .kernel_thread = true, .args = web_args, .arg_count = 1});
    for (int32_t pid = 1; pid <= 2; pid++) {
        text = rig_text(&rig, pid, "status");
        assert_null(strstr(text, "Vm"));
        assert_string_equal(rig_text(&rig, pid, "statm"), "0 0 0 0 0 0 0\n");
        assert_string_equal(rig_text(&rig, pid, "cmdline"), "");
        assert_int_equal(rg_procfs_read_link(rig.fs, pid, "exe", &rig.buf, &err), RG_ENOTFOUND);
        text = rig_text(&rig, pid, "stat");
        assert_int_equal(stat_field(text, 23), 0);
        assert_int_equal(stat_field(text, 26), 0);
    }
    assert_non_null(strstr(rig_text(&rig, 1, "status"), "State:\tZ (zombie)\n"));
    assert_int_equal(stat_field(rig_text(&rig, 2, "stat"), 9) & 0x00200000, 0x00200000);
    assert_int_equal(stat_field(rig_text(&rig, 1, "stat"), 9) & 0x00200000, 0);
    rig_close(&rig);
}

static void test_old_kernels_print_less(void **state)
{
    static const struct {
        enum rg_sim_kernel_form form;
        bool umask, nspid, anon, privs, thp;
    } forms[] = {{RG_SIM_KERNEL_6, true, true, true, true, true},
        {RG_SIM_KERNEL_4, true, true, true, false, false},
        {RG_SIM_KERNEL_3_10, false, false, false, false, false}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
        struct world_rig rig;
        const char *text;

        options.form = forms[i].form;
        rig_open(&rig, options);
        rig_add(&rig, (struct rg_sim_process_spec){.name = "a\\b\nc"});
        text = rig_text(&rig, 1, "status");
        assert_int_equal(strncmp(text, "Name:\ta\\\\b\\nc\n", 14), 0);
        assert_int_equal(strstr(text, "\nUmask:") != NULL, forms[i].umask);
        assert_int_equal(strstr(text, "\nNSpid:") != NULL, forms[i].nspid);
        assert_int_equal(strstr(text, "\nRssAnon:") != NULL, forms[i].anon);
        assert_int_equal(strstr(text, "\nNoNewPrivs:") != NULL, forms[i].privs);
        assert_int_equal(strstr(text, "\nTHP_enabled:") != NULL, forms[i].thp);
        assert_int_equal(strncmp(rig_text(&rig, 1, "stat"), "1 (a\\b\nc) S 0 ", 14), 0);
        rig_close(&rig);
    }
}

static void test_pages_of_any_size_agree_between_files(void **state)
{
    (void)state;
    for (int64_t page = 4096; page <= 65536; page *= 4) {
        struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
        struct world_rig rig;
        uint64_t rss_kib, resident;

        options.page_size_bytes = page;
        rig_open(&rig, options);
        rig_add(&rig, (struct rg_sim_process_spec){.name = "a", .rss = series("10001")});
        rss_kib = after(rig_text(&rig, 1, "status"), "VmRSS:\t");
        resident = stat_field(rig_text(&rig, 1, "stat"), 24);
        assert_int_equal(rss_kib, 10001 - 10001 % (page / 1024));
        assert_int_equal(resident * (uint64_t)page, rss_kib * 1024);
        assert_int_equal(strtoull(strchr(rig_text(&rig, 1, "statm"), ' '), NULL, 10), resident);
        rig_close(&rig);
    }
}

static void test_other_users_are_refused_without_root(void **state)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    struct world_rig rig;
    struct rg_procfs_stat found;
    struct rg_err err;
    int64_t fds;

    (void)state;
    options.euid = 500;
    rig_open(&rig, options);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "mine", .uid = 500});
    rig_add(&rig, (struct rg_sim_process_spec){.name = "theirs", .uid = 501});
    assert_int_equal(rg_procfs_read_pid(rig.fs, 1, "io", &rig.buf, &err), RG_OK);
    assert_int_equal(rg_procfs_count_fds(rig.fs, 1, &fds, &err), RG_OK);
    assert_int_equal(rg_procfs_read_pid(rig.fs, 2, "io", &rig.buf, &err), RG_EACCES);
    assert_int_equal(rg_procfs_read_link(rig.fs, 2, "exe", &rig.buf, &err), RG_EACCES);
    assert_int_equal(rg_procfs_count_fds(rig.fs, 2, &fds, &err), RG_EACCES);
    assert_int_equal(stat_field(rig_text(&rig, 2, "stat"), 26), 1);
    assert_int_equal(stat_field(rig_text(&rig, 2, "stat"), 28), 0);
    assert_int_equal(rg_procfs_stat_pid(rig.fs, 2, "exe", &found, &err), RG_OK);
    assert_int_equal(found.mode, 0120777);
    assert_int_equal(found.uid, 501);
    assert_int_equal(rg_procfs_stat_pid(rig.fs, 2, "no", &found, &err), RG_ENOTFOUND);
    rig_close(&rig);
}

static void test_host_answers_facts_users_and_documents(void **state)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    struct world_rig rig;
    struct rg_host *host;
    struct rg_host_facts facts;
    struct rg_err err;

    (void)state;
    options.config_text = "a: 1\n";
    options.cpu_count = 64;
    rig_open(&rig, options);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "a", .uid = 7, .user = "seven"});
    host = rg_sim_host_host(rig.host);
    assert_int_equal(rg_host_facts(host, &facts, &err), RG_OK);
    assert_int_equal(facts.cpu_count, 64);
    assert_string_equal(facts.hostname, "sim-host");
    assert_string_equal(facts.kernel_version, "6.1.0-18-amd64");
    assert_int_equal(rg_host_user_name(host, 7, &rig.buf, &err), RG_OK);
    assert_memory_equal(rig.buf.data, "seven", 5);
    assert_int_equal(rg_host_user_name(host, 0, &rig.buf, &err), RG_OK);
    assert_int_equal(rg_host_user_name(host, 8, &rig.buf, &err), RG_ENOTFOUND);
    assert_int_equal(rg_host_document(host, "datadog.yaml", &rig.buf, &err), RG_OK);
    assert_memory_equal(rig.buf.data, "a: 1\n", 5);
    assert_int_equal(rg_host_document(host, "options", &rig.buf, &err), RG_ENOTFOUND);
    assert_int_equal(rg_host_env(host, "HOME", &rig.buf, &err), RG_ENOTFOUND);
    assert_int_equal(after(rig_text(&rig, 0, "stat"), "btime "), 1764547200);
    assert_non_null(strstr(rig_text(&rig, 0, "stat"), "\ncpu63 "));
    assert_null(strstr(rig_text(&rig, 0, "stat"), "\ncpu64 "));
    assert_non_null(strstr(rig_text(&rig, 0, "cpuinfo"), "processor\t: 63\n"));
    assert_int_equal(after(rig_text(&rig, 0, "meminfo"), "MemTotal:"), 8 << 20);
    assert_int_equal(strncmp(rig_text(&rig, 0, "uptime"), "2678400.00 ", 11), 0);
    rg_sim_runtime_step_wall(rig.clock, 5 * RG_NS_PER_S);
    assert_int_equal(after(rig_text(&rig, 0, "stat"), "btime "), 1764547205);
    assert_int_equal(strncmp(rig_text(&rig, 0, "uptime"), "2678400.00 ", 11), 0);
    rig_close(&rig);
}

static void test_bad_options_and_specs_are_refused(void **state)
{
    struct rg_sim_process_spec bad[] = {{.name = ""}, {.name = "a", .nice = 20},
        {.name = "a", .state = 'Q'}, {.name = "a", .lifetime_ns = 5},
        {.name = "a", .respawn = true}, {.name = "a", .count = -2}, {.name = "a", .pid = 40000},
        {.name = "a", .threads = -1}, {.name = "a", .stop_ns = -1},
        {.name = "a", .user_percent = 101}};
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    struct rg_sim_host *host = NULL;
    struct world_rig rig;
    struct rg_err err = {0};

    (void)state;
    rig_open(&rig, RG_SIM_HOST_OPTIONS);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        bad[i].cpu = series("1");
        assert_int_equal(rg_sim_host_add(rig.host, &bad[i], &err), RG_EINVALID);
        assert_null(bad[i].cpu.runs);
    }
    options.clock = rig.clock;
    options.page_size_bytes = 5000;
    assert_int_equal(rg_sim_host_create(&options, &host, &err), RG_EINVALID);
    assert_non_null(strstr(err.text, "page_size_bytes"));
    options.page_size_bytes = 4096;
    options.boot.ns = INT64_MAX;
    assert_int_equal(rg_sim_host_create(&options, &host, &err), RG_EINVALID);
    assert_null(host);
    rig_close(&rig);
}

static void test_small_buffers_get_toobig_and_stay_empty(void **state)
{
    struct world_rig rig;
    struct rg_buf small;
    struct rg_err err;

    (void)state;
    rig_open(&rig, RG_SIM_HOST_OPTIONS);
    rig_add(&rig, (struct rg_sim_process_spec){.name = "a"});
    rg_buf_init(&small, 10);
    assert_int_equal(rg_procfs_read_pid(rig.fs, 1, "status", &small, &err), RG_ETOOBIG);
    assert_int_equal(small.len, 0);
    rg_buf_finish(&small);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_say_what_the_spec_says),
        cmocka_unit_test(test_zombies_and_kernel_threads_have_no_memory),
        cmocka_unit_test(test_old_kernels_print_less),
        cmocka_unit_test(test_pages_of_any_size_agree_between_files),
        cmocka_unit_test(test_other_users_are_refused_without_root),
        cmocka_unit_test(test_host_answers_facts_users_and_documents),
        cmocka_unit_test(test_bad_options_and_specs_are_refused),
        cmocka_unit_test(test_small_buffers_get_toobig_and_stay_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
