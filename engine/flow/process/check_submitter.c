#include "check_submitter.h"
#include "payload_frame.h"
#include "payload_queue.h"
#include "rg/base/hash.h"
#include "rg/base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process_agent.pb-c.h"

#define SOURCE       "submitter"
#define TEXT_MAX     32
#define STATUSES_MAX 1024 /* answers to one run that are looked at */

enum { QUEUE_MAIN, QUEUE_RT, QUEUES };

/* upstream: pkg/process/runner/submitter.go. The network and event checks have queues of their own
 * there; no flow here produces their messages. */
static const struct route {
    const char *check;
    int queue;
    bool realtime;   /* its answers switch real time */
    bool request_id; /* its messages carry one */
} routes[] = {
    {"process", QUEUE_MAIN, true, true},
    {"rtprocess", QUEUE_RT, true, false},
    {"container", QUEUE_MAIN, true, false},
    {"rtcontainer", QUEUE_RT, true, false},
    {"process_discovery", QUEUE_MAIN, false, false},
    {"connections", QUEUE_MAIN, false, true},
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* For the test of `reagent explore` alone (RG_BREAK_LOCK in CMake): the queue is looked at under
 * the lock, but the lock is not held from there to the wait, so a wake-up can be lost in between.
 */
#ifdef RG_BREAK_LOCK
#define LOSE_LOCK(lane)                                                                            \
    do {                                                                                           \
        rg_mutex_unlock((lane)->mutex);                                                            \
        rg_mutex_lock((lane)->mutex);                                                              \
    } while (0)
#else
#define LOSE_LOCK(lane)                                                                            \
    do {                                                                                           \
    } while (0)
#endif

/* All messages of one run. */
struct bundle {
    const struct route *route;
    struct rg_wall start;
    struct rg_payload_list list;
};

struct lane {
    struct rg_check_submitter *owner;
    struct rg_mutex *mutex;
    struct rg_cond *cond;
    struct rg_payload_queue queue;  /* under mutex */
    bool closed;                    /* under mutex */
    struct rg_submit_counts counts; /* under mutex */
    struct rg_buf response;         /* of whoever sends */
    uint32_t task;
    bool running;
};

struct rg_check_submitter {
    struct rg_backends backends;
    const struct rg_log *log;
    struct rg_check_submitter_options options;
    struct rg_wall start;
    struct lane lanes[QUEUES];
};

uint64_t rg_request_id(
    struct rg_wall start, const char *hostname, int32_t agent_pid, uint32_t index)
{
    int64_t day_s = 24 * 3600;
    int64_t seconds = start.ns / RG_NS_PER_S - (start.ns % RG_NS_PER_S < 0);
    int64_t days = seconds / day_s - (seconds % day_s < 0);
    int64_t year;
    int month, day;
    char pid[16];
    uint32_t hash;
    uint64_t since;

    rg_civil_from_days(days, &year, &month, &day);
    since = (uint64_t)(seconds - rg_days_from_civil(year, month, 1) * day_s);
    snprintf(pid, sizeof(pid), "%" PRId32, agent_pid);
    hash = rg_fnv1_32(hostname, strlen(hostname));
    hash = rg_fnv1_32_more(hash, pid, strlen(pid));
    return (since & 0x3fffff) << 42 | (uint64_t)(hash & 0xfffffff) << 14 | (index & 0x3fff);
}

enum rg_status rg_rt_status_decode(
    const void *bytes, size_t len, struct rg_rt_status *out, struct rg_err *err)
{
    Datadog__ProcessAgent__ResCollector *answer = NULL;
    struct rg_frame frame;
    struct rg_buf scratch;
    enum rg_status st;

    rg_buf_init(&scratch, RG_RESPONSE_BYTES_MAX);
    st = rg_frame_read(bytes, len, &frame, &scratch, err);
    if (st != RG_OK)
        goto done;
    st = RG_EINVALID;
    if (frame.type != RG_FRAME_RES_COLLECTOR || frame.encoding == RG_FRAME_JSON) {
        rg_err_set(err, "unexpected response type: %u", frame.type);
        goto done;
    }
    answer = datadog__process_agent__res_collector__unpack(
        NULL, frame.body.len, (const uint8_t *)frame.body.ptr);
    if (!answer) {
        rg_err_set(err, "response is not a valid message");
        goto done;
    }
    st = RG_ENOTFOUND;
    if (answer->status) {
        *out = (struct rg_rt_status){answer->status->activeclients, answer->status->interval};
        st = RG_OK;
    }
done:
    if (answer)
        datadog__process_agent__res_collector__free_unpacked(answer, NULL);
    rg_buf_finish(&scratch);
    return st;
}

static void bundle_free(struct bundle *b)
{
    rg_payload_list_finish(&b->list);
    free(b);
}

/* A bundle that lost its place in the queue. */
static void lane_drop(void *ctx, void *value)
{
    struct lane *lane = ctx;
    struct bundle *b = value;

    lane->counts.dropped += b->list.count;
    bundle_free(b);
}

static int64_t bounded(const struct rg_log *log, const char *key, int64_t value, int64_t fallback)
{
    if (value > 0)
        return value;
    rg_log(log, RG_LOG_WARN, SOURCE, "invalid process_config.%s: %lld, using %lld", key,
        (long long)value, (long long)fallback);
    return fallback;
}

static enum rg_status lane_init(
    struct rg_check_submitter *s, struct lane *lane, const char *name, int64_t items, int64_t bytes)
{
    if (items > RG_QUEUE_ITEMS_LIMIT)
        items = RG_QUEUE_ITEMS_LIMIT;
    lane->owner = s;
    rg_buf_init(&lane->response, RG_RESPONSE_BYTES_MAX);
    rg_payload_queue_init(&lane->queue, (size_t)items, (uint64_t)bytes, lane_drop, lane);
    lane->mutex = rg_mutex_create(s->backends.runtime, name);
    lane->cond = rg_cond_create(s->backends.runtime, name);
    return lane->mutex && lane->cond ? RG_OK : RG_ENOMEM;
}

enum rg_status rg_check_submitter_create(const struct rg_backends *backends,
    const struct rg_check_submitter_options *o, const struct rg_log *log,
    struct rg_check_submitter **out, struct rg_err *err)
{
    struct rg_check_submitter *s = rg_calloc(1, sizeof(*s));
    enum rg_status st;
    int64_t bytes;

    if (!s)
        return RG_ENOMEM;
    s->backends = *backends;
    s->log = log;
    s->options = *o;
    s->start = rg_runtime_wall(backends->runtime);
    bytes = bounded(log, "process_queue_bytes", o->queue_bytes, RG_QUEUE_BYTES_DEFAULT);
    st = lane_init(s, &s->lanes[QUEUE_MAIN], "queue-process",
        bounded(log, "queue_size", o->queue_size, RG_QUEUE_SIZE_DEFAULT), bytes);
    if (st == RG_OK)
        st = lane_init(s, &s->lanes[QUEUE_RT], "queue-rt",
            bounded(log, "rt_queue_size", o->rt_queue_size, RG_RT_QUEUE_SIZE_DEFAULT), bytes);
    if (st != RG_OK) {
        rg_check_submitter_destroy(s);
        rg_err_set(err, "cannot create the queues: out of memory");
        return st;
    }
    *out = s;
    return RG_OK;
}

void rg_check_submitter_destroy(struct rg_check_submitter *s)
{
    if (!s)
        return;
    for (int i = 0; i < QUEUES; i++) {
        struct lane *lane = &s->lanes[i];

        rg_assert(!lane->running);
        if (lane->owner)
            rg_payload_queue_finish(&lane->queue);
        rg_cond_destroy(lane->cond);
        rg_mutex_destroy(lane->mutex);
        rg_buf_finish(&lane->response);
    }
    free(s);
}

static bool unwanted(const struct rg_check_submitter *s, const char *check)
{
    for (size_t i = 0; i < s->options.drop_check_count; i++) {
        if (rg_str_is(s->options.drop_checks[i], check))
            return true;
    }
    return false;
}

/* Waits for the next try. False when the queue is closing: then there is no time to wait. */
static bool pause_lane(struct lane *lane)
{
    struct rg_mono now = rg_runtime_mono(lane->owner->backends.runtime);
    struct rg_mono until = rg_mono_after(now, RG_SUBMIT_RETRY_NS);
    enum rg_status st = RG_OK;
    bool open;

    rg_mutex_lock(lane->mutex);
    while (!lane->closed && st == RG_OK)
        st = rg_cond_wait(lane->cond, lane->mutex, until);
    open = !lane->closed && st == RG_ETIMEOUT;
    rg_mutex_unlock(lane->mutex);
    return open;
}

/* Emits until the sink takes or refuses it, or the tries are used up. */
static enum rg_status deliver(struct lane *lane, const struct rg_output *output, struct rg_err *err)
{
    struct rg_sink *sink = lane->owner->backends.sink;
    enum rg_status st = rg_sink_emit(sink, output, &lane->response, err);
    bool patient = true;

    for (int i = 0; i < RG_SUBMIT_RETRIES && st == RG_EIO && patient; i++) {
        patient = pause_lane(lane);
        st = rg_sink_emit(sink, output, &lane->response, err);
    }
    return st;
}

static enum rg_status send_one(
    struct lane *lane, const struct bundle *b, uint32_t index, struct rg_err *err)
{
    const struct rg_check_submitter *s = lane->owner;
    const struct rg_payload *payload = &b->list.items[index];
    char start[TEXT_MAX], containers[TEXT_MAX], agent_start[TEXT_MAX], id[TEXT_MAX];
    const struct rg_output_header headers[] = {
        {"X-DD-Agent-Timestamp", start},
        {"X-Dd-Hostname", s->options.hostname},
        {"X-Dd-Processagentversion", s->options.version},
        {"X-Dd-ContainerCount", containers},
        {"Content-Type", "application/x-protobuf"},
        {"X-DD-Agent-Start-Time", agent_start},
        {"X-DD-Request-ID", id},
    };
    size_t count = sizeof(headers) / sizeof(headers[0]);
    const struct rg_output output = {.kind = "payload",
        .source = b->route->check,
        .headers = headers,
        .header_count = b->route->request_id ? count : count - 1,
        .payload = {(const char *)payload->bytes, payload->len}};

    snprintf(start, sizeof(start), "%" PRId64, b->start.ns / RG_NS_PER_S);
    snprintf(agent_start, sizeof(agent_start), "%" PRId64, s->start.ns / RG_NS_PER_S);
    snprintf(containers, sizeof(containers), "%zu", payload->container_count);
    snprintf(id, sizeof(id), "%" PRIu64,
        rg_request_id(b->start, s->options.hostname, s->options.agent_pid, index));
    return deliver(lane, &output, err);
}

static void read_response(
    struct lane *lane, const struct bundle *b, struct rg_rt_status *statuses, size_t *count)
{
    struct rg_err err = {0};
    enum rg_status st;

    if (lane->response.len == 0 || !b->route->realtime || *count == STATUSES_MAX)
        return;
    st = rg_rt_status_decode(lane->response.data, lane->response.len, &statuses[*count], &err);
    if (st == RG_OK)
        ++*count;
    else if (st != RG_ENOTFOUND)
        rg_log(lane->owner->log, RG_LOG_WARN, SOURCE, "cannot read the answer to %s: %s",
            b->route->check, rg_err_text(&err, st));
}

/* Sends one bundle and frees it; tells the runner what the answers said. */
static void send_bundle(struct lane *lane, struct bundle *b)
{
    const struct rg_check_submitter *s = lane->owner;
    struct rg_submit_counts done = {0};
    struct rg_rt_status statuses[STATUSES_MAX];
    size_t count = b->list.count;
    size_t status_count = 0;

    if (unwanted(s, b->route->check)) {
        done.unwanted = count;
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct rg_err err = {0};
        enum rg_status st = send_one(lane, b, (uint32_t)i, &err);

        if (st == RG_OK) {
            done.sent++;
            read_response(lane, b, statuses, &status_count);
        } else {
            done.dropped++;
            rg_log(s->log, RG_LOG_WARN, SOURCE, "%s message %zu of %zu is lost: %s",
                b->route->check, i + 1, count, rg_err_text(&err, st));
        }
    }
    rg_mutex_lock(lane->mutex);
    lane->counts.sent += done.sent;
    lane->counts.dropped += done.dropped;
    lane->counts.unwanted += done.unwanted;
    rg_mutex_unlock(lane->mutex);
    bundle_free(b);
    if (status_count && s->options.on_status)
        s->options.on_status(s->options.status_ctx, statuses, status_count);
}

static void lane_task(void *arg)
{
    struct lane *lane = arg;
    enum rg_status st = RG_OK;
    struct rg_queue_item item;

    rg_mutex_lock(lane->mutex);
    for (;;) {
        while (lane->queue.count == 0 && !lane->closed && st == RG_OK) {
            LOSE_LOCK(lane);
            st = rg_cond_wait(lane->cond, lane->mutex, RG_MONO_NEVER);
        }
        if (!rg_payload_queue_take(&lane->queue, &item))
            break;
        rg_mutex_unlock(lane->mutex);
        send_bundle(lane, item.value);
        rg_mutex_lock(lane->mutex);
    }
    rg_mutex_unlock(lane->mutex);
}

enum rg_status rg_check_submitter_start(struct rg_check_submitter *s, struct rg_err *err)
{
    static const char *const names[QUEUES] = {"submit-process", "submit-rt"};

    for (int i = 0; i < QUEUES; i++) {
        struct lane *lane = &s->lanes[i];
        enum rg_status st =
            rg_runtime_spawn(s->backends.runtime, names[i], lane_task, lane, &lane->task, err);

        if (st != RG_OK) {
            rg_check_submitter_stop(s);
            return st;
        }
        lane->running = true;
    }
    return RG_OK;
}

static const struct route *find_route(const char *name)
{
    for (size_t i = 0; i < ROUTES; i++) {
        if (strcmp(routes[i].check, name) == 0)
            return &routes[i];
    }
    return NULL;
}

void rg_check_submitter_submit(struct rg_check_submitter *s, const char *name,
    struct rg_wall run_start, struct rg_payload_list *list)
{
    const struct route *route = find_route(name);
    struct bundle *b;
    struct lane *lane;
    size_t count = list->count;
    enum rg_status st = RG_ENOMEM;

    rg_assert(route);
    if (count == 0)
        return;
    lane = &s->lanes[route->queue];
    b = rg_calloc(1, sizeof(*b));
    if (b)
        *b = (struct bundle){route, run_start, *list};
    else
        rg_payload_list_finish(list);
    *list = (struct rg_payload_list){0};
    rg_mutex_lock(lane->mutex);
    if (b) {
        struct rg_queue_item item = {
            (uint32_t)(route - routes), rg_payload_list_bytes(&b->list), b};

        st = rg_payload_queue_add(&lane->queue, item);
    } else {
        lane->counts.dropped += count;
    }
    rg_cond_signal(lane->cond);
    rg_mutex_unlock(lane->mutex);
    if (st != RG_OK)
        rg_log(s->log, RG_LOG_WARN, SOURCE, "%zu %s messages are lost: %s", count, name,
            rg_status_name(st));
}

void rg_check_submitter_drain(struct rg_check_submitter *s)
{
    for (int i = 0; i < QUEUES; i++) {
        struct lane *lane = &s->lanes[i];
        struct rg_queue_item item;
        bool more;

        do {
            rg_mutex_lock(lane->mutex);
            more = rg_payload_queue_take(&lane->queue, &item);
            rg_mutex_unlock(lane->mutex);
            if (more)
                send_bundle(lane, item.value);
        } while (more);
    }
}

void rg_check_submitter_stop(struct rg_check_submitter *s)
{
    for (int i = 0; i < QUEUES; i++) {
        struct lane *lane = &s->lanes[i];

        rg_mutex_lock(lane->mutex);
        lane->closed = true;
        rg_cond_broadcast(lane->cond);
        rg_mutex_unlock(lane->mutex);
    }
    for (int i = 0; i < QUEUES; i++) {
        if (s->lanes[i].running)
            rg_runtime_join(s->backends.runtime, s->lanes[i].task);
        s->lanes[i].running = false;
    }
    /* a sender that was told to end early may have left before the last bundle came */
    rg_check_submitter_drain(s);
}

static void add_counts(struct rg_submit_counts *sum, const struct rg_submit_counts *of)
{
    sum->sent += of->sent;
    sum->dropped += of->dropped;
    sum->unwanted += of->unwanted;
}

struct rg_submit_counts rg_check_submitter_counts(const struct rg_check_submitter *s)
{
    struct rg_submit_counts sum = {0};

    for (int i = 0; i < QUEUES; i++)
        add_counts(&sum, &s->lanes[i].counts);
    return sum;
}

struct rg_submit_counts rg_check_submitter_look(struct rg_check_submitter *s)
{
    struct rg_submit_counts sum = {0};

    for (int i = 0; i < QUEUES; i++) {
        rg_mutex_lock(s->lanes[i].mutex);
        add_counts(&sum, &s->lanes[i].counts);
        rg_mutex_unlock(s->lanes[i].mutex);
    }
    return sum;
}
