/* reagent recover: a cut capture becomes a finished one. */
#include "cli_args.h"
#include "cli_json.h"
#include "output_file.h"
#include "rg/fixture.h"

#include <inttypes.h>
#include <stdio.h>

struct recover_args {
    struct cli_common common;
    const char *from, *to;
    bool force;
};

enum { KEY_OUT = 'o', KEY_FORCE = 'f' };

static const struct argp_option options[] = {
    {"output", KEY_OUT, "FILE", 0, "The finished capture (required)", 0},
    {"force", KEY_FORCE, NULL, 0, "Replace FILE if it exists", 0},
    {0},
};

static const struct argp_child children[] = {{&cli_argp_json, 0, NULL, 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct recover_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_OUT:
        args->to = arg;
        return 0;
    case KEY_FORCE:
        args->force = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, &args->from, 1, arg);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "IN is");
        if (!args->to)
            argp_error(state, "-o FILE is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "IN",
    "Rewrite a capture that was cut off as a finished one that ends at the cut."
    "\vExample:\n"
    "  reagent recover host.mcap.partial -o host.mcap\n",
    children, NULL, NULL};

int cmd_recover(int argc, char **argv)
{
    struct recover_args args = {.common = cli_common_defaults()};
    struct rg_err err = {0};
    struct cli_json json;
    uint64_t effects = 0;
    enum rg_status st;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (!cli_capture_usable(args.from, &code))
        return code;
    st = output_file_check(args.to, args.force, &err);
    if (st != RG_OK)
        return cli_fail(CLI_OUTPUT, args.to, st, &err);
    st = rg_capture_recover(args.from, args.to, &effects, &err);
    if (st != RG_OK) {
        /* What cannot be read is the input; a failure to write names the file it wanted. */
        bool output = (st == RG_EIO || st == RG_EACCES) && output_file_named(&err, args.to);

        return cli_fail(output ? CLI_OUTPUT : cli_exit_for_input(st), args.from, st, &err);
    }
    if (!args.common.json) {
        printf("%" PRIu64 " effects recovered\n", effects);
        return CLI_OK;
    }
    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_text(&json, "file", args.to);
    cli_json_u64(&json, "effects", effects);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK ? CLI_OK : CLI_OUTPUT;
}
