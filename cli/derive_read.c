/* Reading a capture: scans and the visits of each, in the order of the effects. */
#include "derive_visit.h"

#include "host_facts.h"
#include "rg/base/mem.h"
#include "rg/fixture.h"

#include <stdlib.h>
#include <string.h>

#define TICKS_DEFAULT 100
#define TIME_MAX_NS   (INT64_C(1) << 60) /* 36 years: what a capture may claim to last */
#define FORM_6        0
#define FORM_4        1
#define FORM_3_10     2

struct derive_reader {
    struct derive *d;
    struct derive_visit visit;
    struct rg_map by_pid;      /* of live processes: index */
    struct rg_map last_by_pid; /* of the last process with a pid */
    bool any;
    int64_t now_ns; /* of the present effect */
};

enum rg_status derive_text_put(
    struct derive *d, struct rg_str text, uint32_t *number, struct rg_err *err)
{
    enum rg_status st;
    size_t before = d->texts.count;

    if (text.len > DERIVE_TEXT_BYTES_MAX - d->text_bytes) {
        rg_err_set(
            err, "more than %zu bytes of names, command lines and paths", DERIVE_TEXT_BYTES_MAX);
        return RG_ELIMIT;
    }
    st = rg_intern_put(&d->texts, text, number);
    if (st == RG_ELIMIT)
        rg_err_set(err, "more than %zu names, command lines and paths", DERIVE_TEXTS_MAX);
    if (st == RG_OK && d->texts.count > before)
        d->text_bytes += text.len;
    return st;
}

struct rg_str derive_text(const struct derive *d, uint32_t number)
{
    return rg_intern_text(&d->texts, number);
}

void derive_finish(struct derive *d)
{
    for (size_t i = 0; i < d->process_count; i++) {
        derive_series_finish(&d->processes[i].cpu);
        derive_series_finish(&d->processes[i].rss);
        derive_series_finish(&d->processes[i].read);
        derive_series_finish(&d->processes[i].write);
        derive_series_finish(&d->processes[i].fds);
    }
    for (size_t i = 0; i < d->setting_count; i++) {
        free(d->settings[i].path);
        free(d->settings[i].value);
    }
    free(d->frames);
    free(d->processes);
    free(d->settings);
    rg_intern_finish(&d->texts);
    rg_map_finish(&d->users);
    *d = (struct derive){.has_facts = false};
}

enum rg_status derive_reader_create(
    struct derive *d, struct derive_reader **out, struct rg_err *err)
{
    struct derive_reader *r = rg_calloc(1, sizeof(*r));
    uint32_t empty;

    *d = (struct derive){.ticks_per_s = TICKS_DEFAULT};
    rg_intern_init(&d->texts, DERIVE_TEXTS_MAX);
    rg_map_init(&d->users);
    if (!r)
        return RG_ENOMEM;
    r->d = d;
    rg_map_init(&r->by_pid);
    rg_map_init(&r->last_by_pid);
    derive_visit_init(&r->visit);
    *out = r;
    return derive_text_put(d, (struct rg_str){"", 0}, &empty, err);
}

void derive_reader_destroy(struct derive_reader *r)
{
    if (!r)
        return;
    rg_map_finish(&r->by_pid);
    rg_map_finish(&r->last_by_pid);
    derive_visit_finish(&r->visit);
    free(r);
}

static uint32_t last_frame(const struct derive *d)
{
    return (uint32_t)d->frame_count - 1;
}

static enum rg_status add_process(
    struct derive_reader *r, struct derive_process **out, struct rg_err *err)
{
    struct derive *d = r->d;
    const struct derive_visit *v = &r->visit;
    void *processes = d->processes;
    enum rg_status st = rg_grow(&processes, &d->process_cap, d->process_count + 1,
        sizeof(*d->processes), DERIVE_PROCESSES_MAX);

    d->processes = processes;
    if (st == RG_ELIMIT)
        rg_err_set(err, "more than %zu processes", DERIVE_PROCESSES_MAX);
    if (st != RG_OK)
        return st;
    st = rg_map_put(&r->by_pid, (uint64_t)v->pid, d->process_count);
    if (st != RG_OK)
        return st;
    *out = &d->processes[d->process_count++];
    **out = (struct derive_process){
        .pid = v->pid,
        .first_frame = v->frame,
        .gone_frame = DERIVE_NEVER,
        .listed_frame = v->frame,
        .exec_frame = DERIVE_NEVER,
        .setuid_frame = DERIVE_NEVER,
        .zombie_frame = DERIVE_NEVER,
        .first_ns = v->at_ns,
        .read_bytes = -1,
        .write_bytes = -1,
    };
    return rg_map_put(&r->last_by_pid, (uint64_t)v->pid, d->process_count - 1);
}

static void lose(struct derive_reader *r, int32_t pid, uint32_t frame)
{
    uint64_t index;

    if (rg_map_remove(&r->by_pid, (uint64_t)pid, &index))
        r->d->processes[index].gone_frame = frame;
}

