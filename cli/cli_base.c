#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLI_LINE_MAX      ((size_t)64 << 10)
#define CAPTURE_BYTES_MIN 8 /* the magic of the container */
#define LINE_TEXT_MAX     ((size_t)4 << 20)

void cli_say(const char *fmt, ...)
{
    struct rg_buf line;
    char *text = NULL;
    va_list ap;
    int len;

    va_start(ap, fmt);
    len = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (len < 0) {
        fputs("reagent: out of memory\n", stderr);
        return;
    }
    rg_buf_init(&line, CLI_LINE_MAX);
    fprintf(stderr, "reagent: %s\n", cli_escaped(&line, rg_str_from(text)));
    rg_buf_finish(&line);
    free(text);
}

const char *cli_escaped(struct rg_buf *out, struct rg_str text)
{
    rg_buf_clear(out);
    if (rg_str_escape(out, text) != RG_OK || rg_buf_byte(out, 0) != RG_OK)
        return "";
    return (const char *)out->data;
}

int cli_exit_for_input(enum rg_status st)
{
    switch (st) {
    case RG_OK:
        return CLI_OK;
    case RG_ELIMIT:
    case RG_ETOOBIG:
        return CLI_LIMIT;
    case RG_ENOMEM:
        return CLI_INTERNAL;
    default:
        return CLI_BAD_INPUT;
    }
}

int cli_exit_for_live(enum rg_status st)
{
    switch (st) {
    case RG_OK:
    case RG_ESTOPPED:
        return CLI_OK;
    case RG_EINVALID:
        return CLI_BAD_INPUT;
    case RG_ELIMIT:
    case RG_ETOOBIG:
        return CLI_LIMIT;
    case RG_ENOMEM:
        return CLI_INTERNAL;
    default:
        return CLI_UNAVAILABLE;
    }
}

int cli_graver(int a, int b)
{
    static const int order[] = {CLI_INTERNAL, CLI_OUTPUT, CLI_LIMIT, CLI_UNAVAILABLE, CLI_BAD_INPUT,
        CLI_DIVERGED, CLI_FINDING, CLI_NOT_RUN, CLI_SKIPPED};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (a == order[i] || b == order[i])
            return order[i];
    }
    return a != CLI_OK ? a : b;
}

int cli_exit_for_process(enum rg_status st)
{
    return st == RG_OK ? CLI_OK : st == RG_ETOOBIG || st == RG_ELIMIT ? CLI_LIMIT : CLI_INTERNAL;
}

int cli_fail(int code, const char *what, enum rg_status st, const struct rg_err *err)
{
    const char *text = rg_err_text(err, st);

    /* Lower layers often name the file already. */
    if (strstr(text, what))
        cli_say("%s", text);
    else
        cli_say("%s: %s", what, text);
    return code;
}

static enum rg_status input_check(const char *path, uint64_t bytes_min, struct rg_err *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return rg_err_errno(err, errno);
    if (S_ISDIR(st.st_mode))
        return rg_err_errno(err, EISDIR);
    if (access(path, R_OK) != 0)
        return rg_err_errno(err, errno);
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size < bytes_min) {
        rg_err_set(err, "not a capture: the file has %" PRId64 " bytes", (int64_t)st.st_size);
        return RG_EINVALID;
    }
    return RG_OK;
}

bool cli_capture_usable(const char *path, int *code)
{
    struct rg_err err = {0};
    enum rg_status st = input_check(path, CAPTURE_BYTES_MIN, &err);

    if (st == RG_OK)
        return true;
    *code = cli_fail(cli_exit_for_input(st), path, st, &err);
    return false;
}

bool cli_config_usable(const char *path, int *code)
{
    struct rg_err err = {0};
    enum rg_status st = path ? input_check(path, 0, &err) : RG_OK;

    if (st == RG_OK)
        return true;
    *code = cli_fail(CLI_BAD_INPUT, path, st, &err);
    return false;
}

bool cli_put(struct rg_str bytes)
{
    if (bytes.len > 0)
        (void)!fwrite(bytes.ptr, 1, bytes.len, stdout);
    return !ferror(stdout);
}

void cli_close_stdout(void)
{
    bool failed = ferror(stdout) != 0;
    int errnum = 0;

    errno = 0;
    if (fflush(stdout) != 0) {
        failed = true;
        errnum = errno;
    }
    /* Network file systems report a full disk only here; a stdout that was never open is fine. */
    if (close(STDOUT_FILENO) != 0 && errno != EBADF) {
        failed = true;
        errnum = errno;
    }
    if (!failed)
        return;
    cli_say("cannot write standard output%s%s", errnum ? ": " : "", errnum ? strerror(errnum) : "");
    _exit(CLI_OUTPUT);
}

void cli_put_word(FILE *out, struct rg_str word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+:@%,=";

    size_t i = 0;

    while (i < word.len && memchr(plain, word.ptr[i], sizeof(plain) - 1))
        i++;
    if (word.len > 0 && i == word.len && word.ptr[0] != '-') {
        fprintf(out, "%.*s", (int)word.len, word.ptr);
        return;
    }
    fputs(word.len > 0 && word.ptr[0] == '-' ? "./'" : "'", out);
    for (i = 0; i < word.len; i++) {
        if (word.ptr[i] == '\'')
            fputs("'\\''", out);
        else
            fputc(word.ptr[i], out);
    }
    fputc('\'', out);
}

/* Lines hold JSON, whose backslashes are better left alone. */
void cli_put_line(FILE *out, struct rg_str line)
{
    struct rg_buf escaped;
    size_t i = 0;

    while (i < line.len && line.ptr[i] >= ' ' && line.ptr[i] < 0x7f)
        i++;
    if (i == line.len) {
        fprintf(out, "    %.*s\n", (int)line.len, line.ptr);
        return;
    }
    rg_buf_init(&escaped, LINE_TEXT_MAX);
    fprintf(out, "    %s\n", cli_escaped(&escaped, line));
    rg_buf_finish(&escaped);
}

enum rg_status cli_read_file(const char *path, struct rg_buf *out, struct rg_err *err)
{
    char block[16384];
    FILE *file = fopen(path, "re");
    enum rg_status st = RG_OK;
    size_t n;

    if (!file)
        return rg_err_errno(err, errno);
    while (st == RG_OK && (n = fread(block, 1, sizeof(block), file)) > 0)
        st = rg_buf_append(out, block, n);
    if (st == RG_ETOOBIG)
        rg_err_set(err, "larger than %zu MiB", out->max >> 20);
    else if (st != RG_OK)
        rg_err_set(err, "out of memory");
    else if (ferror(file))
        st = rg_err_errno(err, errno);
    fclose(file);
    return st;
}

int64_t cli_mono_ns(void)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
        return 0;
    return (int64_t)ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

const char *cli_hash_text(uint64_t hash, char out[CLI_HASH_TEXT])
{
    snprintf(out, CLI_HASH_TEXT, "%016" PRIx64, hash);
    return out;
}
