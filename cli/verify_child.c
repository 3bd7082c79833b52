#include "verify_child.h"

#include "cli.h"
#include "rg/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_BYTES_MAX    ((size_t)1 << 30)
#define ERRORS_BYTES_MAX ((size_t)1 << 20)
#define LOG_PATH_MAX     64

extern char **environ;

/* Three files in memory: they need no folder and vanish by themselves. */
struct pipes {
    int log, result, errors;
    char log_path[LOG_PATH_MAX];
};

static bool takes_part(const char *entry)
{
    return strncmp(entry, "TZ=", 3) != 0 && strncmp(entry, "LANG=", 5) != 0 &&
           strncmp(entry, "LC_ALL=", 7) != 0;
}

/* Environment of the odd child: ours backwards, and more. NULL when memory is short. */
static char **odd_environment(void)
{
    static char extra[][32] = {
        "TZ=Pacific/Chatham",
        "LANG=tr_TR.UTF-8",
        "LC_ALL=tr_TR.UTF-8",
        "REAGENT_VERIFY_PADDING=xxxxxxx",
        "AAA_FIRST=1",
        "zzz_last=1",
    };
    size_t count = 0, at = 0;
    char **out;

    while (environ[count])
        count++;
    out = rg_calloc(count + sizeof(extra) / sizeof(extra[0]) + 1, sizeof(*out));
    if (!out)
        return NULL;
    for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]); i++)
        out[at++] = extra[i];
    while (count-- > 0) {
        if (takes_part(environ[count]))
            out[at++] = environ[count];
    }
    return out;
}

/* Best effort: a host that refuses one of these still runs the other comparisons. */
static void change_surroundings(enum verify_surroundings surroundings)
{
    cpu_set_t allowed, one;
    size_t last = CPU_SETSIZE;

    if (surroundings == VERIFY_PLAIN) {
        if (personality(ADDR_NO_RANDOMIZE) < 0)
            return;
        return;
    }
    if (personality(PER_LINUX) < 0 || chdir("/") != 0)
        return;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed))
            last = cpu;
    }
    CPU_ZERO(&one);
    if (last < CPU_SETSIZE)
        CPU_SET(last, &one);
    if (last == CPU_SETSIZE || sched_setaffinity(0, sizeof(one), &one) != 0)
        return;
}

static _Noreturn void become_child(enum verify_surroundings surroundings, char *const *argv,
    char *const *env, const struct pipes *pipes)
{
    change_surroundings(surroundings);
    if (dup2(pipes->result, STDOUT_FILENO) < 0 || dup2(pipes->errors, STDERR_FILENO) < 0)
        _exit(CLI_INTERNAL);
    signal(SIGPIPE, SIG_DFL);
    execve("/proc/self/exe", argv, env);
    _exit(CLI_INTERNAL);
}

static enum rg_status read_back(int fd, struct rg_buf *out, size_t max, struct rg_err *err)
{
    char block[16384];
    ssize_t n;
    enum rg_status st = RG_OK;

    rg_buf_finish(out);
    rg_buf_init(out, max);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return rg_err_errno(err, errno);
    while (st == RG_OK && (n = read(fd, block, sizeof(block))) != 0) {
        if (n < 0)
            return rg_err_errno(err, errno);
        st = rg_buf_append(out, block, (size_t)n);
    }
    return st;
}

static enum rg_status wait_for(pid_t pid, int *code, struct rg_err *err)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return rg_err_errno(err, errno);
    }
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return RG_OK;
}

static enum rg_status run(struct verify_child *child, enum verify_surroundings surroundings,
    char *const *argv, const struct pipes *pipes, struct rg_err *err)
{
    char **env = surroundings == VERIFY_ODD ? odd_environment() : environ;
    enum rg_status st;
    pid_t pid;

    if (!env) {
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    fflush(stdout);
    fflush(stderr);
    pid = fork();
    if (pid == 0)
        become_child(surroundings, argv, env, pipes);
    st = pid < 0 ? rg_err_errno(err, errno) : wait_for(pid, &child->code, err);
    if (env != environ)
        free(env);
    if (st == RG_OK)
        st = read_back(pipes->log, &child->log, LOG_BYTES_MAX, err);
    if (st == RG_OK)
        st = read_back(pipes->result, &child->result, ERRORS_BYTES_MAX, err);
    if (st == RG_OK)
        st = read_back(pipes->errors, &child->errors, ERRORS_BYTES_MAX, err);
    return st;
}

static void close_pipes(const struct pipes *pipes)
{
    if (pipes->log >= 0)
        close(pipes->log);
    if (pipes->result >= 0)
        close(pipes->result);
    if (pipes->errors >= 0)
        close(pipes->errors);
}

enum rg_status verify_child_run(struct verify_child *child, enum verify_surroundings surroundings,
    const char *path, struct rg_err *err)
{
    struct pipes pipes = {.log = memfd_create("log", 0),
        .result = memfd_create("result", MFD_CLOEXEC),
        .errors = memfd_create("errors", MFD_CLOEXEC)};
    char *copy = strdup(path);
    char program[] = "reagent", verb[] = "replay", option[] = "--hash-log", quiet[] = "--no-times",
         dashes[] = "--";
    char *argv[] = {program, verb, quiet, option, pipes.log_path, dashes, copy, NULL};
    enum rg_status st;

    if (pipes.log < 0 || pipes.result < 0 || pipes.errors < 0) {
        st = rg_err_errno(err, errno);
    } else if (!copy) {
        rg_err_set(err, "out of memory");
        st = RG_ENOMEM;
    } else {
        snprintf(pipes.log_path, sizeof(pipes.log_path), "/proc/self/fd/%d", pipes.log);
        st = run(child, surroundings, argv, &pipes, err);
    }
    close_pipes(&pipes);
    free(copy);
    return st;
}

void verify_child_finish(struct verify_child *child)
{
    rg_buf_finish(&child->log);
    rg_buf_finish(&child->result);
    rg_buf_finish(&child->errors);
}
