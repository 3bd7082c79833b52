/* The live runtime: tasks are POSIX threads, locks are POSIX locks, clocks are the system's.
 *
 * A stop request wakes only rg_runtime_wait_stop. Who waits there tells the other tasks in the way
 * they agreed on (a flag under a lock and a condition), so a task is never stopped half way. */
#include "rg/base/mem.h"
#include "rg/live.h"
#include "rg/ops/runtime_ops.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define TASK_STACK_BYTES ((size_t)1 << 20)
#define THREAD_NAME_MAX  16 /* the kernel's limit, NUL included */

struct live_task {
    struct live_runtime *rt; /* borrowed */
    pthread_t thread;
    uint32_t number;
    rg_task_fn *fn;
    void *arg;
    char name[RG_TASK_NAME_MAX];
};

struct live_runtime {
    struct rg_runtime base;
    pthread_t main_thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t stop_changed;
    bool stopping;
    struct live_task **tasks; /* owned; started and not yet joined */
    size_t task_count;
    size_t task_cap;
    uint32_t last_number;
    size_t lock_count; /* mutexes and conditions alive */
};

struct live_mutex {
    struct rg_mutex base;
    pthread_mutex_t lock;
};

struct live_cond {
    struct rg_cond base;
    pthread_cond_t cond;
};

/* The task that runs on this thread; NULL on the main thread of a runtime. */
static _Thread_local const struct live_task *current_task;

static const struct rg_runtime_ops live_runtime_ops;

static struct live_runtime *live_from(struct rg_runtime *rt)
{
    rg_assert(rt->ops == &live_runtime_ops);
    return (struct live_runtime *)rt;
}

/* The calls below fail only when they are misused. */
static void must(int errnum)
{
    rg_assert(errnum == 0);
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    must(clock_gettime(clock, &t));
    return (int64_t)t.tv_sec * RG_NS_PER_S + t.tv_nsec;
}

static struct timespec timespec_from(struct rg_mono t)
{
    int64_t ns = t.ns > 0 ? t.ns : 0;

    return (struct timespec){.tv_sec = ns / RG_NS_PER_S, .tv_nsec = ns % RG_NS_PER_S};
}

static struct rg_mono live_mono(struct rg_runtime *rt)
{
    (void)rt;
    return (struct rg_mono){clock_ns(CLOCK_MONOTONIC)};
}

static struct rg_wall live_wall(struct rg_runtime *rt)
{
    (void)rt;
    return (struct rg_wall){clock_ns(CLOCK_REALTIME)};
}

static uint64_t live_random(struct rg_runtime *rt, const char *stream)
{
    uint64_t bits;
    ssize_t n;

    (void)rt;
    (void)stream;
    do
        n = getrandom(&bits, sizeof(bits), 0);
    while (n < 0 && errno == EINTR);
    rg_assert(n == (ssize_t)sizeof(bits));
    return bits;
}

static uint32_t live_self(struct rg_runtime *rt)
{
    struct live_runtime *live = live_from(rt);

    if (current_task && current_task->rt == live)
        return current_task->number;
    rg_assert(pthread_equal(live->main_thread, pthread_self()));
    return RG_TASK_MAIN;
}

static void live_mark(struct rg_runtime *rt, const char *flow)
{
    (void)rt;
    (void)flow;
}

static void *run_task(void *arg)
{
    const struct live_task *task = arg;
    char name[THREAD_NAME_MAX] = {0};

    current_task = task;
    for (size_t i = 0; i < sizeof(name) - 1 && task->name[i]; i++)
        name[i] = task->name[i];
    rg_ignore(pthread_setname_np(pthread_self(), name), "the name only helps debuggers");
    task->fn(task->arg);
    return NULL;
}

/* A new thread inherits the mask of its creator: signals stay with the threads that expect them.
 * Faults must not be blocked: the kernel would kill the process without running a handler. */
static void block_signals(sigset_t *old)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    sigset_t set;

    sigfillset(&set);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&set, faults[i]);
    must(pthread_sigmask(SIG_SETMASK, &set, old));
}

static int start_thread(struct live_task *task)
{
    pthread_attr_t attr;
    sigset_t old;
    int errnum = pthread_attr_init(&attr);

    if (errnum)
        return errnum;
    must(pthread_attr_setstacksize(&attr, TASK_STACK_BYTES));
    block_signals(&old);
    errnum = pthread_create(&task->thread, &attr, run_task, task);
    must(pthread_sigmask(SIG_SETMASK, &old, NULL));
    must(pthread_attr_destroy(&attr));
    return errnum;
}

