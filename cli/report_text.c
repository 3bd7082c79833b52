/* What a person reads: one line per scenario, and the reason below a failing one. */
#include "cli.h"
#include "test_report.h"

#include <inttypes.h>

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
    cli_put_line(out, record->expectation);
    while (rg_str_split(&details, '\n', &line))
        cli_put_line(out, line);
}

void test_text_repeat(FILE *out, const struct test_record *record, const char *log_level)
{
    fputs("    repeat: reagent test ", out);
    cli_put_word(out, record->file);
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
