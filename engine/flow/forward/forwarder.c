#include "forwarder.h"
#include "payload_queue.h"
#include "rg/base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SOURCE "forwarder"

struct entry {
    struct rg_forward_payload payload;
    uint64_t id;
};

struct rg_forwarder {
    struct rg_runtime *runtime;
    struct rg_sink *sink;
    const struct rg_log *log;
    struct rg_forward_options options;
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    /* under mutex: */
    struct rg_payload_queue queue;
    bool closed;
    uint64_t next_id;
    struct rg_forward_counts counts;
    /* of whoever sends: */
    unsigned failures; /* in a row */
    uint32_t task;
    bool running;
};

static void entry_free(struct entry *e)
{
    free(e->payload.bytes);
    free(e);
}

/* An entry that lost its place; the mutex is held. */
static void entry_drop(void *ctx, void *value)
{
    struct rg_forwarder *f = ctx;
    struct entry *e = value;

    f->counts.dropped++;
    f->counts.lost_items += e->payload.items;
    entry_free(e);
}

enum rg_status rg_forwarder_create(struct rg_runtime *runtime, struct rg_sink *sink,
    const struct rg_forward_options *o, const struct rg_log *log, struct rg_forwarder **out,
    struct rg_err *err)
{
    struct rg_forwarder *f = rg_calloc(1, sizeof(*f));

    if (!f)
        return RG_ENOMEM;
    rg_assert(o->backoff_min_ns > 0 && o->backoff_max_ns >= o->backoff_min_ns);
    f->runtime = runtime;
    f->sink = sink;
    f->log = log;
    f->options = *o;
    rg_payload_queue_init(&f->queue, o->items_max, o->bytes_max, entry_drop, f);
    f->mutex = rg_mutex_create(runtime, o->name);
    f->cond = rg_cond_create(runtime, o->name);
    if (!f->mutex || !f->cond) {
        rg_forwarder_destroy(f);
        rg_err_set(err, "cannot create the forwarder: out of memory");
        return RG_ENOMEM;
    }
    *out = f;
    return RG_OK;
}

void rg_forwarder_destroy(struct rg_forwarder *f)
{
    if (!f)
        return;
    rg_assert(!f->running);
    rg_payload_queue_finish(&f->queue);
    rg_cond_destroy(f->cond);
    rg_mutex_destroy(f->mutex);
    free(f);
}

void rg_forwarder_submit(struct rg_forwarder *f, const struct rg_forward_payload *payload)
{
    struct entry *e = rg_calloc(1, sizeof(*e));
    uint64_t before, lost;

    rg_mutex_lock(f->mutex);
    before = f->counts.dropped;
    if (e) {
        *e = (struct entry){*payload, f->next_id++};
        rg_ignore(rg_payload_queue_add(&f->queue, (struct rg_queue_item){0, payload->len, e}),
            "what is dropped is counted");
    } else {
        f->counts.dropped++;
        f->counts.lost_items += payload->items;
        free(payload->bytes);
    }
    lost = f->counts.dropped - before;
    rg_cond_signal(f->cond);
    rg_mutex_unlock(f->mutex);
    if (lost)
        rg_log(
            f->log, RG_LOG_WARN, SOURCE, "the queue is full: %" PRIu64 " payloads are lost", lost);
}

static enum rg_status emit(struct rg_forwarder *f, const struct entry *e, struct rg_err *err)
{
    char id[24];
    const struct rg_output_header headers[] = {
        {"Content-Type", e->payload.content_type},
        {RG_FORWARD_HEADER_ID, id},
    };
    const struct rg_output output = {.kind = "payload",
        .source = e->payload.source,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .payload = {(const char *)e->payload.bytes, e->payload.len}};

    snprintf(id, sizeof(id), "%" PRIu64, e->id);
    return rg_sink_emit(f->sink, &output, NULL, err);
}

/* The pause after so many failures in a row: a fleet that lost its intake must not come back as
 * one, so half of it is left to chance. */
static int64_t backoff_ns(const struct rg_forwarder *f)
{
    int64_t pause = f->options.backoff_min_ns;

    for (unsigned i = 1; i < f->failures && pause < f->options.backoff_max_ns; i++)
        pause = pause > f->options.backoff_max_ns / 2 ? f->options.backoff_max_ns : pause * 2;
    return pause / 2 + (int64_t)(rg_runtime_random(f->runtime, "forward-backoff") %
                                 (uint64_t)(pause - pause / 2 + 1));
}

