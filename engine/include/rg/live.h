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

enum rg_live_intake_coding { RG_LIVE_INTAKE_PLAIN, RG_LIVE_INTAKE_DEFLATE, RG_LIVE_INTAKE_ZSTD };

#define RG_LIVE_INTAKE_CONNECT_NS (10 * RG_NS_PER_S)
#define RG_LIVE_INTAKE_TIMEOUT_NS (20 * RG_NS_PER_S) /* upstream's forwarder_timeout */
#define RG_LIVE_INTAKE_PAUSE_NS   (500 * RG_NS_PER_MS)

/* All texts are borrowed for the call. Zero-initialise. */
struct rg_live_intake_options {
    const char *url;         /* of metrics, service checks, events: "https://app.datadoghq.com" */
    const char *process_url; /* of process and container payloads; NULL: url */
    const char *api_key;     /* sent with every request, never part of a text or an answer */
    const char *user_agent;  /* NULL: "reagent" */
    const char *ca_file;     /* trusted instead of the system's certificates; NULL: those */
    const char *proxy_http, *proxy_https; /* for such addresses; NULL: none. The environment is
                                             not asked */
    const char *no_proxy;                 /* hosts that are asked directly, by commas; NULL: none */
    enum rg_live_intake_coding coding;    /* of bodies; process payloads are never compressed */
    bool insecure;                        /* certificates are not verified */
    int64_t connect_ns; /* at most, until connected; 0: RG_LIVE_INTAKE_CONNECT_NS */
    int64_t timeout_ns; /* at most, for one request; 0: RG_LIVE_INTAKE_TIMEOUT_NS */
    int64_t pause_ns;   /* see below; 0: RG_LIVE_INTAKE_PAUSE_NS */
};

/* Sends outputs of kind "payload" by HTTP POST, with their own headers, to the endpoint that takes
 * their source and content type; other kinds are taken and not sent. response is what the intake
 * answered, at most RG_RESPONSE_BYTES_MAX; a longer answer is dropped, its status counts.
 *   RG_OK        the intake answered 2xx
 *   RG_EINVALID  it answered 400, 403 or 413, or there is no endpoint for such an output
 *   RG_EIO       any other answer, redirects too (none is followed), a broken one, or none in time
 *
 * Several tasks may emit at once; connections are kept and used again. A call ends after timeout_ns
 * (a name server that does not answer may add its own limit). When an address did not answer, or
 * only after a second or more, further calls to it fail at once for pause_ns: who tries a full
 * queue once more before the end does not wait for each.
 *
 * A request on a kept connection that turns out to be closed is sent once more, with the same
 * bytes. The caller ignores SIGPIPE. RG_EINVALID  an option is not usable; err says which
 *   RG_ENOTFOUND, RG_EACCES, RG_EIO  ca_file cannot be read
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_live_sink_intake(
    const struct rg_live_intake_options *options, struct rg_sink **out, struct rg_err *err);

/* Says that the run is ending: what is under way is given up after grace_ns (up to a second later),
 * and further calls fail at once then, RG_EIO both. Any thread may call it; the first call counts.
 * sink is one of rg_live_sink_intake. */
void rg_live_sink_intake_end(struct rg_sink *sink, int64_t grace_ns);

#endif
