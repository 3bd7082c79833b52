#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rg_yaml doc;
static struct rg_err err;

static enum rg_status parse(const char *text)
{
    err = (struct rg_err){0};
    return rg_yaml_parse(&doc, "f.yaml", rg_str_from(text), &err);
}

static void refused(const char *text, enum rg_status st, const char *why)
{
    assert_int_equal(parse(text), st);
    assert_string_equal(err.text, why);
    assert_null(doc.root);
    rg_yaml_finish(&doc);
}

static void test_malformed_documents_are_refused_with_their_place(void **state)
{
    (void)state;
    refused("a: [1, 2\n", RG_EINVALID, "f.yaml:2:1: did not find expected ',' or ']'");
    refused("a: %%host%%", RG_EINVALID, "f.yaml:1:4: found character that cannot start any token");
    refused("a: *x", RG_EINVALID, "f.yaml:1:4: unknown alias 'x'");
    refused("a: &x [1, *x]", RG_EINVALID, "f.yaml:1:11: a value contains itself by its alias 'x'");
    refused("[a]: 1", RG_EINVALID, "f.yaml:1:1: a list or a mapping cannot be a key");
    refused("<<: 5", RG_EINVALID, "f.yaml:1:5: '<<' needs a mapping or a list of mappings");
    refused("<<: [{}, 5]", RG_EINVALID, "f.yaml:1:5: '<<' needs a mapping or a list of mappings");
    refused("x: &l [{a: 1}]\ny: {<<: *l}", RG_EINVALID,
        "f.yaml:2:9: '<<' needs a mapping or a list of mappings");
    refused("a: !!int x", RG_EINVALID, "f.yaml:1:4: 'x' is no int");
    refused("a: !!bool 1", RG_EINVALID, "f.yaml:1:4: '1' is no bool");
    refused("a: !!null 1", RG_EINVALID, "f.yaml:1:4: '1' is no null");
    refused("a: !!timestamp 1", RG_EINVALID, "f.yaml:1:4: '1' is no timestamp");
    refused("a: !!binary '*'", RG_EINVALID, "f.yaml:1:4: a !!binary value is not valid base64");
}

static void test_the_second_of_two_equal_keys_counts_and_is_reported(void **state)
{
    (void)state;
    assert_int_equal(parse("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n"), RG_OK);
    assert_int_equal(rg_yaml_get(doc.root, "a")->v.i, 4);
    assert_int_equal(rg_yaml_get(rg_yaml_get(doc.root, "b"), "c")->v.i, 3);
    assert_int_equal(doc.root->count, 2);
    assert_string_equal(
        doc.strict.text, "f.yaml:5:3: 'c' is set twice, first in line 3; the later value counts");
    rg_yaml_finish(&doc);
    assert_int_equal(parse("{1: a, '1': b, 1.0: c, true: d, 0x1: e}"), RG_OK);
    assert_int_equal(doc.root->count, 4);
    assert_non_null(strstr(doc.strict.text, "f.yaml:1:33: '0x1' is set twice"));
    rg_yaml_finish(&doc);
}

static void test_a_merge_overrides_what_stands_before_it(void **state)
{
    (void)state;
    assert_int_equal(parse("b: &b {a: 1}\np: {a: 2, <<: *b}\nq: {<<: *b, a: 2}\n"), RG_OK);
    assert_int_equal(rg_yaml_get(rg_yaml_get(doc.root, "p"), "a")->v.i, 1);
    assert_int_equal(rg_yaml_get(rg_yaml_get(doc.root, "q"), "a")->v.i, 2);
    assert_non_null(strstr(doc.strict.text, "'a' is set twice"));
    rg_yaml_finish(&doc);
}

static void test_only_the_first_document_is_read(void **state)
{
    (void)state;
    assert_int_equal(parse("a: 1\n---\nb: [\n"), RG_OK);
    assert_int_equal(rg_yaml_get(doc.root, "a")->v.i, 1);
    assert_string_equal(doc.strict.text, "f.yaml:2:1: a second document is not used");
    rg_yaml_finish(&doc);
    assert_int_equal(parse("# nothing\n"), RG_OK);
    assert_null(doc.root);
    assert_string_equal(doc.strict.text, "");
    rg_yaml_finish(&doc);
}

static void test_aliases_that_multiply_are_refused(void **state)
{
    (void)state;
    refused("a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
            "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
            "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
            "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
        RG_ELIMIT, "f.yaml:6:11: the document holds too many values");
}

/* A small list of one large text, again and again. */
static void test_aliases_of_a_large_text_are_refused(void **state)
{
    size_t len = (size_t)1 << 20;
    char *text = malloc(len + 200);

    (void)state;
    assert_non_null(text);
    strcpy(text, "a: &a ");
    memset(text + 6, 'x', len);
    strcpy(text + 6 + len, "\nb: [*a,*a,*a,*a,*a,*a,*a,*a]\n");
    refused(text, RG_ELIMIT, "f.yaml:2:23: the aliases of the document expand to too much text");
    free(text);
}

