/* reagent diff: where two captures part, and how they differ in numbers. */
#include "cli_args.h"
#include "effect_text.h"
#include "rg/fixture.h"

#include <inttypes.h>
#include <stdio.h>

#define KINDS_MAX      64
#define LINE_MAX_BYTES ((size_t)1 << 20)

struct diff_args {
    struct cli_common common;
    const char *files[2];
    bool outputs;
};

enum { KEY_OUTPUTS = 'O' };

static const struct argp_option options[] = {
    {"outputs", KEY_OUTPUTS, NULL, 0, "Compare only the outputs", 0},
    {0},
};

static const struct argp_child children[] = {{&cli_argp_json, 0, NULL, 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct diff_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case KEY_OUTPUTS:
        args->outputs = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, args->files, 2, arg);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 2, "two captures A and B are needed; one is");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "A B",
    "Compare two captures: questions and answers in order, times left out. Exits 1 when they "
    "differ."
    "\vExamples:\n"
    "  reagent diff before.mcap after.mcap\n"
    "  reagent diff --outputs before.mcap after.mcap\n",
    children, NULL, NULL};

/* One of the two captures while it is read. */
struct side {
    const char *file;
    struct rg_effects *effects;
    struct rg_effect effect; /* valid while st is RG_OK */
    enum rg_status st;
    struct rg_err err;
    uint64_t kinds[KINDS_MAX];
    uint64_t count;        /* compared effects */
    struct rg_buf first;   /* description of the first differing effect */
    uint64_t first_effect; /* its number; 0: the capture had ended */
};

static void advance(struct side *side, bool outputs)
{
    while (side->st == RG_OK) {
        side->st = rg_effects_next(side->effects, &side->effect, &side->err);
        if (side->st != RG_OK || !outputs || side->effect.kind == RG_EFFECT_OUTPUT)
            break;
    }
    if (side->st != RG_OK)
        return;
    side->count++;
    if ((unsigned)side->effect.kind < KINDS_MAX)
        side->kinds[side->effect.kind]++;
}

static bool same(const struct side *a, const struct side *b, bool outputs)
{
    if (a->st != RG_OK || b->st != RG_OK)
        return a->st == b->st;
    /* The numbers of the tasks are part of the order, not of an output. */
    return rg_effect_hash(&a->effect) == rg_effect_hash(&b->effect) &&
           (outputs || a->effect.task == b->effect.task);
}

static void keep_first(struct side *side)
{
    enum rg_status st;

    if (side->st != RG_OK) {
        st = rg_buf_str(&side->first, "(the capture has ended)");
    } else {
        side->first_effect = side->effect.number;
        st = rg_effect_describe(&side->first, &side->effect);
    }
    rg_ignore(st, "the message gets shorter");
}

static void print_trail(const struct effect_trail *trail)
{
    if (trail->count == 0)
        return;
    printf("The last %zu that are the same:\n", trail->count);
    effect_trail_print(trail);
}

static void print_text(const struct side *sides, const struct effect_trail *trail, bool equal)
{
    if (equal) {
        printf("equal: %" PRIu64 " effects\n", sides[0].count);
        return;
    }
    print_trail(trail);
    printf("The first difference:\n");
    for (int i = 0; i < 2; i++)
        printf("  %c %.*s\n", i ? 'B' : 'A', (int)sides[i].first.len,
            sides[i].first.data ? (const char *)sides[i].first.data : "");
    printf("\n  %-14s %12s %12s\n", "kind", "A", "B");
    for (const enum rg_effect_kind *kind = effect_kinds(); *kind; kind++) {
        if (sides[0].kinds[*kind] > 0 || sides[1].kinds[*kind] > 0)
            printf("  %-14s %12" PRIu64 " %12" PRIu64 "%s\n", rg_effect_kind_name(*kind),
                sides[0].kinds[*kind], sides[1].kinds[*kind],
                sides[0].kinds[*kind] != sides[1].kinds[*kind] ? "  *" : "");
    }
}

static enum rg_status print_json(const struct side *sides, bool equal)
{
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_bool(&json, "equal", equal);
    for (int i = 0; i < 2; i++) {
        cli_json_object(&json, i ? "b" : "a");
        cli_json_text(&json, "file", sides[i].file);
        cli_json_u64(&json, "compared", sides[i].count);
        cli_json_object(&json, "kinds");
        for (const enum rg_effect_kind *kind = effect_kinds(); *kind; kind++) {
            if (sides[i].kinds[*kind] > 0)
                cli_json_u64(&json, rg_effect_kind_name(*kind), sides[i].kinds[*kind]);
        }
        cli_json_end_object(&json);
        if (!equal) {
            cli_json_u64(&json, "first_effect", sides[i].first_effect);
            cli_json_str(&json, "first", rg_str_buf(&sides[i].first));
        }
        cli_json_end_object(&json);
    }
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st;
}

static int report(const struct diff_args *args, const struct side *sides,
    const struct effect_trail *trail, bool equal)
{
    for (int i = 0; i < 2; i++) {
        enum rg_status st = sides[i].st;

        if (st != RG_EEND)
            return cli_fail(cli_exit_for_input(st), sides[i].file, st, &sides[i].err);
    }
    if (args->common.json)
        rg_ignore(print_json(sides, equal), "a broken stdout is reported at exit");
    else
        print_text(sides, trail, equal);
    return equal ? CLI_OK : CLI_FINDING;
}

static int compare(const struct diff_args *args, struct side *sides)
{
    struct effect_trail trail = {0};
    bool equal = true;
    int code;

    do {
        for (int i = 0; i < 2; i++)
            advance(&sides[i], args->outputs);
        if (!equal)
            continue;
        equal = same(&sides[0], &sides[1], args->outputs);
        if (!equal) {
            keep_first(&sides[0]);
            keep_first(&sides[1]);
        } else if (sides[0].st == RG_OK) {
            rg_ignore(effect_trail_add(&trail, &sides[0].effect), "the message gets shorter");
        }
    } while (sides[0].st == RG_OK || sides[1].st == RG_OK);
    code = report(args, sides, &trail, equal);
    effect_trail_finish(&trail);
    return code;
}

int cmd_diff(int argc, char **argv)
{
    struct diff_args args = {.common = cli_common_defaults()};
    struct side sides[2] = {{.st = RG_OK}, {.st = RG_OK}};
    int code = CLI_OK;

    cli_args_parse(&argp, argc, argv, &args);
    for (int i = 0; i < 2; i++) {
        if (!cli_capture_usable(args.files[i], &code))
            return code;
    }
    for (int i = 0; i < 2 && code == CLI_OK; i++) {
        sides[i].file = args.files[i];
        rg_buf_init(&sides[i].first, LINE_MAX_BYTES);
        sides[i].st = rg_effects_open(args.files[i], &sides[i].effects, &sides[i].err);
        if (sides[i].st != RG_OK)
            code = cli_fail(
                cli_exit_for_input(sides[i].st), args.files[i], sides[i].st, &sides[i].err);
    }
    if (code == CLI_OK)
        code = compare(&args, sides);
    for (int i = 0; i < 2; i++) {
        rg_effects_close(sides[i].effects);
        rg_buf_finish(&sides[i].first);
    }
    return code;
}
