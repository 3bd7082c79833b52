/* What the tests of the virtual runtime share. */
#ifndef RG_TESTS_SIM_FIXTURE_H
#define RG_TESTS_SIM_FIXTURE_H

#include "rg/sim.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACE_MAX 16384

/* Lines that tasks write; the runtime lets one task run at a time. */
struct trace {
    struct rg_runtime *rt;
    char text[TRACE_MAX];
    size_t len;
};

static inline void trace_add(struct trace *trace, const char *what)
{
    int room = (int)sizeof(trace->text) - (int)trace->len;
    int n = snprintf(
        trace->text + trace->len, (size_t)room, "%u:%s ", rg_runtime_self(trace->rt), what);

    assert_true(n > 0 && n < room);
    trace->len += (size_t)n;
}

static inline struct rg_runtime *sim_new(const struct rg_sim_runtime_options *options)
{
    struct rg_runtime *rt = NULL;
    struct rg_err err = {0};

    assert_int_equal(rg_sim_runtime_create(options, &rt, &err), RG_OK);
    assert_non_null(rt);
    return rt;
}

static inline uint32_t sim_start(struct rg_runtime *rt, const char *name, rg_task_fn *fn, void *arg)
{
    struct rg_err err = {0};
    uint32_t task = 0;

    assert_int_equal(rg_runtime_spawn(rt, name, fn, arg, &task, &err), RG_OK);
    return task;
}

static inline struct rg_mono sim_in(struct rg_runtime *rt, int64_t ns)
{
    return (struct rg_mono){rg_runtime_mono(rt).ns + ns};
}

/* True when fn ends the process by an assertion. Runs it in a child. */
static inline bool sim_aborts(void (*fn)(void))
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

#endif
