/* One process per scenario: what breaks one run cannot break the next, and runs go side by side. */
#include "child_process.h"
#include "cli.h"
#include "rg/base/mem.h"
#include "rg/base/time.h"
#include "scenario_result.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum killed { NOT_KILLED, KILLED_LATE, KILLED_BY_SIGNAL };

struct job {
    pid_t pid; /* 0: not started, -1: ended */
    int fd;    /* while it runs: a file in memory that the process leaves its result in */
    int status;
    enum killed killed; /* by us, and why */
    int64_t start_ns, duration_ns;
    bool told;                     /* the result is that of the process */
    struct scenario_result result; /* owned from its end until done has it */
};

struct runner {
    const struct scenario_jobs *jobs;
    struct job *list;
    size_t *running; /* indexes into list */
    size_t started, running_count;
    sigset_t set, before; /* what we wait for; what was blocked before */
    int signum;           /* that asked us to end; 0: none */
};

static bool send_result(int fd, const struct scenario_result *result)
{
    const size_t lengths[2] = {result->expectation.len, result->details.len};

    return child_write(fd, &result->numbers, sizeof(result->numbers)) &&
           child_write(fd, lengths, sizeof(lengths)) &&
           child_write(fd, result->expectation.data, lengths[0]) &&
           child_write(fd, result->details.data, lengths[1]);
}

static bool read_text(int fd, size_t len, struct rg_buf *out)
{
    if (rg_buf_reserve(out, len) != RG_OK || !child_read(fd, out->data + out->len, len))
        return false;
    out->len += len;
    return true;
}

static bool receive_result(int fd, struct scenario_result *result)
{
    size_t lengths[2];

    if (lseek(fd, 0, SEEK_SET) != 0 || !child_read(fd, &result->numbers, sizeof(result->numbers)) ||
        !child_read(fd, lengths, sizeof(lengths)))
        return false;
    return (lengths[0] == 0 || read_text(fd, lengths[0], &result->expectation)) &&
           (lengths[1] == 0 || read_text(fd, lengths[1], &result->details));
}

static uint64_t seed_of(const struct scenario_jobs *jobs, size_t i)
{
    return jobs->seed ? *jobs->seed : jobs->scenarios[i]->seed;
}

static _Noreturn void child(const struct runner *r, size_t i, int fd)
{
    const struct scenario_jobs *jobs = r->jobs;
    const struct scenario_run_options o = {
        .seed = seed_of(jobs, i),
        .update = jobs->update,
        .log_level = jobs->log_level,
    };
    struct scenario_result result;
    bool sent;

    sigprocmask(SIG_SETMASK, &r->before, NULL);
    scenario_result_init(&result);
    scenario_run(jobs->scenarios[i], &o, &result);
    sent = send_result(fd, &result);
    scenario_result_finish(&result);
    _exit(sent ? CLI_OK : CLI_INTERNAL);
}

static enum rg_status start(struct runner *r, struct rg_err *err)
{
    struct job *job = &r->list[r->started];

    job->fd = memfd_create("scenario", MFD_CLOEXEC);
    if (job->fd < 0)
        return rg_err_errno(err, errno);
    job->start_ns = cli_mono_ns();
    job->pid = child_fork();
    if (job->pid == 0)
        child(r, r->started, job->fd);
    if (job->pid < 0) {
        enum rg_status st = rg_err_errno(err, errno);

        job->pid = 0;
        close(job->fd);
        return st;
    }
    r->running[r->running_count++] = r->started++;
    return RG_OK;
}

/* What the process has left. Its file is closed at once: many may have ended before it is their
 * turn to be told. */
static void take_result(struct job *job)
{
    job->pid = -1;
    job->duration_ns = cli_mono_ns() - job->start_ns;
    scenario_result_init(&job->result);
    job->told = job->status == 0 && receive_result(job->fd, &job->result);
    close(job->fd);
    job->fd = -1;
}

/* Takes leave of the processes that have ended. */
static void reap(struct runner *r)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->running_count; i++) {
        struct job *job = &r->list[r->running[i]];
        int status;
        pid_t pid = waitpid(job->pid, &status, WNOHANG);

        if (pid == 0 || (pid < 0 && errno == EINTR)) {
            r->running[kept++] = r->running[i];
            continue;
        }
        job->status = pid < 0 ? -1 : status;
        take_result(job);
    }
    r->running_count = kept;
}

