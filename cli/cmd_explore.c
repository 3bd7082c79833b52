/* reagent explore: one scenario under many orders of its tasks and many faults. */
#include "explore_report.h"
#include "explore_seeds.h"
#include "scenario_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define JOBS_MAX       256
#define SEED_COUNT_MAX UINT64_C(100000000)

enum {
    KEY_SEEDS = 0x200,
    KEY_SCHEDULER,
    KEY_DEPTH,
    KEY_STEPS,
    KEY_FAULTS,
    KEY_EXPECT,
    KEY_KEEP,
    KEY_TIMEOUT,
    KEY_MEMORY
};

static const struct argp_option options[] = {
    {"seeds", KEY_SEEDS, "A..B", 0, "Run the seeds A to B (required)", 0},
    {"scheduler", KEY_SCHEDULER, "NAME", 0,
        "random (default): at each point any task that could goes on; pct: random priorities that "
        "change at few random points, good at bugs that need few switches",
        0},
    {"depth", KEY_DEPTH, "N", 0, "pct: N-1 points of change in a run (default 3)", 0},
    {"steps", KEY_STEPS, "N", 0,
        "pct: points are drawn from the first N choices of a run (default: what a run of the first "
        "seed has)",
        0},
    {"faults", KEY_FAULTS, "WHICH", 0,
        "none, scenario (default): those of the file, or random: for each seed a drawn plan as "
        "well",
        0},
    {"expect", KEY_EXPECT, NULL, 0,
        "Judge the expectations of the scenario with --faults random and none, too", 0},
    {"jobs", 'j', "N", 0, "Run N seeds at a time (default 1)", 0},
    {"keep", KEY_KEEP, "DIR", 0,
        "Where captures of failing runs go (default explore-failures); made when it is needed", 0},
    {"timeout", KEY_TIMEOUT, "DUR", 0, "A seed that runs longer has failed (default 60s)", 0},
    {"memory", KEY_MEMORY, "SIZE", 0,
        "A seed that needs more has failed (default: four times what the first one needed, or "
        "64MiB more than that)",
        0},
    {0},
};

static const struct argp_child children[] = {
    {&cli_argp_json, 0, NULL, 0},
    {0},
};

/* "17..40", or one seed. */
static void parse_seeds(struct explore_args *args, const char *arg, struct argp_state *state)
{
    const char *dots = strstr(arg, "..");
    struct rg_str first = {arg, dots ? (size_t)(dots - arg) : strlen(arg)};

    if (!rg_str_to_u64(first, &args->first) ||
        !rg_str_to_u64(dots ? rg_str_from(dots + 2) : first, &args->last) ||
        args->last < args->first || args->last - args->first >= SEED_COUNT_MAX)
        argp_error(state, "--seeds: '%s' is not a range such as 1..200", arg);
    args->seeds_given = true;
}

static uint64_t parse_number(
    struct argp_state *state, const char *option, const char *arg, uint64_t max)
{
    uint64_t value = cli_args_u64(state, option, arg);

    if (value == 0 || value > max)
        argp_error(state, "%s: '%s' is not a number from 1 to %" PRIu64, option, arg, max);
    return value;
}

static void check(struct argp_state *state, struct explore_args *args)
{
    cli_args_need(state, 1, "SCENARIO is");
    if (!args->seeds_given)
        argp_error(state, "--seeds A..B is missing");
    if (args->order != RG_SIM_ORDER_PCT && (args->depth || args->steps))
        argp_error(state, "--depth and --steps are for --scheduler pct");
    if (args->timeout_ns < 0 || (args->timeout_ns > 0 && args->timeout_ns < 1000000))
        argp_error(state, "--timeout: at least 1ms");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct explore_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_SEEDS:
        parse_seeds(args, arg, state);
        return 0;
    case KEY_SCHEDULER:
        args->order = RG_SIM_ORDER_RANDOM + (enum rg_sim_order)cli_args_choice(
                                                state, "--scheduler", arg, explore_scheduler_names);
        return 0;
    case KEY_DEPTH:
        args->depth = parse_number(state, "--depth", arg, RG_SIM_PCT_DEPTH_MAX);
        return 0;
    case KEY_STEPS:
        args->steps = parse_number(state, "--steps", arg, RG_SIM_PCT_STEPS_MAX);
        return 0;
    case KEY_FAULTS:
        args->faults =
            (enum explore_faults)cli_args_choice(state, "--faults", arg, explore_fault_names);
        return 0;
    case KEY_EXPECT:
        args->expect = true;
        return 0;
    case 'j':
        args->jobs = parse_number(state, "-j", arg, JOBS_MAX);
        return 0;
    case KEY_KEEP:
        args->keep = arg;
        return 0;
    case KEY_TIMEOUT:
        args->timeout_ns = cli_args_duration(state, "--timeout", arg);
        return 0;
    case KEY_MEMORY:
        if (!rg_str_to_size(rg_str_from(arg), &args->memory) || args->memory < 1024)
            argp_error(state, "--memory: '%s' is not a size such as 256MiB", arg);
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, &args->path, 1, arg);
        return 0;
    case ARGP_KEY_END:
        check(state, args);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "SCENARIO",
    "Run a scenario once for each seed, in virtual time, with the tasks in another order each "
    "time. A run fails when its tasks deadlock, when an output is lost or taken twice, when a "
    "check "
    "overlaps itself, when it crashes, does not end or needs too much memory, and when an "
    "expectation of the scenario does not hold. Each failure is told with the command that repeats "
    "it and is kept as a capture. Goldens are not compared. Exit code 1: a seed failed."
    "\vExamples:\n"
    "  reagent explore outage.yaml --seeds 1..200\n"
    "  reagent explore outage.yaml --seeds 1..2000 --scheduler pct -j 4\n"
    "  reagent explore outage.yaml --seeds 1..500 --faults random --json\n"
    "  reagent explore outage.yaml --seeds 17..17 --scheduler pct --depth 3 --steps 120\n",
    children, NULL, NULL};

int cmd_explore(int argc, char **argv)
{
    struct explore_args args = {.common = cli_common_defaults(),
        .jobs = 1,
        .timeout_ns = EXPLORE_TIMEOUT_NS,
        .order = RG_SIM_ORDER_RANDOM,
        .faults = EXPLORE_FAULTS_SCENARIO};
    struct scenario_list list = {.count = 0};
    const struct rg_scenario *scenario;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (scenario_list_one(&list, args.path, &scenario, &code))
        code = explore_seeds(&args, scenario);
    scenario_list_finish(&list);
    return code;
}
