/* What a process scan costs, measured side by side: the floor, our first scan, our rescan, ps.
 *
 *   bench_probe [-n CHILDREN] [-r ROUNDS] [-m all|first|rescan|floor] [--gate]
 *
 * Spawns CHILDREN sleeping processes, then takes turns and prints medians of the CPU time. With -m
 * one kind runs ROUNDS times and nothing is printed: for callgrind and strace. With --gate a ratio
 * above its limit gives exit code 1. */
#include "counting_procfs.h"
#include "scan_floor.h"

#include "../../engine/flow/process/process_probe.h"

#include "rg/live.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS_MAX 101

enum kind {
    KIND_FLOOR,
    KIND_FIRST,
    KIND_RESCAN,
    KIND_PS,
    KIND_COUNT,
};

static const char *const kind_names[KIND_COUNT] = {"floor", "first scan", "rescan", "ps"};

struct bench {
    int children, rounds;
    pid_t *pids; /* owned */
    struct rg_backends backends;
    struct rg_process_probe *first, *known;
    struct scan_floor floor; /* of the last round */
    size_t reported;         /* processes in the last table */
    double cpu_us[KIND_COUNT][ROUNDS_MAX];
};

static void die(const char *what, const struct rg_err *err)
{
    fprintf(stderr, "bench_probe: %s: %s\n", what, err ? err->text : strerror(errno));
    exit(2);
}

static pid_t spawn_sleeper(void)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork", NULL);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sleep", "sleep", "86400", (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void wait_until_asleep(pid_t pid)
{
    char path[64], text[128];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    for (;;) {
        FILE *file = fopen(path, "r");

        if (!file || !fgets(text, sizeof(text), file))
            die(path, NULL);
        fclose(file);
        if (strstr(text, "(sleep) S "))
            return;
        sched_yield();
    }
}

static void spawn_children(struct bench *b)
{
    b->pids = calloc((size_t)b->children + 1, sizeof(*b->pids));
    if (!b->pids)
        die("children", NULL);
    for (int i = 0; i < b->children; i++)
        b->pids[i] = spawn_sleeper();
    for (int i = 0; i < b->children; i++)
        wait_until_asleep(b->pids[i]);
}

static void kill_children(struct bench *b)
{
    for (int i = 0; i < b->children; i++)
        kill(b->pids[i], SIGKILL);
    for (int i = 0; i < b->children; i++)
        waitpid(b->pids[i], NULL, 0);
    free(b->pids);
}

static struct rg_process_probe *open_probe(const struct rg_backends *backends, bool always_reread)
{
    struct rg_process_probe_options options = {
        .collect_io_fd = true, .always_reread = always_reread};
    struct rg_process_probe *probe;
    struct rg_err err = {0};

    if (rg_process_probe_create(backends, &options, NULL, &probe, &err) != RG_OK)
        die("probe", &err);
    return probe;
}

static size_t scan(struct rg_process_probe *probe)
{
    struct rg_process_table table;
    struct rg_err err = {0};

    if (rg_process_probe_scan(probe, &table, &err) != RG_OK)
        die("scan", &err);
    return table.count;
}

static double microseconds(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e6 +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

static double run_ps(void)
{
    struct rusage usage;
    int status;
    pid_t pid = fork();

    if (pid < 0)
        die("fork", NULL);
    if (pid == 0) {
        int fd = open("/dev/null", O_WRONLY);

        dup2(fd, STDOUT_FILENO);
        execlp("ps", "ps", "-eo", "pid,ppid,uid,gid,stat,nlwp,ni,rss,vsz,time,lstart,comm,args",
            (char *)NULL);
        _exit(127);
    }
    if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status))
        die("ps", NULL);
    return WEXITSTATUS(status) == 0 ? microseconds(&usage) : 0;
}

/* Not inlined: callgrind counts what happens in here. */
__attribute__((noinline)) static void run_kind(struct bench *b, enum kind kind)
{
    switch (kind) {
    case KIND_FLOOR:
        if (scan_floor_run("/proc", &b->floor) != 0)
            die("/proc", NULL);
        break;
    case KIND_FIRST:
        b->reported = scan(b->first);
        break;
    case KIND_RESCAN:
        b->reported = scan(b->known);
        break;
    default:
        break;
    }
}

