/* reagent check: one check, once, for people or for jq. */
#include "agent_paths.h"
#include "check_named.h"
#include "cli_json.h"
#include "compose.h"
#include "payload_json.h"
#include "process_table.h"
#include "rg/core/engine.h"
#include "rg/live.h"
#include "rg/sim.h"
#include "run_options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_LIVE_NS  RG_NS_PER_S
#define DISCOVERY         "Accepted without effect: configurations are read at once"
#define RATE_TIMES        2
#define RATE_PAUSE_MS     1000
#define DELAY_MS          100 /* upstream's */
#define TIMES_MAX         1000000
#define MS_MAX            (UINT64_C(24) * 3600 * 1000)
#define OPTIONS_BYTES_MAX RG_HOST_DOCUMENT_MAX

struct check_args {
    struct cli_common common;
    const char *check;
    const char *from;    /* capture; NULL: this host */
    int64_t interval_ns; /* 0: not given */
    bool rate;
    uint64_t times, pause_ms, delay_ms;
    const char *filter;
    bool table, full_sketches;
    const char *of_integrations; /* an option that only those know; NULL: none was given */
};

enum {
    KEY_RATE = 'r',
    KEY_TIMES = 't',
    KEY_DELAY = 'd',
    KEY_LEVEL = 'l',
    KEY_FROM = 0x200,
    KEY_INTERVAL,
    KEY_PAUSE,
    KEY_TABLE,
    KEY_FILTER,
    KEY_SKETCHES,
    KEY_DISCOVERY
};

static const struct argp_option options[] = {
    {"from", KEY_FROM, "CAPTURE", 0, "Look at the world of a capture instead of this host", 0},
    {"interval", KEY_INTERVAL, "DUR", 0,
        "Time between the two looks that rates need (default: 1s; with --from the interval of the "
        "check); of process and rtprocess",
        0},
    {NULL, 0, NULL, 0, "Of the checks of conf.d:", 1},
    {"check-rate", KEY_RATE, NULL, 0,
        "Run twice, 1000 ms apart, whatever --check-times and --pause say", 1},
    {"check-times", KEY_TIMES, "N", 0, "Run N times (default 1)", 1},
    {"pause", KEY_PAUSE, "MS", 0, "Milliseconds between two runs (default 0)", 1},
    {"delay", KEY_DELAY, "MS", 0,
        "Milliseconds between the last run and the look at what was sent (default 100)", 1},
    {"instance-filter", KEY_FILTER, "JQ", 0,
        "Run only the instances for which this jq program holds", 1},
    {"table", KEY_TABLE, NULL, 0, "Series and service checks as tables", 1},
    {"full-sketches", KEY_SKETCHES, NULL, 0, "Sketches with their bins", 1},
    {"discovery-timeout", KEY_DISCOVERY, "S", 0, DISCOVERY, 1},
    {"discovery-min-instances", KEY_DISCOVERY, "N", 0, DISCOVERY, 1},
    {"discovery-retry-interval", KEY_DISCOVERY, "S", 0, DISCOVERY, 1},
    {NULL, KEY_LEVEL, "LEVEL", 0, "As --log-level; off, critical and trace are understood", 1},
    {0},
};

static const struct argp_child children[] = {
    {&cli_argp_config, 0, NULL, 0},
    {&cli_argp_confd, 0, NULL, 0},
    {&cli_argp_level, 0, NULL, 0},
    {&cli_argp_proc, 0, NULL, 0},
    {&cli_argp_json, 0, NULL, 0},
    {&cli_argp_seed, 0, NULL, 0},
    {0},
};

static bool is_process(const char *name)
{
    return strcmp(name, run_check_names[0]) == 0 || strcmp(name, run_check_names[1]) == 0;
}

static uint64_t number(
    struct argp_state *state, const char *option, const char *arg, uint64_t min, uint64_t max)
{
    uint64_t value = cli_args_u64(state, option, arg);

    if (value < min || value > max)
        argp_error(state, "%s: %s is not within %llu and %llu", option, arg,
            (unsigned long long)min, (unsigned long long)max);
    return value;
}

/* Upstream's words for levels that we do not tell apart. */
static void take_level(struct argp_state *state, struct cli_common *common, const char *arg)
{
    static const char *const words[] = {
        "error", "warn", "info", "debug", "trace", "critical", "off", NULL};
    static const enum rg_log_level levels[] = {RG_LOG_ERROR, RG_LOG_WARN, RG_LOG_INFO, RG_LOG_DEBUG,
        RG_LOG_DEBUG, RG_LOG_ERROR, RG_LOG_ERROR};

    common->log_level = levels[cli_args_choice(state, "-l", arg, words)];
    common->log_level_given = true;
}

