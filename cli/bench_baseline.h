/* An earlier document of `reagent bench --json`, to compare with. */
#ifndef RG_BENCH_BASELINE_H
#define RG_BENCH_BASELINE_H

#include "bench_report.h"
#include "scenario_yaml.h" /* JSON is YAML: its bounded, strict reader reads our documents too */

struct bench_baseline {
    struct scenario_doc doc;
    const char *path; /* borrowed */
    bool open;
};

/* Zero-initialise; bench_baseline_finish in any case.
 *   RG_OK, RG_EINVALID, RG_ETOONEW, RG_ELIMIT, RG_EIO, RG_ENOTFOUND, RG_ENOMEM: err says why */
RG_NODISCARD enum rg_status bench_baseline_open(
    struct bench_baseline *baseline, const char *path, struct rg_err *err);
void bench_baseline_finish(struct bench_baseline *baseline);

/* Says what differs between the machines and builds, one line each on stderr. */
void bench_baseline_machine(
    const struct bench_baseline *baseline, const struct bench_machine *machine);

enum bench_compared {
    BENCH_COMPARED,
    BENCH_UNKNOWN,      /* the baseline does not have it */
    BENCH_OTHER_SEED,   /* another run: its numbers mean nothing here */
    BENCH_OTHER_LENGTH, /* likewise */
    BENCH_OTHER_OUTPUT,
};

/* *ratio is of CPU time, and *wall of wall time, when BENCH_COMPARED comes.
 *   RG_EINVALID  the entry lacks something; err says where */
RG_NODISCARD enum rg_status bench_baseline_compare(const struct bench_baseline *baseline,
    const struct bench_result *result, enum bench_compared *compared, struct bench_ratio *ratio,
    struct bench_ratio *wall, struct rg_err *err);

#endif
