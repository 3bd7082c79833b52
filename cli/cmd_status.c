/* reagent status: what a running agent, or a capture, says of itself. */
#include "agent_paths.h"
#include "rg/core/engine.h"
#include "rg/fixture.h"
#include "status_file.h"
#include "status_text.h"

#include <inttypes.h>
#include <time.h>

/* Four flushes: an agent that is alive and says nothing for so long hangs. */
#define STALE_S 60

struct status_args {
    struct cli_common common;
    const char *run_dir, *from;
};

enum { KEY_FROM = 0x200, KEY_RUN_DIR };

static const struct argp_option options[] = {
    {"from", KEY_FROM, "CAPTURE", 0, "The last status in a capture", 0},
    {"run-dir", KEY_RUN_DIR, "DIR", 0, "The --run-dir of the agent; the same default", 0},
    {0},
};

static const struct argp_child children[] = {
    {&cli_argp_config, 0, NULL, 0},
    {&cli_argp_json, 0, NULL, 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct status_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_FROM:
        args->from = arg;
        return 0;
    case KEY_RUN_DIR:
        args->run_dir = arg;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, NULL, 0, arg);
        return 0;
    case ARGP_KEY_END:
        if (args->from && (args->run_dir || args->common.config_path))
            argp_error(state, "--from goes without --run-dir and --config");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, NULL,
    "Show what a running agent says of itself: its checks and their errors, what waits to be sent "
    "and what was lost. `reagent run` with a conf.d leaves it behind at every flush. Exits 1 when "
    "something is wrong, 69 when no agent runs or it has been silent for a minute."
    "\vExamples:\n"
    "  reagent status\n"
    "  reagent status --run-dir run --json | jq '.checks[].last_error'\n"
    "  reagent status --from host.mcap\n",
    children, NULL, NULL};

/* stdout gets a document in any case. last_s: of the status that is too old; 0: there is none. */
static int fail(const struct status_args *args, int code, const char *error, int64_t last_s)
{
    struct cli_json json;
    enum rg_status st;

    if (!args->common.json)
        return code;
    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_text(&json, "error", error);
    if (last_s)
        cli_json_i64(&json, "last_status_s", last_s);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK ? code : CLI_OUTPUT;
}

static int print_json(const struct status_args *args, jv document)
{
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    json_put(&json, NULL, jv_copy(document));
    st = cli_json_print(&json);
    cli_json_finish(&json);
    if (st == RG_OK || st == RG_EIO)
        return st == RG_OK ? CLI_OK : CLI_OUTPUT;
    return fail(args, cli_fail(CLI_LIMIT, "status", st, NULL), rg_status_name(st), 0);
}

/* Prints the document and says what is wrong. */
static int show(const struct status_args *args, jv document)
{
    struct text_out text, problems;
    struct rg_str rest, line;
    enum rg_status st;
    int code = CLI_OK;
    size_t wrong;

    text_out_init(&text);
    text_out_init(&problems);
    wrong = status_problems(&problems, document);
    if (args->common.json) {
        code = print_json(args, document);
    } else {
        status_text(&text, document);
        st = text_out_print(&text);
        if (st != RG_OK)
            code = st == RG_EIO ? CLI_OUTPUT : cli_fail(CLI_LIMIT, "status", st, NULL);
    }
    rest = rg_str_buf(&problems.buf);
    while (code == CLI_OK && rest.len > 0 && rg_str_split(&rest, '\n', &line))
        cli_say("%.*s", (int)line.len, line.ptr);
    text_out_finish(&text);
    text_out_finish(&problems);
    return code == CLI_OK && wrong > 0 ? CLI_FINDING : code;
}

