/* Reports of `reagent test` for machines: JUnit XML, and one line of JSON per scenario. */
#ifndef RG_TEST_REPORT_H
#define RG_TEST_REPORT_H

#include "scenario_result.h"

#include <stdio.h>

#define TEST_FLOW_MAX 256

/* The flow of a scenario: the name of the folder that holds its file. Returns out. */
const char *test_report_flow(const struct rg_scenario *scenario, char out[TEST_FLOW_MAX]);

/* JUnit wants the counts first, so the test cases are kept until the end. */
struct test_junit {
    struct rg_buf cases;
    size_t tests, failures, errors;
    int64_t duration_ns;
    enum rg_status st; /* of the first failure to write */
};

void test_junit_init(struct test_junit *junit);
void test_junit_add(struct test_junit *junit, const struct rg_scenario *scenario,
    const struct scenario_result *result);

/* Writes the file. RG_EIO and others: err says why. */
RG_NODISCARD enum rg_status test_junit_write(
    const struct test_junit *junit, const char *path, struct rg_err *err);
void test_junit_finish(struct test_junit *junit);

/* Appends text as XML: escaped, control characters left out, bytes that are no UTF-8 replaced. */
RG_NODISCARD enum rg_status test_xml_text(struct rg_buf *out, struct rg_str text);

/* Writes one line: schema_version, name, file, flow, outcome, duration_ns, seed, outputs,
 * expectation (null when nothing failed), details (lines). RG_EIO, RG_ENOMEM. */
RG_NODISCARD enum rg_status test_ndjson_line(
    FILE *out, const struct rg_scenario *scenario, const struct scenario_result *result);

#endif
