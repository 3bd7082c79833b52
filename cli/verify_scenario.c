#include "verify_scenario.h"

#include "cli_json.h"
#include "rg/base/hash.h"
#include "rg/base/mem.h"
#include "scenario_list.h"
#include "verify_child.h"
#include "verify_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANGE_TEXT      64 /* "--seeds=A..B" */
#define FAILED_TOLD_MAX 10
#define SEEDS_MAX       UINT64_C(1000000000)

struct verification {
    const struct verify_scenario_args *args;
    struct verify_seeds seeds;
    char *path; /* absolute; owned */
    struct verify_child *children;
    size_t pairs;
    uint64_t outputs, failed; /* of process A of each pair */
    bool equal;
    uint64_t seed; /* that differs, unless equal */
    bool seed_known;
};

bool verify_seeds_parse(const char *text, struct verify_seeds *out)
{
    const char *dots = strstr(text, "..");
    struct rg_str from = {text, dots ? (size_t)(dots - text) : strlen(text)};

    if (!rg_str_to_u64(from, &out->from))
        return false;
    out->to = out->from;
    if (dots && !rg_str_to_u64(rg_str_from(dots + 2), &out->to))
        return false;
    return out->from <= out->to && out->to - out->from < SEEDS_MAX;
}

/* Links stay as they are: a fixture is looked for next to the name that was given. */
static char *absolute(const char *path)
{
    char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0);
    char *out = NULL;

    if (path[0] == '/')
        return rg_memdup0(path, strlen(path));
    if (folder && asprintf(&out, "%s/%s", folder, path) < 0)
        out = NULL;
    free(folder);
    return out;
}

/* Runs the seeds as pairs of processes, each with a part of the range. */
static enum rg_status run_pairs(struct verification *v, const char *verb_option, struct rg_err *err)
{
    uint64_t count = v->seeds.to - v->seeds.from + 1, next = v->seeds.from;
    struct verify_work *work = rg_calloc(v->pairs, sizeof(*work));
    char(*ranges)[RANGE_TEXT] = rg_calloc(v->pairs, sizeof(*ranges));
    enum rg_status st = RG_ENOMEM;

    v->children = rg_calloc(2 * v->pairs, sizeof(*v->children));
    if (work && ranges && v->children) {
        for (size_t i = 0; i < v->pairs; i++) {
            uint64_t part = count / v->pairs + (i < count % v->pairs);

            v->children[2 * i].code = v->children[2 * i + 1].code = -1;
            snprintf(ranges[i], RANGE_TEXT, "--seeds=%" PRIu64 "..%" PRIu64, next, next + part - 1);
            next += part;
            work[i] = (struct verify_work){.verb = "verify",
                .log_option = "--log",
                .options = {ranges[i], verb_option},
                .path = v->path};
        }
        st = verify_child_run(v->children, work, v->pairs, v->args->jobs, err);
    }
    free(ranges);
    free(work);
    return st;
}

static void finish_children(struct verification *v)
{
    for (size_t i = 0; v->children && i < 2 * v->pairs; i++)
        verify_child_finish(&v->children[i]);
    free(v->children);
    v->children = NULL;
}

/* A process that could not run its part speaks for the whole. */
static int check_codes(const struct verification *v)
{
    for (size_t i = 0; i < 2 * v->pairs; i++) {
        const struct verify_child *child = &v->children[i];

        if (child->code == CLI_OK)
            continue;
        fwrite(child->errors.data, 1, child->errors.len, stderr);
        cli_say("process %c ended with code %d", i % 2 ? 'B' : 'A', child->code);
        return child->code > 0 && child->code < 128 ? child->code : CLI_INTERNAL;
    }
    return CLI_OK;
}

/* Counts what the log of a process says, and tells the runs that failed in both. */
static void count_log(struct verification *v, struct rg_str log)
{
    struct rg_str line, rest, word[4];

    while (rg_str_split(&log, '\n', &line)) {
        const char *failed;

        rest = line;
        for (size_t i = 0; i < 3; i++) {
            if (!rg_str_split(&rest, ' ', &word[i]))
                return;
        }
        v->outputs += rg_str_is(word[2], "output");
        failed = rg_str_is(word[2], "end") ? memmem(rest.ptr, rest.len, " failed: ", 9) : NULL;
        if (!failed)
            continue;
        if (++v->failed <= FAILED_TOLD_MAX)
            cli_say("seed %.*s: the run failed: %.*s", (int)word[1].len, word[1].ptr,
                (int)(rest.ptr + rest.len - failed - 9), failed + 9);
        else if (v->failed == FAILED_TOLD_MAX + 1)
            cli_say("more runs failed");
    }
}

