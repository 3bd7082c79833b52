#include "cli_args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_NAMES_MAX 64

enum { KEY_CONFIG = 0x1000, KEY_CONFD, KEY_PROC_ROOT, KEY_LOG_LEVEL, KEY_JSON, KEY_SEED };

static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};

struct cli_common cli_common_defaults(void)
{
    const char *host_proc = getenv("HOST_PROC");

    return (struct cli_common){
        .proc_root = host_proc && host_proc[0] ? host_proc : "/proc",
        .log_level = RG_LOG_INFO,
    };
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
    struct cli_common *common = state->input;

    switch (key) {
    case KEY_CONFIG:
        common->config_path = arg;
        return 0;
    case KEY_CONFD:
        if (!arg[0])
            argp_error(state, "--confd needs a directory");
        common->confd = arg;
        return 0;
    case KEY_PROC_ROOT:
        if (!arg[0])
            argp_error(state, "--proc-root needs a directory");
        common->proc_root = arg;
        common->proc_root_given = true;
        return 0;
    case KEY_LOG_LEVEL:
        common->log_level =
            (enum rg_log_level)cli_args_choice(state, "--log-level", arg, log_levels);
        common->log_level_given = true;
        return 0;
    case KEY_JSON:
        common->json = true;
        return 0;
    case KEY_SEED:
        common->seed = cli_args_u64(state, "--seed", arg);
        common->seed_given = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option json_options[] = {
    {"json", KEY_JSON, NULL, 0, "Print JSON with a schema_version", 0},
    {0},
};

static const struct argp_option config_options[] = {
    {"config", KEY_CONFIG, "FILE", 0, "Configuration with the keys of datadog.yaml", 0},
    {0},
};

static const struct argp_option confd_options[] = {
    {"confd", KEY_CONFD, "DIR", 0,
        "Where the checks are configured: an existing conf.d (default: $DD_CONFD_PATH, else the "
        "key "
        "confd_path of the configuration, else conf.d beside it)",
        0},
    {0},
};

static const struct argp_option level_options[] = {
    {"log-level", KEY_LOG_LEVEL, "LEVEL", 0, "error, warn, info or debug", 0},
    {0},
};

static const struct argp_option proc_options[] = {
    {"proc-root", KEY_PROC_ROOT, "DIR", 0,
        "Where the process file system is (default: $HOST_PROC, else /proc)", 0},
    {0},
};

static const struct argp_option seed_options[] = {
    {"seed", KEY_SEED, "N", 0, "Seed of the random numbers under virtual time (default 0)", 0},
    {0},
};

const struct argp cli_argp_json = {json_options, parse_common, NULL, NULL, NULL, NULL, NULL};
const struct argp cli_argp_config = {config_options, parse_common, NULL, NULL, NULL, NULL, NULL};
const struct argp cli_argp_confd = {confd_options, parse_common, NULL, NULL, NULL, NULL, NULL};
const struct argp cli_argp_level = {level_options, parse_common, NULL, NULL, NULL, NULL, NULL};
const struct argp cli_argp_proc = {proc_options, parse_common, NULL, NULL, NULL, NULL, NULL};
const struct argp cli_argp_seed = {seed_options, parse_common, NULL, NULL, NULL, NULL, NULL};

void cli_args_common(
    struct argp_state *state, const struct argp_child *children, struct cli_common *common)
{
    for (size_t i = 0; children[i].argp; i++)
        state->child_inputs[i] = common;
}

/* ---- did you mean ---- */

/* The long options of a verb, flat. */
struct known {
    const char *names[OPTION_NAMES_MAX + 1]; /* NULL-terminated */
    bool takes_value[OPTION_NAMES_MAX];
    size_t count;
    char short_with_value[OPTION_NAMES_MAX + 1];
};

static void known_add(struct known *known, const char *name, bool takes_value)
{
    rg_assert(known->count < OPTION_NAMES_MAX);
    known->takes_value[known->count] = takes_value;
    known->names[known->count++] = name;
}

static void known_collect(struct known *known, const struct argp *argp)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++) {
        size_t shorts = strlen(known->short_with_value);

        if (o->name)
            known_add(known, o->name, o->arg != NULL);
        if (o->arg && o->key > ' ' && o->key < 127 && shorts < OPTION_NAMES_MAX)
            known->short_with_value[shorts] = (char)o->key;
    }
    for (const struct argp_child *child = argp->children; child && child->argp; child++)
        known_collect(known, child->argp);
}

/* The option that name (up to '=') means: itself, or the one it is the beginning of. */
static bool known_find(const struct known *known, struct rg_str name, bool *takes_value)
{
    for (size_t i = 0; i < known->count; i++) {
        if (strncmp(known->names[i], name.ptr, name.len) == 0) {
            *takes_value = known->takes_value[i];
            return true;
        }
    }
    return false;
}

