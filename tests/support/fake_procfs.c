#include "fake_procfs.h"

#include "rg/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct fake_procfs *fake_from(struct rg_procfs *fs);

static struct fake_pid *find_pid(struct fake_procfs *f, int32_t pid)
{
    for (size_t i = 0; i < f->pid_count; i++) {
        if (f->pids[i].pid == pid)
            return &f->pids[i];
    }
    return NULL;
}

static struct fake_file *find_file(struct fake_pid *p, const char *name)
{
    for (size_t i = 0; p && i < p->file_count; i++) {
        if (strcmp(p->files[i].name, name) == 0)
            return &p->files[i];
    }
    return NULL;
}

static struct fake_file *make_file(struct fake_pid *p, const char *name)
{
    struct fake_file *file = find_file(p, name);

    if (file)
        return file;
    rg_assert(p->file_count < FAKE_PROCFS_FILES && strlen(name) < sizeof(file->name));
    file = &p->files[p->file_count++];
    *file = (struct fake_file){.mode = 0100444};
    memcpy(file->name, name, strlen(name) + 1);
    return file;
}

static struct fake_file *make_pid_file(struct fake_procfs *f, int32_t pid, const char *name)
{
    struct fake_pid *p = find_pid(f, pid);

    if (!p) {
        void *pids = f->pids;
        enum rg_status st =
            rg_grow(&pids, &f->pid_cap, f->pid_count + 1, sizeof(*f->pids), RG_PIDS_MAX);

        rg_assert(st == RG_OK);
        f->pids = pids;
        p = &f->pids[f->pid_count++];
        *p = (struct fake_pid){.pid = pid, .listed = true};
    }
    return make_file(p, name);
}

static void set_bytes(struct fake_file *file, const void *bytes, size_t len)
{
    char *copy = rg_memdup0(bytes, len);

    rg_assert(copy);
    free(file->bytes);
    file->bytes = copy;
    file->len = len;
    file->errnum = 0;
}

void fake_procfs_set_bytes(
    struct fake_procfs *f, int32_t pid, const char *name, const void *bytes, size_t len)
{
    set_bytes(make_pid_file(f, pid, name), bytes, len);
}

void fake_procfs_set(struct fake_procfs *f, int32_t pid, const char *name, const char *text)
{
    fake_procfs_set_bytes(f, pid, name, text, strlen(text));
}

void fake_procfs_set_errno(struct fake_procfs *f, int32_t pid, const char *name, int errnum)
{
    make_pid_file(f, pid, name)->errnum = errnum;
}

void fake_procfs_set_fds(struct fake_procfs *f, int32_t pid, int64_t count)
{
    struct fake_file *file = make_pid_file(f, pid, "fd");

    file->fds = count;
    file->errnum = 0;
}

void fake_procfs_set_lstat(
    struct fake_procfs *f, int32_t pid, const char *name, uint32_t mode, uint32_t uid)
{
    struct fake_file *file = make_pid_file(f, pid, name);

    file->mode = mode;
    file->uid = uid;
}

void fake_procfs_set_host(struct fake_procfs *f, const char *path, const char *text)
{
    set_bytes(make_file(&f->host, path), text, strlen(text));
}

static void free_files(struct fake_pid *p)
{
    for (size_t i = 0; i < p->file_count; i++)
        free(p->files[i].bytes);
    p->file_count = 0;
}

void fake_procfs_unset(struct fake_procfs *f, int32_t pid, const char *name)
{
    make_pid_file(f, pid, name)->errnum = ENOENT;
}

void fake_procfs_remove(struct fake_procfs *f, int32_t pid)
{
    struct fake_pid *p = find_pid(f, pid);

    if (!p)
        return;
    free_files(p);
    *p = f->pids[--f->pid_count];
}

long fake_procfs_calls(struct fake_procfs *f, int32_t pid, const char *name)
{
    struct fake_file *file = find_file(pid ? find_pid(f, pid) : &f->host, name);

    return file ? file->calls : 0;
}

const char *fake_procfs_order(struct fake_procfs *f)
{
    enum rg_status st = rg_buf_byte(&f->order, 0);

    rg_assert(st == RG_OK);
    f->order.len--;
    return (const char *)f->order.data;
}

