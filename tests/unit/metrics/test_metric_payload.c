#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "json_number.h"
#include "metric_json.h"
#include "metric_payload.h"
#include "metrics_fixture.h"
#include "rg/base/prng.h"

#include "metric_payload.pb-c.h"

typedef Datadog__MetricPayload__MetricPayload series_payload;
typedef Datadog__MetricPayload__SketchPayload sketch_payload;

static void test_numbers_look_as_the_intake_expects(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-42, "-42"},
        {0.1, "0.1"},
        {1.5, "1.5"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {100, "100"},
        {123456789012345680, "123456789012345680"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {0.000001, "0.000001"},
        {0.0000015, "0.0000015"},
        {0.0000001, "1e-7"},
        {1.25e-12, "1.25e-12"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {9007199254740993.0, "9007199254740992"},
        {0.30000000000000004, "0.30000000000000004"},
    };
    char text[RG_JSON_NUMBER_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(rg_json_number(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

static void test_random_numbers_survive_the_way_to_text(void **state)
{
    char text[RG_JSON_NUMBER_SIZE];
    struct rg_prng prng;

    (void)state;
    rg_prng_init(&prng, 1, "numbers");
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rg_prng_next(&prng);
        double value;

        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        assert_true(rg_json_number(value, text) < sizeof(text));
        if (strtod(text, NULL) != value)
            fail_msg("%a became %s", value, text);
    }
}

static const struct rg_str sample_tags[] = {
    {"env:prod", 8}, {"device:sda", 10}, {"device:sdb", 10}};

/* One of everything. */
static void send_everything(struct rg_sender *s)
{
    rg_sender_gauge(s, "disk.used", 0.25, NULL, (struct rg_tags){sample_tags, 3});
    rg_sender_count(s, "hits", 3, "h\"1", RG_NO_TAGS);
    rg_sender_set_no_index(s, true);
    rg_sender_gauge(s, "hidden", 1, NULL, RG_NO_TAGS);
    rg_sender_set_no_index(s, false);
    rg_sender_service_check(s, &(struct rg_service_check){.name = RG_STR_LIT("can_connect"),
                                   .status = RG_SERVICE_WARNING,
                                   .tags = {sample_tags, 1},
                                   .message = RG_STR_LIT("slow\n")});
    rg_sender_event(s, &(struct rg_event){.title = RG_STR_LIT("one"),
                           .text = RG_STR_LIT("text"),
                           .priority = RG_STR_LIT("normal"),
                           .tags = {sample_tags, 1},
                           .alert_type = RG_STR_LIT("info"),
                           .aggregation_key = RG_STR_LIT("key"),
                           .source_type_name = RG_STR_LIT("zoo"),
                           .event_type = RG_STR_LIT("kind")});
    rg_sender_event(s, &(struct rg_event){.title = RG_STR_LIT("two"), .timestamp_s = 7});
    rg_sender_event(s,
        &(struct rg_event){
            .title = RG_STR_LIT("three"), .timestamp_s = 8, .source_type_name = RG_STR_LIT("zoo")});
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
}

static const struct rg_forward_payload *find_payload(
    const struct rg_metric_payloads *p, const char *source)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->items[i].source, source) == 0)
            return &p->items[i];
    }
    fail_msg("no payload of %s", source);
    return NULL;
}

static void expect_bytes(const struct rg_forward_payload *p, const char *text)
{
    if (p->len != strlen(text) || memcmp(p->bytes, text, p->len) != 0)
        fail_msg("%.*s\n", (int)p->len, (const char *)p->bytes);
}

