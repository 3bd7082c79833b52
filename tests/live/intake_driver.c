/* Brings payloads to an intake as the engine does, and says on stdout what became of them.
 *
 *   intake_driver forward url=U key=K count=N [bytes=B] [items=QUEUE] [queue_bytes=B]
 *                 [backoff_ms=M] [for_ms=M] [until_ms=M] [retries=K] [end_ms=M]
 *                 [options of the sink]
 *       submits N payloads to a forwarder, waits until all are settled or K tries have failed (at
 *       most until_ms) or for exactly for_ms, stops, prints the counts
 *   intake_driver direct url=U key=K count=N [tasks=T] [source=S] [type=T] [options of the sink]
 *       T tasks emit N payloads each; prints each result
 *
 * Options of the sink: process=URL ca=FILE timeout_ms=M pause_ms=M coding=plain|deflate|zstd
 * insecure=1 proxy=URL no_proxy=LIST */
#include "forwarder.h"
#include "rg/base/mem.h"
#include "rg/live.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TASKS_MAX 8
#define POLL_NS   (5 * RG_NS_PER_MS)

struct run {
    int argc;
    char **argv;
    struct rg_runtime *runtime;
    struct rg_sink *sink;
    struct rg_sink *log_sink;
    struct rg_mono start;
};

static const char *text_of(const struct run *r, const char *name)
{
    size_t len = strlen(name);

    for (int i = 2; i < r->argc; i++) {
        if (strncmp(r->argv[i], name, len) == 0 && r->argv[i][len] == '=')
            return r->argv[i] + len + 1;
    }
    return NULL;
}

static uint64_t number_of(const struct run *r, const char *name, uint64_t otherwise)
{
    const char *text = text_of(r, name);
    uint64_t value;

    if (!text)
        return otherwise;
    rg_assert(rg_str_to_u64(rg_str_from(text), &value) && value < UINT32_MAX);
    return value;
}

static int64_t ns_of(const struct run *r, const char *name, uint64_t otherwise_ms)
{
    return (int64_t)number_of(r, name, otherwise_ms) * RG_NS_PER_MS;
}

static enum rg_live_intake_coding coding_of(const struct run *r)
{
    struct rg_str name = rg_str_from(text_of(r, "coding"));

    return rg_str_is(name, "zstd")      ? RG_LIVE_INTAKE_ZSTD
           : rg_str_is(name, "deflate") ? RG_LIVE_INTAKE_DEFLATE
                                        : RG_LIVE_INTAKE_PLAIN;
}

static enum rg_status open_sinks(struct run *r, struct rg_err *err)
{
    const struct rg_live_intake_options options = {
        .url = text_of(r, "url"),
        .process_url = text_of(r, "process"),
        .api_key = text_of(r, "key"),
        .user_agent = text_of(r, "agent"),
        .ca_file = text_of(r, "ca"),
        .proxy_http = text_of(r, "proxy"),
        .proxy_https = text_of(r, "proxy"),
        .no_proxy = text_of(r, "no_proxy"),
        .coding = coding_of(r),
        .insecure = text_of(r, "insecure") != NULL,
        .timeout_ns = ns_of(r, "timeout_ms", 20000),
        .pause_ns = ns_of(r, "pause_ms", 1),
    };
    enum rg_status st = rg_live_runtime_create(&r->runtime, err);

    if (st == RG_OK)
        st = rg_live_sink_stream(STDERR_FILENO, &r->log_sink, err);
    if (st == RG_OK)
        st = rg_live_sink_intake(&options, &r->sink, err);
    return st;
}

static void close_sinks(struct run *r)
{
    rg_sink_destroy(r->sink);
    rg_sink_destroy(r->log_sink);
    rg_runtime_destroy(r->runtime);
}

static int64_t elapsed_ms(const struct run *r)
{
    return (rg_runtime_mono(r->runtime).ns - r->start.ns) / RG_NS_PER_MS;
}

/* "payload 7 .....", which the receiver can recognise. */
static void submit(struct rg_forwarder *f, uint64_t number, size_t bytes)
{
    struct rg_forward_payload payload = {.source = "series",
        .content_type = "application/x-protobuf",
        .items = 1,
        .len = bytes < 32 ? 32 : bytes};
    char *text = rg_calloc(payload.len + 1, 1);

    rg_assert(text);
    memset(text, '.', payload.len);
    text[snprintf(text, payload.len, "payload %" PRIu64, number)] = ' ';
    payload.bytes = (uint8_t *)text;
    rg_forwarder_submit(f, &payload);
}

static void wait_for(struct run *r, struct rg_forwarder *f, uint64_t count)
{
    bool exactly = text_of(r, "for_ms") != NULL;
    uint64_t retries = number_of(r, "retries", UINT64_MAX);
    int64_t end_ms =
        (int64_t)(exactly ? number_of(r, "for_ms", 0) : number_of(r, "until_ms", 60000));

    while (elapsed_ms(r) < end_ms) {
        struct rg_forward_counts c = rg_forwarder_counts(f);

        if (!exactly && (c.sent + c.refused + c.dropped >= count || c.retries >= retries))
            break;
        rg_ignore(
            rg_runtime_sleep_until(r->runtime, rg_mono_after(rg_runtime_mono(r->runtime), POLL_NS)),
            "the loop looks at the clock");
    }
}

static enum rg_status forward(struct run *r, struct rg_err *err)
{
    struct rg_log log = {r->runtime, r->log_sink, RG_LOG_INFO};
    struct rg_forward_options o = RG_FORWARD_OPTIONS;
    uint64_t count = number_of(r, "count", 1);
    struct rg_forwarder *f = NULL;
    struct rg_forward_counts c;
    enum rg_status st;
    int64_t stop_ms;

