#include "explore_seeds.h"

#include "explore_pool.h"
#include "explore_report.h"
#include "rg/base/hash.h"
#include "rg/base/map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOLD_MAX      10 /* failures that are kept and told in full; the others in two lines */
#define MEMORY_FACTOR 4  /* a seed may need so many times what the first one needed, */
#define MEMORY_KIB    (UINT64_C(64) << 10) /* and in any case this much more */
#define PROGRESS_NS   (INT64_C(200) * 1000000)
#define KEEP_FOLDER   "explore-failures"
#define KEPT_NAME_MAX 100

struct exploring {
    const struct explore_args *args;
    struct explore_settings settings;
    struct explore_repeat repeat;
    struct explore_summary summary;
    struct cli_json failures;
    struct rg_map orders;
    uint64_t memory_kib; /* limit; 0: the first seed makes it */
    int64_t start_ns, shown_ns;
    uint64_t kept_seed; /* for the process that keeps it */
    char kept_path[4096];
    int code;
    enum rg_status st; /* of memory of our own */
};

static void show_progress(struct exploring *e, bool last)
{
    const char *no_color = getenv("NO_COLOR");
    int64_t now = cli_mono_ns();

    if (e->args->common.json || !isatty(STDERR_FILENO) || (no_color && no_color[0]))
        return;
    if (last)
        fputs("\r\033[K", stderr);
    else if (now - e->shown_ns >= PROGRESS_NS)
        fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds, %" PRIu64 " failed\033[K",
            e->summary.run, e->args->last - e->args->first + 1, e->summary.failures);
    else
        return;
    e->shown_ns = now;
}

static void run_seed(void *ctx, uint64_t index, struct rg_buf *out)
{
    const struct exploring *e = ctx;
    struct explore_result result;

    explore_result_init(&result);
    explore_run(&e->settings, e->args->first + index, &result);
    rg_ignore(explore_result_pack(&result, out), "the caller sees that it is not whole");
    explore_result_finish(&result);
}

static void keep_seed(void *ctx, uint64_t index, struct rg_buf *out)
{
    const struct exploring *e = ctx;
    struct explore_result result;

    (void)index;
    explore_result_init(&result);
    explore_keep(&e->settings, e->kept_seed, e->kept_path, &result);
    rg_ignore(explore_result_pack(&result, out), "the caller sees that it is not whole");
    explore_result_finish(&result);
}

static void add_said(struct explore_result *r, const struct explore_end *end)
{
    struct rg_str rest = rg_str_buf(&end->stderr), line;

    while (rg_str_split(&rest, '\n', &line))
        explore_result_add(r, "%.*s", (int)line.len, line.ptr);
}

/* What the process of a run left, or how it ended without. */
static void take_result(
    const struct exploring *e, const struct explore_end *end, struct explore_result *r)
{
    char text[RG_DURATION_TEXT];

    if (end->whole && explore_result_unpack(rg_str_buf(&end->bytes), r))
        return;
    if (end->late)
        explore_result_set(r, SCENARIO_FAILED, "the run did not end within %s of real time",
            rg_duration_text(e->args->timeout_ns, text));
    else if (WIFSIGNALED(end->status))
        explore_result_set(r, SCENARIO_FAILED, "the process ended by signal %d (%s)",
            WTERMSIG(end->status), strsignal(WTERMSIG(end->status)));
    else
        explore_result_set(r, SCENARIO_FAILED, "the process ended with code %d and no result",
            WEXITSTATUS(end->status));
    add_said(r, end);
}

static void look_at_memory(struct exploring *e, const struct explore_end *end,
    struct explore_result *r, struct explore_repeat *repeat)
{
    uint64_t need = end->peak_kib;

    if (!end->whole)
        return;
    if (e->memory_kib == 0) {
        e->memory_kib = need * MEMORY_FACTOR;
        if (e->memory_kib < need + MEMORY_KIB)
            e->memory_kib = need + MEMORY_KIB;
    }
    if (need <= e->memory_kib || r->numbers.outcome != SCENARIO_OK)
        return;
    explore_result_set(r, SCENARIO_FAILED, "the run needed too much memory");
    explore_result_add(r, "%" PRIu64 " KiB; the limit is %" PRIu64 " KiB", need, e->memory_kib);
    repeat->memory = e->memory_kib * 1024;
}

