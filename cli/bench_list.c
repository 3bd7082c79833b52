#include "bench_list.h"

#include "cli.h"
#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char capture_magic[] = {0x89, 'M', 'C', 'A', 'P'};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* By its first bytes; by its name when it has none. */
static bool is_capture(const char *path)
{
    unsigned char head[sizeof(capture_magic)];
    FILE *file = fopen(path, "re");
    bool magic = file && fread(head, 1, sizeof(head), file) == sizeof(head) &&
                 memcmp(head, capture_magic, sizeof(head)) == 0;

    if (file)
        fclose(file);
    return magic || ends_with(path, ".mcap") || ends_with(path, ".mcap.partial");
}

static int add_scenario(
    struct bench_list *list, const struct bench_paths *paths, struct rg_scenario *scenario)
{
    if (scenario->world == RG_SCENARIO_LIVE) {
        cli_say("%s: a live world is not the same twice and cannot be measured", scenario->path);
        return CLI_BAD_INPUT;
    }
    if (paths->for_ns) {
        scenario->for_ns = paths->for_ns;
        scenario->for_text = paths->for_text;
    }
    list->items[list->count++] = (struct bench_subject){
        .path = scenario->path,
        .name = scenario->name,
        .scenario = scenario,
        .seed = paths->seed_given ? paths->seed : scenario->seed,
    };
    return CLI_OK;
}

static int add_capture(struct bench_list *list, const struct bench_paths *paths, const char *path)
{
    int code;

    if (paths->for_ns || paths->seed_given) {
        cli_say("%s: %s is for scenarios: a replay repeats the whole recorded run", path,
            paths->for_ns ? "--for" : "--seed");
        return CLI_USAGE;
    }
    if (!cli_capture_usable(path, &code))
        return code;
    list->items[list->count++] = (struct bench_subject){.path = path, .name = path};
    return CLI_OK;
}

static int read_scenarios(struct bench_list *list, const struct bench_paths *paths)
{
    struct rg_err err = {0};
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < paths->count && st == RG_OK; i++) {
        if (!is_capture(paths->items[i]))
            st = scenario_list_add(&list->scenarios, paths->items[i], &err);
    }
    if (st != RG_OK)
        return cli_fail(cli_exit_for_input(st), "scenarios", st, &err);
    scenario_list_sort(&list->scenarios);
    return list->scenarios.code;
}

int bench_list_fill(struct bench_list *list, const struct bench_paths *paths)
{
    int code = read_scenarios(list, paths);

    if (code != CLI_OK)
        return code;
    list->items = rg_calloc(list->scenarios.count + paths->count, sizeof(*list->items));
    if (!list->items) {
        cli_say("out of memory");
        return CLI_INTERNAL;
    }
    for (size_t i = 0; i < list->scenarios.count && code == CLI_OK; i++)
        code = add_scenario(list, paths, list->scenarios.items[i]);
    for (size_t i = 0; i < paths->count && code == CLI_OK; i++) {
        if (is_capture(paths->items[i]))
            code = add_capture(list, paths, paths->items[i]);
    }
    if (code == CLI_OK && list->count == 0) {
        cli_say("no scenario and no capture was found");
        code = CLI_NOT_RUN;
    }
    return code;
}

void bench_list_finish(struct bench_list *list)
{
    free(list->items);
    scenario_list_finish(&list->scenarios);
}