/* Counts a call; the errno it must fail with, or 0. */
static int begin(struct fake_procfs *f, int32_t pid, const char *prefix, const char *name)
{
    f->calls++;
    if (f->order.max > 1) {
        rg_ignore(rg_buf_printf(&f->order, "%d/%s%s ", pid, prefix, name), "a log of tests");
    }
    if (f->fail_at && f->calls == f->fail_at)
        return f->fail_errnum;
    if (f->vanish_at && pid && pid == f->vanish_pid && f->calls >= f->vanish_at)
        return ENOENT;
    return 0;
}

static enum rg_status answer(struct fake_file *file, struct rg_buf *out, struct rg_err *err)
{
    enum rg_status st;

    if (!file)
        return rg_err_errno(err, ENOENT);
    file->calls++;
    if (file->errnum)
        return rg_err_errno(err, file->errnum);
    if (file->len > out->max)
        return RG_ETOOBIG;
    st = rg_buf_set(out, file->bytes, file->len);
    if (st != RG_OK)
        rg_err_set(err, "no memory for an answer");
    return st;
}

static enum rg_status fake_list(struct rg_procfs *fs, struct rg_pid_list *out, struct rg_err *err)
{
    struct fake_procfs *f = fake_from(fs);
    int errnum = begin(f, 0, "", "list");
    enum rg_status st = RG_OK;

    if (!errnum)
        errnum = f->list_errnum;
    if (errnum)
        return rg_err_errno(err, errnum);
    for (size_t i = 0; i < f->pid_count && st == RG_OK; i++) {
        if (f->pids[i].listed)
            st = rg_pid_list_add(out, f->pids[i].pid);
    }
    return st;
}

static enum rg_status fake_read(
    struct rg_procfs *fs, int32_t pid, const char *name, struct rg_buf *out, struct rg_err *err)
{
    struct fake_procfs *f = fake_from(fs);
    int errnum = begin(f, pid, "", name);

    if (errnum)
        return rg_err_errno(err, errnum);
    return answer(find_file(find_pid(f, pid), name), out, err);
}

static enum rg_status fake_fds(
    struct rg_procfs *fs, int32_t pid, int64_t *count, struct rg_err *err)
{
    struct fake_procfs *f = fake_from(fs);
    int errnum = begin(f, pid, "", "fd");
    struct fake_file *file = find_file(find_pid(f, pid), "fd");

    if (!errnum)
        errnum = file ? file->errnum : ENOENT;
    if (file)
        file->calls++;
    if (errnum)
        return rg_err_errno(err, errnum);
    *count = file->fds;
    return RG_OK;
}

static enum rg_status fake_lstat(struct rg_procfs *fs, int32_t pid, const char *name,
    struct rg_procfs_stat *out, struct rg_err *err)
{
    struct fake_procfs *f = fake_from(fs);
    int errnum = begin(f, pid, "lstat:", name);
    struct fake_file *file = find_file(find_pid(f, pid), name);

    if (!errnum && !file)
        errnum = ENOENT;
    if (errnum)
        return rg_err_errno(err, errnum);
    file->lstats++;
    *out = (struct rg_procfs_stat){.mode = file->mode, .uid = file->uid};
    return RG_OK;
}

static enum rg_status fake_host(
    struct rg_procfs *fs, const char *path, struct rg_buf *out, struct rg_err *err)
{
    struct fake_procfs *f = fake_from(fs);
    int errnum = begin(f, 0, "host:", path);

    if (errnum)
        return rg_err_errno(err, errnum);
    return answer(find_file(&f->host, path), out, err);
}

static void fake_destroy(struct rg_procfs *fs)
{
    struct fake_procfs *f = fake_from(fs);

    for (size_t i = 0; i < f->pid_count; i++)
        free_files(&f->pids[i]);
    free_files(&f->host);
    rg_buf_finish(&f->order);
    free(f->pids);
    free(f);
}

static const struct rg_procfs_ops fake_ops = {
    .name = "fake",
    .list_pids = fake_list,
    .read_pid = fake_read,
    .read_link = fake_read,
    .count_fds = fake_fds,
    .stat_pid = fake_lstat,
    .read_host = fake_host,
    .destroy = fake_destroy,
};

static struct fake_procfs *fake_from(struct rg_procfs *fs)
{
    rg_assert(fs->ops == &fake_ops);
    return (struct fake_procfs *)fs;
}

struct fake_procfs *fake_procfs_create(void)
{
    struct fake_procfs *f = rg_calloc(1, sizeof(*f));

    rg_assert(f);
    f->base.ops = &fake_ops;
    rg_buf_init(&f->order, (size_t)1 << 20);
    return f;
}
