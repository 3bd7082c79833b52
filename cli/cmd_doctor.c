/* reagent doctor: what this host allows, and what an output will lack. */
#include "cli_args.h"
#include "cli_json.h"
#include "host_probe.h"

#include <stdio.h>

#define TEXT_MAX ((size_t)64 << 10)

static const struct argp_child children[] = {
    {&cli_argp_json, 0, NULL, 0},
    {&cli_argp_proc, 0, NULL, 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct cli_common *common = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, common);
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, NULL, 0, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {NULL, parse, NULL,
    "Say what this host allows and which fields of the outputs will be missing. Exits 69 when "
    "processes cannot be collected at all."
    "\vExamples:\n"
    "  reagent doctor\n"
    "  reagent doctor --proc-root /host/proc --json\n",
    children, NULL, NULL};

static bool works(const struct host_probes *probes)
{
    for (size_t i = 0; i < probes->count; i++) {
        if (probes->items[i].required && !probes->items[i].ok)
            return false;
    }
    return true;
}

static void print_text(const struct host_probes *probes)
{
    struct rg_buf escaped;

    rg_buf_init(&escaped, TEXT_MAX);
    for (size_t i = 0; i < probes->count; i++) {
        const struct host_probe *probe = &probes->items[i];

        printf("%-4s %-20s %s\n", probe->ok ? "yes" : "no", probe->name,
            cli_escaped(&escaped, rg_str_from(probe->detail)));
        if (!probe->ok && probe->missing[0])
            printf("     %-20s missing in outputs: %s\n", "", probe->missing);
    }
    printf("processes %s be collected\n", works(probes) ? "can" : "cannot");
    rg_buf_finish(&escaped);
}

static enum rg_status print_json(const struct host_probes *probes)
{
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_bool(&json, "process_collection", works(probes));
    cli_json_array(&json, "probes");
    for (size_t i = 0; i < probes->count; i++) {
        const struct host_probe *probe = &probes->items[i];

        cli_json_object(&json, NULL);
        cli_json_text(&json, "name", probe->name);
        cli_json_bool(&json, "ok", probe->ok);
        cli_json_bool(&json, "required", probe->required);
        cli_json_text(&json, "detail", probe->detail);
        cli_json_text(&json, "missing", probe->ok ? "" : probe->missing);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st;
}

int cmd_doctor(int argc, char **argv)
{
    struct cli_common common = cli_common_defaults();
    struct host_probes probes;

    cli_args_parse(&argp, argc, argv, &common);
    host_probe_all(common.proc_root, &probes);
    if (!common.json)
        print_text(&probes);
    else if (print_json(&probes) != RG_OK)
        return CLI_OUTPUT;
    return works(&probes) ? CLI_OK : CLI_UNAVAILABLE;
}
