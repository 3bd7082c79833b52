/* One process per scenario: what breaks one run cannot break the next, and runs go side by side. */
#include "cli.h"
#include "rg/base/mem.h"
#include "scenario_result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
    pid_t pid; /* 0: not started, -1: ended */
    int fd;    /* a file in memory that the process leaves its result in */
    int status;
};

static bool write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool send_result(int fd, const struct scenario_result *result)
{
    const size_t lengths[2] = {result->expectation.len, result->details.len};

    return write_all(fd, &result->numbers, sizeof(result->numbers)) &&
           write_all(fd, lengths, sizeof(lengths)) &&
           write_all(fd, result->expectation.data, lengths[0]) &&
           write_all(fd, result->details.data, lengths[1]);
}

static bool read_all(int fd, void *bytes, size_t len)
{
    char *at = bytes;

    while (len > 0) {
        ssize_t n = read(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool read_text(int fd, size_t len, struct rg_buf *out)
{
    if (rg_buf_reserve(out, len) != RG_OK || !read_all(fd, out->data + out->len, len))
        return false;
    out->len += len;
    return true;
}

static bool receive_result(int fd, struct scenario_result *result)
{
    size_t lengths[2];

    if (lseek(fd, 0, SEEK_SET) != 0 || !read_all(fd, &result->numbers, sizeof(result->numbers)) ||
        !read_all(fd, lengths, sizeof(lengths)))
        return false;
    return (lengths[0] == 0 || read_text(fd, lengths[0], &result->expectation)) &&
           (lengths[1] == 0 || read_text(fd, lengths[1], &result->details));
}

static uint64_t seed_of(const struct scenario_jobs *jobs, size_t i)
{
    return jobs->seed ? *jobs->seed : jobs->scenarios[i]->seed;
}

static _Noreturn void child(const struct scenario_jobs *jobs, size_t i, int fd)
{
    const struct scenario_run_options o = {.seed = seed_of(jobs, i), .update = jobs->update};
    struct scenario_result result;
    bool sent;

    scenario_result_init(&result);
    scenario_run(jobs->scenarios[i], &o, &result);
    sent = send_result(fd, &result);
    scenario_result_finish(&result);
    _exit(sent ? CLI_OK : CLI_INTERNAL);
}

static enum rg_status start(
    const struct scenario_jobs *jobs, struct job *job, size_t i, struct rg_err *err)
{
    job->fd = memfd_create("scenario", MFD_CLOEXEC);
    if (job->fd < 0)
        return rg_err_errno(err, errno);
    fflush(stdout); /* or the process would print our lines again */
    fflush(stderr);
    job->pid = fork();
    if (job->pid == 0)
        child(jobs, i, job->fd);
    if (job->pid < 0) {
        job->pid = 0;
        close(job->fd);
        return rg_err_errno(err, errno);
    }
    return RG_OK;
}

/* Waits for one of the processes. */
static void wait_one(struct job *list, size_t count)
{
    int status;
    pid_t pid;

    do {
        pid = waitpid(-1, &status, 0);
    } while (pid < 0 && errno == EINTR);
    for (size_t i = 0; i < count; i++) {
        if (list[i].pid > 0 && (pid < 0 || list[i].pid == pid)) {
            list[i].status = pid < 0 ? -1 : status;
            list[i].pid = -1;
            return;
        }
    }
}

static void conclude(const struct scenario_jobs *jobs, struct job *job, size_t i)
{
    struct scenario_result result;

    scenario_result_init(&result);
    if (job->status != 0 || !receive_result(job->fd, &result)) {
        scenario_result_finish(&result);
        scenario_result_init(&result);
        result.numbers.seed = seed_of(jobs, i);
        if (job->status > 0 && WIFSIGNALED(job->status))
            scenario_result_set(&result, SCENARIO_ERROR, CLI_INTERNAL,
                "the process ended by signal %d", WTERMSIG(job->status));
        else
            scenario_result_set(&result, SCENARIO_ERROR, CLI_INTERNAL,
                "the process left no result (status %d)", job->status);
    }
    close(job->fd);
    job->fd = -1;
    jobs->done(jobs->ctx, jobs->scenarios[i], &result);
    scenario_result_finish(&result);
}

enum rg_status scenario_jobs_run(const struct scenario_jobs *jobs, struct rg_err *err)
{
    struct job *list = rg_calloc(jobs->count ? jobs->count : 1, sizeof(*list));
    size_t started = 0, told = 0, running = 0;
    enum rg_status st = RG_OK;

    if (!list) {
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    while ((st == RG_OK && told < jobs->count) || running > 0) {
        while (st == RG_OK && running < jobs->jobs && started < jobs->count) {
            st = start(jobs, &list[started], started, err);
            if (st == RG_OK) {
                started++;
                running++;
            }
        }
        if (running > 0) {
            wait_one(list, started);
            running--;
        }
        while (told < started && list[told].pid == -1) {
            conclude(jobs, &list[told], told);
            told++;
        }
    }
    free(list);
    return st;
}
