/* What every implementation of rg/backend/sink.h that keeps outputs does. */
#ifndef RG_TESTS_CONFORM_SINK_H
#define RG_TESTS_CONFORM_SINK_H

#include "rg/backend/runtime.h"
#include "rg/backend/sink.h"

#define CONFORM_OUTPUT_TEXT  64
#define CONFORM_OUTPUT_BYTES 512

/* One output as the sink took it. */
struct conform_output {
    char kind[CONFORM_OUTPUT_TEXT];
    char source[CONFORM_OUTPUT_TEXT];
    size_t header_count;
    char names[2][CONFORM_OUTPUT_TEXT];
    char values[2][CONFORM_OUTPUT_TEXT];
    unsigned char payload[CONFORM_OUTPUT_BYTES];
    size_t payload_len;
};

struct conform_sink {
    const char *name; /* of the group in the test report */
    void *context;

    /* A sink that has taken nothing. Never NULL. */
    struct rg_sink *(*create)(void *context);

    /* Copies what the sink took so far, in order, at most cap entries; the count. */
    size_t (*collect)(void *context, struct rg_sink *sink, struct conform_output *out, size_t cap);

    /* A runtime for the tasks of one case. NULL: the case with several tasks is left out. */
    struct rg_runtime *(*runtime)(void *context);

    /* Called after each case, once its sink is destroyed. May be NULL. */
    void (*cleanup)(void *context);
};

/* Runs all cases, each on a fresh sink. The number of failures, as CMocka counts. */
int conform_sink_run(const struct conform_sink *factory);

#endif
