#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "mask.h"
#include "rg/base/prng.h"

#define TEXT_MAX ((size_t)8 << 20)

static const uint8_t key_a[RG_MASK_KEY_BYTES] = "0123456789abcde";
static const uint8_t key_b[RG_MASK_KEY_BYTES] = "edcba9876543210";

static struct rg_masker *masker(enum rg_mask_policy policy, const uint8_t *key)
{
    struct rg_masker *m = NULL;

    assert_int_equal(rg_masker_create(policy, key, &m, NULL), RG_OK);
    return m;
}

static struct rg_buf buffer(const void *bytes, size_t len)
{
    struct rg_buf buf;

    rg_buf_init(&buf, TEXT_MAX);
    assert_int_equal(rg_buf_append(&buf, bytes, len), RG_OK);
    return buf;
}

/* What byte classes a mask keeps, as a shape: d digit, l lower, U upper, u UTF-8, else the byte. */
static char class_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return 'd';
    if (c >= 'a' && c <= 'z')
        return 'l';
    if (c >= 'A' && c <= 'Z')
        return 'U';
    return (c & 0xC0) == 0x80 ? 'u' : (char)c;
}

static void assert_same_shape(const struct rg_buf *a, const struct rg_buf *b)
{
    assert_int_equal(a->len, b->len);
    for (size_t i = 0; i < a->len; i++)
        assert_int_equal(class_of(a->data[i]), class_of(b->data[i]));
}

/* Masks a command line whose arguments end in '|' (for NUL); returns it owned, with '|' again. */
static char *cmdline(struct rg_masker *m, const char *line, uint64_t *count)
{
    struct rg_buf raw = buffer(line, strlen(line));
    struct rg_buf before = buffer(line, strlen(line));
    char *out = calloc(1, strlen(line) + 1);

    assert_non_null(out);
    for (size_t i = 0; i < raw.len; i++)
        raw.data[i] = raw.data[i] == '|' ? '\0' : raw.data[i];
    assert_int_equal(rg_masker_cmdline(m, &raw, count, NULL), RG_OK);
    for (size_t i = 0; i < raw.len; i++)
        out[i] = (char)(raw.data[i] ? raw.data[i] : '|');
    if (raw.len)
        memcpy(raw.data, out, raw.len);
    assert_same_shape(&raw, &before);
    rg_buf_finish(&raw);
    rg_buf_finish(&before);
    return out;
}

struct row {
    const char *line;
    const char *shown; /* '*' stands for a byte that must have been in a secret */
    uint64_t count;
};

/* A byte of a secret may be masked by itself, so only the secret as a whole must differ. */
static void check_row(struct rg_masker *m, const struct row *row)
{
    uint64_t count = 0;
    char *got = cmdline(m, row->line, &count);
    bool starred = strchr(row->shown, '*') != NULL;

    assert_int_equal(strlen(row->shown), strlen(row->line));
    for (size_t i = 0; row->shown[i]; i++) {
        if (row->shown[i] != '*' && got[i] != row->shown[i])
            fail_msg("'%s' became '%s', not '%s'", row->line, got, row->shown);
    }
    if ((strcmp(got, row->line) != 0) != starred || count != row->count)
        fail_msg("'%s' became '%s' with %d secrets", row->line, got, (int)count);
    free(got);
}

static void test_standard_policy_hides_secrets_of_command_lines(void **state)
{
    static const struct row rows[] = {
        {"app|--db-password|hunter2|-v|", "app|--db-password|*******|-v|", 1},
        {"app|--password=hunter2|", "app|--password=*******|", 1},
        {"app|--token|abcd|x|", "app|--token|****|x|", 1},
        {"app|--password|a-b_c.d|", "app|--password|*-*_*.*|", 1},
        {"app|-e|API_KEY=abcd1|-e|X=y|", "app|-e|API_KEY=*****|-e|X=y|", 1},
        {"psql|postgres://bob:hunter2@db/x|", "psql|postgres://bob:*******@db/x|", 1},
        {"curl|-H|Authorization: Bearer abcd|h|", "curl|-H|Authorization: Bearer ****|h|", 1},
        {"a|--password|one1|--secret|two2|", "a|--password|****|--secret|****|", 2},
        {"nginx: worker process", "nginx: worker process", 0},
        {"postgres: bob password=abcd idle", "postgres: bob password=**** idle", 1},
        {"java|-Dfoo=bar|/usr/bin/x|", "java|-Dfoo=bar|/usr/bin/x|", 0},
        {"app|--password|--|", "app|--password|--|", 0},
        {"app|", "app|", 0},
        {"", "", 0},
    };
    struct rg_masker *m = masker(RG_MASK_STANDARD, key_a);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(m, &rows[i]);
    rg_masker_destroy(m);
}

