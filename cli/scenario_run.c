#include "cli.h"
#include "rg/sim.h"
#include "scenario_result.h"
#include "scenario_sink.h"
#include "scenario_state.h"

#include <inttypes.h>
#include <stdio.h>

#define LINES_BYTES_MAX ((size_t)512 << 20)

const char *scenario_outcome_name(enum scenario_outcome outcome)
{
    static const char *const names[] = {"ok", "failed", "invalid", "error"};

    return names[outcome];
}

void scenario_result_init(struct scenario_result *result)
{
    *result = (struct scenario_result){.numbers = {.outcome = SCENARIO_OK}};
    rg_buf_init(&result->expectation, SCENARIO_TEXT_MAX);
    rg_buf_init(&result->details, SCENARIO_TEXT_MAX);
}

void scenario_result_finish(struct scenario_result *result)
{
    rg_buf_finish(&result->expectation);
    rg_buf_finish(&result->details);
}

void scenario_result_set(
    struct scenario_result *result, enum scenario_outcome outcome, int code, const char *fmt, ...)
{
    char text[4096];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    result->numbers.outcome = outcome;
    result->numbers.code = code;
    rg_buf_clear(&result->expectation);
    rg_ignore(rg_buf_str(&result->expectation, text), "the outcome is told without the text");
}

/* A failure of a part: what the user wrote, or what this host cannot give. */
static void set_failure(
    struct scenario_result *result, const char *what, enum rg_status st, const struct rg_err *err)
{
    bool invalid = st == RG_EINVALID || st == RG_ENOTFOUND || st == RG_ETOONEW;
    int code = cli_exit_for_input(st);

    scenario_result_set(result, invalid ? SCENARIO_INVALID : SCENARIO_ERROR, code, "%s%s", what,
        rg_err_text(err, st));
}

static const char *when_name(enum rg_expect_when when)
{
    static const char *const names[] = {"at", "always", "sometimes", "eventually"};

    return names[when];
}

static void add_line(struct rg_buf *out, const char *text)
{
    rg_ignore(rg_buf_printf(out, "%s\n", text), "the report is cut at its maximum");
}

/* The values as lines of their own; a verdict of sometimes speaks of the last state. */
static void set_broken(struct scenario_result *result, const struct rg_expect *expect,
    const struct rg_verdict *verdict)
{
    struct rg_str values = rg_str_buf(&verdict->values), line;
    char t[RG_DURATION_TEXT];

    scenario_result_set(result, SCENARIO_FAILED, CLI_FINDING, "%s%s%s: %s", when_name(expect->when),
        expect->when == RG_EXPECT_AT ? " " : "",
        expect->when == RG_EXPECT_AT ? rg_duration_text(expect->at_ns, t) : "", expect->jq);
    rg_ignore(rg_buf_printf(&result->details, "%s %s (line %u):\n",
                  expect->when == RG_EXPECT_SOMETIMES ? "never true; at the end," : "not true at",
                  rg_duration_text(verdict->t_ns, t), expect->line),
        "the report is cut at its maximum");
    while (rg_str_split(&values, '\n', &line))
        rg_ignore(rg_buf_printf(&result->details, "  %.*s\n", (int)line.len, line.ptr),
            "the report is cut at its maximum");
}

/* Asks all expectations; the first that does not hold makes the result. */
static enum rg_status judge_all(struct rg_judge *judge, const struct rg_scenario *s,
    struct scenario_result *result, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < s->expect_count && st == RG_OK; i++) {
        struct rg_verdict verdict = {.holds = false};

        rg_buf_init(&verdict.values, RG_JUDGE_VALUES_MAX);
        st = rg_judge_ask(judge, s, &s->expects[i], &verdict, err);
        if (st == RG_OK && !verdict.holds && result->numbers.outcome == SCENARIO_OK)
            set_broken(result, &s->expects[i], &verdict);
        rg_buf_finish(&verdict.values);
    }
    return st;
}

static enum rg_status judge_golden(struct rg_judge *judge, const struct rg_scenario *s, bool update,
    struct scenario_result *result, struct rg_err *err)
{
    struct rg_buf lines;
    enum rg_status st;

    if (!s->golden || result->numbers.outcome != SCENARIO_OK)
        return RG_OK;
    rg_buf_init(&lines, LINES_BYTES_MAX);
    st = rg_judge_lines(judge, s->ignore, s->ignore_count, &lines, err);
    if (st == RG_EINVALID)
        rg_err_prefix(err, "%s", s->path);
    if (st == RG_OK)
        scenario_golden(s, rg_str_buf(&lines), update, result);
    rg_buf_finish(&lines);
    return st;
}

