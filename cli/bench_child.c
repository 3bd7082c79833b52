/* A process for each measured run: what one leaves behind in memory cannot help or hurt the next.
 */
#include "bench_sample.h"
#include "child_process.h"
#include "cli.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* One CPU for all threads: they take turns anyway, and waking each other across CPUs would cost
 * more than the work. Best effort. */
static void stay_here(void)
{
    cpu_set_t one;
    int cpu = sched_getcpu();

    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return;
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0)
        return;
}

static _Noreturn void child(const struct bench_subject *subject, const struct bench_marks *marks,
    bool profile, struct bench_sample *shared)
{
    stay_here();
    bench_run(subject, marks, profile, shared);
    _exit(CLI_OK);
}

static enum rg_status wait_for(pid_t pid, struct bench_sample *shared, struct rg_err *err)
{
    int status;

    if (!child_wait(pid, &status, NULL))
        return rg_err_errno(err, errno);
    if (status == 0)
        return RG_OK;
    shared->code = CLI_INTERNAL;
    snprintf(shared->text, sizeof(shared->text), "the process ended by %s %d",
        WIFSIGNALED(status) ? "signal" : "code",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return RG_OK;
}

enum rg_status bench_child_run(const struct bench_subject *subject, const struct bench_marks *marks,
    bool profile, struct bench_sample *out, struct rg_err *err)
{
    struct bench_sample *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    enum rg_status st;
    pid_t pid;

    if (shared == MAP_FAILED)
        return rg_err_errno(err, errno);
    pid = child_fork();
    if (pid == 0)
        child(subject, marks, profile, shared);
    st = pid < 0 ? rg_err_errno(err, errno) : wait_for(pid, shared, err);
    if (st == RG_OK)
        *out = *shared;
    munmap(shared, sizeof(*shared));
    return st;
}