/* DIR/NAME-seed-17-pct.mcap. False: *why says why there is none. */
static bool name_kept(struct exploring *e, uint64_t seed, const char **why)
{
    const char *folder = e->args->keep ? e->args->keep : KEEP_FOLDER;
    char name[KEPT_NAME_MAX + 1];
    int n;

    snprintf(name, sizeof(name), "%s", e->settings.scenario->name);
    for (char *c = name; *c; c++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *c))
            *c = '_';
    }
    n = snprintf(e->kept_path, sizeof(e->kept_path), "%s/%s-seed-%" PRIu64 "-%s.mcap", folder, name,
        seed, explore_scheduler_names[e->settings.order - RG_SIM_ORDER_RANDOM]);
    if (n < 0 || (size_t)n >= sizeof(e->kept_path) - sizeof(".partial"))
        *why = "not kept: the path is too long";
    else if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        *why = "not kept: the folder cannot be made";
    else
        return true;
    return false;
}

struct kept {
    struct exploring *exploring;
    struct explore_failure *failure;
    char *why; /* owned */
};

static bool kept_ended(void *ctx, const struct explore_end *end)
{
    struct kept *kept = ctx;
    struct explore_failure *f = kept->failure;
    struct exploring *e = kept->exploring;
    uint64_t order = f->result->numbers.order_hash;
    struct explore_result r;

    explore_result_init(&r);
    take_result(e, end, &r);
    if (access(e->kept_path, R_OK) != 0) /* cut short: what was written until then */
        strcat(e->kept_path, ".partial");
    if (access(e->kept_path, R_OK) == 0)
        f->kept = e->kept_path;
    else if (asprintf(&kept->why, "not kept: %.*s", (int)r.invariant.len,
                 r.invariant.len ? (const char *)r.invariant.data : "") < 0)
        kept->why = NULL;
    f->why = kept->why;
    if (f->kept && end->whole && order && r.numbers.order_hash != order)
        f->why = "the capture shows another order of tasks: recording changed the run";
    explore_result_finish(&r);
    return true;
}

static void keep_ctx_run(void *ctx, uint64_t index, struct rg_buf *out)
{
    keep_seed(((struct kept *)ctx)->exploring, index, out);
}

static void tell_failure(struct exploring *e, uint64_t seed, const struct explore_result *r,
    const struct explore_repeat *repeat)
{
    struct explore_failure f = {.seed = seed, .result = r};
    struct kept kept = {.exploring = e, .failure = &f};
    const struct explore_pool pool = {.count = 1,
        .jobs = 1,
        .timeout_ns = e->args->timeout_ns,
        .run = keep_ctx_run,
        .done = kept_ended,
        .ctx = &kept};
    bool brief = e->summary.failures > TOLD_MAX;
    struct rg_err err = {0};

    if (!brief && name_kept(e, seed, &f.why)) {
        e->kept_seed = seed;
        if (explore_pool_run(&pool, &err) != RG_OK)
            f.why = "not kept: no process could be started";
    }
    show_progress(e, true);
    if (e->args->common.json)
        explore_json_failure(&e->failures, repeat, &f);
    else
        explore_print_failure(repeat, &f, brief);
    free(kept.why);
}

static void count_order(struct exploring *e, uint64_t order)
{
    e->summary.orders_hash = rg_hash_mix(e->summary.orders_hash, order);
    if (!rg_map_get(&e->orders, order, NULL)) {
        e->summary.orders++;
        if (e->st == RG_OK)
            e->st = rg_map_put(&e->orders, order, 0);
    }
}

