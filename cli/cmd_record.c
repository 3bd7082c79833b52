/* reagent record: the engine on this host or on the world of a scenario, with every answer of that
 * world written down. */
#include "agent_paths.h"
#include "capture_notes.h"
#include "cli_args.h"
#include "cli_json.h"
#include "compose.h"
#include "intake_sink.h"
#include "live_stop.h"
#include "output_file.h"
#include "rg/core/engine.h"
#include "rg/live.h"
#include "run_options.h"
#include "scenario_list.h"
#include "scenario_record.h"
#include "tee_sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPTIONS_BYTES_MAX ((size_t)64 << 10)

struct record_args {
    struct cli_common common;
    const char *file;
    const char *scenario; /* NULL: this host */
    const char *for_text, *checks;
    enum rg_mask_policy mask;
    bool force;
};

enum { KEY_OUT = 'o', KEY_FORCE = 'f', KEY_FOR = 0x200, KEY_CHECKS, KEY_MASK, KEY_SCENARIO };

static const struct argp_option options[] = {
    {"output", KEY_OUT, "FILE", 0, "The capture; FILE.partial while it is written (required)", 0},
    {"force", KEY_FORCE, NULL, 0, "Replace FILE if it exists", 0},
    {"for", KEY_FOR, "DUR", 0, "End after this time (default: at a signal)", 0},
    {"checks", KEY_CHECKS, "LIST", 0, "process, rtprocess, both or none (default: process)", 0},
    {"mask", KEY_MASK, "POLICY", 0,
        "What is hidden of command lines, links and "
        "documents: standard (default) hides secrets, strict every argument after the first as "
        "well, off nothing. User and host names are kept",
        0},
    {"scenario", KEY_SCENARIO, "FILE", 0,
        "Record a run of this scenario with its faults instead of this host; the same seed gives "
        "the same file",
        0},
    {0},
};

static const struct argp_child children[] = {
    {&cli_argp_config, 0, NULL, 0},
    {&cli_argp_confd, 0, NULL, 0},
    {&cli_argp_level, 0, NULL, 0},
    {&cli_argp_proc, 0, NULL, 0},
    {&cli_argp_seed, 0, NULL, 0},
    {&cli_argp_intake, 0, NULL, 0},
    {&cli_argp_json, 0, NULL, 0},
    {0},
};

/* What a scenario says itself. */
static void check_together(struct argp_state *state, const struct record_args *args)
{
    const struct cli_common *common = &args->common;
    const char *live = common->proc_root_given   ? "--proc-root"
                       : common->config_path     ? "--config"
                       : common->log_level_given ? "--log-level"
                       : args->for_text          ? "--for"
                       : args->checks            ? "--checks"
                       : common->confd           ? "--confd"
                       : common->send            ? "--send"
                                                 : NULL;

    if (args->scenario && live)
        argp_error(state, "%s is for this host; a scenario says it in its file", live);
    if (!args->scenario && common->seed_given)
        argp_error(state, "--seed needs --scenario: this host has no seed");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct record_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_OUT:
        args->file = arg;
        return 0;
    case KEY_FORCE:
        args->force = true;
        return 0;
    case KEY_FOR:
        (void)cli_args_duration(state, "--for", arg);
        args->for_text = arg;
        return 0;
    case KEY_CHECKS:
        cli_args_list_or_none(state, "--checks", arg, run_check_names);
        args->checks = arg;
        return 0;
    case KEY_MASK:
        args->mask = (enum rg_mask_policy)cli_args_choice(state, "--mask", arg, capture_mask_names);
        return 0;
    case KEY_SCENARIO:
        args->scenario = arg;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, NULL, 0, arg);
        return 0;
    case ARGP_KEY_END:
        if (!args->file || !args->file[0])
            argp_error(state, "-o FILE is missing");
        check_together(state, args);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, NULL,
    "Run the checks on this host and write every answer of the host into a capture. Ends after "
    "--for, or cleanly at SIGINT or SIGTERM; a second signal ends at once. With --scenario the "
    "world is that of a scenario."
    "\vExamples:\n"
    "  reagent record -o host.mcap --for 30s\n"
    "  reagent record -o host.mcap --checks process,rtprocess --for 5m --json\n"
    "  reagent record -o host.mcap --confd /etc/datadog-agent/conf.d --checks none\n"
    "  reagent record -o strict.mcap --mask strict --proc-root /host/proc\n"
    "  reagent record -o run.mcap --scenario outage.yaml --seed 7\n",
    children, NULL, NULL};

/* One recording while it runs. */
struct recording {
    const struct record_args *args;
    struct compose live;
    struct rg_recorder *recorder;
    struct live_stop *stop;
    struct rg_record_summary summary;
    struct rg_engine_report engine;
    atomic_bool failed; /* the recorder cannot write any more */
    bool progress;
};

static void recorder_failed(void *ctx)
{
    struct recording *r = ctx;

    atomic_store(&r->failed, true);
    rg_live_runtime_stop(r->live.runtime);
}

