#include "derive_series.h"

#include "rg/base/mem.h"

#include <inttypes.h>
#include <stdlib.h>

#define MILLI           1000
#define PROGRESSION_MIN 3                         /* values that are worth "a+bxn" */
#define VALUE_MAX       INT64_C(1000000000000000) /* RG_SIM_SERIES_VALUE_MAX, in thousandths */
#define STEPS_MAX       (INT64_C(1) << 24)        /* RG_SIM_SERIES_COUNT_MAX */

void derive_series_finish(struct derive_series *s)
{
    free(s->runs);
    *s = (struct derive_series){0};
}

int64_t derive_run_value(const struct derive_run *run)
{
    int64_t mean;

    if (run->low == run->high)
        return run->low;
    mean = (int64_t)(run->sum / (double)run->count + 0.5);
    mean = mean < run->low ? run->low : mean;
    return mean > run->high ? run->high : mean;
}

static int64_t lower(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t higher(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool join(struct derive_run *to, const struct derive_run *next, int64_t slack)
{
    int64_t low = lower(to->low, next->low);
    int64_t high = higher(to->high, next->high);

    if (high - low > slack)
        return false;
    to->low = low;
    to->high = high;
    to->sum += next->sum;
    to->count += next->count;
    return true;
}

/* Merges with more and more slack until there are at most max runs. */
static void narrow(struct derive_series *s, size_t max)
{
    while (s->count > max) {
        size_t kept = 0;

        s->slack = s->slack ? s->slack * 2 : 1;
        for (size_t i = 1; i < s->count; i++) {
            if (!join(&s->runs[kept], &s->runs[i], s->slack))
                s->runs[++kept] = s->runs[i];
        }
        s->count = kept + 1;
    }
}

enum rg_status derive_series_add(
    struct derive_series *s, uint32_t frame, int64_t value, int64_t slack)
{
    struct derive_run *last = s->count ? &s->runs[s->count - 1] : NULL;
    struct derive_run run = {.first = last ? last->first + last->count : frame};
    void *runs = s->runs;
    enum rg_status st;

    if (frame < run.first)
        return RG_OK; /* a second look within a frame */
    value = lower(higher(value, 0), VALUE_MAX);
    run.count = frame - run.first + 1;
    run.low = run.high = value;
    run.sum = (double)value * run.count;
    s->slack = higher(s->slack, slack);
    if (last && join(last, &run, s->slack))
        return RG_OK;
    st = rg_grow(&runs, &s->cap, s->count + 1, sizeof(*s->runs), DERIVE_RUNS_MAX + 1);
    s->runs = runs;
    if (st != RG_OK)
        return st;
    s->runs[s->count++] = run;
    narrow(s, DERIVE_RUNS_MAX);
    return RG_OK;
}

void derive_series_hold(struct derive_series *s, uint32_t frame)
{
    struct derive_run *last = s->count ? &s->runs[s->count - 1] : NULL;
    uint32_t more;

    if (!last || frame < last->first + last->count)
        return;
    more = frame - (last->first + last->count) + 1;
    last->sum += (double)derive_run_value(last) * more;
    last->count += more;
}

int64_t derive_series_at(const struct derive_series *s, uint32_t frame)
{
    size_t i = 0;

    if (!s->count)
        return 0;
    while (i + 1 < s->count && s->runs[i + 1].first <= frame)
        i++;
    return derive_run_value(&s->runs[i]);
}

bool derive_series_agree(
    const struct derive_series *a, const struct derive_series *b, int64_t margin, int64_t permille)
{
    size_t i = 0, j = 0;

    if (!a->count || !b->count)
        return a->count == b->count;
    while (i < a->count && j < b->count) {
        int64_t x = derive_run_value(&a->runs[i]), y = derive_run_value(&b->runs[j]);
        uint64_t end_x = (uint64_t)a->runs[i].first + a->runs[i].count;
        uint64_t end_y = (uint64_t)b->runs[j].first + b->runs[j].count;
        int64_t allowed = higher(margin, higher(x, y) / MILLI * permille);

        if (x - y > allowed || y - x > allowed)
            return false;
        i += end_x <= end_y;
        j += end_y <= end_x;
    }
    return true;
}

enum rg_status derive_put_milli(struct rg_buf *out, int64_t milli)
{
    int64_t part = milli % MILLI;

    if (part == 0)
        return rg_buf_printf(out, "%" PRId64, milli / MILLI);
    if (part % 100 == 0)
        return rg_buf_printf(out, "%" PRId64 ".%" PRId64, milli / MILLI, part / 100);
    if (part % 10 == 0)
        return rg_buf_printf(out, "%" PRId64 ".%02" PRId64, milli / MILLI, part / 10);
    return rg_buf_printf(out, "%" PRId64 ".%03" PRId64, milli / MILLI, part);
}

/* A rounded value for a number of steps. */
struct word {
    int64_t value, steps;
};

struct words {
    struct word items[DERIVE_RUNS_MAX + 2];
    size_t count;
};

static void add_word(struct words *w, int64_t value, int64_t steps, int64_t unit)
{
    value = (value + unit / 2) / unit * unit;
    if (steps <= 0)
        return;
    steps = lower(steps, STEPS_MAX);
    if (w->count && w->items[w->count - 1].value == value)
        w->items[w->count - 1].steps += steps;
    else
        w->items[w->count++] = (struct word){value, steps};
}

/* The step at which the value of a run ends. */
static int64_t end_of(const struct derive_notation *n, const struct derive_run *run)
{
    size_t next = (size_t)run->first + run->count;

    if (n->rate)
        return n->cells[next - 1];
    return next < n->frame_count ? n->cells[next] : (int64_t)n->cells[n->frame_count - 1] + 1;
}

static void make_words(
    const struct derive_series *s, const struct derive_notation *n, struct words *w)
{
    int64_t at = 0, end;

    w->count = 0;
    if (n->has_first) {
        int64_t next = s->count ? derive_run_value(&s->runs[0]) : n->first;
        bool same = higher(next, n->first) - lower(next, n->first) <= s->slack;

        end = s->count ? n->cells[s->runs[0].first - (s->runs[0].first > 0)] : 1;
        add_word(w, same ? next : n->first, end, n->unit);
        at = end > 0 ? end : 0;
    }
    for (size_t i = 0; i < s->count; i++) {
        end = end_of(n, &s->runs[i]);
        if (i + 1 == s->count && end <= at)
            end = at + 1; /* what comes after the end of the run */
        add_word(w, derive_run_value(&s->runs[i]), end - at, n->unit);
        at = end > at ? end : at;
    }
}

/* How many words from i on are single steps of one arithmetic progression. */
static size_t progression(const struct words *w, size_t i)
{
    size_t n = 1;

    while (i + n < w->count && w->items[i].steps == 1 &&
           (w->items[i + n].steps == 1 || i + n + 1 == w->count) &&
           w->items[i + n].value - w->items[i + n - 1].value ==
               w->items[i + 1].value - w->items[i].value)
        n++;
    return n;
}

static enum rg_status put_word(struct rg_buf *out, const struct words *w, size_t i, size_t taken)
{
    const struct word *word = &w->items[i];
    enum rg_status st = i ? rg_buf_byte(out, ' ') : RG_OK;
    int64_t step;

    if (st == RG_OK)
        st = derive_put_milli(out, word->value);
    if (st != RG_OK)
        return st;
    if (taken == 1) {
        /* The last value holds anyway. */
        if (word->steps == 1 || i + 1 == w->count)
            return RG_OK;
        return rg_buf_printf(out, "x%" PRId64, word->steps - 1);
    }
    step = word[1].value - word->value;
    st = rg_buf_byte(out, step < 0 ? '-' : '+');
    if (st == RG_OK)
        st = derive_put_milli(out, step < 0 ? -step : step);
    return st == RG_OK ? rg_buf_printf(out, "x%zu", taken - 1) : st;
}

enum rg_status derive_series_text(
    struct derive_series *s, const struct derive_notation *n, struct rg_buf *out)
{
    struct words w;
    enum rg_status st = RG_OK;

    if (s->count)
        narrow(s, n->words_max ? n->words_max : 1);
    make_words(s, n, &w);
    if (!w.count)
        return RG_OK;
    if (n->has_before) {
        st = derive_put_milli(out, n->before);
        if (st == RG_OK)
            st = rg_buf_byte(out, '|');
    }
    for (size_t i = 0; i < w.count && st == RG_OK;) {
        size_t taken = progression(&w, i);

        if (taken < PROGRESSION_MIN)
            taken = 1;
        st = put_word(out, &w, i, taken);
        i += taken;
    }
    return st;
}