static void test_strict_policy_hides_each_argument_after_the_first(void **state)
{
    static const struct row rows[] = {
        {"app|run|/etc/x.conf|", "app|***|/***/*.****|", 2},
        {"app|||x1y2|", "app|||****|", 1},
        {"app|", "app|", 0},
        {"app", "app", 0},
        {"worker title here", "worker ***** ****", 1},
        {"", "", 0},
    };
    struct rg_masker *m = masker(RG_MASK_STRICT, key_a);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(m, &rows[i]);
    rg_masker_destroy(m);
}

static void test_off_changes_nothing(void **state)
{
    struct rg_masker *m = masker(RG_MASK_OFF, key_a);
    struct rg_buf buf = buffer("a --password=hunter2", 20);
    uint64_t count = 0;

    (void)state;
    assert_int_equal(rg_masker_cmdline(m, &buf, &count, NULL), RG_OK);
    assert_int_equal(rg_masker_text(m, &buf, &count, NULL), RG_OK);
    assert_int_equal(rg_masker_env(m, RG_STR_LIT("API_KEY"), &buf, &count, NULL), RG_OK);
    assert_memory_equal(buf.data, "a --password=hunter2", 20);
    assert_int_equal(count, 0);
    rg_buf_finish(&buf);
    rg_masker_destroy(m);
}

static void test_words_of_the_configuration_count(void **state)
{
    static const struct row before = {"app|--colour|blue|", "app|--colour|blue|", 0};
    static const struct row after = {"app|--colour|blue|", "app|--colour|****|", 1};
    struct rg_str words[] = {RG_STR_LIT("*colour*")};
    struct rg_masker *m = masker(RG_MASK_STANDARD, key_a);

    (void)state;
    check_row(m, &before);
    assert_int_equal(rg_masker_words(m, words, 1, NULL), RG_OK);
    check_row(m, &after);
    rg_masker_destroy(m);
}

/* The mask of secret where it stands behind prefix; owned. */
static char *mask_of(struct rg_masker *m, const char *prefix, const char *secret)
{
    struct rg_buf buf = buffer(prefix, strlen(prefix));
    uint64_t count = 0;
    char *out;

    assert_int_equal(rg_buf_str(&buf, secret), RG_OK);
    assert_int_equal(rg_masker_text(m, &buf, &count, NULL), RG_OK);
    assert_int_equal(count, 1);
    assert_memory_equal(buf.data, prefix, strlen(prefix));
    out = calloc(1, strlen(secret) + 1);
    assert_non_null(out);
    memcpy(out, buf.data + strlen(prefix), strlen(secret));
    rg_buf_finish(&buf);
    return out;
}

static void test_equal_secrets_have_equal_masks(void **state)
{
    struct rg_masker *a = masker(RG_MASK_STANDARD, key_a);
    struct rg_masker *again = masker(RG_MASK_STANDARD, key_a);
    struct rg_masker *b = masker(RG_MASK_STANDARD, key_b);
    char *first = mask_of(a, "x --password=", "Correct-Horse7");
    char *same = mask_of(again, "password: ", "Correct-Horse7");
    char *quoted = mask_of(a, "{\"password\":", "\"Correct-Horse7\"");
    char *other = mask_of(a, "x --password=", "Correct-Horse8");
    char *keyed = mask_of(b, "x --password=", "Correct-Horse7");

    (void)state;
    assert_string_equal(first, same);
    assert_memory_equal(first, quoted + 1, strlen(first));
    assert_int_equal(quoted[0], '"');
    assert_string_not_equal(first, other);
    assert_memory_not_equal(first, other, 7); /* not even where the secrets agree */
    assert_string_not_equal(first, keyed);
    free(first);
    free(same);
    free(quoted);
    free(other);
    free(keyed);
    rg_masker_destroy(a);
    rg_masker_destroy(again);
    rg_masker_destroy(b);
}

static void test_masks_do_not_depend_on_the_machine(void **state)
{
    struct rg_masker *m = masker(RG_MASK_STANDARD, key_a);
    char *mask = mask_of(m, "x --password=", "hunter2-HUNTER2");

    (void)state;
    assert_string_equal(mask, "dftgfr2-OMQRZH3");
    free(mask);
    rg_masker_destroy(m);
}

