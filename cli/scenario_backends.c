#include "scenario_backends.h"

#include "rg/base/mem.h"
#include "rg/live.h"
#include "rg/sim.h"
#include "run_options.h"
#include "scenario_sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_BYTES_MAX ((size_t)2 << 20)
#define TREE_BYTES_MAX    ((size_t)64 << 20)
#define FIRED_MAX         ((size_t)1 << 20)
#define FIRED_TEXT_MAX    ((size_t)64 << 10)

char *scenario_file(const struct rg_scenario *scenario, const char *name)
{
    const char *slash = strrchr(scenario->path, '/');
    size_t folder = slash && name[0] != '/' ? (size_t)(slash - scenario->path) + 1 : 0;
    char *path = rg_calloc(folder + strlen(name) + 1, 1);

    if (!path)
        return NULL;
    memcpy(path, scenario->path, folder);
    memcpy(path + folder, name, strlen(name));
    return path;
}

/* The key of a line "key: value", quotes included. */
static struct rg_str key_of(struct rg_str line)
{
    const char *end = memmem(line.ptr, line.len, ": ", 2);

    return (struct rg_str){line.ptr, end ? (size_t)(end - line.ptr) : line.len};
}

/* The document: what was recorded (for a fixture), then config, then the section run. */
static enum rg_status make_options(struct scenario_world *w, const struct rg_scenario *s,
    const char *fixture, const char *log_level, struct rg_err *err)
{
    struct rg_str rest = rg_str_buf(&s->config), line;
    struct rg_str checks = rg_str_buf(&s->checks);
    char list[64];
    enum rg_status st = fixture ? run_options_recorded(fixture, &w->options, err) : RG_OK;

    while (st == RG_OK && rg_str_split(&rest, '\n', &line)) {
        struct rg_str key = key_of(line);
        struct rg_str value = {line.ptr + key.len + 2, line.len - key.len - 2};

        st = run_options_set(&w->options, key, value);
    }
    if (st == RG_OK)
        st = run_options_set(&w->options, RG_STR_LIT("run.for"), rg_str_from(s->for_text));
    if (st == RG_OK && log_level)
        st = run_options_set(&w->options, RG_STR_LIT("log_level"), rg_str_from(log_level));
    if (st == RG_OK && s->confd)
        st = run_options_set(&w->options, RG_STR_LIT("run.confd"), RG_STR_LIT("true"));
    if (!s->checks_set && !fixture && !s->confd)
        checks = RG_STR_LIT("process");
    else if (checks.len == 0 && s->confd)
        checks = RG_STR_LIT("none");
    snprintf(list, sizeof(list), "[%.*s]", (int)checks.len, checks.ptr);
    if (st == RG_OK && checks.len > 0)
        st = run_options_set(&w->options, RG_STR_LIT("run.checks"), rg_str_from(list));
    return st == RG_OK ? rg_buf_byte(&w->options, 0) : st;
}

static enum rg_status create_clock(struct scenario_world *w,
    const struct scenario_world_options *options, const struct rg_world_info *info, int64_t for_ns,
    struct rg_err *err)
{
    struct rg_sim_runtime_options clock = RG_SIM_RUNTIME_OPTIONS;

    clock.seed = options->seed;
    clock.order = options->order;
    clock.order_seed = options->order_seed;
    clock.pct_depth = options->pct_depth;
    clock.pct_steps = options->pct_steps;
    if (info) {
        clock.mono_start = info->mono;
        clock.wall_start = info->wall;
    }
    if (for_ns < INT64_MAX - clock.mono_start.ns)
        clock.stop_at.ns = clock.mono_start.ns + for_ns;
    return rg_sim_runtime_create(&clock, &w->parts.runtime, err);
}

/* The documents of a tree on this host. Those that the scenario spells out stand before them. */
static enum rg_status add_tree(
    struct scenario_world *w, const struct rg_scenario *s, struct rg_err *err)
{
    char *path = scenario_file(s, s->confd_dir);
    const struct rg_live_host_options options = {.confd = path};
    struct rg_host *tree = NULL;
    struct rg_buf names, text;
    struct rg_str rest, name;
    size_t bytes = 0;
    enum rg_status st = path ? rg_live_host_create(&options, &tree, err) : RG_ENOMEM;

    rg_buf_init(&names, RG_HOST_DOCUMENT_MAX);
    rg_buf_init(&text, RG_HOST_DOCUMENT_MAX + 1);
    if (st == RG_OK)
        st = rg_host_list_documents(tree, "conf.d", &names, err);
    if (st == RG_ENOTFOUND)
        rg_err_set(err, "%s: there is no such folder", path);
    rest = rg_str_buf(&names);
    while (st == RG_OK && rg_str_split(&rest, '\0', &name) && name.len > 0) {
        st = rg_host_document(tree, name.ptr, &text, err);
        bytes += text.len;
        if (st == RG_OK && (bytes > TREE_BYTES_MAX || memchr(text.data, 0, text.len))) {
            rg_err_set(err, "%s: %s", path,
                bytes > TREE_BYTES_MAX ? "more than 64 MiB of files" : "a file holds a NUL byte");
            st = bytes > TREE_BYTES_MAX ? RG_ELIMIT : RG_EINVALID;
        }
        if (st == RG_OK)
            st = rg_buf_byte(&text, 0);
        if (st == RG_OK)
            st = rg_sim_host_add_document(w->host, name.ptr, (const char *)text.data, -1, err);
    }
    rg_buf_finish(&names);
    rg_buf_finish(&text);
    rg_host_destroy(tree);
    free(path);
    return st;
}

