/* One of the processes of verify_scenario.h. Each line of the log begins with the seed. */
#include "rg/base/hash.h"
#include "scenario_list.h"
#include "scenario_record.h"
#include "verify_scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX ((size_t)1 << 20)

struct worker {
    FILE *log;
    struct rg_buf text; /* of one line */
    uint64_t seed, outputs, roll;
    bool effects;
};

/* Times belong to the run, too: a capture holds them. */
static void roll(struct worker *w, const struct rg_effect *effect)
{
    w->roll = rg_hash_mix(w->roll, rg_effect_hash(effect));
    w->roll = rg_hash_mix(w->roll, effect->task);
    w->roll = rg_hash_mix(w->roll, (uint64_t)effect->mono.ns);
    w->roll = rg_hash_mix(w->roll, (uint64_t)effect->wall.ns);
}

static void write_effect(struct worker *w, const struct rg_effect *effect)
{
    rg_buf_clear(&w->text);
    rg_ignore(rg_effect_describe(&w->text, effect), "the hash tells what the text cannot");
    fprintf(w->log, "seed %" PRIu64 " %.*s at %" PRId64 " ns, all %016" PRIx64 "\n", w->seed,
        (int)w->text.len, (const char *)w->text.data, effect->mono.ns, w->roll);
}

static void write_output(struct worker *w, const struct rg_effect *effect)
{
    struct rg_str rest = effect->detail, source = {"", 0};

    (void)rg_str_split(&rest, '\n', &source);
    rg_buf_clear(&w->text);
    rg_ignore(rg_str_escape(&w->text, source), "the hash tells what the text cannot");
    fprintf(w->log,
        "seed %" PRIu64 " output %" PRIu64 " %.*s %.*s %zu %016" PRIx64 " effect %" PRIu64
        " %016" PRIx64 "\n",
        w->seed, w->outputs, (int)effect->name.len, effect->name.ptr, (int)w->text.len,
        (const char *)w->text.data, effect->content.len, effect->content_hash, effect->number,
        w->roll);
}

static void take_effect(void *ctx, const struct rg_effect *effect)
{
    struct worker *w = ctx;

    roll(w, effect);
    w->outputs += effect->kind == RG_EFFECT_OUTPUT;
    if (w->effects)
        write_effect(w, effect);
    else if (effect->kind == RG_EFFECT_OUTPUT)
        write_output(w, effect);
}

/* "ok", or why the run failed. */
static void write_end(struct worker *w, const struct rg_record_summary *summary, enum rg_status st,
    const struct rg_err *err)
{
    const char *why = st == RG_OK ? "ok" : rg_err_text(err, st);

    rg_buf_clear(&w->text);
    rg_ignore(rg_str_escape(&w->text, rg_str_from(why)), "the line gets shorter");
    fprintf(w->log,
        "seed %" PRIu64 " end %" PRIu64 " outputs %" PRIu64 " effects %016" PRIx64 " %s: %.*s\n",
        w->seed, summary->outputs, summary->effects, w->roll, st == RG_OK ? "run" : "failed",
        (int)w->text.len, (const char *)w->text.data);
}

static int run_seed(struct worker *w, const struct rg_scenario *scenario, uint64_t seed)
{
    const struct scenario_world_options world = {.seed = seed};
    const struct scenario_record_options o = {
        .mask = RG_MASK_STANDARD, .effect = take_effect, .effect_ctx = w};
    struct rg_record_summary summary;
    struct rg_engine_report report;
    struct rg_err err = {0};
    enum rg_status st;

    w->seed = seed;
    w->outputs = 0;
    w->roll = 0;
    st = scenario_record(scenario, &world, &o, &summary, &report, &err);
    if (st != RG_OK && summary.effects == 0)
        return cli_fail(cli_exit_for_input(st), scenario->path, st, &err);
    write_end(w, &summary, st, &err);
    return CLI_OK;
}

int verify_scenario_worker(
    const char *file, const struct verify_seeds *seeds, const char *log_path, bool effects)
{
    struct scenario_list list = {.count = 0};
    struct worker w = {.effects = effects};
    const struct rg_scenario *scenario;
    int code;

    if (!scenario_list_one(&list, file, &scenario, &code)) {
        scenario_list_finish(&list);
        return code;
    }
    rg_buf_init(&w.text, LINE_BYTES_MAX);
    w.log = fopen(log_path, "we");
    if (!w.log) {
        cli_say("%s: %s", log_path, strerror(errno));
        code = CLI_OUTPUT;
    }
    for (uint64_t seed = seeds->from; code == CLI_OK; seed++) {
        code = run_seed(&w, scenario, seed);
        if (seed == seeds->to)
            break;
    }
    if (w.log && (ferror(w.log) != 0) + (fclose(w.log) != 0) != 0 && code == CLI_OK) {
        cli_say("%s: the log could not be written", log_path);
        code = CLI_OUTPUT;
    }
    rg_buf_finish(&w.text);
    scenario_list_finish(&list);
    return code;
}
