/* The native checks on this machine's /proc against an independent reading of what stands still:
 * sizes, numbers of CPUs, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "native_world.h"
#include "rg/live.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int setup(void **state)
{
    static struct native_world w;
    struct rg_err err = {0};
    struct rg_procfs *procfs = NULL;
    struct rg_host *host = NULL;

    native_init(&w);
    if (rg_live_procfs_create("/proc", &procfs, &err) != RG_OK)
        return -1;
    if (rg_live_host_create(&(struct rg_live_host_options){0}, &host, &err) != RG_OK ||
        rg_host_facts(host, &w.facts, &err) != RG_OK)
        return -1;
    w.world.procfs = procfs;
    w.world.host = host;
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct native_world *w = *state;

    rg_procfs_destroy(w->world.procfs);
    rg_host_destroy(w->world.host);
    native_finish(w);
    return 0;
}

static bool readable(const char *path)
{
    return access(path, R_OK) == 0;
}

/* Two runs, 10 s of virtual time apart. */
static void run_twice(struct native_world *w, struct rg_check *check)
{
    enum rg_status st = native_run(w, check);

    if (st != RG_OK)
        fail_msg("%s: %s", check->name, rg_err_text(&w->err, st));
    native_run_later(w, check);
}

/* Lines "cpu0", "cpu1" of stat: containers may show less than sysconf says. */
static double cpus_online(void)
{
    FILE *f = fopen("/proc/stat", "re");
    char line[256];
    int n = 0;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f))
        n += strncmp(line, "cpu", 3) == 0 && line[3] >= '0' && line[3] <= '9';
    fclose(f);
    return n ? n : (double)sysconf(_SC_NPROCESSORS_ONLN);
}

static void test_cpu_and_load_know_the_cpus(void **state)
{
    struct native_world *w = *state;
    struct rg_check *cpu = native_check(w, "cpu", "{}"), *load = native_check(w, "load", "{}");
    double norm;

    run_twice(w, cpu);
    assert_near(native_value(w, "system.cpu.num_cores", ""), cpus_online());
    run_twice(w, load);
    norm = native_value(w, "system.load.1", "") / cpus_online();
    assert_near(native_value(w, "system.load.norm.1", ""), norm);
    native_drop(w, cpu);
    native_drop(w, load);
}

static uint64_t meminfo_kib(const char *key)
{
    FILE *f = fopen("/proc/meminfo", "re");
    uint64_t value = 0;
    char line[256];

    assert_non_null(f);
    while (fgets(line, sizeof(line), f) && strncmp(line, key, strlen(key)) != 0)
        ;
    assert_int_equal(sscanf(line + strlen(key), "%" SCNu64, &value), 1);
    fclose(f);
    return value;
}

static void test_memory_has_the_size_it_has(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "memory", "{}");
    double usable;

    run_twice(w, check);
    assert_near(native_value(w, "system.mem.total", ""), (double)meminfo_kib("MemTotal:") / 1024);
    assert_near(native_value(w, "system.swap.total", ""), (double)meminfo_kib("SwapTotal:") / 1024);
    usable = native_value(w, "system.mem.pct_usable", "");
    assert_true(usable > 0 && usable <= 1);
    native_drop(w, check);
}

static void test_uptime_is_that_of_the_host(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "uptime", "{}");
    FILE *f = fopen("/proc/uptime", "re");
    double before = 0, after = 0, value;

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lf", &before), 1);
    fclose(f);
    assert_int_equal(native_run(w, check), RG_OK);
    f = fopen("/proc/uptime", "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lf", &after), 1);
    fclose(f);
    value = native_value(w, "system.uptime", "");
    assert_true(value > before - 2 && value <= after);
    native_drop(w, check);
}

static void test_file_handles_have_their_maximum(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check;
    uint64_t max = 0;
    FILE *f = fopen("/proc/sys/fs/file-max", "re");

    if (!f)
        skip();
    assert_int_equal(fscanf(f, "%" SCNu64, &max), 1);
    fclose(f);
    check = native_check(w, "file_handle", "{}");
    run_twice(w, check);
    assert_near(native_value(w, "system.fs.file_handles.max", "") / (double)max, 1);
    assert_true(native_value(w, "system.fs.file_handles.used", "") > 0);
    native_drop(w, check);
}

static void test_the_disk_of_the_root_has_its_size(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check =
        native_check(w, "disk", "{mount_point_include: [/$], use_mount: true}");
    const struct rg_serie *total = NULL;
    struct statvfs st;

    assert_int_equal(statvfs("/", &st), 0);
    run_twice(w, check);
    for (size_t i = 0; i < native_count(w); i++) {
        const struct rg_serie *s = &w->metrics.flush.metrics.series[i];

        if (rg_str_is(s->context->name, "system.disk.total"))
            total = s;
    }
    if (total)
        assert_near(total->first.value, (double)st.f_blocks * (double)st.f_frsize / 1024);
    native_drop(w, check);
    if (!total)
        skip(); /* a root without a device, as some containers have */
}

static void test_io_and_network_read_what_is_there(void **state)
{
    struct native_world *w = *state;
    struct rg_check *network = native_check(w, "network", "collect_connection_state: true");

    if (readable("/proc/diskstats")) {
        struct rg_check *io = native_check(w, "io", "{}");

        run_twice(w, io);
        native_drop(w, io);
    }
    if (readable("/proc/net/dev"))
        run_twice(w, network);
    if (readable("/proc/net/tcp") && readable("/proc/net/dev"))
        assert_true(native_value(w, "system.net.tcp4.listening", "") >= 0);
    native_drop(w, network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cpu_and_load_know_the_cpus, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_has_the_size_it_has, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uptime_is_that_of_the_host, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_handles_have_their_maximum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_disk_of_the_root_has_its_size, setup, teardown),
        cmocka_unit_test_setup_teardown(test_io_and_network_read_what_is_there, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
