/* A simulated Linux host: processes that start, work, change and end, shown through the procfs and
 * host backends as the text that a kernel would print.
 *
 * The model is a function of (options, specs, time): the same three give the same bytes, whatever
 * was asked before. It moves when a backend is asked, to the present of the virtual clock, at a
 * cost of the starts and ends that lie in between; every counter is a closed form of the time.
 *
 * World time: nanoseconds since rg_sim_host_create; 0 is the moment of the creation. */
#ifndef RG_SIM_HOST_H
#define RG_SIM_HOST_H

#include "rg/backend/host.h"
#include "rg/backend/procfs.h"
#include "rg/backend/runtime.h"
#include "rg/base/str.h"

/* A load over world time, in the notation of load generators (that of promtool's unit tests):
 *   7        always 7
 *   1 2 5    one value per step
 *   4x3      4, and then 3 times more:          4 4 4 4
 *   5+3x20   5, and then 20 times 3 more each:  5 8 11 .. 65
 *   90-10x9  90, and then 9 times 10 less each: 90 80 .. 0
 * joined by spaces. Values have up to three decimals and are not negative. Before world time 0 the
 * first value holds, or a value of its own: "0.5|7 9x3" is 0.5 before and then 7 9 9 9 9. After the
 * end the last one holds. Zero-initialised: always 0. */
struct rg_sim_series {
    struct rg_sim_series_run *runs; /* owned; NULL: always 0 */
    size_t run_count;
    int64_t before;  /* thousandths: the value before world time 0 */
    int64_t step_ns; /* how long one value holds */
};

#define RG_SIM_SERIES_RUNS_MAX  ((size_t)4096)              /* words in one text */
#define RG_SIM_SERIES_COUNT_MAX ((int64_t)1 << 24)          /* the number behind an 'x' */
#define RG_SIM_SERIES_VALUE_MAX INT64_C(1000000000000)      /* of one value, before the decimals */
#define RG_SIM_SERIES_STEP_NS   (INT64_C(10) * RG_NS_PER_S) /* of a spec that says nothing */

/* step_ns > 0. *out changes on success only; what it held before is not freed.
 *   RG_OK        *out is owned: rg_sim_series_finish
 *   RG_EINVALID  the text is malformed or a value would be negative; err names the word
 *   RG_ELIMIT    more than a maximum above
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_sim_series_parse(
    struct rg_str text, int64_t step_ns, struct rg_sim_series *out, struct rg_err *err);
void rg_sim_series_finish(struct rg_sim_series *series); /* a zeroed struct is fine */

/* The value at a world time, in thousandths. */
int64_t rg_sim_series_at(const struct rg_sim_series *series, int64_t world_ns);

/* The sum of value times seconds from world time from_ns to to_ns >= from_ns, in thousandths, cut.
 * Exact, so that it grows with to_ns only; at most INT64_MAX. */
int64_t rg_sim_series_sum(const struct rg_sim_series *series, int64_t from_ns, int64_t to_ns);

/* Which lines and fields /proc has. */
enum rg_sim_kernel_form {
    RG_SIM_KERNEL_6,    /* 6.10 and later */
    RG_SIM_KERNEL_4,    /* 4.7 to 4.9: Umask, NSpid and RssAnon, no NoNewPrivs, THP_enabled, ... */
    RG_SIM_KERNEL_3_10, /* no Umask, NSpid, RssAnon, THP_enabled, ... */
};

struct rg_sim_host_options {
    struct rg_runtime *clock;   /* borrowed; outlives the host. A virtual runtime */
    uint64_t seed;              /* of addresses, lifetimes and the spread of loads */
    const char *hostname;       /* this and all texts are copied; NULL is "" */
    const char *kernel_release; /* "6.1.0-18-amd64" */
    const char *kernel_arch;    /* "x86_64" */
    const char *os_id;          /* platform: "debian" */
    const char *os_version;     /* "12" */
    enum rg_sim_kernel_form form;
    int32_t cpu_count;         /* 1..RG_SIM_CPUS_MAX */
    int64_t page_size_bytes;   /* 4096, 16384, 65536: a power of two in 1 KiB..1 MiB */
    int64_t clock_ticks_per_s; /* 1..1000000 */
    uint64_t total_memory_bytes;
    struct rg_wall boot;      /* when the host booted; not after the present of the clock */
    int32_t pid_first;        /* the first pid given out, and again after pid_max; >= 1 */
    int32_t pid_max;          /* the largest pid; pid_first..RG_SIM_PID_MAX */
    int32_t agent_pid;        /* in the facts */
    uint32_t euid;            /* of the agent: not 0 means that other users' files are refused */
    int32_t agent_cpus;       /* that the agent may run on, as its facts say; 0: cpu_count */
    int64_t idle_falls_at_ns; /* world time at which the idle time falls by idle_falls_ns, as the */
    int64_t idle_falls_ns;    /* counters of a CPU that went away do */
    int64_t btime_error_ns;   /* the boot time in /proc/stat is off by this much until then */
    int64_t btime_error_until_ns;
    const char *config_text;  /* document "datadog.yaml"; NULL: there is none */
    const char *options_text; /* document "options"; NULL: there is none */
    bool scheduling_points;   /* every call takes a lock of the clock: a point of task choice */
};

