/* reagent run: the live engine as a daemon. */
#include "cli_args.h"
#include "compose.h"
#include "live_stop.h"
#include "rg/core/engine.h"
#include "rg/live.h"
#include "run_options.h"
#include "tee_sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define OPTIONS_BYTES_MAX ((size_t)64 << 10)

struct run_args {
    struct cli_common common;
    const char *for_text, *checks, *out;
};

enum { KEY_FOR = 0x200, KEY_CHECKS, KEY_OUT };

static const struct argp_option options[] = {
    {"for", KEY_FOR, "DUR", 0, "End after this time (default: at a signal)", 0},
    {"checks", KEY_CHECKS, "LIST", 0, "process, rtprocess or both (default: process)", 0},
    {"out", KEY_OUT, "FILE", 0, "Append the outputs to FILE (default: count them)", 0},
    {0},
};

static const struct argp_child children[] = {
    {&cli_argp_config, 0, NULL, 0},
    {&cli_argp_level, 0, NULL, 0},
    {&cli_argp_proc, 0, NULL, 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct run_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_FOR:
        (void)cli_args_duration(state, "--for", arg);
        args->for_text = arg;
        return 0;
    case KEY_CHECKS:
        cli_args_list(state, "--checks", arg, run_check_names);
        args->checks = arg;
        return 0;
    case KEY_OUT:
        args->out = arg;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, NULL, 0, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, NULL,
    "Run the checks on this host until SIGINT or SIGTERM. Log lines go to stderr, outputs to a "
    "file or nowhere."
    "\vExamples:\n"
    "  reagent run --config datadog.yaml --out outputs.bin\n"
    "  reagent run --checks process --for 1m --log-level debug\n",
    children, NULL, NULL};

static enum rg_status make_sink(
    const struct run_args *args, struct rg_sink **sink, int *code, struct rg_err *err)
{
    struct rg_sink *file = NULL, *log = NULL;
    enum rg_status st = RG_OK;

    *code = CLI_OUTPUT;
    if (args->out)
        st = rg_live_sink_file(args->out, &file, err);
    if (st != RG_OK)
        return st;
    *code = CLI_INTERNAL;
    st = rg_live_sink_stream(STDERR_FILENO, &log, err);
    if (st != RG_OK) {
        rg_sink_destroy(file);
        return st;
    }
    return tee_sink_create(file, log, sink, err);
}

static int summarise(
    const struct run_args *args, struct rg_sink *sink, const struct rg_engine_report *report)
{
    uint64_t failed = tee_sink_failed(sink) + report->dropped_payloads;

    fprintf(stderr, "%" PRIu64 " runs, %" PRIu64 " outputs %s\n", report->runs,
        tee_sink_count(sink), args->out ? "written" : "discarded");
    if (failed == 0)
        return CLI_OK;
    cli_say("%" PRIu64 " outputs are lost", failed);
    return CLI_OUTPUT;
}

static int run(
    const struct run_args *args, struct compose *live, const char *options_text, struct rg_err *err)
{
    struct live_stop_options o = {0};
    struct live_stop *stop = NULL;
    struct rg_engine_report report = {0};
    struct rg_sink *sink = NULL;
    enum rg_status st;
    int code;

    st = make_sink(args, &sink, &code, err);
    if (st != RG_OK)
        return cli_fail(code, args->out ? args->out : "sink", st, err);
    st = compose_live(live, &args->common, options_text, sink, err);
    if (st != RG_OK)
        return cli_fail(cli_exit_for_live(st), "this host", st, err);
    o.runtime = live->runtime;
    st = live_stop_create(&o, &stop, err);
    if (st != RG_OK)
        return cli_fail(CLI_INTERNAL, "signals", st, err);
    st = rg_engine_run(&live->set, &report, err);
    if (st == RG_OK)
        code = summarise(args, sink, &report);
    else
        code = cli_fail(cli_exit_for_live(st), "the run failed", st, err);
    live_stop_destroy(stop);
    return code;
}

int cmd_run(int argc, char **argv)
{
    struct run_args args = {.common = cli_common_defaults()};
    struct compose live = {0};
    struct rg_buf text;
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (!cli_config_usable(args.common.config_path, &code))
        return code;
    rg_buf_init(&text, OPTIONS_BYTES_MAX);
    st = run_options_live(&text, &args.common, args.checks, args.for_text);
    if (st == RG_OK)
        code = run(&args, &live, (const char *)text.data, &err);
    else
        code = cli_fail(CLI_INTERNAL, "options", st, NULL);
    compose_finish(&live);
    rg_buf_finish(&text);
    return code;
}
