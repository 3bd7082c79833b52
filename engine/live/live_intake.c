/* A sink that is an HTTP intake.
 *
 * Each call borrows a curl handle from a small pool, so that connections live on between calls and
 * several tasks can send at once. All that an intake may do wrong ends in one of three answers:
 * taken, refused for good, or to be tried again; the flow in front of the sink keeps the payload.
 */
#include "intake_body.h"
#include "intake_headers.h"
#include "intake_route.h"
#include "live_io.h"
#include "rg/base/mem.h"
#include "rg/live.h"
#include "rg/ops/sink_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#define IDLE_MAX           4
#define KEY_BYTES_MAX      1024
#define KEY_BYTES_HIDDEN   8 /* shorter ones occur by chance */
#define URL_BYTES_MAX      ((size_t)64 << 10)
#define ANSWER_HEADERS_MAX ((size_t)64 << 10)
#define COMPRESSED_MAX     (RG_OUTPUT_BYTES_MAX + RG_OUTPUT_BYTES_MAX / 8)
#define URL_IN_TEXT_MAX    200
#define CAUSE_MAX          160
#define SLOW_FAILURE_NS    RG_NS_PER_S
#define ENDING             "the run is ending"

/* An address that does not answer is left alone for a while. */
struct outage {
    int64_t until_ns; /* CLOCK_MONOTONIC; 0: none */
    char cause[CAUSE_MAX];
};

struct live_intake {
    struct rg_sink base; /* first: rg_sink pointers are cast back */
    struct rg_live_intake_options options;
    char *urls[RG_INTAKE_TARGETS]; /* owned */
    char *key;                     /* owned */
    char *user_agent;              /* owned, as the next four */
    char *ca_file, *proxy_http, *proxy_https, *no_proxy;
    bool curl_ready;
    pthread_mutex_t lock; /* guards what follows */
    bool lock_ready;
    CURL *idle[IDLE_MAX];
    size_t idle_count;
    struct outage outages[RG_INTAKE_TARGETS];
    int64_t end_ns; /* CLOCK_MONOTONIC: nothing is sent after it; 0: no end is known */
};

/* One request. */
struct exchange {
    struct live_intake *intake;
    const struct rg_intake_route *route;
    struct rg_buf *response;
    enum rg_status response_st; /* why the answer was not kept */
    size_t header_bytes;
    int64_t timeout_ns;
    char curl_text[CURL_ERROR_SIZE];
    char cause[CAUSE_MAX];
    long code; /* of the answer; 0: none came */
};

static const struct rg_sink_ops intake_ops;

static struct live_intake *intake_from(struct rg_sink *sink)
{
    rg_assert(sink->ops == &intake_ops);
    return (struct live_intake *)sink;
}

static void lock(struct live_intake *in)
{
    rg_assert(pthread_mutex_lock(&in->lock) == 0);
}

static void unlock(struct live_intake *in)
{
    rg_assert(pthread_mutex_unlock(&in->lock) == 0);
}