static error_t parse_integration(int key, char *arg, struct argp_state *state)
{
    struct check_args *args = state->input;

    switch (key) {
    case KEY_RATE:
        args->rate = true;
        args->of_integrations = "--check-rate";
        return 0;
    case KEY_TIMES:
        args->times = number(state, "--check-times", arg, 1, TIMES_MAX);
        args->of_integrations = "--check-times";
        return 0;
    case KEY_PAUSE:
        args->pause_ms = number(state, "--pause", arg, 0, MS_MAX);
        args->of_integrations = "--pause";
        return 0;
    case KEY_DELAY:
        args->delay_ms = number(state, "--delay", arg, 0, MS_MAX);
        args->of_integrations = "--delay";
        return 0;
    case KEY_FILTER:
        args->filter = arg;
        args->of_integrations = "--instance-filter";
        return 0;
    case KEY_TABLE:
        args->table = true;
        args->of_integrations = "--table";
        return 0;
    case KEY_SKETCHES:
        args->full_sketches = true;
        args->of_integrations = "--full-sketches";
        return 0;
    case KEY_DISCOVERY:
        (void)cli_args_u64(state, "--discovery-...", arg);
        return 0;
    case KEY_LEVEL:
        take_level(state, &args->common, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void check_together(struct argp_state *state, const struct check_args *args)
{
    if (args->from && args->common.config_path)
        argp_error(state, "--config goes without --from: the capture has its own");
    if (args->from && args->common.confd)
        argp_error(state, "--confd goes without --from: the capture has its own");
    if (args->common.seed_given && !args->from)
        argp_error(state, "--seed needs --from: this host has chance of its own");
    if (is_process(args->check) && args->of_integrations)
        argp_error(
            state, "%s is for checks of conf.d, not for %s", args->of_integrations, args->check);
    if (!is_process(args->check) && args->interval_ns)
        argp_error(state, "--interval is for process and rtprocess; see --check-rate, --pause");
    if (args->table && args->common.json)
        argp_error(state, "--table goes without --json");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct check_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_FROM:
        args->from = arg;
        return 0;
    case KEY_INTERVAL:
        args->interval_ns = cli_args_duration(state, "--interval", arg);
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, &args->check, 1, arg);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "NAME of the check is");
        check_together(state, args);
        return 0;
    default:
        return parse_integration(key, arg, state);
    }
}

static const struct argp argp = {options, parse, "NAME",
    "Run one check, process, rtprocess or one of conf.d, and print what it would send. A check of "
    "conf.d prints its series, sketches, service checks and events, then how its runs went; --json "
    "prints a list with one object per instance. Exits 1 when a run failed or a part of the "
    "configuration of the check cannot be used, 2 when no instance passes the filter, 3 when there "
    "is no valid check of this name."
    "\vExamples:\n"
    "  reagent check disk --confd conf.d --check-rate\n"
    "  reagent check cpu --config datadog.yaml --json | jq '.[].aggregator.metrics'\n"
    "  reagent check disk --instance-filter '.use_mount == true'\n"
    "  reagent check process\n"
    "  reagent check process --json | jq '.messages[].message.processes[].pid'\n"
    "  reagent check rtprocess --from host.mcap\n",
    children, NULL, NULL};

struct printer {
    struct cli_json json;
    bool as_json;
};

static enum rg_status print_message(
    void *ctx, const char *check, struct rg_str message, struct rg_err *err)
{
    struct printer *printer = ctx;
    enum rg_status st;

    (void)check;
    if (!printer->as_json)
        return process_table_rows(message, err);
    cli_json_object(&printer->json, NULL);
    st = payload_json(&printer->json, message, err);
    cli_json_end_object(&printer->json);
    return st;
}

static struct check_named_options named_options(const struct check_args *args)
{
    return (struct check_named_options){
        .name = args->check,
        .times = args->rate ? RATE_TIMES : (int64_t)args->times,
        .pause_ns = (args->rate ? RATE_PAUSE_MS : (int64_t)args->pause_ms) * RG_NS_PER_MS,
        .delay_ns = (int64_t)args->delay_ms * RG_NS_PER_MS,
        .filter = args->filter,
        .json = args->common.json,
        .table = args->table,
        .full_sketches = args->full_sketches,
        .from_capture = args->from != NULL,
        .confd = args->from || args->common.confd,
    };
}

/* Of a run that could not be: says why, in the document too. */
static int fail(const struct check_args *args, const char *what, int code, enum rg_status st,
    const struct rg_err *err)
{
    struct check_named_options named = named_options(args);

    return check_named_failed(&named, cli_fail(code, what, st, err), rg_err_text(err, st));
}

