/* The section "simulate": facts of a host and the kinds of processes on it. */
#include "scenario_fields.h"
#include "scenario_parts.h"

#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const simulate_keys[] = {
    "host", "processes", "confd", "confd_dir", "confd_many", "documents", "env", NULL};

struct world {
    struct scenario_fields fields;
    struct rg_sim_host_options *options;
    struct rg_sim_process_spec *spec;
};

#define HOST(key, kind, member)                                                                    \
    {                                                                                              \
        key, FIELD_##kind, offsetof(struct rg_sim_host_options, member), 0                         \
    }
#define SPEC(key, kind, member)                                                                    \
    {                                                                                              \
        key, FIELD_##kind, offsetof(struct rg_sim_process_spec, member), 0                         \
    }
#define SPEC_ARGS(key, member, count)                                                              \
    {                                                                                              \
        key, FIELD_ARGS, offsetof(struct rg_sim_process_spec, member),                             \
            offsetof(struct rg_sim_process_spec, count)                                            \
    }

static const struct scenario_field host_fields[] = {
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
    {"uptime", FIELD_SECTION, 0, 0},
    {"disks", FIELD_SECTION, 0, 0},
    {"mounts", FIELD_SECTION, 0, 0},
    {"interfaces", FIELD_SECTION, 0, 0},
    {"swap", FIELD_SECTION, 0, 0},
    {"load", FIELD_SECTION, 0, 0},
    {"cpu_time", FIELD_SECTION, 0, 0},
    {"files", FIELD_SECTION, 0, 0},
    {"sockets", FIELD_SECTION, 0, 0},
    {"idle_falls", FIELD_SECTION, 0, 0},
    {"btime_error", FIELD_SECTION, 0, 0},
    {NULL, FIELD_SECTION, 0, 0},
};

static const struct scenario_field idle_falls_fields[] = {
    HOST("at", SPAN, idle_falls_at_ns),
    HOST("by", SPAN, idle_falls_ns),
    {NULL, FIELD_SECTION, 0, 0},
};

static const struct scenario_field btime_error_fields[] = {
    HOST("by", MOMENT, btime_error_ns),
    HOST("until", SPAN, btime_error_until_ns),
    {NULL, FIELD_SECTION, 0, 0},
};

static const struct scenario_field spec_fields[] = {
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
    {"step", FIELD_SECTION, 0, 0},
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
    {"cpu_falls", FIELD_SECTION, 0, 0},
    {"exec", FIELD_SECTION, 0, 0},
    {"setuid", FIELD_SECTION, 0, 0},
    {NULL, FIELD_SECTION, 0, 0},
};

static const struct scenario_field cpu_falls_fields[] = {
    SPEC("at", SPAN, cpu_falls_at_ns),
    SPEC("by", SPAN, cpu_falls_ns),
    {NULL, FIELD_SECTION, 0, 0},
};

static const struct scenario_field exec_fields[] = {
    SPEC("at", SPAN, exec_at_ns),
    SPEC("name", TEXT, exec_name),
    SPEC("exe", TEXT, exec_exe),
    SPEC_ARGS("args", exec_args, exec_arg_count),
    {NULL, FIELD_SECTION, 0, 0},
};

static const struct scenario_field setuid_fields[] = {
    SPEC("at", SPAN, setuid_at_ns),
    SPEC("uid", U32, setuid_uid),
    SPEC("gid", U32, setuid_gid),
    SPEC("user", TEXT, setuid_user),
    {NULL, FIELD_SECTION, 0, 0},
};

/* wall is the present of the clock; 0 where only the notation matters. */
static enum rg_status read_host(
    const struct world *w, const struct scenario_node *map, struct rg_wall wall)
{
    const struct scenario_node *uptime;
    int64_t ns = 0;
    enum rg_status st = scenario_fields_read(&w->fields, map, "'host'", host_fields, w->options);

    uptime = st == RG_OK ? scenario_get(w->fields.doc, map, "uptime") : NULL;
    if (uptime)
        st = scenario_duration(w->fields.doc, uptime, &ns, w->fields.err);
    if (uptime && st == RG_OK)
        w->options->boot.ns = wall.ns - ns;
    if (st == RG_OK)
        st = scenario_section_read(
            &w->fields, map, "idle_falls", "'idle_falls'", idle_falls_fields, w->options);
    if (st == RG_OK)
        st = scenario_section_read(
            &w->fields, map, "btime_error", "'btime_error'", btime_error_fields, w->options);
    return st;
}

static enum rg_status read_process(struct world *w, const struct scenario_node *map)
{
    enum rg_status st;

    st = scenario_fields_check(&w->fields, map, "a process", spec_fields);
    if (st == RG_OK && !scenario_get(w->fields.doc, map, "name"))
        st = scenario_refuse(w->fields.doc, map, w->fields.err, "the key 'name' is missing");
    if (st == RG_OK)
        st = scenario_step(&w->fields, map);
    if (st == RG_OK)
        st = scenario_fields_read(&w->fields, map, "a process", spec_fields, w->spec);
    if (st == RG_OK)
        st = scenario_section_read(
            &w->fields, map, "cpu_falls", "'cpu_falls'", cpu_falls_fields, w->spec);
    if (st == RG_OK)
        st = scenario_section_read(&w->fields, map, "exec", "'exec'", exec_fields, w->spec);
    if (st == RG_OK)
        st = scenario_section_read(&w->fields, map, "setuid", "'setuid'", setuid_fields, w->spec);
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
        struct world w = {.fields = {.doc = doc, .err = err}, .spec = &spec};
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
    struct world w = {.fields = {.doc = doc, .err = err}, .options = options};
    const struct scenario_node *host = scenario_get(doc, simulate, "host");

    return host ? read_host(&w, host, wall) : RG_OK;
}

/* All that is on the host; with host NULL only the notation. */
static enum rg_status read_contents(const struct scenario_doc *doc,
    const struct scenario_node *simulate, struct rg_sim_host *host, struct rg_err *err)
{
    const struct scenario_node *processes = scenario_get(doc, simulate, "processes");
    enum rg_status st = processes ? read_processes(doc, processes, host, err) : RG_OK;

    if (st == RG_OK)
        st = scenario_devices_read(doc, scenario_get(doc, simulate, "host"), host, err);
    return st == RG_OK ? scenario_confd_read(doc, simulate, host, err) : st;
}

enum rg_status scenario_world_check(
    const struct scenario_doc *doc, const struct scenario_node *simulate, struct rg_err *err)
{
    struct rg_sim_host_options options = RG_SIM_HOST_OPTIONS;
    enum rg_status st = scenario_keys(doc, simulate, "'simulate'", simulate_keys, err);
    const struct scenario_node *processes =
        st == RG_OK ? scenario_get(doc, simulate, "processes") : NULL;

    if (st == RG_OK && !processes && !scenario_confd_there(doc, simulate))
        st = scenario_refuse(doc, simulate, err, "the key 'processes' is missing in 'simulate'");
    if (st == RG_OK)
        st = read_options(doc, simulate, (struct rg_wall){0}, &options, err);
    return st == RG_OK ? read_contents(doc, simulate, NULL, err) : st;
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
        st = read_contents(doc, simulate, made, err);
    if (st != RG_OK) {
        rg_sim_host_destroy(made);
        return st;
    }
    *host = made;
    return RG_OK;
}
