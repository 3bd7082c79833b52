/* reagent check: one check, once, for people or for jq. */
#include "cli_json.h"
#include "compose.h"
#include "payload_json.h"
#include "process_table.h"
#include "rg/core/engine.h"
#include "rg/live.h"
#include "rg/sim.h"
#include "run_options.h"

#include <stdio.h>
#include <unistd.h>

#define INTERVAL_LIVE_NS  RG_NS_PER_S
#define OPTIONS_BYTES_MAX RG_HOST_DOCUMENT_MAX

struct check_args {
    struct cli_common common;
    const char *check;
    const char *from;    /* capture; NULL: this host */
    int64_t interval_ns; /* 0: not given */
};

enum { KEY_FROM = 0x200, KEY_INTERVAL };

static const struct argp_option options[] = {
    {"from", KEY_FROM, "CAPTURE", 0, "Look at the world of a capture instead of this host", 0},
    {"interval", KEY_INTERVAL, "DUR", 0,
        "Time between the two looks that rates need (default: 1s; with --from the interval of the "
        "check)",
        0},
    {0},
};

static const struct argp_child children[] = {
    {&cli_argp_config, 0, NULL, 0},
    {&cli_argp_level, 0, NULL, 0},
    {&cli_argp_proc, 0, NULL, 0},
    {&cli_argp_json, 0, NULL, 0},
    {&cli_argp_seed, 0, NULL, 0},
    {0},
};

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
        (void)cli_args_choice(state, "NAME", arg, run_check_names);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "NAME of the check is");
        if (args->from && args->common.config_path)
            argp_error(state, "--config goes without --from: the capture has its own");
        if (args->common.seed_given && !args->from)
            argp_error(state, "--seed needs --from: this host has chance of its own");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "NAME",
    "Run one check, process or rtprocess, and print what it would send."
    "\vExamples:\n"
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

static int run(const struct check_args *args, const struct rg_backends *set, int64_t wait_ns)
{
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
                   : cli_fail(args->from ? cli_exit_for_input(st) : cli_exit_for_live(st),
                         args->check, st, &err);
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
        st = rg_live_sink_stream(STDERR_FILENO, &sink, &err);
    if (st == RG_OK)
        st = compose_live(&live, &args->common, (const char *)text.data, sink, &err);
    if (st == RG_OK)
        code = run(args, &live.set, args->interval_ns ? args->interval_ns : INTERVAL_LIVE_NS);
    else
        code = cli_fail(cli_exit_for_live(st), "this host", st, &err);
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
        show_log(world.sink);
    } else {
        code = cli_fail(cli_exit_for_input(st), args->from, st, &err);
    }
    compose_finish(&world);
    rg_buf_finish(&text);
    return code;
}

int cmd_check(int argc, char **argv)
{
    struct check_args args = {.common = cli_common_defaults()};
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (args.from && !cli_capture_usable(args.from, &code))
        return code;
    if (!cli_config_usable(args.common.config_path, &code))
        return code;
    return args.from ? check_world(&args) : check_live(&args);
}
