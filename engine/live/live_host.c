/* Facts about this host from libc, /etc and the kernel. */
#include "live_documents.h"
#include "live_io.h"
#include "os_release.h"
#include "rg/base/mem.h"
#include "rg/live.h"
#include "rg/ops/host_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SMALL_FILE_MAX  ((size_t)64 << 10)
#define USER_RECORD_MAX ((size_t)1 << 20) /* bytes of one user's strings */
#define CPUS_MAX        8192              /* the kernel's own limit, NR_CPUS */
#define CONFD           "conf.d"
#define BOOT_ID_PATH    "/proc/sys/kernel/random/boot_id"

struct live_host {
    struct rg_host base;
    struct rg_live_host_options options; /* texts borrowed */
};

static const struct rg_host_ops live_host_ops;

static struct live_host *live_from(struct rg_host *host)
{
    rg_assert(host->ops == &live_host_ops);
    return (struct live_host *)host;
}

static enum rg_status read_file(int dir, const char *path, struct rg_buf *out, struct rg_err *err)
{
    int fd = rg_live_open(dir, path, O_RDONLY, 0);
    enum rg_status st;

    if (fd < 0)
        return rg_err_errno(err, errno);
    st = rg_live_read(fd, false, out, err);
    close(fd);
    return st;
}

/* Copies what fits whole; longer texts leave out empty rather than half right. */
static void copy_text(char *out, struct rg_str text)
{
    out[0] = '\0';
    if (text.len == 0 || text.len >= RG_HOST_TEXT_MAX || memchr(text.ptr, '\0', text.len))
        return;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
}

static struct rg_str first_line(const struct rg_buf *buf)
{
    struct rg_str rest = rg_str_buf(buf);
    struct rg_str line = {0};

    if (!rg_str_split(&rest, '\n', &line))
        return rest;
    return rg_str_trim(line, " \t\r");
}

static void read_identity(const struct live_host *live, struct rg_host_facts *out)
{
    struct rg_os_release release;
    struct rg_buf buf;
    int etc = rg_live_open(
        AT_FDCWD, live->options.etc ? live->options.etc : "/etc", O_PATH | O_DIRECTORY, 0);

    /* A missing file, or an etc of -1, leaves its texts empty: that is the answer. */
    rg_buf_init(&buf, SMALL_FILE_MAX);
    if (read_file(etc, "os-release", &buf, NULL) == RG_OK) {
        rg_os_release_parse(rg_str_buf(&buf), &release);
        memcpy(out->platform, release.id, sizeof(out->platform));
        memcpy(out->platform_family, release.family, sizeof(out->platform_family));
        memcpy(out->platform_version, release.version_id, sizeof(out->platform_version));
    }
    rg_buf_clear(&buf);
    if (read_file(etc, "machine-id", &buf, NULL) == RG_OK &&
        !rg_str_is(first_line(&buf), "uninitialized"))
        copy_text(out->uuid, first_line(&buf));
    rg_buf_clear(&buf);
    if (!out->uuid[0] && read_file(AT_FDCWD, BOOT_ID_PATH, &buf, NULL) == RG_OK)
        copy_text(out->uuid, first_line(&buf));
    rg_buf_finish(&buf);
    if (etc >= 0)
        close(etc);
}

static int32_t count_cpus(void)
{
    unsigned long set[CPUS_MAX / (8 * sizeof(unsigned long))] = {0};
    long online;
    int count = 0;

    if (sched_getaffinity(0, sizeof(set), (cpu_set_t *)set) == 0)
        count = CPU_COUNT_S(sizeof(set), (cpu_set_t *)set);
    if (count > 0)
        return count;
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online <= INT32_MAX ? (int32_t)online : 1;
}

static enum rg_status read_units(struct rg_host_facts *out, struct rg_err *err)
{
    out->clock_ticks_per_s = sysconf(_SC_CLK_TCK);
    out->page_size_bytes = sysconf(_SC_PAGESIZE);
    if (out->clock_ticks_per_s <= 0 || out->page_size_bytes <= 0) {
        rg_err_set(err, "the system does not say its %s",
            out->page_size_bytes <= 0 ? "page size" : "clock ticks per second");
        return RG_EIO;
    }
    return RG_OK;
}

static enum rg_status live_facts(
    struct rg_host *host, struct rg_host_facts *out, struct rg_err *err)
{
    struct live_host *live = live_from(host);
    struct utsname names;
    struct sysinfo memory;
    enum rg_status st = read_units(out, err);

    if (st != RG_OK)
        return st;
    if (uname(&names) == 0) {
        copy_text(out->hostname, rg_str_from(names.nodename));
        copy_text(out->kernel_version, rg_str_from(names.release));
        copy_text(out->kernel_arch, rg_str_from(names.machine));
    }
    if (live->options.hostname && live->options.hostname[0])
        copy_text(out->hostname, rg_str_from(live->options.hostname));
    copy_text(out->os, RG_STR_LIT("linux"));
    read_identity(live, out);
    if (sysinfo(&memory) == 0)
        out->total_memory_bytes = (uint64_t)memory.totalram * memory.mem_unit;
    out->cpu_count = count_cpus();
    out->agent_pid = getpid();
    out->uid = getuid();
    out->euid = geteuid();
    return RG_OK;
}

static enum rg_status live_user_name(
    struct rg_host *host, uint32_t uid, struct rg_buf *out, struct rg_err *err)
{
    struct rg_buf strings;
    struct passwd record;
    struct passwd *found = NULL;
    enum rg_status st;
    int errnum;

