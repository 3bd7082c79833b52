/* Reports of `reagent test`: the lines on a terminal, JUnit XML, and NDJSON, which is read again by
 * `reagent merge` and for the durations of shards. */
#ifndef RG_TEST_REPORT_H
#define RG_TEST_REPORT_H

#include "scenario_result.h"

#include <stdio.h>

#define TEST_FLOW_MAX 256

/* The flow of a scenario: the name of the folder that holds its file. Returns out. */
const char *test_report_flow(const char *path, char out[TEST_FLOW_MAX]);

/* What a report says of one scenario. Texts are borrowed. */
struct test_record {
    struct rg_str name, file, flow;
    enum scenario_outcome outcome;
    int code; /* exit code that the outcome asks for; not CLI_OK when it is not ok */
    int64_t duration_ns;
    uint64_t seed, outputs;    /* not read back */
    struct rg_str expectation; /* empty: nothing failed */
    struct rg_str details;     /* lines, each one ended by a line feed */
};

/* What it says of all of them: the last line of NDJSON. */
struct test_summary {
    uint64_t shard, shards; /* counted from 1; 1 of 1 when there are no shards */
    uint64_t selected;      /* scenarios of all shards */
    uint64_t selection;     /* scenario_selection_add of their names */
    uint64_t scenarios;     /* those of this shard; the counts are less when it was interrupted */
    uint64_t counts[SCENARIO_OUTCOMES];
    int64_t duration_ns;     /* sum of the scenarios */
    int code;                /* exit code; --bisect does not change it */
    const uint64_t *missing; /* borrowed: shards that a merge did not get; not read back */
    size_t missing_count;
};

/* Adds one scenario to the counts, the duration and the code. */
void test_summary_add(struct test_summary *summary, const struct test_record *record);
uint64_t test_summary_told(const struct test_summary *summary); /* sum of the counts */

/* ---- terminal ---- */

/* "ok NAME 12ms", or "FAIL ..." with the reason below it. */
void test_text_record(FILE *out, const struct test_record *record);

/* The command that runs it again. log_level NULL: not asked for. */
void test_text_repeat(FILE *out, const struct test_record *record, const char *log_level);
void test_text_summary(FILE *out, const struct test_summary *summary);

/* ---- JUnit ---- */

/* JUnit wants the counts first, so the test cases are kept until the end. */
struct test_junit {
    struct rg_buf cases;
    size_t tests, failures, errors;
    int64_t duration_ns;
    enum rg_status st; /* of the first failure to write */
};

void test_junit_init(struct test_junit *junit);
void test_junit_add(struct test_junit *junit, const struct test_record *record);

/* Writes the file. RG_EIO and others: err says why. */
RG_NODISCARD enum rg_status test_junit_write(
    const struct test_junit *junit, const char *path, struct rg_err *err);
void test_junit_finish(struct test_junit *junit);

/* Appends text as XML: escaped, control characters left out, bytes that are no UTF-8 replaced. */
RG_NODISCARD enum rg_status test_xml_text(struct rg_buf *out, struct rg_str text);

/* ---- NDJSON ---- */

/* Writes one line: schema_version, name, file, flow, outcome, exit_code, duration_ns, seed,
 * outputs, expectation (null when nothing failed), details (lines). RG_EIO, RG_ENOMEM. */
RG_NODISCARD enum rg_status test_ndjson_line(FILE *out, const struct test_record *record);

/* Writes the last line. RG_EIO, RG_ENOMEM. */
RG_NODISCARD enum rg_status test_ndjson_summary(FILE *out, const struct test_summary *summary);

/* One line of a file that was read. */
struct test_line {
    struct test_record record; /* borrows from texts */
    struct rg_str raw;         /* the line as it is, without its line feed; borrows from the file */
    size_t number;             /* from 1 */
    struct rg_buf texts;       /* owned */
};

/* A file of results. Zero-initialise; test_results_finish in any case. */
struct test_results {
    const char *path;        /* borrowed */
    struct rg_buf bytes;     /* owned: the file */
    struct test_line *lines; /* owned: by name, each one once */
    size_t count, cap;
    struct test_summary summary;
    size_t summary_line;
};

#define TEST_RESULTS_BYTES_MAX ((size_t)512 << 20)
#define TEST_SHARDS_MAX        100000

/* Reads a file that test_ndjson_line and test_ndjson_summary wrote. path is borrowed.
 *   RG_EINVALID  no such file of this schema, or cut off: err says "PATH:LINE: why"
 *   others       it cannot be read; err says why */
RG_NODISCARD enum rg_status test_results_read(
    const char *path, struct test_results *results, struct rg_err *err);
void test_results_finish(struct test_results *results);

/* How long the scenario took then; false when it is not there. */
bool test_results_duration(const struct test_results *results, struct rg_str name, int64_t *ns);

#endif