enum rg_status scenario_expectations(const struct rg_scenario *s,
    const struct scenario_world *world, const struct rg_engine_report *report,
    struct scenario_result *result, struct rg_err *err)
{
    struct rg_judge *judge = NULL;
    enum rg_status st = rg_judge_create(s->fault_count, &judge, err);

    if (st == RG_OK)
        st = scenario_state_fill(judge, world, report, err);
    if (st == RG_OK)
        st = judge_all(judge, s, result, err);
    rg_judge_destroy(judge);
    return st;
}

static enum rg_status judge_run(const struct rg_scenario *s, const struct scenario_world *world,
    const struct rg_engine_report *report, bool update, struct scenario_result *result,
    struct rg_err *err)
{
    struct rg_judge *judge = NULL;
    enum rg_status st = rg_judge_create(s->fault_count, &judge, err);

    if (st == RG_OK)
        st = scenario_state_fill(judge, world, report, err);
    if (st == RG_OK)
        st = judge_all(judge, s, result, err);
    if (st == RG_OK)
        st = judge_golden(judge, s, update, result, err);
    rg_judge_destroy(judge);
    return st;
}

void scenario_result_fired(struct scenario_result *result, const struct scenario_world *world)
{
    struct rg_str fired = rg_str_buf(&world->fired_text), line;

    while (rg_str_split(&fired, '\n', &line))
        rg_ignore(rg_buf_printf(&result->details, "%.*s\n", (int)line.len, line.ptr),
            "the report is cut at its maximum");
    if (world->fired_count > SCENARIO_FIRED_LINES_MAX)
        rg_ignore(rg_buf_printf(&result->details, "and %zu more faults\n",
                      world->fired_count - SCENARIO_FIRED_LINES_MAX),
            "the report is cut at its maximum");
}

/* Standard error, so that no report on standard output is disturbed. */
static void show_log(struct rg_sink *sink)
{
    for (size_t i = 0; i < scenario_sink_count(sink); i++) {
        const struct scenario_output *output = scenario_sink_at(sink, i);
        struct rg_str line = rg_str_buf(&output->payload);

        if (rg_str_is(rg_str_from(output->kind), "log"))
            fprintf(stderr, "%.*s\n", (int)line.len, line.ptr);
    }
}

static void run_world(const struct rg_scenario *s, struct scenario_world *world,
    const struct scenario_run_options *options, struct scenario_result *result)
{
    struct rg_engine_report report = {0};
    struct rg_err err = {0};
    const char *deadlock = NULL;
    enum rg_status st = rg_engine_run(world->set, &report, &err);

    if (s->world != RG_SCENARIO_LIVE)
        deadlock = rg_sim_runtime_deadlock(world->clock);
    result->numbers.outputs = scenario_sink_count(world->sink);
    if (options->log_level)
        show_log(world->sink);
    if (deadlock) {
        scenario_result_set(result, SCENARIO_FAILED, CLI_FINDING, "deadlock");
        add_line(&result->details, deadlock);
    } else if (st == RG_EINVALID || st == RG_ELIMIT) {
        scenario_world_locate(world, s, &err);
        set_failure(result, "", st, &err);
    } else if (st != RG_OK) {
        scenario_result_set(
            result, SCENARIO_FAILED, CLI_FINDING, "the run failed: %s", rg_err_text(&err, st));
    } else {
        st = judge_run(s, world, &report, options->update, result, &err);
        if (st != RG_OK)
            set_failure(result, "", st, &err);
    }
    if (result->numbers.outcome != SCENARIO_OK)
        scenario_result_fired(result, world);
}

void scenario_run(const struct rg_scenario *scenario, const struct scenario_run_options *options,
    struct scenario_result *result)
{
    struct scenario_world world = {.set = NULL};
    struct rg_err err = {0};
    const struct scenario_world_options o = {
        .seed = options->seed, .log_level = options->log_level};
    int64_t start_ns = cli_mono_ns();
    enum rg_status st = scenario_world_build(&world, scenario, &o, &err);

    result->numbers.seed = options->seed;
    if (st != RG_OK)
        set_failure(result, "", st, &err);
    else
        run_world(scenario, &world, options, result);
    scenario_world_finish(&world);
    result->numbers.duration_ns = cli_mono_ns() - start_ns;
}