/* The cursor stays at the start of the line, so that a log line overwrites it. */
static void show_progress(void *ctx, int64_t elapsed_ns)
{
    const struct recording *r = ctx;
    char path[4096];
    struct stat st;
    int len = snprintf(path, sizeof(path), "%s.partial", r->args->file);

    if (len < 0 || (size_t)len >= sizeof(path) || stat(path, &st) != 0)
        return;
    fprintf(stderr, "recording: %" PRId64 " s, %" PRId64 " KiB written\033[K\r",
        elapsed_ns / INT64_C(1000000000), (int64_t)st.st_size / 1024);
}

static bool wants_progress(const struct record_args *args)
{
    const char *no_color = getenv("NO_COLOR");

    return !args->common.json && isatty(STDERR_FILENO) && !(no_color && no_color[0]);
}

/* What a recording that did not end has left. It may be all there is of an incident, so only
 * --force drops it. */
static enum rg_status check_partial(const struct record_args *args, struct rg_err *err)
{
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s.partial", args->file);

    if (len < 0 || (size_t)len >= sizeof(path) || access(path, F_OK) != 0)
        return RG_OK;
    if (args->force)
        return unlink(path) == 0 ? RG_OK : rg_err_errno(err, errno);
    rg_err_set(err,
        "a recording that did not end is in %s; `reagent recover` keeps it, --force drops it",
        path);
    return RG_EIO;
}

static int create_recorder(struct recording *r, struct rg_err *err)
{
    struct rg_recorder_options o = {
        .path = r->args->file,
        .version = RG_VERSION,
        .mask = r->args->mask,
        .failed = recorder_failed,
        .failed_ctx = r,
    };
    enum rg_status st;

    if (getrandom(o.mask_key, sizeof(o.mask_key), 0) != (ssize_t)sizeof(o.mask_key)) {
        cli_say("the kernel gives no random bytes for the masking key");
        return CLI_UNAVAILABLE;
    }
    st = rg_recorder_create(&o, &r->live.set, &r->recorder, err);
    explicit_bzero(o.mask_key, sizeof(o.mask_key));
    if (st == RG_OK)
        st =
            capture_notes_add(r->recorder, capture_mask_names[r->args->mask], r->args->checks, err);
    return st == RG_OK ? CLI_OK : cli_fail(CLI_OUTPUT, r->args->file, st, err);
}

/* Log lines to stderr, payloads to the intake if one is wanted. */
static enum rg_status make_sink(
    const struct record_args *args, struct rg_sink **sink, struct rg_err *err)
{
    struct rg_sink *intake = NULL, *log = NULL;
    enum rg_status st = intake_sink_create(&args->common, &intake, err);

    if (st == RG_OK)
        st = rg_live_sink_stream(STDERR_FILENO, &log, err);
    if (st != RG_OK) {
        rg_sink_destroy(intake);
        return st;
    }
    return tee_sink_create(intake, NULL, log, sink, err);
}

static int start(struct recording *r, const char *options_text, struct rg_err *err)
{
    struct live_stop_options stop = {.ctx = r};
    struct rg_sink *sink = NULL;
    enum rg_status st = make_sink(r->args, &sink, err);

    if (st != RG_OK)
        return cli_fail(cli_exit_for_live(st), "sink", st, err);
    st = compose_live(&r->live, &r->args->common, options_text, sink, err);
    if (st != RG_OK)
        return cli_fail(cli_exit_for_live(st), "this host", st, err);
    stop.runtime = r->live.runtime;
    stop.stopping = tee_sink_end;
    stop.stopping_ctx = sink;
    stop.tick = r->progress ? show_progress : NULL;
    st = live_stop_create(&stop, &r->stop, err);
    if (st != RG_OK)
        return cli_fail(CLI_INTERNAL, "signals", st, err);
    return create_recorder(r, err);
}

/* A run that could not start leaves no file: there is nothing to replay. */
static int give_up(struct recording *r, enum rg_status st, const struct rg_err *err)
{
    struct rg_buf path;

    rg_recorder_destroy(r->recorder);
    r->recorder = NULL;
    rg_buf_init(&path, RG_ERR_TEXT_MAX * 8);
    if (rg_buf_printf(&path, "%s.partial", r->args->file) == RG_OK &&
        rg_buf_byte(&path, 0) == RG_OK)
        (void)unlink((const char *)path.data);
    rg_buf_finish(&path);
    return cli_fail(cli_exit_for_live(st), "the run failed", st, err);
}

static enum rg_status take_words(
    void *ctx, const struct rg_str *words, size_t count, struct rg_err *err)
{
    return rg_recorder_words(ctx, words, count, err);
}

/* The recorder sees command lines before the scrubber does, so it must know the words first. */
static int run(struct recording *r, struct rg_err *err)
{
    enum rg_status st = rg_engine_sensitive_words(r->live.set.host, take_words, r->recorder, err);

    if (st == RG_OK)
        st = rg_engine_run(rg_recorder_backends(r->recorder), &r->engine, err);
    if (st != RG_OK && !atomic_load(&r->failed))
        return give_up(r, st, err);
    *err = (struct rg_err){0};
    st = rg_recorder_finish(r->recorder, &r->summary, err);
    return st == RG_OK ? CLI_OK : cli_fail(CLI_OUTPUT, r->args->file, st, err);
}

