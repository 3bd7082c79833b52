#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "config_doc.h"
#include "derive_yaml.h"
#include "rg/base/time.h"

static void assert_yaml(struct rg_str text, const char *wanted, uint64_t replaced)
{
    struct rg_buf out;
    uint64_t found = 0;

    rg_buf_init(&out, 4096);
    assert_int_equal(derive_yaml_text(&out, text, &found), RG_OK);
    assert_int_equal(rg_buf_byte(&out, 0), RG_OK);
    assert_string_equal((const char *)out.data, wanted);
    assert_int_equal(found, replaced);
    rg_buf_finish(&out);
}

static void test_plain_texts_have_no_quotes(void **state)
{
    (void)state;
    assert_yaml(RG_STR_LIT("/usr/bin/x-1.2"), "/usr/bin/x-1.2", 0);
    assert_yaml(RG_STR_LIT("kworker/0:1"), "kworker/0:1", 0);
}

static void test_texts_that_yaml_would_misread_are_quoted(void **state)
{
    (void)state;
    assert_yaml(RG_STR_LIT(""), "\"\"", 0);
    assert_yaml(RG_STR_LIT("null"), "\"null\"", 0);
    assert_yaml(RG_STR_LIT("YES"), "\"YES\"", 0);
    assert_yaml(RG_STR_LIT("80"), "\"80\"", 0);
    assert_yaml(RG_STR_LIT("-x"), "\"-x\"", 0);
    assert_yaml(RG_STR_LIT("a: b"), "\"a: b\"", 0);
    assert_yaml(RG_STR_LIT("a:"), "\"a:\"", 0);
    assert_yaml(RG_STR_LIT("a,b}"), "\"a,b}\"", 0);
    assert_yaml(RG_STR_LIT("say \"hi\" \\"), "\"say \\\"hi\\\" \\\\\"", 0);
}

static void test_control_characters_are_escaped(void **state)
{
    (void)state;
    assert_yaml(RG_STR_LIT("a\tb\n\x1b\x7f"), "\"a\\tb\\n\\x1b\\x7f\"", 0);
    assert_yaml(RG_STR_LIT("\xc2\x85 \xe2\x80\xa8"), "\"\\x85 \\u2028\"", 0);
    assert_yaml(RG_STR_LIT("t\xc3\xa4t"), "\"t\xc3\xa4t\"", 0);
}

static void test_bytes_that_are_not_utf8_are_replaced_and_counted(void **state)
{
    (void)state;
    assert_yaml(RG_STR_LIT("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"", 2);
    assert_yaml(RG_STR_LIT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", 3);
    assert_yaml((struct rg_str){"a\0b", 3},
        "\"a\xef\xbf\xbd"
        "b\"",
        1);
}

/* Whatever the bytes, a reader of YAML gets the text back. */
static void test_every_character_survives_a_reader(void **state)
{
    struct rg_buf out;

    (void)state;
    rg_buf_init(&out, 4096);
    for (int c = 1; c < 0x80; c++) {
        char bytes[] = {'k', (char)c, 'e', (char)c, '\0'};
        struct rg_config_doc doc;

        rg_buf_clear(&out);
        assert_int_equal(rg_buf_str(&out, "{key: "), RG_OK);
        assert_int_equal(derive_yaml_text(&out, rg_str_from(bytes), NULL), RG_OK);
        assert_int_equal(rg_buf_str(&out, ", b: 1}\n"), RG_OK);
        assert_int_equal(rg_config_doc_load(&doc, "x", out.data, out.len, NULL), RG_OK);
        assert_string_equal(rg_config_doc_find(&doc, "key")->text, bytes);
        rg_config_doc_finish(&doc);
    }
    rg_buf_finish(&out);
}

static void test_durations_are_those_that_scenarios_read(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {{0, "0"}, {999999, "0"}, {INT64_C(5000000000), "5s"},
        {INT64_C(-3723004000000), "-1h2m3s4ms"}, {INT64_C(90061000000000), "25h1m1s"}};
    struct rg_buf out;

    (void)state;
    rg_buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rg_buf_clear(&out);
        assert_int_equal(derive_yaml_duration(&out, cases[i].ns), RG_OK);
        assert_int_equal(rg_buf_byte(&out, 0), RG_OK);
        assert_string_equal((const char *)out.data, cases[i].text);
    }
    rg_buf_finish(&out);
}

static void assert_item(const struct derive_item *item, const char *wanted)
{
    struct rg_buf out;

    rg_buf_init(&out, 4096);
    assert_int_equal(derive_item_print(item, 2, &out), RG_OK);
    assert_int_equal(rg_buf_byte(&out, 0), RG_OK);
    assert_string_equal((const char *)out.data, wanted);
    rg_buf_finish(&out);
}

static void test_short_items_are_one_line_and_long_ones_many(void **state)
{
    struct derive_item item;
    char filler[120];

    (void)state;
    memset(filler, 'x', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = '\0';
    derive_item_init(&item);
    derive_item_text(&item, "name", RG_STR_LIT("a b"));
    derive_item_number(&item, "pid", 7);
    derive_item_duration(&item, "start", -RG_NS_PER_S);
    derive_item_raw(&item, "cpu", RG_STR_LIT("1 2"), true);
    assert_true(derive_item_has(&item, "cpu"));
    assert_false(derive_item_has(&item, "fds"));
    assert_item(&item, "  - {name: \"a b\", pid: 7, start: -1s, cpu: \"1 2\"}\n");
    derive_item_clear(&item);
    derive_item_number(&item, "pid", 7);
    derive_item_raw(&item, "args", rg_str_from(filler), false);
    {
        char wanted[256] = "  - pid: 7\n    args: ";

        strcat(wanted, filler);
        strcat(wanted, "\n");
        assert_item(&item, wanted);
    }
    derive_item_finish(&item);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_texts_have_no_quotes),
        cmocka_unit_test(test_texts_that_yaml_would_misread_are_quoted),
        cmocka_unit_test(test_control_characters_are_escaped),
        cmocka_unit_test(test_bytes_that_are_not_utf8_are_replaced_and_counted),
        cmocka_unit_test(test_every_character_survives_a_reader),
        cmocka_unit_test(test_durations_are_those_that_scenarios_read),
        cmocka_unit_test(test_short_items_are_one_line_and_long_ones_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