static void nested(char *text, int depth)
{
    for (int i = 0; i < depth; i++)
        text[i] = '[';
    for (int i = 0; i < depth; i++)
        text[depth + i] = ']';
    text[2 * depth] = 0;
}

static void test_depth_ends_at_the_limit(void **state)
{
    char text[4 * RG_YAML_DEPTH_MAX];

    (void)state;
    nested(text, RG_YAML_DEPTH_MAX);
    assert_int_equal(parse(text), RG_OK);
    rg_yaml_finish(&doc);
    nested(text, RG_YAML_DEPTH_MAX + 1);
    refused(text, RG_ELIMIT, "f.yaml:1:65: nested too deeply");
}

static void test_depth_of_aliases_counts_where_they_stand(void **state)
{
    char text[8 * RG_YAML_DEPTH_MAX];
    int used;

    (void)state;
    strcpy(text, "a: &a ");
    nested(text + 6, RG_YAML_DEPTH_MAX / 2);
    used = (int)strlen(text);
    strcpy(text + used, "\nb: [[*a]]\n");
    assert_int_equal(parse(text), RG_OK);
    rg_yaml_finish(&doc);
    used += snprintf(text + used, 8, "\nb: ");
    for (int i = 0; i < RG_YAML_DEPTH_MAX / 2; i++)
        text[used++] = '[';
    strcpy(text + used, "*a");
    assert_int_equal(parse(text), RG_ELIMIT);
    assert_non_null(strstr(err.text, "nested too deeply"));
    rg_yaml_finish(&doc);
}

static void test_too_many_bytes_and_anchors_are_refused(void **state)
{
    char *text = calloc(1, RG_YAML_BYTES_MAX + 2);
    size_t used = 0;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', RG_YAML_BYTES_MAX + 1);
    refused(text, RG_ELIMIT, "f.yaml: 4194305 bytes are above the limit of 4194304");
    for (int i = 0; i <= RG_YAML_ANCHORS_MAX; i++)
        used += (size_t)sprintf(text + used, "- &a%d x\n", i);
    refused(text, RG_ELIMIT, "f.yaml:1025:3: the document holds too many anchors");
    free(text);
}

static void test_an_aliased_value_is_a_copy(void **state)
{
    struct rg_yaml_node *a, *b;

    (void)state;
    assert_int_equal(parse("a: &a {k: v}\nb: *a\n"), RG_OK);
    a = rg_yaml_get(doc.root, "a");
    b = rg_yaml_get(doc.root, "b");
    assert_ptr_not_equal(a, b);
    assert_ptr_not_equal(a->first, b->first);
    assert_true(rg_str_is(b->first->text, "v"));
    assert_int_equal(b->line, 2);
    rg_yaml_finish(&doc);
}

static void test_put_replaces_and_keeps_the_order(void **state)
{
    (void)state;
    assert_int_equal(parse("a: 1\nc: 2\n"), RG_OK);
    assert_int_equal(
        rg_yaml_put(&doc, doc.root, "b", rg_yaml_new_string(&doc, RG_STR_LIT("x"))), RG_OK);
    assert_int_equal(
        rg_yaml_put(&doc, doc.root, "c", rg_yaml_new_string(&doc, RG_STR_LIT("y"))), RG_OK);
    assert_int_equal(doc.root->count, 3);
    assert_true(rg_str_is(doc.root->first->next->key->text, "b"));
    assert_true(rg_str_is(rg_yaml_get(doc.root, "c")->text, "y"));
    assert_null(rg_yaml_get(doc.root, "d"));
    assert_null(rg_yaml_get(rg_yaml_get(doc.root, "c"), "d"));
    assert_null(rg_yaml_get(NULL, "d"));
    rg_yaml_finish(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed_documents_are_refused_with_their_place),
        cmocka_unit_test(test_the_second_of_two_equal_keys_counts_and_is_reported),
        cmocka_unit_test(test_a_merge_overrides_what_stands_before_it),
        cmocka_unit_test(test_only_the_first_document_is_read),
        cmocka_unit_test(test_aliases_that_multiply_are_refused),
        cmocka_unit_test(test_aliases_of_a_large_text_are_refused),
        cmocka_unit_test(test_depth_ends_at_the_limit),
        cmocka_unit_test(test_depth_of_aliases_counts_where_they_stand),
        cmocka_unit_test(test_too_many_bytes_and_anchors_are_refused),
        cmocka_unit_test(test_an_aliased_value_is_a_copy),
        cmocka_unit_test(test_put_replaces_and_keeps_the_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
