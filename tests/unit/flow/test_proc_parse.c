#include "../../../engine/flow/process/proc_parse.h"

#include "rg/base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(struct rg_str s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.ptr, text, s.len);
}

/* A copy without a byte to spare, so that a sanitizer sees every read past the end. */
static struct rg_str exact(const char *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return (struct rg_str){copy, len};
}

static const char real_status[] = "Name:\tweb server\n"
                                  "Umask:\t0022\n"
                                  "State:\tS (sleeping)\n"
                                  "Pid:\t42\n"
                                  "PPid:\t1\n"
                                  "Uid:\t1000\t1001\t1002\t1003\n"
                                  "Gid:\t100\t101\t102\t103\n"
                                  "NStgid:\t42\t7\n"
                                  "NSpid:\t42\t7\n"
                                  "VmPeak:\t  999999 kB\n"
                                  "VmSize:\t  225360 kB\n"
                                  "VmRSS:\t    9756 kB\n"
                                  "RssAnon:\t    1 kB\n"
                                  "VmSwap:\t       4 kB\n"
                                  "Threads:\t3\n"
                                  "voluntary_ctxt_switches:\t1234\n"
                                  "nonvoluntary_ctxt_switches:\t56\n";

static void test_status_of_a_real_kernel_is_read_in_full(void **state)
{
    struct rg_proc_status s;

    (void)state;
    rg_proc_parse_status(RG_STR_LIT(real_status), &s);
    assert_text(s.name, "web server");
    assert_int_equal(s.state, 'S');
    assert_int_equal(s.uid_count, 4);
    assert_int_equal(s.gid_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(s.uids[i], 1000 + i);
        assert_int_equal(s.gids[i], 100 + i);
    }
    assert_int_equal(s.ns_pid, 7);
    assert_int_equal(s.threads, 3);
    assert_int_equal(s.vms_bytes, 225360 * 1024);
    assert_int_equal(s.rss_bytes, 9756 * 1024);
    assert_int_equal(s.swap_bytes, 4 * 1024);
    assert_int_equal(s.voluntary_switches, 1234);
    assert_int_equal(s.involuntary_switches, 56);
    assert_true(s.has_switches);
}

