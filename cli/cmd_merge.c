/* reagent merge: the results of the shards of a test become those of one run. */
#include "cli_args.h"
#include "rg/base/mem.h"
#include "scenario_shard.h"
#include "test_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX        TEST_SHARDS_MAX
#define MISSING_TEXT_MAX ((size_t)64 << 10)

struct merge_args {
    char **paths; /* owned list, borrowed texts */
    size_t path_count, path_cap;
    const char *out, *junit;
};

enum { KEY_OUT = 'o', KEY_JUNIT = 0x200 };

static const struct argp_option options[] = {
    {"output", KEY_OUT, "FILE", 0, "Write the results to FILE instead of standard output", 0},
    {"junit", KEY_JUNIT, "FILE", 0, "Write a JUnit report too", 0},
    {0},
};

static void take_path(struct merge_args *args, char *arg, struct argp_state *state)
{
    void *array = args->paths;

    if (rg_grow(&array, &args->path_cap, args->path_count + 1, sizeof(*args->paths), FILES_MAX) !=
        RG_OK)
        argp_failure(state, CLI_INTERNAL, 0, "too many files");
    args->paths = array;
    args->paths[args->path_count++] = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct merge_args *args = state->input;

    switch (key) {
    case KEY_OUT:
        args->out = arg;
        return 0;
    case KEY_JUNIT:
        args->junit = arg;
        return 0;
    case ARGP_KEY_ARG:
        take_path(args, arg, state);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "RESULTS is");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, "RESULTS...",
    "Join what 'reagent test --shard I/N --json FILE' wrote, in any order, into the results of one "
    "run. Exits as that run would have; with 2 when a shard is missing or was interrupted."
    "\vExamples:\n"
    "  reagent merge -o all.ndjson --junit report.xml shard-*.ndjson\n"
    "  reagent test scenarios --shard 1/4 --durations all.ndjson\n",
    NULL, NULL, NULL};

/* All files, and what they add up to. */
struct merge {
    const struct merge_args *args;
    struct test_results *files; /* owned; by shard */
    size_t count;
    const struct test_line **lines; /* owned; borrow from files */
    size_t line_count;
    uint64_t *missing; /* owned: shards without a file */
    struct test_summary summary;
};

static enum rg_status refuse(struct rg_err *err, const struct test_results *file, const char *why)
{
    rg_err_set(err, "%s:%zu: %s", file->path, file->summary_line, why);
    return RG_EINVALID;
}

static int compare_shards(const void *a, const void *b)
{
    const struct test_results *x = a, *y = b;

    if (x->summary.shard != y->summary.shard)
        return x->summary.shard < y->summary.shard ? -1 : 1;
    return strcmp(x->path, y->path);
}

static enum rg_status read_files(struct merge *m, struct rg_err *err)
{
    size_t bytes = 0;
    enum rg_status st = RG_OK;

    m->files = rg_calloc(m->args->path_count, sizeof(*m->files));
    if (!m->files)
        return RG_ENOMEM;
    for (size_t i = 0; i < m->args->path_count && st == RG_OK; i++) {
        m->count = i + 1;
        st = test_results_read(m->args->paths[i], &m->files[i], err);
        if (st != RG_OK && !strstr(err->text, m->args->paths[i]))
            rg_err_prefix(err, "%s", m->args->paths[i]);
        bytes += m->files[i].bytes.len;
        if (st == RG_OK && bytes > TEST_RESULTS_BYTES_MAX) {
            rg_err_set(err, "the results have more than %zu MiB", TEST_RESULTS_BYTES_MAX >> 20);
            st = RG_ELIMIT;
        }
    }
    if (st == RG_OK)
        qsort(m->files, m->count, sizeof(*m->files), compare_shards);
    return st;
}

/* Whether the files are shards of one selection, each one once. */
static enum rg_status check_files(const struct merge *m, struct rg_err *err)
{
    const struct test_results *first = &m->files[0];

