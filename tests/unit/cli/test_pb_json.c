#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "pb_json.h"
#include "process_agent.pb-c.h"

static void assert_prints(const void *message, const char *wanted)
{
    struct cli_json json;

    cli_json_init(&json);
    pb_json_message(&json, NULL, message);
    assert_int_equal(json.st, RG_OK);
    assert_int_equal(json.text.len, strlen(wanted));
    assert_memory_equal(json.text.data, wanted, strlen(wanted));
    cli_json_finish(&json);
}

static void test_scalars_keep_their_defaults(void **state)
{
    Datadog__ProcessAgent__ProcessNetworks m;

    datadog__process_agent__process_networks__init(&m);
    (void)state;
    assert_prints(&m, "{\"connectionRate\":0,\"bytesRate\":0}");
}

static void test_floats_are_shortest_and_never_nan(void **state)
{
    Datadog__ProcessAgent__ProcessNetworks m;

    datadog__process_agent__process_networks__init(&m);
    (void)state;
    m.connectionrate = 0.1f;
    m.bytesrate = NAN;
    assert_prints(&m, "{\"connectionRate\":0.1,\"bytesRate\":null}");
    m.connectionrate = 16777217.0f;
    m.bytesrate = -INFINITY;
    assert_prints(&m, "{\"connectionRate\":16777216,\"bytesRate\":null}");
}

static void test_doubles_have_the_digits_that_are_asked_for(void **state)
{
    static const struct {
        double value;
        int digits;
        const char *wanted;
    } cases[] = {
        /* up to 9 digits the same float, above that the same double */
        {0.25, 1, "0.2"},
        {1.0 / 3, 3, "0.333"},
        {1.0 / 3, 5, "0.33333"},
        {1.0 / 3, 6, "0.333333"},
        {1.0 / 3, 9, "0.33333333"},
        {0.1, 9, "0.1"},
        {1.0 / 3, 12, "0.333333333333"},
        {0.1, 17, "0.1"},
        {1.0 / 3, 17, "0.3333333333333333"},
        {-1e300, 2, "-1e+300"},
        {(double)INFINITY, 2, "null"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cli_json json;

        cli_json_init(&json);
        cli_json_double(&json, NULL, cases[i].value, cases[i].digits);
        assert_int_equal(json.st, RG_OK);
        assert_int_equal(rg_buf_byte(&json.text, 0), RG_OK);
        assert_string_equal((const char *)json.text.data, cases[i].wanted);
        cli_json_finish(&json);
    }
}

static void test_strings_are_escaped(void **state)
{
    char name[] = "a\"b\n\x1b";
    Datadog__ProcessAgent__ProcessUser m;

    datadog__process_agent__process_user__init(&m);
    (void)state;
    m.name = name;
    m.uid = -1;
    assert_prints(&m, "{\"name\":\"a\\\"b\\n\\u001b\",\"uid\":-1,\"gid\":0,\"euid\":0,\"egid\":0,"
                      "\"suid\":0,\"sgid\":0}");
}

static void test_lists_of_messages_nest(void **state)
{
    char name[] = "cpu0";
    Datadog__ProcessAgent__SingleCPUStat one;
    Datadog__ProcessAgent__SingleCPUStat *cpus[] = {&one, &one};
    Datadog__ProcessAgent__CPUStat m;

    datadog__process_agent__single_cpustat__init(&one);
    datadog__process_agent__cpustat__init(&m);
    (void)state;
    one.name = name;
    m.n_cpus = 2;
    m.cpus = cpus;
    m.usertime = INT64_MAX;
    assert_prints(&m, "{\"lastCpu\":\"\",\"totalPct\":0,\"userPct\":0,\"systemPct\":0,"
                      "\"numThreads\":0,\"cpus\":[{\"name\":\"cpu0\",\"totalPct\":0},"
                      "{\"name\":\"cpu0\",\"totalPct\":0}],\"nice\":0,"
                      "\"userTime\":9223372036854775807,\"systemTime\":0}");
}

static void test_enums_have_names_and_unknown_ones_numbers(void **state)
{
    Datadog__ProcessAgent__ContainerAddr m;

    datadog__process_agent__container_addr__init(&m);
    (void)state;
    m.protocol = DATADOG__PROCESS_AGENT__CONNECTION_TYPE__udp;
    assert_prints(&m, "{\"ip\":\"\",\"port\":0,\"protocol\":\"udp\"}");
    m.protocol = (Datadog__ProcessAgent__ConnectionType)99;
    assert_prints(&m, "{\"ip\":\"\",\"port\":0,\"protocol\":99}");
}

static void test_oneof_prints_only_the_chosen_member(void **state)
{
    Datadog__ProcessAgent__CollectorProc m;

    datadog__process_agent__collector_proc__init(&m);
    (void)state;
    assert_prints(&m, "{\"hostName\":\"\",\"processes\":[],\"groupId\":0,\"groupSize\":0,"
                      "\"containers\":[],\"networkId\":\"\","
                      "\"containerHostType\":\"notSpecified\"}");
    m.hints_case = DATADOG__PROCESS_AGENT__COLLECTOR_PROC__HINTS_HINT_MASK;
    m.hintmask = 0;
    assert_prints(&m, "{\"hostName\":\"\",\"processes\":[],\"groupId\":0,\"groupSize\":0,"
                      "\"containers\":[],\"networkId\":\"\","
                      "\"containerHostType\":\"notSpecified\",\"hintMask\":0}");
}

static void test_bytes_are_hexadecimal(void **state)
{
    uint8_t bytes[] = {0x00, 0xff, 0x1a};
    struct cli_json json;
    const char *key = "\"byteKey\":\"00ff1a\"";
    Datadog__ProcessAgent__ProcessStat m;

    datadog__process_agent__process_stat__init(&m);
    (void)state;
    m.bytekey = (ProtobufCBinaryData){sizeof(bytes), bytes};
    cli_json_init(&json);
    pb_json_message(&json, NULL, (const ProtobufCMessage *)&m);
    assert_int_equal(json.st, RG_OK);
    assert_non_null(memmem(json.text.data, json.text.len, key, strlen(key)));
    cli_json_finish(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars_keep_their_defaults),
        cmocka_unit_test(test_floats_are_shortest_and_never_nan),
        cmocka_unit_test(test_doubles_have_the_digits_that_are_asked_for),
        cmocka_unit_test(test_strings_are_escaped),
        cmocka_unit_test(test_lists_of_messages_nest),
        cmocka_unit_test(test_enums_have_names_and_unknown_ones_numbers),
        cmocka_unit_test(test_oneof_prints_only_the_chosen_member),
        cmocka_unit_test(test_bytes_are_hexadecimal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
