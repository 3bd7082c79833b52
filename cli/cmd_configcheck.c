/* reagent configcheck: which checks conf.d configures, and what is wrong with it. */
#include "agent_paths.h"
#include "compose.h"
#include "rg/core/engine.h"
#include "run_options.h"
#include "status_text.h"

#include <string.h>

#define OPTIONS_BYTES_MAX RG_HOST_DOCUMENT_MAX

struct configcheck_args {
    struct cli_common common;
    const char *from;
    bool verbose;
};

enum { KEY_VERBOSE = 'v', KEY_FROM = 0x200 };

static const struct argp_option options[] = {
    {"from", KEY_FROM, "CAPTURE", 0, "The conf.d of a capture instead of this host", 0},
    {"verbose", KEY_VERBOSE, NULL, 0,
        "Also configurations that do not run, warnings about files that are used, and ids of "
        "running checks that differ",
        0},
    {0},
};

static const struct argp_child children[] = {
    {&cli_argp_config, 0, NULL, 0},
    {&cli_argp_confd, 0, NULL, 0},
    {&cli_argp_json, 0, NULL, 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct configcheck_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_FROM:
        args->from = arg;
        return 0;
    case KEY_VERBOSE:
        args->verbose = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, NULL, 0, arg);
        return 0;
    case ARGP_KEY_END:
        if (args->from && (args->common.config_path || args->common.confd))
            argp_error(state, "--config and --confd go without --from: the capture has its own");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, NULL,
    "Show the configurations of checks as they were read, with the id of each instance. Nothing "
    "runs. Exits 1 when a file cannot be used or no loader has a check for an instance, 3 when "
    "there is nothing to read."
    "\vExamples:\n"
    "  reagent configcheck --confd /etc/datadog-agent/conf.d\n"
    "  reagent configcheck --confd conf.d --json | jq '.configs[].state'\n",
    children, NULL, NULL};

static int fail(const struct configcheck_args *args, int code, const char *error)
{
    struct cli_json json;
    enum rg_status st;

    if (!args->common.json)
        return code;
    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_text(&json, "error", error);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK ? code : CLI_OUTPUT;
}

/* ---- text ---- */

static void put_notes(struct text_out *t, const char *title, jv document, const char *key)
{
    jv list = json_get(document, key);
    int count = json_count(document, key);

    if (count > 0)
        text_put(t, "=== %s ===\n", title);
    for (int i = 0; i < count; i++) {
        jv note = json_at(list, i);
        const char *path = json_text(note, "path"), *text = json_text(note, "text");

        text_put_escaped(t, json_text(note, "name"));
        text_put(t, ": ");
        if (path[0] && !strstr(text, path)) {
            text_put_escaped(t, path);
            text_put(t, ": ");
        }
        text_put_escaped(t, text);
        text_put(t, "\n");
        jv_free(note);
    }
    if (count > 0)
        text_put(t, "\n");
    jv_free(list);
}

static void put_section(struct text_out *t, const char *title, jv config, const char *key)
{
    if (!json_has(config, key))
        return;
    text_put(t, "%s:\n", title);
    text_put_lines(t, 0, rg_str_from(json_text(config, key)));
}

static void put_instance(struct text_out *t, jv instance, bool verbose)
{
    jv errors = json_get(instance, "loader_errors");
    int count = json_count(instance, "loader_errors");

    text_put(t, "Config for instance ID: ");
    text_put_escaped(t, json_text(instance, "id"));
    text_put(t, "\n");
    text_put_lines(t, 0, rg_str_from(json_text(instance, "yaml")));
    text_put(t, "~\n");
    if (verbose && json_has(instance, "runtime_id")) {
        text_put(t, "Running as: ");
        text_put_escaped(t, json_text(instance, "runtime_id"));
        text_put(t, "\n");
    }
    for (int i = 0; i < count; i++) {
        jv e = json_at(errors, i);

        text_put(t, "Error: ");
        text_put_escaped(t, json_text(e, "loader"));
        text_put(t, json_text(e, "loader")[0] ? ": " : "");
        text_put_escaped(t, json_text(e, "text"));
        text_put(t, "\n");
        jv_free(e);
    }
    jv_free(errors);
}