#define RG_SIM_CPUS_MAX 4096
#define RG_SIM_PID_MAX  4194303 /* the kernel's PID_MAX_LIMIT - 1 */

/* Everything but the clock. Booted 2025-12-01 00:00:00 UTC. */
#define RG_SIM_HOST_OPTIONS                                                                        \
    ((struct rg_sim_host_options){                                                                 \
        .hostname = "sim-host",                                                                    \
        .kernel_release = "6.1.0-18-amd64",                                                        \
        .kernel_arch = "x86_64",                                                                   \
        .os_id = "debian",                                                                         \
        .os_version = "12",                                                                        \
        .form = RG_SIM_KERNEL_6,                                                                   \
        .cpu_count = 2,                                                                            \
        .page_size_bytes = 4096,                                                                   \
        .clock_ticks_per_s = 100,                                                                  \
        .total_memory_bytes = UINT64_C(8) << 30,                                                   \
        .boot = {INT64_C(1764547200) * RG_NS_PER_S},                                               \
        .pid_first = 1,                                                                            \
        .pid_max = 32768,                                                                          \
    })

/* One kind of process. Texts may hold "{copy}" (number of the process within its spec, from 0) and
 * "{pid}"; both are replaced in name, args, exe and cwd. Texts and arrays are copied; the series
 * are taken (see rg_sim_host_add). Zero is a fine value for everything but name. */
struct rg_sim_process_spec {
    const char *name;        /* comm; the kernel shows the first 15 bytes. Not NULL, not empty */
    const char *const *args; /* the command line; arg_count of them */
    size_t arg_count;
    const char *exe; /* target of the link; NULL: the first argument, or "/usr/bin/" and name */
    const char *cwd; /* NULL: "/" */
    uint32_t uid, gid;
    const char *user;   /* name of uid in the user database; NULL: it has none (0 is always root) */
    int32_t pid;        /* of the first copy, if it is free then; 0: the next one in turn */
    int32_t ppid;       /* 0: 1, and for kernel threads 2 */
    int32_t threads;    /* 0: 1 */
    int32_t nice;       /* -20..19 */
    char state;         /* 'S', 'D', 'T', 'I', 'R', 'Z'; 0: 'S', or 'R' while it uses half a CPU */
    bool kernel_thread; /* PF_KTHREAD: no args, no exe, no memory */

    struct rg_sim_series cpu;           /* percent of one CPU */
    struct rg_sim_series rss;           /* KiB, rounded down to whole pages; unset: 4 MiB */
    struct rg_sim_series read_bytes_s;  /* bytes per second from disk */
    struct rg_sim_series write_bytes_s; /* bytes per second to disk */
    struct rg_sim_series fds;           /* open files; unset: 4 */
    uint32_t spread_permille;           /* each copy works and holds up to this more or less */
    uint32_t user_percent;              /* share of the CPU time in user mode; 0: 70 */

    int32_t count;         /* copies that start at start_ns; 0: 1, -1: none */
    int64_t start_ns;      /* world time; negative: before the creation, at boot at the earliest */
    int64_t stop_ns;       /* world time at which all of them end, later ones too; 0: never */
    int64_t lifetime_ns;   /* mean life of a copy (half to one and a half), at least 1 ms; 0: until
                              stop_ns */
    bool respawn;          /* a copy that ended is replaced at once, by the next copy number */
    uint32_t spawn_per_ks; /* further copies per 1000 s, from start_ns to stop_ns */
    int64_t zombie_ns;     /* an ended copy stays a zombie for so long */
    bool reuse_pids;       /* a new copy takes the pid that was given back last, if it is free */

    size_t padding;          /* bytes of one more argument at the end: x and x and so on */
    int64_t cpu_falls_at_ns; /* age at which its CPU time falls by cpu_falls_ns; 0: never */
    int64_t cpu_falls_ns;
    int64_t io_anew_at_ns; /* age at which its io counters start from 0 again; 0: never */

