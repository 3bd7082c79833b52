#include "collector_floor.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

struct floor {
    pthread_mutex_t lock;
    pthread_cond_t work, empty;
    unsigned items, idle;
    bool stopping;
};

static void *take_items(void *arg)
{
    struct floor *f = arg;

    pthread_mutex_lock(&f->lock);
    while (!f->stopping) {
        if (f->items == 0) {
            f->idle++;
            pthread_cond_wait(&f->work, &f->lock);
            f->idle--;
            continue;
        }
        if (--f->items == 0)
            pthread_cond_signal(&f->empty);
        else if (f->idle > 0)
            pthread_cond_signal(&f->work);
        pthread_mutex_unlock(&f->lock);
        pthread_mutex_lock(&f->lock);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

static double cpu_ns(void)
{
    struct rusage use;

    if (getrusage(RUSAGE_SELF, &use) != 0)
        exit(2);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e9 +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e3;
}

double collector_floor_ns(unsigned threads, unsigned count, unsigned rounds)
{
    struct floor f = {.lock = PTHREAD_MUTEX_INITIALIZER,
        .work = PTHREAD_COND_INITIALIZER,
        .empty = PTHREAD_COND_INITIALIZER};
    pthread_t *ids = calloc(threads, sizeof(*ids));
    double cpu;

    if (!ids)
        exit(2);
    for (unsigned i = 0; i < threads; i++) {
        if (pthread_create(&ids[i], NULL, take_items, &f) != 0)
            exit(2);
    }
    cpu = cpu_ns();
    pthread_mutex_lock(&f.lock);
    for (unsigned round = 0; round < rounds; round++) {
        f.items = count;
        pthread_cond_signal(&f.work);
        while (f.items > 0)
            pthread_cond_wait(&f.empty, &f.lock);
    }
    pthread_mutex_unlock(&f.lock);
    cpu = cpu_ns() - cpu;
    pthread_mutex_lock(&f.lock);
    f.stopping = true;
    pthread_cond_broadcast(&f.work);
    pthread_mutex_unlock(&f.lock);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    free(ids);
    return cpu / ((double)count * rounds);
}
