/* In the tables, ^ stands on both sides of what is secret; it is not part of the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "rg/scrub/secret_forms.h"

#define HEX32 "0123456789abcdef0123456789abcdef"
#define HEX40 HEX32 "01234567"
#define AWS20 "AKIAIOSFODNN7EXAMPLE"
#define AWS40 "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define JWT   "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fwpMeJ"

static const char *const tokens[] = {
    "dd: api_key "
    "^" HEX32 "^",
    "API Key ending: ^" HEX32 "^ is invalid",
    "DD-API-KEY: ^" HEX32 "^",
    "application_key=^" HEX40 "^ next",
    "https://host/v1?api_key=^" HEX32 "^&application_key=^" HEX40 "^",
    "{\"apiKey\":\"^" HEX32 "^\",\"n\":1}",
    "Authorization: Bearer ^abc.DEF-123^",
    "curl -H 'Authorization: Basic ^dXNlcjpwYXNz^' http://h/",
    "\"authorization\": \"token ^abcdef^\", \"x\": 1",
    "got bearer ^abcdef0123456789^ from peer",
    "sent Basic ^dXNlcjpwYXNzd29yZA==^",
    "postgres://bob:^hunter2^@db:5432/x",
    "redis://:^p@ss-w0rd^@cache/0 http://h:80/x@y",
    "fetch https://user:^a%20b^@h/ and https://u2:^c^@h/",
    "t="
    "^" JWT "^,",
    "id ^" AWS20 "^ used",
    "aws_secret_access_key ^" AWS40 "^",
    "AWS_SECRET_ACCESS_KEY=^" AWS40 "^",
    "clone ^ghp_0123456789abcdefghijABCDEFGHIJ012345^",
    "clone https://^gho_0123456789abcdefghijABCDEFGHIJ012345^@github.com/a/b",
    "use ^github_pat_11ABCDEFG0123456789_abcdefghijklm^ now",
    "^xoxb-123456789012-abcdefABCDEF^",
    "https://hooks.slack.com/services/^T000/B000/XXXXabcd^",
    "map ^AIzaSyA0123456789abcdefghijklmnopqrstuv^",
    "pay ^sk_live_0123456789abcdefABCDEF^ ^rk_live_0123456789abcdefABCDEF^",
    "^npm_0123456789abcdefghijABCDEFGHIJ012345^",
    "^pypi-AgEIcHlwaS5vcmcCJGFiY2RlZg^",
    "curl -u bob:^hunter2^ http://h/",
    "sshpass -p ^hunter2^ ssh h",
    "-----BEGIN RSA PRIVATE KEY-----^\nMIIE/abc+\nx==\n^-----END RSA PRIVATE KEY-----\nrest",
    "k: \"-----BEGIN PRIVATE KEY-----^\\nMIIE\\n^-----END PRIVATE KEY-----\\n\"",
    "-----BEGIN OPENSSH PRIVATE KEY-----^\nb3BlbnNzaC1r\ncut off^",
};

static const char *const assignments[] = {
    "app --password=^hunter2^ -v",
    "app --password ^hunter2^ -v",
    "app --token ^abc^ --secret-key ^def^",
    "DB_PASSWORD=^a&b;c^ x",
    "PGPASSWORD=^1234^ psql",
    "java -Dspring.datasource.password=^pw^ -jar x.jar",
    "Server=x;Uid=u;Pwd=^pass^;Database=d",
    "helm --set password=^x^,user=bob",
    "http://h/?token=^abc^&page=2",
    "\"password\": \"^it is \\\"quoted\\\" here^\", \"user\": \"bob\"",
    "{\"secret\":\"^x^\",\"port\":80}",
    "{\"token\":^12345678^,\"next\":\"abc\"}",
    "{\\\"password\\\":\\\"^x y^\\\",\\\"user\\\":\\\"bob\\\"}",
    "[\"DB_PASSWORD=^x y^\",\"PATH=/usr/bin\"]",
    "{'passwd': '^it''s^', 'a': 'b'}",
    "'password' => '^x^',",
    "password := \"^x^\"",
    "log: user bob password: ^hunter2^ accepted",
    "\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"^x^\"},{\"name\":\"A\",\"value\":\"b\"}]",
    "- name: DB_PASSWORD\n  value: ^my pass^\n- name: A\n  value: b\n",
    "\"a\":\"password: ^abc^\\nuser: bob\\n\"",
    "auth_token = Bearer ^abc^\n",
    "[db]\npassword = ^a b c^\nuser = bob\n",
    "user: bob\npassword: ^a b c^ # the old one\nport: 1\n",
    "password: \"^a # b^\" # c\n",
    "password: '^a b^'\r\nuser: x\r\n",
    "password: !!str ^abc^\n",
    "tls:\n  private_key: |\n^    line one\n    line two^\n  port: 1\n",
    "client_secret: >-\n^  abc\n\n  def^\nnext: 1\n",
    "tokens:\n  - ^abc^\n  # c\n  - \"^d e^\"\nport: 1\n",
    "tokens:\n- ^abc^\n- ^def^\nother:\n- ghi\n",
    "tokens: [^abc^, \"^d^\", '^e^'] # x\n",
    "\"tokens\": [\n  \"^abc^\",\n  \"^def^\"\n]",
    "passphrase:\n  ^on the next line^\nport: 1\n",
    "AWS_ACCESS_KEY_ID=^" AWS20 "^",
    "credentials: ^abc^",
    "db-password:^abc^ x",
};

static const char *const harmless[] = {
    "java -Dfoo=bar -Xmx512m -cp /opt/a.jar:/opt/b.jar com.example.Main",
    "/usr/bin/x --config /etc/x.conf --verbose",
    "/usr/bin/containerd-shim-runc-v2 -namespace moby -id "
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "git show " HEX40,
    "id=550e8400-e29b-41d4-a716-446655440000",
    "md5 " HEX32 "  file",
    "monkey " HEX32,
    "PWD=/home/bob OLDPWD=/tmp/x",
    "--token-file=/run/t --password_file x --secretName=db --api-key-path=/a",
    "secret: true",
    "max_tokens: 4096",
    "token_ttl=30s tokenizer=gpt",
    "password: null",
    "api_key: ENC[handle]",
    "password: \"%%env_DB_PASSWORD%%\"",
    "password=${DB_PASSWORD}",
    "GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp/key.json",
    "secret_backend_command: /opt/read-it",
    "image: registry/team/token-service:1.2.3",
    "docker run token-service:v1 my-token:latest",
    "arn:aws:secretsmanager:us-east-1:123:x",
    "std::secret::Type",
    "vault kv get secret/data/app",
    "http://host:8080/path?x=a@b",
    "mongo://host/db mailto:a@b.c",
    "basic authentication failed; bearer authentication too",
    "WWW-Authenticate: Basic realm=example1",
    "--authorization-mode=Node,RBAC",
    "authorization: enabled",
    "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
    "imagePullSecrets:\n- name: regcred\n",
    "secretKeyRef:\n  name: db\n  key: user\n",
    "\"secret\":{\"secretName\":\"default\",\"defaultMode\":420}",
    "mountPath: /var/run/secrets/kubernetes.io/serviceaccount",
    "docker run -u 1000:1000 curlimages/curl",
    "password:\nuser: bob\n",
    "password: *shared\n",
    "app --no-token --verbose",
    "AKIA short, ghp_short, xoxb-1, eyJ.eyJ, sk_live_x",
    "",
};

static int setup(void **state)
{
    struct rg_secret_forms *forms = NULL;
    struct rg_err err = {0};

    assert_int_equal(rg_secret_forms_create(&forms, &err), RG_OK);
    *state = forms;
    return 0;
}

static int teardown(void **state)
{
    rg_secret_forms_destroy(*state);
    return 0;
}

/* Puts ^ around the spans. */
static char *show(struct rg_str text, const struct rg_scrub_spans *spans)
{
    char *out = calloc(1, text.len + 2 * spans->count + 1);
    size_t n = 0;
    size_t s = 0;

    assert_non_null(out);
    for (size_t i = 0; i <= text.len; i++) {
        if (s < spans->count && i == spans->spans[s].offset + spans->spans[s].len) {
            out[n++] = '^';
            s++;
        }
        if (s < spans->count && i == spans->spans[s].offset)
            out[n++] = '^';
        if (i < text.len)
            out[n++] = text.ptr[i];
    }
    return out;
}

