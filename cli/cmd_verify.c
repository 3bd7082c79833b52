/* reagent verify: replays a capture in two processes whose surroundings differ in everything that
 * must not matter, and compares what came out. */
#include "cli_args.h"
#include "cli_json.h"
#include "rg/base/hash.h"
#include "verify_child.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TRAIL_MAX 10

struct verify_args {
    struct cli_common common;
    const char *file;
};

static const struct argp_child children[] = {{&cli_argp_json, 0, NULL, 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct verify_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, &args->file, 1, arg);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "CAPTURE is");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {NULL, parse, "CAPTURE",
    "Replay a capture in two processes with different address layout, environment, time zone, "
    "locale, working directory and CPU, and compare every output. Exits 4 when they differ."
    "\vExample:\n"
    "  reagent verify host.mcap\n",
    children, NULL, NULL};

/* The lines of both logs up to the first that differs. */
struct difference {
    bool found;
    uint64_t line;      /* from 1 */
    struct rg_str a, b; /* empty: that log has ended */
    struct rg_str trail[TRAIL_MAX];
    size_t trail_count; /* seen; the last TRAIL_MAX are kept, in a ring */
};

static void compare(struct rg_str a, struct rg_str b, struct difference *out)
{
    *out = (struct difference){0};
    while (a.len > 0 || b.len > 0) {
        struct rg_str line_a = {"", 0}, line_b = {"", 0};
        bool more_a = rg_str_split(&a, '\n', &line_a);
        bool more_b = rg_str_split(&b, '\n', &line_b);

        out->line++;
        if (more_a != more_b || !rg_str_eq(line_a, line_b)) {
            out->found = true;
            out->a = line_a;
            out->b = line_b;
            return;
        }
        out->trail[out->trail_count++ % TRAIL_MAX] = line_a;
    }
}

static void print_line(const char *label, struct rg_str line)
{
    if (line.len > 0)
        fprintf(stderr, "  %s %.*s\n", label, (int)line.len, line.ptr);
    else
        fprintf(stderr, "  %s (no more outputs)\n", label);
}

static void print_difference(const struct difference *d)
{
    size_t kept = d->trail_count < TRAIL_MAX ? d->trail_count : TRAIL_MAX;

    cli_say("the two replays differ in output %" PRIu64, d->line);
    fputs("  number, kind, source, bytes, hash:\n", stderr);
    for (size_t i = d->trail_count - kept; i < d->trail_count; i++)
        print_line(" ", d->trail[i % TRAIL_MAX]);
    print_line("A", d->a);
    print_line("B", d->b);
}

static uint64_t count_lines(struct rg_str text)
{
    uint64_t count = 0;
    struct rg_str line;

    while (rg_str_split(&text, '\n', &line))
        count++;
    return count;
}

static int print_result(
    const struct verify_args *args, const struct verify_child *child, uint64_t outputs, bool equal)
{
    struct cli_json json;
    enum rg_status st;

    if (!args->common.json) {
        if (equal)
            printf("deterministic: %" PRIu64 " outputs, the same in both processes\n", outputs);
        return equal ? CLI_OK : CLI_DIVERGED;
    }
    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_bool(&json, "equal", equal);
    cli_json_u64(&json, "outputs", outputs);
    cli_json_array(&json, "log_hashes");
    for (int i = 0; i < 2; i++)
        cli_json_hash(&json, NULL, rg_hash64(child[i].log.data, child[i].log.len));
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st != RG_OK ? CLI_OUTPUT : equal ? CLI_OK : CLI_DIVERGED;
}

/* A child that failed for a reason of the capture speaks for the whole. */
static int judge(const struct verify_args *args, const struct verify_child *child)
{
    struct difference difference;
    bool equal;

    for (int i = 0; i < 2; i++) {
        if (child[i].code == CLI_OK)
            continue;
        fwrite(child[i].errors.data, 1, child[i].errors.len, stderr);
        cli_say("process %c: the replay ended with code %d", 'A' + i, child[i].code);
        return child[i].code > 0 && child[i].code < 128 ? child[i].code : CLI_INTERNAL;
    }
    compare(rg_str_buf(&child[0].log), rg_str_buf(&child[1].log), &difference);
    equal =
        !difference.found && rg_str_eq(rg_str_buf(&child[0].result), rg_str_buf(&child[1].result));
    if (difference.found)
        print_difference(&difference);
    else if (!equal)
        cli_say("the two replays report different numbers:\nA %.*sB %.*s", (int)child[0].result.len,
            (const char *)child[0].result.data, (int)child[1].result.len,
            (const char *)child[1].result.data);
    return print_result(args, child, count_lines(rg_str_buf(&child[0].log)), equal);
}

int cmd_verify(int argc, char **argv)
{
    struct verify_args args = {.common = cli_common_defaults()};
    struct verify_child child[2] = {{.code = -1}, {.code = -1}};
    struct rg_err err = {0};
    enum rg_status st;
    char *path;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    if (!cli_capture_usable(args.file, &code))
        return code;
    path = realpath(args.file, NULL); /* the children work elsewhere */
    if (!path) {
        st = rg_err_errno(&err, errno);
        return cli_fail(cli_exit_for_input(st), args.file, st, &err);
    }
    st = verify_child_run(&child[0], VERIFY_PLAIN, path, &err);
    if (st == RG_OK)
        st = verify_child_run(&child[1], VERIFY_ODD, path, &err);
    code = st == RG_OK ? judge(&args, child) : cli_fail(CLI_INTERNAL, "replay", st, &err);
    for (int i = 0; i < 2; i++)
        verify_child_finish(&child[i]);
    free(path);
    return code;
}
