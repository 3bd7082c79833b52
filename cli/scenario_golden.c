/* Goldens: the outputs that a scenario is known to give, as lines of JSON. */
#include "cli.h"
#include "scenario_backends.h"
#include "scenario_result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_BYTES_MAX ((size_t)512 << 20)
#define DIFF_LINES_MAX   40
#define DIFF_LINE_MAX    2000

static enum rg_status read_file(const char *path, struct rg_buf *out, struct rg_err *err)
{
    char block[16384];
    FILE *file = fopen(path, "re");
    enum rg_status st = RG_OK;
    size_t n;

    if (!file)
        return rg_err_errno(err, errno);
    while (st == RG_OK && (n = fread(block, 1, sizeof(block), file)) > 0)
        st = rg_buf_append(out, block, n);
    if (st == RG_OK && ferror(file))
        st = rg_err_errno(err, EIO);
    fclose(file);
    return st;
}

static enum rg_status write_file(const char *path, struct rg_str text, struct rg_err *err)
{
    FILE *file = fopen(path, "we");
    enum rg_status st = RG_OK;

    if (!file)
        return rg_err_errno(err, errno);
    if (fwrite(text.ptr, 1, text.len, file) != text.len)
        st = rg_err_errno(err, errno);
    if (fclose(file) != 0 && st == RG_OK)
        st = rg_err_errno(err, errno);
    return st;
}

static void diff_line(struct rg_buf *out, char sign, struct rg_str line)
{
    bool cut = line.len > DIFF_LINE_MAX;

    rg_ignore(rg_buf_printf(out, "%c %.*s%s\n", sign, (int)(cut ? DIFF_LINE_MAX : line.len),
                  line.ptr, cut ? "..." : ""),
        "the report is cut at its maximum");
}

/* Line by line: outputs have an order, so a line that moved is a finding too. */
static size_t diff(struct rg_str old, struct rg_str new, struct rg_buf *out)
{
    size_t differ = 0;

    while (old.len > 0 || new.len > 0) {
        struct rg_str a = {"", 0}, b = {"", 0};
        bool more_a = rg_str_split(&old, '\n', &a);
        bool more_b = rg_str_split(&new, '\n', &b);

        if (more_a == more_b && rg_str_eq(a, b))
            continue;
        if (++differ > DIFF_LINES_MAX)
            continue;
        if (more_a)
            diff_line(out, '-', a);
        if (more_b)
            diff_line(out, '+', b);
    }
    return differ;
}

static void update_golden(
    const char *path, struct rg_str lines, size_t differ, struct scenario_result *result)
{
    struct rg_err err = {0};
    enum rg_status st = write_file(path, lines, &err);

    if (st != RG_OK)
        scenario_result_set(
            result, SCENARIO_ERROR, CLI_OUTPUT, "%s: %s", path, rg_err_text(&err, st));
    else
        scenario_result_set(result, SCENARIO_FAILED, CLI_FINDING,
            "golden %s: rewritten, %zu lines differed", path, differ);
}

void scenario_golden(const struct rg_scenario *scenario, struct rg_str lines, bool update,
    struct scenario_result *result)
{
    char *path = scenario_file(scenario, scenario->golden);
    struct rg_err err = {0};
    struct rg_buf old;
    enum rg_status st = RG_ENOMEM;
    size_t differ;

    rg_buf_init(&old, GOLDEN_BYTES_MAX);
    if (path)
        st = read_file(path, &old, &err);
    if (st != RG_OK && !(st == RG_ENOTFOUND && update)) {
        scenario_result_set(result, st == RG_ENOTFOUND ? SCENARIO_INVALID : SCENARIO_ERROR,
            cli_exit_for_input(st), "%s: %s%s", path ? path : scenario->golden,
            rg_err_text(&err, st), st == RG_ENOTFOUND ? "; --update writes it" : "");
    } else {
        differ = diff(rg_str_buf(&old), lines, &result->details);
        if (differ > 0 && update)
            update_golden(path, lines, differ, result);
        else if (differ > 0)
            scenario_result_set(
                result, SCENARIO_FAILED, CLI_FINDING, "golden %s: %zu lines differ", path, differ);
    }
    rg_buf_finish(&old);
    free(path);
}
