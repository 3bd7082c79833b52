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

static void *wait_for_signals(void *arg)
{
    struct live_stop *stop = arg;
    const struct timespec tick = {0, TICK_NS};
    bool asked = false;

    while (!atomic_load(&stop->ending)) {
        int signum = stop->options.tick ? sigtimedwait(&stop->set, NULL, &tick)
                                        : sigwaitinfo(&stop->set, NULL);

        if (signum < 0 && errno == EAGAIN)
            stop->options.tick(stop->options.ctx, cli_mono_ns() - stop->start_ns);
        if (signum <= 0 || signum == WAKE_UP)
            continue;
        if (asked)
            die_of(signum);
        asked = true;
        rg_live_runtime_stop(stop->options.runtime);
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
