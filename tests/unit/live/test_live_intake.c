#include "intake_body.h"
#include "intake_headers.h"
#include "intake_route.h"
#include "rg/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <cmocka.h>

#include "fail_alloc.h"

#define KEY "0123456789abcdef0123456789abcdef"

static struct rg_live_intake_options usable(void)
{
    return (struct rg_live_intake_options){.url = "http://127.0.0.1:1",
        .process_url = "http://127.0.0.1:1/below/",
        .api_key = KEY,
        .user_agent = "test",
        .proxy_http = "http://127.0.0.1:1",
        .no_proxy = "127.0.0.1",
        .coding = RG_LIVE_INTAKE_DEFLATE,
        .timeout_ns = 2 * RG_NS_PER_S,
        .pause_ns = 1};
}

static struct rg_output output_of(const char *source, struct rg_output_header *header)
{
    return (struct rg_output){.kind = "payload",
        .source = source,
        .headers = header,
        .header_count = 1,
        .payload = RG_STR_LIT("bytes")};
}

static void test_addresses_are_checked(void **state)
{
    static const char *const good[] = {"http://a", "https://a.b:8125/", "HTTPS://[::1]:1//"};
    static const char *const bad[] = {"", "a", "ftp://a", "//a", "http://", "http://u@a",
        "http://u:p@a", "http://a?k=v", "http://a#f", "http://a:99999", "http://a b"};
    struct rg_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char *url = NULL;

        assert_int_equal(rg_intake_url(good[i], &url, &err), RG_OK);
        assert_int_not_equal(url[strlen(url) - 1], '/');
        free(url);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *url = NULL;

        assert_int_equal(rg_intake_url(bad[i], &url, &err), RG_EINVALID);
        assert_null(url);
        assert_true(bad[i][0] == '\0' || bad[i][1] == '\0' || !strstr(err.text, bad[i]));
    }
}

static void test_series_are_routed_by_content_type(void **state)
{
    struct rg_output_header header = {"content-type", "application/json"};
    struct rg_output output = output_of("series", &header);

    (void)state;
    assert_string_equal(rg_intake_route_find(&output)->path, "/api/v1/series");
    header.value = "application/x-protobuf";
    assert_string_equal(rg_intake_route_find(&output)->path, "/api/v2/series");
    header.value = "text/plain";
    assert_null(rg_intake_route_find(&output));
    output.header_count = 0;
    assert_null(rg_intake_route_find(&output));
}

static void test_every_source_of_processes_goes_to_their_address(void **state)
{
    static const char *const sources[] = {
        "process", "rtprocess", "container", "rtcontainer", "process_discovery", "connections"};
    struct rg_output_header header = {"Content-Type", "application/x-protobuf"};

    (void)state;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        struct rg_output output = output_of(sources[i], &header);

        assert_int_equal(rg_intake_route_find(&output)->target, RG_INTAKE_PROCESS);
        assert_true(rg_intake_route_find(&output)->plain);
    }
}

static void test_a_header_cannot_bring_another(void **state)
{
    static const struct rg_output_header bad[] = {{"X-Host", "a\r\nX-Other: b"}, {"X-Host", "a\n"},
        {"X-Host\r\nX", "a"}, {"X:Host", "a"}, {"X Host", "a"}, {"", "a"}};
    static const struct rg_output_header good = {"X-Host", "a: b, \xc3\xa9"};

    (void)state;
    assert_true(rg_intake_header_sound(&good));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct rg_output_header header = bad[i];
        struct rg_output output = output_of("process", &header);
        struct curl_slist *list = NULL;
        struct rg_err err = {0};

        assert_false(rg_intake_header_sound(&bad[i]));
        assert_int_equal(rg_intake_headers(&output, KEY, NULL, &list, &err), RG_EINVALID);
        rg_intake_headers_free(list);
    }
}

static void test_options_are_checked(void **state)
{
    struct rg_live_intake_options options = usable();
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};

    (void)state;
    options.api_key = NULL;
    assert_int_equal(rg_live_sink_intake(&options, &sink, &err), RG_EINVALID);
    options.api_key = "";
    assert_int_equal(rg_live_sink_intake(&options, &sink, &err), RG_EINVALID);
    options.api_key = KEY "\nX-Other: b";
    assert_int_equal(rg_live_sink_intake(&options, &sink, &err), RG_EINVALID);
    assert_null(strstr(err.text, KEY));
    options = usable();
    options.url = NULL;
    assert_int_equal(rg_live_sink_intake(&options, &sink, &err), RG_EINVALID);
    options = usable();
    options.ca_file = "/nonexistent/ca.pem";
    assert_int_equal(rg_live_sink_intake(&options, &sink, &err), RG_ENOTFOUND);
    assert_null(sink);
}

static void test_compressed_bodies_are_bounded(void **state)
{
    static const enum rg_live_intake_coding codings[] = {
        RG_LIVE_INTAKE_PLAIN, RG_LIVE_INTAKE_DEFLATE, RG_LIVE_INTAKE_ZSTD};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rg_buf out;

        rg_buf_init(&out, 4);
        assert_int_equal(
            rg_intake_compress(codings[i], RG_STR_LIT("longer than that"), &out), RG_ETOOBIG);
        assert_int_equal(out.len, 0);
        rg_buf_finish(&out);
    }
    assert_null(rg_intake_coding_name(RG_LIVE_INTAKE_PLAIN));
    assert_string_equal(rg_intake_coding_name(RG_LIVE_INTAKE_ZSTD), "zstd");
}

/* curl's own allocations fail with ours: it is told to use the functions that can. */
static void *failing_malloc(size_t size)
{
    return malloc(size);
}

static void failing_free(void *block)
{
    free(block);
}

static void *failing_realloc(void *block, size_t size)
{
    return realloc(block, size);
}

static char *failing_strdup(const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    return copy ? strcpy(copy, text) : NULL;
}

static void *failing_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

/* Creates a sink, emits to a port where nobody listens, destroys it. */
static enum rg_status live_and_die(struct rg_err *err)
{
    struct rg_live_intake_options options = usable();
    struct rg_output_header header = {"Content-Type", "application/x-protobuf"};
    struct rg_output output = output_of("series", &header);
    struct rg_sink *sink = NULL;
    enum rg_status st = rg_live_sink_intake(&options, &sink, err);

    if (st == RG_OK) {
        st = rg_sink_emit(sink, &output, NULL, err);
        assert_int_equal(st, RG_EIO);
        assert_true(err->text[0]);
        assert_null(strstr(err->text, KEY));
    } else {
        assert_int_equal(st, RG_ENOMEM);
        assert_null(sink);
    }
    rg_sink_destroy(sink);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    bool happened = true;
    long failed = 0;

    (void)state;
    assert_int_equal(curl_global_init_mem(CURL_GLOBAL_DEFAULT, failing_malloc, failing_free,
                         failing_realloc, failing_strdup, failing_calloc),
        CURLE_OK);
    for (long n = 1; happened; n++) {
        struct rg_err err = {0};

        assert_in_range(n, 1, 5000);
        fail_alloc_at(n);
        rg_ignore(live_and_die(&err), "checked inside");
        happened = fail_alloc_happened();
        fail_alloc_at(0);
        failed += happened;
    }
    assert_in_range(failed, 20, 5000);
    curl_global_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_checked),
        cmocka_unit_test(test_series_are_routed_by_content_type),
        cmocka_unit_test(test_every_source_of_processes_goes_to_their_address),
        cmocka_unit_test(test_a_header_cannot_bring_another),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_compressed_bodies_are_bounded),
        cmocka_unit_test(test_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