static int no_agent(const struct status_args *args, const char *dir, bool alive, int64_t last_s)
{
    const char *error = alive && last_s ? "the agent has been silent since its last status"
                        : alive         ? "the agent runs and has not said anything yet"
                        : last_s        ? "no agent runs since its last status"
                                        : "no agent runs";
    struct text_out when;

    text_out_init(&when);
    if (last_s)
        text_put(&when, ", of ");
    if (last_s)
        text_put_time(&when, last_s);
    if (when.st == RG_OK)
        when.st = rg_buf_byte(&when.buf, 0);
    cli_say(
        "%s%s (run folder %s)", error, when.st == RG_OK ? (const char *)when.buf.data : "", dir);
    text_out_finish(&when);
    return fail(args, CLI_UNAVAILABLE, error, last_s);
}

static int64_t said_at(jv document)
{
    jv agent = json_get(document, "agent");
    int64_t s = json_int(agent, "now_s");

    jv_free(agent);
    return s;
}

static int status_live(const struct status_args *args)
{
    struct rg_buf dir, text;
    struct rg_err err = {0};
    jv document = jv_null();
    bool alive = false;
    int64_t last_s;
    enum rg_status st;
    int code;

    rg_buf_init(&dir, AGENT_PATH_MAX);
    rg_buf_init(&text, RG_OUTPUT_BYTES_MAX);
    st = agent_run_dir(&args->common, args->run_dir, &dir);
    if (st == RG_OK)
        st = status_file_read((const char *)dir.data, &text, &alive, &err);
    if (st == RG_OK)
        st = json_doc_parse(rg_str_buf(&text), &document, &err);
    last_s = said_at(document);
    if (st == RG_ENOTFOUND)
        code = no_agent(args, (const char *)dir.data, alive, 0);
    else if (st != RG_OK)
        code = fail(args, cli_fail(CLI_UNAVAILABLE, "status", st, &err), rg_err_text(&err, st), 0);
    else if (!alive || last_s < (int64_t)time(NULL) - STALE_S)
        code = no_agent(args, (const char *)dir.data, alive, last_s);
    else
        code = show(args, document);
    jv_free(document);
    rg_buf_finish(&dir);
    rg_buf_finish(&text);
    return code;
}

/* The content of the last status of a capture into out; empty: there is none. */
static enum rg_status last_status(const char *path, struct rg_buf *out, struct rg_err *err)
{
    struct rg_effects *effects;
    struct rg_effect effect;
    enum rg_status st = rg_effects_open(path, &effects, err);

    if (st != RG_OK)
        return st;
    while ((st = rg_effects_next(effects, &effect, err)) == RG_OK) {
        if (effect.kind != RG_EFFECT_OUTPUT || !rg_str_is(effect.name, RG_STATUS_KIND))
            continue;
        st = rg_buf_set(out, effect.content.ptr, effect.content.len);
        if (st != RG_OK)
            break;
    }
    rg_effects_close(effects);
    return st == RG_EEND ? RG_OK : st;
}

static int status_capture(const struct status_args *args)
{
    struct rg_buf text;
    struct rg_err err = {0};
    jv document = jv_null();
    enum rg_status st;
    int code;

    rg_buf_init(&text, RG_OUTPUT_BYTES_MAX);
    st = last_status(args->from, &text, &err);
    if (st == RG_OK && text.len == 0) {
        rg_err_set(&err, "there is no status in it: no checks of conf.d ran");
        st = RG_EINVALID;
    }
    if (st == RG_OK)
        st = json_doc_parse(rg_str_buf(&text), &document, &err);
    if (st == RG_OK)
        code = show(args, document);
    else
        code = fail(
            args, cli_fail(cli_exit_for_input(st), args->from, st, &err), rg_err_text(&err, st), 0);
    jv_free(document);
    rg_buf_finish(&text);
    return code;
}

int cmd_status(int argc, char **argv)
{
    struct status_args args = {.common = cli_common_defaults()};
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (args.from && !cli_capture_usable(args.from, &code))
        return fail(&args, code, "the capture cannot be used", 0);
    if (!cli_config_usable(args.common.config_path, &code))
        return fail(&args, code, "the configuration cannot be used", 0);
    return args.from ? status_capture(&args) : status_live(&args);
}
