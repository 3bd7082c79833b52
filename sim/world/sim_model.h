/* The model behind rg/sim_host.h: specs, processes, pids, and what happens next. Renderers read it;
 * only sim_model.c changes it. */
#ifndef RG_SIM_MODEL_H
#define RG_SIM_MODEL_H

#include "rg/base/heap.h"
#include "rg/base/prng.h"
#include "rg/ops/host_ops.h"
#include "rg/ops/procfs_ops.h"
#include "rg/sim_devices.h"
#include "rg/sim_host.h"

#include <string.h>

__extension__ typedef __int128 sim_wide;

/* The sum of value times nanoseconds from world time 0, in thousandths; negative before. */
sim_wide sim_series_integral(const struct rg_sim_series *series, int64_t world_ns);

/* How often the value may have changed from one time to another: 0 only if it did not. */
int64_t sim_series_changes(const struct rg_sim_series *series, int64_t from_ns, int64_t to_ns);

/* The largest value up to a world time, in thousandths. */
int64_t sim_series_peak(const struct rg_sim_series *series, int64_t world_ns);

bool sim_series_is_constant(const struct rg_sim_series *series);

/* Owned copies of the texts of one program image. */
struct sim_image {
    char *name, *exe;
    char **args;
    size_t arg_count;
};

/* One kind of process. The text pointers of is are not used; those below are. */
struct sim_spec {
    struct rg_sim_process_spec is;
    struct sim_image first, second; /* before and after exec */
    char *cwd, *user, *setuid_user;
    struct rg_prng prng;
    uint32_t next_copy;
    int32_t freed_pid;   /* given back last; 0: none yet */
    int64_t copies_left; /* of count */

    /* Aggregates over processes, so that host-wide numbers cost no walk. Scales are in permille;
     * CPU in scale times thousandths of a percent times nanoseconds. */
    uint64_t live, live_scale;
    sim_wide live_base; /* sum of scale times the integral at the start */
    sim_wide dead_cpu;  /* of those that ended */
};

/* RG_EINVALID and RG_ELIMIT before anything is copied. Takes the series on success only. */
enum rg_status sim_spec_check(
    const struct sim_spec *spec, const struct rg_sim_host_options *options, struct rg_err *err);
enum rg_status sim_spec_copy_texts(
    struct sim_spec *spec, const struct rg_sim_process_spec *from, struct rg_err *err);
void sim_spec_finish(struct sim_spec *spec);

#define SIM_NEVER       INT64_MAX
#define SIM_DEFAULT_RSS (INT64_C(4096) * 1000) /* KiB, in thousandths */

struct sim_proc {
    int32_t pid; /* 0: the slot is free and next_free holds */
    uint32_t spec, copy;
    uint32_t scale;     /* permille of the load of the spec */
    uint32_t next_free; /* slot + 1 */
    int64_t start_ns;   /* world time */
    int64_t end_ns;     /* a zombie since; SIM_NEVER */
    uint64_t salt;      /* of addresses and offsets */
};

/* One version of a document, from a world time on. */
struct sim_document {
    char *name;
    char *text; /* NULL: there is none from then on */
    int64_t at_ns;
};

/* The text pointers of is, in this and the following structs, are not used; those here are. */
struct sim_mount {
    char *path, *device, *type, *options;
    struct rg_filesystem numbers; /* unless it is shown */
    bool shown;                   /* in the list of mounts; its numbers are those of is */
    struct rg_sim_mount is;
};

struct sim_disk {
    char *name;
    struct rg_sim_disk is;
};

struct sim_interface {
    char *name;
    struct rg_sim_interface is;
};

struct sim_env {
    char *name, *value;
};

/* What one process has done, all in closed form. */
struct sim_counts {
    const struct sim_image *image;
    int32_t threads, ppid;
    uint32_t uid, gid;
    bool zombie;
    char state;
    uint64_t user_ticks, system_ticks, start_ticks;
    uint64_t voluntary, involuntary, switched_in, run_ns, wait_ns;
    uint64_t minor_faults, major_faults;
    uint64_t read_calls, write_calls, read_bytes, write_bytes;
    uint64_t resident_kib, peak_kib, size_kib, peak_size_kib; /* whole pages */
    uint64_t shared_kib, text_kib, data_kib;
    int64_t fds;
    uint64_t addresses; /* page number of the code */
};

struct rg_sim_host {
    struct rg_procfs procfs;
    struct rg_host host;
    struct rg_sim_host_options options; /* texts below */
    char *hostname, *kernel_release, *kernel_arch, *os_id, *os_version, *config, *document;
    struct rg_mutex *mutex; /* owned; NULL without scheduling points */
    int64_t mono_start_ns;
    int64_t boot_ns; /* world time of the boot; <= 0 */
    int64_t now_ns;  /* world time of the last call */

    struct sim_spec *specs; /* owned */
    size_t spec_count, spec_cap;
    struct sim_proc *procs; /* owned slots */
    size_t proc_count, proc_cap;
    uint32_t free_slot; /* slot + 1 */
    uint32_t *by_pid;   /* owned; slot + 1, 0: the pid is free */
    uint64_t *pid_bits; /* owned; set: in use */
    int32_t last_pid;
    struct rg_heap events;
    uint64_t threads; /* of all processes */