    o.items_max = number_of(r, "items", RG_FORWARD_ITEMS_DEFAULT);
    o.bytes_max = number_of(r, "queue_bytes", RG_FORWARD_BYTES_DEFAULT);
    o.backoff_min_ns = ns_of(r, "backoff_ms", 10);
    o.backoff_max_ns = 4 * o.backoff_min_ns;
    st = rg_forwarder_create(r->runtime, r->sink, &o, &log, &f, err);
    if (st == RG_OK)
        st = rg_forwarder_start(f, err);
    if (st == RG_OK) {
        for (uint64_t i = 0; i < count; i++)
            submit(f, i, number_of(r, "bytes", 64));
        wait_for(r, f, count);
        stop_ms = elapsed_ms(r);
        if (text_of(r, "end_ms"))
            rg_live_sink_intake_end(r->sink, ns_of(r, "end_ms", 0));
        rg_forwarder_stop(f);
        stop_ms = elapsed_ms(r) - stop_ms;
        c = rg_forwarder_counts(f);
        printf("{\"sent\":%" PRIu64 ",\"retries\":%" PRIu64 ",\"refused\":%" PRIu64
               ",\"dropped\":%" PRIu64 ",\"abandoned\":%" PRIu64 ",\"lost_items\":%" PRIu64
               ",\"queued\":%zu,\"stop_ms\":%" PRId64 "}\n",
            c.sent, c.retries, c.refused, c.dropped, c.abandoned, c.lost_items, c.queued, stop_ms);
    }
    rg_forwarder_destroy(f);
    return st;
}

struct emitter {
    struct run *run;
    unsigned number;
    struct rg_buf report; /* JSON objects by commas */
};

static enum rg_status report(struct emitter *e, enum rg_status result, const struct rg_err *err,
    const struct rg_buf *response)
{
    enum rg_status st = rg_buf_printf(&e->report, "%s{\"status\":\"%s\",\"response_bytes\":%zu,",
        e->report.len ? "," : "", rg_status_name(result), response->len);
    struct rg_str head = {(const char *)response->data, response->len < 200 ? response->len : 200};

    if (st == RG_OK)
        st = rg_buf_str(&e->report, "\"response\":");
    if (st == RG_OK)
        st = rg_str_json(&e->report, head);
    if (st == RG_OK)
        st = rg_buf_str(&e->report, ",\"text\":");
    if (st == RG_OK)
        st = rg_str_json(&e->report, rg_str_from(result == RG_OK ? "" : rg_err_text(err, result)));
    if (st == RG_OK)
        st = rg_buf_str(&e->report, "}");
    return st;
}

static void emit_all(void *arg)
{
    struct emitter *e = arg;
    const struct run *r = e->run;
    const char *source = text_of(r, "source"), *type = text_of(r, "type");
    uint64_t count = number_of(r, "count", 1), bytes = number_of(r, "bytes", 0);
    struct rg_buf response;

    rg_buf_init(&response, RG_RESPONSE_BYTES_MAX);
    for (uint64_t i = 0; i < count; i++) {
        char name[64], *text = rg_calloc(bytes + sizeof(name), 1);
        const struct rg_output_header headers[] = {
            {"Content-Type", type ? type : "application/x-protobuf"}, {"X-Dd-Hostname", ""}};
        const char *kind = text_of(r, "kind");
        struct rg_output output = {.kind = kind ? kind : "payload",
            .source = source ? source : "series",
            .headers = headers,
            .header_count = 2};
        struct rg_err err = {0};
        enum rg_status st;

        rg_assert(text);
        memset(text, '.', bytes + 1);
        snprintf(name, sizeof(name), "task %u payload %" PRIu64, e->number, i);
        memcpy(text, name, strlen(name));
        output.payload = (struct rg_str){text, bytes > strlen(name) ? bytes : strlen(name)};
        st = rg_sink_emit(r->sink, &output, &response, &err);
        rg_assert(report(e, st, &err, &response) == RG_OK);
        free(text);
    }
    rg_buf_finish(&response);
}

static enum rg_status direct(struct run *r, struct rg_err *err)
{
    unsigned tasks = (unsigned)number_of(r, "tasks", 1);
    struct emitter emitters[TASKS_MAX];
    uint32_t ids[TASKS_MAX];

    rg_assert(tasks <= TASKS_MAX);
    for (unsigned i = 0; i < tasks; i++) {
        emitters[i] = (struct emitter){.run = r, .number = i};
        rg_buf_init(&emitters[i].report, (size_t)16 << 20);
        rg_assert(
            rg_runtime_spawn(r->runtime, "emitter", emit_all, &emitters[i], &ids[i], err) == RG_OK);
    }
    printf("{\"results\":[");
    for (unsigned i = 0; i < tasks; i++) {
        rg_runtime_join(r->runtime, ids[i]);
        printf("%s%.*s", i && emitters[i].report.len ? "," : "", (int)emitters[i].report.len,
            (const char *)emitters[i].report.data);
        rg_buf_finish(&emitters[i].report);
    }
    printf("],\"elapsed_ms\":%" PRId64 "}\n", elapsed_ms(r));
    return RG_OK;
}

int main(int argc, char **argv)
{
    struct run r = {.argc = argc, .argv = argv};
    struct rg_err err = {0};
    enum rg_status st;

    if (argc < 2 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 64;
    st = open_sinks(&r, &err);
    if (st == RG_OK) {
        r.start = rg_runtime_mono(r.runtime);
        st = strcmp(argv[1], "forward") == 0 ? forward(&r, &err) : direct(&r, &err);
    }
    if (st != RG_OK)
        fprintf(stderr, "intake_driver: %s: %s\n", rg_status_name(st), rg_err_text(&err, st));
    close_sinks(&r);
    return st == RG_OK ? 0 : 1;
}
