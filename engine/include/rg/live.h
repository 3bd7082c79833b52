/* The live backends: Linux, read through system calls. Every create function gives an owned object
 * that the destroy function of its interface ends; on failure *out is untouched and err says why.
 * Paths and texts in arguments are borrowed for the call unless stated otherwise. */
#ifndef RG_LIVE_H
#define RG_LIVE_H

#include "rg/backend/host.h"
#include "rg/backend/procfs.h"
#include "rg/backend/runtime.h"
#include "rg/backend/sink.h"
#include "rg/backend/storage.h"

/* Tasks are threads with 1 MiB of stack and all signals blocked except those that a fault raises;
 * the calling thread becomes the main task. Waits use CLOCK_MONOTONIC, the wall clock is
 * CLOCK_REALTIME, random numbers come from the kernel whatever the stream.
 *   RG_ENOMEM, RG_EIO */
RG_NODISCARD enum rg_status rg_live_runtime_create(struct rg_runtime **out, struct rg_err *err);

/* Asks the run to end: from now on rg_runtime_wait_stop answers RG_ESTOPPED, at once also for those
 * who wait. Sleeps and condition waits go on: who waited for the stop wakes the other tasks. Any
 * thread may call it, also one that is no task (not a signal handler), any number of times. */
void rg_live_runtime_stop(struct rg_runtime *rt);

/* The process file system below root, usually "/proc". root may be an ordinary directory. Calls may
 * come from several tasks at once. Opens two descriptors and keeps them.
 *   RG_ENOTFOUND, RG_EACCES, RG_EIO  root cannot be opened
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_live_procfs_create(
    const char *root, struct rg_procfs **out, struct rg_err *err);

/* Where the host backend finds what the host itself does not say. All borrowed until the host is
 * destroyed; zero-initialise. */
struct rg_live_host_options {
    const char *hostname;    /* instead of the system's; NULL or "": the system's */
    const char *config_path; /* document "datadog.yaml"; NULL: there is none */
    bool config_named;   /* the operator named config_path: absence is RG_EIO, not RG_ENOTFOUND */
    const char *confd;   /* folder "conf.d"; NULL: there is none */
    const char *options; /* document "options"; NULL: there is none */
    const char *etc;     /* where os-release and machine-id are; NULL: "/etc" */
};

/* Facts are read at every call of rg_host_facts; it answers RG_EIO when the system refuses to say
 * how long a clock tick is or how large a page is. The environment is that of the process.
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_live_host_create(
    const struct rg_live_host_options *options, struct rg_host **out, struct rg_err *err);

/* Objects are the regular files path/NAMESPACE/NAME. Creates path (mode 0700, not its parents) when
 * it is absent, and removes what interrupted puts left behind unless another storage is open on the
 * same path. Several processes and tasks may use one path.
 *   RG_ENOTFOUND, RG_EACCES, RG_EIO, RG_ENOMEM */
RG_NODISCARD enum rg_status rg_live_storage_create(
    const char *path, struct rg_storage **out, struct rg_err *err);

/* Appends every output to the file at path, created with mode 0600. One record is
 *
 *   {"kind":"payload","source":"process","headers":[["Content-Type","x"]],"bytes":5}\n
 *   PAYLOAD\n
 *
 * where PAYLOAD is exactly "bytes" raw bytes, which may hold newlines. A record that could not be
 * written whole is cut off again (in a regular file) and answers RG_EIO; a crash may leave a torn
 * last record. path may also name a pipe or device; ignore SIGPIPE then.
 *   RG_ENOTFOUND, RG_EACCES, RG_EIO, RG_ENOMEM */
RG_NODISCARD enum rg_status rg_live_sink_file(
    const char *path, struct rg_sink **out, struct rg_err *err);

/* Writes outputs of kind "log" to fd, one line each, and drops all others. fd is borrowed until the
 * sink is destroyed.
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_live_sink_stream(int fd, struct rg_sink **out, struct rg_err *err);

/* How many outputs a sink of rg_live_sink_stream has dropped. */
uint64_t rg_live_sink_stream_dropped(struct rg_sink *sink);

#endif
