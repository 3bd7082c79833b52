/* The probe on this machine's /proc against an independent reading of it: own children that stand
 * still in a read from a pipe, so that nothing moves between the two. */
#include "../../../engine/flow/process/process_probe.h"

#include "rg/live.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT_MAX 8192

struct child {
    pid_t pid;
    int orders; /* write a letter: the child does it */
    int answers;
};

struct rig {
    struct child child;
    struct rg_backends backends;
    struct rg_process_probe *probe;
};

/* What a child does for each letter; it answers when it is done. */
static void obey(char order)
{
    static const char bytes[100] = "";
    int fd;

    switch (order) {
    case 'c':
        if (chdir("/tmp") != 0)
            _exit(1);
        break;
    case 'f':
        if (open("/dev/null", O_RDONLY) < 0)
            _exit(1);
        break;
    case 'n':
        prctl(PR_SET_NAME, ") (x\n");
        break;
    case 'w':
        fd = open("/dev/null", O_WRONLY);
        for (int i = 0; i < 9; i++) {
            if (write(fd, bytes, sizeof(bytes)) < 0)
                _exit(1);
        }
        close(fd);
        break;
    case 'm': {
        char *p = malloc((size_t)8 << 20);

        if (!p)
            _exit(1);
        memset(p, 1, (size_t)8 << 20);
        __asm__ volatile("" : : "r"(p) : "memory");
        break;
    }
    case 'x':
        execl("/bin/sleep", "sleep", "86400", (char *)NULL);
        _exit(1);
    default:
        break;
    }
}

static void serve(int orders, int answers)
{
    char order;

    while (read(orders, &order, 1) == 1) {
        obey(order);
        if (write(answers, &order, 1) != 1)
            break;
    }
    _exit(0);
}

static void read_text(pid_t pid, const char *name, char *text, size_t *len)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    file = fopen(path, "r");
    assert_non_null(file);
    *len = fread(text, 1, TEXT_MAX - 1, file);
    text[*len] = '\0';
    fclose(file);
}

/* Waits until the child sleeps in the kernel with nothing left to do. */
static void wait_until_asleep(pid_t pid, const char *comm)
{
    for (;;) {
        char text[TEXT_MAX];
        size_t len;

        read_text(pid, "stat", text, &len);
        if (strncmp(strrchr(text, ')') + 1, " S ", 3) == 0 && (!comm || strstr(text, comm)))
            return;
        sched_yield();
    }
}

static void order(struct child *child, char what)
{
    char answer;

    assert_int_equal(write(child->orders, &what, 1), 1);
    if (what != 'x') {
        assert_int_equal(read(child->answers, &answer, 1), 1);
        assert_int_equal(answer, what);
    }
    wait_until_asleep(child->pid, what == 'x' ? "(sleep)" : NULL);
}

static int setup(void **state)
{
    struct rg_process_probe_options options = {.collect_io_fd = true, .refresh_scans = 1000};
    struct rig *rig = calloc(1, sizeof(*rig));
    struct rg_err err;
    int orders[2], answers[2];

    assert_non_null(rig);
    assert_int_equal(pipe(orders), 0);
    assert_int_equal(pipe(answers), 0);
    rig->child.pid = fork();
    assert_true(rig->child.pid >= 0);
    if (rig->child.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(orders[1]);
        serve(orders[0], answers[1]);
    }
    close(orders[0]);
    close(answers[1]);
    rig->child.orders = orders[1];
    rig->child.answers = answers[0];
    wait_until_asleep(rig->child.pid, NULL);
    assert_int_equal(rg_live_procfs_create("/proc", &rig->backends.procfs, &err), RG_OK);
    assert_int_equal(
        rg_live_host_create(&(struct rg_live_host_options){0}, &rig->backends.host, &err), RG_OK);
    assert_int_equal(
        rg_process_probe_create(&rig->backends, &options, NULL, &rig->probe, &err), RG_OK);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    kill(rig->child.pid, SIGKILL);
    waitpid(rig->child.pid, NULL, 0);
    close(rig->child.orders);
    close(rig->child.answers);
    rg_process_probe_destroy(rig->probe);
    rg_procfs_destroy(rig->backends.procfs);
    rg_host_destroy(rig->backends.host);
    free(rig);
    return 0;
}

/* The number behind a key of a "key: value" file; 0 when there is no such line. */
static int64_t number(const char *text, const char *key)
{
    char line[64];
    const char *at;

    snprintf(line, sizeof(line), "%s:", key);
    at = strstr(text, line);
    while (at && at != text && at[-1] != '\n')
        at = strstr(at + 1, line);
    return at ? strtoll(at + strlen(line), NULL, 10) : 0;
}

static void assert_status(pid_t pid, const struct rg_process *p)
{
    char text[TEXT_MAX];
    size_t len;

    read_text(pid, "status", text, &len);
    assert_int_equal(p->uids[0], number(text, "Uid"));
    assert_int_equal(p->gids[0], number(text, "Gid"));
    assert_int_equal(p->uid_count, 4);
    assert_int_equal(p->stats.threads, number(text, "Threads"));
    assert_int_equal(p->stats.rss_bytes, number(text, "VmRSS") * 1024);
    assert_int_equal(p->stats.vms_bytes, number(text, "VmSize") * 1024);
    assert_int_equal(p->stats.swap_bytes, number(text, "VmSwap") * 1024);
    assert_int_equal(p->stats.voluntary_switches, number(text, "voluntary_ctxt_switches"));
    assert_int_equal(p->stats.involuntary_switches, number(text, "nonvoluntary_ctxt_switches"));
    assert_int_equal(p->ppid, number(text, "PPid"));
}