static int run(const struct check_args *args, const struct rg_backends *set, int64_t wait_ns)
{
    struct check_named_options named = named_options(args);
    struct printer printer = {.as_json = args->common.json};
    struct rg_engine_once once = {
        .check = args->check,
        .wait_ns = wait_ns,
        .message = print_message,
        .ctx = &printer,
    };
    struct rg_engine_report report;
    struct rg_err err = {0};
    enum rg_status st;
    int code = CLI_OK;

    if (!is_process(args->check))
        return check_named(set, &named);
    cli_json_init(&printer.json);
    if (printer.as_json) {
        cli_json_document(&printer.json);
        cli_json_text(&printer.json, "check", args->check);
        cli_json_array(&printer.json, "messages");
    } else {
        process_table_heading();
    }
    st = rg_engine_check_once(set, &once, &report, &err);
    if (st != RG_OK)
        code = ferror(stdout)
                   ? CLI_OUTPUT
                   : fail(args, args->check,
                         args->from ? cli_exit_for_input(st) : cli_exit_for_live(st), st, &err);
    if (printer.as_json && st == RG_OK) {
        cli_json_end_array(&printer.json);
        cli_json_end_object(&printer.json);
        st = cli_json_print(&printer.json);
        if (st != RG_OK)
            code = st == RG_EIO ? CLI_OUTPUT : cli_fail(CLI_LIMIT, args->check, st, NULL);
    }
    cli_json_finish(&printer.json);
    return code;
}

/* A one-shot command says only what went wrong, unless it was told otherwise. */
static enum rg_status quiet_options(const struct check_args *args, struct rg_buf *text)
{
    if (!args->common.log_level_given && args->common.config_path)
        return RG_OK;
    return run_options_set(text, RG_STR_LIT("log_level"),
        args->common.log_level_given ? rg_str_from(rg_log_level_name(args->common.log_level))
                                     : RG_STR_LIT("warn"));
}

/* An integration tells its own troubles; the log would tell those of all others, too. */
static bool mute(const struct check_args *args)
{
    return !is_process(args->check) && !args->common.log_level_given;
}

static int check_live(const struct check_args *args)
{
    struct compose live = {0};
    struct rg_sink *sink = NULL;
    struct rg_buf text;
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    rg_buf_init(&text, OPTIONS_BYTES_MAX);
    st = quiet_options(args, &text);
    if (st == RG_OK)
        st = rg_buf_byte(&text, 0);
    if (st == RG_OK)
        st = mute(args) ? compose_mute_sink(&sink, &err)
                        : rg_live_sink_stream(STDERR_FILENO, &sink, &err);
    if (st == RG_OK)
        st = compose_live(&live, &args->common, (const char *)text.data, sink, &err);
    if (st == RG_OK)
        code = run(args, &live.set, args->interval_ns ? args->interval_ns : INTERVAL_LIVE_NS);
    else
        code = fail(args, "this host", cli_exit_for_live(st), st, &err);
    compose_finish(&live);
    rg_buf_finish(&text);
    return code;
}

/* Log lines of a run under virtual time were kept; people want to see them. */
static void show_log(struct rg_sink *sink)
{
    for (size_t i = 0; i < rg_sim_sink_count(sink); i++) {
        const struct rg_output *output = rg_sim_sink_at(sink, i);

        if (rg_str_is(rg_str_from(output->kind), "log"))
            fprintf(stderr, "%.*s\n", (int)output->payload.len, output->payload.ptr);
    }
}

static int check_world(const struct check_args *args)
{
    struct compose_world_options o = {.path = args->from, .seed = args->common.seed};
    struct compose world = {0};
    struct rg_buf text;
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    rg_buf_init(&text, OPTIONS_BYTES_MAX);
    st = run_options_recorded(args->from, &text, &err);
    if (st == RG_OK)
        st = quiet_options(args, &text);
    if (st == RG_OK)
        st = rg_buf_byte(&text, 0);
    o.options_text = (const char *)text.data;
    if (st == RG_OK)
        st = compose_world(&world, &o, &err);
    if (st == RG_OK) {
        code = run(args, &world.set, args->interval_ns);
        if (!mute(args))
            show_log(world.sink);
    } else {
        code = fail(args, args->from, cli_exit_for_input(st), st, &err);
    }
    compose_finish(&world);
    rg_buf_finish(&text);
    return code;
}

/* What upstream says in yellow. */
static void tell_rate(const struct check_args *args)
{
    if (args->rate && args->times > RATE_TIMES)
        fputs("The check-times option is overridden: --check-rate runs twice\n", stderr);
    if (args->rate && args->pause_ms > 0)
        fprintf(
            stderr, "The pause option is overridden: --check-rate waits %d ms\n", RATE_PAUSE_MS);
}

int cmd_check(int argc, char **argv)
{
    struct check_args args = {.common = cli_common_defaults(), .times = 1, .delay_ms = DELAY_MS};
    struct check_named_options named;
    char confd[AGENT_PATH_MAX];
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    named = named_options(&args);
    if (args.from && !cli_capture_usable(args.from, &code))
        return check_named_failed(&named, code, "the capture cannot be used");
    if (!cli_config_usable(args.common.config_path, &code))
        return check_named_failed(&named, code, "the configuration cannot be used");
    if (!args.from && !agent_confd(&args.common, confd, &code))
        return check_named_failed(&named, code, "there is no such conf.d");
    tell_rate(&args);
    return args.from ? check_world(&args) : check_live(&args);
}
