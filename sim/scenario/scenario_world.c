/* The section "simulate": facts of a host and the kinds of processes on it. */
#include "scenario_parts.h"

#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const simulate_keys[] = {"host", "processes", NULL};
static const char *const forms[] = {"6", "4", "3.10", NULL}; /* as enum rg_sim_kernel_form */

struct world {
    const struct scenario_doc *doc;
    struct rg_sim_host_options *options;
    struct rg_sim_process_spec *spec;
    int64_t step_ns;
    struct rg_err *err;
};

enum kind {
    TEXT,     /* const char * */
    ARGS,     /* const char *const * and the size_t behind it */
    I32,      /* int32_t, not negative */
    SIGNED,   /* int32_t */
    U32,      /* uint32_t */
    I64,      /* int64_t, not negative */
    SIZE,     /* uint64_t, as text with a unit */
    BYTES,    /* size_t */
    SPAN,     /* int64_t in ns, not negative */
    MOMENT,   /* int64_t in ns */
    BOOL,     /* bool */
    LETTER,   /* char */
    SERIES,   /* struct rg_sim_series */
    PERMILLE, /* uint32_t from a share */
    PERCENT,  /* uint32_t from a share */
    FORM,     /* enum rg_sim_kernel_form */
    SECTION,  /* read elsewhere */
};

struct field {
    const char *key;
    enum kind kind;
    size_t offset, count_offset;
};

#define HOST(key, kind, member)                                                                    \
    {                                                                                              \
        key, kind, offsetof(struct rg_sim_host_options, member), 0                                 \
    }
#define SPEC(key, kind, member)                                                                    \
    {                                                                                              \
        key, kind, offsetof(struct rg_sim_process_spec, member), 0                                 \
    }
#define SPEC_ARGS(key, member, count)                                                              \
    {                                                                                              \
        key, ARGS, offsetof(struct rg_sim_process_spec, member),                                   \
            offsetof(struct rg_sim_process_spec, count)                                            \
    }

static const struct field host_fields[] = {
    HOST("hostname", TEXT, hostname),
    HOST("kernel", TEXT, kernel_release),
    HOST("kernel_form", FORM, form),
    HOST("arch", TEXT, kernel_arch),
    HOST("os", TEXT, os_id),
    HOST("os_version", TEXT, os_version),
    HOST("cpus", I32, cpu_count),
    HOST("page_size", I64, page_size_bytes),
    HOST("clock_ticks", I64, clock_ticks_per_s),
    HOST("memory", SIZE, total_memory_bytes),
    HOST("pid_first", I32, pid_first),
    HOST("pid_max", I32, pid_max),
    HOST("agent_pid", I32, agent_pid),
    HOST("agent_uid", U32, euid),
    HOST("agent_cpus", I32, agent_cpus),
    {"uptime", SECTION, 0, 0},
    {"idle_falls", SECTION, 0, 0},
    {"btime_error", SECTION, 0, 0},
    {NULL, SECTION, 0, 0},
};

static const struct field idle_falls_fields[] = {
    HOST("at", SPAN, idle_falls_at_ns),
    HOST("by", SPAN, idle_falls_ns),
    {NULL, SECTION, 0, 0},
};

static const struct field btime_error_fields[] = {
    HOST("by", MOMENT, btime_error_ns),
    HOST("until", SPAN, btime_error_until_ns),
    {NULL, SECTION, 0, 0},
};

