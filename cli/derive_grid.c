/* Times of a capture become times of a scenario. Scans come at steps of the configured interval; on
 * a loaded host they are late, in a simulated one never. So scans are moved to the nearest step,
 * and what happened between two scans stays between them. */
#include "derive.h"

#include "rg/sim_host.h"

#include <string.h>

#define STEP_UNIT_NS   RG_NS_PER_S            /* steps are whole multiples of this */
#define STEP_SMALL_NS  (RG_NS_PER_S / 10)     /* or of this, when scans are closer */
#define CLOSE_NS       (RG_NS_PER_S / 10 * 9) /* and this close */
#define CELLS_MAX      (INT64_C(1) << 24)     /* steps in a run */
#define TINY_NS        RG_NS_PER_MS           /* between an event and the scan it is not part of */
#define BIRTHS_MANY    32                     /* one of them was seen as soon as it began */
#define UPTIME_NS      (INT64_C(3600) * RG_NS_PER_S) /* when nothing tells */
#define BOOT_ERROR_NS  (2 * RG_NS_PER_S)
#define UPTIME_MAX_NS  (INT64_C(50) * 365 * 86400 * RG_NS_PER_S)
#define INTERVAL_S     10 /* of the process check, when the configuration says none */
#define INTERVAL_MAX_S 1000000
#define SECOND_SCAN_NS (2 * RG_NS_PER_S)
#define LATE_NS        (RG_NS_PER_S / 10)
#define RUNNING_FROM   50000 /* thousandths of a percent: a simulated process shows R from there */

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static void find_step(struct derive *d)
{
    int64_t unit = STEP_UNIT_NS, step = 0;

    for (size_t i = 1; i < d->frame_count; i++) {
        if (d->frames[i].at_ns - d->frames[i - 1].at_ns < CLOSE_NS)
            unit = STEP_SMALL_NS;
    }
    for (size_t i = 1; i < d->frame_count; i++) {
        int64_t units = (d->frames[i].at_ns - d->frames[i - 1].at_ns + unit / 2) / unit;

        step = greatest_divisor(units * unit, step);
    }
    d->step_ns = step > 0 ? step : RG_SIM_SERIES_STEP_NS;
    if (d->duration_ns / d->step_ns >= CELLS_MAX)
        d->step_ns = (d->duration_ns / CELLS_MAX / unit + 1) * unit;
}

static void place_frames(struct derive *d)
{
    for (size_t i = 0; i < d->frame_count; i++) {
        struct derive_frame *f = &d->frames[i];

        f->cell = (uint32_t)((f->at_ns + d->step_ns / 2) / d->step_ns);
        if (i > 0 && f->cell < d->frames[i - 1].cell)
            f->cell = d->frames[i - 1].cell;
    }
}

/* The last frame before this one that had a list, or DERIVE_NEVER. */
static uint32_t list_before(const struct derive *d, uint32_t frame)
{
    while (frame > 0) {
        if (d->frames[--frame].listed)
            return frame;
    }
    return DERIVE_NEVER;
}

static int64_t ticks_to_ns(const struct derive *d, uint64_t ticks)
{
    double ns = (double)ticks * (double)RG_NS_PER_S / (double)d->ticks_per_s;

    return ns < (double)(INT64_MAX / 4) ? (int64_t)ns : INT64_MAX / 4;
}

/* Moves a bound; one that is far from the boot time comes from a file that was read badly. */
static void narrow(int64_t *bound, int64_t found, int64_t near, bool upper)
{
    bool further = upper ? found < *bound : found > *bound;

    if (further && (!near || (found >= near - BOOT_ERROR_NS && found <= near + BOOT_ERROR_NS)))
        *bound = found;
}

/* The boot time is known by the second; when processes begin while we look, each tells more: it
 * began after the list that it is not on, and before it was seen. */
static void find_uptime(struct derive *d)
{
    int64_t tick_ns = RG_NS_PER_S / d->ticks_per_s;
    int64_t low = 0, high = INT64_MAX, births = 0, near = 0, up = UPTIME_NS;

    if (d->boot_s > 0 && d->boot_s < d->wall_ns / RG_NS_PER_S)
        up = near = d->wall_ns - d->boot_s * RG_NS_PER_S;
    for (size_t i = 0; i < d->process_count; i++) {
        const struct derive_process *p = &d->processes[i];
        int64_t start = ticks_to_ns(d, p->start_ticks);
        uint32_t list = list_before(d, p->first_frame);

        if (!p->has_start)
            continue;
        narrow(&low, start - p->first_ns, near, false);
        if (list == DERIVE_NEVER)
            continue;
        births++;
        narrow(&high, start + tick_ns - d->frames[list].at_ns, near, true);
    }
    up = up < high ? up : high;
    up = up > low ? up : low;
    if (births >= BIRTHS_MANY && low > 0)
        up = low;
    d->uptime_ns = up < UPTIME_MAX_NS ? up : UPTIME_MAX_NS;
}

