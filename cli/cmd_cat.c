/* reagent cat: contents of a capture. */
#include "cli_args.h"
#include "effect_text.h"
#include "metrics_json.h"
#include "payload_json.h"
#include "rg/fixture.h"

#include <inttypes.h>
#include <stdio.h>

struct cat_args {
    struct cli_common common;
    const char *file;
    const char *kind_name;
    enum rg_effect_kind kind;
    uint64_t effect; /* 0: all */
    bool raw;
};

enum { KEY_KIND = 'k', KEY_EFFECT = 'e', KEY_RAW = 'r' };

static const struct argp_option options[] = {
    {"effect", KEY_EFFECT, "N", 0, "Only effect number N", 0},
    {"kind", KEY_KIND, "KIND", 0, "Only effects of this kind: output, read, document, ...", 0},
    {"raw", KEY_RAW, NULL, 0, "The bytes of one effect as they are (with --effect)", 0},
    {0},
};

static const struct argp_child children[] = {{&cli_argp_json, 0, NULL, 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct cat_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_KIND:
        args->kind_name = arg;
        return 0;
    case KEY_EFFECT:
        args->effect = cli_args_u64(state, "--effect", arg);
        if (args->effect == 0)
            argp_error(state, "--effect: effects are counted from 1");
        return 0;
    case KEY_RAW:
        args->raw = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, &args->file, 1, arg);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "FILE is");
        if (args->raw && (args->effect == 0 || args->common.json))
            argp_error(state, "--raw needs --effect and goes without --json");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "FILE",
    "Print the contents of a capture: files that were read, documents, outputs. Control "
    "characters are escaped unless --raw is given; --json decodes payloads."
    "\vExamples:\n"
    "  reagent cat host.mcap --effect 123 --raw > stat\n"
    "  reagent cat host.mcap --kind document\n"
    "  reagent cat host.mcap --kind output --json | jq .message.processes\n"
    "  reagent cat host.mcap --kind output --json | jq '.message.series[]?.metric'\n",
    children, NULL, NULL};

static void content_json(
    struct cli_json *json, const char *key, const char *hex_key, struct rg_str content)
{
    if (effect_is_text(content))
        cli_json_str(json, key, content);
    else
        cli_json_hex(json, hex_key, content);
}

static enum rg_status print_json(struct cli_json *json, const struct rg_effect *effect)
{
    struct rg_err err = {0};
    enum rg_status st = RG_ENOTFOUND;

    cli_json_document(json);
    effect_json(json, effect);
    if (effect->kind == RG_EFFECT_OUTPUT) {
        struct rg_str rest = effect->detail, source = {"", 0};

        (void)rg_str_split(&rest, '\n', &source); /* the headers stand behind it */
        st = metrics_json(json, effect->name, source, effect->content, &err);
        if (st == RG_ENOTFOUND && rg_str_is(effect->name, "payload"))
            st = payload_json(json, effect->content, &err);
        if (st == RG_ENOMEM)
            return st;
    }
    if (st != RG_OK)
        content_json(json, "content", "content_hex", effect->content);
    if (effect->reply.len > 0)
        content_json(json, "reply", "reply_hex", effect->reply);
    cli_json_end_object(json);
    return cli_json_print(json);
}

/* Line feeds stay: most contents are texts of lines. */
static enum rg_status escape_lines(struct rg_buf *out, struct rg_str content)
{
    struct rg_str line;
    enum rg_status st = RG_OK;

    while (st == RG_OK && content.len > 0 && rg_str_split(&content, '\n', &line)) {
        st = rg_buf_str(out, "  ");
        if (st == RG_OK)
            st = rg_str_escape(out, line);
        if (st == RG_OK)
            st = rg_buf_byte(out, '\n');
    }
    return st;
}

static enum rg_status print_text(struct rg_buf *text, const struct rg_effect *effect)
{
    enum rg_status st;

    rg_buf_clear(text);
    st = rg_effect_describe(text, effect);
    if (st == RG_OK)
        st = rg_buf_byte(text, '\n');
    if (st == RG_OK)
        st = escape_lines(text, effect->content);
    if (st == RG_OK && !cli_put(rg_str_buf(text)))
        st = RG_EIO;
    return st;
}

static bool has_content(const struct rg_effect *effect)
{
    return effect->content.len > 0 || effect->reply.len > 0;
}

static bool wanted(const struct cat_args *args, const struct rg_effect *effect)
{
    if (args->effect != 0)
        return effect->number == args->effect;
    if (args->kind_name)
        return effect->kind == args->kind;
    return has_content(effect);
}

static enum rg_status print_effect(const struct cat_args *args, struct cli_json *json,
    struct rg_buf *text, const struct rg_effect *effect)
{
    if (args->raw)
        return cli_put(effect->content) ? RG_OK : RG_EIO;
    if (args->common.json)
        return print_json(json, effect);
    return print_text(text, effect);
}

static int print_all(const struct cat_args *args, struct rg_effects *effects)
{
    struct cli_json json;
    struct rg_buf text;
    struct rg_effect effect;
    struct rg_err err = {0};
    enum rg_status st, written = RG_OK;
    bool found = false;
    int code = CLI_OK;

    cli_json_init(&json);
    rg_buf_init(&text, CLI_JSON_BYTES_MAX);
    while ((st = rg_effects_next(effects, &effect, &err)) == RG_OK) {
        if (!wanted(args, &effect))
            continue;
        found = true;
        written = print_effect(args, &json, &text, &effect);
        if (written != RG_OK || args->effect != 0)
            break;
    }
    if (written == RG_EIO)
        code = CLI_OUTPUT;
    else if (written != RG_OK)
        code = cli_fail(written == RG_ENOMEM ? CLI_INTERNAL : CLI_LIMIT, args->file, written, NULL);
    else if (st != RG_OK && st != RG_EEND)
        code = cli_fail(cli_exit_for_input(st), args->file, st, &err);
    else if (args->effect != 0 && !found) {
        cli_say("%s: there is no effect %" PRIu64, args->file, args->effect);
        code = CLI_BAD_INPUT;
    }
    cli_json_finish(&json);
    rg_buf_finish(&text);
    return code;
}

int cmd_cat(int argc, char **argv)
{
    struct cat_args args = {.common = cli_common_defaults()};
    struct rg_effects *effects;
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (args.kind_name && !effect_kind_parse(args.kind_name, &args.kind)) {
        effect_kind_refuse("cat", args.kind_name);
        return CLI_USAGE;
    }
    if (!cli_capture_usable(args.file, &code))
        return code;
    st = rg_effects_open(args.file, &effects, &err);
    if (st != RG_OK)
        return cli_fail(cli_exit_for_input(st), args.file, st, &err);
    code = print_all(&args, effects);
    rg_effects_close(effects);
    return code;
}
