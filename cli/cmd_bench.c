/* reagent bench: how fast scenarios run and captures replay, once it is proved that every run gives
 * the same outputs. */
#include "bench_baseline.h"
#include "bench_list.h"
#include "bench_measure.h"
#include "cli_args.h"
#include "rg/base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define REPETITIONS 7

struct bench_args {
    struct bench_paths paths;
    const char *baseline, *json;
    uint64_t repetitions;
    FILE *text; /* where lines for people go */
};

enum { KEY_REPETITIONS = 'n', KEY_BASELINE = 0x200, KEY_JSON, KEY_FOR, KEY_SEED };

static const struct argp_option options[] = {
    {"repetitions", KEY_REPETITIONS, "N", 0, "Measure N runs of each (default 7)", 0},
    {"baseline", KEY_BASELINE, "FILE", 0,
        "Compare with what --json wrote earlier; exit 1 when something became slower than chance "
        "explains",
        0},
    {"json", KEY_JSON, "FILE", 0,
        "Write a document; '-' is standard output, and the text goes to standard error then", 0},
    {"for", KEY_FOR, "DUR", 0, "Instead of the lengths in the scenarios", 0},
    {"seed", KEY_SEED, "N", 0, "Instead of the seeds in the scenarios", 0},
    {0},
};

static void take_path(struct bench_args *args, char *arg, struct argp_state *state)
{
    void *array = args->paths.items;

    if (rg_grow(&array, &args->paths.cap, args->paths.count + 1, sizeof(*args->paths.items),
            SCENARIO_LIST_MAX) != RG_OK)
        argp_failure(state, CLI_INTERNAL, 0, "out of memory");
    args->paths.items = array;
    args->paths.items[args->paths.count++] = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct bench_args *args = state->input;

    switch (key) {
    case KEY_REPETITIONS:
        args->repetitions = cli_args_u64(state, "--repetitions", arg);
        if (args->repetitions == 0 || args->repetitions > BENCH_REPETITIONS_MAX)
            argp_error(state, "--repetitions: '%s' is not a number from 1 to %d", arg,
                BENCH_REPETITIONS_MAX);
        return 0;
    case KEY_BASELINE:
        args->baseline = arg;
        return 0;
    case KEY_JSON:
        args->json = arg;
        return 0;
    case KEY_FOR:
        args->paths.for_ns = cli_args_duration(state, "--for", arg);
        args->paths.for_text = arg;
        return 0;
    case KEY_SEED:
        args->paths.seed = cli_args_u64(state, "--seed", arg);
        args->paths.seed_given = true;
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
    "Measure how fast scenarios run and captures replay: CPU time, wall time, memory, and what "
    "the CPU time is spent on. Each run has a process of its own. Runs whose outputs differ are "
    "not measured: exit 4. PATH is a scenario, a folder of them, or a capture."
    "\vExamples:\n"
    "  reagent bench scenarios/process/churn-loses-nothing.yaml\n"
    "  reagent bench host.mcap --repetitions 21 --json before.json\n"
    "  reagent bench host.mcap --repetitions 21 --baseline before.json\n",
    NULL, NULL, NULL};

static int print_ratio(FILE *out, const struct bench_ratio *cpu, const struct bench_ratio *wall)
{
    static const char *const verdicts[] = {"no change", "slower", "faster"};

    fprintf(out, "  baseline  cpu %.3f times (noise up to %.1f %%): %s; wall %.3f times\n",
        cpu->ratio, cpu->bound * 100, verdicts[cpu->verdict], wall->ratio);
    return cpu->verdict == BENCH_SLOWER ? CLI_FINDING : CLI_OK;
}

static int compare(
    const struct bench_args *args, const struct bench_baseline *b, const struct bench_result *r)
{
    static const char *const refusals[] = {
        [BENCH_UNKNOWN] = "is not in it",
        [BENCH_OTHER_SEED] = "ran with another seed there",
        [BENCH_OTHER_LENGTH] = "ran for another time there",
        [BENCH_OTHER_OUTPUT] = "gave other outputs there",
    };
    enum bench_compared compared;
    struct bench_ratio cpu, wall;
    struct rg_err err = {0};
    enum rg_status st = bench_baseline_compare(b, r, &compared, &cpu, &wall, &err);

    if (st != RG_OK)
        return cli_fail(cli_exit_for_input(st), b->path, st, &err);
    if (compared == BENCH_COMPARED)
        return print_ratio(args->text, &cpu, &wall);
    cli_say("%s: %s %s: not compared", b->path, r->subject->name, refusals[compared]);
    return CLI_NOT_RUN;
}

static int bench_all(const struct bench_args *args, const struct bench_list *list,
    const struct bench_baseline *baseline, struct cli_json *json)
{
    struct bench_result *result;
    int code = CLI_OK;

    for (size_t i = 0; i < list->count; i++) {
        int one;

        result = rg_calloc(1, sizeof(*result));
        if (!result) {
            cli_say("out of memory");
            return CLI_INTERNAL;
        }
        one = bench_measure(&list->items[i], (size_t)args->repetitions, bench_child_run, result);
        if (one == CLI_OK) {
            bench_print(args->text, result);
            bench_result_json(json, result);
            if (baseline)
                one = compare(args, baseline, result);
            fflush(args->text);
        }
        code = cli_graver(code, one);
        free(result);
    }
    return code;
}

static int write_json(const char *path, struct cli_json *json)
{
    FILE *file;
    bool written;

    cli_json_end_array(json);
    cli_json_end_object(json);
    if (strcmp(path, "-") == 0)
        return cli_json_print(json) == RG_OK ? CLI_OK : CLI_OUTPUT;
    if (json->st != RG_OK)
        return cli_fail(CLI_OUTPUT, path, json->st, NULL);
    file = fopen(path, "we");
    if (!file) {
        cli_say("%s: %s", path, strerror(errno));
        return CLI_OUTPUT;
    }
    written = fwrite(json->text.data, 1, json->text.len, file) == json->text.len &&
              fputc('\n', file) != EOF;
    if (fclose(file) != 0 || !written) {
        cli_say("%s: cannot be written", path);
        return CLI_OUTPUT;
    }
    return CLI_OK;
}

static int bench(struct bench_args *args, const struct bench_list *list)
{
    struct bench_baseline baseline = {.path = NULL};
    struct bench_machine machine;
    struct rg_err err = {0};
    struct cli_json json;
    int code = CLI_OK;

    if (args->baseline) {
        enum rg_status st = bench_baseline_open(&baseline, args->baseline, &err);

        if (st != RG_OK) {
            bench_baseline_finish(&baseline);
            return cli_fail(cli_exit_for_input(st), args->baseline, st, &err);
        }
    }
    bench_machine_read(&machine);
    cli_json_init(&json);
    bench_document_json(&json, &machine);
    if (args->baseline)
        bench_baseline_machine(&baseline, &machine);
    code = bench_all(args, list, args->baseline ? &baseline : NULL, &json);
    if (args->json)
        code = cli_graver(code, write_json(args->json, &json));
    cli_json_finish(&json);
    bench_baseline_finish(&baseline);
    return code;
}

int cmd_bench(int argc, char **argv)
{
    struct bench_args args = {.repetitions = REPETITIONS};
    struct bench_list list = {.count = 0};
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    args.text = args.json && strcmp(args.json, "-") == 0 ? stderr : stdout;
    code = bench_list_fill(&list, &args.paths);
    if (code == CLI_OK)
        code = bench(&args, &list);
    bench_list_finish(&list);
    free(args.paths.items);
    return code;
}