static void test_v1_payloads_have_the_documented_shape(void **state)
{
    const struct rg_payload_limits limits = RG_PAYLOAD_LIMITS;
    struct rg_metric_payloads p = {0};
    struct metrics_fixture f;
    struct rg_sender *s;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    send_everything(s);
    fixture_flush(&f, false);
    assert_int_equal(
        rg_metric_payloads_build(&p, &f.flush, RG_SERIES_V1, &limits, "agent-host"), RG_OK);
    assert_int_equal(p.count, 3);
    assert_int_equal(p.hidden, 1);
    expect_bytes(find_payload(&p, "series"),
        "{\"series\":[{\"metric\":\"disk.used\",\"points\":[[1767225600,0.25]],"
        "\"tags\":[\"env:prod\"],\"host\":\"agent-host\",\"device\":\"sdb\",\"type\":\"gauge\","
        "\"interval\":0,\"source_type_name\":\"System\"},"
        "{\"metric\":\"hits\",\"points\":[[1767225600,3]],\"tags\":[],\"host\":\"h\\\"1\","
        "\"type\":\"count\",\"interval\":0,\"source_type_name\":\"System\"}]}");
    assert_int_equal(find_payload(&p, "series")->items, 2);
    expect_bytes(find_payload(&p, "service_checks"),
        "[{\"check\":\"can_connect\",\"host_name\":\"agent-host\",\"timestamp\":1767225600,"
        "\"status\":1,\"message\":\"slow\\n\",\"tags\":[\"env:prod\"]}]");
    expect_bytes(find_payload(&p, "events"),
        "{\"apiKey\":\"\",\"events\":{\"api\":[{\"msg_title\":\"two\",\"msg_text\":\"\","
        "\"timestamp\":7,\"host\":\"agent-host\"}],\"zoo\":[{\"msg_title\":\"one\","
        "\"msg_text\":\"text\",\"timestamp\":1767225600,\"priority\":\"normal\","
        "\"host\":\"agent-host\",\"tags\":[\"env:prod\"],\"alert_type\":\"info\","
        "\"aggregation_key\":\"key\",\"source_type_name\":\"zoo\",\"event_type\":\"kind\"},"
        "{\"msg_title\":\"three\",\"msg_text\":\"\",\"timestamp\":8,\"host\":\"agent-host\","
        "\"source_type_name\":\"zoo\"}]},\"internalHostname\":\"agent-host\"}");
    rg_metric_payloads_finish(&p);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_v2_series_decode_to_what_was_sent(void **state)
{
    const struct rg_payload_limits limits = RG_PAYLOAD_LIMITS;
    const struct rg_forward_payload *bytes;
    struct rg_metric_payloads p = {0};
    struct metrics_fixture f;
    struct rg_sender *s;
    series_payload *m;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    send_everything(s);
    fixture_flush(&f, false);
    assert_int_equal(
        rg_metric_payloads_build(&p, &f.flush, RG_SERIES_V2, &limits, "agent-host"), RG_OK);
    bytes = find_payload(&p, "series");
    assert_string_equal(bytes->content_type, "application/x-protobuf");
    m = datadog__metric_payload__metric_payload__unpack(NULL, bytes->len, bytes->bytes);
    assert_non_null(m);
    assert_int_equal(m->n_series, 3);
    assert_string_equal(m->series[0]->metric, "disk.used");
    assert_int_equal(m->series[0]->type, 3);
    assert_int_equal(m->series[0]->n_resources, 2);
    assert_string_equal(m->series[0]->resources[0]->type, "host");
    assert_string_equal(m->series[0]->resources[0]->name, "agent-host");
    assert_string_equal(m->series[0]->resources[1]->type, "device");
    assert_string_equal(m->series[0]->resources[1]->name, "sdb");
    assert_int_equal(m->series[0]->n_tags, 1);
    assert_string_equal(m->series[0]->tags[0], "env:prod");
    assert_int_equal(m->series[0]->points[0]->timestamp, 1767225600);
    assert_true(m->series[0]->points[0]->value == 0.25);
    assert_string_equal(m->series[0]->source_type_name, "System");
    assert_int_equal(m->series[0]->metadata->origin->origin_product, 10);
    assert_int_equal(m->series[0]->metadata->origin->metric_type, 0);
    assert_string_equal(m->series[1]->metric, "hidden");
    assert_int_equal(m->series[1]->metadata->origin->metric_type, 9);
    assert_int_equal(m->series[2]->type, 1);
    assert_string_equal(m->series[2]->resources[0]->name, "h\"1");
    datadog__metric_payload__metric_payload__free_unpacked(m, NULL);
    rg_metric_payloads_finish(&p);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_sketches_carry_their_bins(void **state)
{
    const struct rg_payload_limits limits = RG_PAYLOAD_LIMITS;
    const struct rg_forward_payload *bytes;
    struct rg_metric_payloads p = {0};
    struct rg_buf json;
    struct metrics_fixture f;
    struct rg_sender *s;
    sketch_payload *m;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_histogram_bucket(s, &(struct rg_histogram_bucket){.name = RG_STR_LIT("d"),
                                      .value = 65535 * 2 + 7,
                                      .lower = 1,
                                      .upper = 1,
                                      .tags = {sample_tags, 1}});
    fixture_pass(&f, 1);
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_int_equal(
        rg_metric_payloads_build(&p, &f.flush, RG_SERIES_V2, &limits, "agent-host"), RG_OK);
    bytes = find_payload(&p, "sketches");
    assert_true(bytes->bytes[bytes->len - 2] == 0x12 && bytes->bytes[bytes->len - 1] == 0);
    m = datadog__metric_payload__sketch_payload__unpack(NULL, bytes->len, bytes->bytes);
    assert_non_null(m);
    assert_int_equal(m->n_sketches, 1);
    assert_string_equal(m->sketches[0]->metric, "d");
    assert_string_equal(m->sketches[0]->host, "agent-host");
    assert_string_equal(m->sketches[0]->tags[0], "env:prod");
    assert_int_equal(m->sketches[0]->dogsketches[0]->ts, 1767225600);
    assert_int_equal(m->sketches[0]->dogsketches[0]->cnt, 65535 * 2 + 7);
    assert_int_equal(m->sketches[0]->dogsketches[0]->n_k, 3);
    assert_int_equal(m->sketches[0]->dogsketches[0]->k[0], 1338);
    assert_int_equal(m->sketches[0]->dogsketches[0]->n[0], 7);
    assert_int_equal(m->sketches[0]->dogsketches[0]->n[2], 65535);
    datadog__metric_payload__sketch_payload__free_unpacked(m, NULL);
    rg_buf_init(&json, 4096);
    assert_int_equal(rg_sketch_json(&json, &f.flush.metrics.sketches[0], true), RG_OK);
    assert_int_equal(rg_buf_byte(&json, 0), RG_OK);
    assert_string_equal((const char *)json.data,
        "{\"metric\":\"d\",\"tags\":[\"env:prod\"],\"host\":\"agent-host\",\"interval\":0,"
        "\"points\":[{\"sketch\":{\"summary\":{\"Min\":1,\"Max\":1,\"Sum\":131077,\"Avg\":1,"
        "\"Cnt\":131077},\"bins\":[[1338,131077]]},\"ts\":1767225600}]}");
    rg_buf_finish(&json);
    rg_metric_payloads_finish(&p);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_hostile_texts_give_valid_payloads(void **state)
{
    static const char nasty[] = "\xff\"\\\x01\n\0\xc3\x28\xe2\x82\xac";
    const struct rg_str text = {nasty, sizeof(nasty) - 1};
    const struct rg_payload_limits limits = RG_PAYLOAD_LIMITS;
    const struct rg_sample sample = {
        .type = RG_METRIC_GAUGE, .name = text, .host = text, .tags = {&text, 1}};
    struct rg_metric_payloads p = {0};
    struct metrics_fixture f;
    struct rg_sender *s;
    series_payload *m;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    assert_int_equal(rg_sender_sample(s, &sample, NULL), RG_OK);
    rg_sender_event(s, &(struct rg_event){.title = text, .source_type_name = text});
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_int_equal(rg_metric_payloads_build(&p, &f.flush, RG_SERIES_V1, &limits, "h"), RG_OK);
    expect_bytes(find_payload(&p, "series"),
        "{\"series\":[{\"metric\":\"\xef\xbf\xbd\\\"\\\\\\u0001\\n\\u0000\xef\xbf\xbd(\xe2\x82\xac"
        "\",\"points\":[[1767225600,0]],\"tags\":[\"\xef\xbf\xbd\\\"\\\\\\u0001\\n\\u0000"
        "\xef\xbf\xbd(\xe2\x82\xac\"],\"host\":\"\xef\xbf\xbd\\\"\\\\\\u0001\\n\\u0000"
        "\xef\xbf\xbd(\xe2\x82\xac\",\"type\":\"gauge\",\"interval\":0,"
        "\"source_type_name\":\"System\"}]}");
    rg_metric_payloads_finish(&p);
    assert_int_equal(rg_metric_payloads_build(&p, &f.flush, RG_SERIES_V2, &limits, "h"), RG_OK);
    m = datadog__metric_payload__metric_payload__unpack(NULL, p.items[0].len, p.items[0].bytes);
    assert_non_null(m);
    assert_string_equal(
        m->series[0]->metric, "\xef\xbf\xbd\"\\\x01\n\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac");
    datadog__metric_payload__metric_payload__free_unpacked(m, NULL);
    rg_metric_payloads_finish(&p);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_payloads_are_split_by_points_and_bytes_and_lose_nothing(void **state)
{
    enum { N = 500 };
    struct metrics_fixture f;
    struct rg_sender *s;
    uint64_t series = 0;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    for (int i = 0; i < N; i++) {
        char name[32];

        snprintf(name, sizeof(name), "metric.%03d", i);
        rg_sender_gauge(s, name, i, NULL, RG_NO_TAGS);
        rg_sender_service_check(s, &(struct rg_service_check){.name = rg_str_from(name)});
        rg_sender_event(s, &(struct rg_event){.title = rg_str_from(name),
                               .source_type_name = i % 3 ? RG_STR_LIT("a") : RG_STR_LIT("b")});
    }
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    for (int format = RG_SERIES_V2; format <= RG_SERIES_V1; format++) {
        const struct rg_payload_limits limits = {
            .series_points = 70, .series_bytes = 4000, .other_bytes = 2000, .total_bytes = 1 << 20};
        struct rg_metric_payloads p = {0};
        uint64_t items[3] = {0};

        assert_int_equal(
            rg_metric_payloads_build(&p, &f.flush, (enum rg_series_format)format, &limits, "h"),
            RG_OK);
        assert_int_equal(p.too_large + p.lost, 0);
        for (size_t i = 0; i < p.count; i++) {
            bool is_series = strcmp(p.items[i].source, "series") == 0;
            int kind = is_series ? 0 : strcmp(p.items[i].source, "events") == 0 ? 1 : 2;

            assert_true(p.items[i].len <= (is_series ? 4000u : 2000u));
            assert_true(!is_series || p.items[i].items <= 70);
            items[kind] += p.items[i].items;
        }
        for (int kind = 0; kind < 3; kind++)
            assert_int_equal(items[kind], N);
        series += items[0];
        assert_true(p.count > 60);
        rg_metric_payloads_finish(&p);
    }
    assert_int_equal(series, 2 * N);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_a_serie_with_too_many_points_is_split(void **state)
{
    const struct rg_payload_limits limits = {
        .series_points = 10, .series_bytes = 4000, .other_bytes = 2000, .total_bytes = 1 << 20};
    struct rg_metric_payloads p = {0};
    struct metrics_fixture f;
    struct rg_sender *s;
    size_t points = 0;

    (void)state;
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    for (int i = 1; i <= 25; i++) {
        const struct rg_sample sample = {
            .type = RG_METRIC_GAUGE_AT, .name = RG_STR_LIT("m"), .value = i, .timestamp_s = i};

        assert_int_equal(rg_sender_sample(s, &sample, NULL), RG_OK);
    }
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_int_equal(rg_metric_payloads_build(&p, &f.flush, RG_SERIES_V2, &limits, "h"), RG_OK);
    assert_int_equal(p.count, 3);
    for (size_t i = 0; i < p.count; i++) {
        series_payload *m =
            datadog__metric_payload__metric_payload__unpack(NULL, p.items[i].len, p.items[i].bytes);

        assert_non_null(m);
        for (size_t k = 0; k < m->series[0]->n_points; k++)
            assert_int_equal(m->series[0]->points[k]->timestamp, ++points);
        datadog__metric_payload__metric_payload__free_unpacked(m, NULL);
    }
    assert_int_equal(points, 25);
    rg_metric_payloads_finish(&p);
    rg_sender_close(s);
    fixture_finish(&f);
}

static void test_what_no_payload_can_hold_is_counted_and_named(void **state)
{
    struct rg_payload_limits limits = {
        .series_points = 10, .series_bytes = 150, .other_bytes = 150, .total_bytes = 1 << 20};
    struct rg_metric_payloads p = {0};
    struct metrics_fixture f;
    struct rg_sender *s;
    char name[200];

    (void)state;
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    fixture_init(&f, NULL, NULL);
    s = fixture_sender(&f, "check:1");
    rg_sender_gauge(s, name, 1, NULL, RG_NO_TAGS);
    rg_sender_gauge(s, "z", 1, "h", RG_NO_TAGS);
    rg_sender_event(s, &(struct rg_event){.title = rg_str_from(name)});
    rg_sender_event(s, &(struct rg_event){.title = RG_STR_LIT("t"), .timestamp_s = 1});
    assert_int_equal(rg_sender_commit(s, NULL), RG_OK);
    fixture_flush(&f, false);
    assert_int_equal(rg_metric_payloads_build(&p, &f.flush, RG_SERIES_V1, &limits, "h"), RG_OK);
    assert_int_equal(p.too_large, 2);
    assert_int_equal(strlen(p.first_too_large), 127);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.items[0].items, 1);
    rg_metric_payloads_finish(&p);
    limits.total_bytes = 140;
    limits.series_bytes = 1000;
    limits.other_bytes = 1000;
    assert_int_equal(rg_metric_payloads_build(&p, &f.flush, RG_SERIES_V2, &limits, "h"), RG_OK);
    assert_int_equal(p.count, 0);
    assert_int_equal(p.lost, 4);
    rg_metric_payloads_finish(&p);
    rg_sender_close(s);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_look_as_the_intake_expects),
        cmocka_unit_test(test_random_numbers_survive_the_way_to_text),
        cmocka_unit_test(test_v1_payloads_have_the_documented_shape),
        cmocka_unit_test(test_v2_series_decode_to_what_was_sent),
        cmocka_unit_test(test_sketches_carry_their_bins),
        cmocka_unit_test(test_hostile_texts_give_valid_payloads),
        cmocka_unit_test(test_payloads_are_split_by_points_and_bytes_and_lose_nothing),
        cmocka_unit_test(test_a_serie_with_too_many_points_is_split),
        cmocka_unit_test(test_what_no_payload_can_hold_is_counted_and_named),
    };

    return cmocka_run_group_tests_name("metric payload", tests, NULL, NULL);
}
