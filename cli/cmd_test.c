/* reagent test: runs scenarios and says which of them hold. */
#include "cli_args.h"
#include "rg/base/mem.h"
#include "scenario_list.h"
#include "scenario_result.h"
#include "test_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOBS_MAX 256

struct test_args {
    char **paths; /* owned list, borrowed texts */
    size_t path_count, path_cap;
    const char *junit, *json;
    uint64_t jobs, shard, shards, seed;
    bool update, seed_given;
};

enum { KEY_JUNIT = 0x200, KEY_JSON, KEY_SHARD, KEY_UPDATE, KEY_SEED };

static const struct argp_option options[] = {
    {"junit", KEY_JUNIT, "FILE", 0, "Write a JUnit report", 0},
    {"json", KEY_JSON, "FILE", 0,
        "Write one line of JSON per scenario; '-' is standard output, and the text goes to "
        "standard error then",
        0},
    {"jobs", 'j', "N", 0, "Run N scenarios at a time (default 1)", 0},
    {"shard", KEY_SHARD, "I/N", 0, "Run part I of N; every scenario is in one part", 0},
    {"update", KEY_UPDATE, NULL, 0, "Rewrite goldens that differ; such a run never passes", 0},
    {"seed", KEY_SEED, "N", 0, "Instead of the seeds in the files", 0},
    {0},
};

static void parse_shard(struct test_args *args, const char *arg, struct argp_state *state)
{
    struct rg_str rest = rg_str_from(arg), part;

    if (!rg_str_split(&rest, '/', &part) || !rg_str_to_u64(part, &args->shard) ||
        !rg_str_to_u64(rest, &args->shards) || args->shard == 0 || args->shard > args->shards)
        argp_error(state, "--shard: '%s' is not a part such as 1/4", arg);
}

static void take_path(struct test_args *args, char *arg, struct argp_state *state)
{
    void *array = args->paths;

    if (rg_grow(&array, &args->path_cap, args->path_count + 1, sizeof(*args->paths),
            SCENARIO_LIST_MAX) != RG_OK)
        argp_failure(state, CLI_INTERNAL, 0, "out of memory");
    args->paths = array;
    args->paths[args->path_count++] = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct test_args *args = state->input;

    switch (key) {
    case KEY_JUNIT:
        args->junit = arg;
        return 0;
    case KEY_JSON:
        args->json = arg;
        return 0;
    case 'j':
        args->jobs = cli_args_u64(state, "-j", arg);
        if (args->jobs == 0 || args->jobs > JOBS_MAX)
            argp_error(state, "-j: '%s' is not a number from 1 to %d", arg, JOBS_MAX);
        return 0;
    case KEY_SHARD:
        parse_shard(args, arg, state);
        return 0;
    case KEY_UPDATE:
        args->update = true;
        return 0;
    case KEY_SEED:
        args->seed = cli_args_u64(state, "--seed", arg);
        args->seed_given = true;
        return 0;
    case ARGP_KEY_ARG:
        take_path(args, arg, state);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "PATH is");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "PATH...",
    "Run scenarios: files, and all *.yaml files below folders. One line each; of a failing one the "
    "expectation, the values that broke it, and the command that repeats it."
    "\vExamples:\n"
    "  reagent test scenarios\n"
    "  reagent test scenarios -j 4 --shard 1/4 --junit report.xml\n"
    "  reagent test scenarios/process/zombies-are-ignored.yaml --seed 7\n",
    NULL, NULL, NULL};

/* What the run of all scenarios adds up to. */
struct tally {
    const struct test_args *args;
    FILE *text, *json;
    struct test_junit junit;
    size_t passed, failed;
    int code;
    enum rg_status json_st;
};

/* The code that says most: something of ours, of the limits, of the world, of the input, a finding.
 */
static int graver(int a, int b)
{
    static const int order[] = {
        CLI_INTERNAL, CLI_OUTPUT, CLI_LIMIT, CLI_UNAVAILABLE, CLI_BAD_INPUT, CLI_FINDING};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (a == order[i] || b == order[i])
            return order[i];
    }
    return CLI_OK;
}

/* For a shell: quoted when it has to be. */
static void print_word(FILE *out, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+:@%,=";

    if (word[0] && word[0] != '-' && strspn(word, plain) == strlen(word)) {
        fputs(word, out);
        return;
    }
    fputs(word[0] == '-' ? "./'" : "'", out);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}

/* Lines hold JSON, whose backslashes are better left alone; only what a terminal might act on is
 * escaped. */