static _Noreturn void refuse_option(const struct known *known, const char *verb, struct rg_str name)
{
    const char *nearest = rg_str_nearest(name, known->names);
    struct rg_buf text;

    rg_buf_init(&text, 4096);
    fprintf(stderr, "%s: unknown option '--%s'", verb, cli_escaped(&text, name));
    if (nearest)
        fprintf(stderr, "; did you mean '--%s'?", nearest);
    fprintf(stderr, "\nTry '%s --help' for more information.\n", verb);
    rg_buf_finish(&text);
    exit(argp_err_exit_status);
}

/* argp would refuse an unknown option too, but without the nearest one. */
static void check_options(const struct argp *argp, int argc, char **argv)
{
    struct known known = {0};

    known_collect(&known, argp);
    known_add(&known, "help", false);
    known_add(&known, "usage", false);
    known_add(&known, "version", false);
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        bool takes_value = false;
        size_t len = strlen(arg);

        if (strcmp(arg, "--") == 0)
            return;
        if (strncmp(arg, "--", 2) == 0) {
            struct rg_str name = {arg + 2, strcspn(arg + 2, "=")};

            if (!known_find(&known, name, &takes_value))
                refuse_option(&known, argv[0], name);
            takes_value = takes_value && arg[2 + name.len] != '=';
        } else if (arg[0] == '-' && len == 2) {
            takes_value = strchr(known.short_with_value, arg[1]) != NULL;
        }
        if (takes_value)
            i++;
    }
}

void cli_args_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    error_t failed;

    check_options(argp, argc, argv);
    failed = argp_parse(argp, argc, argv, 0, NULL, input);
    if (failed) {
        cli_say("cannot read the command line: %s", strerror(failed));
        exit(CLI_INTERNAL);
    }
}

/* ---- values ---- */

/* argp_error ends the process unless asked not to, which we never do; the compiler cannot know. */
static _Noreturn void refuse_value(
    struct argp_state *state, const char *option, const char *text, const char *wanted)
{
    struct rg_buf value;

    rg_buf_init(&value, 4096);
    argp_error(state, "%s: '%s' is not %s", option, cli_escaped(&value, rg_str_from(text)), wanted);
    exit(CLI_USAGE);
}

int64_t cli_args_duration(struct argp_state *state, const char *option, const char *text)
{
    int64_t ns;

    if (!rg_str_to_duration(rg_str_from(text), &ns) || ns <= 0)
        refuse_value(state, option, text, "a duration above zero such as 250ms, 10s or 5m");
    return ns;
}

uint64_t cli_args_u64(struct argp_state *state, const char *option, const char *text)
{
    uint64_t value;

    if (!rg_str_to_u64(rg_str_from(text), &value))
        refuse_value(state, option, text, "a number");
    return value;
}

static _Noreturn void refuse_choice(
    struct argp_state *state, const char *option, struct rg_str word, const char *const *names)
{
    const char *nearest = rg_str_nearest(word, names);
    struct rg_buf value, all;

    rg_buf_init(&value, 4096);
    rg_buf_init(&all, 4096);
    for (size_t i = 0; names[i]; i++)
        rg_ignore(rg_buf_printf(&all, "%s%s", i ? ", " : "", names[i]), "the message gets shorter");
    rg_ignore(rg_buf_byte(&all, 0), "checked below");
    argp_error(state, "%s: '%s' is none of %s%s%s%s", option, cli_escaped(&value, word),
        all.data ? (const char *)all.data : "", nearest ? "; did you mean '" : "",
        nearest ? nearest : "", nearest ? "'?" : "");
    exit(CLI_USAGE);
}

static size_t choose(
    struct argp_state *state, const char *option, struct rg_str word, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        if (rg_str_is(word, names[i]))
            return i;
    }
    refuse_choice(state, option, word, names);
}

size_t cli_args_choice(
    struct argp_state *state, const char *option, const char *text, const char *const *names)
{
    return choose(state, option, rg_str_from(text), names);
}

void cli_args_list(
    struct argp_state *state, const char *option, const char *text, const char *const *names)
{
    struct rg_str rest = rg_str_from(text), word;
    uint64_t seen = 0;

    if (rest.len == 0 || rest.ptr[rest.len - 1] == ',')
        refuse_value(state, option, text, "a list such as process,rtprocess");
    while (rg_str_split(&rest, ',', &word)) {
        uint64_t bit = UINT64_C(1) << choose(state, option, word, names);

        if (seen & bit)
            refuse_value(state, option, text, "a list without repetition");
        seen |= bit;
    }
}

void cli_args_list_or_none(
    struct argp_state *state, const char *option, const char *text, const char *const *names)
{
    if (strcmp(text, "none") != 0)
        cli_args_list(state, option, text, names);
}

void cli_args_take(struct argp_state *state, const char **slots, size_t slot_count, char *arg)
{
    struct rg_buf text;

    if (state->arg_num < slot_count) {
        slots[state->arg_num] = arg;
        return;
    }
    rg_buf_init(&text, 4096);
    argp_error(state, "unexpected argument '%s'", cli_escaped(&text, rg_str_from(arg)));
    rg_buf_finish(&text);
}

void cli_args_need(struct argp_state *state, unsigned count, const char *what)
{
    if (state->arg_num < count)
        argp_error(state, "%s missing", what);
}