static const struct field spec_fields[] = {
    SPEC("name", TEXT, name),
    SPEC_ARGS("args", args, arg_count),
    SPEC("exe", TEXT, exe),
    SPEC("cwd", TEXT, cwd),
    SPEC("uid", U32, uid),
    SPEC("gid", U32, gid),
    SPEC("user", TEXT, user),
    SPEC("pid", I32, pid),
    SPEC("ppid", I32, ppid),
    SPEC("threads", I32, threads),
    SPEC("nice", SIGNED, nice),
    SPEC("state", LETTER, state),
    SPEC("kernel_thread", BOOL, kernel_thread),
    {"step", SECTION, 0, 0},
    SPEC("cpu", SERIES, cpu),
    SPEC("rss_kib", SERIES, rss),
    SPEC("read_bytes_s", SERIES, read_bytes_s),
    SPEC("write_bytes_s", SERIES, write_bytes_s),
    SPEC("fds", SERIES, fds),
    SPEC("spread", PERMILLE, spread_permille),
    SPEC("user_share", PERCENT, user_percent),
    SPEC("count", SIGNED, count),
    SPEC("start", MOMENT, start_ns),
    SPEC("stop", SPAN, stop_ns),
    SPEC("lifetime", SPAN, lifetime_ns),
    SPEC("respawn", BOOL, respawn),
    SPEC("spawn_per_1000s", U32, spawn_per_ks),
    SPEC("zombie", SPAN, zombie_ns),
    SPEC("reuse_pids", BOOL, reuse_pids),
    SPEC("padding", BYTES, padding),
    SPEC("io_anew", SPAN, io_anew_at_ns),
    {"cpu_falls", SECTION, 0, 0},
    {"exec", SECTION, 0, 0},
    {"setuid", SECTION, 0, 0},
    {NULL, SECTION, 0, 0},
};

static const struct field cpu_falls_fields[] = {
    SPEC("at", SPAN, cpu_falls_at_ns),
    SPEC("by", SPAN, cpu_falls_ns),
    {NULL, SECTION, 0, 0},
};

static const struct field exec_fields[] = {
    SPEC("at", SPAN, exec_at_ns),
    SPEC("name", TEXT, exec_name),
    SPEC("exe", TEXT, exec_exe),
    SPEC_ARGS("args", exec_args, exec_arg_count),
    {NULL, SECTION, 0, 0},
};

static const struct field setuid_fields[] = {
    SPEC("at", SPAN, setuid_at_ns),
    SPEC("uid", U32, setuid_uid),
    SPEC("gid", U32, setuid_gid),
    SPEC("user", TEXT, setuid_user),
    {NULL, SECTION, 0, 0},
};

#define FIELDS_MAX 40

static enum rg_status check_keys(const struct world *w, const struct scenario_node *map,
    const char *what, const struct field *fields)
{
    const char *names[FIELDS_MAX + 1] = {NULL};

    for (size_t i = 0; fields[i].key; i++) {
        rg_assert(i < FIELDS_MAX);
        names[i] = fields[i].key;
    }
    return scenario_keys(w->doc, map, what, names, w->err);
}

static enum rg_status read_args(
    const struct world *w, const struct scenario_node *node, const struct field *f, void *base)
{
    const struct scenario_node *item;
    const char **args;
    size_t count = 0;
    enum rg_status st = RG_OK;

    if (node->kind != SCENARIO_LIST)
        return scenario_refuse(w->doc, node, w->err, "'%s' must be a list of texts", node->key);
    args = rg_calloc(node->count ? node->count : 1, sizeof(*args));
    if (!args)
        return RG_ENOMEM;
    for (item = scenario_first(w->doc, node); item && st == RG_OK;
         item = scenario_next(w->doc, item))
        st = scenario_text(w->doc, item, &args[count++], w->err);
    *(const char *const **)((char *)base + f->offset) = args; /* freed by finish_spec */
    *(size_t *)((char *)base + f->count_offset) = node->count;
    return st;
}

static enum rg_status read_series(
    const struct world *w, const struct scenario_node *node, struct rg_sim_series *out)
{
    struct rg_err why = {0};
    const char *text;
    enum rg_status st = scenario_text(w->doc, node, &text, w->err);

    if (st != RG_OK)
        return st;
    st = rg_sim_series_parse(rg_str_from(text), w->step_ns, out, &why);
    if (st == RG_EINVALID || st == RG_ELIMIT)
        rg_ignore(scenario_refuse(w->doc, node, w->err, "%s", rg_err_text(&why, st)),
            "the status of the series is kept");
    return st;
}

