#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mount_table.h"
#include "native_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ROOT "device:/dev/sda1,device_name:sda1"
#define DATA "device:/dev/sdb1,device_name:sdb1"

static int setup(void **state)
{
    static struct native_world w;

    native_init(&w);
    native_set(&w, "self/mounts",
        "/dev/sda1 / ext4 rw,relatime 0 0\n"
        "/dev/sdb1 /srv/My\\040Disk XFS ro,noatime 0 0\n"
        "proc /proc proc rw 0 0\n"
        "none /opt tmpfs rw 0 0\n"
        "/dev/sr0 /cdrom iso9660 ro 0 0\n");
    native_set_mount(&w, "/", (struct rg_filesystem){4096, 1000, 500, 400, 100, 60});
    native_set_mount(&w, "/srv/My Disk", (struct rg_filesystem){512, 8192, 8192, 8192, 0, 0});
    native_set_mount(&w, "/proc", (struct rg_filesystem){4096, 0, 0, 0, 0, 0});
    native_set_mount(&w, "/opt", (struct rg_filesystem){4096, 10, 5, 5, 0, 0});
    native_set_mount(&w, "/cdrom", (struct rg_filesystem){2048, 10, 0, 0, 0, 0});
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    native_finish(*state);
    return 0;
}

static void test_space_is_in_kib_and_inodes_are_counted(void **state)
{
    static const struct {
        const char *name;
        double value;
    } expected[] = {
        {"system.disk.total", 4000},
        {"system.disk.used", 2000},
        {"system.disk.free", 1600},
        {"system.disk.utilized", 500 / 9.0},
        {"system.disk.in_use", 5 / 9.0},
        {"system.fs.inodes.total", 100},
        {"system.fs.inodes.free", 60},
        {"system.fs.inodes.used", 40},
        {"system.fs.inodes.utilized", 40},
        {"system.fs.inodes.in_use", 0.4},
    };
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "disk", "use_mount: false");

    assert_int_equal(native_run(w, check), RG_OK);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_near(native_value(w, expected[i].name, ROOT), expected[i].value);
    assert_near(native_value(w, "system.disk.in_use", DATA), 0);
    assert_near(native_value(w, "system.disk.total", DATA), 4096);
    assert_false(native_has(w, "system.fs.inodes.total", DATA)); /* a type without inodes */
    assert_int_equal(native_count(w), 15); /* not proc, not CD-ROMs, not "none" */
    assert_int_equal(check->warnings.count, 0);
    native_drop(w, check);
}

static void test_mounts_are_tagged_as_options_say(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "disk",
        "{use_mount: true, tag_by_filesystem: true, lowercase_device_tag: true, "
        "tags: [env:x], device_tag_re: {/srv.*: 'role:db, speed:slow', sdb: never}}");

    assert_int_equal(native_run(w, check), RG_OK);
    assert_near(native_value(w, "system.disk.total",
                    "XFS,device:/srv/my disk,device_name:sdb1,env:x,filesystem:XFS,role:db,"
                    "speed:slow"),
        4096);
    assert_true(
        native_has(w, "system.disk.total", "device:/,device_name:sda1,env:x,ext4,filesystem:ext4"));
    native_drop(w, check);
}

static void test_mounts_pass_or_fail_the_filters(void **state)
{
    static const struct {
        const char *instance, *init;
        bool root, data, opt, cdrom;
    } cases[] = {
        {"{}", "", true, true, false, false},
        {"all_partitions: true", "", true, true, true, false},
        {"file_system_include: [ext]", "", true, false, false, false},
        {"file_system_include: [xt4]", "", false, false, false, false}, /* at the start only */
        {"file_system_exclude: xfs", "", true, false, false, false},    /* in any case; a text */
        {"file_system_blacklist: [xfs]", "", true, false, false, false},
        {"{file_system_blacklist: [xfs], file_system_exclude: [ext4]}", "", false, true, false,
            false},
        {"file_system_whitelist: [EXT4$]", "", true, false, false, false},
        {"excluded_filesystems: [ext, xfs]", "", true, false, false, false}, /* whole names */
        {"device_include: [/dev/sdb]", "", false, true, false, false},
        {"{device_include: [/dev/sdb], all_partitions: true}", "", false, true, true, false},
        {"device_exclude: ['/dev/sda\\d']", "", false, true, false, false},
        {"device_exclude: [sda]", "", true, true, false, false}, /* at the start only */
        {"excluded_disks: [/dev/sda, /dev/sdb1]", "", true, false, false, false},
        {"excluded_disk_re: /dev/sd", "", false, false, false, false},
        {"mount_point_include: ['/srv/My Disk$']", "", false, true, false, false},
        {"mount_point_exclude: [/srv]", "", true, false, false, false},
        {"mount_point_blacklist: ['/$']", "", false, true, false, false},
        {"excluded_mountpoint_re: /srv", "", true, false, false, false},
        {"{}", "file_system_global_exclude: []", true, true, false, true},
        {"{}", "file_system_global_exclude: [xfs]", true, false, false, true},
        {"{}", "file_system_global_blacklist: [xfs]", true, false, false, true},
        {"{}", "device_global_exclude: [/dev/sda]", false, true, false, false},
        {"{}", "mount_point_global_exclude: [/srv]", true, false, false, false},
        {"file_system_include: ['', null]", "", true, true, false, false},
        {"min_disk_size: 3", "", true, true, false, false},
        {"min_disk_size: 4", "", false, false, false, false}, /* 4 MiB is not more than 4 MiB */
        {"include_all_devices: false", "", true, false, false, false},
        {"{include_all_devices: false, all_partitions: true}", "", true, false, false, false},
    };
    struct native_world *w = *state;

    native_set(w, "filesystems", "nodev\tproc\nnodev\ttmpfs\n\text4\n\tiso9660\nnodev\tzfs\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rg_check *check = NULL;
        bool root;

        if (native_try(w, "disk", cases[i].instance, cases[i].init, &check) != RG_OK)
            fail_msg("case %zu: %s", i, w->err.text);
        assert_int_equal(native_run(w, check), RG_OK);
        root = native_has(w, "system.disk.total", ROOT);
        if (root != cases[i].root || native_has(w, "system.disk.total", DATA) != cases[i].data ||
            native_has(w, "system.disk.total", "device:none,device_name:none") != cases[i].opt ||
            native_has(w, "system.disk.total", "device:/dev/sr0,device_name:sr0") != cases[i].cdrom)
            fail_msg("case %zu: %s %s", i, cases[i].instance, cases[i].init);
        native_drop(w, check);
    }
}

