/* reagent scenario: a capture becomes a scenario that can be edited. */
#include "cli_args.h"
#include "derive_write.h"
#include "output_file.h"
#include "rg/sim.h"
#include "rg/sim_scenario.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 200

struct scenario_args {
    const char *from, *to, *name;
    bool force;
};

enum { KEY_OUT = 'o', KEY_FORCE = 'f', KEY_NAME = 'n' };

static const struct argp_option options[] = {
    {"output", KEY_OUT, "FILE", 0, "The scenario (default: standard output)", 0},
    {"name", KEY_NAME, "NAME", 0, "Its name (default: that of the capture)", 0},
    {"force", KEY_FORCE, NULL, 0, "Replace FILE if it exists", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct scenario_args *args = state->input;

    switch (key) {
    case KEY_OUT:
        args->to = arg;
        return 0;
    case KEY_NAME:
        args->name = arg;
        if (!arg[0] || strlen(arg) > NAME_MAX_BYTES)
            argp_error(state, "--name: a name has 1 to %d bytes", NAME_MAX_BYTES);
        return 0;
    case KEY_FORCE:
        args->force = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, &args->from, 1, arg);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "CAPTURE is");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "CAPTURE",
    "Write a scenario for 'reagent test' that simulates the recorded host: the same processes, "
    "with "
    "their rates as series that can be edited. What a scenario cannot say is told."
    "\vExamples:\n"
    "  reagent scenario host.mcap -o host.yaml\n"
    "  reagent scenario host.mcap --name busy-host | less\n"
    "  reagent scenario host.mcap -o host.yaml && reagent test host.yaml\n",
    NULL, NULL, NULL};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The name of the file without what stands behind its last dot. */
static void default_name(const char *path, char out[NAME_MAX_BYTES + 1])
{
    const char *base = base_name(path);
    const char *dot = strrchr(base, '.');
    size_t len = dot && dot > base ? (size_t)(dot - base) : strlen(base);

    snprintf(out, NAME_MAX_BYTES + 1, "%.*s", (int)(len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES),
        base[0] ? base : "capture");
}

/* Whether `reagent test` will take it: the file is read, and its host is built. */
static enum rg_status prove(const struct rg_buf *text, struct rg_err *err)
{
    const struct rg_sim_runtime_options clock_options = RG_SIM_RUNTIME_OPTIONS;
    struct rg_scenario *made = NULL;
    struct rg_runtime *clock = NULL;
    struct rg_sim_host *host = NULL;
    enum rg_status st = rg_scenario_parse("the scenario", rg_str_buf(text), &made, err);

    if (st == RG_OK)
        st = rg_sim_runtime_create(&clock_options, &clock, err);
    if (st == RG_OK)
        st = rg_scenario_host(made, clock, 0, NULL, &host, err);
    rg_sim_host_destroy(host);
    rg_runtime_destroy(clock);
    rg_scenario_destroy(made);
    return st;
}

/* Shorter series until the file is one that a scenario may be. */
static enum rg_status write_fitting(struct derive *d, const struct derive_fold *fold,
    struct derive_file *file, struct rg_buf *out, struct derive_losses *losses, struct rg_err *err)
{
    enum rg_status st;

    for (file->words_max = DERIVE_WORDS_MAX;; file->words_max /= 2) {
        st = derive_write(d, fold, file, out, losses);
        if (st != RG_ETOOBIG || file->words_max <= DERIVE_WORDS_MIN)
            break;
    }
    if (st == RG_ETOOBIG) {
        rg_err_set(err, "the scenario would be larger than %zu bytes", RG_SCENARIO_BYTES_MAX);
        return RG_ELIMIT;
    }
    return st == RG_OK ? prove(out, err) : st;
}

static int write_file(const struct scenario_args *args, const struct rg_buf *text)
{
    FILE *file;
    bool written;

    if (!args->to)
        return cli_put(rg_str_buf(text)) ? CLI_OK : CLI_OUTPUT;
    file = fopen(args->to, "wb");
    if (!file) {
        cli_say("%s: %s", args->to, strerror(errno));
        return CLI_OUTPUT;
    }
    written = fwrite(text->data, 1, text->len, file) == text->len;
    written = fclose(file) == 0 && written;
    if (!written) {
        cli_say("%s: cannot be written", args->to);
        return CLI_OUTPUT;
    }
    return CLI_OK;
}

static void say_losses(const struct derive_losses *losses)
{
    struct rg_buf text;
    struct rg_str rest, line;

    rg_buf_init(&text, (size_t)64 << 10);
    rg_ignore(derive_losses_print(losses, "", &text), "the list gets shorter");
    rest = rg_str_buf(&text);
    while (rg_str_split(&rest, '\n', &line))
        cli_say("%.*s", (int)line.len, line.ptr);
    rg_buf_finish(&text);
}

static int derive_and_write(
    const struct scenario_args *args, struct derive *d, struct derive_fold *fold)
{
    char name[NAME_MAX_BYTES + 1];
    struct derive_file file = {.capture = base_name(args->from), .name = args->name};
    struct derive_losses losses = {0};
    struct rg_err err = {0};
    struct rg_buf text;
    enum rg_status st = derive_read(d, args->from, &err);
    int code;

    if (st == RG_OK)
        st = derive_fold(fold, d, &err);
    if (st != RG_OK)
        return cli_fail(cli_exit_for_input(st), args->from, st, &err);
    if (!file.name) {
        default_name(args->from, name);
        file.name = name;
    }
    rg_buf_init(&text, RG_SCENARIO_BYTES_MAX);
    st = write_fitting(d, fold, &file, &text, &losses, &err);
    if (st == RG_OK)
        code = write_file(args, &text);
    else
        code = cli_fail(st == RG_ELIMIT ? CLI_LIMIT : CLI_INTERNAL, args->from, st, &err);
    if (st == RG_OK && d->truncated)
        cli_say("%s: the capture is cut off; the scenario ends at the cut", args->from);
    if (st == RG_OK)
        say_losses(&losses);
    rg_buf_finish(&text);
    return code;
}

int cmd_scenario(int argc, char **argv)
{
    struct scenario_args args = {.from = NULL};
    struct derive d = {.has_facts = false};
    struct derive_fold fold = {.kinds = NULL};
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (!cli_capture_usable(args.from, &code))
        return code;
    st = args.to ? output_file_check(args.to, args.force, &err) : RG_OK;
    if (st != RG_OK)
        return cli_fail(CLI_OUTPUT, args.to, st, &err);
    if (args.to && output_file_same(args.from, args.to)) {
        cli_say("%s: is the capture itself", args.to);
        return CLI_OUTPUT;
    }
    code = derive_and_write(&args, &d, &fold);
    derive_fold_finish(&fold);
    derive_finish(&d);
    return code;
}