/* Called with the lock held, so numbers follow the order of start. */
static enum rg_status add_task(struct live_runtime *live, struct live_task *task)
{
    void *tasks = live->tasks;
    enum rg_status st =
        rg_grow(&tasks, &live->task_cap, live->task_count + 1, sizeof(*live->tasks), RG_TASKS_MAX);
    int errnum;

    live->tasks = tasks;
    if (st != RG_OK)
        return st;
    task->number = live->last_number + 1;
    errnum = start_thread(task);
    if (errnum)
        return errnum == ENOMEM ? RG_ENOMEM : RG_EIO;
    live->tasks[live->task_count++] = task;
    live->last_number++;
    return RG_OK;
}

static enum rg_status live_spawn(struct rg_runtime *rt, const char *name, rg_task_fn *fn, void *arg,
    uint32_t *number, struct rg_err *err)
{
    struct live_runtime *live = live_from(rt);
    struct live_task *task = rg_calloc(1, sizeof(*task));
    enum rg_status st;
    uint32_t started = 0;

    if (!task) {
        rg_err_set(err, "task %s: out of memory", name);
        return RG_ENOMEM;
    }
    task->rt = live;
    task->fn = fn;
    task->arg = arg;
    strncpy(task->name, name, sizeof(task->name) - 1);
    must(pthread_mutex_lock(&live->lock));
    st = add_task(live, task);
    if (st == RG_OK)
        started = task->number; /* whoever joins frees the task once the lock is open */
    must(pthread_mutex_unlock(&live->lock));
    if (st == RG_OK) {
        *number = started;
        return RG_OK;
    }
    free(task);
    if (st == RG_ELIMIT)
        rg_err_set(err, "task %s: %d tasks exist already", name, RG_TASKS_MAX);
    else
        rg_err_set(err, "task %s: the system gives no thread (%s)", name, rg_status_name(st));
    return st;
}

static struct live_task *take_task(struct live_runtime *live, uint32_t number)
{
    for (size_t i = 0; i < live->task_count; i++) {
        struct live_task *task = live->tasks[i];

        if (task->number == number) {
            live->tasks[i] = live->tasks[--live->task_count];
            return task;
        }
    }
    return NULL;
}

static void live_join(struct rg_runtime *rt, uint32_t number)
{
    struct live_runtime *live = live_from(rt);
    struct live_task *task;

    must(pthread_mutex_lock(&live->lock));
    task = take_task(live, number);
    must(pthread_mutex_unlock(&live->lock));
    rg_assert(task); /* never started, or joined before */
    must(pthread_join(task->thread, NULL));
    free(task);
}

static enum rg_status live_sleep_until(struct rg_runtime *rt, struct rg_mono deadline)
{
    struct timespec until = timespec_from(deadline);
    int errnum;

    (void)rt;
    do
        errnum = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    while (errnum == EINTR);
    must(errnum);
    return RG_OK;
}

/* True when the deadline has come. */
static bool wait_on(pthread_cond_t *cond, pthread_mutex_t *mutex, struct rg_mono deadline)
{
    struct timespec until = timespec_from(deadline);
    int errnum;

    if (deadline.ns == RG_MONO_NEVER.ns)
        errnum = pthread_cond_wait(cond, mutex);
    else
        errnum = pthread_cond_timedwait(cond, mutex, &until);
    rg_assert(errnum == 0 || errnum == ETIMEDOUT);
    return errnum == ETIMEDOUT;
}

static enum rg_status live_wait_stop(struct rg_runtime *rt, struct rg_mono deadline)
{
    struct live_runtime *live = live_from(rt);
    bool late = false;
    bool stopping;

    must(pthread_mutex_lock(&live->lock));
    while (!live->stopping && !late)
        late = wait_on(&live->stop_changed, &live->lock, deadline);
    stopping = live->stopping;
    must(pthread_mutex_unlock(&live->lock));
    return stopping ? RG_ESTOPPED : RG_ETIMEOUT;
}

void rg_live_runtime_stop(struct rg_runtime *rt)
{
    struct live_runtime *live = live_from(rt);

    must(pthread_mutex_lock(&live->lock));
    live->stopping = true;
    must(pthread_cond_broadcast(&live->stop_changed));
    must(pthread_mutex_unlock(&live->lock));
}

static int init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    int errnum = pthread_condattr_init(&attr);

    if (errnum)
        return errnum;
    must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
    errnum = pthread_cond_init(cond, &attr);
    must(pthread_condattr_destroy(&attr));
    return errnum;
}

static int init_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;
    int errnum = pthread_mutexattr_init(&attr);

    if (errnum)
        return errnum;
    /* Locking twice and unlocking what another task holds are then found at once. */
    must(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK));
    errnum = pthread_mutex_init(mutex, &attr);
    must(pthread_mutexattr_destroy(&attr));
    return errnum;
}