/* A process that was taken for gone, but could only not be read. */
static enum rg_status find_again(struct derive_reader *r, struct derive_process **out)
{
    const struct derive_visit *v = &r->visit;
    struct derive_process *p;
    uint64_t index;

    if (!v->has_stat || !rg_map_get(&r->last_by_pid, (uint64_t)v->pid, &index))
        return RG_OK;
    p = &r->d->processes[index];
    if (!p->has_start || p->start_ticks != v->stat.start_ticks)
        return RG_OK;
    p->gone_frame = DERIVE_NEVER;
    p->listed_frame = v->frame;
    *out = p;
    return rg_map_put(&r->by_pid, (uint64_t)v->pid, index);
}

/* The visit is over: adds it to the life of its process. */
static enum rg_status commit(struct derive_reader *r, struct rg_err *err)
{
    struct derive_visit *v = &r->visit;
    struct derive_process *p = NULL;
    bool fresh = false;
    uint64_t index;
    enum rg_status st = RG_OK;

    if (!v->pid)
        return RG_OK;
    if (rg_map_get(&r->by_pid, (uint64_t)v->pid, &index))
        p = &r->d->processes[index];
    if (v->gone || (!v->has_status && !v->has_stat)) {
        if (v->gone)
            lose(r, v->pid, v->frame);
        r->d->unread += !p;
    } else {
        if (p && !derive_visit_same(v, p)) {
            lose(r, v->pid, v->frame);
            p = NULL;
        }
        if (!p)
            st = find_again(r, &p);
        fresh = st == RG_OK && !p;
        if (fresh)
            st = add_process(r, &p, err);
        if (st == RG_OK)
            st = derive_visit_apply(r->d, v, p, fresh, err);
        if (st == RG_OK && r->d->frames[v->frame].listed) {
            p->lists++;
            p->listed_sum_ns += (double)v->at_ns;
        }
    }
    v->pid = 0;
    return st;
}

static enum rg_status add_frame(struct derive_reader *r, struct rg_err *err)
{
    struct derive *d = r->d;
    void *frames = d->frames;
    enum rg_status st =
        rg_grow(&frames, &d->frame_cap, d->frame_count + 1, sizeof(*d->frames), DERIVE_FRAMES_MAX);

    d->frames = frames;
    if (st == RG_ELIMIT)
        rg_err_set(err, "more than %zu scans", DERIVE_FRAMES_MAX);
    if (st == RG_OK)
        d->frames[d->frame_count++] = (struct derive_frame){.at_ns = r->now_ns};
    return st;
}

/* A list of pids: who is not on it is gone. */
static enum rg_status take_list(
    struct derive_reader *r, const struct rg_effect *effect, struct rg_err *err)
{
    struct derive *d = r->d;
    uint64_t pid, index;
    size_t pos = 0;
    enum rg_status st = RG_OK;

    if (effect->status != RG_OK)
        return RG_OK;
    if (d->frame_count == 0 || d->frames[last_frame(d)].listed)
        st = add_frame(r, err);
    if (st != RG_OK)
        return st;
    d->frames[last_frame(d)].listed = true;
    for (size_t i = 0; i + sizeof(int32_t) <= effect->content.len; i += sizeof(int32_t)) {
        int32_t listed;

        memcpy(&listed, effect->content.ptr + i, sizeof(listed));
        if (rg_map_get(&r->by_pid, (uint64_t)listed, &index)) {
            d->processes[index].listed_frame = last_frame(d);
        }
    }
    while (rg_map_next(&r->by_pid, &pos, &pid, &index)) {
        if (d->processes[index].listed_frame != last_frame(d))
            lose(r, (int32_t)pid, last_frame(d));
    }
    return RG_OK;
}

static bool has_line(struct rg_str text, const char *start)
{
    struct rg_str line;

    while (rg_str_split(&text, '\n', &line)) {
        if (rg_str_starts(line, start))
            return true;
    }
    return false;
}

static enum rg_status take_visit(
    struct derive_reader *r, const struct rg_effect *effect, struct rg_err *err)
{
    struct derive *d = r->d;
    enum rg_status st = RG_OK;

    if (effect->pid <= 0 || d->frame_count == 0)
        return RG_OK;
    if (effect->pid != r->visit.pid) {
        st = commit(r, err);
        derive_visit_start(&r->visit, effect->pid, last_frame(d), r->now_ns);
    }
    if (!d->has_status && effect->kind == RG_EFFECT_READ && effect->status == RG_OK &&
        rg_str_is(effect->name, "status")) {
        d->has_status = true;
        d->kernel_form = has_line(effect->content, "NoNewPrivs:") ? FORM_6
                         : has_line(effect->content, "NSpid:")    ? FORM_4
                                                                  : FORM_3_10;
    }
    return st == RG_OK ? derive_visit_take(&r->visit, effect, r->now_ns) : st;
}