    int64_t exec_at_ns;    /* age at which a copy calls exec; 0: never */
    const char *exec_name; /* NULL: the name stays. So do exe and args */
    const char *exec_exe;
    const char *const *exec_args;
    size_t exec_arg_count;
    int64_t setuid_at_ns; /* age at which it changes to the ids below; 0: never */
    uint32_t setuid_uid, setuid_gid;
    const char *setuid_user; /* name of setuid_uid; NULL: none */
};

#define RG_SIM_SPECS_MAX      ((size_t)4096)
#define RG_SIM_SPEC_COUNT_MAX 1000000
#define RG_SIM_TEXT_MAX       ((size_t)4096) /* bytes of one text or argument; of cmdline 1 MiB */

struct rg_sim_host; /* opaque; belongs to one runtime */

/*   RG_OK        *host is owned: rg_sim_host_destroy, before the clock
 *   RG_EINVALID  an option is outside its range; err names it
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_sim_host_create(
    const struct rg_sim_host_options *options, struct rg_sim_host **host, struct rg_err *err);

/* Adds a kind of process; at any world time, and a start in the past then means now (negative
 * starts are for specs added at world time 0). The order of additions decides pids. The series of
 * spec are taken, also on failure: spec's own are zeroed.
 *   RG_EINVALID  a field is outside its range; err names it
 *   RG_ELIMIT    more than a maximum above
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_sim_host_add(
    struct rg_sim_host *host, struct rg_sim_process_spec *spec, struct rg_err *err);

/* Frees the series of a spec that is not added after all. */
void rg_sim_process_spec_finish(struct rg_sim_process_spec *spec);

/* A document of the host backend ("conf.d/cpu.d/conf.yaml"), from world time at_ns on; text NULL
 * removes it. A later addition for the same time wins. Texts are copied.
 *   RG_EINVALID  no name, or too long
 *   RG_ELIMIT    more than RG_SIM_DOCUMENTS_MAX
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_sim_host_add_document(struct rg_sim_host *host, const char *name,
    const char *text, int64_t at_ns, struct rg_err *err);

/* What the file system mounted at path says; a path belongs to the deepest mount above it, and to
 * RG_SIM_FILESYSTEM where there is none. RG_EINVALID, RG_ELIMIT, RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_sim_host_add_filesystem(struct rg_sim_host *host, const char *path,
    const struct rg_filesystem *filesystem, struct rg_err *err);

#define RG_SIM_DOCUMENTS_MAX   ((size_t)100000)
#define RG_SIM_FILESYSTEMS_MAX ((size_t)10000)

/* 64 GiB, half of it free. */
#define RG_SIM_FILESYSTEM                                                                          \
    ((struct rg_filesystem){4096, UINT64_C(1) << 24, UINT64_C(1) << 23, UINT64_C(1) << 23,         \
        UINT64_C(1) << 22, UINT64_C(1) << 21})

/* The backends, owned by the host and valid as long as it; rg_procfs_destroy and rg_host_destroy on
 * them do nothing, so that a set of backends may be torn down in any order before the host.
 * procfs has list, stat, status, statm, schedstat, io, cmdline, comm, the links exe and cwd, fds,
 * and the host files stat, cpuinfo, uptime, loadavg, version, meminfo, vmstat, zoneinfo, swaps,
 * diskstats, mounts, self/mounts, filesystems, sys/fs/file-nr and net/{dev,snmp,netstat,tcp,tcp6,
 * udp,udp6}; all else is ENOENT (rg/sim_devices.h says what the devices are: none at first). A
 * start that finds no free pid does not happen. The demand for CPU is not capped: specs that use
 * more than there are CPUs make idle time stand still at 0. */
struct rg_procfs *rg_sim_host_procfs(struct rg_sim_host *host);
struct rg_host *rg_sim_host_host(struct rg_sim_host *host);

struct rg_sim_host_stats {
    uint64_t started; /* processes so far */
    uint64_t ended;   /* of them, zombies included */
    uint64_t refused; /* starts without a free pid */
    uint64_t live;    /* pids in use, zombies included */
    uint64_t calls;   /* of the backends */
};

/* As of the last call of a backend. */
void rg_sim_host_stats(const struct rg_sim_host *host, struct rg_sim_host_stats *out);

/* For profilers: fn is called when a call of procfs knows what it will show, with the model at the
 * present; what follows until it returns is rendering. NULL: nobody is told. */
void rg_sim_host_watch(struct rg_sim_host *host, void (*fn)(void *ctx), void *ctx);

void rg_sim_host_destroy(struct rg_sim_host *host); /* NULL is fine */

#endif
