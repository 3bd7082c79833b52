/* The protocol of a measurement: a run to warm up, the repetitions, a run with the profiler; and
 * the proof that all of them gave the same outputs. */
#ifndef RG_BENCH_MEASURE_H
#define RG_BENCH_MEASURE_H

#include "bench_report.h"

/* bench_child_run, or what stands for it in a test. */
typedef enum rg_status bench_run_fn(const struct bench_subject *subject,
    const struct bench_marks *marks, bool profile, struct bench_sample *out, struct rg_err *err);

/* out is zero-initialised; repetitions is 1 to BENCH_REPETITIONS_MAX.
 *   CLI_OK        out is filled
 *   CLI_DIVERGED  two runs gave different outputs, or a replay left its recording
 *   others        a run failed
 * The reason was said; out is not to be used then. */
int bench_measure(const struct bench_subject *subject, size_t repetitions, bench_run_fn *run,
    struct bench_result *out);

#endif
