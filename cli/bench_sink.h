/* A sink that keeps nothing: it counts outputs, rolls their hash and looks at the memory of the
 * process twice. So the outputs of a day fit. */
#ifndef RG_BENCH_SINK_H
#define RG_BENCH_SINK_H

#include "bench_sample.h"
#include "output_log.h"
#include "rg/backend/runtime.h"

struct bench_meter {
    struct bench_marks marks;
    struct output_log log; /* count and hash */
    struct bench_memory early, late;
    struct rg_runtime *clock; /* borrowed; NULL: early_outputs is not counted */
    struct rg_mono tenth;     /* outputs before this time are early ones */
    uint64_t early_outputs;
};

/* ctx is a struct bench_meter; failures are kept in its log. */
void bench_meter_take(void *ctx, const struct rg_output *output);

/* *out is owned; meter is borrowed and outlives it. Outputs come from one task at a time, as they
 * do in virtual time. RG_ENOMEM. */
RG_NODISCARD enum rg_status bench_sink_create(
    struct bench_meter *meter, struct rg_sink **out, struct rg_err *err);

#endif