static int64_t now_ns(void)
{
    struct timespec t;

    rg_assert(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (int64_t)t.tv_sec * RG_NS_PER_S + t.tv_nsec;
}

static long ms_of(int64_t ns)
{
    return (long)((ns + RG_NS_PER_MS - 1) / RG_NS_PER_MS);
}

static CURL *take_handle(struct live_intake *in)
{
    CURL *handle = NULL;

    lock(in);
    if (in->idle_count)
        handle = in->idle[--in->idle_count];
    unlock(in);
    return handle ? handle : curl_easy_init();
}

/* Forgets all of the request but the connections. */
static void give_handle(struct live_intake *in, CURL *handle)
{
    curl_easy_reset(handle);
    lock(in);
    if (in->idle_count < IDLE_MAX) {
        in->idle[in->idle_count++] = handle;
        handle = NULL;
    }
    unlock(in);
    if (handle)
        curl_easy_cleanup(handle);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    size_t len = size * count;

    (void)bytes;
    x->header_bytes += len;
    return x->header_bytes > ANSWER_HEADERS_MAX ? 0 : len;
}

/* Asked about once a second, and oftener while bytes move. */
static int on_progress(
    void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    struct exchange *x = arg;
    int64_t end_ns;

    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    lock(x->intake);
    end_ns = x->intake->end_ns;
    unlock(x->intake);
    return end_ns && now_ns() >= end_ns;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    size_t len = size * count;

    x->response_st = rg_buf_append(x->response, bytes, len);
    return x->response_st == RG_OK ? len : 0;
}

#define SET(option, value) (ok = ok && curl_easy_setopt(handle, option, value) == CURLE_OK)

static bool set_connection(CURL *handle, const struct exchange *x, const char *url)
{
    const struct live_intake *in = x->intake;
    bool tls = strncasecmp(url, "https", 5) == 0;
    const char *proxy = tls ? in->proxy_https : in->proxy_http;
    bool ok = true;

    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, ms_of(in->options.connect_ns));
    SET(CURLOPT_TIMEOUT_MS, ms_of(x->timeout_ns));
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, in->options.insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, in->options.insecure ? 0L : 2L);
    if (in->ca_file) {
        SET(CURLOPT_CAINFO, in->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    SET(CURLOPT_PROXY, proxy ? proxy : ""); /* "": not what the environment says either */
    SET(CURLOPT_NOPROXY, in->no_proxy ? in->no_proxy : "");
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* no key for a proxy that tunnels */
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return ok;
}

static bool set_request(CURL *handle, struct exchange *x, const char *url,
    const struct curl_slist *headers, struct rg_str body)
{
    bool ok = true;

    SET(CURLOPT_URL, url);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    SET(CURLOPT_POSTFIELDS, body.len ? body.ptr : "");
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_USERAGENT, x->intake->user_agent ? x->intake->user_agent : "reagent");
    SET(CURLOPT_ERRORBUFFER, x->curl_text);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, x);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    return ok;
}

/* What curl says may repeat what the intake said. */
static void set_cause(struct exchange *x, const char *text)
{
    struct rg_buf safe;

    rg_buf_init(&safe, CURL_ERROR_SIZE * 4);
    if (rg_str_escape(&safe, rg_str_from(text)) != RG_OK || rg_buf_byte(&safe, 0) != RG_OK)
        snprintf(x->cause, sizeof(x->cause), "the request failed");
    else
        snprintf(x->cause, sizeof(x->cause), "%s", (const char *)safe.data);
    rg_buf_finish(&safe);
}

static bool refused(long code)
{
    return code == 400 || code == 403 || code == 413;
}

/* upstream: comp/forwarder/defaultforwarder/transaction/transaction.go, internalProcess */
static enum rg_status judge(struct exchange *x, CURLcode result)
{
    bool cut = result == CURLE_WRITE_ERROR && x->response_st != RG_OK;
    bool whole = result == CURLE_OK || cut;

    if (cut)
        rg_buf_clear(x->response);
    if (whole && x->code >= 200 && x->code < 300)
        return RG_OK;
    if (whole || refused(x->code)) {
        snprintf(x->cause, sizeof(x->cause), "the intake answered %ld%s", x->code,
            x->code == 403 ? ", the API key is not valid" : "");
        return refused(x->code) ? RG_EINVALID : RG_EIO;
    }
    if (result == CURLE_ABORTED_BY_CALLBACK)
        set_cause(x, ENDING);
    else if (x->header_bytes > ANSWER_HEADERS_MAX)
        set_cause(x, "the headers of the answer are too long");
    else
        set_cause(x, x->curl_text[0] ? x->curl_text : curl_easy_strerror(result));
    return RG_EIO;
}

/* A receiver that repeats the key must not bring it into a capture. */
static void hide_key(const char *key, struct rg_buf *response)
{
    size_t len = strlen(key);
    size_t at = 0;

    while (len >= KEY_BYTES_HIDDEN && response->len - at >= len) {
        uint8_t *found = memmem(response->data + at, response->len - at, key, len);

        if (!found)
            break;
        memset(found, '*', len);
        at = (size_t)(found - response->data) + len;
    }
}

static enum rg_status perform(
    struct exchange *x, const char *url, const struct curl_slist *headers, struct rg_str body)
{
    CURL *handle = take_handle(x->intake);
    enum rg_status st = RG_EIO;
    CURLcode result;

    if (!handle || !set_connection(handle, x, url) || !set_request(handle, x, url, headers, body)) {
        set_cause(x, "out of memory");
    } else {
        result = curl_easy_perform(handle);
        if (curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &x->code) != CURLE_OK)
            x->code = 0;
        st = judge(x, result);
    }
    if (st != RG_OK)
        rg_buf_clear(x->response);
    hide_key(x->intake->key, x->response);
    if (handle)
        give_handle(x->intake, handle);
    return st;
}

