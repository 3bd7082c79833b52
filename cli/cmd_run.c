/* reagent run: the live engine as a daemon. */
#include "agent_paths.h"
#include "compose.h"
#include "intake_sink.h"
#include "live_stop.h"
#include "rg/core/engine.h"
#include "rg/live.h"
#include "run_options.h"
#include "status_sink.h"
#include "status_text.h"
#include "tee_sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* From a signal to the end of the process. Stopping the checks takes up to 2 s, and sending what is
 * left some more. */
#define GRACE_NS (10 * RG_NS_PER_S)

#define OPTIONS_BYTES_MAX ((size_t)64 << 10)

struct run_args {
    struct cli_common common;
    const char *for_text, *checks, *out, *run_dir;
    int64_t grace_ns;
};

enum { KEY_FOR = 0x200, KEY_CHECKS, KEY_OUT, KEY_RUN_DIR, KEY_STOP_TIMEOUT };

static const struct argp_option options[] = {
    {"for", KEY_FOR, "DUR", 0, "End after this time (default: at a signal)", 0},
    {"checks", KEY_CHECKS, "LIST", 0, "process, rtprocess, both or none (default: process)", 0},
    {"run-dir", KEY_RUN_DIR, "DIR", 0,
        "Where the status is left for `reagent status` while checks of conf.d run (default: "
        "$DD_RUN_PATH, else the key run_path, else $XDG_RUNTIME_DIR/reagent or /run/reagent)",
        0},
    {"stop-timeout", KEY_STOP_TIMEOUT, "DUR", 0,
        "How long the run may go on after a signal (default: 10s)", 0},
    {"out", KEY_OUT, "FILE", 0, "Append the outputs to FILE (default: count them)", 0},
    {0},
};

static const struct argp_child children[] = {
    {&cli_argp_config, 0, NULL, 0},
    {&cli_argp_confd, 0, NULL, 0},
    {&cli_argp_level, 0, NULL, 0},
    {&cli_argp_proc, 0, NULL, 0},
    {&cli_argp_intake, 0, NULL, 0},
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
        cli_args_list_or_none(state, "--checks", arg, run_check_names);
        args->checks = arg;
        return 0;
    case KEY_OUT:
        args->out = arg;
        return 0;
    case KEY_RUN_DIR:
        args->run_dir = arg;
        return 0;
    case KEY_STOP_TIMEOUT:
        args->grace_ns = cli_args_duration(state, "--stop-timeout", arg);
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, NULL, 0, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, NULL,
    "Run the checks on this host until SIGINT or SIGTERM. Log lines go to stderr, outputs to an "
    "intake, to a file, to both (the file gets what the intake took) or nowhere. With a conf.d its "
    "checks run, too. When the run does not end after a signal, the checks that hang are named and "
    "left behind (exit code 70, see --stop-timeout); a second signal ends at once."
    "\vExamples:\n"
    "  reagent run --config /etc/datadog-agent/datadog.yaml\n"
    "  reagent run --confd conf.d --checks none --run-dir run --for 1m\n"
    "  reagent run --config datadog.yaml --out outputs.bin\n"
    "  reagent run --checks process --for 1m --log-level debug\n"
    "  reagent run --config datadog.yaml --send\n",
    children, NULL, NULL};

static enum rg_status make_sink(
    const struct run_args *args, struct rg_sink **sink, int *code, struct rg_err *err)
{
    struct rg_sink *intake = NULL, *file = NULL, *log = NULL;
    enum rg_status st = intake_sink_create(&args->common, &intake, err);

    *code = cli_exit_for_live(st);
    if (st == RG_OK && args->out) {
        *code = CLI_OUTPUT;
        st = rg_live_sink_file(args->out, &file, err);
    }
    if (st == RG_OK) {
        *code = CLI_INTERNAL;
        st = rg_live_sink_stream(STDERR_FILENO, &log, err);
    }
    if (st != RG_OK) {
        rg_sink_destroy(intake);
        rg_sink_destroy(file);
        return st;
    }
    return tee_sink_create(intake, file, log, sink, err);
}

/* What `status` shows is a matter of conf.d. */
static enum rg_status add_status(const struct run_args *args, struct rg_sink *tee,
    struct status_file **file, struct rg_sink **sink, struct rg_err *err)
{
    struct rg_buf dir;
    enum rg_status st;

