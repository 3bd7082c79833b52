/* reagent verify: replays a capture, or runs a scenario, in two processes whose surroundings differ
 * in everything that must not matter, and compares what came out. */
#include "cli_args.h"
#include "cli_json.h"
#include "rg/base/hash.h"
#include "verify_child.h"
#include "verify_log.h"
#include "verify_scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verify_args {
    struct cli_common common;
    const char *file;
    struct verify_seeds seeds;
    bool seeds_given;
    uint64_t jobs;
    const char *log; /* this is one of the processes */
    bool effects;
};

enum { KEY_JOBS = 'j', KEY_SEEDS = 0x200, KEY_LOG, KEY_EFFECTS };

static const struct argp_option options[] = {
    {"seeds", KEY_SEEDS, "A..B", 0,
        "Of a scenario: run each of these seeds (default: the seed in the file)", 0},
    {"jobs", KEY_JOBS, "N", 0, "Of a scenario: N processes at a time (default 1)", 0},
    {"log", KEY_LOG, "FILE", OPTION_HIDDEN, "Run the seeds and write a line per output", 0},
    {"effects", KEY_EFFECTS, NULL, OPTION_HIDDEN, "With --log: a line per effect", 0},
    {0},
};

static const struct argp_child children[] = {{&cli_argp_json, 0, NULL, 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct verify_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_SEEDS:
        if (!verify_seeds_parse(arg, &args->seeds))
            argp_error(state, "--seeds: '%s' is not a range of seeds such as 1..100", arg);
        args->seeds_given = true;
        return 0;
    case KEY_JOBS:
        args->jobs = cli_args_u64(state, "-j", arg);
        if (args->jobs == 0 || args->jobs > VERIFY_JOBS_MAX)
            argp_error(state, "-j: '%s' is not a number from 1 to %d", arg, VERIFY_JOBS_MAX);
        return 0;
    case KEY_LOG:
        args->log = arg;
        return 0;
    case KEY_EFFECTS:
        args->effects = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, &args->file, 1, arg);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "FILE is");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "FILE",
    "Replay a capture, or run a scenario, in two processes with different address layout, "
    "environment, time zone, locale, working directory and CPU, and compare every output; of a "
    "scenario every effect as well. Exits 4 when they differ. FILE is a scenario when it ends in "
    ".yaml, or is no capture."
    "\vExamples:\n"
    "  reagent verify host.mcap\n"
    "  reagent verify scenarios/process/churn.yaml --seeds 1..1000 -j 2\n",
    children, NULL, NULL};

static void print_difference(const struct verify_difference *d)
{
    cli_say("the two replays differ in output %" PRIu64, d->line);
    fputs("  number, kind, source, bytes, hash:\n", stderr);
    verify_log_print(d, "(no more outputs)");
}

static int print_result(
    const struct verify_args *args, const struct verify_child *child, uint64_t outputs, bool equal)
{
    struct cli_json json;
    enum rg_status st;

    if (!args->common.json) {
        if (equal)
            printf("deterministic: %" PRIu64 " outputs, the same in both processes\n", outputs);
        return equal ? CLI_OK : CLI_DIVERGED;
    }
    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_bool(&json, "equal", equal);
    cli_json_u64(&json, "outputs", outputs);
    cli_json_array(&json, "log_hashes");
    for (int i = 0; i < 2; i++)
        cli_json_hash(&json, NULL, rg_hash64(child[i].log.data, child[i].log.len));
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st != RG_OK ? CLI_OUTPUT : equal ? CLI_OK : CLI_DIVERGED;
}

/* A child that failed for a reason of the capture speaks for the whole. */
static int judge(const struct verify_args *args, const struct verify_child *child)
{
    struct verify_difference difference;
    bool equal;

    for (int i = 0; i < 2; i++) {
        if (child[i].code == CLI_OK)
            continue;
        fwrite(child[i].errors.data, 1, child[i].errors.len, stderr);
        cli_say("process %c: the replay ended with code %d", 'A' + i, child[i].code);
        return child[i].code > 0 && child[i].code < 128 ? child[i].code : CLI_INTERNAL;
    }
    verify_log_compare(rg_str_buf(&child[0].log), rg_str_buf(&child[1].log), &difference);
    equal =
        !difference.found && rg_str_eq(rg_str_buf(&child[0].result), rg_str_buf(&child[1].result));
    if (difference.found)
        print_difference(&difference);
    else if (!equal)
        cli_say("the two replays report different numbers:\nA %.*sB %.*s", (int)child[0].result.len,
            (const char *)child[0].result.data, (int)child[1].result.len,
            (const char *)child[1].result.data);
    return print_result(args, child, verify_log_lines(rg_str_buf(&child[0].log)), equal);
}

static bool ends_with(const char *path, const char *end)
{
    size_t len = strlen(path), end_len = strlen(end);

    return len >= end_len && strcmp(path + len - end_len, end) == 0;
}

/* By its name, else by its first bytes. */
static bool is_scenario(const char *path)
{
    static const char magic[8] = "\x89MCAP0\r\n";
    char found[sizeof(magic)] = "";
    FILE *file;
    size_t len;

    if (ends_with(path, ".yaml") || ends_with(path, ".yml"))
        return true;
    if (ends_with(path, ".mcap") || ends_with(path, ".partial"))
        return false;
    file = fopen(path, "re");
    if (!file)
        return false;
    len = fread(found, 1, sizeof(found), file);
    fclose(file);
    return len > 0 && (len < sizeof(found) || memcmp(found, magic, sizeof(magic)) != 0);
}

static int verify_capture(const struct verify_args *args)
{
    struct verify_child child[2] = {{.code = -1}, {.code = -1}};
    struct verify_work work = {
        .verb = "replay", .log_option = "--hash-log", .options = {"--no-times"}};
    struct rg_err err = {0};
    enum rg_status st;
    char *path;
    int code;

    if (!cli_capture_usable(args->file, &code))
        return code;
    path = realpath(args->file, NULL); /* the children work elsewhere */
    if (!path) {
        st = rg_err_errno(&err, errno);
        return cli_fail(cli_exit_for_input(st), args->file, st, &err);
    }
    work.path = path;
    st = verify_child_run(child, &work, 1, 1, &err);
    code =
        st == RG_OK ? judge(args, child) : cli_fail(cli_exit_for_process(st), args->file, st, &err);
    for (int i = 0; i < 2; i++)
        verify_child_finish(&child[i]);
    free(path);
    return code;
}

int cmd_verify(int argc, char **argv)
{
    struct verify_args args = {.common = cli_common_defaults(), .jobs = 1};
    struct verify_scenario_args scenario;

    cli_args_parse(&argp, argc, argv, &args);
    if (args.log)
        return verify_scenario_worker(args.file, &args.seeds, args.log, args.effects);
    if (is_scenario(args.file)) {
        scenario = (struct verify_scenario_args){
            .file = args.file,
            .seeds = args.seeds_given ? &args.seeds : NULL,
            .jobs = (size_t)args.jobs,
            .json = args.common.json,
        };
        return verify_scenario(&scenario);
    }
    if (args.seeds_given) {
        cli_say("%s: --seeds is for scenarios; a capture has one run", args.file);
        return CLI_USAGE;
    }
    return verify_capture(&args);
}
