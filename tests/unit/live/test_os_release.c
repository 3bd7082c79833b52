#include "os_release.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct rg_os_release parse(const char *text)
{
    struct rg_os_release out;

    rg_os_release_parse(rg_str_from(text), &out);
    return out;
}

static void test_usual_files_are_understood(void **state)
{
    static const struct {
        const char *text;
        const char *id;
        const char *family;
        const char *version;
    } files[] = {
        {"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n", "debian",
            "debian", "12"},
        {"ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"22.04\"", "ubuntu", "debian", "22.04"},
        {"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID='9.3'\n", "rocky", "rhel",
            "9.3"},
        {"NAME=Arch\r\nID=arch\r\n", "arch", "arch", ""},
        {"# ID=no\n\n  ID=alpine  \nVERSION_ID=3.19.1\n", "alpine", "alpine", "3.19.1"},
        {"", "", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct rg_os_release seen = parse(files[i].text);

        assert_string_equal(seen.id, files[i].id);
        assert_string_equal(seen.family, files[i].family);
        assert_string_equal(seen.version_id, files[i].version);
    }
}

static void test_quoting_is_undone_as_in_a_shell(void **state)
{
    (void)state;
    assert_string_equal(parse("ID=\"a\\\"b\\\\c\\$d\\`e\"").id, "a\"b\\c$d`e");
    assert_string_equal(parse("ID=\"a\\nb\"").id, "a\\nb");
    assert_string_equal(parse("ID='a\\\"b'").id, "a\\\"b");
    assert_string_equal(parse("ID=\"\"").id, "");
    assert_string_equal(parse("ID=").id, "");
    assert_string_equal(parse("ID=a=b").id, "a=b");
}

static void test_malformed_lines_are_skipped(void **state)
{
    static const char *const lines[] = {
        "ID",
        "=",
        "=x",
        "ID =x",
        "IDX=x",
        "XID=x",
        "ID=\"x",
        "ID='x",
        "ID=\"x\"y",
        "ID='x'y'",
        "ID=\"x\\\"",
        "ID=\"",
        "ID='",
        "ID=\"\\",
        "ID=a\tb",
        "ID=a\x7f",
        "ID=a\x1b[31mb",
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        snprintf(text, sizeof(text), "%s\nVERSION_ID=1\n", lines[i]);
        assert_string_equal(parse(text).id, "");
        assert_string_equal(parse(text).version_id, "1");
        snprintf(text, sizeof(text), "ID=kept\n%s", lines[i]);
        assert_string_equal(parse(text).id, "kept");
    }
}

static void test_values_that_are_too_long_or_hold_a_nul_are_left_out(void **state)
{
    char text[3 + RG_HOST_TEXT_MAX + 1] = "ID=";
    struct rg_os_release seen;

    (void)state;
    memset(text + 3, 'x', RG_HOST_TEXT_MAX);
    rg_os_release_parse((struct rg_str){text, 3 + RG_HOST_TEXT_MAX - 1}, &seen);
    assert_int_equal(strlen(seen.id), RG_HOST_TEXT_MAX - 1);
    rg_os_release_parse((struct rg_str){text, 3 + RG_HOST_TEXT_MAX}, &seen);
    assert_string_equal(seen.id, "");
    text[5] = '\0';
    rg_os_release_parse((struct rg_str){text, 10}, &seen);
    assert_string_equal(seen.id, "");
    rg_os_release_parse((struct rg_str){"ID=\"\\\0\"", 7}, &seen);
    assert_string_equal(seen.id, "");
}

static void test_the_last_of_two_lines_counts(void **state)
{
    (void)state;
    assert_string_equal(parse("ID=a\nID=b\n").id, "b");
    assert_string_equal(parse("ID=long-name\nID=b\n").id, "b");
    assert_string_equal(parse("ID=x\nID_LIKE=\n").family, "x");
    assert_string_equal(parse("ID=x\nID_LIKE=\" y\"\n").family, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_files_are_understood),
        cmocka_unit_test(test_quoting_is_undone_as_in_a_shell),
        cmocka_unit_test(test_malformed_lines_are_skipped),
        cmocka_unit_test(test_values_that_are_too_long_or_hold_a_nul_are_left_out),
        cmocka_unit_test(test_the_last_of_two_lines_counts),
    };

    return cmocka_run_group_tests_name("os-release", tests, NULL, NULL);
}