static bool check(struct rg_secret_forms *forms, const char *marked)
{
    struct rg_scrub_spans spans = {0};
    struct rg_err err = {0};
    char *plain = calloc(1, strlen(marked) + 1);
    struct rg_str text;
    char *shown;
    size_t n = 0;
    bool same;

    assert_non_null(plain);
    for (const char *c = marked; *c; c++) {
        if (*c != '^')
            plain[n++] = *c;
    }
    text = (struct rg_str){plain, n};
    assert_int_equal(rg_secret_forms_find(forms, text, &spans, &err), RG_OK);
    shown = show(text, &spans);
    same = strcmp(shown, marked) == 0;
    if (!same)
        print_error("found:    %s\nexpected: %s\n", shown, marked);
    free(shown);
    free(plain);
    rg_scrub_spans_finish(&spans);
    return same;
}

static void test_tokens_and_keys_are_found(void **state)
{
    bool good = true;

    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
        good = check(*state, tokens[i]) && good;
    assert_true(good);
}

static void test_values_of_sensitive_names_are_found(void **state)
{
    bool good = true;

    for (size_t i = 0; i < sizeof(assignments) / sizeof(assignments[0]); i++)
        good = check(*state, assignments[i]) && good;
    assert_true(good);
}

static void test_ordinary_texts_hold_no_secret(void **state)
{
    bool good = true;

    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        good = check(*state, harmless[i]) && good;
    assert_true(good);
}

