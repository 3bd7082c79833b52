#include "output_log.h"

#include "cli.h"
#include "output_text.h"
#include "rg/base/hash.h"
#include "rg/effect.h"
#include "rg/live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define NAME_BYTES_MAX ((size_t)64 << 10)

/* The sink appends, which suits a daemon; a replay starts over. */
static enum rg_status empty_file(const char *path, struct rg_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return rg_err_errno(err, errno);
    close(fd);
    return RG_OK;
}

enum rg_status output_log_open(
    struct output_log *log, const char *out_path, const char *hash_path, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    if (out_path)
        st = empty_file(out_path, err);
    if (st == RG_OK && out_path)
        st = rg_live_sink_file(out_path, &log->file, err);
    if (st == RG_OK && hash_path) {
        log->hashes = fopen(hash_path, "we");
        if (!log->hashes)
            st = rg_err_errno(err, errno);
    }
    return st;
}

static enum rg_status write_line(
    struct output_log *log, const struct rg_output *output, uint64_t hash)
{
    struct rg_buf name;
    int written;

    rg_buf_init(&name, NAME_BYTES_MAX);
    written = fprintf(log->hashes, "%" PRIu64 " %s %s %zu %016" PRIx64 "\n", log->count,
        output->kind, cli_escaped(&name, rg_str_from(output->source)), output->payload.len, hash);
    rg_buf_finish(&name);
    return written > 0 ? RG_OK : RG_EIO;
}

static enum rg_status take(struct output_log *log, const struct rg_output *output)
{
    struct rg_effect effect = {
        .kind = RG_EFFECT_OUTPUT,
        .name = rg_str_from(output->kind),
        .content = output->payload,
        .content_hash = rg_hash64(output->payload.ptr, output->payload.len),
    };
    struct rg_buf detail;
    enum rg_status st;

    rg_buf_init(&detail, RG_OUTPUT_DETAIL_MAX);
    st = rg_output_detail(output, &detail);
    effect.detail = rg_str_buf(&detail);
    if (st == RG_OK) {
        log->count++;
        log->hash = rg_output_roll(log->hash, &effect);
        if (log->hashes)
            st = write_line(log, output, rg_output_roll(0, &effect));
    }
    rg_buf_finish(&detail);
    if (st == RG_OK && log->file)
        st = rg_sink_emit(log->file, output, NULL, &log->err);
    return st;
}

void output_log_take(void *ctx, const struct rg_output *output)
{
    struct output_log *log = ctx;

    if (log->st == RG_OK)
        log->st = take(log, output);
}

enum rg_status output_log_close(struct output_log *log, struct rg_err *err)
{
    enum rg_status st = log->st;

    if (st != RG_OK)
        *err = log->err;
    rg_sink_destroy(log->file);
    log->file = NULL;
    if (log->hashes && fclose(log->hashes) != 0 && st == RG_OK)
        st = rg_err_errno(err, errno);
    log->hashes = NULL;
    return st;
}