static void test_hex_stays_hex(void **state)
{
    struct rg_masker *m = masker(RG_MASK_STANDARD, key_a);
    const char *secret = "0123456789abcdef0123456789abcdef";
    char *mask = mask_of(m, "api_key: ", secret);

    (void)state;
    assert_int_equal(strspn(mask, "0123456789abcdef"), 32);
    assert_string_not_equal(mask, secret);
    free(mask);
    mask = mask_of(m, "u://a:", "p%2f%e4x@");
    assert_int_equal(strspn(mask + 2, "0123456789abcdef"), 2);
    assert_int_equal(strspn(mask + 5, "0123456789abcdef"), 2);
    free(mask);
    rg_masker_destroy(m);
}

/* Escapes stay, or a document would not parse any more. */
static void test_escapes_and_utf8_stay_valid(void **state)
{
    static const char text[] = "{\"password\":\"\\nab\\u00e4cd\\\"e\\\\f\\t\",\"b\":1}";
    static const char utf8[] = "password: \xd0\xb6\xd0\xb0\xe2\x82\xac\xf0\x9f\x98\x80";
    struct rg_masker *m = masker(RG_MASK_STANDARD, key_a);
    struct rg_buf buf = buffer(text, sizeof(text) - 1);
    uint64_t count = 0;

    (void)state;
    assert_int_equal(rg_masker_text(m, &buf, &count, NULL), RG_OK);
    assert_memory_equal(buf.data + 13, "\\n", 2);
    assert_memory_equal(buf.data + 17, "\\u00e4", 6);
    assert_memory_equal(buf.data + 25, "\\\"", 2);
    assert_memory_equal(buf.data + 28, "\\\\", 2);
    assert_memory_equal(buf.data + 31, "\\t\",\"b\":1}", 10);
    assert_memory_not_equal(buf.data + 15, text + 15, 10);
    rg_buf_finish(&buf);

    buf = buffer(utf8, sizeof(utf8) - 1);
    assert_int_equal(rg_masker_text(m, &buf, &count, NULL), RG_OK);
    assert_memory_not_equal(buf.data + 10, utf8 + 10, sizeof(utf8) - 11);
    for (size_t i = 0; i < buf.len; i++) {
        bool later = ((uint8_t)utf8[i] & 0xC0) == 0x80;

        assert_int_equal((buf.data[i] & 0xC0) == 0x80, later);
        if (!later)
            assert_int_equal(buf.data[i], (uint8_t)utf8[i]);
    }
    rg_buf_finish(&buf);
    assert_int_equal(count, 2);
    rg_masker_destroy(m);
}

static void test_env_hides_the_whole_value_of_a_sensitive_name(void **state)
{
    static const struct {
        const char *name, *value, *shown;
        uint64_t count;
    } rows[] = {
        {"DB_PASSWORD", "correct horse 7", "******* ***** *", 1},
        {"DD_API_KEY", "abcd", "****", 1},
        {"TOKEN_FILE", "/run/x", "/run/x", 0},
        {"SECRET_ON", "true", "true", 0},
        {"DATABASE_URL", "pg://u:abcd@h/d", "pg://u:****@h/d", 1},
        {"JAVA_OPTS", "-Da.password=abcd -Xmx1g", "-Da.password=**** -Xmx1g", 1},
        {"PATH", "/usr/bin:/bin", "/usr/bin:/bin", 0},
        {"PASSWORD", "", "", 0},
    };
    struct rg_masker *m = masker(RG_MASK_STANDARD, key_a);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].value);
        struct rg_buf buf = buffer(rows[i].value, len);
        uint64_t count = 0;

        assert_int_equal(rg_masker_env(m, rg_str_from(rows[i].name), &buf, &count, NULL), RG_OK);
        assert_int_equal(count, rows[i].count);
        assert_int_equal(buf.len, len);
        for (size_t b = 0; b < len; b++) {
            if (rows[i].shown[b] != '*')
                assert_int_equal(buf.data[b], (uint8_t)rows[i].shown[b]);
        }
        if (count)
            assert_memory_not_equal(buf.data, rows[i].value, len);
        rg_buf_finish(&buf);
    }
    rg_masker_destroy(m);
}

