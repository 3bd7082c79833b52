/* reagent ls: one line per effect of a capture. */
#include "cli_args.h"
#include "effect_text.h"
#include "rg/fixture.h"

#include <stdio.h>

struct ls_args {
    struct cli_common common;
    const char *file;
    const char *kind_name;
    enum rg_effect_kind kind;
    uint64_t limit;
};

enum { KEY_KIND = 'k', KEY_LIMIT = 'n' };

static const struct argp_option options[] = {
    {"kind", KEY_KIND, "KIND", 0, "Only effects of this kind: read, lock, output, ...", 0},
    {"limit", KEY_LIMIT, "N", 0, "At most N lines", 0},
    {0},
};

static const struct argp_child children[] = {{&cli_argp_json, 0, NULL, 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ls_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_KIND:
        args->kind_name = arg;
        return 0;
    case KEY_LIMIT:
        args->limit = cli_args_u64(state, "--limit", arg);
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
    "List the effects of a capture in order: what the engine asked, and what it was answered."
    "\vExamples:\n"
    "  reagent ls host.mcap --limit 20\n"
    "  reagent ls host.mcap --kind output\n"
    "  reagent ls host.mcap --json | jq -r .kind | sort | uniq -c\n",
    children, NULL, NULL};

static enum rg_status print_effect(const struct ls_args *args, struct cli_json *json,
    struct rg_buf *line, const struct rg_effect *effect)
{
    enum rg_status st;

    if (args->common.json) {
        cli_json_document(json);
        effect_json(json, effect);
        cli_json_end_object(json);
        return cli_json_print(json);
    }
    rg_buf_clear(line);
    st = rg_effect_describe(line, effect);
    if (st == RG_OK)
        st = rg_buf_byte(line, '\n');
    if (st == RG_OK && !cli_put(rg_str_buf(line)))
        st = RG_EIO;
    return st;
}

static int list(const struct ls_args *args, struct rg_effects *effects)
{
    struct cli_json json;
    struct rg_buf line;
    struct rg_effect effect;
    struct rg_err err = {0};
    enum rg_status st = RG_OK, written = RG_OK;
    uint64_t lines = 0;
    int code = CLI_OK;

    cli_json_init(&json);
    rg_buf_init(&line, (size_t)1 << 20);
    while (lines < args->limit && (st = rg_effects_next(effects, &effect, &err)) == RG_OK) {
        if (args->kind_name && effect.kind != args->kind)
            continue;
        lines++;
        written = print_effect(args, &json, &line, &effect);
        if (written != RG_OK)
            break;
    }
    if (written == RG_ENOMEM)
        code = cli_fail(CLI_INTERNAL, args->file, written, NULL);
    else if (written != RG_OK)
        code = CLI_OUTPUT;
    else if (st != RG_OK && st != RG_EEND)
        code = cli_fail(cli_exit_for_input(st), args->file, st, &err);
    cli_json_finish(&json);
    rg_buf_finish(&line);
    return code;
}

int cmd_ls(int argc, char **argv)
{
    struct ls_args args = {.common = cli_common_defaults(), .limit = UINT64_MAX};
    struct rg_capture_info info;
    struct rg_effects *effects;
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (args.kind_name && !effect_kind_parse(args.kind_name, &args.kind)) {
        effect_kind_refuse("ls", args.kind_name);
        return CLI_USAGE;
    }
    if (!cli_capture_usable(args.file, &code))
        return code;
    st = rg_effects_open(args.file, &effects, &err);
    if (st != RG_OK)
        return cli_fail(cli_exit_for_input(st), args.file, st, &err);
    code = list(&args, effects);
    rg_effects_info(effects, &info);
    if (code == CLI_OK && info.truncated)
        cli_say("%s: the capture is cut off; listed up to the cut", args.file);
    rg_effects_close(effects);
    return code;
}