    for (size_t i = 0; i < m->count; i++) {
        const struct test_results *file = &m->files[i];

        if (file->summary.missing_count > 0)
            return refuse(err, file, "joined from shards of which some were missing");
        if (file->summary.shards != first->summary.shards) {
            rg_err_set(err, "%s:%zu: is one of %" PRIu64 " shards, %s of %" PRIu64, file->path,
                file->summary_line, file->summary.shards, first->path, first->summary.shards);
            return RG_EINVALID;
        }
        if (file->summary.selection != first->summary.selection ||
            file->summary.selected != first->summary.selected) {
            rg_err_set(err, "%s:%zu: its shards hold other scenarios than those of %s", file->path,
                file->summary_line, first->path);
            return RG_EINVALID;
        }
        if (i > 0 && file->summary.shard == file[-1].summary.shard) {
            rg_err_set(err, "%s:%zu: shard %" PRIu64 "/%" PRIu64 " again, after %s", file->path,
                file->summary_line, file->summary.shard, file->summary.shards, file[-1].path);
            return RG_EINVALID;
        }
    }
    return RG_OK;
}

/* ---- lines ---- */

static int compare_names(const void *a, const void *b)
{
    const struct test_line *x = *(const struct test_line *const *)a;
    const struct test_line *y = *(const struct test_line *const *)b;

    return rg_str_cmp(x->record.name, y->record.name);
}

static int compare_files(const void *a, const void *b)
{
    const struct test_line *x = *(const struct test_line *const *)a;
    const struct test_line *y = *(const struct test_line *const *)b;
    int order = rg_str_cmp(x->record.file, y->record.file);

    return order ? order : compare_names(a, b);
}

static const struct test_results *file_of(const struct merge *m, const struct test_line *line)
{
    size_t i = 0;

    while ((uintptr_t)line - (uintptr_t)m->files[i].lines >= m->files[i].count * sizeof(*line))
        i++;
    return &m->files[i];
}

/* A scenario that two shards ran: they were cut in different ways. lines are sorted by name. */
static enum rg_status check_names(const struct merge *m, struct rg_err *err)
{
    uint64_t selection = 0;

    for (size_t i = 0; i < m->line_count; i++) {
        const struct test_line *line = m->lines[i], *before = i > 0 ? m->lines[i - 1] : NULL;

        selection = scenario_selection_add(selection, line->record.name);
        if (!before || !rg_str_eq(line->record.name, before->record.name))
            continue;
        rg_err_set(err,
            "%s:%zu: the scenario is in %s:%zu too; all shards need the same --durations",
            file_of(m, line)->path, line->number, file_of(m, before)->path, before->number);
        return RG_EINVALID;
    }
    if (m->line_count == m->summary.selected && selection != m->summary.selection)
        return refuse(err, &m->files[0], "the shards do not make up the selection");
    return RG_OK;
}

static enum rg_status collect_lines(struct merge *m, struct rg_err *err)
{
    size_t total = 0;
    enum rg_status st;

    for (size_t i = 0; i < m->count; i++)
        total += m->files[i].count;
    m->lines = rg_calloc(total + 1, sizeof(*m->lines));
    if (!m->lines)
        return RG_ENOMEM;
    for (size_t i = 0; i < m->count; i++) {
        for (size_t k = 0; k < m->files[i].count; k++)
            m->lines[m->line_count++] = &m->files[i].lines[k];
    }
    qsort(m->lines, m->line_count, sizeof(*m->lines), compare_names);
    st = check_names(m, err);
    qsort(m->lines, m->line_count, sizeof(*m->lines), compare_files);
    return st;
}

/* ---- what they add up to ---- */

static enum rg_status sum_up(struct merge *m, struct rg_err *err)
{
    const struct test_summary *first = &m->files[0].summary;
    struct test_summary *sum = &m->summary;
    size_t next = 0;

    *sum = (struct test_summary){
        .shard = 1, .shards = 1, .selected = first->selected, .selection = first->selection};
    m->missing = rg_calloc(first->shards, sizeof(*m->missing));
    if (!m->missing)
        return RG_ENOMEM;
    for (uint64_t shard = 1; shard <= first->shards; shard++) {
        if (next == m->count || m->files[next].summary.shard != shard) {
            m->missing[sum->missing_count++] = shard;
            continue;
        }
        sum->scenarios += m->files[next].summary.scenarios;
        sum->code = cli_graver(sum->code, m->files[next].summary.code);
        next++;
    }
    sum->missing = m->missing;
    if (sum->missing_count == 0 && sum->scenarios != sum->selected)
        return refuse(err, &m->files[0],
            "the shards do not make up the selection; all need the same --durations");
    return RG_OK;
}

