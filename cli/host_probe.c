#include "host_probe.h"

#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PIDS_SAMPLED_MAX 256
#define FILE_MAX         ((size_t)1 << 20)

struct probe_ctx {
    const char *root;
    int root_fd; /* -1: cannot be opened */
    struct host_probes *out;
};

static struct host_probe *add(struct probe_ctx *ctx, const char *name, bool ok, const char *missing)
{
    struct host_probe *probe = &ctx->out->items[ctx->out->count];

    rg_assert(ctx->out->count < HOST_PROBES_MAX);
    ctx->out->count++;
    *probe = (struct host_probe){.name = name, .ok = ok, .missing = missing};
    return probe;
}

static void detail(struct host_probe *probe, const char *fmt, ...) RG_PRINTF(2, 3);

static void detail(struct host_probe *probe, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(probe->detail, sizeof(probe->detail), fmt, ap);
    va_end(ap);
}

/* Reads at most size - 1 bytes of root/path as text; -errno or the length. */
static ssize_t read_text(const struct probe_ctx *ctx, const char *path, char *text, size_t size)
{
    size_t len = 0;
    ssize_t n = 0;
    int fd = openat(ctx->root_fd, path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    if (n < 0)
        n = -errno;
    close(fd);
    text[len] = '\0';
    return n < 0 ? n : (ssize_t)len;
}

static void probe_proc(struct probe_ctx *ctx)
{
    char text[4096];
    ssize_t len = ctx->root_fd < 0 ? -ENOENT : read_text(ctx, "stat", text, sizeof(text));
    struct host_probe *probe = add(ctx, "proc", len > 0, "everything");

    probe->required = true;
    if (len > 0)
        detail(probe, "%s can be read", ctx->root);
    else
        detail(probe, "%s/stat cannot be read: %s", ctx->root,
            len < 0 ? strerror((int)-len) : "it is empty");
}

/* The first line of text that mounts type proc on root; NULL when none does. */
static char *mount_line(char *text, const char *root)
{
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char where[256];

        if (sscanf(line, "%*s %255s", where) == 1 && strcmp(where, root) == 0 &&
            strstr(line, " proc "))
            return line;
    }
    return NULL;
}

static void probe_hidepid(struct probe_ctx *ctx)
{
    char *text = malloc(FILE_MAX);
    char *line = NULL;
    struct host_probe *probe;
    const char *option;

    if (text && ctx->root_fd >= 0 && read_text(ctx, "self/mounts", text, FILE_MAX) > 0)
        line = mount_line(text, ctx->root);
    option = line ? strstr(line, "hidepid=") : NULL;
    if (option && (option[8] == '0' || strncmp(option + 8, "off", 3) == 0))
        option = NULL;
    probe = add(ctx, "hidepid", !option, "processes of other users");
    if (option)
        detail(probe, "mounted with %.*s", (int)strcspn(option, ", "), option);
    else
        detail(probe, line ? "not set" : "%s is not a mounted process file system", ctx->root);
    free(text);
}

static bool is_pid(const char *name)
{
    return name[0] != '\0' && strspn(name, "0123456789") == strlen(name);
}

struct access_count {
    unsigned pids, others, io, fds;
};

static void count_pid(const struct probe_ctx *ctx, const char *name, struct access_count *count)
{
    char path[300], text[4096];
    struct stat st;
    int fd;

    if (fstatat(ctx->root_fd, name, &st, 0) != 0)
        return;
    count->pids++;
    if (st.st_uid == geteuid())
        return;
    count->others++;
    snprintf(path, sizeof(path), "%s/io", name);
    if (read_text(ctx, path, text, sizeof(text)) >= 0)
        count->io++;
    snprintf(path, sizeof(path), "%s/fd", name);
    fd = openat(ctx->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    count->fds++;
    close(fd);
}

static void probe_access(struct probe_ctx *ctx)
{
    struct access_count count = {0};
    int fd = ctx->root_fd < 0 ? -1 : openat(ctx->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    struct host_probe *probe;

    if (fd >= 0 && !dir)
        close(fd);
    while (dir && count.others < PIDS_SAMPLED_MAX && (entry = readdir(dir)))
        if (is_pid(entry->d_name))
            count_pid(ctx, entry->d_name, &count);
    if (dir)
        closedir(dir);
    probe = add(ctx, "pids", count.pids > 0, "everything");
    probe->required = true;
    detail(probe, count.pids > 0 ? "processes are visible" : "no process is visible");
    probe = add(ctx, "other_io", count.io == count.others, "ioStat of other users' processes");
    detail(probe, "io of other users' processes: %s",
        count.others == 0          ? "there are none"
        : count.io == count.others ? "readable"
        : count.io > 0             ? "readable in part"
                                   : "not readable");
    probe =
        add(ctx, "other_fd", count.fds == count.others, "openFdCount of other users' processes");
    detail(probe, "open files of other users' processes: %s",
        count.others == 0           ? "there are none"
        : count.fds == count.others ? "countable"
        : count.fds > 0             ? "countable in part"
                                    : "not countable");
}

static uint64_t effective_capabilities(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    if (syscall(SYS_capget, &head, data) != 0)
        return 0;
    return data[0].effective | (uint64_t)data[1].effective << 32;
}

static void probe_capabilities(struct probe_ctx *ctx)
{
    static const struct {
        unsigned bit;
        const char *name, *missing;
    } wanted[] = {
        {CAP_SYS_PTRACE, "cap_sys_ptrace", "ioStat, openFdCount, exe and cwd of other users"},
        {CAP_DAC_READ_SEARCH, "cap_dac_read_search", "fields of processes that are not dumpable"},
        {CAP_BPF, "cap_bpf", "kernel events"},
        {CAP_PERFMON, "cap_perfmon", "kernel events"},
    };
    uint64_t have = effective_capabilities();

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        bool ok = have >> wanted[i].bit & 1;

        detail(add(ctx, wanted[i].name, ok, wanted[i].missing), ok ? "held" : "not held");
    }
}

static void probe_kernel(struct probe_ctx *ctx)
{
    char text[256];
    struct utsname name;
    struct stat st;
    int major = 0, minor = 0, fd;
    bool counted = false;

    if (uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2)
        detail(add(ctx, "kernel", true, ""), "%s %s", name.release, name.machine);
    else
        detail(add(ctx, "kernel", false, ""), "its release cannot be read");
    detail(add(ctx, "schedstat",
               ctx->root_fd >= 0 && read_text(ctx, "self/schedstat", text, sizeof(text)) > 0, ""),
        "tells processes that have not run, for cheap scans");
    fd = ctx->root_fd < 0 ? -1 : openat(ctx->root_fd, "self/fd", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        counted = fstat(fd, &st) == 0 && st.st_size > 0;
        close(fd);
    }
    detail(add(ctx, "fd_count_by_stat", counted, ""),
        counted ? "the size of a fd directory is its count (kernel 6.2 and later)"
                : "fd directories are counted entry by entry (kernel before 6.2)");
    detail(add(ctx, "btf", access("/sys/kernel/btf/vmlinux", R_OK) == 0, "kernel events"),
        "type information of the kernel");
}

void host_probe_all(const char *root, struct host_probes *out)
{
    struct probe_ctx ctx = {.root = root, .out = out};

    *out = (struct host_probes){0};
    ctx.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    probe_proc(&ctx);
    probe_hidepid(&ctx);
    probe_access(&ctx);
    probe_capabilities(&ctx);
    probe_kernel(&ctx);
    if (ctx.root_fd >= 0)
        close(ctx.root_fd);
}