static void put_ids(struct text_out *t, jv config)
{
    jv ids = json_get(config, "ad_identifiers");
    int count = json_count(config, "ad_identifiers");

    if (count > 0)
        text_put(t, "Auto-discovery IDs:\n");
    for (int i = 0; i < count; i++) {
        jv id = json_at(ids, i);

        text_put(t, "* ");
        text_put_escaped(t, jv_get_kind(id) == JV_KIND_STRING ? jv_string_value(id) : "");
        text_put(t, "\n");
        jv_free(id);
    }
    jv_free(ids);
}

static void put_config(struct text_out *t, jv config, bool verbose)
{
    jv instances = json_get(config, "instances");
    int count = json_count(config, "instances");
    const char *provider = json_text(config, "provider"), *source = json_text(config, "source");
    const char *node = json_text(config, "node_name"), *state = json_text(config, "state");

    text_put(t, "=== ");
    text_put_escaped(t, json_text(config, "name"));
    text_put(t, " %s ===\n", json_true(config, "cluster_check") ? "cluster check" : "check");
    text_put(t, "Configuration provider: ");
    text_put_escaped(t, provider[0] ? provider : "Unknown provider");
    text_put(t, "\nConfiguration source: ");
    text_put_escaped(t, source[0] ? source : "Unknown configuration source");
    text_put(t, "\n");
    for (int i = 0; i < count; i++) {
        jv instance = json_at(instances, i);

        put_instance(t, instance, verbose);
        jv_free(instance);
    }
    put_section(t, "Init Config", config, "init_config");
    put_section(t, "Metric Config", config, "metric_config");
    put_section(t, "Log Config", config, "logs_config");
    put_ids(t, config);
    if (node[0]) {
        text_put(t, "State: dispatched to ");
        text_put_escaped(t, node);
        text_put(t, "\n");
    } else if (strcmp(state, "scheduled") != 0) {
        text_put(t, "State: ");
        text_put_escaped(t, state);
        text_put(t, "\n");
    }
    text_put(t, "===\n\n");
    jv_free(instances);
}

/* A template waits for a service, a duplicate for nothing. */
static bool unresolved(jv config)
{
    const char *state = json_text(config, "state");

    return strcmp(state, "template") == 0 || strcmp(state, "duplicate") == 0;
}

static void put_all(struct text_out *t, jv document, bool verbose)
{
    jv configs = json_get(document, "configs");
    int count = json_count(document, "configs");
    bool titled = false;

    put_notes(t, "Configuration errors", document, "config_errors");
    for (int pass = 0; pass < (verbose ? 2 : 1); pass++) {
        if (pass == 1)
            put_notes(t, "Resolve warnings", document, "config_warnings");
        for (int i = 0; i < count; i++) {
            jv config = json_at(configs, i);

            if (unresolved(config) == (pass == 1)) {
                if (pass == 1 && !titled)
                    text_put(t, "=== Unresolved Configs ===\n\n");
                titled = pass == 1;
                put_config(t, config, verbose);
            }
            jv_free(config);
        }
    }
    jv_free(configs);
}

/* ---- the document ---- */

static int64_t loader_errors(jv document)
{
    jv configs = json_get(document, "configs");
    int count = json_count(document, "configs");
    int64_t errors = 0;

    for (int i = 0; i < count; i++) {
        jv config = json_at(configs, i), instances = json_get(config, "instances");
        int of_config = json_count(config, "instances");

        for (int k = 0; k < of_config; k++) {
            jv instance = json_at(instances, k);

            errors += json_count(instance, "loader_errors") > 0;
            jv_free(instance);
        }
        jv_free(instances);
        jv_free(config);
    }
    jv_free(configs);
    return errors;
}

