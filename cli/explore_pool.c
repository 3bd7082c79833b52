#include "explore_pool.h"

#include "child_process.h"
#include "cli.h"
#include "rg/base/mem.h"
#include "rg/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define AHEAD 8 /* runs that may have ended before one that is still to be told, for each job */

enum slot_state { SLOT_FREE, SLOT_RUNS, SLOT_ENDED };

struct slot {
    enum slot_state state;
    pid_t pid;
    int fd;   /* the end of a pipe that closes when the process ends */
    int said; /* a file in memory: its standard error */
    int64_t deadline_ns;
    struct explore_end end;
};

struct state {
    const struct explore_pool *pool;
    struct slot *slots; /* of run i: slots[i % slot_count] */
    struct pollfd *polls;
    size_t slot_count, running;
    uint64_t started, told;
    bool stopped;
};

static _Noreturn void child(const struct explore_pool *pool, uint64_t index, int fd, int said)
{
    struct rlimit no_core = {0, 0};
    struct rg_buf out;
    bool sent;

    rg_buf_init(&out, EXPLORE_RESULT_MAX);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (dup2(said, STDERR_FILENO) < 0)
        _exit(CLI_INTERNAL);
    pool->run(pool->ctx, index, &out);
    sent = child_write(fd, out.data, out.len);
    rg_buf_finish(&out);
    _exit(sent ? CLI_OK : CLI_INTERNAL);
}

static enum rg_status start(struct state *s, struct rg_err *err)
{
    struct slot *slot = &s->slots[s->started % s->slot_count];
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return rg_err_errno(err, errno);
    slot->said = memfd_create("stderr", MFD_CLOEXEC);
    if (slot->said < 0) {
        enum rg_status st = rg_err_errno(err, errno);

        close(ends[0]);
        close(ends[1]);
        return st;
    }
    slot->pid = child_fork();
    if (slot->pid == 0)
        child(s->pool, s->started, ends[1], slot->said);
    close(ends[1]);
    if (slot->pid < 0) {
        enum rg_status st = rg_err_errno(err, errno);

        close(ends[0]);
        close(slot->said);
        return st;
    }
    slot->fd = ends[0];
    slot->state = SLOT_RUNS;
    slot->deadline_ns = cli_mono_ns() + s->pool->timeout_ns;
    slot->end = (struct explore_end){.index = s->started};
    rg_buf_init(&slot->end.bytes, EXPLORE_RESULT_MAX);
    rg_buf_init(&slot->end.stderr, EXPLORE_STDERR_MAX);
    s->running++;
    s->started++;
    return RG_OK;
}

static void read_said(struct slot *slot)
{
    char text[EXPLORE_STDERR_MAX];
    ssize_t n = pread(slot->said, text, sizeof(text), 0);

    if (n > 0)
        rg_ignore(rg_buf_append(&slot->end.stderr, text, (size_t)n), "told without it");
    close(slot->said);
}

static void reap(struct state *s, struct slot *slot)
{
    struct rusage usage = {.ru_maxrss = 0};
    bool heard = child_wait(slot->pid, &slot->end.status, &usage);

    slot->end.whole = heard && slot->end.status == 0 && !slot->end.late;
    slot->end.peak_kib = (uint64_t)usage.ru_maxrss;
    close(slot->fd);
    read_said(slot);
    slot->state = SLOT_ENDED;
    s->running--;
}

static void receive(struct state *s, struct slot *slot)
{
    char bytes[65536];
    ssize_t n = read(slot->fd, bytes, sizeof(bytes));

    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        reap(s, slot);
    } else if (rg_buf_append(&slot->end.bytes, bytes, (size_t)n) != RG_OK) {
        slot->end.late = true; /* it says more than it may */
        kill(slot->pid, SIGKILL);
    }
}

/* Waits until a process says something or its time is over. */
static void wait_some(struct state *s)
{
    int64_t now = cli_mono_ns(), first = INT64_MAX;
    nfds_t count = 0;
    int64_t wait_ms;

    for (size_t i = 0; i < s->slot_count; i++) {
        if (s->slots[i].state != SLOT_RUNS)
            continue;
        s->polls[count++] = (struct pollfd){.fd = s->slots[i].fd, .events = POLLIN};
        if (s->slots[i].deadline_ns < first)
            first = s->slots[i].deadline_ns;
    }
    wait_ms = first <= now ? 0 : (first - now) / 1000000 + 1;
    if (poll(s->polls, count, wait_ms > 60000 ? 60000 : (int)wait_ms) < 0)
        return;
    now = cli_mono_ns();
    count = 0;
    for (size_t i = 0; i < s->slot_count; i++) {
        struct slot *slot = &s->slots[i];

        if (slot->state != SLOT_RUNS)
            continue;
        if (s->polls[count++].revents) {
            receive(s, slot);
        } else if (slot->deadline_ns <= now) {
            slot->end.late = true;
            slot->deadline_ns = INT64_MAX; /* its end of the pipe closes now */
            kill(slot->pid, SIGKILL);
        }
    }
}

static void tell(struct state *s)
{
    while (s->told < s->started && s->slots[s->told % s->slot_count].state == SLOT_ENDED) {
        struct slot *slot = &s->slots[s->told % s->slot_count];

        if (!s->stopped)
            s->stopped = !s->pool->done(s->pool->ctx, &slot->end);
        rg_buf_finish(&slot->end.bytes);
        rg_buf_finish(&slot->end.stderr);
        slot->state = SLOT_FREE;
        s->told++;
    }
}

enum rg_status explore_pool_run(const struct explore_pool *pool, struct rg_err *err)
{
    struct state s = {.pool = pool, .slot_count = pool->jobs * AHEAD};
    enum rg_status st = RG_OK;

    s.slots = rg_calloc(s.slot_count, sizeof(*s.slots));
    s.polls = rg_calloc(s.slot_count, sizeof(*s.polls));
    if (!s.slots || !s.polls) {
        free(s.slots);
        free(s.polls);
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    do {
        while (st == RG_OK && !s.stopped && s.running < pool->jobs && s.started < pool->count &&
               s.started - s.told < s.slot_count)
            st = start(&s, err);
        if (s.running > 0)
            wait_some(&s);
        tell(&s);
    } while (s.running > 0 || (st == RG_OK && !s.stopped && s.started < pool->count));
    free(s.slots);
    free(s.polls);
    return st;
}