static void say_missing(const struct merge *m)
{
    const struct test_summary *sum = &m->summary;
    struct rg_buf text;
    size_t i = 0;

    rg_buf_init(&text, MISSING_TEXT_MAX);
    while (i < sum->missing_count) {
        size_t last = i;

        while (last + 1 < sum->missing_count && sum->missing[last + 1] == sum->missing[last] + 1)
            last++;
        rg_ignore(rg_buf_printf(&text, "%s%" PRIu64, i ? ", " : "", sum->missing[i]),
            "the list gets shorter");
        if (last > i)
            rg_ignore(
                rg_buf_printf(&text, "-%" PRIu64, sum->missing[last]), "the list gets shorter");
        i = last + 1;
    }
    cli_say("missing: shard%s %.*s of %" PRIu64, sum->missing_count > 1 ? "s" : "", (int)text.len,
        text.data ? (const char *)text.data : "", m->files[0].summary.shards);
    rg_buf_finish(&text);
}

/* Says what was not run, and makes the code. */
static void conclude(struct merge *m)
{
    struct test_summary *sum = &m->summary;

    for (size_t i = 0; i < m->line_count; i++) {
        test_summary_add(sum, &m->lines[i]->record);
        if (m->lines[i]->record.outcome != SCENARIO_OK)
            test_text_record(stderr, &m->lines[i]->record);
    }
    for (size_t i = 0; i < m->count; i++) {
        const struct test_summary *part = &m->files[i].summary;
        uint64_t told = test_summary_told(part);

        if (told == part->scenarios)
            continue;
        cli_say("%s: shard %" PRIu64 "/%" PRIu64 ": %" PRIu64 " of %" PRIu64
                " scenarios were not run",
            m->files[i].path, part->shard, part->shards, part->scenarios - told, part->scenarios);
        sum->code = CLI_NOT_RUN;
    }
    if (sum->missing_count > 0) {
        say_missing(m);
        sum->code = CLI_NOT_RUN;
    }
    test_text_summary(stderr, sum);
}

/* ---- output ---- */

/* Lines go out as they came in: what a newer version adds to them stays. */
static enum rg_status write_lines(const struct merge *m, FILE *out)
{
    for (size_t i = 0; i < m->line_count; i++) {
        const struct rg_str raw = m->lines[i]->raw;

        if (fwrite(raw.ptr, 1, raw.len, out) != raw.len || fputc('\n', out) == EOF)
            return RG_EIO;
    }
    return test_ndjson_summary(out, &m->summary);
}

static enum rg_status write_results(const struct merge *m, struct rg_err *err)
{
    FILE *out = m->args->out ? fopen(m->args->out, "we") : stdout;
    enum rg_status st;

    if (!out)
        return rg_err_errno(err, errno);
    st = write_lines(m, out);
    if (st == RG_EIO)
        rg_ignore(rg_err_errno(err, errno), "the text is wanted, not the status");
    if (out != stdout && fclose(out) != 0 && st == RG_OK)
        st = rg_err_errno(err, errno);
    return st;
}

static enum rg_status write_junit(const struct merge *m, struct rg_err *err)
{
    struct test_junit junit;
    enum rg_status st;

    test_junit_init(&junit);
    for (size_t i = 0; i < m->line_count; i++)
        test_junit_add(&junit, &m->lines[i]->record);
    st = test_junit_write(&junit, m->args->junit, err);
    test_junit_finish(&junit);
    return st;
}

static int write_all(const struct merge *m)
{
    struct rg_err err = {0};
    int code = m->summary.code;
    enum rg_status st = write_results(m, &err);

    if (st != RG_OK)
        code = cli_fail(CLI_OUTPUT, m->args->out ? m->args->out : "standard output", st, &err);
    st = m->args->junit ? write_junit(m, &err) : RG_OK;
    return st == RG_OK ? code : cli_fail(CLI_OUTPUT, m->args->junit, st, &err);
}

int cmd_merge(int argc, char **argv)
{
    struct merge_args args = {.paths = NULL};
    struct merge m = {.args = &args};
    struct rg_err err = {0};
    enum rg_status st;
    int code;

    cli_args_parse(&argp, argc, argv, &args);
    st = read_files(&m, &err);
    if (st == RG_OK)
        st = check_files(&m, &err);
    if (st == RG_OK)
        st = sum_up(&m, &err);
    if (st == RG_OK)
        st = collect_lines(&m, &err);
    if (st == RG_OK) {
        conclude(&m);
        code = write_all(&m);
    } else {
        code = cli_fail(cli_exit_for_input(st), "", st, &err);
    }
    for (size_t i = 0; i < m.count; i++)
        test_results_finish(&m.files[i]);
    free(m.files);
    free(m.lines);
    free(m.missing);
    free(args.paths);
    return code;
}
