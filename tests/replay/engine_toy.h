/* A small engine for tests of recording and replay: a ticker that queues jobs, workers that ask
 * every backend and emit outputs, and a main task that waits for the end. It does one thing
 * differently when told to. */
#ifndef RG_TESTS_ENGINE_TOY_H
#define RG_TESTS_ENGINE_TOY_H

#include "rg/backend/set.h"

#define TOY_WORKERS_MAX 8

enum toy_twist {
    TOY_STRAIGHT,
    TOY_WRONG_PID,        /* of the job's "stat" */
    TOY_EXTRA_QUESTION,   /* "io", before "stat" */
    TOY_MISSING_QUESTION, /* no "status" */
    TOY_WRONG_LOCK,       /* that of the queue, where it is that of the sum */
    TOY_WRONG_BYTE,       /* in the job's output */
    TOY_WORKER_ENDS,      /* after the job's output */
    TOY_EXTRA_TASK,       /* one more worker */
    TOY_NO_LAST_OUTPUT,
    TOY_TWO_LAST_OUTPUTS,
};

struct toy_options {
    int workers;
    int jobs;
    int64_t pause_ns; /* longest pause between jobs */
    int32_t pid;      /* whose files are read */
    enum toy_twist twist;
    int twist_job; /* from 0 */
};

/* Runs the engine on the calling task, which is task 0. RG_OK, or the first failure. */
enum rg_status toy_run(const struct rg_backends *set, const struct toy_options *options);

#endif