    *sink = tee;
    if (!args->common.confd)
        return RG_OK;
    rg_buf_init(&dir, AGENT_PATH_MAX);
    st = agent_run_dir(&args->common, args->run_dir, &dir);
    if (st == RG_OK)
        st = status_file_create((const char *)dir.data, file);
    rg_buf_finish(&dir);
    if (st == RG_OK)
        return status_sink_create(tee, *file, sink, err);
    rg_sink_destroy(tee);
    return st;
}

/* Tasks that hang cannot be joined, and what they hold cannot be freed. */
static void overdue(void *ctx)
{
    struct status_file *file = ctx;
    struct rg_buf last;
    jv document = jv_null();
    struct rg_err ignored;

    rg_buf_init(&last, RG_OUTPUT_BYTES_MAX);
    if (file && status_file_last(file, &last) == RG_OK && last.len > 0)
        rg_ignore(json_doc_parse(rg_str_buf(&last), &document, &ignored), "then nobody is named");
    cli_say("the run did not end in time after the signal");
    status_say_running(document);
    _exit(CLI_INTERNAL);
}

static int summarise(
    const struct run_args *args, struct rg_sink *sink, const struct rg_engine_report *report)
{
    uint64_t failed =
        tee_sink_failed(sink) + report->dropped_payloads + report->checks.dropped_payloads;

    if (args->common.confd)
        fprintf(stderr, "%" PRIu64 " runs of %zu checks, %" PRIu64 " failed; ", report->checks.runs,
            report->checks.checks, report->checks.errors);
    if (args->common.send)
        fprintf(stderr, "%" PRIu64 " payloads sent, ", tee_sink_sent(sink));
    fprintf(stderr, "%" PRIu64 " runs, %" PRIu64 " outputs %s\n", report->runs,
        tee_sink_count(sink), args->out ? "written" : "discarded");
    if (failed == 0)
        return CLI_OK;
    cli_say("%" PRIu64 " outputs are lost", failed);
    return CLI_OUTPUT;
}

static int run(const struct run_args *args, struct compose *live, struct status_file **file,
    const char *options_text, struct rg_err *err)
{
    struct live_stop_options o = {.overdue = overdue, .grace_ns = args->grace_ns};
    struct live_stop *stop = NULL;
    struct rg_engine_report report = {0};
    struct rg_sink *tee = NULL, *sink = NULL;
    enum rg_status st;
    int code;

    st = make_sink(args, &tee, &code, err);
    if (st != RG_OK)
        return cli_fail(code, code == CLI_OUTPUT ? args->out : "sink", st, err);
    st = add_status(args, tee, file, &sink, err);
    if (st != RG_OK)
        return cli_fail(CLI_INTERNAL, "status", st, err);
    st = compose_live(live, &args->common, options_text, sink, err);
    if (st != RG_OK)
        return cli_fail(cli_exit_for_live(st), "this host", st, err);
    o.runtime = live->runtime;
    o.ctx = *file;
    o.stopping = tee_sink_end;
    o.stopping_ctx = tee;
    st = live_stop_create(&o, &stop, err);
    if (st != RG_OK)
        return cli_fail(CLI_INTERNAL, "signals", st, err);
    st = rg_engine_run(&live->set, &report, err);
    if (st == RG_OK)
        code = summarise(args, tee, &report);
    else
        code = cli_fail(cli_exit_for_live(st), "the run failed", st, err);
    live_stop_destroy(stop);
    return code;
}

int cmd_run(int argc, char **argv)
{
    struct run_args args = {.common = cli_common_defaults(), .grace_ns = GRACE_NS};
    struct compose live = {0};
    struct status_file *file = NULL;
    char confd[AGENT_PATH_MAX];
    struct rg_buf text;
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (!cli_config_usable(args.common.config_path, &code) ||
        !agent_confd(&args.common, confd, &code))
        return code;
    rg_buf_init(&text, OPTIONS_BYTES_MAX);
    st = run_options_live(&text, &args.common, args.checks, args.for_text);
    if (st == RG_OK)
        code = run(&args, &live, &file, (const char *)text.data, &err);
    else
        code = cli_fail(CLI_INTERNAL, "options", st, NULL);
    compose_finish(&live);
    status_file_destroy(file);
    rg_buf_finish(&text);
    return code;
}
