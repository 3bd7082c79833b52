/* One process, or one crowd, as an item of the list. */
#include "derive_write.h"

#include "rg/sim_host.h"

#include <string.h>

#define ASCII_MAX       (RG_SIM_TEXT_MAX - 1) /* of one text */
#define OTHER_MAX       (ASCII_MAX / 3)       /* when bytes may become replacements of three */
#define CMDLINE_MAX     ((size_t)300 << 10)   /* replacements included below the host's 1 MiB */
#define CPU_UNIT        10                    /* series are rounded to these, in thousandths */
#define WHOLE_UNIT      1000
#define CPU_WORTH_NS    (INT64_C(5) * RG_NS_PER_S) /* past CPU time that is worth a number */
#define IO_WORTH        65536.0                    /* past bytes that are */
#define SHARE_TICKS_MIN 20
#define SHARE_DEFAULT   70
#define FDS_DEFAULT     "4"
#define AGE_MIN_NS      (10 * RG_NS_PER_MS)
#define ZOMBIE_STAYS_NS (INT64_C(3600) * RG_NS_PER_S)

/* What a simulated host takes: NUL-free, and not too long even when bytes are replaced. */
static struct rg_str fitting(struct derive_writer *w, struct rg_str s)
{
    size_t max = ASCII_MAX;

    for (size_t i = 0; i < s.len; i++)
        max = (unsigned char)s.ptr[i] < 0x80 ? max : OTHER_MAX;
    if (s.len > max) {
        w->losses.cut++;
        s.len = max;
    }
    if (s.len && (memmem(s.ptr, s.len, "{copy}", 6) || memmem(s.ptr, s.len, "{pid}", 5)))
        w->losses.braces++;
    return s;
}

static void put_text(struct derive_writer *w, const char *key, struct rg_str text)
{
    derive_item_text(&w->item, key, fitting(w, text));
}

static void put_name(struct derive_writer *w, const char *key, uint32_t comm)
{
    struct rg_str name = derive_text(w->d, comm);

    if (name.len == 0) {
        w->losses.unnamed++;
        name = RG_STR_LIT("?");
    }
    put_text(w, key, name);
}

/* The next argument that is not empty. */
static bool next_arg(struct rg_str *rest, struct rg_str *arg)
{
    while (rg_str_split(rest, '\0', arg)) {
        if (arg->len)
            return true;
    }
    return false;
}

/* In a crowd an argument may be a number that differs from one to the next. */
static enum rg_status put_arg(struct derive_writer *w, struct rg_str arg, struct rg_str other)
{
    size_t stem = arg.len, other_stem = other.len;
    struct rg_buf text;
    enum rg_status st;

    while (stem > 0 && arg.ptr[stem - 1] >= '0' && arg.ptr[stem - 1] <= '9')
        stem--;
    while (other_stem > 0 && other.ptr[other_stem - 1] >= '0' && other.ptr[other_stem - 1] <= '9')
        other_stem--;
    if (rg_str_eq(arg, other) || stem == arg.len || other_stem == other.len ||
        !rg_str_eq((struct rg_str){arg.ptr, stem}, (struct rg_str){other.ptr, other_stem}))
        return derive_yaml_text(&w->text, fitting(w, arg), &w->item.replaced);
    rg_buf_init(&text, 2 * RG_SIM_TEXT_MAX);
    st = rg_buf_append(&text, arg.ptr, fitting(w, (struct rg_str){arg.ptr, stem}).len);
    if (st == RG_OK)
        st = rg_buf_str(&text, "{copy}");
    if (st == RG_OK)
        st = derive_yaml_text(&w->text, rg_str_buf(&text), &w->item.replaced);
    rg_buf_finish(&text);
    return st;
}

static void put_args(
    struct derive_writer *w, struct derive_item *item, uint32_t args, uint32_t other)
{
    struct rg_str rest = derive_text(w->d, args), rest_other = derive_text(w->d, other);
    struct rg_str arg, beside;
    enum rg_status st = RG_OK;
    size_t bytes = 0, count = 0;

