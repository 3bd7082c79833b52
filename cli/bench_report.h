/* What `reagent bench` found out about its subjects, for people and for machines. */
#ifndef RG_BENCH_REPORT_H
#define RG_BENCH_REPORT_H

#include "bench_sample.h"
#include "bench_stats.h"
#include "cli_json.h"

#include <stdio.h>

struct bench_result {
    const struct bench_subject *subject;
    size_t repetitions;
    int64_t cpu_ns[BENCH_REPETITIONS_MAX], wall_ns[BENCH_REPETITIONS_MAX];
    struct bench_spread cpu, wall;
    uint64_t peak_rss_bytes;  /* the largest */
    struct bench_sample last; /* what all repetitions agree on, and memory as seen by the last */
    struct bench_profile profile; /* of a run that is not counted */
};

/* Of the host and the build: numbers of another machine are another thing. */
#define BENCH_FACT_MAX 128
struct bench_machine {
    char cpu[BENCH_FACT_MAX]; /* model; "unknown" where the kernel does not say */
    char cpus[BENCH_FACT_MAX];
    char kernel[BENCH_FACT_MAX];
    char arch[BENCH_FACT_MAX];
    char build[BENCH_FACT_MAX];
    char compiler[BENCH_FACT_MAX];
};

void bench_machine_read(struct bench_machine *out);

/* The fact with a number from 0 and the key it has in the document; NULL: there are no more. */
const char *bench_machine_fact(const struct bench_machine *machine, size_t i, const char **key);

/* Virtual time divided by the median of CPU time; 0 when there was none. */
double bench_times_real(const struct bench_result *result);

/* Lines for people. */
void bench_print(FILE *out, const struct bench_result *result);

/* One element of the list "results". */
void bench_result_json(struct cli_json *json, const struct bench_result *result);

/* The document up to the list "results", which stays open. */
void bench_document_json(struct cli_json *json, const struct bench_machine *machine);

#endif
