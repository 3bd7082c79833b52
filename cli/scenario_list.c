#include "scenario_list.h"

#include "cli.h"
#include "rg/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 32

static enum rg_status add_scenario(
    struct scenario_list *list, struct rg_scenario *scenario, struct rg_err *err)
{
    void *array = list->items;
    enum rg_status st =
        rg_grow(&array, &list->cap, list->count + 1, sizeof(*list->items), SCENARIO_LIST_MAX);

    list->items = array;
    if (st != RG_OK) {
        rg_err_set(err, "cannot hold more than %zu scenarios", list->count);
        rg_scenario_destroy(scenario);
        return st;
    }
    list->items[list->count++] = scenario;
    return RG_OK;
}

/* path is taken. */
static enum rg_status add_path(struct scenario_list *list, char *path, struct rg_err *err)
{
    void *array = list->paths;
    enum rg_status st = path ? rg_grow(&array, &list->paths_cap, list->path_count + 1,
                                   sizeof(*list->paths), SCENARIO_LIST_MAX)
                             : RG_ENOMEM;

    if (st != RG_OK) {
        rg_err_set(err, "cannot hold more than %zu files", list->path_count);
        free(path);
        return st;
    }
    list->paths = array;
    list->paths[list->path_count++] = path;
    return RG_OK;
}

static enum rg_status add_file(struct scenario_list *list, const char *name, struct rg_err *err)
{
    struct rg_scenario *scenario = NULL;
    struct rg_err why = {0};
    struct rg_buf text;
    const char *path;
    enum rg_status st = add_path(list, rg_memdup0(name, strlen(name)), err);

    if (st != RG_OK)
        return st;
    path = list->paths[list->path_count - 1];
    rg_buf_init(&text, RG_SCENARIO_BYTES_MAX);
    st = cli_read_file(path, &text, &why);
    if (st == RG_OK)
        st = rg_scenario_parse(path, rg_str_buf(&text), &scenario, &why);
    rg_buf_finish(&text);
    if (st == RG_OK)
        return add_scenario(list, scenario, err);
    list->code = cli_fail(cli_exit_for_input(st), path, st, &why);
    return RG_OK;
}

/* ---- folders ---- */

struct found {
    char **paths;
    size_t count, cap;
};

static bool scenario_name(const char *path)
{
    size_t len = strlen(path);

    return len > 5 && strcmp(path + len - 5, ".yaml") == 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum rg_status keep_path(struct found *found, char *path)
{
    void *array = found->paths;
    enum rg_status st =
        rg_grow(&array, &found->cap, found->count + 1, sizeof(*found->paths), SCENARIO_LIST_MAX);

    found->paths = array;
    if (st == RG_OK)
        found->paths[found->count++] = path;
    else
        free(path);
    return st;
}

static enum rg_status walk(const char *folder, int depth, struct found *found, struct rg_err *err);

/* An entry of a folder: a scenario, a folder, or nothing of ours. path is taken. */
static enum rg_status take_entry(char *path, int depth, struct found *found, struct rg_err *err)
{
    enum rg_status st = RG_OK;
    struct stat about;

    if (lstat(path, &about) == 0 && S_ISREG(about.st_mode) && scenario_name(path))
        return keep_path(found, path);
    if (lstat(path, &about) == 0 && S_ISDIR(about.st_mode) && depth < DEPTH_MAX)
        st = walk(path, depth + 1, found, err);
    free(path);
    return st;
}

static enum rg_status walk(const char *folder, int depth, struct found *found, struct rg_err *err)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    enum rg_status st = RG_OK;

    if (!dir) {
        st = rg_err_errno(err, errno);
        rg_err_prefix(err, "%s", folder);
        return st;
    }
    while (st == RG_OK && (entry = readdir(dir))) {
        char *path;

        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
            st = RG_ENOMEM;
        else
            st = take_entry(path, depth, found, err);
    }
    closedir(dir);
    return st;
}

static enum rg_status add_folder(struct scenario_list *list, const char *path, struct rg_err *err)
{
    struct found found = {.count = 0};
    enum rg_status st = walk(path, 0, &found, err);

    if (found.count > 0)
        qsort(found.paths, found.count, sizeof(*found.paths), compare_paths);
    for (size_t i = 0; i < found.count; i++) {
        if (st == RG_OK)
            st = add_file(list, found.paths[i], err);
        free(found.paths[i]);
    }
    free(found.paths);
    return st;
}

enum rg_status scenario_list_add(struct scenario_list *list, const char *path, struct rg_err *err)
{
    struct stat st;
    size_t len = strlen(path);
    struct rg_err why = {0};

    if (stat(path, &st) != 0) {
        list->code = cli_fail(CLI_BAD_INPUT, path, rg_err_errno(&why, errno), &why);
        return RG_OK;
    }
    if (!S_ISDIR(st.st_mode))
        return add_file(list, path, err);
    if (len > 1 && path[len - 1] == '/') {
        char *trimmed = rg_memdup0(path, len - 1);
        enum rg_status added = trimmed ? add_folder(list, trimmed, err) : RG_ENOMEM;

        free(trimmed);
        return added;
    }
    return add_folder(list, path, err);
}

bool scenario_list_one(
    struct scenario_list *list, const char *path, const struct rg_scenario **out, int *code)
{
    struct rg_err err = {0};
    enum rg_status st;

    if (!cli_config_usable(path, code))
        return false;
    st = add_file(list, path, &err);
    *code = st == RG_OK ? list->code : cli_fail(cli_exit_for_input(st), path, st, &err);
    if (*code == CLI_OK)
        *out = list->items[list->count - 1];
    return *code == CLI_OK;
}

static int compare_scenarios(const void *a, const void *b)
{
    const struct rg_scenario *x = *(struct rg_scenario *const *)a;
    const struct rg_scenario *y = *(struct rg_scenario *const *)b;

    return strcmp(x->path, y->path);
}

static int compare_names(const void *a, const void *b)
{
    const struct rg_scenario *x = *(struct rg_scenario *const *)a;
    const struct rg_scenario *y = *(struct rg_scenario *const *)b;

    return strcmp(x->name, y->name);
}

static void drop(struct scenario_list *list, size_t i)
{
    rg_scenario_destroy(list->items[i]);
    memmove(
        &list->items[i], &list->items[i + 1], (list->count - i - 1) * sizeof(struct rg_scenario *));
    list->count--;
}

void scenario_list_sort(struct scenario_list *list)
{
    if (list->count == 0)
        return;
    qsort(list->items, list->count, sizeof(struct rg_scenario *), compare_scenarios);
    for (size_t i = 1; i < list->count;) {
        if (strcmp(list->items[i]->path, list->items[i - 1]->path) == 0)
            drop(list, i); /* named twice, or below a folder that was named too */
        else
            i++;
    }
    qsort(list->items, list->count, sizeof(struct rg_scenario *), compare_names);
    for (size_t i = 1; i < list->count; i++) {
        if (strcmp(list->items[i]->name, list->items[i - 1]->name) != 0)
            continue;
        cli_say("%s: %s has the same name, '%s'", list->items[i]->path, list->items[i - 1]->path,
            list->items[i]->name);
        list->code = CLI_BAD_INPUT;
    }
    qsort(list->items, list->count, sizeof(struct rg_scenario *), compare_scenarios);
}

void scenario_list_finish(struct scenario_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        rg_scenario_destroy(list->items[i]);
    for (size_t i = 0; i < list->path_count; i++)
        free(list->paths[i]);
    free(list->items);
    free(list->paths);
    *list = (struct scenario_list){.count = 0};
}