    (void)host;
    rg_buf_init(&strings, USER_RECORD_MAX);
    st = rg_buf_reserve(&strings, 1024);
    while (st == RG_OK) {
        errnum = getpwuid_r(uid, &record, (char *)strings.data, strings.cap, &found);
        if (errnum == EINTR)
            continue;
        if (errnum != ERANGE)
            break;
        strings.len = strings.cap; /* one byte more doubles the room */
        st = rg_buf_reserve(&strings, 1);
    }
    if (st == RG_OK && found)
        st = rg_buf_str(out, record.pw_name);
    else if (st == RG_OK)
        st = rg_err_errno(err, errnum ? errnum : ENOENT);
    if (st == RG_ETOOBIG || st == RG_EACCES) {
        rg_err_set(err, "user %u: the user database answers too much or nothing", uid);
        st = RG_EIO;
    }
    rg_buf_finish(&strings);
    return st;
}

static enum rg_status live_env(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    const char *value = getenv(name);
    enum rg_status st;

    (void)host;
    if (!value)
        return rg_err_errno(err, ENOENT);
    st = rg_buf_str(out, value);
    if (st != RG_OK)
        rg_err_set(err, "environment variable %s: %s", name, rg_status_name(st));
    return st;
}

static enum rg_status read_config(
    const struct live_host *live, struct rg_buf *out, struct rg_err *err)
{
    const char *path = live->options.config_path;
    enum rg_status st = read_file(AT_FDCWD, path, out, err);

    if (st == RG_OK || (st == RG_ENOTFOUND && !live->options.config_named))
        return st;
    rg_err_prefix(err, "%s", path);
    return st == RG_ENOTFOUND ? RG_EIO : st;
}

/* "conf.d/cpu.d/conf.yaml" below the folder of the operator. */
static enum rg_status read_confd(
    const struct live_host *live, const char *name, struct rg_buf *out, struct rg_err *err)
{
    enum rg_status st;
    int dir;

    if (!live->options.confd || !rg_live_documents_name(name))
        return rg_err_errno(err, ENOENT);
    dir = rg_live_open(AT_FDCWD, live->options.confd, O_PATH | O_DIRECTORY, 0);
    if (dir < 0)
        return rg_err_errno(err, errno);
    st = read_file(dir, name, out, err);
    close(dir);
    if (st != RG_OK && st != RG_ENOTFOUND)
        rg_err_prefix(err, "%s/%s", live->options.confd, name);
    return st;
}

static enum rg_status live_document(
    struct rg_host *host, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct live_host *live = live_from(host);
    size_t max = out->max;
    enum rg_status st;

    if (out->max > RG_HOST_DOCUMENT_MAX)
        out->max = RG_HOST_DOCUMENT_MAX;
    if (strcmp(name, "datadog.yaml") == 0 && live->options.config_path) {
        st = read_config(live, out, err);
    } else if (strcmp(name, "options") == 0 && live->options.options) {
        st = rg_buf_str(out, live->options.options);
        if (st != RG_OK)
            rg_err_set(err, "options: %s", rg_status_name(st));
    } else if (strncmp(name, CONFD, strlen(CONFD)) == 0 && name[strlen(CONFD)] == '/') {
        st = read_confd(live, name + strlen(CONFD) + 1, out, err);
    } else {
        st = rg_err_errno(err, ENOENT);
    }
    out->max = max;
    return st;
}

static enum rg_status live_list_documents(
    struct rg_host *host, const char *folder, struct rg_buf *out, struct rg_err *err)
{
    struct live_host *live = live_from(host);
    enum rg_status st;

    if (strcmp(folder, CONFD) != 0 || !live->options.confd)
        return rg_err_errno(err, ENOENT);
    st = rg_live_documents_list(live->options.confd, CONFD, out, err);
    if (st != RG_OK && st != RG_ENOTFOUND)
        rg_err_prefix(err, "%s", live->options.confd);
    return st;
}

static enum rg_status live_filesystem(
    struct rg_host *host, const char *path, struct rg_filesystem *out, struct rg_err *err)
{
    struct statvfs st;

    (void)live_from(host);
    if (statvfs(path, &st) != 0)
        return rg_err_errno(err, errno);
    *out = (struct rg_filesystem){.block_size_bytes = st.f_frsize ? st.f_frsize : st.f_bsize,
        .blocks = st.f_blocks,
        .blocks_free = st.f_bfree,
        .blocks_available = st.f_bavail,
        .files = st.f_files,
        .files_free = st.f_ffree};
    return RG_OK;
}

static void live_destroy(struct rg_host *host)
{
    free(live_from(host));
}

static const struct rg_host_ops live_host_ops = {
    .name = "live",
    .facts = live_facts,
    .user_name = live_user_name,
    .env = live_env,
    .document = live_document,
    .list_documents = live_list_documents,
    .filesystem = live_filesystem,
    .destroy = live_destroy,
};

enum rg_status rg_live_host_create(
    const struct rg_live_host_options *options, struct rg_host **out, struct rg_err *err)
{
    struct live_host *live = rg_calloc(1, sizeof(*live));

    if (!live)
        return rg_err_errno(err, ENOMEM);
    live->base.ops = &live_host_ops;
    live->options = *options;
    *out = &live->base;
    return RG_OK;
}
