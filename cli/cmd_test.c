/* reagent test: runs scenarios and says which of them hold. */
#include "cli_args.h"
#include "rg/base/mem.h"
#include "rg/base/time.h"
#include "scenario_list.h"
#include "scenario_result.h"
#include "scenario_shard.h"
#include "test_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOBS_MAX        256
#define TIMEOUT_DEFAULT "10m"
#define BISECT_SKIP     125 /* git bisect run: this commit cannot be judged */

struct test_args {
    struct cli_common common;
    char **paths; /* owned list, borrowed texts */
    size_t path_count, path_cap;
    const char *junit, *json, *durations, *timeout;
    uint64_t jobs, shard, shards, seed;
    int64_t timeout_ns;
    bool update, seed_given, bisect;
};

enum {
    KEY_JUNIT = 0x200,
    KEY_JSON,
    KEY_SHARD,
    KEY_DURATIONS,
    KEY_TIMEOUT,
    KEY_UPDATE,
    KEY_SEED,
    KEY_BISECT,
};

static const struct argp_option options[] = {
    {"junit", KEY_JUNIT, "FILE", 0, "Write a JUnit report", 0},
    {"json", KEY_JSON, "FILE", 0,
        "Write one line of JSON per scenario; '-' is standard output, and the text goes to "
        "standard error then",
        0},
    {"jobs", 'j', "N", 0, "Run N scenarios at a time (default 1)", 0},
    {"shard", KEY_SHARD, "I/N", 0, "Run part I of N; every scenario is in one part", 0},
    {"durations", KEY_DURATIONS, "FILE", 0,
        "Cut the parts of --shard so that they take equally long by FILE, which an earlier --json "
        "or 'reagent merge' wrote",
        0},
    {"timeout", KEY_TIMEOUT, "DUR", 0,
        "Kill a scenario that takes longer in real time (default " TIMEOUT_DEFAULT ")", 0},
    {"update", KEY_UPDATE, NULL, 0, "Rewrite goldens that differ; such a run never passes", 0},
    {"seed", KEY_SEED, "N", 0, "Instead of the seeds in the files", 0},
    {"bisect", KEY_BISECT, NULL, 0,
        "For 'git bisect run': exit with 125, which skips a commit, when nothing could be judged "
        "(2, 3, 5, 64, 69, 70, 74, 77)",
        0},
    {0},
};

static const struct argp_child children[] = {{&cli_argp_level, 0, NULL, 0}, {0}};

static void parse_shard(struct test_args *args, const char *arg, struct argp_state *state)
{
    struct rg_str rest = rg_str_from(arg), part;

    if (!rg_str_split(&rest, '/', &part) || !rg_str_to_u64(part, &args->shard) ||
        !rg_str_to_u64(rest, &args->shards) || args->shard == 0 || args->shard > args->shards ||
        args->shards > TEST_SHARDS_MAX)
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
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
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
    case KEY_DURATIONS:
        args->durations = arg;
        return 0;
    case KEY_TIMEOUT:
        args->timeout_ns = cli_args_duration(state, "--timeout", arg);
        args->timeout = arg;
        return 0;
    case KEY_UPDATE:
        args->update = true;
        return 0;
    case KEY_BISECT:
        args->bisect = true;
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
    "  reagent test scenarios -j 4 --shard 1/4 --junit report.xml --json 1.ndjson\n"
    "  reagent test scenarios/process/zombies-are-ignored.yaml --seed 7\n"
    "  git bisect run reagent test --bisect scenarios/process/chunks-hold-all.yaml\n",
    children, NULL, NULL};

/* What the run of all scenarios adds up to. */
struct tally {
    const struct test_args *args;
    FILE *text, *json;
    struct test_junit junit;
    struct test_summary summary;
    enum rg_status json_st;
    struct rg_err json_err; /* why */
};

static const char *level_of(const struct test_args *args)
{
    return args->common.log_level_given ? rg_log_level_name(args->common.log_level) : NULL;
}

/* Remembers the first failure to write, and what the kernel said then. */
static void keep_json(struct tally *tally, enum rg_status st)
{
    if (st == RG_EIO)
        rg_ignore(rg_err_errno(&tally->json_err, errno), "the text is wanted, not the status");
    tally->json_st = st;
}