static void test_wrong_options_fail_the_check(void **state)
{
    static const char *const instances[] = {"use_mount: 3", "min_disk_size: -1", "min_disk_size: x",
        "file_system_include: ['(']", "device_tag_re: [a]", "device_tag_re: {'[': a}",
        "device_tag_re: {a: [b]}", "mount_point_exclude: [[a]]", "mount_point_exclude: {a: b}",
        "[a]", "{"};
    struct native_world *w = *state;

    for (size_t i = 0; i < sizeof(instances) / sizeof(instances[0]); i++) {
        struct rg_check *check = NULL;

        if (native_try(w, "disk", instances[i], "", &check) != RG_EINVALID)
            fail_msg("%s", instances[i]);
        assert_true(w->err.text[0]);
        assert_null(check);
    }
}

static void test_a_file_system_that_fails_is_a_warning_and_the_others_go_on(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "disk", "{}");

    native_set_mount_errno(w, "/", EACCES);
    assert_int_equal(native_run(w, check), RG_OK);
    assert_false(native_has(w, "system.disk.total", ROOT));
    assert_true(native_has(w, "system.disk.total", DATA));
    assert_int_equal(check->warnings.count, 1);
    assert_non_null(strstr(check->warnings.texts[0], "'/'"));
    native_set_mount_errno(w, "/", ENOMEM); /* our own memory, or the kernel's: the run fails */
    assert_int_equal(native_run(w, check), RG_ENOMEM);
    native_drop(w, check);
}

static void test_the_service_check_says_who_may_write(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "disk", "service_check_rw: true");

    native_set(w, "self/mounts",
        "/dev/sda1 / ext4 rw,ro 0 0\n/dev/sdb1 /srv/My\\040Disk xfs noatime,ro 0 0\n"
        "/dev/sdc1 /opt xfs nosuid,rw 0 0\n/dev/sdd1 /cdrom xfs rwx,roo 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_service(w, "disk.read_write", ROOT), RG_SERVICE_UNKNOWN);
    assert_int_equal(native_service(w, "disk.read_write", DATA), RG_SERVICE_CRITICAL);
    assert_int_equal(
        native_service(w, "disk.read_write", "device:/dev/sdc1,device_name:sdc1"), RG_SERVICE_OK);
    assert_int_equal(native_service(w, "disk.read_write", "device:/dev/sdd1,device_name:sdd1"),
        RG_SERVICE_UNKNOWN);
    native_drop(w, check);
}

static void test_a_mount_below_another_is_not_reported_with_its_numbers(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "disk", "{}");

    native_set(w, "self/mounts",
        "rootfs / rootfs rw 0 0\n/dev/sdb1 /opt xfs rw 0 0\n/dev/sda1 / ext4 rw 0 0\n"
        "/dev/sda1 /opt ext4 rw 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_int_equal(native_count(w), 10); /* a bind mount has the tags of its device */
    assert_near(native_value(w, "system.disk.total", ROOT), 40); /* the last one counts */
    native_drop(w, check);
}

