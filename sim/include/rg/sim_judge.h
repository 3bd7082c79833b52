/* Judges the outputs of a run by the expectations of its scenario, which are jq programs. */
#ifndef RG_SIM_JUDGE_H
#define RG_SIM_JUDGE_H

#include "rg/sim_scenario.h"

/* What an expectation is asked about is a state: the outputs up to a point in time.
 *
 *   .t      seconds since the start
 *   .out    the outputs so far: as they were added
 *   .last   for each source the items of its last complete group of messages: .last.process is the
 *           list of processes, .last.rtprocess that of statistics
 *   .faults how often each fault fired so far: [{"fired": 3}]
 *   .report the report of the engine; null before the last state
 *
 * There is a state behind the last output of each point in time, and the last one at the end. */
struct rg_judge;

#define RG_JUDGE_OUTPUTS_MAX ((size_t)1 << 20)

/* fault_count: rules of the scenario. *out is owned: rg_judge_destroy. RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_judge_create(
    size_t fault_count, struct rg_judge **out, struct rg_err *err);

/* Adds an output, in order of time: a JSON object with "source", and for a payload "message".
 *   RG_EINVALID  not a JSON object
 *   RG_ELIMIT    too many
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_judge_output(
    struct rg_judge *judge, int64_t t_ns, struct rg_str json, struct rg_err *err);

/* Adds a fault that fired, in order of time; rule < fault_count. RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_judge_fault(struct rg_judge *judge, int64_t t_ns, size_t rule);

/* Ends the run; after that only rg_judge_ask. report is a JSON object. */
RG_NODISCARD enum rg_status rg_judge_end(
    struct rg_judge *judge, int64_t t_ns, struct rg_str report, struct rg_err *err);

struct rg_verdict {
    bool holds;
    int64_t t_ns;         /* of the state that broke the expectation; the end for sometimes */
    struct rg_buf values; /* owned; lines "PART => VALUE": what jq gave, and parts of the program */
};

#define RG_JUDGE_VALUES_MAX ((size_t)64 << 10)
#define RG_JUDGE_VALUE_MAX  2000 /* bytes of one value */

/* Judges one expectation. An expectation holds in a state when its program ends without an error,
 * gives something, and gives neither false nor null. out is initialised by the caller with
 * rg_buf_init(&out->values, RG_JUDGE_VALUES_MAX).
 *   RG_OK        *out is filled
 *   RG_EINVALID  the program does not compile; err says "PATH:LINE:COLUMN: why"
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_judge_ask(struct rg_judge *judge, const struct rg_scenario *scenario,
    const struct rg_expect *expect, struct rg_verdict *out, struct rg_err *err);
void rg_judge_destroy(struct rg_judge *judge); /* NULL is fine */

/* Appends one line per output, as it was added but with sorted keys and without the jq paths in
 * ignore.
 *   RG_EINVALID  a path does not compile, or an output has no such place; err says which
 *   RG_ETOOBIG, RG_ENOMEM */
RG_NODISCARD enum rg_status rg_judge_lines(struct rg_judge *judge, const char *const *ignore,
    size_t ignore_count, struct rg_buf *out, struct rg_err *err);

#endif