static enum rg_status read_moment(
    const struct world *w, const struct scenario_node *node, int64_t *out)
{
    const char *text;
    int64_t ns = 0;
    enum rg_status st = scenario_text(w->doc, node, &text, w->err);
    struct rg_str s = rg_str_from(st == RG_OK && text[0] == '-' ? text + 1 : text);

    if (st == RG_OK && strcmp(text, "0") != 0 && !rg_str_to_duration(s, &ns))
        st = scenario_refuse(
            w->doc, node, w->err, "'%s' must be a time such as 30s or -1h", node->key);
    if (st == RG_OK)
        *out = text[0] == '-' ? -ns : ns;
    return st;
}

static enum rg_status read_letter(
    const struct world *w, const struct scenario_node *node, char *out)
{
    const char *text;
    enum rg_status st = scenario_text(w->doc, node, &text, w->err);

    if (st == RG_OK && strlen(text) != 1)
        st = scenario_refuse(w->doc, node, w->err, "'%s' must be one letter", node->key);
    if (st == RG_OK)
        *out = text[0];
    return st;
}

static enum rg_status read_form(
    const struct world *w, const struct scenario_node *node, enum rg_sim_kernel_form *out)
{
    const char *text;
    enum rg_status st = scenario_text(w->doc, node, &text, w->err);

    for (size_t i = 0; st == RG_OK && forms[i]; i++) {
        if (strcmp(forms[i], text) == 0) {
            *out = (enum rg_sim_kernel_form)i;
            return RG_OK;
        }
    }
    return st == RG_OK
               ? scenario_refuse(w->doc, node, w->err, "'%s' must be 6, 4 or 3.10", node->key)
               : st;
}

static enum rg_status read_number(
    const struct world *w, const struct scenario_node *node, const struct field *f, char *at)
{
    uint64_t number = 0;
    int64_t whole = 0;
    double share = 0;
    enum rg_status st;

    if (f->kind == PERMILLE || f->kind == PERCENT) {
        st = scenario_share(w->doc, node, &share, w->err);
        if (st == RG_OK)
            *(uint32_t *)at = (uint32_t)(share * (f->kind == PERCENT ? 100 : 1000) + 0.5);
    } else if (f->kind == SIGNED) {
        st = scenario_i64(w->doc, node, &whole, w->err);
        if (st == RG_OK && (whole < INT32_MIN || whole > INT32_MAX))
            st = scenario_refuse(w->doc, node, w->err, "'%s' is too large", node->key);
        if (st == RG_OK)
            *(int32_t *)at = (int32_t)whole;
    } else if (f->kind == BYTES) {
        st = scenario_u64(w->doc, node, SIZE_MAX, &number, w->err);
        if (st == RG_OK)
            *(size_t *)at = (size_t)number;
    } else if (f->kind == I64) {
        st = scenario_u64(w->doc, node, INT64_MAX, &number, w->err);
        if (st == RG_OK)
            *(int64_t *)at = (int64_t)number;
    } else {
        st = scenario_u64(w->doc, node, f->kind == U32 ? UINT32_MAX : INT32_MAX, &number, w->err);
        if (st == RG_OK && f->kind == U32)
            *(uint32_t *)at = (uint32_t)number;
        else if (st == RG_OK)
            *(int32_t *)at = (int32_t)number;
    }
    return st;
}