static void settle(struct rg_forwarder *f, struct entry *e, enum rg_status st, bool last_try)
{
    rg_mutex_lock(f->mutex);
    if (st == RG_OK) {
        f->counts.sent++;
        f->counts.sent_items += e->payload.items;
    } else {
        f->counts.lost_items += e->payload.items;
        if (last_try)
            f->counts.abandoned++;
        else
            f->counts.refused++;
    }
    rg_mutex_unlock(f->mutex);
    entry_free(e);
}

/* Puts an entry back and waits; whether it is still there afterwards is the queue's matter. False
 * when the run is ending. */
static bool put_back(struct rg_forwarder *f, struct entry *e)
{
    struct rg_mono until = rg_mono_after(rg_runtime_mono(f->runtime), backoff_ns(f));
    enum rg_status st = RG_OK;
    uint64_t before, lost;

    rg_mutex_lock(f->mutex);
    before = f->counts.dropped;
    f->counts.retries++;
    rg_ignore(rg_payload_queue_return(&f->queue, (struct rg_queue_item){0, e->payload.len, e}),
        "what is dropped is counted");
    lost = f->counts.dropped - before;
    while (!f->closed && st == RG_OK)
        st = rg_cond_wait(f->cond, f->mutex, until);
    rg_mutex_unlock(f->mutex);
    if (lost)
        rg_log(
            f->log, RG_LOG_WARN, SOURCE, "the queue is full: %" PRIu64 " payloads are lost", lost);
    return st != RG_ESTOPPED;
}

/* One try. patient: a payload that was not delivered is put back. False when the run is ending. */
static bool send_one(struct rg_forwarder *f, struct entry *e, bool patient)
{
    const char *source = e->payload.source;
    uint64_t items = e->payload.items;
    struct rg_err err = {0};
    enum rg_status st = emit(f, e, &err);

    if (st == RG_EIO && patient) {
        if (f->failures++ == 0)
            rg_log(f->log, RG_LOG_WARN, SOURCE, "%s payload not delivered, trying again: %s",
                source, rg_err_text(&err, st));
        return put_back(f, e);
    }
    settle(f, e, st, st == RG_EIO);
    if (st == RG_OK && f->failures)
        rg_log(f->log, RG_LOG_INFO, SOURCE, "payloads are delivered again");
    else if (st != RG_OK)
        rg_log(f->log, RG_LOG_WARN, SOURCE, "%s payload with %" PRIu64 " items is lost: %s", source,
            items, rg_err_text(&err, st));
    if (st != RG_EIO)
        f->failures = 0;
    return true;
}

static void forward_task(void *arg)
{
    struct rg_forwarder *f = arg;
    enum rg_status st = RG_OK;
    struct rg_queue_item item;

    rg_mutex_lock(f->mutex);
    for (;;) {
        while (f->queue.count == 0 && !f->closed && st == RG_OK)
            st = rg_cond_wait(f->cond, f->mutex, RG_MONO_NEVER);
        if (f->closed || st != RG_OK || !rg_payload_queue_take(&f->queue, &item))
            break;
        rg_mutex_unlock(f->mutex);
        if (!send_one(f, item.value, true))
            st = RG_ESTOPPED;
        rg_mutex_lock(f->mutex);
    }
    rg_mutex_unlock(f->mutex);
}

enum rg_status rg_forwarder_start(struct rg_forwarder *f, struct rg_err *err)
{
    enum rg_status st =
        rg_runtime_spawn(f->runtime, f->options.name, forward_task, f, &f->task, err);

    f->running = st == RG_OK;
    return st;
}

void rg_forwarder_drain(struct rg_forwarder *f)
{
    struct rg_queue_item item;
    bool more;

    do {
        rg_mutex_lock(f->mutex);
        more = rg_payload_queue_take(&f->queue, &item);
        rg_mutex_unlock(f->mutex);
        if (more)
            (void)send_one(f, item.value, false);
    } while (more);
}

void rg_forwarder_stop(struct rg_forwarder *f)
{
    rg_mutex_lock(f->mutex);
    f->closed = true;
    rg_cond_broadcast(f->cond);
    rg_mutex_unlock(f->mutex);
    if (f->running)
        rg_runtime_join(f->runtime, f->task);
    f->running = false;
    rg_forwarder_drain(f);
}

struct rg_forward_counts rg_forwarder_counts(struct rg_forwarder *f)
{
    struct rg_forward_counts counts;

    rg_mutex_lock(f->mutex);
    counts = f->counts;
    counts.queued = f->queue.count;
    rg_mutex_unlock(f->mutex);
    return counts;
}