static int print(const struct configcheck_args *args, jv document)
{
    enum rg_status st;

    if (args->common.json) {
        struct cli_json json;

        cli_json_init(&json);
        json_put(&json, NULL, jv_copy(document));
        st = cli_json_print(&json);
        cli_json_finish(&json);
    } else {
        struct text_out text;

        text_out_init(&text);
        put_all(&text, document, args->verbose);
        st = text_out_print(&text);
        text_out_finish(&text);
    }
    if (st == RG_OK || st == RG_EIO)
        return st == RG_OK ? CLI_OK : CLI_OUTPUT;
    return cli_fail(CLI_LIMIT, "configcheck", st, NULL);
}

static int show(const struct configcheck_args *args, jv document)
{
    int files = json_count(document, "config_errors"), code = print(args, document);
    int64_t instances = loader_errors(document);

    if (code != CLI_OK)
        return code;
    if (files > 0)
        cli_say("%d config error%s", files, files == 1 ? "" : "s");
    if (instances > 0)
        cli_say("%lld instance%s without a check", (long long)instances, instances == 1 ? "" : "s");
    if (!files && !instances && json_count(document, "configs") == 0)
        cli_say("there is no configuration of a check");
    return files > 0 || instances > 0 ? CLI_FINDING : CLI_OK;
}

static int configcheck(
    const struct configcheck_args *args, const struct rg_backends *set, const char *what)
{
    struct rg_buf text;
    struct rg_err err = {0};
    jv document = jv_null();
    enum rg_status st;
    int code;

    rg_buf_init(&text, RG_OUTPUT_BYTES_MAX);
    st = rg_engine_configcheck(set, &text, &err);
    if (st == RG_OK)
        st = json_doc_parse(rg_str_buf(&text), &document, &err);
    if (st == RG_OK)
        code = show(args, document);
    else
        code = fail(args, cli_fail(cli_exit_for_input(st), what, st, &err), rg_err_text(&err, st));
    jv_free(document);
    rg_buf_finish(&text);
    return code;
}

static int check_live(const struct configcheck_args *args)
{
    struct compose live = {0};
    struct rg_sink *sink = NULL;
    struct rg_err err = {0};
    enum rg_status st = compose_mute_sink(&sink, &err);
    int code;

    if (st == RG_OK)
        st = compose_live(&live, &args->common, NULL, sink, &err);
    if (st == RG_OK)
        code = configcheck(args, &live.set, args->common.confd);
    else
        code = fail(
            args, cli_fail(cli_exit_for_live(st), "this host", st, &err), rg_err_text(&err, st));
    compose_finish(&live);
    return code;
}

static int check_world(const struct configcheck_args *args)
{
    struct compose_world_options o = {.path = args->from};
    struct compose world = {0};
    struct rg_buf text;
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    rg_buf_init(&text, OPTIONS_BYTES_MAX);
    st = run_options_recorded(args->from, &text, &err);
    if (st == RG_OK)
        st = rg_buf_byte(&text, 0);
    o.options_text = (const char *)text.data;
    if (st == RG_OK)
        st = compose_world(&world, &o, &err);
    if (st == RG_OK)
        code = configcheck(args, &world.set, args->from);
    else
        code = fail(
            args, cli_fail(cli_exit_for_input(st), args->from, st, &err), rg_err_text(&err, st));
    compose_finish(&world);
    rg_buf_finish(&text);
    return code;
}

int cmd_configcheck(int argc, char **argv)
{
    struct configcheck_args args = {.common = cli_common_defaults()};
    char confd[AGENT_PATH_MAX];
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (args.from && !cli_capture_usable(args.from, &code))
        return fail(&args, code, "the capture cannot be used");
    if (!cli_config_usable(args.common.config_path, &code))
        return fail(&args, code, "the configuration cannot be used");
    if (!args.from && !agent_confd(&args.common, confd, &code))
        return fail(&args, code, "there is no such conf.d");
    if (!args.from && !args.common.confd) {
        cli_say("there is no conf.d; --confd names one");
        return fail(&args, CLI_BAD_INPUT, "there is no conf.d");
    }
    return args.from ? check_world(&args) : check_live(&args);
}