static bool seed_ended(void *ctx, const struct explore_end *end)
{
    struct exploring *e = ctx;
    struct explore_repeat repeat = e->repeat;
    struct explore_result r;
    bool go_on;

    explore_result_init(&r);
    take_result(e, end, &r);
    look_at_memory(e, end, &r, &repeat);
    go_on = r.numbers.outcome != SCENARIO_INVALID;
    if (!go_on) {
        show_progress(e, true);
        cli_say("%.*s", (int)r.invariant.len, (const char *)r.invariant.data);
        e->code = r.numbers.code;
    } else {
        e->summary.run++;
        e->summary.refused += r.numbers.refused;
        if (end->whole)
            count_order(e, r.numbers.order_hash);
        if (r.numbers.outcome != SCENARIO_OK) {
            e->summary.failures++;
            e->code = CLI_FINDING;
            tell_failure(e, e->args->first + end->index, &r, &repeat);
        }
    }
    explore_result_finish(&r);
    show_progress(e, false);
    return go_on && e->st == RG_OK;
}

/* A run of the first seed in random order, for the number of its steps. What is wrong with it will
 * show again. */
static bool measured(void *ctx, const struct explore_end *end)
{
    struct exploring *e = ctx;
    struct explore_result r;

    explore_result_init(&r);
    take_result(e, end, &r);
    e->settings.steps = end->whole && r.numbers.steps ? r.numbers.steps : RG_SIM_PCT_STEPS;
    explore_result_finish(&r);
    return true;
}

static enum rg_status measure_steps(struct exploring *e, struct rg_err *err)
{
    const struct explore_pool pool = {.count = 1,
        .jobs = 1,
        .timeout_ns = e->args->timeout_ns,
        .run = run_seed,
        .done = measured,
        .ctx = e};
    enum rg_status st;

    e->settings.order = RG_SIM_ORDER_RANDOM;
    st = explore_pool_run(&pool, err);
    e->settings.order = RG_SIM_ORDER_PCT;
    return st;
}

static int explore(struct exploring *e)
{
    const struct explore_args *args = e->args;
    const struct explore_pool pool = {.count = args->last - args->first + 1,
        .jobs = (size_t)args->jobs,
        .timeout_ns = args->timeout_ns,
        .run = run_seed,
        .done = seed_ended,
        .ctx = e};
    struct rg_err err = {0};
    enum rg_status st = RG_OK;

    if (args->order == RG_SIM_ORDER_PCT && !args->steps)
        st = measure_steps(e, &err);
    if (st == RG_OK)
        st = explore_pool_run(&pool, &err);
    e->summary.duration_ns = cli_mono_ns() - e->start_ns;
    show_progress(e, true);
    if (st != RG_OK)
        return cli_fail(CLI_INTERNAL, "cannot start a process", st, &err);
    if (e->st != RG_OK)
        return cli_fail(CLI_INTERNAL, "explore", e->st, NULL);
    if (e->code != CLI_OK && e->code != CLI_FINDING)
        return e->code;
    if (!args->common.json) {
        explore_print_summary(&e->summary);
    } else {
        cli_json_end_array(&e->failures);
        st = explore_json_print(&e->repeat, &e->summary, &e->failures);
        if (st != RG_OK && st != RG_EIO)
            return cli_fail(CLI_INTERNAL, "report", st, NULL);
    }
    return e->code;
}

int explore_seeds(const struct explore_args *args, const struct rg_scenario *scenario)
{
    struct exploring e;
    int code;

    e = (struct exploring){
        .args = args,
        .settings = {.scenario = scenario,
            .order = args->order,
            .depth = args->depth ? (uint32_t)args->depth : RG_SIM_PCT_DEPTH,
            .steps = args->steps,
            .faults = args->faults,
            .expect = args->expect},
        .repeat = {.settings = &e.settings,
            .timeout_ns = args->timeout_ns == EXPLORE_TIMEOUT_NS ? 0 : args->timeout_ns,
            .memory = args->memory},
        .summary = {.first = args->first, .last = args->last},
        .memory_kib = args->memory / 1024,
        .start_ns = cli_mono_ns(),
    };
    if (scenario->world == RG_SCENARIO_LIVE) {
        cli_say(
            "%s: a live world has one order of tasks, its own; explore needs a simulated one or "
            "a fixture",
            scenario->path);
        return CLI_BAD_INPUT;
    }
    cli_json_init(&e.failures);
    cli_json_array(&e.failures, NULL);
    rg_map_init(&e.orders);
    code = explore(&e);
    rg_map_finish(&e.orders);
    cli_json_finish(&e.failures);
    return code;
}
