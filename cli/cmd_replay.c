/* reagent replay: the engine on a capture, exactly as it ran; --as-of is in replay_as_of.c. */
#include "cli_json.h"
#include "output_file.h"
#include "output_log.h"
#include "replay_args.h"
#include "rg/core/engine.h"
#include "rg/fixture.h"
#include "run_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KEY_OUT = 'o', KEY_AS_OF = 0x200, KEY_UNTIL, KEY_SET, KEY_STRICT, KEY_HASHES, KEY_TIMES };

static const struct argp_option options[] = {
    {"as-of", KEY_AS_OF, NULL, 0,
        "Ask the capture as a world in virtual time instead of repeating the run", 0},
    {"until", KEY_UNTIL, "T", 0, "With --as-of: end T after the start of the capture", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "With --as-of: change a setting; may be repeated", 0},
    {"strict", KEY_STRICT, NULL, 0,
        "With --as-of: exit 4 when a question was asked that the capture never held", 0},
    {"out", KEY_OUT, "FILE", 0, "Write the outputs to FILE", 0},
    {"hash-log", KEY_HASHES, "FILE", OPTION_HIDDEN, "Write a line per output to FILE", 0},
    {"no-times", KEY_TIMES, NULL, OPTION_HIDDEN, "Leave out what a clock says", 0},
    {0},
};

static void check_together(struct argp_state *state, const struct replay_args *args)
{
    cli_args_need(state, 1, "FILE is");
    if (args->as_of)
        return;
    if (args->strict)
        argp_error(state, "--strict needs --as-of: an exact replay asks only what was recorded");
    if (args->set_count > 0)
        argp_error(state, "--set needs --as-of: an exact replay repeats the recorded settings");
    if (args->until_ns)
        argp_error(state, "--until needs --as-of: an exact replay compares the whole run");
    if (args->common.seed_given || args->common.log_level_given)
        argp_error(state, "%s needs --as-of: an exact replay has nothing to choose",
            args->common.seed_given ? "--seed" : "--log-level");
}

static void take_set(struct argp_state *state, struct replay_args *args, const char *arg)
{
    struct rg_str key, value;

    if (!run_options_split(arg, &key, &value))
        argp_error(state, "--set: KEY=VALUE is needed, with a key such as run.for");
    if (args->set_count == REPLAY_SETS_MAX)
        argp_error(state, "--set: at most %d settings", REPLAY_SETS_MAX);
    args->sets[args->set_count++] = arg;
}

static const struct argp_child children[] = {
    {&cli_argp_json, 0, NULL, 0},
    {&cli_argp_seed, 0, NULL, 0},
    {&cli_argp_level, 0, NULL, 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct replay_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_OUT:
        args->out = arg;
        return 0;
    case KEY_AS_OF:
        args->as_of = true;
        return 0;
    case KEY_UNTIL:
        args->until_ns = cli_args_duration(state, "--until", arg);
        return 0;
    case KEY_SET:
        take_set(state, args, arg);
        return 0;
    case KEY_STRICT:
        args->strict = true;
        return 0;
    case KEY_HASHES:
        args->hash_log = arg;
        return 0;
    case KEY_TIMES:
        args->no_times = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, &args->file, 1, arg);
        return 0;
    case ARGP_KEY_END:
        check_together(state, args);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "FILE",
    "Run the engine on a capture. Every question must be the recorded one, every output the "
    "recorded bytes; the first difference is reported with what came before it, and exits 4. "
    "With --as-of the capture is a world for a changed engine or changed settings."
    "\vExamples:\n"
    "  reagent replay host.mcap\n"
    "  reagent replay host.mcap --json | jq .speedup\n"
    "  reagent replay host.mcap --as-of --set process_config.max_per_message=10\n",
    children, NULL, NULL};

static void say_report(const struct rg_replay_report *report)
{
    if (report->text.len == 0)
        return;
    fwrite(report->text.data, 1, report->text.len, stderr);
    if (report->text.data[report->text.len - 1] != '\n')
        fputc('\n', stderr);
}

static bool outcome_equal(const struct rg_replay_report *report)
{
    return report->outcome == RG_REPLAY_EQUAL || report->outcome == RG_REPLAY_TRUNCATED;
}

static double speedup(const struct rg_replay_report *report, int64_t elapsed_ns)
{
    return elapsed_ns > 0 ? (double)report->recorded_ns / (double)elapsed_ns : 0;
}