static void test_a_configuration_keeps_its_shape(void **state)
{
    static const char text[] = "api_key: 0123456789abcdef0123456789abcdef\n"
                               "site: datadoghq.eu\n"
                               "instances:\n"
                               "  - password: \"a b\"\n"
                               "    tokens: [one, two]\n"
                               "    key: |\n"
                               "      -----BEGIN EC PRIVATE KEY-----\n"
                               "      MHcCAQEEIIrx/abc+\n"
                               "      oUQDQgAE==\n"
                               "      -----END EC PRIVATE KEY-----\n"
                               "    port: 5432\n";
    struct rg_masker *m = masker(RG_MASK_STANDARD, key_a);
    struct rg_buf before = buffer(text, sizeof(text) - 1);
    struct rg_buf buf = buffer(text, sizeof(text) - 1);
    uint64_t count = 0;
    char *shown;

    (void)state;
    assert_int_equal(rg_masker_text(m, &buf, &count, NULL), RG_OK);
    assert_int_equal(count, 5);
    assert_same_shape(&buf, &before);
    shown = calloc(1, buf.len + 1);
    assert_non_null(shown);
    memcpy(shown, buf.data, buf.len);
    assert_non_null(strstr(shown, "site: datadoghq.eu\n"));
    assert_non_null(strstr(shown, "-----BEGIN EC PRIVATE KEY-----\n"));
    assert_non_null(strstr(shown, "-----END EC PRIVATE KEY-----\n    port: 5432\n"));
    assert_null(strstr(shown, "MHcC"));
    assert_null(strstr(shown, "oUQD"));
    assert_null(strstr(shown, "[one, two]"));
    free(shown);
    rg_buf_finish(&buf);
    rg_buf_finish(&before);
    rg_masker_destroy(m);
}

static const char *const pieces[] = {"password", "=", ": ", " ", "\n", "\"", "'", "\\", "token",
    "--", "- ", "|", "[", "]", "{", ",", "api_key", "://u:", "@", "ghp_", "eyJ", "bearer ", "%41",
    "\xd0\xb6", "\xe2\x82\xac", "0123456789abcdef", "AKIA", "abc", "XYZ", "-----BEGIN ",
    "PRIVATE KEY-----", "value", "#", "/etc/x"};

static void random_text(struct rg_prng *prng, struct rg_buf *out)
{
    size_t n = (size_t)rg_prng_below(prng, 60);

    rg_buf_clear(out);
    for (size_t i = 0; i < n; i++) {
        uint64_t which = rg_prng_below(prng, sizeof(pieces) / sizeof(pieces[0]) + 2);
        uint8_t byte = (uint8_t)rg_prng_next(prng);

        if (which < sizeof(pieces) / sizeof(pieces[0]))
            assert_int_equal(rg_buf_str(out, pieces[which]), RG_OK);
        else
            assert_int_equal(rg_buf_byte(out, which % 2 ? byte : 0), RG_OK);
    }
}

static void test_any_text_keeps_length_shape_and_nuls(void **state)
{
    struct rg_masker *standard = masker(RG_MASK_STANDARD, key_a);
    struct rg_masker *strict = masker(RG_MASK_STRICT, key_a);
    struct rg_prng prng;
    struct rg_buf text;
    uint64_t count = 0;

    (void)state;
    rg_prng_init(&prng, 42, "mask");
    rg_buf_init(&text, TEXT_MAX);
    for (int i = 0; i < 4000; i++) {
        struct rg_masker *m = i % 2 ? strict : standard;
        struct rg_buf once;
        uint64_t known = count;

        random_text(&prng, &text);
        once = buffer(text.data, text.len);
        if (i % 4 < 2)
            assert_int_equal(rg_masker_cmdline(m, &once, &count, NULL), RG_OK);
        else
            assert_int_equal(rg_masker_text(m, &once, &count, NULL), RG_OK);
        assert_same_shape(&once, &text);
        if (text.len)
            assert_int_equal(memcmp(once.data, text.data, text.len) != 0, count > known);
        /* And once more: a mask is masked like a secret. */
        assert_int_equal(rg_masker_cmdline(m, &once, &count, NULL), RG_OK);
        assert_same_shape(&once, &text);
        rg_buf_finish(&once);
    }
    assert_true(count > 1000);
    rg_buf_finish(&text);
    rg_masker_destroy(standard);
    rg_masker_destroy(strict);
}

