/* Status codes, error texts, assertions: what every other header builds on. */
#ifndef RG_BASE_ERR_H
#define RG_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RG_NODISCARD          __attribute__((warn_unused_result))
#define RG_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* Zero is success; everything else is negative. The text in struct rg_err carries the detail. */
enum rg_status {
    RG_OK = 0,
    RG_ENOTFOUND = -1,     /* the thing asked for does not exist (any more) */
    RG_EACCES = -2,        /* the world refused: EACCES, EPERM */
    RG_EIO = -3,           /* any other failure the world produced; err->errnum says which */
    RG_ETOOBIG = -4,       /* an answer is larger than the caller allowed */
    RG_EINVALID = -5,      /* input is malformed */
    RG_ELIMIT = -6,        /* input exceeds a stated limit */
    RG_ENOMEM = -7,        /* an allocation failed */
    RG_ETIMEOUT = -8,      /* a deadline passed; expected from waits */
    RG_ESTOPPED = -9,      /* the run is ending; unwind */
    RG_EDIVERGED = -10,    /* replay only: the engine asked what the recording does not hold */
    RG_EUNSUPPORTED = -11, /* this backend does not offer the call */
    RG_EEND = -12,         /* no more items */
    RG_ETOONEW = -13,      /* the file was written by a newer version */
};

#define RG_ERR_TEXT_MAX 512

/* One line of text, filled by the function that failed and passed up unchanged.
 * Expected outcomes of hot calls set errnum and leave text empty. */
struct rg_err {
    int errnum; /* errno of the failed call, 0 if none */
    char text[RG_ERR_TEXT_MAX];
};

/* Names a status: "not found", "diverged". Never NULL. */
const char *rg_status_name(enum rg_status st);

/* Maps errno to a status: ENOENT and ESRCH, EACCES and EPERM, ENOMEM, everything else RG_EIO. */
enum rg_status rg_status_from_errno(int errnum);

/* Sets the text (cut to fit) and clears errnum. err may be NULL. */
void rg_err_set(struct rg_err *err, const char *fmt, ...) RG_PRINTF(2, 3);

/* Sets errnum only and clears the text: for hot paths. Returns rg_status_from_errno(errnum). */
enum rg_status rg_err_errno(struct rg_err *err, int errnum);

/* Puts "what: " before the present text, or what followed by the errno's name if text is empty. */
void rg_err_prefix(struct rg_err *err, const char *fmt, ...) RG_PRINTF(2, 3);

/* The text, or the errno's description, or the name of the status. Borrowed from err. */
const char *rg_err_text(const struct rg_err *err, enum rg_status st);

/* A caller's bug ends the process, in every build: going on would make the output a lie. */
_Noreturn void rg_assert_failed(const char *expr, const char *file, int line);
#define rg_assert(expr) ((expr) ? (void)0 : rg_assert_failed(#expr, __FILE__, __LINE__))

/* Drops a result on purpose. */
#define rg_ignore(call, why)                                                                       \
    do {                                                                                           \
        if (call) {                                                                                \
        }                                                                                          \
    } while (0)

#endif