static void done(
    void *ctx, const struct rg_scenario *scenario, const struct scenario_result *result)
{
    struct tally *tally = ctx;
    char flow[TEST_FLOW_MAX];
    const struct test_record record = {
        .name = rg_str_from(scenario->name),
        .file = rg_str_from(scenario->path),
        .flow = rg_str_from(test_report_flow(scenario->path, flow)),
        .outcome = result->numbers.outcome,
        .code = result->numbers.code,
        .duration_ns = result->numbers.duration_ns,
        .seed = result->numbers.seed,
        .outputs = result->numbers.outputs,
        .expectation = rg_str_buf(&result->expectation),
        .details = rg_str_buf(&result->details),
    };

    test_text_record(tally->text, &record);
    if (record.outcome != SCENARIO_OK)
        test_text_repeat(tally->text, &record, level_of(tally->args));
    fflush(tally->text);
    test_summary_add(&tally->summary, &record);
    test_junit_add(&tally->junit, &record);
    if (tally->json && tally->json_st == RG_OK)
        keep_json(tally, test_ndjson_line(tally->json, &record));
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
static int close_reports(struct tally *tally)
{
    struct rg_err err = {0};
    int code = tally->summary.code;
    enum rg_status st;

    if (tally->json && tally->json_st == RG_OK)
        keep_json(tally, test_ndjson_summary(tally->json, &tally->summary));
    if (tally->json && tally->json != stdout && fclose(tally->json) != 0 && tally->json_st == RG_OK)
        keep_json(tally, RG_EIO);
    if (tally->json_st != RG_OK)
        code = cli_fail(CLI_OUTPUT, tally->args->json, tally->json_st, &tally->json_err);
    if (!tally->args->junit)
        return code;
    st = test_junit_write(&tally->junit, tally->args->junit, &err);
    return st == RG_OK ? code : cli_fail(CLI_OUTPUT, tally->args->junit, st, &err);
}

static int run_list(const struct test_args *args, const struct scenario_list *list,
    const struct test_summary *summary)
{
    struct tally tally = {.args = args, .summary = *summary};
    const struct scenario_jobs jobs = {
        .scenarios = list->items,
        .count = list->count,
        .jobs = args->jobs ? (size_t)args->jobs : 1,
        .update = args->update,
        .seed = args->seed_given ? &args->seed : NULL,
        .log_level = level_of(args),
        .timeout_ns = args->timeout_ns,
        .timeout_text = args->timeout,
        .done = done,
        .ctx = &tally,
    };
    struct rg_err err = {0};
    int signum = 0, code;
    enum rg_status st;

    if (!open_json(&tally))
        return CLI_OUTPUT;
    test_junit_init(&tally.junit);
    st = scenario_jobs_run(&jobs, &signum, &err);
    if (st == RG_ESTOPPED)
        tally.summary.code = cli_graver(tally.summary.code, CLI_NOT_RUN);
    else if (st != RG_OK)
        tally.summary.code = cli_fail(CLI_INTERNAL, "cannot start a process", st, &err);
    test_text_summary(tally.text, &tally.summary);
    code = close_reports(&tally);
    test_junit_finish(&tally.junit);
    if (signum) {
        cli_say("interrupted");
        cli_close_stdout();
        scenario_jobs_die(signum);
    }
    return code;
}

/* Cuts the list down to the shard. summary then speaks of it. */
static int choose_shard(
    const struct test_args *args, struct scenario_list *list, struct test_summary *summary)
{
    struct test_results durations = {.count = 0};
    struct rg_err err = {0};
    enum rg_status st = RG_OK;
    int code = CLI_OK;

    summary->shard = args->shards ? args->shard : 1;
    summary->shards = args->shards ? args->shards : 1;
    summary->selected = list->count;
    if (args->durations)
        st = test_results_read(args->durations, &durations, &err);
    if (st != RG_OK)
        code = cli_fail(cli_exit_for_input(st), args->durations, st, &err);
    if (st == RG_OK)
        st = scenario_selection_hash(list, &summary->selection);
    if (st == RG_OK)
        st = scenario_shard(
            list, summary->shard, summary->shards, args->durations ? &durations : NULL);
    if (st != RG_OK && code == CLI_OK)
        code = cli_fail(CLI_INTERNAL, "shards", st, &err);
    test_results_finish(&durations);
    summary->scenarios = list->count;
    if (code == CLI_OK && list->count == 0)
        cli_say("shard %" PRIu64 "/%" PRIu64 " has none of the %" PRIu64 " scenarios",
            summary->shard, summary->shards, summary->selected);
    return code;
}

static int run_paths(const struct test_args *args, struct scenario_list *list)
{
    struct test_summary summary = {.code = CLI_OK};
    struct rg_err err = {0};
    enum rg_status st = RG_OK;
    int code;

    for (size_t i = 0; i < args->path_count && st == RG_OK; i++)
        st = scenario_list_add(list, args->paths[i], &err);
    if (st != RG_OK)
        return cli_fail(cli_exit_for_input(st), "scenarios", st, &err);
    scenario_list_sort(list);
    if (list->code != CLI_OK)
        return list->code;
    if (list->count == 0) {
        cli_say("no scenario was selected");
        return CLI_NOT_RUN;
    }
    code = choose_shard(args, list, &summary);
    return code == CLI_OK ? run_list(args, list, &summary) : code;
}

/* What says nothing of the commit. */
static int for_bisect(int code)
{
    switch (code) {
    case CLI_OK:
    case CLI_FINDING:
    case CLI_DIVERGED:
        return code;
    default:
        return BISECT_SKIP;
    }
}

/* main would end the process with CLI_OUTPUT when standard output is broken. */
static int flush_for_bisect(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    cli_say("cannot write standard output: %s", strerror(errno));
    return freopen("/dev/null", "we", stdout) ? BISECT_SKIP : CLI_OUTPUT;
}

/* A wrong command line ends the process before the options are known. */
static bool asks_for_bisect(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--bisect") == 0)
            return true;
    }
    return false;
}

int cmd_test(int argc, char **argv)
{
    struct test_args args = {
        .common = cli_common_defaults(),
        .timeout = TIMEOUT_DEFAULT,
        .timeout_ns = 600 * RG_NS_PER_S,
    };
    struct scenario_list list = {.count = 0};
    int code;

    if (asks_for_bisect(argc, argv))
        argp_err_exit_status = BISECT_SKIP;
    cli_args_parse(&argp, argc, argv, &args);
    if (args.update && getenv("CI") && getenv("CI")[0]) {
        cli_say("--update is refused because CI is set");
        code = CLI_USAGE;
    } else {
        code = run_paths(&args, &list);
    }
    scenario_list_finish(&list);
    free(args.paths);
    return args.bisect ? flush_for_bisect(for_bisect(code)) : code;
}