static void test_status_line_rules_of_the_specification_hold(void **state)
{
    static const struct {
        const char *text;
        const char *name;
        char state;
        int32_t threads;
        uint64_t rss;
    } rows[] = {
        {"Name:\t\n", "", 0, 0, 0}, /* nothing behind the white space */
        {"Name:\tx\n", "x", 0, 0, 0},
        {"Name: \t x \t\n", "x", 0, 0, 0},
        {"Name:\tunterminated", "", 0, 0, 0},
        {"Name:x\n", "", 0, 0, 0},
        {"Name:\ta: b\n", "a: b", 0, 0, 0},
        {" Name:\tx\n", "", 0, 0, 0},
        {"name:\tx\n", "", 0, 0, 0},
        {"Name\n:\tx\n", "", 0, 0, 0},
        {"State:\tZ (zombie)\n", "", 'Z', 0, 0},
        {"Threads:\t12\nThreads:\tmany\n", "", 0, 12, 0},
        {"Threads:\t2147483648\n", "", 0, 0, 0},
        {"VmRSS:\t 12 kB\n", "", 0, 0, 12288},
        {"VmRSS:\t12kB\n", "", 0, 0, 12288},
        {"VmRSS:\t12\n", "", 0, 0, 12288},
        {"VmRSS:\t-12 kB\n", "", 0, 0, 0},
        {"VmRSS:\t18446744073709551615 kB\n", "", 0, 0, 0},
        {"VmRSS:\tkB\n", "", 0, 0, 0},
        {"\n\n:\n: \nName:\n", "", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rg_str text = exact(rows[i].text, strlen(rows[i].text));
        struct rg_proc_status s;

        rg_proc_parse_status(text, &s);
        assert_text(s.name, rows[i].name);
        assert_int_equal(s.state, rows[i].state);
        assert_int_equal(s.threads, rows[i].threads);
        assert_int_equal(s.rss_bytes, rows[i].rss);
        assert_false(s.has_switches);
        free((void *)(uintptr_t)text.ptr);
    }
}

static void test_status_id_lists_skip_what_is_no_number_and_stop_at_four(void **state)
{
    struct rg_proc_status s;

    (void)state;
    rg_proc_parse_status(RG_STR_LIT("Uid:\t1 x 2\t-3 99999999999\nGid:\t1 2 3 4 5\n"), &s);
    assert_int_equal(s.uid_count, 3);
    assert_int_equal(s.uids[1], 2);
    assert_int_equal(s.uids[2], -3);
    assert_int_equal(s.gid_count, 4);
    assert_int_equal(s.gids[3], 4);
    rg_proc_parse_status(RG_STR_LIT("NSpid:\t12\nNSpid:\t5\tx\n"), &s);
    assert_int_equal(s.ns_pid, 12);
    rg_proc_parse_status(RG_STR_LIT("voluntary_ctxt_switches:\t5\n"), &s);
    assert_false(s.has_switches);
}

#define STAT_TAIL                                                                                  \
    " S 7 42 42 34816 42 4194560 5523 8000 3 17 1200 350 60 70 20 -5 4 0 98765 230768640 2439 "    \
    "18446744073709551615 1000 2000 3000 0 0 0 0 4096 81922 0 0 0 17 1 0 0 0 0 0 4000 5000 6000 "  \
    "7000 7100 7200 7300 0\n"

static void test_stat_of_a_real_kernel_is_read_in_full(void **state)
{
    struct rg_proc_stat s;

    (void)state;
    rg_proc_parse_stat(RG_STR_LIT("42 (web server)" STAT_TAIL), &s);
    assert_text(s.comm, "web server");
    assert_int_equal(s.state, 'S');
    assert_int_equal(s.ppid, 7);
    assert_int_equal(s.flags, 4194560);
    assert_int_equal(s.minor_faults, 5523);
    assert_int_equal(s.major_faults, 3);
    assert_int_equal(s.user_ticks, 1200);
    assert_int_equal(s.system_ticks, 350);
    assert_true(s.has_start);
    assert_int_equal(s.nice, -5);
    assert_int_equal(s.threads, 4);
    assert_int_equal(s.start_ticks, 98765);
    assert_true(s.has_image);
}

static void test_stat_survives_any_command_name(void **state)
{
    static const struct {
        const char *name, *comm;
    } rows[] = {
        {") (", ") ("},
        {"a) R 1 (b", "a) R 1 (b"},
        {"new\nline", "new\nline"},
        {"((()))", "((()))"},
        {"", ""},
        {" padded\t", "padded"},
        {"kworker/0:1-events_long", "kworker/0:1-events_long"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rg_proc_stat s;
        char text[512];

        snprintf(text, sizeof(text), "42 (%s)%s", rows[i].name, STAT_TAIL);
        rg_proc_parse_stat(rg_str_from(text), &s);
        assert_text(s.comm, rows[i].comm);
        assert_int_equal(s.ppid, 7);
        assert_int_equal(s.start_ticks, 98765);
    }
}

static void test_stat_cut_short_keeps_what_came_before(void **state)
{
    static const struct {
        const char *text;
        int32_t ppid;
        uint32_t flags;
        uint64_t user;
        bool has_start;
    } rows[] = {
        {"", 0, 0, 0, false},
        {"42", 0, 0, 0, false},
        {"42 (a", 0, 0, 0, false},
        {"42 (a)", 0, 0, 0, false},
        {") S 9", 9, 0, 0, false},
        {"42 (a) S 7", 7, 0, 0, false},
        {"42 (a) S x 1 1 1 1 8", 0, 8, 0, false},
        {"42 (a) S -7 1 1 1 1 4294967295 1 1 1 1 11 12", -7, 4294967295u, 11, false},
        {"42 (a) S 7 1 1 1 1 4294967296 1 1 1 1 11 12", 7, 0, 11, false},
        {"42 (a) S 7 1 1 1 1 8 1 1 1 1 11 12 1 1 20 5 1 0", 7, 8, 11, false},
        {"42 (a) S 7 1 1 1 1 8 1 1 1 1 11 12 1 1 20 5 1 0 ", 7, 8, 11, false},
        {"42 (a) S 7 1 1 1 1 8 1 1 1 1 11 12 1 1 20 5 1 0 x", 7, 8, 11, false},
        {"42 (a) S 7 1 1 1 1 8 1 1 1 1 11 12 1 1 20 5 1 0 77", 7, 8, 11, true},
        {"42 (a)\tS\n7   1 1 1 1 8 1 1 1 1 11 12 1 1 20 5 1 0 77", 7, 8, 11, true},
        {"42 (a) S 7 1 1 1 1 8 1 1 1 1 99999999999999999999 12", 7, 8, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rg_str text = exact(rows[i].text, strlen(rows[i].text));
        struct rg_proc_stat s;

        rg_proc_parse_stat(text, &s);
        assert_int_equal(s.ppid, rows[i].ppid);
        assert_int_equal(s.flags, rows[i].flags);
        assert_int_equal(s.user_ticks, rows[i].user);
        assert_int_equal(s.has_start, rows[i].has_start);
        assert_int_equal(s.nice, rows[i].has_start ? 5 : 0);
        assert_int_equal(s.start_ticks, rows[i].has_start ? 77 : 0);
        free((void *)(uintptr_t)text.ptr);
    }
}

static void test_stat_image_changes_with_each_address_and_is_unknown_when_hidden(void **state)
{
    static const char form[] =
        "1 (a) S 1 1 1 1 1 8 1 1 1 1 1 1 1 1 20 0 1 0 77 1 1 1 %s %s %s 0 0 0 "
        "0 0 0 0 0 0 17 1 0 0 0 0 0 1 1 1 %s %s %s %s 0\n";
    const char *fields[7] = {"10", "20", "30", "40", "50", "60", "70"};
    struct rg_proc_stat first, s;
    char text[512];

    (void)state;
    snprintf(text, sizeof(text), form, "10", "20", "30", "40", "50", "60", "70");
    rg_proc_parse_stat(rg_str_from(text), &first);
    assert_true(first.has_image);
    for (int i = 0; i < 7; i++) {
        const char *kept = fields[i];

        fields[i] = "99";
        snprintf(text, sizeof(text), form, fields[0], fields[1], fields[2], fields[3], fields[4],
            fields[5], fields[6]);
        rg_proc_parse_stat(rg_str_from(text), &s);
        assert_true(s.image != first.image);
        fields[i] = kept;
    }
    snprintf(text, sizeof(text), form, "1", "1", "0", "0", "0", "0", "0");
    rg_proc_parse_stat(rg_str_from(text), &s);
    assert_false(s.has_image);
    assert_int_equal(s.image, 0);
}

static void test_statm_that_is_short_counts_as_zero(void **state)
{
    struct rg_proc_statm m;

    (void)state;
    rg_proc_parse_statm(RG_STR_LIT("1 2 3 4 5 6 7\n"), &m);
    assert_int_equal(m.size, 1);
    assert_int_equal(m.resident, 2);
    assert_int_equal(m.shared, 3);
    assert_int_equal(m.text, 4);
    assert_int_equal(m.lib, 5);
    assert_int_equal(m.data, 6);
    assert_int_equal(m.dirty, 7);
    rg_proc_parse_statm(RG_STR_LIT("1 x 3"), &m);
    assert_int_equal(m.size, 1);
    assert_int_equal(m.resident, 0);
    assert_int_equal(m.shared, 3);
    assert_int_equal(m.data, 0);
    rg_proc_parse_statm((struct rg_str){NULL, 0}, &m);
    assert_int_equal(m.size, 0);
}

static void test_io_counters_that_are_missing_or_malformed_stay_minus_one(void **state)
{
    struct rg_proc_io io;

    (void)state;
    rg_proc_parse_io(RG_STR_LIT("rchar: 9\nwchar: 9\nsyscr: 1\nsyscw: 2\nread_bytes: 3\n"
                                "write_bytes: 4\ncancelled_write_bytes: 9\n"),
        &io);
    assert_int_equal(io.read_count, 1);
    assert_int_equal(io.write_count, 2);
    assert_int_equal(io.read_bytes, 3);
    assert_int_equal(io.write_bytes, 4);
    rg_proc_parse_io(RG_STR_LIT("syscr: x\nsyscw:2\nread_bytes: 99999999999999999999\n"), &io);
    assert_int_equal(io.read_count, -1);
    assert_int_equal(io.write_count, -1);
    assert_int_equal(io.read_bytes, -1);
    assert_int_equal(io.write_bytes, -1);
}

static void test_schedstat_without_counts_is_zero(void **state)
{
    (void)state;
    assert_int_equal(rg_proc_parse_switched_in(RG_STR_LIT("170311000 21318242 430\n")), 430);
    assert_int_equal(rg_proc_parse_switched_in(RG_STR_LIT("0 0 0\n")), 0);
    assert_int_equal(rg_proc_parse_switched_in(RG_STR_LIT("1 2\n")), 0);
    assert_int_equal(rg_proc_parse_switched_in(RG_STR_LIT("1 2 x\n")), 0);
    assert_int_equal(rg_proc_parse_switched_in(RG_STR_LIT("")), 0);
}

static void test_cmdline_table_of_the_specification_holds(void **state)
{
    static const struct {
        const char *bytes; /* '.' stands for NUL, as in the specification */
        size_t count;
        const char *args[3];
    } rows[] = {
        {"", 0, {NULL}},
        {"....", 0, {NULL}},
        {"../sbin/init.", 1, {"/sbin/init"}},
        {"a.-H.fd://.", 3, {"a", "-H", "fd://"}},
        {"a.-H.fd://", 3, {"a", "-H", "fd://"}},
        {"a...-H.x", 3, {"a", "-H", "x"}},
        {"sshd: user@pts/0", 1, {"sshd: user@pts/0"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].bytes);
        struct rg_str args[3];
        char bytes[64];

        for (size_t j = 0; j < len; j++)
            bytes[j] = rows[i].bytes[j] == '.' ? '\0' : rows[i].bytes[j];
        assert_int_equal(
            rg_proc_split_cmdline((struct rg_str){bytes, len}, NULL, 0), rows[i].count);
        assert_int_equal(
            rg_proc_split_cmdline((struct rg_str){bytes, len}, args, 3), rows[i].count);
        for (size_t j = 0; j < rows[i].count; j++)
            assert_text(args[j], rows[i].args[j]);
    }
}

static void test_cmdline_fills_no_more_than_its_room(void **state)
{
    struct rg_str args[2] = {{"-", 1}, {"untouched", 9}};

    (void)state;
    assert_int_equal(rg_proc_split_cmdline(RG_STR_LIT("a\0b\0c\0"), args, 1), 3);
    assert_text(args[0], "a");
    assert_text(args[1], "untouched");
}

static void test_comm_is_trimmed_of_blanks_and_nul(void **state)
{
    (void)state;
    assert_text(rg_proc_trim_comm(RG_STR_LIT("nginx\n")), "nginx");
    assert_text(rg_proc_trim_comm(RG_STR_LIT("\0\t\n\v\f\r x y \r\f\v\n\t\0")), "x y");
    assert_text(rg_proc_trim_comm(RG_STR_LIT(" \n")), "");
}

static void test_boot_time_needs_exactly_two_fields(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t boot_s;
    } rows[] = {
        {"cpu 1 2\nintr 1 2 3\nbtime 1700000000\nprocesses 9\n", true, 1700000000},
        {"btime 1700000000", true, 1700000000},
        {"btime 1700000000 1\n", false, 0},
        {"btime\n", false, 0},
        {"btime x\n", false, 0},
        {"btimes 12\n", false, 0},
        {"cpu 1 2\n", false, 0},
        {"", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t boot_s = 0;

        assert_int_equal(rg_proc_parse_boot_time(rg_str_from(rows[i].text), &boot_s), rows[i].ok);
        assert_int_equal(boot_s, rows[i].boot_s);
    }
}

/* Damages a valid text at random: results stay inside the input. */
static void test_parsers_stay_inside_damaged_input(void **state)
{
    static const char stat[] = "42 (web server)" STAT_TAIL;
    struct rg_prng prng;

    (void)state;
    rg_prng_init(&prng, 1, "proc_parse");
    for (int round = 0; round < 4000; round++) {
        const char *from = round % 2 ? stat : real_status;
        size_t full = round % 2 ? sizeof(stat) - 1 : sizeof(real_status) - 1;
        size_t len = rg_prng_below(&prng, full + 1);
        struct rg_str text = exact(from, len);
        char *bytes = (char *)(uintptr_t)text.ptr;
        struct rg_proc_status status;
        struct rg_proc_statm statm;
        struct rg_proc_stat s;
        struct rg_proc_io io;
        struct rg_str args[4];
        int64_t boot_s;

        for (int i = 0; i < 5 && len; i++)
            bytes[rg_prng_below(&prng, len)] = (char)rg_prng_below(&prng, 256);
        rg_proc_parse_status(text, &status);
        assert_true(status.name.len <= len);
        rg_proc_parse_stat(text, &s);
        assert_true(s.comm.len == 0 ||
                    (s.comm.ptr >= text.ptr && s.comm.ptr + s.comm.len <= text.ptr + len));
        rg_proc_parse_statm(text, &statm);
        rg_proc_parse_io(text, &io);
        rg_ignore(rg_proc_parse_boot_time(text, &boot_s), "only memory safety matters here");
        assert_true(rg_proc_split_cmdline(text, args, 4) <= len);
        assert_true(rg_proc_trim_comm(text).len <= len);
        rg_ignore(rg_proc_parse_switched_in(text) == 0, "only memory safety matters here");
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_of_a_real_kernel_is_read_in_full),
        cmocka_unit_test(test_status_line_rules_of_the_specification_hold),
        cmocka_unit_test(test_status_id_lists_skip_what_is_no_number_and_stop_at_four),
        cmocka_unit_test(test_stat_of_a_real_kernel_is_read_in_full),
        cmocka_unit_test(test_stat_survives_any_command_name),
        cmocka_unit_test(test_stat_cut_short_keeps_what_came_before),
        cmocka_unit_test(test_stat_image_changes_with_each_address_and_is_unknown_when_hidden),
        cmocka_unit_test(test_statm_that_is_short_counts_as_zero),
        cmocka_unit_test(test_io_counters_that_are_missing_or_malformed_stay_minus_one),
        cmocka_unit_test(test_schedstat_without_counts_is_zero),
        cmocka_unit_test(test_cmdline_table_of_the_specification_holds),
        cmocka_unit_test(test_cmdline_fills_no_more_than_its_room),
        cmocka_unit_test(test_comm_is_trimmed_of_blanks_and_nul),
        cmocka_unit_test(test_boot_time_needs_exactly_two_fields),
        cmocka_unit_test(test_parsers_stay_inside_damaged_input),
    };

    return cmocka_run_group_tests_name("proc_parse", tests, NULL, NULL);
}