/* Kills what has lasted too long, or all; returns how long the next one may still last. */
static int64_t kill_late(struct runner *r)
{
    int64_t now_ns = cli_mono_ns(), next_ns = r->jobs->timeout_ns;

    for (size_t i = 0; i < r->running_count; i++) {
        struct job *job = &r->list[r->running[i]];
        int64_t left_ns = r->jobs->timeout_ns - (now_ns - job->start_ns);

        if (job->killed != NOT_KILLED)
            continue;
        if (r->signum || left_ns <= 0) {
            job->killed = r->signum ? KILLED_BY_SIGNAL : KILLED_LATE;
            kill(job->pid, SIGKILL);
        } else if (left_ns < next_ns) {
            next_ns = left_ns;
        }
    }
    return next_ns;
}

/* Until a process ends, one has lasted too long, or somebody wants us to end. */
static void wait_event(struct runner *r)
{
    int64_t left_ns = kill_late(r);
    const struct timespec left = {
        .tv_sec = (time_t)(left_ns / RG_NS_PER_S),
        .tv_nsec = (long)(left_ns % RG_NS_PER_S),
    };
    int signum = sigtimedwait(&r->set, NULL, &left);

    if (signum > 0 && signum != SIGCHLD && !r->signum)
        r->signum = signum;
    reap(r);
}

static void explain(const struct runner *r, const struct job *job, struct scenario_result *result)
{
    if (job->killed == KILLED_LATE)
        scenario_result_set(
            result, SCENARIO_ERROR, CLI_LIMIT, "did not end within %s", r->jobs->timeout_text);
    else if (job->status > 0 && WIFSIGNALED(job->status))
        scenario_result_set(result, SCENARIO_ERROR, CLI_INTERNAL, "the process ended by signal %d",
            WTERMSIG(job->status));
    else
        scenario_result_set(result, SCENARIO_ERROR, CLI_INTERNAL,
            "the process left no result (status %d)", job->status);
}

static void conclude(struct runner *r, size_t i)
{
    struct job *job = &r->list[i];
    struct scenario_result *result = &job->result;

    if (!job->told && job->killed != KILLED_BY_SIGNAL) {
        scenario_result_finish(result);
        scenario_result_init(result);
        explain(r, job, result);
        result->numbers.seed = seed_of(r->jobs, i);
        result->numbers.duration_ns = job->duration_ns;
        job->told = true;
    }
    if (job->told)
        r->jobs->done(r->jobs->ctx, r->jobs->scenarios[i], result);
    scenario_result_finish(result);
}

/* Blocks the signals that wait_event waits for. What is ignored, as below nohup, stays so. */
static void catch_signals(struct runner *r)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction now;

    sigemptyset(&r->set);
    sigaddset(&r->set, SIGCHLD);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (sigaction(wanted[i], NULL, &now) != 0 || now.sa_handler != SIG_IGN)
            sigaddset(&r->set, wanted[i]);
    }
    sigprocmask(SIG_BLOCK, &r->set, &r->before);
}

_Noreturn void scenario_jobs_die(int signum)
{
    sigset_t only;

    sigemptyset(&only);
    sigaddset(&only, signum);
    signal(signum, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(signum);
    abort();
}

enum rg_status scenario_jobs_run(const struct scenario_jobs *jobs, int *signum, struct rg_err *err)
{
    struct runner r = {.jobs = jobs};
    size_t told = 0;
    enum rg_status st = RG_OK;

    r.list = rg_calloc(jobs->count ? jobs->count : 1, sizeof(*r.list));
    r.running = rg_calloc(jobs->jobs, sizeof(*r.running));
    if (!r.list || !r.running) {
        free(r.list);
        free(r.running);
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    catch_signals(&r);
    while ((st == RG_OK && !r.signum && told < jobs->count) || r.running_count > 0) {
        while (st == RG_OK && !r.signum && r.running_count < jobs->jobs && r.started < jobs->count)
            st = start(&r, err);
        if (r.running_count > 0)
            wait_event(&r);
        while (told < r.started && r.list[told].pid == -1)
            conclude(&r, told++);
    }
    sigprocmask(SIG_SETMASK, &r.before, NULL);
    free(r.list);
    free(r.running);
    *signum = r.signum;
    return st == RG_OK && r.signum ? RG_ESTOPPED : st;
}
