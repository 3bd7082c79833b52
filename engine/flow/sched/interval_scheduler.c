#include "interval_scheduler.h"

#include "rg/base/heap.h"
#include "rg/base/map.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define TICK_NS RG_NS_PER_S

struct bucket {
    struct rg_job **jobs; /* owned; in the order of insertion */
    size_t count, cap;
};

struct rg_interval_queue {
    struct rg_in_line line;
    int64_t interval_ns;
    struct rg_mono created;
    uint32_t buckets;
    uint32_t insert, step;   /* bucket of the next insertion */
    uint32_t current;        /* bucket of the next tick */
    struct rg_map by_number; /* bucket number to struct bucket *, those that are not empty */
    size_t jobs;
    uint64_t lost_ticks;

    struct bucket *open; /* being emptied; NULL: the queue waits for its tick */
    size_t next, end; /* jobs of open that still wait: those that came later are not among them */
    bool kept_tick;
};

struct rg_interval_scheduler {
    struct rg_interval_queue **queues; /* owned; in the order of creation */
    size_t queue_count, queue_cap;
    struct rg_map by_interval; /* interval_ns to struct rg_interval_queue * */
    struct rg_heap ticks;      /* one for each queue; value: its address */
    struct rg_in_line line;    /* head of a ring */
    size_t jobs;
    uint64_t ran_once, lost_ticks;
};

uint32_t rg_interval_step(uint32_t buckets)
{
    uint32_t half = buckets / 2;

    if (buckets <= 2)
        return 1;
    if (buckets % 2)
        return half;
    return half % 2 ? half - (half > 2 ? 2 : 0) : half - 1;
}

static void line_up(struct rg_interval_scheduler *s, struct rg_in_line *at)
{
    at->before = s->line.before;
    at->behind = &s->line;
    s->line.before->behind = at;
    s->line.before = at;
    at->waits = true;
}

static void leave_line(struct rg_in_line *at)
{
    at->before->behind = at->behind;
    at->behind->before = at->before;
    at->waits = false;
}

enum rg_status rg_interval_scheduler_create(struct rg_interval_scheduler **out, struct rg_err *err)
{
    struct rg_interval_scheduler *s = rg_calloc(1, sizeof(*s));

    if (!s) {
        rg_err_set(err, "no memory for the scheduler");
        return RG_ENOMEM;
    }
    rg_map_init(&s->by_interval);
    rg_heap_init(&s->ticks);
    s->line.before = s->line.behind = &s->line;
    *out = s;
    return RG_OK;
}

static void free_queue(struct rg_interval_queue *q)
{
    size_t pos = 0;
    uint64_t key, value;

    while (rg_map_next(&q->by_number, &pos, &key, &value)) {
        struct bucket *b = (struct bucket *)(uintptr_t)value;

        free(b->jobs);
        free(b);
    }
    rg_map_finish(&q->by_number);
    free(q);
}

void rg_interval_scheduler_destroy(struct rg_interval_scheduler *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->queue_count; i++)
        free_queue(s->queues[i]);
    free(s->queues);
    rg_map_finish(&s->by_interval);
    rg_heap_finish(&s->ticks);
    free(s);
}

static enum rg_status create_queue(struct rg_interval_scheduler *s, int64_t interval_ns,
    struct rg_mono now, struct rg_interval_queue **out)
{
    struct rg_interval_queue *q = rg_calloc(1, sizeof(*q));
    void *queues = s->queues;
    enum rg_status st = q ? RG_OK : RG_ENOMEM;

    if (st == RG_OK)
        st = rg_grow(
            &queues, &s->queue_cap, s->queue_count + 1, sizeof(*s->queues), RG_SCHEDULE_QUEUES_MAX);
    s->queues = queues;
    if (st == RG_OK)
        st = rg_map_put(&s->by_interval, (uint64_t)interval_ns, (uint64_t)(uintptr_t)q);
    if (st == RG_OK)
        st = rg_heap_push(&s->ticks, rg_mono_after(now, TICK_NS).ns, 0, (uint64_t)(uintptr_t)q);
    if (st != RG_OK) {
        rg_map_remove(&s->by_interval, (uint64_t)interval_ns, NULL);
        free(q);
        return st;
    }
    q->interval_ns = interval_ns;
    q->created = now;
    q->buckets = (uint32_t)(interval_ns / RG_NS_PER_S);
    q->step = rg_interval_step(q->buckets);
    rg_map_init(&q->by_number);
    s->queues[s->queue_count++] = q;
    *out = q;
    return RG_OK;
}

