/* The scenarios and captures that a command line of bench names. */
#ifndef RG_BENCH_LIST_H
#define RG_BENCH_LIST_H

#include "bench_sample.h"
#include "scenario_list.h"

/* As given; texts are borrowed. */
struct bench_paths {
    char **items; /* owned list */
    size_t count, cap;
    int64_t for_ns; /* instead of that of the scenarios; 0: not given */
    const char *for_text;
    uint64_t seed;
    bool seed_given;
};

/* Zero-initialise; bench_list_finish in any case. */
struct bench_list {
    struct bench_subject *items; /* owned; scenarios by path, then captures as given */
    size_t count;
    struct scenario_list scenarios;
};

/* CLI_OK, or the exit code of what was said: nothing is to be measured then. */
int bench_list_fill(struct bench_list *list, const struct bench_paths *paths);
void bench_list_finish(struct bench_list *list);

#endif