int64_t derive_frame_ns(const struct derive *d, uint32_t frame)
{
    return frame < d->frame_count ? (int64_t)d->frames[frame].cell * d->step_ns : 0;
}

static int64_t find_start(const struct derive *d, const struct derive_process *p)
{
    int64_t start = p->has_start ? ticks_to_ns(d, p->start_ticks) - d->uptime_ns : -d->uptime_ns;
    int64_t seen = derive_frame_ns(d, p->first_frame);
    uint32_t list = list_before(d, p->first_frame);

    if (list == DERIVE_NEVER) {
        start = start < -d->uptime_ns ? -d->uptime_ns : start;
        return start < seen ? start : seen;
    }
    if (start < derive_frame_ns(d, list) + TINY_NS)
        start = derive_frame_ns(d, list) + TINY_NS;
    return start < seen ? start : seen;
}

static int64_t find_stop(const struct derive *d, const struct derive_process *p)
{
    int64_t before, at, stop;

    if (p->gone_frame == DERIVE_NEVER)
        return 0;
    at = derive_frame_ns(d, p->gone_frame);
    before = p->gone_frame > 0 ? derive_frame_ns(d, p->gone_frame - 1) : 0;
    stop = before + (at - before) / 2;
    if (stop <= before)
        stop = before + TINY_NS;
    return stop > p->start_ns ? stop : p->start_ns + TINY_NS;
}

/* A pid that is given out again must be free by then. */
static enum rg_status find_lives(struct derive *d)
{
    struct rg_map last;
    enum rg_status st = RG_OK;

    rg_map_init(&last);
    for (size_t i = 0; i < d->process_count && st == RG_OK; i++) {
        struct derive_process *p = &d->processes[i], *old;
        uint64_t index;

        p->start_ns = find_start(d, p);
        p->stop_ns = find_stop(d, p);
        if (rg_map_get(&last, (uint64_t)p->pid, &index)) {
            old = &d->processes[index];
            if (old->stop_ns > p->start_ns && p->start_ns > old->start_ns && p->start_ns > 0)
                old->stop_ns = p->start_ns;
        }
        st = rg_map_put(&last, (uint64_t)p->pid, i);
    }
    rg_map_finish(&last);
    return st;
}

enum rg_status derive_grid(struct derive *d)
{
    find_step(d);
    place_frames(d);
    find_uptime(d);
    return find_lives(d);
}

/* "2", in whichever quotes. */
static int64_t interval_ns(const struct derive *d)
{
    const char *text = derive_config_get(d, "process_config.intervals.process");
    int64_t seconds = 0;

    if (!text || !rg_str_to_i64(rg_str_trim(rg_str_from(text), "\"'"), &seconds) || seconds <= 0 ||
        seconds > INTERVAL_MAX_S)
        seconds = INTERVAL_S;
    return seconds * RG_NS_PER_S;
}

bool derive_punctual(const struct derive *d)
{
    int64_t step = interval_ns(d), nominal = 0;
    uint64_t lists = 0;

    for (size_t i = 0; i < d->frame_count; i++) {
        int64_t at = d->frames[i].at_ns;

        if (!d->frames[i].listed)
            continue;
        if (lists == 1 && at < step - LATE_NS)
            nominal = SECOND_SCAN_NS; /* the second one does not wait for the interval */
        else if (lists > 0)
            nominal += step;
        if (at > nominal + LATE_NS || at < nominal - LATE_NS)
            return false;
        lists++;
    }
    return true;
}

static int64_t mean_cpu(const struct derive_process *p)
{
    double sum = 0, count = 0;

    for (size_t i = 0; i < p->cpu.count; i++) {
        sum += p->cpu.runs[i].sum;
        count += p->cpu.runs[i].count;
    }
    return count > 0 ? (int64_t)(sum / count) : 0;
}

char derive_state(const struct derive_process *p)
{
    size_t best = 0, zombie = (size_t)(strchr(DERIVE_STATES, 'Z') - DERIVE_STATES);
    char usual = p->kernel ? 'I' : mean_cpu(p) >= RUNNING_FROM ? 'R' : 'S';

    for (size_t i = 0; i < zombie; i++) {
        if (p->states[i] > p->states[best])
            best = i;
    }
    if (!p->states[best])
        return p->states[zombie] ? 'Z' : 0;
    return DERIVE_STATES[best] == usual ? 0 : DERIVE_STATES[best];
}