    rg_buf_clear(&w->text);
    while (st == RG_OK && next_arg(&rest, &arg)) {
        if (!next_arg(&rest_other, &beside))
            beside = arg;
        bytes += arg.len + 1;
        if (bytes > CMDLINE_MAX) {
            w->losses.cut++;
            break;
        }
        st = rg_buf_str(&w->text, count++ ? ", " : "[");
        if (st == RG_OK)
            st = put_arg(w, arg, beside);
    }
    if (count == 0)
        return;
    if (st == RG_OK)
        st = rg_buf_byte(&w->text, ']');
    item->st = item->st == RG_OK ? st : item->st;
    derive_item_raw(item, "args", rg_str_buf(&w->text), false);
}

/* The link, unless it is what the host would show anyway. */
static void put_exe(struct derive_writer *w, const struct derive_image *image)
{
    struct rg_str exe = derive_text(w->d, image->exe);
    struct rg_str rest = derive_text(w->d, image->args), first = {"", 0};
    struct rg_str folder = RG_STR_LIT("/usr/bin/"), file = exe;
    bool usual;

    rg_ignore(next_arg(&rest, &first), "then there is no first one");
    if (rg_str_starts(first, "/")) {
        usual = rg_str_eq(exe, first);
    } else {
        usual = exe.len > folder.len && memcmp(exe.ptr, folder.ptr, folder.len) == 0;
        file = (struct rg_str){exe.ptr + (usual ? folder.len : 0), exe.len - folder.len};
        usual = usual && rg_str_eq(file, derive_text(w->d, image->comm));
    }
    if (exe.len && !usual)
        put_text(w, "exe", exe);
}

static void put_user(struct derive_writer *w, uint32_t uid)
{
    uint64_t number;

    if (uid != 0 && rg_map_get(&w->d->users, uid, &number) &&
        derive_text(w->d, (uint32_t)number).len)
        put_text(w, "user", derive_text(w->d, (uint32_t)number));
}

static void put_identity(struct derive_writer *w, const struct derive_process *p, uint32_t other)
{
    struct rg_str cwd = derive_text(w->d, p->cwd);

    put_name(w, "name", p->image.comm);
    put_args(w, &w->item, p->image.args, other);
    put_exe(w, &p->image);
    if (cwd.len && !rg_str_is(cwd, "/"))
        put_text(w, "cwd", cwd);
    if (p->uid)
        derive_item_number(&w->item, "uid", p->uid);
    if (p->gid)
        derive_item_number(&w->item, "gid", p->gid);
    put_user(w, p->uid);
}

static void put_traits(struct derive_writer *w, const struct derive_process *p)
{
    if (p->threads > 1 && p->threads <= 1000000)
        derive_item_number(&w->item, "threads", p->threads);
    if (p->nice >= -20 && p->nice <= 19 && p->nice)
        derive_item_number(&w->item, "nice", p->nice);
    if (p->kernel)
        derive_item_raw(&w->item, "kernel_thread", RG_STR_LIT("true"), false);
}

/* ---- numbers ---- */

static int64_t born_ns(const struct derive *d, const struct derive_process *p)
{
    double born = (double)p->start_ticks * (double)RG_NS_PER_S / (double)d->ticks_per_s -
                  (double)d->uptime_ns;

    return born > -(double)INT64_MAX / 4 && born < (double)INT64_MAX / 4 ? (int64_t)born : 0;
}

/* A counter divided by the time it had, in thousandths per second. */
static int64_t past_rate(double counted, int64_t age_ns)
{
    double most = (double)RG_SIM_SERIES_VALUE_MAX * 1000;
    double per_s =
        counted * 1000 * (double)RG_NS_PER_S / (double)(age_ns > AGE_MIN_NS ? age_ns : AGE_MIN_NS);

    return (int64_t)(per_s < most ? per_s + 0.5 : most);
}

static struct derive_notation notation(const struct derive_writer *w, bool rate, int64_t unit)
{
    return (struct derive_notation){.cells = w->cells,
        .frame_count = w->d->frame_count,
        .rate = rate,
        .unit = unit,
        .words_max = w->words_max};
}

