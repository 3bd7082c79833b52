#include "scenario_state.h"

#include "cli_json.h"
#include "payload_json.h"
#include "scenario_metrics.h"
#include "scenario_sink.h"

#include <string.h>

/* "2026-01-01T01:00:00.000Z INFO source: text" has the level as second word. */
static void put_log(struct cli_json *json, struct rg_str text)
{
    struct rg_str rest = text, word;

    if (rg_str_split(&rest, ' ', &word) && rg_str_split(&rest, ' ', &word))
        cli_json_str(json, "level", word);
    cli_json_str(json, "text", text);
}

static enum rg_status put_output(
    struct cli_json *json, const struct scenario_output *output, struct rg_err *err)
{
    struct rg_str payload = rg_str_buf(&output->payload);
    bool known = false;
    enum rg_status st;

    cli_json_object(json, NULL);
    cli_json_double(json, "t", (double)output->t_ns / 1e9, 17);
    cli_json_text(json, "kind", output->kind);
    cli_json_text(json, "source", output->source);
    st = scenario_metrics_json(json, output, &known, err);
    if (st == RG_OK && !known && strcmp(output->kind, "payload") == 0)
        st = payload_json(json, payload, err);
    else if (strcmp(output->kind, "log") == 0)
        put_log(json, payload);
    else if (!known)
        cli_json_u64(json, "bytes", payload.len);
    cli_json_end_object(json);
    return st == RG_OK ? json->st : st;
}

static enum rg_status fill_outputs(
    struct rg_judge *judge, const struct scenario_world *world, struct rg_err *err)
{
    struct cli_json json;
    enum rg_status st = RG_OK;

    cli_json_init(&json);
    for (size_t i = 0; i < scenario_sink_count(world->sink) && st == RG_OK; i++) {
        const struct scenario_output *output = scenario_sink_at(world->sink, i);

        rg_buf_clear(&json.text);
        json.comma[0] = false;
        st = put_output(&json, output, err);
        if (st == RG_OK)
            st = rg_judge_output(judge, output->t_ns, rg_str_buf(&json.text), err);
    }
    cli_json_finish(&json);
    return st;
}

static void put_checks(struct cli_json *json, const struct rg_engine_check_report *c)
{
    cli_json_object(json, "checks");
    cli_json_u64(json, "runs", c->runs);
    cli_json_u64(json, "errors", c->errors);
    cli_json_u64(json, "warnings", c->warnings);
    cli_json_u64(json, "skipped", c->skipped);
    cli_json_u64(json, "lost_ticks", c->lost_ticks);
    cli_json_u64(json, "configs", c->configs);
    cli_json_u64(json, "checks", c->checks);
    cli_json_u64(json, "config_errors", c->config_errors);
    cli_json_u64(json, "loading_errors", c->loading_errors);
    cli_json_u64(json, "series", c->series);
    cli_json_u64(json, "sketches", c->sketches);
    cli_json_u64(json, "service_checks", c->service_checks);
    cli_json_u64(json, "events", c->events);
    cli_json_u64(json, "payloads", c->payloads);
    cli_json_u64(json, "dropped_payloads", c->dropped_payloads);
    cli_json_u64(json, "lost_items", c->lost_items);
    cli_json_end_object(json);
}

static enum rg_status end(struct rg_judge *judge, const struct scenario_world *world,
    const struct rg_engine_report *report, struct rg_err *err)
{
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_u64(&json, "runs", report->runs);
    cli_json_u64(&json, "failed_runs", report->failed_runs);
    cli_json_u64(&json, "payloads", report->payloads);
    cli_json_u64(&json, "dropped_payloads", report->dropped_payloads);
    cli_json_u64(&json, "processes_seen", report->processes_seen);
    put_checks(&json, &report->checks);
    cli_json_end_object(&json);
    st = json.st;
    if (st == RG_OK)
        st =
            rg_judge_end(judge, scenario_sink_elapsed_ns(world->sink), rg_str_buf(&json.text), err);
    cli_json_finish(&json);
    return st;
}

enum rg_status scenario_state_fill(struct rg_judge *judge, const struct scenario_world *world,
    const struct rg_engine_report *report, struct rg_err *err)
{
    enum rg_status st = world->fired_st;

    if (st != RG_OK)
        rg_err_set(err, "more faults fired than a scenario keeps");
    for (size_t i = 0; i < world->fired_count && st == RG_OK; i++) {
        if (world->fired[i].rule < world->own_faults)
            st = rg_judge_fault(judge, world->fired[i].at_ns, world->fired[i].rule);
    }
    if (st == RG_OK)
        st = fill_outputs(judge, world, err);
    return st == RG_OK ? end(judge, world, report, err) : st;
}