static void test_copies_of_proc_have_no_self(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "disk", "{}");

    native_set_errno(w, "self/mounts", ENOENT);
    assert_int_equal(native_run(w, check), RG_ENOTFOUND);
    assert_non_null(strstr(w->err.text, "'mounts'"));
    native_set(w, "mounts", "/dev/sda1 / ext4 rw 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    assert_true(native_has(w, "system.disk.total", ROOT));
    native_set_errno(w, "self/mounts", EACCES);
    assert_int_equal(native_run(w, check), RG_EACCES);
    native_drop(w, check);
}

static void test_time_spent_with_requests_is_counted_per_device(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "disk", "device_tag_re: {sd: kind:disk}");

    native_set(w, "diskstats", "8 0 sda 1 0 0 100 1 0 0 200 0 0 0\n");
    assert_int_equal(native_run(w, check), RG_OK);
    native_set(w, "diskstats", "8 0 sda 1 0 0 150 1 0 0 400 0 0 0\n");
    native_run_later(w, check);
    assert_near(
        native_value(w, "system.disk.read_time", "device:sda,device_name:sda,kind:disk"), 50);
    assert_near(
        native_value(w, "system.disk.write_time", "device:sda,device_name:sda,kind:disk"), 200);
    assert_near(
        native_value(w, "system.disk.read_time_pct", "device:sda,device_name:sda,kind:disk"), 0.5);
    assert_near(
        native_value(w, "system.disk.write_time_pct", "device:sda,device_name:sda,kind:disk"), 2);
    native_drop(w, check);
}

static void test_escapes_of_mounts_are_resolved(void **state)
{
    static const char text[] = "a\\134b /x\\040y\\011z\\012 t\\1 rw 0 0\n"
                               "d /\\400\\08\\9\\ t rw\nd /nul\\000 t rw\nd relative t rw\n"
                               "too few words\n\nd /last t rw";
    struct rg_mount_table t;
    struct rg_err err = {0};

    (void)state;
    rg_mount_table_init(&t);
    assert_int_equal(rg_buf_set(&t.text, text, sizeof(text) - 1), RG_OK);
    assert_int_equal(rg_mount_table_parse(&t, &err), RG_OK);
    assert_int_equal(t.count, 3);
    assert_int_equal(t.skipped, 3);
    assert_true(rg_str_is(t.rows[0].device, "a\\b"));
    assert_true(rg_str_is(t.rows[0].point, "/x y\tz\n"));
    assert_true(rg_str_is(t.rows[0].type, "t\\1"));
    assert_true(rg_str_is(t.rows[1].point, "/\\400\\08\\9\\"));
    assert_true(rg_str_is(t.rows[2].point, "/last"));
    rg_mount_table_finish(&t);
}

static void test_long_paths_and_many_mounts_have_limits(void **state)
{
    size_t line = 11, n = RG_MOUNTS_MAX + 1;
    char *text = malloc(n * line + 1);
    struct rg_mount_table t;
    struct rg_err err = {0};

    (void)state;
    assert_non_null(text);
    rg_mount_table_init(&t);
    memset(text, 'p', 5000);
    memcpy(text, "d /", 3);
    memcpy(text + 4998, " t rw\n", 7);
    assert_int_equal(rg_buf_set(&t.text, text, 5004), RG_OK);
    assert_int_equal(rg_mount_table_parse(&t, &err), RG_OK);
    assert_int_equal(t.count, 0);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * line, "d /p t rwx\n", line);
    assert_int_equal(rg_buf_set(&t.text, text, (n - 1) * line), RG_OK);
    assert_int_equal(rg_mount_table_parse(&t, &err), RG_OK);
    assert_int_equal(t.count, RG_MOUNTS_MAX);
    assert_true(t.rows[0].hidden);
    assert_false(t.rows[t.count - 1].hidden);
    assert_int_equal(rg_buf_set(&t.text, text, n * line), RG_OK);
    assert_int_equal(rg_mount_table_parse(&t, &err), RG_ELIMIT);
    assert_int_equal(t.count, 0);
    rg_mount_table_finish(&t);
    free(text);
}

static void test_a_run_that_is_to_stop_stops_between_mounts(void **state)
{
    struct native_world *w = *state;
    struct rg_check *check = native_check(w, "disk", "{}");

    rg_check_stop(check);
    assert_int_equal(native_run(w, check), RG_ESTOPPED);
    assert_int_equal(w->calls, 1);
    native_drop(w, check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_space_is_in_kib_and_inodes_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mounts_are_tagged_as_options_say, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mounts_pass_or_fail_the_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_options_fail_the_check, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_file_system_that_fails_is_a_warning_and_the_others_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_service_check_says_who_may_write, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_mount_below_another_is_not_reported_with_its_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copies_of_proc_have_no_self, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_time_spent_with_requests_is_counted_per_device, setup, teardown),
        cmocka_unit_test(test_escapes_of_mounts_are_resolved),
        cmocka_unit_test(test_long_paths_and_many_mounts_have_limits),
        cmocka_unit_test_setup_teardown(
            test_a_run_that_is_to_stop_stops_between_mounts, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