/* The queue has no jobs and is not in line. */
static void remove_queue(struct rg_interval_scheduler *s, struct rg_interval_queue *q)
{
    size_t i = 0;

    while (s->queues[i] != q)
        i++;
    memmove(&s->queues[i], &s->queues[i + 1], (s->queue_count - i - 1) * sizeof(*s->queues));
    s->queue_count--;
    rg_map_remove(&s->by_interval, (uint64_t)q->interval_ns, NULL);
    rg_heap_remove(&s->ticks, (uint64_t)(uintptr_t)q);
    free_queue(q);
}

static struct bucket *find_bucket(const struct rg_interval_queue *q, uint32_t number)
{
    uint64_t value;

    return rg_map_get(&q->by_number, number, &value) ? (struct bucket *)(uintptr_t)value : NULL;
}

static enum rg_status add_job(struct rg_interval_queue *q, struct rg_job *job)
{
    struct bucket *b = find_bucket(q, q->insert);
    enum rg_status st = RG_OK;
    void *jobs;

    if (!b) {
        b = rg_calloc(1, sizeof(*b));
        if (!b)
            return RG_ENOMEM;
        st = rg_map_put(&q->by_number, q->insert, (uint64_t)(uintptr_t)b);
        if (st != RG_OK) {
            free(b);
            return st;
        }
    }
    jobs = b->jobs;
    st = rg_grow(&jobs, &b->cap, b->count + 1, sizeof(struct rg_job *), RG_SCHEDULE_JOBS_MAX);
    b->jobs = jobs;
    if (st != RG_OK) {
        if (b->count == 0) {
            rg_map_remove(&q->by_number, q->insert, NULL);
            free(b->jobs);
            free(b);
        }
        return st;
    }
    b->jobs[b->count++] = job;
    job->queue = q;
    job->bucket = q->insert;
    q->insert = (uint32_t)(((uint64_t)q->insert + q->step) % q->buckets);
    q->jobs++;
    return RG_OK;
}

enum rg_status rg_interval_scheduler_enter(struct rg_interval_scheduler *s, struct rg_job *job,
    int64_t interval_ns, struct rg_mono now, struct rg_err *err)
{
    struct rg_interval_queue *q = NULL;
    uint64_t value;
    enum rg_status st = RG_OK;

    rg_assert(!job->queue && !job->line.waits);
    if (interval_ns == 0) {
        job->line.once = true;
        line_up(s, &job->line);
        s->ran_once++;
        return RG_OK;
    }
    if (interval_ns < RG_NS_PER_S || interval_ns / RG_NS_PER_S > RG_SCHEDULE_INTERVAL_MAX_S) {
        rg_err_set(err, "the interval of a check is 0 or between 1 s and %lld s",
            (long long)RG_SCHEDULE_INTERVAL_MAX_S);
        return RG_EINVALID;
    }
    if (s->jobs >= RG_SCHEDULE_JOBS_MAX)
        st = RG_ELIMIT;
    if (st == RG_OK && rg_map_get(&s->by_interval, (uint64_t)interval_ns, &value))
        q = (struct rg_interval_queue *)(uintptr_t)value;
    else if (st == RG_OK)
        st = create_queue(s, interval_ns, now, &q);
    if (st == RG_OK) {
        st = add_job(q, job);
        if (st != RG_OK && q->jobs == 0)
            remove_queue(s, q);
    }
    if (st != RG_OK)
        rg_err_set(err, st == RG_ELIMIT ? "too many checks or intervals are scheduled"
                                        : "no memory to schedule a check");
    else
        s->jobs++;
    return st;
}

static void drop_bucket(struct rg_interval_queue *q, struct bucket *b, uint32_t number)
{
    rg_map_remove(&q->by_number, number, NULL);
    free(b->jobs);
    free(b);
}

bool rg_interval_scheduler_cancel(struct rg_interval_scheduler *s, struct rg_job *job)
{
    struct rg_interval_queue *q = job->queue;
    struct bucket *b;
    size_t i = 0;

    if (!q) {
        bool waited = job->line.waits;

        if (waited)
            leave_line(&job->line);
        return waited;
    }
    b = find_bucket(q, job->bucket);
    rg_assert(b);
    while (b->jobs[i] != job)
        i++;
    memmove(&b->jobs[i], &b->jobs[i + 1], (b->count - i - 1) * sizeof(struct rg_job *));
    b->count--;
    if (q->open == b) {
        q->next -= i < q->next;
        q->end -= i < q->end;
    } else if (b->count == 0) {
        drop_bucket(q, b, job->bucket);
    }
    job->queue = NULL;
    q->jobs--;
    s->jobs--;
    if (q->jobs == 0) {
        if (q->line.waits)
            leave_line(&q->line);
        remove_queue(s, q);
    }
    return true;
}

