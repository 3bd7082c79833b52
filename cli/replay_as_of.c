/* World replay: the capture answers "what was it then?" to an engine that may ask differently. */
#include "cli_json.h"
#include "compose.h"
#include "output_log.h"
#include "replay_args.h"
#include "rg/core/engine.h"
#include "rg/sim.h"
#include "run_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINES_BYTES_MAX ((size_t)1 << 20)

/* The recorded settings with the changes of the command line, as a text. */
static enum rg_status changed_options(
    const struct replay_args *args, struct rg_buf *text, struct rg_err *err)
{
    enum rg_status st = run_options_recorded(args->file, text, err);

    if (st == RG_OK && args->until_ns)
        run_options_unset(text, RG_STR_LIT("run.for"));
    if (st == RG_OK && args->common.log_level_given)
        st = run_options_set(
            text, RG_STR_LIT("log_level"), rg_str_from(rg_log_level_name(args->common.log_level)));
    for (size_t i = 0; i < args->set_count && st == RG_OK; i++) {
        struct rg_str key, value;

        rg_assert(run_options_split(args->sets[i], &key, &value));
        st = run_options_set(text, key, value);
    }
    return st == RG_OK ? rg_buf_byte(text, 0) : st;
}

struct world_result {
    struct rg_world_info info;
    struct rg_buf unrecorded; /* owned: one line per key */
    uint64_t questions;
    int64_t elapsed_ns;
};

static int print_json(const struct world_result *result, const struct output_log *log)
{
    struct rg_str rest = rg_str_buf(&result->unrecorded), line;
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_bool(&json, "as_of", true);
    cli_json_u64(&json, "outputs", log->count);
    cli_json_u64(&json, "frames", result->info.frames);
    cli_json_i64(&json, "elapsed_ns", result->elapsed_ns);
    cli_json_i64(&json, "recorded_ns", result->info.duration_ns);
    cli_json_double(&json, "speedup",
        result->elapsed_ns > 0 ? (double)result->info.duration_ns / (double)result->elapsed_ns : 0,
        9);
    cli_json_hash(&json, "output_hash", log->hash);
    cli_json_bool(&json, "truncated", result->info.truncated);
    cli_json_u64(&json, "unrecorded", result->questions);
    cli_json_array(&json, "unrecorded_keys");
    while (rg_str_split(&rest, '\n', &line))
        cli_json_str(&json, NULL, line);
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK ? CLI_OK : CLI_OUTPUT;
}

static void print_text(const struct world_result *result, const struct output_log *log)
{
    char hash[CLI_HASH_TEXT], elapsed[RG_DURATION_TEXT], recorded[RG_DURATION_TEXT];

    printf("%" PRIu64 " outputs from %" PRIu64 " frames, output hash %s\n", log->count,
        result->info.frames, cli_hash_text(log->hash, hash));
    printf("%s recorded, %s replayed\n", rg_duration_text(result->info.duration_ns, recorded),
        rg_duration_text(result->elapsed_ns, elapsed));
}

static int judge(
    const struct replay_args *args, const struct world_result *result, const struct output_log *log)
{
    if (result->info.truncated)
        cli_say("%s: the capture is cut off; the world ends at the cut", args->file);
    if (result->questions > 0) {
        cli_say("%" PRIu64 " questions that the capture never held were answered as not found%s",
            result->questions, args->common.json ? "" : ":");
        if (!args->common.json)
            fwrite(result->unrecorded.data, 1, result->unrecorded.len, stderr);
    }
    if (!args->common.json)
        print_text(result, log);
    else if (print_json(result, log) != CLI_OK)
        return CLI_OUTPUT;
    return args->strict && result->questions > 0 ? CLI_DIVERGED : CLI_OK;
}

static int run(const struct replay_args *args, const char *options_text, struct output_log *log,
    struct compose *world, struct world_result *result)
{
    const struct compose_world_options o = {
        .path = args->file,
        .options_text = options_text,
        .seed = args->common.seed,
        .until_ns = args->until_ns,
    };
    struct rg_engine_report engine;
    struct rg_err err = {0};
    int64_t start_ns = cli_mono_ns();
    enum rg_status st = compose_world(world, &o, &err);

    if (st != RG_OK)
        return cli_fail(cli_exit_for_input(st), args->file, st, &err);
    st = rg_engine_run(&world->set, &engine, &err);
    if (st != RG_OK)
        return cli_fail(cli_exit_for_input(st), "the run failed", st, &err);
    result->elapsed_ns = cli_mono_ns() - start_ns;
    for (size_t i = 0; i < rg_sim_sink_count(world->sink); i++)
        output_log_take(log, rg_sim_sink_at(world->sink, i));
    rg_world_info(world->world, &result->info);
    result->questions = rg_world_unrecorded(world->world, &result->unrecorded);
    return judge(args, result, log);
}

int replay_as_of(const struct replay_args *args, struct output_log *log)
{
    struct world_result result = {.questions = 0};
    struct compose world = {0};
    struct rg_buf text;
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    rg_buf_init(&text, RG_HOST_DOCUMENT_MAX);
    rg_buf_init(&result.unrecorded, LINES_BYTES_MAX);
    st = changed_options(args, &text, &err);
    if (st == RG_OK)
        code = run(args, (const char *)text.data, log, &world, &result);
    else
        code = cli_fail(cli_exit_for_input(st), args->file, st, &err);
    compose_finish(&world);
    rg_buf_finish(&result.unrecorded);
    rg_buf_finish(&text);
    return code;
}