static enum rg_status build_simulated(struct scenario_world *w, const struct rg_scenario *s,
    const struct scenario_world_options *options, struct rg_err *err)
{
    enum rg_status st = create_clock(w, options, NULL, s->for_ns, err);

    if (st == RG_OK)
        st = rg_scenario_host(
            s, w->parts.runtime, options->seed, (const char *)w->options.data, &w->host, err);
    if (st == RG_OK && s->confd_dir)
        st = add_tree(w, s, err);
    if (st == RG_OK) {
        w->parts.procfs = rg_sim_host_procfs(w->host);
        w->parts.host = rg_sim_host_host(w->host);
    }
    return st;
}

static enum rg_status build_fixture(struct scenario_world *w, const struct rg_scenario *s,
    const char *path, const struct scenario_world_options *options, struct rg_err *err)
{
    struct rg_world_info info;
    enum rg_status st = rg_world_open(path, &w->parts.world, err);

    if (st != RG_OK)
        return st;
    rg_world_info(w->parts.world, &info);
    st = create_clock(w, options, &info, s->for_ns, err);
    if (st == RG_OK)
        st = rg_world_backends(w->parts.world, w->parts.runtime, (const char *)w->options.data,
            &w->parts.procfs, &w->parts.host, err);
    return st;
}

static enum rg_status build_live(struct scenario_world *w, struct rg_err *err)
{
    const struct cli_common common = cli_common_defaults();
    const struct rg_live_host_options host = {.options = (const char *)w->options.data};
    enum rg_status st = rg_live_runtime_create(&w->parts.runtime, err);

    if (st == RG_OK)
        st = rg_live_procfs_create(common.proc_root, &w->parts.procfs, err);
    return st == RG_OK ? rg_live_host_create(&host, &w->parts.host, err) : st;
}

static void fault_told(void *ctx, const struct rg_fault_event *event)
{
    struct scenario_world *w = ctx;
    void *array = w->fired;

    if (w->fired_st == RG_OK)
        w->fired_st =
            rg_grow(&array, &w->fired_cap, w->fired_count + 1, sizeof(*w->fired), FIRED_MAX);
    w->fired = array;
    if (w->fired_st != RG_OK)
        return;
    w->fired[w->fired_count++] = (struct scenario_fired){event->at_ns, event->rule};
    if (w->fired_count <= SCENARIO_FIRED_LINES_MAX)
        rg_ignore(rg_buf_printf(&w->fired_text, "fault %zu at %.3fs: %s\n", event->rule,
                      (double)event->at_ns / 1e9, event->text),
            "the list for the reader gets shorter");
}

/* Turns "fault N: why" into the place of the fault in the scenario. */
static void locate_fault(const struct rg_scenario *s, size_t own, struct rg_err *err)
{
    struct rg_str rest = rg_str_from(err->text), word;
    char why[RG_ERR_TEXT_MAX];
    uint64_t number;

    if (rg_str_split(&rest, ' ', &word) && rg_str_is(word, "fault") &&
        rg_str_split(&rest, ':', &word) && rg_str_to_u64(word, &number) && number > 0 &&
        number <= own) {
        snprintf(why, sizeof(why), "%.*s", (int)rest.len, rest.ptr);
        rg_err_set(err, "%s:%u:%u:%s", s->path, s->fault_origins[number - 1].line,
            s->fault_origins[number - 1].column, why);
        return;
    }
    rg_err_prefix(err, "%s: faults", s->path);
}

static void let_others_go_on(void *ctx)
{
    rg_sim_runtime_yield(ctx);
}

/* Those of the scenario, then the extra ones. Shims without rules are for their scheduling points.
 */
static enum rg_status add_faults(struct scenario_world *w, const struct rg_scenario *s,
    const struct scenario_world_options *options, struct rg_err *err)
{
    size_t own = options->no_faults ? 0 : s->fault_count;
    struct rg_fault_options o = {.seed = options->seed, .told = fault_told, .told_ctx = w};
    struct rg_fault_rule *rules;
    enum rg_status st;

    w->set = &w->parts.set;
    w->own_faults = own;
    if (s->world != RG_SCENARIO_LIVE && options->order != RG_SIM_ORDER_STABLE) {
        o.before = let_others_go_on;
        o.before_ctx = w->clock;
    }
    if (own + options->extra_count == 0 && !o.before)
        return RG_OK;
    rules = rg_calloc(own + options->extra_count + 1, sizeof(*rules));
    if (!rules)
        return RG_ENOMEM;
    if (own)
        memcpy(rules, s->faults, own * sizeof(*rules));
    if (options->extra_count)
        memcpy(rules + own, options->extra_faults, options->extra_count * sizeof(*rules));
    st = rg_fault_wrap(&w->parts.set, rules, own + options->extra_count, &o, &w->faults, err);
    free(rules);
    if (st == RG_OK)
        w->set = rg_fault_backends(w->faults);
    else
        locate_fault(s, own, err);
    return st;
}