static void test_agent_configuration_loses_its_keys_only(void **state)
{
    bool good = check(*state, "# token: ^of a comment^\n"
                              "api_key: ^" HEX32 "^\n"
                              "app_key: \"^" HEX40 "^\"\n"
                              "site: datadoghq.eu\n"
                              "secret_backend_timeout: 30\n"
                              "additional_endpoints:\n"
                              "  \"https://app.datadoghq.com\":\n"
                              "  - ^" HEX32 "^\n"
                              "  - \"^" HEX32 "^\"\n"
                              "proxy:\n"
                              "  https: http://user:^pa55^@proxy:3128\n"
                              "cluster_agent:\n"
                              "  auth_token: ^abc def^\n"
                              "process_config:\n"
                              "  custom_sensitive_words: ['personal_key', '*token', 'sql*']\n"
                              "instances:\n"
                              "  - host: db\n"
                              "    password: ^p^\n"
                              "    tokens:\n"
                              "      - ^one^\n"
                              "      - ^two^\n"
                              "    tls_private_key: |\n"
                              "^      abc\n"
                              "      def^\n"
                              "    port: 5432\n"
                              "tags: [a, b]\n");

    assert_true(good);
}

static void test_names_decide_with_their_values(void **state)
{
    static const struct {
        const char *name, *value;
        bool secret;
    } rows[] = {
        {"DD_API_KEY", "x", true},
        {"dbPassword", "x", true},
        {"PASSWORD", "1234", true},
        {"TOKEN", "1234", false},
        {"TOKEN", "1234567", true},
        {"TOKEN_FILE", "x", false},
        {"tokenFile", "x", false},
        {"secretprofile", "x", true},
        {"PWD", "/x", false},
        {"pwd", "x", true},
        {"MY_SECRET", "", false},
        {"MY_SECRET", "No", false},
        {"MY_SECRET", "/etc/x", false},
        {"MY_SECRET", "/etc/x y", true},
        {"PATH", "/bin:/etc", false},
        {"TOKENIZERS_PARALLELISM", "abc", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool got = rg_secret_named(rg_str_from(rows[i].name), rg_str_from(rows[i].value));

        if (got != rows[i].secret)
            fail_msg("%s=%s", rows[i].name, rows[i].value);
    }
}

static void test_spans_that_touch_become_one(void **state)
{
    static const size_t pairs[][2] = {{7, 3}, {0, 2}, {10, 1}, {1, 1}, {8, 1}, {20, 0}};
    struct rg_scrub_spans spans = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_int_equal(rg_scrub_spans_add(&spans, pairs[i][0], pairs[i][1]), RG_OK);
    rg_scrub_spans_merge(&spans);
    assert_int_equal(spans.count, 2);
    assert_int_equal(spans.spans[0].offset, 0);
    assert_int_equal(spans.spans[0].len, 2);
    assert_int_equal(spans.spans[1].offset, 7);
    assert_int_equal(spans.spans[1].len, 4);
    rg_scrub_spans_finish(&spans);
}

/* Each piece, repeated to 1 MiB, is meant to make one rule read far from many places. */
static const char *const hostile[] = {
    "a",
    " ",
    "\n",
    "-",
    "eyJ",
    "eyJaaaaaaaaa.",
    "://a:",
    "://a:b@",
    "bearer ",
    "bearer a",
    "basic aaaaaaaaaa",
    "authorization: ",
    "password",
    "password=",
    "password='",
    "password='x''",
    "password=\"\\\"",
    "password=\\\"",
    "token: |\n",
    "token:\n",
    "token:\n- ",
    "token:\n- token",
    "token: [",
    "\"token\": [true, ",
    "token,value=true #",
    "token\nvalue: true #",
    "token: true # ",
    "token=/etc/",
    "token=a,b",
    "&a,a;a",
    "token=\\n\\n",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN ",
    "curl -u a:",
    "secret_access_key   ",
    "api-key------",
    "xoxb-",
    "ghp_a",
    "application_key ",
    "\\\\\\\\\\\\\\\"token",
    "--token ",
    "--token\t\t\t\t",
};

static void test_hostile_texts_end_soon(void **state)
{
    size_t len = (size_t)1 << 20;
    char *text = malloc(len);
    struct rg_scrub_spans spans = {0};
    struct rg_err err = {0};

    assert_non_null(text);
    for (size_t h = 0; h < sizeof(hostile) / sizeof(hostile[0]); h++) {
        size_t piece = strlen(hostile[h]);
        size_t last = 0;

        for (size_t i = 0; i < len; i++)
            text[i] = hostile[h][i % piece];
        assert_int_equal(
            rg_secret_forms_find(*state, (struct rg_str){text, len}, &spans, &err), RG_OK);
        for (size_t i = 0; i < spans.count; i++) {
            assert_true(i == 0 || spans.spans[i].offset > last);
            last = spans.spans[i].offset + spans.spans[i].len;
            assert_true(spans.spans[i].len > 0 && last <= len);
        }
    }
    rg_scrub_spans_finish(&spans);
    free(text);
}

static void test_text_above_the_limit_keeps_its_first_word(void **state)
{
    size_t len = RG_SECRET_TEXT_MAX + 1;
    char *text = malloc(len);
    struct rg_scrub_spans spans = {0};
    struct rg_err err = {0};

    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text, "first word", 10);
    assert_int_equal(rg_secret_forms_find(*state, (struct rg_str){text, len}, &spans, &err), RG_OK);
    assert_int_equal(spans.count, 1);
    assert_int_equal(spans.spans[0].offset, 5);
    assert_int_equal(spans.spans[0].len, len - 5);
    rg_scrub_spans_finish(&spans);
    free(text);
}