static enum rg_status read_field(
    const struct world *w, const struct scenario_node *node, const struct field *f, void *base)
{
    char *at = (char *)base + f->offset;
    const char *text;
    enum rg_status st;

    switch (f->kind) {
    case SECTION:
        return RG_OK;
    case TEXT:
        return scenario_text(w->doc, node, (const char **)(void *)at, w->err);
    case ARGS:
        return read_args(w, node, f, base);
    case SIZE:
        st = scenario_text(w->doc, node, &text, w->err);
        if (st == RG_OK && !rg_str_to_size(rg_str_from(text), (uint64_t *)(void *)at))
            st = scenario_refuse(
                w->doc, node, w->err, "'%s' must be a size such as 64MiB", node->key);
        return st;
    case SPAN:
        return scenario_duration(w->doc, node, (int64_t *)(void *)at, w->err);
    case MOMENT:
        return read_moment(w, node, (int64_t *)(void *)at);
    case BOOL:
        return scenario_bool(w->doc, node, (bool *)at, w->err);
    case LETTER:
        return read_letter(w, node, at);
    case SERIES:
        return read_series(w, node, (struct rg_sim_series *)(void *)at);
    case FORM:
        return read_form(w, node, (enum rg_sim_kernel_form *)(void *)at);
    case BYTES:
    case I32:
    case SIGNED:
    case U32:
    case I64:
    case PERMILLE:
    case PERCENT:
        break;
    }
    return read_number(w, node, f, at);
}

static enum rg_status read_fields(const struct world *w, const struct scenario_node *map,
    const char *what, const struct field *fields, void *base)
{
    const struct scenario_node *node;
    enum rg_status st = check_keys(w, map, what, fields);

    for (node = st == RG_OK ? scenario_first(w->doc, map) : NULL; node && st == RG_OK;
         node = scenario_next(w->doc, node)) {
        size_t i = 0;

        while (strcmp(fields[i].key, node->key) != 0)
            i++;
        st = read_field(w, node, &fields[i], base);
    }
    return st;
}

/* A section of map, if it is there. */
static enum rg_status read_section(const struct world *w, const struct scenario_node *map,
    const char *key, const char *what, const struct field *fields, void *base)
{
    const struct scenario_node *node = scenario_get(w->doc, map, key);

    return node ? read_fields(w, node, what, fields, base) : RG_OK;
}

/* wall is the present of the clock; 0 where only the notation matters. */
static enum rg_status read_host(
    const struct world *w, const struct scenario_node *map, struct rg_wall wall)
{
    const struct scenario_node *uptime;
    int64_t ns = 0;
    enum rg_status st = read_fields(w, map, "'host'", host_fields, w->options);

    uptime = st == RG_OK ? scenario_get(w->doc, map, "uptime") : NULL;
    if (uptime)
        st = scenario_duration(w->doc, uptime, &ns, w->err);
    if (uptime && st == RG_OK)
        w->options->boot.ns = wall.ns - ns;
    if (st == RG_OK)
        st = read_section(w, map, "idle_falls", "'idle_falls'", idle_falls_fields, w->options);
    if (st == RG_OK)
        st = read_section(w, map, "btime_error", "'btime_error'", btime_error_fields, w->options);
    return st;
}

static enum rg_status read_process(struct world *w, const struct scenario_node *map)
{
    const struct scenario_node *node;
    enum rg_status st;

    w->step_ns = RG_SIM_SERIES_STEP_NS;
    st = check_keys(w, map, "a process", spec_fields);
    if (st == RG_OK && !scenario_get(w->doc, map, "name"))
        st = scenario_refuse(w->doc, map, w->err, "the key 'name' is missing");
    node = st == RG_OK ? scenario_get(w->doc, map, "step") : NULL;
    if (node)
        st = scenario_duration(w->doc, node, &w->step_ns, w->err);
    if (node && st == RG_OK && w->step_ns == 0)
        st = scenario_refuse(w->doc, node, w->err, "'step' must be above zero");
    if (st == RG_OK)
        st = read_fields(w, map, "a process", spec_fields, w->spec);
    if (st == RG_OK)
        st = read_section(w, map, "cpu_falls", "'cpu_falls'", cpu_falls_fields, w->spec);
    if (st == RG_OK)
        st = read_section(w, map, "exec", "'exec'", exec_fields, w->spec);
    if (st == RG_OK)
        st = read_section(w, map, "setuid", "'setuid'", setuid_fields, w->spec);
    return st;
}

