/* Two sinks: every output into a file, or log lines only into a descriptor. */
#include "live_io.h"
#include "rg/base/mem.h"
#include "rg/live.h"
#include "rg/ops/sink_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_HEADER_MAX ((size_t)1 << 20)
#define LINE_MAX_BYTES    ((size_t)1 << 20)

struct live_sink {
    struct rg_sink base;
    pthread_mutex_t lock; /* one output at a time; guards dropped */
    int fd;
    bool regular; /* a file whose torn end can be cut off */
    uint64_t dropped;
};

static const struct rg_sink_ops file_ops;
static const struct rg_sink_ops stream_ops;

static void lock(struct live_sink *live)
{
    rg_assert(pthread_mutex_lock(&live->lock) == 0);
}

static void unlock(struct live_sink *live)
{
    rg_assert(pthread_mutex_unlock(&live->lock) == 0);
}

static enum rg_status append_header(struct rg_buf *out, const struct rg_output *output)
{
    enum rg_status st = rg_buf_str(out, "{\"kind\":");

    if (st == RG_OK)
        st = rg_str_json(out, rg_str_from(output->kind));
    if (st == RG_OK)
        st = rg_buf_str(out, ",\"source\":");
    if (st == RG_OK)
        st = rg_str_json(out, rg_str_from(output->source));
    if (st == RG_OK)
        st = rg_buf_str(out, ",\"headers\":[");
    for (size_t i = 0; i < output->header_count && st == RG_OK; i++) {
        st = rg_buf_str(out, i ? ",[" : "[");
        if (st == RG_OK)
            st = rg_str_json(out, rg_str_from(output->headers[i].name));
        if (st == RG_OK)
            st = rg_buf_byte(out, ',');
        if (st == RG_OK)
            st = rg_str_json(out, rg_str_from(output->headers[i].value));
        if (st == RG_OK)
            st = rg_buf_byte(out, ']');
    }
    if (st == RG_OK)
        st = rg_buf_printf(out, "],\"bytes\":%zu}\n", output->payload.len);
    return st;
}

/* Writes one record, or cuts off what was written of it so that a second try finds a whole file. */
static enum rg_status write_record(
    struct live_sink *live, const struct rg_buf *header, struct rg_str payload, struct rg_err *err)
{
    off_t start = live->regular ? lseek(live->fd, 0, SEEK_END) : -1;
    enum rg_status st = rg_live_write(live->fd, header->data, header->len, err);

    if (st == RG_OK)
        st = rg_live_write(live->fd, payload.ptr, payload.len, err);
    if (st == RG_OK)
        st = rg_live_write(live->fd, "\n", 1, err);
    if (st != RG_OK && start >= 0)
        rg_ignore(ftruncate(live->fd, start), "the failed write is what is reported");
    return st == RG_OK ? RG_OK : RG_EIO;
}

static enum rg_status file_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct live_sink *live = (struct live_sink *)sink;
    struct rg_buf header;
    enum rg_status st;

    (void)response;
    rg_buf_init(&header, RECORD_HEADER_MAX);
    st = append_header(&header, output);
    if (st != RG_OK) {
        rg_err_set(err, "record of a %s output: %s", output->kind, rg_status_name(st));
        st = st == RG_ETOOBIG ? RG_EINVALID : RG_EIO;
    } else {
        lock(live);
        st = write_record(live, &header, output->payload, err);
        unlock(live);
        if (st != RG_OK)
            rg_err_prefix(err, "output file");
    }
    rg_buf_finish(&header);
    return st;
}

/* One write call where possible, so that lines of other writers do not come in between. */
static enum rg_status write_line(int fd, struct rg_str text, struct rg_err *err)
{
    struct rg_buf line;
    enum rg_status st;

    rg_buf_init(&line, LINE_MAX_BYTES);
    st = rg_buf_append(&line, text.ptr, text.len);
    if (st == RG_OK)
        st = rg_buf_byte(&line, '\n');
    if (st == RG_OK) {
        st = rg_live_write(fd, line.data, line.len, err);
        if (st != RG_OK) {
            rg_err_prefix(err, "log stream");
            st = RG_EIO;
        }
    } else {
        rg_err_set(err, "log line of %zu bytes: %s", text.len, rg_status_name(st));
        st = st == RG_ETOOBIG ? RG_EINVALID : RG_EIO;
    }
    rg_buf_finish(&line);
    return st;
}

static enum rg_status stream_emit(struct rg_sink *sink, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct live_sink *live = (struct live_sink *)sink;
    bool is_log = rg_str_is(rg_str_from(output->kind), "log");
    enum rg_status st = RG_OK;

    (void)response;
    lock(live);
    if (is_log)
        st = write_line(live->fd, output->payload, err);
    else
        live->dropped++;
    unlock(live);
    return st;
}

static void stream_destroy(struct rg_sink *sink)
{
    struct live_sink *live = (struct live_sink *)sink;

    rg_assert(pthread_mutex_destroy(&live->lock) == 0);
    free(live);
}

static void file_destroy(struct rg_sink *sink)
{
    close(((struct live_sink *)sink)->fd);
    stream_destroy(sink);
}

static const struct rg_sink_ops file_ops = {
    .name = "live-file",
    .emit = file_emit,
    .destroy = file_destroy,
};

static const struct rg_sink_ops stream_ops = {
    .name = "live-stream",
    .emit = stream_emit,
    .destroy = stream_destroy,
};

static struct live_sink *create(const struct rg_sink_ops *ops, struct rg_err *err)
{
    struct live_sink *live = rg_calloc(1, sizeof(*live));

    if (!live || pthread_mutex_init(&live->lock, NULL) != 0) {
        free(live);
        rg_err_errno(err, ENOMEM);
        return NULL;
    }
    live->base.ops = ops;
    return live;
}

enum rg_status rg_live_sink_file(const char *path, struct rg_sink **out, struct rg_err *err)
{
    struct live_sink *live = create(&file_ops, err);
    struct stat s;
    enum rg_status st;

    if (!live)
        return RG_ENOMEM;
    live->fd = rg_live_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0600);
    if (live->fd < 0 || fstat(live->fd, &s) != 0) {
        st = rg_err_errno(err, errno);
        rg_err_prefix(err, "%s", path);
        if (live->fd >= 0)
            close(live->fd);
        stream_destroy(&live->base);
        return st;
    }
    live->regular = S_ISREG(s.st_mode);
    *out = &live->base;
    return RG_OK;
}

enum rg_status rg_live_sink_stream(int fd, struct rg_sink **out, struct rg_err *err)
{
    struct live_sink *live = create(&stream_ops, err);

    if (!live)
        return RG_ENOMEM;
    live->fd = fd;
    *out = &live->base;
    return RG_OK;
}

uint64_t rg_live_sink_stream_dropped(struct rg_sink *sink)
{
    struct live_sink *live = (struct live_sink *)sink;
    uint64_t dropped;

    rg_assert(sink->ops == &stream_ops);
    lock(live);
    dropped = live->dropped;
    unlock(live);
    return dropped;
}