/* Adds the series unless it says what the host does anyway. *steps: a step has to be said. */
static void put_series(struct derive_writer *w, const char *key, struct derive_series *s,
    const struct derive_notation *n, const char *usual, bool *steps)
{
    enum rg_status st;

    rg_buf_clear(&w->text);
    st = derive_series_text(s, n, &w->text);
    if (st != RG_OK) {
        w->item.st = w->item.st == RG_OK ? st : w->item.st;
        return;
    }
    if (w->text.len == 0 || rg_str_is(rg_str_buf(&w->text), usual))
        return;
    *steps = *steps || memchr(w->text.data, ' ', w->text.len);
    derive_item_raw(&w->item, key, rg_str_buf(&w->text), true);
}

/* What a counter held when the process was first seen is its past: a value of its own before the
 * run, or the rate up to the first scan of a process that began in the run. */
static void put_rate(struct derive_writer *w, const char *key, struct derive_series *s,
    const struct derive_process *p, int64_t past, double worth, double past_s, int64_t unit,
    bool *steps)
{
    struct derive_notation n = notation(w, true, unit);
    double gap = s->count ? (double)(past - derive_run_value(&s->runs[0])) : 0;

    if (p->first_frame > 0 || !s->count) {
        n.has_first = true;
        n.first = past;
    } else if ((gap < 0 ? -gap : gap) / 1000 * past_s >= worth) {
        n.has_before = true;
        n.before = past;
    }
    put_series(w, key, s, &n, "0", steps);
}

/* One rate for all the time is best known from its ends. */
static void set_rate(struct derive_series *s, double grown, int64_t ns, double factor)
{
    if (s->count != 1 || ns <= 0 || grown < 0)
        return;
    s->runs[0].low = s->runs[0].high = (int64_t)((double)past_rate(grown, ns) * factor + 0.5);
}

static void set_rates(const struct derive *d, struct derive_process *p)
{
    double before = (double)(p->first_user + p->first_system);

    set_rate(&p->cpu, (double)(p->user_ticks + p->system_ticks) - before,
        p->last_cpu_ns - p->first_ns, 100.0 / (double)d->ticks_per_s);
    set_rate(&p->read, (double)(p->read_bytes - p->first_read), p->last_io_ns - p->first_io_ns, 1);
    set_rate(
        &p->write, (double)(p->write_bytes - p->first_write), p->last_io_ns - p->first_io_ns, 1);
}

static void put_numbers(struct derive_writer *w, struct derive_process *p)
{
    struct derive_notation gauge = notation(w, false, WHOLE_UNIT);
    int64_t age_ns = p->first_ns - born_ns(w->d, p);
    int64_t io_age_ns = p->first_io_ns - born_ns(w->d, p);
    double age_s = (double)age_ns / (double)RG_NS_PER_S;
    double cpus = w->d->facts.cpu_count > 0 ? w->d->facts.cpu_count : 1;
    int64_t past = (int64_t)((double)past_rate((double)(p->first_user + p->first_system), age_ns) *
                             100 / (double)w->d->ticks_per_s);
    bool steps = false;

    set_rates(w->d, p);
    past = past < (int64_t)(cpus * 100000) ? past : (int64_t)(cpus * 100000);
    put_rate(w, "cpu", &p->cpu, p, p->has_start ? past : 0,
        (double)CPU_WORTH_NS / (double)RG_NS_PER_S * 100, age_s, CPU_UNIT, &steps);
    if (!p->kernel && p->zombie_frame != p->first_frame) {
        put_series(w, "rss_kib", &p->rss, &gauge, "4096", &steps);
        put_series(w, "fds", &p->fds, &gauge, FDS_DEFAULT, &steps);
    }
    if (p->read_bytes >= 0) {
        put_rate(w, "read_bytes_s", &p->read, p, past_rate((double)p->first_read, io_age_ns),
            IO_WORTH, age_s, WHOLE_UNIT, &steps);
        put_rate(w, "write_bytes_s", &p->write, p, past_rate((double)p->first_write, io_age_ns),
            IO_WORTH, age_s, WHOLE_UNIT, &steps);
    }
    if (steps && w->d->step_ns != RG_SIM_SERIES_STEP_NS)
        derive_item_duration(&w->item, "step", w->d->step_ns);
}