static void test_hostile_command_lines_end_soon(void **state)
{
    static const char *const hostile[] = {" password", " --password ", " password=\"", " apikey'",
        "password:", " *passwd*=", "secret\\\"", "://a:b@", "\ntoken: |"};
    struct rg_masker *m = masker(RG_MASK_STRICT, key_a);
    size_t len = (size_t)1 << 20;

    (void)state;
    for (size_t h = 0; h < sizeof(hostile) / sizeof(hostile[0]); h++) {
        size_t piece = strlen(hostile[h]);
        struct rg_buf buf;
        struct rg_buf before;
        uint64_t count = 0;

        rg_buf_init(&buf, TEXT_MAX);
        assert_int_equal(rg_buf_reserve(&buf, len), RG_OK);
        for (size_t i = 0; i < len; i++)
            buf.data[i] = (uint8_t)(i == 3 ? '\0' : hostile[h][i % piece]);
        buf.len = len;
        before = buffer(buf.data, buf.len);
        assert_int_equal(rg_masker_cmdline(m, &buf, &count, NULL), RG_OK);
        assert_int_equal(count > 0, true);
        assert_same_shape(&buf, &before);
        rg_buf_finish(&buf);
        rg_buf_finish(&before);
    }
    rg_masker_destroy(m);
}

/* More secrets than are counted one by one: what stands behind the first word goes as a whole. */
static void test_too_many_secrets_hide_all_but_the_first_word(void **state)
{
    static const char piece[] = "pwd=a ";
    struct rg_masker *m = masker(RG_MASK_STANDARD, key_a);
    struct rg_buf buf;
    uint64_t count = 0;

    (void)state;
    rg_buf_init(&buf, TEXT_MAX);
    assert_int_equal(rg_buf_str(&buf, "first "), RG_OK);
    for (size_t i = 0; i < ((size_t)1 << 20) + 1; i++)
        assert_int_equal(rg_buf_append(&buf, piece, sizeof(piece) - 1), RG_OK);
    assert_int_equal(rg_masker_text(m, &buf, &count, NULL), RG_OK);
    assert_int_equal(count, 1);
    assert_memory_equal(buf.data, "first ", 6);
    assert_memory_not_equal(buf.data + 6, piece, 3);
    rg_buf_finish(&buf);
    rg_masker_destroy(m);
}

static enum rg_status mask_all(struct rg_buf *line, struct rg_buf *text, uint64_t *count)
{
    struct rg_masker *m = NULL;
    struct rg_str words[] = {RG_STR_LIT("colour")};
    struct rg_err err = {0};
    enum rg_status st = rg_masker_create(RG_MASK_STRICT, key_a, &m, &err);

    if (st == RG_OK)
        st = rg_masker_words(m, words, 1, &err);
    if (st == RG_OK)
        st = rg_masker_cmdline(m, line, count, &err);
    if (st == RG_OK)
        st = rg_masker_text(m, text, count, &err);
    rg_masker_destroy(m);
    return st;
}

static void test_each_failed_allocation_leaves_the_text_alone(void **state)
{
    static const char line[] = "app\0--password=abcd\0--api_key\0efgh";
    static const char text[] = "tokens: [a1b2, c3d4, e, f, g, h, i, j, k, l]";
    bool done = false;
    long n;

    (void)state;
    for (n = 1; !done && n < 2000; n++) {
        struct rg_buf a = buffer(line, sizeof(line));
        struct rg_buf b = buffer(text, sizeof(text));
        uint64_t count = 0;
        enum rg_status st;

        fail_alloc_at(n);
        st = mask_all(&a, &b, &count);
        done = !fail_alloc_happened();
        fail_alloc_at(0);
        assert_int_equal(st, done ? RG_OK : RG_ENOMEM);
        assert_int_equal(memcmp(a.data, line, sizeof(line)) != 0, count > 0);
        assert_int_equal(memcmp(b.data, text, sizeof(text)) != 0, done);
        rg_buf_finish(&a);
        rg_buf_finish(&b);
    }
    assert_true(done && n > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard_policy_hides_secrets_of_command_lines),
        cmocka_unit_test(test_strict_policy_hides_each_argument_after_the_first),
        cmocka_unit_test(test_off_changes_nothing),
        cmocka_unit_test(test_words_of_the_configuration_count),
        cmocka_unit_test(test_equal_secrets_have_equal_masks),
        cmocka_unit_test(test_masks_do_not_depend_on_the_machine),
        cmocka_unit_test(test_hex_stays_hex),
        cmocka_unit_test(test_escapes_and_utf8_stay_valid),
        cmocka_unit_test(test_env_hides_the_whole_value_of_a_sensitive_name),
        cmocka_unit_test(test_a_configuration_keeps_its_shape),
        cmocka_unit_test(test_any_text_keeps_length_shape_and_nuls),
        cmocka_unit_test(test_hostile_command_lines_end_soon),
        cmocka_unit_test(test_too_many_secrets_hide_all_but_the_first_word),
        cmocka_unit_test(test_each_failed_allocation_leaves_the_text_alone),
    };

    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