static void take_host_read(struct derive *d, const struct rg_effect *effect)
{
    struct rg_str rest = effect->content, line;

    if (rg_str_is(effect->name, "stat") && !d->boot_s)
        rg_ignore(rg_proc_parse_boot_time(rest, &d->boot_s), "then it stays unknown");
    if (!rg_str_is(effect->name, "cpuinfo") || d->cpuinfo_count)
        return;
    while (rg_str_split(&rest, '\n', &line))
        d->cpuinfo_count += rg_str_starts(line, "processor") && d->cpuinfo_count < INT32_MAX;
}

static enum rg_status take_user(
    struct derive *d, const struct rg_effect *effect, struct rg_err *err)
{
    uint32_t number;
    enum rg_status st = derive_text_put(d, effect->content, &number, err);

    return st == RG_OK ? rg_map_put(&d->users, (uint64_t)effect->arg, number) : st;
}

static enum rg_status take_facts(
    struct derive *d, const struct rg_effect *effect, struct rg_err *err)
{
    struct rg_err why = {0};

    if (d->has_facts || rg_host_facts_parse(effect->content, &d->facts, &why) != RG_OK)
        return RG_OK;
    (void)err;
    d->has_facts = true;
    if (d->facts.clock_ticks_per_s > 0)
        d->ticks_per_s = d->facts.clock_ticks_per_s;
    return RG_OK;
}

/* A run of a check begins. */
static enum rg_status take_mark(
    struct derive_reader *r, const struct rg_effect *effect, struct rg_err *err)
{
    bool process = rg_str_is(effect->name, "process");
    bool realtime = rg_str_is(effect->name, "rtprocess");
    enum rg_status st;

    if (!process && !realtime)
        return RG_OK;
    r->d->process_mark = r->d->process_mark || process;
    r->d->rtprocess_mark = r->d->rtprocess_mark || realtime;
    st = commit(r, err);
    return st == RG_OK ? add_frame(r, err) : st;
}

static enum rg_status take_answer(
    struct derive_reader *r, const struct rg_effect *effect, struct rg_err *err)
{
    switch (effect->kind) {
    case RG_EFFECT_HOST_READ:
        take_host_read(r->d, effect);
        return RG_OK;
    case RG_EFFECT_FACTS:
        return take_facts(r->d, effect, err);
    case RG_EFFECT_USER:
        return take_user(r->d, effect, err);
    case RG_EFFECT_ENV:
        return derive_config_env(r->d, effect->name, effect->content, err);
    case RG_EFFECT_DOCUMENT:
        if (rg_str_is(effect->name, "datadog.yaml"))
            return derive_config_document(r->d, "datadog.yaml", effect->content, err);
        if (rg_str_is(effect->name, "options"))
            return derive_config_document(r->d, "options", effect->content, err);
        return RG_OK;
    case RG_EFFECT_OUTPUT:
        r->d->process_output =
            r->d->process_output ||
            (rg_str_is(effect->name, "payload") && rg_str_starts(effect->detail, "process"));
        return RG_OK;
    default:
        return RG_OK;
    }
}

enum rg_status derive_reader_take(
    struct derive_reader *r, const struct rg_effect *effect, struct rg_err *err)
{
    enum rg_status st;

    if (!r->any) {
        r->d->first_mono_ns = effect->mono.ns;
        r->d->wall_ns = effect->wall.ns;
        r->any = true;
    }
    /* Tasks may overtake each other; time here only goes on. */
    if (effect->mono.ns - r->d->first_mono_ns > r->now_ns)
        r->now_ns = effect->mono.ns - r->d->first_mono_ns;
    if (r->now_ns > TIME_MAX_NS)
        r->now_ns = TIME_MAX_NS;
    r->d->duration_ns = r->now_ns;
    switch (effect->kind) {
    case RG_EFFECT_MARK:
        return take_mark(r, effect, err);
    case RG_EFFECT_LIST:
        st = commit(r, err);
        return st == RG_OK ? take_list(r, effect, err) : st;
    case RG_EFFECT_READ:
    case RG_EFFECT_LINK:
    case RG_EFFECT_FDS:
    case RG_EFFECT_STAT:
        return take_visit(r, effect, err);
    default:
        return effect->status == RG_OK ? take_answer(r, effect, err) : RG_OK;
    }
}

enum rg_status derive_reader_end(struct derive_reader *r, struct rg_err *err)
{
    return commit(r, err);
}

enum rg_status derive_read(struct derive *d, const char *path, struct rg_err *err)
{
    struct rg_effects *effects = NULL;
    struct derive_reader *r = NULL;
    struct rg_capture_info info;
    struct rg_effect effect;
    enum rg_status st = derive_reader_create(d, &r, err);

    if (st == RG_OK)
        st = rg_effects_open(path, &effects, err);
    while (st == RG_OK) {
        st = rg_effects_next(effects, &effect, err);
        if (st == RG_OK)
            st = derive_reader_take(r, &effect, err);
    }
    if (st == RG_EEND)
        st = derive_reader_end(r, err);
    if (st == RG_OK) {
        rg_effects_info(effects, &info);
        d->truncated = info.truncated || !info.finished;
        st = derive_grid(d);
    }
    derive_reader_destroy(r);
    rg_effects_close(effects);
    return st;
}