/* False, with the cause, while the address is left alone and when the time is over. */
static bool may_try(struct exchange *x)
{
    struct live_intake *in = x->intake;
    const struct outage *outage = &in->outages[x->route->target];
    int64_t now = now_ns();
    bool may = true;

    x->timeout_ns = in->options.timeout_ns;
    lock(in);
    if (in->end_ns && now >= in->end_ns)
        may = false;
    else if (in->end_ns && in->end_ns - now < x->timeout_ns)
        x->timeout_ns = in->end_ns - now;
    if (!may)
        snprintf(x->cause, sizeof(x->cause), "%s", ENDING);
    else if (now < outage->until_ns)
        snprintf(x->cause, sizeof(x->cause), "not tried again so soon: %.120s", outage->cause);
    may = may && now >= outage->until_ns;
    unlock(in);
    return may;
}

static void remember(struct exchange *x, enum rg_status st, int64_t start_ns)
{
    struct live_intake *in = x->intake;
    struct outage *outage = &in->outages[x->route->target];
    int64_t end_ns = now_ns();

    lock(in);
    outage->until_ns = 0;
    if (st == RG_EIO && (x->code == 0 || end_ns - start_ns >= SLOW_FAILURE_NS)) {
        outage->until_ns = end_ns + in->options.pause_ns;
        snprintf(outage->cause, sizeof(outage->cause), "%s", x->cause);
    }
    unlock(in);
}

/* Sends one request and says in err what went wrong. */
static enum rg_status send_body(struct exchange *x, const char *url,
    const struct curl_slist *headers, struct rg_str body, struct rg_err *err)
{
    enum rg_status st = RG_EIO;
    int64_t start_ns;

    if (may_try(x)) {
        start_ns = now_ns();
        st = perform(x, url, headers, body);
        remember(x, st, start_ns);
    }
    if (st != RG_OK)
        rg_err_set(err, "POST %.*s: %s", URL_IN_TEXT_MAX, url, x->cause);
    return st;
}

static enum rg_status post(struct exchange *x, const struct rg_output *output, struct rg_err *err)
{
    struct live_intake *in = x->intake;
    enum rg_live_intake_coding coding = x->route->plain ? RG_LIVE_INTAKE_PLAIN : in->options.coding;
    struct curl_slist *headers = NULL;
    struct rg_str body = output->payload;
    struct rg_buf compressed, url;
    enum rg_status st;

    rg_buf_init(&compressed, COMPRESSED_MAX);
    rg_buf_init(&url, URL_BYTES_MAX);
    st = rg_buf_printf(&url, "%s%s", in->urls[x->route->target], x->route->path);
    if (st == RG_OK)
        st = rg_buf_byte(&url, 0);
    if (st == RG_OK && coding != RG_LIVE_INTAKE_PLAIN) {
        st = rg_intake_compress(coding, output->payload, &compressed);
        body = rg_str_buf(&compressed);
    }
    if (st != RG_OK) {
        rg_err_set(err, "request for a %s output: %s", output->source, rg_status_name(st));
        st = RG_EIO;
    } else {
        st = rg_intake_headers(output, in->key, rg_intake_coding_name(coding), &headers, err);
        if (st == RG_OK)
            st = send_body(x, (const char *)url.data, headers, body, err);
    }
    rg_intake_headers_free(headers);
    rg_buf_finish(&url);
    rg_buf_finish(&compressed);
    return st;
}

static enum rg_status intake_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct exchange x = {.intake = intake_from(sink), .response = response};

    if (!rg_str_is(rg_str_from(output->kind), "payload"))
        return RG_OK;
    x.route = rg_intake_route_find(output);
    if (!x.route) {
        rg_err_set(err, "no intake takes a %.64s payload of this content type", output->source);
        return RG_EINVALID;
    }
    return post(&x, output, err);
}

static void intake_destroy(struct rg_sink *sink)
{
    struct live_intake *in = intake_from(sink);

    while (in->idle_count)
        curl_easy_cleanup(in->idle[--in->idle_count]);
    for (size_t i = 0; i < RG_INTAKE_TARGETS; i++)
        free(in->urls[i]);
    if (in->key)
        explicit_bzero(in->key, strlen(in->key));
    free(in->key);
    free(in->user_agent);
    free(in->ca_file);
    free(in->proxy_http);
    free(in->proxy_https);
    free(in->no_proxy);
    if (in->lock_ready)
        rg_assert(pthread_mutex_destroy(&in->lock) == 0);
    if (in->curl_ready)
        curl_global_cleanup();
    free(in);
}

