/* One measured run of a scenario or a capture, in a process of its own. */
#ifndef RG_BENCH_SAMPLE_H
#define RG_BENCH_SAMPLE_H

#include "bench_profile.h"
#include "rg/sim_scenario.h"

/* What is measured. Texts are borrowed. */
struct bench_subject {
    const char *path;
    const char *name;             /* of the scenario; the path of a capture */
    struct rg_scenario *scenario; /* NULL: a capture, replayed exactly */
    uint64_t seed;                /* of the scenario */
};

/* When memory is looked at: at these outputs, counted from 1. 0: not at all. */
struct bench_marks {
    uint64_t early, late;
};

struct bench_memory {
    uint64_t heap_bytes; /* in use by malloc; 0 where malloc does not say */
    uint64_t rss_bytes;
};

/* Plain data: it travels as bytes. */
struct bench_sample {
    int code; /* CLI_OK, or the exit code that text explains */
    char text[1024];
    int64_t cpu_ns; /* user and system, of building the world, running and concluding */
    int64_t wall_ns;
    uint64_t peak_rss_bytes;
    uint64_t outputs, output_hash;
    uint64_t early_outputs; /* before a tenth of the virtual time; of a capture: of the outputs */
    int64_t virtual_ns;     /* of a capture: how long the recorded run took */
    struct bench_memory early, late;
    struct bench_profile profile; /* zero unless asked for */
};

/* Runs in this process. */
void bench_run(const struct bench_subject *subject, const struct bench_marks *marks, bool profile,
    struct bench_sample *out);

/* The same in a process of its own on one CPU. A process that ended badly makes a code.
 *   RG_EIO, RG_ENOMEM  none could be started; err says why */
RG_NODISCARD enum rg_status bench_child_run(const struct bench_subject *subject,
    const struct bench_marks *marks, bool profile, struct bench_sample *out, struct rg_err *err);

#endif
