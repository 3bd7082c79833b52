#include "rg/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *rg_status_name(enum rg_status st)
{
    switch (st) {
    case RG_OK:
        return "ok";
    case RG_ENOTFOUND:
        return "not found";
    case RG_EACCES:
        return "permission denied";
    case RG_EIO:
        return "input/output error";
    case RG_ETOOBIG:
        return "too big";
    case RG_EINVALID:
        return "invalid";
    case RG_ELIMIT:
        return "limit exceeded";
    case RG_ENOMEM:
        return "out of memory";
    case RG_ETIMEOUT:
        return "timed out";
    case RG_ESTOPPED:
        return "stopped";
    case RG_EDIVERGED:
        return "diverged";
    case RG_EUNSUPPORTED:
        return "not supported";
    case RG_EEND:
        return "end";
    case RG_ETOONEW:
        return "written by a newer version";
    }
    return "unknown status";
}

enum rg_status rg_status_from_errno(int errnum)
{
    switch (errnum) {
    case 0:
        return RG_OK;
    case ENOENT:
    case ESRCH:
        return RG_ENOTFOUND;
    case EACCES:
    case EPERM:
        return RG_EACCES;
    case ENOMEM:
        return RG_ENOMEM;
    default:
        return RG_EIO;
    }
}

void rg_err_set(struct rg_err *err, const char *fmt, ...)
{
    va_list args;

    if (!err)
        return;
    err->errnum = 0;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
}

enum rg_status rg_err_errno(struct rg_err *err, int errnum)
{
    if (err) {
        err->errnum = errnum;
        err->text[0] = '\0';
    }
    return rg_status_from_errno(errnum);
}

void rg_err_prefix(struct rg_err *err, const char *fmt, ...)
{
    char old[RG_ERR_TEXT_MAX];
    va_list args;
    int n;

    if (!err)
        return;
    snprintf(old, sizeof(old), "%s", rg_err_text(err, RG_EIO));
    va_start(args, fmt);
    n = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof(err->text))
        snprintf(
            err->text + n, sizeof(err->text) - (size_t)n, ": %.*s", (int)(sizeof(old) / 2), old);
}

const char *rg_err_text(const struct rg_err *err, enum rg_status st)
{
    const char *text = NULL;

    if (err && err->text[0])
        return err->text;
    if (err && err->errnum)
        text = strerrordesc_np(err->errnum);
    return text ? text : rg_status_name(st);
}

_Noreturn void rg_assert_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expr);
    abort();
}
