#include "cli.h"
#include "cli_json.h"
#include "test_report.h"

enum rg_status test_ndjson_line(
    FILE *out, const struct rg_scenario *scenario, const struct scenario_result *result)
{
    struct rg_str details = rg_str_buf(&result->details), line;
    char flow[TEST_FLOW_MAX];
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_text(&json, "name", scenario->name);
    cli_json_text(&json, "file", scenario->path);
    cli_json_text(&json, "flow", test_report_flow(scenario, flow));
    cli_json_text(&json, "outcome", scenario_outcome_name(result->numbers.outcome));
    cli_json_i64(&json, "duration_ns", result->numbers.duration_ns);
    cli_json_u64(&json, "seed", result->numbers.seed);
    cli_json_u64(&json, "outputs", result->numbers.outputs);
    if (result->expectation.len > 0)
        cli_json_str(&json, "expectation", rg_str_buf(&result->expectation));
    else
        cli_json_null(&json, "expectation");
    cli_json_array(&json, "details");
    while (rg_str_split(&details, '\n', &line))
        cli_json_str(&json, NULL, line);
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    st = json.st;
    if (st == RG_OK)
        st = rg_buf_byte(&json.text, '\n');
    if (st == RG_OK && fwrite(json.text.data, 1, json.text.len, out) != json.text.len)
        st = RG_EIO;
    cli_json_finish(&json);
    return st;
}
