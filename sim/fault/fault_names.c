#include "fault_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum rg_fault_target target;
} calls[RG_FAULT_CALL_COUNT] = {
    [RG_FAULT_ANY] = {"any", RG_FAULT_BACKENDS},
    [RG_FAULT_LIST] = {"list", RG_FAULT_PROCFS},
    [RG_FAULT_READ] = {"read", RG_FAULT_PROCFS},
    [RG_FAULT_LINK] = {"link", RG_FAULT_PROCFS},
    [RG_FAULT_FDS] = {"fds", RG_FAULT_PROCFS},
    [RG_FAULT_STAT] = {"stat", RG_FAULT_PROCFS},
    [RG_FAULT_HOST_READ] = {"host_read", RG_FAULT_PROCFS},
    [RG_FAULT_FACTS] = {"facts", RG_FAULT_HOST},
    [RG_FAULT_USER] = {"user", RG_FAULT_HOST},
    [RG_FAULT_ENV] = {"env", RG_FAULT_HOST},
    [RG_FAULT_DOCUMENT] = {"document", RG_FAULT_HOST},
    [RG_FAULT_DOCUMENTS] = {"documents", RG_FAULT_HOST},
    [RG_FAULT_FILESYSTEM] = {"filesystem", RG_FAULT_HOST},
    [RG_FAULT_GET] = {"get", RG_FAULT_STORAGE},
    [RG_FAULT_PUT] = {"put", RG_FAULT_STORAGE},
    [RG_FAULT_REMOVE] = {"remove", RG_FAULT_STORAGE},
    [RG_FAULT_LIST_OBJECTS] = {"list_objects", RG_FAULT_STORAGE},
    [RG_FAULT_EMIT] = {"emit", RG_FAULT_SINK},
    [RG_FAULT_SPAWN] = {"spawn", RG_FAULT_RUNTIME},
    [RG_FAULT_MUTEX] = {"mutex", RG_FAULT_RUNTIME},
    [RG_FAULT_COND] = {"cond", RG_FAULT_RUNTIME},
    [RG_FAULT_WALL] = {"wall", RG_FAULT_RUNTIME},
};

#define ERRNO(name)                                                                                \
    {                                                                                              \
#name, name                                                                                \
    }

/* What system calls on files, processes and sockets answer. */
static const struct {
    const char *name;
    int errnum;
} errnos[] = {
    ERRNO(EACCES),
    ERRNO(EAGAIN),
    ERRNO(EBADF),
    ERRNO(EBUSY),
    ERRNO(ECONNREFUSED),
    ERRNO(ECONNRESET),
    ERRNO(EDQUOT),
    ERRNO(EFAULT),
    ERRNO(EFBIG),
    ERRNO(EINTR),
    ERRNO(EINVAL),
    ERRNO(EIO),
    ERRNO(EISDIR),
    ERRNO(ELOOP),
    ERRNO(EMFILE),
    ERRNO(ENAMETOOLONG),
    ERRNO(ENFILE),
    ERRNO(ENODEV),
    ERRNO(ENOENT),
    ERRNO(ENOMEM),
    ERRNO(ENOSPC),
    ERRNO(ENOSYS),
    ERRNO(ENOTDIR),
    ERRNO(ENXIO),
    ERRNO(EOPNOTSUPP),
    ERRNO(EOVERFLOW),
    ERRNO(EPERM),
    ERRNO(EPIPE),
    ERRNO(EROFS),
    ERRNO(ESRCH),
    ERRNO(ESTALE),
    ERRNO(ETIMEDOUT),
};

#define ERRNO_COUNT (sizeof(errnos) / sizeof(errnos[0]))

const char *rg_fault_call_name(enum rg_fault_call call)
{
    rg_assert(call >= 0 && call < RG_FAULT_CALL_COUNT);
    return calls[call].name;
}

enum rg_fault_target rg_fault_call_target(enum rg_fault_call call)
{
    rg_assert(call >= 0 && call < RG_FAULT_CALL_COUNT);
    return calls[call].target;
}

bool rg_fault_errno(struct rg_str name, int *errnum)
{
    for (size_t i = 0; i < ERRNO_COUNT; i++) {
        if (rg_str_is(name, errnos[i].name)) {
            *errnum = errnos[i].errnum;
            return true;
        }
    }
    return false;
}

const char *fault_errno_text(int errnum, char *out)
{
    for (size_t i = 0; i < ERRNO_COUNT; i++) {
        if (errnos[i].errnum == errnum)
            return errnos[i].name;
    }
    snprintf(out, FAULT_ERRNO_TEXT, "errno %d", errnum);
    return out;
}
