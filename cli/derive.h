/* From a capture to a scenario: what is kept of each process while the capture is read, how equal
 * ones become one item, and how their numbers become series. See "From a capture" in
 * docs/scenario-format.md for the rules that users rely on.
 *
 * Memory is bounded by the number of processes and texts, never by the length of the capture. */
#ifndef RG_DERIVE_H
#define RG_DERIVE_H

#include "derive_series.h"
#include "rg/backend/host.h"
#include "rg/base/map.h"
#include "rg/base/time.h"
#include "rg/effect.h"

#define DERIVE_PROCESSES_MAX  ((size_t)1000000)   /* histories in one capture */
#define DERIVE_FRAMES_MAX     ((size_t)1000000)   /* scans */
#define DERIVE_TEXTS_MAX      ((size_t)4 << 20)   /* distinct names, command lines, paths */
#define DERIVE_TEXT_BYTES_MAX ((size_t)256 << 20) /* of all of them */
#define DERIVE_SETTINGS_MAX   ((size_t)1000)      /* of the configuration */
#define DERIVE_NEVER          UINT32_MAX          /* no such frame */
#define DERIVE_STATES         "SRDTIZ"            /* what a simulated process can show */

/* One look at the processes: a run of a check. */
struct derive_frame {
    int64_t at_ns; /* since the first effect */
    uint32_t cell; /* where it stands on the grid of steps: see derive_grid */
    bool listed;   /* it began with a list of pids */
};

/* Texts by their number in struct derive.texts. */
struct derive_image {
    uint32_t comm, exe, args; /* args: the raw command line, as recorded */
};

/* The life of one process, as far as it was seen. */
struct derive_process {
    int32_t pid, ppid, threads, nice;
    uint32_t uid, gid, new_uid, new_gid;
    struct derive_image image, new_image; /* after the last exec, if exec_frame says so */
    uint32_t cwd;
    uint64_t start_ticks; /* since boot */
    bool has_start, kernel, changed_threads;
    uint32_t execs;
    uint32_t first_frame;                            /* that it was seen in */
    uint32_t gone_frame;                             /* the first one without it, or DERIVE_NEVER */
    uint32_t listed_frame;                           /* the last list that held it */
    uint32_t exec_frame, setuid_frame, zombie_frame; /* or DERIVE_NEVER */
    uint32_t lists;                                  /* how many held it */
    uint32_t states[sizeof(DERIVE_STATES) - 1];      /* how often it was in each */
    double listed_sum_ns;                            /* sum of the times of those lists */
    /* The counters as they were seen first and last. */
    int64_t first_ns, last_cpu_ns, last_io_ns;
    uint64_t user_ticks, system_ticks, first_user, first_system;
    int64_t first_read, first_write, first_io_ns, read_bytes, write_bytes; /* -1: never seen */
    uint32_t last_cpu_frame, last_io_frame;
    struct derive_series cpu, rss, read, write, fds;
    /* of derive_grid, in world time: negative is before the run */
    int64_t start_ns, stop_ns; /* stop_ns 0: it does not end */
};

/* One setting of the recorded configuration; both texts are owned. value is YAML. */
struct derive_setting {
    char *path, *value;
};

/* Everything that is kept of a capture. */
struct derive {
    struct rg_host_facts facts;
    bool has_facts, has_status, truncated;
    int64_t ticks_per_s;
    int32_t cpuinfo_count; /* 0: cpuinfo was not recorded */
    int kernel_form;       /* 0, 1, 2 as enum rg_sim_kernel_form */
    int64_t boot_s;        /* btime; 0 when it was not recorded */
    int64_t wall_ns;       /* at the first effect */
    int64_t first_mono_ns, duration_ns;
    int64_t for_ns; /* run.for as recorded; 0: not recorded */
    bool process_mark, rtprocess_mark, process_output;
    struct derive_frame *frames;
    size_t frame_count, frame_cap;
    struct derive_process *processes; /* in order of appearance */
    size_t process_count, process_cap;
    struct rg_intern texts; /* number 0 is the empty text */
    size_t text_bytes;
    struct rg_map users; /* uid to number of its name */
    struct derive_setting *settings;
    size_t setting_count, setting_cap;
    /* of derive_grid */
    int64_t step_ns, uptime_ns;
    uint64_t unread; /* pids that were listed and gone when they were read */
};

/* Reads a capture; *d is initialised by this call, also on failure: derive_finish.
 *   statuses of rg_effects_open and rg_effects_next
 *   RG_ELIMIT  above a limit of this file; err says which */
RG_NODISCARD enum rg_status derive_read(struct derive *d, const char *path, struct rg_err *err);
void derive_finish(struct derive *d);

/* The steps of derive_read: takes the effects one by one. */
struct derive_reader;
RG_NODISCARD enum rg_status derive_reader_create(
    struct derive *d, struct derive_reader **out, struct rg_err *err);
RG_NODISCARD enum rg_status derive_reader_take(
    struct derive_reader *r, const struct rg_effect *effect, struct rg_err *err);
RG_NODISCARD enum rg_status derive_reader_end(struct derive_reader *r, struct rg_err *err);
void derive_reader_destroy(struct derive_reader *r); /* NULL is fine */

/* What a document or an environment variable says of the configuration. */
RG_NODISCARD enum rg_status derive_config_document(
    struct derive *d, const char *name, struct rg_str text, struct rg_err *err);
RG_NODISCARD enum rg_status derive_config_env(
    struct derive *d, struct rg_str name, struct rg_str text, struct rg_err *err);
/* The value of a setting as YAML, or NULL. */
const char *derive_config_get(const struct derive *d, const char *path);

/* Number of a text, which is kept. RG_ELIMIT names the limit. */
RG_NODISCARD enum rg_status derive_text_put(
    struct derive *d, struct rg_str text, uint32_t *number, struct rg_err *err);
struct rg_str derive_text(const struct derive *d, uint32_t number);

/* After reading: puts the frames on a grid of steps, finds out how long the host was up, and when
 * each process began and ended. */
RG_NODISCARD enum rg_status derive_grid(struct derive *d); /* RG_ENOMEM */

/* World time of a frame. */
int64_t derive_frame_ns(const struct derive *d, uint32_t frame);

/* Whether each scan came when the configuration says, give or take a tenth of a second: then the
 * scans of the scenario see what the recorded ones saw. */
bool derive_punctual(const struct derive *d);

/* The state that a process mostly had; 0: the one that a simulated process shows by itself. */
char derive_state(const struct derive_process *p);

#endif