    struct sim_document *documents; /* owned; by name, then by time */
    size_t document_count, document_cap;
    struct sim_mount *mounts; /* owned */
    size_t mount_count, mount_cap;
    struct sim_disk *disks; /* owned */
    size_t disk_count, disk_cap;
    struct sim_interface *interfaces; /* owned */
    size_t interface_count, interface_cap;
    struct sim_env *env; /* owned */
    size_t env_count, env_cap;
    struct rg_sim_numbers numbers; /* owned */
    struct rg_sim_host_stats stats;
    void (*rendering)(void *ctx); /* NULL: nobody wants to know */
    void *rendering_ctx;
    int32_t counted_pid; /* whose counts are kept; 0: nobody's */
    struct sim_counts counts;
};

/* Moves the model to the present of its clock. RG_ENOMEM: the next call goes on where this stopped.
 */
enum rg_status sim_model_advance(struct rg_sim_host *h, struct rg_err *err);

/* NULL: no such pid now. */
const struct sim_proc *sim_model_find(const struct rg_sim_host *h, int32_t pid);

/* The smallest pid in use above pid, or 0. */
int32_t sim_model_next_pid(const struct rg_sim_host *h, int32_t pid);

/* Plans the first start of a spec. RG_ENOMEM. */
enum rg_status sim_model_plan(struct rg_sim_host *h, uint32_t spec);

/* CPU time of all processes of a spec so far, in nanoseconds. */
int64_t sim_spec_cpu_ns(const struct rg_sim_host *h, const struct sim_spec *spec);

/* Borrowed from the host, valid until its next call. A scan asks for several files of a process at
 * one time, so the last answer is kept. */
const struct sim_counts *sim_count(struct rg_sim_host *h, const struct sim_proc *p);

/* What a rate has added up to since boot, times a factor; at most INT64_MAX. times is at most 2^17.
 */
uint64_t sim_total(const struct rg_sim_host *h, const struct rg_sim_series *series, uint64_t times,
    uint64_t divisor);
/* The present value, cut; fallback when the series is unset. */
uint64_t sim_value(
    const struct rg_sim_host *h, const struct rg_sim_series *series, uint64_t fallback);
void sim_mount_numbers(const struct sim_mount *mount, int64_t now_ns, struct rg_filesystem *out);
const char *sim_env(const struct rg_sim_host *h, const char *name); /* NULL: not set */
void sim_devices_finish(struct rg_sim_host *h);

/* What follows is rendering. */
static inline void sim_rendering(const struct rg_sim_host *h)
{
    if (h->rendering)
        h->rendering(h->rendering_ctx);
}

/* Appends to a buffer, in chunks; the first failure is kept. */
struct sim_out {
    struct rg_buf *buf;
    enum rg_status st;
    size_t len;
    char chunk[4096];
};

void sim_out_init(struct sim_out *out, struct rg_buf *buf);
void sim_out_long(struct sim_out *out, const char *bytes, size_t len); /* what may not fit */
/* Inline, so that the copies of constant texts are a few moves. */
static inline void sim_out_bytes(struct sim_out *out, const char *bytes, size_t len)
{
    if (len <= sizeof(out->chunk) - out->len) {
        memcpy(out->chunk + out->len, bytes, len);
        out->len += len;
    } else {
        sim_out_long(out, bytes, len);
    }
}
static inline void sim_out_text(struct sim_out *out, const char *text)
{
    sim_out_bytes(out, text, strlen(text));
}
void sim_out_u64(struct sim_out *out, uint64_t v);
void sim_out_i64(struct sim_out *out, int64_t v);
void sim_out_right(struct sim_out *out, uint64_t v, size_t width); /* padded with spaces */
void sim_out_hex(struct sim_out *out, uint64_t v, size_t width);   /* padded with zeros */
/* With {copy} and {pid} replaced, cut at max bytes. */
void sim_out_expanded(struct sim_out *out, const char *text, const struct sim_proc *p, size_t max);
/* Flushes; a failure empties the buffer. */
enum rg_status sim_out_end(struct sim_out *out, struct rg_err *err);

/* One file of one process; ENOENT for names that are none. */
enum rg_status sim_render_pid(struct rg_sim_host *h, const struct sim_proc *p, const char *name,
    struct rg_buf *out, struct rg_err *err);
void sim_render_status(const struct rg_sim_host *h, const struct sim_proc *p,
    const struct sim_counts *c, struct sim_out *out);
/* The comm of a process: at most 15 bytes. */
void sim_render_comm(struct sim_out *out, const struct sim_proc *p, const struct sim_counts *c);
/* A file of memory, of disks, of the network; false when path is none of theirs. */
bool sim_render_memory(const struct rg_sim_host *h, const char *path, struct sim_out *out);
bool sim_render_disks(const struct rg_sim_host *h, const char *path, struct sim_out *out);
bool sim_render_network(const struct rg_sim_host *h, const char *path, struct sim_out *out);
/* One file of the host. */
enum rg_status sim_render_host(
    const struct rg_sim_host *h, const char *path, struct rg_buf *out, struct rg_err *err);

/* Documents and file systems, as the host backend answers; RG_ENOTFOUND, RG_ETOOBIG, RG_ENOMEM. */
enum rg_status sim_document_get(const struct rg_sim_host *h, const char *name, struct rg_buf *out);
enum rg_status sim_document_list(
    const struct rg_sim_host *h, const char *folder, struct rg_buf *out);
void sim_filesystem(const struct rg_sim_host *h, const char *path, struct rg_filesystem *out);
void sim_documents_finish(struct rg_sim_host *h);

extern const struct rg_procfs_ops sim_procfs_ops;
extern const struct rg_host_ops sim_host_ops;

#endif