static void count_lock(struct live_runtime *live, bool created)
{
    must(pthread_mutex_lock(&live->lock));
    rg_assert(created || live->lock_count > 0);
    live->lock_count += created ? 1 : (size_t)-1;
    must(pthread_mutex_unlock(&live->lock));
}

static struct rg_mutex *live_mutex_create(struct rg_runtime *rt, const char *name)
{
    struct live_mutex *mutex = rg_calloc(1, sizeof(*mutex));

    (void)name; /* only recordings and simulations report on locks */
    if (!mutex)
        return NULL;
    mutex->base.rt = rt;
    if (init_mutex(&mutex->lock)) {
        free(mutex);
        return NULL;
    }
    count_lock(live_from(rt), true);
    return &mutex->base;
}

static void live_mutex_destroy(struct rg_mutex *base)
{
    struct live_mutex *mutex = (struct live_mutex *)base;

    must(pthread_mutex_destroy(&mutex->lock));
    count_lock(live_from(base->rt), false);
    free(mutex);
}

static void live_mutex_lock(struct rg_mutex *base)
{
    must(pthread_mutex_lock(&((struct live_mutex *)base)->lock));
}

static void live_mutex_unlock(struct rg_mutex *base)
{
    must(pthread_mutex_unlock(&((struct live_mutex *)base)->lock));
}

static struct rg_cond *live_cond_create(struct rg_runtime *rt, const char *name)
{
    struct live_cond *cond = rg_calloc(1, sizeof(*cond));

    (void)name;
    if (!cond)
        return NULL;
    cond->base.rt = rt;
    if (init_cond(&cond->cond)) {
        free(cond);
        return NULL;
    }
    count_lock(live_from(rt), true);
    return &cond->base;
}

static void live_cond_destroy(struct rg_cond *base)
{
    struct live_cond *cond = (struct live_cond *)base;

    must(pthread_cond_destroy(&cond->cond));
    count_lock(live_from(base->rt), false);
    free(cond);
}

static enum rg_status live_cond_wait(
    struct rg_cond *base, struct rg_mutex *mutex, struct rg_mono deadline)
{
    struct live_cond *cond = (struct live_cond *)base;

    return wait_on(&cond->cond, &((struct live_mutex *)mutex)->lock, deadline) ? RG_ETIMEOUT
                                                                               : RG_OK;
}

static void live_cond_signal(struct rg_cond *base)
{
    must(pthread_cond_signal(&((struct live_cond *)base)->cond));
}

static void live_cond_broadcast(struct rg_cond *base)
{
    must(pthread_cond_broadcast(&((struct live_cond *)base)->cond));
}

static void live_destroy(struct rg_runtime *rt)
{
    struct live_runtime *live = live_from(rt);

    rg_assert(live->task_count == 0 && live->lock_count == 0);
    must(pthread_cond_destroy(&live->stop_changed));
    must(pthread_mutex_destroy(&live->lock));
    free(live->tasks);
    free(live);
}

static const struct rg_runtime_ops live_runtime_ops = {
    .name = "live",
    .mono = live_mono,
    .wall = live_wall,
    .random = live_random,
    .self = live_self,
    .mark = live_mark,
    .spawn = live_spawn,
    .join = live_join,
    .sleep_until = live_sleep_until,
    .wait_stop = live_wait_stop,
    .mutex_create = live_mutex_create,
    .mutex_destroy = live_mutex_destroy,
    .mutex_lock = live_mutex_lock,
    .mutex_unlock = live_mutex_unlock,
    .cond_create = live_cond_create,
    .cond_destroy = live_cond_destroy,
    .cond_wait = live_cond_wait,
    .cond_signal = live_cond_signal,
    .cond_broadcast = live_cond_broadcast,
    .destroy = live_destroy,
};

enum rg_status rg_live_runtime_create(struct rg_runtime **out, struct rg_err *err)
{
    struct live_runtime *live = rg_calloc(1, sizeof(*live));
    int errnum;

    if (!live) {
        rg_err_errno(err, ENOMEM);
        return RG_ENOMEM;
    }
    live->base.ops = &live_runtime_ops;
    live->main_thread = pthread_self();
    errnum = init_mutex(&live->lock);
    if (errnum)
        goto no_mutex;
    errnum = init_cond(&live->stop_changed);
    if (errnum)
        goto no_cond;
    *out = &live->base;
    return RG_OK;
no_cond:
    must(pthread_mutex_destroy(&live->lock));
no_mutex:
    free(live);
    return rg_err_errno(err, errnum);
}
