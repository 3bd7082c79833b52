#include "live_stop.h"

#include "cli.h"
#include "rg/base/mem.h"
#include "rg/live.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define TICK_NS 500000000L
#define WAKE_UP SIGUSR1 /* ends the thread when the flag is set; otherwise means nothing */

struct live_stop {
    struct live_stop_options options;
    pthread_t thread;
    sigset_t set, before;
    int64_t start_ns;
    atomic_bool ending;
};

/* Leaves the process the way the signal would have ended it. */
static _Noreturn void die_of(int signum)
{
    sigset_t only;

    sigemptyset(&only);
    sigaddset(&only, signum);
    signal(signum, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    raise(signum);
    abort();
}

static void tick(struct live_stop *stop, int64_t asked_ns)
{
    const struct live_stop_options *o = &stop->options;
    int64_t now_ns = cli_mono_ns();

    if (o->tick)
        o->tick(o->ctx, now_ns - stop->start_ns);
    if (o->overdue && asked_ns && now_ns - asked_ns >= o->grace_ns && !atomic_load(&stop->ending))
        o->overdue(o->ctx);
}

static void *wait_for_signals(void *arg)
{
    struct live_stop *stop = arg;
    const struct timespec pause = {0, TICK_NS};
    int64_t asked_ns = 0; /* when the first signal came */

    while (!atomic_load(&stop->ending)) {
        bool ticks = stop->options.tick || (stop->options.overdue && asked_ns);
        int signum = ticks ? sigtimedwait(&stop->set, NULL, &pause) : sigwaitinfo(&stop->set, NULL);

        if (signum < 0 && errno == EAGAIN)
            tick(stop, asked_ns);
        if (signum <= 0 || signum == WAKE_UP)
            continue;
        if (asked_ns)
            die_of(signum);
        asked_ns = cli_mono_ns();
        rg_live_runtime_stop(stop->options.runtime);
        if (stop->options.stopping)
            stop->options.stopping(stop->options.stopping_ctx);
    }
    return NULL;
}

static void collect_signals(sigset_t *set)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction now;

    sigemptyset(set);
    sigaddset(set, WAKE_UP);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (sigaction(wanted[i], NULL, &now) != 0 || now.sa_handler != SIG_IGN)
            sigaddset(set, wanted[i]);
    }
}

enum rg_status live_stop_create(
    const struct live_stop_options *options, struct live_stop **out, struct rg_err *err)
{
    struct live_stop *stop = rg_calloc(1, sizeof(*stop));
    int failed;

    if (!stop) {
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    stop->options = *options;
    stop->start_ns = cli_mono_ns();
    atomic_init(&stop->ending, false);
    collect_signals(&stop->set);
    failed = pthread_sigmask(SIG_BLOCK, &stop->set, &stop->before);
    if (!failed)
        failed = pthread_create(&stop->thread, NULL, wait_for_signals, stop);
    if (failed) {
        free(stop);
        return rg_err_errno(err, failed);
    }
    *out = stop;
    return RG_OK;
}

void live_stop_destroy(struct live_stop *stop)
{
    if (!stop)
        return;
    atomic_store(&stop->ending, true);
    pthread_kill(stop->thread, WAKE_UP);
    pthread_join(stop->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &stop->before, NULL);
    free(stop);
}
