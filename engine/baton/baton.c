/* One mutex and condition per task: only the thread that is meant wakes up, and every hand-over is
 * a release and an acquire that ThreadSanitizer understands. Everything else in here needs no lock,
 * because only the holder of the baton touches it. */
#include "rg/baton/baton.h"
#include "rg/base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define STACK_BYTES ((size_t)1 << 20)

struct slot {
    struct rg_baton *baton; /* borrowed */
    uint32_t id;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards the three fields below */
    pthread_cond_t changed;
    bool has_baton;
    bool started;
    int start_error;
    void (*fn)(void *);
    void *arg;
    uint32_t (*on_exit)(void *exit_ctx, uint32_t id);
    void *exit_ctx;
};

struct rg_baton {
    pthread_key_t self;  /* value: the slot of the calling thread */
    struct slot **slots; /* owned, by id; NULL where no task is */
    size_t slot_cap;
    size_t slot_count;
    size_t live; /* tasks not joined, task 0 included */
};

static struct slot *slot_create(struct rg_baton *baton, uint32_t id)
{
    struct slot *slot = rg_calloc(1, sizeof(*slot));

    if (!slot)
        return NULL;
    slot->baton = baton;
    slot->id = id;
    if (pthread_mutex_init(&slot->mutex, NULL) != 0)
        goto no_mutex;
    if (pthread_cond_init(&slot->changed, NULL) != 0)
        goto no_cond;
    return slot;
no_cond:
    pthread_mutex_destroy(&slot->mutex);
no_mutex:
    free(slot);
    return NULL;
}

static void slot_destroy(struct slot *slot)
{
    pthread_cond_destroy(&slot->changed);
    pthread_mutex_destroy(&slot->mutex);
    free(slot);
}

/* Makes slots[id] exist, holding NULL if it is new. */
static bool reserve_id(struct rg_baton *baton, uint32_t id)
{
    void *slots = baton->slots;
    enum rg_status st =
        rg_grow(&slots, &baton->slot_cap, (size_t)id + 1, sizeof(struct slot *), RG_BATON_IDS_MAX);

    baton->slots = slots;
    if (st != RG_OK)
        return false;
    while (baton->slot_count <= id)
        baton->slots[baton->slot_count++] = NULL;
    return true;
}

static struct slot *slot_at(struct rg_baton *baton, uint32_t id)
{
    rg_assert(id < baton->slot_count && baton->slots[id]);
    return baton->slots[id];
}

static void give(struct slot *slot)
{
    pthread_mutex_lock(&slot->mutex);
    slot->has_baton = true;
    pthread_cond_signal(&slot->changed);
    pthread_mutex_unlock(&slot->mutex);
}

static void await_baton(struct slot *slot)
{
    pthread_mutex_lock(&slot->mutex);
    while (!slot->has_baton)
        pthread_cond_wait(&slot->changed, &slot->mutex);
    slot->has_baton = false;
    pthread_mutex_unlock(&slot->mutex);
}

struct rg_baton *rg_baton_create(void)
{
    struct rg_baton *baton = rg_calloc(1, sizeof(*baton));

    if (!baton)
        return NULL;
    if (pthread_key_create(&baton->self, NULL) != 0)
        goto no_key;
    if (!reserve_id(baton, 0))
        goto no_slot;
    baton->slots[0] = slot_create(baton, 0);
    if (!baton->slots[0] || pthread_setspecific(baton->self, baton->slots[0]) != 0)
        goto no_slot;
    baton->live = 1;
    return baton;
no_slot:
    if (baton->slot_count && baton->slots[0])
        slot_destroy(baton->slots[0]);
    free(baton->slots);
    pthread_key_delete(baton->self);
no_key:
    free(baton);
    return NULL;
}

void rg_baton_destroy(struct rg_baton *baton)
{
    if (!baton)
        return;
    rg_assert(baton->live == 1);
    slot_destroy(baton->slots[0]);
    free(baton->slots);
    pthread_key_delete(baton->self);
    free(baton);
}

uint32_t rg_baton_self(struct rg_baton *baton)
{
    const struct slot *slot = pthread_getspecific(baton->self);

    return slot ? slot->id : RG_BATON_NONE;
}

static void *thread_main(void *arg)
{
    struct slot *slot = arg;
    struct rg_baton *baton = slot->baton;
    int start_error = pthread_setspecific(baton->self, slot);

    pthread_mutex_lock(&slot->mutex);
    slot->started = true;
    slot->start_error = start_error;
    pthread_cond_signal(&slot->changed);
    pthread_mutex_unlock(&slot->mutex);
    if (start_error != 0)
        return NULL;

    await_baton(slot);
    slot->fn(slot->arg);
    give(slot_at(baton, slot->on_exit(slot->exit_ctx, slot->id)));
    return NULL;
}

/* A thread inherits the signal mask of its creator: signals belong to threads that expect them. */
static int start_thread(struct slot *slot)
{
    pthread_attr_t attr;
    sigset_t all;
    sigset_t before;
    int error = pthread_attr_init(&attr);

    if (error != 0)
        return error;
    error = pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (error == 0) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        error = pthread_create(&slot->thread, &attr, thread_main, slot);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attr);
    if (error != 0)
        return error;

    pthread_mutex_lock(&slot->mutex);
    while (!slot->started)
        pthread_cond_wait(&slot->changed, &slot->mutex);
    error = slot->start_error;
    pthread_mutex_unlock(&slot->mutex);
    if (error != 0)
        pthread_join(slot->thread, NULL);
    return error;
}

enum rg_status rg_baton_spawn(struct rg_baton *baton, uint32_t id, void (*fn)(void *), void *arg,
    uint32_t (*on_exit)(void *exit_ctx, uint32_t id), void *exit_ctx, struct rg_err *err)
{
    struct slot *slot;
    int error;

    rg_assert(id < RG_BATON_IDS_MAX);
    if (!reserve_id(baton, id))
        goto no_memory;
    rg_assert(!baton->slots[id]);
    slot = slot_create(baton, id);
    if (!slot)
        goto no_memory;
    slot->fn = fn;
    slot->arg = arg;
    slot->on_exit = on_exit;
    slot->exit_ctx = exit_ctx;
    error = start_thread(slot);
    if (error != 0) {
        slot_destroy(slot);
        rg_err_set(err, "cannot start thread %u: %s", id,
            error == EAGAIN ? "too many threads" : "no resources");
        if (err)
            err->errnum = error;
        return error == ENOMEM ? RG_ENOMEM : RG_EIO;
    }
    baton->slots[id] = slot;
    baton->live++;
    return RG_OK;
no_memory:
    rg_err_set(err, "no memory for task %u", id);
    return RG_ENOMEM;
}

void rg_baton_pass(struct rg_baton *baton, uint32_t id)
{
    struct slot *self = pthread_getspecific(baton->self);
    struct slot *next = slot_at(baton, id);

    rg_assert(self);
    if (next == self)
        return;
    give(next);
    await_baton(self);
}

void rg_baton_join(struct rg_baton *baton, uint32_t id)
{
    struct slot *slot = slot_at(baton, id);

    rg_assert(id != 0 && slot != pthread_getspecific(baton->self));
    pthread_join(slot->thread, NULL);
    slot_destroy(slot);
    baton->slots[id] = NULL;
    baton->live--;
}