static double measure(struct bench *b, enum kind kind)
{
    struct rusage before, after;

    if (kind == KIND_PS)
        return run_ps();
    getrusage(RUSAGE_SELF, &before);
    run_kind(b, kind);
    getrusage(RUSAGE_SELF, &after);
    return microseconds(&after) - microseconds(&before);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Counts one first scan and one rescan of the same probe; false when they are not what they should
 * be: a scan that silently failed looks fast. */
static bool count_calls(struct bench *b, bool gate)
{
    struct counting_procfs counting;
    struct rg_backends backends = b->backends;
    struct rg_process_probe *probe;
    size_t reported;
    double hidden; /* kernel threads: three files at first sight, one later */
    double first, again;
    bool ok;

    counting_procfs_init(&counting, b->backends.procfs);
    backends.procfs = &counting.base;
    probe = open_probe(&backends, false);
    reported = scan(probe);
    hidden = (double)counting.listed - (double)reported;
    first = ((double)counting.system_calls - 9 * hidden) / (double)reported;
    printf("first scan: %zu processes, %.2f system calls each, %lld bytes, %ld failures\n",
        reported, first, (long long)counting.bytes, counting.failures);
    ok = reported >= (size_t)b->children && counting.failures <= b->floor.failures + 8 &&
         counting.bytes >= b->floor.bytes - b->floor.bytes / 50;
    counting.system_calls = 0;
    scan(probe);
    again = ((double)counting.system_calls - 3 * hidden) / (double)reported;
    printf("rescan:     %.2f system calls each, one in 30 read in full at its turn\n", again);
    printf("floor:      %ld processes, %ld system calls, %lld bytes, %ld failures\n",
        b->floor.processes, b->floor.calls, (long long)b->floor.bytes, b->floor.failures);
    rg_process_probe_destroy(probe);
    if (!ok)
        fprintf(stderr, "bench_probe: the scan read less than the floor did\n");
    if (gate && (first > 18.05 || again > 10))
        ok = false;
    return ok;
}

static bool run_all(struct bench *b, bool gate)
{
    double median[KIND_COUNT];
    bool ok;

    for (int r = 0; r < b->rounds; r++) {
        for (int kind = 0; kind < KIND_COUNT; kind++)
            b->cpu_us[kind][r] = measure(b, (enum kind)kind);
    }
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        qsort(b->cpu_us[kind], (size_t)b->rounds, sizeof(double), compare);
        median[kind] = b->cpu_us[kind][b->rounds / 2];
        printf("%-10s  %8.2f us of CPU per process, %.2fx the floor\n", kind_names[kind],
            median[kind] / (double)b->reported, median[kind] / median[KIND_FLOOR]);
    }
    printf("rescan / first scan: %.2f\n", median[KIND_RESCAN] / median[KIND_FIRST]);
    ok = count_calls(b, gate);
    if (!gate)
        return ok;
    return ok && median[KIND_FIRST] <= 1.10 * median[KIND_FLOOR] &&
           median[KIND_RESCAN] <= 0.6 * median[KIND_FIRST] &&
           (median[KIND_PS] == 0 || median[KIND_FIRST] < median[KIND_PS]);
}

static bool parse(int argc, char **argv, struct bench *b, const char **mode, bool *gate)
{
    static const struct option longs[] = {{"gate", no_argument, NULL, 'g'}, {0}};
    int c;

    while ((c = getopt_long(argc, argv, "n:r:m:", longs, NULL)) != -1) {
        switch (c) {
        case 'n':
            b->children = atoi(optarg);
            break;
        case 'r':
            b->rounds = atoi(optarg);
            break;
        case 'm':
            *mode = optarg;
            break;
        case 'g':
            *gate = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc && b->children >= 0 && b->children <= 50000 && b->rounds >= 1 &&
           b->rounds <= ROUNDS_MAX;
}

int main(int argc, char **argv)
{
    struct bench b = {.children = 1000, .rounds = 9};
    const char *mode = "all";
    bool gate = false;
    struct rg_err err = {0};
    bool ok = true;

    if (!parse(argc, argv, &b, &mode, &gate)) {
        fprintf(stderr,
            "usage: bench_probe [-n CHILDREN] [-r ROUNDS] [-m all|first|rescan|floor] [--gate]\n");
        return 2;
    }
    if (rg_live_procfs_create("/proc", &b.backends.procfs, &err) != RG_OK ||
        rg_live_host_create(&(struct rg_live_host_options){0}, &b.backends.host, &err) != RG_OK)
        die("backends", &err);
    spawn_children(&b);
    b.first = open_probe(&b.backends, true);
    b.known = open_probe(&b.backends, false);
    scan(b.first);
    scan(b.known);
    if (strcmp(mode, "all") == 0)
        ok = run_all(&b, gate);
    for (int r = 0; r < b.rounds && strcmp(mode, "all") != 0; r++)
        run_kind(&b, strcmp(mode, "first") == 0    ? KIND_FIRST
                     : strcmp(mode, "rescan") == 0 ? KIND_RESCAN
                                                   : KIND_FLOOR);
    rg_process_probe_destroy(b.first);
    rg_process_probe_destroy(b.known);
    kill_children(&b);
    rg_procfs_destroy(b.backends.procfs);
    rg_host_destroy(b.backends.host);
    return ok ? 0 : 1;
}
