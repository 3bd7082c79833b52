/* What a kind of process may be, and our own copy of its texts. */
#include "sim_model.h"

#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define LIFETIME_MIN_NS  RG_NS_PER_MS /* shorter lives would make time jumps endless */
#define SPAWN_PER_KS_MAX 1000000u
#define THREADS_MAX      1000000
#define CMDLINE_MAX      ((size_t)1 << 20)

static enum rg_status refuse(struct rg_err *err, const char *what)
{
    rg_err_set(err, "process spec: %s", what);
    return RG_EINVALID;
}

static bool text_ok(const char *text)
{
    return !text || strlen(text) < RG_SIM_TEXT_MAX;
}

static bool args_ok(const char *const *args, size_t count)
{
    size_t bytes = 0;

    if (count > CMDLINE_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!args[i] || !text_ok(args[i]))
            return false;
        bytes += strlen(args[i]) + 1;
        if (bytes > CMDLINE_MAX)
            return false;
    }
    return true;
}

static enum rg_status check_texts(const struct rg_sim_process_spec *is, struct rg_err *err)
{
    if (!is->name || !is->name[0])
        return refuse(err, "it has no name");
    if (!text_ok(is->name) || !text_ok(is->exe) || !text_ok(is->cwd) || !text_ok(is->user) ||
        !text_ok(is->exec_name) || !text_ok(is->exec_exe) || !text_ok(is->setuid_user))
        return refuse(err, "a text is too long");
    if (is->padding > CMDLINE_MAX || !args_ok(is->args, is->arg_count) ||
        !args_ok(is->exec_args, is->exec_arg_count))
        return refuse(err, "the arguments are too long");
    return RG_OK;
}

static enum rg_status check_times(const struct rg_sim_process_spec *is, struct rg_err *err)
{
    if (is->stop_ns < 0 || is->lifetime_ns < 0 || is->zombie_ns < 0 || is->exec_at_ns < 0 ||
        is->setuid_at_ns < 0 || is->cpu_falls_at_ns < 0 || is->cpu_falls_ns < 0 ||
        is->io_anew_at_ns < 0)
        return refuse(err, "a time is negative");
    if (is->lifetime_ns && is->lifetime_ns < LIFETIME_MIN_NS)
        return refuse(err, "lifetime_ns is below 1 ms");
    if (is->respawn && !is->lifetime_ns)
        return refuse(err, "respawn needs lifetime_ns");
    if (is->spawn_per_ks > SPAWN_PER_KS_MAX)
        return refuse(err, "spawn_per_ks is above 1000000");
    return RG_OK;
}

enum rg_status sim_spec_check(
    const struct sim_spec *spec, const struct rg_sim_host_options *options, struct rg_err *err)
{
    const struct rg_sim_process_spec *is = &spec->is;
    enum rg_status st = check_texts(is, err);

    if (st == RG_OK)
        st = check_times(is, err);
    if (st != RG_OK)
        return st;
    if (is->pid < 0 || is->pid > options->pid_max || is->ppid < 0)
        return refuse(err, "a pid is out of range");
    if (is->threads < 0 || is->threads > THREADS_MAX)
        return refuse(err, "threads is out of range");
    if (is->nice < -20 || is->nice > 19)
        return refuse(err, "nice is out of range");
    if (is->state && !strchr("SDTIRZ", is->state))
        return refuse(err, "state is none of S, D, T, I, R and Z");
    if (is->spread_permille > 999)
        return refuse(err, "spread_permille is above 999");
    if (is->user_percent > 100)
        return refuse(err, "user_percent is above 100");
    if (is->count < -1 || is->count > RG_SIM_SPEC_COUNT_MAX)
        return refuse(err, "count is out of range");
    return RG_OK;
}

static enum rg_status copy_text(const char *from, char **to)
{
    if (!from)
        return RG_OK;
    *to = rg_memdup0(from, strlen(from));
    return *to ? RG_OK : RG_ENOMEM;
}

static enum rg_status copy_args(struct sim_image *image, const char *const *args, size_t count)
{
    enum rg_status st = RG_OK;

    if (!count)
        return RG_OK;
    image->args = rg_calloc(count, sizeof(*image->args));
    if (!image->args)
        return RG_ENOMEM;
    for (size_t i = 0; i < count && st == RG_OK; i++, image->arg_count++)
        st = copy_text(args[i], &image->args[i]);
    return st;
}

/* The link that a process without a stated exe has. */
static enum rg_status default_exe(struct sim_image *image)
{
    struct rg_buf path;
    enum rg_status st;

    if (image->exe)
        return RG_OK;
    if (image->arg_count && image->args[0][0] == '/')
        return copy_text(image->args[0], &image->exe);
    rg_buf_init(&path, 2 * RG_SIM_TEXT_MAX);
    st = rg_buf_printf(&path, "/usr/bin/%s", image->name);
    if (st == RG_OK) {
        image->exe = rg_memdup0(path.data, path.len);
        st = image->exe ? RG_OK : RG_ENOMEM;
    }
    rg_buf_finish(&path);
    return st;
}

static enum rg_status copy_image(struct sim_image *image, const char *name, const char *exe,
    const char *const *args, size_t arg_count)
{
    enum rg_status st = copy_text(name, &image->name);

    if (st == RG_OK)
        st = copy_text(exe, &image->exe);
    if (st == RG_OK)
        st = copy_args(image, args, arg_count);
    return st == RG_OK ? default_exe(image) : st;
}

enum rg_status sim_spec_copy_texts(
    struct sim_spec *spec, const struct rg_sim_process_spec *from, struct rg_err *err)
{
    enum rg_status st =
        copy_image(&spec->first, from->name, from->exe, from->args, from->arg_count);

    if (st == RG_OK && from->exec_at_ns) {
        bool args = from->exec_arg_count > 0;
        const char *exe = from->exec_exe;

        if (!exe && !args && !from->exec_name)
            exe = spec->first.exe;
        st = copy_image(&spec->second, from->exec_name ? from->exec_name : from->name, exe,
            args ? from->exec_args : from->args, args ? from->exec_arg_count : from->arg_count);
    }
    if (st == RG_OK)
        st = copy_text(from->cwd ? from->cwd : "/", &spec->cwd);
    if (st == RG_OK)
        st = copy_text(from->user, &spec->user);
    if (st == RG_OK)
        st = copy_text(from->setuid_user, &spec->setuid_user);
    if (st != RG_OK)
        rg_err_set(err, "no memory for a process spec");
    return st;
}

static void image_finish(struct sim_image *image)
{
    for (size_t i = 0; i < image->arg_count; i++)
        free(image->args[i]);
    free(image->args);
    free(image->name);
    free(image->exe);
}

void rg_sim_process_spec_finish(struct rg_sim_process_spec *spec)
{
    rg_sim_series_finish(&spec->cpu);
    rg_sim_series_finish(&spec->rss);
    rg_sim_series_finish(&spec->read_bytes_s);
    rg_sim_series_finish(&spec->write_bytes_s);
    rg_sim_series_finish(&spec->fds);
}

void sim_spec_finish(struct sim_spec *spec)
{
    image_finish(&spec->first);
    image_finish(&spec->second);
    free(spec->cwd);
    free(spec->user);
    free(spec->setuid_user);
    rg_sim_process_spec_finish(&spec->is);
}