/* The seed is run once more, with a line for every effect. */
static void show_effects(const struct verification *v)
{
    struct verification again = {
        .args = v->args, .seeds = {v->seed, v->seed}, .path = v->path, .pairs = 1};
    struct verify_difference difference = {.found = false};
    struct rg_err err = {0};
    enum rg_status st = run_pairs(&again, "--effects", &err);

    if (st != RG_OK) {
        cli_say(
            "the effects of seed %" PRIu64 " cannot be shown: %s", v->seed, rg_err_text(&err, st));
    } else {
        verify_log_compare(
            rg_str_buf(&again.children[0].log), rg_str_buf(&again.children[1].log), &difference);
        if (difference.found) {
            cli_say("the first effect that differs:");
            verify_log_print(&difference, "(no more effects)");
        } else {
            cli_say("another two runs of seed %" PRIu64 " did not differ", v->seed);
        }
    }
    finish_children(&again);
}

static void show_difference(struct verification *v, const struct verify_difference *difference)
{
    v->equal = false;
    v->seed_known = verify_log_seed(difference, &v->seed);
    if (v->seed_known)
        cli_say("seed %" PRIu64 ": the two runs differ", v->seed);
    else
        cli_say("the two processes differ");
    fputs("  seed, number, kind, source, bytes, hash, last effect, hash of all effects:\n", stderr);
    verify_log_print(difference, "(no more outputs)");
    if (!v->seed_known)
        return;
    show_effects(v);
    fputs("repeat: reagent verify ", stderr);
    cli_put_word(stderr, rg_str_from(v->args->file));
    fprintf(stderr, " --seeds %" PRIu64 "\n", v->seed);
}

static int print_verdict(const struct verification *v)
{
    uint64_t seeds = v->seeds.to - v->seeds.from + 1;
    int code = !v->equal ? CLI_DIVERGED : v->failed > 0 ? CLI_FINDING : CLI_OK;
    struct cli_json json;
    enum rg_status st;

    if (!v->args->json) {
        if (v->equal)
            printf("deterministic: %" PRIu64 " seeds, %" PRIu64
                   " outputs, the same in both processes; %" PRIu64 " runs failed\n",
                seeds, v->outputs, v->failed);
        return code;
    }
    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_bool(&json, "equal", v->equal);
    cli_json_u64(&json, "outputs", v->outputs);
    cli_json_u64(&json, "seeds", seeds);
    cli_json_u64(&json, "failed_runs", v->failed);
    if (!v->equal && v->seed_known)
        cli_json_u64(&json, "seed", v->seed);
    cli_json_array(&json, "log_hashes");
    for (size_t i = 0; i < 2 * v->pairs; i++)
        cli_json_hash(&json, NULL, rg_hash64(v->children[i].log.data, v->children[i].log.len));
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK ? code : CLI_OUTPUT;
}

static int judge(struct verification *v)
{
    int code = check_codes(v);

    if (code != CLI_OK)
        return code;
    v->equal = true;
    for (size_t i = 0; i < v->pairs && v->equal; i++) {
        struct rg_str a = rg_str_buf(&v->children[2 * i].log);
        struct rg_str b = rg_str_buf(&v->children[2 * i + 1].log);
        struct verify_difference difference;

        verify_log_compare(a, b, &difference);
        if (difference.found)
            show_difference(v, &difference);
        else
            count_log(v, a);
    }
    return print_verdict(v);
}

/* Fills what the command line leaves open; a world that moves by itself is refused. */
static bool prepare(struct verification *v, int *code)
{
    struct scenario_list list = {.count = 0};
    const struct rg_scenario *scenario;
    bool ok = scenario_list_one(&list, v->args->file, &scenario, code);

    if (ok && scenario->world == RG_SCENARIO_LIVE) {
        cli_say("%s: a live world is never the same twice; verify takes simulated worlds and "
                "fixtures",
            v->args->file);
        *code = CLI_USAGE;
        ok = false;
    }
    if (ok)
        v->seeds = v->args->seeds ? *v->args->seeds
                                  : (struct verify_seeds){scenario->seed, scenario->seed};
    scenario_list_finish(&list);
    return ok;
}

int verify_scenario(const struct verify_scenario_args *args)
{
    struct verification v = {.args = args};
    struct rg_err err = {0};
    enum rg_status st;
    uint64_t count;
    int code;

    if (!prepare(&v, &code))
        return code;
    count = v.seeds.to - v.seeds.from + 1;
    v.pairs = args->jobs < count ? args->jobs : (size_t)count;
    v.path = absolute(args->file);
    st = v.path ? run_pairs(&v, NULL, &err) : RG_ENOMEM;
    code = st == RG_OK ? judge(&v) : cli_fail(cli_exit_for_process(st), args->file, st, &err);
    finish_children(&v);
    free(v.path);
    return code;
}