/* A run that failed is a finding, and its capture is what shows it. */
static int run_scenario(struct recording *r, struct rg_err *err)
{
    const struct record_args *args = r->args;
    const struct scenario_record_options o = {
        .path = args->file, .mask = args->mask, .signals = true};
    struct scenario_world_options world;
    struct scenario_list list = {.count = 0};
    const struct rg_scenario *scenario;
    enum rg_status st;
    int code;

    if (!scenario_list_one(&list, args->scenario, &scenario, &code)) {
        scenario_list_finish(&list);
        return code;
    }
    world = (struct scenario_world_options){
        .seed = args->common.seed_given ? args->common.seed : scenario->seed};
    st = scenario_record(scenario, &world, &o, &r->summary, &r->engine, err);
    if (st != RG_OK && r->summary.effects != 0)
        code = cli_fail(CLI_FINDING, "the run failed", st, err);
    else if (st != RG_OK && output_file_named(err, args->file))
        code = cli_fail(CLI_OUTPUT, args->file, st, err);
    else if (st != RG_OK)
        code = cli_fail(cli_exit_for_input(st), args->scenario, st, err);
    scenario_list_finish(&list);
    return code;
}

static int run_live(struct recording *r, struct rg_err *err)
{
    const struct record_args *args = r->args;
    struct rg_buf text;
    enum rg_status st;
    int code;

    rg_buf_init(&text, OPTIONS_BYTES_MAX);
    st = run_options_live(&text, &args->common, args->checks, args->for_text);
    if (st != RG_OK)
        code = cli_fail(CLI_INTERNAL, "options", st, NULL);
    else
        code = start(r, (const char *)text.data, err);
    if (code == CLI_OK)
        code = run(r, err);
    live_stop_destroy(r->stop);
    if (r->progress)
        fputs("\033[K", stderr);
    rg_recorder_destroy(r->recorder);
    compose_finish(&r->live);
    rg_buf_finish(&text);
    return code;
}

static void print_text(const struct recording *r)
{
    char duration[RG_DURATION_TEXT], hash[CLI_HASH_TEXT];
    const struct rg_record_summary *s = &r->summary;

    printf("recorded %s: %" PRIu64 " effects, %" PRIu64 " outputs, %" PRIu64 " bytes\n",
        rg_duration_text(s->duration_ns, duration), s->effects, s->outputs, s->bytes);
    printf("%zu processes in the last scan, %" PRIu64 " values masked, %" PRIu64
           " kernel events lost\n",
        r->engine.processes_seen, s->masked, s->lost_events);
    if (r->args->common.confd)
        printf("%" PRIu64 " runs of %zu checks, %" PRIu64 " failed\n", r->engine.checks.runs,
            r->engine.checks.checks, r->engine.checks.errors);
    printf("output hash %s\n", cli_hash_text(s->output_hash, hash));
}

static int print_json(const struct recording *r)
{
    const struct rg_record_summary *s = &r->summary;
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_text(&json, "file", r->args->file);
    cli_json_u64(&json, "effects", s->effects);
    cli_json_u64(&json, "outputs", s->outputs);
    cli_json_u64(&json, "bytes", s->bytes);
    cli_json_u64(&json, "masked", s->masked);
    cli_json_u64(&json, "lost_events", s->lost_events);
    cli_json_i64(&json, "duration_ns", s->duration_ns);
    cli_json_u64(&json, "processes", r->engine.processes_seen);
    cli_json_u64(&json, "checks", r->engine.checks.checks);
    cli_json_u64(&json, "check_runs", r->engine.checks.runs);
    cli_json_u64(&json, "failed_check_runs", r->engine.checks.errors);
    cli_json_hash(&json, "output_hash", s->output_hash);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK ? CLI_OK : CLI_OUTPUT;
}

int cmd_record(int argc, char **argv)
{
    struct record_args args = {.common = cli_common_defaults(), .mask = RG_MASK_STANDARD};
    struct recording r = {.args = &args};
    char confd[AGENT_PATH_MAX];
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (!cli_config_usable(args.common.config_path, &code))
        return code;
    if (!args.scenario && !agent_confd(&args.common, confd, &code))
        return code;
    atomic_init(&r.failed, false);
    r.progress = wants_progress(&args);
    st = output_file_check(args.file, args.force, &err);
    if (st == RG_OK)
        st = check_partial(&args, &err);
    if (st == RG_OK && args.scenario && output_file_same(args.file, args.scenario)) {
        rg_err_set(&err, "is the scenario itself");
        st = RG_EIO;
    }
    if (st != RG_OK)
        return cli_fail(CLI_OUTPUT, args.file, st, &err);
    if (args.mask == RG_MASK_OFF)
        cli_say("warning: --mask off writes secrets of command lines into the capture");
    code = args.scenario ? run_scenario(&r, &err) : run_live(&r, &err);
    if (code != CLI_OK && r.summary.effects == 0)
        return code;
    if (args.common.json)
        return print_json(&r) == CLI_OK ? code : CLI_OUTPUT;
    print_text(&r);
    return code;
}