static void print_line(FILE *out, struct rg_str line)
{
    struct rg_buf escaped;
    size_t i = 0;

    while (i < line.len && line.ptr[i] >= ' ' && line.ptr[i] < 0x7f)
        i++;
    if (i == line.len) {
        fprintf(out, "    %.*s\n", (int)line.len, line.ptr);
        return;
    }
    rg_buf_init(&escaped, SCENARIO_TEXT_MAX * 4);
    fprintf(out, "    %s\n", cli_escaped(&escaped, line));
    rg_buf_finish(&escaped);
}

static void print_details(
    FILE *out, const struct rg_scenario *scenario, const struct scenario_result *result)
{
    struct rg_str details = rg_str_buf(&result->details), line;

    print_line(out, rg_str_buf(&result->expectation));
    while (rg_str_split(&details, '\n', &line))
        print_line(out, line);
    fputs("    repeat: reagent test ", out);
    print_word(out, scenario->path);
    fprintf(out, " --seed %" PRIu64 "\n", result->numbers.seed);
}

static void done(
    void *ctx, const struct rg_scenario *scenario, const struct scenario_result *result)
{
    struct tally *tally = ctx;
    bool ok = result->numbers.outcome == SCENARIO_OK;
    struct rg_buf name;

    rg_buf_init(&name, 4096);
    fprintf(tally->text, "%s %s %" PRId64 "ms\n", ok ? "ok" : "FAIL",
        cli_escaped(&name, rg_str_from(scenario->name)), result->numbers.duration_ns / 1000000);
    rg_buf_finish(&name);
    if (!ok)
        print_details(tally->text, scenario, result);
    fflush(tally->text);
    tally->passed += ok;
    tally->failed += !ok;
    tally->code = graver(tally->code, result->numbers.code);
    test_junit_add(&tally->junit, scenario, result);
    if (tally->json && tally->json_st == RG_OK)
        tally->json_st = test_ndjson_line(tally->json, scenario, result);
}

static bool open_json(struct tally *tally)
{
    const char *path = tally->args->json;

    tally->text = path && strcmp(path, "-") == 0 ? stderr : stdout;
    if (!path)
        return true;
    tally->json = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (!tally->json)
        cli_say("%s: %s", path, strerror(errno));
    return tally->json != NULL;
}

/* Closes the reports; a report that is not whole is worse than none, so it makes the code. */
static void close_reports(struct tally *tally)
{
    struct rg_err err = {0};
    enum rg_status st;

    if (tally->json && tally->json != stdout && fclose(tally->json) != 0)
        tally->json_st = RG_EIO;
    if (tally->json_st != RG_OK)
        tally->code = cli_fail(CLI_OUTPUT, tally->args->json, tally->json_st, NULL);
    if (!tally->args->junit)
        return;
    st = test_junit_write(&tally->junit, tally->args->junit, &err);
    if (st != RG_OK)
        tally->code = cli_fail(CLI_OUTPUT, tally->args->junit, st, &err);
}

static int run_list(const struct test_args *args, const struct scenario_list *list)
{
    struct tally tally = {.args = args};
    struct scenario_jobs jobs = {
        .scenarios = list->items,
        .count = list->count,
        .jobs = args->jobs ? (size_t)args->jobs : 1,
        .update = args->update,
        .seed = args->seed_given ? &args->seed : NULL,
        .done = done,
        .ctx = &tally,
    };
    struct rg_err err = {0};
    enum rg_status st;

    if (!open_json(&tally))
        return CLI_OUTPUT;
    test_junit_init(&tally.junit);
    st = scenario_jobs_run(&jobs, &err);
    if (st != RG_OK)
        tally.code = cli_fail(CLI_INTERNAL, "cannot start a process", st, &err);
    fprintf(
        tally.text, "%zu scenarios: %zu ok, %zu failed\n", list->count, tally.passed, tally.failed);
    close_reports(&tally);
    test_junit_finish(&tally.junit);
    return tally.code;
}

int cmd_test(int argc, char **argv)
{
    struct test_args args = {.paths = NULL};
    struct scenario_list list = {.count = 0};
    struct rg_err err = {0};
    enum rg_status st = RG_OK;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (args.update && getenv("CI") && getenv("CI")[0]) {
        cli_say("--update is refused because CI is set");
        free(args.paths);
        return CLI_USAGE;
    }
    for (size_t i = 0; i < args.path_count && st == RG_OK; i++)
        st = scenario_list_add(&list, args.paths[i], &err);
    scenario_list_sort(&list);
    if (args.shards)
        scenario_list_shard(&list, args.shard, args.shards);
    if (st != RG_OK) {
        code = cli_fail(cli_exit_for_input(st), "scenarios", st, &err);
    } else if (list.code != CLI_OK) {
        code = list.code;
    } else if (list.count == 0) {
        cli_say("no scenario was selected");
        code = CLI_NOT_RUN;
    } else {
        code = run_list(&args, &list);
    }
    scenario_list_finish(&list);
    free(args.paths);
    return code;
}