/* Opens the next bucket. True: there is something in it. */
static bool open_next(struct rg_interval_queue *q)
{
    struct bucket *b = find_bucket(q, q->current);

    q->current = q->current + 1 < q->buckets ? q->current + 1 : 0;
    if (!b)
        return false;
    q->open = b;
    q->next = 0;
    q->end = b->count;
    return true;
}

static void tick(struct rg_interval_scheduler *s, struct rg_interval_queue *q)
{
    if (!q->open) {
        if (open_next(q))
            line_up(s, &q->line);
    } else if (!q->kept_tick) {
        q->kept_tick = true;
    } else {
        q->lost_ticks++;
        s->lost_ticks++;
    }
}

/* Ticks that were due long ago are lost like those of a busy queue: two of them count. */
static int64_t skip_late(struct rg_interval_scheduler *s, struct rg_interval_queue *q,
    int64_t tick_ns, struct rg_mono now)
{
    int64_t late = (now.ns - tick_ns) / TICK_NS;

    if (late < 2)
        return rg_mono_after((struct rg_mono){tick_ns}, TICK_NS).ns;
    q->lost_ticks += (uint64_t)late - 1;
    s->lost_ticks += (uint64_t)late - 1;
    return tick_ns + late * TICK_NS;
}

void rg_interval_scheduler_advance(struct rg_interval_scheduler *s, struct rg_mono now)
{
    struct rg_heap_item item;

    while (rg_heap_top(&s->ticks, &item) && item.time_ns <= now.ns) {
        struct rg_interval_queue *q = (struct rg_interval_queue *)(uintptr_t)item.value;

        rg_heap_pop(&s->ticks, &item);
        tick(s, q);
        item.time_ns = skip_late(s, q, item.time_ns, now);
        rg_ignore(rg_heap_push(&s->ticks, item.time_ns, 0, item.value),
            "there is room: one was taken out");
    }
}

/* The open bucket has nothing left: a kept tick opens the next one at once. */
static void close_bucket(struct rg_interval_scheduler *s, struct rg_interval_queue *q)
{
    uint32_t number = q->current ? q->current - 1 : q->buckets - 1;

    if (q->open->count == 0)
        drop_bucket(q, q->open, number);
    q->open = NULL;
    leave_line(&q->line);
    if (q->kept_tick) {
        q->kept_tick = false;
        if (open_next(q))
            line_up(s, &q->line);
    }
}

struct rg_job *rg_interval_scheduler_take(struct rg_interval_scheduler *s)
{
    while (s->line.behind != &s->line) {
        struct rg_in_line *first = s->line.behind;
        struct rg_interval_queue *q;
        struct rg_job *job;

        if (first->once) {
            leave_line(first);
            return (struct rg_job *)(void *)((char *)first - offsetof(struct rg_job, line));
        }
        q = (struct rg_interval_queue *)(void *)((char *)first -
                                                 offsetof(struct rg_interval_queue, line));
        if (q->next == q->end) {
            close_bucket(s, q);
            continue;
        }
        job = q->open->jobs[q->next++];
        if (q->next == q->end) {
            close_bucket(s, q);
        } else {
            leave_line(&q->line);
            line_up(s, &q->line);
        }
        return job;
    }
    return NULL;
}

struct rg_mono rg_interval_scheduler_next(const struct rg_interval_scheduler *s)
{
    struct rg_heap_item item;

    return (struct rg_mono){rg_heap_top(&s->ticks, &item) ? item.time_ns : INT64_MAX};
}

bool rg_interval_scheduler_waiting(const struct rg_interval_scheduler *s)
{
    return s->line.behind != &s->line;
}

struct rg_interval_scheduler_counts rg_interval_scheduler_counts(
    const struct rg_interval_scheduler *s)
{
    return (struct rg_interval_scheduler_counts){
        .entered = s->jobs + s->ran_once, .lost_ticks = s->lost_ticks, .queues = s->queue_count};
}

bool rg_interval_scheduler_queue(
    const struct rg_interval_scheduler *s, size_t i, struct rg_interval_queue_info *info)
{
    const struct rg_interval_queue *q;
    size_t pos = 0, filled = 0;
    uint64_t key, value;

    if (i >= s->queue_count)
        return false;
    q = s->queues[i];
    *info = (struct rg_interval_queue_info){.interval_ns = q->interval_ns,
        .buckets = q->buckets,
        .jobs = q->jobs,
        .smallest = SIZE_MAX,
        .lost_ticks = q->lost_ticks};
    while (rg_map_next(&q->by_number, &pos, &key, &value)) {
        size_t count = ((const struct bucket *)(uintptr_t)value)->count;

        filled++;
        info->largest = count > info->largest ? count : info->largest;
        info->smallest = count < info->smallest ? count : info->smallest;
    }
    if (filled < q->buckets)
        info->smallest = 0;
    return true;
}