static void put_user_share(struct derive_writer *w, const struct derive_process *p)
{
    uint64_t user = p->user_ticks - p->first_user, system = p->system_ticks - p->first_system;
    char text[8] = "0.00";
    uint64_t percent;

    if (p->user_ticks < p->first_user || p->system_ticks < p->first_system ||
        user + system < SHARE_TICKS_MIN) {
        user = p->user_ticks;
        system = p->system_ticks;
    }
    if (user + system < SHARE_TICKS_MIN || !derive_item_has(&w->item, "cpu"))
        return;
    percent = (uint64_t)((double)user * 100 / ((double)user + (double)system) + 0.5);
    percent = percent < 1 ? 1 : percent; /* 0 would be the default */
    if (percent == SHARE_DEFAULT)
        return;
    if (percent >= 100) {
        derive_item_raw(&w->item, "user_share", RG_STR_LIT("1"), false);
        return;
    }
    text[2] = (char)('0' + percent / 10);
    text[3] = (char)('0' + percent % 10);
    derive_item_raw(&w->item, "user_share", rg_str_from(text), false);
}

/* ---- time ---- */

/* Between a frame and the one before. */
static int64_t between(const struct derive *d, uint32_t frame)
{
    int64_t before = frame > 0 ? derive_frame_ns(d, frame - 1) : 0;

    return before + (derive_frame_ns(d, frame) - before) / 2;
}

static void put_life(struct derive_writer *w, const struct derive_process *p)
{
    bool zombie = p->zombie_frame != DERIVE_NEVER && p->zombie_frame > p->first_frame;
    int64_t stop = p->stop_ns, dies;

    if (p->start_ns / RG_NS_PER_MS != 0)
        derive_item_duration(&w->item, "start", p->start_ns);
    if (zombie) {
        dies = between(w->d, p->zombie_frame);
        dies = dies > p->start_ns ? dies : p->start_ns + RG_NS_PER_MS;
        dies = dies > 0 ? dies : RG_NS_PER_MS;
        derive_item_duration(&w->item, "stop", dies);
        derive_item_duration(
            &w->item, "zombie", stop > dies ? stop - dies : derive_for_ns(w->d) + ZOMBIE_STAYS_NS);
    } else if (stop) {
        derive_item_duration(&w->item, "stop", stop > RG_NS_PER_MS ? stop : RG_NS_PER_MS);
    }
}

static int64_t age_at(const struct derive *d, const struct derive_process *p, uint32_t frame)
{
    int64_t age = between(d, frame) - p->start_ns;

    return age > RG_NS_PER_MS ? age : RG_NS_PER_MS;
}

static void put_part(struct derive_writer *w, const char *key, struct derive_item *part)
{
    struct rg_buf text;
    enum rg_status st;

    rg_buf_init(&text, part->values.max);
    st = derive_item_flow(part, &text);
    if (st == RG_OK)
        derive_item_raw(&w->item, key, rg_str_buf(&text), false);
    else
        w->item.st = st;
    w->item.replaced += part->replaced;
    rg_buf_finish(&text);
    derive_item_finish(part);
}

static void put_changes(struct derive_writer *w, const struct derive_process *p)
{
    struct derive_item part;
    struct rg_str exe = derive_text(w->d, p->new_image.exe);

    if (p->exec_frame != DERIVE_NEVER) {
        derive_item_init(&part);
        derive_item_duration(&part, "at", age_at(w->d, p, p->exec_frame));
        if (p->new_image.comm != p->image.comm && derive_text(w->d, p->new_image.comm).len)
            derive_item_text(&part, "name", fitting(w, derive_text(w->d, p->new_image.comm)));
        if (exe.len)
            derive_item_text(&part, "exe", fitting(w, exe));
        if (p->new_image.args != p->image.args)
            put_args(w, &part, p->new_image.args, p->new_image.args);
        put_part(w, "exec", &part);
        w->losses.execs += p->execs - 1;
    }
    if (p->setuid_frame != DERIVE_NEVER) {
        uint64_t number;

        derive_item_init(&part);
        derive_item_duration(&part, "at", age_at(w->d, p, p->setuid_frame));
        derive_item_number(&part, "uid", p->new_uid);
        derive_item_number(&part, "gid", p->new_gid);
        if (p->new_uid && rg_map_get(&w->d->users, p->new_uid, &number) &&
            derive_text(w->d, (uint32_t)number).len)
            derive_item_text(&part, "user", fitting(w, derive_text(w->d, (uint32_t)number)));
        put_part(w, "setuid", &part);
    }
}