void rg_live_sink_intake_end(struct rg_sink *sink, int64_t grace_ns)
{
    struct live_intake *in = intake_from(sink);

    lock(in);
    if (in->end_ns == 0)
        in->end_ns = now_ns() + grace_ns;
    unlock(in);
}

static const struct rg_sink_ops intake_ops = {
    .name = "live-intake",
    .emit = intake_emit,
    .destroy = intake_destroy,
};

static enum rg_status copy(char **out, const char *text)
{
    if (!text || !text[0])
        return RG_OK;
    *out = rg_memdup0(text, strlen(text));
    return *out ? RG_OK : RG_ENOMEM;
}

static enum rg_status copy_texts(struct live_intake *in, const struct rg_live_intake_options *o)
{
    enum rg_status st = copy(&in->key, o->api_key);

    if (st == RG_OK)
        st = copy(&in->user_agent, o->user_agent);
    if (st == RG_OK)
        st = copy(&in->ca_file, o->ca_file);
    if (st == RG_OK)
        st = copy(&in->proxy_http, o->proxy_http);
    if (st == RG_OK)
        st = copy(&in->proxy_https, o->proxy_https);
    if (st == RG_OK)
        st = copy(&in->no_proxy, o->no_proxy);
    return st;
}

static enum rg_status check_key(const char *key, struct rg_err *err)
{
    const struct rg_output_header header = {"DD-API-KEY", key};

    if (key && key[0] && strlen(key) <= KEY_BYTES_MAX && rg_intake_header_sound(&header))
        return RG_OK;
    rg_err_set(err, "the API key is %s", key && key[0] ? "not usable" : "missing");
    return RG_EINVALID;
}

static enum rg_status check_ca(const char *path, struct rg_err *err)
{
    enum rg_status st = RG_OK;
    int fd;

    if (!path || !path[0])
        return RG_OK;
    fd = rg_live_open(AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0) {
        st = rg_err_errno(err, errno);
        rg_err_prefix(err, "certificates %s", path);
    } else {
        close(fd);
    }
    return st;
}

static enum rg_status start(
    struct live_intake *in, const struct rg_live_intake_options *o, struct rg_err *err)
{
    const char *process = o->process_url && o->process_url[0] ? o->process_url : o->url;
    enum rg_status st;

    in->curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    in->lock_ready = pthread_mutex_init(&in->lock, NULL) == 0;
    if (!in->curl_ready || !in->lock_ready || copy_texts(in, o) != RG_OK)
        return rg_err_errno(err, ENOMEM);
    st = rg_intake_url(o->url ? o->url : "", &in->urls[RG_INTAKE_METRICS], err);
    if (st == RG_OK)
        st = rg_intake_url(process ? process : "", &in->urls[RG_INTAKE_PROCESS], err);
    return st;
}

enum rg_status rg_live_sink_intake(
    const struct rg_live_intake_options *o, struct rg_sink **out, struct rg_err *err)
{
    struct live_intake *in;
    enum rg_status st = check_key(o->api_key, err);

    rg_assert(o->connect_ns >= 0 && o->timeout_ns >= 0 && o->pause_ns >= 0);
    if (st == RG_OK)
        st = check_ca(o->ca_file, err);
    if (st != RG_OK)
        return st;
    in = rg_calloc(1, sizeof(*in));
    if (!in)
        return rg_err_errno(err, ENOMEM);
    in->base.ops = &intake_ops;
    in->options = (struct rg_live_intake_options){
        .coding = o->coding,
        .insecure = o->insecure,
        .connect_ns = o->connect_ns ? o->connect_ns : RG_LIVE_INTAKE_CONNECT_NS,
        .timeout_ns = o->timeout_ns ? o->timeout_ns : RG_LIVE_INTAKE_TIMEOUT_NS,
        .pause_ns = o->pause_ns ? o->pause_ns : RG_LIVE_INTAKE_PAUSE_NS,
    };
    st = start(in, o, err);
    if (st != RG_OK)
        intake_destroy(&in->base);
    else
        *out = &in->base;
    return st;
}