static enum rg_status finish_set(
    struct scenario_world *w, const struct scenario_world_options *options, struct rg_err *err)
{
    struct compose *c = &w->parts;
    const struct rg_sim_storage_options storage = {.runtime = c->runtime};
    enum rg_status st = rg_sim_storage_create(&storage, &c->storage, err);

    if (st == RG_OK && options->make_sink)
        st = options->make_sink(options->sink_ctx, c->runtime, &c->sink, err);
    else if (st == RG_OK)
        st = scenario_sink_create(c->runtime, &c->sink, err);
    if (st != RG_OK)
        return st;
    w->clock = c->runtime;
    w->sink = c->sink;
    c->set = (struct rg_backends){
        .runtime = c->runtime,
        .procfs = c->procfs,
        .host = c->host,
        .kubelet = rg_kubelet_none(),
        .events = rg_events_none(),
        .storage = c->storage,
        .sink = c->sink,
        .pycheck = rg_pycheck_none(),
    };
    return RG_OK;
}

enum rg_status scenario_world_build(struct scenario_world *w, const struct rg_scenario *s,
    const struct scenario_world_options *options, struct rg_err *err)
{
    char *fixture = NULL;
    enum rg_status st;

    rg_buf_init(&w->options, OPTIONS_BYTES_MAX);
    rg_buf_init(&w->fired_text, FIRED_TEXT_MAX);
    if (s->world == RG_SCENARIO_FIXTURE) {
        fixture = scenario_file(s, s->fixture);
        if (!fixture)
            return RG_ENOMEM;
    }
    if (s->world != RG_SCENARIO_LIVE)
        w->stats = options->stats;
    st = make_options(w, s, fixture, options->log_level, err);
    if (st == RG_OK && s->world == RG_SCENARIO_SIMULATE)
        st = build_simulated(w, s, options, err);
    else if (st == RG_OK && s->world == RG_SCENARIO_FIXTURE)
        st = build_fixture(w, s, fixture, options, err);
    else if (st == RG_OK)
        st = build_live(w, err);
    if (st != RG_OK && fixture && !strstr(err->text, fixture))
        rg_err_prefix(err, "%s", fixture);
    free(fixture);
    if (st == RG_OK)
        st = finish_set(w, options, err);
    return st == RG_OK ? add_faults(w, s, options, err) : st;
}

void scenario_world_finish(struct scenario_world *w)
{
    struct rg_runtime *clock = w->parts.runtime;

    if (w->stats && clock)
        rg_sim_runtime_stats(clock, w->stats);
    rg_fault_destroy(w->faults);
    if (w->host) {
        rg_sink_destroy(w->parts.sink);
        rg_storage_destroy(w->parts.storage);
        rg_sim_host_destroy(w->host); /* with its procfs and host */
        rg_runtime_destroy(clock);
    } else {
        compose_finish(&w->parts);
    }
    free(w->fired);
    rg_buf_finish(&w->fired_text);
    rg_buf_finish(&w->options);
    *w = (struct scenario_world){.set = NULL};
}

static struct rg_str line_at(struct rg_str text, uint64_t number)
{
    struct rg_str line = {"", 0};

    while (number > 0 && rg_str_split(&text, '\n', &line))
        number--;
    return number == 0 ? line : (struct rg_str){"", 0};
}

void scenario_world_locate(
    const struct scenario_world *world, const struct rg_scenario *scenario, struct rg_err *err)
{
    struct rg_str rest = rg_str_from(err->text), part, key, line;
    struct rg_str config = rg_str_buf(&scenario->config);
    char why[RG_ERR_TEXT_MAX];
    uint64_t number;

    if (!rg_str_split(&rest, ':', &part) || !rg_str_is(part, "options") ||
        !rg_str_split(&rest, ':', &part) || !rg_str_to_u64(part, &number) ||
        !rg_str_split(&rest, ':', &part))
        return;
    key = key_of(line_at(rg_str_buf(&world->options), number));
    for (size_t i = 0; i < scenario->origin_count && rg_str_split(&config, '\n', &line); i++) {
        if (!rg_str_eq(key_of(line), key))
            continue;
        snprintf(why, sizeof(why), "%.*s", (int)rest.len, rest.ptr);
        rg_err_set(err, "%s:%u:%u:%s", scenario->path, scenario->origins[i].line,
            scenario->origins[i].column, why);
        return;
    }
}