static void assert_stat(pid_t pid, const struct rg_process *p)
{
    char text[TEXT_MAX];
    unsigned long flags, utime, stime;
    unsigned long long start;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    size_t len;
    char letter;
    int ppid;

    read_text(pid, "stat", text, &len);
    assert_int_equal(sscanf(strrchr(text, ')') + 1,
                         " %c %d %*d %*d %*d %*d %lu %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d "
                         "%*d %llu",
                         &letter, &ppid, &flags, &utime, &stime, &start),
        6);
    assert_int_equal(p->stats.state, letter);
    assert_int_equal(p->ppid, ppid);
    assert_int_equal(p->flags, flags);
    assert_true(p->stats.user_s == (double)utime / ticks);
    assert_true(p->stats.system_s == (double)stime / ticks);
    assert_int_equal(p->stats.start_ticks, start);
    assert_int_equal(p->stats.nice, getpriority(PRIO_PROCESS, (id_t)pid));
}

static void assert_counters(pid_t pid, const struct rg_process *p)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t shared, code, data;
    char text[TEXT_MAX];
    size_t len;

    read_text(pid, "statm", text, &len);
    assert_int_equal(
        sscanf(text, "%*u %*u %" SCNu64 " %" SCNu64 " %*u %" SCNu64, &shared, &code, &data), 3);
    assert_int_equal(p->stats.shared_bytes, shared * page);
    assert_int_equal(p->stats.text_bytes, code * page);
    assert_int_equal(p->stats.data_bytes, data * page);
    read_text(pid, "io", text, &len);
    assert_int_equal(p->stats.read_count, number(text, "syscr"));
    assert_int_equal(p->stats.write_count, number(text, "syscw"));
    assert_int_equal(p->stats.read_bytes, number(text, "read_bytes"));
    assert_int_equal(p->stats.write_bytes, number(text, "write_bytes"));
}

static void assert_link(pid_t pid, const char *name, struct rg_str got)
{
    char path[64], text[TEXT_MAX];
    ssize_t len;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    len = readlink(path, text, sizeof(text));
    assert_true(len > 0);
    assert_int_equal(got.len, len);
    assert_memory_equal(got.ptr, text, (size_t)len);
}

static void assert_texts(pid_t pid, const struct rg_process *p)
{
    char path[64], text[TEXT_MAX];
    int32_t fds = 0;
    size_t len, at = 0;
    DIR *dir;

    assert_link(pid, "exe", p->exe);
    assert_link(pid, "cwd", p->cwd);
    read_text(pid, "cmdline", text, &len);
    for (uint32_t i = 0; i < p->arg_count; i++) {
        assert_int_equal(p->args[i].len, strlen(text + at));
        assert_memory_equal(p->args[i].ptr, text + at, p->args[i].len);
        at += p->args[i].len + 1;
    }
    assert_int_equal(at, len);
    read_text(pid, "comm", text, &len);
    while (len && strchr(" \n", text[len - 1]))
        len--;
    assert_int_equal(p->comm.len, len);
    assert_memory_equal(p->comm.ptr, text, len);
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir))
        fds++;
    closedir(dir);
    assert_int_equal(p->stats.fd_count, fds - 2);
}

static void assert_truth(struct rig *rig)
{
    struct rg_process_table table;
    const struct rg_process *p;
    struct rg_err err;

    assert_int_equal(rg_process_probe_scan(rig->probe, &table, &err), RG_OK);
    p = rg_process_find(&table, rig->child.pid);
    assert_non_null(p);
    assert_status(rig->child.pid, p);
    assert_stat(rig->child.pid, p);
    assert_counters(rig->child.pid, p);
    assert_texts(rig->child.pid, p);
}

static void test_every_field_equals_an_independent_reading(void **state)
{
    struct rig *rig = *state;

    assert_truth(rig);
    assert_truth(rig);
}

static void test_rescan_sees_whatever_the_process_did(void **state)
{
    struct rig *rig = *state;

    assert_truth(rig);
    for (const char *what = "cfnwmfwx"; *what; what++) {
        order(&rig->child, *what);
        assert_truth(rig);
        assert_truth(rig);
    }
}

static void test_own_process_and_create_time_are_plausible(void **state)
{
    struct rig *rig = *state;
    struct rg_process_table table;
    const struct rg_process *self, *child;
    struct rg_err err;

    assert_int_equal(rg_process_probe_scan(rig->probe, &table, &err), RG_OK);
    self = rg_process_find(&table, getpid());
    child = rg_process_find(&table, rig->child.pid);
    assert_non_null(self);
    assert_int_equal(self->stats.state, 'R');
    assert_true(child->stats.start_ticks >= self->stats.start_ticks);
    assert_true(child->stats.create_time_ms >= self->stats.create_time_ms);
    assert_int_equal(child->ppid, getpid());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_every_field_equals_an_independent_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rescan_sees_whatever_the_process_did, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_own_process_and_create_time_are_plausible, setup, teardown),
    };

    return cmocka_run_group_tests_name("probe_live", tests, NULL, NULL);
}