static void test_each_failed_allocation_is_reported(void **state)
{
    struct rg_str text = RG_STR_LIT("api_key=" HEX32 " u://a:b@c\ntokens:\n- a\n- b\n- c\n- d\n"
                                    "- e\n- f\n- g\n- h\n- i\n");
    bool done = false;
    long n;

    (void)state;
    for (n = 1; !done && n < 1000; n++) {
        struct rg_secret_forms *forms = NULL;
        struct rg_scrub_spans spans = {0};
        struct rg_err err = {0};
        enum rg_status st;

        fail_alloc_at(n);
        st = rg_secret_forms_create(&forms, &err);
        if (st == RG_OK)
            st = rg_secret_forms_find(forms, text, &spans, &err);
        done = !fail_alloc_happened();
        fail_alloc_at(0);
        if (!done) {
            assert_int_equal(st, RG_ENOMEM);
            assert_int_equal(spans.count, 0);
            assert_true(err.text[0] != '\0');
        } else {
            assert_int_equal(st, RG_OK);
            assert_int_equal(spans.count, 11);
        }
        rg_scrub_spans_finish(&spans);
        rg_secret_forms_destroy(forms);
    }
    assert_true(done && n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_and_keys_are_found),
        cmocka_unit_test(test_values_of_sensitive_names_are_found),
        cmocka_unit_test(test_ordinary_texts_hold_no_secret),
        cmocka_unit_test(test_agent_configuration_loses_its_keys_only),
        cmocka_unit_test(test_names_decide_with_their_values),
        cmocka_unit_test(test_spans_that_touch_become_one),
        cmocka_unit_test(test_hostile_texts_end_soon),
        cmocka_unit_test(test_text_above_the_limit_keeps_its_first_word),
        cmocka_unit_test(test_each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests_name("secret_forms", tests, setup, teardown);
}
