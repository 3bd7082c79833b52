#include "bench_measure.h"

#include "cli.h"

#include <inttypes.h>

/* One run; CLI_OK, or the code of what was said. */
static int run_once(bench_run_fn *run, const struct bench_subject *subject,
    const struct bench_marks *marks, bool profile, struct bench_sample *out)
{
    struct rg_err err = {0};
    enum rg_status st = run(subject, marks, profile, out, &err);

    if (st != RG_OK)
        return cli_fail(CLI_INTERNAL, "cannot start a process", st, &err);
    if (out->code != CLI_OK)
        cli_say("%s: %s", subject->path, out->text);
    return out->code;
}

static int same_outputs(const struct bench_subject *subject, const struct bench_sample *first,
    const struct bench_sample *other, const char *which)
{
    if (first->output_hash == other->output_hash && first->outputs == other->outputs)
        return CLI_OK;
    cli_say("%s: %s gave other outputs than the first run: %" PRIu64 " with hash %016" PRIx64
            ", not %" PRIu64 " with hash %016" PRIx64 "; nothing is measured",
        subject->path, which, other->outputs, other->output_hash, first->outputs,
        first->output_hash);
    return CLI_DIVERGED;
}

/* The first run warms the caches of the machine and says when memory is to be looked at. */
int bench_measure(const struct bench_subject *subject, size_t repetitions, bench_run_fn *run,
    struct bench_result *out)
{
    const struct bench_marks none = {0};
    struct bench_sample first, *last = &out->last, profiled;
    struct bench_marks marks;
    int code = run_once(run, subject, &none, false, &first);

    out->subject = subject;
    marks = (struct bench_marks){
        .early = first.early_outputs ? first.early_outputs : 1, .late = first.outputs};
    for (size_t i = 0; code == CLI_OK && i < repetitions; i++) {
        code = run_once(run, subject, &marks, false, last);
        if (code == CLI_OK)
            code = same_outputs(subject, &first, last, "a repetition");
        out->cpu_ns[i] = last->cpu_ns;
        out->wall_ns[i] = last->wall_ns;
        if (last->peak_rss_bytes > out->peak_rss_bytes)
            out->peak_rss_bytes = last->peak_rss_bytes;
    }
    if (code == CLI_OK)
        code = run_once(run, subject, &none, true, &profiled);
    if (code == CLI_OK)
        code = same_outputs(subject, &first, &profiled, "the profiled run");
    if (code != CLI_OK)
        return code;
    out->profile = profiled.profile;
    out->repetitions = repetitions;
    out->cpu = bench_spread_of(out->cpu_ns, repetitions);
    out->wall = bench_spread_of(out->wall_ns, repetitions);
    return CLI_OK;
}
