/* What a person reads: one line per scenario, and the reason below a failing one. */
#include "cli.h"
#include "test_report.h"

#include <inttypes.h>
#include <string.h>

/* For a shell: quoted when it has to be. */
static void print_word(FILE *out, struct rg_str word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+:@%,=";
    size_t i = 0;

    while (i < word.len && memchr(plain, word.ptr[i], sizeof(plain) - 1))
        i++;
    if (word.len > 0 && i == word.len && word.ptr[0] != '-') {
        fprintf(out, "%.*s", (int)word.len, word.ptr);
        return;
    }
    fputs(word.len > 0 && word.ptr[0] == '-' ? "./'" : "'", out);
    for (i = 0; i < word.len; i++) {
        if (word.ptr[i] == '\'')
            fputs("'\\''", out);
        else
            fputc(word.ptr[i], out);
    }
    fputc('\'', out);
}

/* Lines hold JSON, whose backslashes are better left alone; only what a terminal might act on is
 * escaped. */
static void print_line(FILE *out, struct rg_str line)
{
    struct rg_buf escaped;
    size_t i = 0;

    while (i < line.len && line.ptr[i] >= ' ' && line.ptr[i] < 0x7f)
        i++;
    if (i == line.len) {
        fprintf(out, "    %.*s\n", (int)line.len, line.ptr);
        return;
    }
    rg_buf_init(&escaped, SCENARIO_TEXT_MAX * 4);
    fprintf(out, "    %s\n", cli_escaped(&escaped, line));
    rg_buf_finish(&escaped);
}

void test_text_record(FILE *out, const struct test_record *record)
{
    bool ok = record->outcome == SCENARIO_OK;
    struct rg_str details = record->details, line;
    struct rg_buf name;

    rg_buf_init(&name, 4096);
    fprintf(out, "%s %s %" PRId64 "ms\n", ok ? "ok" : "FAIL", cli_escaped(&name, record->name),
        record->duration_ns / 1000000);
    rg_buf_finish(&name);
    if (ok)
        return;
    print_line(out, record->expectation);
    while (rg_str_split(&details, '\n', &line))
        print_line(out, line);
}

void test_text_repeat(FILE *out, const struct test_record *record, const char *log_level)
{
    fputs("    repeat: reagent test ", out);
    print_word(out, record->file);
    fprintf(out, " --seed %" PRIu64, record->seed);
    if (log_level)
        fprintf(out, " --log-level %s", log_level);
    fputc('\n', out);
}

void test_text_summary(FILE *out, const struct test_summary *summary)
{
    uint64_t ok = summary->counts[SCENARIO_OK], told = test_summary_told(summary);

    fprintf(out, "%" PRIu64 " scenarios: %" PRIu64 " ok, %" PRIu64 " failed", summary->scenarios,
        ok, told - ok);
    if (told < summary->scenarios)
        fprintf(out, ", %" PRIu64 " not run", summary->scenarios - told);
    fputc('\n', out);
}