static int print_json(
    const struct replay_args *args, const struct rg_replay_report *report, int64_t elapsed_ns)
{
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_u64(&json, "effects", report->effects);
    cli_json_u64(&json, "outputs", report->outputs);
    if (!args->no_times) {
        cli_json_i64(&json, "elapsed_ns", elapsed_ns);
        cli_json_i64(&json, "recorded_ns", report->recorded_ns);
        cli_json_double(&json, "speedup", speedup(report, elapsed_ns), 9);
    }
    cli_json_hash(&json, "output_hash", report->output_hash);
    if (report->finished)
        cli_json_hash(&json, "recorded_output_hash", report->recorded_output_hash);
    else
        cli_json_null(&json, "recorded_output_hash");
    cli_json_bool(&json, "equal", outcome_equal(report));
    cli_json_bool(&json, "truncated", report->outcome == RG_REPLAY_TRUNCATED);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK ? CLI_OK : CLI_OUTPUT;
}

static void print_text(
    const struct replay_args *args, const struct rg_replay_report *report, int64_t elapsed_ns)
{
    char hash[CLI_HASH_TEXT], elapsed[RG_DURATION_TEXT], recorded[RG_DURATION_TEXT];

    printf("%s: %" PRIu64 " effects, %" PRIu64 " outputs, output hash %s\n",
        report->outcome == RG_REPLAY_TRUNCATED ? "equal up to the cut"
        : outcome_equal(report)                ? "equal"
                                               : "diverged",
        report->effects, report->outputs, cli_hash_text(report->output_hash, hash));
    if (!args->no_times)
        printf("%s recorded, %s replayed: %.1f times as fast\n",
            rg_duration_text(report->recorded_ns, recorded), rg_duration_text(elapsed_ns, elapsed),
            speedup(report, elapsed_ns));
}

/* The text of the report goes to stderr, whatever stdout shows. */
static int judge(
    const struct replay_args *args, const struct rg_replay_report *report, int64_t elapsed_ns)
{
    int code = CLI_OK;

    if (report->outcome == RG_REPLAY_DAMAGED) {
        cli_say("%s: the capture is damaged", args->file);
        say_report(report);
        code = cli_exit_for_input(report->status);
        return code == CLI_OK ? CLI_BAD_INPUT : code;
    }
    if (report->outcome == RG_REPLAY_TRUNCATED)
        cli_say("%s: the capture is cut off; it was replayed up to the cut", args->file);
    if (report->outcome == RG_REPLAY_DIVERGED) {
        cli_say("%s: the replay diverged", args->file);
        say_report(report);
        code = CLI_DIVERGED;
    }
    if (!args->common.json)
        print_text(args, report, elapsed_ns);
    else if (print_json(args, report, elapsed_ns) != CLI_OK)
        return CLI_OUTPUT;
    return code;
}

static int replay_exactly(const struct replay_args *args, struct output_log *log)
{
    struct rg_replay_options o = {.output = output_log_take, .output_ctx = log};
    struct rg_replay_report report = {0};
    struct rg_engine_report engine;
    struct rg_replay *replay = NULL;
    struct rg_err err = {0}, ignored = {0};
    int64_t start_ns = cli_mono_ns(), elapsed_ns;
    enum rg_status st;
    int code;

    st = rg_replay_open(args->file, &o, &replay, &err);
    if (st != RG_OK)
        return cli_fail(cli_exit_for_input(st), args->file, st, &err);
    rg_ignore(rg_engine_run(rg_replay_backends(replay), &engine, &ignored),
        "the report says what counts; a run that failed live fails again");
    rg_replay_conclude(replay, &report);
    elapsed_ns = cli_mono_ns() - start_ns;
    code = judge(args, &report, elapsed_ns);
    rg_replay_report_finish(&report);
    rg_replay_destroy(replay);
    return code;
}

int cmd_replay(int argc, char **argv)
{
    struct replay_args args = {.common = cli_common_defaults()};
    struct output_log log = {0};
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (!cli_capture_usable(args.file, &code))
        return code;
    if (args.out && output_file_same(args.out, args.file)) {
        cli_say("%s: is the capture itself", args.out);
        return CLI_OUTPUT;
    }
    st = output_log_open(&log, args.out, args.hash_log, &err);
    if (st != RG_OK)
        code = cli_fail(CLI_OUTPUT, args.out ? args.out : args.hash_log, st, &err);
    else if (args.as_of)
        code = replay_as_of(&args, &log);
    else
        code = replay_exactly(&args, &log);
    st = output_log_close(&log, &err);
    if (st != RG_OK && code == CLI_OK)
        code = cli_fail(CLI_OUTPUT, args.out ? args.out : args.hash_log, st, &err);
    return code;
}
