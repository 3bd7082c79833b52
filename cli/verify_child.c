#include "verify_child.h"

#include "child_process.h"
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

/* Files in memory that a process leaves its words in: they need no folder and vanish by themselves.
 */
enum { FD_LOG, FD_RESULT, FD_ERRORS };

#define ARGS_MAX 16

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
    char *const *env, const struct verify_child *child)
{
    change_surroundings(surroundings);
    if (dup2(child->fds[FD_RESULT], STDOUT_FILENO) < 0 ||
        dup2(child->fds[FD_ERRORS], STDERR_FILENO) < 0)
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
    if (st == RG_ETOOBIG)
        rg_err_set(err, "a process wrote more than %zu MiB", max >> 20);
    else if (st != RG_OK)
        rg_err_set(err, "out of memory");
    return st;
}

/* argv of the process; the program and the verb are the first two. */
static void fill_args(const char **argv, const struct verify_work *work, const char *log_path)
{
    size_t count = 0;

    argv[count++] = "reagent";
    argv[count++] = work->verb;
    for (size_t i = 0; i < sizeof(work->options) / sizeof(work->options[0]); i++) {
        if (!work->options[i])
            break;
        argv[count++] = work->options[i];
    }
    argv[count++] = work->log_option;
    argv[count++] = log_path;
    argv[count++] = "--";
    argv[count++] = work->path;
    argv[count] = NULL;
}

static enum rg_status launch(struct verify_child *child, enum verify_surroundings surroundings,
    const struct verify_work *work, struct rg_err *err)
{
    const char *argv[ARGS_MAX];
    char log_path[LOG_PATH_MAX];
    char **env = surroundings == VERIFY_ODD ? odd_environment() : environ;
    enum rg_status st = RG_OK;

    if (!env) {
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    snprintf(log_path, sizeof(log_path), "/proc/self/fd/%d", child->fds[FD_LOG]);
    fill_args(argv, work, log_path);
    child->pid = child_fork();
    if (child->pid == 0) /* execve only reads the texts */
        become_child(surroundings, (char *const *)(uintptr_t)argv, env, child);
    if (child->pid < 0)
        st = rg_err_errno(err, errno);
    if (env != environ)
        free(env);
    return st;
}

static void close_files(struct verify_child *child)
{
    for (size_t i = 0; i < 3; i++) {
        if (child->fds[i] >= 0)
            close(child->fds[i]);
        child->fds[i] = -1;
    }
}

static enum rg_status start(struct verify_child *child, enum verify_surroundings surroundings,
    const struct verify_work *work, struct rg_err *err)
{
    static const char *const names[3] = {"log", "result", "errors"};
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < 3; i++) /* the log stays open across execve */
        child->fds[i] = -1;
    for (size_t i = 0; i < 3 && st == RG_OK; i++) {
        child->fds[i] = memfd_create(names[i], i == FD_LOG ? 0 : MFD_CLOEXEC);
        if (child->fds[i] < 0)
            st = rg_err_errno(err, errno);
    }
    if (st == RG_OK)
        st = launch(child, surroundings, work, err);
    if (st != RG_OK) {
        close_files(child);
        child->pid = 0;
    }
    return st;
}

/* Waits for one of the processes and hears what it has to say. */
static enum rg_status collect(struct verify_child *children, size_t count, struct rg_err *err)
{
    enum rg_status st = RG_OK;
    int status = 0;
    pid_t pid;

    do {
        pid = waitpid(-1, &status, 0);
    } while (pid < 0 && errno == EINTR);
    if (pid < 0)
        st = rg_err_errno(err, errno);
    for (size_t i = 0; i < count; i++) {
        struct verify_child *child = &children[i];

        if (child->pid <= 0 || (pid > 0 && child->pid != pid))
            continue;
        child->pid = 0;
        child->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (st == RG_OK)
            st = read_back(child->fds[FD_LOG], &child->log, LOG_BYTES_MAX, err);
        if (st == RG_OK)
            st = read_back(child->fds[FD_RESULT], &child->result, ERRORS_BYTES_MAX, err);
        if (st == RG_OK)
            st = read_back(child->fds[FD_ERRORS], &child->errors, ERRORS_BYTES_MAX, err);
        close_files(child);
        break;
    }
    return st;
}

enum rg_status verify_child_run(struct verify_child *children, const struct verify_work *work,
    size_t pairs, size_t jobs, struct rg_err *err)
{
    size_t started = 0, running = 0;
    enum rg_status st = RG_OK;

    while ((st == RG_OK && started < 2 * pairs) || running > 0) {
        while (st == RG_OK && running < jobs && started < 2 * pairs) {
            st = start(&children[started], started % 2 ? VERIFY_ODD : VERIFY_PLAIN,
                &work[started / 2], err);
            running += st == RG_OK;
            started++;
        }
        if (running > 0) {
            struct rg_err why = {0};
            enum rg_status heard = collect(children, started, &why);

            running--;
            if (st == RG_OK && heard != RG_OK) {
                st = heard;
                *err = why;
            }
        }
    }
    return st;
}

void verify_child_finish(struct verify_child *child)
{
    rg_buf_finish(&child->log);
    rg_buf_finish(&child->result);
    rg_buf_finish(&child->errors);
}