static void free_args(const char *const *args)
{
    void *memory;

    memcpy(&memory, &args, sizeof(memory)); /* ours, though its type promises otherwise */
    free(memory);
}

static void finish_spec(struct rg_sim_process_spec *spec)
{
    free_args(spec->args);
    free_args(spec->exec_args);
    spec->args = spec->exec_args = NULL;
    rg_sim_process_spec_finish(spec);
}

/* Reads each process and hands it to host, or only reads when host is NULL. */
static enum rg_status read_processes(const struct scenario_doc *doc,
    const struct scenario_node *list, struct rg_sim_host *host, struct rg_err *err)
{
    const struct scenario_node *node;
    enum rg_status st = RG_OK;

    if (list->kind != SCENARIO_LIST)
        return scenario_refuse(doc, list, err, "'processes' must be a list");
    for (node = scenario_first(doc, list); node && st == RG_OK; node = scenario_next(doc, node)) {
        struct rg_sim_process_spec spec = {.name = NULL};
        struct world w = {.doc = doc, .spec = &spec, .err = err};
        struct rg_err why = {0};

        st = read_process(&w, node);
        if (st == RG_OK && host) {
            st = rg_sim_host_add(host, &spec, &why);
            if (st == RG_EINVALID || st == RG_ELIMIT)
                rg_ignore(scenario_refuse(doc, node, err, "%s", rg_err_text(&why, st)),
                    "the status of the host is kept");
        }
        finish_spec(&spec);
    }
    return st;
}

static enum rg_status read_options(const struct scenario_doc *doc,
    const struct scenario_node *simulate, struct rg_wall wall, struct rg_sim_host_options *options,
    struct rg_err *err)
{
    struct world w = {.doc = doc, .options = options, .err = err};
    const struct scenario_node *host = scenario_get(doc, simulate, "host");

    return host ? read_host(&w, host, wall) : RG_OK;
}

enum rg_status scenario_world_check(
    const struct scenario_doc *doc, const struct scenario_node *simulate, struct rg_err *err)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    enum rg_status st = scenario_keys(doc, simulate, "'simulate'", simulate_keys, err);
    const struct scenario_node *processes =
        st == RG_OK ? scenario_get(doc, simulate, "processes") : NULL;

    if (st == RG_OK && !processes)
        st = scenario_refuse(doc, simulate, err, "the key 'processes' is missing in 'simulate'");
    if (st == RG_OK)
        st = read_options(doc, simulate, (struct rg_wall){0}, &options, err);
    return st == RG_OK ? read_processes(doc, processes, NULL, err) : st;
}

enum rg_status rg_scenario_host(const struct rg_scenario *scenario, struct rg_runtime *clock,
    uint64_t seed, const char *options_text, struct rg_sim_host **host, struct rg_err *err)
{
    const struct scenario_doc *doc = &scenario->doc->yaml;
    const struct scenario_node *simulate =
        scenario_get(doc, scenario_get(doc, &doc->nodes[0], "world"), "simulate");
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    struct rg_sim_host *made = NULL;
    struct rg_err why = {0};
    enum rg_status st;

    rg_assert(scenario->world == RG_SCENARIO_SIMULATE && simulate);
    st = read_options(doc, simulate, rg_runtime_wall(clock), &options, err);
    if (st != RG_OK)
        return st;
    options.clock = clock;
    options.seed = seed;
    options.options_text = options_text;
    st = rg_sim_host_create(&options, &made, &why);
    if (st == RG_EINVALID)
        rg_ignore(scenario_refuse(doc, simulate, err, "%s", rg_err_text(&why, st)),
            "the status of the host is kept");
    else if (st != RG_OK)
        *err = why;
    if (st == RG_OK)
        st = read_processes(doc, scenario_get(doc, simulate, "processes"), made, err);
    if (st != RG_OK) {
        rg_sim_host_destroy(made);
        return st;
    }
    *host = made;
    return RG_OK;
}
