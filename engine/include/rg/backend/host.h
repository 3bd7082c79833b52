/* Facts about the host and the run that do not come from /proc: identity, units, users,
 * environment, configuration documents. */
#ifndef RG_BACKEND_HOST_H
#define RG_BACKEND_HOST_H

#include "rg/base/buf.h"

struct rg_host; /* implementers: see rg/ops/host_ops.h */

#define RG_HOST_TEXT_MAX     256
#define RG_HOST_DOCUMENT_MAX ((size_t)4 << 20)
#define RG_HOST_PATH_MAX     4096 /* bytes, NUL included: PATH_MAX */

/* Constant for a run. Texts are NUL-terminated and may be empty when the host does not say. */
struct rg_host_facts {
    char hostname[RG_HOST_TEXT_MAX];
    char uuid[RG_HOST_TEXT_MAX];            /* machine id */
    char os[RG_HOST_TEXT_MAX];              /* "linux" */
    char platform[RG_HOST_TEXT_MAX];        /* "debian" */
    char platform_family[RG_HOST_TEXT_MAX]; /* "debian" */
    char platform_version[RG_HOST_TEXT_MAX];
    char kernel_version[RG_HOST_TEXT_MAX];
    char kernel_arch[RG_HOST_TEXT_MAX];
    uint64_t total_memory_bytes;
    int64_t clock_ticks_per_s; /* of the utime, stime and starttime fields; > 0 */
    int64_t page_size_bytes;   /* of the statm fields; > 0 */
    int32_t cpu_count;         /* logical CPUs this process may use; >= 1 */
    int32_t agent_pid;
    uint32_t uid;  /* real user id of the agent */
    uint32_t euid; /* effective */
};

/*   RG_OK   *out is filled
 *   RG_EIO  a fact the engine cannot do without is missing; err says which */
RG_NODISCARD enum rg_status rg_host_facts(
    struct rg_host *host, struct rg_host_facts *out, struct rg_err *err);

/* Name of a user id into out, replacing what it held.
 *   RG_ENOTFOUND  no such user
 *   RG_EIO        the user database failed */
RG_NODISCARD enum rg_status rg_host_user_name(
    struct rg_host *host, uint32_t uid, struct rg_buf *out, struct rg_err *err);

/* One environment variable into out. RG_ENOTFOUND: not set. */
RG_NODISCARD enum rg_status rg_host_env(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err);

/* A configuration document by its role: "datadog.yaml" (the file of the operator) or "options"
 * (what the command line says, as YAML with the same keys). RG_ENOTFOUND  there is none RG_ETOOBIG
 * above RG_HOST_DOCUMENT_MAX RG_EACCES, RG_EIO  it exists but cannot be read; err names the file */
RG_NODISCARD enum rg_status rg_host_document(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err);

/* The documents below a folder such as "conf.d", into out: "conf.d/cpu.d/conf.yaml", each name
 * ended by NUL, sorted by bytes. Regular files of the folder and of the folders in it, and what
 * links to such; no deeper ones. rg_host_document reads them. A folder in it that may not be read
 * stands there itself: "conf.d/cpu.d/".
 *   RG_ENOTFOUND  there is no such folder
 *   RG_ETOOBIG    above RG_HOST_DOCUMENT_MAX, or above out->max
 *   RG_EACCES, RG_EIO  it exists but cannot be read; err names it */
RG_NODISCARD enum rg_status rg_host_list_documents(
    struct rg_host *host, const char *folder, struct rg_buf *out, struct rg_err *err);

/* What statvfs says of the file system that holds a path. */
struct rg_filesystem {
    uint64_t block_size_bytes; /* f_frsize; > 0 */
    uint64_t blocks;           /* f_blocks */
    uint64_t blocks_free;      /* f_bfree */
    uint64_t blocks_available; /* f_bavail: for users without privileges */
    uint64_t files;            /* f_files */
    uint64_t files_free;       /* f_ffree */
};

/* path is absolute, below RG_HOST_PATH_MAX bytes.
 *   RG_ENOTFOUND, RG_EACCES, RG_EIO  as the host answers; err->errnum holds the errno */
RG_NODISCARD enum rg_status rg_host_filesystem(
    struct rg_host *host, const char *path, struct rg_filesystem *out, struct rg_err *err);

void rg_host_destroy(struct rg_host *host); /* NULL is fine */

#endif