static void put_pids(
    struct derive_writer *w, const struct derive_process *p, const struct derive_kind *kind)
{
    int32_t usual = p->kernel ? 2 : 1;

    if (kind->count == 1 && p->pid <= RG_SIM_PID_MAX)
        derive_item_number(&w->item, "pid", p->pid);
    w->losses.pids += p->pid > RG_SIM_PID_MAX;
    if (!kind->one_parent || p->ppid == usual)
        return;
    if (p->ppid > 0)
        derive_item_number(&w->item, "ppid", p->ppid);
    else
        w->losses.parents += p->pid != 1 && !(p->kernel && p->pid == 2);
}

enum rg_status derive_write_kind(
    struct derive_writer *w, const struct derive_kind *kind, struct rg_buf *out)
{
    struct derive_process *p = &w->d->processes[kind->process];
    char state = derive_state(p);

    derive_item_clear(&w->item);
    put_identity(w, p, p->image.args);
    put_pids(w, p, kind);
    put_traits(w, p);
    if (state)
        derive_item_raw(&w->item, "state", (struct rg_str){&state, 1}, false);
    put_numbers(w, p);
    put_user_share(w, p);
    if (kind->count > 1)
        derive_item_number(&w->item, "count", kind->count);
    put_life(w, p);
    put_changes(w, p);
    w->losses.threads += p->changed_threads;
    return derive_item_print(&w->item, 6, out);
}

/* Unless it is what the host does anyway. */
static void put_mean(
    struct derive_writer *w, const char *key, int64_t milli, int64_t unit, int64_t usual)
{
    enum rg_status st;

    milli = (milli + unit / 2) / unit * unit;
    if (milli < 0 || milli == usual)
        return;
    rg_buf_clear(&w->text);
    st = derive_put_milli(&w->text, milli);
    w->item.st = w->item.st == RG_OK ? st : w->item.st;
    derive_item_raw(&w->item, key, rg_str_buf(&w->text), true);
}

enum rg_status derive_write_crowd(
    struct derive_writer *w, const struct derive_crowd *c, struct rg_buf *out)
{
    const struct derive_process *p = &w->d->processes[c->process];
    int64_t visible = (int64_t)(c->visible + 0.5);

    derive_item_clear(&w->item);
    put_identity(w, p, w->d->processes[c->other].image.args);
    put_traits(w, p);
    put_mean(w, "cpu", c->cpu, CPU_UNIT, 0);
    if (!p->kernel) {
        put_mean(w, "rss_kib", c->rss, WHOLE_UNIT, 4096000);
        put_mean(w, "fds", c->fds, WHOLE_UNIT, 4000);
    }
    put_mean(w, "read_bytes_s", c->read, WHOLE_UNIT, 0);
    put_mean(w, "write_bytes_s", c->write, WHOLE_UNIT, 0);
    derive_item_number(&w->item, "count", c->respawn ? (visible ? visible : 1) : -1);
    derive_item_duration(&w->item, "lifetime", c->life_ns);
    if (c->respawn)
        derive_item_raw(&w->item, "respawn", RG_STR_LIT("true"), false);
    else
        derive_item_number(&w->item, "spawn_per_1000s", c->spawn_per_ks);
    if (c->reuse_pids)
        derive_item_raw(&w->item, "reuse_pids", RG_STR_LIT("true"), false);
    if (c->start_ns / RG_NS_PER_MS != 0)
        derive_item_duration(&w->item, "start", c->start_ns);
    if (c->stop_ns)
        derive_item_duration(&w->item, "stop", c->stop_ns);
    return derive_item_print(&w->item, 6, out);
}
